//! What was said and not written, because it said nothing new: the newest of each kind, so that it can be written when it may
//! bear on a decision. So every decision can be made again from the history.

use crate::model::ids::SensorId;
use crate::model::observation::Observation;
use crate::model::recorded::Recorded;
use std::collections::BTreeMap;

/// The newest readings that were not written, by sensor: one for each kind of measure.
#[derive(Debug, Default)]
pub struct Withheld {
    newest: BTreeMap<SensorId, Vec<Observation>>,
}

impl Withheld {
    /// This one is not written now.
    pub fn keep(&mut self, observation: Observation) {
        let of_sensor = self.newest.entry(observation.sensor.clone()).or_default();
        let kind = observation.measure.kind();
        of_sensor.retain(|older| older.measure.kind() != kind);
        of_sensor.push(observation);
    }

    /// This one is written: what it said before of the same kind matters no more.
    pub fn forget_before(&mut self, observation: &Observation) {
        if let Some(of_sensor) = self.newest.get_mut(&observation.sensor) {
            of_sensor.retain(|older| older.measure.kind() != observation.measure.kind());
        }
    }

    /// All of them, as lines of the history in order of time.
    pub fn take(&mut self) -> Vec<Recorded> {
        let mut all: Vec<Observation> = std::mem::take(&mut self.newest).into_values().flatten().collect();
        all.sort_by_key(|observation| observation.at);
        all.into_iter().map(Recorded::HeardBefore).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::{Evidence, Measure};
    use crate::model::time::from_millis;

    #[test]
    fn of_each_kind_the_newest_is_kept_and_none_that_was_overtaken() {
        let said = |at, measure| {
            let (sensor, evidence) = ("hall".parse().unwrap(), Evidence::Level);
            Observation { at: from_millis(at), sensor, measure, evidence, copy: false }
        };
        let mut withheld = Withheld::default();
        withheld.keep(said(1, Measure::BatteryPercent(80.0)));
        withheld.keep(said(2, Measure::SignalPercent(50.0)));
        withheld.keep(said(3, Measure::BatteryPercent(80.0)));
        withheld.forget_before(&said(4, Measure::SignalPercent(60.0)));
        assert_eq!(withheld.take(), [Recorded::HeardBefore(said(3, Measure::BatteryPercent(80.0)))]);
        assert_eq!(withheld.take(), []);
    }
}
