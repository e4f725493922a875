//! Other systems: what happened reaches them once and in order, over restarts and failures, and they may what their tokens say.

mod hooks;
mod program;
mod work;

use crate::station::bench::{Bench, call_button, inactivity};
use crate::support::wait_until;
use carecircle::model::reason::Severity;
use program::{Program, administer, make_token};
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

/// The short kinds of these events.
fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap().trim_start_matches("care.carecircle.")).collect()
}

#[test]
fn a_whole_life_is_told_once_in_order_and_without_gaps_over_a_restart() {
    let mut bench = Bench::start();
    let program = Program::at(&bench, None);
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    bench.click(id, "depart", "zhang", &[]);
    wait_until("the home's word is back", SOON, || bench.alert(id)["unconfirmed"] == json!(false));
    let before = program.lines("after=0&wait=5");
    let seen = before.last().unwrap()["seq"].as_u64().unwrap();
    bench.restart();
    wait_until("ready again", SOON, || bench.get("/readyz").0 == 200);
    let program = Program::at(&bench, None);
    bench.click(id, "arrive", "zhang", &[]);
    bench.click(id, "close", "zhang", &[("outcome", "found_well"), ("contact", "seen"), ("note", "一切都好")]);
    wait_until("all is told", SOON, || kinds(&program.lines(&format!("after={seen}"))).contains(&"alert.closed"));
    let all = program.lines("after=0&limit=1000");
    let numbers: Vec<u64> = all.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "without gaps");
    let of_alert: Vec<&str> = kinds(&all).into_iter().filter(|kind| kind.starts_with("alert.")).collect();
    let life = ["raised", "received", "taken", "on_the_way", "arrived", "noted", "closed"];
    assert_eq!(of_alert, life.map(|word| format!("alert.{word}")), "each thing once, also after the home confirmed it");
    let closed = all.iter().find(|event| event["type"] == "care.carecircle.alert.closed").unwrap();
    let subject = format!("flat-1/{}", id.number);
    assert_eq!((&closed["subject"], &closed["specversion"]), (&json!(subject), &json!("1.0")));
    assert_eq!(closed["id"], json!(format!("lehe-{}", closed["seq"])));
    assert_eq!((&closed["data"]["outcome"], &closed["data"]["by"]), (&json!("found_well"), &json!("zhang")));
    // The stream says the same, from wherever somebody left it.
    let last = format!("id: {}\n", all.last().unwrap()["seq"]);
    let stream = program.stream(&format!("after={seen}"), &last);
    for event in all.iter().filter(|event| event["seq"].as_u64().unwrap() > seen) {
        assert!(stream.contains(&format!("id: {}\n", event["seq"])), "{stream}");
    }
    assert!(!stream.contains(&format!("id: {seen}\n")), "what it knew is not told again");
    assert!(stream.to_lowercase().contains("x-accel-buffering: no"), "{stream}");
}

#[test]
fn every_event_fits_the_schema_that_it_names() {
    let bench = Bench::start();
    let program = Program::at(&bench, None);
    let id = bench.home.raise(inactivity(), Severity::Urgent);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    bench.click(id, "take", "zhang", &[("note", "电话")]);
    bench.click(id, "call", "zhang", &[("whom", "family"), ("result", "no_answer")]);
    wait_until("told", SOON, || kinds(&program.lines("after=0")).contains(&"alert.called"));
    for event in program.lines("after=0") {
        let schema: Value = serde_json::from_str(&bench.get(event["dataschema"].as_str().unwrap()).1).unwrap();
        let judge = jsonschema::draft202012::new(&schema).unwrap();
        let faults: Vec<String> = judge.iter_errors(&event["data"]).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{event}\n{}", faults.join("\n"));
        let all: Value = serde_json::from_str(&bench.get("/api/v1/schema/event.json").1).unwrap();
        assert!(jsonschema::draft202012::new(&all).unwrap().is_valid(&event), "{event}");
    }
}

#[test]
fn whoever_was_away_too_long_is_told_to_read_anew_and_a_beat_proves_the_connection() {
    let bench = Bench::start();
    let program = Program::at(&bench, None);
    let stream = program.stream("after=999999", "event: beat");
    assert!(stream.contains("event: reset") && stream.contains("/api/v1/desk"), "{stream}");
    assert!(stream.contains("\"now_ms\":"), "{stream}");
    let (status, problem) = program.get("/api/v1/events?after=999999&limit=5");
    assert_eq!(status, 410, "{problem}");
    let seq = bench.desk()["seq"].as_u64().expect("where the stream goes on");
    assert_eq!(program.get(&format!("/api/v1/events?after={seq}&wait=0")), (200, String::new()));
}

#[test]
fn a_question_that_waits_is_answered_when_something_happens() {
    let bench = Bench::start();
    let program = Program::at(&bench, None);
    let seq = bench.desk()["seq"].as_u64().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| program.lines(&format!("after={seq}&wait=30")));
        bench.home.raise(call_button("pendant"), Severity::Emergency);
        let told = waiting.join().unwrap();
        assert!(told.iter().all(|event| event["seq"].as_u64().unwrap() > seq) && !told.is_empty(), "{told:?}");
    });
}

#[test]
fn a_token_may_what_its_scopes_say_and_names_nobody_without_pii() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    bench.click(id, "take", "zhang", &[("note", "门锁密码 4711")]);
    let path = format!("/api/v1/alerts/flat-1/{}", id.number);
    let reader = Program::at(&bench, Some(make_token(&bench, &["read"])));
    let (status, alert) = reader.get(&path);
    assert_eq!(status, 200, "{alert}");
    for personal in ["201室", "小张", "4711"] {
        assert!(!alert.contains(personal), "{personal} in {alert}");
        let events = reader.get("/api/v1/events?after=0&limit=100").1;
        assert!(!events.contains(personal), "{personal} in {events}");
        assert!(!reader.get("/api/v1/desk").1.contains(personal) && !reader.get("/api/v1/homes").1.contains(personal));
    }
    assert_eq!(reader.get("/api/v1/alerts.csv").0, 403);
    assert_eq!(reader.step(&path, &json!({ "step": "depart", "key": "x", "who": "zhang" })).0, 403);
    let entitled = Program::at(&bench, Some(make_token(&bench, &["read", "steps", "pii"])));
    let alert = entitled.get(&path).1;
    assert!(alert.contains("201室") && alert.contains("小张") && alert.contains("4711"), "{alert}");
    let events = entitled.get("/api/v1/events?after=0&limit=100").1;
    assert!(events.contains("201室") && events.contains("4711"), "{events}");
    assert_eq!(entitled.step(&path, &json!({ "step": "depart", "key": "x", "who": "nobody-here" })).0, 422);
    assert_eq!(entitled.step(&path, &json!({ "step": "depart", "key": "x", "who": "zhang" })).0, 201);
    assert_eq!(entitled.step(&path, &json!({ "step": "depart", "key": "x", "who": "zhang" })).0, 200, "the same again");
    let late = entitled.step(&path, &json!({ "step": "take", "key": "y", "who": "li" }));
    assert_eq!((late.0, &late.1["alert"]["phase"]), (409, &json!("on_the_way")), "{}", late.1);
    let stranger = Program::at(&bench, Some("cct_nonsense".to_owned()));
    for address in ["/api/v1/desk", "/api/v1/events", "/metrics", path.as_str()] {
        let (status, problem) = stranger.get(address);
        assert_eq!(status, 401, "{address}: {problem}");
    }
}

#[test]
fn a_program_gone_wild_is_slowed_and_a_token_that_was_ended_is_worth_nothing() {
    let bench = Bench::start();
    let program = Program::at(&bench, Some(make_token(&bench, &["read"])));
    let statuses = program.burst("/api/v1/homes/flat-1x", 60);
    assert!(statuses.len() == 60 && statuses.contains(&404) && statuses.contains(&429), "{statuses:?}");
    let page = administer(&bench, "/admin/tokens", &[]).1;
    assert!(page.contains("read") && !page.contains("cct_"), "it was shown once");
    let end = page.split("action=\"/admin/tokens/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(administer(&bench, &format!("/admin/tokens/{end}"), &[("x", "y")]).0, 303);
    wait_until("it is worth nothing", SOON, || program.get("/api/v1/desk").0 == 401);
}

#[test]
fn who_does_not_administer_makes_no_token_and_no_hook() {
    let bench = Bench::start();
    for (page, body) in
        [("/admin/tokens", "name=x&read=1&days=90&key=k"), ("/admin/hooks", "url=https://a.example/&key=k")]
    {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let body_of = |token: &str| format!("token={token}&{body}");
        let (zhang, wang) = (bench.cookie("zhang"), bench.cookie("wang"));
        let by_zhang = [kind, ("cookie", zhang.as_str())];
        assert_eq!(bench.post(page, &by_zhang, &body_of(&bench.token_of("zhang"))).0, 403, "{page}");
        assert_eq!(bench.get(page).0, 403, "{page}");
        assert_eq!(bench.post(page, &[kind, ("cookie", wang.as_str())], &body_of("wrong")).0, 403, "{page}");
        // A token of a program opens no page.
        let token = format!("Bearer {}", make_token(&bench, &["read"]));
        assert_ne!(bench.post(page, &[kind, ("cookie", ""), ("authorization", &token)], &body_of("")).0, 200, "{page}");
    }
}

#[test]
fn alerts_are_listed_part_by_part_and_as_a_table() {
    let bench = Bench::start();
    let ids: Vec<_> = (0..5).map(|_| bench.home.raise(inactivity(), Severity::Urgent)).collect();
    wait_until("the rows are there", SOON, || bench.band("unclaimed").len() == 5);
    bench.click(ids[0], "close", "wang", &[("outcome", "found_well"), ("contact", "spoken")]);
    let program = Program::at(&bench, None);
    let mut listed: Vec<u64> = Vec::new();
    let mut after = String::new();
    loop {
        let part: Value = serde_json::from_str(&program.get(&format!("/api/v1/alerts?limit=2{after}")).1).unwrap();
        listed.extend(part["alerts"].as_array().unwrap().iter().map(|alert| alert["alert"].as_u64().unwrap()));
        let Some(next) = part["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    listed.sort_unstable();
    assert_eq!(listed, ids.iter().map(|id| id.number).collect::<Vec<_>>());
    let open: Value = serde_json::from_str(&program.get("/api/v1/alerts?open=true").1).unwrap();
    assert_eq!(open["alerts"].as_array().unwrap().len(), 4);
    let table = program.get("/api/v1/alerts.csv").1;
    assert!(table.starts_with("\u{feff}home,alert,raised_at,") && table.lines().count() == 6, "{table}");
    assert!(table.contains("+08:00") && table.contains("found_well") && !table.contains("201"), "{table}");
    for bad in ["limit=0", "limit=501", "after=nonsense", "open=perhaps", "limit=-1"] {
        let (status, problem) = program.get(&format!("/api/v1/alerts?{bad}"));
        assert_eq!(status, 422, "{bad}: {problem}");
        let problem: Value = serde_json::from_str(&problem).unwrap();
        assert!(problem["what"].is_string() && problem["where"].is_string() && problem["deed"].is_string());
    }
}

#[test]
fn the_numbers_for_a_supervisor_are_there_and_name_nobody() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    bench.click(id, "take", "zhang", &[]);
    let numbers = bench.get("/metrics").1;
    for line in [
        "carecircle_ready 1\n",
        "carecircle_alerts_open{phase=\"taken\",severity=\"emergency\"} 1\n",
        "carecircle_alerts_raised_total{rule=\"call_button\",severity=\"emergency\"} 1\n",
        "carecircle_transport_seconds_count 1\n",
        "carecircle_take_seconds_count 1\n",
        "carecircle_homes{state=\"alert\"} 1\n",
        "carecircle_homes{state=\"no_contact\"} 0\n",
        "carecircle_screens{sound=\"running\"} 0\n",
        "carecircle_sse_clients{of=\"pages\"} 0\n",
        "carecircle_daily{state=\"own_sign\"} 0\n",
        "# TYPE carecircle_faults_open gauge\n",
        "# TYPE carecircle_home_days_watched_total counter\n",
    ] {
        assert!(numbers.contains(line), "{line} not in\n{numbers}");
    }
    assert!(!numbers.contains("flat-1") && !numbers.contains("zhang"), "{numbers}");
}

#[test]
fn every_address_of_the_document_is_there() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let document: Value = serde_json::from_str(&bench.get("/api/v1/openapi.json").1).unwrap();
    let (paths, program) = (document["paths"].as_object().unwrap(), Program::at(&bench, None));
    assert!(paths.len() >= 12);
    for (path, operations) in paths {
        let path = path.replace("{home}", "flat-1").replace("{number}", &id.number.to_string());
        let path = path.replace("{name}", "alert-step.json").replace("{month}", "2026-11");
        for method in operations.as_object().unwrap().keys() {
            // A stream never ends; as lines it does.
            let asked = if path.ends_with("/events") { format!("{path}?limit=1") } else { path.clone() };
            let status = match method.as_str() {
                "get" => program.get(&asked).0,
                _ => bench.post(&asked, &[("content-type", "application/json")], "{}").0,
            };
            // Whoever sends nothing is told what is missing; a test of the feed by a page needs no more than its person.
            assert!([200, 201, 422].contains(&status), "{method} {path}: {status}");
        }
    }
    let (status, problem) = bench.get("/api/v1/nothing");
    assert!(status == 404 && problem.contains("\"deed\""), "{problem}");
}
