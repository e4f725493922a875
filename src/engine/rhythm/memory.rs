//! What is remembered of past days, as it is learned, comes back from its lines, and is taken back.

use super::Habits;
use super::basis::Basis;
use super::place::Place;
use super::silence::Running;
use crate::model::home::Home;
use crate::model::learned::{LearnedDay, SilenceRow};
use crate::model::time::{Span, Timestamp};
use std::sync::Arc;

impl Habits {
    /// From now on limits rest on these days, oldest first.
    fn remember(&mut self, days: Vec<Arc<LearnedDay>>) {
        self.basis = Arc::new(Basis::of(days, &self.places, self.limits.target));
    }

    /// What was going on at `at` was an emergency: never to be learned from.
    pub fn never_learn(&mut self, at: Timestamp) {
        let secs = at.timestamp();
        let holds = |row: &SilenceRow| (row.start_secs..=row.start_secs + i64::from(row.secs)).contains(&secs);
        if let Some(running) = self.running.as_mut().filter(|running| running.since <= at) {
            running.whole = false;
        }
        if let Some(today) = &mut self.today {
            today.rows.retain(|row| !holds(row));
        }
        if self.basis.days().iter().any(|day| day.rows.iter().any(holds)) {
            let without = |day: &Arc<LearnedDay>| {
                let mut day = Arc::clone(day);
                if day.rows.iter().any(holds) {
                    Arc::make_mut(&mut day).rows.retain(|row| !holds(row));
                }
                day
            };
            let days = self.basis.days().iter().map(without).collect();
            self.remember(days);
        }
    }

    /// Takes in a day as it was recorded; whatever was reckoned of it from raw observations gives way.
    pub fn recall(&mut self, home: &Home, mut day: LearnedDay) {
        let ids = std::mem::take(&mut day.sensors);
        let numbers: Vec<u16> = ids.iter().map(|id| self.number(id, || Place::named(home, id))).collect();
        let known = |number: &mut u16| {
            let found = numbers.get(usize::from(*number));
            *number = found.copied().unwrap_or(*number);
            found.is_some()
        };
        day.rows.retain_mut(|row| known(&mut row.sensor));
        day.together.retain_mut(|(a, b, _)| known(a) && known(b));
        day.at_door.retain_mut(|(sensor, _, _)| known(sensor));
        self.untold.retain(|untold| untold.until != day.until);
        if day.vacant && self.vacancy.since.is_none() {
            self.vacancy.begin(day.until);
        }
        if let Some(mut written) = day.running.take()
            && known(&mut written.sensor)
            && let Some(running) = self.running.as_mut().filter(|running| running.since == written.since)
        {
            *running = Running { answered_at: running.answered_at, ..Running::written(written) };
        }
        // As they were read, they take half as much again as they need.
        day.rows.shrink_to_fit();
        day.slots.shrink_to_fit();
        day.together.shrink_to_fit();
        day.at_door.shrink_to_fit();
        self.put(day);
    }

    /// A day takes its place among the others, or that of the one that was taken for it.
    pub(super) fn put(&mut self, day: LearnedDay) {
        let (until, counts) = (day.until, day.counts);
        let others = || self.basis.days().iter().filter(|other| other.until != until).cloned();
        if counts {
            let (before, after): (Vec<_>, Vec<_>) = others().partition(|other| other.until < until);
            self.remember(before.into_iter().chain([Arc::new(day)]).chain(after).collect());
        } else if others().count() < self.basis.days().len() {
            let days = others().collect();
            self.remember(days);
        }
    }

    /// The clock on the wall was set by `by` and shows `now`.
    pub fn shift(&mut self, by: Span, now: Timestamp, home: &Home) {
        if let Some(running) = &mut self.running {
            running.since += by;
            running.answered_at = running.answered_at.map(|at| at + by);
            running.whole = false;
        }
        let instants = [
            &mut self.door_awaited_since,
            &mut self.blind_since,
            &mut self.absent_since,
            &mut self.learns_from,
            &mut self.partly_blind_since,
        ];
        instants.into_iter().flatten().for_each(|at| *at += by);
        self.newest = self.newest.map(|(at, sensor)| (at + by, sensor));
        self.trail.shift(by);
        self.vacancy.shift(by);
        if let Some(today) = &mut self.today {
            today.shift(by, now, &home.zone);
        }
        let days = Span::days(by.num_days());
        if !days.is_zero() {
            let shifted = |mut day: LearnedDay| {
                day.until += days;
                day.rows.iter_mut().for_each(|row| row.start_secs += days.num_seconds());
                day
            };
            self.untold = self.untold.drain(..).map(shifted).collect();
            let days = self.basis.days().iter().map(|day| Arc::new(shifted((**day).clone()))).collect();
            self.remember(days);
        }
    }
}
