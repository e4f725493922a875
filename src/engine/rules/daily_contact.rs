//! No sign of life this morning: somebody phones. A task for the day, not an emergency; quiet that is wrong is judged beside it.
//!
//! Movement and every button count. What came before the morning begins does not: who was up at two may have fallen at three.
//! A morning in which nobody was there is nobody's. A home that was not watched meanwhile is phoned all the same, and is told so.

use super::{Alarm, Finding, Known, Rule, latest};
use crate::model::found;
use crate::model::reason::Reason;
use crate::model::time::{Span, TimeOfDay, Timestamp};
use serde::Deserialize;

/// `[rules.daily_contact]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Signs of life count from this time of the day on.
    pub from: TimeOfDay,
    /// Without one by this time somebody phones.
    pub by: TimeOfDay,
}

impl Default for Settings {
    fn default() -> Self {
        let clock = |text: &str| text.parse().expect("a time of day");
        Settings { from: clock("04:00"), by: clock("10:00") }
    }
}

impl Settings {
    /// The shortest time in which a morning can pass without a sign; a change of clocks takes an hour of it.
    fn shortest(&self) -> Span {
        let secs = i64::from(self.by.second_of_day()) - i64::from(self.from.second_of_day());
        Span::seconds(if secs <= 0 { secs + 86_400 } else { secs }) - Span::hours(1)
    }
}

struct DailyContact {
    settings: Settings,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    DailyContact { settings: settings.daily_contact.clone() }
}

impl Rule for DailyContact {
    fn name(&self) -> &'static str {
        "daily_contact"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        // A home that never showed life is not quiet; nor is one judged by hours that may be others.
        let Some(life) = known.seen.last_life.as_ref().filter(|_| known.seen.clock_trusted) else {
            return Finding::default();
        };
        // Mostly there was a sign a moment ago: no calendar is needed to see that this morning is not lost yet.
        let known_at = known.seen.suspended.ended_at.map_or(life.at, |ended_at| ended_at.max(life.at));
        let not_before = known_at + self.settings.shortest();
        if now < not_before {
            return Finding { alarms: Vec::new(), look_again: Some(not_before) };
        }
        let Settings { from, by } = self.settings;
        let zone = &known.home.zone;
        let (by_at, next) = latest(zone, now, by);
        let (from_at, _) = latest(zone, by_at, from);
        let look_again = Some(next);
        if known_at >= from_at {
            return Finding { alarms: Vec::new(), look_again };
        }
        let blind = known.seen.blind.as_ref().or_else(|| known.seen.blind_since(from_at));
        let reason = Reason::DailyContact(found::DailyContact {
            from,
            by,
            last_life: Some(life.clone()),
            blind: blind.cloned(),
        });
        // One for each morning, told at the instant at which the morning is over.
        Finding { alarms: vec![Alarm { reason, since: by_at - Span::milliseconds(1), is_over: false }], look_again }
    }
}
