//! A history that cannot be read gives way to yesterday's copy, or to a new one: what was numbered since then is forgotten,
//! and yet every press after that is shown. A station takes a step whose number it has for one it has.

use crate::support::wait_until;
use crate::world::{Home, PATIENCE, World};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Seek, SeekFrom, Write};

#[test]
fn a_press_after_the_daily_copy_took_the_place_of_a_damaged_history_is_shown() {
    let (mut world, alert) = taken_and_copied();
    world.press();
    told(&world, &alert, 2);
    damage_and_restart(&mut world);
    world.press();
    told(&world, &alert, 3);
    // The same copy once more: what was numbered beyond it is not numbered again either.
    damage_and_restart(&mut world);
    world.press();
    told(&world, &alert, 4);
    assert_eq!(calls(&world).len(), 1, "one alert, four presses");
}

#[test]
fn a_press_on_an_alert_that_was_closed_after_the_copy_is_open_on_the_page() {
    let (mut world, alert) = taken_and_copied();
    for step in ["arrive", "close"] {
        world.click(&alert, step);
        confirmed(&world, &alert);
    }
    damage_and_restart(&mut world);
    world.press();
    wait_until("the press is open on the page", PATIENCE, || {
        calls(&world).iter().any(|call| call["phase"] != "closed" && call["phase"] != "cancelled")
    });
}

#[test]
fn a_press_after_a_history_without_a_copy_was_lost_is_an_alert_of_a_number_of_its_own() {
    let mut world = World::start(&Home::default());
    world.press();
    only_call(&world);
    damage_and_restart(&mut world);
    world.press();
    wait_until("both are on the page", PATIENCE, || calls(&world).len() == 2);
    let alerts = world.alerts();
    let numbers: BTreeSet<u64> = alerts.iter().filter_map(|alert| alert["alert"].as_u64()).collect();
    assert_eq!(numbers.len(), alerts.len(), "whoever names an alert by its number means one: {alerts:#?}");
}

/// A call that somebody has taken, and after that the copy of the night.
fn taken_and_copied() -> (World, Value) {
    let world = World::start(&Home::default());
    world.press();
    let alert = only_call(&world);
    world.click(&alert, "take");
    confirmed(&world, &alert);
    make_copy(&world);
    (world, alert)
}

fn calls(world: &World) -> Vec<Value> {
    world.alerts_of("call_button")
}

fn only_call(world: &World) -> Value {
    wait_until("the press is on the page", PATIENCE, || !calls(world).is_empty());
    calls(world).remove(0)
}

/// Waits until the home's book holds what was clicked.
fn confirmed(world: &World, alert: &Value) {
    let number = alert["alert"].as_u64().unwrap();
    wait_until("the home has confirmed it", PATIENCE, || {
        world.alert(number).is_some_and(|alert| alert["unconfirmed"] == false)
    });
}

/// Waits until the page counts so many presses on this alert.
fn told(world: &World, alert: &Value, presses: u64) {
    let number = alert["alert"].as_u64().unwrap();
    let again = || {
        let lines = world.alert(number).map(|alert| alert["timeline"].clone()).unwrap_or_default();
        lines.as_array().map_or(0, |lines| lines.iter().filter(|line| line["deed"] == "again").count() as u64)
    };
    wait_until(&format!("press {presses} is on the page"), PATIENCE, || again() + 1 == presses);
}

/// As every night, but now.
fn make_copy(world: &World) {
    let history = rusqlite::Connection::open(world.path("state/history.db")).unwrap();
    history.busy_timeout(PATIENCE).unwrap();
    let copy = world.path("state/history.db.copy");
    history.execute("VACUUM INTO ?", [copy.to_str().unwrap()]).unwrap();
}

fn damage_and_restart(world: &mut World) {
    world.kill_gateway();
    let mut file = std::fs::File::options().write(true).open(world.path("state/history.db")).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&[0x5A; 4096]).unwrap();
    drop(file);
    // The log would put the pages back.
    std::fs::remove_file(world.path("state/history.db-wal")).unwrap();
    world.start_gateway();
    world.wait_ready();
}
