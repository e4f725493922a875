//! Not seen outside the bedroom by a set hour, after a night at home.
//!
//! Off until an hour is set. `daily_contact` asks by default whether there is any sign of life in the morning; this one asks
//! more, that the person is up: turning over in bed is a sign of life. What is late for a person is learned elsewhere.

use super::{Alarm, Finding, Known, Rule, latest};
use crate::model::found;
use crate::model::ids::RoomId;
use crate::model::reason::Reason;
use crate::model::time::{Span, TimeOfDay, Timestamp};
use serde::Deserialize;

/// `[rules.late_rising]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Up by this time; absent: not judged.
    pub by: Option<TimeOfDay>,
    /// Being seen elsewhere counts from this time of the day on: going to the toilet at night is not rising.
    pub from: TimeOfDay,
    /// Where people sleep.
    pub bedroom: RoomId,
}

impl Default for Settings {
    fn default() -> Self {
        let from = "04:00".parse().expect("a time of day");
        Settings { by: None, from, bedroom: "bedroom".parse().expect("a legal id") }
    }
}

struct LateRising {
    settings: Settings,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    LateRising { settings: settings.late_rising.clone() }
}

impl Rule for LateRising {
    fn name(&self) -> &'static str {
        "late_rising"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let seen = known.seen;
        let (Some(by), Some(stay), Some(life)) = (self.settings.by, &seen.whereabouts.stay, &seen.last_life) else {
            return Finding::default();
        };
        let is_away = seen.whereabouts.out.is_some();
        if !seen.clock_trusted || is_away || seen.blind.is_some() || stay.room != self.settings.bedroom {
            return Finding::default();
        }
        let zone = &known.home.zone;
        let (by_at, next) = latest(zone, now, by);
        let (from_at, _) = latest(zone, by_at, self.settings.from);
        let is_up = stay.since >= from_at;
        // Who goes to bed after the hour of rising has risen before.
        if is_up {
            return Finding { alarms: Vec::new(), look_again: Some(next) };
        }
        let reason = Reason::LateRising(found::LateRising {
            room: stay.room.clone(),
            by,
            there_since: stay.since,
            last_life: Some(life.clone()),
        });
        let since = by_at - Span::milliseconds(1);
        Finding { alarms: vec![Alarm { reason, since, is_over: false }], look_again: Some(next) }
    }
}
