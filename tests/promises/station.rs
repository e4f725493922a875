//! The station as a whole: a real broker, a real database, a home that keeps a real book, pages over TCP.
#![allow(clippy::unwrap_used)] // a helper that cannot help ends its test

pub mod bench;
mod home;

use super::support::wait_until;
use bench::{Bench, call_button, inactivity};
use carecircle::model::reason::Severity;
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_notice_is_receipted_only_once_it_is_on_the_disk_and_shown_once() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the receipt is there", SOON, || bench.home.receipts().contains(&(id.number, 1)));
    bench.home.repeat(id.number);
    let again = |bench: &Bench| bench.home.receipts().iter().filter(|receipt| **receipt == (id.number, 1)).count();
    wait_until("the repeat is receipted too", SOON, || again(&bench) == 2);
    assert_eq!(bench.band("unclaimed").len(), 1);
    // Whoever reads the database file finds the notice: the receipt did not promise too much.
    let written = bench.history();
    let raised = written.iter().filter(|line| line.contains("\"deed\":\"raise\"")).count();
    assert_eq!(raised, 1, "{written:?}");
}

#[test]
fn a_whole_life_by_forms_reaches_the_home_and_its_end() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    for (step, phase) in [("take", "taken"), ("depart", "on_the_way"), ("arrive", "arrived")] {
        bench.click(id, step, "zhang", &[]);
        wait_until("the home's book follows", SOON, || bench.home.phase(id.number) == phase);
        wait_until("the home's word is back", SOON, || bench.alert(id)["unconfirmed"] == json!(false));
        assert_eq!(bench.alert(id)["phase"], json!(phase));
    }
    let without = bench.step(id, &json!({ "step": "close", "outcome": "found_well", "contact": "none" }));
    assert_eq!(without.0, 409, "an emergency is not closed without having reached the person: {}", without.1);
    bench.click(id, "close", "zhang", &[("outcome", "found_well"), ("contact", "seen"), ("note", "一切都好 <b>")]);
    wait_until("the home's book is closed", SOON, || bench.home.phase(id.number) == "closed");
    assert_eq!(bench.band("just_closed").len(), 1);
    let alert = bench.alert(id);
    let deeds: Vec<&str> =
        alert["timeline"].as_array().unwrap().iter().filter_map(|line| line["deed"].as_str()).collect();
    assert_eq!(deeds, ["raise", "receive", "take", "depart", "arrive", "note", "close"]);
    let page = bench.get(&format!("/alert/flat-1/{}", id.number)).1;
    assert!(page.contains("一切都好 &#60;b&#62;"), "a note is shown as text");
}

#[test]
fn of_two_who_take_at_once_one_wins_and_the_other_learns_who() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let click = |n: usize| {
            let who = if n.is_multiple_of(2) { "zhang" } else { "li" };
            let bench = &bench;
            scope.spawn(move || bench.step(id, &json!({ "step": "take", "who": who, "key": format!("k{n}") })))
        };
        let clicks: Vec<_> = (0..50).map(click).collect();
        clicks.into_iter().map(|click| click.join().unwrap()).collect()
    });
    let won: Vec<_> = answers.iter().filter(|(status, _)| *status == 201).collect();
    assert_eq!(won.len(), 1, "exactly one owner");
    let owner = won[0].1["owner"]["who"]["person"].clone();
    for (status, answer) in answers.iter().filter(|(status, _)| *status != 201) {
        assert_eq!(*status, 409);
        assert_eq!(answer["alert"]["owner"]["who"]["person"], owner);
    }
    let other = if owner == json!("zhang") { "li" } else { "zhang" };
    let second = bench.step(id, &json!({ "step": "take", "who": other, "key": "late" }));
    assert_eq!(second.1["refused"]["refusal"], json!("owned"));
    // The same click again: the same answer, no second step.
    let key = (0..50).find(|n| answers[*n].0 == 201).unwrap();
    let again = bench.step(id, &json!({ "step": "take", "who": owner, "key": format!("k{key}") }));
    assert_eq!(again.0, 200, "nothing was done anew");
    let alert = bench.alert(id);
    let takes = alert["timeline"].as_array().unwrap().iter().filter(|line| line["deed"] == json!("take")).count();
    assert_eq!(takes, 1);
}

#[test]
fn after_a_kill_and_a_restart_the_desk_is_the_same_and_repeats_are_recognised() {
    let mut bench = Bench::start();
    let first = bench.home.raise(call_button("pendant"), Severity::Emergency);
    let second = bench.home.raise(inactivity(), Severity::Urgent);
    wait_until("both rows are there", SOON, || bench.band("unclaimed").len() == 2);
    bench.click(first, "take", "li", &[]);
    wait_until("confirmed", SOON, || bench.alert(first)["unconfirmed"] == json!(false));
    let picture = |bench: &Bench| {
        [first, second].map(|id| {
            let mut alert = bench.alert(id);
            alert.as_object_mut().unwrap().remove("next");
            alert
        })
    };
    let before = picture(&bench);
    bench.restart();
    assert_eq!(picture(&bench), before);
    let receipts = bench.home.receipts().len();
    wait_until("the station listens again", SOON, || bench.get("/readyz").0 == 200);
    bench.home.repeat(second.number);
    wait_until("the repeat is receipted", SOON, || bench.home.receipts().len() > receipts);
    assert_eq!(bench.band("unclaimed").len(), 1);
    assert_eq!(picture(&bench), before);
}

#[test]
fn the_desk_works_while_the_home_cannot_be_reached_and_tells_it_later() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the home knows", SOON, || bench.home.phase(id.number) == "received");
    bench.home.set_deaf(true);
    bench.click(id, "take", "zhang", &[]);
    bench.click(id, "undo", "zhang", &[]);
    bench.click(id, "take", "li", &[]);
    let alert = bench.alert(id);
    assert_eq!((&alert["phase"], &alert["unconfirmed"]), (&json!("taken"), &json!(true)));
    assert_eq!(bench.home.phase(id.number), "received");
    bench.home.set_deaf(false);
    bench.home.say_online();
    wait_until("the home's book follows", Duration::from_secs(20), || bench.home.owner(id.number) == "li");
    wait_until("confirmed", SOON, || bench.alert(id)["unconfirmed"] == json!(false));
    assert_eq!(bench.alert(id)["owner"]["who"]["person"], json!("li"));
}

#[test]
fn a_foreign_page_can_do_nothing() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let path = bench.step_path(id);
    let form = |token: &str| format!("token={token}&step=take&key=x1&who=zhang");
    let token = bench.token();
    let post = |headers: &[(&str, &str)], body: &str| bench.post(&path, headers, body);
    let kind = ("content-type", "application/x-www-form-urlencoded");
    assert_eq!(post(&[kind], &form("")).0, 403, "no token");
    assert_eq!(post(&[kind], &form(&"0".repeat(32))).0, 403, "wrong token");
    assert_eq!(post(&[kind, ("origin", "https://evil.example")], &form(&token)).0, 403);
    assert_eq!(post(&[kind, ("sec-fetch-site", "cross-site")], &form(&token)).0, 403);
    assert_eq!(post(&[kind, ("host", "evil.example")], &form(&token)).0, 403, "rebound name");
    assert_eq!(bench.post(&bench.api_path(id), &[("content-type", "text/plain")], "{\"step\":\"take\"}").0, 415);
    assert_eq!(bench.alert(id)["phase"], json!("received"), "nothing changed");
    let (status, page, headers) = bench.fetch("/");
    assert_eq!(status, 200);
    assert!(headers["content-security-policy"].contains("default-src 'none'") && !page.contains("style="));
    assert!(headers["content-security-policy"].contains("frame-ancestors 'none'"));
    assert_eq!(
        (headers["x-content-type-options"].as_str(), headers["cache-control"].as_str()),
        ("nosniff", "no-store")
    );
    assert_eq!(post(&[kind], &form(&token)).0, 303, "our own form works");
}

#[test]
fn a_page_that_was_away_is_told_what_it_missed() {
    let bench = Bench::start();
    let first = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the home knows", SOON, || bench.home.receipts().contains(&(first.number, 2)));
    let after = bench.desk()["after"].as_str().unwrap().to_owned();
    bench.home.raise(inactivity(), Severity::Urgent);
    wait_until("the second row is there", SOON, || bench.band("unclaimed").len() == 2);
    let events = bench.events(&after, "\"alert\":2,");
    assert!(bench.events(&after, "event: beat").contains("\"now_ms\":"), "and that the page is live");
    assert!(!events.contains(&format!("\"alert\":{},", first.number)), "what it knew is not told again: {events}");
    assert!(bench.events("0-7", "event: beat").contains("event: reset"), "another run's id reads everything anew");
}

#[test]
fn readiness_says_why_no_home_can_reach_the_station() {
    let mut bench = Bench::start();
    wait_until("ready", SOON, || bench.get("/readyz").0 == 200);
    bench.broker.kill();
    wait_until("not ready", SOON, || bench.get("/readyz").0 == 503);
    let page = bench.get("/").1;
    assert!(page.contains("不可接警"), "the page says so too");
}
