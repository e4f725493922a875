//! Days as the clock on the wall shows them: 96 quarter hours each, what was seen in them and what nobody watched.

use super::material::{Material, PLACES_MAX, QUARTERS, Stretch};
use crate::model::time::{Span, TimeOfDay, Timestamp, Zone};

/// A day of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Year, month, day.
    pub date: (i16, i8, i8),
    /// Monday = 0.
    pub weekday: u8,
    /// Its begin and its end, 23 to 25 hours later.
    pub stretch: Stretch,
    /// Its quarter hours. In an hour that comes twice both are in the same ones; one that is skipped has none.
    pub cells: Vec<Cell>,
}

/// A quarter hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// Signs of life by room.
    pub life: [u16; PLACES_MAX],
    /// Seconds of it that have come.
    pub seconds: u32,
    /// Of these, seconds in which nobody watched.
    pub unwatched_seconds: u32,
    /// Of these, seconds in which rules were suspended.
    pub suspended_seconds: u32,
}

impl Cell {
    /// Signs of life in all rooms.
    pub fn lives(&self) -> u32 {
        self.life.iter().map(|count| u32::from(*count)).sum()
    }

    /// Whether it cannot be said that it was quiet.
    pub fn is_unknown(&self) -> bool {
        self.seconds > 0 && self.unwatched_seconds * 2 >= self.seconds
    }
}

/// The days of `material`, oldest first.
pub fn days(material: &Material) -> Vec<Day> {
    let mut days = calendar(&material.zone, material.from, material.until);
    let whole = Stretch { from: material.from, to: material.until };
    let zone = &material.zone;
    pass(&mut days, zone, whole, |cell, seconds| cell.seconds += seconds);
    for stretch in merged(&material.unwatched) {
        pass(&mut days, zone, within(stretch, whole), |cell, seconds| cell.unwatched_seconds += seconds);
    }
    for stretch in merged(&material.suspended) {
        pass(&mut days, zone, within(stretch, whole), |cell, seconds| cell.suspended_seconds += seconds);
    }
    for life in &material.life {
        let count = cell(&mut days, zone, life.at).and_then(|cell| cell.life.get_mut(life.place));
        if let Some(count) = count {
            *count = count.saturating_add(1);
        }
    }
    days
}

/// Stretches in their order, those that touch as one.
pub fn merged(stretches: &[Stretch]) -> Vec<Stretch> {
    let mut sorted: Vec<Stretch> = stretches.iter().copied().filter(|stretch| stretch.to > stretch.from).collect();
    sorted.sort_unstable();
    let mut merged: Vec<Stretch> = Vec::with_capacity(sorted.len());
    for stretch in sorted {
        match merged.last_mut().filter(|last| stretch.from <= last.to) {
            Some(last) => last.to = last.to.max(stretch.to),
            None => merged.push(stretch),
        }
    }
    merged
}

/// What of `stretch` lies in `whole`.
pub fn within(stretch: Stretch, whole: Stretch) -> Stretch {
    Stretch { from: stretch.from.max(whole.from), to: stretch.to.min(whole.to) }
}

/// What is left of `stretch` without `cuts`.
pub fn without(stretch: Stretch, cuts: &[Stretch]) -> Vec<Stretch> {
    let mut left = Vec::new();
    let mut from = stretch.from;
    for cut in merged(cuts).into_iter().filter(|cut| cut.to > stretch.from && cut.from < stretch.to) {
        left.push(Stretch { from, to: cut.from });
        from = cut.to;
    }
    left.push(Stretch { from, to: stretch.to });
    left.retain(|part| part.to > part.from);
    left
}

fn calendar(zone: &Zone, from: Timestamp, until: Timestamp) -> Vec<Day> {
    let midnight = TimeOfDay::new(0, 0).expect("a clock can show it");
    let mut days = Vec::new();
    let mut begin = from;
    while begin < until && days.len() < DAYS_MAX {
        let end = zone.next(begin, midnight);
        let local = zone.local(begin);
        let cells = vec![Cell::default(); QUARTERS];
        days.push(Day { date: local.date, weekday: local.weekday, stretch: Stretch { from: begin, to: end }, cells });
        begin = end;
    }
    days
}

/// Hands every quarter hour that `stretch` touches to `take`, with the seconds of it.
fn pass(days: &mut [Day], zone: &Zone, stretch: Stretch, mut take: impl FnMut(&mut Cell, u32)) {
    let mut at = stretch.from;
    while at < stretch.to {
        let left = QUARTER_SECONDS - i64::from(zone.local(at).second_of_day) % QUARTER_SECONDS;
        let next = (at + Span::seconds(left)).min(stretch.to);
        let seconds = u32::try_from((next - at).num_seconds()).unwrap_or(0);
        if let Some(cell) = cell(days, zone, at) {
            take(cell, seconds);
        }
        at = next;
    }
}

fn cell<'d>(days: &'d mut [Day], zone: &Zone, at: Timestamp) -> Option<&'d mut Cell> {
    let after = days.partition_point(|day| day.stretch.from <= at);
    let day = days.get_mut(after.checked_sub(1)?).filter(|day| at < day.stretch.to)?;
    day.cells.get_mut(zone.local(at).second_of_day as usize / QUARTER_SECONDS as usize)
}

const QUARTER_SECONDS: i64 = 900;
/// More than a year and a day nobody looks at in one picture.
const DAYS_MAX: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::material::Life;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn material(zone: &str, from: &str, until: &str) -> Material {
        Material {
            zone: Zone::named(zone).unwrap(),
            from: at(from),
            until: at(until),
            places: vec!["a".into()],
            life: Vec::new(),
            silences: Vec::new(),
            limits: Vec::new(),
            alarms: Vec::new(),
            unwatched: Vec::new(),
            suspended: Vec::new(),
        }
    }

    #[test]
    fn a_day_has_the_quarter_hours_that_have_come_and_no_others() {
        let mut material = material("Asia/Shanghai", "2026-11-19T16:00:00Z", "2026-11-21T02:00:00Z");
        material.life = vec![Life { at: at("2026-11-20T01:07:00Z"), place: 0 }];
        material.unwatched = vec![Stretch { from: at("2026-11-01T00:00:00Z"), to: at("2026-11-19T16:20:00Z") }];
        let days = days(&material);
        assert_eq!(days.iter().map(|day| day.date.2).collect::<Vec<_>>(), [20, 21]);
        assert_eq!(days[0].cells[36].life[0], 1, "09:07 by the clock on the wall");
        assert_eq!(days[1].cells.iter().filter(|cell| cell.seconds > 0).count(), 40, "until ten");
        let unknown = |cell: &&Cell| cell.is_unknown();
        assert_eq!(days[0].cells.iter().filter(unknown).count(), 1, "five minutes of a quarter are not most of it");
        assert_eq!(days[0].cells[1].unwatched_seconds, 300);
    }

    #[test]
    fn an_hour_that_comes_twice_has_twice_the_seconds_and_a_skipped_one_has_none() {
        let autumn = days(&material("Europe/Paris", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"));
        assert_eq!((autumn.len(), autumn[0].cells[8].seconds), (1, 1800));
        let spring = days(&material("Europe/Paris", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"));
        assert_eq!((spring.len(), spring[0].cells[8].seconds, spring[0].cells[12].seconds), (1, 0, 900));
    }

    #[test]
    fn stretches_that_touch_are_one() {
        let stretch = |from: i64, to: i64| Stretch {
            from: crate::model::time::from_millis(from),
            to: crate::model::time::from_millis(to),
        };
        let merged = merged(&[stretch(5, 9), stretch(1, 3), stretch(3, 4), stretch(6, 7), stretch(8, 8)]);
        assert_eq!(merged, [stretch(1, 4), stretch(5, 9)]);
        assert_eq!(without(stretch(2, 8), &merged), [stretch(4, 5)]);
        assert_eq!(without(stretch(0, 20), &merged), [stretch(0, 1), stretch(4, 5), stretch(9, 20)]);
        assert_eq!(without(stretch(4, 5), &[]), [stretch(4, 5)]);
    }
}
