//! The parts of `tests/bench/peers` that must not be slower than what they measure: the floor, a stand-in station, and single
//! commits.
//!
//! `peers floor PORT PRESS_TOPIC ALERT_TOPIC` and `peers station PORT` run until they are ended; `peers commits FOLDER COUNT` prints
//! its times in milliseconds as one line of JSON. Without one of these words it says so and ends: it measures nothing by itself.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)] // a bench prints and reads the clock

mod support;

use std::path::Path;
use std::time::{Duration, Instant};
use support::commits::Commits;
use support::floor;
use support::home::Station;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["floor", port, press, alert] => floor::run(port.parse().unwrap(), press, alert),
        ["station", port] => answer_for_ever(port.parse().unwrap()),
        ["commits", folder, count] => time_commits(Path::new(folder), count.parse().unwrap()),
        _ => println!("peers: the parts of tests/bench/peers; run that"),
    }
}

fn answer_for_ever(port: u16) {
    let mut station = Station::open(port);
    loop {
        station.serve(Instant::now() + Duration::from_secs(3600));
    }
}

fn time_commits(folder: &Path, count: usize) {
    let mut commits = Commits::in_folder(folder);
    let times: Vec<f64> = (0..count).map(|number| commits.time_one(number).as_secs_f64() * 1000.0).collect();
    println!("{}", serde_json::json!(times));
}
