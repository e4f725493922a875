//! `carecircle test-alert`: every way out is tried from end to end, each for itself; on the real binary with a real broker, a
//! real station by broker and by HTTPS, and a receiver of webhooks that can be told to fail.
#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use super::hook::Hook;
use super::support::{free_port, run, wait_until};
use super::world::{Home, PATIENCE, World};
use serde_json::Value;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// Longer than the longest test.
const TEST_OVER: Duration = Duration::from_secs(170);

/// A station by two ways, and a second point.
fn start() -> (World, Hook) {
    let mut world = World::configure(&Home::default());
    let (hook, door) = (Hook::start(), free_port());
    let edit = |name: &str, edited: &dyn Fn(String) -> String| {
        let text = std::fs::read_to_string(world.path(name)).unwrap();
        std::fs::write(world.path(name), edited(text)).unwrap();
    };
    edit("station.toml", &|text| format!("{text}[homes]\nlisten = \"127.0.0.1:{door}\"\n"));
    edit("gateway.toml", &|text| {
        let text = text.replace("channels = [\"lehe\"]", "channels = [\"lehe\", \"past\"]");
        format!(
            "{text}[[channel]]\nname = \"past\"\nstation_https = {{ url = \"http://127.0.0.1:{door}\" }}\n\
             [[circle.point]]\nid = \"beimen\"\nname = \"下一站\"\ntravel = \"9m\"\nchannels = [\"hook\"]\n\
             [[channel]]\nname = \"hook\"\nwebhook = {{ url = \"{}\" }}\n",
            hook.url
        )
    });
    world.start_station();
    world.start_gateway();
    wait_until("every way works", PATIENCE, || {
        ["lehe", "past", "hook"].iter().all(|channel| way(&world, channel) == "works")
    });
    (world, hook)
}

fn way(world: &World, channel: &str) -> String {
    let status = world.status().unwrap_or_default();
    let ways = status["paths"].as_array().cloned().unwrap_or_default();
    let way = ways.iter().find(|way| way["channel"] == channel);
    way.and_then(|way| way["state"].as_str()).unwrap_or_default().to_owned()
}

fn test_alert(world: &World, more: &[&str]) -> (String, String, i32) {
    let state = world.path("state");
    run(&[&["test-alert", "--state-dir", state.to_str().unwrap()], more].concat(), "")
}

fn last_test(world: &World) -> Value {
    world.status().unwrap_or_default()["last_test"].clone()
}

fn shown_status(world: &World) -> String {
    run(&["status", "--run-dir", world.path("run").to_str().unwrap()], "").0
}

#[test]
fn every_way_answers_for_itself_and_the_desk_shows_one_marked_test_that_is_over() {
    let (world, hook) = start();
    assert!(shown_status(&world).contains("tested      never"), "{}", shown_status(&world));
    let (said, wrong, code) = test_alert(&world, &[]);
    assert_eq!((wrong.as_str(), code), ("", 0), "{said}");
    for words in [
        "a test has begun on 3 ways out",
        "lehe to lehe (station_mqtt): answered after ",
        "past to lehe (station_https): answered after ",
        "hook to beimen (webhook): taken after ",
        "All is well: 3 ways out, every one answered.",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    wait_until("it is over at the desk by itself", PATIENCE, || {
        let tests = world.alerts_of("test");
        assert!(tests.len() <= 1, "one test, by whichever ways: {tests:?}");
        tests.iter().any(|test| test["test"] == true && test["phase"] == "cancelled")
    });
    assert!(world.html("/").contains("testmark") && hook.was_told("\"rule\":\"test\""));
    wait_until("the status tells", PATIENCE, || last_test(&world)["unanswered"] == 0);
    let shown = shown_status(&world);
    assert!(shown.contains("by hand: every way answered") && !shown.contains("LOST"), "{shown}");
    wait_until("nothing waits", PATIENCE, || world.status().is_some_and(|status| status["outbox"]["waiting"] == 0));
    let (json, _, code) = test_alert(&world, &["--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json["over"].as_bool(), json["unanswered"].as_u64(), code), (Some(true), Some(0), 0), "{json}");
    assert!(world.alerts_of("path_lost").is_empty());
}

#[test]
fn a_way_without_an_answer_is_named_and_lost_until_something_is_delivered_there() {
    let (world, hook) = start();
    hook.fails.store(true, Ordering::SeqCst);
    let (said, wrong, code) = test_alert(&world, &[]);
    assert_eq!((wrong.as_str(), code), ("", 1), "{said}");
    assert!(
        said.contains("lehe to lehe (station_mqtt): answered")
            && said.contains("past to lehe (station_https): answered")
    );
    assert!(said.contains("hook to beimen (webhook): NO ANSWER: ") && said.contains("503"), "{said}");
    assert!(said.contains("1 of 3 ways out gave no answer"), "{said}");
    wait_until("the fault is at the station", PATIENCE, || world.alerts_of("path_lost").len() == 1);
    wait_until("the way is lost", PATIENCE, || way(&world, "hook") == "lost");
    assert!(shown_status(&world).contains("1 WAY GAVE NO ANSWER"), "{}", shown_status(&world));
    hook.fails.store(false, Ordering::SeqCst);
    wait_until("the end of the test is delivered there", PATIENCE * 2, || hook.was_told("check_over"));
    wait_until("the way works again", PATIENCE, || way(&world, "hook") == "works");
    assert!(
        !hook.was_told("\"deed\":\"raise\",\"reason\":{\"rule\":\"test\""),
        "a test that is over is not begun there"
    );
}

#[test]
fn a_test_amid_which_the_gateway_ends_is_over_after_its_restart_and_what_is_not_known_counts() {
    let (mut world, hook) = start();
    hook.fails.store(true, Ordering::SeqCst);
    thread::scope(|scope| {
        let world = &mut world;
        let state = world.path("state");
        let testing = scope.spawn(move || run(&["test-alert", "--state-dir", state.to_str().unwrap()], ""));
        wait_until("it goes on", PATIENCE, || {
            world.alerts_of("test").iter().any(|test| test["test"] == true && test["phase"] != "cancelled")
        });
        let (said, ..) = run(&["suspend", "--state-dir", world.path("state").to_str().unwrap(), "--list"], "");
        assert!(said.contains("as usual"), "{said}");
        assert!(world.html("/").contains("testmark"), "marked while it goes on");
        world.kill_gateway();
        let (said, wrong, code) = testing.join().unwrap();
        assert!(code == 1 && !wrong.is_empty(), "{said} {wrong}");
        world.start_gateway();
    });
    wait_until("it is over at the desk", TEST_OVER, || {
        world.alerts_of("test").iter().any(|test| test["phase"] == "cancelled")
    });
    // The hook's at least; a receipt of the station may have been on its way.
    wait_until("the status tells", PATIENCE, || {
        last_test(&world)["unanswered"].as_u64().is_some_and(|count| count >= 1)
    });
}
