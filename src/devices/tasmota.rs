//! Devices that run Tasmota, and what they pass on by Zigbee, LoRaWAN, Bluetooth and 433 MHz.
//!
//! ```text
//! tele/<topic>/LWT               Online | Offline                            last will, kept by the broker
//! tele/<topic>/STATE             {"POWER":"ON","Wifi":{"RSSI":88,…}}         each TelePeriod (300 s)
//! tele/<topic>/SENSOR            {"Switch1":"ON","AM2301":{"Temperature":21.5},"LD2410S":{"People":2}}   each TelePeriod
//! tele/<topic>/SENSOR, /RESULT   {"ZbReceived":…} {"LwReceived":…} {"RfReceived":…}    what a bridge heard: tasmota_relayed.rs
//! stat/<topic>/POWER, /POWER2    ON | OFF                                    a relay, on change or asked for
//! stat/<topic>/SWITCH1           {"STATE":"ON"}                              an input, on change
//! stat/<topic>/RESULT            {"Switch1":{"Action":"ON"}} {"Button1":{"Action":"SINGLE"}} {"POWER":"ON"}
//! stat/<topic>/STATUS8, STATUS10 {"StatusSNS":{"Switch1":"ON"}}              asked for: cached
//! cmnd/<topic>/…                 commands of others
//! ```
//!
//! Where the full topic is another one, `tasmota_topics.rs` tells name and prefix apart; `tasmota_address.rs` says how a
//! technician names a part. `Switch1` in `SENSOR` is the state of an input said again every few minutes: cached, unless the
//! address says SwitchMode 15, in which a change is said there and nowhere else. `Time` is the device's own clock and is never
//! read. Layout as in Tasmota's documentation (MQTT, Buttons and Switches, HLK-LD2410S, Zigbee).

use crate::devices::codes::Means;
use crate::devices::message::{Json, Object, Scalar};
use crate::devices::tasmota_address::{Input, Part, is_radio_address};
use crate::devices::tasmota_bridges::Bridges;
use crate::devices::tasmota_relayed as relayed;
use crate::devices::tasmota_sensors::{NO_SENSORS, sensor};
use crate::devices::tasmota_topics::{FullTopic, Placed, Prefix};
use crate::devices::{Decoded, Decoder, Identity, lenient, objects, reading, reading_of};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Availability, Evidence, Measure, Reading};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

pub use crate::devices::tasmota_address::{Address, address_toml};

/// One sentence for the table.
pub const SUMMARY: &str = "Tasmota devices, and what Tasmota bridges hear by Zigbee, LoRaWAN and 433 MHz";

/// An address as written in a config.
pub const EXAMPLE: &str = "tasmota = { topic = \"hall\", switch = 1, kind = \"motion\" }";

/// `[tasmota]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The full topics that are set in the home's devices.
    #[serde(deserialize_with = "full_topics")]
    pub full_topics: Vec<String>,
    /// Bridges (by topic) on which all Tasmota sensors of the home hang: when none of them is online, the home is blind there.
    pub bridges: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { full_topics: vec!["%prefix%/%topic%/".to_owned()], bridges: Vec::new() }
    }
}

fn full_topics<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let written = Vec::<String>::deserialize(from)?;
    written.iter().try_for_each(|full| FullTopic::new(full).map(drop)).map_err(serde::de::Error::custom)?;
    Ok(written)
}

/// The decoder. Every device below the full topics is heard, registered or not.
pub fn decoder(settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let full_topics = settings.full_topics.iter().filter_map(|full| FullTopic::new(full).ok()).collect();
    let all_relayed = !addresses.is_empty() && addresses.iter().all(Address::is_relayed);
    let mut tasmota = Tasmota {
        full_topics,
        parts: BTreeMap::new(),
        devices: BTreeSet::new(),
        codes: BTreeMap::new(),
        bridges: Bridges::new(&settings.bridges, all_relayed),
    };
    for address in addresses {
        let device = address.device();
        match address {
            Address::Device(name) => drop(tasmota.devices.insert(name)),
            Address::Part(part) => drop(tasmota.parts.entry(part.topic.clone()).or_default().insert(device, part)),
            Address::Codes(codes) => {
                for (code, means) in codes.all() {
                    tasmota.codes.entry(code.to_owned()).or_default().push((device.clone(), means));
                }
            }
        }
    }
    tasmota
}

struct Tasmota {
    full_topics: Vec<FullTopic>,
    /// The registered parts of each device, by the name their readings carry.
    parts: BTreeMap<String, BTreeMap<String, Part>>,
    /// Devices that are registered as a whole, also behind a bridge.
    devices: BTreeSet<String>,
    /// Whose code it is and what it says.
    codes: BTreeMap<String, Vec<(String, Means)>>,
    bridges: Bridges,
}

impl Decoder for Tasmota {
    fn topics(&self) -> Vec<String> {
        let names = || self.parts.keys().chain(&self.devices);
        let of = |full: &FullTopic| {
            let mut filters = full.filters();
            filters.extend(names().flat_map(|name| full.filters_of(name)));
            filters
        };
        self.full_topics.iter().flat_map(of).collect()
    }

    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Mqtt { topic } = &frame.from else { return Decoded::NotMine };
        let Some(placed) = self.full_topics.iter().find_map(|full| full.place(topic)) else { return Decoded::NotMine };
        let said = match (placed.prefix, numbered(placed.command)) {
            (Prefix::Cmnd, _) => Ok(Vec::new()),
            (Prefix::Tele, ("LWT", None)) => self.last_will(placed.name, &frame.bytes),
            (Prefix::Tele, ("SENSOR" | "STATE" | "RESULT" | "ZbReceived", None) | ("INFO", Some(_)))
            | (Prefix::Stat, ("RESULT", None) | ("STATUS", _)) => self.message(placed, frame),
            (Prefix::Stat, ("POWER" | "SWITCH" | "BUTTON", _)) => self.single(placed, frame),
            (Prefix::Tele | Prefix::Stat, _) => Ok(Vec::new()),
        };
        match said {
            Ok(readings) => Decoded::Readings(readings),
            Err(why) => Decoded::Malformed(why.to_owned()),
        }
    }
}

/// Where a value stood: how much of an event it can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Said because it changed.
    Change,
    /// Said again and again.
    Report,
    /// Said because somebody asked.
    Answer,
}

impl Tasmota {
    /// The device about itself, or the broker in its name. It is kept on purpose: what is kept still holds.
    fn last_will(&mut self, name: &str, payload: &[u8]) -> Result<Vec<Reading>, &'static str> {
        let state = match lenient::text(payload)? {
            "" => Availability::Removed,
            word => lenient::availability(word).ok_or("unknown_availability")?,
        };
        let mut readings = self.of_device(name, &Measure::Availability(state), Evidence::Level, false);
        let any = self.bridges.last_will(name, state == Availability::Online);
        readings.extend(any.map(|any| reading(name, Measure::Bridge(any), Evidence::Level, false)));
        Ok(readings)
    }

    /// One value on a topic of its own: `ON`, `{"STATE":"ON"}`, `{"ACTION":"SINGLE"}`.
    fn single(&self, placed: Placed, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
        let message = lenient::json_or_text(&frame.bytes)?;
        let value = match &message {
            Json::Object(object) => object.sorted().into_iter().find(|(key, _)| is_action(key)).map(|(_, value)| value),
            Json::Null | Json::Truth(_) | Json::Number(_) | Json::Text(_) | Json::List(_) => Some(&message),
        };
        let value = value.map_or(Scalar::Nothing, Scalar::from);
        let Some(input) = input(placed.command) else { return Ok(Vec::new()) };
        let place = if matches!(input, Input::Power(_)) { Place::Report } else { Place::Change };
        match self.part(placed.name, input, value, place, frame.retained) {
            Some(reading) => Ok(vec![reading]),
            // A word that is none of those known shows only that the device is there.
            None => Ok(self.of_device(placed.name, &Measure::Alive, Evidence::Event, frame.retained)),
        }
    }

    /// A message with many values.
    fn message(&mut self, placed: Placed, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
        let mut message = lenient::object(&frame.bytes)?;
        let name = placed.name;
        if placed.command == "ZbReceived" {
            message = Object::of_one("ZbReceived", Json::Object(message)); // SetOption118
        }
        let is_answer = placed.prefix == Prefix::Stat && placed.command != "RESULT";
        let inner = ["StatusSNS", "StatusSTS"].iter().find_map(|key| message.take(key));
        if let Some(Json::Object(inner)) = inner {
            message = inner;
        }
        let passed = self.passed(name, &message, frame.retained)?;
        let place = if is_answer { Place::Answer } else { Place::Report };
        let mut readings = self.own(name, &message, place, frame.retained);
        let is_known = self.devices.contains(name) || self.parts.contains_key(name);
        // It is there, whatever else it says; a bridge that passes something on is not what the message is about.
        if readings.iter().all(|reading| reading.evidence == Evidence::Cached) && (passed.is_empty() || is_known) {
            readings.extend(self.of_device(name, &Measure::Alive, Evidence::Event, frame.retained));
        }
        readings.extend(passed);
        Ok(readings)
    }

    /// What the message says of other devices.
    fn passed(&mut self, name: &str, message: &Object, retained: bool) -> Result<Vec<Reading>, &'static str> {
        let mut readings = Vec::new();
        for (key, value) in message.sorted() {
            let Json::Object(value) = value else { continue };
            match key {
                // SetOption119 leaves the address out of the message, which then is the device's own.
                "ZbReceived" | "LwReceived" if value.has("Device") => {
                    readings.extend(self.relayed("", value, retained))
                }
                "ZbReceived" | "LwReceived" => {
                    for (key, value) in value.sorted() {
                        readings.extend(
                            value.as_object().into_iter().flat_map(|device| self.relayed(key, device, retained)),
                        );
                    }
                }
                "RfReceived" => readings.extend(self.coded(value, retained)?),
                key if is_radio_address(key) || is_relayed(value) => {
                    readings.extend(self.relayed(key, value, retained))
                }
                _ => {}
            }
        }
        // What the broker kept does not show that a bridge is there.
        let bridge = if readings.is_empty() || retained { None } else { self.bridges.passed_on(name) };
        readings.extend(bridge.map(|name| reading(name, Measure::Bridge(true), Evidence::Level, false)));
        Ok(readings)
    }

    /// One device behind a bridge, by whichever of its names is registered, else by the one the bridge puts first.
    fn relayed(&self, key: &str, message: &Object, retained: bool) -> Vec<Reading> {
        let named = ["Name", "Device", "IEEEAddr"].iter().filter_map(|key| message.get(key)?.as_str());
        let names: Vec<&str> = [key].into_iter().filter(|key| !key.is_empty()).chain(named).collect();
        let registered = names.iter().find_map(|name| {
            self.devices.get(*name).or_else(|| {
                self.devices.iter().find(|known| is_radio_address(known) && known.eq_ignore_ascii_case(name))
            })
        });
        let Some(name) = registered.map(String::as_str).or(names.first().copied()) else { return Vec::new() };
        let said = relayed::readings(message).into_iter();
        said.map(|(measure, evidence)| reading(name, measure, evidence, retained)).collect()
    }

    /// A 433 MHz code: what it says for those whose code it is; a note for the technician where it is nobody's.
    fn coded(&self, received: &Object, retained: bool) -> Result<Vec<Reading>, &'static str> {
        let Some(code) = relayed::code(received)? else { return Ok(Vec::new()) };
        if let Some(whose) = self.codes.get(&code) {
            let each = |(device, means): &(String, Means)| reading(device, means.measure(), Evidence::Event, retained);
            return Ok(whose.iter().map(each).collect());
        }
        // The last digit is the key of a remote or the message of a sensor; the rest is its address.
        let device = code.get(..code.len() - 1).unwrap_or(&code).to_owned();
        let note = Measure::Note { kind: "raw_code".to_owned(), text: code };
        Ok(vec![reading(&device, note, Evidence::Event, retained)])
    }

    /// What the message says of the device itself and of its parts.
    fn own(&self, name: &str, message: &Object, place: Place, retained: bool) -> Vec<Reading> {
        let mut readings = Vec::new();
        let is_fahrenheit = message.get("TempUnit").and_then(Json::as_str) == Some("F");
        let mut climates = 0;
        for (key, value) in message.sorted() {
            if NO_SENSORS.contains(&key) {
                continue;
            }
            let part = input(key);
            match (part, value) {
                (Some(input), Json::Object(object)) => {
                    let action = object.sorted().into_iter().find(|(key, _)| is_action(key)).map(|(_, value)| value);
                    readings
                        .extend(action.and_then(|value| self.part(name, input, value.into(), Place::Change, retained)));
                }
                (Some(input), value) => readings.extend(self.part(name, input, value.into(), place, retained)),
                (None, Json::Object(object)) if key == "Wifi" => {
                    // Tasmota counts per cent here and gives the dBm as Signal.
                    let percent = object.get("RSSI").and_then(lenient::percent);
                    readings.extend(percent.into_iter().flat_map(|percent| {
                        self.of_device(name, &Measure::SignalPercent(percent), evidence_of(place), retained)
                    }));
                }
                (None, Json::Object(object)) if !is_radio_address(key) && !is_relayed(object) => {
                    let mut said = sensor(key, object, is_fahrenheit).peekable();
                    // Of several alike the first is the device's own.
                    climates += usize::from(said.peek().is_some());
                    let registered = self.parts.get(name).filter(|_| said.peek().is_some());
                    let part = || Input::Sensor(key.to_owned()).device(name);
                    let is_part = registered.is_some_and(|parts| parts.contains_key(&part()));
                    let device = if is_part || climates > 1 { Cow::Owned(part()) } else { Cow::Borrowed(name) };
                    readings.extend(said.map(|measure| reading(&device, measure, evidence_of(place), retained)));
                }
                (None, Json::Text(_) | Json::Truth(_)) => {
                    readings.extend(self.part(name, Input::Sensor(key.to_owned()), value.into(), place, retained));
                }
                (None, Json::Object(_) | Json::Null | Json::Number(_) | Json::List(_)) => {}
            }
        }
        readings
    }

    /// The value of one part, by its registered meaning or as it stands.
    fn part(&self, name: &str, input: Input, value: Scalar, place: Place, retained: bool) -> Option<Reading> {
        let parts = self.parts.get(name);
        let registered_as = |input: &Input| parts?.iter().find(|(_, part)| part.input == *input);
        // A device with one relay leaves the number out, and with SetOption26 it does not.
        let only = || if input == Input::Power(0) { registered_as(&Input::Power(1)) } else { None };
        let known = registered_as(&input).or_else(only);
        let registered = known.map(|(_, part)| part);
        let meaning = registered.and_then(|part| part.meaning.as_ref());
        let measure = match (&input, meaning) {
            (_, Some(meaning)) => objects::read(meaning, value),
            (Input::Button(_), None) => objects::press(value),
            (Input::Switch(_) | Input::Power(_), None) => lenient::truth(value).map(Measure::Switch),
            (Input::Sensor(key), None) => objects::guess(key, value),
        }?;
        let evidence = match place {
            Place::Change => Evidence::Event,
            Place::Answer => Evidence::Cached,
            Place::Report if matches!(input, Input::Power(_)) => Evidence::Level,
            Place::Report if registered.is_some_and(|part| part.is_said_in_sensor) => Evidence::Level,
            Place::Report => Evidence::Cached,
        };
        let device = known.map_or_else(|| input.device(name), |(device, _)| device.clone());
        Some(reading_of(device, measure, evidence, retained))
    }

    /// What is true of a device is true of each of its registered parts.
    fn of_device(&self, name: &str, measure: &Measure, evidence: Evidence, retained: bool) -> Vec<Reading> {
        let parts = self.parts.get(name).into_iter().flat_map(BTreeMap::keys);
        let itself = self.devices.contains(name) || !self.parts.contains_key(name);
        let devices = parts.map(String::as_str).chain(itself.then_some(name));
        devices.map(|device| reading(device, measure.clone(), evidence, retained)).collect()
    }
}

fn evidence_of(place: Place) -> Evidence {
    if place == Place::Answer { Evidence::Cached } else { Evidence::Level }
}

/// A word and the number at its end: `POWER2`, `LWT`.
fn numbered(word: &str) -> (&str, Option<u8>) {
    let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = word.get(name.len()..).and_then(|digits| digits.parse().ok());
    (name, number)
}

/// `Switch1`, `BUTTON2`, `POWER`.
fn input(key: &str) -> Option<Input> {
    match numbered(key) {
        ("Switch" | "SWITCH", Some(number)) => Some(Input::Switch(number)),
        ("Button" | "BUTTON", Some(number)) => Some(Input::Button(number)),
        ("POWER", number) => Some(Input::Power(number.unwrap_or(0))),
        _ => None,
    }
}

fn is_action(key: &str) -> bool {
    ["STATE", "ACTION", "POWER"].iter().any(|known| key.eq_ignore_ascii_case(known))
}

/// Whether an object without a known name around it is another device's: Zigbee or Bluetooth.
fn is_relayed(object: &Object) -> bool {
    object.get("Device").and_then(Json::as_str).is_some_and(is_radio_address) || object.has("mac")
}
