//! The outer door stands open: forgotten, or somebody could not shut it.
//!
//! Only of a door contact that also says when it is shut; a radio that reports openings alone cannot be asked. Time in which
//! the door could not be heard is no time in which it stood open, and no time in which it was shut.

use super::{Alarm, Finding, Known, Rule, first_passed};
use crate::model::found;
use crate::model::home::SensorKind;
use crate::model::reason::Reason;
use crate::model::time::{Hours, Span, Timestamp, span_text};
use serde::Deserialize;

/// `[rules.door_left_open]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The part of the day that is night; absent: the night of all rules.
    pub night: Option<Hours>,
    /// So long an outer door may stand open by day.
    #[serde(with = "span_text")]
    pub by_day: Span,
    /// So long by night.
    #[serde(with = "span_text")]
    pub by_night: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { night: None, by_day: Span::hours(1), by_night: Span::minutes(10) }
    }
}

struct DoorLeftOpen {
    settings: Settings,
    night: Hours,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    DoorLeftOpen { settings: settings.door_left_open.clone(), night: settings.night(settings.door_left_open.night) }
}

impl Rule for DoorLeftOpen {
    fn name(&self) -> &'static str {
        "door_left_open"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let mut finding = Finding::default();
        if !known.seen.has_any(&[SensorKind::OuterDoor]) {
            return finding;
        }
        let doors = known.seen.with_heard(known.home).filter(|(sensor, _)| sensor.kind == SensorKind::OuterDoor);
        for (sensor, heard) in doors {
            let main = heard.map(|heard| heard.main).filter(|main| main.says_off);
            let Some(open_since) = main.and_then(|main| main.true_since) else { continue };
            let Settings { by_day, by_night, .. } = self.settings;
            // What was told before the way to it was lost stands; nobody can tell what happened meanwhile.
            let Some(heard_since) = known.seen.heard_since(sensor, heard) else { continue };
            let passed = first_passed(known, open_since.max(heard_since), self.night, by_day, by_night);
            if passed.at > now {
                finding.look_at(passed.at);
                continue;
            }
            let reason = Reason::DoorLeftOpen(found::DoorLeftOpen {
                sensor: sensor.id.clone(),
                room: sensor.room.clone(),
                open_since,
                limit: passed.limit,
                hours: passed.hours,
            });
            finding.alarms.push(Alarm { reason, since: open_since, is_over: false });
        }
        finding
    }

    /// A door is shut when it says so.
    fn may_go_on(&self, _now: Timestamp, known: &Known, reason: &Reason) -> bool {
        let heard = reason.subject().and_then(|sensor| known.seen.heard(sensor));
        heard.is_some_and(|heard| heard.main.true_since.is_some())
    }
}
