//! What a replay costs: a home-year with every rule on, and whether ten years cost ten times as much.
//!
//! `cargo bench --bench replay` prints figures and asserts nothing. The budget: a home-year in 0.5 s, and no year dearer than
//! the one before it.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)] // a bench prints and reads the clock

mod support;

use carecircle::engine::{Input, drive};
use carecircle::model::recorded::Recorded;
use carecircle::model::time::Zone;
use carecircle::replay::{History, Replay, replay};
use std::hint::black_box;
use std::time::Instant;
use support::lived::{engine, lines, without_sensors};

fn main() {
    // Cargo passes flags of its own.
    let years = [1_i64, 2, 5, 10];
    println!("years      rows  engine  restore  replay  recording  (ms; a year of 10: replay)");
    for years in years {
        let lines = lines(years);
        let engine_ms = millis(|| {
            black_box(through_the_engine(&lines));
        });
        let restore_ms = millis(|| drop(engine().restore(lines.iter().cloned())));
        let replay_ms = millis(|| drop(replay(engine(), &lines, &[], None, |_| ())));
        let csv = csv(&lines);
        let recording_ms = millis(|| {
            let history = History::parse(csv.as_bytes(), &Zone::utc()).unwrap();
            drop(Replay::new(without_sensors(), &history).run(&history, &[], None, |_| ()));
        });
        let a_year = replay_ms / years as f64;
        let rows = lines.len();
        println!(
            "{years:5} {rows:9} {engine_ms:7.0} {restore_ms:8.0} {replay_ms:7.0} {recording_ms:10.0}  {a_year:.0} a year (budget 500)"
        );
    }
}

/// The best of three: a shared machine is no yardstick, but its best moment is near to one.
fn millis(mut work: impl FnMut()) -> f64 {
    let mut once = || {
        let begin = Instant::now();
        work();
        begin.elapsed().as_secs_f64() * 1000.0
    };
    (0..3).map(|_| once()).fold(f64::INFINITY, f64::min)
}

/// The engine alone, without staff and without a record.
fn through_the_engine(lines: &[Recorded]) -> u64 {
    let (mut engine, mut effects) = (engine(), 0);
    for line in lines {
        let Recorded::Observed(observation) = line else { continue };
        drive::until(&mut engine, observation.at, |_, came| effects += came.len() as u64);
        effects += engine.handle(observation.at, Input::Observed(observation.clone())).len() as u64;
    }
    effects
}

fn csv(lines: &[Recorded]) -> String {
    let zone = Zone::utc();
    let row = |line: &Recorded| {
        let Recorded::Observed(observation) = line else { return String::new() };
        let on = if observation.measure.level() == Some(true) { "ON" } else { "OFF" };
        format!("{},{},motion,{on}\n", zone.wall_clock(observation.at), observation.sensor)
    };
    std::iter::once("time,sensor,kind,value\n".to_owned()).chain(lines.iter().map(row)).collect()
}
