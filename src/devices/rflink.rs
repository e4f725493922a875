//! 433 MHz sensors behind an RFLink gateway (an Arduino Mega, or an ESP with the same words) on a serial port.
//!
//! ```text
//! 20;2D;NewKaku;ID=cac142;SWITCH=1;CMD=ON;          a device: number of the line in hex, protocol, id, what it says
//! 20;2E;Pir;ID=aa66;PIR=ON;                         20 = from the gateway
//! 20;2F;Alecto V1;ID=0334;TEMP=800d;HUM=33;BAT=OK;  TEMP in hex, tenths, bit 15 = below zero; HUM decimal
//! 20;00;Nodo RadioFrequencyLink - RFLink Gateway…;  the gateway about itself; also OK, PONG, VER=…, Debug
//! 10;…                                              a command to the gateway, seen where two programs share a port
//! ```
//!
//! A device is `protocol/id`, with `/switch` where one is named. The lines are those of python-rflink's samples, which are
//! the reference the project itself names.
//!
//! | key | says | | key | says |
//! |---|---|---|---|---|
//! | `PIR` | motion | | `TEMP` `HUM` | temperature, humidity |
//! | `SMOKEALERT` | smoke | | `BAT` | `LOW`: battery low |
//! | `CMD` | on, off; all else is a note | | `RSSI` | dBm, −100 to −50 as 0 to 100 % |
//! | `CHIME` | a press of a door bell | | `WIND…` `RAIN…` `UV` `BARO` | weather, a note |
//!
//! Each press, movement or opening is sent when it happens and several times over; a PIR of this kind sends no end. Only
//! thermometers report by themselves. A line without its beginning or end is dropped and counted.

use crate::devices::framing::{LINE_BYTES_MAX, Lines};
use crate::devices::meaning::{Kind, Meaning, Values};
use crate::devices::rflink_lines::{Line, Said};
use crate::devices::{Decoded, Decoder, Identity, reading, toml_text, written};
use crate::model::frame::RawFrame;
use crate::model::observation::{Evidence, Measure, Reading};
use crate::model::time::Span;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// One sentence for the table.
pub const SUMMARY: &str = "433 MHz sensors, buttons and PIRs behind an RFLink gateway";

/// An address as written in a config.
pub const EXAMPLE: &str = "rflink = { device = \"NewKaku/cac142/1\", kind = \"motion\" }";

/// Bits per second of every RFLink.
pub const BAUD: u32 = 57_600;

/// Nothing to set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

/// A device, perhaps with what its commands mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    device: String,
    meaning: Option<Meaning>,
    checks_in: bool,
    port: Option<String>,
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let named = |device| Written { device, ..Written::default() };
        let written = written::name_or_table(from, "a device as \"Pir/aa66\", or { device = …, kind = … }", named)?;
        Address::try_from(written).map_err(serde::de::Error::custom)
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    device: String,
    kind: Option<Kind>,
    #[serde(default)]
    values: Values,
    #[serde(default)]
    checks_in: bool,
    port: Option<String>,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let device = written.device.trim();
        if !device.split_once('/').is_some_and(|(protocol, id)| !protocol.is_empty() && !id.is_empty())
            || device.contains([';', '='])
        {
            return Err(format!(
                "{device:?} is no device of RFLink; write protocol/id, or protocol/id/switch, as \"NewKaku/cac142/1\""
            ));
        }
        if device.contains('#') {
            return Err(format!("{device:?} holds a #, which no device of RFLink does"));
        }
        let meaning = written::commanded(written.kind, written.values)?;
        Ok(Address { device: device.to_owned(), meaning, checks_in: written.checks_in, port: written.port })
    }
}

impl Identity for Address {
    /// The device as it is written, with the meaning where one is given: `Pir/aa66`, `NewKaku/cac142/1#motion`.
    fn device(&self) -> String {
        match &self.meaning {
            Some(meaning) => format!("{}#{}", self.device, meaning.name()),
            None => self.device.clone(),
        }
    }

    fn port(&self) -> Option<&str> {
        self.port.as_deref()
    }

    fn checks_in(&self) -> bool {
        self.checks_in
    }

    fn burst(&self) -> Option<Span> {
        Some(Span::seconds(3))
    }

    fn says(&self) -> Vec<Measure> {
        self.meaning.as_ref().map_or(Vec::new(), Meaning::says)
    }
}

/// The decoder. Devices that nobody registered are heard too.
pub fn decoder(_settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let mut devices: BTreeMap<String, Vec<(String, Option<Meaning>)>> = BTreeMap::new();
    for address in addresses {
        let name = address.device();
        devices.entry(address.device.to_lowercase()).or_default().push((name, address.meaning));
    }
    Rflink { devices, last: Vec::new() }
}

/// Cuts at line ends.
pub fn framer(_settings: &Settings) -> Lines {
    Lines::default()
}

/// The address of a device that was heard.
pub fn address_toml(device: &str, readings: &[Reading]) -> String {
    let is_switch = |measure: &Measure| matches!(measure, Measure::Note { kind, .. } if kind == "switch");
    let is_command =
        readings.iter().any(|reading| matches!(reading.measure, Measure::Switch(_)) || is_switch(&reading.measure));
    if is_command {
        format!("rflink = {{ device = {}, kind = \"motion\" }}   # what its ON means", toml_text(device))
    } else {
        format!("rflink = {}", toml_text(device))
    }
}

struct Rflink {
    /// By the lower-case name: the name in readings, and the meaning where the config gives one.
    devices: BTreeMap<String, Vec<(String, Option<Meaning>)>>,
    /// The last line: the same line with the same number is a copy.
    last: Vec<u8>,
}

impl Decoder for Rflink {
    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        if frame.bytes.len() > LINE_BYTES_MAX {
            return Decoded::Malformed("too_long".to_owned());
        }
        let Ok(line) = std::str::from_utf8(&frame.bytes) else { return Decoded::Malformed("not_utf8".to_owned()) };
        let mut readings = match Line::parse(line.trim()) {
            Ok(Line::NotForUs) => Vec::new(),
            Ok(Line::Gateway(word)) => {
                let note = Measure::Note { kind: "gateway".to_owned(), text: word.to_owned() };
                vec![reading("rflink", note, Evidence::Event, frame.retained)]
            }
            Ok(Line::Device(said)) => self.read(&said, frame.retained),
            Err(why) => return Decoded::Malformed(why.to_owned()),
        };
        let is_copy = self.last == frame.bytes;
        readings.iter_mut().for_each(|reading| reading.copy = is_copy);
        self.last.clone_from(&frame.bytes);
        Decoded::Readings(readings)
    }

    /// The gateway counts its lines from 0 again.
    fn forget(&mut self) {
        self.last.clear();
    }
}

impl Rflink {
    fn read(&self, said: &Said, retained: bool) -> Vec<Reading> {
        let mut readings = Vec::new();
        let mut say = |device: &str, (measure, evidence): (Measure, Evidence)| {
            readings.push(reading(device, measure, evidence, retained));
        };
        let known = self.devices.get(&said.device.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
        for (device, meaning) in known {
            match meaning.as_ref().zip(said.word.as_deref()) {
                Some((meaning, word)) => {
                    let is_on = match word {
                        "on" | "allon" => Some(true),
                        "off" | "alloff" => Some(false),
                        _ => None,
                    };
                    say(device, (written::command(meaning, word, is_on).unwrap_or(Measure::Alive), Evidence::Event));
                }
                None => said.says.iter().for_each(|said| say(device, said.clone())),
            }
            said.beside.iter().for_each(|measure| say(device, (measure.clone(), Evidence::Level)));
        }
        if known.is_empty() {
            said.says.iter().for_each(|word| say(&said.device, word.clone()));
            said.beside.iter().for_each(|measure| say(&said.device, (measure.clone(), Evidence::Level)));
        }
        readings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frame::Origin;

    fn address(text: &str) -> Result<Address, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    fn decode(decoder: &mut dyn Decoder, line: &str) -> Decoded {
        let from = Origin::Serial { port: "rflink".to_owned() };
        decoder.decode(&RawFrame { from, bytes: line.as_bytes().to_vec(), retained: false })
    }

    #[test]
    fn a_wrong_address_says_what_would_be_right() {
        for (text, part) in [
            (r#""cac142""#, "protocol/id"),
            (r#""Pir/""#, "protocol/id"),
            (r#""Pir/ID=aa66""#, "protocol/id"),
            (r#"{"device":"Pir/aa66","kind":"humidity"}"#, "read without it"),
            (r#"{"device":"Pir/aa66","values":{"on":["on"]}}"#, "needs kind"),
            (r#"{"devise":"Pir/aa66"}"#, "unknown field"),
        ] {
            let why = address(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
        assert!(!address(r#""Pir/aa66""#).unwrap().checks_in());
        assert!(address(r#"{"device":"Cresta/3001","checks_in":true}"#).unwrap().checks_in());
    }

    #[test]
    fn a_line_of_the_same_number_said_again_is_a_copy() {
        let mut decoder = decoder(&Settings::default(), Vec::new());
        let copies = |said: Decoded| match said {
            Decoded::Readings(readings) => readings.iter().map(|reading| reading.copy).collect::<Vec<_>>(),
            other @ (Decoded::NotMine | Decoded::Incomplete | Decoded::Malformed(_)) => panic!("{other:?}"),
        };
        assert_eq!(copies(decode(&mut decoder, "20;06;Pir;ID=0a17;PIR=ON;")), [false]);
        assert_eq!(copies(decode(&mut decoder, "20;06;Pir;ID=0a17;PIR=ON;")), [true]);
        assert_eq!(copies(decode(&mut decoder, "20;07;Pir;ID=0a17;PIR=ON;")), [false], "a new one");
    }

    #[test]
    fn a_line_that_lost_any_part_of_itself_never_says_something_else() {
        let whole = "20;2D;NewKaku;ID=0be5a1;SWITCH=2;CMD=ON;";
        let mut decoder = decoder(&Settings::default(), Vec::new());
        for at in 1..whole.len() {
            for part in [&whole[..at], &whole[at..]] {
                match decode(&mut decoder, part) {
                    Decoded::Malformed(_) => {}
                    Decoded::Readings(readings) => {
                        let is_press = |reading: &Reading| matches!(reading.measure, Measure::Switch(_));
                        assert!(!readings.iter().any(is_press), "{part:?}: {readings:?}");
                    }
                    other @ (Decoded::NotMine | Decoded::Incomplete) => panic!("{part:?}: {other:?}"),
                }
            }
        }
        let joined = "20;2D;NewKaku;ID=0be520;2E;Pir;ID=aa66;PIR=ON;";
        assert_eq!(decode(&mut decoder, joined), Decoded::Malformed("cut_line".to_owned()));
    }
}
