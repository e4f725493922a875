//! Why a step is not legal now.

use super::{Actor, Phase, Role};
use crate::model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a step is not legal now. The words for people are in `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "refusal")]
pub enum Refusal {
    /// The alert is in a phase from which this does not go.
    #[error("not possible while the alert is {}", phase.as_str())]
    NotInPhase {
        /// Its phase.
        phase: Phase,
    },
    /// People in this capacity may not do it.
    #[error("not for {role:?}")]
    NotForRole {
        /// The capacity.
        role: Role,
    },
    /// Somebody else owns the alert.
    #[error("taken by somebody else")]
    Owned {
        /// The owner.
        by: Actor,
        /// Since when.
        since: Timestamp,
    },
    /// Only who did a step, or a supervisor, may undo it.
    #[error("only who did it may undo it")]
    NotYours,
    /// The time for it is over.
    #[error("too late: allowed for {limit_secs} s")]
    TooLate {
        /// For how long it was allowed.
        limit_secs: i64,
    },
    /// There is nothing of the kind: nothing to undo, nobody to accept from.
    #[error("there is nothing to do this to")]
    Nothing,
    /// An emergency is closed only after the person was seen or spoken to.
    #[error("the person must have been seen or spoken to")]
    NeedsContact,
    /// Nobody could get in: the alert stays open and needs a next step.
    #[error("nobody could get in: escalate or hand over instead of closing")]
    NeedsNextStep,
    /// The alert has moved on since the page was drawn.
    #[error("the alert has moved on")]
    Stale,
}
