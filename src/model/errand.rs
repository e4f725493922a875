//! What the staff of a point does for a home that is no step of an alert.
//!
//! Plain data: the desk judges and keeps it, the pages ask for it, `text` says it. Each kind of work has its own file.

mod contact;
mod request;
mod visit;

pub use contact::ContactDeed;
pub use request::{RequestDeed, RequestKind, RequestOutcome};
pub use visit::VisitDeed;

use crate::model::suspension::{Absence, Suspension};
use serde::{Deserialize, Serialize};

/// One thing that somebody did or wants done for a home.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// Words for the next who reads about this home.
    Note {
        /// The words, without control characters.
        text: String,
    },
    /// The home is other than usual from now on, until an end.
    Suspend(Suspension),
    /// A suspension is over before its end.
    EndSuspension {
        /// Which.
        kind: Absence,
    },
    /// The daily contact.
    Contact(ContactDeed),
    /// A visit that is due.
    Visit(VisitDeed),
    /// Something that is asked for.
    Request(RequestDeed),
}

impl Errand {
    /// The word for it in logs and in the audit.
    pub fn name(&self) -> &'static str {
        match self {
            Errand::Note { .. } => "note",
            Errand::Suspend(_) => "suspend",
            Errand::EndSuspension { .. } => "end_suspension",
            Errand::Contact(deed) => deed.name(),
            Errand::Visit(deed) => deed.name(),
            Errand::Request(deed) => deed.name(),
        }
    }
}

/// Why an errand was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declined {
    /// This station never heard of the home.
    NoSuchHome,
    /// Whoever asked may not do this.
    NotForRole,
    /// Something that must be said is missing or makes no sense; the name of what it is.
    Unclear(&'static str),
}
