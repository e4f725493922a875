//! Lets in what a sensor can honestly have to say, and counts the rest: one that chatters delays no other.
//!
//! A token bucket per sensor. Buttons have a bucket of their own size, and every sensor its own bucket, so a button is
//! never behind anything. What is refused is counted and shown by `status`; the device is still known to be alive.

use crate::model::home::SensorKind;
use crate::model::ids::SensorId;
use crate::model::time::Span;
use std::collections::BTreeMap;

/// Who may say how much.
#[derive(Debug, Default)]
pub struct Admission {
    buckets: BTreeMap<SensorId, Bucket>,
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

impl Allowance {
    fn of(kind: SensorKind) -> Allowance {
        use SensorKind as K;
        match kind {
            // Somebody who presses in fear presses often; each press is shown.
            K::CallButton | K::ServiceButton | K::OkButton | K::AwayButton => {
                Allowance { burst: 100.0, per_second: 20.0 }
            }
            // More than one change a second for a minute tells nothing new about a person.
            K::Motion
            | K::Presence
            | K::OuterDoor
            | K::Door
            | K::Bed
            | K::Chair
            | K::Item
            | K::Smoke
            | K::Gas
            | K::Leak
            | K::Temperature
            | K::Vital
            | K::Mains => Allowance { burst: 60.0, per_second: 1.0 },
        }
    }
}

impl Admission {
    /// Whether `sensor` may be heard now; `since_boot` never runs backwards.
    pub fn admits(&mut self, sensor: &SensorId, kind: SensorKind, since_boot: Span) -> bool {
        let allowance = Allowance::of(kind);
        let bucket = self.buckets.entry(sensor.clone()).or_insert(Bucket {
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
        self.buckets.get(sensor).map_or(0, |bucket| bucket.refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chattering_sensor_is_held_back_and_a_button_beside_it_is_not() {
        let mut admission = Admission::default();
        let (hall, pendant) = ("hall".parse().unwrap(), "pendant".parse().unwrap());
        let at = |millis: i64| Span::milliseconds(millis);
        let let_in = (0..100_000).filter(|n| admission.admits(&hall, SensorKind::Motion, at(n / 10))).count();
        assert!((60..=71).contains(&let_in), "10,000 a second for 10 s: {let_in} were let in");
        assert!(admission.admits(&pendant, SensorKind::CallButton, at(10_000)));
        assert_eq!((admission.refused_of(&hall), admission.refused_of(&pendant)), (100_000 - let_in as u64, 0));
        assert!(admission.admits(&hall, SensorKind::Motion, at(20_000)), "quiet again, heard again");
    }
}
