//! Devices of no known family over MQTT: the config says where in which message the value stands and what it means.
//!
//! ```toml
//! json = { topic = "vendor/17/pir", pointer = "/state", kind = "motion", values = { on = ["1", "motion"], off = ["0"] } }
//! json = { topic = "vendor/up", when = { pointer = "/id", is = 42 }, pointer = "/key", kind = "button", values = { sos = ["help"] } }
//! json = { topic = "attic/lamp/POWER", kind = "switch" }                        # the whole payload is the value
//! ```
//!
//! `topic` may hold `+` and `#`. Without `values` the usual words are known (`true`, `on`, `1`, `open` …); with them,
//! only those. A value that is no known word proves only that the device is there. `event = true` says that the
//! device sends on the event alone and does not repeat its state.

use crate::devices::meaning::{Kind, Meaning, Values, Words};
use crate::devices::message::Json as Message;
use crate::devices::{Decoded, Decoder, Identity, TOPIC_BYTES_MAX, lenient, reading, toml_text};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Evidence, Measure, Reading};
use serde::Deserialize;

/// One sentence for the table.
pub const SUMMARY: &str = "anything over MQTT: topic, JSON pointer and words from the config";

/// An address as written in a config.
pub const EXAMPLE: &str = "json = { topic = \"vendor/17/pir\", pointer = \"/state\", kind = \"motion\" }";

/// Nothing to set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

/// Where the value of one sensor stands and what it means.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Address {
    topic: String,
    pointer: String,
    when: Option<When>,
    meaning: Meaning,
    evidence: Evidence,
    battery: Option<String>,
    battery_low: Option<String>,
}

/// Of the messages on a shared topic, only those are meant whose value at `pointer` is one of `is`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Where the identity stands.
    pub pointer: String,
    /// The identity.
    pub is: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    topic: String,
    #[serde(default)]
    pointer: String,
    kind: Kind,
    #[serde(default)]
    values: Values,
    scale: Option<f64>,
    event: Option<bool>,
    when: Option<When>,
    battery: Option<String>,
    battery_low: Option<String>,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        if !is_filter(&written.topic) {
            return Err(format!(
                "{:?} is no MQTT topic: + stands alone between slashes, # alone at the end",
                written.topic
            ));
        }
        let when = written.when.as_ref().map(|when| &when.pointer);
        for pointer in [Some(&written.pointer), when, written.battery.as_ref(), written.battery_low.as_ref()] {
            if pointer.is_some_and(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
                return Err(format!(
                    "{:?} is no JSON pointer: write \"/state\" or \"/data/0/state\"",
                    pointer.expect("some")
                ));
            }
        }
        let meaning = Meaning::new(written.kind, written.values, written.scale)?;
        let evidence = match written.event {
            Some(true) => Evidence::Event,
            Some(false) => Evidence::Level,
            None => meaning.usual_evidence(),
        };
        Ok(Address {
            topic: written.topic,
            pointer: written.pointer,
            when: written.when,
            meaning,
            evidence,
            battery: written.battery,
            battery_low: written.battery_low,
        })
    }
}

impl Identity for Address {
    /// Topic, place, identity and meaning: `vendor/up at /key when /id=42: button sos=help`.
    fn device(&self) -> String {
        let when = self.when.as_ref().map(|when| format!(" when {}={}", when.pointer, when.is.joined()));
        let pointer = if self.pointer.is_empty() { String::new() } else { format!(" at {}", self.pointer) };
        format!("{}{pointer}{}: {}", self.topic, when.unwrap_or_default(), self.meaning.name())
    }

    fn says(&self) -> Vec<Measure> {
        self.meaning.says()
    }

    /// Not where others speak there as well: a filter with wildcards, a message that names who is meant.
    fn own_topics(&self, _settings: &super::Settings) -> Vec<String> {
        let is_shared = self.when.is_some() || self.topic.contains(['+', '#']);
        if is_shared { Vec::new() } else { vec![self.topic.clone()] }
    }
}

impl Address {
    /// Its readings from a message on its topic.
    fn read(&self, name: &str, message: &Message, retained: bool, readings: &mut Vec<Reading>) {
        if let Some(when) = &self.when
            && !message.at(&when.pointer).is_some_and(|identity| when.is.says(identity))
        {
            return;
        }
        let at = |pointer: &Option<String>| message.at(pointer.as_deref()?);
        let percent = at(&self.battery).and_then(lenient::percent).map(Measure::BatteryPercent);
        let low = at(&self.battery_low).and_then(lenient::truth).map(Measure::BatteryLow);
        let value = message.at(&self.pointer);
        let measure = value.and_then(|value| self.meaning.read(value));
        let before = readings.len();
        readings.extend(measure.map(|m| reading(name, m, self.evidence, retained)));
        readings.extend(percent.into_iter().chain(low).map(|m| reading(name, m, Evidence::Level, retained)));
        // Something stood at its place, or the message bears its identity: the device is there.
        if readings.len() == before && (value.is_some() || self.when.is_some()) {
            readings.push(reading(name, Measure::Alive, Evidence::Event, retained));
        }
    }
}

/// The decoder for the addresses of the config.
pub fn decoder(_settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    Json { addresses: addresses.into_iter().map(|address| (address.device(), address)).collect() }
}

/// The address of a device that was heard; here, a topic.
pub fn address_toml(device: &str, _readings: &[Reading]) -> String {
    format!("json = {{ topic = {}, pointer = \"/state\", kind = \"motion\" }}", toml_text(device))
}

struct Json {
    addresses: Vec<(String, Address)>,
}

impl Decoder for Json {
    fn topics(&self) -> Vec<String> {
        self.addresses.iter().map(|(_, address)| address.topic.clone()).collect()
    }

    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Mqtt { topic } = &frame.from else { return Decoded::NotMine };
        let mut mine = self.addresses.iter().filter(|(_, address)| matches(&address.topic, topic)).peekable();
        if mine.peek().is_none() {
            return Decoded::NotMine;
        }
        let (message, is_word) = match lenient::json(&frame.bytes) {
            Ok(message) => (message, false),
            // A bare word is a value too, where the whole payload is one.
            Err("not_json") => (Message::Text(String::from_utf8_lossy(&frame.bytes)), true),
            Err(why) => return Decoded::Malformed(why.to_owned()),
        };
        let mut readings = Vec::new();
        let mut is_refused = false;
        for (name, address) in mine {
            if is_word && !(address.pointer.is_empty() && address.when.is_none()) {
                is_refused |= !frame.bytes.is_empty();
            } else {
                address.read(name, &message, frame.retained, &mut readings);
            }
        }
        if readings.is_empty() && is_refused {
            Decoded::Malformed("not_json".to_owned())
        } else {
            Decoded::Readings(readings)
        }
    }
}

/// Whether `filter` is a legal MQTT topic filter, and no longer than what is heard.
fn is_filter(filter: &str) -> bool {
    let levels = filter.split('/').count();
    (1..=TOPIC_BYTES_MAX).contains(&filter.len())
        && filter.split('/').enumerate().all(|(at, level)| match level {
            "+" => true,
            "#" => at + 1 == levels,
            _ => !level.contains(['+', '#', '\0']),
        })
}

/// Whether an MQTT `filter` takes in `topic`.
fn matches(filter: &str, topic: &str) -> bool {
    // Most filters are topics.
    if filter == topic {
        return true;
    }
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            (_, Some(_) | None) => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(json: &str) -> Result<Address, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_filter_takes_in_what_mqtt_says() {
        for (filter, topic, is_in) in [
            ("a/+/c", "a/b/c", true),
            ("a/+/c", "a/b/d", false),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("a/+", "a", false),
            ("a/+", "a/", true),
            ("a", "a/b", false),
            ("#", "anything/at all", true),
        ] {
            assert_eq!(matches(filter, topic), is_in, "{filter} {topic}");
        }
        assert!(["a/#/b", "a+", "", "a/b#", &"a".repeat(1025)].iter().all(|bad| !is_filter(bad)));
    }

    #[test]
    fn a_tag_of_the_staff_at_a_reader_is_a_press_and_a_strange_one_is_none() {
        let reader = r#"{"topic":"tele/door_reader/SENSOR","pointer":"/RC522/UID","kind":"button",
            "values":{"single":["5A31C0DE","04A1B2C3"]}}"#;
        let mut decoder = decoder(&Settings {}, vec![address(reader).unwrap()]);
        let mut said = |payload: &str, retained: bool| {
            let from = Origin::Mqtt { topic: "tele/door_reader/SENSOR".to_owned() };
            let frame = RawFrame { from, bytes: payload.as_bytes().to_vec(), retained };
            let Decoded::Readings(readings) = decoder.decode(&frame) else { panic!("{payload}") };
            readings.into_iter().map(|reading| (reading.measure, reading.evidence)).collect::<Vec<_>>()
        };
        // As Tasmota tells of a card at an RC522.
        let card = |uid: &str| {
            format!(r#"{{"Time":"2026-11-22T09:04:11","RC522":{{"UID":"{uid}","Data":"","Type":"MIFARE 1KB"}}}}"#)
        };
        let press = Measure::Button(crate::model::observation::Press::Single);
        assert_eq!(said(&card("04A1B2C3"), false), [(press.clone(), Evidence::Event)]);
        assert_eq!(said(&card("5A31C0DE"), false), [(press.clone(), Evidence::Event)]);
        assert_eq!(said(&card("99887766"), false), [(Measure::Alive, Evidence::Event)]);
        assert!(
            said(&card("04A1B2C3"), true).iter().all(|(_, evidence)| *evidence == Evidence::Cached),
            "kept: no visit"
        );
        assert_eq!(said(r#"{"Time":"2026-11-22T09:05:00"}"#, false), []);
    }

    #[test]
    fn addresses_that_differ_in_meaning_differ_in_name() {
        let mut names: Vec<String> = [
            r#"{"topic":"v/up","kind":"motion"}"#,
            r#"{"topic":"v/up","kind":"motion","pointer":"/a"}"#,
            r#"{"topic":"v/up","kind":"presence","pointer":"/a"}"#,
            r#"{"topic":"v/up","kind":"motion","pointer":"/a","when":{"pointer":"/id","is":42}}"#,
            r#"{"topic":"v/up","kind":"motion","pointer":"/a","when":{"pointer":"/id","is":[43]}}"#,
            r#"{"topic":"v/up","kind":"button","pointer":"/a","values":{"single":"x"}}"#,
            r#"{"topic":"v/up","kind":"button","pointer":"/a","values":{"single":"y"}}"#,
        ]
        .map(|text| address(text).unwrap().device())
        .into();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 7);
    }

    #[test]
    fn a_wrong_address_says_what_is_wrong() {
        for (text, part) in [
            (r#"{"topic":"a/#/b","kind":"motion"}"#, "no MQTT topic"),
            (r#"{"topic":"a","kind":"motion","pointer":"state"}"#, "no JSON pointer"),
            (r#"{"topic":"a","kind":"motion","values":{"yes":["1"]}}"#, "on or off"),
            (r#"{"topic":"a","kind":"moton"}"#, "unknown variant"),
            (r#"{"topic":"a","kind":"motion","pointr":"/a"}"#, "unknown field"),
        ] {
            let why = address(text).unwrap_err();
            assert!(why.contains(part), "{why}");
        }
    }
}
