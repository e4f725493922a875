//! What `config` in a line of `carecircle decode` says, in the words of the captured frames: what an installer would have
//! written.
//!
//! Of all families: `addresses` (as in a configuration file), `retained`. Of single ones: `base`, `base_topic`,
//! `base_topics` (Zigbee2MQTT, Homie), `eep` (EnOcean: profile by sender), `full_topic`, `bridges`, `switch_map` and `rf_map`
//! (Tasmota), `map` (ESPHome: kind by object).

use super::PORT;
use crate::devices::{Address, Settings, Wiring};
use serde_json::{Value, json};

/// Settings and addresses as `config` gives them.
pub fn configured(asked: &Value, family: Option<&str>) -> Result<(Settings, Vec<Address>), String> {
    let config = &asked["config"];
    let mut settings = Settings::default();
    for key in ["base", "base_topic", "base_topics"] {
        match &config[key] {
            Value::String(base) => settings.zigbee2mqtt.base_topics = vec![base.clone()],
            Value::Array(bases) => {
                settings.zigbee2mqtt.base_topics = bases.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
        }
    }
    if asked.get("topic").is_none() {
        let is_hex = asked.get("input_hex").is_some() || asked.get("chunks_hex").is_some();
        let family = family.unwrap_or(if is_hex { "enocean" } else { "text" });
        let wiring = Wiring::usual(family).ok_or_else(|| format!("{family} does not speak on a serial port"))?;
        settings.serial.insert(PORT.to_owned(), wiring);
    }
    let mut addresses = Vec::new();
    for (sender, profile) in config["eep"].as_object().into_iter().flatten() {
        // A profile that is not known here leaves the sender unknown, as it would be in a home.
        addresses.extend(serde_json::from_value(json!({"enocean": {"sender": sender, "profile": profile}})).ok());
    }
    match family {
        Some("tasmota") => tasmota(config, &mut settings, &mut addresses),
        Some("esphome") => esphome(asked, &mut addresses),
        Some("homie") => settings.homie.base_topics.clone_from(&homie_bases(config, &settings)),
        Some(_) | None => {}
    }
    for address in config["addresses"].as_array().into_iter().flatten() {
        let address = serde_json::from_value(address.clone()).map_err(|error| format!("config.addresses: {error}"))?;
        addresses.push(address);
    }
    Ok((settings, addresses))
}

/// `full_topic`, `switch_map` (`<topic>/<number>` → kind) and `rf_map` (code → what it says).
fn tasmota(config: &Value, settings: &mut Settings, addresses: &mut Vec<Address>) {
    if let Some(full) = config["full_topic"].as_str() {
        settings.tasmota.full_topics = vec![full.to_owned()];
    }
    let bridges = config["bridges"].as_array().into_iter().flatten().filter_map(Value::as_str);
    settings.tasmota.bridges.extend(bridges.map(str::to_owned));
    for (input, kind) in config["switch_map"].as_object().into_iter().flatten() {
        let Some((topic, number)) = input.rsplit_once('/') else { continue };
        let number: u8 = number.parse().unwrap_or_default();
        let (kind, values) = kind_of(kind);
        let written = json!({"tasmota": {"topic": topic, "switch": number, "kind": kind, "values": values}});
        addresses.extend(serde_json::from_value(written).ok());
    }
    for (code, means) in config["rf_map"].as_object().into_iter().flatten() {
        addresses.extend(serde_json::from_value(json!({"tasmota": {"codes": {code: means}}})).ok());
    }
}

/// `map`: the kind of each object of the node that the topic names.
fn esphome(asked: &Value, addresses: &mut Vec<Address>) {
    let topic = asked["topic"].as_str().unwrap_or_default();
    let components = ["/binary_sensor/", "/sensor/", "/switch/", "/text_sensor/", "/event/"];
    let node = components.iter().find_map(|component| topic.split_once(component)).or(topic.rsplit_once('/'));
    let Some((node, _)) = node else { return };
    for (object, kind) in asked["config"]["map"].as_object().into_iter().flatten() {
        let (kind, values) = kind_of(kind);
        let written = json!({"esphome": {"node": node, "object": object, "kind": kind, "values": values}});
        addresses.extend(serde_json::from_value(written).ok());
    }
}

/// A kind, and the words for it where the captured frames say more by it: `sos` is a button whose being on is a call.
fn kind_of(kind: &Value) -> (Value, Value) {
    match kind.as_str() {
        Some("sos") => (json!("button"), json!({"sos": ["on", "press"], "released": ["off"]})),
        Some("door" | "window") => (json!("contact"), json!({})),
        Some(_) | None => (kind.clone(), json!({})),
    }
}

fn homie_bases(config: &Value, settings: &Settings) -> Vec<String> {
    let is_given = ["base", "base_topic", "base_topics"].iter().any(|key| !config[*key].is_null());
    if is_given { settings.zigbee2mqtt.base_topics.clone() } else { settings.homie.base_topics.clone() }
}
