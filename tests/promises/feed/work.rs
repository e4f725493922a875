//! What programs see and do besides alerts: the daily contact, suspensions, faults, reports, the circle, a test of the feed.

use super::kinds;
use super::program::{Program, make_token};
use crate::station::bench::Bench;
use crate::support::wait_until;
use carecircle::model::reason::{Reason, Severity};
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

fn tamper() -> Reason {
    let open_since = carecircle::clock::now();
    Reason::Tamper { sensor: "hall_pir".parse().unwrap(), room: None, open_since }
}

fn heard(bench: &Bench) {
    bench.home.beat();
    wait_until("the home is heard", SOON, || bench.desk()["homes"].as_array().is_some_and(|homes| !homes.is_empty()));
}

#[test]
fn the_daily_contact_is_seen_and_done_by_programs_once_for_each_key() {
    let bench = Bench::start();
    heard(&bench);
    let program = Program::at(&bench, Some(make_token(&bench, &["read", "steps"])));
    let list = |query: &str| program.get(&format!("/api/v1/daily{query}"));
    let (status, today) = list("");
    let today: Value = serde_json::from_str(&today).unwrap();
    assert_eq!((status, &today["open"], &today["counts"]["homes"]), (200, &json!(true), &json!(1)), "{today}");
    assert_eq!((&today["homes"][0]["home"], &today["homes"][0]["place"]), (&json!("flat-1"), &Value::Null));
    let reached = json!({ "deed": "reached", "who": "zhang", "key": "k1" });
    let (status, row) = program.send("/api/v1/daily/flat-1", &reached);
    assert_eq!((status, &row["state"], &row["by"]), (201, &json!("phoned"), &json!("zhang")), "{row}");
    assert_eq!(program.send("/api/v1/daily/flat-1", &reached).0, 200, "the same again");
    for (body, expected) in [
        (json!({ "deed": "levitate", "who": "zhang", "key": "k2" }), 422),
        (json!({ "deed": "visited", "who": "zhang" }), 422),
        (json!({ "deed": "visited", "who": "nobody", "key": "k3" }), 422),
        (json!({ "deed": "visited", "who": "li", "key": "k4" }), 403),
        (json!({ "deed": "visited", "who": "qian", "key": "k5" }), 403),
        (json!({ "deed": 7 }), 422),
    ] {
        let (status, problem) = program.send("/api/v1/daily/flat-1", &body);
        assert_eq!(status, expected, "{body}: {problem}");
        assert!(problem["what"].is_string() && problem["deed"].is_string(), "{problem}");
    }
    assert_eq!(program.send("/api/v1/daily/flat-9", &reached).0, 404);
    assert_eq!(list("?date=2020-01-01").0, 404);
    assert_eq!(list("?date=tomorrow").0, 422);
    let told = program.lines("after=0");
    assert!(kinds(&told).contains(&"daily.phoned"), "{:?}", kinds(&told));
    let reader = Program::at(&bench, Some(make_token(&bench, &["read"])));
    assert_eq!(reader.send("/api/v1/daily/flat-1", &reached).0, 403, "a token without the scope does nothing");
}

#[test]
fn a_program_suspends_as_far_as_the_person_may_whom_it_names() {
    let bench = Bench::start();
    heard(&bench);
    let program = Program::at(&bench, Some(make_token(&bench, &["read", "steps"])));
    let now = carecircle::clock::now().timestamp_millis();
    let asked = |who: &str, days: i64, key: &str| json!({ "kind": "away", "until_ms": now + days * 86_400_000, "why": "女儿家", "who": who, "key": key });
    let send = |body: &Value| program.send("/api/v1/homes/flat-1/suspensions", body);
    let (status, problem) = send(&asked("zhang", 20, "a"));
    assert_eq!((status, &problem["where"]), (422, &json!("until")), "{problem}");
    assert_eq!(send(&asked("li", 1, "b")).0, 403);
    assert_eq!(send(&asked("zhang", 3, "c")).0, 201);
    assert_eq!(send(&asked("zhang", 3, "c")).0, 200);
    assert_eq!(send(&asked("wang", 20, "d")).0, 201);
    assert_eq!(send(&json!({ "kind": "away", "end": true, "who": "wang", "key": "e" })).0, 201);
    assert_eq!(send(&json!({ "kind": "nap", "who": "wang", "key": "f" })).0, 422);
    assert_eq!(send(&json!({ "kind": "away", "who": "wang", "key": "g" })).0, 422, "without an end");
    assert_eq!(program.send("/api/v1/homes/nowhere/suspensions", &asked("zhang", 1, "h")).0, 404);
}

#[test]
fn faults_are_listed_taken_and_told_from_begin_to_end() {
    let bench = Bench::start();
    let id = bench.home.raise(tamper(), Severity::Fault);
    let program = Program::at(&bench, Some(make_token(&bench, &["read", "steps", "reports"])));
    let faults = || -> Value { serde_json::from_str(&program.get("/api/v1/faults").1).unwrap() };
    wait_until("it is listed", SOON, || faults()["faults"].as_array().is_some_and(|faults| faults.len() == 1));
    let fault = &faults()["faults"][0];
    assert_eq!((&fault["state"], &fault["part"], &fault["overdue"]), (&json!("open"), &json!("sensor"), &json!(false)));
    let steps = format!("/api/v1/faults/flat-1/{}/steps", id.number);
    assert_eq!(program.send(&steps, &json!({ "step": "take", "who": "zhang", "key": "k" })).0, 201);
    assert_eq!(faults()["faults"][0]["state"], "assigned");
    assert_eq!(program.send(&steps, &json!({ "step": "ask", "person": "zhang", "who": "li", "key": "l" })).0, 403);
    let close = json!({ "step": "close", "outcome": "equipment", "contact": "none", "who": "zhang", "key": "m" });
    assert_eq!(program.send(&steps, &close).0, 201);
    let told = program.lines("after=0");
    let of_faults: Vec<&str> = kinds(&told).into_iter().filter(|kind| kind.starts_with("fault.")).collect();
    assert_eq!(of_faults, ["fault.opened", "fault.assigned", "fault.fixed"]);
    let (status, table) = program.get("/faults.csv");
    assert!(status == 200 && table.contains("tamper") && !table.contains("201室"), "{status} {table}");
    assert_eq!(program.get("/daily.csv").0, 200);
    assert!(!program.get("/faults").1.contains("flat-1"), "a token opens no page");
}

#[test]
fn a_month_is_reported_to_whom_it_concerns_and_names_nobody() {
    let bench = Bench::start();
    heard(&bench);
    let program = Program::at(&bench, Some(make_token(&bench, &["reports"])));
    let month = carecircle::clock::now().format("%Y-%m").to_string();
    let (status, report) = program.get(&format!("/api/v1/reports/{month}"));
    assert_eq!(status, 200, "{report}");
    let report: Value = serde_json::from_str(&report).unwrap();
    let figure = |id: &str| report["figures"].as_array().unwrap().iter().find(|figure| figure["id"] == id).cloned();
    for id in
        ["person_alerts", "home_days", "home_days_suspended", "contacts_own_sign", "desk_unwatched", "sound_tests"]
    {
        assert!(figure(id).is_some(), "{id} is missing in {report}");
    }
    assert_eq!(figure("sound_tests").unwrap()["value"], json!(0));
    assert_eq!(figure("desk_unwatched").unwrap()["unit"], json!("unknown"), "nobody said when somebody has to watch");
    assert!(!report.to_string().contains("201室"));
    for bad in ["2026-13", "november", "2026"] {
        let (status, problem) = program.get(&format!("/api/v1/reports/{bad}"));
        assert!(status == 404 && problem.contains("\"deed\""), "{bad}: {status} {problem}");
    }
    let reader = Program::at(&bench, Some(make_token(&bench, &["read"])));
    assert_eq!(reader.get(&format!("/api/v1/reports/{month}")).0, 403);
    assert_eq!(reader.get("/api/v1/circle.geojson").0, 403, "where somebody lives is personal");
    let entitled = Program::at(&bench, Some(make_token(&bench, &["pii"])));
    let (status, map) = entitled.get("/api/v1/circle.geojson");
    assert!(status == 200 && map.contains("FeatureCollection"), "{status} {map}");
}

#[test]
fn a_test_of_the_feed_goes_the_way_of_all_events_and_alarms_nobody() {
    let bench = Bench::start();
    let program = Program::at(&bench, Some(make_token(&bench, &["read", "steps"])));
    let (status, answer) = program.send("/api/v1/test", &json!({ "who": "zhang" }));
    assert_eq!(status, 201, "{answer}");
    let told = program.lines("after=0");
    let sent = told.iter().find(|event| event["type"] == "care.carecircle.test.sent").unwrap();
    assert!(sent["seq"].as_u64() <= answer["seq"].as_u64(), "{sent} {answer}");
    assert_eq!((&sent["data"]["channel"], &sent["data"]["by"]), (&json!("feed"), &json!("zhang")));
    assert!(bench.band("unclaimed").is_empty());
    assert_eq!(program.send("/api/v1/test", &json!({ "who": "qian" })).0, 403);
    let heard = super::program::administer(&bench, "/handover/sound", &[("key", "s1")]);
    assert_eq!(heard.0, 303, "{}", heard.1);
    wait_until("that the sound was heard is told", SOON, || kinds(&program.lines("after=0")).contains(&"test.heard"));
}

#[test]
fn what_is_asked_in_another_way_is_refused_in_the_words_of_the_api() {
    let bench = Bench::start();
    let config = ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true);
    let agent = config.build().new_agent();
    for (method, path) in [
        ("POST", "/readyz"),
        ("POST", "/api/v1/asyncapi.json"),
        ("TRACE", "/readyz"),
        ("TRACE", "/api/v1/desk"),
        ("PUT", "/api/v1/homes"),
        ("DELETE", "/api/v1/alerts/flat-1/1"),
        ("TRACE", "/api/v1/openapi.json"),
        ("PATCH", "/"),
    ] {
        let request = ureq::http::Request::builder().method(method).uri(bench.url(path)).body(()).unwrap();
        let answer = agent.run(request).unwrap();
        assert_eq!(answer.status(), 405, "{method} {path}");
        assert!(answer.headers().contains_key("allow"), "{method} {path}");
    }
}

#[test]
fn the_command_beside_the_station_gives_the_bytes_of_the_page() {
    let bench = Bench::start();
    heard(&bench);
    let id = bench.home.raise(crate::station::bench::call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    bench.click(id, "take", "zhang", &[]);
    bench.click(id, "close", "zhang", &[("outcome", "helped"), ("contact", "spoken")]);
    let config = bench.folder().join("station.toml");
    let text = format!(
        "[station]\npoint = \"lehe\"\nname = \"x\"\ntime_zone = \"Asia/Shanghai\"\nstate_dir = {:?}\n[mqtt]\nbroker = {:?}\n\
         [[person]]\nid = \"wang\"\nname = \"y\"\nrole = \"supervisor\"\n",
        bench.folder(),
        bench.broker.url(),
    );
    std::fs::write(&config, text).unwrap();
    let command = |more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_carecircle"));
        let said = command.args(["report", "--station", config.to_str().unwrap()]).args(more).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).unwrap()
    };
    // Intervals of ten minutes that have begun are counted: between two questions one may begin.
    wait_until("both say the same", SOON, || {
        let (status, page) = super::program::administer(&bench, "/reports/figures.csv", &[]);
        status == 200 && page.contains("answered_60,,1,1,") && command(&[]) == page
    });
    let report: Value = serde_json::from_str(&command(&["--json"])).unwrap();
    assert_eq!(report["point"], "lehe");
    let files = std::fs::read_dir(bench.folder()).unwrap().count();
    command(&["--month", "2026-01"]);
    assert_eq!(std::fs::read_dir(bench.folder()).unwrap().count(), files, "a look leaves nothing behind");
}
