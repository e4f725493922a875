//! How a technician names what hangs on a Tasmota device, or behind it.
//!
//! ```toml
//! tasmota = "hall"                                              # the device itself: radar, thermometer
//! tasmota = "0xB87A"                                            # behind it, by Zigbee or LoRa address or name
//! tasmota = { topic = "hall", switch = 1, kind = "motion" }     # a PIR, a door or a button on a switch input
//! tasmota = { topic = "hall", button = 1 }
//! tasmota = { topic = "kettle", power = 1 }                     # a relay or plug
//! tasmota = { topic = "bath", sensor = "DS18B20-2" }            # one of several sensors, by its key
//! tasmota = { codes = { "bc7de4" = "sos" } }                    # 433 MHz, by any bridge
//! ```

use crate::devices::codes::{self, Codes};
use crate::devices::meaning::{Kind, Meaning, Values};
use crate::devices::{Identity, objects, toml_text};
use crate::model::observation::{Measure, Press, Reading};
use crate::model::time::Span;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// No receiver behind Tasmota shows more: the longest code of a remote has 64 bits, and some show them as bytes.
const CODE_DIGITS_MAX: usize = 32;

/// What carries the readings of one sensor.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant)] // a few dozen of them in a home
pub enum Address {
    /// A device by its `%topic%`, or one behind it by address or name.
    Device(String),
    /// One input, relay or sensor of a device.
    Part(Part),
    /// Radio codes that a 433 MHz bridge passes on.
    Codes(Codes),
}

/// One input, relay or sensor of a device, and what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The device's `%topic%`.
    pub topic: String,
    /// Which of its parts.
    pub input: Input,
    /// What its value means; absent where the value says so itself.
    pub meaning: Option<Meaning>,
    /// A change is said in `tele/…/SENSOR` alone (SwitchMode 15 and 16).
    pub is_said_in_sensor: bool,
}

/// Which part of a device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // Tasmota's own names
pub enum Input {
    Switch(u8),
    Button(u8),
    /// The only relay of a device says no number: 0.
    Power(u8),
    Sensor(String),
}

impl Input {
    /// The name of this part of `topic`: `hall/1#switch`, `hall#PIR`.
    pub fn device(&self, topic: &str) -> String {
        match self {
            Input::Switch(number) => format!("{topic}/{number}#switch"),
            Input::Button(number) => format!("{topic}/{number}#button"),
            Input::Power(0) => format!("{topic}#power"),
            Input::Power(number) => format!("{topic}/{number}#power"),
            Input::Sensor(key) => format!("{topic}#{key}"),
        }
    }
}

impl Identity for Address {
    fn device(&self) -> String {
        match self {
            Address::Device(name) => name.clone(),
            Address::Part(part) => part.input.device(&part.topic),
            Address::Codes(codes) => codes.joined(),
        }
    }

    /// 433 MHz sensors send when they see something and never else.
    fn checks_in(&self) -> bool {
        !matches!(self, Address::Codes(_))
    }

    /// A bridge may pass on more than one copy of a telegram that is sent several times.
    fn burst(&self) -> Option<Span> {
        matches!(self, Address::Codes(_)).then_some(Span::seconds(2))
    }

    fn says(&self) -> Vec<Measure> {
        match self {
            // A device, or the sensor of one, says by itself what it measures.
            Address::Device(_) => Vec::new(),
            Address::Part(Part { input: Input::Button(_), .. }) => vec![Measure::Button(Press::Single)],
            Address::Part(part) => part.meaning.as_ref().map_or(Vec::new(), Meaning::says),
            Address::Codes(codes) => codes.says(),
        }
    }
}

impl Address {
    /// Whether it hangs behind a bridge, as far as the address shows.
    pub fn is_relayed(&self) -> bool {
        match self {
            Address::Device(name) => is_radio_address(name),
            Address::Part(_) => false,
            Address::Codes(_) => true,
        }
    }
}

/// `0xB87A`, or the long address of Zigbee.
pub fn is_radio_address(name: &str) -> bool {
    let digits = name.strip_prefix("0x").unwrap_or_default();
    (4..=16).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The address of a device that was heard.
pub fn address_toml(device: &str, readings: &[Reading]) -> String {
    let kind = objects::kind_word(readings);
    let code = readings.iter().find_map(|reading| {
        if let Measure::Note { kind, text } = &reading.measure { (kind == "raw_code").then_some(text) } else { None }
    });
    if let Some(code) = code {
        // Never a call by guess.
        return format!("tasmota = {{ codes = {{ {} = \"motion\" }} }}   # what the code says", toml_text(code));
    }
    let Some((topic, part)) = device.split_once('#') else { return format!("tasmota = {}", toml_text(device)) };
    match (part, topic.rsplit_once('/')) {
        ("switch", Some((topic, number))) => {
            let kind = if kind == "switch" { "motion" } else { kind };
            format!("tasmota = {{ topic = {}, switch = {number}, kind = \"{kind}\" }}", toml_text(topic))
        }
        ("button" | "power", Some((topic, number))) if number.parse::<u8>().is_ok() => {
            format!("tasmota = {{ topic = {}, {part} = {number} }}", toml_text(topic))
        }
        ("power", _) => format!("tasmota = {{ topic = {}, power = 1 }}", toml_text(topic)),
        _ if kind == "temperature" || kind == "humidity" => {
            format!("tasmota = {{ topic = {}, sensor = {} }}", toml_text(topic), toml_text(part))
        }
        _ => format!("tasmota = {{ topic = {}, sensor = {}, kind = \"{kind}\" }}", toml_text(topic), toml_text(part)),
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    topic: Option<String>,
    switch: Option<u8>,
    button: Option<u8>,
    power: Option<u8>,
    sensor: Option<String>,
    kind: Option<Kind>,
    #[serde(default)]
    values: Values,
    switch_mode: Option<u8>,
    codes: Option<Codes>,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let Written { topic, switch, button, power, sensor, kind, values, switch_mode, codes } = written;
        let parts =
            [switch.map(Input::Switch), button.map(Input::Button), power.map(Input::Power), sensor.map(Input::Sensor)];
        let mut parts = parts.into_iter().flatten();
        let (part, another) = (parts.next(), parts.next());
        if let Some(codes) = codes {
            let is_alone = topic.is_none() && part.is_none() && kind.is_none() && values.is_empty();
            return if is_alone && switch_mode.is_none() {
                let is_code = |code: &str| code.len() <= CODE_DIGITS_MAX && codes::is_hex(code);
                codes.check(
                    is_code,
                    "its hexadecimal digits as Tasmota's console shows them behind 0x, as \"bc7de4\"",
                )?;
                Ok(Address::Codes(codes))
            } else {
                Err("codes stand alone: each of them says what it means, by whichever bridge it comes".to_owned())
            };
        }
        let topic = topic.ok_or(
            "topic is missing; write the device's topic, as { topic = \"hall\", switch = 1, kind = \"motion\" }",
        )?;
        let topic = checked_name(topic.trim_end_matches('/'))?;
        let input = match (part, another) {
            (Some(input), None) => input,
            (None, _) => return Err("write which part of the device it is: switch, button, power or sensor".to_owned()),
            (Some(_), Some(_)) => {
                return Err("switch, button, power and sensor are different parts; write one".to_owned());
            }
        };
        match &input {
            Input::Switch(number) | Input::Button(number) | Input::Power(number) if !(1..=32).contains(number) => {
                return Err(format!("{number} is no number of a part; Tasmota counts them from 1 to 32"));
            }
            Input::Switch(_) if kind.is_none() => {
                return Err(
                    "kind is missing: say what is wired to the switch, as kind = \"motion\" or \"contact\"".to_owned()
                );
            }
            Input::Button(_) if kind.is_some() || !values.is_empty() => {
                return Err("a button needs neither kind nor values; it says how it was pressed".to_owned());
            }
            Input::Sensor(key) if key.is_empty() || key.contains(['#', '+']) => {
                return Err(format!("{key:?} is no sensor; write its key as it stands in tele/…/SENSOR"));
            }
            Input::Switch(_) | Input::Button(_) | Input::Power(_) | Input::Sensor(_) => {}
        }
        if switch_mode.is_some_and(|mode| mode > 16) || (switch_mode.is_some() && !matches!(input, Input::Switch(_))) {
            return Err("switch_mode is Tasmota's SwitchMode of a switch, 0 to 16".to_owned());
        }
        let kind = kind.or(if matches!(input, Input::Power(_)) { Some(Kind::Switch) } else { None });
        let meaning = match kind {
            Some(kind) => Some(Meaning::new(kind, values, None)?),
            None if values.is_empty() => None,
            None => return Err("values need a kind: what is it that they say?".to_owned()),
        };
        Ok(Address::Part(Part { topic, input, meaning, is_said_in_sensor: switch_mode.is_some_and(|mode| mode >= 15) }))
    }
}

fn checked_name(name: &str) -> Result<String, String> {
    if name.is_empty() || name.contains(['+', '#', '%']) {
        return Err(format!(
            "{name:?} is no topic of a device; write what stands for %topic%, or the address of a radio device"
        ));
    }
    Ok(name.to_owned())
}

impl<'de> Deserialize<'de> for Address {
    /// A name, or a table.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Address;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a device's topic, { topic = \"…\", switch = 1, kind = \"…\" } or { codes = { … } }")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Address, E> {
                checked_name(name).map(Address::Device).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Address, A::Error> {
                let written = Written::deserialize(MapAccessDeserializer::new(table))?;
                Address::try_from(written).map_err(A::Error::custom)
            }
        }
        from.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::Evidence;

    fn address(json: &str) -> Result<Address, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn parts_of_one_device_have_names_of_their_own() {
        let mut names: Vec<String> = [
            r#""hall""#,
            r#""hall/1""#,
            r#"{"topic":"hall","switch":1,"kind":"motion"}"#,
            r#"{"topic":"hall","button":1}"#,
            r#"{"topic":"hall","power":1}"#,
            r#"{"topic":"hall","sensor":"PIR","kind":"motion"}"#,
            r#"{"codes":{"BC7DE4":"sos"}}"#,
        ]
        .map(|text| address(text).unwrap().device())
        .into();
        assert_eq!(names[2], "hall/1#switch");
        assert_eq!(names[6], "bc7de4");
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 7);
    }

    #[test]
    fn only_codes_never_check_in_and_come_in_bursts() {
        let codes = address(r#"{"codes":{"22670e":"motion"}}"#).unwrap();
        assert!(!codes.checks_in() && codes.burst().is_some() && codes.is_relayed());
        let zigbee = address(r#""0xB87A""#).unwrap();
        assert!(zigbee.checks_in() && zigbee.burst().is_none() && zigbee.is_relayed());
        assert!(!address(r#""hall""#).unwrap().is_relayed());
    }

    #[test]
    fn what_listen_proposes_is_the_address_of_what_was_heard() {
        #[derive(serde::Deserialize)]
        struct Sensor {
            tasmota: Address,
        }
        let note = Measure::Note { kind: "raw_code".to_owned(), text: "0a7de4".to_owned() };
        for (device, measure, expected) in [
            ("hall/1#switch", Measure::Switch(true), "hall/1#switch"),
            ("flat/bed/2#button", Measure::Button(Press::Single), "flat/bed/2#button"),
            ("kettle/2#power", Measure::Switch(true), "kettle/2#power"),
            ("kettle#power", Measure::Switch(true), "kettle/1#power"),
            ("bath#DS18B20-2", Measure::TemperatureCelsius(20.0), "bath#DS18B20-2"),
            ("hall#PIR", Measure::Motion(true), "hall#PIR"),
            ("0xB87A", Measure::Motion(true), "0xB87A"),
            ("0a7de", note, "0a7de4"),
        ] {
            let heard = Reading { device: device.to_owned(), measure, evidence: Evidence::Event, copy: false };
            let written = address_toml(device, &[heard]);
            let sensor: Sensor = toml::from_str(&written).unwrap_or_else(|error| panic!("{written}: {error}"));
            assert_eq!(sensor.tasmota.device(), expected, "{written}");
            assert!(!written.contains("sos"), "what nobody has said is no call for help: {written}");
        }
    }

    #[test]
    fn a_wrong_address_says_what_would_be_right() {
        for (text, part) in [
            (r#""""#, "%topic%"),
            (r##""a#b""##, "%topic%"),
            (r#"{"switch":1,"kind":"motion"}"#, "topic is missing"),
            (r#"{"topic":"hall"}"#, "which part"),
            (r#"{"topic":"hall","switch":1}"#, "kind is missing"),
            (r#"{"topic":"hall","switch":0,"kind":"motion"}"#, "from 1 to 32"),
            (r#"{"topic":"hall","switch":1,"power":1,"kind":"motion"}"#, "write one"),
            (r#"{"topic":"hall","button":1,"kind":"motion"}"#, "how it was pressed"),
            (r#"{"topic":"hall","power":1,"switch_mode":15}"#, "SwitchMode"),
            (r#"{"topic":"hall","switch":1,"kind":"motion","values":{"open":"ON"}}"#, "on or off"),
            (r#"{"topic":"hall","codes":{"bc7de4":"sos"}}"#, "stand alone"),
            (r#"{"codes":{}}"#, "no code is named"),
            (r#"{"topic":"hall","swich":1}"#, "unknown field"),
        ] {
            let why = address(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }
}
