//! Carries an engine through time: deadlines are handled at their deadline, not at "now".
//!
//! So a replay gives the same effects to the millisecond. A loop that is late by more than a few seconds was not
//! watching: it must say so first ([`is_late`], then [`Input::Started`]).

use crate::engine::{Effect, Engine, Input};
use crate::model::time::{Span, Timestamp};

/// A loop that comes this late to a deadline was not watching the home.
pub const LATE: Span = Span::seconds(5);

/// Runs every deadline up to and including `now`; what each brought comes with its instant.
pub fn until(engine: &mut Engine, now: Timestamp, mut each: impl FnMut(Timestamp, Vec<Effect>)) {
    while let Some(deadline) = engine.next_wakeup().filter(|deadline| *deadline <= now) {
        let effects = engine.handle(deadline, Input::Tick);
        each(deadline, effects);
    }
}

/// Whether a live loop whose last turn was at `last_turn` missed a deadline by so much that it was not watching.
pub fn is_late(engine: &Engine, last_turn: Timestamp, now: Timestamp) -> bool {
    engine.next_wakeup().is_some_and(|deadline| now - deadline > LATE) && now - last_turn > LATE
}
