//! EnOcean's serial protocol: cutting packets out of bytes, and taking a packet apart.
//!
//! ```text
//! 55  LL LL  OO  TT  CC   DD … DD   oo … oo   cc
//! |   data   opt type |   data      optional  CRC8 over data and optional
//! sync length         CRC8 over the four bytes before
//! ```
//!
//! 0x55 occurs inside packets too, so only the check sums tell where one begins.

use crate::devices::framing::{Frames, Look, Shape};

/// Radio telegrams; all other types are the dongle's own talk.
pub const RADIO_ERP1: u8 = 0x01;

/// A packet whose check sums hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// [`RADIO_ERP1`] or another type.
    pub kind: u8,
    /// The telegram.
    pub data: &'a [u8],
    /// What the dongle adds: of a radio telegram to whom it went and how well it was heard.
    pub optional: &'a [u8],
}

impl Packet<'_> {
    /// How well a radio telegram was heard, in dBm below zero; absent where the dongle does not say.
    ///
    /// ```text
    /// NN DD DD DD DD RR EE        RR: the strongest of NN parts, as 0x40 for -64 dBm; 0xff = sent by the dongle itself
    /// ```
    pub fn minus_dbm(&self) -> Option<u8> {
        let &[_, _, _, _, _, minus_dbm, _] = self.optional else { return None };
        (self.kind == RADIO_ERP1 && (1..0xff).contains(&minus_dbm)).then_some(minus_dbm)
    }
}

/// Why bytes are no packet.
#[derive(Debug, PartialEq, Eq)]
pub enum Broken {
    /// The rest has not come.
    Incomplete,
    /// A short stable reason.
    Malformed(&'static str),
}

/// The packet that `bytes` begin with, and its length.
pub fn parse(bytes: &[u8]) -> Result<(Packet<'_>, usize), Broken> {
    match bytes.first() {
        None => return Err(Broken::Incomplete),
        Some(&SYNC) => {}
        Some(_) => return Err(Broken::Malformed("no_sync")),
    }
    let &[_, high, low, optional, kind, check] = bytes.first_chunk::<HEADER>().ok_or(Broken::Incomplete)?;
    if crc8(&[high, low, optional, kind]) != check {
        return Err(Broken::Malformed("bad_header_crc"));
    }
    let data = usize::from(u16::from_be_bytes([high, low]));
    if data > DATA_BYTES_MAX {
        return Err(Broken::Malformed("too_long"));
    }
    let end = HEADER + data + usize::from(optional);
    let &check = bytes.get(end).ok_or(Broken::Incomplete)?;
    if crc8(&bytes[HEADER..end]) != check {
        return Err(Broken::Malformed("bad_data_crc"));
    }
    let (data, optional) = bytes[HEADER..end].split_at(data);
    Ok((Packet { kind, data, optional }, end + 1))
}

/// Finds packets in a stream.
pub type Packets = Frames<Esp3>;

/// The packet drawn above.
#[derive(Debug, Clone, Copy, Default)]
pub struct Esp3;

impl Shape for Esp3 {
    fn look(&self, rest: &[u8]) -> Look {
        match parse(rest) {
            Ok((_, length)) => Look::Whole(length),
            Err(Broken::Incomplete) => Look::Begun,
            Err(Broken::Malformed("no_sync")) => Look::Noise,
            Err(Broken::Malformed(_)) => Look::Damaged(claimed_length(rest)),
        }
    }

    fn is_proven(&self) -> bool {
        true
    }
}

/// The length that a header with a good check sum claims; of others, the header alone.
fn claimed_length(bytes: &[u8]) -> usize {
    match bytes {
        [_, high, low, optional, kind, check, ..] if crc8(&[*high, *low, *optional, *kind]) == *check => {
            let data = usize::from(u16::from_be_bytes([*high, *low]));
            if data > DATA_BYTES_MAX { HEADER } else { HEADER + data + usize::from(*optional) + 1 }
        }
        _ => HEADER,
    }
}

/// CRC8 with polynomial 0x07.
pub fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc: u8, byte| CRC8[usize::from(crc ^ byte)])
}

/// The check sum of each byte by itself.
const CRC8: [u8; 256] = {
    let mut table = [0; 256];
    let mut nth = 0;
    while nth < table.len() {
        let (mut crc, mut bit) = (nth as u8, 0);
        while bit < 8 {
            crc = if crc & 0x80 == 0 { crc << 1 } else { (crc << 1) ^ 0x07 };
            bit += 1;
        }
        table[nth] = crc;
        nth += 1;
    }
    table
};

const SYNC: u8 = 0x55;
const HEADER: usize = 6;
/// Longest telegram that is waited for; radio telegrams end at 526 bytes when chained, mostly they have 7 to 15.
const DATA_BYTES_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::framing::Cut;
    use crate::devices::framing::tests::holds_for;

    fn packet(data: &[u8]) -> Vec<u8> {
        let header = [0, data.len() as u8, 0, RADIO_ERP1];
        [&[SYNC][..], &header, &[crc8(&header)], data, &[crc8(data)]].concat()
    }

    #[test]
    fn frames_are_found_in_any_pieces() {
        holds_for(|| Box::new(Packets::default()), &packet(b"\x55press"));
    }

    #[test]
    fn a_packet_is_found_whatever_its_pieces() {
        let bytes = [packet(b"one"), packet(b"\x55two\x55")].concat();
        for cut in 0..bytes.len() {
            let mut packets = Packets::default();
            let mut found = packets.push(&bytes[..cut]);
            found.extend(packets.push(&bytes[cut..]));
            assert_eq!(found, [packet(b"one"), packet(b"\x55two\x55")], "cut at {cut}");
            assert!(!packets.is_pending());
        }
    }

    #[test]
    fn noise_that_claims_to_be_long_holds_nothing_back() {
        let header = [3, 0xff, 0xff, RADIO_ERP1];
        let claim = [&[SYNC][..], &header, &[crc8(&header)], b"junk"].concat();
        let mut packets = Packets::default();
        assert_eq!(packets.push(&[claim, packet(b"press")].concat()), [packet(b"press")]);
    }

    #[test]
    fn a_packet_behind_a_damaged_one_is_read_and_the_damage_is_given_out() {
        let mut damaged = packet(b"damaged");
        damaged[8] ^= 1;
        let mut packets = Packets::default();
        let found = packets.push(&[damaged.clone(), packet(b"good")].concat());
        assert_eq!(found, [damaged.clone(), packet(b"good")]);
        assert_eq!(parse(&damaged), Err(Broken::Malformed("bad_data_crc")));
    }
}
