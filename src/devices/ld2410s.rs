//! Hi-Link LD2410S: the LD2410 that runs on a battery, with a short report of its own.
//!
//! ```text
//! 6E  SS  DD DD  62                                             the short report: state, distance in cm
//! F4 F3 F2 F1  LL LL  01  SS  DD DD  …  F8 F7 F6 F5             the standard one (70 bytes): energies follow
//! F4 F3 F2 F1  LL LL  03  PP PP  …      F8 F7 F6 F5             how far learning the room has come
//!                         0 and 1 nobody, 2 and 3 somebody
//! ```
//!
//! Layout: as ESPHome's component and its test read it. Both 0 and 1 mean nobody. A short report has three fixed bytes and
//! a state below 4, which noise can imitate; the next report, a fraction of a second later, sets it right.

use crate::devices::Decoder;
use crate::devices::framing::{Frames, Look, Shape};
use crate::devices::radar::{self, Envelopes, Said};
use crate::model::observation::Reading;

pub use crate::devices::radar::{Address, Settings};

/// One sentence for the table.
pub const SUMMARY: &str = "LD2410S presence radar on a serial port";

/// An address as written in a config.
pub const EXAMPLE: &str = "ld2410s = { port = \"radar\" }";

/// As delivered.
pub const BAUD: u32 = 115_200;

/// The decoder for the radar of one port.
pub fn decoder(_settings: &Settings, _addresses: Vec<Address>) -> impl Decoder + use<> {
    radar::decoder(read)
}

/// Cuts the radar's bytes.
pub fn framer(_settings: &Settings) -> Frames<ShortAndStandard> {
    Frames::new(ShortAndStandard)
}

/// The address of the radar on port `device`.
pub fn address_toml(device: &str, _readings: &[Reading]) -> String {
    radar::address_toml("ld2410s", device)
}

/// Short reports, and the envelopes of all radars.
#[derive(Debug, Clone, Copy)]
pub struct ShortAndStandard;

impl Shape for ShortAndStandard {
    fn look(&self, rest: &[u8]) -> Look {
        match *rest {
            [HEAD, state, _, _, tail, ..] if state <= 3 => {
                if tail == TAIL {
                    Look::Whole(SHORT_BYTES)
                } else {
                    Look::Damaged(SHORT_BYTES)
                }
            }
            [HEAD] | [HEAD, 0..=3] | [HEAD, 0..=3, _] | [HEAD, 0..=3, _, _] => Look::Begun,
            // 128: the answer to a question about all thresholds.
            _ => Envelopes { payload_bytes_max: 128 }.look(rest),
        }
    }
}

fn read(frame: &[u8]) -> Result<Said, &'static str> {
    if let [HEAD, state, _, _, tail] = *frame {
        return if tail == TAIL { presence(state) } else { Err("bad_tail") };
    }
    let Some(payload) = radar::payload(frame)? else { return Ok(Said::Answer) };
    match *payload {
        [1, state, _, _, ..] => presence(state),
        [3, ..] => Ok(Said::Alive),
        [_, ..] => Err("bad_data_type"),
        [] => Err("too_short"),
    }
}

fn presence(state: u8) -> Result<Said, &'static str> {
    match state {
        0 | 1 => Ok(Said::Presence(false)),
        2 | 3 => Ok(Said::Presence(true)),
        _ => Err("bad_state"),
    }
}

const HEAD: u8 = 0x6e;
const TAIL: u8 = 0x62;
const SHORT_BYTES: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::framing::tests::holds_for;

    #[test]
    fn frames_are_found_in_any_pieces() {
        holds_for(|| Box::new(framer(&Settings::default())), b"\x6e\x02\x41\x01\x62");
        let standard = [b"\xf4\xf3\xf2\xf1\x46\x00\x01\x02\x41\x01\x00\x00".as_slice(), &[7; 64], b"\xf8\xf7\xf6\xf5"];
        holds_for(|| Box::new(framer(&Settings::default())), &standard.concat());
        assert_eq!(read(&standard.concat()), Ok(Said::Presence(true)));
    }

    #[test]
    fn states_0_and_1_are_nobody() {
        assert_eq!(read(b"\x6e\x01\x00\x00\x62"), Ok(Said::Presence(false)));
        assert_eq!(read(b"\x6e\x00\x00\x00\x62"), Ok(Said::Presence(false)));
        assert_eq!(read(b"\x6e\x02\x00\x00\x63"), Err("bad_tail"));
    }
}
