//! A sensor's battery is nearly empty: change it before the sensor falls silent.

use super::{Alarm, Finding, Known, Rule};
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp};
use serde::Deserialize;

/// `[rules.low_battery]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// At or below this a battery is to be changed.
    pub at_most_percent: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { at_most_percent: 15.0 }
    }
}

struct LowBattery {
    at_most_percent: f64,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    LowBattery { at_most_percent: settings.low_battery.at_most_percent }
}

impl Rule for LowBattery {
    fn name(&self) -> &'static str {
        "low_battery"
    }

    fn judge(&self, _now: Timestamp, known: &Known) -> Finding {
        let low = known.seen.with_heard(known.home).filter_map(|(sensor, heard)| {
            let battery = heard?.battery?;
            // The lowest reading counts: cells do not recover, they only warm up.
            let is_low = battery.low || battery.lowest_percent.is_some_and(|percent| percent <= self.at_most_percent);
            is_low.then(|| Alarm {
                reason: Reason::LowBattery {
                    sensor: sensor.id.clone(),
                    room: sensor.room.clone(),
                    percent: battery.percent,
                    limit_percent: self.at_most_percent,
                },
                // One episode per cell: readings that go up and down with the temperature are one matter.
                // A cell may be low in its very first report; its episode began before that instant.
                since: battery.since - Span::milliseconds(1),
                is_over: false,
            })
        });
        Finding { alarms: low.collect(), look_again: None }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, home, judge, moved, observed};
    use super::*;
    use crate::model::observation::{Evidence, Measure};

    #[test]
    fn one_cell_is_one_episode_and_a_new_cell_a_new_one() {
        let mut seen = moved(&[]);
        let rule = rule(&super::super::Settings::default());
        let mut since = |clock: &str, percent| {
            seen.observe(&home(), &observed("hall", at(clock), Measure::BatteryPercent(percent), Evidence::Level));
            judge(&rule, at(clock), &seen).alarms.first().map(|alarm| alarm.since + Span::milliseconds(1))
        };
        assert_eq!(since("08:00", 40.0), None);
        assert_eq!(since("09:00", 14.0), Some(at("08:00")));
        assert_eq!(since("10:00", 16.0), Some(at("08:00")), "warm weather is no new cell");
        assert_eq!(since("11:00", 13.0), Some(at("08:00")));
        assert_eq!(since("12:00", 100.0), None);
        assert_eq!(since("13:00", 10.0), Some(at("12:00")));
    }
}
