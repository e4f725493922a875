//! Home Assistant's MQTT discovery: what devices say about themselves. A source of what exists, never a sensor.
//!
//! ```text
//! <prefix>/<component>/[<node>/]<object>/config   {"stat_t":"…","val_tpl":"{{ value_json.x }}","dev_cla":"motion","dev":{"ids":["…"]}}
//! <prefix>/device/[<node>/]<object>/config        {"dev":{…},"cmps":{"<id>":{"p":"binary_sensor","dev_cla":"motion"},…},"stat_t":"…"}
//! (empty payload)                                 the entity is gone
//! ```
//!
//! Every key has a long and a short name (`state_topic`, `stat_t`); `~` at either end of a topic stands for the value
//! of the key `~` (source: Home Assistant's documentation of MQTT discovery). Each entity becomes a note, from which
//! `listen` and `init` make the address that hears it: the native family's where the topic is one of ours, else `json`.
//! A template that computes cannot be followed; its first value is proposed, and said to be a guess.

use crate::devices::ha_entity::{Entity, NOTE, path_of};
use crate::devices::message::{Json, Object};
use crate::devices::{Decoded, Decoder, Identity, TOPIC_BYTES_MAX, lenient, reading};
use crate::model::frame::{Origin, RawFrame};
use crate::model::observation::{Evidence, Measure, Reading};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// One sentence for the table.
pub const SUMMARY: &str = "Home Assistant discovery: what exists and where it reports, never a sensor itself";

/// What to write for a device it speaks of.
pub const EXAMPLE: &str = "json = { topic = \"flat/pir\", pointer = \"/occupancy\", kind = \"motion\" }";

/// `[ha_discovery]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What discovery topics begin with.
    pub prefix: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { prefix: "homeassistant".to_owned() }
    }
}

/// There is none: nothing is ever heard of a sensor by its discovery.
#[derive(Debug, Clone, PartialEq)]
pub enum Address {}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(_from: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom(
            "discovery only says what exists; write where the sensor reports, as `carecircle listen` proposes it: \
             json = { topic = \"…\", pointer = \"/occupancy\", kind = \"motion\" }, or zigbee2mqtt = \"hall_pir\"",
        ))
    }
}

impl Identity for Address {
    fn device(&self) -> String {
        match *self {}
    }
}

/// The decoder.
pub fn decoder(settings: &Settings, _addresses: Vec<Address>) -> impl Decoder + use<> {
    HaDiscovery { prefix: settings.prefix.trim_end_matches('/').to_owned() }
}

/// The address that hears an entity: of a family of ours, or `json`.
pub fn address_toml(_device: &str, readings: &[Reading]) -> String {
    let entity = readings.iter().find_map(|reading| Entity::of(&reading.measure));
    entity.map_or("# discovery says nothing of where it reports".to_owned(), |entity| entity.address_toml(None))
}

struct HaDiscovery {
    prefix: String,
}

impl Decoder for HaDiscovery {
    fn topics(&self) -> Vec<String> {
        ["+/+/config", "+/+/+/config"].map(|rest| format!("{}/{rest}", self.prefix)).into()
    }

    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Mqtt { topic } = &frame.from else { return Decoded::NotMine };
        let place = topic.strip_prefix(&self.prefix).and_then(|rest| rest.strip_prefix('/'));
        let Some((component, object)) = place.and_then(component_and_object) else { return Decoded::NotMine };
        if frame.bytes.trim_ascii().is_empty() {
            return Decoded::Readings(Vec::new());
        }
        let message = match lenient::object(&frame.bytes) {
            Ok(message) => message,
            Err(why) => return Decoded::Malformed(why.to_owned()),
        };
        let note = |(part, entity): (&str, Entity), device: &str| {
            let text = serde_json::to_string(&entity).unwrap_or_default();
            let device = format!("{device}#{part}");
            reading(&device, Measure::Note { kind: NOTE.to_owned(), text }, Evidence::Level, frame.retained)
        };
        let device = identifier(&message).unwrap_or_else(|| object.to_owned()).replace('#', "_");
        let said = match (component, get(&message, "components", "cmps")) {
            ("device", Some(Json::Object(parts))) => {
                let part = |(part, own): (&str, &Json)| {
                    let own = own.as_object()?;
                    let component = get(own, "platform", "p")?.as_str()?;
                    Some(note((part, entity(component, &[own, &message], &device)?), &device))
                };
                parts.sorted().into_iter().filter_map(part).collect()
            }
            ("device", _) => return Decoded::Malformed("no_components".to_owned()),
            (component, _) => {
                let entity = entity(component, &[&message], &device);
                entity.map(|entity| note((object, entity), &device)).into_iter().collect()
            }
        };
        Decoded::Readings(said)
    }
}

/// `binary_sensor/node/object/config` → `binary_sensor`, `object`.
fn component_and_object(place: &str) -> Option<(&str, &str)> {
    let (component, rest) = place.strip_suffix("/config")?.split_once('/')?;
    let object = match rest.split_once('/') {
        Some((_, object)) if object.contains('/') => return None,
        Some((_, object)) => object,
        None => rest,
    };
    (!component.is_empty() && !object.is_empty()).then_some((component, object))
}

/// What stands at a key's long or short name.
fn get<'m, 'a>(map: &'m Object<'a>, long: &str, short: &str) -> Option<&'m Json<'a>> {
    map.get(long).or_else(|| map.get(short)).filter(|value| **value != Json::Null)
}

/// The device's first identifier, or what else names it.
fn identifier(message: &Object) -> Option<String> {
    let first = |value: &Json| {
        let one = value.as_list().map_or(Some(value), |all| all.first());
        one.and_then(Json::as_str).map(str::to_owned)
    };
    let device = get(message, "device", "dev").and_then(Json::as_object);
    let named = device.and_then(|device| {
        let by_id = get(device, "identifiers", "ids").and_then(first);
        let address = || get(device, "connections", "cns")?.at("/0/1")?.as_str().map(str::to_owned);
        by_id.or_else(address).or_else(|| device.get("name").and_then(first))
    });
    named
        .or_else(|| get(message, "unique_id", "uniq_id").and_then(first))
        .filter(|id| (1..=WORD_BYTES_MAX).contains(&id.len()))
}

/// The entity that these tables describe, the nearer one first; none where it reports nothing.
fn entity(component: &str, tables: &[&Object], device: &str) -> Option<Entity> {
    let at = |long: &str, short: &str| tables.iter().find_map(|table| get(table, long, short));
    let text = |long: &str, short: &str| at(long, short).and_then(Json::as_str);
    // These only take commands; a topic they share with the rest of their device is not theirs.
    if matches!(component, "button" | "scene" | "notify") {
        return None;
    }
    let base = text("~", "~").unwrap_or_default();
    let is_trigger = component == "device_automation";
    let topic = if is_trigger { text("topic", "t") } else { text("state_topic", "stat_t") };
    let state_topic = Some(with_base(topic?, base)).filter(|topic| topic.len() <= TOPIC_BYTES_MAX)?;
    let template = text("value_template", "val_tpl").unwrap_or_default();
    let is_short = template.len() <= TEMPLATE_BYTES_MAX;
    let (mut path, is_computed) = if is_short { path_of(template) } else { (Vec::new(), true) };
    if component == "event" && template.is_empty() {
        path.push("event_type".to_owned());
    }
    let usual = |word: &str| if component == "binary_sensor" { Value::from(word) } else { Value::Null };
    let (on, off) = if is_trigger {
        (at("payload", "pl").map(word_of).unwrap_or_default(), Value::Null)
    } else {
        (
            at("payload_on", "pl_on").map(word_of).unwrap_or_else(|| usual("ON")),
            at("payload_off", "pl_off").map(word_of).unwrap_or_else(|| usual("OFF")),
        )
    };
    let about = at("device", "dev").and_then(Json::as_object);
    let word = |long: &str, short: &str| about.and_then(|about| get(about, long, short)).and_then(Json::as_str);
    let model = [word("manufacturer", "mf"), word("model", "mdl")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let shown = |text: &str| text.chars().take(SHOWN_CHARACTERS_MAX).collect();
    Some(Entity {
        component: component.to_owned(),
        device_class: text("device_class", "dev_cla").filter(|class| class.len() <= WORD_BYTES_MAX).map(str::to_owned),
        zigbee2mqtt: friendly_name(&state_topic, device, bridge_base(tables, base)),
        state_topic,
        value_key: (!path.is_empty()).then(|| path.join(".")),
        pointer: path.iter().map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1"))).collect(),
        is_computed,
        payload_on: on,
        payload_off: off,
        name: shown(word("name", "name").or(text("name", "name")).unwrap_or_default()),
        model: shown(&model),
    })
}

/// What a state can be compared with; lists and tables are no words.
fn word_of(value: &Json) -> Value {
    match value {
        Json::Text(text) if text.len() > WORD_BYTES_MAX => Value::Null,
        Json::Text(_) | Json::Truth(_) | Json::Number(_) => value.to_value(),
        Json::Null | Json::List(_) | Json::Object(_) => Value::Null,
    }
}

// What all parts of a device share is said again with each of them: without these bounds a message of 64 KB could become a
// thousand times as much.
const WORD_BYTES_MAX: usize = 200;
const TEMPLATE_BYTES_MAX: usize = 2000;
const SHOWN_CHARACTERS_MAX: usize = 100;

fn with_base(topic: &str, base: &str) -> String {
    match (topic.strip_prefix('~'), topic.strip_suffix('~')) {
        (Some(rest), _) => format!("{base}{rest}"),
        (None, Some(rest)) => format!("{rest}{base}"),
        (None, None) => topic.to_owned(),
    }
}

/// The base topic of the Zigbee2MQTT bridge whose state is the availability of the entity.
fn bridge_base(tables: &[&Object], base: &str) -> Option<String> {
    let at = |long: &str, short: &str| tables.iter().find_map(|table| get(table, long, short));
    let listed = at("availability", "avty").and_then(Json::as_list).into_iter().flatten();
    let listed = listed.filter_map(|each| get(each.as_object()?, "topic", "t")?.as_str());
    let own = at("availability_topic", "avty_t").and_then(Json::as_str);
    listed.chain(own).find_map(|topic| with_base(topic, base).strip_suffix("/bridge/state").map(str::to_owned))
}

/// The name of a device that Zigbee2MQTT speaks of.
fn friendly_name(topic: &str, device: &str, base: Option<String>) -> Option<String> {
    let is_usual = || device.starts_with("zigbee2mqtt_") && topic.starts_with("zigbee2mqtt/");
    let base = base.or_else(|| is_usual().then(|| "zigbee2mqtt".to_owned()))?;
    let name = topic.strip_prefix(&base)?.strip_prefix('/')?;
    let name = name.strip_suffix("/action").unwrap_or(name);
    (!name.is_empty() && !name.starts_with("bridge/")).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};

    fn entities(topic: &str, message: Value) -> Vec<(String, Entity)> {
        let frame = RawFrame {
            from: Origin::Mqtt { topic: topic.to_owned() },
            bytes: message.to_string().into_bytes(),
            retained: true,
        };
        let Decoded::Readings(readings) = decoder(&Settings::default(), Vec::new()).decode(&frame) else {
            panic!("{topic} {message}")
        };
        let entity = |reading: Reading| {
            assert_eq!(reading.evidence, Evidence::Cached);
            (reading.device, Entity::of(&reading.measure).unwrap())
        };
        readings.into_iter().map(entity).collect()
    }

    #[test]
    fn short_names_a_base_and_odd_payloads_become_a_json_address() {
        let said = entities(
            "homeassistant/binary_sensor/shed/door/config",
            json!({"~": "shed/7", "stat_t": "~/st", "val_tpl": "{{ value_json.d }}", "dev_cla": "door", "pl_on": 1, "pl_off": 2,
                   "dev": {"cns": [["mac", "02:aa"]], "mf": "Made", "mdl": "Up"}, "uniq_id": "u"}),
        );
        let [(device, door)] = &said[..] else { panic!("{said:?}") };
        assert_eq!((device.as_str(), door.model.as_str()), ("02:aa#door", "Made Up"));
        assert_eq!(door.sensor_kind(), Some("door"));
        let written = door.address_toml(Some("/b"));
        assert_eq!(
            written,
            "json = { topic = \"shed/7/st\", pointer = \"/d\", kind = \"contact\", values = { open = [1], closed = [2] }, battery = \"/b\" }"
        );
    }

    #[test]
    fn a_device_of_zigbee2mqtt_is_addressed_by_its_friendly_name_under_any_base_topic() {
        let said = entities(
            "homeassistant/sensor/0x00aa/action/config",
            json!({"availability": [{"topic": "upstairs/zb/bridge/state"}], "state_topic": "upstairs/zb/\u{5367}\u{5ba4}/sos",
                   "value_template": "{{ value_json.action }}", "device": {"identifiers": "zigbee2mqtt_0x00aa"}}),
        );
        assert_eq!(said[0].1.address_toml(None), "zigbee2mqtt = \"\u{5367}\u{5ba4}/sos\"");
    }

    #[test]
    fn a_device_tells_of_all_its_entities_in_one_message() {
        let said = entities(
            "homeassistant/device/radar/config",
            json!({"dev": {"ids": ["r1"], "name": "Radar"}, "o": {"name": "x"}, "stat_t": "radar/state",
                   "cmps": {"there": {"p": "binary_sensor", "dev_cla": "occupancy", "val_tpl": "{{ value_json.there }}"},
                            "lux": {"p": "sensor", "dev_cla": "illuminance", "val_tpl": "{{ value_json.lux }}"},
                            "gone": {"p": "sensor"}, "bad": 7, "restart": {"p": "button", "stat_t": null, "cmd_t": "radar/cmd"}}}),
        );
        let kinds: Vec<_> = said.iter().map(|(device, entity)| (device.as_str(), entity.sensor_kind())).collect();
        assert!(kinds.contains(&("r1#there", Some("presence"))) && kinds.contains(&("r1#lux", None)), "{kinds:?}");
    }

    #[test]
    fn a_message_does_not_grow_a_thousandfold_in_its_parts() {
        let parts: Map<String, Value> = (0..1000).map(|n| (n.to_string(), json!({"p": "sensor"}))).collect();
        let long = |key: &str| {
            let mut message =
                json!({"dev": {"ids": ["r"], "name": "r", "mdl": "m"}, "stat_t": "t", "val_tpl": "", "pl_on": 1});
            let long = Value::from("x".repeat(20_000));
            let place = if message["dev"].get(key).is_some() { &mut message["dev"][key] } else { &mut message[key] };
            *place = if key == "pl_on" { json!([long]) } else { long };
            message["cmps"] = Value::Object(parts.clone());
            message
        };
        for key in ["ids", "name", "mdl", "stat_t", "val_tpl", "pl_on", "dev_cla"] {
            let said = entities("homeassistant/device/radar/config", long(key));
            let bytes: usize = said.iter().map(|(name, entity)| name.len() + format!("{entity:?}").len()).sum();
            assert!(bytes < 1_000_000, "{key}: {bytes} bytes");
            assert!(key == "stat_t" || said.len() == 1000, "{key}: the parts are still told of");
        }
    }

    #[test]
    fn a_trigger_is_a_button_with_its_own_word() {
        let said = entities(
            "homeassistant/device_automation/cord/pull/config",
            json!({"atype": "trigger", "t": "cord/ev", "pl": "help SOS", "dev": {"ids": "cord"}}),
        );
        assert_eq!(said[0].1.sensor_kind(), Some("call_button"));
        assert!(said[0].1.address_toml(None).contains("values = { sos = [\"help SOS\"] }"));
    }
}
