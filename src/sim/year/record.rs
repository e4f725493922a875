//! A made-up year as the CSV that `carecircle replay` reads: `time,sensor,kind,value` by the clock on the wall.
//!
//! What the gateway heard, in the order in which it heard it. The format has no word for a press: presses are left out.

use crate::model::home::{Sensor, SensorKind};
use crate::model::observation::Measure;
use crate::model::time::{Timestamp, Zone};
use std::collections::BTreeSet;

/// Rows in memory; a home-year has some ten megabytes of them.
pub struct Record {
    zone: Zone,
    text: String,
    /// Sensors that have said what they are there for: a reader takes a sensor's kind from its first row.
    begun: BTreeSet<String>,
}

impl Record {
    /// No rows yet.
    pub fn new(zone: &Zone) -> Record {
        Record { zone: zone.clone(), text: "time,sensor,kind,value\n".to_owned(), begun: BTreeSet::new() }
    }

    /// The gateway heard this.
    pub fn heard(&mut self, at: Timestamp, sensor: &Sensor, measure: &Measure) {
        let id = sensor.id.as_str();
        let Some((kind, value)) = written(sensor.kind, measure) else { return };
        if kind == "battery" {
            if self.begun.contains(id) {
                self.row(at, id, kind, &value);
            }
            return;
        }
        self.begun.insert(id.to_owned());
        self.row(at, id, kind, &value);
    }

    /// From here on nobody watches, or (`true`) somebody does again.
    pub fn watches(&mut self, at: Timestamp, up: bool) {
        self.row(at, "gateway", "fault", if up { "UP" } else { "DOWN" });
    }

    /// Everything, as the file holds it.
    pub fn csv(&self) -> &str {
        &self.text
    }

    fn row(&mut self, at: Timestamp, sensor: &str, kind: &str, value: &str) {
        let row = [&self.zone.wall_clock(at), sensor, kind, value].join(",");
        self.text.push_str(&row);
        self.text.push('\n');
    }
}

/// The words for what a sensor of this kind says; nothing for what the format cannot hold.
fn written(kind: SensorKind, measure: &Measure) -> Option<(&'static str, String)> {
    let on_off = |on: bool| if on { "ON" } else { "OFF" }.to_owned();
    if let Measure::BatteryPercent(percent) = measure {
        return Some(("battery", format!("{percent:.0}")));
    }
    if let Measure::TemperatureCelsius(celsius) = measure {
        return Some(("temperature", format!("{celsius:.1}")));
    }
    match (kind, measure.level()) {
        (SensorKind::Motion, Some(on)) => Some(("motion", on_off(on))),
        (SensorKind::OuterDoor | SensorKind::Door, Some(open)) => {
            Some(("door", if open { "OPEN" } else { "CLOSE" }.to_owned()))
        }
        (SensorKind::Bed, Some(on)) => Some(("bed", on_off(on))),
        (SensorKind::Item, Some(on)) => Some(("item", on_off(on))),
        (_, _) => None,
    }
}
