//! What the person in the home is told by lamp, siren or voice: how far help has come.

use crate::model::alert::Alert;
use crate::model::lifecycle::Phase;
use crate::model::reason::{Class, Reason, Severity};
use serde::{Deserialize, Serialize};

/// One of the things a home can say. Ordered: of several alerts the one with the greatest is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Nothing is open, or somebody is there.
    #[default]
    AllClear,
    /// "Help is being called."
    Sent,
    /// "The first ones called do not answer yet; others are called. Phone if you can."
    Unreached,
    /// "Nobody can be reached from here. Phone, or go to the neighbours." Also while a call waits that nobody has received.
    Unreachable,
    /// "Nobody has answered yet; everybody is being called. Phone the emergency number yourself if you can."
    LastResort,
    /// "Your call has been received."
    Received,
    /// "Somebody takes care of it."
    Taken,
    /// "Somebody is on the way."
    OnTheWay,
    /// "Are you all right? Move, or press the button; otherwise somebody comes."
    Asking,
}

impl Signal {
    /// Every signal, in order.
    pub const ALL: [Signal; 9] = [
        Signal::AllClear,
        Signal::Sent,
        Signal::Unreached,
        Signal::Unreachable,
        Signal::LastResort,
        Signal::Received,
        Signal::Taken,
        Signal::OnTheWay,
        Signal::Asking,
    ];

    /// What is told while these alerts stand as they do: a restart tells the same again.
    pub fn of<'a>(alerts: impl Iterator<Item = &'a Alert>) -> Signal {
        alerts.filter(|alert| is_for_the_home(alert)).map(Signal::of_one).max().unwrap_or_default()
    }

    fn of_one(alert: &Alert) -> Signal {
        if alert.reason.class() == Class::Check && alert.phase.is_open() {
            return Signal::Asking;
        }
        if matches!(alert.reason, Reason::AllPathsLost(_)) {
            return if alert.recovered_at.is_some() { Signal::AllClear } else { Signal::Unreachable };
        }
        match alert.phase {
            Phase::Raised if alert.asking_until.is_some() => Signal::Asking,
            Phase::Raised | Phase::Received if alert.last_resort.is_some() => Signal::LastResort,
            Phase::Raised if alert.escalated > 0 => Signal::Unreached,
            Phase::Raised => Signal::Sent,
            Phase::Received => Signal::Received,
            Phase::Taken => Signal::Taken,
            Phase::OnTheWay => Signal::OnTheWay,
            Phase::Arrived | Phase::Closed | Phase::Cancelled => Signal::AllClear,
        }
    }

    /// The word for it in the config and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Signal::AllClear => "all_clear",
            Signal::Sent => "sent",
            Signal::Unreached => "unreached",
            Signal::Unreachable => "unreachable",
            Signal::LastResort => "last_resort",
            Signal::Received => "received",
            Signal::Taken => "taken",
            Signal::OnTheWay => "on_the_way",
            Signal::Asking => "asking",
        }
    }
}

/// Whether the person at home has to do with it: an empty battery must not light the lamp that says "help comes", and what
/// can wait until somebody phones need not either.
fn is_for_the_home(alert: &Alert) -> bool {
    if matches!(alert.reason, Reason::AllPathsLost(_)) {
        return alert.phase.is_open();
    }
    let is_pressing = matches!(alert.severity, Severity::Emergency | Severity::Urgent);
    match alert.reason.class() {
        Class::Person => is_pressing || alert.asking_until.is_some(),
        Class::Request | Class::Check => true,
        Class::Sensor | Class::System => false,
    }
}
