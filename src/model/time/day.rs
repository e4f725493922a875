//! Days of the calendar, and when a clock on the wall shows a time of one of them.

use super::{Span, TimeOfDay, Timestamp, Zone};

/// A day of the calendar; `2026-11-21` wherever it is written.
pub type Day = chrono::NaiveDate;

impl Zone {
    /// The day that the calendar on the wall shows at `at`.
    pub fn day(&self, at: Timestamp) -> Day {
        let (year, month, day) = self.local(at).date;
        let shown = Day::from_ymd_opt(year.into(), month.unsigned_abs().into(), day.unsigned_abs().into());
        // Both calendars have the same days.
        shown.unwrap_or(at.date_naive())
    }

    /// The first instant of `day` at which the clock shows `time`; one that a change of clocks skips comes with the change.
    pub fn on_day(&self, day: Day, time: TimeOfDay) -> Timestamp {
        if time.second_of_day() >= 86_400 {
            let midnight = TimeOfDay::new(0, 0).unwrap_or(time);
            return self.on_day(day.succ_opt().unwrap_or(day), midnight);
        }
        // Nowhere is a day of the calendar more than 15 hours before the one in Greenwich.
        let before = day.and_time(chrono::NaiveTime::MIN).and_utc() - Span::hours(15);
        let mut at = self.next(before, time);
        for _ in 0..3 {
            if self.day(at) >= day {
                break;
            }
            at = self.next(at, time);
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("test instants are well written")
    }

    #[test]
    fn a_time_of_a_day_is_found_in_every_zone_and_over_a_change_of_clocks() {
        let (day, six): (Day, TimeOfDay) = ("2026-03-29".parse().unwrap(), "06:00".parse().unwrap());
        for (zone, expected) in [
            ("Asia/Shanghai", "2026-03-28T22:00:00Z"),
            ("Europe/Paris", "2026-03-29T04:00:00Z"),
            ("Pacific/Kiritimati", "2026-03-28T16:00:00Z"),
            ("Pacific/Pago_Pago", "2026-03-29T17:00:00Z"),
            ("UTC", "2026-03-29T06:00:00Z"),
        ] {
            let zone = Zone::named(zone).unwrap();
            assert_eq!(zone.on_day(day, six), at(expected), "{}", zone.name());
            assert_eq!(zone.day(at(expected)), day);
        }
        let paris = Zone::named("Europe/Paris").unwrap();
        assert_eq!(paris.on_day(day, "24:00".parse().unwrap()), at("2026-03-29T22:00:00Z"));
        // 2026-03-29: 02:00 becomes 03:00 at 01:00Z.
        assert_eq!(paris.on_day(day, "02:30".parse().unwrap()), at("2026-03-29T01:00:00Z"));
    }
}
