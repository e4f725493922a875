//! Finding the packets of an RFXtrx433 in a stream that has no check sums.
//!
//! A packet tells its length and its type; each type that matters has one length, and that is all there is to find the next
//! packet by after noise.

use crate::devices::framing::Cut;
use crate::devices::rfxtrx_packets::{LENGTH_MAX, LENGTH_MIN, is_known};
use crate::model::time::Span;

/// Finds packets in a stream.
///
/// In step, one packet begins where the last one ended. Bytes that fit no packet are given out as one damaged frame, and
/// from there the next packet of a type with a fixed length is looked for.
#[derive(Debug, Default)]
pub struct Packets {
    begun: Vec<u8>,
    out_of_step: bool,
}

impl Cut for Packets {
    fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.begun.extend_from_slice(bytes);
        let mut frames = Vec::new();
        let (mut at, mut noise) = (0, 0);
        while at < self.begun.len() {
            let rest = &self.begun[at..];
            let length = usize::from(rest[0]);
            let skip = match rest.get(1) {
                None if (LENGTH_MIN..=LENGTH_MAX).contains(&length) => break,
                Some(&kind) if is_known(rest[0], kind, !self.out_of_step) => {
                    let is_whole = rest.len() > length;
                    let is_loose = !is_known(rest[0], kind, false);
                    if is_whole && follows_well(rest, length + 1) && !(is_loose && hides_two(&rest[..=length], rest)) {
                        give_noise(&mut frames, &self.begun[at - noise..at]);
                        frames.push(rest[..=length].to_vec());
                        (at, noise, self.out_of_step) = (at + length + 1, 0, false);
                        continue;
                    }
                    // In step, a beginning of a fixed length is believed; all others must not hold back what is whole.
                    let is_doubtful = is_whole || self.out_of_step || is_loose;
                    match hidden(rest) {
                        // A packet that was cut short, with the next one in its place.
                        Some(skip) if is_doubtful => skip,
                        Some(_) | None if is_whole => {
                            give_noise(&mut frames, &self.begun[at - noise..at]);
                            frames.push(rest[..=length].to_vec());
                            (at, noise, self.out_of_step) = (at + length + 1, 0, false);
                            continue;
                        }
                        Some(_) | None => break,
                    }
                }
                None | Some(_) => 1,
            };
            self.out_of_step = true;
            (at, noise) = (at + skip, noise + skip);
        }
        give_noise(&mut frames, &self.begun[at - noise..at]);
        self.begun.drain(..at);
        frames
    }

    fn forget(&mut self) {
        self.begun.clear();
        self.out_of_step = false;
    }

    fn is_pending(&self) -> bool {
        !self.begun.is_empty()
    }

    fn wake(&self) -> Option<(Vec<u8>, Span)> {
        Some((command(RESET, 0).to_vec(), DEAF_AFTER_RESET))
    }

    fn greeting(&self) -> Vec<u8> {
        [command(GET_STATUS, 1), command(START, 2)].concat()
    }

    /// Its status proves that it listens: "start receiving" is said again, lest it was said too early.
    fn answer(&self, frame: &[u8]) -> Vec<u8> {
        let is_status = matches!(frame, [_, 0x01, 0x00, _, GET_STATUS, ..]);
        if is_status { command(START, 3).to_vec() } else { Vec::new() }
    }
}

fn give_noise(frames: &mut Vec<Vec<u8>>, noise: &[u8]) {
    if !noise.is_empty() {
        // Enough to be looked at; a frame so marked can never be taken for a packet.
        frames.push([&[0], &noise[..noise.len().min(LENGTH_MAX)]].concat());
    }
}

/// Whether what stands at `end` can be the next packet, or nothing stands there.
fn follows_well(rest: &[u8], end: usize) -> bool {
    match rest.get(end..) {
        None | Some([]) => true,
        Some([length]) => (LENGTH_MIN..=LENGTH_MAX).contains(&usize::from(*length)),
        Some([length, kind, ..]) => is_known(*length, *kind, true),
    }
}

/// Where, within the reach of one packet, a whole one of a fixed length begins that is followed well.
fn hidden(rest: &[u8]) -> Option<usize> {
    (1..rest.len().min(LENGTH_MAX)).find(|&at| match &rest[at..] {
        [length, kind, ..] => {
            let end = at + usize::from(*length) + 1;
            // The dongle's own talk is too short to be told from chance.
            *kind > 0x02 && is_known(*length, *kind, false) && end <= rest.len() && follows_well(rest, end)
        }
        _ => false,
    })
}

/// Whether what looks like a packet of a type of any length holds one of a fixed length with the next right behind it.
fn hides_two(packet: &[u8], rest: &[u8]) -> bool {
    let is_fixed = |at: usize| matches!(rest.get(at..), Some([length, kind, ..]) if is_known(*length, *kind, false));
    (1..packet.len()).any(|at| is_fixed(at) && is_fixed(at + usize::from(rest[at]) + 1))
}

/// A command to the dongle itself, under a number of its own.
///
/// The vendor's order is: reset, a pause of 50 ms to 9 s, everything that came until then thrown away, "get status", "start
/// receiving". A dongle that was just plugged in does not listen for its first two seconds at all.
const fn command(what: u8, number: u8) -> [u8; 14] {
    [13, 0, 0, number, what, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

const RESET: u8 = 0;
const GET_STATUS: u8 = 2;
const START: u8 = 7;
/// As long as other programs wait: 50 ms are not enough for every dongle.
const DEAF_AFTER_RESET: Span = Span::milliseconds(500);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::rfxtrx_packets::parse;

    const DOOR: [u8; 9] = [0x08, 0x20, 0x00, 0x4e, 0xa1, 0xb2, 0xc3, 0x02, 0x79];
    const BELL: [u8; 8] = [0x07, 0x16, 0x00, 0x01, 0x00, 0x3c, 0x0d, 0x50];

    fn packets(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut framer = Packets::default();
        pieces.iter().flat_map(|piece| framer.push(piece)).filter(|frame| parse(frame).is_ok()).collect()
    }

    #[test]
    fn packets_are_found_whatever_their_pieces() {
        let bytes = [&DOOR[..], &BELL, &DOOR].concat();
        for cut in 0..bytes.len() {
            let found = packets(&[&bytes[..cut], &bytes[cut..]]);
            assert_eq!(found, [&DOOR[..], &BELL, &DOOR], "cut at {cut}");
        }
    }

    #[test]
    fn the_packet_behind_noise_or_behind_a_cut_one_is_found_and_the_damage_is_given_out() {
        for noise in [&[0xffu8, 0x00, 0x03][..], &DOOR[3..], &DOOR[..5], &[0x0b, 0x11], &[0x07], &[0x24, 0x7f, 1]] {
            let mut framer = Packets::default();
            let found = framer.push(&[noise, &DOOR, &BELL].concat());
            let good: Vec<_> = found.iter().filter(|frame| parse(frame).is_ok()).collect();
            assert!(good.contains(&&BELL.to_vec()) && good.contains(&&DOOR.to_vec()), "{noise:02x?}: {found:02x?}");
            assert!(found.iter().any(|frame| parse(frame).is_err()), "{noise:02x?}");
        }
    }

    #[test]
    fn noise_that_looks_like_a_packet_of_any_length_does_not_swallow_two_good_ones() {
        // 0x1d 0x56 could be a wind sensor of an unknown length, and 0x16 0x59 behind it an energy meter.
        let noise = [0x1d, 0x56, 0xeb, 0x46, 0xac, 0xa2, 0x9c, 0x88, 0x6b, 0xff, 0x1c, 0x5d, 0x8c, 0x0a];
        let weak = [0x08, 0x20, 0x01, 0x52, 0xb4, 0xc5, 0xd6, 0x16, 0x59];
        assert_eq!(packets(&[&noise, &weak, &weak])[0], weak);
    }

    #[test]
    fn a_megabyte_of_noise_is_forgotten() {
        let mut framer = Packets::default();
        for _ in 0..1000 {
            framer.push(&[0xee; 1000]);
            assert!(framer.begun.len() <= LENGTH_MAX + 1 && framer.begun.capacity() < 4096);
        }
        assert_eq!(framer.push(&DOOR), [DOOR.to_vec()]);
        assert!(!framer.is_pending());
    }

    #[test]
    fn the_dongle_is_reset_then_asked_for_its_status_and_told_to_start_when_it_has_answered() {
        let dongle = Packets::default();
        let (reset, deaf) = dongle.wake().unwrap();
        assert_eq!(
            (reset.as_slice(), deaf),
            (&[13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], Span::milliseconds(500))
        );
        let greeting = dongle.greeting();
        assert_eq!((&greeting[..5], &greeting[14..19]), (&[13, 0, 0, 1, 2][..], &[13, 0, 0, 2, 7][..]));
        let status = [13, 1, 0, 1, 2, 0x53, 0x5f, 0, 0, 0x27, 0, 1, 3, 0x1c];
        assert_eq!(dongle.answer(&status)[4], 7);
        let copyright = [13, 1, 7, 2, 7, b'C', b'o', b'p', b'y', 0, 0, 0, 0, 0];
        assert!(dongle.answer(&copyright).is_empty() && dongle.answer(&DOOR).is_empty());
    }
}
