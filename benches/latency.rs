//! How long a press takes to the station's broker, durable first, beside what broker, client and disk take by themselves.
//!
//! All in one run and in turns, so that a busy machine is busy for each of them. Prints figures and asserts nothing.
//! Argument: a directory on the disk to measure; the second place is always memory.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)] // a bench prints and reads the clock

mod support;

use std::path::PathBuf;
use std::time::{Duration, Instant};
use support::commits::Commits;
use support::floor;
use support::home::{Gateway, Home, Sensors, Station};
use support::probe::Probe;
use support::{Mosquitto, Times};

/// Presses of each kind: `ROUNDS` times `PER_ROUND`.
const ROUNDS: usize = 4;
const PER_ROUND: usize = 50;
const COMMITS_PER_ROUND: usize = 250;
const GAP: Duration = Duration::from_millis(50);

fn main() {
    let disk = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_else(|| "target".into());
    let mut floor = Floor::begin();
    let mut places = [Place::begin("disk", disk.into()), Place::begin("memory", "/dev/shm".into())];
    for _ in 0..ROUNDS {
        floor.round();
        places.iter_mut().for_each(Place::round);
    }
    print(&floor, &places);
}

/// Broker and probe alone, and a client with no rule and no memory between them.
struct Floor {
    probe: Probe,
    broker: Times,
    client: Times,
    _mosquitto: Mosquitto,
}

impl Floor {
    fn begin() -> Floor {
        let mosquitto = Mosquitto::start();
        let port = mosquitto.port;
        std::thread::spawn(move || floor::run(port, "floor/press", "floor/alert"));
        let mut probe = Probe::connect(port, "bench-floor");
        probe.subscribe("echo");
        probe.subscribe("floor/alert");
        let mut floor = Floor { probe, broker: Times::default(), client: Times::default(), _mosquitto: mosquitto };
        while floor.time("floor/press", "floor/alert", Duration::from_millis(20)).is_none() {}
        floor
    }

    fn round(&mut self) {
        for _ in 0..PER_ROUND {
            let time = self.time("echo", "echo", Duration::from_secs(5)).expect("the broker answers");
            self.broker.add(time);
            std::thread::sleep(GAP);
        }
        for _ in 0..PER_ROUND {
            let time = self.time("floor/press", "floor/alert", Duration::from_secs(5)).expect("the client answers");
            self.client.add(time);
            std::thread::sleep(GAP);
        }
    }

    fn time(&mut self, topic: &str, answer: &str, within: Duration) -> Option<Duration> {
        let begin = self.probe.publish(topic, br#"{"action":"press","seq":1}"#);
        loop {
            let message = self.probe.next(begin + within)?;
            if message.topic == answer {
                return Some(message.at - begin);
            }
        }
    }
}

/// The gateway with its state in one directory, and single commits in the same directory.
struct Place {
    name: &'static str,
    disk: Commits,
    station: Station,
    commits: Times,
    /// The same after a pause, as a press finds the machine: caches cold, core asleep.
    rare_commits: Times,
    presses: Times,
    lost: usize,
    _gateway: Gateway,
    _home: Home,
    _mosquitto: Mosquitto,
}

impl Place {
    fn begin(name: &'static str, place: PathBuf) -> Place {
        let mosquitto = Mosquitto::start();
        let url = format!("mqtt://127.0.0.1:{}", mosquitto.port);
        let sensors = Sensors { motion: 1, buttons: 1 };
        let home = Home::configure(&place, &url, sensors, &format!("{{ broker = \"{url}\" }}"));
        let gateway = home.gateway();
        let mut station = Station::open(mosquitto.port);
        station.wait_ready("b1");
        station.serve(Instant::now() + Duration::from_millis(500));
        Place {
            name,
            disk: Commits::in_folder(&place),
            station,
            commits: Times::default(),
            rare_commits: Times::default(),
            presses: Times::default(),
            lost: 0,
            _gateway: gateway,
            _home: home,
            _mosquitto: mosquitto,
        }
    }

    fn round(&mut self) {
        for n in 0..COMMITS_PER_ROUND {
            let time = self.disk.time_one(n);
            self.commits.add(time);
        }
        for n in 0..PER_ROUND {
            std::thread::sleep(GAP);
            let time = self.disk.time_one(n);
            self.rare_commits.add(time);
        }
        for _ in 0..PER_ROUND {
            match self.station.time_press("b1") {
                Some(time) => self.presses.add(time),
                None => self.lost += 1,
            }
            self.station.serve(Instant::now() + GAP);
        }
    }
}

fn print(floor: &Floor, places: &[Place]) {
    let line = |what: &str, times: &Times| {
        println!("{what:<52} {:>5} {:>8.2} {:>8.2}", times.len(), times.p50(), times.p99());
    };
    println!("{:<52} {:>5} {:>8} {:>8}", "milliseconds", "n", "p50", "p99");
    line("broker and probe", &floor.broker);
    line("floor: a bare client between them", &floor.client);
    for place in places {
        let name = place.name;
        line(&format!("{name}: one commit of one row"), &place.commits);
        line(&format!("{name}: the same after a pause of 50 ms"), &place.rare_commits);
        line(&format!("{name}: press → notice, durable first"), &place.presses);
        for (what, commits) in [("commit", &place.commits), ("commit after a pause", &place.rare_commits)] {
            println!(
                "{name}: {:.2} × (floor + {what}) at p50 (budget 1.3), {:.2} × at p99 (budget 2); {} lost",
                place.presses.p50() / (floor.client.p50() + commits.p50()),
                place.presses.p99() / (floor.client.p99() + commits.p99()),
                place.lost
            );
        }
    }
    let both = |times: &Times| serde_json::json!({ "n": times.len(), "p50_ms": times.p50(), "p99_ms": times.p99() });
    let of = |place: &Place| {
        serde_json::json!({
            "commit": both(&place.commits), "commit_after_pause": both(&place.rare_commits), "press": both(&place.presses), "lost": place.lost,
        })
    };
    let places: serde_json::Map<_, _> = places.iter().map(|place| (place.name.to_owned(), of(place))).collect();
    println!("{}", serde_json::json!({ "broker": both(&floor.broker), "floor": both(&floor.client), "at": places }));
}
