//! What a history holds: everything the engine was told or decided, in order. History is the only state.

use crate::model::alert::{AlertId, Step};
use crate::model::flood::Flood;
use crate::model::ids::PointId;
use crate::model::learned::LearnedDay;
use crate::model::lifecycle::{Actor, Deed};
use crate::model::observation::Observation;
use crate::model::reason::{Reason, WayOut};
use crate::model::suspension::Change;
use crate::model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// One line of a home's history.
#[allow(clippy::large_enum_variant)] // lines are streamed one by one; a box would cost more than it saves
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    /// A reading of a known sensor.
    Observed(Observation),
    /// A step of an alert.
    Step {
        /// The alert's number.
        alert: u64,
        /// The step.
        step: Step,
    },
    /// The link to a source of sensors changed.
    Link {
        /// When.
        at: Timestamp,
        /// The source as the config names it.
        source: String,
        /// Whether it is up now.
        up: bool,
    },
    /// The gateway began to watch.
    Started {
        /// When.
        at: Timestamp,
        /// Since when nobody watched; absent at the very first start.
        blind_since: Option<Timestamp>,
    },
    /// The clock on the wall jumped against the clock that never does.
    ClockStepped {
        /// When, by the clock after the jump.
        at: Timestamp,
        /// By how much; positive = forwards.
        #[serde(flatten, with = "to_the_millisecond")]
        by: Span,
    },
    /// Somebody said more than can be meant, and went on.
    Flooded {
        /// When.
        at: Timestamp,
        /// Who and how fast.
        flood: Flood,
    },
    /// The home was known to be other than usual, or no longer.
    Suspended {
        /// When it was said.
        at: Timestamp,
        /// What.
        #[serde(flatten)]
        what: Change,
    },
    /// What a day taught about what is usual in the home; written at its end.
    Day(LearnedDay),
    /// The gateway was watching at this instant: bounds what a power cut leaves unknown.
    Watching {
        /// When.
        at: Timestamp,
    },
    /// From here on this configuration and program decide, upon everything that stands before this line. From the first of
    /// these lines on, whatever a decision rests on is in the history.
    Configured {
        /// When.
        at: Timestamp,
        /// Which configuration.
        hash: String,
        /// Which version of the program.
        program: String,
        /// Whether the clock on the wall could be believed.
        clock_trusted: bool,
        /// So much further on are the steps of each alert numbered from here; none in a history of an older program.
        #[serde(default, skip_serializing_if = "is_none")]
        steps_on: u32,
    },
    /// Whether the clock on the wall can be believed was found out, or changed.
    ClockTrusted {
        /// When.
        at: Timestamp,
        /// Whether it can.
        trusted: bool,
    },
    /// Somebody at a station asked for a step; what came of it stands behind it.
    Asked {
        /// When.
        at: Timestamp,
        /// Of which alert.
        alert: AlertId,
        /// Unique per click.
        key: String,
        /// Who.
        by: Actor,
        /// What.
        deed: Deed,
    },
    /// The first receipt of a station for an alert.
    Received {
        /// When.
        at: Timestamp,
        /// Of which alert.
        alert: AlertId,
        /// Whose receipt.
        point: PointId,
    },
    /// The gateway itself was in trouble, and that was told.
    Trouble {
        /// When.
        at: Timestamp,
        /// What.
        reason: Reason,
    },
    /// The trouble of a rule was over, and that was told.
    TroubleOver {
        /// When.
        at: Timestamp,
        /// The reason's rule.
        rule: String,
        /// Only of this way out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        way: Option<WayOut>,
    },
    /// A test of the ways out was begun.
    Test {
        /// When.
        at: Timestamp,
        /// Somebody wanted it; else it was time for it.
        by_hand: bool,
    },
    /// It had gone its ways.
    Tested {
        /// When.
        at: Timestamp,
        /// So many of them gave no answer.
        unanswered: u32,
    },
    /// A part of the history before this line is lost: alerts and steps are numbered beyond what they may have been.
    HistoryCut {
        /// When that was found.
        at: Timestamp,
        /// How often it has happened so far.
        times: u64,
    },
    /// A reading that said nothing new and was not written when it came, but may bear on the decision behind it.
    HeardBefore(Observation),
}

fn is_none(count: &u32) -> bool {
    *count == 0
}

impl Recorded {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Recorded::Observed(observation) | Recorded::HeardBefore(observation) => observation.at,
            Recorded::Step { step, .. } => step.at,
            Recorded::Day(day) => day.at,
            Recorded::Link { at, .. }
            | Recorded::Started { at, .. }
            | Recorded::ClockStepped { at, .. }
            | Recorded::Flooded { at, .. }
            | Recorded::Suspended { at, .. }
            | Recorded::Watching { at }
            | Recorded::Configured { at, .. }
            | Recorded::ClockTrusted { at, .. }
            | Recorded::Asked { at, .. }
            | Recorded::Received { at, .. }
            | Recorded::Trouble { at, .. }
            | Recorded::Test { at, .. }
            | Recorded::Tested { at, .. }
            | Recorded::HistoryCut { at, .. }
            | Recorded::TroubleOver { at, .. } => *at,
        }
    }
}

/// `"by_secs":7200,"by_rest_ms":120`: programs that know whole seconds only still read it.
mod to_the_millisecond {
    use super::{Deserialize, Serialize, Span};
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    struct By {
        by_secs: i64,
        #[serde(default, skip_serializing_if = "is_zero")]
        by_rest_ms: i64,
    }

    fn is_zero(number: &i64) -> bool {
        *number == 0
    }

    pub(super) fn serialize<S: Serializer>(by: &Span, to: S) -> Result<S::Ok, S::Error> {
        let by_secs = by.num_seconds();
        By { by_secs, by_rest_ms: by.num_milliseconds() - by_secs * 1000 }.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
        let By { by_secs, by_rest_ms } = By::deserialize(from)?;
        let millis = by_secs.saturating_mul(1000).saturating_add(by_rest_ms);
        Ok(Span::try_milliseconds(millis).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn a_jump_of_the_clock_keeps_its_milliseconds_and_older_lines_are_read() {
        for millis in [7_200_120, -7_200_120, 7_200_000] {
            let line = Recorded::ClockStepped { at: from_millis(5), by: Span::milliseconds(millis) };
            let text = serde_json::to_string(&line).unwrap();
            assert_eq!(serde_json::from_str::<Recorded>(&text).unwrap(), line, "{text}");
        }
        let older = r#"{"clock_stepped":{"at":"1970-01-01T00:00:00.005Z","by_secs":7200}}"#;
        let line = Recorded::ClockStepped { at: from_millis(5), by: Span::hours(2) };
        assert_eq!(serde_json::from_str::<Recorded>(older).unwrap(), line);
        assert_eq!(serde_json::to_string(&line).unwrap(), older, "what has no rest is written as before");
    }
}
