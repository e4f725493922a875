//! `carecircle status`: the running gateway in about ten lines and one for each sensor, read from the file it writes every ten seconds.

use crate::clock;
use crate::cmd::listen::{NEVER_CHECKS_IN, cut, folded, row};
use crate::config;
use crate::model::answer::Questions;
use crate::model::observation::Availability;
use crate::model::reason::{Stuck, Within};
use crate::model::status::{
    CertificateStatus, Condition, DirectoryStatus, LinkStatus, STATUS_FILE, SensorStatus, Status,
};
use crate::model::suspension::{Absence, Suspension};
use crate::model::time::{Span, Timestamp};
use crate::mqtt::Floor;
use crate::problem::Problem;
use crate::text::{self, Language, counted};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod ways;

/// Arguments of `carecircle status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The gateway's configuration, for a gateway with a run directory of its own
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The directory the gateway writes its status to, in place of a configuration
    #[arg(long, value_name = "DIR", default_value = USUAL_RUN_DIR, conflicts_with = "config")]
    run_dir: PathBuf,
    /// The status as JSON, with `running` added
    #[arg(long)]
    json: bool,
}

/// Runs the command.
#[allow(clippy::print_stderr)] // a command speaks to a person
pub fn run(args: Args) -> ExitCode {
    let now = clock::now();
    let run_dir = match &args.config {
        None => args.run_dir,
        Some(config) => match config::load_gateway(config) {
            (Some(config), _) => config.run_dir,
            (None, problems) => {
                super::warn(&problems);
                eprintln!("the gateway itself can still be asked: carecircle status --run-dir /run/carecircle");
                return ExitCode::from(super::EXIT_CONFIGURATION);
            }
        },
    };
    let status = match read(&run_dir.join(STATUS_FILE)) {
        Ok(status) => status,
        Err(problem) => {
            super::warn(&[problem]);
            return ExitCode::FAILURE;
        }
    };
    let is_running = is_fresh(now, &status) && has_process(status.pid);
    let shown = if args.json { json(&status, is_running) } else { lines(now, &status, is_running).join("\n") };
    // Whoever does not read on has seen enough.
    writeln!(std::io::stdout().lock(), "{shown}").ok();
    if is_running { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read(path: &Path) -> Result<Status, Problem> {
    let place = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| {
        let is_usual = path.starts_with(USUAL_RUN_DIR) && !Path::new(super::DEFAULT_CONFIG).exists();
        if error.kind() == std::io::ErrorKind::NotFound && is_usual {
            return Problem::of(super::DEFAULT_CONFIG, "nothing is set up here yet, so nobody is watched")
                .with_deed("set it up: sudo carecircle init; a gateway elsewhere is asked with --run-dir");
        }
        if error.kind() == std::io::ErrorKind::NotFound {
            return Problem::of(place.clone(), "the gateway is not running: it has left no status here")
                .with_deed(format!("{START}; {WHY}"));
        }
        let what = if error.kind() == std::io::ErrorKind::PermissionDenied {
            "permission denied".to_owned()
        } else {
            error.to_string()
        };
        Problem::of(place.clone(), what).with_deed("ask as root or as the user carecircle")
    })?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Problem::of(place, format!("this is no status of this version: {error}"))
            .with_deed("after an upgrade restart the gateway: systemctl restart carecircle-gateway")
    })
}

/// A gateway writes every ten seconds; three missed ones mean that it has ended or hangs.
fn is_fresh(now: Timestamp, status: &Status) -> bool {
    (now - status.at).abs() <= SILENCE_MAX
}

/// Whether the process may still be there: where others' processes are hidden, nobody can say that it is gone.
fn has_process(pid: u32) -> bool {
    !Path::new("/proc/1").exists() || Path::new("/proc").join(pid.to_string()).exists()
}

fn json(status: &Status, is_running: bool) -> String {
    let mut value = serde_json::to_value(status).expect("a status holds only text keys and finite numbers");
    value["running"] = is_running.into();
    format!("{value:#}")
}

/// The status for a terminal of 80 columns.
fn lines(now: Timestamp, status: &Status, is_running: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let age = ago(now, status.at);
    if is_running {
        lines.extend(ways::nobody_is_reached(status));
        let since = span(status.at - status.started_at);
        lines.push(format!("running     home {}, for {since} (process {}, told {age})", status.home, status.pid));
    } else {
        lines.push(format!("NOT RUNNING last heard of home {}: {age}; all below is old", status.home));
        lines.extend([START, WHY].map(|line| format!("            {line}")));
    }
    lines.push(format!("program     carecircle {}, configuration {}", status.version, status.config_hash));
    if let Some(fault) = &status.config_fault {
        lines.push(format!("            AN OLDER CONFIGURATION IS IN FORCE: {}", first_line(fault)));
    }
    let store = match (&status.store_fault, &status.store_fleeting) {
        (Some(fault), _) => format!("FAILS: {}", first_line(fault)),
        (None, Some(fleeting)) => format!("works, BUT {fleeting}"),
        (None, None) => "works".to_owned(),
    };
    let clock = if status.clock_trusted { "trusted" } else { "NOT TRUSTED, night hours may be wrong" };
    lines.push(format!("storage     {store}; clock {clock}"));
    lines.push(format!("life        {}", life(now, status)));
    lines.extend(suspended(now, status));
    lines.push(format!("alerts      {} open", status.open_alerts.len()));
    for alert in &status.open_alerts {
        let test = if alert.test { "TEST " } else { "" };
        let headline = text::headline(Language::English, &alert.reason);
        let severity = text::severity(Language::English, alert.severity);
        let phase = text::phase(Language::English, alert.phase);
        let raised = ago(now, alert.id.raised_at);
        lines.push(format!("            {test}{} {headline} ({severity}, {phase}), {raised}", alert.id.number));
    }
    lines.extend(questions(&status.questions));
    lines.push(match status.outbox.oldest_secs {
        Some(oldest) => format!(
            "unanswered  {} without a receipt, the oldest for {}",
            counted(status.outbox.waiting, "notice"),
            span(seconds(oldest))
        ),
        None => "unanswered  none: every notice has its receipt".to_owned(),
    });
    lines.extend(status.certificate.as_ref().map(|certificate| certificate_in_words(now, certificate)));
    if let Some(directory) = &status.directory {
        lines.push(points(now, directory));
    }
    lines.extend(ways::lines(now, status));
    lines.extend(ways::test_line(now, status));
    for (number, link) in status.links.iter().enumerate() {
        let title = if number == 0 { "links" } else { "" };
        let line = format!("{title:11} {}", link_line(now, link));
        lines.extend(line.lines().map(str::to_owned));
    }
    // Faults, reasons and names from outside may be of any length.
    let mut lines: Vec<String> = lines.iter().flat_map(|line| folded(line, TITLES)).collect();
    lines.extend(sensor_lines(now, status));
    lines
}

/// A table of the sensors; what is wrong with one stands below its row.
fn sensor_lines(now: Timestamp, status: &Status) -> Vec<String> {
    if status.sensors.is_empty() {
        return vec!["sensors     none".to_owned()];
    }
    let titles = row(["name", "room", "heard", "limit", "event", "battery", "signal"], WIDTHS);
    let mut lines = vec![format!("sensors     {titles}")];
    for sensor in &status.sensors {
        lines.push(format!("            {}", sensor_line(now, sensor)));
        lines.extend(remarks(now, status, sensor).iter().map(|remark| format!("              {}", cut(remark, 66))));
    }
    lines
}

/// How often the person was asked first; nothing where nobody was.
fn questions(questions: &Questions) -> Option<String> {
    let Questions { awaited, answered, unanswered } = questions;
    let waits = if *awaited > 0 { ", ONE IS BEING ASKED NOW" } else { "" };
    let line = format!("asked first {answered} answered at home in 7 days, {unanswered} not{waits}");
    (!questions.are_none()).then_some(line)
}

fn life(now: Timestamp, status: &Status) -> String {
    let sign = match &status.last_life {
        None => "no sign of life is known".to_owned(),
        Some(sign) => format!("last sign {}, {}", ago(now, sign.at), sign.sensor),
    };
    if status.blind { format!("NOT OBSERVED NOW: nothing that shows life can be heard; {sign}") } else { sign }
}

/// The suspensions, with the number that ends each: `carecircle suspend --end 2 …`.
fn suspended(now: Timestamp, status: &Status) -> Vec<String> {
    let line = |suspension: &Suspension| {
        let kind = text::absence(Language::English, suspension.kind);
        let when = match now < suspension.from {
            true => {
                format!("from {} on, for {}", ahead(now, suspension.from), span(suspension.until - suspension.from))
            }
            false if now >= suspension.until => "its end is over".to_owned(),
            false => format!("ends {}", ahead(now, suspension.until)),
        };
        let why = if suspension.why.is_empty() { String::new() } else { format!(": {}", suspension.why) };
        format!("{} {kind}, {when} ({}{why})", suspension.kind.number(), suspension.owner)
    };
    let all = status.suspended.iter().map(line);
    let has_animal = status.suspended.iter().any(|other| other.kind == Absence::Pet && now >= other.from);
    let warning = has_animal.then(|| "movement may be the animal's: a quiet home is hardly ever found so".to_owned());
    let lines = all.chain(warning).enumerate();
    lines.map(|(number, line)| format!("{:11} {line}", if number == 0 { "SUSPENDED" } else { "" })).collect()
}

fn ahead(now: Timestamp, at: Timestamp) -> String {
    format!("in {}", span(at - now))
}

fn link_line(now: Timestamp, link: &LinkStatus) -> String {
    let since = link.since.map_or(String::new(), |since| format!(" for {}", span(now - since)));
    let name = text::link_name(&link.name);
    let refused = if link.refused > 0 { format!(", FLOODS: {} left out", link.refused) } else { String::new() };
    match link.up {
        Some(true) if link.why.is_empty() => format!("{name:14} up{since}{refused}"),
        Some(true) => format!("{name:14} up{since}{refused}\n            {}", link.why),
        Some(false) => format!("{name:14} DOWN{since}{refused}\n            {}", link.why),
        None => format!("{name:14} not known yet"),
    }
}

fn sensor_line(now: Timestamp, sensor: &SensorStatus) -> String {
    let since =
        |at: Option<Timestamp>| at.map_or("never".to_owned(), |at| if at > now { "?".into() } else { span(now - at) });
    let heard = if sensor.heard_at.is_none() { "NEVER".to_owned() } else { since(sensor.heard_at) };
    let limit = sensor.silent_after_secs.map_or("-".to_owned(), |secs| span(seconds(secs)));
    let battery = match (sensor.battery_low, sensor.battery_percent, sensor.supply_volts) {
        (_, Some(percent), _) => format!("{percent:.0} %"),
        (_, None, Some(volts)) => format!("{volts:.2} V"),
        (Some(true), None, None) => "LOW".to_owned(),
        (Some(false), None, None) => "ok".to_owned(),
        (None, None, None) => "-".to_owned(),
    };
    let signal = sensor.signal_percent.map_or("-".to_owned(), |percent| format!("{percent:.0} %"));
    let room = sensor.room.as_ref().map_or("-", |room| room.as_str());
    row([sensor.id.as_str(), room, &heard, &limit, &since(sensor.event_at), &battery, &signal], WIDTHS)
}

/// What is wrong with a sensor, or cannot be told about it.
fn remarks(now: Timestamp, status: &Status, sensor: &SensorStatus) -> Vec<String> {
    let mut remarks = Vec::new();
    for alert in status.open_alerts.iter().filter(|alert| alert.reason.subject() == Some(&sensor.id)) {
        let headline = text::headline(Language::English, &alert.reason);
        remarks.push(format!("ALERT {}: {headline}, {}", alert.id.number, ago(now, alert.id.raised_at)));
    }
    if sensor.battery_low == Some(true) {
        remarks.push("BATTERY LOW: it says so itself".to_owned());
    }
    remarks.extend(sensor.condition.and_then(condition).map(str::to_owned));
    match sensor.availability {
        Some(Availability::Offline) => {
            let since =
                sensor.offline_since.map_or(String::new(), |at| format!(" for {}", span((now - at).max(Span::zero()))));
            remarks.push(format!("offline{since}, says its bridge; a sleeping device may be fine"));
        }
        Some(Availability::Removed) => remarks.push("REMOVED or renamed at its bridge".to_owned()),
        Some(Availability::Online) | None => {}
    }
    if sensor.refused > 0 {
        remarks.push(format!("FLOODS: {} left out", counted(sensor.refused, "message")));
    }
    if !sensor.checks_in {
        remarks.push(NEVER_CHECKS_IN.to_owned());
    }
    remarks
}

/// What cannot be believed of it.
fn condition(condition: Condition) -> Option<&'static str> {
    match condition {
        // What its radio cannot tell stands there in any case; a lost link is told as such.
        Condition::Alive | Condition::CutOff | Condition::CannotTell => None,
        Condition::Silent => Some("SILENT for longer than its limit"),
        Condition::Stuck(Stuck::On) => Some("STUCK: sees somebody without an end"),
        Condition::Stuck(Stuck::Off) => Some("STUCK: sees nobody, though others do"),
        Condition::Stuck(Stuck::Chatters) => Some("CHATTERS without a pause"),
        Condition::Stuck(Stuck::Unknown) => Some("does not say what it is there for"),
    }
}

/// Until when the certificate is good that ends first, by what was looked at within the hour.
fn certificate_in_words(now: Timestamp, certificate: &CertificateStatus) -> String {
    let CertificateStatus { file, until } = certificate;
    let (now, day) = (Floor::at(now), until.date_naive());
    match Within::of(now, *until) {
        None => format!("certificate {file} good until {day}"),
        Some(Within::Ended) => format!("certificate {file} HAS ENDED on {day}: it is believed no longer"),
        Some(Within::Days60 | Within::Days30 | Within::Days7) => {
            let days = counted(usize::try_from((*until - now).num_days()).unwrap_or(0), "more day");
            format!("certificate {file} ENDS on {day}, {days}: carecircle renew")
        }
    }
}

/// Which list of service points is asked.
fn points(now: Timestamp, directory: &DirectoryStatus) -> String {
    let in_force = match directory.version.and_then(|secs| chrono::DateTime::from_timestamp(secs.try_into().ok()?, 0)) {
        Some(made_at) => format!("version of {}", ago(now, made_at)),
        None => "none yet: those of the configuration are asked".to_owned(),
    };
    let refused = directory.refused.as_ref().map(|why| format!("; REFUSED: {}", first_line(why)));
    format!("points      from {}, {in_force}{}", directory.from, refused.unwrap_or_default())
}

fn seconds(secs: u64) -> Span {
    Span::seconds(i64::try_from(secs).unwrap_or(i64::MAX).min(i64::MAX / 1000))
}

fn ago(now: Timestamp, at: Timestamp) -> String {
    if at > now { "in the future (the clock was set)".to_owned() } else { format!("{} ago", span(now - at)) }
}

/// One unit is enough for a glance.
fn span(span: Span) -> String {
    match span.num_seconds().max(0) {
        secs @ ..120 => format!("{secs} s"),
        secs @ 120..7_200 => format!("{} min", secs / 60),
        secs @ 7_200..172_800 => format!("{} h", secs / 3_600),
        secs => format!("{} days", secs / 86_400),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

const USUAL_RUN_DIR: &str = "/run/carecircle";
const TITLES: usize = 12;
/// Behind the twelve columns of the titles.
const WIDTHS: [usize; 7] = [16, 9, 7, 7, 7, 7, 6];
const SILENCE_MAX: Span = Span::seconds(30);
pub(super) const START: &str = "start it: systemctl start carecircle-gateway";
pub(super) const WHY: &str = "why it ended: journalctl -eu carecircle-gateway";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::listen::testing::assert_golden;
    use crate::model::time::from_millis;

    pub(super) const STATUS: &str = r#"{"at_ms":1700000000000,"started_at_ms":1699990000000,"pid":812,"version":"0.1.0",
        "home":"ky-0412","config_hash":"3f2a9c1b","clock_trusted":true,"blind":false,
        "last_life":{"at":"2023-11-14T22:01:20Z","sensor":"hall","room":"hall"},
        "sensors":[{"id":"hall","room":"hall","kind":"motion","heard_at_ms":1699999990000,
            "event_at_ms":1699999280000,"battery_percent":87.0},{"id":"pendant","kind":"call_button"}],
        "links":[{"name":"mqtt","up":true,"since_ms":1699996400000},
            {"name":"lehe","up":false,"since_ms":1699999760000,"why":"connection refused at 10.0.0.2:8883"}],
        "open_alerts":[{"id":{"number":7,"raised_at_ms":1699999820000},
            "reason":{"rule":"call_button","sensor":"pendant","press":"single"},
            "severity":"emergency","phase":"received"}],
        "outbox":{"waiting":3,"oldest_secs":240}}"#;

    pub(super) fn after(secs: i64) -> Timestamp {
        from_millis(1_700_000_000_000) + Span::seconds(secs)
    }

    #[test]
    fn a_running_gateway_is_shown_within_80_columns() {
        let status: Status = serde_json::from_str(STATUS).unwrap();
        let lines = lines(after(4), &status, true);
        let shown = lines.join("\n");
        assert!(lines[0].starts_with("running") && lines[0].contains("told 4 s ago"), "{shown}");
        for words in ["lehe           DOWN for 4 min", "NEVER", "3 notices without a receipt", "87 %"] {
            assert!(shown.contains(words), "{words}:\n{shown}");
        }
        assert!(lines.iter().all(|line| crate::cmd::listen::width(line) <= 80), "{shown}");
        assert!(lines.len() <= 13, "{shown}");
        assert_golden("status.txt", &format!("{shown}\n"));
    }

    #[test]
    fn how_often_the_person_was_asked_first_is_told_where_they_were() {
        let mut status: Status = serde_json::from_str(STATUS).unwrap();
        let asked = |status: &Status| lines(after(4), status, true).into_iter().find(|line| line.starts_with("asked"));
        assert_eq!(asked(&status), None);
        status.questions = Questions { awaited: 0, answered: 4, unanswered: 1 };
        assert_eq!(asked(&status).as_deref(), Some("asked first 4 answered at home in 7 days, 1 not"));
        assert!(json(&status, true).contains("\"answered\": 4"));
    }

    #[test]
    fn what_is_wrong_with_a_sensor_stands_below_its_row() {
        let sensors = r#"[
            {"id":"hall","room":"门厅","kind":"motion","heard_at_ms":1699999990000,"event_at_ms":1699999280000,
             "battery_percent":12.0,"battery_low":true,"signal_percent":61.4,"silent_after_secs":90000,"availability":"online"},
            {"id":"front","room":"hall","kind":"outer_door","heard_at_ms":1699900000000,"supply_volts":2.9,
             "silent_after_secs":7200,"availability":"offline","condition":"silent"},
            {"id":"rf_bedroom_window","room":"bedroom","kind":"door","checks_in":false,"refused":1},
            {"id":"gone","kind":"leak","battery_low":false,"availability":"removed"}]"#;
        let mut value: serde_json::Value = serde_json::from_str(STATUS).unwrap();
        value["sensors"] = serde_json::from_str(sensors).unwrap();
        value["open_alerts"] = serde_json::from_str(
            r#"[{"id":{"number":9,"raised_at_ms":1699996400000},"severity":"fault","phase":"received",
                "reason":{"rule":"low_battery","sensor":"hall","room":"hall","percent":12.0,"limit_percent":15.0}}]"#,
        )
        .unwrap();
        let status: Status = serde_json::from_value(value).unwrap();
        let lines = sensor_lines(after(4), &status);
        assert!(lines.iter().all(|line| crate::cmd::listen::width(line) <= 80), "{lines:#?}");
        assert_golden("status_sensors.txt", &format!("{}\n", lines.join("\n")));
    }

    #[test]
    fn a_gateway_that_has_fallen_silent_is_not_called_running() {
        let status: Status = serde_json::from_str(STATUS).unwrap();
        for secs in [31, -31] {
            assert!(!is_fresh(after(secs), &status));
            let shown = lines(after(secs), &status, false).join("\n");
            assert!(shown.starts_with("NOT RUNNING") && shown.contains("systemctl start"), "{shown}");
            assert!(shown.lines().all(|line| crate::cmd::listen::width(line) <= 80), "{shown}");
            assert!(json(&status, false).contains("\"running\": false"));
        }
        assert!(is_fresh(after(30), &status));
        assert!(has_process(std::process::id()) && !has_process(u32::MAX), "a process that has ended is seen at once");
    }

    #[test]
    fn whatever_a_fault_says_stays_within_80_columns() {
        let mut status: Status = serde_json::from_str(STATUS).unwrap();
        status.config_fault = Some(format!("gateway.toml:12:3: {}", "a long tale ".repeat(12)));
        status.store_fault = Some("数据库不能写入，磁盘已满。".repeat(6));
        status.links[1].why = "the broker answers, but not to this user ".repeat(4);
        status.blind = true;
        for is_running in [true, false] {
            let lines = lines(after(4), &status, is_running);
            assert!(lines.iter().all(|line| crate::cmd::listen::width(line) <= 80), "{lines:#?}");
            assert!(lines.iter().any(|line| line.starts_with("            ") && line.contains("tale")), "{lines:#?}");
        }
    }

    #[test]
    fn a_missing_status_says_how_to_start() {
        let folder = tempfile::tempdir().unwrap();
        let words = read(&folder.path().join(STATUS_FILE)).unwrap_err().to_string();
        assert!(words.contains("not running") && words.contains("systemctl start carecircle-gateway"), "{words}");
        std::fs::write(folder.path().join(STATUS_FILE), "{}").unwrap();
        assert!(read(&folder.path().join(STATUS_FILE)).unwrap_err().to_string().contains("restart the gateway"));
    }
}
