//! Shelly devices over MQTT, of the first generation and of the later ones.
//!
//! ```text
//! Gen1  shellies/<id>/sensor/<what>         open | close | 1 | 0 | 21.5        motion state flood smoke vibration battery …
//!       shellies/<id>/status                {"motion":true,"active":true,"vibration":false,"lux":132,"bat":94}
//!       shellies/<id>/input_event/<n>       {"event":"S","event_cnt":12}       S SS SSS L SL LS; said again every 30 s
//!       shellies/<id>/relay/<n>, input/<n>  on | off | 1 | 0
//! Gen2+ <prefix>/status/<component>:<n>     {"id":0,"alarm":false,…}           smoke flood input switch temperature …
//!       <prefix>/events/rpc                 {"method":"NotifyStatus" | "NotifyFullStatus" | "NotifyEvent","params":{…}}
//! both  <id>/online                         true | false
//! ```
//!
//! A device is its id, or the whole prefix an installer gave it. Of a device with several inputs, relays or zones one is
//! meant by `shelly = { id = "…", channel = 1 }`. A Gen1 press is said again with an unchanged count, which is no press; the first
//! count that is heard of an input on the mains may be an old one, so it only tells where the count stands. A Gen2 press comes
//! once, as an event. Devices on batteries sleep and are offline all day, so their `online` says nothing. Bluetooth
//! devices behind a Shelly (BLU, `shelly-blu` events) are known by their MAC address. What a component means stands in
//! [`shelly_components`], which devices sleep in `shelly_nature.rs`.
//!
//! Sources: Shelly's API documents; the topics of ha-shellies-discovery.

use crate::devices::bthome::{self, BUTTONS_MAX, Counted, Packets};
use crate::devices::message::{Json, Object};
use crate::devices::parts::Parts;
use crate::devices::shelly_components::{self, Found};
use crate::devices::shelly_nature::{Nature, Natures};
use crate::devices::{Decoded, Decoder, Identity, gateways, lenient, reading, reading_of};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Availability, Evidence, Measure, Reading};
use serde::Deserialize;

pub use crate::devices::shelly_address::{Address, address_toml};

/// One sentence for the table.
pub const SUMMARY: &str = "Shelly devices of all generations, and the Bluetooth sensors behind them";

/// An address as written in a config.
pub const EXAMPLE: &str = "shelly = \"shellymotionsensor-60A42386E566\"";

/// `[shelly]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The base topics, before the ids of the devices.
    pub base_topics: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { base_topics: vec!["shellies".to_owned()] }
    }
}

/// The decoder. Every Shelly is heard, registered or not.
pub fn decoder(settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let parts = Parts::of(addresses.iter().map(Address::device));
    let presses = Packets::of(addresses.iter().map(Address::device));
    let natures = Natures::of(addresses.iter().map(|address| address.id.clone()));
    let mut prefixes: Vec<String> = addresses.into_iter().map(|address| address.id).collect();
    // Of two prefixes one of which begins with the other, the longer is meant.
    prefixes.sort_by_key(|prefix| std::cmp::Reverse(prefix.len()));
    prefixes.dedup();
    let bases = gateways::trimmed(&settings.base_topics);
    Shelly { bases, prefixes, parts, presses, natures }
}

struct Shelly {
    bases: Vec<String>,
    /// Registered ids and prefixes, the longest first.
    prefixes: Vec<String>,
    parts: Parts,
    presses: Packets,
    natures: Natures,
}

impl Decoder for Shelly {
    fn topics(&self) -> Vec<String> {
        let bases = self.bases.iter().map(|base| format!("{base}/#"));
        let anywhere = ["+/status/+", "+/events/rpc", "+/online"].map(str::to_owned);
        let own = |prefix: &&String| prefix.contains('/') && gateways::under(&self.bases, prefix).is_none();
        bases.chain(anywhere).chain(self.prefixes.iter().filter(own).map(|prefix| format!("{prefix}/#"))).collect()
    }

    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Mqtt { topic } = &frame.from else { return Decoded::NotMine };
        let Some((device, rest)) = self.device_of(topic) else { return Decoded::NotMine };
        if frame.bytes.is_empty() {
            return Decoded::Readings(Vec::new());
        }
        let readings = match rest.split_once('/').unwrap_or((rest, "")) {
            ("online", "") => self.online(device, frame),
            ("announce", "") => Ok(self.announce(device, frame)),
            ("status", "") | ("info", "") => by_json(device, frame, shelly_components::gen1_status),
            ("status", component) => {
                by_json(device, frame, |message| shelly_components::of_component(component, message))
            }
            ("events", "rpc") => self.notified(device, frame),
            ("input_event", channel) => self.pressed(device, channel, frame),
            _ if is_for_others(rest) => Ok(Vec::new()),
            _ => gen1_value(device, rest, frame),
        };
        match readings {
            Ok(readings) => Decoded::Readings(self.parts.give(readings)),
            Err(why) => Decoded::Malformed(why.to_owned()),
        }
    }
}

impl Shelly {
    /// The device that a topic names, and what it says of it.
    fn device_of<'a>(&self, topic: &'a str) -> Option<(&'a str, &'a str)> {
        let of_prefix = |prefix: &String| {
            let rest = topic.strip_prefix(prefix.as_str())?.strip_prefix('/')?;
            Some((&topic[..prefix.len()], rest))
        };
        if let Some(found) = self.prefixes.iter().find_map(of_prefix) {
            return Some(found);
        }
        if let Some(rest) = gateways::under(&self.bases, topic) {
            // Also a registered name under the base: friendly ones may hold slashes.
            let of_name =
                |name: &String| Some((rest.get(..name.len())?, rest.strip_prefix(name.as_str())?.strip_prefix('/')?));
            let found = self.prefixes.iter().find_map(of_name).or_else(|| rest.split_once('/'));
            return found.or((rest == "announce").then_some(("", rest)));
        }
        let (device, rest) = topic.split_once('/')?;
        let is_shelly = device.get(..6).is_some_and(|begin| begin.eq_ignore_ascii_case("shelly"));
        let is_gen2 = rest.starts_with("status/") || matches!(rest, "events/rpc" | "online" | "announce");
        (is_shelly && (is_gen2 || is_for_others(rest))).then_some((device, rest))
    }

    /// Whether the device is connected. One that sleeps has just woken, or has gone to sleep.
    fn online(&mut self, device: &str, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
        let availability =
            lenient::availability(&*String::from_utf8_lossy(&frame.bytes)).ok_or("unknown_availability")?;
        if self.natures.get(device) == Some(Nature::Mains) {
            // The broker keeps it on purpose, as the device's last will: what is kept still holds.
            return Ok(vec![reading(device, Measure::Availability(availability), Evidence::Level, false)]);
        }
        if availability != Availability::Online || frame.retained {
            return Ok(Vec::new());
        }
        // Its count of presses may begin anew: what it says now is no repeat.
        if self.natures.wakes(device) {
            self.presses.begin_anew(device);
        }
        Ok(vec![reading(device, Measure::Alive, Evidence::Event, false)])
    }

    /// A device presents itself; on the common topic, under the id it names.
    fn announce(&mut self, device: &str, frame: &RawFrame) -> Vec<Reading> {
        let Ok(message) = lenient::object(&frame.bytes) else { return Vec::new() };
        let text = |key: &str| message.get(key).and_then(Json::as_str).unwrap_or_default();
        let (id, model) = (text("id"), text("model"));
        let device = if device.is_empty() { id } else { device };
        if device.is_empty() || device.contains('#') {
            return Vec::new();
        }
        self.natures.learn(device, id, model);
        let note = Measure::Note { kind: "discovery".to_owned(), text: model.to_owned() };
        vec![reading(device, note, Evidence::Event, frame.retained)]
    }

    /// A press of the first generation. It is said again with the same count for as long as the device is awake.
    fn pressed(&mut self, device: &str, channel: &str, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
        let message = lenient::object(&frame.bytes)?;
        let channel: u16 = channel.parse().map_err(|_| "no_channel")?;
        let count = message.get("event_cnt").and_then(Json::as_u64);
        if self.natures.begins_anew(device) {
            self.presses.begin_anew(device);
        }
        let of = format!("{device}#{channel}");
        let count = count.filter(|_| channel < BUTTONS_MAX.into());
        let counted = count.map_or(Counted::New, |count| self.presses.counted(&of, count, frame.retained));
        let press = message.get("event").and_then(Json::as_str).and_then(shelly_components::gen1_press);
        let Some(press) = press else {
            return Ok(vec![reading(device, Measure::Alive, Evidence::Event, frame.retained)]);
        };
        let evidence = match counted {
            Counted::New => Evidence::Event,
            Counted::Again => Evidence::Level,
            // It sleeps until it is pressed: what it says it says because of that.
            Counted::First if self.natures.get(device) == Some(Nature::Button) => Evidence::Event,
            // An input on the mains says its last press every half minute, be it hours old.
            Counted::First => Evidence::Ambiguous,
        };
        Ok(vec![Reading {
            copy: counted == Counted::Again,
            ..reading(&of, Measure::Button(press), evidence, frame.retained)
        }])
    }

    /// A notification of a later generation.
    fn notified(&mut self, device: &str, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
        let message = lenient::object(&frame.bytes)?;
        let Some(Json::Object(params)) = message.get("params") else { return Err("no_params") };
        let mut readings = Vec::new();
        match message.get("method").and_then(Json::as_str) {
            Some("NotifyStatus" | "NotifyFullStatus") => {
                for (component, status) in params.sorted() {
                    let Json::Object(status) = status else { continue };
                    readings.extend(told(device, shelly_components::of_component(component, status), frame.retained));
                }
            }
            Some("NotifyEvent") => {
                for event in params.get("events").and_then(Json::as_list).into_iter().flatten() {
                    let Json::Object(event) = event else { continue };
                    match event.get("data") {
                        Some(Json::Object(data)) if data.has("address") => self.beacon(data, frame, &mut readings),
                        Some(_) | None => {
                            readings.extend(told(device, shelly_components::of_event(event), frame.retained))
                        }
                    }
                }
            }
            Some(_) => {}
            None => return Err("no_method"),
        }
        if readings.is_empty() {
            readings.push(reading(device, Measure::Alive, Evidence::Event, frame.retained));
        }
        Ok(readings)
    }

    /// A Bluetooth device that the Shelly heard: a script hands on what its beacon says.
    fn beacon(&mut self, data: &Object, frame: &RawFrame, readings: &mut Vec<Reading>) {
        let Some(device) = data.get("address").and_then(Json::as_str).and_then(bthome::mac) else { return };
        if data.get("encryption").and_then(lenient::truth) == Some(true) {
            return;
        }
        let before = readings.len();
        readings.extend(told(&device, shelly_components::of_beacon(data), frame.retained));
        let packet = data.get("pid").and_then(Json::as_u64);
        let pressed = bthome::pressed(data);
        let packet = packet.filter(|_| !pressed.is_empty());
        let is_again =
            packet.is_some_and(|packet| self.presses.counted(&device, packet, frame.retained) == Counted::Again);
        for (button, press) in pressed {
            let press =
                reading_of(format!("{device}#{button}"), Measure::Button(press), Evidence::Event, frame.retained);
            readings.push(Reading { copy: is_again, ..press });
        }
        if readings.len() == before {
            readings.push(reading(&device, Measure::Alive, Evidence::Event, frame.retained));
        }
    }
}

/// What was found in a message, as readings; one that says nothing else proves that the device is there.
fn told(device: &str, found: Vec<Found>, retained: bool) -> Vec<Reading> {
    let tell = |found: Found| match found.channel {
        Some(channel) => reading_of(format!("{device}#{channel}"), found.measure, found.evidence, retained),
        None => reading(device, found.measure, found.evidence, retained),
    };
    found.into_iter().map(tell).collect()
}

fn by_json(device: &str, frame: &RawFrame, read: impl Fn(&Object) -> Vec<Found>) -> Result<Vec<Reading>, &'static str> {
    let mut readings = told(device, read(&lenient::object(&frame.bytes)?), frame.retained);
    if readings.is_empty() {
        readings.push(reading(device, Measure::Alive, Evidence::Event, frame.retained));
    }
    Ok(readings)
}

/// One value of the first generation on a topic of its own.
fn gen1_value(device: &str, rest: &str, frame: &RawFrame) -> Result<Vec<Reading>, &'static str> {
    if frame.bytes.len() > VALUE_BYTES_MAX {
        return Err("too_long");
    }
    let text = std::str::from_utf8(&frame.bytes).map_err(|_| "not_utf8")?;
    let value = text.trim();
    match shelly_components::gen1_value(rest, value.into()) {
        Some(Some(found)) => Ok(told(device, vec![found], frame.retained)),
        // A topic that is known, and no value of it.
        Some(None) if lenient::word(value).is_some_and(|word| !matches!(&*word, "unknown" | "null")) => {
            Err("no_such_value")
        }
        Some(None) | None => Ok(vec![reading(device, Measure::Alive, Evidence::Event, frame.retained)]),
    }
}

/// Commands to the device, and answers that were asked for.
fn is_for_others(rest: &str) -> bool {
    rest == "rpc" || rest.ends_with("command") || rest.ends_with("/set") || rest.starts_with("command/")
}

/// Longer than any number or word a Shelly says.
const VALUE_BYTES_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn heard(decoder: &mut impl Decoder, topic: &str, payload: &str, retained: bool) -> Vec<Reading> {
        let frame =
            RawFrame { from: Origin::Mqtt { topic: topic.to_owned() }, bytes: payload.as_bytes().to_vec(), retained };
        let Decoded::Readings(readings) = decoder.decode(&frame) else { panic!("{topic} {payload}") };
        readings
    }

    const COUNT_12: &str = r#"{"event":"S","event_cnt":12}"#;

    #[test]
    fn a_press_said_again_every_half_minute_is_one_press() {
        let mut decoder = decoder(&Settings::default(), vec![]);
        let topic = "shellies/shellyix3-A1/input_event/0";
        let mut evidence = |payload, retained| heard(&mut decoder, topic, payload, retained)[0].evidence;
        assert_eq!(evidence(COUNT_12, true), Evidence::Cached);
        assert_eq!(evidence(COUNT_12, false), Evidence::Level, "the broker kept this one");
        assert_eq!(evidence(r#"{"event":"S","event_cnt":13}"#, false), Evidence::Event);
        assert_eq!(evidence(r#"{"event":"S","event_cnt":13}"#, false), Evidence::Level);
    }

    #[test]
    fn the_first_press_that_is_heard_of_an_input_may_be_hours_old() {
        let mut decoder = decoder(&Settings::default(), vec![]);
        let mut evidence = |device: &str, payload| {
            heard(&mut decoder, &format!("shellies/{device}/input_event/0"), payload, false)[0].evidence
        };
        assert_eq!(evidence("shellyix3-A1", COUNT_12), Evidence::Ambiguous);
        assert_eq!(evidence("shellyix3-A1", COUNT_12), Evidence::Level);
        assert_eq!(evidence("shellyix3-A1", r#"{"event":"S","event_cnt":13}"#), Evidence::Event);
        assert_eq!(evidence("shellybutton1-A1", COUNT_12), Evidence::Event, "it is awake because it was pressed");
        assert_eq!(evidence("shellyix3-B2", r#"{"event":"S"}"#), Evidence::Event, "without a count it says each once");
    }

    #[test]
    fn a_button_that_wakes_counts_anew() {
        let mut decoder = decoder(&Settings::default(), vec![]);
        let base = "shellies/shellybutton1-A1";
        let mut heard = |rest: &str, payload| heard(&mut decoder, &format!("{base}/{rest}"), payload, false);
        for _ in 0..2 {
            heard("online", "true");
            assert_eq!(heard("input_event/0", COUNT_12)[0].evidence, Evidence::Event, "a new battery sets it back");
        }
    }

    /// What a press that was heard before is when the device is connected anew and announces itself, in either order.
    fn said_again_by(model: &str, is_announced_first: bool) -> Vec<Evidence> {
        let own = serde_json::from_value::<Address>(json!("küche/taster")).unwrap();
        let mut decoder = decoder(&Settings::default(), vec![own]);
        let mut heard = |rest: &str, payload: &str| {
            let said = heard(&mut decoder, &format!("shellies/küche/taster/{rest}"), payload, false);
            said.into_iter().next().map(|said| said.evidence)
        };
        let announced = json!({"id": "küche/taster", "model": model}).to_string();
        let mut presses = vec![heard("input_event/0", COUNT_12)];
        if is_announced_first {
            heard("announce", &announced);
        }
        heard("online", "true");
        if !is_announced_first {
            heard("announce", &announced);
        }
        presses.extend([heard("input_event/0", COUNT_12), heard("input_event/0", COUNT_12)]);
        presses.into_iter().flatten().collect()
    }

    #[test]
    fn what_is_named_by_its_installer_is_what_it_announces_itself_to_be() {
        use Evidence::{Ambiguous, Event, Level};
        for is_announced_first in [true, false] {
            let said = |model: &str| said_again_by(model, is_announced_first);
            assert_eq!(said("SHIX3-1"), [Ambiguous, Level, Level], "an input on the mains says its last press again");
            assert_eq!(said("SHBTN-2"), [Ambiguous, Event, Level], "a button wakes because it is pressed");
            assert_eq!(said("SNSN-0024X"), [Ambiguous, Event, Level], "a press that may be new is not lost");
        }
    }

    #[test]
    fn a_prefix_of_the_installers_own_is_found_wherever_it_stands() {
        let own = |id: &str| serde_json::from_value::<Address>(json!(id)).unwrap();
        let mut decoder =
            decoder(&Settings::default(), vec![own("haus/küche"), own("haus/küche/rauch"), own("bad/tür")]);
        for (topic, device) in [
            ("haus/küche/rauch/status/smoke:0", "haus/küche/rauch"),
            ("haus/küche/status/smoke:0", "haus/küche"),
            ("shellies/bad/tür/status/smoke:0", "bad/tür"),
            ("shellyplussmoke-a1/status/smoke:0", "shellyplussmoke-a1"),
        ] {
            assert_eq!(heard(&mut decoder, topic, r#"{"alarm":true}"#, false)[0].device, device);
        }
        let topics = decoder.topics();
        assert!(topics.contains(&"haus/küche/#".to_owned()) && topics.contains(&"shellies/#".to_owned()), "{topics:?}");
    }
}
