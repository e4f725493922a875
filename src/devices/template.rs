//! Where a new family begins: copy this file, rename it, fill it in, add its line to `devices!` in `mod.rs`.
//!
//! Begin the copy's module doc with one sentence (vendor, device, carrier) and draw the layout of its bytes or topics:
//!
//! ```text
//! AA A4 SS SS LL LL HH HH DD DD DD 55
//! |  |  sync  low   high  code     end        55 may occur inside: count bytes, do not search for the end
//! ```
//!
//! Then say what is odd about it, and how you know. Put golden frames into `tests/frames/<family>.jsonl`: a good one,
//! a low battery, a malformed one. The tests then demand the rest:
//!
//! * `NotMine` for bytes of another family, `Malformed` with a short stable reason for its own that cannot be true.
//! * Values through the readers of [`lenient`]: `null` is unknown, and a broken side field
//!   costs only itself.
//! * `Evidence::Event` only where the device sends because something happened; a state that is said again is
//!   `Level`; where the format cannot tell, `Ambiguous`. What a broker kept is `Cached` (the helper `reading` sees to it).
//! * A well-formed message of a device that says nothing else is [`Measure::Alive`].
//! * A serial family brings `framer(&Settings) -> impl Cut`, `BAUD` and `Address::port`, see [`crate::devices::framing`].

use crate::devices::{Decoded, Decoder, Identity, lenient, reading, toml_text};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Evidence, Measure, Reading};
use serde::Deserialize;

/// One sentence for the table.
pub const SUMMARY: &str = "a family that does not exist";

/// An address as written in a config.
pub const EXAMPLE: &str = "template = \"hall\"";

/// What the family needs to know besides addresses: the table `[template]` of the config.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

/// The identity of a device within the family.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Address(String);

impl Identity for Address {
    fn device(&self) -> String {
        self.0.clone()
    }
}

/// The decoder for the devices of the config.
pub fn decoder(_settings: &Settings, _addresses: Vec<Address>) -> impl Decoder + use<> {
    Template
}

/// The address of a device that was heard, as a line of a config.
pub fn address_toml(device: &str, _readings: &[Reading]) -> String {
    format!("template = {}", toml_text(device))
}

struct Template;

impl Decoder for Template {
    fn topics(&self) -> Vec<String> {
        vec!["template/+".to_owned()]
    }

    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Mqtt { topic } = &frame.from else { return Decoded::NotMine };
        let Some(device) = topic.strip_prefix("template/") else { return Decoded::NotMine };
        let message = match lenient::object(&frame.bytes) {
            Ok(message) => message,
            Err(why) => return Decoded::Malformed(why.to_owned()),
        };
        let motion = message.get("motion").and_then(lenient::truth).map(Measure::Motion);
        let measure = motion.unwrap_or(Measure::Alive);
        Decoded::Readings(vec![reading(device, measure, Evidence::Level, frame.retained)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_a_family_that_works() {
        let frame = |topic: &str, payload: &str| RawFrame {
            from: Origin::Mqtt { topic: topic.to_owned() },
            bytes: payload.as_bytes().to_vec(),
            retained: false,
        };
        let mut decoder = decoder(&Settings::default(), vec![Address("hall".to_owned())]);
        assert_eq!(decoder.decode(&frame("other/hall", "{}")), Decoded::NotMine);
        assert_eq!(decoder.decode(&frame("template/hall", "1")), Decoded::Malformed("not_an_object".to_owned()));
        let said = decoder.decode(&frame("template/hall", r#"{"motion":"on"}"#));
        assert_eq!(said, Decoded::Readings(vec![reading("hall", Measure::Motion(true), Evidence::Level, false)]));
        assert_eq!(address_toml(&Address("hall".to_owned()).device(), &[]), EXAMPLE);
        assert!(!SUMMARY.is_empty() && decoder.topics() == ["template/+"]);
    }
}
