//! What a history holds: everything the engine was told or decided, in order. History is the only state.

use crate::model::alert::Step;
use crate::model::flood::Flood;
use crate::model::learned::LearnedDay;
use crate::model::observation::Observation;
use crate::model::suspension::Change;
use crate::model::time::{Span, Timestamp, span_secs};
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
        #[serde(with = "span_secs", rename = "by_secs")]
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
}

impl Recorded {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Recorded::Observed(observation) => observation.at,
            Recorded::Step { step, .. } => step.at,
            Recorded::Day(day) => day.at,
            Recorded::Link { at, .. }
            | Recorded::Started { at, .. }
            | Recorded::ClockStepped { at, .. }
            | Recorded::Flooded { at, .. }
            | Recorded::Suspended { at, .. }
            | Recorded::Watching { at } => *at,
        }
    }
}
