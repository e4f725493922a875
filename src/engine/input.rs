//! What the engine is told.

use crate::model::alert::AlertId;
use crate::model::flood::Flood;
use crate::model::ids::PointId;
use crate::model::lifecycle::{Actor, Deed};
use crate::model::observation::Observation;
use crate::model::reason::{Reason, WayOut};
use crate::model::suspension::Change;
use crate::model::time::{Span, Timestamp};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A reading of a known sensor.
    Observed(Observation),
    /// A step asked for at a station.
    Step {
        /// Which alert.
        alert: AlertId,
        /// Unique per click: a repeat is answered, not done again.
        key: String,
        /// Who.
        by: Actor,
        /// What.
        deed: Deed,
    },
    /// A station has a notice of this alert in its database.
    Received {
        /// Which alert.
        alert: AlertId,
        /// Whose receipt.
        point: PointId,
    },
    /// The link to a source of sensors changed.
    Link {
        /// The source as the config names it.
        source: String,
        /// Whether it is up now.
        up: bool,
    },
    /// The gateway begins to watch, or its loop stood still.
    Started {
        /// Since when nobody watched; `None` at the very first start.
        blind_since: Option<Timestamp>,
    },
    /// Somebody says more than can be meant; told about once a minute while it lasts.
    Flooded(Flood),
    /// A station says that the home is other than usual, or no longer; what cannot be taken is refused before.
    Suspended(Change),
    /// Whether the clock on the wall can be believed.
    ClockTrusted(bool),
    /// The clock on the wall jumped against the clock that never does; `now` is the instant after the jump.
    ClockStepped {
        /// By how much; positive = forwards.
        by: Span,
    },
    /// The gateway itself is in trouble.
    Trouble(Reason),
    /// The trouble of this rule is over.
    TroubleOver {
        /// The reason's rule.
        rule: &'static str,
        /// Only of this way out, where it is about ways out.
        way: Option<WayOut>,
    },
    /// Every way out is to be tried from end to end; nothing is done while an earlier test goes on.
    Test {
        /// Somebody wants it; else it is time for it.
        by_hand: bool,
    },
    /// The test has gone its ways.
    Tested {
        /// So many of them gave no answer.
        unanswered: u32,
    },
    /// Nothing happened, but a deadline has come.
    Tick,
}
