//! A sensor, or a source, says more than can be meant: it wears out, it is disturbed, or somebody plays with the radio.
//!
//! What it says beyond its allowance was refused by the gateway and is no sign of life; everybody else is heard as ever.

use super::{Alarm, Finding, Known, Rule};
use crate::engine::floods::FLOOD_OVER_AFTER;
use crate::model::flood::Flooder;
use crate::model::reason::Reason;
use crate::model::time::Timestamp;
use serde::Deserialize;

/// `[rules.flood]`
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

struct Flood;

/// The rule with these settings.
pub fn rule(_settings: &super::Settings) -> impl Rule + use<> {
    Flood
}

impl Rule for Flood {
    fn name(&self) -> &'static str {
        "flood"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let mut finding = Finding::default();
        for (who, told) in known.seen.floods.all() {
            let over_at = told.last + FLOOD_OVER_AFTER;
            if over_at <= now {
                continue;
            }
            let (sensor, source) = match who {
                Flooder::Sensor(sensor) => (known.home.sensors.get(sensor), None),
                Flooder::Source(source) => (None, Some(source.clone())),
            };
            if sensor.is_none() && source.is_none() {
                continue; // no longer in the configuration
            }
            let reason = Reason::Flood {
                sensor: sensor.map(|sensor| sensor.id.clone()),
                room: sensor.and_then(|sensor| sensor.room.clone()),
                source,
                per_second: told.per_second,
            };
            finding.alarms.push(Alarm { reason, since: told.since, is_over: false });
            finding.look_again = Some(finding.look_again.map_or(over_at, |at| at.min(over_at)));
        }
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, judge, moved};
    use super::*;
    use crate::model::flood;

    #[test]
    fn a_flood_is_one_episode_until_ten_minutes_of_quiet() {
        let mut seen = moved(&["08:00"]);
        let rule = rule(&super::super::Settings::default());
        let tell = |clock: &str, seen: &mut crate::engine::seen::Seen| {
            let who = Flooder::Sensor("hall".parse().unwrap());
            seen.floods.tell(at(clock), &flood::Flood { who, per_second: 900 });
        };
        let since = |clock: &str, seen: &_| judge(&rule, at(clock), seen).alarms.first().map(|alarm| alarm.since);
        tell("08:10", &mut seen);
        tell("08:19", &mut seen);
        assert_eq!(since("08:28", &seen), Some(at("08:10")));
        assert_eq!(judge(&rule, at("08:28"), &seen).look_again, Some(at("08:29")));
        assert_eq!(since("08:29", &seen), None);
        tell("08:30", &mut seen);
        assert_eq!(since("08:30", &seen), Some(at("08:30")), "another episode");
    }

    #[test]
    fn a_sensor_that_was_taken_out_of_the_configuration_floods_no_more() {
        let mut seen = moved(&["08:00"]);
        let who = Flooder::Sensor("gone".parse().unwrap());
        seen.floods.tell(at("08:10"), &flood::Flood { who, per_second: 900 });
        assert_eq!(judge(&rule(&super::super::Settings::default()), at("08:11"), &seen), Finding::default());
    }
}
