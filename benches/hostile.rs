//! Ten million broken frames over all decoders, and a tenth of that in whole ones of devices that nobody has heard of: no panic, no
//! hang, flat memory.
//!
//! `cargo bench --bench hostile [-- FRAMES [FOLDER_OF_JSONL]]`; `cargo test --bench hostile -- FRAMES` does the same with overflow
//! checked. Prints the seed; asserts only what must never happen: a panic ends it, and so does memory that grows with the frames.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a bench prints

#[path = "../tests/promises/mutated.rs"]
mod mutated;

use carecircle::clock;
use std::path::PathBuf;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let frames: u64 = arguments.next().map_or(10_000_000, |count| count.parse().expect("a number of frames"));
    let folder = arguments.next().unwrap_or_else(|| "tests/frames".to_owned());
    let seed = clock::now().timestamp_millis() as u64;
    println!("seed {seed}, {frames} frames broken from those in {folder}");
    let mut golden = mutated::corpus(&PathBuf::from(folder));
    let mut random = mutated::Random::new(seed);
    // Tables that fill once are not growth.
    mutated::run(&mut golden, frames / 20, &mut random);
    let (begin, rss_before) = (clock::since_boot(), rss_kib());
    let report = mutated::run(&mut golden, frames, &mut random);
    let took = (clock::since_boot() - begin).num_milliseconds();
    println!(
        "{:.1} s, {:.2} µs a frame with its breaking, slowest {:?}",
        took as f64 / 1e3,
        took as f64 * 1e3 / frames as f64,
        report.slowest
    );
    println!("resident memory {rss_before} KiB before, {} KiB after", rss_kib());
    println!("answers {:?}", report.outcomes);
    println!("frames {:?}", report.frames);
    mutated::flood(&mut golden, frames / 10, &mut random);
    let rss_before = rss_kib();
    mutated::flood(&mut golden, frames / 2, &mut random);
    let rss_after = rss_kib();
    println!("resident memory {rss_before} KiB before a flood of unheard-of devices, {rss_after} KiB after");
    assert!(rss_after < rss_before + GROWTH_KIB_MAX, "the decoders remember everybody");
}

/// Far less than one in ten of the flood's names takes.
const GROWTH_KIB_MAX: u64 = 8 * 1024;

fn rss_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
