//! A serial port may go and come back at any time: the link is told, nothing spins, and the next press is heard.
//!
//! The ports are ptys; dropping the far end is what pulling a dongle out is.

#![allow(clippy::unwrap_used)] // fixtures are tests too

use carecircle::devices::{Devices, Settings as DeviceSettings, Wiring};
use carecircle::sim::radio::Radio;
use carecircle::sources::{Event, serial};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_serial::SerialPortBuilderExt;

#[tokio::test]
async fn a_dongle_put_back_a_hundred_times_is_heard_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("dongle");
    let mut source = Source::start(&link, quick_pause(), 64);
    for round in 0..100 {
        let mut dongle = plug_in(&link);
        source.expect_link(true).await;
        dongle.write_raw(format!("press {round}\n").as_bytes()).unwrap();
        assert_eq!(source.frame().await, format!("press {round}"));
        drop(dongle); // the far end vanishes
        let why = source.expect_link(false).await;
        assert!(why.contains("the dongle is gone"), "{why}");
    }
    // A turn is one open or one read. A round is: some tries to open (a stale link may be found), two or three reads.
    let turns = source.progress.load(Ordering::Relaxed);
    assert!(turns < 100 * 12, "{turns} turns in 100 rounds");
}

#[tokio::test]
async fn a_missing_dongle_is_asked_for_ever_more_rarely_and_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let pause = serial::Pause { first: Duration::from_millis(20), longest: Duration::from_millis(80) };
    let mut source = Source::start(&folder.path().join("dongle"), pause, 64);
    let begin = tokio::time::Instant::now();
    let why = source.expect_link(false).await;
    assert!(why.contains("no such port") && why.contains("/dev/serial/by-id"), "{why}");
    // Each try to open and each pause moves the counter by one.
    source.until_progress(12).await;
    let least = Duration::from_millis(20 + 40 + 80 * 3);
    assert!(begin.elapsed() >= least, "asked six times within {:?}", begin.elapsed());
    assert!(source.events.try_recv().is_err(), "told more than once");
}

#[tokio::test]
async fn a_dongle_that_stays_away_is_told_once_and_heard_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("dongle");
    let mut source = Source::start(&link, quick_pause(), 64);
    source.expect_link(false).await; // nothing is plugged in yet
    let dongle = plug_in(&link);
    source.expect_link(true).await;
    drop(dongle);
    source.expect_link(false).await;
    // The link by id now leads nowhere; five more tries find that out.
    let turns = source.progress.load(Ordering::Relaxed);
    source.until_progress(turns + 10).await;
    let mut dongle = plug_in(&link);
    source.expect_link(true).await;
    dongle.write_raw(b"press\n").unwrap();
    assert_eq!(source.frame().await, "press");
}

#[tokio::test]
async fn what_was_begun_before_the_loss_does_not_spoil_what_comes_after() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("dongle");
    let mut source = Source::start(&link, quick_pause(), 64);
    let mut dongle = plug_in(&link);
    source.expect_link(true).await;
    dongle.write_raw(b"whole\nhalf a li").unwrap();
    assert_eq!(source.frame().await, "whole");
    drop(dongle);
    source.expect_link(false).await;
    let mut dongle = plug_in(&link);
    source.expect_link(true).await;
    dongle.write_raw(b"PIR hall ON\n").unwrap();
    assert_eq!(source.frame().await, "PIR hall ON");
}

#[tokio::test]
async fn the_port_is_greeted_at_every_opening_and_each_frame_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("dongle");
    let framer: serial::Framer = Box::new(|bytes| match bytes {
        [] => (Vec::new(), b"HELLO ".to_vec()),
        _ => (vec![bytes.to_vec()], b"OK ".to_vec()),
    });
    let mut source = Source::with(framer, &link, quick_pause(), 8);
    for _opening in 0..3 {
        let mut dongle = plug_in(&link);
        source.expect_link(true).await;
        assert_eq!(dongle.written(6).await, b"HELLO ");
        for press in ["one", "two"] {
            dongle.write_raw(press.as_bytes()).unwrap();
            assert_eq!(source.frame().await, press);
            assert_eq!(dongle.written(3).await, b"OK ");
        }
        drop(dongle);
        source.expect_link(false).await;
    }
}

#[tokio::test]
async fn a_port_that_opens_for_a_moment_again_and_again_is_told_down_once() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("dongle");
    let framer: serial::Framer = Box::new(|bytes| match bytes {
        [] => (Vec::new(), b"HELLO ".to_vec()),
        _ => (vec![bytes.to_vec()], Vec::new()),
    });
    let mut source = Source::with(framer, &link, quick_pause(), 8);
    for opening in 0..5 {
        let mut dongle = plug_in(&link);
        assert_eq!(dongle.written(6).await, b"HELLO ", "it is open");
        drop(dongle);
        if opening == 0 {
            source.expect_link(true).await;
            source.expect_link(false).await;
        }
    }
    let mut dongle = plug_in(&link);
    assert_eq!(dongle.written(6).await, b"HELLO ");
    dongle.write_raw(b"press").unwrap();
    source.expect_link(true).await;
    assert_eq!(source.frame().await, "press");
}

#[tokio::test]
async fn a_port_that_stays_open_is_up_and_that_it_is_mute_is_remarked_until_it_speaks() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("dongle");
    let mut dongle = plug_in(&link);
    let settings =
        serial::Settings { mute_after: Duration::from_secs(1), ..serial::Settings::new("radio", &link, 9600) };
    let mut source = Source::of(settings, Box::new(|bytes| (vec![bytes.to_vec()], Vec::new())), 8);
    source.expect_link(true).await;
    let Event::Link { up: true, why, .. } = source.next().await else { panic!("a mute port is no lost link") };
    assert!(why.contains("nothing has come from it yet") && why.contains("baud = 9600"), "{why}");
    dongle.write_raw(b"press").unwrap();
    source.expect_link(true).await;
    assert_eq!(source.frame().await, "press");
}

#[tokio::test]
async fn a_receiver_is_reset_before_it_is_greeted_and_again_until_it_answers() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("dongle");
    let mut settings = DeviceSettings::default();
    settings.serial.insert("radio".to_owned(), Wiring::usual("rfxtrx").unwrap());
    let mut framer = Devices::new(&settings, &[]).framer("radio");
    let port = serial::Settings { pause: quick_pause(), ..serial::Settings::new("radio", &link, 38_400) };
    let port = port.waking(framer.wake());
    let mut dongle = plug_in(&link);
    let mut source = Source::of(port, Box::new(move |bytes| framer.talk(bytes)), 8);
    source.expect_link(true).await;
    let command = |what: u8, number: u8| [13, 0, 0, number, what, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let begun = [command(0, 0), command(2, 1), command(7, 2)].concat();
    assert_eq!(dongle.written(14).await, command(0, 0), "the reset, and nothing until it is over");
    // Of the door that opens while the dongle is reset nothing is lost; half a packet from before spoils nothing.
    let door = [0x08, 0x20, 0x00, 0x4e, 0xa1, 0xb2, 0xc3, 0x02, 0x79];
    dongle.write_raw(&[&door[..], &door[..5]].concat()).unwrap();
    assert_eq!(source.bytes().await, door);
    assert_eq!(dongle.written(28).await, begun[14..], "status, start");
    // It says nothing: it was still starting up when it was asked.
    assert_eq!(dongle.written(42).await, begun, "all of it once more");
    let status = [13, 1, 0, 1, 2, 0x53, 0x5f, 0, 0, 0x27, 0, 1, 3, 0x1c];
    dongle.write_raw(&[&status[..], &door].concat()).unwrap();
    assert_eq!([source.bytes().await, source.bytes().await], [status.to_vec(), door.to_vec()]);
    assert_eq!(dongle.written(14).await, command(7, 3), "start, now that it listens");
    let before = source.progress.load(Ordering::Relaxed);
    source.until_progress(before + 2).await;
    assert!(dongle.radio.read_raw().unwrap().is_empty(), "a receiver that has answered is left alone");
}

#[tokio::test]
async fn a_port_that_takes_no_bytes_is_as_good_as_gone() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("dongle");
    // More than a pty holds, and nobody reads it.
    let framer: serial::Framer = Box::new(|bytes| (Vec::new(), vec![b'x'; if bytes.is_empty() { 1 << 20 } else { 0 }]));
    let mut source = Source::with(framer, &link, quick_pause(), 8);
    let _dongle = plug_in(&link);
    source.expect_link(true).await;
    let why = source.expect_link(false).await;
    assert!(why.contains("it takes no bytes"), "{why}");
}

#[tokio::test]
async fn a_full_channel_holds_the_bytes_back_and_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("dongle");
    let mut dongle = plug_in(&link);
    let mut source = Source::start(&link, quick_pause(), 1);
    source.expect_link(true).await;
    let writer = tokio::task::spawn_blocking(move || {
        for number in 0..3000 {
            dongle.write_raw(format!("line number {number}\n").as_bytes()).unwrap();
        }
        dongle
    });
    for number in 0..3000 {
        assert_eq!(source.frame().await, format!("line number {number}"));
    }
    drop(writer.await.unwrap());
}

#[tokio::test]
async fn a_port_that_cannot_be_used_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "no port").unwrap();
    let why = Source::start(&file, quick_pause(), 8).expect_link(false).await;
    assert!(why.contains("cannot be used as a serial port") && why.contains("ls -l /dev/serial/by-id"), "{why}");

    let link = folder.path().join("dongle");
    let _dongle = plug_in(&link);
    let _holder = tokio_serial::new(link.to_string_lossy(), 9600).open_native_async().unwrap();
    let why = Source::start(&link, quick_pause(), 8).expect_link(false).await;
    assert!(why.contains("another program holds the port"), "{why}");
}

#[tokio::test]
async fn a_quiet_port_still_shows_that_its_task_lives() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("dongle");
    let _dongle = plug_in(&link);
    let mut source = Source::start(&link, quick_pause(), 8);
    source.expect_link(true).await;
    let before = source.progress.load(Ordering::Relaxed);
    source.until_progress(before + 2).await;
}

#[tokio::test]
async fn the_source_ends_when_nobody_listens() {
    let folder = tempfile::tempdir().unwrap();
    let source = Source::start(&folder.path().join("dongle"), quick_pause(), 8);
    drop(source.events);
    tokio::time::timeout(DEADLINE, source.task).await.expect("the source goes on").unwrap();
}

/// A source under test that reads lines.
struct Source {
    events: Receiver<Event>,
    progress: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Source {
    fn start(path: &Path, pause: serial::Pause, room: usize) -> Source {
        let mut settings = DeviceSettings::default();
        settings.serial.insert("radio".to_owned(), Wiring::usual("text").unwrap());
        let mut framer = Devices::new(&settings, &[]).framer("radio");
        Source::with(Box::new(move |bytes| framer.talk(bytes)), path, pause, room)
    }

    fn with(framer: serial::Framer, path: &Path, pause: serial::Pause, room: usize) -> Source {
        Source::of(serial::Settings { pause, ..serial::Settings::new("radio", path, 9600) }, framer, room)
    }

    fn of(settings: serial::Settings, framer: serial::Framer, room: usize) -> Source {
        let (out, events) = channel(room);
        let progress = Arc::new(AtomicU64::new(0));
        let task = tokio::spawn(serial::run(settings, framer, Arc::clone(&progress), out));
        Source { events, progress, task }
    }

    async fn next(&mut self) -> Event {
        let event = tokio::time::timeout(DEADLINE, self.events.recv()).await;
        event.expect("nothing was told in time").expect("the source ended")
    }

    async fn frame(&mut self) -> String {
        String::from_utf8(self.bytes().await).unwrap()
    }

    async fn bytes(&mut self) -> Vec<u8> {
        match self.next().await {
            Event::Frame(frame) => frame.bytes,
            other @ (Event::Link { .. } | Event::Delivered(..) | Event::Refused { .. }) => {
                panic!("expected a frame, got {other:?}")
            }
        }
    }

    async fn expect_link(&mut self, expected: bool) -> String {
        match self.next().await {
            Event::Link { source, up, why } => {
                assert_eq!((source.as_str(), up), ("radio", expected), "{why}");
                assert_eq!(why.is_empty(), up);
                why
            }
            frame @ (Event::Frame(_) | Event::Delivered(..) | Event::Refused { .. }) => {
                panic!("expected a link event, got {frame:?}")
            }
        }
    }

    async fn until_progress(&self, wanted: u64) {
        let reached = async {
            while self.progress.load(Ordering::Relaxed) < wanted {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(DEADLINE, reached).await.expect("the task does not move");
    }
}

/// A new pty under the same link.
///
/// The kernel gives the number of a closed pty to the next one, perhaps to another test's: a link that still led there
/// would open it. So the link leads to nowhere before the pty is closed.
struct Dongle {
    radio: Radio,
    link: PathBuf,
}

fn plug_in(link: &Path) -> Dongle {
    let radio = Radio::plug_in().unwrap();
    lead(link, radio.path());
    Dongle { radio, link: link.to_owned() }
}

impl Dongle {
    fn write_raw(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.radio.write_raw(bytes)
    }

    /// The next `count` bytes that the daemon writes.
    async fn written(&mut self, count: usize) -> Vec<u8> {
        let mut written = Vec::new();
        let read = async {
            while written.len() < count {
                written.extend(self.radio.read_raw().unwrap());
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(DEADLINE, read).await.expect("the daemon wrote too little");
        written
    }
}

impl Drop for Dongle {
    fn drop(&mut self) {
        lead(&self.link, Path::new("/dev/pts/pulled-out"));
    }
}

fn lead(link: &Path, to: &Path) {
    let new = link.with_extension("new");
    symlink(to, &new).unwrap();
    std::fs::rename(&new, link).unwrap();
}

fn quick_pause() -> serial::Pause {
    serial::Pause { first: Duration::from_millis(5), longest: Duration::from_millis(50) }
}

const DEADLINE: Duration = Duration::from_secs(20);
