//! Who is reached when, and by whom: the index asked for every home in every shift, and counted.

use super::{Home, Index, Nearest, Shift};
use crate::model::time::Span;

/// The circle in thirds: 5, 10 and 15 minutes of the usual fifteen.
pub const BANDS: usize = 3;

/// The ends of the thirds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bands {
    within: Span,
}

impl Bands {
    /// Thirds of this time.
    pub fn of(within: Span) -> Bands {
        Bands { within }
    }

    /// The whole.
    pub fn within(self) -> Span {
        self.within
    }

    /// The end of the `nth` third.
    pub fn end(self, nth: usize) -> Span {
        self.within * (nth as i32 + 1) / BANDS as i32
    }

    /// The first third that this time does not exceed; [`BANDS`] where it exceeds all.
    pub fn band(self, time: Span) -> usize {
        (0..BANDS).find(|nth| time <= self.end(*nth)).unwrap_or(BANDS)
    }
}

/// One shift over all homes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByShift {
    /// Homes whose nearest point comes within each third, behind them the homes that nobody reaches in time.
    pub homes: [u32; BANDS + 1],
    /// Homes for which a point is the nearest on duty, by point; also where it comes late.
    pub load: Vec<u32>,
}

/// One home over all shifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// The quickest of the week.
    pub best: Option<Nearest>,
    /// The slowest of the week; absent where there is a time without anybody.
    pub worst: Option<Nearest>,
    /// Minutes of the week in which somebody would be there in time.
    pub minutes: u32,
}

/// All homes in all shifts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survey {
    /// In the order of the shifts.
    pub shifts: Vec<ByShift>,
    /// In the order of the homes.
    pub homes: Vec<Seen>,
}

impl Survey {
    /// Asks for each of these homes.
    pub fn of(index: &Index<'_>, shifts: &[Shift], homes: &[Home], bands: Bands) -> Survey {
        let mut survey = Survey { shifts: Vec::with_capacity(shifts.len()), homes: vec![Seen::default(); homes.len()] };
        for (nth, shift) in shifts.iter().enumerate() {
            let mut counted = ByShift { homes: [0; BANDS + 1], load: vec![0; index.points()] };
            for (home, seen) in homes.iter().zip(&mut survey.homes) {
                let nearest = index.nearest(nth, home);
                let band = nearest.map_or(BANDS, |nearest| bands.band(nearest.time));
                counted.homes[band] += 1;
                if let Some(load) = nearest.and_then(|nearest| counted.load.get_mut(nearest.point as usize)) {
                    *load += 1;
                }
                seen.add(nearest, nth == 0, if band < BANDS { shift.minutes } else { 0 });
            }
            survey.shifts.push(counted);
        }
        survey
    }

    /// Puts the homes of `next` behind these.
    pub fn append(&mut self, next: Survey) {
        if self.shifts.is_empty() {
            *self = next;
            return;
        }
        for (own, other) in self.shifts.iter_mut().zip(next.shifts) {
            own.homes.iter_mut().zip(other.homes).for_each(|(own, other)| *own += other);
            own.load.iter_mut().zip(other.load).for_each(|(own, other)| *own += other);
        }
        self.homes.extend(next.homes);
    }
}

impl Seen {
    fn add(&mut self, nearest: Option<Nearest>, is_first: bool, minutes: u32) {
        self.best = [self.best, nearest].into_iter().flatten().min();
        self.worst = if is_first { nearest } else { self.worst.zip(nearest).map(|(old, new)| old.max(new)) };
        self.minutes += minutes;
    }
}
