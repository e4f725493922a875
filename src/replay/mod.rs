//! Recorded history through the very same engine as the daemon's, in simulated time.
//!
//! Causal: what comes out up to an instant depends on nothing after it. Staff are simulated by one rule, so that every
//! silence is judged: an alert about the person is closed at the next sign of life, a fault when it has gone.

mod history;
mod probe;
mod run;

pub use history::{History, HistoryError, Row, What, instant};
pub use probe::Answer;
pub use run::{Raised, Replay, Summary, as_found, ids};
