//! Every family, end to end: its bytes through Debian's mosquitto or a serial port, in pieces of any size, to a sign of life or an
//! alert of a real gateway.

#![allow(clippy::unwrap_used)] // fixtures are tests too

use crate::mutated::Random;
use crate::support::{self, Daemon, Mosquitto, wait_until};
use carecircle::devices::{Carrier, Devices, Family, Wiring};
use carecircle::sim::radio::Radio;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Long enough for a loaded machine; nothing is measured against it.
const PATIENCE: Duration = Duration::from_secs(60);

/// One sensor and what it sends.
struct Case {
    family: &'static str,
    kind: &'static str,
    /// A line of the configuration; PORT stands for the serial port.
    address: &'static str,
    sends: &'static [Sends],
}

enum Sends {
    /// Topic and payload.
    Message(&'static str, &'static str),
    Hex(&'static str),
    Text(&'static str),
}

use Sends::{Hex, Message, Text};

const CASES: &[Case] = &[
    Case {
        family: "zigbee2mqtt",
        kind: "motion",
        address: r#"zigbee2mqtt = "卧室/红外""#,
        sends: &[Message("zigbee2mqtt/卧室/红外", r#"{"occupancy":true,"battery":87,"linkquality":120}"#)],
    },
    Case {
        family: "zigbee2mqtt",
        kind: "call_button",
        address: r#"zigbee2mqtt = "pendant""#,
        sends: &[Message("zigbee2mqtt/pendant", r#"{"action":"single","battery":100}"#)],
    },
    Case {
        family: "zigbee2mqtt",
        kind: "outer_door",
        address: r#"zigbee2mqtt = "front""#,
        sends: &[
            Message("zigbee2mqtt/front", r#"{"contact":true}"#),
            Message("zigbee2mqtt/front", r#"{"contact":false}"#),
        ],
    },
    Case {
        family: "tasmota",
        kind: "motion",
        address: r#"tasmota = { topic = "hall", switch = 1, kind = "motion" }"#,
        sends: &[Message("stat/hall/SWITCH1", r#"{"STATE":"ON"}"#)],
    },
    Case {
        family: "tasmota",
        kind: "call_button",
        address: r#"tasmota = { topic = "bed", button = 1 }"#,
        sends: &[Message("stat/bed/RESULT", r#"{"Button1":{"Action":"SINGLE"}}"#)],
    },
    Case {
        family: "tasmota",
        kind: "outer_door",
        address: r#"tasmota = "0x00124B00CC10DD20""#,
        sends: &[
            Message(
                "tele/zbbridge/SENSOR",
                r#"{"ZbReceived":{"0x7A10":{"Device":"0x7A10","IEEEAddr":"0x00124B00CC10DD20","Contact":0}}}"#,
            ),
            Message(
                "tele/zbbridge/SENSOR",
                r#"{"ZbReceived":{"0x7A10":{"Device":"0x7A10","IEEEAddr":"0x00124B00CC10DD20","Contact":1}}}"#,
            ),
        ],
    },
    Case {
        family: "tasmota",
        kind: "presence",
        address: r#"tasmota = "bedroom""#,
        sends: &[Message(
            "tele/bedroom/SENSOR",
            r#"{"Time":"2003-01-01T00:00:00","LD2410S":{"Distance":88.0,"People":2}}"#,
        )],
    },
    Case {
        family: "tasmota",
        kind: "call_button",
        address: r#"tasmota = { codes = { "7be204" = "sos" } }"#,
        sends: &[Message(
            "tele/rfbridge/RESULT",
            r#"{"RfReceived":{"Sync":9460,"Low":320,"High":950,"Data":"7BE204","RfKey":"None"}}"#,
        )],
    },
    Case {
        family: "esphome",
        kind: "motion",
        address: r#"esphome = { node = "flat/五号/hall", object = "pir", kind = "motion" }"#,
        sends: &[Message("flat/五号/hall/binary_sensor/pir/state", "ON")],
    },
    Case {
        family: "esphome",
        kind: "call_button",
        address: r#"esphome = { node = "bed", object = "call", kind = "button" }"#,
        sends: &[Message("bed/binary_sensor/call/state", "ON")],
    },
    Case {
        family: "esphome",
        kind: "outer_door",
        address: r#"esphome = { node = "hall", object = "door", kind = "contact" }"#,
        sends: &[Message("hall/binary_sensor/door/state", "OFF"), Message("hall/binary_sensor/door/state", "ON")],
    },
    Case {
        family: "homie",
        kind: "presence",
        address: r#"homie = { device = "bed", property = "mat/occupied", kind = "presence" }"#,
        sends: &[Message("homie/5/bed/mat/occupied", "true")],
    },
    Case {
        family: "homie",
        kind: "call_button",
        address: r#"homie = { device = "bed", property = "pendant/pressed", kind = "button" }"#,
        sends: &[Message("homie/bed/pendant/pressed", "true")],
    },
    Case {
        family: "homie",
        kind: "door",
        address: r#"homie = { device = "larder", property = "lock/bolt", kind = "contact", values = { open = ["drawn"], closed = ["shot"] } }"#,
        sends: &[Message("homie/5/larder/lock/bolt", "shot"), Message("homie/5/larder/lock/bolt", "drawn")],
    },
    Case {
        family: "rtl_433",
        kind: "motion",
        address: r#"rtl_433 = "Kerui-Security/623001""#,
        sends: &[Message(
            "rtl_433/attic/events",
            r#"{"model":"Kerui-Security","id":623001,"cmd":10,"motion":1,"state":"motion"}"#,
        )],
    },
    Case {
        family: "rtl_433",
        kind: "outer_door",
        address: r#"rtl_433 = "Kerui-Security/623002""#,
        sends: &[Message(
            "rtl_433/attic/events",
            r#"{"model":"Kerui-Security","id":623002,"cmd":14,"opened":1,"state":"open"}"#,
        )],
    },
    Case {
        family: "rtl_433",
        kind: "call_button",
        address: r#"rtl_433 = { device = "Generic-Remote/31007", codes = { "12" = "sos" } }"#,
        sends: &[Message("rtl_433/attic/events", r#"{"model":"Generic-Remote","id":31007,"cmd":12}"#)],
    },
    Case {
        family: "rtl_433",
        kind: "call_button",
        address: r#"rtl_433 = "Visonic-Powercode/7c7c01""#,
        sends: &[Message(
            "rtl_433/attic/events",
            r#"{"model":"Visonic-Powercode","id":"7c7c01","tamper":0,"alarm":1,"battery_ok":1,"restore":1,"supervised":1}"#,
        )],
    },
    Case {
        family: "theengs",
        kind: "motion",
        address: r#"theengs = "AA:BB:CC:10:20:30""#,
        sends: &[Message(
            "home/TheengsGateway/BTtoMQTT/AABBCC102030",
            r#"{"id":"AA:BB:CC:10:20:30","model_id":"W110150X","motion":true,"batt":71}"#,
        )],
    },
    Case {
        family: "theengs",
        kind: "outer_door",
        address: r#"theengs = "AA:BB:CC:10:20:31""#,
        sends: &[
            Message(
                "home/卧室/BTtoMQTT/AABBCC102031",
                r#"{"id":"AA:BB:CC:10:20:31","model_id":"SBDW-002C","packet":3,"open":false}"#,
            ),
            Message(
                "home/卧室/BTtoMQTT/AABBCC102031",
                r#"{"id":"AA:BB:CC:10:20:31","model_id":"SBDW-002C","packet":4,"open":true}"#,
            ),
        ],
    },
    Case {
        family: "theengs",
        kind: "call_button",
        address: r#"theengs = { id = "AA:BB:CC:10:20:32", checks_in = false }"#,
        sends: &[
            Message(
                "home/hall/BTtoMQTT/AABBCC102032",
                r#"{"id":"AA:BB:CC:10:20:32","model_id":"SBBT-002C","packet":17,"button":1}"#,
            ),
            Message(
                "home/bath/BTtoMQTT/AABBCC102032",
                r#"{"id":"AA:BB:CC:10:20:32","model_id":"SBBT-002C","packet":17,"button":1}"#,
            ),
        ],
    },
    Case {
        family: "omg_rf",
        kind: "call_button",
        address: r#"omg_rf = { codes = { "4d19a8" = "sos" } }"#,
        sends: &[Message("home/hall/433toMQTT", r#"{"value":5052840,"protocol":1,"length":24,"delay":341}"#)],
    },
    Case {
        family: "omg_rf",
        kind: "motion",
        address: r#"omg_rf = { codes = { "52e07b" = "motion" } }"#,
        sends: &[Message(
            "home/bridge/SRFBtoMQTT",
            r#"{"raw":"2710014A03F252E07B","delay":10000,"val_Tlow":330,"val_Thigh":1010,"value":5431419}"#,
        )],
    },
    Case {
        family: "shelly",
        kind: "motion",
        address: r#"shelly = "shellymotionsensor-0A1B2C3D4E5F""#,
        sends: &[Message(
            "shellies/shellymotionsensor-0A1B2C3D4E5F/status",
            r#"{"motion":true,"timestamp":1700000000,"active":true,"vibration":false,"lux":12,"bat":90}"#,
        )],
    },
    Case {
        family: "shelly",
        kind: "outer_door",
        address: r#"shelly = "shellydw2-0A1B2C""#,
        sends: &[
            Message("shellies/shellydw2-0A1B2C/sensor/state", "close"),
            Message("shellies/shellydw2-0A1B2C/sensor/state", "open"),
        ],
    },
    Case {
        family: "shelly",
        kind: "call_button",
        address: r#"shelly = "shellybutton1-0A1B2C""#,
        sends: &[Message("shellies/shellybutton1-0A1B2C/input_event/0", r#"{"event":"S","event_cnt":5}"#)],
    },
    Case {
        family: "shelly",
        kind: "presence",
        address: r#"shelly = { id = "shellypresenceg4-0a1b2c", channel = 201 }"#,
        sends: &[Message(
            "shellypresenceg4-0a1b2c/status/presencezone:201",
            r#"{"id":201,"value":true,"num_objects":1}"#,
        )],
    },
    Case {
        family: "json",
        kind: "motion",
        address: r#"json = { topic = "vendor/17/pir", pointer = "/state", kind = "motion" }"#,
        sends: &[Message("vendor/17/pir", r#"{"state":1}"#)],
    },
    Case {
        family: "json",
        kind: "call_button",
        address: r#"json = { topic = "vendor/17/cord", pointer = "/pulled", kind = "button" }"#,
        sends: &[Message("vendor/17/cord", r#"{"pulled":"single"}"#)],
    },
    Case {
        family: "lorawan",
        kind: "motion",
        address: r#"lorawan = { dev_eui = "24e124000a0b0c01", decoder = "milesight-ws202" }"#,
        sends: &[Message(
            "application/0f5e/device/24e124000a0b0c01/event/up",
            r#"{"deduplicationId":"a7","deviceInfo":{"deviceName":"卧室","devEui":"24e124000a0b0c01"},"devAddr":"01c0ffee","fCnt":7,"fPort":85,"data":"AwABBAAA"}"#,
        )],
    },
    Case {
        family: "lorawan",
        kind: "outer_door",
        address: r#"lorawan = { dev_eui = "24e124000a0b0c02", decoder = "milesight-ws301" }"#,
        sends: &[
            Message(
                "application/0f5e/device/24e124000a0b0c02/event/up",
                r#"{"deduplicationId":"a7","deviceInfo":{"deviceName":"卧室","devEui":"24e124000a0b0c02"},"devAddr":"01c0ffee","fCnt":7,"fPort":85,"data":"AwAABAAA"}"#,
            ),
            Message(
                "application/0f5e/device/24e124000a0b0c02/event/up",
                r#"{"deduplicationId":"a8","deviceInfo":{"deviceName":"卧室","devEui":"24e124000a0b0c02"},"devAddr":"01c0ffee","fCnt":8,"fPort":85,"data":"AwABBAAA"}"#,
            ),
        ],
    },
    Case {
        family: "lorawan",
        kind: "call_button",
        address: r#"lorawan = { dev_eui = "24e124000a0b0c03", decoder = "milesight-ws101" }"#,
        sends: &[Message(
            "application/0f5e/device/24e124000a0b0c03/event/up",
            r#"{"deduplicationId":"a7","deviceInfo":{"deviceName":"卧室","devEui":"24e124000a0b0c03"},"devAddr":"01c0ffee","fCnt":7,"fPort":85,"data":"/y4B"}"#,
        )],
    },
    Case {
        family: "mysensors_mqtt",
        kind: "motion",
        address: r#"mysensors_mqtt = { device = "12/1", kind = "motion" }"#,
        sends: &[Message("mysensors-out/12/1/1/0/16", "1")],
    },
    Case {
        family: "mysensors_mqtt",
        kind: "door",
        address: r#"mysensors_mqtt = { device = "12/2", kind = "contact" }"#,
        sends: &[Message("mysensors-out/12/2/1/0/16", "0"), Message("mysensors-out/12/2/1/0/16", "1")],
    },
    Case {
        family: "mysensors_mqtt",
        kind: "call_button",
        address: r#"mysensors_mqtt = "12/3""#,
        sends: &[Message("mysensors-out/12/3/1/0/16", "1")],
    },
    Case {
        family: "enocean",
        kind: "call_button",
        address: r#"enocean = { sender = "01a2b3c4", profile = "F6-02-01", port = "PORT" }"#,
        sends: &[Hex("55000707017af63001a2b3c43003ffffffff3a002e")],
    },
    Case {
        family: "text",
        kind: "motion",
        address: r#"text = { port = "PORT", line = "PIR hall ON", kind = "motion", value = "on" }"#,
        sends: &[Text("PIR hall ON\r\n")],
    },
    Case {
        family: "text",
        kind: "call_button",
        address: r#"text = { port = "PORT", line = "KEY {value}", kind = "button", values = { sos = ["1"] } }"#,
        sends: &[Text("KEY 1\r\n")],
    },
    Case {
        family: "rfxtrx",
        kind: "call_button",
        address: r#"rfxtrx = { device = "3c5d7e", port = "PORT" }"#,
        sends: &[Hex("082002013c5d7e0679")],
    },
    Case {
        family: "rfxtrx",
        kind: "motion",
        address: r#"rfxtrx = { device = "1234567:3", kind = "motion" }"#,
        sends: &[Hex("0b1100070123456703010f70")],
    },
    Case {
        family: "rfxtrx",
        kind: "outer_door",
        address: r#"rfxtrx = "4d6f81""#,
        sends: &[Hex("082000024d6f810379"), Hex("082000034d6f810279")],
    },
    Case {
        family: "rflink",
        kind: "motion",
        address: r#"rflink = "Pir/0b28""#,
        sends: &[Text("20;31;Pir;ID=0b28;PIR=ON;\r\n")],
    },
    Case {
        family: "rflink",
        kind: "call_button",
        address: r#"rflink = { device = "EV1527/0a1b2c/08", kind = "button", values = { sos = ["on"] } }"#,
        sends: &[Text("20;32;EV1527;ID=0a1b2c;SWITCH=08;CMD=ON;\r\n")],
    },
    Case {
        family: "rflink",
        kind: "door",
        address: r#"rflink = { device = "NewKaku/00aa11/3", kind = "contact" }"#,
        sends: &[
            Text("20;33;NewKaku;ID=00aa11;SWITCH=3;CMD=OFF;\r\n"),
            Text("20;34;NewKaku;ID=00aa11;SWITCH=3;CMD=ON;\r\n"),
        ],
    },
    Case {
        family: "mysensors",
        kind: "motion",
        address: r#"mysensors = "21/1""#,
        sends: &[Text("21;1;0;0;1;PIR\n21;1;1;0;16;1\n")],
    },
    Case {
        family: "mysensors",
        kind: "call_button",
        address: r#"mysensors = { device = "21/2", kind = "button", values = { sos = [1] } }"#,
        sends: &[Text("21;2;1;0;2;1\n")],
    },
    Case {
        family: "mysensors",
        kind: "call_button",
        address: r#"mysensors = "21/3""#,
        sends: &[Text("21;3;1;0;16;1\n")],
    },
    Case {
        family: "mysensors",
        kind: "door",
        address: r#"mysensors = { device = "21/4", kind = "contact" }"#,
        sends: &[Text("21;4;1;0;16;0\n"), Text("21;4;1;0;16;1\n")],
    },
    Case {
        family: "ld2410",
        kind: "presence",
        address: r#"ld2410 = { port = "PORT" }"#,
        sends: &[Hex("f4f3f2f10d0002aa0200000096005096005500f8f7f6f5")],
    },
    Case {
        family: "ld2410s",
        kind: "presence",
        address: r#"ld2410s = { port = "PORT" }"#,
        sends: &[Hex("6e02960062")],
    },
    Case {
        family: "ld2412",
        kind: "presence",
        address: r#"ld2412 = { port = "PORT" }"#,
        sends: &[Hex("f4f3f2f10b0002aa020000009600505500f8f7f6f5")],
    },
    Case {
        family: "ld2450",
        kind: "presence",
        address: r#"ld2450 = { port = "PORT" }"#,
        sends: &[Hex("aaff0300f481dc85000068010000000000000000000000000000000055cc")],
    },
    Case {
        family: "ld2450",
        kind: "bed",
        address: r#"ld2450 = { port = "PORT", zone = "bed", x = [0, 1000], y = [1000, 2000] }"#,
        sends: &[Hex("aaff0300f481dc85000068010000000000000000000000000000000055cc")],
    },
    Case {
        family: "rf_bridge",
        kind: "call_button",
        address: r#"rf_bridge = { codes = { "62c1f9" = "sos" } }"#,
        sends: &[Hex("aaa42f940168041a62c1f955")],
    },
    Case {
        family: "rf_bridge",
        kind: "outer_door",
        address: r#"rf_bridge = { codes = { "80d30e" = "open", "80d307" = "closed" } }"#,
        sends: &[Hex("aaa42f940168041a80d30e55")],
    },
    Case {
        family: "uart_frame",
        kind: "call_button",
        address: r#"uart_frame = { codes = { "19d4a2" = "sos" } }"#,
        sends: &[Hex("fd19d4a222df")],
    },
    Case {
        family: "uart_frame",
        kind: "motion",
        address: r#"uart_frame = { codes = { "47e3b0" = "motion" }, port = "PORT" }"#,
        sends: &[Hex("fd47e3b022df")],
    },
];

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
            Message(topic, payload) => {
                let sent = Command::new("mosquitto_pub")
                    .args(["-h", "127.0.0.1", "-p", &broker.port.to_string(), "-q", "1", "-t", topic, "-m", payload])
                    .status();
                assert!(sent.expect("apt-get install mosquitto-clients").success());
            }
            Hex(digits) => in_pieces(port.unwrap(), &unhex(digits), random),
            Text(text) => in_pieces(port.unwrap(), text.as_bytes(), random),
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

fn unhex(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
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
         [[circle.point]]\nid = \"lehe\"\nname = \"Lehe\"\ntravel = \"6m\"\nchannels = [\"station\"]\n\
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
