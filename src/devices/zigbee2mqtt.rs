//! Zigbee sensors behind Zigbee2MQTT.
//!
//! ```text
//! <base>/<friendly name>                 {"occupancy":true,"battery":100,"linkquality":18,…}    state, republished at will
//! <base>/<friendly name>/action          single                                                twin of a press, or the only word of it
//! <base>/<friendly name>/<attribute>     true                                                  where `output: attribute` is set
//! <base>/<friendly name>/availability    {"state":"online"} | online | (empty: renamed, removed)
//! <base>/<friendly name>/set, /get       commands of others
//! <base>/bridge/state                    {"state":"offline"} | offline
//! <base>/bridge/…                        the bridge's own talk
//! ```
//!
//! The friendly name is what lies between, byte for byte: blanks, slashes, any script. Zigbee2MQTT publishes its whole
//! cached state with every report (a battery report repeats `occupancy:true`), so everything but a press is a level.
//! A press is followed by `action:""` or `action:null`, which are none. `contact:true` means closed. Some pendants have no action
//! but `sos:true`, which is repeated with the rest: only its change is a press. `linkquality` is 0 to 255; `voltage` is in
//! mV for batteries and in V for plugs.
//!
//! Keys of one device that are different sensors are told apart by the part of the action that names them:
//! `zigbee2mqtt = { name = "panel", key = "2" }` is pressed by `2_single`, `single_2` and `button_2_hold`.

use crate::devices::message::{Json, Object};
use crate::devices::zigbee2mqtt_attributes::{CALLS, LEVELS, is_known, pressed, radar};
use crate::devices::{Decoded, Decoder, Identity, lenient, objects, reading, toml_text};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Availability, Evidence, Measure, Press, Reading};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use std::collections::{BTreeMap, BTreeSet};

/// One sentence for the table.
pub const SUMMARY: &str = "Zigbee sensors behind Zigbee2MQTT";

/// An address as written in a config.
pub const EXAMPLE: &str = "zigbee2mqtt = \"hall_pir\"";

/// `[zigbee2mqtt]`
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The base topics of all Zigbee2MQTT bridges of the home.
    pub base_topics: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { base_topics: vec!["zigbee2mqtt".to_owned()] }
    }
}

/// A device by its friendly name, byte for byte, or one key of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    name: String,
    key: Option<String>,
}

impl Identity for Address {
    /// The friendly name, with the key where one is named: `pendant`, `panel#2`.
    fn device(&self) -> String {
        match &self.key {
            Some(key) => format!("{}#{key}", self.name),
            None => self.name.clone(),
        }
    }

    /// Its state, and its presses where they come by themselves.
    fn own_topics(&self, settings: &super::Settings) -> Vec<String> {
        let bases = settings.zigbee2mqtt.base_topics.iter().map(|base| base.trim_end_matches('/'));
        bases.flat_map(|base| ["", "/action"].map(|rest| format!("{base}/{}{rest}", self.name))).collect()
    }
}

impl Address {
    fn checked<E: serde::de::Error>(self) -> Result<Address, E> {
        // Zigbee2MQTT refuses these in names as MQTT does; # separates the key here.
        if self.name.is_empty() || self.name.contains(['+', '#']) {
            return Err(E::custom(format!("{:?} cannot be a friendly name of Zigbee2MQTT", self.name)));
        }
        if self.key.as_ref().is_some_and(|key| key.is_empty()) {
            return Err(E::custom(
                "key is empty; write the part of the action that names the key, as \"2\" or \"right\"",
            ));
        }
        Ok(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    /// A name, or a table of name and key.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Address;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a friendly name, or { name = \"…\", key = \"…\" }")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Address, E> {
                Address { name: name.to_owned(), key: None }.checked()
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Address, A::Error> {
                #[derive(serde::Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Written {
                    name: String,
                    key: String,
                }
                let written = Written::deserialize(MapAccessDeserializer::new(table))?;
                Address { name: written.name, key: Some(written.key.to_lowercase()) }.checked()
            }
        }
        from.deserialize_any(Either)
    }
}

/// The decoder. Every device of the bridge is heard, registered or not.
pub fn decoder(settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let mut bases: Vec<String> =
        settings.base_topics.iter().map(|base| base.trim_end_matches('/').to_owned()).collect();
    // Of two bases one of which begins with the other, the longer is meant.
    bases.sort_by_key(|base| std::cmp::Reverse(base.len()));
    let mut keys: BTreeMap<String, Vec<Key>> = BTreeMap::new();
    let mut whole = BTreeSet::new();
    for address in addresses {
        let device = address.device();
        match address.key {
            Some(key) => keys.entry(address.name).or_default().push(Key { device, part: format!("_{key}_") }),
            None => drop(whole.insert(address.name)),
        }
    }
    Zigbee2mqtt { bases, keys, whole, calling: BTreeSet::new() }
}

/// The address of a device that was heard.
pub fn address_toml(device: &str, _readings: &[Reading]) -> String {
    format!("zigbee2mqtt = {}", toml_text(device))
}

struct Zigbee2mqtt {
    bases: Vec<String>,
    /// Devices of which single keys are registered.
    keys: BTreeMap<String, Vec<Key>>,
    /// Devices that are registered as a whole.
    whole: BTreeSet<String>,
    /// Devices that call by a state and have not ended it.
    calling: BTreeSet<String>,
}

/// A key that is a sensor of its own.
struct Key {
    /// `panel#2`
    device: String,
    /// How it stands in an action that has `_` at both ends: `_2_`.
    part: String,
}

impl Decoder for Zigbee2mqtt {
    fn topics(&self) -> Vec<String> {
        self.bases.iter().map(|base| format!("{base}/#")).collect()
    }

    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Mqtt { topic } = &frame.from else { return Decoded::NotMine };
        let Some((base, rest)) = self.under(topic) else { return Decoded::NotMine };
        let said = match rest.rsplit_once('/') {
            // Most names hold no slash.
            None if matches!(rest, "" | "bridge") => Ok(Vec::new()),
            None => self.state(rest, frame),
            Some(("bridge", "state")) => bridge(base, frame),
            Some(_) if rest.starts_with("bridge/") || is_command(rest) => Ok(Vec::new()),
            Some((name, "availability")) => availability(name, frame).map(|said| self.by_key(said, None)),
            Some((name, attribute)) if is_known(attribute) && !is_object(&frame.bytes) => {
                self.attribute(name, attribute, frame)
            }
            Some(_) => self.state(rest, frame),
        };
        match said {
            Ok(readings) => Decoded::Readings(readings),
            Err(why) => Decoded::Malformed(why.to_owned()),
        }
    }
}

impl Zigbee2mqtt {
    /// The base topic that `topic` stands under, and what is left of it.
    fn under<'a>(&self, topic: &'a str) -> Option<(&'a str, &'a str)> {
        self.bases.iter().find_map(|base| {
            let rest = topic.strip_prefix(base.as_str())?.strip_prefix('/')?;
            Some((topic.get(..base.len())?, rest))
        })
    }

    /// One attribute on a topic of its own. The twin of a press says again what the message itself says.
    fn attribute(&mut self, name: &str, attribute: &str, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
        if frame.bytes.trim_ascii().is_empty() {
            return Ok(Vec::new());
        }
        let message = Object::of_one(attribute, lenient::json_or_text(&frame.bytes)?);
        let mut readings = self.measures(name, &message, frame.retained);
        for reading in &mut readings {
            reading.copy = attribute == "action";
        }
        Ok(readings)
    }

    /// A device's message. An empty one clears what the broker kept.
    fn state(&mut self, name: &str, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
        if frame.bytes.is_empty() {
            return Ok(Vec::new());
        }
        let message = lenient::object(&frame.bytes)?;
        let readings = self.measures(name, &message, frame.retained);
        if !readings.is_empty() {
            return Ok(readings);
        }
        Ok(self.by_key(vec![reading(name, Measure::Alive, Evidence::Event, frame.retained)], None))
    }

    fn measures(&mut self, name: &str, message: &Object, retained: bool) -> Vec<Reading> {
        let level = |measure| reading(name, measure, Evidence::Level, retained);
        let mut readings: Vec<Reading> = objects::in_order_of(LEVELS, message).map(level).collect();
        // Older releases give the raw value as `illuminance` and the lux beside it.
        let lux = ["illuminance_lux", "illuminance"].iter().find_map(|key| lenient::number(message.get(key)?));
        if let Some(lux) = lux.filter(|lux| *lux >= 0.0) {
            readings.push(level(Measure::IlluminanceLux(lux)));
        }
        readings.extend(radar(message).map(level));
        // Old releases say `click` for `action`.
        let said = |key: &&str| message.get(key).and_then(|action| Some((pressed(action)?, action.as_str()?)));
        let action = ["action", "click"].iter().find_map(said);
        let press = action.as_ref().filter(|(measure, _)| matches!(measure, Measure::Button(_)));
        let press = press.map(|(_, word)| (readings.len(), *word));
        readings.extend(action.map(|(measure, _)| reading(name, measure, Evidence::Event, retained)));
        readings.extend(self.call(name, message, retained));
        self.by_key(readings, press)
    }

    /// Gives the readings of a device to its keys: a press (by its place among the readings) to the key that its action names,
    /// everything else to each; a call that is a state names none.
    fn by_key(&self, readings: Vec<Reading>, press: Option<(usize, &str)>) -> Vec<Reading> {
        if self.keys.is_empty() {
            return readings;
        }
        let Some(keys) = readings.first().and_then(|reading| self.keys.get(&reading.device)) else { return readings };
        let mut given = Vec::new();
        for (place, reading) in readings.into_iter().enumerate() {
            let action = press.filter(|(at, _)| *at == place);
            let action = action.map(|(_, action)| ["_", &lenient::lower_case(action.trim()), "_"].concat());
            let before = given.len();
            let mine = keys.iter().filter(|key| action.as_ref().is_none_or(|action| action.contains(&key.part)));
            given.extend(mine.map(|key| Reading {
                device: key.device.clone(),
                measure: reading.measure.clone(),
                ..reading
            }));
            // A press of a key that nobody registered is still heard of.
            if self.whole.contains(&reading.device) || given.len() == before {
                given.push(reading);
            }
        }
        given
    }

    /// A call that is a state. It is a press when it begins; while it lasts, the rest of the message repeats it.
    fn call(&mut self, name: &str, message: &Object, retained: bool) -> Option<Reading> {
        let is_call = CALLS.iter().find_map(|key| message.get(key).and_then(lenient::truth))?;
        if !is_call {
            self.calling.remove(name);
            return None;
        }
        let is_new = !self.calling.contains(name);
        if !retained && is_new && self.calling.len() < CALLING_MAX {
            self.calling.insert(name.to_owned());
        }
        let evidence = if is_new { Evidence::Event } else { Evidence::Level };
        Some(reading(name, Measure::Button(Press::Sos), evidence, retained))
    }
}

fn is_command(rest: &str) -> bool {
    rest.split('/').skip(1).any(|level| matches!(level, "set" | "get"))
}

fn is_object(payload: &[u8]) -> bool {
    payload.trim_ascii_start().starts_with(b"{")
}

/// The bridge about itself. The broker keeps it on purpose (it is the bridge's last will): what is kept still holds.
fn bridge(base: &str, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
    let Some(state) = availability_word(&frame.bytes)? else { return Ok(Vec::new()) };
    Ok(vec![reading(base, Measure::Bridge(state == Availability::Online), Evidence::Level, false)])
}

/// The bridge about a device; kept on purpose like the bridge's own state.
fn availability(name: &str, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
    let state = availability_word(&frame.bytes)?.unwrap_or(Availability::Removed);
    Ok(vec![reading(name, Measure::Availability(state), Evidence::Level, false)])
}

/// `{"state":"online"}`, `"online"` or `online`; empty is `None`.
fn availability_word(payload: &[u8]) -> Result<Option<Availability>, &'static str> {
    if payload.trim_ascii().is_empty() {
        return Ok(None);
    }
    let message = lenient::json_or_text(payload)?;
    let value = if let Json::Object(object) = &message { object.get("state") } else { Some(&message) };
    value.and_then(lenient::availability).map(Some).ok_or("unknown_availability")
}

/// No home has more pendants.
const CALLING_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_repeated_with_every_message_is_one_press_until_it_ends() {
        let mut decoder = decoder(&Settings::default(), Vec::new());
        let mut evidence = |topic: &str, payload: &str, retained| {
            let from = Origin::Mqtt { topic: topic.to_owned() };
            let frame = RawFrame { from, bytes: payload.as_bytes().to_vec(), retained };
            let Decoded::Readings(readings) = decoder.decode(&frame) else { panic!("{payload}") };
            readings.iter().find(|said| matches!(said.measure, Measure::Button(_))).map(|said| said.evidence)
        };
        let (topic, twin) = ("zigbee2mqtt/necklace", "zigbee2mqtt/necklace/sos");
        assert_eq!(evidence(topic, r#"{"sos":true}"#, true), Some(Evidence::Cached), "what was kept is no beginning");
        assert_eq!(evidence(topic, r#"{"sos":true,"battery":80}"#, false), Some(Evidence::Event));
        assert_eq!(evidence(topic, r#"{"sos":true,"battery":79}"#, false), Some(Evidence::Level));
        assert_eq!(evidence(twin, "true", false), Some(Evidence::Level));
        assert_eq!(evidence("zigbee2mqtt/pendant", r#"{"sos":true}"#, false), Some(Evidence::Event), "another's call");
        assert_eq!(evidence(topic, r#"{"sos":null}"#, false), None, "unknown does not end it");
        assert_eq!(evidence(topic, r#"{"sos":true}"#, false), Some(Evidence::Level));
        assert_eq!(evidence(topic, r#"{"sos":false}"#, false), None);
        assert_eq!(evidence(topic, r#"{"sos":true}"#, false), Some(Evidence::Event));
    }

    #[test]
    fn a_press_is_its_keys_and_a_call_that_is_a_state_is_every_keys() {
        let key = |key: &str| Address { name: "panel".to_owned(), key: Some(key.to_owned()) };
        let mut decoder = decoder(&Settings::default(), vec![key("1"), key("2")]);
        let mut pressed = |topic: &str, payload: &str| {
            let from = Origin::Mqtt { topic: topic.to_owned() };
            let frame = RawFrame { from, bytes: payload.as_bytes().to_vec(), retained: false };
            let Decoded::Readings(readings) = decoder.decode(&frame) else { panic!("{payload}") };
            let presses = readings.into_iter().filter(|said| matches!(said.measure, Measure::Button(_)));
            presses.map(|said| said.device).collect::<Vec<_>>()
        };
        assert_eq!(pressed("zigbee2mqtt/panel", r#"{"sos":true}"#), ["panel#1", "panel#2"]);
        assert_eq!(pressed("zigbee2mqtt/panel/sos", "true"), ["panel#1", "panel#2"]);
        assert_eq!(pressed("zigbee2mqtt/panel", r#"{"action":" 2_Single "}"#), ["panel#2"]);
        assert_eq!(pressed("zigbee2mqtt/panel/action", "1_single"), ["panel#1"]);
        assert_eq!(
            pressed("zigbee2mqtt/panel", r#"{"click":"3_single"}"#),
            ["panel"],
            "nobody's key is still heard of"
        );
        let both = pressed("zigbee2mqtt/panel", r#"{"action":"1_single","sos":true}"#);
        assert_eq!(both, ["panel#1", "panel#1", "panel#2"]);
    }
}
