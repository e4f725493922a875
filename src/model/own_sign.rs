//! The first proof of a day that the resident is up and about, by herself.

use crate::model::time::{Day, Span, Timestamp};
use serde::{Deserialize, Serialize};

/// What proved that the day began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SignBy {
    /// She moved about.
    Movement,
    /// She pressed the button that says so.
    OkButton,
    /// A proof of a newer version.
    #[serde(other)]
    Unknown,
}

/// The proof of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnSign {
    /// When it was complete.
    #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
    pub at: Timestamp,
    /// What proved it.
    pub by: SignBy,
}

/// How far the present day of a home has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnDay {
    /// Which day, by the clock on the wall of the home; it begins early in the morning.
    pub date: Day,
    /// Absent until there is one.
    pub sign: Option<OwnSign>,
    /// By when it is there on nearly all days; absent until enough of them are known.
    pub usual_by: Option<Timestamp>,
    /// Which of the first days this is, until enough are known.
    pub learning_day: Option<u32>,
    /// So much of the day so far nobody watched.
    pub unwatched: Span,
}
