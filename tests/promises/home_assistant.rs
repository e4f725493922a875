//! A Home Assistant on the home's broker sees the home, where somebody wants that, and nothing of it afterwards.

use super::support::wait_until;
use super::world::{Home, PATIENCE, World};
use serde_json::Value;

const DEVICE: &str = "homeassistant/device/carecircle_made-up-1/config";
const OWN: &str = "carecircle/v1/made-up-1/home_assistant";

/// What the broker keeps on a topic, or what comes next there; nothing if nothing comes for two seconds.
fn said(world: &World, topic: &str) -> Option<String> {
    let output = world.home_broker.subscriber(&["-t", topic, "-C", "1", "-W", "2"]).output().unwrap();
    Some(String::from_utf8(output.stdout).unwrap()).filter(|text| !text.trim().is_empty())
}

fn state(world: &World) -> Value {
    said(world, &format!("{OWN}/state")).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

#[test]
fn a_home_is_shown_with_its_call_and_taken_away_when_nobody_wants_it_any_more() {
    let home = Home { more: "[home_assistant]\ndiscovery = true\n", ..Home::default() };
    let mut world = World::start(&home);
    wait_until("it is announced", PATIENCE, || said(&world, DEVICE).is_some());
    let device: Value = serde_json::from_str(&said(&world, DEVICE).unwrap()).unwrap();
    assert_eq!(device["origin"]["name"], "carecircle");
    assert_eq!(device["availability_topic"], format!("{OWN}/availability"));
    wait_until("it is there", PATIENCE, || {
        said(&world, &format!("{OWN}/availability")).is_some_and(|s| s.trim() == "online")
    });
    wait_until("all is quiet", PATIENCE, || state(&world)["attention"] == "OFF");
    let listening = world.home_broker.subscriber(&["-t", &format!("{OWN}/call"), "-C", "2", "-W", "60"]);
    let listening = { listening }.stdout(std::process::Stdio::piped()).spawn().unwrap();
    // The listener must be there before the press.
    wait_until("the state can be read", PATIENCE, || state(&world)["attention"] == "OFF");
    world.press();
    let heard = String::from_utf8(listening.wait_with_output().unwrap().stdout).unwrap();
    assert!(heard.contains("pressed") && heard.contains("received"), "{heard}");
    wait_until("it needs attention", PATIENCE, || state(&world)["attention"] == "ON");

    world.kill_gateway();
    wait_until("it is gone", PATIENCE, || {
        said(&world, &format!("{OWN}/availability")).is_some_and(|s| s.trim() == "offline")
    });
    let config = std::fs::read_to_string(world.path("gateway.toml")).unwrap();
    std::fs::write(world.path("gateway.toml"), config.replace("discovery = true", "discovery = false")).unwrap();
    world.start_gateway();
    wait_until("it is taken away", PATIENCE, || said(&world, DEVICE).is_none());
    wait_until("wholly", PATIENCE, || said(&world, &format!("{OWN}/state")).is_none());
}
