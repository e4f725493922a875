//! A sensor has not been heard from for longer than is usual for it: a sensor problem, never a person problem.
//!
//! A sensor behind a lost link is not silent: the link is the problem, and it is told once.

use super::{Alarm, Finding, Known, Rule};
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp, span_text};
use serde::Deserialize;

/// `[rules.silent_sensor]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A sensor not heard from for longer than this is a fault, unless the sensor says otherwise.
    #[serde(with = "span_text")]
    pub after: Span,
}

impl Default for Settings {
    fn default() -> Self {
        // 25 h: a battery PIR that reports daily may slip by an hour (Zigbee2MQTT's default).
        Settings { after: Span::hours(25) }
    }
}

struct SilentSensor {
    after: Span,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    SilentSensor { after: settings.silent_sensor.after }
}

impl Rule for SilentSensor {
    fn name(&self) -> &'static str {
        "silent_sensor"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let mut finding = Finding::default();
        for (sensor, heard) in known.seen.with_heard(known.home) {
            let limit = sensor.silent_after.unwrap_or(self.after);
            let Some(since) = known.seen.silent_since(sensor, heard) else { continue };
            let deadline = since + limit;
            if known.seen.is_excused(sensor, heard) {
                continue;
            }
            if deadline > now {
                finding.look_again = Some(finding.look_again.map_or(deadline, |at| at.min(deadline)));
                continue;
            }
            let reason = Reason::SilentSensor {
                sensor: sensor.id.clone(),
                room: sensor.room.clone(),
                kind: sensor.kind,
                last_heard: heard.and_then(|heard| heard.heard_at),
                limit,
            };
            finding.alarms.push(Alarm { reason, since, is_over: false });
        }
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, hours, judge, moved};
    use super::*;

    #[test]
    fn a_dead_sensor_is_a_sensor_alarm_after_its_own_time() {
        let seen = moved(&["08:00"]);
        let rule = rule(&super::super::Settings::default());
        assert_eq!(judge(&rule, at("08:00") + hours(24), &seen).alarms, []);
        let finding = judge(&rule, at("08:00") + hours(25), &seen);
        assert_eq!(finding.alarms.len(), 5, "none of them was heard from since");
    }

    #[test]
    fn sensors_behind_a_lost_link_are_not_silent_one_by_one() {
        let mut seen = moved(&["08:00"]);
        seen.link(&super::super::testing::home(), at("09:00"), "mqtt", false);
        let finding = judge(&rule(&super::super::Settings::default()), at("08:00") + hours(30), &seen);
        let silent: Vec<_> = finding.alarms.iter().filter_map(|a| a.reason.subject()).map(|id| id.as_str()).collect();
        assert_eq!(silent, ["bath", "pendant"], "only those on the other source");
    }
}
