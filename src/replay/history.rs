//! Reads a recorded home: gzipped CSV `time,sensor,kind,value`, rows in order of arrival.
//!
//! `time` is the wall clock of the home without an offset. Kinds: motion, door, bed, pressure, item, light, battery,
//! temperature, fault; `activity` rows are annotations and are left out. The contract stands in the README under
//! "Replay".

use crate::model::home::SensorKind;
use crate::model::observation::{Availability, Evidence, Measure};
use crate::model::time::{Span, Timestamp, Zone, from_millis};
use std::io::Read;
use std::path::Path;

/// A history in memory, in order of arrival.
pub struct History {
    /// The rows.
    pub rows: Vec<Row>,
    /// Sensor names by the index that rows carry.
    pub sensors: Vec<String>,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A sensor spoke.
    Heard {
        /// Index into [`History::sensors`].
        sensor: u32,
        /// What it would be registered as.
        kind: SensorKind,
        /// What it said.
        measure: Measure,
        /// How much of an event that is.
        evidence: Evidence,
    },
    /// The daemon or its radio stopped here.
    Down,
    /// It runs again.
    Up,
    /// The wall clock jumped by this much here.
    ClockStepped(Span),
    /// Time passed, nothing else.
    Nothing,
}

/// Why a history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file itself.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Not CSV of four columns.
    #[error("{0}")]
    Csv(#[from] csv::Error),
    /// A row that cannot be understood.
    #[error("line {line}: {what}")]
    Row {
        /// Line, from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
}

impl History {
    /// Reads the file at `path`, gzipped or plain, with the wall clock of `zone`.
    pub fn read(path: &Path, zone: &Zone) -> Result<History, HistoryError> {
        let mut bytes = std::fs::read(path)?;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::with_capacity(bytes.len() * 10);
            flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain)?;
            bytes = plain;
        }
        History::parse(&bytes, zone)
    }

    /// Reads CSV text.
    pub fn parse(bytes: &[u8], zone: &Zone) -> Result<History, HistoryError> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let mut history = History { rows: Vec::new(), sensors: Vec::new() };
        let mut wall = WallClock { zone, last: None };
        let mut indices = std::collections::BTreeMap::new();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record)? {
            let line = record.position().map_or(0, csv::Position::line);
            let wrong = |what: String| HistoryError::Row { line, what };
            let (Some(time), Some(sensor), Some(kind), Some(value)) =
                (record.get(0), record.get(1), record.get(2), record.get(3))
            else {
                return Err(wrong(format!("{} columns instead of time,sensor,kind,value", record.len())));
            };
            if kind == "activity" {
                continue;
            }
            let step = clock_step(sensor, kind, value);
            let at = wall
                .read(time, step.is_some())
                .ok_or_else(|| wrong(format!("{time:?} is not a time such as 2017-03-04T13:05:00")))?;
            let what = match step {
                Some(by) => What::ClockStepped(by),
                None if sensor == "gateway" => gateway(kind, value),
                None => {
                    let index = match indices.get(sensor) {
                        Some(index) => *index,
                        None => {
                            let index = history.sensors.len() as u32;
                            history.sensors.push(sensor.to_owned());
                            indices.insert(sensor.to_owned(), index);
                            index
                        }
                    };
                    heard(index, sensor, kind, value)
                }
            };
            history.rows.push(Row { at, what });
        }
        Ok(history)
    }
}

fn clock_step(sensor: &str, kind: &str, value: &str) -> Option<Span> {
    let seconds = (sensor == "gateway" && kind == "fault").then(|| value.strip_prefix("CLOCK"))??;
    let seconds: f64 = seconds.trim().parse().ok()?;
    Span::try_milliseconds((seconds * 1000.0) as i64)
}

fn gateway(kind: &str, value: &str) -> What {
    match (kind, value) {
        ("fault", "DOWN") => What::Down,
        ("fault", "UP") => What::Up,
        _ => What::Nothing,
    }
}

/// What a row of a sensor means. Mats, cupboards, appliances and lamps that say on and off are used when that changes; a number is
/// only a report.
fn heard(sensor: u32, name: &str, kind: &str, value: &str) -> What {
    let word = value.to_ascii_uppercase();
    let on = matches!(word.as_str(), "ON" | "1" | "TRUE" | "OPEN");
    let says_state = matches!(word.as_str(), "ON" | "TRUE" | "OPEN" | "OFF" | "FALSE" | "CLOSE" | "CLOSED");
    let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
    let alive = (Measure::Alive, Evidence::Ambiguous);
    let used = || if says_state { (Measure::Switch(on), Evidence::Level) } else { alive.clone() };
    let (registered, (measure, evidence)) = match kind {
        "motion" => (SensorKind::Motion, (Measure::Motion(on), Evidence::Event)),
        "door" => (door(name), (Measure::Contact(on), Evidence::Event)),
        "battery" => {
            (SensorKind::Item, number.map_or(alive, |percent| (Measure::BatteryPercent(percent), Evidence::Level)))
        }
        "temperature" => (
            SensorKind::Temperature,
            number.map_or(alive, |celsius| (Measure::TemperatureCelsius(celsius), Evidence::Level)),
        ),
        "fault" => {
            let word = if on { Availability::Offline } else { Availability::Online };
            (SensorKind::Item, (Measure::Availability(word), Evidence::Level))
        }
        "bed" => (SensorKind::Bed, used()),
        "pressure" => (SensorKind::Chair, used()),
        _ => (SensorKind::Item, used()),
    };
    What::Heard { sensor, kind: registered, measure, evidence }
}

/// A door whose name hints at the way out is an outer door.
fn door(name: &str) -> SensorKind {
    let name = name.to_ascii_lowercase();
    let hints = ["front", "entr", "outer", "outside", "main"];
    let is_outer =
        hints.iter().any(|hint| name.contains(hint)) || (name.starts_with("contact") && name.ends_with("_e"));
    if is_outer { SensorKind::OuterDoor } else { SensorKind::Door }
}

/// Turns wall-clock readings without an offset into instants.
struct WallClock<'a> {
    zone: &'a Zone,
    last: Option<Timestamp>,
}

impl WallClock<'_> {
    /// In a repeated hour the first reading holds unless time would run backwards.
    fn read(&mut self, text: &str, clock_was_set: bool) -> Option<Timestamp> {
        let (date, second_of_day, nanosecond) = civil(text)?;
        let (first, second) = self.zone.both(date, second_of_day, nanosecond)?;
        let runs_back = self.last.is_some_and(|last| first < last && second >= last);
        let at = from_millis(if runs_back && !clock_was_set { second } else { first }.timestamp_millis());
        self.last = Some(at);
        Some(at)
    }
}

type Civil = ((i16, i8, i8), u32, u32);

/// `2017-03-04T13:05:00.123456`, by hand: a home-year has 75,000 of them.
fn civil(text: &str) -> Option<Civil> {
    let bytes = text.trim().trim_end_matches('Z').as_bytes();
    let number = |range: std::ops::Range<usize>| -> Option<u32> {
        let digits = bytes.get(range)?;
        digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0')))
    };
    let shape = |at: usize, allowed: &[u8]| bytes.get(at).is_some_and(|byte| allowed.contains(byte));
    let shaped = shape(4, b"-") && shape(7, b"-") && shape(10, b"T ") && shape(13, b":") && shape(16, b":");
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !shaped || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let nanosecond = match bytes.get(19) {
        None => 0,
        Some(b'.') => {
            let digits = &bytes[20..];
            let usable = digits.len().min(9);
            number(20..20 + usable)? * 10u32.pow(9 - usable as u32)
        }
        Some(_) => return None,
    };
    let date = (number(0..4)? as i16, number(5..7)? as i8, number(8..10)? as i8);
    Some((date, hour * 3600 + minute * 60 + second, nanosecond))
}

/// An instant given by a person: `2017-03-04` or `2017-03-04T13:05:00`, by the clock of `zone`.
pub fn instant(text: &str, zone: &Zone) -> Option<Timestamp> {
    let full = if text.len() == 10 { format!("{text}T00:00:00") } else { text.to_owned() };
    WallClock { zone, last: None }.read(&full, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_to_the_millisecond_and_annotations_are_left_out() {
        let csv = b"time,sensor,kind,value\n2017-01-16T17:50:17.385000,Hall,motion,ON\n2017-01-16T17:51:00,-,activity,Sleep begin\n2017-01-16 17:52:00,gateway,fault,CLOCK -7200\n";
        let history = History::parse(csv, &Zone::utc()).unwrap();
        assert_eq!(history.rows.len(), 2);
        assert_eq!(history.rows[0].at.timestamp_subsec_millis(), 385);
        assert_eq!(history.rows[1].what, What::ClockStepped(Span::seconds(-7200)));
    }

    #[test]
    fn in_a_repeated_hour_the_first_reading_holds_unless_time_runs_backwards() {
        let paris = Zone::named("Europe/Paris").unwrap();
        let csv = b"time,sensor,kind,value\n2026-10-25T02:30:00,a,motion,ON\n2026-10-25T02:50:00,a,motion,ON\n2026-10-25T02:10:00,a,motion,ON\n2026-10-25T03:10:00,a,motion,ON\n";
        let rows = History::parse(csv, &paris).unwrap().rows;
        let minutes: Vec<i64> = rows.windows(2).map(|w| (w[1].at - w[0].at).num_minutes()).collect();
        assert_eq!(minutes, [20, 20, 60]);
    }

    #[test]
    fn a_wrong_row_is_named_by_its_line() {
        let csv = b"time,sensor,kind,value\n2017-01-16T17:50:17,Hall,motion,ON\nyesterday,Hall,motion,ON\n";
        let error = History::parse(csv, &Zone::utc()).err().map(|e| e.to_string());
        assert_eq!(error.as_deref(), Some("line 3: \"yesterday\" is not a time such as 2017-03-04T13:05:00"));
    }
}
