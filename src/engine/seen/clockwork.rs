//! A sensor that fires as regularly as a clock while no other sees anything: heat, sun and curtains do that, people do not.

use crate::model::ids::SensorId;
use crate::model::time::{Span, Timestamp};
use std::collections::VecDeque;

/// So many events …
const EVENTS: usize = 21;
/// … within this, …
const WITHIN: Span = Span::minutes(30);
/// … with pauses that spread no more than this share of their mean, …
const SPREAD: f64 = 0.1;
/// … which are no copies of one event.
const PAUSE_MIN_MS: f64 = 5_000.0;

/// The last events of the sensor that saw something last, while no other one does.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Clockwork {
    sensor: Option<SensorId>,
    events: VecDeque<Timestamp>,
    since: Option<Timestamp>,
}

impl Clockwork {
    /// An event that would show life; since when its sensor has done nothing but tick, if it ticks.
    pub(super) fn event(&mut self, at: Timestamp, sensor: &SensorId) -> Option<Timestamp> {
        if self.sensor.as_ref() != Some(sensor) {
            *self = Clockwork { sensor: Some(sensor.clone()), ..Clockwork::default() };
        }
        if self.events.back() == Some(&at) {
            return None;
        }
        let first = *self.since.get_or_insert(at);
        self.events.push_back(at);
        if self.events.len() > EVENTS {
            self.events.pop_front();
        }
        self.ticks().then_some(first)
    }

    fn ticks(&self) -> bool {
        let (Some(first), Some(last)) = (self.events.front(), self.events.back()) else { return false };
        if self.events.len() < EVENTS || *last - *first > WITHIN {
            return false;
        }
        let pauses =
            self.events.iter().zip(self.events.iter().skip(1)).map(|(a, b)| (*b - *a).num_milliseconds() as f64);
        let count = (EVENTS - 1) as f64;
        let mean = pauses.clone().sum::<f64>() / count;
        let variance = pauses.map(|pause| (pause - mean).powi(2)).sum::<f64>() / count;
        mean >= PAUSE_MIN_MS && variance.sqrt() < SPREAD * mean
    }

    /// Moves every remembered instant by `by`.
    pub(super) fn shift(&mut self, by: Span) {
        self.events.iter_mut().chain(&mut self.since).for_each(|at| *at += by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    fn first_tick(pause_ms: impl Fn(i64) -> i64) -> Option<i64> {
        let (mut clockwork, sensor, mut at) = (Clockwork::default(), "hall".parse().unwrap(), 0);
        (0..200).find(|n| {
            at += pause_ms(*n);
            clockwork.event(from_millis(at), &sensor).is_some()
        })
    }

    #[test]
    fn only_what_is_as_regular_as_a_clock_ticks() {
        assert_eq!(first_tick(|_| 20_000), Some(20));
        assert_eq!(first_tick(|n| 60_000 + n % 3 * 1000), Some(20));
        assert_eq!(first_tick(|n| 20_000 + n * n * 7919 % 30_000), None, "as people move");
        assert_eq!(first_tick(|_| 1_000), None, "a radio that says everything again and again");
        assert_eq!(first_tick(|_| 300_000), None, "too slow to tell");
    }

    #[test]
    fn any_other_sensor_shows_that_somebody_is_about() {
        let (hall, bath) = ("hall".parse().unwrap(), "bath".parse().unwrap());
        let mut clockwork = Clockwork::default();
        let ticks = (0..100).any(|n| {
            let sensor = if n % 15 == 0 { &bath } else { &hall };
            clockwork.event(from_millis(n * 20_000), sensor).is_some()
        });
        assert!(!ticks);
    }
}
