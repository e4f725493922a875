//! What the learned inactivity rule took from one day: enough to judge all later days without the raw observations.
//!
//! Whole numbers only, so that what is read back is what was written, to the bit. Written once at the end of each local day.

use crate::model::ids::SensorId;
use crate::model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One day of a home as the rhythm remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnedDay {
    /// When this was written.
    pub at: Timestamp,
    /// The local midnight that ended the day.
    pub until: Timestamp,
    /// Whether the home was watched for most of the day and somebody lived in it: only such days count as history.
    pub counts: bool,
    /// Whether the home was taken to be empty at its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub vacant: bool,
    /// The sensors that the rows speak of by their place in this list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensors: Vec<SensorId>,
    /// Silences that ended on this day and may be learned from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<SilenceRow>,
    /// At each half hour of the day, how many seconds it had been quiet; −1 where that is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<i32>,
    /// Whether the silences of this day were counted against the limits that held on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
    /// For each silence that was longer than the loosest of the calibrator's limits: how many of its columns it was longer than.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reached: Vec<u8>,
    /// Silences that were longer than the limit in force.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub alerts: u16,
    /// How often two sensors saw somebody within seconds of each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<(u16, u16, u32)>,
    /// For each sensor its signs of life, and how many of them were within seconds of the outer door.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at_door: Vec<(u16, u32, u32)>,
    /// The silence that went on over the midnight, with the limit it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<RunningSilence>,
}

/// A silence that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, u32, u16, u16, u8, u16)", into = "(i64, u32, u16, u16, u8, u16)")]
pub struct SilenceRow {
    /// Its begin in seconds since 1970.
    pub start_secs: i64,
    /// Its length in seconds.
    pub secs: u32,
    /// The minute of the local day at its begin.
    pub minute: u16,
    /// The sensor that saw somebody last, by its place in the list of sensors.
    pub sensor: u16,
    /// How near the outer door that was: 0 inside, 1 at the door, 2 a moment after it, 3 at an entrance whose door says nothing.
    pub exit: u8,
    /// Signs of life in the ten minutes before.
    pub recent: u16,
}

/// A silence that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningSilence {
    /// Its begin.
    pub since: Timestamp,
    /// As in [`SilenceRow`].
    pub sensor: u16,
    /// Whether its length can be learned: not where a part of it was not watched.
    pub whole: bool,
    /// The limit it was given, once it had lasted for five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<SilenceLimit>,
}

/// The limit of one silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceLimit {
    /// The limit in force.
    pub limit_ms: i64,
    /// What set it.
    pub by: LimitedBy,
    /// As in [`SilenceRow`].
    pub minute: u16,
    /// As in [`SilenceRow`].
    pub exit: u8,
    /// As in [`SilenceRow`].
    pub recent: u16,
    /// The limits of all columns of the calibrator, in seconds.
    pub columns: Vec<u32>,
}

/// What set the limit of a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitedBy {
    /// How long the quiet lasted here before, after movement like this, and how fast that dies out.
    Tail,
    /// How long it had ever been quiet at this hour.
    Line,
    /// The longest limit a learned rule may have.
    Most,
    /// Too little is known yet: the fixed limit of the first days.
    ColdStart,
}

impl From<(i64, u32, u16, u16, u8, u16)> for SilenceRow {
    fn from((start_secs, secs, minute, sensor, exit, recent): (i64, u32, u16, u16, u8, u16)) -> SilenceRow {
        SilenceRow { start_secs, secs, minute, sensor, exit, recent }
    }
}

impl From<SilenceRow> for (i64, u32, u16, u16, u8, u16) {
    fn from(row: SilenceRow) -> Self {
        (row.start_secs, row.secs, row.minute, row.sensor, row.exit, row.recent)
    }
}

fn is_zero(count: &u16) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn a_day_comes_back_from_its_line_as_it_went_and_a_row_is_a_short_list() {
        let row = SilenceRow { start_secs: 1_790_000_000, secs: 4321, minute: 600, sensor: 3, exit: 2, recent: 17 };
        let judged =
            SilenceLimit { limit_ms: 1, by: LimitedBy::Line, minute: 2, exit: 3, recent: 4, columns: vec![5, 6] };
        let running = RunningSilence { since: from_millis(7), sensor: 0, whole: true, judged: Some(judged) };
        let day = LearnedDay {
            at: from_millis(9),
            until: from_millis(8),
            counts: true,
            vacant: true,
            sensors: vec!["hall".parse().unwrap()],
            rows: vec![row],
            slots: vec![-1, 60],
            counted: true,
            reached: vec![3],
            alerts: 1,
            together: vec![(0, 1, 2)],
            at_door: vec![(0, 5, 1)],
            running: Some(running),
        };
        let text = serde_json::to_string(&day).unwrap();
        assert!(text.contains("[1790000000,4321,600,3,2,17]"), "{text}");
        assert_eq!(serde_json::from_str::<LearnedDay>(&text).unwrap(), day);
    }
}
