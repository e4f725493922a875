//! Every family, end to end: its bytes through Debian's mosquitto or a serial port, in pieces of any size, to a sign of life or an
//! alert of a real gateway.

#![allow(clippy::unwrap_used)] // fixtures are tests too

mod cases;

use crate::mutated::Random;
use crate::support::{self, Daemon, Mosquitto, unhex, wait_until};
use carecircle::devices::{Carrier, Devices, Family, Wiring};
use carecircle::sim::radio::Radio;
use cases::{CASES, Case};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Long enough for a loaded machine; nothing is measured against it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What comes from a sensor.
pub enum Sends {
    /// Topic and payload.
    Message(&'static str, &'static str),
    Hex(&'static str),
    Text(&'static str),
}

/// Their way is tried elsewhere: a bus that is polled, and what only says what exists.
const ELSEWHERE: &[&str] = &["modbus", "ha_discovery"];

#[test]
fn every_family_is_heard_end_to_end() {
    for family in Devices::families().iter().filter(|family| !ELSEWHERE.contains(&family.name)) {
        assert!(CASES.iter().any(|case| case.family == family.name), "{} is not tried", family.name);
    }
    let seed = u64::from(std::process::id());
    eprintln!("seed {seed}");
    let mut random = Random::new(seed);
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().unwrap();
    let mut ports: BTreeMap<&str, Radio> = BTreeMap::new();
    let is_tried = |family: &&Family| family.carrier == Carrier::Serial && !ELSEWHERE.contains(&family.name);
    for family in Devices::families().iter().filter(is_tried) {
        ports.insert(family.name, Radio::plug_in().unwrap());
    }
    let config = folder.path().join("gateway.toml");
    std::fs::write(&config, configuration(folder.path(), &broker, &ports)).unwrap();
    let (said, errors, code) = support::run(&["check", config.to_str().unwrap()], "");
    assert_eq!(code, 0, "{said}{errors}");
    let _gateway = Daemon::start(folder.path(), &["gateway", "--config", config.to_str().unwrap()]);
    let is_up = |link: &Value| link["up"] == true || link["name"] == "station";
    wait_until("broker and ports are open", PATIENCE, || {
        let status = status(folder.path());
        status["links"].as_array().is_some_and(|links| links.len() > ports.len() && links.iter().all(is_up))
    });
    for case in CASES {
        for sends in case.sends {
            sends.send(&broker, ports.get_mut(case.family), &mut random);
        }
    }
    for (number, case) in CASES.iter().enumerate() {
        let id = id(case, number);
        wait_until(&format!("{id} is heard as an event"), PATIENCE, || {
            let status = status(folder.path());
            let sensors = status["sensors"].as_array().cloned().unwrap_or_default();
            sensors.iter().any(|sensor| sensor["id"] == *id && !sensor["event_at_ms"].is_null())
        });
    }
    // The presses are further presses on one alert.
    let alerts = status(folder.path())["open_alerts"].clone();
    assert!(alerts.as_array().unwrap().iter().any(|alert| alert["reason"]["rule"] == "call_button"), "{alerts}");
}

impl Sends {
    fn send(&self, broker: &Mosquitto, port: Option<&mut Radio>, random: &mut Random) {
        match self {
            Sends::Message(topic, payload) => {
                broker.publish(topic, payload);
            }
            Sends::Hex(digits) => in_pieces(port.unwrap(), &unhex(digits), random),
            Sends::Text(text) => in_pieces(port.unwrap(), text.as_bytes(), random),
        }
    }
}

fn in_pieces(port: &mut Radio, mut bytes: &[u8], random: &mut Random) {
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at(1 + random.below(bytes.len().min(5)));
        port.write_raw(piece).unwrap();
        bytes = rest;
    }
}

fn id(case: &Case, number: usize) -> String {
    format!("{}-{number}", case.family)
}

fn status(folder: &Path) -> Value {
    let text = std::fs::read(folder.join("run/status.json")).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn configuration(folder: &Path, broker: &Mosquitto, ports: &BTreeMap<&str, Radio>) -> String {
    let mut text = format!(
        "[home]\nid = \"made-up-1\"\nplace = \"3-2-201\"\ntime_zone = \"Asia/Shanghai\"\n\
         [gateway]\nstate_dir = \"{dir}/state\"\nrun_dir = \"{dir}/run\"\n\
         [clock]\nassume_synced = true\n[mqtt]\nbroker = \"{url}\"\n\
         [circle]\nweekly_test = \"never\"\n[[circle.point]]\nid = \"lehe\"\nname = \"Lehe\"\ntravel = \"6m\"\nchannels = [\"station\"]\n\
         [[channel]]\nname = \"station\"\nstation_mqtt = {{ broker = \"mqtt://127.0.0.1:1\" }}\n",
        dir = folder.display(),
        url = broker.url(),
    );
    for (family, port) in ports {
        let baud = Wiring::usual(family).unwrap().usual_baud();
        let (path, settings) = (port.path().display(), settings(family));
        text += &format!("[[serial]]\nname = \"{family}\"\nport = \"{path}\"\nbaud = {baud}\n{family} = {settings}\n");
    }
    for (number, case) in CASES.iter().enumerate() {
        let address = case.address.replace("PORT", case.family);
        text += &format!(
            "[[sensor]]\nid = \"{}\"\nroom = \"hall\"\nkind = \"{}\"\n{address}\n",
            id(case, number),
            case.kind
        );
    }
    text
}

/// What the port's family has to be told.
fn settings(family: &str) -> &'static str {
    match family {
        "uart_frame" => "{ start = \"fd\", end = \"df\", length = 6, code_at = 1, code_bytes = 3 }",
        _ => "{}",
    }
}
