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

use crate::devices::message::Json;
use crate::devices::milesight::Model;
use crate::devices::{Decoded, Decoder, Identity, lenient, reading, toml_text};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Evidence, Measure, Press, Reading};
use serde::Deserialize;
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
    let mut devices: BTreeMap<String, Vec<Sensor>> = BTreeMap::new();
    for address in addresses {
        let name = address.device();
        devices.entry(address.dev_eui).or_default().push(Sensor { name, says: address.says, last: None });
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
    /// The sensors of each registered device.
    devices: BTreeMap<String, Vec<Sensor>>,
}

/// One sensor of a device, and the last uplink of which it was told.
struct Sensor {
    name: String,
    says: Says,
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
        match lenient::object(&frame.bytes).and_then(|message| self.read(event, &Json::Object(message), frame.retained))
        {
            Ok(readings) => Decoded::Readings(readings),
            Err(why) => Decoded::Malformed(why.to_owned()),
        }
    }
}

impl Lorawan {
    fn read(&mut self, event: Event, message: &Json, retained: bool) -> Result<Vec<Reading>, &'static str> {
        let text = |pointer: &str| message.at(pointer).and_then(Json::as_str);
        let (topic_eui, named) = match event {
            Event::ChirpStackUp(eui) | Event::Status(eui) | Event::Spoke(eui) | Event::Log(eui) => {
                (Some(eui), text("/deviceInfo/devEui"))
            }
            Event::ThingsUp | Event::ThingsJoin | Event::NotForUs => (None, text("/end_device_ids/dev_eui")),
        };
        let eui = named.or(topic_eui).and_then(dev_eui).ok_or("no_dev_eui")?;
        let alive = || vec![(Measure::Alive, Evidence::Event)];
        let said = match event {
            Event::ChirpStackUp(_) => return self.uplink(&eui, &CHIRPSTACK, message, retained),
            Event::ThingsUp => return self.uplink(&eui, &THINGS, message, retained),
            Event::Status(_) => {
                let is_mains = message.at("/externalPowerSource").and_then(lenient::truth) == Some(true);
                let is_unknown = message.at("/batteryLevelUnavailable").and_then(lenient::truth) == Some(true);
                let percent = message.at("/batteryLevel").and_then(lenient::percent);
                let percent = percent.filter(|_| !is_mains && !is_unknown);
                percent.map_or_else(alive, |percent| vec![(Measure::BatteryPercent(percent), Evidence::Level)])
            }
            // Of the network's complaints, only those about an uplink prove that there was one.
            Event::Log(_) if !text("/code").is_some_and(|code| code.starts_with("UPLINK")) => Vec::new(),
            Event::Spoke(_) if message.at("/acknowledged").and_then(lenient::truth) == Some(false) => Vec::new(),
            Event::Log(_) | Event::Spoke(_) | Event::ThingsJoin | Event::NotForUs => alive(),
        };
        let tell = |name: &str, readings: &mut Vec<Reading>| {
            let each = said.iter().map(|(measure, evidence)| reading(name, measure.clone(), *evidence, retained));
            readings.extend(each);
        };
        let mut readings = Vec::new();
        match self.devices.get(&eui) {
            Some(sensors) => sensors.iter().for_each(|sensor| tell(&sensor.name, &mut readings)),
            None => tell(&eui, &mut readings),
        }
        Ok(readings)
    }

    fn uplink(&mut self, eui: &str, at: &Places, message: &Json, retained: bool) -> Result<Vec<Reading>, &'static str> {
        let data = message.at(at.data).and_then(Json::as_str).unwrap_or_default();
        let port = message.at(at.port).and_then(lenient::number);
        // Port 0 is the network's own talk, whatever a decoder would make of it.
        let payload = if port == Some(0.0) { Ok(Vec::new()) } else { base64(data).ok_or("bad_base64") };
        let signal = signal(message.at(at.receptions));
        let beside = || signal.clone().into_iter().chain(battery(message, at));
        let mut all = Vec::new();
        let Some(sensors) = self.devices.get_mut(eui) else {
            payload?;
            let said = [(Measure::Alive, Evidence::Event)].into_iter();
            tell(eui, said.chain(beside().map(level)), false, retained, &mut all);
            return Ok(all);
        };
        let mark = Mark::of(message, at, data);
        let mut wrong = None;
        for sensor in sensors {
            match (sensor.read(&payload, message), sensor.last) {
                (Ok(said), last) => {
                    let is_copy = last.is_some_and(|last| mark.repeats(&last));
                    sensor.last = Some(mark);
                    tell(&sensor.name, said.into_iter().chain(beside().map(level)), is_copy, retained, &mut all);
                }
                // Another address of the device may still read it.
                (Err(why), _) => wrong = Some(why),
            }
        }
        match wrong {
            Some(why) if all.is_empty() => Err(why),
            Some(_) | None => Ok(all),
        }
    }
}

impl Sensor {
    /// What the uplink says for this sensor.
    fn read(
        &self,
        payload: &Result<Vec<u8>, &'static str>,
        message: &Json,
    ) -> Result<Vec<(Measure, Evidence)>, &'static str> {
        let bytes = || payload.as_deref().map_err(|why| *why);
        match &self.says {
            Says::Model(model) => of_model(*model, bytes()?),
            Says::Falls(model) => falls(*model, bytes()?),
            Says::At(place) => Ok(place.read(message)),
        }
    }
}

fn level(measure: Measure) -> (Measure, Evidence) {
    (measure, Evidence::Level)
}

fn tell(
    name: &str,
    said: impl Iterator<Item = (Measure, Evidence)>,
    copy: bool,
    retained: bool,
    readings: &mut Vec<Reading>,
) {
    readings.extend(said.map(|(measure, evidence)| Reading { copy, ..reading(name, measure, evidence, retained) }));
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
