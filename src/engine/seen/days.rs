//! One value for each of the last four weeks: what a sensor is like is learned in fixed memory.
//!
//! Days begin at midnight UTC, whatever the zone: only their length matters, and a restored engine must find the same
//! ones whatever instant its history begins at.

use crate::model::time::{Span, Timestamp};

/// So many days are looked back; the history that a restart reads holds a little more (30).
pub const DAYS_KEPT: usize = 28;

/// A value a day, the newest day still open.
#[derive(Debug, Clone, PartialEq)]
pub struct Days<T> {
    newest: i64,
    values: [Option<T>; DAYS_KEPT],
}

impl<T: Copy> Default for Days<T> {
    fn default() -> Self {
        Days { newest: i64::MIN, values: [None; DAYS_KEPT] }
    }
}

impl<T: Copy> Days<T> {
    /// The value of the day of `at`, and whether that day has just begun.
    pub fn at(&mut self, at: Timestamp) -> (&mut Option<T>, bool) {
        let day = at.timestamp().div_euclid(DAY_SECS);
        let begins = day > self.newest;
        if begins {
            let skipped = day.saturating_sub(self.newest).min(DAYS_KEPT as i64);
            for back in 0..skipped {
                self.values[place(day - back)] = None;
            }
            self.newest = day;
        }
        // A clock that was set back a little keeps writing into the newest day.
        (&mut self.values[place(self.newest)], begins)
    }

    /// The days that are over, newest first, each with its distance from today in days.
    pub fn past(&self) -> impl Iterator<Item = (i64, T)> {
        let known = if self.newest == i64::MIN { 0 } else { DAYS_KEPT as i64 };
        (1..known).filter_map(|back| self.values[place(self.newest - back)].map(|value| (back, value)))
    }

    /// The clock on the wall was set by `by`.
    pub fn shift(&mut self, by: Span) {
        if self.newest == i64::MIN {
            return;
        }
        let past = *self;
        let moved = self.newest.saturating_add(by.num_days());
        for back in 0..DAYS_KEPT as i64 {
            self.values[place(moved - back)] = past.values[place(past.newest - back)];
        }
        self.newest = moved;
    }
}

impl<T: Copy> Copy for Days<T> {}

fn place(day: i64) -> usize {
    day.rem_euclid(DAYS_KEPT as i64) as usize
}

const DAY_SECS: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    fn day(day: i64) -> Timestamp {
        from_millis(day * DAY_SECS * 1000)
    }

    #[test]
    fn four_weeks_are_kept_and_days_without_a_word_are_no_days() {
        let mut days = Days::default();
        for (n, value) in [(100, 1), (101, 2), (105, 3), (106, 4)] {
            *days.at(day(n)).0 = Some(value);
        }
        assert_eq!(days.past().collect::<Vec<_>>(), [(1, 3), (5, 2), (6, 1)]);
        let (today, begins) = days.at(day(106));
        assert_eq!((*today, begins), (Some(4), false));
        assert!(days.at(day(106 + DAYS_KEPT as i64 - 1)).1);
        assert_eq!(days.past().collect::<Vec<_>>(), [(27, 4)]);
        days.at(day(1_000_000));
        assert_eq!(days.past().count(), 0);
    }

    #[test]
    fn a_clock_that_is_set_moves_the_days_along() {
        let mut days = Days::default();
        for (n, value) in [(100, 1), (103, 2), (104, 3)] {
            *days.at(day(n)).0 = Some(value);
        }
        for by in [20_000, -20_000, -3, 3] {
            days.shift(Span::days(by));
            assert_eq!(days.past().collect::<Vec<_>>(), [(1, 2), (4, 1)], "{by}");
        }
        assert_eq!(*days.at(day(104)).0, Some(3));
        Days::<u8>::default().shift(Span::MAX);
    }
}
