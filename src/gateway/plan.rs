//! What a gateway needs to run: made from a configuration file, or by the demo.

use crate::config;
use crate::devices;
use crate::engine::circle::Circle;
use crate::engine::rules;
use crate::model::home::Home;
use crate::model::ids::{ChannelName, PointId, SensorId};
use crate::mqtt;
use crate::problem::Problem;
use crate::sinks::ChannelSettings;
use crate::sources::serial;
use std::collections::BTreeMap;
use std::path::PathBuf;

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
    /// The ways out.
    pub channels: Vec<Channel>,
    /// A site whose clock is right without a time server.
    pub assume_synced: bool,
    /// Hash of the configuration in force, for people who compare.
    pub hash: String,
}

/// A way out to one point.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// Its name in the config.
    pub name: ChannelName,
    /// Where it leads.
    pub point: PointId,
    /// How.
    pub settings: ChannelSettings,
}

impl Plan {
    /// The plan of a configuration; reads the files it names (passwords, certificates).
    pub fn of(config: config::Gateway) -> Result<Plan, Problem> {
        let mqtt = config.mqtt.map(|access| access.settings(format!("{}.home", config.home.id))).transpose()?;
        let serial = config.serial.iter().map(|port| serial::Settings::new(&port.name, &port.path, port.baud));
        let leads_to = |name: &ChannelName| {
            let points = config.circle.points.iter().filter(|point| point.channels.contains(name));
            points.map(|point| point.id.clone()).collect::<Vec<_>>()
        };
        let channels = config.channels.iter().flat_map(|(name, settings)| {
            let channel = |point| Channel { name: name.clone(), point, settings: settings.clone() };
            leads_to(name).into_iter().map(channel)
        });
        let plan = Plan {
            mqtt,
            serial: serial.collect(),
            channels: channels.collect(),
            home: config.home,
            state_dir: config.state_dir,
            run_dir: config.run_dir,
            devices: config.devices,
            addresses: config.addresses,
            rules: config.rules,
            circle: config.circle,
            assume_synced: config.clock_assume_synced,
            hash: config.hash,
        };
        Ok(plan.with_sources())
    }

    /// The decoders for this home.
    pub fn decoders(&self) -> devices::Devices {
        let addresses: Vec<devices::Address> = self.addresses.iter().map(|(_, address)| address.clone()).collect();
        devices::Devices::new(&self.devices, &addresses)
    }

    /// Which sensors each device is: family and device as decoders name them.
    pub fn whose(&self) -> BTreeMap<(&'static str, String), Vec<SensorId>> {
        let mut whose: BTreeMap<(&'static str, String), Vec<SensorId>> = BTreeMap::new();
        for (sensor, address) in &self.addresses {
            whose.entry((address.family(), address.device())).or_default().push(sensor.clone());
        }
        whose
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
