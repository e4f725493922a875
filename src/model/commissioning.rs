//! The walk through a new home: every sensor is made to speak once, and what was heard becomes a record.
//!
//! The record is what a service point keeps about an installation, and what `carecircle check` compares a later
//! configuration with. Whoever drives the walk brings the time and says what was an event.

use crate::model::home::SensorKind;
use crate::model::ids::{HomeId, RoomId, SensorId};
use crate::model::observation::{Evidence, Measure};
use crate::model::purpose::{is_measured, measures_its_kind, proves_presence_of_device};
use crate::model::time::Timestamp;
use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use serde::{Deserialize, Serialize};

/// Version of the record's form.
pub const RECORD_VERSION: u32 = 1;

/// Name of the record's file beside the configuration or in the state directory.
pub const RECORD_FILE: &str = "commissioning.json";

/// What a walk through a home came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of this form.
    pub v: u32,
    /// Which home.
    pub home: HomeId,
    /// Where it is, as the configuration says it.
    pub place: String,
    /// Version of the program that listened.
    pub program: String,
    /// Hash of the configuration that was walked.
    pub config_hash: String,
    /// Begin of the walk.
    #[serde(with = "ts_milliseconds", rename = "begun_at_ms")]
    pub begun_at: Timestamp,
    /// End of the walk.
    #[serde(with = "ts_milliseconds", rename = "ended_at_ms")]
    pub ended_at: Timestamp,
    /// Every sensor of the configuration, room by room.
    pub sensors: Vec<Checked>,
}

/// Which device a sensor is: what changes when it is exchanged or connected anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAddress {
    /// Its family.
    pub family: String,
    /// Its identity within the family.
    pub device: String,
    /// The serial port, where the address names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
}

/// What the walk found out about one sensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// Which.
    pub id: SensorId,
    /// What it is for.
    pub kind: SensorKind,
    /// Where it hangs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// Which device it is.
    pub address: DeviceAddress,
    /// Whether its silence can be told from its death.
    pub checks_in: bool,
    /// How far it came.
    pub result: Outcome,
    /// Its first event.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "ts_milliseconds_option", rename = "event_at_ms")]
    pub event_at: Option<Timestamp>,
    /// How often something happened there.
    pub events: u32,
    /// Its battery, where it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_percent: Option<f64>,
    /// Its supply, where it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_volts: Option<f64>,
    /// Its own warning, where it gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_low: Option<bool>,
    /// The worst signal while it was walked, where its family tells: 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal_percent: Option<f64>,
}

/// How far a sensor came in a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What it is there for was heard, live.
    Passed,
    /// The device is heard, but not what it is there for.
    OnlyAlive,
    /// Nothing came from it; what a broker kept does not count.
    NotHeard,
}

/// A sensor that has to speak.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Which.
    pub id: SensorId,
    /// What it is for.
    pub kind: SensorKind,
    /// Where it hangs.
    pub room: Option<RoomId>,
    /// Which device it is.
    pub address: DeviceAddress,
    /// Whether its silence can be told from its death.
    pub checks_in: bool,
}

/// A walk under way.
#[derive(Debug, Clone, PartialEq)]
pub struct WalkTest {
    begun_at: Timestamp,
    sensors: Vec<Checked>,
}

impl WalkTest {
    /// A walk that begins now, room by room in the order in which the rooms are first named; what hangs nowhere last.
    pub fn new(now: Timestamp, planned: Vec<Planned>) -> WalkTest {
        let mut rooms: Vec<Option<RoomId>> = Vec::new();
        for sensor in planned.iter().filter(|sensor| sensor.room.is_some()) {
            if !rooms.contains(&sensor.room) {
                rooms.push(sensor.room.clone());
            }
        }
        let mut sensors: Vec<Checked> = planned.into_iter().map(Checked::new).collect();
        sensors.sort_by_key(|sensor| rooms.iter().position(|room| *room == sensor.room).unwrap_or(rooms.len()));
        WalkTest { begun_at: now, sensors }
    }

    /// One reading of a known sensor; `is_event` is the engine's word on whether something happened. Whether the sensor
    /// was ticked off by it.
    pub fn hear(
        &mut self,
        now: Timestamp,
        sensor: &SensorId,
        measure: &Measure,
        evidence: Evidence,
        is_event: bool,
    ) -> bool {
        let Some(checked) = self.sensors.iter_mut().find(|checked| checked.id == *sensor) else { return false };
        checked.note_state(measure);
        if !proves_presence_of_device(measure, evidence) {
            return false;
        }
        let before = checked.result;
        let is_main = measures_its_kind(checked.kind, measure);
        let has_happened = is_event || (is_measured(checked.kind) && evidence != Evidence::Ambiguous);
        if is_main && has_happened {
            checked.events += 1;
            checked.event_at.get_or_insert(now);
            checked.result = Outcome::Passed;
        }
        checked.result = checked.result.min(Outcome::OnlyAlive);
        before != Outcome::Passed && checked.result == Outcome::Passed
    }

    /// Since when it is walked.
    pub fn begun_at(&self) -> Timestamp {
        self.begun_at
    }

    /// Every sensor, room by room.
    pub fn sensors(&self) -> &[Checked] {
        &self.sensors
    }

    /// The sensors that still have to speak.
    pub fn missing(&self) -> impl Iterator<Item = &Checked> {
        self.sensors.iter().filter(|sensor| sensor.result != Outcome::Passed)
    }

    /// Whether every sensor was ticked off.
    pub fn is_complete(&self) -> bool {
        self.missing().next().is_none()
    }

    /// What the walk came to.
    pub fn record(&self, now: Timestamp, home: HomeId, place: String, program: &str, config_hash: &str) -> Record {
        Record {
            v: RECORD_VERSION,
            home,
            place,
            program: program.to_owned(),
            config_hash: config_hash.to_owned(),
            begun_at: self.begun_at,
            ended_at: now,
            sensors: self.sensors.clone(),
        }
    }
}

impl Checked {
    fn new(planned: Planned) -> Checked {
        Checked {
            id: planned.id,
            kind: planned.kind,
            room: planned.room,
            address: planned.address,
            checks_in: planned.checks_in,
            result: Outcome::NotHeard,
            event_at: None,
            events: 0,
            battery_percent: None,
            supply_volts: None,
            battery_low: None,
            signal_percent: None,
        }
    }

    /// Battery and signal are worth having even where a broker kept them.
    fn note_state(&mut self, measure: &Measure) {
        if let Measure::BatteryPercent(percent) = measure {
            self.battery_percent = Some(*percent);
        } else if let Measure::SupplyVolts(volts) = measure {
            self.supply_volts = Some(*volts);
        } else if let Measure::BatteryLow(low) = measure {
            self.battery_low = Some(*low);
        } else if let Measure::SignalPercent(percent) = measure {
            self.signal_percent = Some(self.signal_percent.map_or(*percent, |worst| worst.min(*percent)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::{Availability, Press};
    use crate::model::time::from_millis;

    fn planned(id: &str, room: Option<&str>, kind: SensorKind) -> Planned {
        Planned {
            id: id.parse().unwrap(),
            kind,
            room: room.map(|room| room.parse().unwrap()),
            address: DeviceAddress { family: "zigbee2mqtt".to_owned(), device: id.to_owned(), port: None },
            checks_in: true,
        }
    }

    fn walk() -> WalkTest {
        let sensors = vec![
            planned("pendant", None, SensorKind::CallButton),
            planned("hall", Some("hall"), SensorKind::Motion),
            planned("bath", Some("bath"), SensorKind::Motion),
            planned("front", Some("hall"), SensorKind::OuterDoor),
            planned("air", Some("bath"), SensorKind::Temperature),
        ];
        WalkTest::new(at(0), sensors)
    }

    fn at(secs: i64) -> Timestamp {
        from_millis(1_700_000_000_000 + secs * 1000)
    }

    fn result(walk: &WalkTest, id: &str) -> Outcome {
        walk.sensors().iter().find(|sensor| sensor.id.as_str() == id).unwrap().result
    }

    #[test]
    fn rooms_come_one_after_the_other_and_what_hangs_nowhere_last() {
        let walk = walk();
        let ids: Vec<&str> = walk.sensors().iter().map(|sensor| sensor.id.as_str()).collect();
        assert_eq!(ids, ["hall", "front", "bath", "air", "pendant"]);
    }

    #[test]
    fn only_an_event_of_its_main_kind_ticks_a_sensor_off() {
        let mut walk = walk();
        let hall: SensorId = "hall".parse().unwrap();
        // Kept by the broker, repeated, ambiguous, a battery: none of them is a step through the hall.
        for (measure, evidence, is_event) in [
            (Measure::Motion(true), Evidence::Cached, true),
            (Measure::Availability(Availability::Online), Evidence::Level, false),
        ] {
            assert!(!walk.hear(at(1), &hall, &measure, evidence, is_event));
        }
        assert_eq!(result(&walk, "hall"), Outcome::NotHeard);
        for (measure, evidence) in [
            (Measure::Motion(true), Evidence::Level),
            (Measure::Motion(true), Evidence::Ambiguous),
            (Measure::BatteryPercent(80.0), Evidence::Level),
        ] {
            assert!(!walk.hear(at(2), &hall, &measure, evidence, false));
        }
        assert!(!walk.hear(at(2), &hall, &Measure::Button(Press::Single), Evidence::Event, true), "no button");
        assert_eq!(result(&walk, "hall"), Outcome::OnlyAlive);
        assert!(walk.hear(at(3), &hall, &Measure::Motion(true), Evidence::Level, true));
        assert!(!walk.hear(at(9), &hall, &Measure::Motion(true), Evidence::Level, true), "ticked off once");
        assert!(!walk.hear(at(10), &hall, &Measure::Alive, Evidence::Level, false));
        let checked = walk.sensors()[0].clone();
        assert_eq!((checked.result, checked.event_at, checked.events), (Outcome::Passed, Some(at(3)), 2));
        assert_eq!(checked.battery_percent, Some(80.0));
    }

    #[test]
    fn a_meter_is_ticked_off_by_the_use_that_the_engine_counts_and_a_vital_sign_by_its_value() {
        let sensors = vec![planned("water", None, SensorKind::Item), planned("pulse", None, SensorKind::Vital)];
        let mut walk = WalkTest::new(at(0), sensors);
        let water: SensorId = "water".parse().unwrap();
        assert!(!walk.hear(at(1), &water, &Measure::Number(7.0), Evidence::Level, false));
        assert!(walk.hear(at(2), &water, &Measure::Number(8.0), Evidence::Level, true));
        assert!(walk.hear(at(3), &"pulse".parse().unwrap(), &Measure::Number(64.0), Evidence::Level, false));
        assert!(walk.is_complete());
    }

    #[test]
    fn the_walk_is_over_when_all_have_spoken_and_the_worst_signal_is_kept() {
        let mut walk = walk();
        for signal in [80.0, 30.0, 60.0] {
            walk.hear(at(1), &"bath".parse().unwrap(), &Measure::SignalPercent(signal), Evidence::Level, false);
        }
        assert!(walk.hear(at(1), &"air".parse().unwrap(), &Measure::TemperatureCelsius(21.5), Evidence::Level, false));
        for (id, measure) in [
            ("hall", Measure::Motion(true)),
            ("bath", Measure::Motion(true)),
            ("front", Measure::Contact(false)),
            ("pendant", Measure::Button(Press::Sos)),
        ] {
            assert!(!walk.is_complete());
            walk.hear(at(2), &id.parse().unwrap(), &measure, Evidence::Event, true);
        }
        assert!(walk.is_complete() && walk.missing().count() == 0);
        let record = walk.record(at(60), "ky-1".parse().unwrap(), "4-2-301".to_owned(), "1.0", "abc");
        let bath = record.sensors.iter().find(|sensor| sensor.id.as_str() == "bath").unwrap();
        assert_eq!(bath.signal_percent, Some(30.0));
        let written = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&written).unwrap(), record, "{written}");
    }
}
