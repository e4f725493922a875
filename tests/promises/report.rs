//! The report: what the pictures show is what was there, and the page keeps to itself. All homes here are made up.

use super::support::{assert_golden, carecircle, run};
use carecircle::gateway::to_record;
use carecircle::model::alert::Step;
use carecircle::model::ids::SensorId;
use carecircle::model::lifecycle::{Actor, Contact, Deed, Outcome};
use carecircle::model::observation::{Evidence, Measure, Observation, Press};
use carecircle::model::reason::{Reason, Severity};
use carecircle::model::recorded::Recorded;
use carecircle::model::time::{Span, Timestamp, Zone, whole_millis};
use carecircle::picture::{self, Alarm, Caption, Life, Limit, Material, QUARTERS, Shape, Silence, Stretch};
use carecircle::store::{Batch, Store};
use std::path::PathBuf;

#[test]
fn the_activity_picture_of_two_days() {
    let material = two_days();
    let picture = picture::activity(&material, &picture::days(&material), &caption("活动 <b>&", "一行一天"));
    assert_golden("report/activity.svg", &picture);
}

#[test]
fn many_days_have_thin_rows_and_the_liveliest_room_of_a_cell() {
    let mut material = two_days();
    material.from -= Span::days(40);
    let picture = picture::activity(&material, &picture::days(&material), &caption("Activity", "one line a day"));
    assert!(picture.contains("viewBox=\"0 0 808 376\""), "42 thin rows: {}", &picture[..200]);
    assert_eq!(picture.matches("class=\"day\"").count(), 6, "Mondays are named");
    let rectangles = |class: &str| {
        let path = picture.lines().find(|line| line.contains(&format!("class=\"{class}\"")));
        path.map_or(0, |path| path.matches('M').count())
    };
    assert_eq!(rectangles("p1"), 1, "at 07:00 the kitchen was livelier than the bathroom, which was seen at 08:20 too");
}

#[test]
fn the_picture_of_the_limits() {
    assert_golden("report/limits.svg", &picture::limits(&two_days(), &caption("Limits", "a dot for each silence")));
}

#[test]
fn the_strip_of_a_sensor() {
    let whole = Stretch { from: at("2026-11-19T16:00:00Z"), to: at("2026-11-21T16:00:00Z") };
    let heard = Stretch { from: at("2026-11-20T04:00:00Z"), to: at("2026-11-21T10:00:00Z") };
    let silent = [Stretch { from: at("2026-11-20T08:00:00Z"), to: at("2026-11-20T20:00:00Z") }];
    let unwatched = [Stretch { from: at("2026-11-21T02:00:00Z"), to: at("2026-11-21T04:00:00Z") }];
    assert_golden("report/strip.svg", &(picture::strip(whole, Some(heard), &silent, &unwatched, "hall <pir>") + "\n"));
}

#[test]
fn the_report_for_a_terminal() {
    let home = Home::new(&week(7));
    let (zh, _, code) = home.report(&["--days", "14", "--text"], "C.UTF-8");
    assert_eq!(code, 0);
    assert_golden("report/zh.txt", &zh);
    let (en, ..) = home.report(&["--days", "3", "--text", "--language", "en"], "C.UTF-8");
    assert_golden("report/en.txt", &en);
    let (ascii, ..) = home.report(&["--days", "3", "--text"], "C");
    assert!(ascii.is_ascii(), "a terminal without UTF-8 gets plain letters: {ascii}");
    assert!(ascii.contains("Watched") && ascii.contains('?'), "in words that it can show");
}

#[test]
fn no_line_of_the_terminals_version_is_longer_than_80_columns() {
    let home = Home::new(&week(40));
    for language in ["zh", "en"] {
        let (text, ..) = home.report(&["--days", "90", "--text", "--language", language], "C.UTF-8");
        for line in text.lines() {
            assert!(carecircle::cmd::listen::width(line) <= 80, "{line}");
        }
    }
}

#[test]
fn the_page_needs_no_network_and_no_script() {
    let page = Home::new(&week(7)).page(&["--days", "14"]);
    for word in ["http:", "https:", "//", "@import", "src=", "<script", "javascript", "<iframe", "<object"] {
        assert!(!page.contains(word), "{word} in the page");
    }
    let links = page.match_indices("url(").map(|(at, _)| &page[at + 4..at + 5]);
    assert!(links.into_iter().all(|first| first == "#"), "only what lies in the page itself");
    assert_eq!(page.matches("href=").count(), page.matches("href=\"data:,\"").count());
    assert!(page.contains("default-src 'none'"), "and the browser is told so");
}

#[test]
fn what_comes_from_outside_stays_text() {
    let page = Home::new(&week(2)).page(&["--days", "14"]);
    assert!(page.contains("3栋&lt;b&gt;&amp;&quot;501") && !page.contains("<b>"), "the place");
    assert!(page.contains("北屋"), "a room of its own name");
    for name in ["<title>", "<h1>", "<main>", "</html>"] {
        assert!(page.contains(name), "{name}");
    }
}

#[test]
fn every_word_of_the_chinese_page_is_chinese() {
    let page = Home::new(&week(2)).page(&["--days", "14", "--language", "zh"]);
    let heads = page.split("data-head=\"").skip(1).filter_map(|after| after.split('"').next());
    let titles = ["h1", "h2", "dt", "p"].into_iter().flat_map(|tag| {
        let (begin, end) = (format!("<{tag}>"), format!("</{tag}>"));
        page.split(&begin).skip(1).filter_map(|after| after.split(&end).next()).collect::<Vec<_>>()
    });
    for words in heads.chain(titles) {
        assert!(!words.chars().any(|c| c.is_ascii_alphabetic()), "{words}");
    }
}

#[test]
fn ninety_lively_days_are_less_than_a_megabyte() {
    let page = Home::new(&week(90)).page(&["--days", "90"]);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    let activity = page.split("<section id=").find(|part| part.starts_with("\"section-activity")).unwrap();
    assert_eq!(activity.matches("scope=\"row\"").count(), 90, "a line of numbers for each day");
}

#[test]
fn time_in_which_nobody_watched_is_hatched_and_never_called_quiet() {
    let mut rows = week(3);
    rows.push_str("2026-03-04T09:00:00,gateway,fault,DOWN\n2026-03-06T09:00:00,gateway,fault,UP\n");
    rows.push_str("2026-03-06T09:30:00,Kueche,motion,ON\n");
    let home = Home::new(&rows);
    let page = home.page(&["--days", "7", "--language", "en"]);
    assert!(page.contains("the gateway was not running") && page.contains("2 d"));
    assert!(page.contains("class=\"unknown\""), "hatched");
    let (text, ..) = home.report(&["--days", "3", "--text", "--language", "en"], "C.UTF-8");
    let thursday = text.lines().find(|line| line.contains("03-05")).unwrap();
    assert!(thursday.contains(&"░".repeat(48)) && !thursday.contains(" h"), "{thursday}");
}

#[test]
fn a_silence_into_which_an_outage_fell_was_at_least_so_long() {
    let rows = "2026-03-02T08:00:00,Bad,motion,ON\n2026-03-02T10:00:00,gateway,fault,DOWN\n\
                2026-03-02T12:00:00,gateway,fault,UP\n2026-03-02T15:00:00,Bad,motion,ON\n\
                2026-03-02T16:00:00,Bad,motion,ON\n";
    let (text, ..) = Home::new(rows).report(&["--days", "1", "--text", "--language", "en"], "C.UTF-8");
    let hour = |clock: &str| text.lines().find(|line| line.starts_with(clock)).unwrap().to_owned();
    assert!(text.contains("12:00 ≥ 3 h"), "{text}");
    for (clock, length) in [("08:00", "2 h"), ("12:00", "3 h"), ("15:00", "1 h")] {
        assert!(hour(clock).contains(&format!(" 1          {length}")), "{}", hour(clock));
    }
}

#[test]
fn what_a_chattering_sensor_said_was_nobody() {
    let mut rows = "2026-03-02T00:01:00,Bad,motion,ON\n".to_owned();
    for minute in 0..18 * 20 {
        let (hour, minute) = (minute / 20, minute % 20 * 3);
        rows.push_str(&format!("2026-03-02T{hour:02}:{minute:02}:30,Diele,motion,ON\n"));
        if (hour, minute) == (12, 0) {
            rows.push_str("2026-03-02T12:01:00,Bad,motion,ON\n");
        }
    }
    rows.push_str("2026-03-02T23:00:00,Bad,battery,80\n");
    let (text, ..) = Home::new(&rows).report(&["--days", "1", "--text", "--language", "en"], "C.UTF-8");
    let day = text.lines().find(|line| line.contains("03-02 ")).unwrap();
    let row: String = text.lines().filter(|line| line.starts_with("Mon")).map(|line| line[11..].to_owned()).collect();
    assert!(row.starts_with('▁') && row.chars().nth(24) == Some('▁'), "what others saw stays: {day}");
    assert!(row.chars().skip(1).take(23).all(|c| c == '·'), "{day}");
}

#[test]
fn what_became_of_alerts_stands_in_the_report_and_a_drill_is_called_one() {
    let home = Home::new("");
    let store = Store::open(&home.folder.path().join("state"), "history.db", |_| ()).unwrap().store;
    let now = whole_millis(carecircle::clock::now());
    let press = |test| Deed::Raise {
        reason: Reason::CallButton {
            sensor: SensorId::new("pendant").unwrap(),
            room: None,
            press: Press::Sos,
            last_life: None,
        },
        severity: Severity::Emergency,
        test,
        to: Vec::new(),
    };
    let close = Deed::Close { outcome: Outcome::FoundWell, contact: Contact::Seen };
    let steps = [(1, 1, press(false)), (1, 2, close), (2, 1, press(true)), (3, 1, press(false))];
    let records = steps.into_iter().map(|(alert, number, deed)| {
        let step = Step { number, at: now, by: Actor::gateway(), deed, key: None, implied: false };
        to_record(Recorded::Step { alert, step })
    });
    store.submit(Batch { urgent: true, records: records.collect(), ..Batch::default() });
    store.records(None).unwrap();
    let (text, ..) = home.live(&["--text", "--language", "en"]);
    for words in ["person is well (", "still open", "TEST"] {
        assert!(text.contains(words), "{words} in {text}");
    }
    let out = home.folder.path().join("page.html");
    home.live(&["--language", "en", "--out", out.to_str().unwrap()]);
    let page = std::fs::read_to_string(out).unwrap();
    assert!(page.contains("<dd>2 (tests or drills besides 1)</dd>"));
    assert_eq!(page.matches("class=\"mark emergency\"><").count(), 0, "marks have words");
    assert_eq!(page.matches("class=\"mark emergency\"").count(), 2 + 2, "two on the picture, two in legends");
}

#[test]
fn the_database_of_a_running_daemon_is_read_and_not_changed() {
    let home = Home::new("");
    let state = home.folder.path().join("state");
    let store = Store::open(&state, "history.db", |_| ()).unwrap().store;
    let now = whole_millis(carecircle::clock::now());
    let mut records = vec![to_record(Recorded::Started { at: now - Span::days(2), blind_since: None })];
    for hour in (0..48).rev() {
        let at = now - Span::hours(hour);
        let sensor = SensorId::new("kitchen").unwrap();
        let (measure, evidence) = (Measure::Motion(true), Evidence::Event);
        records.push(to_record(Recorded::Observed(Observation { at, sensor, measure, evidence, copy: false })));
    }
    store.submit(Batch { urgent: true, records, ..Batch::default() });
    let before = store.records(None).unwrap();
    let (text, errors, code) = home.live(&["--text", "--language", "en"]);
    assert_eq!(code, 0, "{errors}");
    assert!(text.contains("kitchen") && text.contains("no records"), "{text}");
    let page = home.folder.path().join("out.html");
    let (said, _, code) = home.live(&["--out", page.to_str().unwrap()]);
    assert_eq!((code, said.trim()), (0, page.to_str().unwrap()), "it says where the page is");
    assert!(std::fs::read_to_string(&page).unwrap().contains("<svg"));
    assert_eq!(store.records(None).unwrap(), before);
}

#[test]
fn what_cannot_be_read_says_what_to_do() {
    let home = Home::new("");
    let (_, errors, code) = home.live(&["--text"]);
    assert!(code == 1 && errors.contains("history.db"), "{errors}");
    let (_, errors, code) = home.live(&["--days", "0"]);
    assert!(code == 2 && errors.contains("1..=366"), "{errors}");
    let (_, errors, code) = home.report(&["--text"], "C");
    assert!(code == 1 && errors.contains("it has no rows"), "{errors}");
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn caption(title: &str, description: &str) -> Caption {
    let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    Caption { title: title.into(), description: description.into(), weekdays, hours: "h" }
}

/// Friday with a silence too long, Saturday until six in the evening with an outage; Shanghai.
fn two_days() -> Material {
    let life = |text: &str, place| Life { at: at(text), place };
    let silence =
        |from: &str, hours, place, is_whole| Silence { from: at(from), length: Span::hours(hours), place, is_whole };
    let shape = Shape::Urgent;
    let after = (0..QUARTERS).map(|quarter| (quarter != 40).then(|| Span::hours(if quarter < 48 { 6 } else { 10 })));
    Material {
        zone: Zone::named("Asia/Shanghai").unwrap(),
        from: at("2026-11-19T16:00:00Z"),
        until: at("2026-11-21T10:00:00Z"),
        places: vec!["kitchen".into(), "bathroom".into()],
        life: vec![
            life("2026-11-19T23:00:00Z", 0),
            life("2026-11-19T23:05:00Z", 0),
            life("2026-11-19T23:07:00Z", 1),
            life("2026-11-19T23:10:00Z", 0),
            life("2026-11-20T00:20:00Z", 1),
            life("2026-11-20T08:40:00Z", 0),
            life("2026-11-21T01:00:00Z", 0),
        ],
        silences: vec![
            silence("2026-11-19T23:10:00Z", 1, Some(0), true),
            silence("2026-11-20T00:20:00Z", 8, Some(1), true),
            silence("2026-11-21T01:00:00Z", 3, None, false),
        ],
        limits: vec![Limit { name: "fixed".into(), after: after.collect() }],
        alarms: vec![Alarm {
            at: at("2026-11-20T06:20:00Z"),
            quiet_since: Some(at("2026-11-20T00:20:00Z")),
            shape,
            words: "no activity <6 h".into(),
        }],
        unwatched: vec![Stretch { from: at("2026-11-21T04:00:00Z"), to: at("2026-11-21T07:00:00Z") }],
        suspended: vec![Stretch { from: at("2026-11-21T07:00:00Z"), to: at("2026-11-21T08:00:00Z") }],
    }
}

/// So many days from 1 March on of somebody who is up from seven to eleven, with one silence of eleven hours on the fourth.
fn week(days: i64) -> String {
    let first = at("2026-03-01T00:00:00Z");
    let mut rows = String::new();
    for day in 0..days {
        for quarter in 28..92 {
            if day == 3 && (36..80).contains(&quarter) {
                continue;
            }
            let moment = first + Span::days(day) + Span::minutes(quarter * 15 + (day * 7 + quarter) % 15);
            let sensor = ["Kueche", "Bad", "北屋"][((day + quarter / 3) % 3) as usize];
            rows.push_str(&format!("{},{sensor},motion,ON\n", moment.format("%Y-%m-%dT%H:%M:%S")));
        }
    }
    rows
}

struct Home {
    folder: tempfile::TempDir,
    config: PathBuf,
    history: PathBuf,
}

impl Home {
    fn new(rows: &str) -> Home {
        let folder = tempfile::tempdir().unwrap();
        let (config, history) = (folder.path().join("gateway.toml"), folder.path().join("home.csv"));
        let state = folder.path().join("state");
        let text = CONFIG.replace("{state}", state.to_str().unwrap());
        std::fs::write(&config, text).unwrap();
        std::fs::write(&history, format!("time,sensor,kind,value\n{rows}")).unwrap();
        Home { folder, config, history }
    }

    /// Over the recorded file, with this locale.
    fn report(&self, more: &[&str], locale: &str) -> (String, String, i32) {
        let mut command = carecircle(&["report", "--config", self.config.to_str().unwrap()]);
        command.args(["--history", self.history.to_str().unwrap()]).args(more);
        let output = command.env("LC_ALL", locale).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr), output.status.code().unwrap_or(-1))
    }

    fn page(&self, more: &[&str]) -> String {
        let out = self.folder.path().join("page.html");
        let mut arguments = more.to_vec();
        arguments.extend(["--out", out.to_str().unwrap()]);
        let (_, errors, code) = self.report(&arguments, "C.UTF-8");
        assert_eq!(code, 0, "{errors}");
        std::fs::read_to_string(out).unwrap()
    }

    /// Over the database in the state directory.
    fn live(&self, more: &[&str]) -> (String, String, i32) {
        let mut arguments = vec!["report", "--config", self.config.to_str().unwrap()];
        arguments.extend(more);
        run(&arguments, "")
    }
}

const CONFIG: &str = r#"
[home]
id = "made-up"
place = "3栋<b>&\"501"
time_zone = "UTC"

[gateway]
state_dir = "{state}"

[mqtt]
broker = "mqtt://127.0.0.1:1"

[[sensor]]
id = "kitchen"
room = "kitchen"
kind = "motion"
zigbee2mqtt = "kitchen"

[[circle.point]]
id = "lehe"
name = "乐合社区服务站"
travel = "6m"
channels = ["lehe"]

[[channel]]
name = "lehe"
station_mqtt = { broker = "mqtt://127.0.0.1:1" }
"#;
