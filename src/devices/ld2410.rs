//! Hi-Link LD2410 (also B, C): a radar on a wire that sees whether somebody is there, moving or still.
//!
//! ```text
//! F4 F3 F2 F1  LL LL  TT  AA  SS  MM MM  EM  KK KK  EK  DD DD  …  55  00  F8 F7 F6 F5
//! head         length |   |   |   moving     still      target    |   check
//!                     |   |   state  cm  energy  cm  energy  cm   end of data
//!                     |   head of data
//!                     02 = basic (13 bytes), 01 = engineering (35 bytes: energies of each gate, light, pin)
//! ```
//!
//! Layout: the HLK-LD2410C protocol document as corrected in ncmreynolds/ld2410. States 4 to 6 (newer firmware learning the
//! noise of the room) say nothing about a person. Distances and energies are the radar's own business: what counts as
//! somebody is set in the radar, not here.

use crate::devices::Decoder;
use crate::devices::framing::Frames;
use crate::devices::radar::{self, Envelopes, Said};
use crate::model::observation::Reading;

pub use crate::devices::radar::{Address, Settings};

/// One sentence for the table.
pub const SUMMARY: &str = "LD2410 presence radar on a serial port";

/// An address as written in a config.
pub const EXAMPLE: &str = "ld2410 = { port = \"radar\" }";

/// As delivered.
pub const BAUD: u32 = 256_000;

/// The decoder for the radar of one port.
pub fn decoder(_settings: &Settings, _addresses: Vec<Address>) -> impl Decoder + use<> {
    radar::decoder(read)
}

/// Cuts the radar's bytes.
pub fn framer(_settings: &Settings) -> Frames<Envelopes> {
    Frames::new(Envelopes { payload_bytes_max: 64 })
}

/// The address of the radar on port `device`.
pub fn address_toml(device: &str, _readings: &[Reading]) -> String {
    radar::address_toml("ld2410", device)
}

fn read(frame: &[u8]) -> Result<Said, &'static str> {
    radar::payload(frame)?.map_or(Ok(Said::Answer), |payload| radar::target_state(payload, 13))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::framing::tests::holds_for;

    #[test]
    fn frames_are_found_in_any_pieces() {
        let frame = b"\xf4\xf3\xf2\xf1\x0d\x00\x02\xaa\x01\x2a\x00\x40\x00\x00\x00\x2a\x00\x55\x00\xf8\xf7\xf6\xf5";
        holds_for(|| Box::new(framer(&Settings::default())), frame);
        assert_eq!(read(frame), Ok(Said::Presence(true)));
        assert_eq!(read(&frame[..20]), Err("bad_tail"));
    }
}
