//! What a walk through the home shows: a line for every reading, a config snippet for every new device, a summary.

use crate::devices::{Address, Decoded, Devices, Heard};
use crate::model::frame::{Origin, RawFrame};
use crate::model::home::{Home, Sensor};
use crate::model::ids::SensorId;
use crate::model::observation::{Availability, Evidence, Measure, Reading};
use crate::model::time::{Span, Timestamp};
use crate::text;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What was heard so far.
pub struct Walk {
    home: Home,
    devices: Devices,
    sensors: BTreeMap<(&'static str, String), SensorId>,
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
}

impl Walk {
    /// A walk through `home`; lines are JSON or for a terminal of 80 columns.
    pub fn new(home: Home, devices: Devices, addresses: &[(SensorId, Address)], is_json: bool) -> Walk {
        let sensor = |(id, address): &(SensorId, Address)| ((address.family(), address.device()), id.clone());
        Walk {
            home,
            devices,
            sensors: addresses.iter().map(sensor).collect(),
            is_json,
            heard_at: BTreeMap::new(),
            unknown: BTreeSet::new(),
            unknown_left_out: 0,
            families: BTreeMap::new(),
        }
    }

    /// The first line, before anything is heard.
    pub fn heading(&self) -> Option<String> {
        let titles = ["time", "sensor", "room", "kind", "value", "evidence", "before"];
        (!self.is_json).then(|| columns(&titles.map(str::to_owned)))
    }

    /// The lines that a frame makes.
    pub fn hear(&mut self, now: Timestamp, frame: &RawFrame) -> Vec<String> {
        let mut lines = Vec::new();
        for Heard { family, outcome } in self.devices.decode(frame) {
            match outcome {
                Decoded::NotMine | Decoded::Incomplete => {}
                Decoded::Malformed(why) => {
                    self.families.entry(family).or_default().malformed += 1;
                    lines.push(self.malformed(now, family, &why, frame));
                }
                Decoded::Readings(readings) => {
                    for reading in &readings {
                        lines.push(self.reading(now, family, reading));
                    }
                    lines.extend(self.snippets(family, &readings));
                    let heard: Vec<SensorId> =
                        readings.iter().filter_map(|reading| self.sensor(family, reading)).collect();
                    self.heard_at.extend(heard.into_iter().map(|id| (id, now)));
                }
            }
        }
        lines
    }

    /// The line that a change of a link makes.
    pub fn link(&self, now: Timestamp, source: &str, up: bool, why: &str) -> String {
        if self.is_json {
            return json!({"at_ms": now.timestamp_millis(), "link": source, "up": up, "why": why}).to_string();
        }
        let why = if why.is_empty() { "open" } else { why };
        format!("{} {source} {}: {why}", self.clock(now), if up { "up" } else { "DOWN" })
    }

    /// What the walk came to.
    pub fn summary(&self, walked: Span) -> Vec<String> {
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
                "{} s: {} readings of {} sensors, {} of {unknown_devices} unknown devices, {} malformed frames",
                walked.num_seconds(),
                total(|count| count.known),
                self.heard_at.len(),
                total(|count| count.unknown),
                total(|count| count.malformed),
            ),
        ];
        lines.extend(self.families.iter().map(|(family, count)| {
            format!("  {family}: {} known, {} unknown, {} malformed", count.known, count.unknown, count.malformed)
        }));
        if !silent.is_empty() {
            lines.push(format!("not heard: {}", silent.join(", ")));
        }
        lines
    }

    fn sensor(&self, family: &'static str, reading: &Reading) -> Option<SensorId> {
        self.sensors.get(&(family, reading.device.clone())).cloned()
    }

    fn reading(&mut self, now: Timestamp, family: &'static str, reading: &Reading) -> String {
        let sensor: Option<Sensor> = self.sensor(family, reading).and_then(|id| self.home.sensors.get(&id).cloned());
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
        let room = sensor.as_ref().and_then(|sensor| sensor.room.as_ref()).map_or("-", |room| room.as_str());
        let (name, room) = match &sensor {
            Some(sensor) => (sensor.id.as_str(), room),
            None => (reading.device.as_str(), "unknown"),
        };
        columns(&[
            self.clock(now),
            name.to_owned(),
            room.to_owned(),
            reading.measure.kind().to_owned(),
            words(&reading.measure),
            evidence(reading).to_owned(),
            before.map_or("-".to_owned(), age),
        ])
    }

    fn malformed(&self, now: Timestamp, family: &str, why: &str, frame: &RawFrame) -> String {
        let from = match &frame.from {
            Origin::Mqtt { topic } => topic,
            Origin::Serial { port } => port,
        };
        if self.is_json {
            let at = now.timestamp_millis();
            return json!({"at_ms": at, "family": family, "malformed": why, "from": from}).to_string();
        }
        format!("{} {family}: malformed frame from {}: {why}", self.clock(now), text::shown(from, 40))
    }

    /// A snippet for every device of the frame that nobody has registered, once each.
    fn snippets(&mut self, family: &'static str, readings: &[Reading]) -> Vec<String> {
        let mut lines = Vec::new();
        for reading in readings {
            let key = (family, reading.device.clone());
            let is_bridge = matches!(reading.measure, Measure::Bridge(_));
            if self.sensors.contains_key(&key) || self.unknown.contains(&key) || is_bridge {
                continue;
            }
            if self.unknown.len() >= UNKNOWN_MAX {
                self.unknown_left_out += 1;
                continue;
            }
            self.unknown.insert(key);
            let own: Vec<Reading> = readings.iter().filter(|other| other.device == reading.device).cloned().collect();
            let snippet = Devices::snippet(family, &reading.device, &own);
            if self.is_json {
                let line = json!({"unknown_device": reading.device, "family": family, "snippet": snippet});
                lines.push(line.to_string());
            } else {
                lines.push(format!("  a {family} device that is not in the configuration; to register it:"));
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
        json!({"known": self.known, "unknown": self.unknown, "malformed": self.malformed})
    }
}

/// Cells of the table, cut and filled to 80 columns; a Chinese character takes two.
fn columns(cells: &[String; 7]) -> String {
    const WIDTHS: [usize; 7] = [8, 17, 10, 11, 12, 9, 7];
    let cell = |(cell, width): (&String, usize)| {
        let clean = text::shown(cell, 64);
        let mut shown = String::new();
        let mut used = 0;
        for c in clean.chars() {
            let wide = if u32::from(c) >= 0x1100 { 2 } else { 1 };
            if used + wide > width {
                // The last character makes room for the sign that something is missing.
                while used + 1 > width {
                    used -= shown.pop().map_or(used, |c| if u32::from(c) >= 0x1100 { 2 } else { 1 });
                }
                shown.push('…');
                used += 1;
                break;
            }
            shown.push(c);
            used += wide;
        }
        shown + &" ".repeat(width - used)
    };
    let line = cells.iter().zip(WIDTHS).map(cell).collect::<Vec<_>>().join(" ");
    line.trim_end().to_owned()
}

fn evidence(reading: &Reading) -> &'static str {
    match (reading.copy, reading.evidence) {
        (true, _) => "copy",
        (false, Evidence::Event) => "event",
        (false, Evidence::Level) => "level",
        (false, Evidence::Cached) => "cached",
        (false, Evidence::Ambiguous) => "ambiguous",
    }
}

fn words(measure: &Measure) -> String {
    let either = |on: bool, yes: &str, no: &str| if on { yes } else { no }.to_owned();
    match measure {
        Measure::Contact(is_open) => either(*is_open, "open", "closed"),
        Measure::Bridge(is_online) => either(*is_online, "online", "offline"),
        Measure::Motion(on)
        | Measure::Presence(on)
        | Measure::Leak(on)
        | Measure::Smoke(on)
        | Measure::Gas(on)
        | Measure::Tamper(on)
        | Measure::Vibration(on)
        | Measure::Alarm(on)
        | Measure::Mains(on)
        | Measure::Dark(on)
        | Measure::BatteryLow(on) => either(*on, "yes", "no"),
        Measure::Switch(on) => either(*on, "on", "off"),
        Measure::Button(press) => press.as_str().to_owned(),
        Measure::BatteryPercent(value) | Measure::HumidityPercent(value) | Measure::SignalPercent(value) => {
            format!("{value:.0} %")
        }
        Measure::SupplyVolts(value) => format!("{value:.2} V"),
        Measure::TemperatureCelsius(value) => format!("{value:.1} °C"),
        Measure::IlluminanceLux(value) => format!("{value:.0} lx"),
        Measure::Number(value) => format!("{value}"),
        Measure::Alive => "yes".to_owned(),
        Measure::Availability(Availability::Online) => "online".to_owned(),
        Measure::Availability(Availability::Offline) => "offline".to_owned(),
        Measure::Availability(Availability::Removed) => "removed".to_owned(),
        Measure::Note { text, .. } => text.clone(),
    }
}

/// The bare value, as `decode` writes it.
fn json_value(measure: &Measure) -> Value {
    if let Measure::Note { text, .. } = measure {
        return text.as_str().into();
    }
    let tagged = serde_json::to_value(measure).unwrap_or_default();
    tagged.as_object().and_then(|tagged| tagged.values().next().cloned()).unwrap_or_default()
}

fn age(span: Span) -> String {
    match span.num_seconds().max(0) {
        secs @ ..100 => format!("{secs} s"),
        secs @ 100..6_000 => format!("{} min", secs / 60),
        secs => format!("{} h", secs / 3_600),
    }
}

/// Devices that are shown with a snippet; a flood of new names must not fill the memory.
const UNKNOWN_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::Settings;
    use crate::model::home::SensorKind;
    use crate::model::ids::{HomeId, RoomId};
    use crate::model::time::{Zone, from_millis};

    fn walk(is_json: bool) -> Walk {
        let sensor = |id: &str, room: &str, kind| Sensor {
            id: SensorId::new(id).unwrap(),
            room: Some(RoomId::new(room).unwrap()),
            kind,
            service: None,
            hold: None,
            silent_after: None,
            checks_in: true,
            burst: None,
            source: "mqtt".to_owned(),
        };
        let sensors = [sensor("hall", "门厅", SensorKind::Motion), sensor("bath", "bath", SensorKind::Motion)];
        let home = Home {
            id: HomeId::new("ky-0412").unwrap(),
            place: "4-2-301".to_owned(),
            zone: Zone::utc(),
            sensors: sensors.into_iter().map(|sensor| (sensor.id.clone(), sensor)).collect(),
        };
        let address = |device: &str| serde_json::from_value::<Address>(json!({ "zigbee2mqtt": device })).unwrap();
        let addresses = [("hall", "hall_pir"), ("bath", "bath_pir")]
            .map(|(id, device)| (SensorId::new(id).unwrap(), address(device)));
        let all: Vec<Address> = addresses.iter().map(|(_, address)| address.clone()).collect();
        Walk::new(home, Devices::new(&Settings::default(), &all), &addresses, is_json)
    }

    fn frame(device: &str, payload: &str) -> RawFrame {
        let topic = format!("zigbee2mqtt/{device}");
        RawFrame { from: Origin::Mqtt { topic }, bytes: payload.as_bytes().to_vec(), retained: false }
    }

    fn at(secs: i64) -> Timestamp {
        from_millis(1_700_000_000_000 + secs * 1000)
    }

    #[test]
    fn a_known_sensor_makes_one_line_per_reading_within_80_columns() {
        let mut walk = walk(false);
        walk.hear(at(0), &frame("hall_pir", r#"{"occupancy":false}"#));
        let lines = walk.hear(at(12), &frame("hall_pir", r#"{"occupancy":true,"battery":87}"#));
        assert!(lines.iter().any(|line| line.contains("hall") && line.contains("motion") && line.contains("12 s")));
        assert!(lines.iter().any(|line| line.contains("87 %")), "{lines:?}");
        assert!(!lines.iter().any(|line| line.contains("[[sensor]]")), "{lines:?}");
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:?}");
        let summary = walk.summary(Span::seconds(12)).join("\n");
        assert!(summary.contains("not heard: bath") && summary.contains("zigbee2mqtt: "), "{summary}");
    }

    #[test]
    fn an_unknown_device_comes_with_its_snippet_once() {
        let mut walk = walk(false);
        let first = walk.hear(at(0), &frame("door\u{202e}", r#"{"contact":false}"#)).join("\n");
        assert!(first.contains("[[sensor]]") && first.contains("unknown"), "{first}");
        let again = walk.hear(at(1), &frame("door\u{202e}", r#"{"contact":true}"#)).join("\n");
        assert!(!again.contains("[[sensor]]") && again.contains("contact"), "{again}");
        assert!(!again.contains('\u{202e}'), "a name cannot reorder the line");
        assert!(walk.summary(Span::zero()).join("\n").contains("1 unknown device"), "{:?}", walk.summary(Span::zero()));
    }

    #[test]
    fn every_line_of_the_json_form_is_json() {
        let mut walk = walk(true);
        let mut lines = walk.hear(at(0), &frame("hall_pir", r#"{"occupancy":true}"#));
        lines.extend(walk.hear(at(0), &frame("hall_pir", "nonsense")));
        lines.extend(walk.hear(at(0), &frame("new", r#"{"contact":false}"#)));
        lines.push(walk.link(at(0), "mqtt", false, "connection refused"));
        lines.extend(walk.summary(Span::seconds(1)));
        let values: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(values.iter().any(|value| value["sensor"] == "hall" && value["value"] == true), "{lines:?}");
        assert!(values.iter().any(|value| value["malformed"].is_string()), "{lines:?}");
        assert!(values.iter().any(|value| value["snippet"].is_string()), "{lines:?}");
    }
}
