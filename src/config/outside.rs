//! What other rooms say about their own part of the file: addresses of sensors, wiring of serial ports, channels, brokers.
//!
//! Everything here has the shape those rooms give it; this file is where config meets them.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// The identity of a device within its family, as written in a config: `zigbee2mqtt = "hall_pir"`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Address {
    Zigbee2mqtt(String),
    Json(Json),
    Enocean(Enocean),
    Text(Text),
}

impl Address {
    /// The family it belongs to.
    pub fn family(&self) -> &'static str {
        match self {
            Address::Zigbee2mqtt(_) => "zigbee2mqtt",
            Address::Json(_) => "json",
            Address::Enocean(_) => "enocean",
            Address::Text(_) => "text",
        }
    }

    /// Two addresses of one family that differ in meaning differ here.
    pub fn device(&self) -> String {
        match self {
            Address::Zigbee2mqtt(name) => name.clone(),
            Address::Json(json) => format!("{json:?}"),
            Address::Enocean(enocean) => format!("{}{:?}", enocean.sender.to_lowercase(), enocean.button),
            Address::Text(text) => format!("{text:?}"),
        }
    }

    /// The serial port it names; absent for MQTT and where any port of the family will do.
    pub fn port(&self) -> Option<&str> {
        match self {
            Address::Zigbee2mqtt(_) | Address::Json(_) => None,
            Address::Enocean(enocean) => enocean.port.as_deref(),
            Address::Text(text) => Some(&text.port),
        }
    }
}

/// Whether devices of `family` are heard on serial ports.
pub fn is_serial(family: &str) -> bool {
    matches!(family, "enocean" | "text")
}

/// A value in a JSON message.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Json {
    pub topic: String,
    #[serde(default)]
    pub pointer: String,
    pub kind: String,
    #[serde(default)]
    pub values: BTreeMap<String, toml::Value>,
}

/// A sender and what its telegrams mean.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Enocean {
    pub sender: String,
    pub profile: String,
    pub button: Option<String>,
    pub port: Option<String>,
}

/// A line of text and what it means.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Text {
    pub port: String,
    pub line: String,
    pub kind: String,
    pub value: Option<String>,
}

/// What the families need to know besides addresses.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct DeviceSettings {
    pub zigbee2mqtt: Zigbee2mqtt,
    #[serde(skip)]
    pub serial: BTreeMap<String, Wiring>,
}

/// `[zigbee2mqtt]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct Zigbee2mqtt {
    pub base_topics: Vec<String>,
}

impl Default for Zigbee2mqtt {
    fn default() -> Self {
        Zigbee2mqtt { base_topics: vec!["zigbee2mqtt".into()] }
    }
}

/// The family that speaks on a serial port, with its settings: `enocean = {}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Wiring {
    Enocean(Nothing),
    Text(Nothing),
}

impl Wiring {
    /// The family's name.
    pub fn family(&self) -> &'static str {
        match self {
            Wiring::Enocean(_) => "enocean",
            Wiring::Text(_) => "text",
        }
    }
}

/// Nothing to set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The technology of a channel, with its settings.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelSettings {
    /// The station's broker.
    StationMqtt(StationMqtt),
}

/// `station_mqtt = { … }`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct StationMqtt {
    pub broker: Broker,
    pub user: Option<String>,
    pub password_file: Option<String>,
    pub ca: Option<String>,
    pub credentials: Option<String>,
}

impl ChannelSettings {
    /// The broker it needs, for `check --online`.
    pub fn broker(&self) -> Option<&Broker> {
        match self {
            ChannelSettings::StationMqtt(settings) => Some(&settings.broker),
        }
    }

    /// The files it names, for `check --online`.
    pub fn files(&self) -> Vec<&str> {
        match self {
            ChannelSettings::StationMqtt(settings) => [&settings.password_file, &settings.ca, &settings.credentials]
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect(),
        }
    }
}

/// Where a broker is: `mqtt://host[:1883]` or `mqtts://host[:8883]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Broker {
    /// Name or address of its machine; an IPv6 address without its brackets.
    pub host: String,
    /// Its TCP port.
    pub port: u16,
    /// Whether the link is encrypted.
    pub tls: bool,
}

impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(f, "{}://{host}:{}", if self.tls { "mqtts" } else { "mqtt" }, self.port)
    }
}

impl TryFrom<String> for Broker {
    type Error = String;
    fn try_from(text: String) -> Result<Broker, String> {
        let (tls, rest) = match text.split_once("://") {
            Some(("mqtt", rest)) => (false, rest),
            Some(("mqtts", rest)) => (true, rest),
            Some((other, _)) => {
                return Err(format!("a broker's address begins with \"mqtt://\" or \"mqtts://\", not \"{other}://\""));
            }
            None => return Err(format!("a broker's address looks like \"mqtt://{text}\"")),
        };
        if rest.contains('@') {
            // The text itself is not repeated: it may hold a password.
            return Err("user and password do not belong into the address; use the keys user and password_file".into());
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) || rest.chars().any(char::is_whitespace) {
            return Err("a broker's address ends after host and port".into());
        }
        let (host, port) = match rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.trim_start_matches(':'))),
            None => rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() {
            return Err("a broker's address needs a host, as in \"mqtt://127.0.0.1:1883\"".into());
        }
        let port = match port.map(str::parse::<u16>) {
            None => [1883, 8883][usize::from(tls)],
            Some(Ok(port)) if port > 0 => port,
            Some(Ok(_) | Err(_)) => {
                return Err(format!("{:?} is no port; a port is a number from 1 to 65535", port.unwrap_or_default()));
            }
        };
        Ok(Broker { host: host.to_owned(), port, tls })
    }
}
