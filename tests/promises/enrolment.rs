//! Goal: a fresh authority, a code, a home that joins by it, and a press that reaches the station's page through Debian's
//! mosquitto with the files we wrote for it. Method: the commands as people type them, the daemons as systemd starts them.

use crate::second_path::certificates::{Authority, When};
use crate::support::{Daemon, Mosquitto, free_port, run, wait_until};
use crate::world::PATIENCE;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A station with its authority and broker, and the home's broker.
pub struct Enrolled {
    pub folder: TempDir,
    pub home_broker: Mosquitto,
    pub broker: Option<Child>,
    pub station: Option<Daemon>,
    pub gateway: Option<Daemon>,
    pub port: u16,
    pub door: u16,
    pub hall: u16,
    pub page: u16,
}

impl Enrolled {
    /// Files and ports; nothing runs but the home's broker.
    pub fn new() -> Enrolled {
        let [port, door, hall, page] = [free_port(), free_port(), free_port(), free_port()];
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display();
        let station = format!(
            "[station]\npoint = \"lehe\"\nname = \"乐合社区服务站\"\ntime_zone = \"Asia/Shanghai\"\nlisten = \"127.0.0.1:{page}\"\nstate_dir = \"{at}/station\"\n\
             [mqtt]\nbroker = \"mqtts://localhost:{port}\"\nca = \"{at}/station/authority/ca.pem\"\ncredentials = \"{at}/station/authority/station.pem\"\n\
             [homes]\nlisten = \"127.0.0.1:{door}\"\nca = \"{at}/station/authority/ca.pem\"\ncredentials = \"{at}/station/authority/station.pem\"\n\
             [authority]\nnames = [\"localhost\", \"127.0.0.1\"]\nlisten = \"127.0.0.1:{hall}\"\nbroker = \"mqtts://localhost:{port}\"\nhttps = \"https://localhost:{door}\"\n\
             [[person]]\nid = \"p1\"\nname = \"小李\"\nroles = [\"supervisor\", \"admin\"]\n"
        );
        std::fs::write(folder.path().join("station.toml"), station).unwrap();
        let home_broker = Mosquitto::start();
        Enrolled { folder, home_broker, broker: None, station: None, gateway: None, port, door, hall, page }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `carecircle station …` with this configuration.
    pub fn station_does(&self, words: &[&str]) -> (String, String, i32) {
        let config = self.path("station.toml");
        run(&[&["station"], words, &["--config", config.to_str().unwrap()]].concat(), "")
    }

    /// A code for `home`.
    pub fn code(&self, home: &str) -> String {
        let (said, errors, code) = self.station_does(&["enroll", home]);
        assert_eq!(code, 0, "{said}{errors}");
        said.lines().nth(1).unwrap().trim().to_owned()
    }

    /// `carecircle join`, in a folder of the home's own.
    pub fn join(&self, home: &str, code: &str, more: &[&str]) -> (String, String, i32) {
        let folder = self.path(home);
        std::fs::create_dir_all(&folder).unwrap();
        let (station, config) = (format!("localhost:{}", self.hall), folder.join("gateway.toml"));
        let words = ["join", code, "--station", &station, "--config", config.to_str().unwrap()];
        run(&[&words[..], more].concat(), "")
    }

    /// The authority, the broker's files, the broker and the station.
    pub fn open(&mut self) {
        let (said, errors, code) = self.station_does(&["ca", "init"]);
        assert_eq!(code, 0, "{said}{errors}");
        self.write_broker();
        self.start_broker();
        self.start_station();
    }

    pub fn write_broker(&self) {
        let (folder, port) = (self.path("mosquitto"), self.port.to_string());
        let (said, errors, code) =
            self.station_does(&["mosquitto", "write", folder.to_str().unwrap(), "--port", &port]);
        assert_eq!(code, 0, "{said}{errors}");
        let made = Command::new("chown").args(["-R", "mosquitto:"]).arg(&folder).status().unwrap();
        assert!(made.success(), "the user mosquitto is there");
        std::fs::set_permissions(self.folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }

    pub fn start_broker(&mut self) {
        self.stop_broker();
        let config = self.path("mosquitto").join("carecircle.conf");
        let log = std::fs::File::create(self.path("mosquitto.log")).unwrap();
        let child = Command::new("/usr/sbin/mosquitto")
            .arg("-v")
            .arg("-c")
            .arg(config)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.broker = Some(child.expect("mosquitto is installed"));
        wait_until("mosquitto listens", PATIENCE, || std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok());
    }

    fn stop_broker(&mut self) {
        if let Some(mut child) = self.broker.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn start_station(&mut self) {
        let config = self.path("station.toml");
        self.station = Some(Daemon::start(self.folder.path(), &["station", "--config", config.to_str().unwrap()]));
        wait_until("the station lets new homes in", PATIENCE, || {
            std::net::TcpStream::connect(("127.0.0.1", self.hall)).is_ok()
        });
    }

    /// A number on the station's page of numbers.
    pub fn metric(&self, name: &str) -> f64 {
        let text = ureq::get(format!("http://127.0.0.1:{}/metrics", self.page)).call();
        let text = text.ok().and_then(|mut answer| answer.body_mut().read_to_string().ok()).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|number| number.parse().ok()).unwrap_or_default()
    }
}

impl Drop for Enrolled {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for log in ["station.log", "gateway.log", "mosquitto.log"] {
                eprintln!("--- {log}\n{}", std::fs::read_to_string(self.path(log)).unwrap_or_default());
            }
        }
        self.stop_broker();
    }
}

#[test]
fn a_point_that_init_put_there_before_the_station_was_known_is_named_when_the_home_joins() {
    let mut world = Enrolled::new();
    world.open();
    let folder = world.path("ky-1");
    std::fs::create_dir_all(&folder).unwrap();
    let (config, broker) = (folder.join("gateway.toml"), world.home_broker.url());
    let init = ["init", "--yes", "--seconds", "0", "--mqtt", &broker, "--serial", "/dev/null", "--out"];
    let (said, errors, code) = run(&[&init[..], &[config.to_str().unwrap()]].concat(), "");
    assert_eq!(code, 0, "{said}{errors}");
    let (said, errors, code) = world.join("ky-1", &world.code("ky-1"), &["--travel", "6m"]);
    assert_eq!(code, 0, "{said}{errors}");
    assert!(said.contains("asks point \"station\" by the same way") && said.contains("is asked first"), "{said}");
}

/// What the joined files do not say of the home.
fn rest_of_home(world: &Enrolled, home: &str) {
    let folder = world.path(home);
    std::fs::create_dir_all(&folder).unwrap();
    let at = folder.display();
    let text = format!(
        "[home]\nplace = \"3-2-201\"\ntime_zone = \"Asia/Shanghai\"\n[gateway]\nstate_dir = \"{at}/state\"\nrun_dir = \"{at}/run\"\n\
         [clock]\nassume_synced = true\n[mqtt]\nbroker = \"mqtt://127.0.0.1:{}\"\n\
         [[sensor]]\nid = \"pendant\"\nkind = \"call_button\"\nzigbee2mqtt = \"pendant\"\n",
        world.home_broker.port
    );
    std::fs::write(folder.join("gateway.toml"), text).unwrap();
}

fn mode_of(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777
}

#[test]
fn a_home_joins_by_a_code_and_its_press_is_at_the_station_by_mqtt_with_tls() {
    let mut world = Enrolled::new();
    let (said, _, code) = world.station_does(&["ca", "init"]);
    assert!(code == 0 && said.contains("SHA-256"), "{said}");
    let key = world.path("station/authority/ca.key");
    assert_eq!((mode_of(&key), mode_of(&world.path("station/authority"))), (0o600, 0o700));
    let before = std::fs::read(&key).unwrap();
    let (_, errors, code) = world.station_does(&["ca", "init"]);
    assert!(code != 0 && errors.contains("there is an authority already"), "{errors}");
    assert_eq!(std::fs::read(&key).unwrap(), before, "it is never written over");

    let one_time = world.code("ky-1");
    world.write_broker();
    world.start_broker();
    world.start_station();
    rest_of_home(&world, "ky-1");
    let (said, errors, code) = world.join("ky-1", &one_time, &["--travel", "6m"]);
    assert_eq!(code, 0, "{said}{errors}");
    let own = world.path("ky-1/secrets/home.pem");
    assert_eq!(mode_of(&own), 0o600);
    let text = std::fs::read_to_string(&own).unwrap();
    assert!(text.contains("BEGIN CERTIFICATE") && text.contains("PRIVATE KEY"));
    assert!(!said.contains("PRIVATE") && !world.path("ky-1/secrets/home.key.new").exists());
    let shown = Command::new("openssl")
        .args(["x509", "-noout", "-subject", "-enddate", "-ext", "extendedKeyUsage", "-in"])
        .arg(&own)
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("CN = ky-1") || shown.contains("CN=ky-1"), "{shown}");
    assert!(shown.contains("TLS Web Client Authentication") && !shown.contains("Server"), "{shown}");

    // A reload would be refused: another id of the home, and a key that systemd hands over at the start alone.
    assert!(said.contains("systemctl restart carecircle-gateway") && !said.contains("is asked first"), "{said}");

    let config = world.path("ky-1/gateway.toml");
    let (said, errors, code) = run(&["check", config.to_str().unwrap()], "");
    assert_eq!(code, 0, "{said}{errors}");
    let station = world.path("station.toml");
    let (said, errors, code) = run(&["check", "--online", station.to_str().unwrap()], "");
    assert!(
        code == 0 && said.contains("fine:"),
        "a station that runs is no other program on its ports: {said}{errors}"
    );
    world.gateway = Some(Daemon::start(world.folder.path(), &["gateway", "--config", config.to_str().unwrap()]));
    let log = world.path("mosquitto.log");
    let heard = |words: &str| std::fs::read_to_string(&log).unwrap_or_default().contains(words);
    wait_until("the home is at the broker under its own name", PATIENCE, || heard("u'ky-1'"));
    wait_until("the home is heard", PATIENCE, || {
        heard("'carecircle/v1/ky-1/down/directory'") || heard("'carecircle/v1/ky-1/up/lehe/heartbeat'")
    });
    world.home_broker.publish("zigbee2mqtt/pendant", r#"{"action":"single"}"#);
    let raised = r#"carecircle_alerts_raised_total{rule="call_button",severity="emergency"}"#;
    wait_until("the press is at the station", PATIENCE, || world.metric(raised) == 1.0);
    wait_until("its receipt is sent to the home alone", PATIENCE, || heard("'carecircle/v1/ky-1/down/receipt'"));
}

#[test]
fn a_code_that_is_wrong_used_expired_or_of_another_authority_lets_nobody_in_and_says_why() {
    let mut world = Enrolled::new();
    world.open();
    let code = world.code("ky-2");
    let (_, errors, _) = world.join("short", &code[..20], &[]);
    assert!(errors.contains("a code has 40 letters and digits"), "{errors}");
    // The first group finds it, the next four prove it, the rest is the fingerprint.
    let changed = |at: usize| {
        let other = if &code[at..=at] == "7" { "8" } else { "7" };
        format!("{}{other}{}", &code[..at], &code[at + 1..])
    };
    let (_, errors, status) = world.join("wrong", &changed(6), &[]);
    assert!(status != 0 && errors.contains("this code is wrong"), "{errors}");
    let (_, errors, status) = world.join("elsewhere", &changed(30), &[]);
    assert!(status != 0 && errors.contains("this is not the station that made the code"), "{errors}");
    assert!(!world.path("wrong/secrets/home.pem").exists() && !world.path("elsewhere/secrets/home.pem").exists());
    let (said, errors, status) = world.join("ky-2", &code, &[]);
    assert_eq!(status, 0, "{said}{errors}");
    let (_, errors, _) = world.join("ky-2", &code, &[]);
    assert!(errors.contains("there is a certificate already"), "{errors}");
    let (_, errors, _) = world.join("thief", &code, &[]);
    assert!(errors.contains("this code has been used already"), "{errors}");

    let late = world.code("ky-3");
    let register = world.path("station/authority/register.json");
    let mut known: serde_json::Value = serde_json::from_slice(&std::fs::read(&register).unwrap()).unwrap();
    for given in known["codes"].as_array_mut().unwrap() {
        given["until_ms"] = 1_795_000_000_000_i64.into();
    }
    std::fs::write(&register, known.to_string()).unwrap();
    let (_, errors, _) = world.join("ky-3", &late, &[]);
    assert!(errors.contains("this code has expired"), "{errors}");
    let burnt = world.code("ky-4");
    let wrong = format!("{}{}", &burnt[..5], &changed(6)[5..24]) + &burnt[24..];
    let mut last = String::new();
    for _ in 0..5 {
        last = world.join("guesser", &wrong, &[]).1;
    }
    assert!(last.contains("this code is burnt"), "{last}");
    assert!(world.join("ky-4", &burnt, &[]).1.contains("this code is burnt"), "also for who has the right one");
    let refused = world.metric("carecircle_homes_refused_total");
    assert!(refused >= 9.0, "each was counted: {refused}");
    let (_, errors, _) = world.station_does(&["enroll", "station-lehe"]);
    assert!(errors.contains("could be taken for a station"), "{errors}");
}

impl Enrolled {
    /// A client of the broker with the certificate of `home`.
    fn client(&self, program: &str, home: &str) -> Command {
        let secrets = self.path(home).join("secrets");
        let own = secrets.join("home.pem");
        let mut command = Command::new(program);
        command.args(["-h", "localhost", "-p", &self.port.to_string(), "-q", "1", "--cafile"]);
        command.arg(self.path("station/authority/ca.pem")).arg("--cert").arg(&own).arg("--key").arg(&own);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    /// Whether a message of the home `from` on `topic` arrives at whoever has the certificate `to` there.
    fn arrives(&self, to: &str, from: &str, topic: &str) -> bool {
        let mut listening = self.client("mosquitto_sub", to);
        let log = std::fs::read_to_string(self.path("mosquitto.log")).unwrap().len();
        let child = listening.args(["-t", topic, "-C", "1", "-W", "3"]).spawn().unwrap();
        let said = |words: &str| std::fs::read_to_string(self.path("mosquitto.log")).unwrap()[log..].contains(words);
        wait_until("the broker answers the listener", PATIENCE, || said("Sending SUBACK") || said("OpenSSL Error"));
        self.client("mosquitto_pub", from).args(["-t", topic, "-m", "x"]).status().unwrap();
        !child.wait_with_output().unwrap().stdout.is_empty()
    }

    /// What the station's door says to `home` about a request.
    fn at_door(&self, home: &str, path: &str) -> String {
        let own = self.path(home).join("secrets/home.pem");
        let mut command = Command::new("curl");
        command.args(["-s", "--max-time", "10", "--cacert"]).arg(self.path("station/authority/ca.pem"));
        let output = command.arg("--cert").arg(own).arg(format!("https://localhost:{}{path}", self.door)).output();
        String::from_utf8(output.expect("curl is installed").stdout).unwrap()
    }
}

#[test]
fn a_stolen_certificate_can_only_be_its_home_and_a_revoked_one_can_do_nothing() {
    let mut world = Enrolled::new();
    world.open();
    for home in ["ky-1", "ky-2"] {
        let code = world.code(home);
        assert_eq!(world.join(home, &code, &[]).2, 0);
    }
    world.write_broker();
    world.start_broker();
    // The station's own, where the same clients find it.
    let secrets = world.path("own/secrets");
    std::fs::create_dir_all(&secrets).unwrap();
    std::fs::copy(world.path("station/authority/station.pem"), secrets.join("home.pem")).unwrap();
    let (up, down) = ("carecircle/v1/ky-1/up/lehe/notice", "carecircle/v1/ky-1/down/receipt");
    assert!(world.arrives("own", "ky-1", up), "a home cannot reach its station");
    assert!(world.arrives("ky-1", "own", down), "the station cannot reach its home");
    assert!(!world.arrives("own", "ky-2", up), "a home spoke for another");
    assert!(!world.arrives("ky-1", "ky-2", down), "a home spoke as the station");
    assert!(!world.arrives("ky-1", "ky-1", down), "a home forged its own receipt");
    assert!(!world.arrives("ky-2", "own", down), "a home read what another is told");
    assert!(!world.arrives("ky-2", "ky-1", up), "a home read what another says");

    let asks = |home: &str| world.at_door(home, "/v1/steps?home=ky-1&point=lehe");
    assert!(asks("ky-1").contains("\"v\":"), "{}", asks("ky-1"));
    assert!(asks("ky-2").contains("its certificate is of ky-2"), "{}", asks("ky-2"));
    // The same name by another authority, and no certificate at all.
    let forged = world.path("forged/secrets");
    std::fs::create_dir_all(&forged).unwrap();
    std::fs::copy(Authority::new().home("ky-1", When::Now), forged.join("home.pem")).unwrap();
    let counted = world.metric("carecircle_homes_refused_total");
    assert!(!world.arrives("own", "forged", up), "the broker believed another authority");
    assert_eq!(asks("forged"), "", "the door believed another authority");
    assert_eq!(world.metric("carecircle_homes_refused_total"), counted + 1.0, "and it was counted");
    let plain =
        Command::new("mosquitto_pub").args(["-p", &world.port.to_string(), "-t", up, "-m", "x"]).output().unwrap();
    assert!(!plain.status.success(), "the broker takes what is not encrypted");
    // The next certificate, with the one it has.
    let config = world.path("ky-1/gateway.toml");
    let (said, _, _) = run(&["renew", "--config", config.to_str().unwrap()], "");
    assert!(said.contains("good until") && said.contains("364 more days"), "{said}");
    let stolen = std::fs::read(world.path("ky-1/secrets/home.pem")).unwrap();
    let (said, errors, code) = run(&["renew", "--now", "--config", config.to_str().unwrap()], "");
    assert!(code == 0 && said.contains("is renewed"), "{said}{errors}");
    assert_ne!(std::fs::read(world.path("ky-1/secrets/home.pem")).unwrap(), stolen, "another key and certificate");
    assert!(asks("ky-1").contains("\"v\":"), "the next one is as good");

    // Turned away: at the door at once, at the station though the broker does not know of it, at the broker once it does.
    let (said, errors, code) = world.station_does(&["revoke", "ky-1"]);
    assert!(code == 0 && said.contains("2 certificates taken back"), "{said}{errors}");
    assert!(asks("ky-1").contains("this home was turned away"), "{}", asks("ky-1"));
    let before = std::fs::read(world.path("ky-1/secrets/home.pem")).unwrap();
    let (_, errors, code) = run(&["renew", "--now", "--config", config.to_str().unwrap()], "");
    assert!(code != 0 && errors.contains("this home was turned away"), "{errors}");
    assert_eq!(std::fs::read(world.path("ky-1/secrets/home.pem")).unwrap(), before, "what it has is not touched");
    let refused = || world.metric("carecircle_homes_refused_total");
    let counted = refused();
    assert!(counted >= 3.0, "{counted}");
    wait_until("what it still says by the broker is counted and goes no further", PATIENCE, || {
        world.client("mosquitto_pub", "ky-1").args(["-t", up, "-m", "{}"]).status().unwrap();
        refused() > counted
    });
    world.write_broker();
    world.start_broker();
    assert!(!world.arrives("own", "ky-1", up), "a certificate that was taken back is good at the broker");
    std::fs::write(world.path("ky-1/secrets/home.pem"), stolen).unwrap();
    assert!(!world.arrives("own", "ky-1", up), "nor is the one before it");
    assert!(world.arrives("own", "ky-2", "carecircle/v1/ky-2/up/lehe/notice"), "the others are not touched");
}

/// The page of numbers has no such line before the first such thing.
const AT_BROKER: [&str; 3] = ["certificate", "no_certificate", "plaintext"];

impl Enrolled {
    fn at_broker(&self, why: &str) -> f64 {
        self.metric(&format!("carecircle_broker_refused_total{{why=\"{why}\"}}"))
    }

    /// What the station counts as refused where homes come in, by themselves or through the broker.
    fn refused(&self) -> f64 {
        self.metric("carecircle_homes_refused_total")
    }

    /// Puts a file where the clients of the broker find the certificate of `home`.
    fn give(&self, home: &str, file: &Path) {
        let secrets = self.path(home).join("secrets");
        std::fs::create_dir_all(&secrets).unwrap();
        std::fs::copy(file, secrets.join("home.pem")).unwrap();
    }
}

#[test]
fn expired_too_early_foreign_bare_and_unencrypted_connections_are_refused_and_counted() {
    let mut world = Enrolled::new();
    world.open();
    let code = world.code("ky-1");
    assert_eq!(world.join("ky-1", &code, &[]).2, 0);
    world.write_broker();
    world.start_broker();
    world.give("own", &world.path("station/authority/station.pem"));
    let up = "carecircle/v1/ky-1/up/lehe/notice";
    wait_until("the station hears the broker's log again", PATIENCE, || {
        world.client("mosquitto_pub", "ky-1").args(["-t", up, "-m", "x"]).status().unwrap();
        let text = ureq::get(format!("http://127.0.0.1:{}/metrics", world.page)).call();
        let text = text.unwrap().body_mut().read_to_string().unwrap();
        text.contains("carecircle_broker_refused_total{why=\"certificate\"}")
    });
    assert_eq!(AT_BROKER.map(|why| world.at_broker(why)), [0.0; 3], "who may come in is not counted");
    // Signed by the very authority of this station, and by another.
    let (ours, other) = (Authority::of(&world.path("station/authority")), Authority::new());
    let wrong = [
        ("expired", ours.home("ky-1", When::Before)),
        ("too-early", ours.home("ky-1", When::Later)),
        ("foreign", other.home("ky-1", When::Now)),
    ];
    for (at, (name, file)) in wrong.iter().enumerate() {
        world.give(name, file);
        let at_door = world.refused();
        assert!(!world.arrives("own", name, up), "the broker let one in that is {name}");
        assert_eq!(world.at_door(name, "/v1/steps?home=ky-1&point=lehe"), "", "the door let one in that is {name}");
        wait_until(name, PATIENCE, || world.at_broker("certificate") == (at + 1) as f64);
        assert_eq!(world.refused(), at_door + 1.0, "{name} is counted at the door");
    }
    let publish = |more: &[&str]| {
        let mut command = Command::new("mosquitto_pub");
        command.args(["-h", "localhost", "-p", &world.port.to_string(), "-q", "1", "-t", up, "-m", "x"]).args(more);
        command.output().unwrap().status.success()
    };
    let ca = world.path("station/authority/ca.pem");
    assert!(!publish(&["--cafile", ca.to_str().unwrap()]), "the broker takes one without a certificate");
    assert!(!publish(&[]), "the broker takes what is not encrypted");
    wait_until("both are counted", PATIENCE, || {
        AT_BROKER.map(|why| world.at_broker(why)) == [wrong.len() as f64, 1.0, 1.0]
    });
    assert!(world.arrives("own", "ky-1", up), "the home itself is as welcome as before");
}

#[test]
fn what_is_replayed_or_forged_changes_nothing_at_the_station_and_is_counted() {
    let mut world = Enrolled::new();
    world.open();
    for home in ["ky-1", "ky-2"] {
        let code = world.code(home);
        assert_eq!(world.join(home, &code, &["--travel", "6m"]).2, 0);
    }
    world.write_broker();
    world.start_broker();
    world.give("own", &world.path("station/authority/station.pem"));
    rest_of_home(&world, "ky-1");
    // Somebody records what the home says: at the broker, where it is not encrypted.
    let recording = world.path("recording");
    let mut listening = world.client("mosquitto_sub", "own");
    listening.args(["-t", "carecircle/v1/ky-1/up/lehe/#", "-F", "%t %p"]);
    let mut listening = listening.stdout(std::fs::File::create(&recording).unwrap()).spawn().unwrap();
    let recorded = |kind: &str| {
        let text = std::fs::read_to_string(&recording).unwrap();
        let topic = format!("carecircle/v1/ky-1/up/lehe/{kind} ");
        text.lines().rev().find_map(|line| line.strip_prefix(&topic)).map(str::to_owned)
    };
    let config = world.path("ky-1/gateway.toml");
    world.gateway = Some(Daemon::start(world.folder.path(), &["gateway", "--config", config.to_str().unwrap()]));
    let log_file = world.path("mosquitto.log");
    let log = || std::fs::read_to_string(&log_file).unwrap();
    wait_until("the home is heard", PATIENCE, || log().contains("'carecircle/v1/ky-1/down/heard'"));
    let raised = r#"carecircle_alerts_raised_total{rule="call_button",severity="emergency"}"#;
    world.home_broker.publish("zigbee2mqtt/pendant", r#"{"action":"single"}"#);
    wait_until("the press is at the station", PATIENCE, || world.metric(raised) == 1.0);
    wait_until("both are recorded", PATIENCE, || recorded("notice").is_some() && recorded("heartbeat").is_some());
    world.gateway = None;
    listening.kill().unwrap();
    listening.wait().unwrap();
    let silence = || world.metric("carecircle_heartbeat_age_seconds_max");
    wait_until("the home is silent", PATIENCE, || silence() >= 3.0);

    let say = |certificate: &str, home: &str, kind: &str, body: &str| {
        let topic = format!("carecircle/v1/{home}/up/lehe/{kind}");
        world.client("mosquitto_pub", certificate).args(["-t", &topic, "-m", body]).status().unwrap();
    };
    let repeats = |what: &str| world.metric(&format!("carecircle_repeats_total{{what=\"{what}\"}}"));
    for kind in ["heartbeat", "notice"] {
        let (before, silent) = (repeats(kind), silence());
        say("ky-1", "ky-1", kind, &recorded(kind).unwrap());
        wait_until(kind, PATIENCE, || repeats(kind) == before + 1.0);
        assert_eq!(world.metric(raised), 1.0, "a {kind} that was sent again is no new alert");
        assert!(kind == "notice" || silence() >= silent, "a recording kept a silent home alive");
    }
    // The other home's certificate: under its own name it may say anything, but not of others; under theirs nothing.
    let refused = world.refused();
    for kind in ["heartbeat", "notice"] {
        say("ky-2", "ky-2", kind, &recorded(kind).unwrap());
    }
    wait_until("both are refused and counted", PATIENCE, || world.refused() == refused + 2.0);
    let again = repeats("notice");
    say("ky-2", "ky-1", "notice", &recorded("notice").unwrap());
    say("ky-1", "ky-1", "notice", &recorded("notice").unwrap());
    wait_until("the broker passes on the second alone", PATIENCE, || repeats("notice") == again + 1.0);
    assert_eq!(log().matches("Denied PUBLISH").count(), 1, "it says so in its log, at the level debug");
    assert_eq!(world.metric(raised), 1.0);
}
