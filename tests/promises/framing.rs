//! What holds for every family alike, tried on its own golden frames: any pieces, noise before, bytes of another family.

#![allow(clippy::unwrap_used)] // fixtures are tests too

use crate::mutated::Random;
use carecircle::cmd::decode::{Asked, Came};
use carecircle::devices::{Carrier, Devices};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A golden line that has readings.
struct Good {
    family: &'static str,
    line: String,
    came: Came,
}

#[test]
fn serial_bytes_say_the_same_in_whatever_pieces_they_come() {
    for good in good_frames(Carrier::Serial) {
        let bytes = good.bytes();
        let whole = good.hear(vec![bytes.clone()]);
        for cut in 1..bytes.len() {
            let said = good.hear(vec![bytes[..cut].to_vec(), bytes[cut..].to_vec()]);
            assert_eq!(said, whole, "cut at byte {cut}: {}", good.line);
        }
        let said = good.hear(bytes.iter().map(|byte| vec![*byte]).collect());
        assert_eq!(said, whole, "byte by byte: {}", good.line);
    }
}

#[test]
fn a_good_frame_behind_noise_is_heard() {
    let seed = u64::from(std::process::id());
    eprintln!("seed {seed}");
    let mut random = Random::new(seed);
    for good in good_frames(Carrier::Serial) {
        let once = good.hear(vec![good.bytes()]);
        for _ in 0..20 {
            // A line end stands behind the noise, as it does where a receiver prints lines; twice, because noise may claim the
            // first for itself.
            let bytes = [random.noise(60), b"\n".to_vec(), good.bytes(), good.bytes()].concat();
            let said = good.hear(vec![bytes.clone()]);
            let has = |reading: &Value| readings(&said).iter().any(|heard| same(heard, reading));
            assert!(readings(&once).iter().all(has), "{bytes:02x?} said {said}: {}", good.line);
        }
    }
}

#[test]
fn a_megabyte_without_a_frame_end_holds_nothing_back_for_long() {
    let mut all = good_frames(Carrier::Serial);
    all.dedup_by_key(|good| good.family);
    for good in all {
        let bytes = good.bytes();
        let begun = &bytes[..bytes.len().div_ceil(2)];
        let endless = begun.repeat(1_000_000 / begun.len() + 1);
        let mut reads: Vec<Vec<u8>> = endless.chunks(1000).map(<[u8]>::to_vec).collect();
        // What was claimed must end by itself: a line by its end, a packet by its longest length.
        reads.push(b"\n".to_vec());
        reads.extend((0..200).map(|_| bytes.clone()));
        let said = good.hear(reads);
        let once = good.hear(vec![bytes]);
        let has = |reading: &Value| readings(&said).iter().any(|heard| same(heard, reading));
        assert!(readings(&once).iter().all(has), "{}", good.line);
    }
}

#[test]
fn bytes_of_another_family_are_never_an_event() {
    for carrier in [Carrier::Mqtt, Carrier::Serial] {
        let all = good_frames(carrier);
        for good in &all {
            // Two radars of one maker say presence in the same words: either is right about the other.
            let is_twin =
                |other: &str| [good.family, other].iter().all(|family| matches!(*family, "ld2410" | "ld2412"));
            for other in all.iter().filter(|other| other.family != good.family && !is_twin(other.family)) {
                // The devices of the one, the bytes of the other.
                let mut asked = Asked::parse(good.line.as_bytes()).unwrap();
                asked.ear.family = Some(good.family);
                let said = serde_json::to_value(asked.ear.hear(&other.came)).unwrap();
                let events: Vec<&Value> = readings(&said).iter().filter(|reading| is_event(reading)).collect();
                assert!(
                    events.is_empty(),
                    "{} takes a frame of {}: {events:?}\n{}",
                    good.family,
                    other.family,
                    other.line
                );
            }
        }
    }
}

#[test]
fn what_a_broker_kept_is_never_an_event() {
    for good in good_frames(Carrier::Mqtt) {
        let mut line: Value = serde_json::from_str(&good.line).unwrap();
        line["retained"] = true.into();
        let said = serde_json::to_value(carecircle::cmd::decode::answer(line.to_string().as_bytes())).unwrap();
        let events: Vec<&Value> = readings(&said).iter().filter(|reading| is_event(reading)).collect();
        assert!(events.is_empty(), "{} takes kept {events:?} for an event: {}", good.family, good.line);
    }
}

impl Good {
    fn bytes(&self) -> Vec<u8> {
        match &self.came {
            Came::Message { payload, .. } => payload.clone(),
            Came::Reads(reads) => reads.concat(),
        }
    }

    /// What the decoders of its line, fresh, say of these reads.
    fn hear(&self, reads: Vec<Vec<u8>>) -> Value {
        let mut asked = Asked::parse(self.line.as_bytes()).unwrap();
        serde_json::to_value(asked.ear.hear(&Came::Reads(reads))).unwrap()
    }
}

fn readings(answer: &Value) -> &[Value] {
    answer["readings"].as_array().map_or(&[], Vec::as_slice)
}

/// The second of two equal frames may be a copy.
fn same(one: &Value, other: &Value) -> bool {
    ["kind", "value", "device", "part"].iter().all(|key| one[key] == other[key])
}

/// Something that somebody did or that happened.
fn is_event(reading: &Value) -> bool {
    let kinds = ["motion", "presence", "button", "contact", "leak", "smoke", "gas", "tamper", "alarm", "vibration"];
    let is_cached = reading["evidence"] == "cached" || reading["evidence"] == "ambiguous";
    kinds.contains(&reading["kind"].as_str().unwrap()) && reading["value"] != false && !is_cached
}

fn good_frames(carrier: Carrier) -> Vec<Good> {
    let mut good = Vec::new();
    for family in Devices::families().iter().filter(|family| family.carrier == carrier) {
        let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/frames/{}.jsonl", family.name));
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            if value["expect"]["outcome"] == "readings" && value["shows"] != "malformed" {
                let came = Asked::parse(line.as_bytes()).unwrap().came;
                good.push(Good { family: family.name, line: line.to_owned(), came });
            }
        }
    }
    assert!(!good.is_empty());
    good
}
