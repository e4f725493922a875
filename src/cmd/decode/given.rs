//! What `config` in a line of `carecircle decode` says, in the words of the captured frames: what an installer would have
//! written.
//!
//! Of all families: `addresses` (as in a configuration file), `retained`. Of single ones: `base`, `base_topic`,
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
