//! The demo's made-up home and its service point, as configurations would describe them.

use crate::devices::{Address, Settings as DeviceSettings, Wiring};
use crate::engine::circle::{Circle, Point};
use crate::engine::rules;
use crate::gateway::plan::{Channel, Plan};
use crate::model::card::Consent;
use crate::model::hex;
use crate::model::home::{Home, Sensor, SensorKind, Service};
use crate::model::ids::{HomeId, PointId, SensorId};
use crate::model::lifecycle::Timers;
use crate::model::staff::Position;
use crate::model::time::{Span, Zone};
use crate::mqtt;
use crate::problem::Problem;
use crate::sinks::ChannelSettings;
use crate::sources::serial;
use crate::station::{self, Key};
use crate::text::Language;
use crate::web::{self, Person};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

/// The radio sender id of the demo's call button.
pub const PENDANT: [u8; 4] = [0xfe, 0xf1, 0x02, 0x31];

/// The Zigbee names of the motion sensors.
pub const ROOMS: [&str; 4] = ["hall_pir", "kitchen_pir", "bathroom_pir", "bedroom_pir"];

/// Who watches the demo's desk, and who heads its station.
pub const DESK: &str = "desk1";
pub const HEAD: &str = "head";

/// By what the demo's staff sign in; new at every start.
pub struct Keys {
    /// Opens the desk, once.
    pub desk_code: String,
    /// Signs the head in, once.
    pub head_code: String,
    /// Everybody's, at the desk.
    pub pin: String,
    password: String,
}

impl Keys {
    /// New ones.
    pub fn new() -> Result<Keys, Problem> {
        let code = || web::code().map_err(Problem::new);
        Ok(Keys { desk_code: code()?, head_code: code()?, pin: web::pin().map_err(Problem::new)?, password: code()? })
    }

    fn all(&self) -> Vec<Key> {
        let key = |person: &str, code: Option<&String>| Key {
            person: person.parse().expect("a legal id"),
            code: code.cloned(),
            // A code alone opens the door only for somebody who has a password already.
            password: code.map(|_| self.password.clone()),
            pin: Some(self.pin.clone()),
        };
        vec![key(DESK, Some(&self.desk_code)), key("visit1", None), key(HEAD, Some(&self.head_code))]
    }
}

/// The service point of the demo.
pub fn point() -> PointId {
    PointId::new("lehe").expect("a legal id")
}

/// Where the demo's parts meet.
pub struct Addresses<'a> {
    /// The broker.
    pub broker: SocketAddr,
    /// The radio's port.
    pub radio: &'a Path,
    /// A folder that goes when the demo ends.
    pub folder: &'a Path,
    /// Where the page is to be served.
    pub page: SocketAddr,
}

/// The zone of the machine's clock, if it says, so that the page shows the hours people see on their wall.
fn zone() -> Zone {
    let named = std::env::var("TZ").ok().or_else(|| std::fs::read_to_string("/etc/timezone").ok());
    named.and_then(|name| Zone::named(name.trim()).ok()).unwrap_or_else(Zone::utc)
}

/// The home: four motion sensors and a door behind a Zigbee bridge, a pendant by radio, a meal button.
pub fn gateway(at: &Addresses, quiet_at_most: Span) -> Plan {
    let sensors = sensors();
    let home = Home {
        id: HomeId::new("demo-0412").expect("a legal id"),
        place: "3号楼2单元201室".into(),
        zone: zone(),
        sensors: sensors.iter().map(|(sensor, _)| (sensor.id.clone(), sensor.clone())).collect(),
    };
    let settings = ChannelSettings::StationMqtt(mqtt::Access::open(broker(at.broker)));
    let channel = Channel::new("lehe".parse().expect("a legal id"), point(), zone(), settings);
    let wiring = [("radio".to_owned(), Wiring::usual("enocean").expect("enocean is a serial family"))];
    let windows = vec![rules::inactivity::Window {
        from: "00:00".parse().expect("a time of day"),
        to: "24:00".parse().expect("a time of day"),
        at_most: quiet_at_most,
    }];
    Plan {
        home,
        kept: crate::store::Retention::default(),
        shares: Consent::Rooms,
        state_dir: at.folder.join("gateway"),
        run_dir: at.folder.join("run"),
        mqtt: Some(connection(at.broker, "demo-0412.home")),
        serial: vec![serial::Settings::new("radio", at.radio, 57_600)],
        devices: DeviceSettings { serial: wiring.into(), ..DeviceSettings::default() },
        addresses: sensors.into_iter().map(|(sensor, address)| (sensor.id, address)).collect(),
        rules: rules::Settings {
            inactivity: rules::inactivity::Settings { windows, ..Default::default() },
            ..rules::Settings::default()
        },
        circle: circle(&channel),
        signals: Vec::new(),
        home_assistant: None,
        ways: vec![(channel.name.clone(), channel.settings.clone())],
        phones: BTreeMap::new(),
        supervision: BTreeMap::new(),
        weekly_test: None,
        directory: crate::config::Directory::default(),
        channels: vec![channel],
        assume_synced: true,
        hash: "demo".into(),
    }
    .with_sources()
}

fn circle(channel: &Channel) -> Circle {
    let point = Point {
        id: point(),
        name: "乐合社区服务站".into(),
        travel: Span::minutes(6),
        on_duty: crate::model::duty::DutyHours::always(),
        channels: vec![channel.name.clone()],
    };
    Circle::of_points(vec![point], Timers::default())
}

fn sensors() -> Vec<(Sensor, Address)> {
    let zigbee = |name: &str| address(&format!("{{\"zigbee2mqtt\": {name:?}}}"));
    let pendant = hex::lower(&PENDANT);
    let radio = address(&format!("{{\"enocean\": {{\"sender\": {pendant:?}, \"profile\": \"F6-02-01\"}}}}"));
    let mut sensors: Vec<(Sensor, Address)> = ROOMS
        .iter()
        .map(|name| (sensor(name, Some(name.trim_end_matches("_pir")), SensorKind::Motion), zigbee(name)))
        .collect();
    sensors.push((sensor("front_door", Some("hall"), SensorKind::OuterDoor), zigbee("front_door")));
    sensors.push((sensor("pendant", None, SensorKind::CallButton), radio));
    let meal =
        Sensor { service: Some(Service::Meal), ..sensor("meal_button", Some("kitchen"), SensorKind::ServiceButton) };
    sensors.push((meal, zigbee("meal_button")));
    sensors
}

fn sensor(id: &str, room: Option<&str>, kind: SensorKind) -> Sensor {
    Sensor {
        id: SensorId::new(id).expect("a legal id"),
        room: room.map(|room| room.parse().expect("a legal id")),
        kind,
        service: None,
        hold: None,
        silent_after: None,
        checks_in: true,
        burst: None,
        offline_is_silent: false,
        source: String::new(),
    }
}

fn address(json: &str) -> Address {
    serde_json::from_str(json).expect("the demo's addresses are well written")
}

fn broker(addr: SocketAddr) -> mqtt::Broker {
    format!("mqtt://{addr}").parse().expect("a socket address is a broker's address")
}

/// A connection to the demo's broker that asks for nothing.
pub fn connection(addr: SocketAddr, client_id: &str) -> mqtt::Settings {
    mqtt::Settings {
        client_id: client_id.to_owned(),
        broker: broker(addr),
        login: None,
        tls: None,
        filters: Vec::new(),
        will: None,
        announce: None,
    }
}

/// The service point with its staff, and by what they sign in.
pub fn station(at: &Addresses, language: Language, keys: &Keys) -> station::Settings {
    let person = |id: &str, name: &str, positions: &[Position]| Person {
        id: id.parse().expect("a legal id"),
        name: name.into(),
        positions: positions.iter().copied().collect(),
    };
    station::Settings {
        point: point(),
        name: "乐合社区服务站".into(),
        zone: zone(),
        language,
        location: None,
        listen: at.page,
        names: Vec::new(),
        credentials: None,
        plain_http: false,
        broker: broker(at.broker),
        login: None,
        tls: None,
        homes: None,
        enrolling: None,
        state_dir: at.folder.join("station"),
        people: vec![
            person(DESK, "值班员A", &[Position::Desk]),
            person("visit1", "上门员B", &[Position::Responder]),
            person("tech1", "维护员C", &[Position::Technician]),
            person(HEAD, "站长", &[Position::Supervisor, Position::Admin]),
        ],
        keys: keys.all(),
        directory: Vec::new(),
        timers: Timers::default(),
        unreachable_after: Span::seconds(180),
        duty: None,
        daily: Default::default(),
        hooks_allow: Vec::new(),
        build: crate::web::build(),
        modem: None,
        events_by_mqtt: false,
        telephones: Vec::new(),
        kept: crate::store::Retention::default(),
    }
}
