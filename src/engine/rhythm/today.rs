//! The day that goes on: what of it will be remembered at its end.

use super::line::{SLOT_SECS, SLOTS, UNKNOWN};
use super::together::Together;
use crate::model::learned::SilenceRow;
use crate::model::time::{Span, TimeOfDay, Timestamp, Zone};

/// A day in which fewer signs of life were seen is no day of somebody's life.
const SIGNS_MIN: u32 = 5;

/// A day must have been watched for so long to count.
const WATCHED_MIN: Span = Span::hours(12);

/// What the present day has brought so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Today {
    /// Its local midnight, or the first instant of the history.
    opened: Timestamp,
    /// The midnight before it, from which half hours are counted.
    pub begin: Timestamp,
    /// The midnight that ends it.
    pub until: Timestamp,
    /// What of it was not watched, or is not to be learned, in any order; spans may overlap.
    unwatched: Vec<(Timestamp, Timestamp)>,
    /// Whether the home was taken to be empty in it.
    pub was_vacant: bool,
    /// Whether guests were there.
    pub was_visited: bool,
    /// Silences that ended.
    pub rows: Vec<SilenceRow>,
    /// The quiet at each half hour that has passed.
    pub slots: Vec<i32>,
    /// How many columns each silence was longer than.
    pub reached: Vec<u8>,
    /// Silences longer than the limit in force.
    pub alerts: u16,
    /// Which sensors saw somebody together.
    pub together: Together,
    /// For each sensor: signs of life, and those at a passage of the outer door.
    pub at_door: Vec<(u32, u32)>,
    signs: u32,
}

impl Today {
    /// The day of `at`, watched from then on.
    pub fn opened(at: Timestamp, zone: &Zone) -> Today {
        let until = zone.next(at, midnight());
        let second_of_day = zone.local(at).second_of_day;
        let begin =
            at - Span::seconds(i64::from(second_of_day)) - Span::milliseconds(at.timestamp_subsec_millis().into());
        Today {
            opened: at,
            begin,
            until,
            unwatched: Vec::new(),
            was_vacant: false,
            was_visited: false,
            rows: Vec::new(),
            slots: Vec::with_capacity(SLOTS),
            reached: Vec::new(),
            alerts: 0,
            together: Together::default(),
            at_door: Vec::new(),
            signs: 0,
        }
    }

    /// The day that follows it.
    pub fn next(&self, zone: &Zone) -> Today {
        Today { begin: self.until, ..Today::opened(self.until, zone) }
    }

    /// A sign of life of this sensor.
    pub fn saw(&mut self, sensor: u16, is_of_passage: bool) {
        let place = usize::from(sensor);
        if self.at_door.len() <= place {
            self.at_door.resize(place + 1, (0, 0));
        }
        if let Some((signs, _)) = self.at_door.get_mut(place) {
            *signs = signs.saturating_add(1);
        }
        self.signs = self.signs.saturating_add(1);
        if is_of_passage {
            self.passed(sensor);
        }
    }

    /// A sign of life of this sensor was of a passage of the outer door.
    pub fn passed(&mut self, sensor: u16) {
        if let Some((_, passed)) = self.at_door.get_mut(usize::from(sensor)) {
            *passed = passed.saturating_add(1);
        }
    }

    /// Fills in the half hours before `to`, in which it has been quiet since `quiet_since`, if that is known.
    pub fn fill(&mut self, to: Timestamp, quiet_since: Option<Timestamp>) {
        while self.slots.len() < SLOTS {
            let at = self.begin + Span::seconds(SLOT_SECS * self.slots.len() as i64);
            if at >= to {
                return;
            }
            let quiet =
                quiet_since.filter(|since| *since <= at && at >= self.opened).map(|since| (at - since).num_seconds());
            self.slots.push(quiet.map_or(UNKNOWN, |secs| i32::try_from(secs).unwrap_or(i32::MAX)));
        }
    }

    /// Whether it is a day of somebody's life that was watched.
    pub fn counts(&self) -> bool {
        self.until - self.opened - self.unwatched() >= WATCHED_MIN
            && !self.was_vacant
            && !self.was_visited
            && self.signs >= SIGNS_MIN
    }

    /// A span of it was not watched; what was not for two reasons at once is cut once.
    pub fn not_watched(&mut self, from: Timestamp, to: Timestamp) {
        let (from, to) = (from.max(self.opened), to.min(self.until));
        if from < to {
            self.unwatched.push((from, to));
        }
    }

    fn unwatched(&self) -> Span {
        let mut spans = self.unwatched.clone();
        spans.sort_unstable();
        let mut cut_to = self.opened;
        let cut = |(from, to): &(Timestamp, Timestamp)| {
            let more = (*to - cut_to.max(*from)).max(Span::zero());
            cut_to = cut_to.max(*to);
            more
        };
        spans.iter().map(cut).fold(Span::zero(), |sum, more| sum + more)
    }

    /// The clock on the wall was set by `by` and shows `now`: the day that it shows goes on.
    pub fn shift(&mut self, by: Span, now: Timestamp, zone: &Zone) {
        self.opened += by;
        self.unwatched.iter_mut().flat_map(|(from, to)| [from, to]).for_each(|at| *at += by);
        let days = Span::days(by.num_days());
        self.begin += days;
        if !days.is_zero() {
            self.until = zone.next(now, midnight());
            self.rows.iter_mut().for_each(|row| row.start_secs += days.num_seconds());
        }
    }
}

fn midnight() -> TimeOfDay {
    TimeOfDay::new(0, 0).expect("a clock shows midnight")
}
