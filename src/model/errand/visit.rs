//! Visits to a home that are due by the resident's class, not by an alert.

use crate::model::ids::PersonId;
use crate::model::time::Day;
use serde::{Deserialize, Serialize};

/// What somebody did about the visits to a home.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "deed")]
pub enum VisitDeed {
    /// Somebody was there.
    Visited {
        /// Who.
        who: PersonId,
        /// When.
        on: Day,
        /// What is to be known of it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// Somebody will go; takes the place of an earlier plan.
    Planned {
        /// Who.
        who: PersonId,
        /// When.
        on: Day,
        /// What is to be known of it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
}

impl VisitDeed {
    /// The word for it in the audit.
    pub fn name(&self) -> &'static str {
        match self {
            VisitDeed::Visited { .. } => "visit_made",
            VisitDeed::Planned { .. } => "visit_planned",
        }
    }
}
