//! The numbers beside the pictures: by day, by hour, by room.

use super::days::{Day, within};
use super::material::{Material, PLACES_MAX, Silence};
use crate::model::time::{Span, Timestamp};

/// A day in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayFigures {
    /// The first and the last sign of life.
    pub life: Option<(Timestamp, Timestamp)>,
    /// Quarter hours with signs of life.
    pub lively_quarters: u32,
    /// The longest silence that began on this day.
    pub longest: Option<Silence>,
    /// How long nobody watched.
    pub unwatched: Span,
    /// How much of the day has come.
    pub length: Span,
    /// How many alarms about the person.
    pub alarms: usize,
}

/// The numbers of each day.
pub fn by_day(material: &Material, days: &[Day]) -> Vec<DayFigures> {
    days.iter()
        .map(|day| {
            let of_day = |at: &Timestamp| (day.stretch.from..day.stretch.to).contains(at);
            let from = material.life.partition_point(|life| life.at < day.stretch.from);
            let to = material.life.partition_point(|life| life.at < day.stretch.to);
            let life = material.life.get(from..to).unwrap_or_default();
            let silences = material.silences.iter().filter(|silence| of_day(&silence.from)).copied();
            let seconds = |of: fn(&super::Cell) -> u32| Span::seconds(day.cells.iter().map(|c| i64::from(of(c))).sum());
            DayFigures {
                life: life.first().zip(life.last()).map(|(first, last)| (first.at, last.at)),
                lively_quarters: day.cells.iter().filter(|cell| cell.lives() > 0).count() as u32,
                longest: silences.max_by_key(|silence| silence.length),
                unwatched: seconds(|cell| cell.unwatched_seconds),
                length: seconds(|cell| cell.seconds),
                alarms: material.alarms.iter().filter(|alarm| of_day(&alarm.at)).count(),
            }
        })
        .collect()
}

/// The silences that began in one hour of the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourFigures {
    /// How many.
    pub silences: usize,
    /// The middle one of them.
    pub median: Option<Span>,
    /// The longest of them.
    pub longest: Option<Span>,
    /// The smallest and the greatest limit for one that begins in this hour.
    pub limit: Option<(Span, Span)>,
}

/// The numbers of the 24 hours of the clock. A silence whose end is not known counts for what is known of it.
pub fn by_hour(material: &Material) -> Vec<HourFigures> {
    let mut lengths: Vec<Vec<Span>> = vec![Vec::new(); 24];
    for silence in &material.silences {
        let hour = material.zone.local(silence.from).second_of_day as usize / 3600;
        lengths.get_mut(hour).into_iter().for_each(|lengths| lengths.push(silence.length));
    }
    let of_hour = |(hour, mut lengths): (usize, Vec<Span>)| {
        lengths.sort_unstable();
        let quarters = material.limits.iter().filter_map(|limit| limit.after.get(hour * 4..hour * 4 + 4));
        let limits: Vec<Span> = quarters.flatten().flatten().copied().collect();
        HourFigures {
            silences: lengths.len(),
            median: lengths.get(lengths.len() / 2).copied(),
            longest: lengths.last().copied(),
            limit: limits.iter().min().copied().zip(limits.iter().max().copied()),
        }
    };
    lengths.into_iter().enumerate().map(of_hour).collect()
}

/// How lively one room is, in minutes of a day: quarter hours with signs of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoomFigures {
    /// From 00:00, 06:00, 12:00 and 18:00 on.
    pub minutes: [u32; 4],
}

impl RoomFigures {
    /// The whole day.
    pub fn total(&self) -> u32 {
        self.minutes.iter().sum()
    }
}

/// The numbers of each room: the mean of the days, a quarter hour counted as watched where it was.
pub fn by_room(days: &[Day]) -> Vec<RoomFigures> {
    let mut quarters = [[0_u64; 4]; PLACES_MAX];
    let mut watched_seconds = [0_u64; 4];
    for day in days {
        for (nth, cell) in day.cells.iter().enumerate() {
            let part = nth / 24;
            if let Some(seconds) = watched_seconds.get_mut(part) {
                *seconds += u64::from(cell.seconds.saturating_sub(cell.unwatched_seconds));
            }
            for (count, quarters) in cell.life.iter().zip(&mut quarters) {
                quarters.iter_mut().skip(part).take(1).for_each(|quarters| *quarters += u64::from(*count > 0));
            }
        }
    }
    let mean = |quarters: u64, seconds: u64| {
        let of_six_hours = (quarters * 15 * 21_600 + seconds / 2).checked_div(seconds).unwrap_or(0);
        u32::try_from(of_six_hours).unwrap_or(u32::MAX)
    };
    let of_room = |quarters: [u64; 4]| {
        let mut figures = RoomFigures::default();
        let both = quarters.iter().zip(watched_seconds);
        figures.minutes.iter_mut().zip(both).for_each(|(m, (quarters, seconds))| *m = mean(*quarters, seconds));
        figures
    };
    quarters.map(of_room).to_vec()
}

impl Material {
    /// The share of its time in which somebody watched, in percent, cut.
    pub fn watched_percent(&self) -> u32 {
        let whole = super::Stretch { from: self.from, to: self.until };
        let seconds = |span: Span| span.num_seconds().max(0);
        let unwatched: i64 = super::days::merged(&self.unwatched)
            .into_iter()
            .map(|stretch| within(stretch, whole))
            .map(|stretch| seconds(stretch.to - stretch.from))
            .sum();
        let all = seconds(self.until - self.from).max(1);
        u32::try_from((all - unwatched).max(0) * 100 / all).unwrap_or(0)
    }
}
