//! Recorded history through the same engine: the contract that evaluators rely on. All histories here are made up.

mod made_up;
mod session;
mod verify;

use super::support::run;
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;

const NINE_HOURS: &str = r#"rules.inactivity.windows=[{ from = "00:00", to = "24:00", at_most = "9h" }]"#;

#[test]
fn a_silence_is_found_at_its_limit_and_ends_with_the_next_sign_of_life() {
    let day =
        "2026-03-01T07:00:00,Hall,motion,ON\n2026-03-01T07:00:30,Hall,motion,OFF\n2026-03-01T18:30:00,Bath,motion,ON\n";
    let lines = Files::new(day).replay(&["--set", NINE_HOURS]);
    let alert = &lines[0];
    assert_eq!(
        (&alert["type"], &alert["rule"], &alert["class"]),
        (&"alert".into(), &"inactivity".into(), &"person".into())
    );
    assert_eq!((&alert["t"], &alert["ended"]), (&"2026-03-01T16:00:00".into(), &"2026-03-01T18:30:00".into()));
    assert!(alert["explain"].as_str().is_some_and(|words| words.contains("9 h") && words.contains("Hall")));
    assert_eq!(lines.last().unwrap()["type"], "summary");
}

#[test]
fn what_a_recording_switches_is_used_and_what_it_only_reports_is_not() {
    let used = "2026-03-01T07:00:00,Hall,motion,ON\n2026-03-01T12:00:00,Lamp,light,ON\n";
    let reported = "2026-03-01T13:00:00,Meter,item,12.5\n2026-03-01T13:30:00,Meter,item,1\n2026-03-01T14:00:00,Lamp,light,ON\n\
                    2026-03-01T14:30:00,Mat,bed,OFF\n2026-03-01T23:00:00,Hall,battery,80\n";
    let alerts = Files::new(&format!("{used}{reported}")).alerts(&["--set", NINE_HOURS]);
    assert_eq!(alerts, [("2026-03-01T21:00:00".to_owned(), "inactivity".to_owned())], "nine hours after the lamp");
    let mat = "2026-03-01T15:00:00,Mat,bed,ON\n";
    let alerts =
        Files::new(&format!("{used}{mat}2026-03-01T23:00:00,Hall,battery,80\n")).alerts(&["--set", NINE_HOURS]);
    assert_eq!(alerts, [], "somebody lay down");
}

#[test]
fn a_question_before_a_limit_is_told_apart_from_alerts_and_counted() {
    let day =
        "2026-03-01T07:00:00,Hall,motion,ON\n2026-03-01T14:00:00,Bath,motion,ON\n2026-03-02T00:00:00,Bath,battery,80\n";
    let files = Files::new(day);
    let asked = &["--set", NINE_HOURS, "--set", r#"rules.check.at={ inactivity = "70%" }"#];
    let lines = files.replay(asked);
    let what = |line: &Value| {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        (text("type"), text("t"), text("answer"), text("ended"))
    };
    let told = |what: &str, t: &str, answer: &str, ended: &str| {
        (what.to_owned(), format!("2026-03-01T{t}:00"), answer.to_owned(), ended.to_owned())
    };
    // Nine hours after seven and after two: 13:18, and 20:18 with the alert at 23:00.
    assert_eq!(what(&lines[0]), told("check", "13:18", "answered", "2026-03-01T14:00:00"));
    assert_eq!(what(&lines[1]), told("check", "20:18", "alert", "2026-03-01T23:00:00"));
    assert_eq!(what(&lines[2]), told("alert", "23:00", "", ""));
    assert_eq!(lines[0]["rule"], "inactivity");
    let summary = lines.last().unwrap();
    assert_eq!([&summary["alerts"], &summary["asked"], &summary["answered"]], [1, 2, 1]);
    assert_eq!(files.alerts(asked), files.alerts(&["--set", NINE_HOURS]), "a question changes no alert");
}

#[test]
fn who_answers_at_home_before_anybody_is_told_is_no_alert_but_counted() {
    let day =
        "2026-03-01T07:00:00,Hall,motion,ON\n2026-03-01T16:03:00,Bath,motion,ON\n2026-03-02T02:00:00,Bath,battery,80\n";
    let lines = Files::new(day).replay(&["--set", NINE_HOURS, "--set", r#"rules.ask_first={ inactivity = "5m" }"#]);
    let what: Vec<_> = lines.iter().map(|line| (&line["type"], &line["t"], &line["answer"])).collect();
    assert_eq!(what[0], (&"check".into(), &"2026-03-01T16:00:00".into(), &"answered".into()));
    assert_eq!(what[1], (&"check".into(), &"2026-03-02T01:03:00".into(), &"alert".into()));
    assert_eq!((what[2].0, what[2].1), (&"alert".into(), &"2026-03-02T01:08:00".into()), "told when nobody answered");
}

#[test]
fn no_rule_counts_the_time_in_which_the_daemon_was_down() {
    let day = "2026-03-01T07:00:00,Hall,motion,ON\n2026-03-01T08:00:00,gateway,fault,DOWN\n\
               2026-03-03T08:00:00,gateway,fault,UP\n2026-03-03T16:59:00,Hall,motion,ON\n2026-03-03T20:00:00,Hall,motion,ON\n";
    let alerts = Files::new(day).alerts(&["--set", NINE_HOURS]);
    assert_eq!(alerts, [("2026-03-03T08:00:00".to_owned(), "not_observed".to_owned())], "told, but no person alert");
}

#[test]
fn a_clock_that_was_set_moves_what_is_remembered_along() {
    let day = "2026-03-01T07:00:00,Hall,motion,ON\n2026-03-01T12:00:00,gateway,fault,CLOCK 7200\n2026-03-01T19:00:00,Hall,battery,80\n";
    let alerts = Files::new(day).alerts(&["--set", NINE_HOURS]);
    assert_eq!(
        alerts,
        [("2026-03-01T18:00:00".to_owned(), "inactivity".to_owned())],
        "nine hours of truth, eleven on the wall"
    );
}

#[test]
fn a_probe_equals_a_history_that_really_ends_there_and_probes_disturb_nothing() {
    let files = Files::new(&made_up_week());
    let probes = files.write("probes.txt", b"2026-03-03T10:00:00\n2026-03-05T23:30:00\n2026-03-03T10:00:00\n");
    let with = files.replay(&["--set", NINE_HOURS, "--probes", probes.to_str().unwrap()]);
    let without = files.replay(&["--set", NINE_HOURS]);
    let alerts = |lines: &[Value]| lines.iter().filter(|line| line["type"] == "alert").cloned().collect::<Vec<_>>();
    assert_eq!(alerts(&with), alerts(&without));
    let answers: Vec<&Value> = with.iter().filter(|line| line["type"] == "probe").collect();
    assert_eq!(answers.len(), 3, "one answer a line, repeated lines too");
    for answer in answers {
        let from = answer["silent_from"].as_str().unwrap();
        let until =
            made_up_week().lines().filter(|line| *line < from).map(|line| format!("{line}\n")).collect::<String>();
        let cut = Files::new(&format!("{until}2026-03-08T00:00:00,gateway,battery,100\n"));
        let found = cut.alerts(&["--set", NINE_HOURS]).into_iter().rfind(|(_, rule)| rule == "inactivity");
        assert_eq!(answer["alert_at"].as_str().map(str::to_owned), found.map(|(at, _)| at), "silent from {from}");
    }
}

#[test]
fn what_comes_out_up_to_an_instant_depends_on_nothing_after_it() {
    let week = made_up_week();
    let whole = Files::new(&week).alerts(&["--set", NINE_HOURS]);
    let cut: String = week.lines().take(week.lines().count() / 2).map(|line| format!("{line}\n")).collect();
    let last = cut.lines().last().unwrap()[..19].to_owned();
    let part = Files::new(&cut).alerts(&["--set", NINE_HOURS]);
    let before: Vec<_> = whole.into_iter().filter(|(at, _)| *at < last).collect();
    assert_eq!(part.into_iter().filter(|(at, _)| *at < last).collect::<Vec<_>>(), before);
}

#[test]
fn from_until_zone_and_a_mistyped_setting() {
    let files = Files::new(&made_up_week());
    let later = files.alerts(&["--set", NINE_HOURS, "--from", "2026-03-05"]);
    assert!(later.iter().all(|(at, _)| at.as_str() >= "2026-03-05"));
    assert!(files.alerts(&["--set", NINE_HOURS, "--until", "2026-03-01T12:00:00"]).is_empty());
    let history = files.history.to_str().unwrap();
    let (_, errors, code) = run(&["replay", "--history", history, "--set", "rules.inactvity.windows=[]"], "");
    assert_eq!((code, errors.contains("inactvity")), (78, true), "as with a home's own database: {errors}");
    let far = "rules.rhythm.target_false_alerts_per_30_days=40";
    let (_, errors, code) = run(&["replay", "--history", history, "--set", far], "");
    assert_eq!((code, errors.contains("from 0.1 to 10")), (78, true), "what check refuses is refused here: {errors}");
    let (_, errors, code) = run(&["replay", "--history", history, "--zone", "Europe/Pariss"], "");
    assert_eq!((code, errors.contains("Europe/Pariss")), (1, true), "{errors}");
    let (_, errors, code) = run(&["replay", "--history", "/nowhere.csv.gz"], "");
    assert_eq!((code, errors.contains("/nowhere.csv.gz")), (1, true), "{errors}");
}

/// A week of somebody who is up from seven to ten, with one silence of eleven hours on the fourth.
fn made_up_week() -> String {
    let mut rows = String::new();
    for day in 1..=7 {
        for hour in 7..=22 {
            if day == 4 && (9..20).contains(&hour) {
                continue;
            }
            let room = ["Hall", "Kitchen", "Bath"][(day + hour) % 3];
            rows.push_str(&format!("2026-03-{day:02}T{hour:02}:{:02}:00,{room},motion,ON\n", (day * 7 + hour) % 60));
        }
    }
    rows
}

struct Files {
    folder: tempfile::TempDir,
    history: PathBuf,
}

impl Files {
    fn new(rows: &str) -> Files {
        let folder = tempfile::tempdir().unwrap();
        let history = folder.path().join("home.csv.gz");
        let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
        gz.write_all(format!("time,sensor,kind,value\n{rows}").as_bytes()).unwrap();
        std::fs::write(&history, gz.finish().unwrap()).unwrap();
        Files { folder, history }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn replay(&self, more: &[&str]) -> Vec<Value> {
        let mut arguments = vec!["replay", "--history", self.history.to_str().unwrap(), "--format", "jsonl"];
        arguments.extend(more);
        let (out, errors, code) = run(&arguments, "");
        assert_eq!(code, 0, "{errors}");
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn alerts(&self, more: &[&str]) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let lines = self.replay(more);
        lines
            .iter()
            .filter(|line| line["type"] == "alert")
            .map(|line| (text(&line["t"]), text(&line["rule"])))
            .collect()
    }
}
