//! What decoding costs: an MQTT message against parsing its JSON alone, and a byte from a serial port.
//!
//! `cargo bench --bench decode` measures every golden frame that has readings (mostly short and odd) and messages of the usual
//! length (`support/usual.jsonl`), then prints the ratios of both; with `-- ratios` it prints them alone (no criterion
//! benchmark has that name). The budget: at most twice serde_json, at most 1 µs where there is no JSON; at most 50 ns a byte.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)] // a bench prints and reads the clock

use carecircle::cmd::decode::{Asked, Came, PORT};
use carecircle::devices::{Carrier, Devices};
use carecircle::model::frame::{Origin, RawFrame};
use criterion::Criterion;
use serde_json::Value;
use std::hint::black_box;
use std::time::{Duration, Instant};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400))
        .sample_size(20)
        .configure_from_args();
    let mut lines = Vec::new();
    for family in Devices::families() {
        let frames = good_lines(family.name);
        match family.carrier {
            Carrier::Mqtt => {
                lines.push(messages(&mut criterion, family.name, "odd", &frames));
                let usual = usual_lines(family.name);
                if !usual.is_empty() {
                    lines.push(messages(&mut criterion, family.name, "usual", &usual));
                }
            }
            Carrier::Serial => lines.push(bytes(&mut criterion, family.name, &frames)),
        }
    }
    println!(
        "\nMQTT: a message, decoded / parsed by serde_json alone (budget 2; without JSON 1000 ns). Serial: time a byte (budget 50 ns)."
    );
    lines.iter().for_each(|line| println!("{line}"));
}

/// The messages of a family: those of JSON decoded by it alone and only parsed, the others only decoded.
fn messages(criterion: &mut Criterion, family: &str, set: &str, lines: &[String]) -> String {
    let (mut json, mut bare): (Messages, Messages) = (Vec::new(), Vec::new());
    for line in lines {
        let Asked { ear, came: Came::Message { topic, payload } } = Asked::alone(line.as_bytes()).unwrap() else {
            continue;
        };
        let is_object = serde_json::from_slice::<Value>(&payload).is_ok_and(|value| value.is_object());
        let of_its_sort = if is_object { &mut json } else { &mut bare };
        of_its_sort.push((ear.devices, RawFrame { from: Origin::Mqtt { topic }, bytes: payload, retained: false }));
    }
    let mut said = Vec::new();
    if !json.is_empty() {
        criterion.bench_function(&format!("decode/{family}/{set}"), |b| b.iter(|| decode(&mut json)));
        criterion.bench_function(&format!("serde_json/{family}/{set}"), |b| b.iter(|| parse(&json)));
        let (decoded, parsed) = fastest_of_both(&mut json, decode, |json| parse(json));
        let each = decoded.as_nanos() / json.len() as u128;
        said.push(format!("{:.2} × serde_json ({each} ns)", decoded.as_secs_f64() / parsed.as_secs_f64()));
    }
    if !bare.is_empty() {
        let each = fastest(|| decode(&mut bare)).as_nanos() / bare.len() as u128;
        said.push(format!("{each} ns without JSON"));
    }
    format!("{family:16} {set:6} {}", said.join(", "))
}

/// What is decoded, each by the devices that its line registers.
type Messages = Vec<(Devices, RawFrame)>;

fn decode(messages: &mut Messages) {
    messages.iter_mut().for_each(|(devices, frame)| drop(black_box(devices.decode(frame))));
}

fn parse(messages: &Messages) {
    messages.iter().for_each(|(_, frame)| drop(black_box(serde_json::from_slice::<Value>(&frame.bytes))));
}

/// The bytes of a family's good frames, cut and decoded.
fn bytes(criterion: &mut Criterion, family: &str, lines: &[String]) -> String {
    let mut parts: Vec<(Devices, Vec<u8>)> = Vec::new();
    for line in lines {
        let Asked { ear, came: Came::Reads(reads) } = Asked::alone(line.as_bytes()).unwrap() else { continue };
        parts.push((ear.devices, reads.concat().repeat(100)));
    }
    let total: usize = parts.iter().map(|(_, bytes)| bytes.len()).sum();
    let hear = |parts: &mut Vec<(Devices, Vec<u8>)>| {
        for (devices, bytes) in parts {
            let mut framer = devices.framer(PORT);
            for read in bytes.chunks(64) {
                for bytes in framer.push(read) {
                    let from = Origin::Serial { port: PORT.to_owned() };
                    drop(black_box(devices.decode(&RawFrame { from, bytes, retained: false })));
                }
            }
        }
    };
    criterion.bench_function(&format!("bytes/{family}"), |b| b.iter(|| hear(&mut parts)));
    let took = fastest(|| hear(&mut parts));
    format!("{family:16} {:.1} ns a byte", took.as_nanos() as f64 / total as f64)
}

/// The same of two works in turn, so that a machine that is slow for a while is so for both.
fn fastest_of_both(on: &mut Messages, one: fn(&mut Messages), other: fn(&mut Messages)) -> (Duration, Duration) {
    let until = Instant::now() + Duration::from_millis(600);
    let mut best = (Duration::MAX, Duration::MAX);
    while Instant::now() < until {
        let begin = Instant::now();
        one(on);
        let between = Instant::now();
        other(on);
        best = (best.0.min(between - begin), best.1.min(between.elapsed()));
    }
    best
}

/// The shortest of many rounds: what the machine's other work does not touch.
fn fastest(mut work: impl FnMut()) -> Duration {
    let until = Instant::now() + Duration::from_millis(300);
    let mut best = Duration::MAX;
    while Instant::now() < until {
        let begin = Instant::now();
        work();
        best = best.min(begin.elapsed());
    }
    best
}

/// Messages as long as a real home's.
fn usual_lines(family: &str) -> Vec<String> {
    let of_family = |line: &&str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["family"] == family
    };
    include_str!("support/usual.jsonl").lines().filter(of_family).map(str::to_owned).collect()
}

fn good_lines(family: &str) -> Vec<String> {
    let path = format!("{}/tests/frames/{family}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let is_good = |line: &&str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["expect"]["outcome"] == "readings"
    };
    text.lines().filter(is_good).map(str::to_owned).collect()
}
