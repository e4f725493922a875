//! One sensor floods with 10,000 messages a second: every press of another button is on the desk, other sensors' movement
//! is in the history, the memory stays as it is, and the flood itself is one alert. And links: what hangs behind a bridge is
//! told once.
//!
//! `CARECIRCLE_FLOOD_SECS` sets how long it floods (a few seconds without it).

use super::support::{resident_kb, wait_until};
use super::world::{Home, PATIENCE, World};
use std::io::Write;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

const MORE: &str = r#"
[[sensor]]
id = "kitchen"
room = "kitchen"
kind = "motion"
zigbee2mqtt = "kitchen"
[[sensor]]
id = "bath-cord"
room = "bathroom"
kind = "call_button"
zigbee2mqtt = "bath cord"
"#;

/// Messages a second that the flood tries to reach; the machine may give less.
const WANTED_PER_SECOND: u64 = 10_000;

#[test]
fn ten_thousand_messages_a_second_from_one_sensor_change_nothing_for_the_others() {
    let world = World::start(&Home { more: MORE, ..Home::default() });
    let secs = std::env::var("CARECIRCLE_FLOOD_SECS").ok().and_then(|secs| secs.parse().ok()).unwrap_or(12_u64);
    let pid = world.gateway.as_ref().unwrap().pid();
    // QoS 1 fills the broker's queue for the gateway, QoS 0 the connection: both have to be drained.
    let floods = [Flood::start(&world, "1", WANTED_PER_SECOND / 2), Flood::start(&world, "0", WANTED_PER_SECOND / 2)];
    let begin = carecircle::clock::since_boot();
    let lasted = || (carecircle::clock::since_boot() - begin).num_seconds() as u64;
    wait_until("the flood has begun", PATIENCE, || floods.iter().all(|flood| flood.sent() > 1_000));
    let memory_before = resident_kb(pid);
    let (mut presses, mut moves) = (0, 0);
    let mut slowest = Duration::ZERO;
    while lasted() < secs {
        presses += 1;
        let pressed_at = carecircle::clock::since_boot();
        world.publish("zigbee2mqtt/bath cord", r#"{"action":"emergency","battery":90}"#);
        wait_until("the press is on the desk", PATIENCE, || pressed(&world) >= presses);
        slowest = slowest.max((carecircle::clock::since_boot() - pressed_at).to_std().unwrap());
        if presses.is_multiple_of(10) {
            moves += 1;
            for occupancy in [true, false] {
                world.publish("zigbee2mqtt/kitchen", &format!(r#"{{"occupancy":{occupancy},"battery":87}}"#));
            }
        }
        // A hand needs a moment between two presses.
        let moment = || (carecircle::clock::since_boot() - pressed_at).num_milliseconds() >= 150;
        wait_until("the hand is ready to press again", PATIENCE, moment);
    }
    let memory_after = resident_kb(pid);
    let sent: u64 = floods.into_iter().map(Flood::stop).sum();
    eprintln!(
        "{sent} messages in {} s, {presses} presses, slowest on the desk after {slowest:?}; {memory_before} → {memory_after} KB",
        lasted()
    );
    assert!(sent > 1_000 * secs, "only {sent} messages are no flood");
    assert_eq!(pressed(&world), presses);
    assert!(memory_after < memory_before + 8_000, "{memory_before} KB became {memory_after} KB");
    wait_until("the flood is on the desk", PATIENCE, || world.alerts_of("flood").len() == 1);
    let flood = &world.alerts_of("flood")[0];
    assert_eq!((&flood["reason"]["sensor"], &flood["severity"]), (&"hall".into(), &"fault".into()));
    assert!(flood["reason"]["per_second"].as_u64() > Some(500), "{flood}");
    assert_eq!(world.alerts_of("call_button").len(), 1, "and nobody else is said to have called");
    wait_until("the other sensor's movement is in the history", PATIENCE, || rows(&world, "kitchen") >= 2 * moves);
    assert!(rows(&world, "hall") <= 60 + 2 * (lasted() as i64 + 10), "{} rows of the flooder", rows(&world, "hall"));
}

/// Goal: a press never stands behind a flood. Method: the broker holds a hundred messages for a session, and while the
/// gateway stands still one sensor says a thousand: whatever waits behind them in their session is pushed out.
#[test]
fn a_press_amid_a_flood_is_not_pushed_out_of_a_short_queue_and_counts_once() {
    let short = "allow_anonymous true\nmax_queued_messages 100\n";
    let world = World::start(&Home { more: MORE, home_broker: Some(short), ..Home::default() });
    let gateway = world.gateway.as_ref().unwrap();
    for round in 1..=5 {
        gateway.signal("STOP");
        let flood = Flood::start(&world, "1", WANTED_PER_SECOND / 2);
        wait_until("the flood fills the queue", PATIENCE, || flood.sent() > 1_000);
        world.publish("zigbee2mqtt/bath cord", r#"{"action":"emergency","battery":90}"#);
        gateway.signal("CONT");
        wait_until("the press is on the desk", PATIENCE, || pressed(&world) >= round);
        drop(flood);
    }
    // Without a flood both sessions deliver, and it is still one press.
    for round in 6..=10 {
        world.publish("zigbee2mqtt/bath cord", r#"{"action":"emergency","battery":90}"#);
        wait_until("the press is on the desk", PATIENCE, || pressed(&world) >= round);
    }
    assert_eq!(pressed(&world), 10, "{:?}", world.alerts_of("call_button"));
}

#[test]
fn a_bridge_that_is_gone_is_one_alert_with_what_hangs_behind_it_and_over_when_it_is_back() {
    const RADIO: &str = r#"
[[sensor]]
id = "bed"
room = "bedroom"
kind = "motion"
json = { topic = "bed/state", kind = "motion" }
[rules.link_lost]
after = "1s"
"#;
    let world = World::start(&Home { more: RADIO, ..Home::default() });
    world.publish("zigbee2mqtt/bridge/state", r#"{"state":"offline"}"#);
    wait_until("the lost bridge is on the desk", PATIENCE, || world.alerts_of("link_lost").len() == 1);
    let alert = &world.alerts_of("link_lost")[0];
    assert_eq!(alert["reason"]["link"], "mqtt/zigbee2mqtt/zigbee2mqtt");
    assert_eq!((&alert["reason"]["sensors"], &alert["reason"]["call_buttons"]), (&2.into(), &vec!["pendant"].into()));
    assert_eq!(alert["severity"], "blind", "the only call button is behind it");
    assert_eq!(world.alerts().len(), 1, "one alert for one cause: {:?}", world.alerts());
    let links = || world.status().map(|status| status["links"].to_string()).unwrap_or_default();
    wait_until("status names the bridge", PATIENCE, || links().contains("mqtt/zigbee2mqtt/zigbee2mqtt"));
    world.publish("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#);
    let number = alert["alert"].as_u64().unwrap();
    wait_until("its end is told", PATIENCE, || {
        let timeline = world.alert(number).map(|alert| alert["timeline"].to_string()).unwrap_or_default();
        timeline.contains("recovered")
    });
}

/// How often the one call was pressed.
fn pressed(world: &World) -> u64 {
    world.alerts_of("call_button").first().and_then(|alert| alert["count"].as_u64()).unwrap_or(0)
}

/// Rows of this sensor in the gateway's history.
fn rows(world: &World, sensor: &str) -> i64 {
    let database = rusqlite::Connection::open(world.path("state/history.db")).unwrap();
    let count = "SELECT count(*) FROM observation JOIN word ON word.id = observation.sensor WHERE word.text = ?1";
    database.query_row(count, [sensor], |row| row.get(0)).unwrap()
}

/// Movement in the hall by Debian's own client, at a pace.
struct Flood {
    client: Child,
    sent: Arc<AtomicU64>,
    _running: mpsc::Sender<()>,
}

impl Flood {
    fn start(world: &World, qos: &str, per_second: u64) -> Flood {
        let mut client = world.home_broker.publisher(&["-q", qos, "-t", "zigbee2mqtt/hall", "-l"]);
        let mut client = client
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto_pub is installed (apt-get install mosquitto-clients)");
        let mut lines = client.stdin.take().unwrap();
        let sent = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&sent);
        let (running, stopped) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            let begin = carecircle::clock::since_boot();
            let mut message = 0_u64;
            // A pace, until the other end is dropped.
            while stopped.recv_timeout(Duration::from_millis(5)) == Err(RecvTimeoutError::Timeout) {
                let due = (carecircle::clock::since_boot() - begin).num_milliseconds() as u64 * per_second / 1_000;
                while message < due {
                    message += 1;
                    let line = format!("{{\"occupancy\":{},\"battery\":87}}\n", message.is_multiple_of(2));
                    if lines.write_all(line.as_bytes()).is_err() {
                        return;
                    }
                }
                counted.store(message, Ordering::Relaxed);
            }
        });
        Flood { client, sent, _running: running }
    }

    fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    fn stop(self) -> u64 {
        self.sent()
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.client.kill().ok();
        self.client.wait().ok();
    }
}
