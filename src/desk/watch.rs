//! The dead man's switch: which homes were heard from, and which have been silent for too long.

use crate::desk::input::{AlertKey, Condition};
use crate::desk::twins::Twins;
use crate::model::alert::AlertId;
use crate::model::ids::HomeId;
use crate::model::lifecycle::Deed;
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// What the desk knows about the homes' gateways.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch {
    pub homes: BTreeMap<HomeId, HomeSeen>,
    /// From when silence counts: the start of the station, or when its own way to the broker broke or came back.
    pub since: Option<Timestamp>,
    /// While the station's own way is broken a home is silent without fault, if it has no other.
    pub deaf: bool,
    /// Before this nothing of any home is over; absent until all were looked through. Whoever is heard puts it off, so at its
    /// time all are looked through again: not at each message of a hundred thousand homes.
    not_before: Option<Option<Timestamp>>,
    /// For how long homes were heard in time and could see, all of them together.
    pub watched: Span,
}

/// What is known about one home's gateway.
#[derive(Debug, Clone, Default)]
pub(super) struct HomeSeen {
    pub place: Option<String>,
    /// When it was heard for the first time.
    pub known_since: Option<Timestamp>,
    /// Heard since this station runs.
    pub heard_at: Option<Timestamp>,
    /// Newest notice in the history.
    pub noticed_at: Option<Timestamp>,
    /// What the broker says about its connection.
    pub online: Option<bool>,
    pub condition: Option<Condition>,
    /// The station's alert about its silence, until it is heard again.
    pub reported: Option<AlertId>,
    /// Alerts the station raised about it so far.
    pub own_alerts: u64,
    /// The time in which it wants to be heard again, where it says one.
    pub level: Option<Span>,
    /// Whether two gateways speak as it.
    pub twins: Twins,
}

impl HomeSeen {
    /// It is missed after so long: the station's own patience, or the home's rhythm where that is slower.
    pub fn missed_after(&self, unreachable_after: Span) -> Span {
        self.level.map_or(unreachable_after, |level| level.max(unreachable_after))
    }

    /// When its silence is too long, listened to since then.
    fn silent_at(&self, since: Timestamp, unreachable_after: Span) -> Timestamp {
        self.heard_at.map_or(since, |at| at.max(since)) + self.missed_after(unreachable_after)
    }
}

impl Watch {
    /// The home and the instant at which its silence is too long, earliest first.
    pub fn next_silence(&self, unreachable_after: Span) -> Option<(Timestamp, &HomeId)> {
        let silent = self.homes.iter().filter(|(_, seen)| seen.reported.is_none());
        silent.filter_map(|(home, seen)| Some((seen.silent_at(self.listens_to(seen)?, unreachable_after), home))).min()
    }

    /// Every home whose silence is too long, with the instant at which it was, the earliest first.
    pub fn silences(&self, now: Timestamp, unreachable_after: Span) -> Vec<(Timestamp, HomeId)> {
        let silent = self.homes.iter().filter(|(_, seen)| seen.reported.is_none());
        let due = silent.filter_map(|(home, seen)| {
            let at = seen.silent_at(self.listens_to(seen)?, unreachable_after);
            (at <= now).then(|| (at, home.clone()))
        });
        let mut due: Vec<_> = due.collect();
        due.sort();
        due
    }

    /// Since when this home could have been heard; `None` while it cannot be. While the station's own way is broken that is
    /// only one that was heard all the same, by a way of its own.
    fn listens_to(&self, seen: &HomeSeen) -> Option<Timestamp> {
        let since = self.since?;
        let is_heard = !self.deaf || seen.heard_at.is_some_and(|at| at > since);
        is_heard.then_some(since)
    }
}

impl Watch {
    /// A home tells at `now` how it is: the time since its last word was watched if that word came in time and it could see.
    pub fn told_at(&mut self, now: Timestamp, home: &HomeId, unreachable_after: Span) {
        let Some(seen) = self.homes.get(home) else { return };
        let Some(since) = seen.heard_at.filter(|_| seen.condition.as_ref().is_some_and(|last| !last.blind)) else {
            return;
        };
        let gap = now - since;
        if gap > Span::zero() && gap <= seen.missed_after(unreachable_after) {
            self.watched += gap;
        }
    }

    /// Whether a home may have been silent for too long, or one of two gateways.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.not_before.is_none_or(|at| at.is_some_and(|at| at <= now))
    }

    /// When to look again.
    pub fn next(&self, unreachable_after: Span) -> Option<Timestamp> {
        self.not_before.unwrap_or_else(|| self.soonest(unreachable_after))
    }

    /// All were looked through.
    pub fn looked(&mut self, unreachable_after: Span) {
        self.not_before = Some(self.soonest(unreachable_after));
    }

    /// From now on silence counts otherwise.
    pub fn look_anew(&mut self) {
        self.not_before = None;
    }

    /// Of this home something was learned that may bring its time forward.
    pub fn look_at(&mut self, home: &HomeId, unreachable_after: Span) {
        let Some(not_before) = self.not_before else { return };
        let Some(seen) = self.homes.get(home) else { return };
        let Some(since) = self.listens_to(seen) else { return };
        let silent_at = seen.reported.is_none().then(|| seen.silent_at(since, unreachable_after));
        let twin_over_at = seen.twin_over_at(since);
        self.not_before = Some([not_before, silent_at, twin_over_at].into_iter().flatten().min());
    }

    fn soonest(&self, unreachable_after: Span) -> Option<Timestamp> {
        let silence = self.next_silence(unreachable_after).map(|(at, _)| at);
        [silence, self.next_twin_over().map(|(at, _)| at)].into_iter().flatten().min()
    }

    /// The station's own alert about a home was raised, or came again.
    pub fn finding(&mut self, alert: &AlertKey, what: &Deed, is_of_twins: bool) {
        if matches!(what, Deed::Raise { reason: Reason::MissedContact(_), .. }) {
            // About the person; and a home that was never heard does not become one that is missed.
            self.homes.entry(alert.home.clone()).and_modify(|seen| seen.own_alerts += 1);
            return;
        }
        let seen = self.homes.entry(alert.home.clone()).or_default();
        if matches!(what, Deed::Raise { .. }) {
            seen.own_alerts += 1;
        }
        let is_of_twins = is_of_twins || matches!(what, Deed::Raise { reason: Reason::Twin(_), .. });
        if matches!(what, Deed::Raise { .. } | Deed::Again { .. }) {
            let reported = if is_of_twins { &mut seen.twins.alert } else { &mut seen.reported };
            *reported = Some(alert.alert);
        }
    }
}
