//! What is made once a day, at local midnight, from all days before: the silences in order, how near the sensors are to each other,
//! the line, and the strictness that kept the promise.

use super::Limits;
use super::calibrator::{self, COUNTED_DAYS};
use super::line::{LINE_DAYS, Line, times_buffer};
use super::place::Place;
use super::rooms::RoomKind;
use super::tail::{Asked, KITCHEN, LONG, Past, Pasts, Prior, SHORT, Tail};
use super::together::{Reach, Together};
use super::trail::{AT_DOOR, NEAR_DOOR};
use crate::model::learned::{LearnedDay, LimitedBy};
use crate::model::time::{Span, TimeOfDay};
use std::sync::Arc;

/// Days whose silences are remembered.
pub const DAYS_KEPT: usize = 90;

/// How far the rows of other places reach: neighbours see the same stays, but a bathroom is judged by its own rows.
const REACH: Reach = Reach { elsewhere: 0.05, times_similarity: 2.0 };
const REACH_OF_SHORT: Reach = Reach { elsewhere: 0.01, times_similarity: 0.5 };

/// Which sensors are neighbours, and which one hangs at the entrance, is taken from the oldest days that are remembered: it should not
/// waver from day to day, least of all while a sensor fails.
const PLACES_LEARNED_DAYS: usize = 10;

/// A motion sensor needs so many signs of life before it can be taken for the entrance.
const ENTRANCE_SIGNS_MIN: u32 = 20;
/// The widest span that a limit may have before the calibrator and the ceiling.
const LIMIT_MAX_SECS: f64 = 48.0 * 3600.0;

/// A silence that begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Begun {
    /// The minute of the day at its begin.
    pub minute: u16,
    /// The sensor that saw somebody last.
    pub sensor: u16,
    /// How near the way out.
    pub exit: u8,
}

impl Begun {
    /// Whether it began at the way out.
    pub fn is_out(&self) -> bool {
        matches!(self.exit, AT_DOOR | NEAR_DOOR)
    }

    /// How many minutes of the day later than it another one began; less than nothing is sooner.
    pub fn minutes_after(&self, minute: u16) -> i32 {
        let half = DAY_MINUTES / 2;
        (i32::from(minute) - i32::from(self.minute) + half).rem_euclid(DAY_MINUTES) - half
    }

    /// What the clock shows so many minutes after it began.
    pub fn clock(&self, minutes_after: i32) -> Option<TimeOfDay> {
        let minute = (i32::from(self.minute) + minutes_after).rem_euclid(DAY_MINUTES) as u16;
        TimeOfDay::new(minute / 60, minute % 60)
    }
}

const DAY_MINUTES: i32 = 24 * 60;

/// What holds on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Days of history.
    pub days: usize,
    /// The sensor inside the outer door, where there is one.
    pub entrance: Option<u16>,
    /// The strictness in force.
    pub column: usize,
    pasts: Pasts,
    line: Line,
    /// For each sensor how much a silence begun at another one says, in general …
    nearness: Vec<Vec<f64>>,
    /// … and where only its own rows count.
    nearness_of_short: Vec<Vec<f64>>,
    kinds: Vec<RoomKind>,
    /// For each sensor the share of the silences that began there, and of all signs of life.
    shares: Vec<(f64, f64)>,
}

impl Model {
    /// What holds after these `days`, oldest first.
    pub(super) fn of(days: &[Arc<LearnedDay>], places: &[Place], target: f64) -> Model {
        let newest_first = || days.iter().rev().take(DAYS_KEPT);
        let counted: Vec<&Arc<LearnedDay>> = newest_first().take(COUNTED_DAYS).filter(|day| day.counted).collect();
        let reached = counted.iter().flat_map(|day| day.reached.iter().copied());
        let oldest = || days.iter().take(PLACES_LEARNED_DAYS);
        let together = together(oldest());
        let is_same_place = |a: usize, b: usize| {
            places.get(a).zip(places.get(b)).is_some_and(|(a, b)| a.room.is_some() && a.room == b.room)
        };
        let nearness = |reach| together.nearness(places.len(), is_same_place, reach);
        let pasts = pasts(newest_first());
        Model {
            days: newest_first().count(),
            entrance: entrance(oldest(), places),
            column: calibrator::choose(target, counted.len(), reached),
            shares: shares(&pasts, newest_first(), places.len()),
            pasts,
            line: Line::of(newest_first().take(LINE_DAYS).map(|day| day.slots.as_slice())),
            nearness: nearness(REACH),
            nearness_of_short: nearness(REACH_OF_SHORT),
            kinds: places.iter().map(|place| place.kind).collect(),
        }
    }

    /// The limit of a silence at this strictness in seconds, and what set it; before the ceiling and the first days.
    pub fn limit(&self, begun: &Begun, tail: &Tail, column: usize, limits: &Limits) -> (f64, LimitedBy) {
        let theta = calibrator::theta(column);
        let least = limits.at_least.num_milliseconds() as f64 / 1000.0;
        let by_tail = tail.limit(theta).clamp(least, LIMIT_MAX_SECS);
        let by_line = self.line.reached_after(u32::from(begun.minute) * 60, times_buffer(theta), least, by_tail);
        let (limit, by) = by_line.map_or((by_tail, LimitedBy::Tail), |secs| (secs, LimitedBy::Line));
        let most = if begun.is_out() { limits.most_away } else { limits.most_at_home };
        let most = most.num_milliseconds() as f64 / 1000.0;
        if limit > most { (most, LimitedBy::Most) } else { (limit, by) }
    }

    /// The tail of the silences like this one.
    pub fn tail(&self, begun: &Begun) -> Tail {
        self.pasts.tail(&self.asked(begun))
    }

    /// The past silences that decided the limit of this one, with the largest of their weights' tenth as the least.
    pub fn deciding(&self, begun: &Begun) -> Vec<Past> {
        let asked = self.asked(begun);
        let weights: Vec<f64> = self.pasts.rows().iter().map(self.pasts.weight(&asked)).collect();
        let least = weights.iter().copied().fold(0.0, f64::max) / 10.0;
        let rows = self.pasts.rows().iter().zip(weights);
        rows.filter(|(_, weight)| *weight > 0.0 && *weight >= least).map(|(past, _)| *past).collect()
    }

    /// For each sensor the share of the past silences that began there, and of all signs of life.
    pub fn shares(&self) -> &[(f64, f64)] {
        &self.shares
    }

    fn asked(&self, begun: &Begun) -> Asked<'_> {
        let sensor = usize::from(begun.sensor);
        let is_out = begun.is_out();
        let kind = self.kinds.get(sensor).copied().unwrap_or(RoomKind::Other);
        let (prior, is_short): (&Prior, bool) = match kind {
            RoomKind::Wet if !is_out => (&SHORT, true),
            RoomKind::Kitchen if !is_out => (&KITCHEN, true),
            RoomKind::Wet
            | RoomKind::Kitchen
            | RoomKind::Hall
            | RoomKind::Bedroom
            | RoomKind::Living
            | RoomKind::Other => (&LONG, false),
        };
        let nearness = if is_short { &self.nearness_of_short } else { &self.nearness };
        let nearness = nearness.get(sensor).map_or(&[][..], Vec::as_slice);
        Asked { minute: begun.minute, exit: begun.exit, nearness, prior }
    }
}

fn together<'a>(days: impl Iterator<Item = &'a Arc<LearnedDay>>) -> Together {
    let mut together = Together::default();
    for (a, b, times) in days.flat_map(|day| &day.together) {
        together.saw(*a, *b, *times);
    }
    together
}

/// The motion sensor with the largest share of its signs of life at passages of the outer door.
fn entrance<'a>(days: impl Iterator<Item = &'a Arc<LearnedDay>>, places: &[Place]) -> Option<u16> {
    let mut counts = vec![(0_u32, 0_u32); places.len()];
    for (sensor, signs, at_door) in days.flat_map(|day| &day.at_door) {
        if let Some((all, near)) = counts.get_mut(usize::from(*sensor)) {
            *all = all.saturating_add(*signs);
            *near = near.saturating_add(*at_door);
        }
    }
    let share = |(all, near): (u32, u32)| f64::from(near) / f64::from(all.max(1));
    let known = counts.into_iter().enumerate().filter(|(sensor, (all, near))| {
        *all >= ENTRANCE_SIGNS_MIN && *near > 0 && places.get(*sensor).is_some_and(|place| place.sees_motion)
    });
    let best = known.max_by(|(i, a), (j, b)| share(*a).total_cmp(&share(*b)).then(j.cmp(i)));
    best.map(|(sensor, _)| sensor as u16)
}

fn pasts<'a>(days: impl Iterator<Item = &'a Arc<LearnedDay>> + Clone) -> Pasts {
    let (mut rows, mut count) = (Vec::with_capacity(days.clone().map(|day| day.rows.len()).sum()), 0);
    for (day, age_days) in days.zip(1_u16..) {
        count += 1;
        rows.extend(day.rows.iter().map(|row| Past::of(row, age_days)));
    }
    Pasts::of(rows, count)
}

fn shares<'a>(pasts: &Pasts, days: impl Iterator<Item = &'a Arc<LearnedDay>>, sensors: usize) -> Vec<(f64, f64)> {
    let begun = pasts.rows().iter().map(|past| (past.sensor, past.aged()));
    let signs = days.flat_map(|day| day.at_door.iter().map(|(sensor, signs, _)| (*sensor, f64::from(*signs))));
    share_of(begun, sensors).into_iter().zip(share_of(signs, sensors)).collect()
}

fn share_of(parts: impl Iterator<Item = (u16, f64)>, sensors: usize) -> Vec<f64> {
    let mut shares = vec![0.0; sensors];
    let mut all = 0.0;
    for (sensor, part) in parts {
        all += part;
        if let Some(share) = shares.get_mut(usize::from(sensor)) {
            *share += part;
        }
    }
    shares.iter_mut().filter(|_| all > 0.0).for_each(|share| *share /= all);
    shares
}

/// Seconds as a span, cut to milliseconds.
pub fn span(secs: f64) -> Span {
    Span::milliseconds((secs.clamp(0.0, 1e9) * 1000.0) as i64)
}

#[cfg(test)]
impl Model {
    /// Bytes behind it.
    pub(super) fn heap_bytes(&self) -> usize {
        let nearness = |of: &[Vec<f64>]| of.iter().map(|row| row.capacity() * size_of::<f64>()).sum::<usize>();
        size_of_val(self.pasts.rows())
            + nearness(&self.nearness)
            + nearness(&self.nearness_of_short)
            + self.kinds.capacity() * size_of::<RoomKind>()
            + self.shares.capacity() * size_of::<(f64, f64)>()
    }
}
