//! Golden frames broken in every way, and bytes of any kind: what the decoders must survive.
//!
//! Used by the promises (some ten thousand frames) and by `cargo bench --bench hostile` (ten million). Same seed, same frames.

#![allow(clippy::unwrap_used)] // fixtures are tests too

use carecircle::cmd::decode::{Asked, Came, Ear};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// A golden frame and the decoders for its devices.
pub struct Golden {
    /// The file it stands in, which is its family.
    pub family: String,
    ear: Ear,
    came: Came,
}

/// The golden frames of `folder`, family by family.
pub fn corpus(folder: &Path) -> Vec<Golden> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut golden = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "jsonl")) {
        let family = file.file_stem().unwrap().to_string_lossy().into_owned();
        for line in std::fs::read_to_string(file).unwrap().lines() {
            // A line that `decode` refuses as a line has no frame to break.
            let Ok(Asked { ear, came }) = Asked::parse(line.as_bytes()) else { continue };
            golden.push(Golden { family: family.clone(), ear, came });
        }
    }
    golden
}

/// What became of the frames.
#[derive(Debug, Default)]
pub struct Report {
    /// Frames by family.
    pub frames: BTreeMap<String, u64>,
    /// Answers by outcome.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// The longest time one frame took.
    pub slowest: Duration,
}

/// Breaks `count` frames and has them decoded; a panic of a decoder is the caller's.
pub fn run(golden: &mut [Golden], count: u64, random: &mut Random) -> Report {
    let mut report = Report::default();
    for _ in 0..count {
        let chosen = random.below(golden.len());
        let other = random.below(golden.len());
        let came = broken(&golden[chosen].came, &golden[other].came, random);
        let begin = carecircle::clock::since_boot();
        let outcome = golden[chosen].ear.hear(&came).outcome();
        let took = (carecircle::clock::since_boot() - begin).to_std().unwrap_or_default();
        report.slowest = report.slowest.max(took);
        *report.outcomes.entry(outcome).or_default() += 1;
        match report.frames.get_mut(&golden[chosen].family) {
            Some(frames) => *frames += 1,
            None => drop(report.frames.insert(golden[chosen].family.clone(), 1)),
        }
    }
    report
}

/// Has `count` frames decoded that are whole, each of a device and by a gateway that nobody has ever heard of: what the decoders
/// remember of each must have an end. One home hears all frames of a family.
pub fn flood(golden: &mut [Golden], count: u64, random: &mut Random) {
    let mut homes: BTreeMap<String, usize> = BTreeMap::new();
    for (at, frame) in golden.iter().enumerate() {
        homes.insert(frame.family.clone(), at);
    }
    for _ in 0..count {
        let chosen = &golden[random.below(golden.len())];
        let (came, home) = (renamed(&chosen.came, random), homes[&chosen.family]);
        golden[home].ear.hear(&came);
    }
}

fn renamed(came: &Came, random: &mut Random) -> Came {
    match came {
        Came::Message { topic, payload } => {
            let mut levels: Vec<String> = topic.split('/').map(str::to_owned).collect();
            // The first one is the bridge's, the last one says what it is.
            let at = 1 + random.below(levels.len().saturating_sub(2));
            if let Some(level) = levels.get_mut(at)
                && random.one_in(2)
            {
                *level = format!("{:0width$}", random.next(), width = 20 + random.below(200));
            }
            Came::Message { topic: levels.join("/"), payload: renumbered(payload, random) }
        }
        Came::Reads(reads) => Came::Reads(reads.iter().map(|read| renumbered(read, random)).collect()),
    }
}

/// Other digits in the place of digits, so that ids, addresses and counts are new.
fn renumbered(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut digit = |byte: &u8| if byte.is_ascii_digit() { b'1' + random.below(9) as u8 } else { *byte };
    bytes.iter().map(&mut digit).collect()
}

fn broken(came: &Came, other: &Came, random: &mut Random) -> Came {
    match came {
        Came::Message { topic, payload } => {
            let topic = if random.one_in(8) {
                String::from_utf8_lossy(&mutated(topic.as_bytes(), other.bytes(), random)).into_owned()
            } else {
                topic.clone()
            };
            Came::Message { topic, payload: mutated(payload, other.bytes(), random) }
        }
        Came::Reads(reads) => {
            let mut bytes = mutated(&reads.concat(), other.bytes(), random);
            // What comes behind the damage must still be found, in whatever pieces it comes.
            if random.one_in(3) {
                bytes.extend(reads.concat());
            }
            let mut pieces = Vec::new();
            while !bytes.is_empty() {
                let length = 1 + random.below(bytes.len().min(40));
                pieces.push(bytes.drain(..length).collect());
            }
            Came::Reads(pieces)
        }
    }
}

trait Bytes {
    fn bytes(&self) -> &[u8];
}

impl Bytes for Came {
    fn bytes(&self) -> &[u8] {
        match self {
            Came::Message { payload, .. } => payload,
            Came::Reads(reads) => reads.first().map_or(&[], Vec::as_slice),
        }
    }
}

/// `bytes` with one to six injuries, some of them made of `other`.
fn mutated(bytes: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if random.one_in(40) {
        return random.noise(200);
    }
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        let to = at + random.below(bytes.len() - at + 1).min(12);
        match random.below(9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.byte(),
            2 => bytes.insert(at, random.byte()),
            3 => drop(bytes.drain(at..to)),
            4 => {
                let again: Vec<u8> = bytes[at..to].to_vec();
                bytes.splice(at..at, again);
            }
            5 => bytes.truncate(at),
            6 => {
                let from = random.below(other.len() + 1);
                bytes.splice(at..to, other[from..].iter().copied().take(30));
            }
            7 => drop(bytes.splice(at..to, NASTY[random.below(NASTY.len())].bytes())),
            _ => replace_number(&mut bytes, random),
        }
    }
    bytes
}

/// Puts an extreme in the place of a number or a word of the text.
fn replace_number(bytes: &mut Vec<u8>, random: &mut Random) {
    let starts: Vec<usize> = (0..bytes.len())
        .filter(|&at| bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_digit()))
        .collect();
    if starts.is_empty() {
        return;
    }
    let at = starts[random.below(starts.len())];
    let end = bytes[at..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |length| at + length);
    bytes.splice(at..end, NASTY[random.below(NASTY.len())].bytes());
}

const NASTY: &[&str] = &[
    "",
    "0",
    "-1",
    "255",
    "256",
    "65535",
    "65536",
    "4294967296",
    "-2147483649",
    "9223372036854775808",
    "1e400",
    "-1e-400",
    "NaN",
    "null",
    "true",
    "\"\"",
    "[]",
    "{}",
    "[[[[[[[[",
    "\u{0}",
    "\u{feff}",
    "\u{1f600}",
    "\\u0000",
    "\\ud800",
    "#",
    "+",
    "/",
    "//",
    ";",
    ";;",
    "=",
    "ID=",
    "\n",
    "\r\n",
    "%",
    "{\"",
    "\"}",
];

/// Numbers that look like chance and are the same for the same seed (xorshift64*).
pub struct Random(u64);

impl Random {
    /// From any seed.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// So many bytes of any kind, or fewer.
    pub fn noise(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.byte()).collect()
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`; 0 where it is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { ((u128::from(self.next()) * bound as u128) >> 64) as usize }
    }

    fn byte(&mut self) -> u8 {
        (self.next() >> 56) as u8
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}
