//! A real station on this machine, and bytes for its two doors: the page's and the homes'.

use carecircle::desk::DailySettings;
use carecircle::model::lifecycle::Timers;
use carecircle::model::staff::Position;
use carecircle::model::time::{Span, Zone};
use carecircle::station::{self, Homes, Key, Settings};
use carecircle::text::Language;
use carecircle::web::Person;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

/// A station that runs as long as this process.
pub struct Station {
    page: SocketAddr,
    homes: SocketAddr,
    cookie: String,
    token: String,
}

impl Station {
    /// The one of this process, with somebody signed in who may do everything, and a home that was heard and called.
    pub fn get() -> &'static Station {
        static STATION: OnceLock<Station> = OnceLock::new();
        STATION.get_or_init(Station::start)
    }

    fn start() -> Station {
        let (told, address) = mpsc::channel();
        std::thread::spawn(move || serve(&told));
        let (page, homes) = address.recv().expect("the station starts");
        let mut station = Station { page, homes, cookie: String::new(), token: String::new() };
        for (path, body) in [("/v1/heartbeats", HEARTBEAT), ("/v1/notices", NOTICE)] {
            let said = request(
                station.homes,
                "POST",
                &format!("{path}?point=lehe"),
                "Content-Type: application/json\r\n",
                body.as_bytes(),
            );
            assert_eq!(status(&exchange(station.homes, &said, ALL)), Some(200), "{path}");
        }
        station.sign_in();
        station
    }

    fn sign_in(&mut self) {
        let form = exchange(self.page, &request(self.page, "GET", "/sign-in", "", b""), ALL);
        let (visit, token) = (cookie_in(&form, "visit"), token_in(&form));
        let headers = format!("Content-Type: application/x-www-form-urlencoded\r\nCookie: {visit}\r\n");
        let body = format!("token={token}&who=wang&password={PASSWORD}");
        let answer = exchange(self.page, &request(self.page, "POST", "/sign-in", &headers, body.as_bytes()), ALL);
        self.cookie = cookie_in(&answer, "session");
        let headers = format!("Cookie: {}\r\n", self.cookie);
        self.token = token_in(&exchange(self.page, &request(self.page, "GET", "/me", &headers, b""), ALL));
    }

    /// Asks the page: `METHOD target`, a line end, the body. The first byte chooses who asks and as what; `TOKEN` in the body is
    /// the one that the pages of who asks carry.
    pub fn ask(&self, input: &[u8]) {
        let [choice, said @ ..] = input else { return };
        if choice & 0x80 != 0 {
            return self.raw(self.page, said);
        }
        let Some((method, target, body)) = parted(said) else { return };
        let body = String::from_utf8_lossy(body).replace("TOKEN", &self.token);
        let kind =
            ["application/x-www-form-urlencoded", "application/json", "text/csv", ""][usize::from(choice >> 1 & 3)];
        let mut headers = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        if choice & 1 != 0 {
            headers += &format!("Cookie: {}\r\n", self.cookie);
        }
        judge(self.page, &request(self.page, &method, &target, &headers, body.as_bytes()));
    }

    /// Says something as a home: `METHOD target`, a line end, the body.
    pub fn hear(&self, input: &[u8]) {
        let [choice, said @ ..] = input else { return };
        if choice & 0x80 != 0 {
            return self.raw(self.homes, said);
        }
        let Some((method, target, body)) = parted(said) else { return };
        judge(self.homes, &request(self.homes, &method, &target, "Content-Type: application/json\r\n", body));
    }

    /// Bytes that are no request at all; whatever comes back, the door stays open.
    fn raw(&self, door: SocketAddr, bytes: &[u8]) {
        // What is no whole request gets no answer, and is not waited for.
        exchange_within(door, bytes, HEAD, Duration::from_millis(5));
        let ping = if door == self.page { "/healthz" } else { "/v1/steps?point=lehe&home=ky-lehe-0412" };
        assert_eq!(status(&exchange(door, &request(door, "GET", ping, "", b""), HEAD)), Some(200), "the door is open");
    }
}

/// A request is answered, and never by a fault of the station's own.
fn judge(door: SocketAddr, request: &[u8]) {
    let answer = exchange(door, request, HEAD);
    let status = status(&answer);
    // 503 is an honest answer of `/readyz`: this station has no broker.
    assert!(
        status.is_some_and(|status| status < 500 || status == 503),
        "{status:?} to {}",
        String::from_utf8_lossy(request)
    );
}

/// Method, target and body; nothing where they cannot stand in a request line.
fn parted(said: &[u8]) -> Option<(String, String, &[u8])> {
    let end = said.iter().position(|byte| *byte == b'\n').unwrap_or(said.len());
    let line = std::str::from_utf8(&said[..end]).ok()?;
    let (method, target) = line.split_once(' ')?;
    let is_line = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    // A method that has no body, or opens a tunnel, is hyper's own matter.
    let is_known = matches!(method, "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "OPTIONS");
    let is_target = is_line(target) && target.starts_with('/') && target.parse::<http::Uri>().is_ok();
    (is_known && is_target).then(|| (method.to_owned(), target.to_owned(), said.get(end + 1..).unwrap_or_default()))
}

fn request(door: SocketAddr, method: &str, target: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: {door}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Sends and reads so much of what comes back; a stream of events has no end.
fn exchange(door: SocketAddr, bytes: &[u8], most: usize) -> Vec<u8> {
    exchange_within(door, bytes, most, Duration::from_secs(4))
}

fn exchange_within(door: SocketAddr, bytes: &[u8], most: usize, within: Duration) -> Vec<u8> {
    let mut stream = TcpStream::connect(door).expect("the door is open");
    stream.set_read_timeout(Some(within)).expect("a timeout");
    // It may close before all was said: what it answered still counts. Our half stays open, or it would not answer at all.
    stream.write_all(bytes).ok();
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    while answer.len() < most {
        match stream.read(&mut piece) {
            // The fuzzer's own clock rings.
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => break,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
        }
    }
    answer
}

fn status(answer: &[u8]) -> Option<u16> {
    std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
}

fn cookie_in(answer: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(answer);
    let begin = text.find(&format!("{name}=")).unwrap_or_else(|| panic!("no {name} in {text}"));
    text[begin..].split([';', '\r']).next().unwrap_or_default().to_owned()
}

fn token_in(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let token = text.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    token.unwrap_or_else(|| panic!("no form in {text}")).to_owned()
}

fn serve(told: &mpsc::Sender<(SocketAddr, SocketAddr)>) {
    let folder = std::env::temp_dir().join(format!("carecircle-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for its database");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async move {
        let running = station::start(settings(folder)).await.unwrap_or_else(|problem| panic!("{problem}"));
        let homes = running.homes.expect("the second path is open");
        told.send((running.address, homes)).expect("somebody waits for it");
        std::future::pending::<()>().await;
    });
}

fn settings(state_dir: std::path::PathBuf) -> Settings {
    let positions = [Position::Desk, Position::Supervisor, Position::Admin, Position::Technician].into_iter().collect();
    let wang = Person { id: "wang".parse().expect("an id"), name: "站长 王芳".into(), positions };
    let key = Key { person: wang.id.clone(), code: None, password: Some(PASSWORD.into()), pin: None };
    Settings {
        point: "lehe".parse().expect("an id"),
        name: "乐合社区服务站".into(),
        zone: Zone::named("Asia/Shanghai").expect("a zone"),
        language: Language::Chinese,
        location: None,
        listen: "127.0.0.1:0".parse().expect("an address"),
        names: Vec::new(),
        credentials: None,
        plain_http: false,
        // Nobody is there: this station is told everything at its doors.
        broker: "mqtt://127.0.0.1:9".parse().expect("a broker"),
        login: None,
        tls: None,
        homes: Some(Homes { listen: "127.0.0.1:0".parse().expect("an address"), tls: None }),
        enrolling: None,
        state_dir,
        people: vec![wang],
        keys: vec![key],
        directory: Vec::new(),
        timers: Timers::default(),
        unreachable_after: Span::seconds(180),
        duty: None,
        daily: DailySettings::default(),
        hooks_allow: Vec::new(),
        build: carecircle::web::build(),
        modem: None,
        events_by_mqtt: false,
        telephones: Vec::new(),
        kept: carecircle::store::Retention::default(),
    }
}

/// So much of an answer is read: its first line, or all.
const HEAD: usize = 12;
const ALL: usize = usize::MAX;
const PASSWORD: &str = "a-made-up-password";
const HEARTBEAT: &str = include_str!("../../tests/wire/Heartbeat_15_today.json");
const NOTICE: &str = include_str!("../../tests/wire/Notice_01_call.json");
