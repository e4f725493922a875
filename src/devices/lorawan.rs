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

use crate::devices::meaning::{Kind, Meaning, Values};
use crate::devices::milesight::Model;
use crate::devices::{Decoded, Decoder, Identity, lenient, reading, toml_text};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Evidence, Measure, Press, Reading};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

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

/// A device and what its payload means.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Address {
    dev_eui: String,
    says: Says,
}

#[derive(Debug, Clone, PartialEq)]
enum Says {
    /// As the decoder of its model reads it.
    Model(Model),
    /// Only the falls that its model tells.
    Falls(Model),
    /// What stands at a place of the message.
    At(At),
}

/// A place in the message and what stands there.
#[derive(Debug, Clone, PartialEq)]
struct At {
    pointer: String,
    meaning: Meaning,
    evidence: Evidence,
    battery: Option<String>,
    battery_low: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    dev_eui: String,
    decoder: Option<String>,
    part: Option<String>,
    pointer: Option<String>,
    kind: Option<Kind>,
    #[serde(default)]
    values: Values,
    scale: Option<f64>,
    event: Option<bool>,
    battery: Option<String>,
    battery_low: Option<String>,
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let dev_eui = dev_eui(&written.dev_eui).ok_or_else(|| {
            format!("{:?} is no DevEUI; write its sixteen hexadecimal digits, as \"24e124000a1b2c3d\"", written.dev_eui)
        })?;
        let says = match (&written.decoder, &written.pointer) {
            (Some(decoder), None) => {
                let is_more = written.kind.is_some() || written.scale.is_some() || written.event.is_some();
                if is_more || !written.values.is_empty() || written.battery.is_some() || written.battery_low.is_some() {
                    return Err(
                        "a decoder says what is measured; leave out all but dev_eui, decoder and part".to_owned()
                    );
                }
                let model = Model::named(decoder)?;
                match written.part.as_deref() {
                    None => Says::Model(model),
                    Some("fall") if model.knows_falls() => Says::Falls(model),
                    Some(part) => return Err(format!("{decoder} has no part {part:?}; milesight-vs373 has \"fall\"")),
                }
            }
            (None, Some(_)) if written.part.is_some() => {
                return Err("part goes with a decoder; leave it out".to_owned());
            }
            (None, Some(_)) => Says::At(At::try_from(written)?),
            (Some(_), Some(_)) => return Err("either decoder or pointer, not both".to_owned()),
            (None, None) => {
                return Err(
                    "write what its payload means: decoder = \"milesight-ws202\", or pointer = \"/object/occupied\" \
                            with kind = \"motion\""
                        .to_owned(),
                );
            }
        };
        Ok(Address { dev_eui, says })
    }
}

impl TryFrom<Written> for At {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let pointer = written.pointer.unwrap_or_default();
        for pointer in [Some(&pointer), written.battery.as_ref(), written.battery_low.as_ref()].into_iter().flatten() {
            if !pointer.starts_with('/') {
                return Err(format!(
                    "{pointer:?} is no JSON pointer: write \"/object/occupied\" (ChirpStack) or \
                     \"/uplink_message/decoded_payload/occupied\" (The Things Stack)"
                ));
            }
        }
        let kind = written.kind.ok_or("pointer needs kind, as kind = \"motion\"")?;
        let meaning = Meaning { kind, values: written.values, scale: written.scale.unwrap_or(1.0) };
        meaning.check()?;
        let evidence = match written.event {
            Some(true) => Evidence::Event,
            Some(false) => Evidence::Level,
            None => meaning.usual_evidence(),
        };
        Ok(At { pointer, meaning, evidence, battery: written.battery, battery_low: written.battery_low })
    }
}

impl Identity for Address {
    /// The DevEUI, with the part or the place where one is named: `24e124000a1b2c3d`, `24e124000a1b2c3d#fall`.
    fn device(&self) -> String {
        match &self.says {
            Says::Model(_) => self.dev_eui.clone(),
            Says::Falls(_) => format!("{}#fall", self.dev_eui),
            Says::At(at) => format!("{}#{} {}", self.dev_eui, at.pointer, at.meaning.name()),
        }
    }
}

/// Sixteen hexadecimal digits in lower case, also where people put signs between them.
fn dev_eui(text: &str) -> Option<String> {
    let digits: String = text.trim().chars().filter(|c| !matches!(c, ':' | '-' | ' ')).collect();
    let fits = digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    fits.then(|| digits.to_ascii_lowercase())
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

/// What tells an uplink from the one before.
#[derive(PartialEq)]
struct Mark {
    deduplication: Option<u64>,
    counted: Option<u64>,
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

/// What a topic tells of.
#[derive(Clone, Copy, PartialEq)]
enum Event<'a> {
    /// ChirpStack, with the DevEUI of the topic.
    ChirpStackUp(&'a str),
    Status(&'a str),
    /// The device spoke, and there is nothing in it for us.
    Spoke(&'a str),
    Log(&'a str),
    ThingsUp,
    ThingsJoin,
    NotForUs,
}

impl<'a> Event<'a> {
    fn of(topic: &'a str) -> Option<Event<'a>> {
        let mut levels = topic.splitn(7, '/');
        let mut next = || levels.next();
        match next()? {
            "application" => {
                let (_, "device", eui, "event", event) = (next()?, next()?, next()?, next()?, next()?) else {
                    return None;
                };
                let event = match event {
                    "up" => Event::ChirpStackUp(eui),
                    "status" => Event::Status(eui),
                    "join" | "ack" => Event::Spoke(eui),
                    "log" => Event::Log(eui),
                    // txack is the gateway's word; location and integration are made by machines.
                    "txack" | "location" | "integration" => Event::NotForUs,
                    _ => return None,
                };
                next().is_none().then_some(event)
            }
            "v3" => {
                let (_, "devices", _, event) = (next()?, next()?, next()?, next()?) else { return None };
                Some(match (event, next()) {
                    ("up", None) => Event::ThingsUp,
                    ("join", None) => Event::ThingsJoin,
                    _ => Event::NotForUs,
                })
            }
            _ => None,
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
        let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
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
                let is_mains = message.pointer("/externalPowerSource").and_then(lenient::truth) == Some(true);
                let is_unknown = message.pointer("/batteryLevelUnavailable").and_then(lenient::truth) == Some(true);
                let percent = message.pointer("/batteryLevel").and_then(lenient::percent);
                let percent = percent.filter(|_| !is_mains && !is_unknown);
                percent.map_or_else(alive, |percent| vec![(Measure::BatteryPercent(percent), Evidence::Level)])
            }
            // Of the network's complaints, only those about an uplink prove that there was one.
            Event::Log(_) if !text("/code").is_some_and(|code| code.starts_with("UPLINK")) => Vec::new(),
            Event::Spoke(_) if message.pointer("/acknowledged").and_then(lenient::truth) == Some(false) => Vec::new(),
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
        let data = message.pointer(at.data).and_then(Value::as_str).unwrap_or_default();
        let port = message.pointer(at.port).and_then(lenient::number);
        // Port 0 is the network's own talk, whatever a decoder would make of it.
        let payload = if port == Some(0.0) { Vec::new() } else { base64(data).ok_or("bad_base64")? };
        let beside: Vec<Measure> =
            signal(message.pointer(at.receptions)).into_iter().chain(battery(message, at)).collect();
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

impl At {
    fn read(&self, message: &Value) -> Vec<(Measure, Evidence)> {
        let at = |pointer: &Option<String>| message.pointer(pointer.as_deref()?);
        let measure = message.pointer(&self.pointer).and_then(|value| self.meaning.read(value));
        let percent = at(&self.battery).and_then(lenient::percent).map(Measure::BatteryPercent);
        let low = at(&self.battery_low).and_then(lenient::truth).map(Measure::BatteryLow);
        let said = measure.map_or((Measure::Alive, Evidence::Event), |measure| (measure, self.evidence));
        let beside = percent.into_iter().chain(low).map(|measure| (measure, Evidence::Level));
        [said].into_iter().chain(beside).collect()
    }
}

fn note(kind: &str, text: &str) -> Measure {
    Measure::Note { kind: kind.to_owned(), text: text.to_owned() }
}

/// Where a network puts things.
struct Places {
    data: &'static str,
    port: &'static str,
    count: &'static str,
    address: &'static str,
    receptions: &'static str,
    battery: Option<&'static str>,
}

const CHIRPSTACK: Places =
    Places { data: "/data", port: "/fPort", count: "/fCnt", address: "/devAddr", receptions: "/rxInfo", battery: None };

const THINGS: Places = Places {
    data: "/uplink_message/frm_payload",
    port: "/uplink_message/f_port",
    count: "/uplink_message/f_cnt",
    address: "/end_device_ids/dev_addr",
    receptions: "/uplink_message/rx_metadata",
    battery: Some("/uplink_message/last_battery_percentage/value"),
};

impl Mark {
    fn of(message: &Value, at: &Places, data: &str) -> Mark {
        let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
        let count = message.pointer(at.count).and_then(Value::as_u64);
        Mark {
            deduplication: text("/deduplicationId").map(|id| hashed(&id)),
            counted: count.map(|count| hashed(&(count, text(at.address), data))),
        }
    }

    /// A counter alone is not enough: a device that was switched off begins at 0 again.
    fn repeats(&self, last: &Mark) -> bool {
        let same = |a: Option<u64>, b: Option<u64>| a.is_some() && a == b;
        same(self.deduplication, last.deduplication) || same(self.counted, last.counted)
    }
}

fn hashed(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new(); // fixed keys: the same on every run
    of.hash(&mut hasher);
    hasher.finish()
}

/// The network's own word on the battery, where it passes one on with an uplink.
fn battery(message: &Value, at: &Places) -> Option<Measure> {
    message.pointer(at.battery?).and_then(lenient::percent).map(Measure::BatteryPercent)
}

/// How well the best gateway heard it.
fn signal(receptions: Option<&Value>) -> Option<Measure> {
    let heard = |reception: &Value| {
        let rssi = lenient::number(reception.get("rssi")?)?;
        let snr = reception.get("snr").and_then(lenient::number).unwrap_or(0.0);
        Some(rssi + snr.min(0.0))
    };
    let best = receptions?.as_array()?.iter().filter_map(heard).reduce(f64::max)?;
    Some(Measure::SignalPercent(((best + 130.0) / 70.0 * 100.0).clamp(0.0, 100.0).round()))
}

/// Both alphabets, with or without the padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 || digits.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut held, mut bits) = (0u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
