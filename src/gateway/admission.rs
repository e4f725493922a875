//! Lets in what a sensor can honestly have to say, and counts the rest: one that chatters delays no other.
//!
//! A token bucket per sensor, and one of its own for its presses: a button is never behind anything, its own battery
//! reports included. What is refused is counted and shown by `status`; the device is still known to be alive.

use crate::model::ids::SensorId;
use crate::model::observation::Measure;
use crate::model::time::Span;
use std::collections::BTreeMap;

/// Who may say how much.
#[derive(Debug, Default)]
pub struct Admission {
    presses: BTreeMap<SensorId, Bucket>,
    others: BTreeMap<SensorId, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled_at: Span,
    refused: u64,
}

/// How many messages at once, and how many a second after that.
struct Allowance {
    burst: f64,
    per_second: f64,
}

/// Somebody who presses in fear presses often; each press is shown.
const PRESSES: Allowance = Allowance { burst: 100.0, per_second: 20.0 };

/// More than one change a second for a minute tells nothing new about a person.
const OTHERS: Allowance = Allowance { burst: 60.0, per_second: 1.0 };

impl Admission {
    /// Whether `sensor` may be heard now; `since_boot` never runs backwards.
    pub fn admits(&mut self, sensor: &SensorId, measure: &Measure, since_boot: Span) -> bool {
        let is_press = matches!(measure, Measure::Button(_));
        let (buckets, allowance) = if is_press { (&mut self.presses, PRESSES) } else { (&mut self.others, OTHERS) };
        let bucket = buckets.entry(sensor.clone()).or_insert(Bucket {
            tokens: allowance.burst,
            filled_at: since_boot,
            refused: 0,
        });
        let passed_secs = (since_boot - bucket.filled_at).num_milliseconds().max(0) as f64 / 1000.0;
        bucket.tokens = (bucket.tokens + passed_secs * allowance.per_second).min(allowance.burst);
        bucket.filled_at = since_boot;
        if bucket.tokens < 1.0 {
            bucket.refused += 1;
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }

    /// Messages of this sensor refused so far.
    pub fn refused_of(&self, sensor: &SensorId) -> u64 {
        [&self.presses, &self.others]
            .iter()
            .filter_map(|buckets| buckets.get(sensor))
            .map(|bucket| bucket.refused)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::Press;

    #[test]
    fn a_chattering_sensor_is_held_back_and_a_button_is_not_even_if_it_chatters_itself() {
        let mut admission = Admission::default();
        let (hall, pendant) = ("hall".parse().unwrap(), "pendant".parse().unwrap());
        let at = |millis: i64| Span::milliseconds(millis);
        let press = Measure::Button(Press::Single);
        for sensor in [&hall, &pendant] {
            let let_in = (0..100_000).filter(|n| admission.admits(sensor, &Measure::BatteryPercent(80.0), at(n / 10)));
            let let_in = let_in.count();
            assert!((60..=71).contains(&let_in), "10,000 a second for 10 s: {let_in} were let in");
            assert_eq!(admission.refused_of(sensor), 100_000 - let_in as u64);
        }
        let pressed = (0..100).filter(|_| admission.admits(&pendant, &press, at(10_000))).count();
        assert_eq!(pressed, 100, "each press is shown");
        assert!(admission.admits(&hall, &Measure::Motion(true), at(20_000)), "quiet again, heard again");
    }
}
