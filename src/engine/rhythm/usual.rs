//! What is usual in a home, in a few figures for people to look at.

use super::line::{SLOT_SECS, SLOTS, UNKNOWN};
use super::{Habits, LEARNING_DAYS};
use crate::model::home::{Home, SensorKind};
use crate::model::ids::SensorId;
use crate::model::time::Span;

/// What is usual.
#[derive(Debug, Clone, PartialEq)]
pub struct Usual {
    /// Days that were learned from.
    pub days: usize,
    /// So many are needed before limits are its own.
    pub needed: usize,
    /// At most so many unneeded alerts are wanted in 30 days.
    pub wanted: f64,
    /// Silences of the last 30 days that were longer than their limit.
    pub unneeded: u32,
    /// Half hours of the day in which it is quiet on most days; none while too little is known.
    pub quiet: Option<[bool; SLOTS]>,
    /// Night, morning, afternoon, evening.
    pub parts: [UsualPart; 4],
}

/// What is usual in a part of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UsualPart {
    /// The longest quiet that begins in it, in the middle of the days.
    pub longest: Option<Span>,
    /// The shortest and the longest of today's limits for a quiet that begins in it, of all places in the home.
    pub limit: Option<(Span, Span)>,
}

/// Parts of the day are so long.
pub const PART_HOURS: u16 = 6;

impl Habits {
    /// What is usual, as it stands today.
    pub fn usual(&self, home: &Home) -> Usual {
        let inside = |kind: SensorKind| kind.watches_for_life() && kind != SensorKind::OuterDoor;
        let watchers: Vec<&SensorId> =
            home.sensors.values().filter(|sensor| inside(sensor.kind)).map(|sensor| &sensor.id).collect();
        Usual {
            days: self.days_learned(),
            needed: LEARNING_DAYS,
            wanted: self.limits.target,
            unneeded: self.alerts_of_30_days(),
            quiet: self.usually_quiet(),
            parts: [0, 1, 2, 3]
                .map(|part| UsualPart { longest: self.longest_in(part), limit: self.limits_in(part, &watchers) }),
        }
    }

    fn usually_quiet(&self) -> Option<[bool; SLOTS]> {
        if self.days_learned() < DAYS_MIN {
            return None;
        }
        let mut quiet = [false; SLOTS];
        for (slot, is_quiet) in quiet.iter_mut().enumerate() {
            // How long it had been quiet at the end of the half hour; at midnight, at the begin of the same day.
            let at_end = (slot + 1) % SLOTS;
            let said =
                self.basis.days().iter().filter_map(|day| day.slots.get(at_end)).filter(|secs| **secs != UNKNOWN);
            let (known, still) = said.fold((0_usize, 0_usize), |(known, still), secs| {
                (known + 1, still + usize::from(i64::from(*secs) >= SLOT_SECS))
            });
            *is_quiet = known >= DAYS_MIN && still * 4 >= known * 3;
        }
        Some(quiet)
    }

    /// The longest silence that began in a part of the day: in the middle of the days.
    fn longest_in(&self, part: u16) -> Option<Span> {
        let minutes = part * PART_HOURS * 60..(part + 1) * PART_HOURS * 60;
        let longest = |day: &std::sync::Arc<crate::model::learned::LearnedDay>| {
            let rows = day.rows.iter().filter(|row| minutes.contains(&row.minute));
            rows.map(|row| row.secs).max().unwrap_or(0)
        };
        let mut all: Vec<u32> = self.basis.days().iter().map(longest).collect();
        if all.len() < DAYS_MIN {
            return None;
        }
        all.sort_unstable();
        all.get(all.len() / 2).map(|secs| Span::seconds(i64::from(*secs)))
    }

    fn limits_in(&self, part: u16, watchers: &[&SensorId]) -> Option<(Span, Span)> {
        let hours = part * PART_HOURS..(part + 1) * PART_HOURS;
        let limits = hours.flat_map(|hour| watchers.iter().filter_map(move |id| self.limit_inside(id, hour * 60 + 30)));
        limits.fold(None, |range, limit| match range {
            None => Some((limit, limit)),
            Some((least, most)) => Some((limit.min(least), limit.max(most))),
        })
    }
}

/// Of fewer days nothing is said.
const DAYS_MIN: usize = 5;
