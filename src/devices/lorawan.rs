//! LoRaWAN sensors behind ChirpStack v4 or The Things Stack v3, which publish what they receive over MQTT.
//!
//! ```text
//! application/<id>/device/<DevEUI>/event/up       {"deviceInfo":{"devEui":…},"fCnt":5,"fPort":85,"data":"AXVk…","object":{…},"rxInfo":[…]}
//!                                       …/status  {"batteryLevel":75.5,"externalPowerSource":false,…}
//!                                       …/join, ack, txack, log, location, integration
//! v3/<app>@<tenant>/devices/<id>/up               {"end_device_ids":{"dev_eui":…},"uplink_message":{"f_port":85,"f_cnt":5,
//!                                                   "frm_payload":"AXVk…","decoded_payload":{…},"rx_metadata":[…]}}
//!                              …/join, down/…
//! ```
//!
//! After ChirpStack's `integrations/events.md` and The Things Stack's MQTT integration. A device is its DevEUI in lower
//! case. What its bytes mean says the config: a decoder of ours (`milesight.rs`), or a place in the message, mostly in the
//! object that the network's own decoder made. Port 0 carries the network's talk: the device is there, nothing else.
//!
//! A network may hand the same uplink out twice; one with the same de-duplication id, or with the same frame counter, address
//! and bytes as the one before, is a copy. Signal: of the gateway that heard it best, RSSI and, below the noise, SNR added;
//! −130 dBm is 0 %, −60 dBm is 100 %.

use crate::devices::milesight::Model;
use crate::devices::{Decoded, Decoder, Identity, lenient, reading, toml_text};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Evidence, Measure, Press, Reading};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

mod address;
mod envelope;

pub use address::Address;
use address::{Says, dev_eui};
use envelope::{CHIRPSTACK, Event, Mark, Places, THINGS, base64, battery, signal};

/// One sentence for the table.
pub const SUMMARY: &str = "LoRaWAN sensors behind ChirpStack v4 or The Things Stack v3";

/// An address as written in a config.
pub const EXAMPLE: &str = "lorawan = { dev_eui = \"24e124000a1b2c3d\", decoder = \"milesight-ws202\" }";

/// `[lorawan]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What stands before `application/…` and `v3/…` where the broker passes several networks on: `["", "block-7"]`.
    pub prefixes: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { prefixes: vec![String::new()] }
    }
}

/// The decoder. Devices that nobody registered are heard too.
pub fn decoder(settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let with_slash = |prefix: &String| match prefix.trim_matches('/') {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    let mut devices: BTreeMap<String, Device> = BTreeMap::new();
    for address in addresses {
        let name = address.device();
        devices.entry(address.dev_eui).or_default().says.push((name, address.says));
    }
    Lorawan { prefixes: settings.prefixes.iter().map(with_slash).collect(), devices }
}

/// The address of a device that was heard; its maker's first digits tell Milesight.
pub fn address_toml(device: &str, readings: &[Reading]) -> String {
    let device = device.split('#').next().unwrap_or(device);
    let is_milesight = device.starts_with("24e124");
    let eui = toml_text(device);
    if is_milesight || readings.is_empty() {
        format!("lorawan = {{ dev_eui = {eui}, decoder = \"milesight-ws202\" }}   # its model")
    } else {
        format!("lorawan = {{ dev_eui = {eui}, pointer = \"/object/occupied\", kind = \"motion\" }}   # see an uplink")
    }
}

struct Lorawan {
    prefixes: Vec<String>,
    devices: BTreeMap<String, Device>,
}

/// A registered device: its sensors, and its last uplink.
#[derive(Default)]
struct Device {
    says: Vec<(String, Says)>,
    last: Option<Mark>,
}

impl Decoder for Lorawan {
    fn topics(&self) -> Vec<String> {
        let both = |prefix: &String| {
            [
                format!("{prefix}application/+/device/+/event/+"),
                format!("{prefix}v3/+/devices/+/up"),
                format!("{prefix}v3/+/devices/+/join"),
            ]
        };
        self.prefixes.iter().flat_map(both).collect()
    }

    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Mqtt { topic } = &frame.from else { return Decoded::NotMine };
        let Some(event) = self.prefixes.iter().find_map(|prefix| Event::of(topic.strip_prefix(prefix.as_str())?))
        else {
            return Decoded::NotMine;
        };
        // An empty message clears what the broker kept.
        if event == Event::NotForUs || frame.bytes.is_empty() {
            return Decoded::Readings(Vec::new());
        }
        match lenient::object(&frame.bytes).and_then(|message| self.read(event, message, frame.retained)) {
            Ok(readings) => Decoded::Readings(readings),
            Err(why) => Decoded::Malformed(why.to_owned()),
        }
    }
}

impl Lorawan {
    fn read(
        &mut self,
        event: Event,
        message: Map<String, Value>,
        retained: bool,
    ) -> Result<Vec<Reading>, &'static str> {
        let message = Value::Object(message);
        let text = |pointer: &str| lenient::at(&message, pointer).and_then(Value::as_str);
        let (topic_eui, named) = match event {
            Event::ChirpStackUp(eui) | Event::Status(eui) | Event::Spoke(eui) | Event::Log(eui) => {
                (Some(eui), text("/deviceInfo/devEui"))
            }
            Event::ThingsUp | Event::ThingsJoin | Event::NotForUs => (None, text("/end_device_ids/dev_eui")),
        };
        let eui = named.or(topic_eui).and_then(dev_eui).ok_or("no_dev_eui")?;
        let alive = || vec![(Measure::Alive, Evidence::Event)];
        let said = match event {
            Event::ChirpStackUp(_) => return self.uplink(&eui, &CHIRPSTACK, &message, retained),
            Event::ThingsUp => return self.uplink(&eui, &THINGS, &message, retained),
            Event::Status(_) => {
                let is_mains = lenient::at(&message, "/externalPowerSource").and_then(lenient::truth) == Some(true);
                let is_unknown =
                    lenient::at(&message, "/batteryLevelUnavailable").and_then(lenient::truth) == Some(true);
                let percent = lenient::at(&message, "/batteryLevel").and_then(lenient::percent);
                let percent = percent.filter(|_| !is_mains && !is_unknown);
                percent.map_or_else(alive, |percent| vec![(Measure::BatteryPercent(percent), Evidence::Level)])
            }
            // Of the network's complaints, only those about an uplink prove that there was one.
            Event::Log(_) if !text("/code").is_some_and(|code| code.starts_with("UPLINK")) => Vec::new(),
            Event::Spoke(_) if lenient::at(&message, "/acknowledged").and_then(lenient::truth) == Some(false) => {
                Vec::new()
            }
            Event::Log(_) | Event::Spoke(_) | Event::ThingsJoin | Event::NotForUs => alive(),
        };
        let bare = [eui.clone()];
        let registered = self.devices.get(&eui);
        let names: Vec<&String> = registered
            .map_or_else(|| bare.iter().collect(), |device| device.says.iter().map(|(name, _)| name).collect());
        let each = |name: &&String| {
            let said = said.iter().map(|(measure, evidence)| reading(name, measure.clone(), *evidence, retained));
            said.collect::<Vec<_>>()
        };
        Ok(names.iter().flat_map(each).collect())
    }

    fn uplink(
        &mut self,
        eui: &str,
        at: &Places,
        message: &Value,
        retained: bool,
    ) -> Result<Vec<Reading>, &'static str> {
        let data = lenient::at(message, at.data).and_then(Value::as_str).unwrap_or_default();
        let port = lenient::at(message, at.port).and_then(lenient::number);
        // Port 0 is the network's own talk, whatever a decoder would make of it.
        let payload = if port == Some(0.0) { Vec::new() } else { base64(data).ok_or("bad_base64")? };
        let beside: Vec<Measure> =
            signal(lenient::at(message, at.receptions)).into_iter().chain(battery(message, at)).collect();
        let Some(device) = self.devices.get_mut(eui) else {
            let said = [(Measure::Alive, Evidence::Event)].into_iter();
            return Ok(readings(eui, said, &beside, false, retained));
        };
        let mark = Mark::of(message, at, data);
        let is_copy = device.last.as_ref().is_some_and(|last| mark.repeats(last));
        device.last = Some(mark);
        let mut all = Vec::new();
        for (name, says) in &device.says {
            let said = match says {
                Says::Model(model) => of_model(*model, &payload)?,
                Says::Falls(model) => falls(*model, &payload)?,
                Says::At(place) => place.read(message),
            };
            all.extend(readings(name, said.into_iter(), &beside, is_copy, retained));
        }
        Ok(all)
    }
}

fn readings(
    name: &str,
    said: impl Iterator<Item = (Measure, Evidence)>,
    beside: &[Measure],
    copy: bool,
    retained: bool,
) -> Vec<Reading> {
    let beside = beside.iter().map(|measure| (measure.clone(), Evidence::Level));
    let all = said.chain(beside).map(|(measure, evidence)| reading(name, measure, evidence, retained));
    all.map(|reading| Reading { copy, ..reading }).collect()
}

fn of_model(model: Model, payload: &[u8]) -> Result<Vec<(Measure, Evidence)>, &'static str> {
    let said = model.read(payload)?;
    let fall = |on: &bool| (note("fall", if *on { "fallen" } else { "over" }), Evidence::Event);
    let unknown = said.unknown.map(|channel| (note("unknown_channel", &channel), Evidence::Event));
    let mut all = said.says;
    all.extend(said.falls.iter().map(fall).chain(unknown));
    if all.is_empty() {
        all.push((Measure::Alive, Evidence::Event));
    }
    Ok(all)
}

/// A fall is a call for help without a finger.
fn falls(model: Model, payload: &[u8]) -> Result<Vec<(Measure, Evidence)>, &'static str> {
    let press = |on: &bool| Measure::Button(if *on { Press::Sos } else { Press::Release });
    let said = model.read(payload)?;
    let battery = said.says.into_iter().filter(|(measure, _)| matches!(measure, Measure::BatteryPercent(_)));
    let mut all: Vec<_> = said.falls.iter().map(|on| (press(on), Evidence::Event)).chain(battery).collect();
    if all.is_empty() {
        all.push((Measure::Alive, Evidence::Event));
    }
    Ok(all)
}

fn note(kind: &str, text: &str) -> Measure {
    Measure::Note { kind: kind.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
mod tests;
