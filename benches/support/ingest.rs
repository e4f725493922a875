//! How fast the gateway takes in what sensors say, beside a subscriber that only reads it.
//!
//! The same messages for both, at QoS 1, so that none is dropped; the last is the opened cover of another sensor, which is behind
//! all others on its connection and whose notice says that they have been worked off.

use super::Mosquitto;
use super::home::{Home, Sensors, Station};
use super::probe::Probe;
use std::path::Path;
use std::time::{Duration, Instant};

const MESSAGES: usize = 50_000;
const ROUNDS: usize = 3;

pub fn section(place: &Path) {
    let (mut bare, mut ours) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        bare = bare.min(by_a_bare_subscriber());
        ours = ours.min(by_the_gateway(place));
    }
    let rate = |took: Duration| MESSAGES as f64 / took.as_secs_f64();
    println!(
        "ingest: {:.0} messages/s by the gateway, {:.0}/s by a bare subscriber: {:.0} % (budget 80 %; best of {ROUNDS} each)",
        rate(ours),
        rate(bare),
        rate(ours) / rate(bare) * 100.0
    );
}

fn by_a_bare_subscriber() -> Duration {
    let broker = Mosquitto::start_patient();
    let mut reader = Probe::connect(broker.port, "bench-reader");
    reader.subscribe("zigbee2mqtt/#");
    let port = broker.port;
    let begin = Instant::now();
    let writer = std::thread::spawn(move || say_all(port));
    for _ in 0..=MESSAGES {
        reader.next(begin + WITHIN).expect("all messages come");
    }
    let took = begin.elapsed();
    writer.join().unwrap();
    took
}

fn by_the_gateway(place: &Path) -> Duration {
    let broker = Mosquitto::start_patient();
    let url = format!("mqtt://127.0.0.1:{}", broker.port);
    let home = Home::configure(place, &url, Sensors { motion: 20, buttons: 1 }, &format!("{{ broker = \"{url}\" }}"));
    let _gateway = home.gateway();
    let mut station = Station::open(broker.port);
    station.wait_ready("b1");
    station.serve(Instant::now() + Duration::from_secs(1));
    let port = broker.port;
    let begin = Instant::now();
    let writer = std::thread::spawn(move || say_all(port));
    let ended = loop {
        let notice = station.notice(begin + WITHIN).expect("the opened cover is told");
        if notice.body["step"]["reason"]["rule"] == "tamper" {
            break notice.at;
        }
    };
    writer.join().unwrap();
    ended - begin
}

const WITHIN: Duration = Duration::from_secs(120);

fn say_all(port: u16) {
    let mut probe = Probe::connect(port, "bench-sensors");
    for n in 0..MESSAGES {
        let payload = if n % 2 == 0 { r#"{"occupancy":true}"# } else { r#"{"occupancy":false}"# };
        probe.publish(&format!("zigbee2mqtt/m{}", 1 + n % 19), payload.as_bytes());
        if n % 100 == 0 {
            // Its acknowledgements are read, or they would fill the line.
            while probe.next(Instant::now() + Duration::from_millis(1)).is_some() {}
        }
    }
    probe.publish("zigbee2mqtt/m20", br#"{"tamper":true}"#);
    while probe.next(Instant::now() + Duration::from_millis(300)).is_some() {}
}
