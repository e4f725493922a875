//! A made-up home that somebody lives in, as years of history, and the engine that watches it.

use carecircle::engine::Engine;
use carecircle::engine::circle::Circle;
use carecircle::engine::rules::Settings;
use carecircle::model::home::{Home, Sensor, SensorKind};
use carecircle::model::observation::{Evidence, Measure, Observation};
use carecircle::model::recorded::Recorded;
use carecircle::model::time::{Span, Timestamp, Zone, from_millis};

/// Of a lived-in home; `field.md`.
const ROWS_A_DAY: i64 = 206;
const ROOMS: [&str; 6] = ["hall", "kitchen", "bath", "living_room", "bedroom", "corridor"];

/// Years of a made-up home.
pub fn lines(years: i64) -> Vec<Recorded> {
    let begin = from_millis(1_600_000_000_000 / 86_400_000 * 86_400_000);
    days(begin, years * 365, ROWS_A_DAY, &ROOMS)
}

/// Somebody who is up from seven to half past ten, once at night, and out for some afternoons.
pub fn days(begin: Timestamp, days: i64, rows_a_day: i64, rooms: &[&str]) -> Vec<Recorded> {
    let mut dice = 11_u64;
    let mut roll = |sides: i64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((dice >> 33) % sides as u64) as i64
    };
    let mut lines = vec![Recorded::Started { at: begin, blind_since: None }];
    for day in 0..days {
        let midnight = begin + Span::days(day);
        let is_out = roll(9) == 0;
        let mut seconds: Vec<i64> = (0..rows_a_day / 2 - 2).map(|_| 7 * 3600 + roll(15 * 3600 + 1800)).collect();
        seconds.extend([2 * 3600 + roll(3600), 4 * 3600 + roll(3600)]);
        seconds.retain(|second| !is_out || !(13 * 3600..19 * 3600).contains(second));
        seconds.sort_unstable();
        for second in seconds {
            let room = rooms[roll(rooms.len() as i64) as usize];
            let at = midnight + Span::seconds(second);
            lines.extend([(at, true), (at + Span::seconds(20), false)].map(|(at, on)| motion(room, at, on)));
        }
    }
    lines.sort_by_key(Recorded::at);
    lines
}

pub fn motion(room: &str, at: Timestamp, on: bool) -> Recorded {
    let (measure, evidence) = (Measure::Motion(on), Evidence::Event);
    Recorded::Observed(Observation { at, sensor: room.parse().unwrap(), measure, evidence, copy: false })
}

pub fn engine() -> Engine {
    let rooms = ROOMS.map(|room| sensor(room, Some(room), SensorKind::Motion));
    let sensors = rooms.into_iter().chain([sensor("pendant", None, SensorKind::CallButton)]);
    home(sensors.map(|sensor| (sensor.id.clone(), sensor)).collect())
}

fn sensor(id: &str, room: Option<&str>, kind: SensorKind) -> Sensor {
    Sensor {
        id: id.parse().unwrap(),
        room: room.map(|room| room.parse().unwrap()),
        kind,
        service: None,
        hold: None,
        silent_after: None,
        offline_is_silent: false,
        checks_in: kind == SensorKind::Motion,
        burst: None,
        source: "mqtt/zigbee2mqtt".into(),
    }
}

pub fn without_sensors() -> Engine {
    home(std::collections::BTreeMap::new())
}

fn home(sensors: std::collections::BTreeMap<carecircle::model::ids::SensorId, Sensor>) -> Engine {
    let (id, place) = ("made-up-1".parse().unwrap(), "3-2-201".into());
    let circle = Circle::default();
    Engine::new(Home { id, place, zone: Zone::utc(), sensors }, &Settings::default(), circle)
}
