//! Devices of the Homie convention, versions 3, 4 and 5.
//!
//! ```text
//! homie/<device>/$state                      init | ready | disconnected | sleeping | lost | alert      versions 3 and 4
//! homie/<device>/$stats/battery, /signal     per cent                                                  an extension of theirs
//! homie/<device>/<node>/<property>           true | 21.5 | words                                       the value
//! homie/<device>/<node>/<property>/$name     …                                                         what describes it
//! homie/<device>/<node>/<property>/set       …                                                         commands of others
//! homie/5/<device>/$state                    as above, without alert; empty: the device was removed    version 5
//! homie/5/<device>/$description              {"nodes":{…}}
//! homie/5/<device>/<node>/<property>         true | 21.5 | words
//! homie/5/<device>/<node>/<property>/$target where the value is going, not where it is
//! homie/$broadcast/…, homie/5/$broadcast/…   to all
//! ```
//!
//! Ids are lower-case letters, digits and hyphens. Nearly all of it is kept by the broker, so what comes on connecting is cached.
//! A property says its state when it changes, some repeat it: a level. What a boolean means is known only to the installer, so
//! an address says it: `homie = { device = "hall", property = "sensor/motion", kind = "motion" }`. `$state` is said of each
//! registered property of the device; states that are neither online nor offline go to the technician by their word. Layout
//! as in the convention's own text (homieiot/convention).

use crate::devices::meaning::{Kind, Meaning, Values};
use crate::devices::message::Scalar;
use crate::devices::{Decoded, Decoder, Identity, lenient, objects, reading, reading_of, toml_text};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Availability, Evidence, Measure, Reading};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One sentence for the table.
pub const SUMMARY: &str = "devices of the Homie convention (versions 3, 4 and 5)";

/// An address as written in a config.
pub const EXAMPLE: &str = "homie = { device = \"hall\", property = \"sensor/motion\", kind = \"motion\" }";

/// `[homie]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The base topics of the home's devices, without the version: `homie`.
    pub base_topics: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { base_topics: vec!["homie".to_owned()] }
    }
}

/// One property of a device, and what it means.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Address {
    device: String,
    property: String,
    meaning: Meaning,
    evidence: Evidence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    device: String,
    property: String,
    kind: Kind,
    #[serde(default)]
    values: Values,
    scale: Option<f64>,
    event: Option<bool>,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let Written { device, property, .. } = &written;
        if device.is_empty() || device.contains(['/', '+', '#', '$']) {
            return Err(format!("{device:?} is no device; write the level behind the base topic, as \"hall\""));
        }
        let levels = property.split('/').count();
        if levels != 2 || property.split('/').any(str::is_empty) || property.contains(['+', '#', '$']) {
            return Err(format!("{property:?} is no property; write node and property, as \"sensor/motion\""));
        }
        let meaning = Meaning::new(written.kind, written.values, written.scale)?;
        let evidence = objects::evidence(&meaning, written.event);
        Ok(Address { device: written.device, property: written.property, meaning, evidence })
    }
}

impl Identity for Address {
    /// Device, node and property: `hall#sensor/motion`.
    fn device(&self) -> String {
        format!("{}#{}", self.device, self.property)
    }

    fn says(&self) -> Vec<Measure> {
        self.meaning.says()
    }
}

/// The decoder. Every device below the base topics is heard, registered or not.
pub fn decoder(settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let mut bases: Vec<String> =
        settings.base_topics.iter().map(|base| base.trim_end_matches('/').to_owned()).collect();
    // Of two bases one of which begins with the other, the longer is meant.
    bases.sort_by_key(|base| std::cmp::Reverse(base.len()));
    let mut devices: BTreeMap<String, BTreeMap<String, Address>> = BTreeMap::new();
    for address in addresses {
        devices.entry(address.device.clone()).or_default().insert(address.property.clone(), address);
    }
    Homie { bases, devices }
}

/// The address of a device that was heard.
pub fn address_toml(device: &str, readings: &[Reading]) -> String {
    let (device, property) = device.split_once('#').unwrap_or((device, "sensor/motion"));
    let kind = objects::kind_word(readings);
    format!("homie = {{ device = {}, property = {}, kind = \"{kind}\" }}", toml_text(device), toml_text(property))
}

struct Homie {
    bases: Vec<String>,
    /// The registered properties of each device.
    devices: BTreeMap<String, BTreeMap<String, Address>>,
}

impl Decoder for Homie {
    fn topics(&self) -> Vec<String> {
        self.bases.iter().map(|base| format!("{base}/#")).collect()
    }

    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Mqtt { topic } = &frame.from else { return Decoded::NotMine };
        let Some(rest) = self.bases.iter().find_map(|base| topic.strip_prefix(base.as_str())?.strip_prefix('/')) else {
            return Decoded::NotMine;
        };
        // No older device can be told from the version by being called "5".
        let rest = rest.strip_prefix("5/").unwrap_or(rest);
        let mut levels = rest.split('/');
        let place = (levels.next().unwrap_or_default(), levels.next(), levels.next(), levels.next());
        let said = match place {
            (device, ..) if device.is_empty() || device.starts_with('$') => Ok(Vec::new()),
            (device, Some("$state"), None, _) => self.device_state(device, frame),
            // Version 2 said no more than this.
            (device, Some("$online"), None, _) => self.device_state(device, frame),
            (device, Some("$stats"), Some(what), None) => self.stats(device, what, frame),
            (device, Some(node), Some(property), None) if !node.starts_with('$') && !property.starts_with('$') => {
                self.property(device, node, property, frame)
            }
            // Descriptions, targets, commands.
            _ => Ok(Vec::new()),
        };
        match said {
            Ok(readings) => Decoded::Readings(readings),
            Err(why) => Decoded::Malformed(why.to_owned()),
        }
    }
}

impl Homie {
    /// The device about itself, or the broker in its name. It is kept on purpose: what is kept still holds.
    fn device_state(&self, device: &str, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
        let word = text(&frame.bytes)?;
        let state = match word {
            "ready" | "true" => Some(Availability::Online),
            "lost" | "disconnected" | "false" => Some(Availability::Offline),
            "" => Some(Availability::Removed),
            // It is connected and wants a person.
            "alert" => Some(Availability::Online),
            "init" | "sleeping" => None,
            _ => return Err("unknown_state"),
        };
        let mut readings = Vec::new();
        if let Some(state) = state {
            readings = self.of_device(device, Measure::Availability(state), Evidence::Level, false);
        }
        if !matches!(word, "ready" | "true" | "false" | "") {
            let note = Measure::Note { kind: "availability".to_owned(), text: word.to_owned() };
            readings.extend(self.of_device(device, note, Evidence::Level, false));
        }
        Ok(readings)
    }

    fn stats(&self, device: &str, what: &str, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
        let value = text(&frame.bytes)?;
        let measure = match what {
            "battery" => lenient::percent(value).map(Measure::BatteryPercent),
            "signal" => lenient::percent(value).map(Measure::SignalPercent),
            "supply" => lenient::number(value).filter(|volts| *volts >= 0.0).map(Measure::SupplyVolts),
            // Said again and again by a device that is there.
            "uptime" => lenient::number(value).map(|_| Measure::Alive),
            _ => None,
        };
        Ok(measure.map_or_else(Vec::new, |measure| self.of_device(device, measure, Evidence::Level, frame.retained)))
    }

    fn property(
        &self,
        device: &str,
        node: &str,
        property: &str,
        frame: &RawFrame,
    ) -> Result<Vec<Reading>, &'static str> {
        let word = text(&frame.bytes)?;
        if word.is_empty() {
            return Ok(Vec::new()); // the broker's copy was cleared
        }
        let name = format!("{node}/{property}");
        let registered = self.devices.get(device).and_then(|properties| properties.get(&name));
        let (measure, evidence) = match registered {
            Some(address) => (objects::read(&address.meaning, word), address.evidence),
            None => unregistered(property, node, word.into()),
        };
        let device_of_it = format!("{device}#{name}");
        // A word that is none of those known shows only that the device is there.
        let Some(measure) = measure else {
            return Ok(vec![reading_of(device_of_it, Measure::Alive, Evidence::Event, frame.retained)]);
        };
        if registered.is_none() && objects::is_of_whole_device(&name, device, &measure) {
            return Ok(self.of_device(device, measure, evidence, frame.retained));
        }
        Ok(vec![reading_of(device_of_it, measure, evidence, frame.retained)])
    }

    /// What is true of a device is true of each of its registered properties; of the device itself where there are none.
    fn of_device(&self, device: &str, measure: Measure, evidence: Evidence, retained: bool) -> Vec<Reading> {
        match self.devices.get(device) {
            Some(properties) => {
                let each = |address: &Address| reading_of(address.device(), measure.clone(), evidence, retained);
                properties.values().map(each).collect()
            }
            None => vec![reading(device, measure, evidence, retained)],
        }
    }
}

/// A property that nobody registered, by its usual names or those of its node: booleans are `true` and `false` here.
fn unregistered(property: &str, node: &str, value: Scalar) -> (Option<Measure>, Evidence) {
    let is_number = lenient::number(value).is_some();
    // A state is that of its node.
    let names = if matches!(property, "state" | "value" | "on") { [node, property] } else { [property, node] };
    let guessed = names.into_iter().find_map(|name| objects::guess(name, value));
    match guessed {
        Some(press @ Measure::Button(_)) => (Some(press), Evidence::Event),
        Some(measure) => (Some(measure), Evidence::Level),
        None if is_number => (lenient::number(value).map(Measure::Number), Evidence::Level),
        None => (None, Evidence::Event),
    }
}

/// A payload as trimmed text. Version 5 writes the empty text as one NUL, because an empty payload clears the topic.
fn text(payload: &[u8]) -> Result<&str, &'static str> {
    lenient::text(payload).map(|text| text.trim_matches('\0').trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(json: &str) -> Result<Address, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    fn heard(addresses: Vec<Address>, topic: &str, payload: &str) -> Decoded {
        let from = Origin::Mqtt { topic: topic.to_owned() };
        let frame = RawFrame { from, bytes: payload.as_bytes().to_vec(), retained: false };
        decoder(&Settings::default(), addresses).decode(&frame)
    }

    #[test]
    fn all_versions_name_a_property_alike() {
        let motion = address(r#"{"device":"hall","property":"sensor/seen","kind":"motion"}"#).unwrap();
        for topic in ["homie/hall/sensor/seen", "homie/5/hall/sensor/seen"] {
            let said = heard(vec![motion.clone()], topic, "true");
            let expected = reading("hall#sensor/seen", Measure::Motion(true), Evidence::Level, false);
            assert_eq!(said, Decoded::Readings(vec![expected]), "{topic}");
        }
        for topic in ["homie/5/hall/sensor/seen/$target", "homie/hall/sensor/seen/set", "homie/hall/sensor/$name"] {
            assert_eq!(heard(vec![motion.clone()], topic, "true"), Decoded::Readings(Vec::new()), "{topic}");
        }
    }

    #[test]
    fn a_lost_device_is_offline_for_each_of_its_sensors() {
        let sensors = ["sensor/seen", "button/call"]
            .map(|name| address(&format!(r#"{{"device":"hall","property":"{name}","kind":"motion"}}"#)).unwrap());
        let Decoded::Readings(readings) = heard(sensors.into(), "homie/5/hall/$state", "lost") else { panic!() };
        let offline = Measure::Availability(Availability::Offline);
        let gone: Vec<&str> =
            readings.iter().filter(|said| said.measure == offline).map(|said| said.device.as_str()).collect();
        assert_eq!(gone, ["hall#button/call", "hall#sensor/seen"]);
    }

    #[test]
    fn a_sleeping_device_is_neither_online_nor_offline() {
        for word in ["sleeping", "init"] {
            let Decoded::Readings(readings) = heard(Vec::new(), "homie/hall/$state", word) else { panic!() };
            assert!(readings.iter().all(|said| matches!(&said.measure, Measure::Note { text, .. } if text == word)));
            assert_eq!(readings.len(), 1);
        }
        assert_eq!(heard(Vec::new(), "homie/hall/$state", "dozing"), Decoded::Malformed("unknown_state".to_owned()));
    }

    #[test]
    fn a_wrong_address_says_what_would_be_right() {
        for (text, part) in [
            (r#"{"device":"homie/hall","property":"a/b","kind":"motion"}"#, "behind the base topic"),
            (r#"{"device":"hall","property":"motion","kind":"motion"}"#, "node and property"),
            (r#"{"device":"hall","property":"a/$b","kind":"motion"}"#, "node and property"),
            (r#"{"device":"hall","property":"a/b"}"#, "missing field `kind`"),
        ] {
            let why = address(text).unwrap_err();
            assert!(why.contains(part), "{why}");
        }
    }

    #[test]
    fn what_listen_proposes_is_the_address_of_what_was_heard() {
        let said = reading("hall#door/open", Measure::Contact(true), Evidence::Level, false);
        let written = address_toml(&said.device, std::slice::from_ref(&said));
        assert_eq!(written, "homie = { device = \"hall\", property = \"door/open\", kind = \"contact\" }");
        assert_eq!(
            address(r#"{"device":"hall","property":"door/open","kind":"contact"}"#).unwrap().device(),
            said.device
        );
    }
}
