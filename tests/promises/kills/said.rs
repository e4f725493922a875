//! What a station says by MQTT to whoever reads along: nothing is missing, though it is killed at any point.

use super::{Dice, Ledger, rounds};
use crate::support::wait_until;
use crate::world::{Home, PATIENCE, World};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

/// Somebody who reads along at the broker.
struct Listener {
    child: Child,
    /// The numbers of what was said, as they came, and the topics.
    said: Arc<Mutex<Vec<(u64, String)>>>,
}

impl Listener {
    fn at(world: &World) -> Listener {
        let topics = ["-q", "1", "-v", "-t", "carecircle/v1/station/lehe/event/#"];
        let mut child = world.district_broker.subscriber(&topics).stdout(Stdio::piped()).spawn().unwrap();
        let (said, lines) = (Arc::new(Mutex::new(Vec::new())), BufReader::new(child.stdout.take().unwrap()).lines());
        let heard = said.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let (topic, body) = line.split_once(' ').unwrap();
                let event: Value = serde_json::from_str(body).unwrap();
                heard.lock().unwrap().push((event["seq"].as_u64().unwrap(), topic.to_owned()));
            }
        });
        Listener { child, said }
    }

    fn numbers(&self) -> Vec<u64> {
        self.said.lock().unwrap().iter().map(|(seq, _)| *seq).collect()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn what_a_killed_station_says_by_mqtt_misses_nothing_and_repeats_nothing_out_of_order() {
    let mut world = World::start(&Home::default());
    let (mut dice, mut ledger) = (Dice::thrown(), Ledger::default());
    let listener = Listener::at(&world);
    let begins = |world: &World, ledger: &mut Ledger| {
        world.press();
        let alert = ledger.one_more(world);
        ledger.close(world, &alert);
    };
    wait_until("somebody reads along", PATIENCE, || {
        if listener.numbers().is_empty() {
            // Each of these is an event of its own.
            world.kill_station();
            world.start_station();
            world.wait_ready();
        }
        !listener.numbers().is_empty()
    });
    let first = listener.numbers()[0];
    for _ in 0..rounds(10) {
        let mut press = world.begin_press();
        dice.spin(30_000);
        world.kill_station();
        assert!(press.wait().unwrap().success());
        world.start_station();
        let alert = ledger.one_more(&world);
        ledger.close(&world, &alert);
    }
    begins(&world, &mut ledger);
    let kept = |world: &World| -> Vec<u64> {
        let lines = world.html(&format!("/api/v1/events?after={}&limit=1000", first - 1));
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap()).collect()
    };
    wait_until("all of it was said", PATIENCE, || {
        let said = listener.numbers();
        kept(&world).iter().all(|seq| said.contains(seq))
    });
    let mut seen: Vec<u64> = Vec::new();
    for seq in listener.numbers() {
        if !seen.contains(&seq) {
            assert!(seen.last().is_none_or(|last| *last + 1 == seq), "{seq} after {seen:?}");
            seen.push(seq);
        }
    }
    let topics = listener.said.lock().unwrap().clone();
    let is_said =
        |word: &str| topics.iter().any(|(_, topic)| *topic == format!("carecircle/v1/station/lehe/event/{word}"));
    assert!(is_said("alert.raised") && is_said("alert.closed"), "{topics:?}");
}
