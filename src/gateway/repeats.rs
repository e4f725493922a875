//! Which readings say nothing that was not written a moment ago: a battery at 87 % with every movement is not written each
//! time, because every row wears the card.
//!
//! Never leaves out an event; the engine hears everything all the same.

use crate::model::ids::SensorId;
use crate::model::observation::{Evidence, Measure, Observation};
use crate::model::time::Span;
use std::collections::BTreeMap;

/// An unchanged state is written again after this: a restart must know that the sensor was heard lately.
const WRITTEN_AGAIN_AFTER: Span = Span::minutes(10);

/// What was written last, by sensor and kind of measure.
#[derive(Debug, Default)]
pub struct Repeats {
    written: BTreeMap<SensorId, Vec<(Measure, Span)>>,
}

impl Repeats {
    /// Whether this need not be written; if it must, it counts as written from now on.
    pub fn is_repeat(&mut self, since_boot: Span, observation: &Observation) -> bool {
        if observation.evidence == Evidence::Event || matches!(observation.measure, Measure::Button(_)) {
            return false;
        }
        let written = self.written.entry(observation.sensor.clone()).or_default();
        let kind = std::mem::discriminant(&observation.measure);
        match written.iter_mut().find(|(measure, _)| std::mem::discriminant(measure) == kind) {
            Some((measure, at)) => {
                let repeats = *measure == observation.measure && since_boot - *at < WRITTEN_AGAIN_AFTER;
                if !repeats {
                    (*measure, *at) = (observation.measure.clone(), since_boot);
                }
                repeats
            }
            None => {
                written.push((observation.measure.clone(), since_boot));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::Press;
    use crate::model::time::from_millis;

    #[test]
    fn an_unchanged_state_is_written_once_in_ten_minutes_and_a_press_always() {
        let mut repeats = Repeats::default();
        let mut is_repeat = |minute: i64, measure: Measure, evidence| {
            let sensor = "hall".parse().unwrap();
            let observation = Observation { at: from_millis(0), sensor, measure, evidence, copy: false };
            repeats.is_repeat(Span::minutes(minute), &observation)
        };
        let battery = |percent| Measure::BatteryPercent(percent);
        assert!(!is_repeat(0, battery(87.0), Evidence::Level));
        assert!(!is_repeat(0, Measure::Motion(false), Evidence::Level));
        assert!(is_repeat(1, battery(87.0), Evidence::Level));
        assert!(!is_repeat(2, battery(86.0), Evidence::Level));
        assert!(!is_repeat(12, battery(86.0), Evidence::Level), "written again after ten minutes");
        assert!(!is_repeat(12, Measure::Motion(true), Evidence::Level));
        assert!(!is_repeat(12, Measure::Motion(false), Evidence::Level), "a level that went and came back is written");
        let press = || Measure::Button(Press::Sos);
        assert!(!is_repeat(13, press(), Evidence::Event) && !is_repeat(13, press(), Evidence::Event));
    }
}
