//! A sensor's battery is nearly empty, or falls so fast that it soon will be: change it before the sensor falls silent.

use super::{Alarm, Finding, Known, Rule};
use crate::engine::seen::Battery;
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp};
use serde::Deserialize;

/// `[rules.low_battery]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// At or below this a battery is to be changed.
    pub at_most_percent: f64,
    /// At or below this too, where a device says only its supply voltage.
    pub at_most_volts: f64,
    /// A battery that falls so fast that it will be empty within this is to be changed, however full it is.
    pub empty_within_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        // 2.3 V: a lithium coin cell under load is at its end, two alkaline cells nearly so.
        Settings { at_most_percent: 15.0, at_most_volts: 2.3, empty_within_days: 14 }
    }
}

struct LowBattery {
    at_most_percent: f64,
}

/// The rule with these settings; what is low and what falls is found where the reports are remembered.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    LowBattery { at_most_percent: settings.low_battery.at_most_percent }
}

impl Rule for LowBattery {
    fn name(&self) -> &'static str {
        "low_battery"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let low = known.seen.ailing(known.home).filter_map(|(sensor, heard)| {
            let battery = heard.battery.as_ref()?;
            let (since, empty_at) = episode(battery)?;
            let reason = Reason::LowBattery {
                sensor: sensor.id.clone(),
                room: sensor.room.clone(),
                percent: battery.percent,
                limit_percent: self.at_most_percent,
                volts: battery.volts.filter(|_| battery.percent.is_none()),
                empty_in_days: empty_at.map(|at| u32::try_from((at - now).num_days()).unwrap_or(0)),
            };
            // A cell may be low in its very first report; its episode began before that instant.
            Some(Alarm { reason, since: since - Span::milliseconds(1), is_over: false })
        });
        Finding { alarms: low.collect(), look_again: None }
    }
}

/// Since when a cell is a matter, and when it will be empty if it is not low yet. That it is low at last is an episode of its
/// own: whoever closed the warning without a new cell is told again.
fn episode(battery: &Battery) -> Option<(Timestamp, Option<Timestamp>)> {
    let falling = battery.falling.map(|falling| (falling.since, Some(falling.empty_at)));
    battery.low_since.map(|since| (since, None)).or(falling)
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
        assert_eq!(since("09:00", 14.0), Some(at("09:00")));
        assert_eq!(since("10:00", 16.0), Some(at("09:00")), "warm weather is no new cell");
        assert_eq!(since("11:00", 13.0), Some(at("09:00")));
        assert_eq!(since("12:00", 100.0), None);
        assert_eq!(since("13:00", 10.0), Some(at("13:00")));
    }
}
