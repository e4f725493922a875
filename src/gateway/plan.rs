//! What a gateway needs to run: made from a configuration file, or by the demo.

use crate::config;
use crate::devices;
use crate::engine::circle::Circle;
use crate::engine::rules;
use crate::model::card::Consent;
use crate::model::home::Home;
use crate::model::ids::{ChannelName, PointId, SensorId};
use crate::model::level::Supervision;
use crate::model::reason::WayOut;
use crate::model::time::Zone;
use crate::model::week_time::WeekTime;
use crate::mqtt;
use crate::problem::Problem;
use crate::sinks::ChannelSettings;
use crate::sinks::home_signals::Output;
use crate::sinks::sms::Phones;
use crate::sources::serial;
use crate::store::Retention;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// The name of the source that is the home's broker.
pub const BROKER: &str = "mqtt";

/// The source of what a family says on the broker, as a path: see [`crate::engine::links`].
pub fn behind_broker(family: &str) -> String {
    format!("{BROKER}/{family}")
}

/// What a gateway needs to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The home; each sensor's `source` names what carries it.
    pub home: Home,
    /// What of its activity stations may see.
    pub shares: Consent,
    /// How long things are kept.
    pub kept: Retention,
    /// Where the history is kept.
    pub state_dir: PathBuf,
    /// Where short-lived files are kept: memory, not the card.
    pub run_dir: PathBuf,
    /// The home's broker; its filters are found from the devices.
    pub mqtt: Option<mqtt::Settings>,
    /// Serial ports.
    pub serial: Vec<serial::Settings>,
    /// What the device families need to know.
    pub devices: devices::Settings,
    /// Which device is which sensor.
    pub addresses: Vec<(SensorId, devices::Address)>,
    /// The rules' settings.
    pub rules: rules::Settings,
    /// Who is asked.
    pub circle: Circle,
    /// Lamps, sirens and voices in the home; they need `mqtt`.
    pub signals: Vec<Output>,
    /// Under which prefix a Home Assistant on the home's broker is shown this home; absent where it is not. Needs `mqtt`.
    pub home_assistant: Option<String>,
    /// The ways out: for each point those that lead to it.
    pub channels: Vec<Channel>,
    /// Every channel of the configuration, also one that leads nowhere yet.
    pub ways: Vec<(ChannelName, ChannelSettings)>,
    /// The telephones of points and people who have some of their own.
    pub phones: BTreeMap<PointId, Phones>,
    /// How closely each of them is watched, where the configuration says so.
    pub supervision: BTreeMap<ChannelName, Supervision>,
    /// When the ways out are tested from end to end.
    pub weekly_test: Option<WeekTime>,
    /// Which station keeps the directory of points, and what such a directory is judged by.
    pub directory: config::Directory,
    /// A site whose clock is right without a time server.
    pub assume_synced: bool,
    /// Hash of the configuration in force, for people who compare.
    pub hash: String,
}

/// Which sensors each device is, by family and device as decoders name them.
pub type Whose = BTreeMap<(&'static str, String), Arc<[SensorId]>>;

/// A way out to one point, or to somebody outside the points.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// Its name in the config.
    pub name: ChannelName,
    /// Where it leads.
    pub point: PointId,
    /// The sensors in their order, where the channel numbers them.
    pub sensors: Vec<SensorId>,
    /// The clock on the home's wall.
    pub zone: Zone,
    /// How closely it is watched.
    pub supervision: Supervision,
    /// How.
    pub settings: ChannelSettings,
    /// What the files held that the settings name: with another password or certificate it is another channel.
    pub secrets: mqtt::Secrets,
}

impl Channel {
    /// What the book calls it.
    pub fn way(&self) -> WayOut {
        WayOut { channel: self.name.clone(), point: self.point.clone() }
    }

    /// The channel of this name, with the files that it names as they are now.
    pub fn new(name: ChannelName, point: PointId, zone: Zone, settings: ChannelSettings) -> Channel {
        let (secrets, supervision) = (settings.secrets(), settings.supervision());
        Channel { name, point, sensors: Vec::new(), zone, supervision, settings, secrets }
    }
}

impl Plan {
    /// The plan of a configuration; reads the files it names (passwords, certificates).
    pub fn of(config: config::Gateway) -> Result<Plan, Problem> {
        let mqtt = config.mqtt.map(|access| access.settings(format!("{}.home", config.home.id))).transpose()?;
        let serial = config.serial.iter().map(|port| serial::Settings::new(&port.name, &port.path, port.baud));
        let mut plan = Plan {
            supervision: config.supervision,
            mqtt,
            serial: serial.collect(),
            channels: Vec::new(),
            ways: config.channels,
            weekly_test: config.weekly_test,
            phones: config.phones,
            directory: config.directory,
            home: config.home,
            shares: config.shares,
            kept: config.kept,
            state_dir: config.state_dir,
            run_dir: config.run_dir,
            devices: config.devices,
            addresses: config.addresses,
            rules: config.rules,
            signals: config.signals,
            home_assistant: config.home_assistant,
            circle: config.circle,
            assume_synced: config.clock_assume_synced,
            hash: config.hash,
        };
        plan.lead_out();
        Ok(plan.with_sources())
    }

    /// Finds the ways to every point of the circle anew.
    pub fn lead_out(&mut self) {
        let plan = &*self;
        let numbered: Vec<SensorId> = plan.addresses.iter().map(|(id, _)| id.clone()).collect();
        let channels = plan.ways.iter().flat_map(|(name, settings)| {
            let sensors = if settings.numbers_sensors() { numbered.clone() } else { Vec::new() };
            plan.circle.told_by(name).map(move |id| {
                let settings = match plan.phones.get(id) {
                    Some(phones) => settings.to_phones(phones),
                    None => settings.clone(),
                };
                Channel {
                    sensors: sensors.clone(),
                    supervision: plan.supervision.get(name).copied().unwrap_or(settings.supervision()),
                    ..Channel::new(name.clone(), id.clone(), plan.home.zone.clone(), settings)
                }
            })
        });
        self.channels = channels.collect();
    }

    /// Whether this channel leads to whatever point a message names: through a broker.
    pub fn leads_anywhere(&self, name: &ChannelName) -> bool {
        self.ways.iter().any(|(known, settings)| known == name && settings.broker().is_some())
    }

    /// Whether anybody hears of it if this channel tells this point: a modem without a telephone of theirs tells nobody.
    pub fn can_tell(&self, name: &ChannelName, point: &PointId) -> bool {
        let settings = self.ways.iter().find(|(known, _)| known == name).map(|(_, settings)| settings);
        let has_phones = |of_channel: &[_]| !of_channel.is_empty() || self.phones.contains_key(point);
        settings.is_some_and(|settings| settings.phones().is_none_or(has_phones))
    }

    /// The decoders for this home.
    pub fn decoders(&self) -> devices::Devices {
        let addresses: Vec<devices::Address> = self.addresses.iter().map(|(_, address)| address.clone()).collect();
        devices::Devices::new(&self.devices, &addresses)
    }

    /// The topics on which nothing but buttons speaks, each by its exact name: they are heard on a session of their own, so
    /// that no press stands behind what others say. A family whose devices share topics has none.
    pub fn button_topics(&self) -> Vec<String> {
        button_topics(&self.home, &self.addresses, &self.devices)
    }

    /// Which sensors each device is: family and device as decoders name them.
    pub fn whose(&self) -> Whose {
        let mut whose: BTreeMap<(&'static str, String), Vec<SensorId>> = BTreeMap::new();
        for (sensor, address) in &self.addresses {
            whose.entry((address.family(), address.device())).or_default().push(sensor.clone());
        }
        whose.into_iter().map(|(device, sensors)| (device, sensors.into())).collect()
    }

    /// The source that carries a device of this address: its serial port, or its family on the broker.
    pub fn source_of(&self, address: &devices::Address) -> String {
        let speaks_here = || {
            let wiring = self.devices.serial.iter().find(|(_, wiring)| wiring.family() == address.family());
            wiring.map(|(port, _)| port.clone())
        };
        let port = address.port().map(str::to_owned).or_else(speaks_here);
        port.unwrap_or_else(|| behind_broker(address.family()))
    }

    /// The same with every sensor's source filled in.
    pub fn with_sources(mut self) -> Plan {
        let sources: Vec<(SensorId, String)> =
            self.addresses.iter().map(|(id, address)| (id.clone(), self.source_of(address))).collect();
        for (id, source) in sources {
            if let Some(sensor) = self.home.sensors.get_mut(&id) {
                sensor.source = source;
            }
        }
        self
    }
}

fn button_topics(home: &Home, addresses: &[(SensorId, devices::Address)], settings: &devices::Settings) -> Vec<String> {
    let is_button = |sensor: &SensorId| home.sensors.get(sensor).is_some_and(|sensor| sensor.kind.is_button());
    let topics = |of_buttons: bool| {
        let addresses = addresses.iter().filter(move |(sensor, _)| is_button(sensor) == of_buttons);
        addresses.flat_map(|(_, address)| address.own_topics(settings)).collect::<BTreeSet<String>>()
    };
    topics(true).difference(&topics(false)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::home::{Sensor, SensorKind};
    use serde_json::{Value, json};

    fn topics(sensors: &[(&str, SensorKind, Value)]) -> Vec<String> {
        let sensor = |id: &str, kind| Sensor {
            id: id.parse().unwrap(),
            room: None,
            kind,
            service: None,
            hold: None,
            silent_after: None,
            checks_in: true,
            burst: None,
            offline_is_silent: false,
            source: String::new(),
        };
        let home = Home {
            id: "made-up-1".parse().unwrap(),
            place: "3-2-201".into(),
            zone: Zone::utc(),
            sensors: sensors.iter().map(|(id, kind, _)| (id.parse().unwrap(), sensor(id, *kind))).collect(),
        };
        let address = |address: &Value| serde_json::from_value(address.clone()).unwrap();
        let addresses: Vec<_> = sensors.iter().map(|(id, _, at)| (id.parse().unwrap(), address(at))).collect();
        button_topics(&home, &addresses, &devices::Settings::default())
    }

    #[test]
    fn buttons_are_heard_apart_where_nothing_else_speaks_on_their_topics() {
        use SensorKind::{CallButton, Motion, ServiceButton};
        let json = |topic: &str| json!({ "json": { "topic": topic, "kind": "button" } });
        let found = topics(&[
            ("hall", Motion, json!({ "zigbee2mqtt": "hall" })),
            ("pendant", CallButton, json!({ "zigbee2mqtt": "bath/cord" })),
            ("own", ServiceButton, json("vendor/button")),
            ("any", ServiceButton, json("vendor/+/key")),
            ("both", CallButton, json("vendor/box")),
            ("both-pir", Motion, json("vendor/box")),
            ("radio", CallButton, json!({ "rtl_433": "Generic-Remote/7" })),
        ]);
        assert_eq!(found, ["vendor/button", "zigbee2mqtt/bath/cord", "zigbee2mqtt/bath/cord/action"]);
    }

    #[test]
    fn a_channel_with_another_password_or_certificate_is_another_channel() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let channel = |password: &str| {
            std::fs::write(file.path(), password).unwrap();
            let access = mqtt::Access {
                user: Some("home".to_owned()),
                password_file: Some(file.path().to_owned()),
                ..mqtt::Access::open("mqtt://localhost".parse().unwrap())
            };
            let settings = ChannelSettings::StationMqtt(access);
            Channel::new("near".parse().unwrap(), "near".parse().unwrap(), Zone::utc(), settings)
        };
        let before = channel("geheim");
        assert_eq!(before, channel("geheim"));
        assert_ne!(before, channel("anders"), "a reload opens it anew");
        assert!(!format!("{before:?}").contains("geheim"));
    }

    #[test]
    fn keys_of_a_box_that_is_a_motion_sensor_too_stay_with_the_rest() {
        let key = |key: &str| json!({ "zigbee2mqtt": { "name": "panel", "key": key } });
        let found = topics(&[("call", SensorKind::CallButton, key("1")), ("pir", SensorKind::Motion, key("2"))]);
        assert!(found.is_empty(), "{found:?}");
    }
}
