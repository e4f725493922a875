//! What `config` in a line of `carecircle decode` says, in the words of the captured frames: what an installer would have
//! written.
//!
//! Of all families: `addresses` (as in a configuration file), `retained`. Of single ones: `base`, `base_topic`,
//! `base_topics` (Zigbee2MQTT, rtl_433, Theengs, OpenMQTTGateway, Shelly), `eep` (EnOcean: profile by sender), `rf_map` (what
//! a radio code means: `"Generic-Remote/30847/205"` of rtl_433, `"bc614e"` of OpenMQTTGateway).

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
        let wiring = Wiring::usual(family).ok_or_else(|| format!("{family} does not speak on a serial port"))?;
        settings.serial.insert(PORT.to_owned(), wiring);
    }
    let mut addresses = Vec::new();
    for (sender, profile) in config["eep"].as_object().into_iter().flatten() {
        // A profile that is not known here leaves the sender unknown, as it would be in a home.
        addresses.extend(serde_json::from_value(json!({"enocean": {"sender": sender, "profile": profile}})).ok());
    }
    addresses.extend(radio_codes(&config["rf_map"], family)?);
    for address in config["addresses"].as_array().into_iter().flatten() {
        let address = serde_json::from_value(address.clone()).map_err(|error| format!("config.addresses: {error}"))?;
        addresses.push(address);
    }
    Ok((settings, addresses))
}

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
