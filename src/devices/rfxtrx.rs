//! 433 MHz sensors behind an RFXtrx433 (RFXCOM) on USB.
//!
//! ```text
//! LL  TT SS NN  DD … DD        LL counts the bytes behind it; RB: high nibble signal, low nibble battery; RR: signal alone
//! 07  10 SS NN  HH UU CC RR                             Lighting1   house letter, unit                  c1
//! 0b  11 SS NN  I1 I2 I3 I4 UU CC LV RR                 Lighting2   KaKu, Chacon, Nexa, HomeEasy        118cdea:3
//! 09  13 SS NN  C1 C2 C3 PH PL RR                       Lighting4   PT2262, EV1527: a code, a pulse     22670 (code 22670e)
//! 0a  14 SS NN  I1 I2 I3 UU CC LV RR                    Lighting5   LightwaveRF and others              f0a1b2:1
//! 0b  15 SS NN  I1 I2 GG UU CC N1 N2 RR                 Lighting6   Blyss                               9bd5:a2
//! 07  16 SS NN  I1 I2 SO RR                             Chime       door bells                          00a1
//! 08  20 SS NN  I1 I2 I3 ST RB                          Security1   X10, Visonic, smoke detectors       d3dc54
//! 08  50 SS NN  I1 I2 T1 T2 RB                          temperature, tenths, bit 15 = below zero        2f:01
//! 08  51 SS NN  I1 I2 HU HS RB                          humidity
//! 0a  52 SS NN  I1 I2 T1 T2 HU HS RB                    both
//! 0d  54 SS NN  I1 I2 T1 T2 HU HS B1 B2 FC RB           both, with the pressure of the air
//! ```
//!
//! The layouts and the states of Security1 are those of the vendor's header as Domoticz has it (`main/RFXtrx.h`); names of
//! devices are those that pyRFXtrx gives. In Security1, panic of a smoke detector is smoke. State 0x80 on top is tamper.
//! The battery nibble goes from 0 to 9; 0 and 1 are told as low. Smoke detectors (KD101, SA30, RM174RF) have nothing to put
//! there, and Lighting has no battery at all. Signal: nibble 0 to 15 as 0 to 100 %.
//!
//! X10 and Visonic say their state again every hour or so, so contact and motion of Security1 are levels; what a remote or
//! a PIR says with Lighting is said because something happened. All other packets are known by name and ignored.

use crate::devices::codes::Codes;
use crate::devices::meaning::{Kind, Meaning, Values};
use crate::devices::rfxtrx_packets::{self, Packet};
use crate::devices::rfxtrx_stream::Packets;
use crate::devices::{Decoded, Decoder, Identity, reading, toml_text, written};
use crate::model::frame::RawFrame;
use crate::model::observation::{Evidence, Measure, Reading};
use crate::model::time::Span;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// One sentence for the table.
pub const SUMMARY: &str = "433 MHz sensors, buttons and PIRs behind an RFXtrx433 on USB";

/// An address as written in a config.
pub const EXAMPLE: &str = "rfxtrx = \"d3dc54\"";

/// Bits per second of every RFXtrx433.
pub const BAUD: u32 = 38_400;

/// Nothing to set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

/// A device, perhaps with what its commands mean; or the codes of one sensor of Lighting4.
#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    says: Says,
    checks_in: Option<bool>,
    port: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Says {
    /// What it says by itself, or what the config says that its commands mean.
    Device {
        name: String,
        meaning: Option<Meaning>,
    },
    Codes(Codes),
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let named = |device| Written { device: Some(device), ..Written::default() };
        let written = written::name_or_table(from, "a device as \"d3dc54\", or { device = …, kind = … }", named)?;
        Address::try_from(written).map_err(serde::de::Error::custom)
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    device: Option<String>,
    kind: Option<Kind>,
    #[serde(default)]
    values: Values,
    codes: Option<Codes>,
    checks_in: Option<bool>,
    port: Option<String>,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let says = match (written.device, written.codes) {
            (Some(device), None) => {
                let name = device.trim().to_lowercase();
                check_name(&name)?;
                Says::Device { name, meaning: written::commanded(written.kind, written.values)? }
            }
            (None, Some(_)) if written.kind.is_some() || !written.values.is_empty() => {
                return Err("codes say themselves what they mean; leave out kind and values".to_owned());
            }
            (None, Some(codes)) => {
                codes.check(|code| is_hex(code, 6), "its six hexadecimal digits of Lighting4, as \"22670e\"")?;
                Says::Codes(codes)
            }
            (Some(_), Some(_)) => return Err("either device or codes, not both".to_owned()),
            (None, None) => return Err("write device = \"d3dc54\" or codes = { \"22670e\" = \"motion\" }".to_owned()),
        };
        Ok(Address { says, checks_in: written.checks_in, port: written.port })
    }
}

impl Identity for Address {
    /// The device as it is heard, with the meaning where one is given: `d3dc54`, `118cdea:3#motion`, `22670#226707+22670e`.
    fn device(&self) -> String {
        match &self.says {
            Says::Device { name, meaning: None } => name.clone(),
            Says::Device { name, meaning: Some(meaning) } => format!("{name}#{}", meaning.name()),
            Says::Codes(codes) => {
                let mut remotes: Vec<&str> = codes.all().filter_map(|(code, _)| code.get(..5)).collect();
                remotes.dedup(); // in order already
                format!("{}#{}", remotes.join("+"), codes.joined())
            }
        }
    }

    fn port(&self) -> Option<&str> {
        self.port.as_deref()
    }

    /// Security1 and thermometers say their state by themselves, all others only when something happens.
    fn checks_in(&self) -> bool {
        self.checks_in.unwrap_or(match &self.says {
            Says::Device { name, .. } => is_hex(name, 6) || is_thermometer(name),
            Says::Codes(_) => false,
        })
    }

    fn burst(&self) -> Option<Span> {
        let is_thermometer = matches!(&self.says, Says::Device { name, .. } if is_thermometer(name));
        // A press of half a second is sent some ten times; the dongle lets several through.
        (!is_thermometer).then_some(Span::seconds(2))
    }

    fn says(&self) -> Vec<Measure> {
        match &self.says {
            Says::Device { meaning, .. } => meaning.as_ref().map_or(Vec::new(), Meaning::says),
            Says::Codes(codes) => codes.says(),
        }
    }
}

/// Whether a packet can carry this name.
fn check_name(name: &str) -> Result<(), String> {
    let number = |text: &str| text.parse::<u8>().is_ok();
    let lettered = |text: &str| {
        text.get(..1).is_some_and(|c| c.as_bytes()[0].is_ascii_lowercase()) && text.get(1..).is_some_and(number)
    };
    let fits = match name.split_once(':') {
        Some((id, unit)) if is_hex(id, 7) || is_hex(id, 6) => number(unit),
        Some((id, unit)) if is_hex(id, 4) => lettered(unit),
        Some(_) => is_thermometer(name),
        None => is_hex(name, 6) || is_hex(name, 4) || lettered(name) && !is_hex(name, 5),
    };
    if fits {
        Ok(())
    } else if is_hex(name, 5) {
        Err(format!("{name:?} is of Lighting4, which is written by its codes: codes = {{ \"{name}e\" = \"motion\" }}"))
    } else {
        Err(format!(
            "{name:?} is no device of an RFXtrx; write it as `carecircle listen` shows it: \"d3dc54\" (security), \
             \"118cdea:3\" (id:unit), \"c1\" (house and unit), \"9bd5:a2\" (Blyss), \"00a1\" (chime), \"2f:01\" (thermometer)"
        ))
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_thermometer(name: &str) -> bool {
    name.split_once(':').is_some_and(|(high, low)| is_hex(high, 2) && is_hex(low, 2))
}

/// The decoder. Devices that nobody registered are heard too.
pub fn decoder(_settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let mut decoder = Rfxtrx { devices: BTreeMap::new(), codes: BTreeMap::new() };
    for address in addresses {
        let device = address.device();
        match address.says {
            Says::Device { name, meaning } => decoder.devices.entry(name).or_default().push((device, meaning)),
            Says::Codes(codes) => {
                for (code, means) in codes.all() {
                    decoder.codes.entry(code.to_owned()).or_default().push((device.clone(), means.measure()));
                }
            }
        }
    }
    decoder
}

/// Cuts the dongle's bytes.
pub fn framer(_settings: &Settings) -> Packets {
    Packets::default()
}

/// The address of a device that was heard; of Lighting4, by its code.
pub fn address_toml(device: &str, readings: &[Reading]) -> String {
    let code = readings.iter().find_map(|reading| {
        let Measure::Note { kind, text } = &reading.measure else { return None };
        (kind == "raw_code").then_some(text)
    });
    if let Some(code) = code {
        return format!("rfxtrx = {{ codes = {{ {} = \"motion\" }} }}   # what the code says", toml_text(code));
    }
    let is_command = readings.iter().any(|reading| matches!(reading.measure, Measure::Switch(_)));
    if is_command {
        return format!("rfxtrx = {{ device = {}, kind = \"motion\" }}   # what its ON means", toml_text(device));
    }
    format!("rfxtrx = {}", toml_text(device))
}

struct Rfxtrx {
    /// By the name that a packet carries: the name in readings, and the meaning where the config gives one.
    devices: BTreeMap<String, Vec<(String, Option<Meaning>)>>,
    codes: BTreeMap<String, Vec<(String, Measure)>>,
}

impl Decoder for Rfxtrx {
    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        match rfxtrx_packets::parse(&frame.bytes) {
            Ok(Some(packet)) => Decoded::Readings(self.read(&packet, frame.retained)),
            Ok(None) => Decoded::Readings(Vec::new()),
            Err(why) => Decoded::Malformed(why.to_owned()),
        }
    }
}

impl Rfxtrx {
    fn read(&self, packet: &Packet, retained: bool) -> Vec<Reading> {
        let mut readings = Vec::new();
        let mut say =
            |device: &str, measure: Measure, evidence| readings.push(reading(device, measure, evidence, retained));
        let beside = |device: &str, say: &mut dyn FnMut(&str, Measure, Evidence)| {
            for measure in &packet.beside {
                say(device, measure.clone(), Evidence::Level);
            }
        };
        if let Some(code) = &packet.code {
            let known = self.codes.get(code).map(Vec::as_slice).unwrap_or_default();
            for (device, measure) in known {
                say(device, measure.clone(), Evidence::Event);
                beside(device, &mut say);
            }
            if known.is_empty() {
                say(&packet.device, Measure::Note { kind: "raw_code".to_owned(), text: code.clone() }, Evidence::Event);
                beside(&packet.device, &mut say);
            }
            return readings;
        }
        let by_itself = |device: &str, say: &mut dyn FnMut(&str, Measure, Evidence)| {
            for (measure, evidence) in &packet.says {
                say(device, measure.clone(), *evidence);
            }
        };
        let known = self.devices.get(&packet.device).map(Vec::as_slice).unwrap_or_default();
        for (device, meaning) in known {
            match meaning.as_ref().zip(packet.word) {
                Some((meaning, word)) => {
                    let said = written::command(meaning, word, packet.is_on);
                    let evidence = if meaning.kind == Kind::Button { Evidence::Event } else { packet.evidence };
                    say(device, said.unwrap_or(Measure::Alive), evidence);
                }
                None => by_itself(device, &mut say),
            }
            beside(device, &mut say);
        }
        if known.is_empty() {
            by_itself(&packet.device, &mut say);
            beside(&packet.device, &mut say);
        }
        readings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Result<Address, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_wrong_address_says_what_would_be_right() {
        for (text, part) in [
            (r#""22670""#, r#"codes = { "22670e" = "motion" }"#),
            (r#""118cdea""#, "id:unit"),
            (r#""红外""#, "carecircle listen"),
            (r#"{"device":"d3dc54","kind":"temperature"}"#, "read without it"),
            (r#"{"device":"d3dc54","values":{"on":["alarm"]}}"#, "needs kind"),
            (r#"{"codes":{"22670":"motion"}}"#, "six hexadecimal digits"),
            (r#"{"codes":{"22670e":"motion"},"kind":"motion"}"#, "leave out kind"),
            (r#"{"kind":"motion"}"#, "write device"),
            (r#"{"device":"d3dc54","knd":"motion"}"#, "unknown field"),
            ("7", "a device as"),
        ] {
            let why = address(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
        for right in ["d3dc54", "118CDEA:3", "c1", "P16", "f0a1b2:1", "9bd5:A2", "00a1", "2f:01"] {
            assert!(address(&format!("{right:?}")).is_ok(), "{right}");
        }
    }

    #[test]
    fn two_meanings_of_one_device_have_two_names() {
        let names = [
            r#""118cdea:3""#,
            r#"{"device":"118cdea:3","kind":"motion"}"#,
            r#"{"device":"118cdea:3","kind":"button","values":{"sos":["on"]}}"#,
            r#"{"codes":{"22670e":"motion","226707":"motion_end"}}"#,
            r#"{"codes":{"22670f":"sos"}}"#,
        ]
        .map(|text| address(text).unwrap().device());
        assert_eq!(names[3], "22670#226707+22670e");
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn only_what_reports_by_itself_can_be_missed() {
        let checks_in = |text: &str| address(text).unwrap().checks_in();
        assert!(checks_in(r#""d3dc54""#) && checks_in(r#""2f:01""#));
        assert!(!checks_in(r#""118cdea:3""#) && !checks_in(r#"{"codes":{"22670e":"motion"}}"#));
        assert!(!checks_in(r#"{"device":"d3dc54","checks_in":false}"#), "a key fob");
    }
}
