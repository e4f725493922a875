//! Gateway and station as two real processes with Debian's mosquitto between them, and a driver that presses.
#![allow(dead_code)] // not every promise needs every helper
#![allow(clippy::unwrap_used)] // a helper that cannot help ends its test

use super::support::{Daemon, Mosquitto, free_port, plain_agent, sign_in, token_in, wait_until};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Mutex;
use std::time::Duration;

/// Long enough for a loaded machine; nothing is measured against it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A home and its service point.
pub struct World {
    /// The broker of the home; sensors speak to it.
    pub home_broker: Mosquitto,
    /// The broker between home and station.
    pub district_broker: Mosquitto,
    /// The daemon in the home, while it runs.
    pub gateway: Option<Daemon>,
    /// The daemon at the service point, while it runs.
    pub station: Option<Daemon>,
    /// Where the station's page is served.
    pub page: u16,
    folder: tempfile::TempDir,
    agent: ureq::Agent,
    cookie: Mutex<Option<String>>,
}

/// Somebody at a browser.
#[derive(Clone)]
pub struct Clicker {
    agent: ureq::Agent,
    page: u16,
    cookie: String,
}

impl Clicker {
    /// Asks for a step with this key: status and answer, or nothing where the station went away.
    pub fn click(&self, alert: &Value, step: &str, key: &str) -> Option<(u16, Value)> {
        let home = alert["home"].as_str().unwrap();
        let url = format!("http://127.0.0.1:{}/api/v1/alerts/{home}/{}/steps", self.page, alert["alert"]);
        let body = serde_json::json!({
            "step": step, "key": key, "who": "desk1", "outcome": "found_well", "contact": "seen", "note": "",
        });
        let mut answer = self.agent.post(url).header("cookie", &self.cookie).send_json(&body).ok()?;
        Some((answer.status().as_u16(), answer.body_mut().read_json().ok()?))
    }
}

/// What the home's configuration says besides the usual.
#[derive(Default)]
pub struct Home {
    /// Path of a serial port with an EnOcean dongle.
    pub radio: Option<PathBuf>,
    /// The inactivity limit, all day.
    pub quiet_at_most: Option<&'static str>,
    /// Further sensors, as TOML.
    pub more: &'static str,
    /// What the home's broker is told, if not what the packaged configuration says.
    pub home_broker: Option<&'static str>,
    /// Where short-lived files go, if not beside the state.
    pub run_dir: Option<PathBuf>,
}

/// What `config/mosquitto/home-loopback.conf` says beyond the defaults.
const HOME_BROKER: &str =
    "allow_anonymous true\nmax_queued_messages 20000\nmax_queued_bytes 16777216\nmax_inflight_messages 100\n";

impl World {
    /// Everything running; returns when a press would be shown.
    pub fn start(home: &Home) -> World {
        let mut world = World::configure(home);
        world.start_station();
        world.start_gateway();
        world.wait_ready();
        world
    }

    /// Brokers and files only.
    pub fn configure(home: &Home) -> World {
        let folder = tempfile::tempdir().unwrap();
        let (home_broker, district_broker) =
            (Mosquitto::start_with(home.home_broker.unwrap_or(HOME_BROKER)), Mosquitto::start());
        let page = free_port();
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(10)))
            .http_status_as_error(false)
            .build();
        let agent = config.into();
        std::fs::write(
            folder.path().join("gateway.toml"),
            gateway_toml(home, folder.path(), &home_broker, &district_broker),
        )
        .unwrap();
        std::fs::write(folder.path().join("station.toml"), station_toml(folder.path(), page, &district_broker))
            .unwrap();
        World {
            home_broker,
            district_broker,
            gateway: None,
            station: None,
            page,
            folder,
            agent,
            cookie: Mutex::default(),
        }
    }

    /// Starts the daemon in the home.
    pub fn start_gateway(&mut self) {
        let config = self.path("gateway.toml");
        self.gateway = Some(Daemon::start(self.folder.path(), &["gateway", "--config", config.to_str().unwrap()]));
    }

    /// Starts the daemon at the service point.
    pub fn start_station(&mut self) {
        let config = self.path("station.toml");
        self.station = Some(Daemon::start(self.folder.path(), &["station", "--config", config.to_str().unwrap()]));
    }

    /// `kill -9` of the gateway.
    pub fn kill_gateway(&mut self) {
        self.gateway.take().unwrap().kill();
    }

    /// `kill -9` of the station.
    pub fn kill_station(&mut self) {
        self.station.take().unwrap().kill();
    }

    /// Waits until the home was heard at the station and its own broker is connected.
    #[track_caller]
    pub fn wait_ready(&self) {
        wait_until("the gateway's links are up", PATIENCE, || {
            let Some(status) = self.status() else { return false };
            status["links"].as_array().is_some_and(|links| links.iter().all(|link| link["up"] == true))
        });
        wait_until("the home is heard at the station", PATIENCE, || {
            self.desk().is_some_and(|desk| desk["homes"].as_array().is_some_and(|homes| !homes.is_empty()))
        });
    }

    /// What the gateway says about itself.
    pub fn status(&self) -> Option<Value> {
        serde_json::from_slice(&std::fs::read(self.path("run/status.json")).ok()?).ok()
    }

    /// The desk as JSON; nothing while the station is away.
    pub fn desk(&self) -> Option<Value> {
        self.get("/api/v1/desk")
    }

    /// What proves that `desk1` is signed in; they are the first at this station. Nothing while the station is away.
    pub fn cookie(&self) -> Option<String> {
        let mut kept = self.cookie.lock().unwrap();
        if kept.is_none() {
            let code = std::fs::read_to_string(self.path("station/first-code")).ok()?;
            let base = format!("http://127.0.0.1:{}", self.page);
            *kept = sign_in(&base, "desk1", Some(code.trim()), "a made-up password", false);
        }
        kept.clone()
    }

    /// A path of the station's API.
    pub fn get(&self, path: &str) -> Option<Value> {
        let request = self.agent.get(format!("http://127.0.0.1:{}{path}", self.page));
        request.header("cookie", self.cookie()?).call().ok()?.body_mut().read_json().ok()
    }

    /// A page as text.
    pub fn html(&self, path: &str) -> String {
        let request = self.agent.get(format!("http://127.0.0.1:{}{path}", self.page));
        let mut answer = request.header("cookie", self.cookie().unwrap()).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    }

    /// Sends a form of `desk1`; status and page.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let fields = fields.iter().map(|(name, value)| format!("&{name}={}", escaped(value))).collect::<String>();
        let body = format!("token={}{fields}", token_in(&self.html("/me")));
        let request = plain_agent().post(format!("http://127.0.0.1:{}{path}", self.page));
        let request = request.header("cookie", self.cookie().unwrap());
        let mut answer = request.header("content-type", "application/x-www-form-urlencoded").send(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// Every alert the desk shows, whatever its band.
    pub fn alerts(&self) -> Vec<Value> {
        let Some(desk) = self.desk() else { return Vec::new() };
        let rows = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let bands = desk["bands"].as_object().cloned().unwrap_or_default();
        bands.values().flat_map(rows).chain(rows(&desk["faults"])).collect()
    }

    /// An alert by its number, closed or not.
    pub fn alert(&self, number: u64) -> Option<Value> {
        self.get(&format!("/api/v1/alerts/made-up-1/{number}")).filter(|alert| alert["rule"].is_string())
    }

    /// Every alert of this rule.
    pub fn alerts_of(&self, rule: &str) -> Vec<Value> {
        self.alerts().into_iter().filter(|alert| alert["rule"] == rule).collect()
    }

    /// Does a step at the desk; panics if it is refused.
    #[track_caller]
    pub fn click(&self, alert: &Value, step: &str) {
        let (status, answer) = self.try_click(alert, step, &format!("{step}-{}", alert["alert"]));
        assert!(status / 100 == 2, "{step}: {status} {answer}");
    }

    /// Asks for a step with this key; status and answer.
    pub fn try_click(&self, alert: &Value, step: &str, key: &str) -> (u16, Value) {
        self.clicker().click(alert, step, key).expect("the station answers")
    }

    /// Somebody who clicks, also from another thread.
    pub fn clicker(&self) -> Clicker {
        Clicker { agent: self.agent.clone(), page: self.page, cookie: self.cookie().unwrap() }
    }

    /// Publishes at the home's broker, QoS 1; returns when the broker has acknowledged.
    #[track_caller]
    pub fn publish(&self, topic: &str, payload: &str) {
        self.home_broker.publish(topic, payload);
    }

    /// Somebody presses the pendant that hangs on Zigbee.
    pub fn press(&self) {
        assert!(self.begin_press().wait().unwrap().success());
    }

    /// Somebody is just pressing it.
    pub fn begin_press(&self) -> Child {
        self.home_broker
            .begin_publish("zigbee2mqtt/pendant", r#"{"action":"emergency","battery":80,"linkquality":120}"#)
    }

    /// Somebody moves in the hall.
    pub fn move_in_hall(&self) {
        self.publish("zigbee2mqtt/hall", r#"{"occupancy":true,"battery":87}"#);
        self.publish("zigbee2mqtt/hall", r#"{"occupancy":false,"battery":87}"#);
    }

    /// A file of this world.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn gateway_toml(home: &Home, folder: &Path, sensors: &Mosquitto, district: &Mosquitto) -> String {
    let quiet = home.quiet_at_most.unwrap_or("6h");
    let run_dir = home.run_dir.clone().unwrap_or_else(|| folder.join("run"));
    let radio = home.radio.as_ref().map_or(String::new(), |path| {
        format!(
            "[[serial]]\nname = \"radio\"\nport = \"{}\"\nenocean = {{}}\n\
             [[sensor]]\nid = \"pendant-radio\"\nkind = \"call_button\"\nenocean = {{ sender = \"fef10231\", profile = \"F6-02-01\" }}\n",
            path.display()
        )
    });
    format!(
        r#"
[home]
id = "made-up-1"
place = "3号楼2单元201室"
time_zone = "Asia/Shanghai"
consent = {{ given_on = "2026-11-02", by = "resident", scope = "rooms" }}
[gateway]
state_dir = "{folder}/state"
run_dir = "{run_dir}"
[mqtt]
broker = "{sensors}"
[[sensor]]
id = "hall"
room = "hall"
kind = "motion"
zigbee2mqtt = "hall"
[[sensor]]
id = "pendant"
kind = "call_button"
zigbee2mqtt = "pendant"
{radio}
{more}
[rules.inactivity]
windows = [{{ from = "00:00", to = "24:00", at_most = "{quiet}" }}]
{circle}[[circle.point]]
id = "lehe"
name = "乐合社区服务站"
travel = "6m"
channels = ["lehe"]
[[channel]]
name = "lehe"
station_mqtt = {{ broker = "{district}" }}
"#,
        more = home.more,
        // Whoever writes the section says so too.
        circle = if home.more.contains("[circle]") { "" } else { "[circle]\nweekly_test = \"never\"\n" },
        folder = folder.display(),
        run_dir = run_dir.display(),
        sensors = sensors.url(),
        district = district.url(),
    )
}

fn station_toml(folder: &Path, page: u16, district: &Mosquitto) -> String {
    format!(
        r#"
[station]
point = "lehe"
name = "乐合社区服务站"
time_zone = "Asia/Shanghai"
listen = "127.0.0.1:{page}"
state_dir = "{folder}/station"
[mqtt]
broker = "{district}"
[events]
mqtt = true
[[person]]
id = "desk1"
name = "前台一"
role = "desk"
[[person]]
id = "head"
name = "站长"
role = "supervisor"
"#,
        folder = folder.display(),
        district = district.url(),
    )
}
