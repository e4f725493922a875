//! A made-up home for the tests of every form of `listen`.

use crate::cmd::listen::View;
use crate::cmd::listen::ear::Ear;
use crate::devices::{Address, Devices, Settings};
use crate::engine::Engine;
use crate::engine::circle::Circle;
use crate::model::frame::{Origin, RawFrame};
use crate::model::home::{Home, Sensor, SensorKind};
use crate::model::ids::{HomeId, RoomId, SensorId};
use crate::model::time::{Timestamp, Zone, from_millis};
use serde_json::json;
use std::path::Path;

/// Two motion sensors, a pendant, and a radio that never checks in.
pub fn home() -> Home {
    let sensor = |id: &str, room: Option<&str>, kind, checks_in| Sensor {
        id: SensorId::new(id).unwrap(),
        room: room.map(|room| RoomId::new(room).unwrap()),
        kind,
        service: None,
        hold: None,
        silent_after: None,
        checks_in,
        burst: None,
        offline_is_silent: false,
        source: "mqtt".to_owned(),
    };
    let sensors = [
        sensor("hall", Some("门厅"), SensorKind::Motion, true),
        sensor("bath", Some("bath"), SensorKind::Motion, true),
        sensor("pendant", None, SensorKind::CallButton, true),
        sensor("rf_bed", Some("bedroom"), SensorKind::Motion, false),
    ];
    Home {
        id: HomeId::new("ky-0412").unwrap(),
        place: "4-2-301".to_owned(),
        zone: Zone::utc(),
        sensors: sensors.into_iter().map(|sensor| (sensor.id.clone(), sensor)).collect(),
    }
}

/// Its addresses.
pub fn addresses() -> Vec<(SensorId, Address)> {
    let address = |device: &str| serde_json::from_value::<Address>(json!({ "zigbee2mqtt": device })).unwrap();
    let devices = [("hall", "hall_pir"), ("bath", "bath_pir"), ("pendant", "pendant"), ("rf_bed", "rf_bed")];
    devices.map(|(id, device)| (SensorId::new(id).unwrap(), address(device))).to_vec()
}

/// An ear for it.
pub fn ear() -> Ear {
    let all: Vec<Address> = addresses().into_iter().map(|(_, address)| address).collect();
    let circle = Circle::default();
    let engine = Engine::new(home(), &Default::default(), circle);
    Ear::new(engine, Devices::new(&Settings::default(), &all), &addresses())
}

/// A view with an ear.
pub struct Hearing<V> {
    /// The ear.
    pub ear: Ear,
    /// What shows it.
    pub view: V,
}

impl<V: View> Hearing<V> {
    /// Takes the home's ear.
    pub fn with(view: V) -> Hearing<V> {
        Hearing { ear: ear(), view }
    }

    /// A message of `device`.
    pub fn hear(&mut self, now: Timestamp, device: &str, payload: &str) -> Vec<String> {
        let frame = frame(device, payload, false);
        let tellings = self.ear.hear(now, &frame);
        self.view.hear(now, &frame, &tellings)
    }

    /// A message that the broker kept.
    pub fn hear_kept(&mut self, now: Timestamp, device: &str, payload: &str) -> Vec<String> {
        let frame = frame(device, payload, true);
        let tellings = self.ear.hear(now, &frame);
        self.view.hear(now, &frame, &tellings)
    }
}

fn frame(device: &str, payload: &str, retained: bool) -> RawFrame {
    let topic = format!("zigbee2mqtt/{device}");
    RawFrame { from: Origin::Mqtt { topic }, bytes: payload.as_bytes().to_vec(), retained }
}

/// So many seconds into the test.
pub fn at(secs: i64) -> Timestamp {
    from_millis(1_700_000_000_000 + secs * 1000)
}

/// Compares with `tests/hands/<file>`; `UPDATE_GOLDEN=1` writes it instead.
#[track_caller]
pub fn assert_golden(file: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hands").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, wanted, "{} differs; UPDATE_GOLDEN=1 writes it anew, then review it", path.display());
}
