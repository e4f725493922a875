//! What `config` in a line of `carecircle decode` says, in the words of the captured frames: what an installer would have
//! written.
//!
//! Of all families: `addresses` and `settings` (as in a configuration file), `retained`. Of single ones:
//!
//! * `base`, `base_topic`, `base_topics`: Zigbee2MQTT, Homie, rtl_433, Theengs, OpenMQTTGateway, Shelly
//! * `prefix`, `discovery_prefix`: Home Assistant discovery
//! * `full_topic`, `bridges`, `switch_map` (kind by `<topic>/<number>`): Tasmota
//! * `map` (kind by object): ESPHome
//! * `rf_map` (what a radio code means): Tasmota, OpenMQTTGateway, RF bridge, UART frames, rtl_433 (by `model/id/command`)
//! * `lighting4` (meaning by command by id): RFXtrx
//! * `eep` (profile by sender): EnOcean
//! * `decoder` (decoder by DevEUI): LoRaWAN
//! * `wiring` (the family of the serial port with its settings): `{"uart_frame": {"length": 6}}`

use super::PORT;
use crate::devices::{Address, Settings, Wiring};
use serde_json::{Map, Value, json};

/// Settings and addresses as `config` gives them.
pub fn configured(asked: &Value, family: Option<&str>) -> Result<(Settings, Vec<Address>), String> {
    let config = &asked["config"];
    let mut settings = topics(config, family)?;
    if asked.get("topic").is_none() {
        settings.serial.insert(PORT.to_owned(), wiring(asked, family)?);
    }
    let mut addresses = Vec::new();
    for (sender, profile) in pairs(&config["eep"]) {
        // A profile that is not known here leaves the sender unknown, as it would be in a home.
        addresses.extend(address(json!({"enocean": {"sender": sender, "profile": profile}})));
    }
    for (dev_eui, decoder) in pairs(&config["decoder"]) {
        addresses.extend(address(json!({"lorawan": {"dev_eui": dev_eui, "decoder": decoder}})));
    }
    for (id, commands) in pairs(&config["lighting4"]) {
        addresses.extend(lighting4(id, commands));
    }
    for (input, kind) in pairs(&config["switch_map"]) {
        addresses.extend(switch(input, kind));
    }
    for (object, kind) in pairs(&config["map"]) {
        addresses.extend(object_of(asked["topic"].as_str().unwrap_or_default(), object, kind));
    }
    for (code, means) in pairs(&config["rf_map"]) {
        addresses.push(radio_code(family, code, means)?);
    }
    for written in config["addresses"].as_array().into_iter().flatten() {
        let address = serde_json::from_value(written.clone()).map_err(|error| format!("config.addresses: {error}"))?;
        addresses.push(address);
    }
    Ok((settings, addresses))
}

/// Where the family's messages are found on the broker.
fn topics(config: &Value, family: Option<&str>) -> Result<Settings, String> {
    let written = config.get("settings").cloned().unwrap_or_else(|| json!({}));
    let read = |written: &Value| serde_json::from_value::<Settings>(written.clone());
    let mut settings = read(&written).map_err(|error| format!("config.settings: {error}"))?;
    let list = |value: &Value| match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(many) => Some(many.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    };
    if let Some(bases) = ["base", "base_topic", "base_topics"].iter().find_map(|key| list(&config[*key])) {
        // A family without base topics refuses them, and has nothing to be set.
        settings = read(&with_bases(written, family.unwrap_or("zigbee2mqtt"), bases)).unwrap_or(settings);
    }
    if let Some(full_topics) = list(&config["full_topic"]) {
        settings.tasmota.full_topics = full_topics;
    }
    settings.tasmota.bridges.extend(list(&config["bridges"]).into_iter().flatten());
    if let Some(prefix) = ["prefix", "discovery_prefix"].iter().find_map(|key| config[*key].as_str()) {
        settings.ha_discovery.prefix = prefix.to_owned();
    }
    Ok(settings)
}

/// The settings as they are written, with these base topics of `family`.
fn with_bases(mut written: Value, family: &str, bases: Vec<String>) -> Value {
    if let Some(families) = written.as_object_mut() {
        let of_family = families.entry(family).or_insert_with(|| json!({}));
        if let Some(of_family) = of_family.as_object_mut() {
            of_family.insert("base_topics".to_owned(), json!(bases));
        }
    }
    written
}

/// What speaks on the serial port.
fn wiring(asked: &Value, family: Option<&str>) -> Result<Wiring, String> {
    let is_hex = asked.get("input_hex").is_some() || asked.get("chunks_hex").is_some();
    let family = family.unwrap_or(if is_hex { "enocean" } else { "text" });
    let usual = Wiring::usual(family).ok_or_else(|| format!("{family} does not speak on a serial port"))?;
    match asked["config"].get("wiring") {
        Some(written) => serde_json::from_value(written.clone()).map_err(|error| format!("config.wiring: {error}")),
        None => Ok(usual),
    }
}

/// A code of a remote or a PIR.
fn radio_code(family: Option<&str>, code: &str, means: &Value) -> Result<Address, String> {
    let written = match (family, code.rsplit_once('/')) {
        (Some("rtl_433"), Some((device, command))) => {
            json!({"rtl_433": {"device": device, "codes": {command: means}}})
        }
        (Some(family), _) => json!({family: {"codes": {code: means}}}),
        (None, _) => return Err("config.rf_map needs a family".to_owned()),
    };
    serde_json::from_value(written).map_err(|error| format!("config.rf_map: {error}"))
}

/// The commands of a Lighting4 id, which is all but the last digit of a code; a command may be written as a byte.
fn lighting4(id: &str, commands: &Value) -> Option<Address> {
    let code = |(command, means): (&str, &Value)| {
        let digit: String = command.chars().last().into_iter().collect();
        (format!("{id}{digit}"), means.clone())
    };
    let codes: Map<String, Value> = pairs(commands).map(code).collect();
    address(json!({"rfxtrx": {"codes": codes}}))
}

/// An input of a Tasmota device: `<topic>/<number>`.
fn switch(input: &str, kind: &Value) -> Option<Address> {
    let (topic, number) = input.rsplit_once('/')?;
    let number: u8 = number.parse().ok()?;
    let (kind, values) = kind_of(kind);
    address(json!({"tasmota": {"topic": topic, "switch": number, "kind": kind, "values": values}}))
}

/// An object of the ESPHome node that the topic names.
fn object_of(topic: &str, object: &str, kind: &Value) -> Option<Address> {
    let components = ["/binary_sensor/", "/sensor/", "/switch/", "/text_sensor/", "/event/"];
    let (node, _) = components.iter().find_map(|name| topic.split_once(name)).or(topic.rsplit_once('/'))?;
    let (kind, values) = kind_of(kind);
    address(json!({"esphome": {"node": node, "object": object, "kind": kind, "values": values}}))
}

/// A kind, and the words for it where the captured frames say more by it: `sos` is a button whose being on is a call.
fn kind_of(kind: &Value) -> (Value, Value) {
    match kind.as_str() {
        Some("sos") => (json!("button"), json!({"sos": ["on", "press"], "released": ["off"]})),
        Some("door" | "window") => (json!("contact"), json!({})),
        Some(_) | None => (kind.clone(), json!({})),
    }
}

/// The address, where this program has such a one.
fn address(written: Value) -> Option<Address> {
    serde_json::from_value(written).ok()
}

fn pairs(table: &Value) -> impl Iterator<Item = (&str, &Value)> {
    table.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_topics_leave_the_other_settings_as_they_are() {
        let config = json!({
            "base": "funk",
            "settings": {"rtl_433": {"gateway_base_topics": ["flat"]}, "ha_discovery": {"prefix": "ha"}},
        });
        let settings = topics(&config, Some("rtl_433")).unwrap();
        assert_eq!(settings.rtl_433.base_topics, ["funk"]);
        assert_eq!(settings.rtl_433.gateway_base_topics, ["flat"]);
        assert_eq!(settings.ha_discovery.prefix, "ha");
        let settings = topics(&config, Some("esphome")).unwrap();
        assert_eq!(settings.rtl_433.gateway_base_topics, ["flat"], "a family without base topics refuses them");
    }
}
