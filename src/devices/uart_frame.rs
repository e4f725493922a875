//! Nameless 433 MHz receivers on a wire, which print each radio code in a small frame that their sellers describe in a line.
//!
//! ```text
//! FD  CC CC CC  PP  DF        usual: start FD, end DF, three bytes of code at 1, then the width of a pulse
//! |   |         |   end       start, end or length, place of the code and check sum are set on the port,
//! |   code      more          because no two sellers agree
//! start
//! ```
//!
//! Source: sellers' pages of such modules (start FD, end DF); the bytes between are unverified. So everything is a setting:
//! `uart_frame = { start = "fd", end = "df", length = 6, code_at = 1, code_bytes = 3, checksum = "sum", checksum_from = 1 }`.
//! The check sum is the byte before the end (or the last one): the sum or the exclusive or of all bytes before it, from
//! `checksum_from` on. Where no length is given, the end is looked for behind the code and the check sum.
//!
//! Codes are those of EV1527 and PT2262: fixed, repeatable by anybody, and only what the config lists is more than a note.

use crate::devices::framing::{Frames, Look, Shape};
use crate::devices::rf_bridge::{CodeBook, Form, OnPort, code_toml};
use crate::devices::{Decoded, Decoder};
use crate::model::frame::RawFrame;
use crate::model::hex;
use crate::model::observation::Reading;
use serde::Deserialize;

/// One sentence for the table.
pub const SUMMARY: &str = "433 MHz codes from any receiver that prints them in frames of bytes on a serial port";

/// An address as written in a config.
pub const EXAMPLE: &str = "uart_frame = { codes = { \"22670e\" = \"motion\" } }";

/// As such modules are sold.
pub const BAUD: u32 = 9_600;

/// The codes of one sensor, of as many bytes as a port may be set to.
pub type Address = OnPort<WholeBytes>;

/// One to eight bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WholeBytes;

impl Form for WholeBytes {
    fn fits(digits: usize) -> bool {
        (2..=2 * CODE_BYTES_MAX).contains(&digits) && digits.is_multiple_of(2)
    }
    const RIGHT: &str = "its 2 to 16 hexadecimal digits in pairs, as \"22670e\"";
}

/// How the frames of one port look.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Settings {
    start: Vec<u8>,
    end: Vec<u8>,
    length: Option<usize>,
    code_at: usize,
    code_bytes: usize,
    checksum: Checksum,
    checksum_from: usize,
}

/// What the byte before the end proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Checksum {
    #[default]
    None,
    Sum,
    Xor,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    start: Option<String>,
    end: Option<String>,
    length: Option<usize>,
    code_at: Option<usize>,
    code_bytes: Option<usize>,
    checksum: Checksum,
    checksum_from: usize,
}

impl Default for Settings {
    /// As the commonest module prints it.
    fn default() -> Self {
        Settings {
            start: vec![0xfd],
            end: vec![0xdf],
            length: None,
            code_at: 1,
            code_bytes: 3,
            checksum: Checksum::None,
            checksum_from: 0,
        }
    }
}

impl TryFrom<Written> for Settings {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let usual = Settings::default();
        let start = written.start.map_or(Ok(usual.start), |text| bytes("start", &text))?;
        // Who gives a length alone has frames without an end.
        let end = match (&written.end, written.length) {
            (Some(text), _) => bytes("end", text)?,
            (None, Some(_)) => Vec::new(),
            (None, None) => usual.end,
        };
        let settings = Settings {
            code_at: written.code_at.unwrap_or(start.len()),
            code_bytes: written.code_bytes.unwrap_or(usual.code_bytes),
            start,
            end,
            length: written.length,
            checksum: written.checksum,
            checksum_from: written.checksum_from,
        };
        settings.check()?;
        Ok(settings)
    }
}

/// One to eight bytes from their digits.
fn bytes(key: &str, text: &str) -> Result<Vec<u8>, String> {
    let why = || format!("{key} = {text:?} is not one to eight bytes; write hexadecimal digits in pairs, as \"fd\"");
    hex::bytes_of_text(text).filter(|bytes| (1..=8).contains(&bytes.len())).ok_or_else(why)
}

impl Settings {
    fn check(&self) -> Result<(), String> {
        if !(1..=CODE_BYTES_MAX).contains(&self.code_bytes) {
            return Err(format!(
                "code_bytes = {} is no length of a code; it can be 1 to {CODE_BYTES_MAX}",
                self.code_bytes
            ));
        }
        let from = self.start.len();
        if !(from..BYTES_MAX).contains(&self.code_at) {
            let why =
                format!("code_at = {} is not behind the start; count from 0: the first byte that can", self.code_at);
            return Err(format!("{why} be of the code is {from}"));
        }
        let least = self.bytes_min();
        if let Some(length) = self.length
            && !(least..=BYTES_MAX).contains(&length)
        {
            return Err(format!(
                "length = {length} has no room for start, code, check sum and end, or is too long; it can be {least} to \
                 {BYTES_MAX}"
            ));
        }
        if self.checksum_from > self.code_at {
            return Err(
                "checksum_from is behind the code; a check sum that leaves out the code proves nothing".to_owned()
            );
        }
        Ok(())
    }

    /// Of the shortest frame that has room for everything.
    fn bytes_min(&self) -> usize {
        self.code_at + self.code_bytes + usize::from(self.checksum != Checksum::None) + self.end.len()
    }

    /// The code of a frame; the error is a short stable reason.
    fn code<'a>(&self, frame: &'a [u8]) -> Result<&'a [u8], &'static str> {
        if !frame.starts_with(&self.start) {
            return Err("no_start");
        }
        if frame.len() < self.bytes_min() || self.length.is_some_and(|length| length != frame.len()) {
            return Err("bad_length");
        }
        let body = frame.strip_suffix(self.end.as_slice()).ok_or("no_end")?;
        if self.checksum != Checksum::None {
            let (said, summed) = body.split_last().ok_or("bad_length")?;
            let summed = summed.get(self.checksum_from..).unwrap_or_default();
            let sum = match self.checksum {
                Checksum::Xor => summed.iter().fold(0, |sum, byte| sum ^ byte),
                Checksum::Sum | Checksum::None => summed.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)),
            };
            if sum != *said {
                return Err("bad_checksum");
            }
        }
        let code = frame.get(self.code_at..self.code_at + self.code_bytes).ok_or("bad_length")?;
        if code.iter().all(|byte| *byte == 0) { Err("zero_code") } else { Ok(code) }
    }
}

/// The decoder for the codes of the config. Others are heard too, as notes.
pub fn decoder(settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let book = CodeBook::new(&addresses);
    UartFrame { settings: settings.clone(), book }
}

/// Cuts the receiver's bytes as the settings say.
pub fn framer(settings: &Settings) -> Frames<Settings> {
    Frames::new(settings.clone())
}

/// An address for the code that was heard.
pub fn address_toml(device: &str, readings: &[Reading]) -> String {
    code_toml("uart_frame", device, readings)
}

struct UartFrame {
    settings: Settings,
    book: CodeBook,
}

impl Decoder for UartFrame {
    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        match self.settings.code(&frame.bytes) {
            Ok(code) => Decoded::Readings(self.book.said(code, frame.retained)),
            Err(why) => Decoded::Malformed(why.to_owned()),
        }
    }
}

impl Shape for Settings {
    fn look(&self, rest: &[u8]) -> Look {
        if !rest.starts_with(&self.start) {
            return if self.start.starts_with(rest) { Look::Begun } else { Look::Noise };
        }
        let length = match self.length {
            Some(length) if rest.len() < length => return Look::Begun,
            Some(length) => length,
            None => match self.length_by_end(rest) {
                Some(length) => length,
                None if rest.len() >= BYTES_MAX => return Look::Damaged(BYTES_MAX),
                None => return Look::Begun,
            },
        };
        match rest.get(..length).map(|frame| self.code(frame)) {
            Some(Ok(_) | Err("zero_code")) => Look::Whole(length),
            Some(Err(_)) | None => Look::Damaged(length),
        }
    }

    fn is_proven(&self) -> bool {
        self.checksum != Checksum::None
    }
}

impl Settings {
    fn length_by_end(&self, rest: &[u8]) -> Option<usize> {
        let from = self.bytes_min() - self.end.len();
        let behind = rest.get(from..BYTES_MAX.min(rest.len()))?;
        let at = behind.windows(self.end.len()).position(|window| window == self.end)?;
        Some(from + at + self.end.len())
    }
}

const CODE_BYTES_MAX: usize = 8;
/// Such frames have some ten bytes.
const BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::framing::Cut;
    use crate::devices::framing::tests::holds_for;

    fn settings(text: &str) -> Settings {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn frames_of_any_shape_are_found_in_any_pieces() {
        for (text, frame) in [
            ("{}", b"\xfd\x4a\xdf\x31\x22\xdf".as_slice()),
            (r#"{"start":"a5 5a","length":7,"code_bytes":3,"checksum":"xor"}"#, b"\xa5\x5a\x11\x22\x33\x01\xfe"),
            (r#"{"start":"fd","end":"0d0a","checksum":"sum","checksum_from":1}"#, b"\xfd\xf0\xf1\xf2\xd3\x0d\x0a"),
        ] {
            let settings = settings(text);
            assert!(settings.code(frame).is_ok(), "{text}: {:?}", settings.code(frame));
            holds_for(|| Box::new(framer(&settings)), frame);
        }
    }

    #[test]
    fn what_cannot_be_a_frame_is_refused_with_its_reason() {
        let usual = Settings::default();
        let summed = settings(r#"{"checksum":"sum"}"#);
        for (settings, frame, why) in [
            (&usual, b"\xfe\x4a\x10\x31\x22\xdf".as_slice(), "no_start"),
            (&usual, b"\xfd\x4a\x10\x31\x22", "no_end"),
            (&usual, b"\xfd\x4a\xdf", "bad_length"),
            (&usual, b"\xfd\x00\x00\x00\x22\xdf", "zero_code"),
            (&summed, b"\xfd\x4a\x10\x31\x00\xdf", "bad_checksum"),
        ] {
            assert_eq!(settings.code(frame), Err(why));
        }
        assert_eq!(framer(&summed).push(b"\xfd\x4a\x10\x31\x00\xdf").len(), 1, "damage is given out to be counted");
    }

    #[test]
    fn a_code_that_no_frame_can_hold_is_refused_and_the_right_form_is_said() {
        let address = |code: &str| serde_json::from_str::<Address>(&format!("{{\"codes\":{{{code:?}:\"sos\"}}}}"));
        for code in ["0x22670e", "22670", "2267zz", "00", "0123456789abcdef01"] {
            let why = address(code).unwrap_err().to_string();
            assert!(why.contains("2 to 16 hexadecimal digits in pairs, as \"22670e\""), "{code}: {why}");
        }
        for right in ["e1", "22670E", "0123456789abcdef"] {
            assert!(address(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn wrong_settings_say_what_would_be_right() {
        let why = |text: &str| serde_json::from_str::<Settings>(text).unwrap_err().to_string();
        assert!(why(r#"{"start":"f"}"#).contains("in pairs"));
        assert!(why(r#"{"start":"xy"}"#).contains("in pairs"));
        assert!(why(r#"{"length":3}"#).contains("it can be 4 to 64"));
        assert!(why(r#"{"code_at":0}"#).contains("first byte that can be of the code is 1"));
        assert!(why(r#"{"code_bytes":9}"#).contains("1 to 8"));
        assert!(why(r#"{"checksum_from":2}"#).contains("proves nothing"));
        assert!(why(r#"{"stop":"df"}"#).contains("unknown field"));
    }
}
