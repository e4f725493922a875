//! A time that comes once a week, by the clock on the home's wall.

use crate::model::duty::DAYS;
use crate::model::time::{Span, TimeOfDay, Timestamp, Zone};

/// `Wed 10:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekTime {
    /// Monday is 0.
    weekday: u8,
    time: TimeOfDay,
}

impl WeekTime {
    /// The newest instant not after `now` at which the clock showed it. A change of clocks that skips the time or brings it
    /// twice makes it come once, as [`Zone::next`] has it.
    pub fn newest(self, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
        let mut newest = None;
        let mut at = zone.next(now - SEARCHED, self.time);
        while at <= now {
            if zone.local(at).weekday == self.weekday {
                newest = Some(at);
            }
            at = zone.next(at, self.time);
        }
        newest
    }
}

/// A week, and a day for changes of clocks.
const SEARCHED: Span = Span::days(8);

impl std::str::FromStr for WeekTime {
    type Err = String;
    fn from_str(text: &str) -> Result<WeekTime, String> {
        let read = || {
            let (day, time) = text.trim().split_once(' ')?;
            let weekday = DAYS.iter().position(|known| known.eq_ignore_ascii_case(day))?;
            let time: TimeOfDay = time.trim().parse().ok()?;
            // 24:00 is the next day's.
            let is_of_the_day = time.second_of_day() < 24 * 3600;
            is_of_the_day.then_some(WeekTime { weekday: weekday as u8, time })
        };
        read().ok_or_else(|| format!("{text:?} is no time of the week; write it as \"Wed 10:00\""))
    }
}

impl std::fmt::Display for WeekTime {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{} {}", DAYS[usize::from(self.weekday) % DAYS.len()], self.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_written_as_it_was_read_and_nothing_else_is_one() {
        for text in ["Wed 10:00", "Sun 00:00", "Mon 23:59"] {
            assert_eq!(text.parse::<WeekTime>().unwrap().to_string(), text);
        }
        assert_eq!("wed 7:30".parse::<WeekTime>().unwrap().to_string(), "Wed 07:30");
        for wrong in ["", "Wed", "10:00", "Wed 24:00", "Wed 25:00", "Wed-Fri 10:00", "Mittwoch 10:00"] {
            assert!(wrong.parse::<WeekTime>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn it_comes_once_a_week_also_where_the_clock_skips_it_or_shows_it_twice() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let newest = |text: &str, now| text.parse::<WeekTime>().unwrap().newest(&zone, at(now)).unwrap();
        // Summer time ends on Sunday 2026-10-25 at 03:00: 02:30 comes twice, first at 00:30 UTC.
        assert_eq!(newest("Sun 02:30", "2026-10-25T01:45:00Z"), at("2026-10-25T00:30:00Z"));
        assert_eq!(newest("Sun 02:30", "2026-10-25T00:29:00Z"), at("2026-10-18T00:30:00Z"));
        // It begins on Sunday 2027-03-28 at 02:00: 02:30 never comes, and counts at the jump.
        assert_eq!(newest("Sun 02:30", "2027-03-28T12:00:00Z"), at("2027-03-28T01:00:00Z"));
        // 10:00 stays 10:00.
        assert_eq!(newest("Wed 10:00", "2026-10-21T08:00:00Z"), at("2026-10-21T08:00:00Z"));
        assert_eq!(newest("Wed 10:00", "2026-11-04T08:59:59Z"), at("2026-10-28T09:00:00Z"));
        assert_eq!(newest("Wed 10:00", "2026-11-04T09:00:00Z"), at("2026-11-04T09:00:00Z"));
    }
}
