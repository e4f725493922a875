//! What a day costs the SD card: a home with thirty days behind it lives one more, on the store itself and a real file system.
//!
//! Time is not waited for: what the running gateway would have written together is handed in together. A first sign of life after
//! ten seconds without one is committed at once, all else within ten seconds; every ten minutes there is a mark that somebody watches; once
//! a day the old is forgotten, the log is shortened and the copy made. Bytes are the kernel's `write_bytes`; what the journal of the file
//! system and the card itself add is not known here.

use carecircle::model::ids::SensorId;
use carecircle::model::observation::{Evidence, Measure, Observation};
use carecircle::model::time::{Span, Timestamp, from_millis};
use carecircle::store::{Batch, Entry, Record, Retention, Store, Written};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// As `FLUSH_AFTER` and `LIFE_WRITTEN_EVERY` of the gateway.
const FLUSH_AFTER: Span = Span::seconds(10);
const LIFE_WRITTEN_EVERY: Span = Span::seconds(30);
const MARK_EVERY: Span = Span::minutes(10);
const DAYS_BEFORE: i64 = 31;

pub fn section(place: &Path) {
    for (observations, budget) in [(500, 5), (5_000, 20)] {
        let folder = tempfile::tempdir_in(place).unwrap();
        let day = Day::lived(folder.path(), observations);
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        println!(
            "card: {:.1} MB for a day of {observations} observations (budget {budget}): {} commits {:.1}, forgetting {:.1}, daily copy {:.1}; \
             the log was never longer than {:.1} MB",
            megabytes(day.commit_bytes + day.prune_bytes + day.copy_bytes),
            day.commits,
            megabytes(day.commit_bytes),
            megabytes(day.prune_bytes),
            megabytes(day.copy_bytes),
            megabytes(day.longest_log)
        );
    }
}

struct Day {
    commits: u64,
    commit_bytes: u64,
    prune_bytes: u64,
    copy_bytes: u64,
    longest_log: u64,
}

impl Day {
    fn lived(folder: &Path, observations: usize) -> Day {
        let (sender, answers) = mpsc::channel();
        let store = Store::open(folder, "history.db", move |written| drop(sender.send(written))).unwrap().store;
        let mut dice = Dice(7);
        let begin = from_millis(1_790_000_000_000 / 86_400_000 * 86_400_000);
        for day in 0..DAYS_BEFORE {
            let records = observed(begin - Span::days(DAYS_BEFORE - day), observations, &mut dice);
            commit(&store, &answers, records.into_iter().map(Record::Observed).collect());
        }
        // What stands in the log goes into the database before anything is counted.
        forget(&store, folder, begin);
        let before = written();
        let (mut commits, mut longest_log) = (0, 0);
        for records in together(observed(begin, observations, &mut dice), begin) {
            commit(&store, &answers, records);
            commits += 1;
            longest_log = longest_log.max(size(&folder.join("history.db-wal")));
        }
        let after_commits = written();
        forget(&store, folder, begin + Span::days(1));
        let copy_bytes = size(&folder.join("history.db.copy"));
        let rest = written() - after_commits;
        Day {
            commits,
            commit_bytes: after_commits - before,
            prune_bytes: rest.saturating_sub(copy_bytes),
            copy_bytes,
            longest_log,
        }
    }
}

/// What is committed together.
fn together(day: Vec<Observation>, begin: Timestamp) -> Vec<Vec<Record>> {
    let marks = (1..=144).map(|n| begin + MARK_EVERY * n);
    let mark = |at| (at, Record::Entry(Entry { at, body: format!(r#"{{"watching":{{"at":"{at}"}}}}"#) }), false);
    let seen = day.into_iter().map(|one| {
        let is_life = one.measure == Measure::Motion(true);
        (one.at, Record::Observed(one), is_life)
    });
    let mut lines: Vec<(Timestamp, Record, bool)> = marks.map(mark).chain(seen).collect();
    lines.sort_by_key(|(at, ..)| *at);
    let (mut all, mut waiting, mut flush_at, mut life_written) = (Vec::new(), Vec::new(), None, begin - Span::days(1));
    for (at, record, is_life) in lines {
        if flush_at.is_some_and(|due| due <= at) {
            all.push(std::mem::take(&mut waiting));
            flush_at = None;
        }
        waiting.push(record);
        flush_at.get_or_insert(at + FLUSH_AFTER);
        if is_life && at - life_written >= LIFE_WRITTEN_EVERY {
            life_written = at;
            all.push(std::mem::take(&mut waiting));
            flush_at = None;
        }
    }
    all.push(waiting);
    all.retain(|records| !records.is_empty());
    all
}

/// Somebody goes from room to room from seven to half past ten, now and then, each time past a few sensors.
fn observed(begin: Timestamp, observations: usize, dice: &mut Dice) -> Vec<Observation> {
    let mut day = Vec::new();
    while day.len() < observations {
        let mut at = begin + Span::milliseconds(7 * 3_600_000 + dice.roll(15 * 3_600_000 + 1_800_000));
        for _ in 0..=dice.roll(6) {
            let sensor = SensorId::new(format!("m{}", 1 + dice.roll(8))).unwrap();
            for (on, after) in [(true, Span::zero()), (false, Span::seconds(20 + dice.roll(70)))] {
                let (measure, evidence) = (Measure::Motion(on), Evidence::Level);
                day.push(Observation { at: at + after, sensor: sensor.clone(), measure, evidence, copy: false });
            }
            at += Span::milliseconds(3_000 + dice.roll(20_000));
        }
    }
    day.truncate(observations);
    day.sort_by_key(|one| one.at);
    day
}

fn commit(store: &Store, answers: &Receiver<Written>, records: Vec<Record>) {
    store.submit(Batch { urgent: true, records, ..Batch::default() });
    answers.recv().unwrap().result.unwrap();
}

/// The daily work, until its copy is there and grows no more.
fn forget(store: &Store, folder: &Path, now: Timestamp) {
    let copy = folder.join("history.db.copy");
    std::fs::remove_file(&copy).ok();
    store.prune(Some(now), &Retention::default());
    let until = Instant::now() + Duration::from_secs(60);
    while !copy.exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(copy.exists(), "the daily copy is made");
}

fn size(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |data| data.len())
}

/// Bytes of blocks that this process made dirty.
fn written() -> u64 {
    let text = std::fs::read_to_string("/proc/self/io").unwrap();
    let line = text.lines().find(|line| line.starts_with("write_bytes"));
    line.and_then(|line| line.split(": ").nth(1)?.parse().ok()).unwrap_or(0)
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % sides as u64) as i64
    }
}
