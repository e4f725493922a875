//! What `config` in a line of `carecircle decode` says, in the words of the captured frames: what an installer would have
//! written.
//!
//! Of all families: `addresses` (as in a configuration file), `retained`. Of single ones:
//!
//! * Zigbee2MQTT: `base`, `base_topic`, `base_topics`
//! * EnOcean: `eep` (profile by sender)
//! * RFXtrx: `lighting4` (meaning by command by id)
//! * LoRaWAN: `decoder` (decoder by DevEUI)
//! * Home Assistant discovery: `prefix`, `discovery_prefix`
//! Of all families: `addresses` (as in a configuration file), `retained`. Of single ones: `base`, `base_topic`,
//! `base_topics` (Zigbee2MQTT, Homie), `eep` (EnOcean: profile by sender), `full_topic`, `bridges`, `switch_map` and `rf_map`
//! (Tasmota), `map`
//! (ESPHome: kind by object).
//! `base_topics` (Zigbee2MQTT, rtl_433, Theengs, OpenMQTTGateway, Shelly), `eep` (EnOcean: profile by sender), `rf_map` (what
//! a radio code means: `"Generic-Remote/30847/205"` of rtl_433, `"bc614e"` of OpenMQTTGateway).
//! `base_topics` (Zigbee2MQTT), `eep` (EnOcean: profile by sender), `wiring` (serial: the family of the port with its settings,
//! `{"uart_frame": {"length": 6}}`), `rf_map` (RF bridge: what each code says).

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
    for key in ["prefix", "discovery_prefix"] {
        if let Some(prefix) = config[key].as_str() {
            settings.ha_discovery.prefix = prefix.to_owned();
        }
    match family {
        Some("rtl_433") => settings.rtl_433.base_topics = bases(config).unwrap_or(settings.rtl_433.base_topics),
        Some("theengs") => settings.theengs.base_topics = bases(config).unwrap_or(settings.theengs.base_topics),
        Some("omg_rf") => settings.omg_rf.base_topics = bases(config).unwrap_or(settings.omg_rf.base_topics),
        Some("shelly") => settings.shelly.base_topics = bases(config).unwrap_or(settings.shelly.base_topics),
        Some(_) | None => {}
    }
    if asked.get("topic").is_none() {
        let is_hex = asked.get("input_hex").is_some() || asked.get("chunks_hex").is_some();
        let family = family.unwrap_or(if is_hex { "enocean" } else { "text" });
        let usual = Wiring::usual(family).ok_or_else(|| format!("{family} does not speak on a serial port"))?;
        let wiring = match config.get("wiring") {
            Some(written) => {
                serde_json::from_value(written.clone()).map_err(|error| format!("config.wiring: {error}"))?
            }
            None => usual,
        };
        settings.serial.insert(PORT.to_owned(), wiring);
    }
    let mut addresses = Vec::new();
    for (sender, profile) in config["eep"].as_object().into_iter().flatten() {
        // A profile that is not known here leaves the sender unknown, as it would be in a home.
        addresses.extend(serde_json::from_value(json!({"enocean": {"sender": sender, "profile": profile}})).ok());
    }
    for (id, commands) in config["lighting4"].as_object().into_iter().flatten() {
        let codes = commands.as_object().into_iter().flatten().map(|(command, means)| {
            // The id is all but the last digit of a code; its command may be written as a byte.
            let digit: String = command.chars().last().into_iter().collect();
            (format!("{id}{digit}"), means.clone())
        });
        let codes: serde_json::Map<String, Value> = codes.collect();
        addresses.extend(serde_json::from_value(json!({"rfxtrx": {"codes": codes}})).ok());
    }
    for (dev_eui, decoder) in config["decoder"].as_object().into_iter().flatten() {
        // A decoder that is not known here leaves the device without one.
        addresses.extend(serde_json::from_value(json!({"lorawan": {"dev_eui": dev_eui, "decoder": decoder}})).ok());
    match family {
        Some("tasmota") => tasmota(config, &mut settings, &mut addresses),
        Some("esphome") => esphome(asked, &mut addresses),
        Some("homie") => settings.homie.base_topics.clone_from(&homie_bases(config, &settings)),
        Some(_) | None => {}
    }
    addresses.extend(radio_codes(&config["rf_map"], family)?);
    if let Some(family @ ("rf_bridge" | "uart_frame")) = family {
        for (code, means) in config["rf_map"].as_object().into_iter().flatten() {
            let address = json!({ family: { "codes": { code: means } } });
            addresses.push(serde_json::from_value(address).map_err(|error| format!("config.rf_map: {error}"))?);
        }
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
/// The base topics that `config` names.
fn bases(config: &Value) -> Option<Vec<String>> {
    ["base", "base_topic", "base_topics"].iter().find_map(|key| match &config[*key] {
        Value::String(base) => Some(vec![base.clone()]),
        Value::Array(bases) => Some(bases.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    })
}

/// What radio codes mean, of the MQTT families that hear them.
fn radio_codes(map: &Value, family: Option<&str>) -> Result<Vec<Address>, String> {
    let mut addresses = Vec::new();
    for (code, means) in map.as_object().into_iter().flatten() {
        let address = match (family, code.rsplit_once('/')) {
            (Some("rtl_433"), Some((device, code))) => {
                json!({"rtl_433": {"device": device, "codes": {code: means}}})
            }
            (Some("omg_rf"), _) => json!({"omg_rf": {"codes": {code: means}}}),
            (Some(_) | None, _) => continue,
        };
        addresses.push(serde_json::from_value(address).map_err(|error| format!("config.rf_map: {error}"))?);
    }
    Ok(addresses)
}
