//! Before a limit of quiet is reached the person at home is asked: a voice, a lamp, and if so wanted a soft notice at the station.
//!
//! Most quiet is a nap. Who moves or presses has answered, and nobody is disturbed; who does not is an alert at the limit, at the
//! very instant at which it would have been one without the question. A check decides nothing: it is found by the rule whose
//! limit it is, for as long as that limit is still to come, and is over with it.

use super::{Alarm, Finding, Known};
use crate::model::found::{Check, Limited};
use crate::model::ids::RoomId;
use crate::model::reason::Reason;
use crate::model::time::{Hours, Span, Timestamp};
use serde::{Deserialize, Deserializer, de::Error};
use std::collections::BTreeMap;

/// `[rules.check]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// At which share of its limit a rule asks; a rule that is left out does not.
    pub at: BTreeMap<String, Share>,
    /// Nobody is woken to be asked: outside these hours no question is put.
    pub hours: Hours,
    /// Whether the nearest station is told as well, without sound and without a clock.
    pub tells_station: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let clock = |text: &str| text.parse().expect("a time of day");
        Settings {
            at: BTreeMap::new(),
            hours: Hours { from: clock("08:00"), to: clock("22:00") },
            tells_station: false,
        }
    }
}

/// Rules that have a limit before which the person can be asked. Those that wait for an hour of the day have none.
pub const LIMITED: &[&str] = &["inactivity", "rhythm", "long_in_room"];

/// Who is asked later than this could hardly answer before the limit.
const BEFORE_THE_LIMIT: Span = Span::minutes(5);

/// A share of a limit, written `70%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share(pub u8);

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let number = text.strip_suffix('%').and_then(|number| number.trim_end().parse().ok());
        number
            .map(Share)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is no share of a limit; write it as \"70%\"")))
    }
}

/// A limit that is still to come.
pub(super) struct Ahead {
    /// Whose.
    pub of: Limited,
    /// Since when it counts.
    pub since: Timestamp,
    /// When it is reached.
    pub due: Timestamp,
    /// The room, where it is a stay in one.
    pub room: Option<RoomId>,
}

impl Ahead {
    /// When the person is asked, if they are.
    pub fn asks_at(&self, known: &Known) -> Option<Timestamp> {
        let settings = &known.seen.settings().check;
        // By a clock that may be wrong somebody could be woken.
        let Share(share) = settings.at.get(self.of.rule()).filter(|_| known.seen.clock_trusted)?;
        let limit = (self.due - self.since).num_milliseconds();
        let latest = self.due - BEFORE_THE_LIMIT;
        let share = Span::milliseconds(limit / 100 * i64::from(*share));
        let at = settings.hours.first_inside(&known.home.zone, (self.since + share).min(latest));
        (at > self.since && at <= latest).then_some(at)
    }

    /// Nothing is wrong yet; perhaps the person is to be asked.
    pub fn finding(self, now: Timestamp, known: &Known) -> Finding {
        let Some(at) = self.asks_at(known) else { return self.waits() };
        if at > now {
            return Finding { alarms: Vec::new(), look_again: Some(at) };
        }
        if known.seen.unwatched(known.home, now).is_some() {
            return self.waits();
        }
        let Ahead { of, since, due, room } = self;
        let last_life = known.seen.last_life.clone();
        let reason = Reason::Check(Check { of, since, lasts: now - since, due, room, last_life });
        Finding { alarms: vec![Alarm { reason, since, is_over: false }], look_again: Some(due) }
    }

    fn waits(&self) -> Finding {
        Finding { alarms: Vec::new(), look_again: Some(self.due) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, home, moved};
    use super::super::{Just, Settings as AllSettings};
    use super::*;
    use crate::engine::seen::Seen;

    fn asks_at(since: &str, lasts: Span, clock_trusted: bool) -> Option<Timestamp> {
        let mut settings = AllSettings::default();
        settings.check.at.insert("inactivity".into(), Share(70));
        let mut seen = Seen::new(&home(), &settings);
        seen.clock_trusted = clock_trusted;
        let known = Known { home: &home(), seen: &seen, just: &Just::Nothing };
        Ahead { of: Limited::Inactivity, since: at(since), due: at(since) + lasts, room: None }.asks_at(&known)
    }

    #[test]
    fn the_person_is_asked_at_the_share_and_never_later_than_five_minutes_before() {
        assert_eq!(asks_at("09:00", Span::hours(6), true), Some(at("13:12")));
        assert_eq!(asks_at("09:00", Span::minutes(12), true), Some(at("09:07")));
        assert_eq!(asks_at("09:00", Span::minutes(5), true), None, "no time to answer");
    }

    #[test]
    fn nobody_is_woken_to_be_asked() {
        assert_eq!(asks_at("22:30", Span::hours(10), true), Some(at("08:00") + Span::days(1)), "not at half past five");
        assert_eq!(asks_at("21:00", Span::hours(10), true), None, "the limit is reached before the morning");
        assert_eq!(asks_at("09:00", Span::hours(6), false), None, "what hour it is is not known");
    }

    #[test]
    fn where_nothing_is_set_nobody_is_asked() {
        let seen = moved(&["08:00"]);
        let known = Known { home: &home(), seen: &seen, just: &Just::Nothing };
        let ahead = Ahead { of: Limited::Inactivity, since: at("08:00"), due: at("14:00"), room: None };
        let finding = ahead.finding(at("13:59"), &known);
        assert_eq!((finding.alarms.len(), finding.look_again), (0, Some(at("14:00"))));
    }

    #[test]
    fn a_share_is_written_in_percent() {
        let read =
            |text: &str| toml::from_str::<Settings>(&format!("at = {{ rhythm = {text} }}")).map(|s| s.at["rhythm"]);
        assert_eq!(read("\"70%\"").unwrap(), Share(70));
        for wrong in ["\"70\"", "0.7", "\"-1%\"", "\"300%\"", "\"%\""] {
            assert!(read(wrong).is_err(), "{wrong} was taken");
        }
    }
}
