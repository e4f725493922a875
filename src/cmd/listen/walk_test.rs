//! `listen --walk-test`: walk each room, press each button; what was heard is ticked off and becomes the commissioning record.

use crate::cmd::listen::ear::Telling;
use crate::cmd::listen::screen::Size;
use crate::cmd::listen::table::link_lines;
use crate::cmd::listen::words::{NEVER_CHECKS_IN, age, battery, room};
use crate::cmd::listen::{View, columns, page};
use crate::config::Gateway;
use crate::model::commissioning::{Checked, DeviceAddress, Outcome, Planned, RECORD_FILE, WalkTest};
use crate::model::frame::RawFrame;
use crate::model::home::{Home, SensorKind};
use crate::model::time::{Span, Timestamp};
use crate::problem::Problem;
use crate::text::Language;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A walk under way, and where its record goes.
pub struct Walk {
    test: WalkTest,
    home: Home,
    language: Language,
    config_hash: String,
    /// Tried one after the other.
    files: Vec<PathBuf>,
    links: BTreeMap<String, (bool, String)>,
}

/// What has to be known before the first button is pressed.
pub const BEFORE: &str = "\
Buttons pressed now reach the running gateway and are REAL calls at the station.
Telephone the station first: say which home is tested, and until when; they close
these alerts as tests. Or stop the gateway for the time of the walk:
  systemctl stop carecircle-gateway      (and start it afterwards!)
Serial ports can be heard only while the gateway is stopped.";

impl Walk {
    /// A walk through the home of `config`; the record goes to `asked_for`, else beside the configuration or, where that is
    /// not allowed, into the state directory.
    pub fn new(now: Timestamp, config: &Gateway, config_file: &Path, asked_for: Option<&Path>) -> Walk {
        let planned = config.addresses.iter().filter_map(|(id, address)| {
            let sensor = config.home.sensors.get(id)?;
            Some(Planned {
                id: id.clone(),
                kind: sensor.kind,
                room: sensor.room.clone(),
                address: DeviceAddress {
                    family: address.family().to_owned(),
                    device: address.device(),
                    port: address.port().map(str::to_owned),
                },
                checks_in: sensor.checks_in,
            })
        });
        let beside = config_file.parent().unwrap_or(Path::new("")).join(RECORD_FILE);
        let usual = || vec![beside, config.state_dir.join(RECORD_FILE)];
        Walk {
            test: WalkTest::new(now, planned.collect()),
            home: config.home.clone(),
            language: config.language,
            config_hash: config.hash.clone(),
            files: asked_for.map_or_else(usual, |file| vec![file.to_owned()]),
            links: BTreeMap::new(),
        }
    }

    fn progress(&self) -> String {
        let all = self.test.sensors().len();
        format!("{} of {all} sensors ticked off", all - self.test.missing().count())
    }

    /// Every sensor with what is to be done for it, room by room.
    fn sensor_lines(&self, now: Timestamp) -> Vec<String> {
        let mut lines = Vec::new();
        let mut before = None;
        for checked in self.test.sensors() {
            if before != Some(&checked.room) {
                let id = checked.room.as_ref();
                lines.push(id.map_or("without a room".to_owned(), |room| room.to_string()));
                before = Some(&checked.room);
            }
            lines.push(self.sensor_line(now, checked));
        }
        lines
    }

    fn sensor_line(&self, now: Timestamp, checked: &Checked) -> String {
        let mark = mark(checked.result);
        let what = match (checked.result, checked.event_at) {
            (Outcome::Passed, Some(at)) => {
                let times = if checked.events == 1 { String::new() } else { format!(" ({} times)", checked.events) };
                format!("{} ago{times}", age(now - at))
            }
            (Outcome::OnlyAlive, _) => format!("is heard; {}", deed(checked.kind)),
            (Outcome::NotHeard | Outcome::Passed, _) => deed(checked.kind).to_owned(),
        };
        let name = if checked.checks_in { checked.id.to_string() } else { format!("*{}", checked.id) };
        let battery = battery(checked.battery_percent, checked.supply_volts, checked.battery_low);
        let signal = checked.signal_percent.map_or("-".to_owned(), |signal| format!("{signal:.0} %"));
        columns::row([mark, &name, &what, &battery, &signal], WIDTHS)
    }

    fn foot(&self) -> Vec<String> {
        let mut lines = link_lines(&self.links);
        if self.test.sensors().iter().any(|sensor| !sensor.checks_in) {
            lines.push(format!("* {NEVER_CHECKS_IN}"));
        }
        lines
    }
}

impl View for Walk {
    fn begin(&mut self, now: Timestamp) -> Vec<String> {
        let mut lines = vec!["walk each room and press each button:".to_owned()];
        lines.extend(self.sensor_lines(now));
        lines
    }

    fn hear(&mut self, now: Timestamp, _frame: &RawFrame, tellings: &[Telling]) -> Vec<String> {
        let mut lines = Vec::new();
        for said in tellings.iter().flat_map(|telling| telling.said.iter().flatten()) {
            for (sensor, is_event) in &said.sensors {
                let reading = &said.reading;
                if self.test.hear(now, sensor, &reading.measure, reading.evidence, *is_event) {
                    let clock = self.home.zone.hour_minute_second(now);
                    let room = self.home.sensors.get(sensor).map_or("-", room);
                    lines.push(format!("{clock} ok: {sensor} ({room}), {}", self.progress()));
                }
            }
        }
        lines
    }

    fn link(&mut self, now: Timestamp, source: &str, up: bool, why: &str) -> Vec<String> {
        self.links.insert(source.to_owned(), (up, why.to_owned()));
        let why = if why.is_empty() { "open" } else { why };
        let clock = self.home.zone.hour_minute_second(now);
        columns::folded(&format!("{clock} {source} {}: {why}", if up { "up" } else { "DOWN" }), 9)
    }

    fn picture(&self, now: Timestamp, size: Size) -> Option<Vec<String>> {
        let heading = format!(
            "walk test, home {}, {}, {}; Ctrl-C ends",
            self.home.id,
            age(now - self.test.begun_at()),
            self.progress()
        );
        let (sensors, foot) = (self.sensor_lines(now), self.foot());
        let fits = size.rows.saturating_sub(2 + foot.len()).max(3);
        let mut lines = vec![heading, columns::row(["", "sensor", "last / to do", "batt.", "sig."], WIDTHS)];
        if sensors.len() <= fits {
            lines.extend(sensors);
        } else {
            // What is missing matters more than what is done.
            let missing: Vec<String> = self.test.missing().map(|checked| self.sensor_line(now, checked)).collect();
            let shown = if missing.len() > fits { fits - 1 } else { missing.len() };
            lines.extend(missing.iter().take(shown).cloned());
            if shown < missing.len() {
                lines.push(format!("… and {} more", missing.len() - shown));
            }
        }
        lines.extend(foot);
        lines.truncate(size.rows);
        let columns = size.columns.min(columns::TERMINAL_COLUMNS);
        Some(lines.into_iter().map(|line| columns::cut_ours(&line, columns)).collect())
    }

    fn is_over(&self) -> bool {
        self.test.is_complete()
    }

    fn end(&mut self, now: Timestamp, _listened: Span) -> Vec<String> {
        let mut lines = vec![String::new(), self.progress()];
        lines.extend(self.sensor_lines(now));
        lines.extend(self.foot());
        lines
    }

    fn finish(&mut self, now: Timestamp) -> Result<(Vec<String>, bool), Problem> {
        let version = env!("CARGO_PKG_VERSION");
        let home = &self.home;
        let record = self.test.record(now, home.id.clone(), home.place.clone(), version, &self.config_hash);
        let json = serde_json::to_string_pretty(&record).expect("a record holds only text keys and finite numbers");
        let html = page::html(&record, &home.zone, self.language);
        let mut failed = None;
        for file in &self.files {
            let printed = file.with_extension("html");
            match write(file, &json).and_then(|()| write(&printed, &html)) {
                Ok(()) => {
                    let lines = vec![
                        format!("record:      {}", file.display()),
                        format!("to print:    {}", printed.display()),
                        "carecircle check compares the configuration with it from now on".to_owned(),
                    ];
                    return Ok((lines, self.test.is_complete()));
                }
                Err(error) => failed = Some((file, error)),
            }
        }
        let (file, error) = failed.expect("there is always a file to try");
        let what = error.to_string();
        let what = what.split(" (os error").next().unwrap_or(&what).to_lowercase();
        Err(Problem::of(file.display().to_string(), what)
            .with_deed("the walk is not recorded; name another place with --record FILE"))
    }
}

/// Readable by the owner and its group: it tells who lives where.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let beside = file.with_extension("new");
    File::options().create(true).write(true).truncate(true).mode(0o640).open(&beside)?.write_all(text.as_bytes())?;
    std::fs::rename(&beside, file)
}

fn mark(result: Outcome) -> &'static str {
    match result {
        Outcome::Passed => "[x]",
        Outcome::OnlyAlive => "[~]",
        Outcome::NotHeard => "[ ]",
    }
}

/// What the technician does for a sensor of this kind.
fn deed(kind: SensorKind) -> &'static str {
    match kind {
        SensorKind::Motion | SensorKind::Presence => "leave its field, then walk in",
        SensorKind::CallButton | SensorKind::ServiceButton | SensorKind::OkButton | SensorKind::AwayButton => {
            "press it"
        }
        SensorKind::OuterDoor | SensorKind::Door => "open and close it",
        SensorKind::Bed | SensorKind::Chair => "sit down and get up",
        SensorKind::Item => "use it",
        SensorKind::Smoke | SensorKind::Gas => "press its test button",
        SensorKind::Leak => "touch its contacts with a wet finger",
        SensorKind::Temperature | SensorKind::Vital => "wait for a value",
        SensorKind::Mains => "switch the mains off and on",
    }
}

const WIDTHS: [usize; 5] = [3, 20, 40, 6, 5];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::listen::testing::{Hearing, addresses, assert_golden, at, home};

    fn walk() -> Hearing<Walk> {
        let home = home();
        let planned = addresses().into_iter().map(|(id, address)| Planned {
            kind: home.sensors[&id].kind,
            room: home.sensors[&id].room.clone(),
            address: DeviceAddress { family: address.family().to_owned(), device: address.device(), port: None },
            checks_in: home.sensors[&id].checks_in,
            id,
        });
        let test = WalkTest::new(at(0), planned.collect());
        Hearing::with(Walk {
            test,
            home,
            language: Language::Chinese,
            config_hash: "3f2a9c1b".to_owned(),
            files: Vec::new(),
            links: BTreeMap::new(),
        })
    }

    fn walked() -> Hearing<Walk> {
        let mut walk = walk();
        walk.hear_kept(at(1), "bath_pir", r#"{"occupancy":true,"battery":64}"#);
        walk.hear(at(2), "hall_pir", r#"{"occupancy":false,"battery":87}"#);
        walk.hear(at(3), "pendant", r#"{"action":"emergency","battery_low":true}"#);
        walk
    }

    #[test]
    fn the_list_shows_what_was_heard_and_what_is_to_be_done_within_80_columns() {
        let walk = walked();
        let picture = walk.view.picture(at(65), Size { columns: 100, rows: 24 }).unwrap();
        assert!(picture.iter().all(|line| columns::width(line) <= 80), "{picture:#?}");
        assert_golden("walk_test.txt", &format!("{}\n", picture.join("\n")));
        for rows in [8, 10] {
            let small = walk.view.picture(at(65), Size { columns: 40, rows }).unwrap();
            assert!(small.len() <= rows && small.iter().all(|line| columns::width(line) <= 40), "{small:#?}");
            assert!(!small.iter().any(|line| line.contains("[x]")), "what is missing comes first: {small:#?}");
        }
    }

    #[test]
    fn a_kept_state_ticks_nothing_off_and_a_step_does_once() {
        let mut walk = walk();
        assert!(walk.hear_kept(at(1), "hall_pir", r#"{"occupancy":true}"#).is_empty());
        assert!(walk.hear(at(2), "hall_pir", r#"{"occupancy":true}"#).is_empty(), "the same state again");
        assert!(walk.hear(at(3), "hall_pir", r#"{"occupancy":false}"#).is_empty());
        let line = walk.hear(at(4), "hall_pir", r#"{"occupancy":true}"#).join("\n");
        assert!(line.contains("ok: hall (门厅), 1 of 4 sensors ticked off"), "{line}");
        assert!(!walk.view.is_over());
        for device in ["bath_pir", "rf_bed"] {
            walk.hear(at(5), device, r#"{"occupancy":true}"#);
        }
        walk.hear(at(6), "pendant", r#"{"action":"single"}"#);
        assert!(walk.view.is_over());
    }

    #[test]
    fn the_record_and_its_page_are_written_where_that_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let mut walk = walked();
        walk.view.files =
            vec![folder.path().join("missing/commissioning.json"), folder.path().join("commissioning.json")];
        let (lines, is_well) = walk.view.finish(at(70)).unwrap();
        assert!(!is_well && lines[0].contains("commissioning.json"), "{lines:?}");
        let record = std::fs::read(folder.path().join("commissioning.json")).unwrap();
        let record: crate::model::commissioning::Record = serde_json::from_slice(&record).unwrap();
        assert_eq!((record.sensors.len(), record.config_hash.as_str()), (4, "3f2a9c1b"));
        assert!(folder.path().join("commissioning.html").exists());
        walk.view.files = vec![folder.path().join("missing/commissioning.json")];
        assert!(walk.view.finish(at(70)).unwrap_err().to_string().contains("--record"));
    }
}
