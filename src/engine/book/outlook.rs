//! What follows from the alerts in the book as they are: asked for at every input, and found anew only after a step.

use crate::engine::circle::Circle;
use crate::model::alert::Alert;
use crate::model::lifecycle::Phase;
use crate::model::reason::Class;
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// Closed alerts stay this long, so that late repeats of a station's step find their answer.
pub(super) const CLOSED_KEPT: Span = Span::days(7);

/// What follows from the alerts as they are: asked for at every input, and they seldom change.
#[derive(Clone)]
pub(super) struct Outlook {
    /// Open alerts about what ends by itself and has not yet, each with its rule.
    pub(super) standing: Vec<(u64, &'static str)>,
    /// Whether a question before a limit stands.
    pub(super) has_checks: bool,
    /// When a timer is due next.
    pub(super) timer_at: Option<Timestamp>,
    /// When the next ended alert is forgotten.
    pub(super) forgotten_from: Option<Timestamp>,
}

impl Outlook {
    pub(super) fn of(alerts: &BTreeMap<u64, Alert>, circle: &Circle) -> Outlook {
        let stands =
            |alert: &&Alert| alert.phase.is_open() && alert.recovered_at.is_none() && alert.reason.ends_by_itself();
        let standing = alerts.iter().filter(|(_, alert)| stands(alert));
        let own = alerts.values().filter_map(|alert| alert.next_home_timer(&circle.timers)).map(|(at, _)| at);
        let widened = alerts.values().filter_map(|alert| circle.widens_at(alert));
        let asking = alerts.values().filter_map(|alert| alert.asking_until);
        Outlook {
            standing: standing.map(|(number, alert)| (*number, alert.reason.rule())).collect(),
            has_checks: alerts.values().any(|alert| alert.phase.is_open() && alert.reason.class() == Class::Check),
            timer_at: own.chain(widened).chain(asking).min(),
            forgotten_from: alerts.values().filter_map(ended_at).map(|at| at + CLOSED_KEPT).min(),
        }
    }
}

/// Whether an alert had ended by then.
pub(super) fn ended_before(alert: &Alert, instant: Timestamp) -> bool {
    ended_at(alert).is_some_and(|at| at < instant)
}

/// When an alert that has ended did so.
fn ended_at(alert: &Alert) -> Option<Timestamp> {
    match alert.phase {
        Phase::Closed => alert.closed.as_ref().map(|closed| closed.at),
        Phase::Cancelled => Some(alert.again_at),
        Phase::Raised | Phase::Received | Phase::Taken | Phase::OnTheWay | Phase::Arrived => None,
    }
}
