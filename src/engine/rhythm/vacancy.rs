//! Whether somebody lives in the home at present: after a day without a sign of life nobody is waited for any more, until somebody
//! stays.

use crate::model::time::{Span, Timestamp};
use std::collections::VecDeque;

/// A silence that lasts longer makes the home vacant, but never before its longest limit has spoken. From then on no quiet is told
/// until somebody stays: who comes home and falls within the first hour is missed by the daily contact of the next morning, not
/// by their quiet.
pub const VACANT_AFTER: Span = Span::hours(24);

/// Somebody stays where within this …
const STAYS_WITHIN: Span = Span::hours(3);
/// … there are so many signs of life, …
const SIGNS_MIN: u32 = 20;
/// … in so many different quarter hours (a caretaker stays for one or two), …
const QUARTERS_MIN: usize = 4;
/// … and from as many places.
const PLACES_MIN: u32 = 2;

const QUARTER: Span = Span::minutes(15);

/// Whether the home is taken to be empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vacancy {
    /// Since when.
    pub since: Option<Timestamp>,
    quarters: VecDeque<Quarter>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Quarter {
    from: Timestamp,
    signs: u32,
    /// One bit for each place.
    places: u64,
}

impl Vacancy {
    /// The home is taken to be empty from here on.
    pub fn begin(&mut self, at: Timestamp) {
        self.since.get_or_insert(at);
        self.quarters.clear();
    }

    /// A sign of life: an empty home is so no longer once somebody stays.
    pub fn saw(&mut self, at: Timestamp, place: usize) {
        if self.since.is_none() {
            return;
        }
        self.quarters.retain(|quarter| at - quarter.from <= STAYS_WITHIN);
        let bit = 1_u64 << (place % 64);
        match self.quarters.back_mut().filter(|quarter| at - quarter.from < QUARTER) {
            Some(quarter) => {
                quarter.signs = quarter.signs.saturating_add(1);
                quarter.places |= bit;
            }
            None => self.quarters.push_back(Quarter { from: at, signs: 1, places: bit }),
        }
        let signs: u32 = self.quarters.iter().map(|quarter| quarter.signs).sum();
        let places = self.quarters.iter().fold(0, |all, quarter| all | quarter.places).count_ones();
        if signs >= SIGNS_MIN && places >= PLACES_MIN && self.quarters.len() >= QUARTERS_MIN {
            *self = Vacancy::default();
        }
    }

    /// Moves every remembered instant by `by`.
    pub fn shift(&mut self, by: Span) {
        self.since = self.since.map(|since| since + by);
        self.quarters.iter_mut().for_each(|quarter| quarter.from += by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    fn minute(n: i64) -> Timestamp {
        from_millis(n * 60_000)
    }

    #[test]
    fn a_visit_of_a_quarter_hour_does_not_end_it_and_a_morning_at_home_does() {
        let mut vacancy = Vacancy::default();
        vacancy.begin(minute(0));
        let mut ends = |at, place| {
            vacancy.saw(at, place);
            vacancy.since.is_none()
        };
        assert!((0..40).all(|n| !ends(minute(600) + Span::seconds(n * 20), n as usize % 3)));
        let stayed = (0..120).find(|n| ends(minute(2000 + n * 2), *n as usize % 3));
        assert!(stayed.is_some_and(|n| (20..40).contains(&n)), "{stayed:?}");
    }

    #[test]
    fn one_sensor_by_itself_is_nobody() {
        let mut vacancy = Vacancy::default();
        vacancy.begin(minute(0));
        (0..500).for_each(|n| vacancy.saw(minute(600 + n), 7));
        assert_eq!(vacancy.since, Some(minute(0)));
    }
}
