//! What a sensor measures as a number, and since when it is beyond its limits.

use crate::engine::rules::range::Limits;
use crate::model::found::Quantity;
use crate::model::home::SensorKind;
use crate::model::observation::{Evidence, Measure, Observation};
use crate::model::time::{Span, Timestamp};

/// The last value and how long it has been out of range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// What it was.
    pub last: f64,
    at: Timestamp,
    low_since: Option<Timestamp>,
    high_since: Option<Timestamp>,
}

/// A value that is out of range, and has been for long enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beyond {
    /// Which limit it passed.
    pub limit: f64,
    /// Below, not above.
    pub is_low: bool,
    /// Since when.
    pub since: Timestamp,
}

/// After so long without a value nothing is known of the time between.
const FRESH: Span = Span::hours(6);

impl Value {
    /// What is known after this observation.
    pub(super) fn after(
        before: Option<Value>,
        kind: SensorKind,
        observation: &Observation,
        (what, limits): (Quantity, Limits),
    ) -> Option<Value> {
        let (Measure::TemperatureCelsius(number) | Measure::Number(number)) = observation.measure else {
            return before;
        };
        if kind != SensorKind::Vital && matches!(observation.measure, Measure::Number(_)) {
            return before;
        }
        let (least, most) = what.possible();
        let is_live = matches!(observation.evidence, Evidence::Event | Evidence::Level);
        if !is_live || !(least..=most).contains(&number) {
            return before;
        }
        let at = observation.at;
        let before = before.filter(|value| (Span::zero()..=FRESH).contains(&(at - value.at)));
        let (low_since, high_since) = before.map_or((None, None), |value| (value.low_since, value.high_since));
        let is_low = limits.below.is_some_and(|below| number < below);
        let is_high = limits.above.is_some_and(|above| number > above);
        let stays_low = low_since.is_some() && limits.below.is_some_and(|below| number < below + limits.back_by);
        let stays_high = high_since.is_some() && limits.above.is_some_and(|above| number > above - limits.back_by);
        Some(Value {
            last: number,
            at,
            low_since: (is_low || stays_low).then(|| low_since.unwrap_or(at)),
            high_since: (is_high || stays_high).then(|| high_since.unwrap_or(at)),
        })
    }

    /// Whether it has been out of range for as long as it must last.
    pub fn beyond(&self, limits: &Limits) -> Option<Beyond> {
        let lasts = limits.lasts.unwrap_or(Span::zero());
        let side = |since: Option<Timestamp>, limit: Option<f64>, is_low| {
            let (since, limit) = (since.filter(|since| self.at - *since >= lasts)?, limit?);
            Some(Beyond { limit, is_low, since })
        };
        side(self.low_since, limits.below, true).or_else(|| side(self.high_since, limits.above, false))
    }

    pub(super) fn is_newer_than(&self, at: Timestamp) -> bool {
        self.at > at
    }

    pub(super) fn shift(&mut self, by: Span) {
        self.at += by;
        for since in [&mut self.low_since, &mut self.high_since].into_iter().flatten() {
            *since += by;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::testing::{at, observed};

    #[test]
    fn a_value_must_last_and_must_come_back_by_a_distance() {
        let limits = Limits { below: Some(12.0), above: None, back_by: 1.0, lasts: Some(Span::minutes(30)) };
        let mut value = None;
        let mut say = |clock: &str, celsius: f64, evidence| {
            let observation = observed("hall", at(clock), Measure::TemperatureCelsius(celsius), evidence);
            let judged = (Quantity::RoomTemperature, limits);
            value = Value::after(value, SensorKind::Temperature, &observation, judged);
            value.and_then(|value| value.beyond(&limits)).map(|beyond| beyond.since)
        };
        assert_eq!(say("08:00", 11.9, Evidence::Level), None, "not for long");
        assert_eq!(say("08:20", -80.0, Evidence::Level), None, "nobody lives at eighty below");
        assert_eq!(say("08:25", 20.0, Evidence::Cached), None);
        assert_eq!(say("08:31", 12.5, Evidence::Level), Some(at("08:00")));
        assert_eq!(say("08:40", 13.1, Evidence::Level), None);
        assert_eq!(say("08:50", 12.5, Evidence::Level), None, "not low, only not warm");
        assert_eq!(say("09:00", 11.0, Evidence::Level), None);
        assert_eq!(say("15:30", 11.0, Evidence::Level), None, "what was in between is not known");
        assert_eq!(say("16:00", 11.0, Evidence::Level), Some(at("15:30")));
    }
}
