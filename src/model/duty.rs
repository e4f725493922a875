//! When the staff of a service point is on duty.
//!
//! Written as the usual week, then days that differ from it: `Mon-Fri 08:00-20:00, Sat 09:00-12:00, 2027-02-05 closed,
//! 2027-02-06..2027-02-11 09:00-12:00`, or `always`, or `always, 2027-02-06 closed`. On a day that is named, what is written
//! for it holds and nothing else. A turn over midnight belongs to the day on which it begins: who came on Friday evening
//! stays until Saturday morning, though Saturday be closed.

use crate::model::time::{Hours, Local, Span, TimeOfDay, Timestamp, Zone};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// Duty hours: the usual week and its exceptions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DutyHours {
    /// Empty means always.
    turns: Vec<Turn>,
    exceptions: Vec<Exception>,
}

/// Hours on some days of every week.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Turn {
    first_day: u8,
    last_day: u8,
    hours: Hours,
}

/// What holds on some days of the calendar instead of the usual week.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    first: NaiveDate,
    last: NaiveDate,
    /// Absent where it is closed.
    hours: Option<Hours>,
}

pub(super) const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MINUTES_OF_DAY: u32 = 24 * 60;
/// Minutes of a week.
pub const MINUTES_OF_WEEK: u32 = 7 * MINUTES_OF_DAY;
/// A longer exception is the usual week.
const EXCEPTION_DAYS_MAX: i64 = 366;
/// How far ahead the next turn is looked for.
const DAYS_AHEAD: usize = 400;

impl DutyHours {
    /// On duty day and night.
    pub fn always() -> DutyHours {
        DutyHours::default()
    }

    /// Whether somebody is there at every time.
    pub fn is_always(&self) -> bool {
        *self == DutyHours::default()
    }

    /// The usual week alone, without the days that differ from it.
    pub fn usual(&self) -> DutyHours {
        DutyHours { turns: self.turns.clone(), exceptions: Vec::new() }
    }

    /// Whether somebody is on duty at `at`, by the clock of `zone`.
    pub fn covers(&self, zone: &Zone, at: Timestamp) -> bool {
        let local = zone.local(at);
        self.covers_on(calendar(local), local)
    }

    /// Whether somebody is on duty at this minute of a usual week, Monday's first being 0.
    pub fn covers_usually(&self, minute_of_week: u32) -> bool {
        let minute_of_week = minute_of_week % MINUTES_OF_WEEK;
        let weekday = (minute_of_week / MINUTES_OF_DAY) as u8;
        let second_of_day = minute_of_week % MINUTES_OF_DAY * 60;
        self.covers_on(None, Local { date: (0, 0, 0), weekday, second_of_day })
    }

    /// The minutes of a usual week at which somebody may come or go.
    pub fn usual_changes(&self) -> impl Iterator<Item = u32> + '_ {
        let minute = |time: TimeOfDay| time.second_of_day() / 60;
        self.turns.iter().flat_map(move |turn| {
            (0..7).filter(|day| turn.has_day(*day)).flat_map(move |day| {
                let (from, to) = (minute(turn.hours.from), minute(turn.hours.to));
                let end = if from >= to { to + MINUTES_OF_DAY } else { to };
                [from, end].map(|minute| (u32::from(day) * MINUTES_OF_DAY + minute) % MINUTES_OF_WEEK)
            })
        })
    }

    /// The first instant at or after `at` at which somebody is on duty, if there is one in the next year.
    pub fn next(&self, zone: &Zone, at: Timestamp) -> Option<Timestamp> {
        if self.covers(zone, at) {
            return Some(at);
        }
        let midnight = TimeOfDay::new(0, 0)?;
        let of_exceptions = self.exceptions.iter().filter_map(|exception| exception.hours);
        let mut begins: Vec<TimeOfDay> =
            self.turns.iter().map(|turn| turn.hours).chain(of_exceptions).map(|hours| hours.from).collect();
        begins.push(midnight); // where a closed day ends
        begins.sort_unstable();
        begins.dedup();
        let first = |begin: TimeOfDay| {
            let days = std::iter::successors(Some(zone.next(at, begin)), |at| Some(zone.next(*at, begin)));
            days.take(DAYS_AHEAD).find(|at| self.covers(zone, *at))
        };
        begins.into_iter().filter_map(first).min()
    }

    /// The turns that begin so many days after the local day of `at`: begin and end, as the clock of `zone` shows them.
    pub fn turns_on(&self, zone: &Zone, at: Timestamp, day: i64) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let date = calendar(zone.local(at)).and_then(|today| today.checked_add_signed(Span::days(day)));
        let weekday = date.map_or(0, |date| date.weekday().num_days_from_monday() as u8);
        let zone = zone.clone();
        let hours = date.map(|date| self.hours_of(Some(date), weekday).map(move |hours| (date, hours)));
        hours.into_iter().flatten().filter_map(move |(date, hours)| {
            let last_day = if hours.from < hours.to { date } else { date.succ_opt()? };
            let (from, to) = (first_shown(&zone, date, hours.from)?, first_shown(&zone, last_day, hours.to)?);
            (from < to).then_some((from, to))
        })
    }

    /// Whether it says nothing about hours: `always`.
    pub fn is_every_hour(&self) -> bool {
        self.turns.is_empty()
    }

    /// `today` is absent in a usual week.
    fn covers_on(&self, today: Option<NaiveDate>, local: Local) -> bool {
        let now = local.second_of_day;
        let yesterday = (today.and_then(|today| today.pred_opt()), (local.weekday + 6) % 7);
        let begun_today = self.hours_of(today, local.weekday).any(|hours| {
            let (from, to) = (hours.from.second_of_day(), hours.to.second_of_day());
            from <= now && (now < to || from >= to)
        });
        begun_today
            || self
                .hours_of(yesterday.0, yesterday.1)
                .any(|hours| hours.from >= hours.to && now < hours.to.second_of_day())
    }

    /// The hours that begin on a day.
    fn hours_of(&self, date: Option<NaiveDate>, weekday: u8) -> impl Iterator<Item = Hours> + '_ {
        let on = move |exception: &&Exception| date.is_some_and(|date| exception.has(date));
        let is_exception = self.exceptions.iter().any(|exception| on(&exception));
        let own = self.exceptions.iter().filter(on).filter_map(|exception| exception.hours);
        let always = (self.turns.is_empty() && !is_exception).then(whole_day).flatten();
        let usual = self.turns.iter().filter(move |turn| !is_exception && turn.has_day(weekday)).map(|turn| turn.hours);
        own.chain(usual).chain(always)
    }
}

fn calendar(local: Local) -> Option<NaiveDate> {
    let (year, month, day) = local.date;
    NaiveDate::from_ymd_opt(year.into(), month.unsigned_abs().into(), day.unsigned_abs().into())
}

/// The first instant of `date` at which the clock shows `time`; a time that it skips comes that much after the change.
fn first_shown(zone: &Zone, date: NaiveDate, time: TimeOfDay) -> Option<Timestamp> {
    let (date, second) = match time.second_of_day() {
        86_400.. => (date.succ_opt()?, 0),
        second => (date, second),
    };
    let (year, month, day) = (date.year(), date.month(), date.day());
    let date = (i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    zone.both(date, second, 0).map(|(first, _)| first)
}

fn whole_day() -> Option<Hours> {
    Some(Hours { from: TimeOfDay::new(0, 0)?, to: TimeOfDay::new(24, 0)? })
}

impl Turn {
    fn has_day(&self, day: u8) -> bool {
        if self.first_day <= self.last_day {
            (self.first_day..=self.last_day).contains(&day)
        } else {
            day >= self.first_day || day <= self.last_day
        }
    }
}

impl Exception {
    fn has(&self, date: NaiveDate) -> bool {
        (self.first..=self.last).contains(&date)
    }

    fn meets(&self, other: &Exception) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

impl std::str::FromStr for DutyHours {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let is_dated = |part: &&&str| part.starts_with(|c: char| c.is_ascii_digit());
        let usual: Vec<&str> = parts.iter().filter(|part| !is_dated(part)).copied().collect();
        let turns = match usual.as_slice() {
            [always] if always.eq_ignore_ascii_case("always") => Vec::new(),
            [] => {
                return Err(format!(
                    "{text:?} does not say what is usual; begin with \"Mon-Fri 08:00-20:00\" or \"always\""
                ));
            }
            usual => usual.iter().map(|part| turn(part)).collect::<Result<_, _>>()?,
        };
        let exceptions: Vec<Exception> =
            parts.iter().filter(is_dated).map(|part| exception(part)).collect::<Result<_, _>>()?;
        for (nth, one) in exceptions.iter().enumerate() {
            let contradicts = |other: &&Exception| other.meets(one) && other.hours.is_none() != one.hours.is_none();
            if let Some(other) = exceptions[..nth].iter().find(contradicts) {
                let day = one.first.max(other.first);
                return Err(format!("{day} is both closed and on duty; write what holds on it once"));
            }
        }
        Ok(DutyHours { turns, exceptions })
    }
}

fn turn(text: &str) -> Result<Turn, String> {
    let say =
        || format!("{text:?} are no duty hours; write \"Mon-Fri 08:00-20:00\", \"Sat 09:00-12:00\" or \"always\"");
    let (days, hours) = text.split_once(' ').ok_or_else(say)?;
    let day = |name: &str| DAYS.iter().position(|d| d.eq_ignore_ascii_case(name)).map(|d| d as u8).ok_or_else(say);
    let (first, last) = days.split_once('-').unwrap_or((days, days));
    Ok(Turn { first_day: day(first)?, last_day: day(last)?, hours: hours_from(hours).ok_or_else(say)? })
}

fn exception(text: &str) -> Result<Exception, String> {
    let say =
        || format!("{text:?} is no exception; write \"2027-02-05 closed\" or \"2027-02-06..2027-02-11 09:00-12:00\"");
    let (days, what) = text.split_once(' ').ok_or_else(say)?;
    let day = |day: &str| {
        // chrono would take a single digit.
        let is_form = day.len() == 10 && day.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let parsed = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok().filter(|_| is_form);
        parsed.ok_or_else(|| format!("{day:?} is no day of the calendar; write it as \"2027-02-06\""))
    };
    let (first, last) = days.split_once("..").unwrap_or((days, days));
    let (first, last) = (day(first)?, day(last)?);
    if last < first || (last - first).num_days() > EXCEPTION_DAYS_MAX {
        return Err(format!("{days:?} is no time of exception; it begins with its first day and lasts at most a year"));
    }
    let hours = match what.trim() {
        closed if closed.eq_ignore_ascii_case("closed") => None,
        hours => Some(hours_from(hours).ok_or_else(say)?),
    };
    Ok(Exception { first, last, hours })
}

fn hours_from(text: &str) -> Option<Hours> {
    let (from, to) = text.trim().split_once('-')?;
    let time = |text: &str| text.trim().parse::<TimeOfDay>().ok();
    Some(Hours { from: time(from)?, to: time(to)? })
}

impl TryFrom<String> for DutyHours {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<DutyHours> for String {
    fn from(duty: DutyHours) -> String {
        duty.to_string()
    }
}

impl std::fmt::Display for DutyHours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.turns.is_empty() {
            f.write_str("always")?;
        }
        for (nth, turn) in self.turns.iter().enumerate() {
            let comma = if nth > 0 { ", " } else { "" };
            write!(f, "{comma}{} {}", days(turn.first_day, turn.last_day), turn.hours)?;
        }
        for Exception { first, last, hours } in &self.exceptions {
            let days = if first == last { first.to_string() } else { format!("{first}..{last}") };
            match hours {
                Some(hours) => write!(f, ", {days} {hours}")?,
                None => write!(f, ", {days} closed")?,
            }
        }
        Ok(())
    }
}

/// `Mon-Fri`, or `Sat` alone; Monday is 0.
pub fn days(first: u8, last: u8) -> String {
    let name = |day: u8| DAYS[usize::from(day) % DAYS.len()];
    if first == last { name(first).to_owned() } else { format!("{}-{}", name(first), name(last)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn duty(text: &str) -> DutyHours {
        text.parse().unwrap()
    }

    #[test]
    fn a_night_turn_belongs_to_the_day_it_begins() {
        let (duty, zone) = (duty("Fri 20:00-08:00"), Zone::utc());
        assert!(duty.covers(&zone, at("2026-11-20T21:00:00Z"))); // Friday evening
        assert!(duty.covers(&zone, at("2026-11-21T07:59:00Z"))); // Saturday morning
        assert!(!duty.covers(&zone, at("2026-11-20T07:00:00Z"))); // Friday morning
        assert!(!duty.covers(&zone, at("2026-11-21T21:00:00Z")));
    }

    #[test]
    fn on_a_day_that_is_named_only_what_is_written_for_it_holds() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let duty = duty(
            "Mon-Sun 08:00-20:00, Fri 20:00-08:00, 2027-02-06 closed, 2027-02-07..2027-02-08 09:00-12:00, 2027-02-08 14:00-16:00",
        );
        let covers = |text: &str| duty.covers(&zone, at(text));
        // 2027-02-06 is a Saturday; 10:00 there is 02:00 UTC.
        assert!(covers("2027-02-05T02:00:00Z"));
        assert!(!covers("2027-02-06T02:00:00Z"));
        assert!(covers("2027-02-05T22:00:00Z"), "who came on Friday evening stays until Saturday 08:00");
        assert!(covers("2027-02-07T02:00:00Z") && !covers("2027-02-07T06:00:00Z"));
        assert!(covers("2027-02-08T06:30:00Z"), "a second turn of the same day");
        assert!(covers("2027-02-09T06:00:00Z"));
        let closed = super::tests::duty("always, 2027-02-06 closed");
        assert!(!closed.covers(&zone, at("2027-02-06T02:00:00Z")) && closed.covers(&zone, at("2027-02-06T16:00:00Z")));
    }

    #[test]
    fn the_next_turn_is_found_behind_nights_and_holidays() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let next = |text: &str, from: &str| duty(text).next(&zone, at(from));
        assert_eq!(next("Mon-Fri 08:00-20:00", "2026-11-20T04:00:00Z"), Some(at("2026-11-20T04:00:00Z")));
        assert_eq!(next("Mon-Fri 08:00-20:00", "2026-11-20T13:00:00Z"), Some(at("2026-11-23T00:00:00Z")));
        let holidays = "Mon-Sun 08:00-20:00, 2027-02-05..2027-02-12 closed";
        assert_eq!(next(holidays, "2027-02-04T13:00:00Z"), Some(at("2027-02-13T00:00:00Z")));
        assert_eq!(next("always, 2027-02-06 closed", "2027-02-06T01:00:00Z"), Some(at("2027-02-06T16:00:00Z")));
        assert_eq!(
            next("Mon 08:00-20:00, 2026-12-01..2027-12-01 closed", "2026-12-02T00:00:00Z"),
            Some(at("2027-12-06T00:00:00Z"))
        );
    }

    #[test]
    fn a_usual_week_knows_its_changes_and_nothing_of_exceptions() {
        let week = duty("Mon-Tue 08:00-20:00, Sun 22:00-06:00, 2027-02-06 closed");
        let mut changes: Vec<u32> = week.usual_changes().collect();
        changes.sort_unstable();
        assert_eq!(changes, [360, 480, 1200, 1920, 2640, 6 * 1440 + 1320]);
        assert!(week.covers_usually(0) && week.covers_usually(359) && !week.covers_usually(360));
        assert!(week.covers_usually(480) && !week.covers_usually(1200));
        assert!((0..MINUTES_OF_WEEK).all(|minute| DutyHours::always().covers_usually(minute)));
    }

    #[test]
    fn duty_hours_are_written_as_they_are_read() {
        for text in [
            "Mon-Sun 08:00-20:00",
            "Mon-Fri 08:00-18:00, Sat 09:00-12:00",
            "Sat-Mon 00:00-24:00",
            "always",
            "always, 2027-02-06..2027-02-12 09:00-12:00",
            "Mon-Fri 08:00-18:00, 2027-02-05 closed, 2027-02-08..2027-02-09 22:00-06:00",
        ] {
            assert_eq!(text.parse::<DutyHours>().map(|d| d.to_string()), Ok(text.to_owned()));
        }
        for bad in [
            "",
            "Mon",
            "Funday 08:00-20:00",
            "Mon 8-20",
            "Mon-Sun 08:00-25:00",
            "2027-02-05 closed",
            "always, 2027-02-30 closed",
            "always, 2027-2-3 closed",
            "always, 2027-02-05 09:00",
            "always, 2027-02-07..2027-02-05 closed",
            "always, 2027-02-05..2029-02-05 closed",
            "always, 2027-02-01..2027-02-09 closed, 2027-02-05 09:00-12:00",
            "always, Mon 08:00-12:00",
        ] {
            assert!(bad.parse::<DutyHours>().is_err(), "{bad:?} was taken");
        }
    }
}
