//! How fast one token may ask: a program that went wild must not take the station from its staff.

use crate::model::time::Span;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What each token has left.
#[derive(Debug, Default)]
pub struct Pace {
    tokens: Mutex<BTreeMap<i64, Left>>,
}

#[derive(Debug, Clone, Copy)]
struct Left {
    millis: i64,
    at: Span,
}

impl Pace {
    /// Whether the token may ask now, by the clock that never jumps.
    pub fn may(&self, token: i64, now: Span) -> bool {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, left| (now - left.at).num_milliseconds() < FULL_MILLIS);
        let left = tokens.entry(token).or_insert(Left { millis: FULL_MILLIS, at: now });
        let since = (now - left.at).num_milliseconds().max(0);
        (left.millis, left.at) = ((left.millis + since).min(FULL_MILLIS), now);
        let may = left.millis >= COST_MILLIS;
        if may {
            left.millis -= COST_MILLIS;
        }
        may
    }
}

/// Twenty a second, and as many at once after a pause.
const COST_MILLIS: i64 = 50;
const FULL_MILLIS: i64 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_asks_twenty_times_a_second_and_the_next_one_is_not_slowed_by_it() {
        let pace = Pace::default();
        let asked = |token, at_ms| pace.may(token, Span::milliseconds(at_ms));
        let first = (0..30).filter(|_| asked(1, 0)).count();
        assert_eq!(first, 20);
        assert!(asked(2, 0), "another one");
        let later = (1..=2000).filter(|at_ms| asked(1, *at_ms)).count();
        assert_eq!(later, 40, "two seconds");
        assert!(!asked(1, 2000) && asked(1, 2050));
        assert_eq!((0..30).filter(|_| asked(1, 60_000)).count(), 20, "no more after a long pause");
    }
}
