//! What the running gateway costs: time to start, memory, processor, bytes on the disk, and what a flood does to it.
//!
//! Prints figures and asserts nothing. Arguments: a directory on the disk to measure, and the sections wanted
//! (`start`, `idle`, `bytes`, `card`, `history`, `ingest`, `flood`, `replay`; all without any). `CARECIRCLE_PROGRAM` names another
//! program to be measured: the one that is shipped is built in another way than the benches are.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)] // a bench prints and reads the clock

mod support;

use carecircle::clock;
use carecircle::model::recorded::Recorded;
use carecircle::model::time::Span;
use carecircle::store::{Batch, Record, Store};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::home::{Gateway, Home, OWN, Sensors, Station, program};
use support::probe::Probe;
use support::{Mosquitto, Times};

const SECTIONS: [(&str, fn(&Path)); 8] = [
    ("start", start),
    ("idle", idle),
    ("bytes", bytes),
    ("card", support::card::section),
    ("history", history),
    ("ingest", support::ingest::section),
    ("flood", flood),
    ("replay", replay),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_section = |argument: &String| SECTIONS.iter().any(|(name, _)| name == argument);
    let place = arguments.iter().find(|argument| !is_section(argument)).map_or("target".into(), PathBuf::from);
    let wanted: Vec<&String> = arguments.iter().filter(|argument| is_section(argument)).collect();
    for (name, section) in SECTIONS {
        if wanted.is_empty() || wanted.iter().any(|wanted| *wanted == name) {
            section(&place);
        }
    }
}

/// With the button that every home has twenty sensors, as in a furnished flat.
const FLAT: Sensors = Sensors { motion: 18, buttons: 1 };

fn home(place: &Path, broker: &Mosquitto, sensors: Sensors) -> Home {
    let url = format!("mqtt://127.0.0.1:{}", broker.port);
    Home::configure(place, &url, sensors, &format!("{{ broker = \"{url}\" }}"))
}

/// From the start of the process to the first notice at the broker.
fn start(place: &Path) {
    let (mut fresh, mut again) = (Times::default(), Times::default());
    for _ in 0..5 {
        let broker = Mosquitto::start();
        let home = home(place, &broker, FLAT);
        for times in [&mut fresh, &mut again] {
            let mut station = Station::open(broker.port);
            let gateway = home.gateway();
            let first = station.wait_ready("b1");
            times.add(first - gateway.since);
            station.serve(Instant::now() + Duration::from_millis(200));
        }
    }
    println!("start: first notice {:.0} ms after the start on an empty history (median of 5)", fresh.p50());
    println!("start: first notice {:.0} ms after a restart", again.p50());
}

/// Memory and processor of a home in which nothing happens, its channel over TLS.
fn idle(place: &Path) {
    let broker = Mosquitto::start_with_tls();
    let url = format!("mqtt://127.0.0.1:{}", broker.port);
    let channel = format!(
        "{{ broker = \"mqtts://127.0.0.1:{}\", ca = \"{dir}/ca.pem\", credentials = \"{dir}/home.pem\" }}",
        broker.tls_port,
        dir = broker.folder().display()
    );
    let home = Home::configure(place, &url, FLAT, &channel);
    let gateway = home.gateway();
    let mut station = Station::open(broker.port);
    station.wait_ready("b1");
    station.wait_ready(OWN);
    station.serve(Instant::now() + Duration::from_secs(20));
    let (busy, written) = (gateway.busy(), gateway.figure("io", "write_bytes"));
    println!(
        "idle: {} kB resident ({} kB of its own, peak {} kB), TLS session open, 20 sensors, after 20 s",
        gateway.figure("status", "VmRSS"),
        gateway.figure("status", "RssAnon"),
        gateway.figure("status", "VmHWM")
    );
    station.serve(Instant::now() + Duration::from_secs(60));
    let share = (gateway.busy() - busy).as_secs_f64() / 60.0 * 100.0;
    println!(
        "idle: {share:.3} % of a core and {} bytes of blocks written over 60 s (budget 0.2 %, 8 MB)",
        gateway.figure("io", "write_bytes") - written
    );
}

/// Bytes on the disk for motion on and off, sixty times in 25 s, until all of it is written.
fn bytes(place: &Path) {
    // Zigbee2MQTT repeats the battery in every message of most sensors.
    bytes_of(place, "alone", "");
    bytes_of(place, "with its battery", ",\"battery\":87");
}

fn bytes_of(place: &Path, what: &str, beside: &str) {
    let broker = Mosquitto::start();
    let home = home(place, &broker, FLAT);
    let gateway = home.gateway();
    let mut station = Station::open(broker.port);
    station.wait_ready("b1");
    station.serve(Instant::now() + Duration::from_secs(12));
    let mut sensors = Probe::connect(broker.port, "bench-sensors");
    let io = |gateway: &Gateway| (gateway.figure("io", "wchar"), gateway.figure("io", "write_bytes"));
    let before = io(&gateway);
    let begin = Instant::now();
    for pair in 0..60 {
        for occupied in [true, false] {
            let topic = format!("zigbee2mqtt/m{}", 1 + pair % 5);
            sensors.publish(&topic, format!("{{\"occupancy\":{occupied}{beside}}}").as_bytes());
            sensors.next(Instant::now() + Duration::from_millis(10));
        }
        station.serve(begin + Duration::from_secs(25) * (pair as u32 + 1) / 60);
    }
    station.serve(Instant::now() + Duration::from_secs(12));
    let after = io(&gateway);
    println!(
        "bytes: per motion message {what} (120 in 25 s) {} given to write(), {} of blocks (budget 500 per event)",
        (after.0 - before.0) / 120,
        (after.1 - before.1) / 120
    );
}

/// A start with a long history: 90 days of 5,000 observations.
fn history(place: &Path) {
    let broker = Mosquitto::start();
    let home = home(place, &broker, FLAT);
    write_history(home.state());
    let (mut times, mut busy) = (Times::default(), Times::default());
    for _ in 0..5 {
        let mut station = Station::open(broker.port);
        let gateway = home.gateway();
        times.add(station.wait_ready("b1") - gateway.since);
        busy.add(gateway.busy());
        let (resident, peak) = (gateway.figure("status", "VmRSS"), gateway.figure("status", "VmHWM"));
        println!("history: {resident} kB resident, peak {peak} kB");
        station.serve(Instant::now() + Duration::from_millis(200));
    }
    println!(
        "history: first notice {:.0} ms after the start on 450,000 observations (budget 300), {:.0} ms of processor time in it",
        times.p50(),
        busy.p50()
    );
}

fn write_history(dir: &Path) {
    let opened = Store::open(dir, "history.db", |_| ()).unwrap();
    let sensors: Vec<String> = (1..=FLAT.motion).map(|n| format!("m{n}")).collect();
    let sensors: Vec<&str> = sensors.iter().map(String::as_str).collect();
    let lines = support::lived::days(clock::now() - Span::days(90), 90, 5_000, &sensors);
    for day in lines.chunks(5_000) {
        let seen = |line: &Recorded| {
            if let Recorded::Observed(seen) = line { Some(Record::Observed(seen.clone())) } else { None }
        };
        let records = day.iter().filter_map(seen).collect();
        opened.store.submit(Batch { urgent: true, records, ..Batch::default() });
    }
}

/// One sensor says 10,000 things a second for 5 s; a button beside it is pressed every 100 ms.
fn flood(place: &Path) {
    const PRESSES: usize = 50;
    let broker = Mosquitto::start();
    let home = home(place, &broker, FLAT);
    let gateway = home.gateway();
    let mut station = Station::open(broker.port);
    station.wait_ready("b1");
    station.serve(Instant::now() + Duration::from_secs(3));
    let mut press = || {
        let (mut times, mut lost) = (Times::default(), 0);
        for _ in 0..PRESSES {
            let begin = Instant::now();
            match station.time_press("b1") {
                Some(time) => times.add(time),
                None => lost += 1,
            }
            station.serve(begin + Duration::from_millis(100));
        }
        (times, lost)
    };
    let (calm, _) = press();
    let port = broker.port;
    let chatter = std::thread::spawn(move || chatter(port));
    let (busy, begin) = (gateway.busy(), Instant::now());
    let (times, lost) = press();
    let share = (gateway.busy() - busy).as_secs_f64() / begin.elapsed().as_secs_f64() * 100.0;
    let (sent, within) = chatter.join().unwrap();
    println!(
        "flood: {sent} messages of one sensor in {:.1} s; the button beside it p50 {:.1} p99 {:.1} ms, {lost} lost (calm: {:.1} / {:.1}); \
         {share:.0} % of a core, peak {} kB",
        within.as_secs_f64(),
        times.p50(),
        times.p99(),
        calm.p50(),
        calm.p99(),
        gateway.figure("status", "VmHWM"),
    );
    let dropped = dropped(port);
    println!("flood: the broker dropped {dropped} messages for all its clients together");
}

/// 10,000 messages a second for 5 s at QoS 0; how many, and in what time.
fn chatter(port: u16) -> (usize, Duration) {
    let mut probe = Probe::connect(port, "bench-chatter");
    let begin = Instant::now();
    let mut sent = 0;
    while begin.elapsed() < Duration::from_secs(5) {
        let wanted = (begin.elapsed().as_secs_f64() * 10_000.0) as usize;
        for n in sent..wanted {
            let payload = if n % 2 == 0 { r#"{"occupancy":true}"# } else { r#"{"occupancy":false}"# };
            probe.publish_often("zigbee2mqtt/m1", payload.as_bytes(), 1);
        }
        sent = wanted;
        std::thread::sleep(Duration::from_millis(1));
    }
    (sent, begin.elapsed())
}

fn dropped(port: u16) -> String {
    let mut probe = Probe::connect(port, "bench-sys");
    probe.subscribe("$SYS/broker/publish/messages/dropped");
    std::thread::sleep(Duration::from_millis(1500));
    let message = probe.next(Instant::now() + Duration::from_secs(3));
    message.map_or("?".to_owned(), |message| String::from_utf8_lossy(&message.payload).into_owned())
}

/// A recorded home through the same engine, as a person would run it.
fn replay(_place: &Path) {
    let Some(records) = std::env::var_os("CARECIRCLE_RECORDS") else {
        println!("replay: set CARECIRCLE_RECORDS to a recorded home (.csv.gz) to measure it");
        return;
    };
    let mut times = Times::default();
    for _ in 0..5 {
        let begin = Instant::now();
        let status = Command::new(program())
            .args(["replay", "--format", "jsonl", "--history"])
            .arg(&records)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        times.add(begin.elapsed());
    }
    println!("replay: {:.0} ms for {} (budget 500)", times.p50(), records.display());
}
