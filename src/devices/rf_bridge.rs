//! The 433 MHz half of a Sonoff RF bridge (EFM8BB1) on a wire: radio codes of 24 bits.
//!
//! ```text
//! AA A4 SS SS LL LL HH HH DD DD DD 55    a code was heard (A3: learned); 55 may occur inside: count bytes
//! |  |  sync  low   high  code     end   times in µs, high byte first
//! AA B1 NN  TT TT (NN times)  … 55       pulses of a code that it could not read (Portisch firmware): not for us
//! AA A6 LL  …                    55      another protocol's code (Portisch): not for us
//! AA A0 55, AA A1 55, AA A2 55           its answers; AA A0 55 from us acknowledges, or it says the code again
//! ```
//!
//! Layout: "RF Universal Transceive Module Serial Protocol" V1.0 (2017) and the Portisch wiki. The speed is 19200 as in
//! Tasmota; the document prints 9200. A code of nothing but zeros is noise (OpenMQTTGateway #218).
//!
//! The code of an EV1527 is 20 bits of sender and 4 of key, so a device is named by all but the last digit. Such codes are
//! fixed and anybody can repeat them: only what the config lists is more than a note.

use crate::devices::codes::{self, Codes, Means};
use crate::devices::framing::{Frames, Look, Shape};
use crate::devices::{Decoded, Decoder, Identity, reading, toml_text};
use crate::model::frame::RawFrame;
use crate::model::hex;
use crate::model::observation::{Evidence, Measure, Reading};
use crate::model::time::Span;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// One sentence for the table.
pub const SUMMARY: &str = "433 MHz codes from an RF bridge on a serial port (AA … 55)";

/// An address as written in a config.
pub const EXAMPLE: &str = "rf_bridge = { codes = { \"bc7de4\" = \"sos\" } }";

/// As Tasmota speaks to it.
pub const BAUD: u32 = 19_200;

/// Nothing to set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

/// The codes of one sensor: 24 bits each.
pub type Address = OnPort<TwentyFourBits>;

/// The codes of one sensor, as every receiver of radio codes on a serial port has them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written", bound = "F: Form")]
pub struct OnPort<F> {
    codes: Codes,
    /// Only where this port hears it; absent: any port of the family.
    port: Option<String>,
    form: PhantomData<F>,
}

/// How a receiver's codes look: what it can never say is refused before anybody waits for it.
pub trait Form {
    /// Whether it can say a code of so many digits.
    fn fits(digits: usize) -> bool;
    /// What would be right, for people: "its six hexadecimal digits, as …".
    const RIGHT: &str;
}

/// Of EV1527 and PT2262.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwentyFourBits;

impl Form for TwentyFourBits {
    fn fits(digits: usize) -> bool {
        digits == 6
    }
    const RIGHT: &str = "its six hexadecimal digits, as \"bc7de4\"";
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    codes: Codes,
    port: Option<String>,
}

impl<F: Form> TryFrom<Written> for OnPort<F> {
    type Error = String;
    fn try_from(Written { codes, port }: Written) -> Result<Self, String> {
        codes.check(|code| F::fits(code.len()) && codes::is_hex(code), F::RIGHT)?;
        Ok(OnPort { codes, port, form: PhantomData })
    }
}

impl<F> Identity for OnPort<F> {
    /// All its codes: `22670e+226707`.
    fn device(&self) -> String {
        self.codes.joined()
    }

    fn port(&self) -> Option<&str> {
        self.port.as_deref()
    }

    /// Only a device with a code for that ever says that it is alive.
    fn checks_in(&self) -> bool {
        self.codes.all().any(|(_, means)| means == Means::Alive)
    }

    /// A sender repeats its code for as long as the key is held, and mostly for a second or two.
    fn burst(&self) -> Option<Span> {
        Some(Span::seconds(3))
    }

    fn says(&self) -> Vec<Measure> {
        self.codes.says()
    }
}

/// The decoder for the codes of the config. Others are heard too, as notes.
pub fn decoder(_settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    RfBridge { book: CodeBook::new(&addresses) }
}

/// Cuts the bridge's bytes and acknowledges codes.
pub fn framer(_settings: &Settings) -> Frames<Bridge> {
    Frames::new(Bridge)
}

/// An address for the code that was heard.
pub fn address_toml(device: &str, readings: &[Reading]) -> String {
    code_toml("rf_bridge", device, readings)
}

/// The same for any family of raw codes.
pub(super) fn code_toml(family: &str, device: &str, readings: &[Reading]) -> String {
    let code = readings.iter().find_map(|reading| {
        let Measure::Note { kind, text } = &reading.measure else { return None };
        (kind == RAW_CODE).then_some(text.as_str())
    });
    format!("{family} = {{ codes = {{ {} = \"motion\" }} }}", toml_text(code.unwrap_or(device)))
}

struct RfBridge {
    book: CodeBook,
}

impl Decoder for RfBridge {
    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        match *frame.bytes.as_slice() {
            [0xaa, 0xa3 | 0xa4, _, _, _, _, _, _, 0, 0, 0, 0x55] => Decoded::Malformed("zero_code".to_owned()),
            [0xaa, 0xa3 | 0xa4, _, _, _, _, _, _, a, b, c, 0x55] => {
                Decoded::Readings(self.book.said(&[a, b, c], frame.retained))
            }
            [0xaa, 0xb1 | 0xa6, .., 0x55] | [0xaa, 0xa0..=0xa2, 0x55] => Decoded::Readings(Vec::new()),
            [0xaa, ..] => Decoded::Malformed("bad_frame".to_owned()),
            _ => Decoded::Malformed("no_head".to_owned()),
        }
    }
}

/// Which code belongs to which sensor and what it says.
pub(super) struct CodeBook {
    codes: BTreeMap<String, Vec<(String, Means)>>,
}

impl CodeBook {
    /// Of these sensors.
    pub(super) fn new<F>(sensors: &[OnPort<F>]) -> CodeBook {
        let mut codes: BTreeMap<String, Vec<(String, Means)>> = BTreeMap::new();
        for address in sensors {
            for (code, means) in address.codes.all() {
                codes.entry(code.to_owned()).or_default().push((address.device(), means));
            }
        }
        CodeBook { codes }
    }

    /// What a code that was heard says: of the sensors that have it, or as a note for the technician.
    pub(super) fn said(&self, code: &[u8], retained: bool) -> Vec<Reading> {
        let digits = hex::lower(code);
        let known = self.codes.get(&digits).map_or(&[][..], Vec::as_slice);
        if known.is_empty() {
            let device = digits.get(..digits.len().saturating_sub(1)).unwrap_or_default().to_owned();
            let note = Measure::Note { kind: RAW_CODE.to_owned(), text: digits };
            return vec![reading(&device, note, Evidence::Event, retained)];
        }
        known.iter().map(|(device, means)| reading(device, means.measure(), Evidence::Event, retained)).collect()
    }
}

const RAW_CODE: &str = "raw_code";

/// The frames drawn above.
#[derive(Debug, Clone, Copy)]
pub struct Bridge;

impl Shape for Bridge {
    fn look(&self, rest: &[u8]) -> Look {
        let ends_at = |length: usize| match rest.get(length - 1) {
            Some(0x55) => Look::Whole(length),
            Some(_) => Look::Damaged(length),
            None => Look::Begun,
        };
        match *rest {
            [0xaa] => Look::Begun,
            [0xaa, 0xa3 | 0xa4, ..] => ends_at(12),
            [0xaa, 0xa0..=0xa2, ..] => ends_at(3),
            [0xaa, 0xa6, length, ..] => ends_at(4 + usize::from(length.min(CODE_BYTES_MAX))),
            [0xaa, 0xb1, times, ..] => ends_after(rest, TIMES_BEGIN + 2 * usize::from(times.min(TIMES_MAX))),
            [0xaa, 0xa6 | 0xb1] => Look::Begun,
            _ => Look::Noise,
        }
    }

    /// What is not for us is long, and may be noise: a code behind it never waits for its end.
    fn gives_way(&self, begun: &[u8]) -> bool {
        matches!(begun, [0xaa, 0xa6 | 0xb1, ..])
    }

    fn answer(&self, frame: &[u8]) -> Vec<u8> {
        // What cannot be read is acknowledged too: it would only be said again.
        if matches!(frame, [0xaa, 0xa3 | 0xa4, .., 0x55]) { ACKNOWLEDGED.to_vec() } else { Vec::new() }
    }
}

/// Pulses have no length of their own: their digits name one of the times, so that 55 cannot be among them, and the first one
/// is the end. Nor can the head of a code stand anywhere in such a frame: no time reaches 32 ms (a high byte of AA), no pulse
/// has two high levels in a row. Where one stands, the frame was cut short.
fn ends_after(rest: &[u8], begin: usize) -> Look {
    let frame = rest.get(..begin + PULSE_BYTES_MAX).unwrap_or(rest);
    let end = frame.iter().skip(begin).position(|byte| *byte == 0x55).map(|at| begin + at + 1);
    // The last time and the first pulses may look like a head together.
    let is_head = |at: &usize| *at + 1 != begin && matches!(frame.get(*at..*at + 2), Some([0xaa, 0xa3 | 0xa4]));
    match (end, (TIMES_BEGIN..frame.len()).find(is_head)) {
        (Some(end), Some(head)) if end <= head => Look::Whole(end),
        (Some(end), None) => Look::Whole(end),
        (_, Some(head)) => Look::Damaged(head),
        (None, None) if frame.len() >= begin + PULSE_BYTES_MAX => Look::Damaged(frame.len()),
        (None, None) => Look::Begun,
    }
}

const ACKNOWLEDGED: [u8; 3] = [0xaa, 0xa0, 0x55];
const CODE_BYTES_MAX: u8 = 64;
const TIMES_BEGIN: usize = 3;
const TIMES_MAX: u8 = 16;
const PULSE_BYTES_MAX: usize = 192;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::framing::Cut;
    use crate::devices::framing::tests::holds_for;

    #[test]
    fn frames_are_found_in_any_pieces() {
        for frame in [
            b"\xaa\xa4\x2f\x44\x01\x55\x04\x10\x55\x55\x5e\x55".as_slice(),
            b"\xaa\xb1\x03\x07\xf9\x55\x24\x37\xdc\x01\x01\x02\x55",
            b"\xaa\xa6\x05\x13\x55\x01\x02\x03\x55",
        ] {
            holds_for(|| Box::new(framer(&Settings::default())), frame);
        }
    }

    #[test]
    fn a_code_behind_noise_that_claims_many_bytes_is_heard_at_once() {
        let code = b"\xaa\xa4\x2f\x44\x01\x55\x04\x10\x4d\x19\xa8\x55";
        for noise in
            [b"\xaa\xa6\x5d\xa7".as_slice(), b"\xaa\xb1\x10\x07", b"\xaa\xb1\xcc\x51", b"\xaa\xb1\x01\x07\xf9\x24\xaa"]
        {
            let mut framer = framer(&Settings::default());
            framer.push(noise);
            assert_eq!(framer.push(code).last().unwrap(), code, "{noise:02x?}");
        }
    }

    #[test]
    fn a_code_is_acknowledged_and_pulses_are_not() {
        let bridge = framer(&Settings::default());
        assert_eq!(bridge.answer(b"\xaa\xa4\x2f\x44\x01\x55\x04\x10\x00\x00\x00\x55"), ACKNOWLEDGED);
        assert!(bridge.answer(b"\xaa\xb1\x03\x07\xf9\x01\x24\x37\xdc\x01\x55").is_empty());
    }

    #[test]
    fn a_code_that_can_never_be_heard_is_refused_and_the_right_form_is_said() {
        for code in ["0xbc7de4", "bc7de", "bc7de4e", "bc7dg4", "000000"] {
            let why = serde_json::from_str::<Address>(&format!("{{\"codes\":{{{code:?}:\"sos\"}}}}")).unwrap_err();
            assert!(why.to_string().contains("six hexadecimal digits, as \"bc7de4\""), "{code}: {why}");
        }
        assert!(serde_json::from_str::<Address>(r#"{"codes":{"BC7DE4":"sos"}}"#).is_ok());
    }

    #[test]
    fn only_a_device_with_a_code_for_it_checks_in() {
        let address = |text: &str| serde_json::from_str::<Address>(text).unwrap();
        assert!(!address(r#"{"codes":{"22670e":"motion"}}"#).checks_in());
        assert!(address(r#"{"codes":{"22670e":"motion","22670c":"alive"}}"#).checks_in());
    }
}
