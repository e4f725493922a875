//! What the resident of a home asked for that is no emergency: a meal, a bath, a hand with the house.

use crate::model::home::Service;
use crate::model::ids::PersonId;
use crate::model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the words are in `text`
pub enum RequestKind {
    Meal,
    Bath,
    Cleaning,
    Nursing,
    Repair,
    Other,
}

impl RequestKind {
    /// Every kind, in the order of the form.
    pub const ALL: [RequestKind; 6] = [
        RequestKind::Meal,
        RequestKind::Bath,
        RequestKind::Cleaning,
        RequestKind::Nursing,
        RequestKind::Repair,
        RequestKind::Other,
    ];

    /// The word for it in addresses and forms.
    pub fn as_str(self) -> &'static str {
        match self {
            RequestKind::Meal => "meal",
            RequestKind::Bath => "bath",
            RequestKind::Cleaning => "cleaning",
            RequestKind::Nursing => "nursing",
            RequestKind::Repair => "repair",
            RequestKind::Other => "other",
        }
    }

    /// The kind of this word.
    pub fn named(word: &str) -> Option<RequestKind> {
        RequestKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl From<Service> for RequestKind {
    fn from(service: Service) -> RequestKind {
        match service {
            Service::Meal => RequestKind::Meal,
            Service::Bath => RequestKind::Bath,
            Service::Cleaning => RequestKind::Cleaning,
            Service::Nursing => RequestKind::Nursing,
            Service::Repair => RequestKind::Repair,
            Service::Arrival | Service::Other => RequestKind::Other,
        }
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the words are in `text`
pub enum RequestOutcome {
    Done,
    Partly,
    NotPossible,
    Withdrawn,
}

impl RequestOutcome {
    /// Every outcome, in the order of the form.
    pub const ALL: [RequestOutcome; 4] =
        [RequestOutcome::Done, RequestOutcome::Partly, RequestOutcome::NotPossible, RequestOutcome::Withdrawn];

    /// The word for it in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            RequestOutcome::Done => "done",
            RequestOutcome::Partly => "partly",
            RequestOutcome::NotPossible => "not_possible",
            RequestOutcome::Withdrawn => "withdrawn",
        }
    }

    /// The outcome of this word.
    pub fn named(word: &str) -> Option<RequestOutcome> {
        RequestOutcome::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// What somebody did about the requests of a home.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "deed")]
pub enum RequestDeed {
    /// Somebody asked for something; the desk counts requests.
    Open {
        /// What.
        kind: RequestKind,
        /// In words.
        wish: String,
        /// By when it is wanted.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "due_ms")]
        due: Timestamp,
    },
    /// Somebody sees to it.
    Assign {
        /// Which request.
        number: u64,
        /// Who.
        to: PersonId,
    },
    /// It is over.
    End {
        /// Which request.
        number: u64,
        /// What became of it.
        outcome: RequestOutcome,
        /// What is to be known of it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
}

impl RequestDeed {
    /// The word for it in the audit.
    pub fn name(&self) -> &'static str {
        match self {
            RequestDeed::Open { .. } => "request_opened",
            RequestDeed::Assign { .. } => "request_assigned",
            RequestDeed::End { .. } => "request_ended",
        }
    }
}
