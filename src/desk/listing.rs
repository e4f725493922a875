//! Every alert of the desk in the order in which it came, for lists, files and figures.

use crate::desk::Desk;
use crate::desk::input::AlertKey;
use crate::desk::row::Row;
use crate::desk::tally::Tally;
use crate::model::lifecycle::{Deed, Outcome, Phase};
use crate::model::reason::Severity;
use crate::model::time::{Span, Timestamp};

/// Where an alert stands in the list of all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When this desk had it.
    pub received_at: Timestamp,
    /// Which alert.
    pub key: AlertKey,
}

/// An alert as numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Which rule raised it.
    pub rule: &'static str,
    /// How urgent.
    pub severity: Severity,
    /// Where it is in its life.
    pub phase: Phase,
    /// What it was.
    pub outcome: Option<Outcome>,
    /// A test or drill.
    pub test: bool,
    /// From the raise to the receipt.
    pub transport: Span,
    /// From the receipt to the first take.
    pub take: Option<Span>,
    /// From the raise to the door.
    pub arrive: Option<Span>,
    /// From the raise to the end.
    pub close: Option<Span>,
}

impl Desk {
    /// All alerts, or those that are open, oldest receipt first: what is new stands at the end.
    pub fn listed(&self, open_only: bool) -> Vec<Place> {
        let rows = self.rows.values().filter(|row| !open_only || row.alert.phase.is_open());
        let mut places: Vec<Place> =
            rows.map(|row| Place { received_at: row.received_at, key: row.key.clone() }).collect();
        places.sort_unstable();
        places
    }

    /// What happened to all alerts, also to those that were filed, since this station runs.
    pub fn tally(&self) -> &Tally {
        self.rows.tally()
    }

    /// The alerts that people have to act on as numbers; tests and drills left out.
    pub fn open_figures(&self) -> impl Iterator<Item = Figures> {
        self.rows.values().filter(|row| row.alert.phase.is_open() && !row.alert.test).map(figures)
    }

    /// Whether a click of this key was answered before.
    pub fn has_answered(&self, alert: &AlertKey, key: &str) -> bool {
        self.rows.get(alert).is_some_and(|row| row.answers.contains_key(key))
    }
}

/// An alert as numbers.
pub(super) fn figures(row: &Row) -> Figures {
    let alert = &row.alert;
    let raised_at = alert.steps.first().map_or(row.received_at, |step| step.at);
    let since_raise = |at: Timestamp| (at - raised_at).max(Span::zero());
    let taken = alert.steps.iter().find(|step| step.deed == Deed::Take).map(|step| step.at);
    Figures {
        rule: alert.reason.rule(),
        severity: alert.severity,
        phase: alert.phase,
        outcome: alert.closed.as_ref().map(|closed| closed.outcome),
        test: alert.test,
        transport: row.late,
        take: taken.map(|at| (at - row.received_at).max(Span::zero())),
        arrive: alert.arrived_at.map(since_raise),
        close: alert.closed.as_ref().map(|closed| since_raise(closed.at)),
    }
}
