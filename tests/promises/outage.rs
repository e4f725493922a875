//! Goal: a broker that is away for eight hours costs no alert, and neither memory nor disk grow without bound. Method: the
//! home's own engine lives these hours by an injected clock, with two hundred alerts that nobody hears of and movement all
//! the while, and its history and outbox are written as the daemon writes them; then a real gateway, broker and station.
//!
//! `CARECIRCLE_OUTAGE_OBSERVATIONS` sets how many movements (fewer without it).

use crate::support::{resident_kb, wait_until};
use crate::world::{Home, PATIENCE, World};
use carecircle::clock;
use carecircle::config;
use carecircle::engine::{Effect, Engine, Input};
use carecircle::gateway::{DATABASE, to_record};
use carecircle::model::alert::{Alert, Step};
use carecircle::model::observation::{Evidence, Measure, Observation, Press};
use carecircle::model::recorded::Recorded;
use carecircle::model::time::{Span, Timestamp};
use carecircle::store::{Batch, OutboxRow, Store};
use carecircle::wire::{AlertState, Notice, VERSION, Wire};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

/// Buttons of one person: the first press is an alert, the others are told of it.
const CALLS: usize = 20;
/// Each is an alert of its own.
const REQUESTS: usize = 199;
const MOTION_SENSORS: usize = 40;

fn sensors() -> String {
    let mut text = String::new();
    for n in 0..CALLS {
        write!(text, "[[sensor]]\nid = \"cord-{n}\"\nkind = \"call_button\"\nzigbee2mqtt = \"cord-{n}\"\n").unwrap();
    }
    for n in 0..REQUESTS {
        let kind = "kind = \"service_button\"\nservice = \"cleaning\"";
        write!(text, "[[sensor]]\nid = \"ask-{n}\"\n{kind}\nzigbee2mqtt = \"ask-{n}\"\n").unwrap();
    }
    for n in 0..MOTION_SENSORS {
        let place = format!("room = \"room-{n}\"\nkind = \"motion\"");
        write!(text, "[[sensor]]\nid = \"pir-{n}\"\n{place}\nzigbee2mqtt = \"pir-{n}\"\n").unwrap();
    }
    text
}

/// The home while nobody hears it.
struct Outage {
    engine: Engine,
    home: carecircle::model::ids::HomeId,
    place: String,
    store: Store,
    batch: Batch,
    /// Alert and step of every call that waits.
    calls_waiting: BTreeSet<(u64, u64)>,
    /// Every alert, by its rule.
    alerts: BTreeSet<(&'static str, u64)>,
    rows: usize,
}

impl Outage {
    fn take(&mut self, now: Timestamp, input: Input) {
        if let Input::Observed(observation) = &input {
            self.batch.records.push(to_record(Recorded::Observed(observation.clone())));
        }
        for effect in self.engine.handle(now, input) {
            match effect {
                Effect::Alert { alert, step } => {
                    self.batch.records.push(to_record(Recorded::Step { alert, step }));
                }
                Effect::Learned(day) => self.batch.records.push(to_record(Recorded::Day(*day))),
                Effect::Notify { to, alert, step } => {
                    assert!(to.iter().all(|point| point.as_str() == "lehe"), "{to:?}");
                    self.waits(now, &alert, step);
                }
                Effect::Local(_) => {}
            }
        }
        if self.batch.records.len() >= 500 {
            self.hand_in();
        }
    }

    fn waits(&mut self, now: Timestamp, alert: &Alert, step: Step) {
        let key = format!("lehe/{}/{}/{}", alert.id.number, alert.id.raised_at.timestamp_millis(), step.number);
        let is_call = alert.reason.rule() == "call_button";
        self.alerts.insert((alert.reason.rule(), alert.id.number));
        if is_call {
            self.calls_waiting.insert((alert.id.number, step.number.into()));
        }
        let notice = Notice {
            v: VERSION,
            home: self.home.clone(),
            place: self.place.clone(),
            alert: alert.id,
            state: AlertState::of(alert, step.at),
            step,
            age_secs: 0.0,
            clock_trusted: true,
            durable: true,
        };
        let body = String::from_utf8(notice.to_bytes()).unwrap();
        let priority = if is_call { 0 } else { 3 };
        self.batch.outbox.push(OutboxRow { channel: "lehe".into(), key, priority, at: now, body });
        self.rows += 1;
    }

    fn hand_in(&mut self) {
        let ticket = self.batch.ticket;
        self.store.submit(std::mem::replace(&mut self.batch, Batch { ticket: ticket + 1, ..Batch::default() }));
    }
}

#[test]
fn eight_hours_without_a_broker_lose_no_alert_and_calls_are_heard_first() {
    let home = Home { more: sensors().leak(), ..Home::default() };
    let mut world = World::configure(&home);
    let wanted = std::env::var("CARECIRCLE_OUTAGE_OBSERVATIONS").ok().and_then(|text| text.parse().ok());
    let observations: usize = wanted.unwrap_or(20_000);
    let text = std::fs::read_to_string(world.path("gateway.toml")).unwrap();
    let config = config::gateway("gateway.toml", &text).0.unwrap();
    let state = config.state_dir.clone();
    std::fs::create_dir_all(&state).unwrap();
    let mut outage = Outage {
        home: config.home.id.clone(),
        place: config.home.place.clone(),
        engine: Engine::new(config.home, &config.rules, config.circle),
        store: Store::open(&state, DATABASE, |written| written.result.unwrap()).unwrap().store,
        batch: Batch::default(),
        calls_waiting: BTreeSet::new(),
        alerts: BTreeSet::new(),
        rows: 0,
    };
    live(&mut outage, observations);
    let Outage { store, calls_waiting, alerts, rows, .. } = outage;
    drop(store);
    let (count, calls) = (alerts.len(), calls_waiting.len());
    eprintln!("{count} alerts, {rows} notices wait, {calls} of them of calls; {} KB on the disk", size_kb(&state));
    assert!(count >= 200 && calls >= CALLS && rows >= count, "two hundred alerts, and every press of a call is told");

    world.district_broker.kill();
    world.start_gateway();
    let pid = world.gateway.as_ref().unwrap().pid();
    let waiting = |world: &World| world.status().and_then(|status| status["outbox"]["waiting"].as_u64());
    wait_until("all of it waits in the gateway", PATIENCE * 4, || waiting(&world) >= Some(rows as u64));
    let memory_before = resident_kb(pid);
    // The broker is back; what it hears first is of interest, so that a listener is there before the gateway.
    world.gateway.as_ref().unwrap().signal("STOP");
    world.district_broker.restart();
    let heard = Heard::listen(&world);
    world.start_station();
    wait_until("the station's page is there", PATIENCE, || world.desk().is_some());
    world.gateway.as_ref().unwrap().signal("CONT");
    wait_until("the outbox is empty", PATIENCE * 4, || waiting(&world) == Some(0));
    let lost: Vec<_> = alerts.iter().filter(|(_, number)| world.alert(*number).is_none()).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    let shown = |rule: &str| world.alerts_of(rule).len();
    let raised = |rule: &str| alerts.iter().filter(|alert| alert.0 == rule).count();
    for rule in ["call_button", "service_button"] {
        assert_eq!(shown(rule), raised(rule), "{rule}: none is there twice");
    }
    let heard = once(heard.all());
    let last = heard.iter().rposition(|said| calls_waiting.contains(said)).unwrap();
    let missing: Vec<_> = calls_waiting.iter().filter(|call| !heard.contains(*call)).collect();
    assert!(missing.is_empty(), "never heard at the broker: {missing:?}");
    let others = heard.iter().take(last + 1).filter(|said| !calls_waiting.contains(*said)).count();
    eprintln!("{} notices at the broker, {others} of others before the last call", heard.len());
    // What is on the wire already cannot be overtaken.
    assert!(others <= 16, "{others} notices of others went before a call");

    let (memory, disk) = (resident_kb(pid), size_kb(&state));
    eprintln!("{observations} movements: {memory_before} → {memory} KB of memory, {disk} KB on the disk");
    assert!(memory < 96 * 1024 && memory < memory_before + 20 * 1024, "{memory_before} KB became {memory} KB");
    assert!(disk < 200 * 1024, "{disk} KB");
}

/// Eight hours that end now.
fn live(outage: &mut Outage, observations: usize) {
    let end = clock::now() - Span::seconds(5);
    let begin = end - Span::hours(8);
    let calls = (0..CALLS)
        .map(|n| (begin + Span::seconds(1_000 + 1_300 * n as i64), format!("cord-{n}"), Measure::Button(Press::Sos)));
    let requests = (0..REQUESTS)
        .map(|n| (begin + Span::seconds(60 + 140 * n as i64), format!("ask-{n}"), Measure::Button(Press::Single)));
    let millis = 8 * 3_600_000;
    let moves = (0..observations).map(|n| {
        let at = begin + Span::milliseconds(millis * n as i64 / observations as i64);
        (at, format!("pir-{}", n / 2 % MOTION_SENSORS), Measure::Motion(n % 2 == 0))
    });
    let mut events: Vec<_> = calls.chain(requests).chain(moves).collect();
    events.sort_by_key(|(at, ..)| *at);
    outage.batch.records.push(to_record(Recorded::Started { at: begin, blind_since: None }));
    outage.take(begin, Input::Started { blind_since: None });
    for (at, sensor, measure) in events {
        while let Some(due) = outage.engine.next_wakeup().filter(|due| *due <= at) {
            outage.take(due, Input::Tick);
        }
        let sensor = sensor.parse().unwrap();
        let evidence = Evidence::Event;
        outage.take(at, Input::Observed(Observation { at, sensor, measure, evidence, copy: false }));
    }
    outage.hand_in();
}

/// What was said, without repeats: a notice that waits too long for its receipt is said again.
fn once(heard: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    let mut known = BTreeSet::new();
    heard.into_iter().filter(|said| known.insert(*said)).collect()
}

const TOPIC: &str = "carecircle/v1/made-up-1/up/lehe/notice";

/// What the district's broker carries from the home, in its order.
struct Heard {
    child: std::process::Child,
    said: Arc<Mutex<Vec<(u64, u64)>>>,
}

impl Heard {
    fn listen(world: &World) -> Heard {
        let mut child = world.district_broker.subscriber(&["-t", TOPIC]);
        let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let notice: Value = serde_json::from_str(&line).unwrap();
                let number = |value: &Value| value["number"].as_u64().unwrap();
                theirs.lock().unwrap().push((number(&notice["alert"]), number(&notice["step"])));
            }
        });
        let heard = Heard { child, said };
        wait_until("the listener hears", PATIENCE, || {
            world.district_broker.publish(TOPIC, r#"{"alert":{"number":0},"step":{"number":0}}"#);
            !heard.all().is_empty()
        });
        heard.said.lock().unwrap().clear();
        heard
    }

    fn all(&self) -> Vec<(u64, u64)> {
        self.said.lock().unwrap().clone()
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn size_kb(dir: &std::path::Path) -> u64 {
    let files = std::fs::read_dir(dir).unwrap().filter_map(Result::ok);
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum::<u64>() / 1024
}
