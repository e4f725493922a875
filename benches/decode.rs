//! What decoding costs: an MQTT message against parsing its JSON alone, and a byte from a serial port.
//!
//! `cargo bench --bench decode` measures every golden frame that has readings, then prints the ratios. The budget: at most twice
//! serde_json; at most 50 ns a byte.

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
        lines.push(match family.carrier {
            Carrier::Mqtt => messages(&mut criterion, family.name, &frames),
            Carrier::Serial => bytes(&mut criterion, family.name, &frames),
        });
    }
    println!("\nMQTT: decoding / serde_json alone (budget 2). Serial: time a byte (budget 50 ns).");
    lines.iter().for_each(|line| println!("{line}"));
}

/// The JSON messages of a family: decoded by it alone, and only parsed.
fn messages(criterion: &mut Criterion, family: &str, lines: &[String]) -> String {
    let mut parts: Vec<(Devices, RawFrame)> = Vec::new();
    for line in lines {
        let Asked { ear, came: Came::Message { topic, payload } } = Asked::alone(line.as_bytes()).unwrap() else {
            continue;
        };
        if serde_json::from_slice::<Value>(&payload).is_ok_and(|value| value.is_object()) {
            parts.push((ear.devices, RawFrame { from: Origin::Mqtt { topic }, bytes: payload, retained: false }));
        }
    }
    if parts.is_empty() {
        return format!("{family:16} no JSON of its own");
    }
    criterion.bench_function(&format!("decode/{family}"), |b| {
        b.iter(|| parts.iter_mut().for_each(|(devices, frame)| drop(black_box(devices.decode(frame)))));
    });
    criterion.bench_function(&format!("serde_json/{family}"), |b| {
        b.iter(|| parts.iter().for_each(|(_, frame)| drop(black_box(serde_json::from_slice::<Value>(&frame.bytes)))));
    });
    let decode = fastest(|| parts.iter_mut().for_each(|(devices, frame)| drop(black_box(devices.decode(frame)))));
    let parse =
        fastest(|| parts.iter().for_each(|(_, frame)| drop(black_box(serde_json::from_slice::<Value>(&frame.bytes)))));
    let each = decode.as_nanos() / parts.len() as u128;
    format!("{family:16} {:.2} × serde_json ({each} ns a message)", decode.as_secs_f64() / parse.as_secs_f64())
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

fn good_lines(family: &str) -> Vec<String> {
    let path = format!("{}/tests/frames/{family}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let is_good = |line: &&str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["expect"]["outcome"] == "readings"
    };
    text.lines().filter(is_good).map(str::to_owned).collect()
}
