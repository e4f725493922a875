//! Instants, spans, local hours and zones.
//!
//! The only file that knows the zone database (jiff, reading the system's tz data). Everybody else works with
//! [`Timestamp`] and asks a [`Zone`] what a clock on the wall of the home would show. Reads no clock.

mod day;
mod numbers;

pub use day::Day;
pub use numbers::{Millis, MillisIfAny, Secs, SecsIfAny};

use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};

/// An instant. Instants of the gateway are whole milliseconds, so that they survive the database and the wire unchanged.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// A length of time.
pub type Span = chrono::TimeDelta;

/// The instant `millis` milliseconds after 1970-01-01T00:00Z; instants beyond the calendar become its end.
pub fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(millis).unwrap_or(if millis < 0 { Timestamp::MIN_UTC } else { Timestamp::MAX_UTC })
}

/// `at` cut to whole milliseconds.
pub fn whole_millis(at: Timestamp) -> Timestamp {
    from_millis(at.timestamp_millis())
}

/// A zone name the zone database does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("time zone {0:?} is not in the zone database of this machine (package tzdata)")]
pub struct UnknownZone(pub String);

/// The rules by which the clocks on the wall of a home are set.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(TimeZone);

/// What a clock and a calendar on the wall show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local {
    /// Year, month 1–12, day 1–31.
    pub date: (i16, i8, i8),
    /// Monday = 0 … Sunday = 6.
    pub weekday: u8,
    /// Seconds since local midnight as the clock shows them.
    pub second_of_day: u32,
}

impl Zone {
    /// A clock that shows UTC and never changes.
    pub fn utc() -> Zone {
        Zone(TimeZone::UTC)
    }

    /// The zone of this IANA name, e.g. `Asia/Shanghai`.
    pub fn named(name: &str) -> Result<Zone, UnknownZone> {
        TimeZone::get(name).map(Zone).map_err(|_| UnknownZone(name.to_owned()))
    }

    /// The zone of this name out of its own file (RFC 9636) in the zone database, where that is what the bytes are.
    /// [`Zone::named`] finds it, too, but reads the names of all zones first, and keeps them for good.
    pub fn of_file(name: &str, bytes: &[u8]) -> Option<Zone> {
        TimeZone::tzif(name, bytes).ok().map(Zone)
    }

    /// Every name the zone database of this machine knows, to propose the nearest one.
    pub fn names() -> Vec<String> {
        jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect()
    }

    /// The IANA name; `UTC` for a clock that never changes.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What the clock on the wall shows at `at`.
    pub fn local(&self, at: Timestamp) -> Local {
        let shown = self.0.to_datetime(to_jiff(at));
        Local {
            date: (shown.year(), shown.month(), shown.day()),
            weekday: shown.weekday().to_monday_zero_offset() as u8,
            second_of_day: shown.hour() as u32 * 3600 + shown.minute() as u32 * 60 + shown.second() as u32,
        }
    }

    /// The first instant strictly after `after` at which the clock shows `time`.
    ///
    /// A time that a change of clocks skips comes at the first valid minute after the gap; a time that comes twice
    /// counts the first time only (`trust.md`, fault 10).
    pub fn next(&self, after: Timestamp, time: TimeOfDay) -> Timestamp {
        let mut day = self.0.to_datetime(to_jiff(after)).date();
        // Two days ahead always hold one: yesterday's later reading cannot lie after `after` by more than a day.
        for _ in 0..4 {
            let wanted = day.at(0, 0, 0, 0).saturating_add(jiff::SignedDuration::from_secs(time.minute as i64 * 60));
            let at = from_jiff(self.first(wanted));
            if at > after {
                return at;
            }
            day = day.tomorrow().unwrap_or(day);
        }
        after + Span::days(1)
    }

    /// The first instant at which the clock shows `wall`; in a gap, the instant of the change itself.
    fn first(&self, wall: jiff::civil::DateTime) -> jiff::Timestamp {
        let ambiguous = self.0.to_ambiguous_timestamp(wall);
        let offset = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Fold { before, .. } => before,
            // The clock jumps from `before` to `after`: the wanted reading never comes. The jump itself is where a
            // clock that kept `before` would show the first skipped minute.
            AmbiguousOffset::Gap { after, .. } => {
                let late = after.to_timestamp(wall).unwrap_or(jiff::Timestamp::MAX);
                return self.0.following(late).next().map(|change| change.timestamp()).unwrap_or(late);
            }
        };
        offset.to_timestamp(wall).unwrap_or(jiff::Timestamp::MAX)
    }

    /// Both instants at which the clock shows `second_of_day` on `date` (equal outside a repeated hour).
    ///
    /// For histories that carry a wall clock without an offset: the reader decides which of the two it is.
    pub fn both(&self, date: (i16, i8, i8), second_of_day: u32, nanosecond: u32) -> Option<(Timestamp, Timestamp)> {
        let (h, m, s) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
        let wall =
            jiff::civil::DateTime::new(date.0, date.1, date.2, h as i8, m as i8, s as i8, nanosecond as i32).ok()?;
        let (a, b) = match self.0.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => (offset, offset),
            AmbiguousOffset::Fold { before, after } => (before, after),
            AmbiguousOffset::Gap { before, .. } => (before, before),
        };
        Some((from_jiff(a.to_timestamp(wall).ok()?), from_jiff(b.to_timestamp(wall).ok()?)))
    }

    /// `at` as the clock shows it: `2017-03-04T13:05:00`, no offset.
    pub fn wall_clock(&self, at: Timestamp) -> String {
        self.0.to_datetime(to_jiff(at)).strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }

    /// The same with what the clock is ahead of UTC: `2017-03-04T13:05:00+08:00`.
    pub fn with_offset(&self, at: Timestamp) -> String {
        to_jiff(at).to_zoned(self.0.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// `at` as people say it: `13:05`.
    pub fn hour_minute(&self, at: Timestamp) -> String {
        self.0.to_datetime(to_jiff(at)).strftime("%H:%M").to_string()
    }

    /// `at` to the second: `13:05:07`.
    pub fn hour_minute_second(&self, at: Timestamp) -> String {
        self.0.to_datetime(to_jiff(at)).strftime("%H:%M:%S").to_string()
    }

    /// The day of `at`: `2017-03-04`.
    pub fn date(&self, at: Timestamp) -> String {
        self.0.to_datetime(to_jiff(at)).strftime("%Y-%m-%d").to_string()
    }
}

fn to_jiff(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::new(at.timestamp(), at.timestamp_subsec_nanos() as i32).unwrap_or(if at.timestamp() < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    })
}

fn from_jiff(at: jiff::Timestamp) -> Timestamp {
    Timestamp::from_timestamp(at.as_second(), at.subsec_nanosecond().max(0) as u32).unwrap_or(Timestamp::MAX_UTC)
}

/// A reading of a 24-hour clock, to the minute. `24:00` is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("pattern" = "^(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)$")))]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay {
    minute: u16,
}

impl TimeOfDay {
    /// `hour`:`minute`, if a clock can show it (up to 24:00).
    pub fn new(hour: u16, minute: u16) -> Option<TimeOfDay> {
        (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(TimeOfDay { minute: hour * 60 + minute })
    }

    /// Seconds since local midnight.
    pub fn second_of_day(self) -> u32 {
        self.minute as u32 * 60
    }
}

impl std::str::FromStr for TimeOfDay {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once(':').and_then(|(h, m)| {
            let digits = |s: &str| (1..=2).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
            (digits(h) && digits(m) && m.len() == 2).then_some(())?;
            TimeOfDay::new(h.parse().ok()?, m.parse().ok()?)
        });
        parsed.ok_or_else(|| format!("{text:?} is not a time of day; write it as \"07:30\""))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> String {
        time.to_string()
    }
}

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

/// A part of the day: from `from` until just before `to`, over midnight where `to` is not later. Equal ends: the whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Hours {
    /// Begin, included.
    pub from: TimeOfDay,
    /// End, excluded.
    pub to: TimeOfDay,
}

impl Hours {
    /// Whether a clock that shows `local` is inside.
    pub fn contains(&self, local: Local) -> bool {
        let (from, to, now) = (self.from.second_of_day(), self.to.second_of_day(), local.second_of_day);
        if from == to {
            true
        } else if from < to {
            (from..to).contains(&now)
        } else {
            now >= from || now < to
        }
    }

    /// The first instant at or after `at` that is inside.
    pub fn first_inside(&self, zone: &Zone, at: Timestamp) -> Timestamp {
        if self.contains(zone.local(at)) { at } else { zone.next(at, self.from) }
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

/// A positive length of time from the text people write in a config: `90s`, `20m`, `8h`, `1h 30m`.
pub fn parse_span(text: &str) -> Result<Span, String> {
    let usual = "write it as \"45s\", \"20m\", \"8h\" or \"1h 30m\"";
    let say = || match days(text) {
        Some(days) => {
            format!("{text:?} is not a length of time, for days are not equally long; write \"{}h\"", days * 24)
        }
        None => format!("{text:?} is not a length of time; {usual}"),
    };
    let span: jiff::SignedDuration = text.parse().map_err(|_| say())?;
    if span.is_negative() || span.is_zero() {
        return Err(format!("{text:?} is not longer than nothing; a length of time must be positive"));
    }
    i64::try_from(span.as_millis()).ok().and_then(Span::try_milliseconds).ok_or_else(say)
}

/// The number in `2d` or `2 days`.
fn days(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let is_unit = ["d", "day", "days"].contains(&text[end..].trim());
    // What is longer is a slip of another sort.
    text[..end].parse().ok().filter(|days| is_unit && *days <= 1_000)
}

/// A length of time as a config would write it: `1h 30m`, `20s`.
pub fn write_span(span: Span) -> String {
    let secs = span.num_seconds().max(0);
    let parts = [(secs / 3600, "h"), (secs / 60 % 60, "m"), (secs % 60, "s")];
    let text: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { format!("{}ms", span.num_milliseconds().max(0)) } else { text.join(" ") }
}

/// Spans in configs and on the wire as whole milliseconds or text; use with `#[serde(with = "…")]`.
pub mod span_text {
    use super::{Span, parse_span, write_span};
    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    /// Writes `1h 30m`.
    pub fn serialize<S: Serializer>(span: &Span, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&write_span(*span))
    }

    /// Reads `1h 30m`.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Span;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a length of time")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
                parse_span(text).map_err(E::custom)
            }
        }
        from.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("test instants are well written")
    }

    #[test]
    fn spans_are_read_as_people_write_them() {
        assert_eq!(parse_span("90m"), Ok(Span::minutes(90)));
        assert_eq!(parse_span("1h 30m"), Ok(Span::minutes(90)));
        assert_eq!(parse_span("20s"), Ok(Span::seconds(20)));
        for bad in ["", "8", "1d", "-5m", "0s", "90 minuts"] {
            assert!(parse_span(bad).is_err(), "{bad:?} was taken");
        }
        assert!(parse_span("2 days").unwrap_err().ends_with("write \"48h\""));
        assert_eq!(write_span(Span::minutes(90)), "1h 30m");
    }

    #[test]
    fn times_of_day_are_read_strictly() {
        assert_eq!("07:05".parse::<TimeOfDay>().map(|t| t.to_string()), Ok("07:05".into()));
        assert_eq!("24:00".parse::<TimeOfDay>().map(|t| t.second_of_day()), Ok(86_400));
        for bad in ["7", "25:00", "12:60", "24:01", "noon", "-1:00", "12:5"] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn a_night_window_goes_over_midnight() {
        let night = Hours { from: "22:00".parse().unwrap(), to: "07:00".parse().unwrap() };
        let zone = Zone::named("Asia/Shanghai").unwrap();
        assert!(night.contains(zone.local(at("2026-11-21T15:00:00Z")))); // 23:00
        assert!(!night.contains(zone.local(at("2026-11-21T23:00:00Z")))); // 07:00, the end is excluded
        assert_eq!(night.first_inside(&zone, at("2026-11-21T04:00:00Z")), at("2026-11-21T14:00:00Z"));
    }

    #[test]
    fn a_skipped_time_comes_at_the_change_and_a_repeated_time_once() {
        let paris = Zone::named("Europe/Paris").unwrap();
        let half_past_two: TimeOfDay = "02:30".parse().unwrap();
        // 2026-03-29: 02:00 becomes 03:00 at 01:00Z.
        assert_eq!(paris.next(at("2026-03-28T12:00:00Z"), half_past_two), at("2026-03-29T01:00:00Z"));
        // 2026-10-25: 03:00 becomes 02:00 at 01:00Z; the first 02:30 is 00:30Z, the second does not count.
        let first = paris.next(at("2026-10-24T12:00:00Z"), half_past_two);
        assert_eq!(first, at("2026-10-25T00:30:00Z"));
        assert_eq!(paris.next(first, half_past_two), at("2026-10-26T01:30:00Z"));
    }

    #[test]
    fn an_unknown_zone_is_named() {
        assert_eq!(Zone::named("Asia/Shanghay"), Err(UnknownZone("Asia/Shanghay".into())));
    }
}
