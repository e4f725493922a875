//! Modbus RTU on the wire: requests and answers of the four functions that read, and exceptions.
//!
//! ```text
//! UU FF AA AA NN NN CC CC      request:   unit, function 1-4, first address, how many; high byte first
//! UU FF LL DD … DD CC CC       answer:    bytes that follow, values (bits: first in bit 0)
//! UU 8F EE CC CC               exception: function + 80, code
//! UU FF AA AA DD DD CC CC      a write (functions 5, 6, 15, 16), or its echo; 15 and 16 with LL DD … when asked
//!                   CC CC      CRC-16 with polynomial A001 over all before, low byte first
//! ```
//!
//! Source: "Modbus over Serial Line" V1.02 and "Modbus Application Protocol" V1.1b3. On the wire a pause ends a frame; in a
//! stream of bytes only the check sum does. A request and an answer of eight bytes can look the same; the one before tells.

use crate::devices::framing::{Look, Shape};
use crate::model::frame::Table;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A question of the master.
    Request(Request),
    /// A device's answer: the bytes of its values.
    Answer {
        /// Who answers.
        unit: u8,
        /// From which table.
        table: Table,
        /// Bits or registers, as many as were asked for.
        values: &'a [u8],
    },
    /// A device's refusal.
    Exception {
        /// Who refuses.
        unit: u8,
        /// Which function.
        function: u8,
        /// Why.
        code: u8,
    },
    /// Somebody writes (functions 5, 6, 15, 16): not for us.
    Write {
        /// To whom.
        unit: u8,
        /// With which function.
        function: u8,
    },
}

/// A question of the master.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Who is asked.
    pub unit: u8,
    /// For which table.
    pub table: Table,
    /// Of the first value.
    pub address: u16,
    /// How many values.
    pub count: u16,
}

impl Request {
    /// Whether `values` of `unit` and `table` can be its answer.
    pub fn fits(&self, unit: u8, table: Table, values: &[u8]) -> bool {
        self.unit == unit && self.table == table && values.len() == answer_bytes(self.table, self.count)
    }

    /// The value at `address`: a register, or a bit as 0 or 1.
    pub fn value(&self, address: u16, values: &[u8]) -> Option<u16> {
        let nth = usize::from(address.checked_sub(self.address).filter(|nth| *nth < self.count)?);
        if is_bits(self.table) {
            values.get(nth / 8).map(|byte| u16::from(byte >> (nth % 8) & 1))
        } else {
            let pair = values.get(2 * nth..2 * nth + 2)?;
            Some(pair.iter().fold(0, |value, byte| value << 8 | u16::from(*byte)))
        }
    }
}

/// The first frame of `bytes` and its length; the error is a short stable reason.
///
/// `asked`: the request before, whose answer comes first where bytes could be either.
pub fn parse(bytes: &[u8], asked: Option<Request>) -> Result<(Frame<'_>, usize), &'static str> {
    let frame = |length: usize| bytes.get(..length).filter(|frame| is_proven(frame));
    let &[unit, function, third, ..] = bytes else { return Err("too_short") };
    if function & 0x80 != 0 {
        let exception = Frame::Exception { unit, function: function & 0x7f, code: third };
        return frame(EXCEPTION_BYTES).map(|_| (exception, EXCEPTION_BYTES)).ok_or("bad_crc");
    }
    let Some(table) = table(function) else {
        let mut lengths = write_lengths(bytes).into_iter().flatten();
        let length = lengths.find(|length| frame(*length).is_some());
        let why = if write_lengths(bytes)[0].is_some() { "bad_crc" } else { "bad_function" };
        return length.map(|length| (Frame::Write { unit, function }, length)).ok_or(why);
    };
    let length = ANSWER_BYTES + usize::from(third);
    let answer = frame(length).and_then(|frame| {
        let values = frame.get(3..frame.len() - 2)?;
        is_answer(table, third).then_some((Frame::Answer { unit, table, values }, length))
    });
    let request = frame(REQUEST_BYTES).and_then(request);
    let is_meant = match (&answer, asked) {
        (Some((Frame::Answer { values, .. }, _)), Some(asked)) => asked.fits(unit, table, values),
        _ => false,
    };
    let request = request.map(|request| (Frame::Request(request), REQUEST_BYTES));
    let first = if is_meant { answer.or(request) } else { request.or(answer) };
    first.ok_or("bad_crc")
}

fn request(frame: &[u8]) -> Option<Request> {
    let &[unit, function, high, low, count_high, count_low, ..] = frame else { return None };
    let request = Request {
        unit,
        table: table(function)?,
        address: u16::from_be_bytes([high, low]),
        count: u16::from_be_bytes([count_high, count_low]),
    };
    (1..=count_max(request.table)).contains(&request.count).then_some(request)
}

/// The frames drawn above, in a stream.
#[derive(Debug, Clone, Copy)]
pub struct Frames;

impl Shape for Frames {
    fn look(&self, rest: &[u8]) -> Look {
        let &[_, function, ref behind @ ..] = rest else { return Look::Begun };
        let is_whole = |length: usize| rest.get(..length).is_some_and(is_proven);
        if function & 0x80 != 0 {
            return match rest.len() {
                ..EXCEPTION_BYTES => Look::Begun,
                _ if is_whole(EXCEPTION_BYTES) => Look::Whole(EXCEPTION_BYTES),
                _ => Look::Noise,
            };
        }
        let Some(table) = table(function) else {
            let [Some(shorter), longer] = write_lengths(rest) else { return Look::Noise };
            let longer = longer.unwrap_or(shorter);
            return proven_at([shorter, longer], rest);
        };
        let Some(&claimed) = behind.first() else { return Look::Begun };
        let answer = is_answer(table, claimed).then_some(ANSWER_BYTES + usize::from(claimed));
        // The shorter first, so that a frame is the same in whatever pieces it comes.
        let mut lengths = [answer.unwrap_or(REQUEST_BYTES), REQUEST_BYTES];
        lengths.sort_unstable();
        proven_at(lengths, rest)
    }

    fn is_proven(&self) -> bool {
        true
    }
}

/// The shorter frame if it is one, or the longer.
fn proven_at([shorter, longer]: [usize; 2], rest: &[u8]) -> Look {
    let is_whole = |length: usize| rest.get(..length).is_some_and(is_proven);
    match () {
        () if rest.len() < shorter => Look::Begun,
        () if is_whole(shorter) => Look::Whole(shorter),
        () if rest.len() < longer => Look::Begun,
        () if is_whole(longer) => Look::Whole(longer),
        () => Look::Damaged(longer),
    }
}

/// How long a frame that writes can be; the second once it says how many bytes it has.
fn write_lengths(bytes: &[u8]) -> [Option<usize>; 2] {
    match *bytes {
        [_, 5 | 6, ..] => [Some(REQUEST_BYTES), None],
        [_, 15 | 16, _, _, _, _, length, ..] => [Some(REQUEST_BYTES), Some(REQUEST_BYTES + 1 + usize::from(length))],
        [_, 15 | 16, ..] => [Some(REQUEST_BYTES), None],
        _ => [None, None],
    }
}

/// Of which table the function reads.
fn table(function: u8) -> Option<Table> {
    Table::ALL.into_iter().find(|table| table.function() == function)
}

/// Whether its values are bits.
pub fn is_bits(table: Table) -> bool {
    matches!(table, Table::Coils | Table::DiscreteInputs)
}

/// The most values that one request may ask for.
pub fn count_max(table: Table) -> u16 {
    if is_bits(table) { 2000 } else { 125 }
}

fn answer_bytes(table: Table, count: u16) -> usize {
    if is_bits(table) { usize::from(count).div_ceil(8) } else { 2 * usize::from(count) }
}

/// Whether an answer can have so many bytes of values.
fn is_answer(table: Table, bytes: u8) -> bool {
    (1..=250).contains(&bytes) && (is_bits(table) || bytes.is_multiple_of(2))
}

fn is_proven(frame: &[u8]) -> bool {
    frame.split_last_chunk::<2>().is_some_and(|(body, sum)| crc16(body).to_le_bytes() == *sum)
}

/// CRC-16 with polynomial A001 (reversed 8005), begun with FFFF.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        let [low, high] = crc.to_le_bytes();
        u16::from(high) ^ CRC16[usize::from(low ^ byte)]
    })
}

/// The check sum of each byte by itself: frames are looked for at every byte of a line.
const CRC16: [u16; 256] = {
    let mut table = [0; 256];
    let mut nth = 0;
    while nth < table.len() {
        let (mut crc, mut bit) = (nth as u16, 0);
        while bit < 8 {
            crc = if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xa001 };
            bit += 1;
        }
        table[nth] = crc;
        nth += 1;
    }
    table
};

const REQUEST_BYTES: usize = 8;
const EXCEPTION_BYTES: usize = 5;
/// Of an answer without its values.
const ANSWER_BYTES: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::framing::Cut;
    use crate::devices::framing::Frames as Stream;
    use crate::devices::framing::tests::holds_for;

    fn with_crc(bytes: &[u8]) -> Vec<u8> {
        [bytes, &crc16(bytes).to_le_bytes()].concat()
    }

    #[test]
    fn frames_are_found_in_any_pieces() {
        for frame in [&[9, 2, 0, 16, 0, 3][..], &[9, 2, 1, 0b101], &[9, 4, 6, 0, 1, 2, 3, 255, 254], &[9, 0x82, 2]] {
            holds_for(|| Box::new(Stream::new(Frames)), &with_crc(frame));
        }
    }

    #[test]
    fn eight_bytes_that_could_be_both_are_what_was_asked_for() {
        // Three bytes of bits, or a request for 20 values from 0x0300 on.
        let both = with_crc(&[9, 1, 3, 0, 0, 20]);
        let asked = Request { unit: 9, table: Table::Coils, address: 0, count: 20 };
        assert!(matches!(parse(&both, Some(asked)), Ok((Frame::Answer { values: [0, 0, 20], .. }, 8))));
        assert!(matches!(parse(&both, None), Ok((Frame::Request(Request { address: 0x300, count: 20, .. }), 8))));
    }

    #[test]
    fn values_are_where_they_were_asked_for() {
        let bits = Request { unit: 1, table: Table::DiscreteInputs, address: 16, count: 10 };
        let at = |address| bits.value(address, &[0b100, 0b10]);
        assert_eq!([at(15), at(16), at(18), at(25), at(26)], [None, Some(0), Some(1), Some(1), None]);
        let registers = Request { unit: 1, table: Table::InputRegisters, address: 16, count: 2 };
        assert_eq!(registers.value(17, &[0, 1, 2, 3]), Some(0x203));
        assert_eq!(registers.value(17, &[0, 1, 2]), None);
    }

    #[test]
    fn writes_and_their_echoes_are_frames_too() {
        let asked = with_crc(&[9, 16, 0, 1, 0, 2, 4, 1, 2, 3, 4]);
        let echo = with_crc(&[9, 16, 0, 1, 0, 2]);
        let bytes = [asked.clone(), echo.clone()].concat();
        assert_eq!(Stream::new(Frames).push(&bytes), [asked.clone(), echo]);
        assert_eq!(parse(&asked, None), Ok((Frame::Write { unit: 9, function: 16 }, asked.len())));
        assert_eq!(parse(&[9, 0x2b, 1, 2, 3], None), Err("bad_function"));
    }

    #[test]
    fn damage_is_given_out_and_the_next_frame_is_found() {
        let good = with_crc(&[9, 4, 2, 0, 1]);
        let mut damaged = with_crc(&[9, 4, 2, 0, 1]);
        damaged[4] ^= 1;
        let found = Stream::new(Frames).push(&[damaged, good.clone()].concat());
        assert!(found.len() > 1 && found.ends_with(&[good]), "{found:02x?}");
    }
}
