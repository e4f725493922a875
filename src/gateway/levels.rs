//! States that are said again a moment later: a radar says ten times a second that somebody is there. They cost nothing:
//! an edge goes on at once, the same state once a minute.
//!
//! Never holds back an event, a press, or a state that differs.

use crate::model::home::{Sensor, SensorKind};
use crate::model::ids::SensorId;
use crate::model::observation::{Evidence, Measure};
use crate::model::time::Span;
use std::collections::BTreeMap;

/// What each sensor said last.
#[derive(Debug, Default)]
pub struct Levels {
    said: BTreeMap<SensorId, Vec<Said>>,
}

#[derive(Debug)]
struct Said {
    measure: Measure,
    evidence: Evidence,
    at: Span,
}

impl Levels {
    /// Whether this, with what it proves, says no more than what went on a moment ago; if it does say more, it counts as said from now on.
    pub fn is_repeat(&mut self, since_boot: Span, sensor: &Sensor, measure: &Measure, evidence: Evidence) -> bool {
        if matches!(measure, Measure::Button(_)) {
            return false;
        }
        if !self.said.contains_key(&sensor.id) {
            self.said.insert(sensor.id.clone(), Vec::new());
        }
        let said = self.said.get_mut(&sensor.id).expect("it was made above");
        let Some(last) = said.iter_mut().find(|last| last.measure.kind() == measure.kind()) else {
            if said.len() < KINDS_MAX {
                said.push(Said { measure: measure.clone(), evidence, at: since_boot });
            }
            return false;
        };
        let is_event = evidence == Evidence::Event && measure.level().is_some();
        let same = last.evidence == evidence && is_near(sensor, &last.measure, measure);
        if !is_event && same && since_boot - last.at < goes_on_after(sensor, measure) {
            return true;
        }
        *last = Said { measure: measure.clone(), evidence, at: since_boot };
        false
    }

    /// What this reading said was left out after all: saying it again is news.
    pub fn forget(&mut self, sensor: &SensorId, measure: &Measure) {
        if let Some(said) = self.said.get_mut(sensor) {
            said.retain(|last| last.measure.kind() != measure.kind());
        }
    }
}

/// How long a state may be said again without going on: no rule may miss that the sensor lives, or that its hold goes on.
fn goes_on_after(sensor: &Sensor, measure: &Measure) -> Span {
    let usual = if matches!(measure, Measure::Number(_) | Measure::Note { .. }) { WORDS_AFTER } else { LEVEL_AFTER };
    let parts = [sensor.hold.map(|hold| hold / 2), sensor.silent_after.map(|silent| silent / 4)];
    parts.into_iter().flatten().fold(usual, Span::min)
}

/// Whether two values of one kind differ by less than anybody would act upon.
pub fn is_near(sensor: &Sensor, before: &Measure, now: &Measure) -> bool {
    let by = |a: &f64, b: &f64, step: f64| (a - b).abs() < step;
    match (before, now) {
        (Measure::SignalPercent(a), Measure::SignalPercent(b)) => by(a, b, 20.0),
        // Whether it is too cold, and since when, rests on every value.
        (Measure::TemperatureCelsius(a), Measure::TemperatureCelsius(b)) if sensor.kind == SensorKind::Temperature => {
            a == b
        }
        (Measure::TemperatureCelsius(a), Measure::TemperatureCelsius(b)) => by(a, b, 0.5),
        (Measure::HumidityPercent(a), Measure::HumidityPercent(b)) => by(a, b, 3.0),
        (Measure::IlluminanceLux(a), Measure::IlluminanceLux(b)) => by(a, b, (a.max(*b) * 0.2).max(5.0)),
        (Measure::BatteryPercent(a), Measure::BatteryPercent(b)) => by(a, b, 1.0),
        (Measure::SupplyVolts(a), Measure::SupplyVolts(b)) => by(a, b, 0.05),
        // That a meter went on is a sign of life; what is measured of a body is judged.
        (Measure::Number(a), Measure::Number(b)) if matches!(sensor.kind, SensorKind::Item | SensorKind::Vital) => {
            a == b
        }
        // Only a technician looks at these; that one of a kind was said a moment ago is enough.
        (Measure::Number(_), Measure::Number(_)) => true,
        (Measure::Note { kind: a, .. }, Measure::Note { kind: b, .. }) => a == b,
        (before, now) => before == now,
    }
}

/// A state that does not change goes on once in this time.
const LEVEL_AFTER: Span = Span::seconds(60);

/// Numbers and words whose changes mean nothing to a rule.
const WORDS_AFTER: Span = Span::seconds(10);

/// Kinds of measure that one device can have.
const KINDS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn sensor(hold: Option<Span>, silent_after: Option<Span>) -> Sensor {
        let id = "radar".parse().unwrap();
        let (service, room, checks_in, burst, offline_is_silent) = (None, None, true, None, false);
        let (kind, source) = (SensorKind::Presence, "uart".into());
        Sensor { id, room, kind, service, hold, silent_after, checks_in, burst, offline_is_silent, source }
    }

    /// How many of ten readings a second for ten minutes go on.
    fn go_on(sensor: &Sensor, mut say: impl FnMut(i64) -> (Measure, Evidence)) -> usize {
        let mut levels = Levels::default();
        let mut goes_on = |tenth: i64| {
            let (measure, evidence) = say(tenth);
            !levels.is_repeat(Span::milliseconds(tenth * 100), sensor, &measure, evidence)
        };
        (0..6_000).filter(|tenth| goes_on(*tenth)).count()
    }

    #[test]
    fn a_radars_state_goes_on_once_a_minute_and_each_edge_at_once() {
        let there = |_| (Measure::Presence(true), Evidence::Level);
        assert_eq!(go_on(&sensor(None, None), there), 10);
        let edges = |tenth: i64| (Measure::Presence(tenth / 100 % 2 == 0), Evidence::Level);
        assert_eq!(go_on(&sensor(None, None), edges), 60, "an edge each ten seconds");
    }

    #[test]
    fn a_hold_and_a_short_silence_are_never_outlasted_by_what_is_held_back() {
        let there = |_| (Measure::Presence(true), Evidence::Level);
        assert_eq!(go_on(&sensor(Some(Span::seconds(30)), None), there), 40);
        assert_eq!(go_on(&sensor(None, Some(Span::seconds(60))), there), 40);
    }

    #[test]
    fn events_are_never_held_back_and_jitter_is() {
        assert_eq!(go_on(&sensor(None, None), |_| (Measure::Motion(true), Evidence::Event)), 6_000);
        let jitter = |tenth: i64| (Measure::SignalPercent((50 + tenth % 7) as f64), Evidence::Level);
        assert_eq!(go_on(&sensor(None, None), jitter), 10);
        let lux = |tenth: i64| (Measure::IlluminanceLux((100 + tenth % 15) as f64), Evidence::Level);
        assert_eq!(go_on(&sensor(None, None), lux), 10);
        let distance = |tenth: i64| (Measure::Number(tenth as f64), Evidence::Level);
        assert_eq!(go_on(&sensor(None, None), distance), 60);
    }
}
