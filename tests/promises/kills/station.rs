//! A station that is killed at any point of an alert's life: who owns the alert, and how long there is, stay as they were.

use super::{Dice, Ledger, number};
use crate::support::wait_until;
use crate::world::{Home, PATIENCE, World};
use carecircle::clock;
use serde_json::Value;
use std::collections::BTreeMap;
use std::thread;

#[test]
fn a_station_killed_at_any_point_of_a_life_comes_back_with_alerts_owners_and_clocks() {
    let mut world = World::start(&Home::default());
    let (mut dice, mut ledger, mut slowest_ms) = (Dice::thrown(), Ledger::default(), 0);
    let mut told = Told::default();
    let points = points(200);
    for _ in 0..points.div_ceil(LIFE.len()) {
        world.press();
        let alert = ledger.one_more(&world);
        for step in LIFE {
            ledger.clicks += 1;
            told.read(&world, &format!("before {step}, seed {}", dice.seed));
            slowest_ms = slowest_ms.max(killed_around(&mut world, &mut dice, &alert, step, ledger.clicks));
            told.read(&world, &format!("after {step}, seed {}", dice.seed));
        }
        wait_until("the home has confirmed the end", PATIENCE, || {
            world.alert(number(&alert)).is_some_and(|alert| alert["unconfirmed"] == false)
        });
    }
    ledger.check(&world);
    let events = told.bodies.len();
    told.newest = 0;
    told.read(&world, "all of them once more");
    assert_eq!(told.bodies.len(), events, "nothing is told behind what was told");
    eprintln!(
        "{} kills, none lost, none doubled; {events} events, each number once; back within {slowest_ms} ms at most",
        ledger.clicks
    );
}

/// What another system was told: every event by its number.
#[derive(Default)]
struct Told {
    newest: u64,
    bodies: BTreeMap<u64, Value>,
}

impl Told {
    /// Reads on, a few of the known ones again: no number is left out, and none stands for something else than before.
    #[track_caller]
    fn read(&mut self, world: &World, when: &str) {
        loop {
            let after = self.newest.saturating_sub(READ_AGAIN);
            let lines = world.html(&format!("/api/v1/events?after={after}&limit={LINES}"));
            let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
            for (nth, event) in (after + 1..).zip(&events) {
                assert_eq!(event["seq"], nth, "a gap or a number twice, {when}");
                let known = self.bodies.entry(nth).or_insert_with(|| event.clone());
                assert_eq!(known, event, "number {nth} stands for another event, {when}");
            }
            let newest = after + events.len() as u64;
            assert!(newest >= self.newest, "{newest} after {}: what was told is gone, {when}", self.newest);
            self.newest = newest;
            if events.len() < LINES {
                return;
            }
        }
    }
}

const READ_AGAIN: u64 = 20;
const LINES: usize = 1000;

/// Kills the station while somebody clicks; returns after how many milliseconds it answered again.
fn killed_around(world: &mut World, dice: &mut Dice, alert: &Value, step: &'static str, click: usize) -> i64 {
    let before = world.alert(number(alert)).expect("the desk shows it");
    let key = format!("click {click}");
    let (clicker, of, with) = (world.clicker(), alert.clone(), key.clone());
    let clicking = thread::spawn(move || clicker.click(&of, step, &with));
    dice.spin(12_000);
    world.kill_station();
    let told = clicking.join().unwrap();
    let started = clock::since_boot();
    world.start_station();
    wait_until("the station shows the alert again", PATIENCE, || world.alert(number(alert)).is_some());
    let away_ms = (clock::since_boot() - started).num_milliseconds();

    let what = format!("{step}, answered {told:?}, seed {}", dice.seed);
    let after = world.alert(number(alert)).unwrap();
    let is_done = after["phase"] == phase_after(step);
    if matches!(told, Some((200 | 201, _))) {
        assert!(is_done, "what was answered is on the disk: {what}");
    }
    if !is_done {
        for kept in ["phase", "owner", "due_at_ms", "arrived_at_ms"] {
            assert_eq!(after[kept], before[kept], "{kept} around {what}");
        }
    }
    assert_eq!(after["raised_at_ms"], before["raised_at_ms"], "{what}");
    // The person clicks again, or the browser does: it is the same click.
    let again = world.clicker().click(alert, step, &key).map(|(status, _)| status);
    assert!(matches!(again, Some(200 | 201)), "{again:?} for {what}");
    let settled = world.alert(number(alert)).unwrap();
    assert_eq!(settled["phase"], phase_after(step), "{what}");
    if step != "close" && step != "arrive" {
        assert_eq!(settled["due_at_ms"], before["due_at_ms"], "the fifteen minutes run from the press: {what}");
    }
    // A press within ten minutes of the end goes on with the same alert, so its earlier lives stand there too.
    assert_eq!(times(&settled, step), times(&before, step) + 1, "once in the timeline: {what}");
    away_ms
}

fn times(alert: &Value, step: &str) -> usize {
    let lines = alert["timeline"].as_array().unwrap().iter();
    lines.filter(|line| line["deed"] == step && line["implied"] != true).count()
}

fn phase_after(step: &str) -> &'static str {
    match step {
        "take" => "taken",
        "depart" => "on_the_way",
        "arrive" => "arrived",
        _ => "closed",
    }
}

const LIFE: [&str; 4] = ["take", "depart", "arrive", "close"];

/// How many kills; `CARECIRCLE_STATION_KILLS` asks for more.
fn points(usual: usize) -> usize {
    std::env::var("CARECIRCLE_STATION_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}
