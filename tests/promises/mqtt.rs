//! The MQTT room: what `publish` calls Ok was acknowledged, every silence of a broker is noticed, and every reason is in words.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test ends where it cannot go on

mod commands;
#[cfg(feature = "embedded-broker")]
mod embedded;
pub mod fake;
mod kept;
mod source;
mod station_channel;
mod tls;

use crate::support::{Mosquitto, free_port, wait_until};
use carecircle::mqtt::{self, Event, Link, NotPublished, Pace, Settings};
use fake::{Fake, Mode};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(20);

/// Ten times as impatient as in a home.
fn fast() -> Pace {
    Pace {
        keep_alive_secs: 1,
        connect_within: Duration::from_secs(1),
        answer_within: Duration::from_secs(1),
        short_life: Duration::from_secs(10),
        ..Pace::default()
    }
}

fn settings(id: &str, url: &str, filters: &[&str]) -> Settings {
    Settings {
        client_id: id.to_owned(),
        broker: url.parse().unwrap(),
        login: None,
        tls: None,
        filters: filters.iter().map(|filter| (*filter).to_owned()).collect(),
        will: None,
        announce: None,
    }
}

fn start(settings: Settings) -> (Link, Receiver<Event>) {
    mqtt::start(settings, Arc::default())
}

async fn next(events: &mut Receiver<Event>) -> Event {
    timeout(DEADLINE, events.recv()).await.expect("an event within the deadline").expect("the link goes on")
}

async fn up(events: &mut Receiver<Event>) {
    while next(events).await != Event::Up {}
}

async fn down(events: &mut Receiver<Event>) -> String {
    loop {
        if let Event::Down { why } = next(events).await {
            return why;
        }
    }
}

async fn message(events: &mut Receiver<Event>) -> (String, Vec<u8>, bool) {
    loop {
        if let Event::Message { topic, payload, retained, .. } = next(events).await {
            return (topic, payload, retained);
        }
    }
}

/// A mosquitto started by root reads its files as a user of its own.
pub fn readable(folder: &std::path::Path) {
    let set = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    set(folder, 0o755);
    for file in std::fs::read_dir(folder).unwrap() {
        set(&file.unwrap().path(), 0o644);
    }
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_named_with_what_to_do() {
    let port = free_port();
    let (link, mut events) = start(settings("a", &format!("mqtt://127.0.0.1:{port}"), &["x"]));
    assert_eq!(down(&mut events).await, format!("connection refused at 127.0.0.1:{port}; is mosquitto running?"));
    let refused = link.publish("x", b"1".to_vec(), false).await;
    assert!(matches!(refused, Err(NotPublished::Down(ref why)) if why.contains("is mosquitto running")), "{refused:?}");
}

#[tokio::test]
async fn messages_arrive_with_their_retained_mark() {
    let broker = Mosquitto::start();
    let (link, mut events) = start(settings("a", &broker.url(), &["home/#"]));
    up(&mut events).await;
    link.publish("home/pir", b"on".to_vec(), true).await.unwrap();
    assert_eq!(message(&mut events).await, ("home/pir".to_owned(), b"on".to_vec(), false));
    let (_late, mut late) = start(settings("b", &broker.url(), &["home/#"]));
    assert_eq!(message(&mut late).await, ("home/pir".to_owned(), b"on".to_vec(), true));
}

#[tokio::test]
async fn an_oversize_retained_message_is_left_out_and_the_rest_is_heard() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().unwrap();
    let big = folder.path().join("big");
    std::fs::write(&big, vec![b'x'; 300_000]).unwrap();
    let status = std::process::Command::new("mosquitto_pub")
        .args(["-p", &broker.port.to_string(), "-q", "1", "-r", "-t", "home/bridge/devices", "-f"])
        .arg(&big)
        .status()
        .unwrap();
    assert!(status.success());
    let (link, mut events) = start(settings("a", &broker.url(), &["home/#"]));
    up(&mut events).await;
    link.publish("home/pir", b"on".to_vec(), false).await.unwrap();
    assert_eq!(message(&mut events).await.0, "home/pir");
    let too_large = link.publish("home/pir", vec![0; 70_000], false).await;
    assert!(matches!(too_large, Err(NotPublished::Never(_))), "{too_large:?}");
    let no_topic = link.publish("home/#", vec![0; 7], false).await;
    assert!(matches!(no_topic, Err(NotPublished::Never(_))), "{no_topic:?}");
    assert!(link.is_up());
}

#[tokio::test]
async fn the_last_will_speaks_after_a_crash_and_the_goodbye_after_a_stop() {
    let broker = Mosquitto::start();
    let (_watch, mut watch) = start(settings("watch", &broker.url(), &["home/link"]));
    up(&mut watch).await;
    let with_will = |id: &str| Settings {
        will: Some(mqtt::Will { topic: "home/link".to_owned(), payload: b"off".to_vec(), retain: true }),
        announce: Some(("home/link".to_owned(), b"on".to_vec())),
        ..settings(id, &broker.url(), &[])
    };
    let crashing = std::thread::spawn({
        let settings = with_will("crash");
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let (_link, mut events) = {
                let _inside = runtime.enter();
                start(settings)
            };
            runtime.block_on(up(&mut events));
            // Every task of this runtime, and its socket with it, ends here without a word.
        }
    });
    assert_eq!(message(&mut watch).await.1, b"on");
    crashing.join().unwrap();
    assert_eq!(message(&mut watch).await.1, b"off");

    let (link, mut events) = start(with_will("stop"));
    up(&mut events).await;
    assert_eq!(message(&mut watch).await.1, b"on");
    link.stop();
    assert_eq!(message(&mut watch).await.1, b"off");
    assert_eq!(timeout(DEADLINE, events.recv()).await, Ok(None), "the stream ends after a stop");
    assert!(!link.is_up());
}

/// Goal: "Ok" means that the broker had it. Method: the broker is killed 20 times under fifty publishes at once. Our own
/// subscription shares the connection, and mosquitto without an in-flight limit writes a message to its subscribers before
/// the PUBACK to its publisher: so whatever was called Ok must have been heard, in order, on that same connection.
#[tokio::test]
async fn whatever_was_called_published_had_reached_the_broker_over_20_kills() {
    let mut broker = Mosquitto::start_with("allow_anonymous true\nmax_inflight_messages 0\n");
    // So many ends in a row would look like two programs with one id, and slow the test down.
    let pace = Pace { short_life: Duration::ZERO, ..Pace::default() };
    let (link, mut events) = mqtt::start_paced(settings("gateway", &broker.url(), &["up/#"]), pace, Arc::default());
    let (mut sent, mut refused, mut number) = (0, 0, 0_u64);
    for round in 0..20 {
        up(&mut events).await;
        let mut publishes = tokio::task::JoinSet::new();
        for _ in 0..50 {
            number += 1;
            let (link, body) = (link.clone(), number.to_string().into_bytes());
            publishes.spawn(async move { (body.clone(), link.publish("up/notice", body, false).await) });
        }
        // Some rounds are killed at once, some after a few acknowledgements.
        let mut said_ok = BTreeSet::new();
        for _ in 0..round % 5 * 3 {
            if let Some(Ok((body, Ok(())))) = publishes.join_next().await {
                said_ok.insert(body);
            }
        }
        broker.kill();
        while let Some(ended) = publishes.join_next().await {
            match ended.unwrap() {
                (body, Ok(())) => {
                    said_ok.insert(body);
                }
                (_, Err(_)) => refused += 1,
            }
        }
        let mut heard = BTreeSet::new();
        loop {
            match next(&mut events).await {
                Event::Message { payload, .. } => {
                    heard.insert(payload);
                }
                Event::Down { .. } => break,
                Event::Up => {}
            }
        }
        let lost: Vec<_> = said_ok.difference(&heard).collect();
        assert!(lost.is_empty(), "round {round}: called Ok and never heard: {lost:?}");
        sent += said_ok.len();
        broker.restart();
    }
    up(&mut events).await;
    assert!(link.publish("up/notice", b"last".to_vec(), false).await.is_ok());
    println!("{sent} acknowledged, {refused} refused");
    assert!(refused > 0 && sent > 0, "the kills must hit some and spare some");
}

#[tokio::test]
async fn four_hundred_publishes_run_at_once_and_all_arrive_once() {
    let broker = Mosquitto::start();
    let (link, mut events) = start(settings("a", &broker.url(), &["x"]));
    up(&mut events).await;
    let begin = carecircle::clock::since_boot();
    let mut publishes = tokio::task::JoinSet::new();
    for number in 0..400_u64 {
        let link = link.clone();
        publishes.spawn(async move { link.publish("x", number.to_string().into_bytes(), false).await });
    }
    let mut heard = BTreeSet::new();
    while heard.len() < 400 {
        let (_, payload, _) = message(&mut events).await;
        assert!(heard.insert(payload), "a message came twice");
    }
    while let Some(ended) = publishes.join_next().await {
        assert_eq!(ended.unwrap(), Ok(()));
    }
    println!("400 publishes in {} ms", (carecircle::clock::since_boot() - begin).num_milliseconds());
}

#[tokio::test]
async fn a_broker_that_never_greets_is_left_and_tried_again() {
    let fake = Fake::start(Mode::NeverConnAck);
    let (link, mut events) = mqtt::start_paced(settings("a", &fake.url(), &["x"]), fast(), Arc::default());
    let why = down(&mut events).await;
    assert!(why.contains("no answer from 127.0.0.1"), "{why}");
    wait_until("it is tried again", DEADLINE, || fake.connections() >= 1);
    let refused = timeout(Duration::from_secs(1), link.publish("x", vec![1], false)).await;
    assert!(matches!(refused, Ok(Err(NotPublished::Down(_)))), "errs at once: {refused:?}");
    let again = timeout(DEADLINE, async {
        while fake.connections() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    again.await.expect("it is tried again");
}

#[tokio::test]
async fn a_broker_that_never_acknowledges_is_left_after_the_deadline() {
    let fake = Fake::start(Mode::NeverPubAck);
    let (link, mut events) = mqtt::start_paced(settings("a", &fake.url(), &["x"]), fast(), Arc::default());
    up(&mut events).await;
    let answer = timeout(DEADLINE, link.publish("x", b"1".to_vec(), false)).await.expect("never waits for ever");
    assert_eq!(answer, Err(NotPublished::NoAnswer(1)));
    let why = down(&mut events).await;
    assert!(why.contains("no longer answers"), "{why}");
    fake.set(Mode::Good);
    up(&mut events).await;
    assert_eq!(link.publish("x", b"1".to_vec(), false).await, Ok(()));
    assert!(fake.published().iter().filter(|body| body.as_slice() == b"1").count() >= 2);
}

#[tokio::test]
async fn a_half_open_link_is_noticed_without_traffic() {
    let fake = Fake::start(Mode::SilentAfterSubAck);
    let (_link, mut events) = mqtt::start_paced(settings("a", &fake.url(), &["x"]), fast(), Arc::default());
    up(&mut events).await;
    let why = down(&mut events).await;
    assert!(why.contains("no longer answers"), "{why}");
    let pace = Pace::default();
    let longest = Duration::from_secs(u64::from(pace.keep_alive_secs)) + pace.answer_within;
    assert!(longest <= Duration::from_secs(30), "a home notices within 30 s");
}

#[tokio::test]
async fn a_broker_that_freezes_holds_no_publish_for_ever_and_is_found_again_when_it_thaws() {
    let broker = Mosquitto::start();
    let (link, mut events) = mqtt::start_paced(settings("a", &broker.url(), &["x"]), fast(), Arc::default());
    up(&mut events).await;
    broker.signal("STOP");
    let mut publishes = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let link = link.clone();
        publishes.spawn(async move { link.publish("x", b"1".to_vec(), false).await });
    }
    while let Some(ended) = timeout(DEADLINE, publishes.join_next()).await.expect("no publish waits for ever") {
        let answer = ended.unwrap();
        assert!(matches!(answer, Err(NotPublished::NoAnswer(_) | NotPublished::Down(_))), "{answer:?}");
    }
    assert!(down(&mut events).await.contains("no longer answers"));
    broker.signal("CONT");
    up(&mut events).await;
    assert_eq!(link.publish("x", b"2".to_vec(), false).await, Ok(()));
}

#[tokio::test]
async fn a_missing_suback_is_not_taken_for_a_subscription() {
    let fake = Fake::start(Mode::NeverSubAck);
    let (link, mut events) = mqtt::start_paced(settings("a", &fake.url(), &["x"]), fast(), Arc::default());
    let why = down(&mut events).await;
    assert!(why.contains("no longer answers"), "{why}");
    assert!(!link.is_up());
}

#[tokio::test]
async fn a_refused_filter_is_told_and_publishing_goes_on() {
    let fake = Fake::start(Mode::RefusesFilters);
    let (link, mut events) = start(settings("a", &fake.url(), &["x", "y"]));
    up(&mut events).await;
    assert_eq!(link.refused_filters(), ["x", "y"]);
    assert_eq!(link.publish("z", b"1".to_vec(), false).await, Ok(()));
}

#[tokio::test]
async fn a_connection_cut_at_a_publish_loses_that_one_with_an_error() {
    let fake = Fake::start(Mode::DropsAfterFirstPublish);
    let (link, mut events) = start(settings("a", &fake.url(), &["x"]));
    up(&mut events).await;
    let answer = link.publish("x", b"1".to_vec(), false).await;
    assert!(matches!(answer, Err(NotPublished::Down(_))), "{answer:?}");
    fake.set(Mode::Good);
    up(&mut events).await;
    assert_eq!(link.publish("x", b"2".to_vec(), false).await, Ok(()));
}

#[tokio::test]
async fn two_programs_with_one_client_id_are_told_so() {
    let broker = Mosquitto::start();
    let (_one, mut one) = start(settings("same", &broker.url(), &["x"]));
    let (_two, two) = start(settings("same", &broker.url(), &["x"]));
    let told = async {
        loop {
            let why = down(&mut one).await;
            if why.contains("second program uses the client id \"same\"") {
                return;
            }
        }
    };
    timeout(Duration::from_secs(60), told).await.expect("the take-over is named");
    drop(two);
}

#[tokio::test]
async fn the_task_proves_that_it_moves_connected_or_not() {
    for url in [format!("mqtt://127.0.0.1:{}", free_port()), Fake::start(Mode::NeverConnAck).url()] {
        let alive = Arc::new(AtomicU64::new(0));
        let (_link, _events) = mqtt::start(settings("a", &url, &["x"]), alive.clone());
        let moved = timeout(DEADLINE, async {
            while alive.load(Ordering::Relaxed) < 3 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        moved.await.expect("alive counts up");
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let passwords = folder.path().join("passwords");
    let status = std::process::Command::new("mosquitto_passwd")
        .args(["-b", "-c"])
        .arg(&passwords)
        .args(["home", "right"])
        .status()
        .unwrap();
    assert!(status.success());
    readable(folder.path());
    let broker = Mosquitto::start_in(folder, "allow_anonymous false\npassword_file {dir}/passwords\n");
    let login = |password: &str| Some(mqtt::Login { user: "home".to_owned(), password: password.to_owned() });
    let (_link, mut events) = start(Settings { login: login("wrong"), ..settings("a", &broker.url(), &["x"]) });
    let why = down(&mut events).await;
    assert!(why.contains("check user, password"), "{why}");
    let (_link, mut events) = start(Settings { login: login("right"), ..settings("b", &broker.url(), &["x"]) });
    up(&mut events).await;
}
