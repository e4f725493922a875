//! Line by line, for pipes and logs: a line for every reading, a config snippet for every new device, a summary.

use crate::cmd::listen::ear::{Said, Telling, name_of, sensor_of};
use crate::cmd::listen::words::{NEVER_CHECKS_IN, age, evidence, json_value, room, value};
use crate::cmd::listen::{View, columns};
use crate::devices::Devices;
use crate::model::frame::{Origin, RawFrame};
use crate::model::hex;
use crate::model::home::Home;
use crate::model::ids::SensorId;
use crate::model::observation::{Measure, Reading};
use crate::model::time::{Span, Timestamp};
use crate::text::{self, counted};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What was heard so far.
pub struct Lines {
    home: Home,
    is_json: bool,
    heard_at: BTreeMap<SensorId, Timestamp>,
    unknown: BTreeSet<(&'static str, String)>,
    unknown_left_out: u64,
    families: BTreeMap<&'static str, Count>,
}

#[derive(Default)]
struct Count {
    known: u64,
    unknown: u64,
    malformed: u64,
    /// The first frame that could not be understood.
    example: Option<String>,
}

impl Lines {
    /// A view of `home`; lines are JSON or for a terminal of 80 columns.
    pub fn new(home: Home, is_json: bool) -> Lines {
        Lines {
            home,
            is_json,
            heard_at: BTreeMap::new(),
            unknown: BTreeSet::new(),
            unknown_left_out: 0,
            families: BTreeMap::new(),
        }
    }
}

impl View for Lines {
    fn begin(&mut self, _now: Timestamp) -> Vec<String> {
        if self.is_json {
            return Vec::new();
        }
        let never = self.home.sensors.values().filter(|sensor| !sensor.checks_in);
        let notes = never.flat_map(|sensor| columns::folded(&format!("note: {}: {NEVER_CHECKS_IN}", sensor.id), 6));
        let titles = ["time", "sensor", "room", "kind", "value", "evidence", "before"];
        notes.chain([columns::row(titles, WIDTHS)]).collect()
    }

    fn hear(&mut self, now: Timestamp, frame: &RawFrame, tellings: &[Telling]) -> Vec<String> {
        let mut lines = Vec::new();
        for Telling { family, said } in tellings {
            match said {
                Err(why) => lines.push(self.malformed(now, family, why, frame)),
                Ok(said) => {
                    let is_told = |said: &&Said| {
                        let is_nothing = || Devices::is_no_sensor(std::slice::from_ref(&said.reading));
                        self.is_json || !said.sensors.is_empty() || !is_nothing()
                    };
                    let told: Vec<&Said> = said.iter().filter(is_told).collect();
                    lines.extend(told.into_iter().map(|said| self.reading(now, family, said)));
                    lines.extend(self.snippets(family, said));
                    let live = said.iter().filter(|said| said.is_live());
                    let heard = live.flat_map(|said| said.sensors.iter().map(|(id, _)| (id.clone(), now)));
                    self.heard_at.extend(heard);
                }
            }
        }
        lines
    }

    fn link(&mut self, now: Timestamp, source: &str, up: bool, why: &str) -> Vec<String> {
        if self.is_json {
            return vec![json!({"at_ms": now.timestamp_millis(), "link": source, "up": up, "why": why}).to_string()];
        }
        let why = if why.is_empty() { "open" } else { why };
        columns::folded(&format!("{} {source} {}: {why}", self.clock(now), if up { "up" } else { "DOWN" }), 9)
    }

    fn end(&mut self, _now: Timestamp, listened: Span) -> Vec<String> {
        self.summary(listened)
    }
}

impl Lines {
    /// What it came to.
    fn summary(&self, walked: Span) -> Vec<String> {
        let total = |pick: fn(&Count) -> u64| self.families.values().map(pick).sum::<u64>();
        let silent: Vec<&str> =
            self.home.sensors.keys().filter(|id| !self.heard_at.contains_key(*id)).map(SensorId::as_str).collect();
        let unknown_devices = self.unknown.len() as u64 + self.unknown_left_out;
        if self.is_json {
            let families: BTreeMap<_, _> = self.families.iter().map(|(name, count)| (name, count.json())).collect();
            let summary = json!({
                "seconds": walked.num_seconds(),
                "families": families,
                "unknown_devices": unknown_devices,
                "sensors_heard": self.heard_at.len(),
                "sensors_not_heard": silent,
            });
            return vec![json!({ "summary": summary }).to_string()];
        }
        let mut lines = vec![
            String::new(),
            format!(
                "{} s: {} of {}, {} of {}, {}",
                walked.num_seconds(),
                counted(total(|count| count.known), "reading"),
                counted(self.heard_at.len() as u64, "sensor"),
                total(|count| count.unknown),
                counted(unknown_devices, "unknown device"),
                counted(total(|count| count.malformed), "malformed frame"),
            ),
        ];
        for (family, count) in &self.families {
            lines.push(format!(
                "  {family}: {} known, {} unknown, {} malformed",
                count.known, count.unknown, count.malformed
            ));
            lines.extend(count.example.iter().map(|bytes| format!("    the first malformed one: {bytes}")));
        }
        if !silent.is_empty() {
            lines.extend(columns::folded(&format!("not heard: {}", silent.join(", ")), 2));
        }
        lines
    }

    fn reading(&mut self, now: Timestamp, family: &'static str, said: &Said) -> String {
        let reading = &said.reading;
        let sensor = sensor_of(&self.home, said).cloned();
        let count = self.families.entry(family).or_default();
        match sensor {
            Some(_) => count.known += 1,
            None => count.unknown += 1,
        }
        let before = sensor.as_ref().and_then(|sensor| self.heard_at.get(&sensor.id)).map(|at| now - *at);
        if self.is_json {
            return json!({
                "at_ms": now.timestamp_millis(),
                "sensor": sensor.as_ref().map(|sensor| &sensor.id),
                "room": sensor.as_ref().and_then(|sensor| sensor.room.as_ref()),
                "family": family,
                "device": reading.device,
                "kind": reading.measure.kind(),
                "value": json_value(&reading.measure),
                "evidence": reading.evidence,
                "copy": reading.copy,
                "age_secs": before.map(|before| before.num_seconds()),
            })
            .to_string();
        }
        let (clock, name, value) = (self.clock(now), name_of(said), value(&reading.measure));
        let before = before.map_or("-".to_owned(), age);
        let room = sensor.as_ref().map_or("unknown", room);
        columns::row([&clock, &name, room, reading.measure.kind(), &value, evidence(reading), &before], WIDTHS)
    }

    /// A line for each, and the first of a family with its bytes.
    fn malformed(&mut self, now: Timestamp, family: &'static str, why: &str, frame: &RawFrame) -> String {
        let from = match &frame.from {
            Origin::Mqtt { topic } => topic,
            Origin::Serial { port } => port,
        };
        let count = self.families.entry(family).or_default();
        count.malformed += 1;
        if count.example.is_none() {
            count.example = Some(example(&frame.bytes));
        }
        if self.is_json {
            let at = now.timestamp_millis();
            let bytes = hex::lower(&frame.bytes[..frame.bytes.len().min(BYTES_SHOWN_MAX)]);
            return json!({"at_ms": at, "family": family, "malformed": why, "from": from, "bytes_hex": bytes})
                .to_string();
        }
        format!("{} {family}: malformed frame from {}: {why}", self.clock(now), text::shown(from, 30))
    }

    /// A snippet for every device of the frame that nobody has registered, once each.
    fn snippets(&mut self, family: &'static str, said: &[Said]) -> Vec<String> {
        let mut lines = Vec::new();
        for Said { reading, sensors } in said {
            let key = (family, reading.device.clone());
            let is_bridge = matches!(reading.measure, Measure::Bridge(_));
            if !sensors.is_empty() || self.unknown.contains(&key) || is_bridge {
                continue;
            }
            let readings = said.iter().map(|said| &said.reading);
            let own: Vec<Reading> = readings.filter(|other| other.device == reading.device).cloned().collect();
            if Devices::is_no_sensor(&own) {
                continue;
            }
            if self.unknown.len() >= UNKNOWN_MAX {
                self.unknown_left_out += 1;
                continue;
            }
            self.unknown.insert(key);
            let snippet = Devices::snippet(family, &reading.device, &own);
            if self.is_json {
                let line = json!({"unknown_device": reading.device, "family": family, "snippet": snippet});
                lines.push(line.to_string());
            } else {
                lines.push(format!("  not in the configuration yet ({family}); to register it:"));
                lines.extend(snippet.lines().map(|line| format!("    {line}")));
            }
        }
        lines
    }

    fn clock(&self, now: Timestamp) -> String {
        self.home.zone.hour_minute_second(now)
    }
}

impl Count {
    fn json(&self) -> Value {
        json!({
            "known": self.known,
            "unknown": self.unknown,
            "malformed": self.malformed,
            "malformed_example_hex": self.example,
        })
    }
}

/// The first bytes of a frame in hexadecimal digits.
pub fn example(bytes: &[u8]) -> String {
    let shown = hex::lower(&bytes[..bytes.len().min(BYTES_SHOWN_MAX)]);
    if bytes.len() > BYTES_SHOWN_MAX { format!("{shown}…") } else { shown }
}

const WIDTHS: [usize; 7] = [8, 17, 10, 11, 12, 9, 7];

/// Enough to recognise a frame by, and a line still fits 80 columns.
const BYTES_SHOWN_MAX: usize = 24;

/// Devices that are shown with a snippet; a flood of new names must not fill the memory.
const UNKNOWN_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::listen::testing::{Hearing, at, home};

    fn hearing(is_json: bool) -> Hearing<Lines> {
        Hearing::with(Lines::new(home(), is_json))
    }

    #[test]
    fn a_known_sensor_makes_one_line_per_reading_within_80_columns() {
        let mut hearing = hearing(false);
        let begin = hearing.view.begin(at(0)).join("\n");
        assert!(begin.contains("note: rf_bed: its radio never checks in"), "{begin}");
        hearing.hear(at(0), "hall_pir", r#"{"occupancy":false}"#);
        let lines = hearing.hear(at(12), "hall_pir", r#"{"occupancy":true,"battery":87}"#);
        assert!(lines.iter().any(|line| line.contains("hall") && line.contains("motion") && line.contains("12 s")));
        assert!(lines.iter().any(|line| line.contains("87 %")), "{lines:?}");
        assert!(!lines.iter().any(|line| line.contains("[[sensor]]")), "{lines:?}");
        assert!(lines.iter().all(|line| columns::width(line) <= 80), "{lines:?}");
        let summary = hearing.view.summary(Span::seconds(12)).join("\n");
        assert!(summary.contains("not heard: bath") && summary.contains("zigbee2mqtt: "), "{summary}");
    }

    #[test]
    fn an_unknown_device_comes_with_its_snippet_once() {
        let mut hearing = hearing(false);
        let first = hearing.hear(at(0), "door\u{202e}", r#"{"contact":false}"#).join("\n");
        assert!(first.contains("[[sensor]]") && first.contains("unknown"), "{first}");
        let again = hearing.hear(at(1), "door\u{202e}", r#"{"contact":true}"#).join("\n");
        assert!(!again.contains("[[sensor]]") && again.contains("contact"), "{again}");
        assert!(!again.contains('\u{202e}'), "a name cannot reorder the line");
        let summary = hearing.view.summary(Span::zero()).join("\n");
        assert!(summary.contains("1 unknown device"), "{summary}");
    }

    #[test]
    fn malformed_frames_are_counted_by_family_with_one_example() {
        let mut hearing = hearing(false);
        hearing.hear(at(0), "hall_pir", "nonsense");
        hearing.hear(at(0), "hall_pir", "other nonsense");
        let summary = hearing.view.summary(Span::seconds(1)).join("\n");
        assert!(summary.contains("2 malformed") && summary.contains("6e6f6e73656e7365"), "{summary}");
        assert_eq!(example(&[0xab; 100]).chars().count(), 49, "long ones are cut");
    }

    #[test]
    fn every_line_of_the_json_form_is_json() {
        let mut hearing = hearing(true);
        let mut lines = hearing.hear(at(0), "hall_pir", r#"{"occupancy":true}"#);
        lines.extend(hearing.view.begin(at(0)));
        lines.extend(hearing.hear(at(0), "hall_pir", "nonsense"));
        lines.extend(hearing.hear(at(0), "new", r#"{"contact":false}"#));
        lines.extend(hearing.view.link(at(0), "mqtt", false, "connection refused"));
        lines.extend(hearing.view.summary(Span::seconds(1)));
        let values: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(values.iter().any(|value| value["sensor"] == "hall" && value["value"] == true), "{lines:?}");
        assert!(values.iter().any(|value| value["malformed"].is_string()), "{lines:?}");
        assert!(values.iter().any(|value| value["snippet"].is_string()), "{lines:?}");
    }
}
