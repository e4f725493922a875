//! Looks around: the broker, the bridges behind it, Home Assistant's discovery, the serial ports, and what is heard.
//!
//! Publishes nothing and writes to no port.

use super::found::{Device, Found, Speaks, WHAT_FOR, WHICH_BUTTON, WHOSE};
use super::{guess, ports, zigbee};
use crate::clock;
use crate::devices::ha_entity::Entity;
use crate::devices::{Decoded, Devices, Settings};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Measure, Reading};
use crate::model::time::Span;
use crate::mqtt::{self, Access};
use crate::problem::Problem;
use crate::text::{counted, shown};
use serde_json::Value;
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

/// What bridges and discovery say of themselves.
#[derive(Default)]
struct Bridges {
    /// The list of each bridge, by its base topic.
    lists: BTreeMap<String, Vec<Device>>,
    others: BTreeMap<String, usize>,
    versions: BTreeMap<String, String>,
    /// Entities of discovery: device, then entity.
    entities: BTreeMap<String, Vec<Entity>>,
}

impl Bridges {
    fn hear(&mut self, discovery: &mut Devices, topic: &str, payload: Vec<u8>) {
        if let Some(base) = topic.strip_suffix("/bridge/devices") {
            let list: Value = serde_json::from_slice(&payload).unwrap_or_default();
            let (sensors, others) = zigbee::devices(&list);
            if self.lists.len() < BASES_MAX || self.lists.contains_key(base) {
                self.lists.insert(base.to_owned(), sensors);
                self.others.insert(base.to_owned(), others);
            }
            return;
        }
        if let Some(base) = topic.strip_suffix("/bridge/info") {
            let info: Value = serde_json::from_slice(&payload).unwrap_or_default();
            if let (Some(version), true) = (info["version"].as_str(), self.versions.len() < BASES_MAX) {
                self.versions.insert(base.to_owned(), shown(version, 16));
            }
            return;
        }
        let frame = RawFrame { from: Origin::Mqtt { topic: topic.to_owned() }, bytes: payload, retained: true };
        for heard in discovery.decode(&frame) {
            let Decoded::Readings(readings) = heard.outcome else { continue };
            for reading in readings {
                let Some(entity) = Entity::of(&reading.measure) else { continue };
                let device = reading.device.split('#').next().unwrap_or_default().to_owned();
                if self.entities.len() < DEVICES_MAX || self.entities.contains_key(&device) {
                    let entities = self.entities.entry(device).or_default();
                    if entities.len() < ENTITIES_MAX && !entities.contains(&entity) {
                        entities.push(entity);
                    }
                }
            }
        }
    }

    fn tell(&self, say: &mut dyn FnMut(String)) {
        for (base, sensors) in &self.lists {
            let version = self.versions.get(base).map(|version| format!(" {version}")).unwrap_or_default();
            let others = self.others.get(base).copied().unwrap_or_default();
            let base = shown(base, 24);
            let (sensors, others) = (counted(sensors.len(), "sensor"), counted(others, "other device"));
            say(format!("zigbee   Zigbee2MQTT{version} on \"{base}\": {sensors}, {others}"));
        }
        if !self.entities.is_empty() {
            say(format!("announce {} by Home Assistant discovery", counted(self.entities.len(), "device")));
        }
    }
}

/// What the broker keeps for whoever asks; `Err` with words where it does not answer.
async fn retained(access: &Access, bridges: &mut Bridges) -> Result<Result<(), String>, Problem> {
    let mut discovery = Devices::all(&Settings::default(), &[]);
    let filters = ["+/bridge/devices", "+/bridge/info", "+/+/bridge/devices", "+/+/bridge/info"].map(str::to_owned);
    let filters = filters.into_iter().chain(discovery_topics()).collect();
    let client_id = format!("carecircle-init-{}", std::process::id());
    let settings = mqtt::Settings { filters, ..access.settings(client_id)? };
    let (link, mut events) = mqtt::start_for_large(settings, Arc::default());
    match timeout(ANSWER_WITHIN, events.recv()).await {
        Ok(Some(mqtt::Event::Up)) => {}
        Ok(Some(mqtt::Event::Down { why })) => return Ok(Err(why)),
        Ok(Some(mqtt::Event::Message { .. }) | None) | Err(_) => return Ok(Err("no answer".to_owned())),
    }
    let end = clock::since_boot() + Span::from_std(ANSWER_WITHIN).unwrap_or_default();
    // What is kept comes in one go; a pause is its end.
    while clock::since_boot() < end
        && let Ok(Some(event)) = timeout(PAUSE, events.recv()).await
    {
        if let mqtt::Event::Message { topic, payload, .. } = event {
            bridges.hear(&mut discovery, &topic, payload);
        }
    }
    link.stop();
    Ok(Ok(()))
}

fn discovery_topics() -> Vec<String> {
    let prefix = Settings::default().ha_discovery.prefix;
    vec![format!("{prefix}/+/+/config"), format!("{prefix}/+/+/+/config")]
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

/// The sensors of one device that discovery describes: each value a person's life shows in; the temperature only where
/// there is nothing else.
fn of_discovery(entities: &[Entity]) -> Vec<Device> {
    let is_main = |entity: &&Entity| entity.sensor_kind().is_some_and(|kind| kind != "temperature");
    let mut main: Vec<&Entity> = entities.iter().filter(is_main).collect();
    if main.is_empty() {
        main = entities.iter().filter(|entity| entity.sensor_kind().is_some()).take(1).collect();
    }
    let made = |entity: &&Entity| {
        let beside = entities.iter().find(|other| {
            other.kind() == Some("battery") && other.state_topic == entity.state_topic && !other.is_computed
        });
        let address = entity.address_toml(beside.map(|battery| battery.pointer.as_str()));
        let name = if entity.name.is_empty() { entity.state_topic.clone() } else { entity.name.clone() };
        let about = format!("{name} {}", entity.state_topic);
        let kind = entity.sensor_kind().map(|kind| guess::kind(kind, &about));
        let by_radio = ["BTtoMQTT", "433toMQTT", "rtl_433"].iter().any(|radio| entity.state_topic.contains(radio));
        let doubt = match kind {
            _ if by_radio => Some(WHOSE),
            Some("service_button") => Some(WHICH_BUTTON),
            _ if entity.is_computed => Some("its template computes the value: compare with `carecircle listen`"),
            Some(_) => None,
            None => Some(WHAT_FOR),
        };
        let kind = kind.filter(|kind| *kind != "service_button");
        Device { room: guess::room(&about), about: entity.model.clone(), name, address, kind, doubt }
    };
    main.iter().map(made).collect()
}

/// A device that was heard; none where it said nothing of itself.
fn device(family: &'static str, name: &str, readings: &[Reading]) -> Option<Device> {
    let address = Devices::address_toml(family, name, readings)?;
    let taught = readings.iter().any(|reading| reading.measure.kind() == "teach_in");
    let kind = Devices::kind_for(readings, &address).or_else(|| if taught { kind_of_profile(&address) } else { None });
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

/// What EnOcean's profiles are for.
fn kind_of_profile(address: &str) -> Option<&'static str> {
    let profiles = [
        ("\"A5-07-", "motion"),
        ("\"A5-08-", "motion"),
        ("\"D5-00-", "door"),
        ("\"F6-02-", "service_button"),
        ("\"A5-02-", "temperature"),
        ("\"A5-04-", "temperature"),
    ];
    profiles.iter().find(|(profile, _)| address.contains(profile)).map(|(_, kind)| *kind)
}

/// Nobody has to pair these: what is heard may be the neighbour's.
const REACHES_THROUGH_WALLS: &[&str] =
    &["enocean", "rtl_433", "omg_rf", "theengs", "rflink", "rfxtrx", "rf_bridge", "uart_frame"];
const ANSWER_WITHIN: Duration = Duration::from_secs(6);
const PAUSE: Duration = Duration::from_millis(700);
const BASES_MAX: usize = 20;
const PORTS_MAX: usize = 20;
const DEVICES_MAX: usize = 200;
const ENTITIES_MAX: usize = 60;
const TOPICS_MAX: usize = 1000;
const READINGS_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::{Evidence, Press};

    fn reading(device: &str, measure: Measure) -> Reading {
        Reading { device: device.to_owned(), measure, evidence: Evidence::Event, copy: false }
    }

    fn entity(component: &str, class: &str, pointer: &str) -> Entity {
        Entity {
            component: component.to_owned(),
            device_class: Some(class.to_owned()),
            state_topic: "shed/st".to_owned(),
            pointer: pointer.to_owned(),
            name: "shed".to_owned(),
            ..Entity::default()
        }
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
    fn discovery_gives_one_sensor_per_meaning_with_the_battery_beside_it() {
        let door = entity("binary_sensor", "door", "/d");
        let warm = entity("sensor", "temperature", "/t");
        let battery = entity("sensor", "battery", "/b");
        let found = of_discovery(&[battery.clone(), warm.clone(), door]);
        let [door] = &found[..] else { panic!("{found:?}") };
        assert!(door.kind == Some("door") && door.address.contains("battery = \"/b\""), "{door:?}");
        assert_eq!(of_discovery(&[battery.clone(), warm])[0].kind, Some("temperature"));
        assert_eq!(of_discovery(&[battery]), []);
    }

    #[test]
    fn discovery_of_a_gateway_for_open_radio_or_with_a_template_that_computes_is_in_doubt() {
        let mut far = entity("binary_sensor", "door", "/open");
        far.state_topic = "home/gw/BTtoMQTT/AABB".to_owned();
        assert_eq!(of_discovery(&[far])[0].doubt, Some(WHOSE));
        let computed = Entity { is_computed: true, ..entity("binary_sensor", "motion", "/x") };
        assert!(of_discovery(&[computed])[0].doubt.is_some());
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
