//! A home of made-up sensors with the real gateway in it, and a station's stand-in that answers with receipts.

use super::probe::{Message, Probe};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The name of the home and of its service point in every bench.
const HOME: &str = "bench-1";
const POINT: &str = "lehe";

/// The button that every home has besides: it says its own JSON.
pub const OWN: &str = "own";

/// How many sensors there are: motion sensors `m1…`, call buttons `b1…`, all on Zigbee2MQTT.
#[derive(Clone, Copy)]
pub struct Sensors {
    pub motion: usize,
    pub buttons: usize,
}

/// A home's files; state where the bench wants it, short-lived files in memory as on a real machine.
pub struct Home {
    state: tempfile::TempDir,
    run: tempfile::TempDir,
    config: PathBuf,
}

impl Home {
    pub fn configure(place: &Path, broker: &str, sensors: Sensors, channel: &str) -> Home {
        let state = tempfile::tempdir_in(place).unwrap();
        let run = tempfile::tempdir_in("/dev/shm").unwrap();
        let mut toml = format!(
            r#"
[home]
id = "{HOME}"
place = "3号楼2单元201室"
time_zone = "Asia/Shanghai"
[gateway]
state_dir = "{state}"
run_dir = "{run}"
[mqtt]
broker = "{broker}"
[rules.inactivity]
windows = [{{ from = "00:00", to = "24:00", at_most = "6h" }}]
[[circle.point]]
id = "{POINT}"
name = "乐合社区服务站"
travel = "6m"
channels = ["station"]
[[channel]]
name = "station"
station_mqtt = {channel}
"#,
            state = state.path().display(),
            run = run.path().display(),
        );
        for n in 1..=sensors.motion {
            let id = format!("m{n}");
            write!(toml, "[[sensor]]\nid = \"{id}\"\nroom = \"room{n}\"\nkind = \"motion\"\nzigbee2mqtt = \"{id}\"\n")
                .unwrap();
        }
        for n in 1..=sensors.buttons {
            let id = format!("b{n}");
            write!(toml, "[[sensor]]\nid = \"{id}\"\nkind = \"call_button\"\nzigbee2mqtt = \"{id}\"\n").unwrap();
        }
        // One of a device that says its own JSON.
        toml.push_str(
            r#"
[[sensor]]
id = "own"
kind = "call_button"
json = { topic = "home/own", pointer = "/action", kind = "button", values = { single = ["emergency"] } }
"#,
        );
        let config = run.path().join("gateway.toml");
        std::fs::write(&config, toml).unwrap();
        Home { state, run, config }
    }

    /// Where the history is.
    pub fn state(&self) -> &Path {
        self.state.path()
    }

    pub fn gateway(&self) -> Gateway {
        let log = std::fs::File::create(self.run.path().join("log")).unwrap();
        let child = Command::new(program())
            .args(["gateway", "--config"])
            .arg(&self.config)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Gateway { child, since: Instant::now() }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.run.path().join("log")).unwrap_or_default()
    }
}

/// The program that is measured: the one that was built with the bench, or the one somebody named.
pub fn program() -> PathBuf {
    std::env::var_os("CARECIRCLE_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_carecircle").into(), PathBuf::from)
}

/// The gateway as a process; stopped with the value.
pub struct Gateway {
    child: Child,
    pub since: Instant,
}

impl Gateway {
    /// A number from `/proc/PID/status` or `/proc/PID/io`, in the unit of that file.
    pub fn figure(&self, file: &str, name: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap();
        let line = text.lines().find(|line| line.split(':').next() == Some(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Processor time of all its threads so far.
    pub fn busy(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let busy_ns = |task: std::io::Result<std::fs::DirEntry>| {
            let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        };
        Duration::from_nanos(tasks.filter_map(busy_ns).sum())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // In order, so that a profiler over it writes what it saw; killed where that takes long.
        Command::new("kill").arg(self.child.id().to_string()).status().ok();
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Presses buttons and stands in for the station: hears notices, answers each with a receipt.
pub struct Station {
    probe: Probe,
}

impl Station {
    pub fn open(port: u16) -> Station {
        let mut probe = Probe::connect(port, "bench-station");
        probe.subscribe(&format!("carecircle/v1/+/up/{POINT}/notice"));
        Station { probe }
    }

    /// Presses until the gateway is there; the time of the first notice.
    pub fn wait_ready(&mut self, button: &str) -> Instant {
        let until = Instant::now() + Duration::from_secs(60);
        while Instant::now() < until {
            self.press(button);
            if let Some(notice) = self.notice(Instant::now() + Duration::from_millis(5)) {
                return notice.at;
            }
        }
        panic!("the gateway sent no notice within a minute");
    }

    /// One press; the instant before its first byte.
    pub fn press(&mut self, button: &str) -> Instant {
        let topic = if button == OWN { "home/own".to_owned() } else { format!("zigbee2mqtt/{button}") };
        self.probe.publish(&topic, br#"{"action":"emergency","battery":80,"linkquality":120}"#)
    }

    /// One press and the time until the first notice that tells of it.
    ///
    /// Presses of all call buttons belong to one alert about the person: the first raises it, each further one is told
    /// as "pressed again".
    pub fn time_press(&mut self, button: &str) -> Option<Duration> {
        let begin = self.press(button);
        let until = begin + Duration::from_secs(2);
        while let Some(notice) = self.notice(until) {
            if matches!(notice.body["step"]["deed"].as_str(), Some("raise" | "again")) {
                return Some(notice.at - begin);
            }
        }
        None
    }

    /// Answers whatever comes until then.
    pub fn serve(&mut self, until: Instant) {
        while self.notice(until).is_some() {}
    }

    /// The next notice before `until`, answered with a receipt.
    pub fn notice(&mut self, until: Instant) -> Option<Notice> {
        loop {
            let Message { topic, payload, at } = self.probe.next(until)?;
            if !topic.ends_with("/notice") {
                continue;
            }
            let body: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            let receipt = serde_json::json!({
                "v": 1, "home": body["home"], "alert": body["alert"], "step": body["step"]["number"],
                "point": POINT, "at_ms": 0,
            });
            self.probe.publish(&format!("carecircle/v1/{HOME}/down/receipt"), receipt.to_string().as_bytes());
            return Some(Notice { body, at });
        }
    }
}

/// A notice as it came.
pub struct Notice {
    pub body: serde_json::Value,
    pub at: Instant,
}
