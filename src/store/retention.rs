//! How long things are kept, and which clock may say that they are old.
//!
//! What is forgotten does not come back, so no clock is believed on its word alone: whoever prunes first carries the instant
//! up to which it believed the clock one step further ([`FORGET_AT_ONCE`]). A clock that is years ahead for a day costs a day.

use crate::model::time::{Span, Timestamp, from_millis};

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Raw observations.
    pub observations: Span,
    /// What each day taught: its silences ([`DAY_LINE`]).
    pub days: Span,
    /// Everything else in the history: alerts before all.
    pub entries: Span,
    /// What other systems can still be told.
    pub events: Span,
    /// At a station: who looked at what, and the book of the shifts.
    pub audit: Span,
}

impl Default for Retention {
    /// Presence at home is sensitive: the shortest period the work needs. Of what days taught the newest 90 that count are
    /// read, and the oldest ten for where sensors hang; whoever is away for months is still known.
    fn default() -> Retention {
        Retention {
            observations: Span::days(30),
            days: Span::days(400),
            entries: Span::days(730),
            events: Span::days(7),
            audit: Span::days(730),
        }
    }
}

/// What becomes of an old line besides its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays, however old it is.
    Keep,
    /// It goes when it is old.
    ByAge,
    /// It goes now.
    LetGo,
}

/// A daemon knows better than the age what its own lines are good for.
pub trait Judge: Send {
    /// Judges a line in the daemon's own words by its body.
    fn line(&self, body: &str) -> Fate;

    /// Judges a row of the outbox by its key.
    fn row(&self, _key: &str) -> Fate {
        Fate::ByAge
    }
}

/// Only the age counts.
pub(super) struct ByAge;

impl Judge for ByAge {
    fn line(&self, _body: &str) -> Fate {
        Fate::ByAge
    }
}

/// How the line begins that says what a day taught: it tells when somebody was at home, so it is not kept as long as the rest.
pub const DAY_LINE: &str = "{\"day\":";

/// How far the clock may have moved on since the last time: pruning is daily, so a home that was off catches up, and a clock
/// that is years ahead takes no more than one day too many with it.
pub const FORGET_AT_ONCE: Span = Span::days(2);

/// What a daemon that prunes may take for now: what the clock shows, bounded by what was believed the last time, or, the first
/// time, by what would forget nothing yet. Nothing where the clock was never set.
pub(super) fn believed(shown: Timestamp, last: Option<Timestamp>, first: Timestamp) -> Option<Timestamp> {
    let bound = last.map_or(first, |last| last + FORGET_AT_ONCE);
    (shown > from_millis(0)).then(|| shown.min(bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_years_ahead_is_believed_for_two_days_and_a_right_one_at_once() {
        let day = |n| from_millis(0) + Span::days(n);
        assert_eq!(believed(day(101), Some(day(100)), day(0)), Some(day(101)));
        assert_eq!(believed(day(3_000), Some(day(100)), day(0)), Some(day(102)));
        assert_eq!(believed(day(101), Some(day(102)), day(0)), Some(day(101)), "set right again");
        assert_eq!(believed(day(3_000), None, day(130)), Some(day(130)), "the first time");
        assert_eq!(believed(day(0), Some(day(100)), day(0)), None, "a clock that was never set");
    }
}
