//! What the LD24xx radars have in common: reports and acknowledgements in their envelopes, and ten frames a second that
//! mostly say the same.
//!
//! ```text
//! F4 F3 F2 F1  LL LL  …  F8 F7 F6 F5        a report;        LL = length between, low byte first
//! FD FC FB FA  LL LL  …  04 03 02 01        the answer to a command of a setting tool: not for us
//! ```
//!
//! There is no check sum: length, end and the fixed bytes within are all that tells a good frame. A claimed length that no
//! frame has is judged when as many bytes have come as the longest frame has: what was damaged is then over.

use crate::devices::framing::{Frames, Look, Shape};
use crate::devices::{Decoded, Decoder, Identity, reading, toml_text};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Evidence, Measure};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Nothing to set: what the radar looks for is set in the radar.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

/// The radar on a port: `{ port = "radar" }`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    port: String,
}

impl Identity for Address {
    /// The port's name: there is one radar on it.
    fn device(&self) -> String {
        self.port.clone()
    }

    fn port(&self) -> Option<&str> {
        Some(&self.port)
    }

    fn says(&self) -> Vec<Measure> {
        vec![Measure::Presence(true)]
    }
}

/// The address of the radar on port `device`.
pub fn address_toml(family: &str, device: &str) -> String {
    format!("{family} = {{ port = {} }}", toml_text(device))
}

/// What a report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Somebody is there, or nobody.
    Presence(bool),
    /// It learns its surroundings, or says something that nobody explains.
    Alive,
    /// The answer to a command.
    Answer,
}

/// Reads one frame of a model of radar; the error is a short stable reason.
pub type Read = fn(&[u8]) -> Result<Said, &'static str>;

/// A decoder for the one radar of a port.
pub fn decoder(read: Read) -> impl Decoder + use<> {
    Radar { read, edges: Edges::new(FRAMES_A_MINUTE) }
}

struct Radar {
    read: Read,
    edges: Edges<Said>,
}

impl Decoder for Radar {
    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Serial { port } = &frame.from else { return Decoded::NotMine };
        let said = match (self.read)(&frame.bytes) {
            Ok(said) => said,
            Err(why) => return Decoded::Malformed(why.to_owned()),
        };
        let measure = match said {
            Said::Presence(on) => Measure::Presence(on),
            Said::Alive => Measure::Alive,
            Said::Answer => return Decoded::Readings(Vec::new()),
        };
        let is_news = self.edges.is_news(port, said);
        let said = is_news.then(|| reading(port, measure, Evidence::Level, frame.retained));
        Decoded::Readings(said.into_iter().collect())
    }
}

/// Lets changes through at once and what stays the same once in a while, by device: a level that is said ten times a second
/// is no more true than one said once a minute, and would hold back everything else.
#[derive(Debug)]
pub struct Edges<T> {
    every: u32,
    said: BTreeMap<String, (T, u32)>,
}

/// Radars say about ten frames a second, the slower ones some; so an unchanged level is said again within minutes.
pub const FRAMES_A_MINUTE: u32 = 600;

impl<T: PartialEq> Edges<T> {
    /// What stays the same is said again as every `every`-th.
    pub fn new(every: u32) -> Edges<T> {
        Edges { every, said: BTreeMap::new() }
    }

    /// Whether `state` of `device` is to be said now.
    pub fn is_news(&mut self, device: &str, state: T) -> bool {
        let every = self.every;
        self.is_news_of(device, state, every)
    }

    /// The same where devices have rates of their own.
    pub fn is_news_of(&mut self, device: &str, state: T, every: u32) -> bool {
        let is_full = self.said.len() >= DEVICES_MAX;
        match self.said.get_mut(device) {
            Some((said, unsaid)) if *said == state && *unsaid + 1 < every => {
                *unsaid += 1;
                false
            }
            Some(before) => {
                *before = (state, 0);
                true
            }
            // Devices are named by a config or by a port; a flood of made-up ones is all news.
            None if is_full => true,
            None => {
                self.said.insert(device.to_owned(), (state, 0));
                true
            }
        }
    }
}

const DEVICES_MAX: usize = 1000;

/// The payload of a report in its envelope; `None` for an acknowledgement.
pub fn payload(frame: &[u8]) -> Result<Option<&[u8]>, &'static str> {
    if frame.starts_with(ANSWER.head) {
        return if frame.ends_with(ANSWER.tail) { Ok(None) } else { Err("bad_tail") };
    }
    let rest = frame.strip_prefix(REPORT.head).ok_or("no_head")?;
    let (_length, rest) = rest.split_first_chunk::<2>().ok_or("too_short")?;
    rest.strip_suffix(REPORT.tail).map(Some).ok_or("bad_tail")
}

/// Frames of the envelopes drawn above, and whatever else a model has.
pub type Reports<S> = Frames<S>;

/// The envelopes alone, with payloads up to `payload_bytes_max`.
#[derive(Debug, Clone, Copy)]
pub struct Envelopes {
    /// Of the longest report or acknowledgement.
    pub payload_bytes_max: usize,
}

impl Shape for Envelopes {
    fn look(&self, rest: &[u8]) -> Look {
        match rest.first() {
            Some(0xf4) => REPORT.look(rest, self.payload_bytes_max),
            Some(0xfd) => ANSWER.look(rest, self.payload_bytes_max),
            _ => Look::Noise,
        }
    }
}

struct Envelope {
    head: &'static [u8],
    tail: &'static [u8],
}

const REPORT: Envelope = Envelope { head: &[0xf4, 0xf3, 0xf2, 0xf1], tail: &[0xf8, 0xf7, 0xf6, 0xf5] };
const ANSWER: Envelope = Envelope { head: &[0xfd, 0xfc, 0xfb, 0xfa], tail: &[0x04, 0x03, 0x02, 0x01] };

impl Envelope {
    fn look(&self, rest: &[u8], payload_bytes_max: usize) -> Look {
        let Some(&[_, _, _, _, low, high]) = rest.first_chunk::<BEFORE_PAYLOAD>() else {
            let begins = rest.starts_with(self.head) || self.head.starts_with(rest);
            return if begins { Look::Begun } else { Look::Noise };
        };
        if !rest.starts_with(self.head) {
            return Look::Noise;
        }
        let claimed = usize::from(u16::from_le_bytes([low, high]));
        let end = BEFORE_PAYLOAD + claimed.min(payload_bytes_max);
        let damaged = || Look::Damaged(end + self.tail.len());
        let Some(behind) = rest.get(end..).filter(|behind| behind.len() >= self.tail.len()) else {
            return Look::Begun;
        };
        if claimed > payload_bytes_max {
            return damaged();
        }
        if behind.starts_with(self.tail) {
            return Look::Whole(end + self.tail.len());
        }
        // Some firmware has one byte more than it claims; published captures of the LD2410 and the LD2412 show it.
        match behind.get(1..) {
            Some(late) if late.starts_with(self.tail) => Look::Whole(end + 1 + self.tail.len()),
            Some(late) if late.len() < self.tail.len() && self.tail.starts_with(late) => Look::Begun,
            Some(_) | None => damaged(),
        }
    }
}

const BEFORE_PAYLOAD: usize = 6;

/// What the target state of the LD2410 and the LD2412 says, in a payload of at least `bytes_min` bytes:
///
/// ```text
/// TT AA SS …  55 00        TT 02 = basic, 01 = engineering
///       0 nobody, 1 moving, 2 still, 3 both, 4-6 learning the room
/// ```
pub fn target_state(payload: &[u8], bytes_min: usize) -> Result<Said, &'static str> {
    let &[kind, head, state, ..] = payload else { return Err("too_short") };
    if !matches!(kind, 1 | 2) {
        return Err("bad_data_type");
    }
    if head != 0xaa {
        return Err("bad_data_head");
    }
    if payload.len() < bytes_min {
        return Err("too_short");
    }
    if !payload.ends_with(&[0x55, 0x00]) {
        return Err("bad_data_tail");
    }
    match state {
        0 => Ok(Said::Presence(false)),
        1..=3 => Ok(Said::Presence(true)),
        4..=6 => Ok(Said::Alive),
        _ => Err("bad_state"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_said_at_once_and_what_stays_the_same_once_in_a_while() {
        let mut edges = Edges::new(600);
        let said: Vec<usize> = (0..3000).filter(|n| edges.is_news("radar", *n >= 1000)).collect();
        assert_eq!(said, [0, 600, 1000, 1600, 2200, 2800]);
        assert!(edges.is_news("other", true), "each device for itself");
    }

    #[test]
    fn a_length_that_no_frame_has_is_judged_when_it_would_be_over() {
        let shape = Envelopes { payload_bytes_max: 64 };
        let mut bytes = vec![0xf4, 0xf3, 0xf2, 0xf1, 0xff, 0xff];
        assert_eq!(shape.look(&bytes), Look::Begun);
        bytes.resize(6 + 64 + 3, 0);
        assert_eq!(shape.look(&bytes), Look::Begun);
        bytes.push(0);
        assert_eq!(shape.look(&bytes), Look::Damaged(6 + 64 + 4));
    }
}
