//! Hi-Link LD2412: the LD2410's successor, with the same envelope and a shorter report.
//!
//! ```text
//! F4 F3 F2 F1  LL LL  TT  AA  SS  MM MM  EM  KK KK  EK  …  55  00  F8 F7 F6 F5
//! head         length |   |   |   moving     still         |   check
//!                     |   |   state  cm  energy  cm  energy
//!                     |   head of data                     end of data
//!                     02 = basic (11 bytes), 01 = engineering (energies of 14 gates, light)
//! ```
//!
//! Layout: as ESPHome's component reads it; there the target's distance is not in the report. The only capture found has two
//! bytes more than that, so what stands between the energies and the end is not counted.

use crate::devices::Decoder;
use crate::devices::framing::Frames;
use crate::devices::radar::{self, Envelopes, Said};
use crate::model::observation::Reading;

pub use crate::devices::radar::{Address, Settings};

/// One sentence for the table.
pub const SUMMARY: &str = "LD2412 presence radar on a serial port";

/// An address as written in a config.
pub const EXAMPLE: &str = "ld2412 = { port = \"radar\" }";

/// As delivered.
pub const BAUD: u32 = 115_200;

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
    radar::address_toml("ld2412", device)
}

fn read(frame: &[u8]) -> Result<Said, &'static str> {
    radar::payload(frame)?.map_or(Ok(Said::Answer), |payload| radar::target_state(payload, 11))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::framing::tests::holds_for;

    #[test]
    fn frames_are_found_in_any_pieces() {
        let frame = b"\xf4\xf3\xf2\xf1\x0b\x00\x02\xaa\x02\x2a\x00\x00\x2b\x00\x41\x55\x00\xf8\xf7\xf6\xf5";
        holds_for(|| Box::new(framer(&Settings::default())), frame);
        assert_eq!(read(frame), Ok(Said::Presence(true)));
    }
}
