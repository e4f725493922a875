//! What sensors said last about themselves, for people who ask at the machine: signal, supply, their bridge's word.
//!
//! Begins anew with each run: what was not said since is not known.

use crate::model::ids::SensorId;
use crate::model::observation::{Availability, Measure};
use std::collections::BTreeMap;

/// The last words of every sensor about itself.
#[derive(Debug, Default)]
pub struct Gauges {
    sensors: BTreeMap<SensorId, Gauge>,
}

/// The last words of one sensor about itself.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Gauge {
    /// How well it is heard: 0 to 100.
    pub signal_percent: Option<f64>,
    /// Its supply.
    pub supply_volts: Option<f64>,
    /// What its bridge says about it.
    pub availability: Option<Availability>,
}

impl Gauges {
    /// Notes one reading of a known sensor.
    pub fn note(&mut self, sensor: &SensorId, measure: &Measure) {
        let is_gauge =
            matches!(measure, Measure::SignalPercent(_) | Measure::SupplyVolts(_) | Measure::Availability(_));
        if !is_gauge {
            return;
        }
        let gauge = self.sensors.entry(sensor.clone()).or_default();
        if let Measure::SignalPercent(percent) = measure {
            gauge.signal_percent = Some(*percent);
        } else if let Measure::SupplyVolts(volts) = measure {
            gauge.supply_volts = Some(*volts);
        } else if let Measure::Availability(availability) = measure {
            gauge.availability = Some(*availability);
        }
    }

    /// What `sensor` said last.
    pub fn of(&self, sensor: &SensorId) -> Gauge {
        self.sensors.get(sensor).copied().unwrap_or_default()
    }
}
