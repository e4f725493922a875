//! The live table: one row per device, newest first, drawn anew in its place; below it what happened last, how the links
//! stand, what could not be understood, and a config snippet for the newest device that nobody has registered.

use crate::cmd::listen::ear::{Said, Telling, name_of};
use crate::cmd::listen::lines::example;
use crate::cmd::listen::screen::Size;
use crate::cmd::listen::words::{NEVER_CHECKS_IN, age, battery, evidence, room, value};
use crate::cmd::listen::{View, columns};
use crate::devices::Devices;
use crate::model::frame::RawFrame;
use crate::model::home::Home;
use crate::model::ids::SensorId;
use crate::model::observation::{Measure, Reading};
use crate::model::time::{Span, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What was heard so far.
pub struct Table {
    home: Home,
    begun_at: Timestamp,
    rows: BTreeMap<(&'static str, String), Row>,
    /// Registered sensors that were heard.
    heard: BTreeSet<SensorId>,
    /// More unregistered devices were heard than get a row.
    is_crowded: bool,
    events: VecDeque<String>,
    links: BTreeMap<String, (bool, String)>,
    malformed: BTreeMap<&'static str, Malformed>,
}

/// One device.
struct Row {
    name: String,
    room: String,
    /// Whose it is; none: nobody registered it.
    sensors: Vec<SensorId>,
    checks_in: bool,
    says: String,
    /// How near to the device's purpose what it says is: 0 is what it is there for.
    rank: u8,
    evidence: &'static str,
    percent: Option<f64>,
    volts: Option<f64>,
    low: Option<bool>,
    signal: Option<f64>,
    heard_at: Timestamp,
    /// The device itself spoke, not only the broker's memory of it.
    is_live: bool,
    /// Each kind of reading once, for the snippet.
    readings: Vec<Reading>,
}

/// Frames that a family could not understand.
struct Malformed {
    count: u64,
    why: String,
    example: String,
}

impl Table {
    /// A table for `home`.
    pub fn new(now: Timestamp, home: Home) -> Table {
        Table {
            home,
            begun_at: now,
            rows: BTreeMap::new(),
            heard: BTreeSet::new(),
            is_crowded: false,
            events: VecDeque::new(),
            links: BTreeMap::new(),
            malformed: BTreeMap::new(),
        }
    }

    fn take(&mut self, now: Timestamp, family: &'static str, said: &Said) {
        if matches!(said.reading.measure, Measure::Bridge(_)) {
            let up = said.reading.measure.level() == Some(true);
            self.links.insert(format!("{family} {}", said.reading.device), (up, String::new()));
            return;
        }
        if said.sensors.is_empty() && Devices::is_no_sensor(std::slice::from_ref(&said.reading)) {
            // A bridge tells thirty things of each device; what no home registers needs no row.
            return;
        }
        if said.is_live() {
            self.heard.extend(said.sensors.iter().map(|(id, _)| id.clone()));
        }
        let key = (family, said.reading.device.clone());
        if !self.rows.contains_key(&key) {
            let is_registered = !said.sensors.is_empty();
            let strangers = self.rows.values().filter(|row| row.sensors.is_empty()).count();
            if !is_registered && strangers >= STRANGERS_MAX {
                self.is_crowded = true;
                return;
            }
            self.rows.insert(key.clone(), Row::new(now, &self.home, said));
        }
        let Some(row) = self.rows.get_mut(&key) else { return };
        row.take(now, &said.reading);
        row.is_live |= said.is_live();
        if said.is_event() {
            let clock = self.home.zone.hour_minute_second(now);
            let kind = said.reading.measure.kind();
            let line = format!("{clock} {} {kind} {}", name_of(said), value(&said.reading.measure));
            self.events.push_front(line);
            self.events.truncate(EVENTS_KEPT);
        }
    }

    fn heading(&self, now: Timestamp) -> String {
        let strangers = self.rows.values().filter(|row| row.sensors.is_empty()).count();
        let mut parts = vec![
            format!("home {}", self.home.id),
            format!("listening for {}", age(now - self.begun_at)),
            format!("{} of {} sensors heard", self.heard.len(), self.home.sensors.len()),
        ];
        if strangers > 0 {
            parts.push(format!("{strangers}{} unknown", if self.is_crowded { " and more" } else { "" }));
        }
        parts.push("Ctrl-C ends".to_owned());
        parts.join(", ")
    }

    /// Rows for devices, newest first, then for the sensors that were not heard yet.
    fn device_lines(&self, now: Timestamp) -> Vec<String> {
        let mut rows: Vec<&Row> = self.rows.values().collect();
        rows.sort_by(|a, b| b.heard_at.cmp(&a.heard_at).then_with(|| a.name.cmp(&b.name)));
        let has_row = |id: &SensorId| self.rows.values().any(|row| row.sensors.contains(id));
        let silent = self.home.sensors.values().filter(|sensor| !has_row(&sensor.id)).map(|sensor| {
            let name = marked(sensor.id.as_str(), sensor.checks_in);
            columns::row([&name, room(sensor), "not heard yet", "-", "-", "-", "-"], WIDTHS)
        });
        rows.into_iter().map(|row| row.line(now)).chain(silent).collect()
    }

    /// What stands below the table, most useful first.
    fn foot(&self) -> Vec<String> {
        let mut lines = link_lines(&self.links);
        for (family, malformed) in &self.malformed {
            let Malformed { count, why, example } = malformed;
            lines.push(format!("{family}: {count} malformed ({why}), such as {example}"));
        }
        let has_mute =
            self.rows.values().any(|row| !row.checks_in) || self.home.sensors.values().any(|sensor| !sensor.checks_in);
        if has_mute {
            lines.push(format!("* {NEVER_CHECKS_IN}"));
        }
        lines
    }

    /// The snippet of the newest device that nobody has registered.
    fn newest_snippet(&self) -> Vec<String> {
        let strangers = self.rows.iter().filter(|(_, row)| row.sensors.is_empty());
        let newest = strangers.max_by(|(a_key, a), (b_key, b)| a.heard_at.cmp(&b.heard_at).then(b_key.cmp(a_key)));
        let Some(((family, device), row)) = newest else { return Vec::new() };
        let snippet = Devices::snippet(family, device, &row.readings);
        let title = format!("to register {}, and all others at the end:", row.name);
        [title].into_iter().chain(snippet.lines().map(|line| format!("  {line}"))).collect()
    }
}

impl View for Table {
    fn begin(&mut self, _now: Timestamp) -> Vec<String> {
        Vec::new()
    }

    fn hear(&mut self, now: Timestamp, frame: &RawFrame, tellings: &[Telling]) -> Vec<String> {
        for Telling { family, said } in tellings {
            match said {
                Ok(said) => said.iter().for_each(|said| self.take(now, family, said)),
                Err(why) => {
                    let new = || Malformed { count: 0, why: why.clone(), example: example(&frame.bytes) };
                    self.malformed.entry(family).or_insert_with(new).count += 1;
                }
            }
        }
        Vec::new()
    }

    fn link(&mut self, _now: Timestamp, source: &str, up: bool, why: &str) -> Vec<String> {
        self.links.insert(source.to_owned(), (up, why.to_owned()));
        Vec::new()
    }

    fn picture(&self, now: Timestamp, size: Size) -> Option<Vec<String>> {
        let titles = ["sensor", "room", "says", "evidence", "batt.", "sig.", "age"];
        let devices = self.device_lines(now);
        let events: Vec<&String> = self.events.iter().take(EVENTS_SHOWN).collect();
        let (foot, snippet) = (self.foot(), self.newest_snippet());
        // Heading, titles, a blank line before the events and their heading.
        let fixed = 2 + if events.is_empty() { 0 } else { events.len() + 2 } + foot.len();
        let room_left = size.rows.saturating_sub(fixed).max(3);
        let shown = if devices.len() > room_left { room_left - 1 } else { devices.len() };
        let mut lines = vec![self.heading(now), columns::row(titles, WIDTHS)];
        lines.extend(devices.iter().take(shown).cloned());
        if shown < devices.len() {
            lines.push(format!("… and {} more", devices.len() - shown));
        }
        if !events.is_empty() {
            lines.push(String::new());
            lines.push("what happened last".to_owned());
            lines.extend(events.into_iter().cloned());
        }
        lines.extend(foot);
        if !snippet.is_empty() && lines.len() + snippet.len() < size.rows {
            lines.push(String::new());
            lines.extend(snippet);
        }
        lines.truncate(size.rows);
        let columns = size.columns.min(columns::TERMINAL_COLUMNS);
        Some(lines.into_iter().map(|line| columns::cut_ours(&line, columns)).collect())
    }

    fn end(&mut self, now: Timestamp, listened: Span) -> Vec<String> {
        let titles = ["sensor", "room", "says", "evidence", "batt.", "sig.", "age"];
        let mut lines = vec![format!("listened for {}", age(listened)), columns::row(titles, WIDTHS)];
        lines.extend(self.device_lines(now));
        lines.extend(self.foot());
        let strangers: Vec<_> = self.rows.iter().filter(|(_, row)| row.sensors.is_empty()).collect();
        if !strangers.is_empty() {
            lines.push(String::new());
            lines.push("devices that are not in the configuration; to register one, put its lines there:".to_owned());
        }
        for ((family, device), row) in strangers {
            lines.push(String::new());
            lines.extend(Devices::snippet(family, device, &row.readings).lines().map(str::to_owned));
        }
        lines
    }
}

impl Row {
    fn new(now: Timestamp, home: &Home, said: &Said) -> Row {
        let sensor = said.sensors.first().and_then(|(id, _)| home.sensors.get(id));
        Row {
            name: name_of(said),
            room: sensor.map_or("unknown", room).to_owned(),
            sensors: said.sensors.iter().map(|(id, _)| id.clone()).collect(),
            checks_in: sensor.is_none_or(|sensor| sensor.checks_in),
            says: String::new(),
            rank: u8::MAX,
            evidence: "-",
            percent: None,
            volts: None,
            low: None,
            signal: None,
            heard_at: now,
            is_live: false,
            readings: Vec::new(),
        }
    }

    fn take(&mut self, now: Timestamp, reading: &Reading) {
        self.heard_at = now;
        let measure = &reading.measure;
        if let Measure::BatteryPercent(percent) = measure {
            self.percent = Some(*percent);
        } else if let Measure::SupplyVolts(volts) = measure {
            self.volts = Some(*volts);
        } else if let Measure::BatteryLow(low) = measure {
            self.low = Some(*low);
        } else if let Measure::SignalPercent(signal) = measure {
            self.signal = Some(*signal);
        }
        let rank = rank(measure);
        if rank <= self.rank {
            self.rank = rank;
            self.says = format!("{} {}", measure.kind(), value(measure));
            self.evidence = evidence(reading);
        }
        match self.readings.iter().position(|kept| kept.measure.kind() == measure.kind()) {
            Some(nth) => self.readings[nth] = reading.clone(),
            None if self.readings.len() < READINGS_KEPT => self.readings.push(reading.clone()),
            None => {}
        }
    }

    fn line(&self, now: Timestamp) -> String {
        let name = marked(&self.name, self.checks_in);
        let battery = battery(self.percent, self.volts, self.low);
        let signal = self.signal.map_or("-".to_owned(), |signal| format!("{signal:.0} %"));
        let age = if self.is_live { age(now - self.heard_at) } else { "kept".to_owned() };
        columns::row([&name, &self.room, &self.says, self.evidence, &battery, &signal, &age], WIDTHS)
    }
}

/// The links that are up in one line, and one for each that is not.
pub fn link_lines(links: &BTreeMap<String, (bool, String)>) -> Vec<String> {
    let up: Vec<String> = links.iter().filter(|(_, (up, _))| *up).map(|(name, _)| format!("{name} up")).collect();
    let mut lines = if up.is_empty() { Vec::new() } else { vec![up.join(", ")] };
    for (name, (_, why)) in links.iter().filter(|(_, (up, _))| !up) {
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        lines.push(format!("{name} DOWN{why}"));
    }
    lines
}

fn marked(name: &str, checks_in: bool) -> String {
    if checks_in { name.to_owned() } else { format!("*{name}") }
}

/// What a device is there for comes before what it also says.
fn rank(measure: &Measure) -> u8 {
    match measure {
        Measure::Motion(_)
        | Measure::Presence(_)
        | Measure::Button(_)
        | Measure::Contact(_)
        | Measure::Leak(_)
        | Measure::Smoke(_)
        | Measure::Gas(_) => 0,
        Measure::Alarm(_) | Measure::Switch(_) | Measure::Vibration(_) | Measure::Mains(_) => 1,
        Measure::Note { .. } | Measure::Number(_) => 2,
        Measure::TemperatureCelsius(_) | Measure::HumidityPercent(_) => 3,
        Measure::Tamper(_) | Measure::Dark(_) | Measure::IlluminanceLux(_) => 4,
        Measure::Availability(_) | Measure::Bridge(_) => 5,
        Measure::BatteryPercent(_) | Measure::BatteryLow(_) | Measure::SupplyVolts(_) | Measure::SignalPercent(_) => 6,
        Measure::Alive => 7,
    }
}

const WIDTHS: [usize; 7] = [18, 9, 20, 9, 6, 5, 7];

/// Unregistered devices that get a row; a flood of new names must not fill the memory.
const STRANGERS_MAX: usize = 100;
const READINGS_KEPT: usize = 16;
const EVENTS_KEPT: usize = 20;
const EVENTS_SHOWN: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::listen::testing::{Hearing, assert_golden, at, home};

    fn walked() -> Hearing<Table> {
        let mut hearing = Hearing::with(Table::new(at(0), home()));
        hearing.view.link(at(0), "mqtt", true, "connected");
        hearing.view.link(at(0), "radio", false, "/dev/serial/by-id/usb-radio: the dongle is gone; put it back");
        hearing.hear_kept(at(1), "bath_pir", r#"{"occupancy":true,"battery":64}"#);
        hearing.hear_kept(at(1), "hall_pir", r#"{"occupancy":false,"battery":87}"#);
        hearing.hear(at(2), "hall_pir", r#"{"occupancy":true,"battery":87}"#);
        hearing.hear(at(3), "pendant", r#"{"action":"emergency","battery_low":true}"#);
        hearing.hear(at(4), "卧室/门磁 二号", r#"{"contact":false,"battery":100}"#);
        hearing.hear(at(5), "new_pir", r#"{"occupancy":true}"#);
        hearing.hear(at(5), "hall_pir", "nonsense");
        let signal = crate::model::observation::Reading {
            device: "hall_pir".to_owned(),
            measure: Measure::SignalPercent(47.4),
            evidence: crate::model::observation::Evidence::Level,
            copy: false,
        };
        hearing.view.take(
            at(5),
            "zigbee2mqtt",
            &Said { reading: signal, sensors: vec![("hall".parse().unwrap(), false)] },
        );
        hearing
    }

    #[test]
    fn the_table_shows_every_device_once_newest_first_within_80_columns() {
        let hearing = walked();
        let picture = hearing.view.picture(at(65), Size { columns: 120, rows: 40 }).unwrap();
        assert!(picture.iter().all(|line| columns::width(line) <= 80), "{picture:#?}");
        assert_golden("table.txt", &format!("{}\n", picture.join("\n")));
    }

    #[test]
    fn a_small_terminal_gets_what_fits() {
        for rows in [8, 10, 12, 24] {
            for columns in [20, 40, 80] {
                let picture = walked().view.picture(at(65), Size { columns, rows }).unwrap();
                assert!(picture.len() <= rows, "{rows} rows: {picture:#?}");
                assert!(picture.iter().all(|line| columns::width(line) <= columns), "{picture:#?}");
            }
        }
    }

    #[test]
    fn at_the_end_every_unknown_device_has_its_snippet_once() {
        let mut hearing = walked();
        let end = hearing.view.end(at(70), Span::seconds(70)).join("\n");
        assert_eq!(end.matches("[[sensor]]").count(), 2, "{end}");
        assert!(end.contains("zigbee2mqtt = \"new_pir\"") && end.contains("not heard yet"), "{end}");
    }

    #[test]
    fn a_flood_of_new_names_keeps_to_its_bound() {
        let mut hearing = Hearing::with(Table::new(at(0), home()));
        for nth in 0..1_000 {
            hearing.hear(at(1), &format!("noise{nth}"), r#"{"contact":true}"#);
        }
        hearing.hear(at(2), "hall_pir", r#"{"occupancy":true}"#);
        assert_eq!(hearing.view.rows.len(), STRANGERS_MAX + 1, "a registered sensor always has its row");
        assert!(hearing.view.heading(at(3)).contains("100 and more unknown"), "{}", hearing.view.heading(at(3)));
    }
}
