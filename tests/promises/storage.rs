//! The memory: what was handed in comes back in its order, and no state of the disk holds back an alert.
//!
//! Real files in temporary directories; a full and a read-only disk are small file systems of their own.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test may panic, and prints its seeds

use carecircle::model::ids::SensorId;
use carecircle::model::observation::{Evidence, Measure, Observation};
use carecircle::model::time::{Span, Timestamp, from_millis};
use carecircle::store::{Batch, Entry, OutboxRow, Record, Retention, Store, Written};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

#[test]
fn what_was_handed_in_comes_back_in_its_order() {
    let dir = tempfile::tempdir().unwrap();
    let (store, answers) = open(dir.path());
    let handed_in: Vec<Record> =
        (0..3000).map(|n| if n % 7 == 3 { entry(n, "{\"step\":1}") } else { motion(n, n % 2 == 0) }).collect();
    for (ticket, records) in handed_in.chunks(100).enumerate() {
        store.submit(Batch { ticket: ticket as u64, records: records.to_vec(), ..Batch::default() });
    }
    assert_eq!(store.records(None).unwrap(), handed_in, "before the restart");
    assert_eq!(store.last_watching().unwrap(), Some(at(2999)));
    drop(store);
    assert_eq!(answers.iter().map(|written| written.ticket).collect::<Vec<_>>(), (0..30).collect::<Vec<_>>());

    let (store, _answers) = open(dir.path());
    assert_eq!(store.records(None).unwrap(), handed_in, "after the restart");
    let newer: Vec<Record> = store.records(Some(at(2000))).unwrap();
    assert_eq!(newer, handed_in[2000..]);
}

#[test]
fn runs_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    for run in 1..4 {
        let opened = Store::open(dir.path(), "history.db", |_| ()).unwrap();
        assert_eq!((opened.run, opened.replaced), (run, None));
    }
}

#[test]
fn an_urgent_batch_is_written_at_once_and_takes_along_what_waits() {
    let dir = tempfile::tempdir().unwrap();
    let (store, answers) = open(dir.path());
    store.submit(Batch { ticket: 1, records: vec![motion(1, true)], ..Batch::default() });
    assert!(answers.recv_timeout(Duration::from_millis(300)).is_err(), "a lone observation did not wait for company");
    store.submit(Batch { ticket: 2, urgent: true, records: vec![entry(2, "{}")], ..Batch::default() });
    let first_two: Vec<Written> = (0..2).map(|_| soon(&answers)).collect();
    assert_eq!(first_two, [Written { ticket: 1, result: Ok(()) }, Written { ticket: 2, result: Ok(()) }]);
}

#[test]
fn fifty_observations_do_not_wait() {
    let dir = tempfile::tempdir().unwrap();
    let (store, answers) = open(dir.path());
    for n in 0..50 {
        store.submit(Batch { ticket: n, records: vec![motion(n as i64, true)], ..Batch::default() });
    }
    assert_eq!(soon(&answers).ticket, 0);
}

#[test]
fn a_thousand_urgent_batches_are_few_transactions() {
    let dir = tempfile::tempdir().unwrap();
    let (store, answers) = open(dir.path());
    for n in 0..1000 {
        store.submit(Batch { ticket: n, urgent: true, records: vec![entry(n as i64, "{}")], ..Batch::default() });
    }
    let tickets: Vec<u64> = (0..1000).map(|_| soon(&answers)).map(|written| written.ticket).collect();
    assert_eq!(tickets, (0..1000).collect::<Vec<_>>());
    // Each transaction writes at least one page: a thousand of them would be 1 MB and more.
    let log = std::fs::metadata(dir.path().join("history.db-wal")).unwrap().len();
    assert!(log < 300_000, "{log} bytes were written for 1000 batches");
    assert_eq!(store.records(None).unwrap().len(), 1000);
}

#[test]
fn the_outbox_keeps_what_is_not_settled() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _answers) = open(dir.path());
    let batch = |outbox: Vec<OutboxRow>, settled: &[(&str, &str)]| Batch {
        urgent: true,
        outbox,
        settled: settled.iter().map(|(channel, key)| ((*channel).to_owned(), (*key).to_owned())).collect(),
        ..Batch::default()
    };
    store.submit(batch(vec![row("lehe", "1-1", 1), row("lehe", "1-2", 2), row("sms", "1-1", 3)], &[]));
    store.submit(batch(vec![], &[("lehe", "1-1")]));
    // A newer body takes the place of the open one; its place and its instant stay.
    let newer = OutboxRow { body: "{\"newer\":true}".into(), at: at(99), priority: 9, ..row("lehe", "1-2", 0) };
    store.submit(batch(vec![newer.clone()], &[]));
    let replaced = OutboxRow { at: at(2), ..newer };
    assert_eq!(store.outbox().unwrap(), [replaced.clone(), row("sms", "1-1", 3)]);
    drop(store);

    let (store, _answers) = open(dir.path());
    assert_eq!(store.outbox().unwrap(), [replaced.clone(), row("sms", "1-1", 3)], "after the restart");
    // A settled row that is handed in again is open again: sending twice is better than not at all.
    store.submit(batch(vec![row("lehe", "1-1", 5)], &[("lehe", "1-1"), ("sms", "1-1")]));
    assert_eq!(store.outbox().unwrap(), [replaced, row("lehe", "1-1", 5)]);
}

#[test]
fn the_last_handle_writes_what_waits() {
    let dir = tempfile::tempdir().unwrap();
    let (store, answers) = open(dir.path());
    store.submit(Batch { ticket: 5, records: vec![motion(1, true)], ..Batch::default() });
    drop(store.clone());
    drop(store);
    assert_eq!(answers.try_recv(), Ok(Written { ticket: 5, result: Ok(()) }));
    assert_eq!(open(dir.path()).0.records(None).unwrap(), [motion(1, true)]);
}

/// Prunes until the clock is believed wholly: nothing is forgotten by a jump.
fn prune_at_last(store: &Store, now: Timestamp) {
    (0..40).for_each(|_| store.prune(Some(now), &Retention::default()));
}

#[test]
fn old_observations_are_forgotten_and_a_copy_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _answers) = open(dir.path());
    let day = 24 * 3600;
    let mut records: Vec<Record> = (0..2500).map(|n| motion(n, true)).collect();
    // A clock that was wrong for a while leaves newer lines between older ones.
    records.insert(3, motion(40 * day, true));
    records.extend([entry(1, "{}"), motion(20 * day, true), entry(40 * day, "{}")]);
    store.submit(Batch { records: records.clone(), urgent: true, ..Batch::default() });
    prune_at_last(&store, at(40 * day));
    let kept = [motion(40 * day, true), entry(1, "{}"), motion(20 * day, true), entry(40 * day, "{}")];
    poll(|| store.records(None).unwrap() == kept);
    poll(|| dir.path().join("history.db.copy").exists());
    drop(store);
    // The copy serves when the database itself does not.
    overwrite(&dir.path().join("history.db"), 0, &[0x5A; 4096]);
    let opened = Store::open(dir.path(), "history.db", |_| ()).unwrap();
    let why = opened.replaced.unwrap();
    assert!(why.contains("history.db.unreadable-1") && why.contains("daily copy"), "{why}");
    assert_eq!(opened.store.records(None).unwrap(), kept);
}

/// Measured before: one turn with a clock years ahead took the whole history with it.
#[test]
fn a_clock_years_ahead_takes_no_history_with_it_and_one_that_nobody_vouches_for_takes_nothing() {
    let day = 86_400;
    let dir = tempfile::tempdir().unwrap();
    let (store, _answers) = open(dir.path());
    let records: Vec<Record> = (0..30).map(|n| motion(n * day, true)).chain([entry(29 * day, "{}")]).collect();
    let outbox = vec![row("lehe", "lehe/1/1/1", 1)];
    store.submit(Batch { records: records.clone(), outbox, urgent: true, ..Batch::default() });
    let copy = dir.path().join("history.db.copy");
    let pruned = |now: Option<Timestamp>| {
        std::fs::remove_file(&copy).ok();
        store.prune(now, &Retention::default());
        poll(|| copy.exists());
        store.records(None).unwrap().len()
    };
    assert_eq!(pruned(Some(at(30 * day))), 31, "in its time");
    assert_eq!(pruned(Some(at(4_000 * day))), 29, "eleven years ahead: two days");
    assert_eq!(pruned(Some(at(31 * day))), 29, "set right: nothing more than is due");
    assert_eq!(pruned(None), 29, "not vouched for: the copy is made, and nothing is forgotten");
    assert_eq!(store.outbox().unwrap().len(), 1, "what waits, waits");
    assert_eq!(pruned(Some(at(33 * day))), 28);
}

#[test]
fn an_entry_is_forgotten_after_two_years() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _answers) = open(dir.path());
    store.submit(Batch { records: vec![entry(1, "{}"), entry(800 * 86_400, "{}")], urgent: true, ..Batch::default() });
    prune_at_last(&store, at(800 * 86_400));
    poll(|| store.records(None).unwrap() == [entry(800 * 86_400, "{}")]);
}

#[test]
fn what_a_day_taught_is_forgotten_after_400_days_and_alerts_are_not() {
    let day = 86_400;
    let dir = tempfile::tempdir().unwrap();
    let (store, _answers) = open(dir.path());
    let taught = |days: i64| entry(days * day, r#"{"day":{"until":"x"}}"#);
    // Only the kind of a line counts, not what stands in it.
    let alert = entry(day, r#"{"step":{"note":"{\"day\":"}}"#);
    store.submit(Batch { records: vec![taught(1), alert.clone(), taught(200)], urgent: true, ..Batch::default() });
    prune_at_last(&store, at(500 * day));
    poll(|| store.records(None).unwrap() == [alert.clone(), taught(200)]);
}

#[test]
fn a_database_that_cannot_be_read_is_put_aside() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 6] = [
        ("somebody else's database", |path| {
            std::fs::remove_file(path).unwrap();
            let other = rusqlite::Connection::open(path).unwrap();
            other.execute_batch("CREATE TABLE photo(name); PRAGMA user_version = 1").unwrap();
        }),
        ("no database at all", |path| std::fs::write(path, "this was a shopping list\n".repeat(500)).unwrap()),
        ("a page in the middle overwritten", |path| overwrite(path, 5 * 4096, &[0xA5; 4096])),
        ("cut in the middle", |path| {
            let length = std::fs::metadata(path).unwrap().len();
            std::fs::File::options().write(true).open(path).unwrap().set_len(length / 2 + 100).unwrap();
        }),
        ("the first page zeroed", |path| overwrite(path, 0, &[0; 4096])),
        ("a newer schema", |path| overwrite(path, 60, &77_u32.to_be_bytes())),
    ];
    for (what, damage) in damages {
        let dir = tempfile::tempdir().unwrap();
        let (store, _answers) = open(dir.path());
        store.submit(Batch { records: (0..20_000).map(|n| motion(n, true)).collect(), ..Batch::default() });
        drop(store);
        damage(&dir.path().join("history.db"));

        let opened = Store::open(dir.path(), "history.db", |_| ()).unwrap();
        let why = opened.replaced.unwrap_or_else(|| panic!("{what}: not noticed"));
        assert!(why.contains("history.db.unreadable-1") && why.contains("a new one was begun"), "{what}: {why}");
        assert!(dir.path().join("history.db.unreadable-1").exists(), "{what}");
        if what == "a newer schema" {
            assert!(why.contains("schema 77") && why.contains("up to 2"), "{why}");
        }
        assert_eq!((opened.run, opened.store.records(None).unwrap()), (1, vec![]), "{what}");
        opened.store.submit(Batch { records: vec![motion(1, true)], ..Batch::default() });
        assert_eq!(opened.store.records(None).unwrap(), [motion(1, true)], "{what}: the new one does not work");
    }
}

#[test]
fn a_page_overwritten_at_random_never_prevents_a_start() {
    let seed = 20_261_121_u64;
    println!("seed {seed}");
    let mut random = seed;
    let dir = tempfile::tempdir().unwrap();
    let (store, _answers) = open(dir.path());
    store.submit(Batch { records: (0..5000).map(|n| motion(n, n % 3 == 0)).collect(), ..Batch::default() });
    drop(store);
    let mut sound = Vec::new();
    std::fs::File::open(dir.path().join("history.db")).unwrap().read_to_end(&mut sound).unwrap();
    for round in 0..60 {
        let dir = tempfile::tempdir().unwrap();
        let mut damaged = sound.clone();
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            random >> 33
        };
        let page = next() as usize % (damaged.len() / 4096) * 4096;
        damaged[page..page + 4096].iter_mut().for_each(|byte| *byte = next() as u8);
        std::fs::write(dir.path().join("history.db"), damaged).unwrap();
        let opened = Store::open(dir.path(), "history.db", |_| ());
        let opened = opened.unwrap_or_else(|error| panic!("seed {seed}, round {round}, page at {page}: {error}"));
        opened.store.submit(Batch { records: vec![motion(9999, true)], ..Batch::default() });
        let records = opened.store.records(None).unwrap();
        assert_eq!(records.last(), Some(&motion(9999, true)), "seed {seed}, round {round}, page at {page}");
    }
}

#[test]
fn a_second_daemon_is_kept_out() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, _answers) = open(dir.path());
    let error = Store::open(dir.path(), "history.db", |_| ()).err().expect("two daemons write one history");
    assert!(error.to_string().contains("another carecircle daemon"), "{error}");
}

#[test]
fn a_memory_that_is_not_there_answers_every_batch() {
    let (sender, answers) = mpsc::channel();
    let store = Store::unavailable("the disk is gone".into(), move |written| drop(sender.send(written)));
    for ticket in 0..3 {
        store.submit(Batch { ticket, urgent: true, records: vec![entry(1, "{}")], ..Batch::default() });
        assert_eq!(soon(&answers), Written { ticket, result: Err("the disk is gone".into()) });
    }
    assert!(store.records(None).is_err() && store.outbox().is_err());
}

#[test]
fn a_directory_that_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a_file");
    std::fs::write(&file, "x").unwrap();
    let error = Store::open(&file, "history.db", |_| ()).err().expect("a file was used as a directory");
    assert!(error.to_string().contains("a_file: this is not a directory; set state_dir"), "{error}");
}

#[test]
fn a_read_only_file_system_is_named() {
    on_its_own_disk("storage::a_read_only_file_system_is_named", "size=1m,ro", |dir| {
        let error = Store::open(dir, "history.db", |_| ()).err().expect("a read-only file system was used");
        assert!(error.to_string().contains("this file system is read-only; mount it writable"), "{error}");
    });
}

/// The disk fills up, batches are refused at once with the reason; room returns, and everything is written in order.
#[test]
fn a_full_disk_holds_nothing_back_and_recovers() {
    on_its_own_disk("storage::a_full_disk_holds_nothing_back_and_recovers", "size=600k", |dir| {
        let ballast = dir.join("ballast");
        std::fs::write(&ballast, vec![1; 250_000]).unwrap();
        let (store, answers) = open(dir);
        let long = format!("{{\"words\":\"{}\"}}", "x".repeat(8000));
        let (mut refused, mut expected) = (0, Vec::new());
        let mut submit = |ticket: u64, body: &str| {
            let records = vec![entry(ticket as i64, body)];
            expected.extend(records.clone());
            let outbox = vec![row("lehe", &ticket.to_string(), ticket as i64)];
            store.submit(Batch { ticket, urgent: true, records, outbox, ..Batch::default() });
            soon(&answers)
        };
        let mut ticket = 0;
        while refused < 5 {
            ticket += 1;
            let written = submit(ticket, &long);
            assert_eq!(written.ticket, ticket);
            if let Err(why) = written.result {
                assert!(why.contains("the disk is full"), "{why}");
                refused += 1;
            }
            assert!(ticket < 200, "250 kB hold 200 entries of 8 kB");
        }
        std::fs::remove_file(&ballast).unwrap();
        poll(|| {
            ticket += 1;
            submit(ticket, "{}").result.is_ok()
        });
        assert!(store.records(None).unwrap() == expected, "something is missing or out of order");
        assert_eq!(store.outbox().unwrap().len(), ticket as usize);
    });
}

#[test]
fn a_disk_that_is_full_at_the_start_does_not_cost_the_history() {
    on_its_own_disk("storage::a_disk_that_is_full_at_the_start_does_not_cost_the_history", "size=400k", |dir| {
        let (store, _answers) = open(dir);
        store.submit(Batch { urgent: true, records: vec![entry(1, "{}")], ..Batch::default() });
        drop(store);
        let ballast = dir.join("ballast");
        let mut file = std::fs::File::create(&ballast).unwrap();
        while file.write_all(&[1; 512]).is_ok() {}
        drop(file);

        let opened = Store::open(dir, "history.db", |_| ()).unwrap();
        assert_eq!((opened.run, opened.replaced), (2, None));
        assert_eq!(opened.store.records(None).unwrap(), [entry(1, "{}")]);
        opened.store.submit(Batch { urgent: true, records: vec![entry(2, "{}")], ..Batch::default() });
        assert!(opened.store.records(None).is_err(), "nothing can be written, so what would be read is not all");
        std::fs::remove_file(&ballast).unwrap();
        poll(|| opened.store.records(None).is_ok_and(|records| records == [entry(1, "{}"), entry(2, "{}")]));
    });
}

fn open(dir: &Path) -> (Store, Receiver<Written>) {
    let (sender, answers) = mpsc::channel();
    let opened = Store::open(dir, "history.db", move |written| drop(sender.send(written))).unwrap();
    assert_eq!(opened.replaced, None);
    (opened.store, answers)
}

fn at(second: i64) -> Timestamp {
    from_millis(1_700_000_000_000) + Span::seconds(second)
}

fn motion(second: i64, on: bool) -> Record {
    Record::Observed(Observation {
        at: at(second),
        sensor: SensorId::new(if second % 2 == 0 { "hall" } else { "bedroom" }).unwrap(),
        measure: Measure::Motion(on),
        evidence: Evidence::Event,
        copy: false,
    })
}

fn entry(second: i64, body: &str) -> Record {
    Record::Entry(Entry { at: at(second), body: body.into() })
}

fn row(channel: &str, key: &str, second: i64) -> OutboxRow {
    OutboxRow { channel: channel.into(), key: key.into(), priority: 3, at: at(second), body: "{}".into() }
}

fn overwrite(path: &Path, offset: u64, bytes: &[u8]) {
    let mut file = std::fs::File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(bytes).unwrap();
}

fn soon(answers: &Receiver<Written>) -> Written {
    answers.recv_timeout(Duration::from_secs(30)).expect("an answer within 30 s")
}

fn poll(mut holds: impl FnMut() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it did not come to hold within 30 s");
}

/// Runs `test` again in a process that sees a small file system of its own at a directory, which is handed to `body`.
fn on_its_own_disk(test: &str, options: &str, body: impl FnOnce(&Path)) {
    if let Some(dir) = std::env::var_os("CARECIRCLE_SMALL_DISK") {
        return body(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    // As root, or as root of a user namespace of one's own.
    let namespaces: &[&str] = if nobody_special() { &["-Ur", "-m"] } else { &["-m"] };
    let output = Command::new("unshare")
        .args(namespaces)
        .args(["sh", "-c", "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && exec \"$3\" --exact \"$4\" --nocapture", "sh"])
        .arg(options)
        .arg(dir.path())
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .env("CARECIRCLE_SMALL_DISK", dir.path())
        .output()
        .expect("unshare (Debian package util-linux)");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "in its own mount namespace: {said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn nobody_special() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id (Debian package coreutils)");
    id.stdout != b"0\n"
}
