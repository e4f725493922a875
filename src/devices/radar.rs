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

use crate::devices::edges::Edges;
use crate::devices::framing::{Look, Shape};
use crate::devices::{Decoded, Decoder, Identity, reading, toml_text};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Evidence, Measure};
use serde::Deserialize;

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
        let news = self.edges.news(port, said);
        let said = news.map(|_| reading(port, measure, Evidence::Level, frame.retained));
        Decoded::Readings(said.into_iter().collect())
    }

    fn forget(&mut self) {
        self.edges.all_due();
    }
}

/// Radars say about ten frames a second, the slower ones some; so an unchanged level is said again within minutes.
pub const FRAMES_A_MINUTE: u32 = 600;

/// The payload of a report in its envelope; `None` for an acknowledgement.
pub fn payload(frame: &[u8]) -> Result<Option<&[u8]>, &'static str> {
    if frame.starts_with(ANSWER.head) {
        return if frame.ends_with(ANSWER.tail) { Ok(None) } else { Err("bad_tail") };
    }
    let rest = frame.strip_prefix(REPORT.head).ok_or("no_head")?;
    let (_length, rest) = rest.split_first_chunk::<2>().ok_or("too_short")?;
    rest.strip_suffix(REPORT.tail).map(Some).ok_or("bad_tail")
}

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
    fn presence_that_did_not_change_while_the_radar_was_gone_is_said_anew_at_once() {
        let mut radar = decoder(|bytes| Ok(Said::Presence(bytes == b"somebody")));
        let said = |radar: &mut dyn Decoder| {
            let from = Origin::Serial { port: "radar".to_owned() };
            match radar.decode(&RawFrame { from, bytes: b"somebody".to_vec(), retained: false }) {
                Decoded::Readings(readings) => readings.into_iter().map(|reading| reading.measure).collect(),
                Decoded::NotMine | Decoded::Incomplete | Decoded::Malformed(_) => vec![Measure::Alive],
            }
        };
        assert_eq!(said(&mut radar), [Measure::Presence(true)]);
        assert_eq!(said(&mut radar), []);
        radar.forget();
        assert_eq!(said(&mut radar), [Measure::Presence(true)]);
        assert_eq!(said(&mut radar), []);
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
