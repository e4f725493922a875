//! What bridges and discovery say of themselves and their devices: kept at the broker for whoever asks.

use super::found::{Device, WHAT_FOR, WHICH_BUTTON, WHOSE};
use super::look::DEVICES_MAX;
use super::{guess, zigbee};
use crate::clock;
use crate::devices::ha_entity::Entity;
use crate::devices::{Decoded, Devices, Settings};
use crate::model::frame::{Origin, RawFrame};
use crate::model::time::Span;
use crate::mqtt::{self, Access};
use crate::problem::Problem;
use crate::text::{counted, shown};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// What bridges and discovery say of themselves.
#[derive(Default)]
pub struct Bridges {
    /// The list of each bridge, by its base topic.
    pub lists: BTreeMap<String, Vec<Device>>,
    others: BTreeMap<String, usize>,
    versions: BTreeMap<String, String>,
    /// Entities of discovery: device, then entity.
    pub entities: BTreeMap<String, Vec<Entity>>,
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

    /// Tells of it line by line.
    pub fn tell(&self, say: &mut dyn FnMut(String)) {
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
pub async fn retained(access: &Access, bridges: &mut Bridges) -> Result<Result<(), String>, Problem> {
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

/// The sensors of one device that discovery describes: each value a person's life shows in; the temperature only where
/// there is nothing else.
pub fn of_discovery(entities: &[Entity]) -> Vec<Device> {
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

const ANSWER_WITHIN: Duration = Duration::from_secs(6);
const PAUSE: Duration = Duration::from_millis(700);
const BASES_MAX: usize = 20;
const ENTITIES_MAX: usize = 60;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn entity(component: &str, class: &str, pointer: &str) -> Entity {
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
}
