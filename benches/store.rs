//! What the memory costs: bytes written to the disk per observation, time to load a long history, time per commit.
//!
//! Prints figures and asserts nothing: a shared machine is no yardstick. Argument: a directory on the disk to measure.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)] // a bench prints and reads the clock

use carecircle::model::ids::SensorId;
use carecircle::model::observation::{Evidence, Measure, Observation};
use carecircle::model::time::from_millis;
use carecircle::store::{Batch, Entry, OutboxRow, Record, Store, Written};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::Instant;

fn main() {
    let place = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_else(|| ".".into());
    for rows_per_flush in [1, 2, 5, 10, 50] {
        let dir = tempfile::tempdir_in(&place).unwrap();
        bytes_per_observation(dir.path(), rows_per_flush);
    }
    let dir = tempfile::tempdir_in(&place).unwrap();
    commits(dir.path());
    let dir = tempfile::tempdir_in(&place).unwrap();
    load(dir.path());
}

/// A day in flushes of so many rows, and the closing checkpoint.
fn bytes_per_observation(dir: &Path, rows_per_flush: usize) {
    let (store, answers) = open(dir);
    let flushes = 3000 / rows_per_flush;
    let (chars, blocks) = written();
    for flush in 0..flushes {
        let records = (0..rows_per_flush).map(|n| observation(flush * rows_per_flush + n)).collect();
        // Urgent only to flush now: nothing else is in the batch.
        store.submit(Batch { ticket: flush as u64, urgent: true, records, ..Batch::default() });
        answers.recv().unwrap();
    }
    drop(store);
    let (chars_after, blocks_after) = written();
    let rows = (flushes * rows_per_flush) as u64;
    let (chars, blocks) = ((chars_after - chars) / rows, (blocks_after - blocks) / rows);
    println!("{rows_per_flush:3} rows a flush: {chars} bytes given to write(), {blocks} bytes of blocks, per row");
}

/// Alerts one after another, then a flood of them.
fn commits(dir: &Path) {
    let (store, answers) = open(dir);
    let alert = |ticket: u64| Batch {
        ticket,
        urgent: true,
        records: vec![Record::Entry(Entry { at: from_millis(ticket as i64), body: "x".repeat(600) })],
        outbox: vec![OutboxRow {
            channel: "station".into(),
            key: ticket.to_string(),
            priority: 1,
            at: from_millis(ticket as i64),
            body: "x".repeat(900),
        }],
        ..Batch::default()
    };
    let begin = Instant::now();
    for ticket in 0..200 {
        store.submit(alert(ticket));
        answers.recv().unwrap();
    }
    println!("one alert at a time: {:.2} ms each", begin.elapsed().as_secs_f64() * 1000.0 / 200.0);
    let begin = Instant::now();
    (1000..6000).for_each(|ticket| store.submit(alert(ticket)));
    (0..5000).for_each(|_| drop(answers.recv().unwrap()));
    println!("5000 alerts at once: {:.0} ms together", begin.elapsed().as_secs_f64() * 1000.0);
}

/// 90 days of 5000 observations.
fn load(dir: &Path) {
    let (store, _answers) = open(dir);
    for slice in 0..90 {
        let records = (0..5000).map(|n| observation(slice * 5000 + n)).collect();
        store.submit(Batch { urgent: true, records, ..Batch::default() });
    }
    drop(store);
    let size = std::fs::metadata(dir.join("history.db")).unwrap().len() / 1024;
    for round in 0..3 {
        let begin = Instant::now();
        let (store, _answers) = open(dir);
        let opened = begin.elapsed();
        let mut number = 0_u64;
        store.for_each_record(None, |_| number += 1).unwrap();
        println!(
            "round {round}: {number} observations ({size} KiB): opened and checked in {:.0} ms, all read after {:.0} ms",
            opened.as_secs_f64() * 1000.0,
            begin.elapsed().as_secs_f64() * 1000.0
        );
    }
}

fn open(dir: &Path) -> (Store, Receiver<Written>) {
    let (sender, answers) = mpsc::channel();
    let opened = Store::open(dir, "history.db", move |written| drop(sender.send(written))).unwrap();
    (opened.store, answers)
}

fn observation(number: usize) -> Record {
    let sensors = ["hall_pir", "kitchen_pir", "bedroom_pir", "bath_pir", "front_door", "bed"];
    let measure = match number % 10 {
        0 => Measure::BatteryPercent(87.0),
        1 => Measure::TemperatureCelsius(21.5 + (number % 7) as f64),
        _ => Measure::Motion(number.is_multiple_of(2)),
    };
    Record::Observed(Observation {
        at: from_millis(1_700_000_000_000 + number as i64 * 17_280),
        sensor: SensorId::new(sensors[number % sensors.len()]).unwrap(),
        measure,
        evidence: Evidence::Level,
        copy: false,
    })
}

/// Bytes this process gave to write(), and bytes of blocks it made dirty.
fn written() -> (u64, u64) {
    let text = std::fs::read_to_string("/proc/self/io").unwrap();
    let value = |name: &str| {
        let line = text.lines().find(|line| line.split(':').next() == Some(name));
        line.and_then(|line| line.split(": ").nth(1)?.parse().ok()).unwrap_or(0)
    };
    (value("wchar"), value("write_bytes"))
}
