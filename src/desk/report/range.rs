//! Times of reports: days, weeks, months and quarters of the clock on the wall.

use crate::model::time::{Span, TimeOfDay, Timestamp, Zone};

/// From `from` until just before `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Begin, included.
    pub from: Timestamp,
    /// End, excluded.
    pub to: Timestamp,
}

impl Range {
    /// The month that `at` lies in, or the `back`th before it.
    pub fn month(zone: &Zone, at: Timestamp, back: u32) -> Option<Range> {
        Range::months(zone, month_of(zone, at) - i64::from(back), 1)
    }

    /// The quarter of the year that `at` lies in, or the `back`th before it.
    pub fn quarter(zone: &Zone, at: Timestamp, back: u32) -> Option<Range> {
        Range::months(zone, (month_of(zone, at).div_euclid(3) - i64::from(back)) * 3, 3)
    }

    /// The week, Monday first, that `at` lies in, or the `back`th before it.
    pub fn week(zone: &Zone, at: Timestamp, back: u32) -> Option<Range> {
        let days = i64::from(zone.local(at).weekday) + 7 * i64::from(back);
        let from = midnight_near(zone, midnight_of(zone, at)?, -days);
        Some(Range { from, to: midnight_near(zone, from, 7) })
    }

    /// `2026-11`.
    pub fn named_month(zone: &Zone, text: &str) -> Option<Range> {
        let (year, month) = text.split_once('-')?;
        let (year, month): (i64, i64) = (year.parse().ok()?, month.parse().ok()?);
        (1..=12).contains(&month).then(|| Range::months(zone, year * 12 + month - 1, 1))?
    }

    /// From one day to another, both included: `2026-11-01`, `2026-11-30`.
    pub fn days(zone: &Zone, from: &str, to: &str) -> Option<Range> {
        let (from, last) = (day(zone, from)?, day(zone, to)?);
        let range = Range { from, to: midnight_near(zone, last, 1) };
        (from < range.to && range.to - from <= LONGEST).then_some(range)
    }

    fn months(zone: &Zone, first: i64, count: i64) -> Option<Range> {
        let begin = |month: i64| {
            let (year, month) = (i16::try_from(month.div_euclid(12)).ok()?, (month.rem_euclid(12) + 1) as i8);
            Some(zone.both((year, month, 1), 0, 0)?.0)
        };
        Some(Range { from: begin(first)?, to: begin(first + count)? })
    }

    /// Its first and its last day.
    pub fn dates(&self, zone: &Zone) -> (String, String) {
        (zone.date(self.from), zone.date(self.to - Span::seconds(1)))
    }

    /// Whether it holds the instant.
    pub fn holds(&self, at: Timestamp) -> bool {
        (self.from..self.to).contains(&at)
    }

    /// Days, weeks or months of it that have begun, by its length.
    pub fn parts(&self, zone: &Zone, until: Timestamp) -> Vec<Range> {
        let step = match (self.to - self.from).num_days() {
            ..=14 => 1,
            15..=190 => 7,
            _ => 28,
        };
        let mut parts = Vec::new();
        let mut from = self.from;
        while from < until && from < self.to && parts.len() < PARTS_MAX {
            let to = midnight_near(zone, from, step).min(self.to);
            parts.push(Range { from, to });
            from = to;
        }
        parts
    }
}

fn month_of(zone: &Zone, at: Timestamp) -> i64 {
    let (year, month, _) = zone.local(at).date;
    i64::from(year) * 12 + i64::from(month) - 1
}

fn midnight_of(zone: &Zone, at: Timestamp) -> Option<Timestamp> {
    Some(zone.both(zone.local(at).date, 0, 0)?.0)
}

/// The midnight so many days after another one; days with a change of clocks are longer or shorter.
fn midnight_near(zone: &Zone, midnight: Timestamp, days: i64) -> Timestamp {
    let zero = TimeOfDay::new(0, 0).expect("a clock shows 00:00");
    zone.next(midnight + Span::days(days) - Span::hours(12), zero)
}

fn day(zone: &Zone, text: &str) -> Option<Timestamp> {
    let mut parts = text.splitn(3, '-');
    let date = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(zone.both(date, 0, 0)?.0)
}

/// As long as anything is kept.
const LONGEST: Span = Span::days(731);
const PARTS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn months_weeks_and_quarters_are_those_of_the_wall() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let now = at("2026-11-22T01:00:00Z"); // a Sunday
        let dates = |range: Option<Range>| range.unwrap().dates(&zone);
        let day = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(dates(Range::month(&zone, now, 0)), day("2026-11-01", "2026-11-30"));
        assert_eq!(dates(Range::month(&zone, now, 11)), day("2025-12-01", "2025-12-31"));
        assert_eq!(dates(Range::week(&zone, now, 0)), day("2026-11-16", "2026-11-22"));
        assert_eq!(dates(Range::quarter(&zone, now, 0)), day("2026-10-01", "2026-12-31"));
        assert_eq!(dates(Range::quarter(&zone, now, 1)), day("2026-07-01", "2026-09-30"));
        assert_eq!(dates(Range::named_month(&zone, "2024-02")), day("2024-02-01", "2024-02-29"));
        assert_eq!(dates(Range::days(&zone, "2026-11-03", "2026-11-03")), day("2026-11-03", "2026-11-03"));
        for wrong in ["2026-13", "", "2026", "x-y"] {
            assert_eq!(Range::named_month(&zone, wrong), None, "{wrong}");
        }
        for (from, to) in [("2026-11-04", "2026-11-03"), ("2026-02-30", "2026-03-01"), ("1900-01-01", "2026-01-01")] {
            assert_eq!(Range::days(&zone, from, to), None, "{from} {to}");
        }
    }

    #[test]
    fn the_parts_of_a_range_are_the_range_also_where_clocks_change() {
        let zone = Zone::named("Europe/Paris").unwrap();
        for range in [Range::days(&zone, "2026-03-01", "2026-03-31"), Range::days(&zone, "2026-10-20", "2026-11-01")] {
            let range = range.unwrap();
            let parts = range.parts(&zone, range.to);
            assert_eq!((parts[0].from, parts[parts.len() - 1].to), (range.from, range.to));
            for pair in parts.windows(2) {
                assert_eq!(pair[0].to, pair[1].from);
                assert_eq!(zone.local(pair[1].from).second_of_day, 0);
            }
        }
    }
}
