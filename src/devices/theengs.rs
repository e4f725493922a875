//! Bluetooth sensors heard by Theengs gateways and OpenMQTTGateways.
//!
//! ```text
//! <base>/<gateway>/BTtoMQTT/<id>    {"id":"AA:BB:CC:DD:EE:05","model_id":"SBDW-002C","open":true,"packet":93,"batt":100,…}
//! <base>/<gateway>/LWT              online | offline
//! ```
//!
//! A device is its MAC address in capitals, or the `id` of a beacon that has none. Beacons say their state again and again, so
//! everything but a press is a level. A press is said again too, and by every gateway that heard it: where the device
//! counts its packets, the same number is the same press. `1` is a single press, `2` double, `3` triple, `4` long, `254`
//! held (BTHome; Theengs also writes 9 and 11); `0` is none. Of a device with several buttons (`button2`, or BTHome's list)
//! one is meant by `theengs = { id = "…", button = 2 }`.
//!
//! What is encrypted is not for us until the gateway holds the key. `presence` of a tracked tag is whether the gateway hears
//! it, not whether somebody is in the room. `open` in percent is a curtain.

use crate::devices::bthome::{self, BUTTONS_MAX, Counted, Packets};
use crate::devices::gateways::{self, Gateways};
use crate::devices::message::{Json, Object, Scalar};
use crate::devices::objects::{self, Read};
use crate::devices::parts::Parts;
use crate::devices::{Decoded, Decoder, Identity, lenient, reading, reading_of, toml_text};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Availability, Evidence, Measure, Reading};
use crate::model::time::Span;
use serde::Deserialize;

/// One sentence for the table.
pub const SUMMARY: &str = "Bluetooth sensors heard by Theengs gateways and OpenMQTTGateways";

/// An address as written in a config.
pub const EXAMPLE: &str = "theengs = \"AA:BB:CC:DD:EE:05\"";

/// `[theengs]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The base topics of the gateways, before their names.
    pub base_topics: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { base_topics: vec!["home".to_owned()] }
    }
}

/// A device by its MAC address, or one button of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Address {
    id: String,
    button: Option<u8>,
    checks_in: bool,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a MAC address as \"AA:BB:CC:DD:EE:05\", or { id = \"…\", button = 2, checks_in = false }"
)]
enum Written {
    Id(String),
    Table(Table),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    id: String,
    button: Option<u8>,
    #[serde(default = "yes")]
    checks_in: bool,
}

fn yes() -> bool {
    true
}

impl TryFrom<Written> for Address {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let (id, button, checks_in) = match written {
            Written::Id(id) => (id, None, true),
            Written::Table(Table { id, button, checks_in }) => (id, button, checks_in),
        };
        let id = id.trim();
        if button.is_some_and(|button| !(1..=BUTTONS_MAX).contains(&button)) {
            return Err(format!("button is counted from 1 to {BUTTONS_MAX}"));
        }
        if let Some(mac) = bthome::mac(id) {
            return Ok(Address { id: mac, button, checks_in });
        }
        // Beacons without a MAC of their own have a UUID or a name given at the gateway.
        let looks_like_a_mac = id.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '-')) && id.len() < 32;
        if looks_like_a_mac || id.contains(['#', '/', '+']) {
            return Err(format!(
                "{id:?} is no Bluetooth address; write twelve hexadecimal digits, as AA:BB:CC:DD:EE:05"
            ));
        }
        Ok(Address { id: id.to_owned(), button, checks_in })
    }
}

impl Identity for Address {
    /// The MAC address in capitals, with the button where one is named: `AA:BB:CC:DD:EE:05#2`.
    fn device(&self) -> String {
        match self.button {
            Some(button) => format!("{}#{button}", self.id),
            None => self.id.clone(),
        }
    }

    fn checks_in(&self) -> bool {
        self.checks_in
    }

    /// A beacon says an event for a second or two.
    fn burst(&self) -> Option<Span> {
        Some(Span::seconds(3))
    }
}

/// The decoder. Every device is heard, registered or not.
pub fn decoder(settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    Theengs {
        bases: gateways::trimmed(&settings.base_topics),
        parts: Parts::of(addresses.iter().map(Address::device)),
        gateways: Gateways::default(),
        packets: Packets::of(addresses.iter().map(Address::device)),
    }
}

/// The address of a device that was heard.
pub fn address_toml(device: &str, _readings: &[Reading]) -> String {
    match device.split_once('#') {
        Some((id, button)) => format!("theengs = {{ id = {}, button = {button} }}", toml_text(id)),
        None => format!("theengs = {}", toml_text(device)),
    }
}

struct Theengs {
    bases: Vec<String>,
    parts: Parts,
    gateways: Gateways,
    packets: Packets,
}

impl Decoder for Theengs {
    fn topics(&self) -> Vec<String> {
        let of_base = |base: &String| ["BTtoMQTT/#", "LWT"].map(|rest| format!("{base}/+/{rest}"));
        self.bases.iter().flat_map(of_base).collect()
    }

    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Mqtt { topic } = &frame.from else { return Decoded::NotMine };
        let Some(rest) = gateways::under(&self.bases, topic) else { return Decoded::NotMine };
        let Some((_, said)) = rest.split_once('/') else { return Decoded::NotMine };
        let gateway = topic[..topic.len() - said.len()].trim_end_matches('/');
        let readings = match said.split_once('/').unwrap_or((said, "")) {
            ("BTtoMQTT", last) => self.beacon(gateway, last, frame),
            ("LWT", "") => self.gateways.told(gateway, &frame.bytes, false),
            _ => return Decoded::NotMine,
        };
        readings.map_or_else(|why| Decoded::Malformed(why.to_owned()), Decoded::Readings)
    }
}

impl Theengs {
    fn beacon(&mut self, gateway: &str, topic_end: &str, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
        if frame.bytes.is_empty() {
            return Ok(Vec::new());
        }
        let message = lenient::object(&frame.bytes)?;
        let device = id_of(&message, topic_end).ok_or("no_id")?;
        let back = if frame.retained { None } else { self.gateways.heard(gateway) };
        let mut readings: Vec<Reading> = back.into_iter().collect();
        if message.has("cipher") {
            return Ok(readings);
        }
        let before = readings.len();
        let level = |measure| reading(&device, measure, Evidence::Level, frame.retained);
        readings.extend(levels(&message).map(level));
        self.presses(&device, &message, frame.retained, &mut readings);
        if readings.len() == before {
            readings.push(reading(&device, Measure::Alive, Evidence::Event, frame.retained));
        }
        Ok(self.parts.give(readings))
    }

    fn presses(&mut self, device: &str, message: &Object, retained: bool, readings: &mut Vec<Reading>) {
        let pressed = bthome::pressed(message);
        if pressed.is_empty() {
            return;
        }
        let packet = message.get("packet").or_else(|| message.get("pid")).and_then(Json::as_u64);
        // The first number after a start counts as new: a beacon says a press for no longer than its burst.
        let is_again = packet.is_some_and(|packet| self.packets.counted(device, packet, retained) == Counted::Again);
        for (button, press) in pressed {
            // A count begins anew with a new battery: a repeat is marked, never dropped.
            let press = reading_of(format!("{device}#{button}"), Measure::Button(press), Evidence::Event, retained);
            readings.push(Reading { copy: is_again, ..press });
        }
    }
}

fn levels<'m>(message: &'m Object) -> impl Iterator<Item = Measure> + 'm {
    // Curtains and blinds move and open by themselves.
    let is_curtain = message.has("position") || message.has("calibrated");
    let levels = if is_curtain { LEVELS.split_at(OF_PEOPLE).1 } else { LEVELS };
    objects::in_order_of(levels, message)
}

/// The MAC address, or what else the gateway calls the device.
fn id_of(message: &Object, topic_end: &str) -> Option<String> {
    let text = |key: &str| message.get(key).and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty());
    let of_topic = topic_end.rsplit('/').next().unwrap_or_default();
    let named = [text("id"), text("mac"), Some(of_topic)];
    named.into_iter().flatten().find_map(bthome::mac).or_else(|| text("id").map(str::to_owned))
}

/// A state as the device writes it: true or false. Percent and pressure have the same names elsewhere.
fn truth(value: Scalar) -> Option<bool> {
    match value {
        Scalar::Truth(_) | Scalar::Text(_) => lenient::truth(value),
        Scalar::Number(_) | Scalar::Nothing => None,
    }
}

/// `open`, `closed`, and SwitchBot's `timeout not closed`: left open for long.
fn contact(value: Scalar) -> Option<Measure> {
    let said = match value.as_str() {
        Some(word) if word.contains("not closed") => Some(true),
        Some(_) => lenient::open(value),
        None => truth(value),
    };
    said.map(Measure::Contact)
}

/// Somebody is there, or the gateway hears a tracked tag.
fn presence(value: Scalar) -> Option<Measure> {
    match value.as_str() {
        Some("present" | "home") => Some(Measure::Availability(Availability::Online)),
        Some("absent" | "not_home") => Some(Measure::Availability(Availability::Offline)),
        Some(_) | None => truth(value).map(Measure::Presence),
    }
}

fn dark(value: Scalar) -> Option<Measure> {
    match value.as_str()? {
        "dark" => Some(Measure::Dark(true)),
        "bright" | "light" => Some(Measure::Dark(false)),
        _ => None,
    }
}

/// So many of the states are of people's doing, and come first; the others are the device's.
const OF_PEOPLE: usize = 10;

/// States that are said again with every message.
const LEVELS: &[(&str, Read)] = &[
    ("motion", |v| truth(v).map(Measure::Motion)),
    ("movement", |v| truth(v).map(Measure::Motion)),
    ("pres", |v| truth(v).map(Measure::Presence)),
    ("presence", presence),
    ("occupancy", |v| truth(v).map(Measure::Presence)),
    ("open", contact),
    ("contact", contact),
    ("opening", contact),
    ("door", contact),
    ("window", contact),
    ("leak", |v| truth(v).map(Measure::Leak)),
    ("water_leak", |v| truth(v).map(Measure::Leak)),
    ("moisture", |v| truth(v).map(Measure::Leak)),
    ("smoke", |v| truth(v).map(Measure::Smoke)),
    ("gas", |v| truth(v).map(Measure::Gas)),
    ("carbon_monoxide", |v| truth(v).map(Measure::Gas)),
    ("tamper", |v| truth(v).map(Measure::Tamper)),
    ("vibration", |v| truth(v).map(Measure::Vibration)),
    ("batt", |v| lenient::percent(v).map(Measure::BatteryPercent)),
    ("battery", |v| lenient::percent(v).map(Measure::BatteryPercent)),
    ("battery_low", |v| truth(v).map(Measure::BatteryLow)),
    ("low_battery", |v| truth(v).map(Measure::BatteryLow)),
    ("volt", |v| lenient::number(v).filter(|volts| *volts >= 0.0).map(Measure::SupplyVolts)),
    ("tempc", |v| lenient::celsius(v).map(Measure::TemperatureCelsius)),
    ("hum", |v| lenient::percent(v).map(Measure::HumidityPercent)),
    ("lux", |v| lenient::lux(v).map(Measure::IlluminanceLux)),
    ("darkness", |v| lenient::lux(v).map(Measure::IlluminanceLux)),
    ("lightlevel", dark),
    ("rssi", |v| lenient::dbm(v).map(Measure::SignalPercent)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn heard(decoder: &mut impl Decoder, gateway: &str, message: &Value) -> Vec<Reading> {
        let from = Origin::Mqtt { topic: format!("home/{gateway}/BTtoMQTT/AABBCCDDEE05") };
        let frame = RawFrame { from, bytes: message.to_string().into_bytes(), retained: false };
        let Decoded::Readings(readings) = decoder.decode(&frame) else { panic!("{message}") };
        readings
    }

    #[test]
    fn one_press_heard_by_two_gateways_is_one_press_and_its_copy() {
        let mut decoder = decoder(&Settings::default(), vec![]);
        let press = |packet| json!({"id": "AA:BB:CC:DD:EE:05", "packet": packet, "button": 1});
        let mut is_copy = |gateway: &str, packet: u8| heard(&mut decoder, gateway, &press(packet))[0].copy;
        assert_eq!([is_copy("hall", 7), is_copy("bed", 7), is_copy("hall", 7)], [false, true, true]);
        assert_eq!([is_copy("bed", 8), is_copy("hall", 8)], [false, true]);
    }

    #[test]
    fn a_gateway_that_hears_a_device_is_back() {
        let mut decoder = decoder(&Settings::default(), vec![]);
        let will = RawFrame {
            from: Origin::Mqtt { topic: "home/hall/LWT".to_owned() },
            bytes: b"offline".to_vec(),
            retained: false,
        };
        let Decoded::Readings(gone) = decoder.decode(&will) else { panic!() };
        assert_eq!(gone[0].measure, Measure::Bridge(false));
        let said = heard(&mut decoder, "hall", &json!({"id": "AA:BB:CC:DD:EE:05", "open": true}));
        assert_eq!((&said[0].measure, &said[1].measure), (&Measure::Bridge(true), &Measure::Contact(true)));
    }

    #[test]
    fn a_wrong_address_says_what_would_be_right() {
        for (written, part) in [
            (json!("AA:BB:CC:DD:EE"), "twelve hexadecimal digits"),
            (json!("AA:BB:CC:DD:EE:05/x"), "twelve hexadecimal digits"),
            (json!({"id": "AA:BB:CC:DD:EE:05", "button": 0}), "counted from 1"),
            (json!({"id": "AA:BB:CC:DD:EE:05", "key": 1}), "MAC address"),
        ] {
            let why = serde_json::from_value::<Address>(written.clone()).unwrap_err().to_string();
            assert!(why.contains(part), "{written}: {why}");
        }
        let silent: Address = serde_json::from_value(json!({"id": "aabbccddee05", "checks_in": false})).unwrap();
        assert_eq!((silent.device().as_str(), silent.checks_in()), ("AA:BB:CC:DD:EE:05", false));
    }
}
