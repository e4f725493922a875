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
    /// From when silence counts: the start of the station, or the return of its own way to the broker.
    pub since: Option<Timestamp>,
    /// While the station's own way is broken every home is silent, and none of them is to blame.
    pub deaf: bool,
}

/// What is known about one home's gateway.
#[derive(Debug, Clone, Default)]
pub(super) struct HomeSeen {
    pub place: Option<String>,
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
}

impl Watch {
    /// The home and the instant at which its silence is too long, earliest first.
    pub fn next_silence(&self, unreachable_after: Span) -> Option<(Timestamp, &HomeId)> {
        let since = self.since.filter(|_| !self.deaf)?;
        let silent = self.homes.iter().filter(|(_, seen)| seen.reported.is_none());
        silent
            .map(|(home, seen)| {
                (seen.heard_at.map_or(since, |at| at.max(since)) + seen.missed_after(unreachable_after), home)
            })
            .min()
    }
}

impl Watch {
    /// The station's own alert about a home was raised, or came again.
    pub fn finding(&mut self, alert: &AlertKey, what: &Deed, is_of_twins: bool) {
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
