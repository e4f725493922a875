//! The station as a whole: a real broker, a real database, a home that keeps a real book, pages over TCP.
#![allow(clippy::unwrap_used)] // a helper that cannot help ends its test

use super::support::{Mosquitto, wait_until};
use carecircle::clock;
use carecircle::model::alert::{Alert, AlertId, Step};
use carecircle::model::ids::{HomeId, PointId};
use carecircle::model::lifecycle::{Actor, Deed, Timers};
use carecircle::model::reason::{Reason, Severity};
use carecircle::model::time::{Span, Zone};
use carecircle::mqtt;
use carecircle::station::{self, Settings};
use carecircle::text::Language;
use carecircle::web::Person;
use carecircle::wire::{self, Down, Topic, Up, Wire};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_notice_is_receipted_only_once_it_is_on_the_disk_and_shown_once() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the receipt is there", SOON, || bench.home.receipts().contains(&(id.number, 1)));
    bench.home.repeat(id.number);
    let again = |bench: &Bench| bench.home.receipts().iter().filter(|receipt| **receipt == (id.number, 1)).count();
    wait_until("the repeat is receipted too", SOON, || again(&bench) == 2);
    assert_eq!(bench.band("unclaimed").len(), 1);
    // Whoever reads the database file finds the notice: the receipt did not promise too much.
    let written = bench.history();
    let raised = written.iter().filter(|line| line.contains("\"deed\":\"raise\"")).count();
    assert_eq!(raised, 1, "{written:?}");
}

#[test]
fn a_whole_life_by_forms_reaches_the_home_and_its_end() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    for (step, phase) in [("take", "taken"), ("depart", "on_the_way"), ("arrive", "arrived")] {
        bench.click(id, step, "zhang", &[]);
        wait_until("the home's book follows", SOON, || bench.home.phase(id.number) == phase);
        wait_until("the home's word is back", SOON, || bench.alert(id)["unconfirmed"] == json!(false));
        assert_eq!(bench.alert(id)["phase"], json!(phase));
    }
    let without = bench.step(id, &json!({ "step": "close", "outcome": "found_well", "contact": "none" }));
    assert_eq!(without.0, 409, "an emergency is not closed without having reached the person: {}", without.1);
    bench.click(id, "close", "zhang", &[("outcome", "found_well"), ("contact", "seen"), ("note", "一切都好 <b>")]);
    wait_until("the home's book is closed", SOON, || bench.home.phase(id.number) == "closed");
    assert_eq!(bench.band("just_closed").len(), 1);
    let alert = bench.alert(id);
    let deeds: Vec<&str> =
        alert["timeline"].as_array().unwrap().iter().filter_map(|line| line["deed"].as_str()).collect();
    assert_eq!(deeds, ["raise", "receive", "take", "depart", "arrive", "note", "close"]);
    let page = bench.get(&format!("/alert/flat-1/{}", id.number)).1;
    assert!(page.contains("一切都好 &#60;b&#62;"), "a note is shown as text");
}

#[test]
fn of_two_who_take_at_once_one_wins_and_the_other_learns_who() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let click = |n: usize| {
            let who = if n.is_multiple_of(2) { "zhang" } else { "li" };
            let bench = &bench;
            scope.spawn(move || bench.step(id, &json!({ "step": "take", "who": who, "key": format!("k{n}") })))
        };
        let clicks: Vec<_> = (0..50).map(click).collect();
        clicks.into_iter().map(|click| click.join().unwrap()).collect()
    });
    let won: Vec<_> = answers.iter().filter(|(status, _)| *status == 201).collect();
    assert_eq!(won.len(), 1, "exactly one owner");
    let owner = won[0].1["owner"]["who"]["person"].clone();
    for (status, answer) in answers.iter().filter(|(status, _)| *status != 201) {
        assert_eq!(*status, 409);
        assert_eq!(answer["alert"]["owner"]["who"]["person"], owner);
    }
    let other = if owner == json!("zhang") { "li" } else { "zhang" };
    let second = bench.step(id, &json!({ "step": "take", "who": other, "key": "late" }));
    assert_eq!(second.1["refused"]["refusal"], json!("owned"));
    // The same click again: the same answer, no second step.
    let key = (0..50).find(|n| answers[*n].0 == 201).unwrap();
    let again = bench.step(id, &json!({ "step": "take", "who": owner, "key": format!("k{key}") }));
    assert_eq!(again.0, 201);
    let alert = bench.alert(id);
    let takes = alert["timeline"].as_array().unwrap().iter().filter(|line| line["deed"] == json!("take")).count();
    assert_eq!(takes, 1);
}

#[test]
fn after_a_kill_and_a_restart_the_desk_is_the_same_and_repeats_are_recognised() {
    let mut bench = Bench::start();
    let first = bench.home.raise(call_button("pendant"), Severity::Emergency);
    let second = bench.home.raise(inactivity(), Severity::Urgent);
    wait_until("both rows are there", SOON, || bench.band("unclaimed").len() == 2);
    bench.click(first, "take", "li", &[]);
    wait_until("confirmed", SOON, || bench.alert(first)["unconfirmed"] == json!(false));
    let picture = |bench: &Bench| {
        [first, second].map(|id| {
            let mut alert = bench.alert(id);
            alert.as_object_mut().unwrap().remove("next");
            alert
        })
    };
    let before = picture(&bench);
    bench.restart();
    assert_eq!(picture(&bench), before);
    let receipts = bench.home.receipts().len();
    wait_until("the station listens again", SOON, || bench.get("/readyz").0 == 200);
    bench.home.repeat(second.number);
    wait_until("the repeat is receipted", SOON, || bench.home.receipts().len() > receipts);
    assert_eq!(bench.band("unclaimed").len(), 1);
    assert_eq!(picture(&bench), before);
}

#[test]
fn the_desk_works_while_the_home_cannot_be_reached_and_tells_it_later() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the home knows", SOON, || bench.home.phase(id.number) == "received");
    bench.home.set_deaf(true);
    bench.click(id, "take", "zhang", &[]);
    bench.click(id, "undo", "zhang", &[]);
    bench.click(id, "take", "li", &[]);
    let alert = bench.alert(id);
    assert_eq!((&alert["phase"], &alert["unconfirmed"]), (&json!("taken"), &json!(true)));
    assert_eq!(bench.home.phase(id.number), "received");
    bench.home.set_deaf(false);
    bench.home.say_online();
    wait_until("the home's book follows", Duration::from_secs(20), || bench.home.owner(id.number) == "li");
    wait_until("confirmed", SOON, || bench.alert(id)["unconfirmed"] == json!(false));
    assert_eq!(bench.alert(id)["owner"]["who"]["person"], json!("li"));
}

#[test]
fn a_foreign_page_can_do_nothing() {
    let bench = Bench::start();
    let id = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the row is there", SOON, || bench.band("unclaimed").len() == 1);
    let path = bench.step_path(id);
    let form = |token: &str| format!("token={token}&step=take&key=x1&who=zhang");
    let token = bench.token();
    let post = |headers: &[(&str, &str)], body: &str| bench.post(&path, headers, body);
    let kind = ("content-type", "application/x-www-form-urlencoded");
    assert_eq!(post(&[kind], &form("")).0, 403, "no token");
    assert_eq!(post(&[kind], &form(&"0".repeat(32))).0, 403, "wrong token");
    assert_eq!(post(&[kind, ("origin", "https://evil.example")], &form(&token)).0, 403);
    assert_eq!(post(&[kind, ("sec-fetch-site", "cross-site")], &form(&token)).0, 403);
    assert_eq!(post(&[kind, ("host", "evil.example")], &form(&token)).0, 403, "rebound name");
    assert_eq!(bench.post(&bench.api_path(id), &[("content-type", "text/plain")], "{\"step\":\"take\"}").0, 415);
    assert_eq!(bench.alert(id)["phase"], json!("received"), "nothing changed");
    let (status, page, headers) = bench.fetch("/");
    assert_eq!(status, 200);
    assert!(headers["content-security-policy"].contains("default-src 'none'") && !page.contains("style="));
    assert!(headers["content-security-policy"].contains("frame-ancestors 'none'"));
    assert_eq!(
        (headers["x-content-type-options"].as_str(), headers["cache-control"].as_str()),
        ("nosniff", "no-store")
    );
    assert_eq!(post(&[kind], &form(&token)).0, 303, "our own form works");
}

#[test]
fn a_page_that_was_away_is_told_what_it_missed() {
    let bench = Bench::start();
    let first = bench.home.raise(call_button("pendant"), Severity::Emergency);
    wait_until("the home knows", SOON, || bench.home.receipts().contains(&(first.number, 2)));
    let after = bench.desk()["after"].as_str().unwrap().to_owned();
    bench.home.raise(inactivity(), Severity::Urgent);
    wait_until("the second row is there", SOON, || bench.band("unclaimed").len() == 2);
    let events = bench.events(&after, "\"alert\":2,");
    assert!(bench.events(&after, "event: beat").contains("\"now_ms\":"), "and that the page is live");
    assert!(!events.contains(&format!("\"alert\":{},", first.number)), "what it knew is not told again: {events}");
    assert!(bench.events("0-7", "event: beat").contains("event: reset"), "another run's id reads everything anew");
}

#[test]
fn a_station_that_anybody_on_the_network_could_open_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings("mqtt://127.0.0.1:1", folder.path());
    settings.listen = "0.0.0.0:0".parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let problem = runtime.block_on(station::start(settings)).unwrap_err().to_string();
    assert!(problem.contains("no sign-in") && problem.contains("127.0.0.1"), "{problem}");
}

#[test]
fn readiness_says_why_no_home_can_reach_the_station() {
    let mut bench = Bench::start();
    wait_until("ready", SOON, || bench.get("/readyz").0 == 200);
    bench.broker.kill();
    wait_until("not ready", SOON, || bench.get("/readyz").0 == 503);
    let page = bench.get("/").1;
    assert!(page.contains("不可接警"), "the page says so too");
}

pub fn call_button(sensor: &str) -> Reason {
    let press = carecircle::model::observation::Press::Single;
    let room = Some("bedroom".parse().unwrap());
    Reason::CallButton { sensor: sensor.parse().unwrap(), room, press, last_life: None }
}

pub fn inactivity() -> Reason {
    let hours = Some("07:00".parse().unwrap()).zip(Some("22:00".parse().unwrap()));
    let hours = hours.map(|(from, to)| carecircle::model::time::Hours { from, to });
    let at = clock::now() - Span::hours(6) - Span::minutes(4);
    let sign = carecircle::model::reason::SignOfLife {
        at,
        sensor: "bath_pir".parse().unwrap(),
        room: Some("bathroom".parse().unwrap()),
    };
    let (limit, silence) = (Span::hours(6), Span::hours(6) + Span::minutes(4));
    let last_life = Some(sign);
    Reason::Inactivity { limit, hours, silence, last_life, blind: None, sensors_alive: 7, sensors: 7, cannot_tell: 0 }
}

fn settings(broker: &str, state_dir: &Path) -> Settings {
    let person = |id: &str, name: &str, role| Person { id: id.parse().unwrap(), name: name.into(), role };
    use carecircle::model::lifecycle::Role::{Desk, Responder, Supervisor};
    Settings {
        point: "lehe".parse().unwrap(),
        name: "乐合社区服务站".into(),
        zone: Zone::named("Asia/Shanghai").unwrap(),
        language: Language::Chinese,
        listen: "127.0.0.1:0".parse().unwrap(),
        broker: broker.parse().unwrap(),
        login: None,
        tls: None,
        state_dir: state_dir.to_owned(),
        people: vec![
            person("zhang", "值班员 小张", Desk),
            person("li", "上门员 老李", Responder),
            person("wang", "站长 王芳", Supervisor),
        ],
        timers: Timers::default(),
        unreachable_after: Span::seconds(180),
    }
}

/// A station, its broker and one home; all of them real but the home's sensors.
pub struct Bench {
    pub home: FakeHome,
    station: Option<Station>,
    pub broker: Mosquitto,
    folder: tempfile::TempDir,
    agent: ureq::Agent,
}

struct Station {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Bench {
    pub fn start() -> Bench {
        let broker = Mosquitto::start();
        let folder = tempfile::tempdir().unwrap();
        let station = Some(run_station(settings(&broker.url(), folder.path())));
        let home = FakeHome::start(&broker.url(), "flat-1", "3号楼2单元201室");
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .new_agent();
        let bench = Bench { home, station, broker, folder, agent };
        wait_until("the station is ready", SOON, || bench.get("/readyz").0 == 200);
        bench
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.station.as_ref().unwrap().address
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// Ends the station and starts it again on the same database.
    pub fn restart(&mut self) {
        self.end();
        self.station = Some(run_station(settings(&self.broker.url(), self.folder.path())));
    }

    pub fn stop_station(&mut self) {
        self.end();
    }

    /// Starts it again where open pages look for it.
    pub fn start_station_at(&mut self, port: u16) {
        let mut settings = settings(&self.broker.url(), self.folder.path());
        settings.listen.set_port(port);
        self.station = Some(run_station(settings));
    }

    fn end(&mut self) {
        if let Some(station) = self.station.take() {
            station.stop.send(()).ok();
            station.thread.join().unwrap();
        }
    }

    pub fn fetch(&self, path: &str) -> (u16, String, BTreeMap<String, String>) {
        let mut answer = self.agent.get(self.url(path)).call().unwrap();
        let headers = answer.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap(), headers)
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        let (status, body, _) = self.fetch(path);
        (status, body)
    }

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let request = headers
            .iter()
            .fold(self.agent.post(self.url(path)), |request, (name, value)| request.header(*name, *value));
        let mut answer = request.send(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    pub fn desk(&self) -> Value {
        serde_json::from_str(&self.get("/api/v1/desk").1).unwrap()
    }

    pub fn band(&self, name: &str) -> Vec<Value> {
        self.desk()["bands"][name].as_array().unwrap().clone()
    }

    pub fn api_path(&self, id: AlertId) -> String {
        format!("/api/v1/alerts/flat-1/{}/steps", id.number)
    }

    pub fn step_path(&self, id: AlertId) -> String {
        format!("/alert/flat-1/{}/step?raised={}", id.number, id.raised_at.timestamp_millis())
    }

    pub fn alert(&self, id: AlertId) -> Value {
        let (status, body) = self.get(&format!("/api/v1/alerts/flat-1/{}", id.number));
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// A step by the API; who and key are made up where the body names none.
    pub fn step(&self, id: AlertId, body: &Value) -> (u16, Value) {
        let mut body = body.clone();
        let fields = body.as_object_mut().unwrap();
        fields.entry("who").or_insert(json!("zhang"));
        fields.entry("key").or_insert(json!(self.fresh_key()));
        let answer = self.post(&self.api_path(id), &[("content-type", "application/json")], &body.to_string());
        (answer.0, serde_json::from_str(&answer.1).unwrap_or(Value::Null))
    }

    /// A step by the form of the page.
    pub fn click(&self, id: AlertId, step: &str, who: &str, more: &[(&str, &str)]) {
        let (token, key) = (self.token(), self.fresh_key());
        let mut body = format!("token={token}&step={step}&key={key}&who={who}&back=/");
        for (name, value) in more {
            body += &format!("&{name}={}", value.bytes().map(|b| format!("%{b:02X}")).collect::<String>());
        }
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let (status, page) = self.post(&self.step_path(id), &[kind], &body);
        assert_eq!(status, 303, "{step}: {page}");
    }

    fn fresh_key(&self) -> String {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed))
    }

    pub fn token(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("form-token")).unwrap()
    }

    /// The events after `id` until one with `last` in it, as text.
    fn events(&self, after: &str, last: &str) -> String {
        use std::io::{BufRead, BufReader, Write};
        let mut stream = std::net::TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        write!(stream, "GET /events?after={after} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address()).unwrap();
        let mut text = String::new();
        for line in BufReader::new(stream).lines() {
            text += &(line.unwrap() + "\n");
            if text.contains(last) && text.ends_with("\n\n") {
                break;
            }
        }
        text
    }

    /// What the station's database holds, as the station would read it after a restart.
    fn history(&self) -> Vec<String> {
        let copy = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            let file: PathBuf = file.unwrap().path();
            if file.is_file() && !file.to_string_lossy().contains("lock") {
                std::fs::copy(&file, copy.path().join(file.file_name().unwrap())).unwrap();
            }
        }
        let opened = carecircle::store::Store::open(copy.path(), "station", |_| {}).unwrap();
        let records = opened.store.records(None).unwrap();
        records.iter().map(|record| format!("{record:?}").replace("\\\"", "\"")).collect()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.end();
    }
}

fn run_station(settings: Settings) -> Station {
    let (stop, stopped) = oneshot::channel();
    let (started, starts) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let running = station::start(settings).await.unwrap();
            started.send(running.address).unwrap();
            drop(stopped.await);
            running.stop().await;
        });
    });
    Station { address: starts.recv().unwrap(), stop, thread }
}

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
        let heartbeat = wire::Heartbeat {
            v: 1,
            home: flat(),
            seq: 1,
            run: 1,
            at: clock::now(),
            clock_trusted: true,
            version: "0.1.0".into(),
            config_hash: "0".into(),
            oldest_unsent_secs: None,
            open_alerts: 0,
            last_life_secs: Some(95),
            blind: false,
            sensors: Vec::new(),
        };
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
        state: wire::AlertState::of(alert),
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
