//! A home as a station sees it: it keeps a book by the model's own rules and speaks by the broker, without sensors.

use carecircle::clock;
use carecircle::model::alert::{Alert, AlertId, Step};
use carecircle::model::ids::{HomeId, PointId};
use carecircle::model::lifecycle::{Actor, Deed, Timers};
use carecircle::model::reason::{Reason, Severity};
use carecircle::mqtt;
use carecircle::wire::{self, Down, Topic, Up, Wire};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

/// A gateway without sensors: it keeps a book by the model's own rules and speaks by the broker.
pub struct FakeHome {
    state: Arc<Mutex<HomeState>>,
    orders: mpsc::UnboundedSender<Order>,
}

struct HomeState {
    book: BTreeMap<u64, Alert>,
    receipts: Vec<(u64, u32)>,
    deaf: bool,
    place: String,
}

enum Order {
    Publish(Topic, Vec<u8>),
}

impl FakeHome {
    pub fn start(broker: &str, home: &str, place: &str) -> FakeHome {
        let (home, broker): (HomeId, mqtt::Broker) = (home.parse().unwrap(), broker.parse().unwrap());
        let state = HomeState { book: BTreeMap::new(), receipts: Vec::new(), deaf: false, place: place.into() };
        let state = Arc::new(Mutex::new(state));
        let (orders, taken) = mpsc::unbounded_channel();
        let theirs = state.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(keep_home(home, broker, theirs, taken));
        });
        FakeHome { state, orders }
    }

    pub fn raise(&self, reason: Reason, severity: Severity) -> AlertId {
        self.raise_marked(reason, severity, false)
    }

    pub fn raise_marked(&self, reason: Reason, severity: Severity, test: bool) -> AlertId {
        let (id, order) = {
            let mut state = self.state.lock().unwrap();
            let number = state.book.len() as u64 + 1;
            let deed = Deed::Raise { reason, severity, test, to: Vec::new() };
            let raise = Step { number: 1, at: clock::now(), by: Actor::gateway(), deed, key: None, implied: false };
            let alert = Alert::begin(number, raise.clone()).unwrap();
            let order = notice(&state.place, &alert, &raise);
            let id = alert.id;
            state.book.insert(number, alert);
            (id, order)
        };
        self.orders.send(order).ok().unwrap();
        id
    }

    /// Sends the first notice of an alert once more.
    pub fn repeat(&self, number: u64) {
        let order = {
            let state = self.state.lock().unwrap();
            let alert = &state.book[&number];
            notice(&state.place, alert, &alert.steps[0])
        };
        self.orders.send(order).ok().unwrap();
    }

    /// A heartbeat, as every 60 s.
    pub fn beat(&self) {
        self.beat_of(|_| {});
    }

    /// One that says something else too.
    pub fn beat_of(&self, change: impl FnOnce(&mut wire::Heartbeat)) {
        let mut heartbeat = usual(flat());
        change(&mut heartbeat);
        self.send(Up::Heartbeat, heartbeat.to_bytes());
    }

    pub fn say_online(&self) {
        self.send(Up::Link, wire::Link { v: 1, online: true }.to_bytes());
    }

    fn send(&self, up: Up, bytes: Vec<u8>) {
        self.orders.send(Order::Publish(Topic::Up(flat(), point(), up), bytes)).ok().unwrap();
    }

    pub fn set_place(&self, place: &str) {
        self.state.lock().unwrap().place = place.into();
    }

    pub fn set_deaf(&self, deaf: bool) {
        self.state.lock().unwrap().deaf = deaf;
    }

    pub fn receipts(&self) -> Vec<(u64, u32)> {
        self.state.lock().unwrap().receipts.clone()
    }

    pub fn phase(&self, number: u64) -> &'static str {
        self.state.lock().unwrap().book[&number].phase.as_str()
    }

    pub fn owner(&self, number: u64) -> String {
        let state = self.state.lock().unwrap();
        let owner = state.book[&number].owner.as_ref().and_then(|owner| owner.actor.person.clone());
        owner.map(|person| person.to_string()).unwrap_or_default()
    }
}

/// Topic and body of a heartbeat of another home.
pub fn heartbeat(home: &str, change: impl Fn(&mut wire::Heartbeat)) -> (String, String) {
    let home: HomeId = home.parse().unwrap();
    let mut heartbeat = usual(home.clone());
    change(&mut heartbeat);
    let topic = Topic::Up(home, point(), Up::Heartbeat).to_string();
    (topic, String::from_utf8(heartbeat.to_bytes()).unwrap())
}

/// A home in which all is well.
fn usual(home: HomeId) -> wire::Heartbeat {
    static SEQ: AtomicU64 = AtomicU64::new(1);
    wire::Heartbeat {
        last_test: None,
        v: 1,
        home,
        seq: SEQ.fetch_add(1, Ordering::Relaxed),
        run: 1,
        boot: None,
        level_secs: None,
        at: clock::now(),
        clock_trusted: true,
        version: "0.1.0".into(),
        config_hash: "0".into(),
        oldest_unsent_secs: None,
        answered_at_home: 0,
        open_alerts: 0,
        last_life_secs: Some(95),
        blind: false,
        sensors: Vec::new(),
        learning: None,
        suspended: Vec::new(),
        directory: None,
        refused: Vec::new(),
        not_known: Vec::new(),
        paths: Vec::new(),
        today: None,
    }
}

fn flat() -> HomeId {
    "flat-1".parse().unwrap()
}

fn point() -> PointId {
    "lehe".parse().unwrap()
}

fn notice(place: &str, alert: &Alert, step: &Step) -> Order {
    let notice = wire::Notice {
        v: 1,
        home: flat(),
        place: place.into(),
        alert: alert.id,
        step: step.clone(),
        state: wire::AlertState::of(alert, step.at),
        age_secs: (clock::now() - alert.id.raised_at).num_milliseconds() as f64 / 1000.0,
        clock_trusted: true,
        durable: true,
    };
    Order::Publish(Topic::Up(flat(), point(), Up::Notice), notice.to_bytes())
}

async fn keep_home(
    home: HomeId,
    broker: mqtt::Broker,
    state: Arc<Mutex<HomeState>>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let settings = mqtt::Settings {
        client_id: format!("carecircle-{home}"),
        broker,
        login: None,
        tls: None,
        filters: vec![wire::down_filter(&home)],
        will: None,
        announce: None,
    };
    let (link, mut events) = mqtt::start(settings, Arc::default());
    let mut up = false;
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(mqtt::Event::Up) => up = true,
                Some(mqtt::Event::Down { .. }) => up = false,
                Some(mqtt::Event::Message { topic, payload, .. }) => {
                    for Order::Publish(topic, bytes) in told(&mut state.lock().unwrap(), &topic, &payload) {
                        let (link, topic) = (link.clone(), topic.to_string());
                        tokio::spawn(async move { link.publish(&topic, bytes, false).await.ok() });
                    }
                }
                None => return,
            },
            order = orders.recv(), if up => match order {
                Some(Order::Publish(topic, bytes)) => {
                    let (link, topic) = (link.clone(), topic.to_string());
                    tokio::spawn(async move { link.publish(&topic, bytes, false).await.ok() });
                }
                None => return,
            },
        }
    }
}

/// A receipt makes it received; a step is judged by the model and told back, done or refused.
fn told(state: &mut HomeState, topic: &str, payload: &[u8]) -> Vec<Order> {
    if state.deaf {
        return Vec::new();
    }
    let place = state.place.clone();
    match Topic::parse(topic) {
        Some(Topic::Down(_, Down::Receipt)) => {
            let receipt = wire::Receipt::from_bytes(payload).unwrap();
            state.receipts.push((receipt.alert.number, receipt.step));
            let alert = state.book.get_mut(&receipt.alert.number).unwrap();
            if alert.received_at.is_some() {
                return Vec::new();
            }
            let by = Actor::station(receipt.point);
            vec![enter(&place, alert, by, Deed::Receive, None, false)]
        }
        Some(Topic::Down(_, Down::Step)) => {
            let step = wire::StationStep::from_bytes(payload).unwrap();
            let alert = state.book.get_mut(&step.alert.number).unwrap();
            let known = alert.steps.iter().find(|held| held.key.as_deref() == Some(step.key.as_str())).cloned();
            if let Some(known) = known {
                return vec![notice(&place, alert, &known)];
            }
            match alert.judge(clock::now(), &step.by, &step.deed, &Timers::default()) {
                Ok(_) => {
                    let implied = alert.implied_by(&step.deed);
                    let mut orders: Vec<Order> = implied
                        .into_iter()
                        .map(|deed| enter(&place, alert, step.by.clone(), deed, None, true))
                        .collect();
                    orders.push(enter(&place, alert, step.by, step.deed, Some(step.key), false));
                    orders
                }
                Err(why) => {
                    let refused = Deed::Refused { asked: step.deed.name().into(), why };
                    vec![enter(&place, alert, Actor::gateway(), refused, Some(step.key), false)]
                }
            }
        }
        _ => Vec::new(),
    }
}

fn enter(place: &str, alert: &mut Alert, by: Actor, deed: Deed, key: Option<String>, implied: bool) -> Order {
    let step = Step { number: alert.last_step + 1, at: clock::now(), by, deed, key, implied };
    alert.apply(step.clone());
    notice(place, alert, &step)
}
