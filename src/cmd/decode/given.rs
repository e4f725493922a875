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
    }
    for address in config["addresses"].as_array().into_iter().flatten() {
        let address = serde_json::from_value(address.clone()).map_err(|error| format!("config.addresses: {error}"))?;
        addresses.push(address);
    }
    Ok((settings, addresses))
}
