//! What a frame says, and to which sensors of the home: the one ear behind every form of `listen`.
//!
//! Whether something happened is judged by the same [`Engine`] as in the running gateway: what counts here counts there.

use crate::devices::{Address, Decoded, Devices, Heard};
use crate::engine::Engine;
use crate::model::frame::RawFrame;
use crate::model::home::{Home, Sensor};
use crate::model::ids::SensorId;
use crate::model::observation::{Evidence, Measure, Observation, Reading};
use crate::model::purpose::proves_presence_of_device;
use crate::model::recorded::Recorded;
use crate::model::time::Timestamp;
use std::collections::BTreeMap;

/// Hears for one home.
pub struct Ear {
    engine: Engine,
    devices: Devices,
    sensors: BTreeMap<(&'static str, String), Vec<SensorId>>,
}

/// One family's word on a frame.
#[derive(Debug)]
pub struct Telling {
    /// Which family.
    pub family: &'static str,
    /// What it says; or why it cannot be true.
    pub said: Result<Vec<Said>, String>,
}

/// One reading, and whose it is.
#[derive(Debug)]
pub struct Said {
    /// The reading.
    pub reading: Reading,
    /// The sensors that this device is, with whether something happened there; none for a device that nobody registered.
    pub sensors: Vec<(SensorId, bool)>,
}

impl Said {
    /// Whether the device itself spoke just now: neither the broker's memory nor its bridge did.
    pub fn is_live(&self) -> bool {
        proves_presence_of_device(&self.reading.measure, self.reading.evidence)
    }

    /// Whether something happened, as far as can be told.
    pub fn is_event(&self) -> bool {
        let reading = &self.reading;
        match self.sensors.as_slice() {
            [] => {
                let says_what = !matches!(reading.measure, Measure::Alive | Measure::Bridge(_));
                reading.evidence == Evidence::Event && !reading.copy && says_what
            }
            sensors => sensors.iter().any(|(_, is_event)| *is_event),
        }
    }
}

impl Ear {
    /// An ear that knows every family; `engine` has seen nothing yet, and will raise nothing.
    pub fn new(engine: Engine, devices: Devices, addresses: &[(SensorId, Address)]) -> Ear {
        let mut sensors: BTreeMap<(&'static str, String), Vec<SensorId>> = BTreeMap::new();
        for (id, address) in addresses {
            sensors.entry((address.family(), address.device())).or_default().push(id.clone());
        }
        Ear { engine, devices, sensors }
    }

    /// What the families say about a frame.
    pub fn hear(&mut self, now: Timestamp, frame: &RawFrame) -> Vec<Telling> {
        let mut tellings = Vec::new();
        for Heard { family, outcome } in self.devices.decode(frame) {
            let said = match outcome {
                Decoded::NotMine | Decoded::Incomplete => continue,
                Decoded::Malformed(why) => Err(why),
                Decoded::Readings(readings) => {
                    Ok(readings.into_iter().map(|reading| self.said(now, family, reading)).collect())
                }
            };
            tellings.push(Telling { family, said });
        }
        tellings
    }

    fn said(&mut self, now: Timestamp, family: &'static str, reading: Reading) -> Said {
        let ids = self.sensors.get(&(family, reading.device.clone())).cloned().unwrap_or_default();
        let sensors = ids.into_iter().map(|id| (id.clone(), self.happened(now, id, &reading))).collect();
        Said { reading, sensors }
    }

    fn happened(&mut self, now: Timestamp, sensor: SensorId, reading: &Reading) -> bool {
        let event_at = |engine: &Engine| engine.seen().heard(&sensor).and_then(|heard| heard.event_at);
        let before = event_at(&self.engine);
        let observation = Observation {
            at: now,
            sensor: sensor.clone(),
            measure: reading.measure.clone(),
            evidence: reading.evidence,
            copy: reading.copy,
        };
        // As from a history: taken in, without any alert.
        self.engine.recall(Recorded::Observed(observation));
        event_at(&self.engine) != before
    }
}

/// The first sensor of a reading, where it is registered.
pub fn sensor_of<'h>(home: &'h Home, said: &Said) -> Option<&'h Sensor> {
    said.sensors.first().and_then(|(id, _)| home.sensors.get(id))
}

/// All sensors of a reading by their names, or the device as its family names it.
pub fn name_of(said: &Said) -> String {
    let ids: Vec<&str> = said.sensors.iter().map(|(id, _)| id.as_str()).collect();
    if ids.is_empty() { said.reading.device.clone() } else { ids.join("+") }
}
