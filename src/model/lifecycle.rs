//! The life of an alert: phases, steps, who may do what, and the one legal-transition function.
//!
//! Written from `station.md` section 4; the whole table of [`Phase::after`] is one golden file
//! (`tests/promises/life_cycle.txt`). Gateway and station both use it, so they cannot disagree about what is legal.

mod deed;
mod outcome;
mod refusal;

pub use crate::model::actor::{Actor, Role, Via};
pub use crate::model::timers::Timers;
pub use deed::Deed;
pub use outcome::{CallResult, CheckEnd, Contact, Outcome, Proof, Reminder};
pub use refusal::Refusal;

use serde::{Deserialize, Serialize};

/// Where an alert is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Decided and on disk at home; no station has it yet.
    Raised,
    /// A station has it; nobody owns it.
    Received,
    /// A person owns it.
    Taken,
    /// The owner is on the way.
    OnTheWay,
    /// Somebody is at the door.
    Arrived,
    /// A person closed it with an outcome.
    Closed,
    /// Taken back at home before any receipt; or a check that is over.
    Cancelled,
}

impl Phase {
    /// Every phase, in order of life.
    pub const ALL: [Phase; 7] = [
        Phase::Raised,
        Phase::Received,
        Phase::Taken,
        Phase::OnTheWay,
        Phase::Arrived,
        Phase::Closed,
        Phase::Cancelled,
    ];

    /// Whether people still have to act.
    pub fn is_open(self) -> bool {
        !matches!(self, Phase::Closed | Phase::Cancelled)
    }

    /// Whether somebody owns it now.
    pub fn is_in_hand(self) -> bool {
        matches!(self, Phase::Taken | Phase::OnTheWay | Phase::Arrived)
    }

    /// The word for it on the wire and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Raised => "raised",
            Phase::Received => "received",
            Phase::Taken => "taken",
            Phase::OnTheWay => "on_the_way",
            Phase::Arrived => "arrived",
            Phase::Closed => "closed",
            Phase::Cancelled => "cancelled",
        }
    }

    /// Where `deed`, done by somebody in `role`, leads from here: the one legal-transition function.
    ///
    /// It knows phases and roles only; ownership, time limits and outcomes are judged by
    /// [`Alert::judge`](crate::model::alert::Alert::judge), which asks here first.
    pub fn after(self, deed: &Deed, role: Role) -> Result<Next, Refusal> {
        use Phase::*;
        if !deed.may_be_done_by(role) {
            return Err(Refusal::NotForRole { role });
        }
        let next = match deed {
            Deed::Raise { .. } => None,
            Deed::AskHome { .. } | Deed::Unanswered { .. } => (self == Raised).then_some(Next::Same),
            Deed::Cancel => (self == Raised).then_some(Next::To(Cancelled)),
            Deed::CheckOver { .. } => self.is_open().then_some(Next::To(Cancelled)),
            Deed::Receive => match self {
                Raised => Some(Next::To(Received)),
                Received | Taken | OnTheWay | Arrived => Some(Next::Same),
                Closed | Cancelled => None,
            },
            Deed::Ask { .. } | Deed::AskEnded => (self == Received).then_some(Next::Same),
            Deed::Take => (self == Received).then_some(Next::To(Taken)),
            Deed::Depart => matches!(self, Received | Taken).then_some(Next::To(OnTheWay)),
            Deed::Arrive { .. } => matches!(self, Received | Taken | OnTheWay).then_some(Next::To(Arrived)),
            Deed::Release { .. } => matches!(self, Taken | OnTheWay).then_some(Next::To(Received)),
            Deed::Lapse => (self == Taken).then_some(Next::To(Received)),
            Deed::HandOver { .. } | Deed::Accept | Deed::HandOverEnded | Deed::TakeOver | Deed::Assist => {
                self.is_in_hand().then_some(Next::Same)
            }
            Deed::Again { .. }
            | Deed::Escalate { .. }
            | Deed::Call { .. }
            | Deed::Life { .. }
            | Deed::Recovered
            | Deed::Remind { .. } => self.is_open().then_some(Next::Same),
            Deed::PersonCancelled => (self.is_open() && self != Raised).then_some(Next::Same),
            Deed::Overdue => matches!(self, Raised | Received | Taken | OnTheWay).then_some(Next::Same),
            Deed::Note { .. } | Deed::Refused { .. } => Some(Next::Same),
            Deed::Close { .. } => (self == Received || self.is_in_hand()).then_some(Next::To(Closed)),
            Deed::Undo { .. } => (self.is_in_hand() || self == Closed).then_some(Next::Before),
            Deed::Reopen => (self == Closed).then_some(Next::To(Received)),
            Deed::Unknown => None,
        };
        next.ok_or(Refusal::NotInPhase { phase: self })
    }
}

/// Where a step leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// To this phase.
    To(Phase),
    /// The phase stays.
    Same,
    /// Back to the phase before the step that is undone.
    Before,
}
