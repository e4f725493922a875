//! Receivers that print a line of text for each event on a serial port; the config says which line means what.
//!
//! ```toml
//! text = { port = "radio", line = "PIR hall ON", kind = "motion", value = "on" }
//! text = { port = "radio", line = "DOOR 1 *", kind = "contact", values = { open = ["O"], closed = ["C"] } }
//! text = { port = "radio", line = "*ID=8ba0;SWITCH={value};*", kind = "button", values = { sos = ["1"] } }
//! ```
//!
//! `*` stands for any text, also none. Where `value` is not given, the value is what stands for `{value}`, or for the
//! `*` where there is only one. Letter case and blanks at the ends do not count. Every line is an event.
//! A line that nobody registered is told as such, so that a technician can.

use crate::devices::framing::{LINE_BYTES_MAX, Lines};
use crate::devices::meaning::{Kind, Meaning, Values};
use crate::devices::{Decoded, Decoder, Identity, reading, toml_text};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Evidence, Measure, Reading};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One sentence for the table.
pub const SUMMARY: &str = "receivers that print a line of text for each event on a serial port";

/// An address as written in a config.
pub const EXAMPLE: &str = "text = { port = \"radio\", line = \"PIR hall ON\", kind = \"motion\", value = \"on\" }";

/// Bits per second where the receiver's data sheet says nothing else.
pub const BAUD: u32 = 9_600;

/// Nothing to set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

/// A line and what it means.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Address {
    port: String,
    line: String,
    pattern: Pattern,
    value: Option<String>,
    meaning: Meaning,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    port: String,
    line: String,
    kind: Kind,
    value: Option<String>,
    #[serde(default)]
    values: Values,
    scale: Option<f64>,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let line = written.line.trim().to_lowercase();
        let pattern = Pattern::parse(&line)?;
        let meaning = Meaning::new(written.kind, written.values, written.scale)?;
        // A line without a gap for the value says one thing only.
        let usual = if written.kind == Kind::Button { "single" } else { "on" };
        let value = written.value.or_else(|| pattern.value.is_none().then(|| usual.to_owned()));
        if let Some(value) = &value
            && meaning.read(value.as_str()).is_none()
        {
            return Err(format!("value {value:?} means nothing for this kind"));
        }
        Ok(Address { port: written.port, line, pattern, value, meaning })
    }
}

impl Identity for Address {
    /// Port, line and meaning: `radio: pir hall on: motion on`.
    fn device(&self) -> String {
        let value = self.value.as_ref().map(|value| format!(" {value}")).unwrap_or_default();
        format!("{}: {}: {}{value}", self.port, self.line, self.meaning.name())
    }

    fn port(&self) -> Option<&str> {
        Some(&self.port)
    }

    fn says(&self) -> Vec<Measure> {
        self.meaning.says()
    }
}

/// The decoder for the lines of the config.
pub fn decoder(_settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    Text { addresses: addresses.into_iter().map(|address| (address.device(), address)).collect() }
}

/// Cuts at line ends.
pub fn framer(_settings: &Settings) -> Lines {
    Lines::default()
}

/// The address of a line that was heard: `port: line`.
pub fn address_toml(device: &str, _readings: &[Reading]) -> String {
    let (port, line) = device.split_once(": ").unwrap_or(("", device));
    let (port, line) = (toml_text(port), toml_text(line));
    format!("text = {{ port = {port}, line = {line}, kind = \"motion\", value = \"on\" }}")
}

struct Text {
    addresses: BTreeMap<String, Address>,
}

impl Decoder for Text {
    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        if frame.bytes.len() > LINE_BYTES_MAX {
            return Decoded::Malformed("too_long".to_owned());
        }
        let Ok(written) = std::str::from_utf8(&frame.bytes) else { return Decoded::Malformed("not_utf8".to_owned()) };
        let line = written.trim().to_lowercase();
        let read = |(name, address): (&String, &Address)| {
            let found = address.pattern.find(&line)?;
            let value = address.value.as_deref().unwrap_or(found);
            let measure = address.meaning.read(value).unwrap_or(Measure::Alive);
            Some(reading(name, measure, Evidence::Event, frame.retained))
        };
        let readings: Vec<Reading> = self.addresses.iter().filter_map(read).collect();
        Decoded::Readings(if readings.is_empty() { unknown(written, frame) } else { readings })
    }
}

/// A line that nobody registered, for the technician who wants to.
fn unknown(line: &str, frame: &RawFrame) -> Vec<Reading> {
    let Origin::Serial { port } = &frame.from else { return Vec::new() };
    let line: String = line.trim().chars().take(UNKNOWN_CHARACTERS_MAX).collect();
    if line.is_empty() {
        return Vec::new();
    }
    let device = format!("{port}: {line}");
    vec![reading(
        &device,
        Measure::Note { kind: "unknown_line".to_owned(), text: line },
        Evidence::Event,
        frame.retained,
    )]
}

/// Enough to recognise a line by.
const UNKNOWN_CHARACTERS_MAX: usize = 100;

/// A line with gaps.
#[derive(Debug, Clone, PartialEq)]
struct Pattern {
    begin: String,
    /// The fixed text behind each gap; the last is the end of the line.
    behind: Vec<String>,
    /// The gap that holds the value, if one does.
    value: Option<usize>,
}

impl Pattern {
    fn parse(written: &str) -> Result<Pattern, String> {
        let named = written.find(VALUE).map(|at| written[..at].matches('*').count());
        let pattern = written.replacen(VALUE, "*", 1);
        let mut fixed = pattern.split('*').map(str::to_owned);
        let begin = fixed.next().unwrap_or_default();
        let behind: Vec<String> = fixed.collect();
        if begin.is_empty() && behind.iter().all(|fixed| fixed.trim().is_empty()) {
            return Err(format!("line {written:?} would take every line; write some of its text"));
        }
        let only = (behind.len() == 1).then_some(0);
        Ok(Pattern { begin, behind, value: named.or(only) })
    }

    /// The value in `line`, if the whole line is of this pattern; empty where the pattern has none.
    fn find<'a>(&self, line: &'a str) -> Option<&'a str> {
        let mut rest = line.strip_prefix(self.begin.as_str())?;
        if self.behind.is_empty() {
            return rest.is_empty().then_some("");
        }
        let mut value = "";
        for (gap, fixed) in self.behind.iter().enumerate() {
            let is_last = gap + 1 == self.behind.len();
            // Where the first place does not fit, no later one does.
            let at = if is_last { rest.strip_suffix(fixed.as_str())?.len() } else { rest.find(fixed.as_str())? };
            if self.value == Some(gap) {
                value = rest[..at].trim();
            }
            rest = &rest[at + fixed.len()..];
        }
        Some(value)
    }
}

const VALUE: &str = "{value}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, line, found) in [
            ("pir on", "pir on", Some("")),
            ("pir on", "pir on!", None),
            ("door *", "door open", Some("open")),
            ("door *", "door ", Some("")),
            ("*;id=7;*", "20;id=7;on", Some("")),
            ("*;id=7;{value};*", "20;id=7;on;x", Some("on")),
            ("a*b{value}c", "a1b2b3c", Some("2b3")),
            ("a*b*c", "a1b2b3", None),
            ("*x", "xx", Some("x")),
            ("ab*ba", "aba", None),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().find(line), found, "{pattern} {line}");
        }
    }

    #[test]
    fn a_wrong_address_says_what_is_wrong() {
        let why = |text| serde_json::from_str::<Address>(text).unwrap_err().to_string();
        assert!(why(r#"{"port":"r","line":" * ","kind":"motion"}"#).contains("every line"));
        assert!(why(r#"{"port":"r","line":"a","kind":"motion","value":"perhaps"}"#).contains("means nothing"));
    }
}
