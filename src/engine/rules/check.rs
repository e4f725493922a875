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
