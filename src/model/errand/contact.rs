//! The daily contact: who had not shown by herself that the day began is telephoned, or looked after.

use crate::model::lifecycle::CallResult;
use crate::model::time::Day;
use serde::{Deserialize, Serialize};

/// What somebody did about the daily contact of a home.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "deed")]
pub enum ContactDeed {
    /// Telephoned. Who was reached says that all is well; where it is not, somebody is sent.
    Called {
        /// What came of it.
        result: CallResult,
    },
    /// Somebody must go and look.
    Send,
    /// Somebody was there and saw the resident.
    Visited,
    /// The resident is out for longer, as somebody said.
    Away {
        /// The last day of it.
        until: Day,
    },
    /// The resident is in hospital.
    Hospital,
    /// Neither out nor in hospital any more.
    Back,
    /// The last of these deeds was a mistake.
    Undo,
}

impl ContactDeed {
    /// The word for it in the audit.
    pub fn name(&self) -> &'static str {
        match self {
            ContactDeed::Called { .. } => "contact_called",
            ContactDeed::Send => "contact_send",
            ContactDeed::Visited => "contact_visited",
            ContactDeed::Away { .. } => "contact_away",
            ContactDeed::Hospital => "contact_hospital",
            ContactDeed::Back => "contact_back",
            ContactDeed::Undo => "contact_undo",
        }
    }
}
