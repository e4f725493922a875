//! A station with its broker, its database and one home, and the requests that a page or a program makes.

use super::home::{FakeHome, heartbeat};
use crate::support::{Mosquitto, plain_agent, sign_in, token_in, wait_until};
use carecircle::clock;
use carecircle::model::alert::AlertId;
use carecircle::model::lifecycle::Timers;
use carecircle::model::reason::Reason;
use carecircle::model::staff::Position;
use carecircle::model::time::{Span, Zone};
use carecircle::station::{self, Key, Settings};
use carecircle::text::Language;
use carecircle::web::Person;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

const SOON: Duration = Duration::from_secs(10);

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
    Reason::Inactivity {
        limit,
        hours,
        learned_limit: None,
        silence,
        last_life,
        blind: None,
        sensors_alive: 7,
        sensors: 7,
        cannot_tell: 0,
    }
}

pub fn settings(broker: &str, state_dir: &Path) -> Settings {
    use carecircle::model::staff::Position::{Admin, Desk, Reader, Responder, Supervisor, Technician};
    let person = |id: &str, name: &str, positions: &[Position]| Person {
        id: id.parse().unwrap(),
        name: name.into(),
        positions: positions.iter().copied().collect(),
    };
    let key = |id: &str| Key { person: id.parse().unwrap(), code: Some(code_of(id)), password: None, pin: None };
    Settings {
        point: "lehe".parse().unwrap(),
        name: "乐合社区服务站".into(),
        zone: Zone::named("Asia/Shanghai").unwrap(),
        language: Language::Chinese,
        location: None,
        listen: "127.0.0.1:0".parse().unwrap(),
        names: Vec::new(),
        credentials: None,
        plain_http: false,
        broker: broker.parse().unwrap(),
        login: None,
        tls: None,
        homes: None,
        enrolling: None,
        state_dir: state_dir.to_owned(),
        people: vec![
            person("zhang", "值班员 小张", &[Desk]),
            person("li", "上门员 老李", &[Responder]),
            person("wang", "站长 王芳", &[Supervisor, Admin]),
            person("zhao", "维护员 小赵", &[Technician]),
            person("qian", "街道 小钱", &[Reader]),
        ],
        keys: ["zhang", "li", "wang", "zhao", "qian"].map(key).to_vec(),
        directory: Vec::new(),
        timers: Timers::default(),
        unreachable_after: Span::seconds(180),
        duty: None,
        daily: carecircle::desk::DailySettings { call_again_after: Span::zero(), ..Default::default() },
        hooks_allow: vec!["127.0.0.1".to_owned()],
        build: carecircle::web::build(),
        modem: None,
        events_by_mqtt: false,
        telephones: Vec::new(),
        kept: carecircle::store::Retention::default(),
    }
}

fn code_of(who: &str) -> String {
    format!("MADE-UP-{who}")
}

/// The password that everybody of a bench gives themselves at their first sign-in.
pub const PASSWORD: &str = "a made-up password";

/// A station, its broker and one home; all of them real but the home's sensors.
pub struct Bench {
    pub home: FakeHome,
    station: Option<Station>,
    pub broker: Mosquitto,
    folder: tempfile::TempDir,
    agent: ureq::Agent,
    cookies: Mutex<BTreeMap<String, String>>,
}

struct Station {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Bench {
    pub fn start() -> Bench {
        Bench::start_with(|_| {})
    }

    /// With settings other than usual.
    pub fn start_with(change: impl Fn(&mut Settings)) -> Bench {
        let broker = Mosquitto::start();
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(&broker.url(), folder.path());
        change(&mut settings);
        let station = Some(run_station(settings));
        let home = FakeHome::start(&broker.url(), "flat-1", "3号楼2单元201室");
        let (agent, cookies) = (plain_agent(), Mutex::default());
        let bench = Bench { home, station, broker, folder, agent, cookies };
        wait_until("the station is ready", SOON, || bench.get("/readyz").0 == 200);
        bench
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.station.as_ref().unwrap().address
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// Where it keeps what it knows.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends the station and starts it again on the same database.
    pub fn restart(&mut self) {
        self.end();
        self.start_station_with(|_| ());
    }

    pub fn stop_station(&mut self) {
        self.end();
    }

    /// Starts it again on the same database, with settings other than usual.
    pub fn start_station_with(&mut self, change: impl Fn(&mut Settings)) {
        let mut settings = settings(&self.broker.url(), self.folder.path());
        change(&mut settings);
        self.station = Some(run_station(settings));
    }

    /// Starts it again where open pages look for it.
    pub fn start_station_at(&mut self, port: u16) {
        self.start_station_with(|settings| settings.listen.set_port(port));
    }

    /// Heartbeats of other homes, each as changed; all at once.
    pub fn heartbeats(&self, homes: &[String], change: impl Fn(&mut carecircle::wire::Heartbeat)) {
        let sent = homes.iter().map(|home| {
            let (topic, body) = heartbeat(home, &change);
            self.broker.begin_publish(&topic, &body)
        });
        let sent: Vec<_> = sent.collect();
        sent.into_iter().for_each(|mut client| assert!(client.wait().unwrap().success()));
    }

    fn end(&mut self) {
        if let Some(station) = self.station.take() {
            station.stop.send(()).ok();
            station.thread.join().unwrap();
        }
    }

    /// What proves that this person is signed in, on a browser of their own.
    pub fn cookie(&self, who: &str) -> String {
        let mut cookies = self.cookies.lock().unwrap();
        if let Some(cookie) = cookies.get(who) {
            return cookie.clone();
        }
        let cookie = sign_in(&self.url(""), who, Some(&code_of(who)), PASSWORD, false).unwrap();
        cookies.insert(who.to_owned(), cookie.clone());
        cookie
    }

    /// What proves that a PC is a desk of this station, at which nobody acts yet and 小张 is known.
    pub fn desk_cookie(&self) -> String {
        self.cookie("zhang"); // their code is used
        let cookie = sign_in(&self.url(""), "zhang", None, PASSWORD, true).unwrap();
        let token = token_in(&self.fetch_as(&cookie, "/who").1);
        let form = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie.as_str())];
        assert_eq!(self.post("/who", &form, &format!("token={token}&who=&back=/")).0, 303);
        cookie
    }

    /// A page as 小张 sees it.
    pub fn fetch(&self, path: &str) -> (u16, String, BTreeMap<String, String>) {
        match path {
            "/readyz" => self.fetch_as("", path),
            path => self.fetch_as(&self.cookie("zhang"), path),
        }
    }

    /// A page with these cookies.
    pub fn fetch_as(&self, cookie: &str, path: &str) -> (u16, String, BTreeMap<String, String>) {
        let mut answer = self.agent.get(self.url(path)).header("cookie", cookie).call().unwrap();
        let headers = answer.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap(), headers)
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        let (status, body, _) = self.fetch(path);
        (status, body)
    }

    /// A form or a body; from 小张 where no cookie is among the headers.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let request = headers
            .iter()
            .fold(self.agent.post(self.url(path)), |request, (name, value)| request.header(*name, *value));
        let request = match headers.iter().any(|(name, _)| *name == "cookie") {
            true => request,
            false => request.header("cookie", self.cookie("zhang")),
        };
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
        let cookie = self.cookie(fields["who"].as_str().unwrap());
        let headers = [("content-type", "application/json"), ("cookie", cookie.as_str())];
        let answer = self.post(&self.api_path(id), &headers, &body.to_string());
        (answer.0, serde_json::from_str(&answer.1).unwrap_or(Value::Null))
    }

    /// A step by the form of the page.
    pub fn click(&self, id: AlertId, step: &str, who: &str, more: &[(&str, &str)]) {
        let (cookie, key) = (self.cookie(who), self.fresh_key());
        let token = self.token_of(who);
        let mut body = format!("token={token}&step={step}&key={key}&who={who}&back=/");
        for (name, value) in more {
            body += &format!("&{name}={}", value.bytes().map(|b| format!("%{b:02X}")).collect::<String>());
        }
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie.as_str())];
        let (status, page) = self.post(&self.step_path(id), &headers, &body);
        assert_eq!(status, 303, "{step}: {page}");
    }

    fn fresh_key(&self) -> String {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed))
    }

    pub fn token(&self) -> String {
        self.token_of("zhang")
    }

    /// What the forms drawn for this person carry.
    pub fn token_of(&self, who: &str) -> String {
        token_in(&self.fetch_as(&self.cookie(who), "/me").1)
    }

    /// The events after `id` until one with `last` in it, as text.
    pub fn events(&self, after: &str, last: &str) -> String {
        use std::io::{BufRead, BufReader, Write};
        let mut stream = std::net::TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let (host, cookie) = (self.address(), self.cookie("zhang"));
        write!(stream, "GET /events?after={after} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n").unwrap();
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
    pub fn history(&self) -> Vec<String> {
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
