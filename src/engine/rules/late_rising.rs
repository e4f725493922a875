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
        let is_up = stay.entered_at >= from_at;
        // Who goes to bed after the hour of rising has risen before.
        if is_up {
            return Finding { alarms: Vec::new(), look_again: Some(next) };
        }
        let reason = Reason::LateRising(found::LateRising {
            room: stay.room.clone(),
            by,
            there_since: stay.entered_at,
            last_life: Some(life.clone()),
        });
        let since = by_at - Span::milliseconds(1);
        Finding { alarms: vec![Alarm { reason, since, is_over: false }], look_again: Some(next) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, home, hours, observed};
    use super::*;
    use crate::engine::rules::Just;
    use crate::engine::seen::Seen;
    use crate::model::home::Home;
    use crate::model::observation::{Evidence, Measure};
    use crate::model::suspension::{Absence, Change, Suspension};

    /// In bed since ten in the evening, in a home with a sensor there.
    fn in_bed() -> (Home, super::super::Settings, Seen) {
        let mut home = home();
        let mut bed = home.sensors[&"bath".parse().unwrap()].clone();
        (bed.id, bed.room) = ("bed".parse().unwrap(), Some("bedroom".parse().unwrap()));
        home.sensors.insert(bed.id.clone(), bed);
        let mut settings = super::super::Settings::default();
        settings.late_rising.by = Some("10:00".parse().unwrap());
        let mut seen = Seen::new(&home, &settings);
        seen.observe(&home, &observed("bed", at("22:00"), Measure::Motion(true), Evidence::Event));
        (home, settings, seen)
    }

    fn told(home: &Home, settings: &super::super::Settings, seen: &Seen) -> usize {
        let known = Known { home, seen, just: &Just::Nothing };
        rule(settings).judge(at("10:00") + hours(24), &known).alarms.len()
    }

    #[test]
    fn a_night_in_which_nobody_watched_for_a_while_is_no_rising() {
        let (home, settings, mut seen) = in_bed();
        assert_eq!(told(&home, &settings, &seen), 1);
        seen.started(&home, at("05:00") + hours(24), Some(at("23:00")));
        assert_eq!(told(&home, &settings, &seen), 1);
        let up = at("07:00") + hours(24);
        seen.observe(&home, &observed("hall", up, Measure::Motion(true), Evidence::Event));
        seen.observe(&home, &observed("bed", up + hours(1), Measure::Motion(true), Evidence::Event));
        assert_eq!(told(&home, &settings, &seen), 0, "up, and back in the bedroom");
    }

    #[test]
    fn who_was_elsewhere_until_the_morning_is_not_late() {
        let (home, settings, mut seen) = in_bed();
        let (owner, why) = ("p-03".to_owned(), String::new());
        let (from, until) = (at("22:30"), at("08:00") + hours(24));
        let stay = Suspension { kind: Absence::Hospital, owner, why, from, until };
        seen.suspend(&home, at("22:30"), &Change::Begin(stay));
        seen.pass(&home, until);
        assert_eq!(told(&home, &settings, &seen), 0);
    }
}
