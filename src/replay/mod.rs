//! Recorded history through the very same engine as the daemon's, in simulated time.
//!
//! Causal: what comes out up to an instant depends on nothing after it. Staff are simulated by one rule, so that every
//! silence is judged: an alert about the person is closed at the next sign of life, a fault when it has gone.

mod asked;
mod compare;
mod history;
pub mod past;
mod probe;
mod recorded;
mod run;
mod simulated;
pub mod verify;

pub use asked::Asked;
pub use compare::{Change, compare, is_same_episode};
pub use history::{History, HistoryError, Row, What, instant};
pub use probe::Answer;
pub use recorded::{in_order, replay};
pub use run::{Replay, as_found, ids};
pub use simulated::{Outcome, Raised, Summary};
