//! Looks around: the broker and what it keeps, the serial ports, and what is heard.
//!
//! Publishes nothing and writes to no port.

use super::bridges::{Bridges, of_discovery, retained};
use super::found::{Device, Found, Speaks, WHAT_FOR, WHICH_BUTTON, WHOSE};
use super::{guess, ports};
use crate::clock;
use crate::config;
use crate::devices::ha_entity::Entity;
use crate::devices::{Decoded, Devices, Settings};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Evidence, Measure, Reading};
use crate::model::time::Span;
use crate::mqtt::{self, Access};
use crate::problem::Problem;
use crate::text::counted;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// What to look at, and for how long to listen.
pub struct Where {
    /// The broker, and whether a person named it.
    pub broker: (Access, bool),
    /// The serial ports.
    pub ports: Vec<ports::Asked>,
    /// How long to listen.
    pub lasts: Duration,
}

/// Looks around; `say` tells it line by line.
pub async fn around(place: Where, say: &mut dyn FnMut(String)) -> Result<Found, Problem> {
    let (access, is_named) = place.broker;
    let mut found = Found::default();
    let mut bridges = Bridges::default();
    let answers = match retained(&access, &mut bridges).await? {
        Ok(()) => {
            say(format!("broker   {} answers", access.broker));
            true
        }
        Err(why) => {
            say(format!("broker   {why}"));
            false
        }
    };
    bridges.tell(say);
    found.bases = bridges.lists.keys().cloned().collect();
    found.broker = (is_named || answers).then(|| (access.clone(), answers));
    if !place.lasts.is_zero() && (answers || !place.ports.is_empty()) {
        say(format!("listen   {} s: walk past each sensor and press each button", place.lasts.as_secs()));
    }
    let on_air = async {
        match answers {
            true => live(&access, &found.bases, place.lasts).await,
            false => Ok(OnAir::default()),
        }
    };
    let (on_air, heard) = tokio::join!(on_air, at_ports(place.ports, place.lasts));
    let on_air = on_air?;
    gather(&mut found, bridges, &on_air);
    for heard in heard {
        tell_port(&heard, say);
        if let Speaks::Family(wiring, _) = &heard.port.speaks {
            let family = wiring.family();
            let devices = heard.devices.iter().filter_map(|(name, readings)| device(family, name, readings));
            let devices = devices.map(|device| on_port(device, &heard.port.name));
            // Lines of text are nobody's device until a person says which line means what.
            for device in devices.filter(|_| family != "text") {
                if !found.devices.iter().any(|known| known.address == device.address) {
                    found.devices.push(device);
                }
            }
        }
        found.ports.push(heard.port);
    }
    found.devices.truncate(DEVICES_MAX);
    Ok(found)
}

/// What was heard from the broker while listening: readings by family and device, and the topics that made them.
#[derive(Default)]
struct OnAir {
    readings: BTreeMap<(&'static str, String), Vec<Reading>>,
    topics: BTreeSet<String>,
}

async fn live(access: &Access, bases: &[String], lasts: Duration) -> Result<OnAir, Problem> {
    let mut settings = Settings::default();
    if !bases.is_empty() {
        settings.zigbee2mqtt.base_topics = bases.to_vec();
    }
    let mut devices = Devices::all(&settings, &[]);
    let client_id = format!("carecircle-init-{}-live", std::process::id());
    let connection = mqtt::Settings { filters: devices.topics(), ..access.settings(client_id)? };
    let (link, mut events) = mqtt::start(connection, Arc::default());
    let mut on_air = OnAir::default();
    let end = clock::since_boot() + Span::from_std(lasts).unwrap_or_default();
    while let Ok(Some(event)) = timeout((end - clock::since_boot()).to_std().unwrap_or_default(), events.recv()).await {
        let mqtt::Event::Message { topic, payload, retained, .. } = event else { continue };
        let frame = RawFrame { from: Origin::Mqtt { topic: topic.clone() }, bytes: payload, retained };
        for heard in devices.decode(&frame) {
            let Decoded::Readings(readings) = heard.outcome else { continue };
            if heard.family == "ha_discovery" || readings.is_empty() {
                continue;
            }
            if on_air.topics.len() < TOPICS_MAX {
                on_air.topics.insert(topic.clone());
            }
            for reading in readings {
                let key = (heard.family, reading.device.clone());
                if on_air.readings.len() < DEVICES_MAX || on_air.readings.contains_key(&key) {
                    let readings = on_air.readings.entry(key).or_default();
                    if readings.len() < READINGS_MAX {
                        readings.push(reading);
                    }
                }
            }
        }
    }
    link.stop();
    Ok(on_air)
}

/// All ports at once.
async fn at_ports(ports: Vec<ports::Asked>, lasts: Duration) -> Vec<ports::Heard> {
    let looks = ports.into_iter().take(PORTS_MAX).enumerate();
    let looks: Vec<_> = looks.map(|(nth, asked)| tokio::spawn(ports::look(asked, nth + 1, lasts))).collect();
    let mut heard = Vec::new();
    for look in looks {
        heard.extend(look.await.ok());
    }
    let mut taken: Vec<String> = Vec::new();
    for each in &mut heard {
        if let Speaks::Family(wiring, _) = &each.port.speaks {
            let name = if wiring.family() == "enocean" { "radio" } else { wiring.family() };
            let next = (2..).map(|number| format!("{name}{number}"));
            let free = std::iter::once(name.to_owned()).chain(next).find(|name| !taken.contains(name));
            each.port.name = free.unwrap_or_default();
        }
        taken.push(each.port.name.clone());
    }
    heard
}

fn tell_port(heard: &ports::Heard, say: &mut dyn FnMut(String)) {
    let port = &heard.port;
    say(format!("serial   {}", port.path));
    let what = match (&heard.problem, &port.speaks) {
        (Some(why), _) => why.strip_prefix(&format!("{}: ", port.path)).unwrap_or(why).to_owned(),
        (None, Speaks::Family(wiring, baud)) if heard.devices.is_empty() => {
            format!("{} at {baud} baud, by its name; no device heard", wiring.family())
        }
        (None, Speaks::Family(wiring, baud)) => {
            format!("{} at {baud} baud, {} heard", wiring.family(), counted(heard.devices.len(), "device"))
        }
        (None, Speaks::Others(whose)) => (*whose).to_owned(),
        (None, Speaks::Unknown(why)) => why.clone(),
    };
    say(format!("         {what}"));
}

/// Each device once: what its own bridge says of it goes before discovery, and both before what was merely heard.
fn gather(found: &mut Found, bridges: Bridges, on_air: &OnAir) {
    for sensors in bridges.lists.into_values() {
        for sensor in sensors {
            if !found.devices.iter().any(|known| known.address == sensor.address) {
                found.devices.push(sensor);
            }
        }
    }
    let listed = |found: &Found, address: &str| found.devices.iter().any(|known| known.address == address);
    let is_bridge = |reading: &Reading| matches!(reading.measure, Measure::Bridge(_));
    for ((family, name), readings) in &on_air.readings {
        let own: Vec<Reading> = readings.iter().filter(|reading| !is_bridge(reading)).cloned().collect();
        // A bridge that lists its devices has said which of them are sensors.
        let is_listed = *family == "zigbee2mqtt" && !found.bases.is_empty();
        if let (Some(device), false) = (device(family, name, &own), own.is_empty() || is_listed)
            && !listed(found, &device.address)
        {
            found.devices.push(device);
        }
    }
    for entities in bridges.entities.into_values() {
        let is_known = |entity: &Entity| {
            on_air.topics.contains(&entity.state_topic) || (entity.zigbee2mqtt.is_some() && !found.bases.is_empty())
        };
        if !entities.iter().any(is_known) {
            for device in of_discovery(&entities) {
                if !listed(found, &device.address) {
                    found.devices.push(device);
                }
            }
        }
    }
}

/// A device that was heard; none where it said nothing of itself.
fn device(family: &'static str, name: &str, readings: &[Reading]) -> Option<Device> {
    let address = Devices::address_toml(family, name, readings)?;
    let taught = readings.iter().any(|reading| reading.measure.kind() == "teach_in");
    let kind = kind_of(readings, &address, taught);
    let kind = kind.map(|kind| guess::kind(kind, name));
    let doubt = match kind {
        // Teaching in is a deed of the person who stands there.
        _ if REACHES_THROUGH_WALLS.contains(&family) && !taught => Some(WHOSE),
        Some("service_button") => Some(WHICH_BUTTON),
        Some(_) => None,
        None => Some(WHAT_FOR),
    };
    let kind = kind.filter(|kind| *kind != "service_button");
    let about = format!("{family}, heard just now");
    Some(Device { name: name.to_owned(), about, address, kind, room: guess::room(name), doubt })
}

/// The same under the name that its port has in the file: a radar is its port.
fn on_port(device: Device, port: &str) -> Device {
    let looked_at = format!("\"{}\"", ports::LOOKING);
    let address = device.address.replace(&looked_at, &format!("\"{port}\""));
    let name = if device.name == ports::LOOKING { port.to_owned() } else { device.name };
    Device { name, address, ..device }
}

/// What it is for: what its address lets through, once it has said anything by itself or was taught in.
fn kind_of(readings: &[Reading], address: &str, taught: bool) -> Option<&'static str> {
    let own = Devices::kind_for(readings);
    let says = config::written::address(address).map(|address| address.says()).unwrap_or_default();
    if says.is_empty() || (own.is_none() && !taught) {
        return own;
    }
    let said = |measure| Reading { device: String::new(), measure, evidence: Evidence::Event, copy: false };
    Devices::kind_for(&says.into_iter().map(said).collect::<Vec<_>>())
}

/// Nobody has to pair these: what is heard may be the neighbour's.
const REACHES_THROUGH_WALLS: &[&str] =
    &["enocean", "rtl_433", "omg_rf", "theengs", "rflink", "rfxtrx", "rf_bridge", "uart_frame"];
const PORTS_MAX: usize = 20;
/// A flat has no more.
pub const DEVICES_MAX: usize = 200;
const TOPICS_MAX: usize = 1000;
const READINGS_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::init::bridges::tests::entity;
    use crate::model::observation::Press;

    fn reading(device: &str, measure: Measure) -> Reading {
        Reading { device: device.to_owned(), measure, evidence: Evidence::Event, copy: false }
    }

    #[test]
    fn what_came_by_open_radio_is_in_doubt_until_somebody_stands_there_and_teaches_it_in() {
        let heard = device("enocean", "0500bb02", &[reading("0500bb02", Measure::Motion(true))]).unwrap();
        assert_eq!((heard.kind, heard.doubt), (Some("motion"), Some(WHOSE)));
        let note = Measure::Note { kind: "teach_in".to_owned(), text: "A5-07-01 manufacturer 00D".to_owned() };
        let taught = device("enocean", "0500aa01", &[reading("0500aa01", note)]).unwrap();
        assert_eq!((taught.kind, taught.doubt), (Some("motion"), None));
        let paired = device("zigbee2mqtt", "pir", &[reading("pir", Measure::Motion(true))]).unwrap();
        assert_eq!((paired.kind, paired.doubt), (Some("motion"), None));
    }

    #[test]
    fn a_radar_is_its_port_by_the_name_it_has_in_the_file() {
        let there = vec![reading(ports::LOOKING, Measure::Presence(true))];
        let radar = on_port(device("ld2410", ports::LOOKING, &there).unwrap(), "ld2410");
        assert_eq!((radar.kind, radar.doubt, radar.name.as_str()), (Some("presence"), None, "ld2410"));
        assert!(radar.address.contains("port = \"ld2410\""), "{}", radar.address);
    }

    #[test]
    fn a_button_whose_meaning_nobody_said_calls_nobody() {
        let press = |press| device("zigbee2mqtt", "wall", &[reading("wall", Measure::Button(press))]).unwrap();
        assert_eq!((press(Press::Single).kind, press(Press::Single).doubt), (None, Some(WHICH_BUTTON)));
        assert_eq!((press(Press::Sos).kind, press(Press::Sos).doubt), (Some("call_button"), None));
        let silent = device("zigbee2mqtt", "x", &[reading("x", Measure::Alive)]).unwrap();
        assert_eq!((silent.kind, silent.doubt), (None, Some(WHAT_FOR)));
    }

    #[test]
    fn each_device_is_found_once_whoever_speaks_of_it() {
        let mut bridges = Bridges::default();
        let listed = Device { name: "pir".into(), address: "zigbee2mqtt = \"pir\"".into(), ..Device::default() };
        bridges.lists.insert("zigbee2mqtt".to_owned(), vec![listed]);
        let twin = Entity { zigbee2mqtt: Some("pir".to_owned()), ..entity("binary_sensor", "motion", "/occupancy") };
        bridges.entities.insert("zigbee2mqtt_0x1".to_owned(), vec![twin]);
        bridges.entities.insert("shed".to_owned(), vec![entity("binary_sensor", "door", "/d")]);
        let mut on_air = OnAir::default();
        let heard = |name: &str| vec![reading(name, Measure::Motion(true))];
        on_air.readings.insert(("zigbee2mqtt", "pir".to_owned()), heard("pir"));
        on_air.readings.insert(("zigbee2mqtt", "lamp".to_owned()), heard("lamp"));
        let mut found = Found { bases: vec!["zigbee2mqtt".to_owned()], ..Found::default() };
        gather(&mut found, bridges, &on_air);
        let names: Vec<&str> = found.devices.iter().map(|device| device.name.as_str()).collect();
        assert_eq!(names, ["pir", "shed"], "a lamp that the bridge lists as none is no sensor");
    }
}
