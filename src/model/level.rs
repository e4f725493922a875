//! How closely a way out of the home is watched: the four levels of the trade, from 90 s to 25 h.
//!
//! Inside its level a way is proved about three times, so that one lost word is no alarm.

use crate::model::time::Span;

/// Within which time a way out that fails is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // the names are the figures
pub enum Level {
    Seconds90,
    Seconds180,
    Hours5,
    Hours25,
}

impl Level {
    /// Every level, the fastest first.
    pub const ALL: [Level; 4] = [Level::Seconds90, Level::Seconds180, Level::Hours5, Level::Hours25];

    /// The time.
    pub fn span(self) -> Span {
        match self {
            Level::Seconds90 => Span::seconds(90),
            Level::Seconds180 => Span::seconds(180),
            Level::Hours5 => Span::hours(5),
            Level::Hours25 => Span::hours(25),
        }
    }

    /// The level of exactly this time.
    pub fn of(span: Span) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.span() == span)
    }
}

/// As the config writes it.
impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Level::Seconds90 => "90s",
            Level::Seconds180 => "180s",
            Level::Hours5 => "5h",
            Level::Hours25 => "25h",
        })
    }
}

/// How a way out is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supervision {
    /// Without a proof for longer, it is lost.
    pub level: Span,
    /// How often it is proved while it works.
    pub every: Span,
}

impl Supervision {
    /// Proved three times inside `level`.
    pub fn within(level: Span) -> Supervision {
        Supervision { level, every: level / PROOFS_INSIDE }
    }

    /// For a receiver that wants to hear from us so often: the fastest level in which that happens three times.
    pub fn with_rhythm(every: Span) -> Supervision {
        let holds_three = |level: &Level| every * PROOFS_INSIDE <= level.span();
        let level = Level::ALL.into_iter().find(holds_three).unwrap_or(Level::Hours25).span();
        Supervision { level, every: every.min(level / PROOFS_INSIDE) }
    }
}

impl From<Level> for Supervision {
    fn from(level: Level) -> Supervision {
        Supervision::within(level.span())
    }
}

const PROOFS_INSIDE: i32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_proved_three_times_inside_its_level() {
        let every = |level| Supervision::from(level).every;
        assert_eq!(Level::ALL.map(every), [30, 60, 6_000, 30_000].map(Span::seconds));
        assert_eq!(Level::ALL.map(|level| level.to_string()), ["90s", "180s", "5h", "25h"]);
        assert_eq!(Level::of(Span::minutes(3)), Some(Level::Seconds180));
        assert_eq!(Level::of(Span::minutes(4)), None);
    }

    #[test]
    fn a_receivers_own_rhythm_is_kept_and_gets_the_level_that_holds_it_three_times() {
        let of = |every| Supervision::with_rhythm(every);
        assert_eq!(of(Span::seconds(60)), Supervision { level: Span::seconds(180), every: Span::seconds(60) });
        assert_eq!(of(Span::minutes(5)), Supervision { level: Span::hours(5), every: Span::minutes(5) });
        assert_eq!(of(Span::hours(5)), Supervision { level: Span::hours(25), every: Span::hours(5) });
        assert_eq!(of(Span::hours(25)), Supervision::from(Level::Hours25), "more often does no harm");
    }
}
