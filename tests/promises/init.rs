//! The first hour in a flat: `init` writes a configuration that works, `listen --pair` lets new sensors join.

mod pairing;

use super::support::{Daemon, Mosquitto, carecircle, free_port, run, wait_until};
use super::world::PATIENCE;
use carecircle::devices::esp3::crc8;
use carecircle::sim::radio::Radio;
use serde_json::{Value, json};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

#[test]
fn what_is_around_becomes_a_configuration_on_which_the_gateway_hears_the_first_motion() {
    let (broker, district) = (Mosquitto::start(), Mosquitto::start());
    announce_bridge(&broker, "zigbee2mqtt");
    announce_discovery(&broker);
    let mut radio = Radio::plug_in().unwrap();
    let port = radio.path().display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("gateway.toml");

    let (running, is_over) = mpsc::channel::<()>();
    let said = std::thread::scope(|scope| {
        let radio = &mut radio;
        scope.spawn(move || {
            // The technician presses the teach-in key of a motion sensor again and again; a neighbour's sensor is heard too.
            while is_over.recv_timeout(Duration::from_millis(50)) == Err(RecvTimeoutError::Timeout) {
                radio.write_raw(&four_bytes([0x1c, 0x08, 0x0d, 0x80], [0x05, 0, 0xaa, 0x01])).unwrap();
                radio.write_raw(&four_bytes([0, 0, 0xc8, 0x08], [0x05, 0, 0xbb, 0x02])).unwrap();
            }
        });
        let arguments =
            ["init", "--mqtt", &broker.url(), "--serial", &port, "--out", path(&out), "--home", "made-up-7", "--yes"];
        let said = run(&[&arguments[..], &["--seconds", "6"]].concat(), "");
        drop(running);
        said
    });
    let (output, errors, code) = said;
    assert_eq!((code, errors.as_str()), (0, ""), "{output}");
    assert!(output.lines().all(|line| width(line) <= 80), "{output}");
    assert!(output.contains("Zigbee2MQTT 1.40.2") && output.contains("enocean at 57600 baud"), "{output}");

    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o640);
    let written: toml::Table = toml::from_str(&text).unwrap();
    let sensors = written["sensor"].as_array().unwrap();
    let sensor = |id: &str| sensors.iter().find(|sensor| sensor["id"].as_str() == Some(id));
    for (id, room, kind) in [
        ("卧室红外", Some("bedroom"), "motion"),
        ("卫生间_人体", Some("bathroom"), "presence"),
        ("入户门", Some("hall"), "outer_door"),
        ("求助按钮", None, "call_button"),
        ("leak_b3c4", None, "leak"),
        ("0500aa01", None, "motion"),
        ("Kitchen_radar", Some("kitchen"), "presence"),
        ("fridge", None, "item"),
    ] {
        let sensor = sensor(id).unwrap_or_else(|| panic!("no sensor {id} in\n{text}"));
        assert_eq!(sensor["kind"].as_str(), Some(kind), "{id}");
        assert_eq!(sensor.get("room").and_then(toml::Value::as_str), room, "{id}");
    }
    assert_eq!(sensors.len(), 8, "a lamp is no sensor, a wall switch and the neighbour's sensor are in doubt:\n{text}");
    assert!(text.contains("#zigbee2mqtt = \"wall switch\"") && text.contains("0500bb02"), "{text}");

    let (checked, _, code) = run(&["check", path(&out)], "");
    assert_eq!(code, 0, "{checked}");
    assert!(checked.contains("8 sensors, 1 point, 1 channel"), "{checked}");

    // The site's own file wins: the folder of this test, and a station that answers.
    let site = format!(
        "[gateway]\nstate_dir = \"{0}/state\"\nrun_dir = \"{0}/run\"\n[[channel]]\nname = \"station\"\nstation_mqtt = {{ broker = \"{1}\" }}\n",
        folder.path().display(),
        district.url()
    );
    std::fs::create_dir(folder.path().join("conf.d")).unwrap();
    std::fs::write(folder.path().join("conf.d/site.toml"), site).unwrap();
    let gateway = Daemon::start(folder.path(), &["gateway", "--config", path(&out)]);
    let status = || -> Value {
        let text = std::fs::read(folder.path().join("run/status.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    };
    wait_until("broker and dongle are connected", PATIENCE, || {
        let links = status()["links"].as_array().cloned().unwrap_or_default();
        // Two ports to the outside, the dongle, and the bridge that says of itself that it is there.
        links.len() == 4 && links.iter().all(|link| link["up"] == true)
    });
    // A state is said again and again; only a change of it is somebody who moves.
    for (is_moving, db1) in [(false, 0), (true, 0xc8)] {
        publish(&broker, "zigbee2mqtt/卧室红外", &json!({"occupancy": is_moving, "battery": 90}), false);
        radio.write_raw(&four_bytes([0, 0, db1, 0x08], [0x05, 0, 0xaa, 0x01])).unwrap();
    }
    for id in ["卧室红外", "0500aa01"] {
        wait_until(&format!("the first motion of {id}: {}", gateway.output()), PATIENCE, || {
            let sensors = status()["sensors"].as_array().cloned().unwrap_or_default();
            sensors.iter().any(|sensor| sensor["id"] == id && !sensor["event_at_ms"].is_null())
        });
    }
}

#[test]
fn with_nothing_found_the_configuration_says_what_to_do_and_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("gateway.toml");
    let nobody = format!("mqtt://127.0.0.1:{}", free_port());
    let gone = folder.path().join("no-such-dongle").display().to_string();
    let arguments = ["init", "--mqtt", &nobody, "--serial", &gone, "--seconds", "1", "--yes", "--out", path(&out)];
    let (output, errors, code) = run(&arguments, "");
    assert_eq!((code, errors.as_str()), (0, ""), "{output}");
    assert!(output.contains("no broker listens") || output.contains("refused"), "{output}");
    assert!(output.contains("no such port"), "{output}");
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains("carecircle listen --config FILE") && text.contains("did not answer"), "{text}");
    assert!(text.contains("#   no such port"), "{text}");
    let (checked, _, code) = run(&["check", path(&out)], "");
    assert_eq!(code, 0, "{checked}");

    let (_, errors, code) = run(&arguments, "");
    assert_eq!(code, 1);
    assert!(errors.contains("there is a configuration already; name another file"), "{errors}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), text, "it was not touched");
}

#[test]
fn answers_are_taken_one_a_line_and_the_end_of_them_is_the_default() {
    let broker = Mosquitto::start();
    announce_bridge(&broker, "楼上/zb");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("gateway.toml");
    std::fs::write(&out, "# an old one\n").unwrap();
    let answers = [
        "y", // overwrite
        "a home",
        "ky-7", // the first is no id
        "3栋2单元501",
        "Asia/Shanghai",
        "en",
        "北屋", // the room of the first device, another than its name says
        "",
        "",  // rooms as guessed
        "x", // the call button is left out
        "service_button",
        "",
        "kitchen", // what the wall switch is for
        "",        // the room of the last
        "lehe",
        "",
        "",
        "mqtt://10.0.0.1", // readable for everybody on the way: asked again
        "mqtts://lehe.example:8883",
        "yesterday", // no day
        "2026-11-02",
        "guardian",
    ]
    .join("\n");
    let arguments = ["init", "--mqtt", &broker.url(), "--serial", "/dev/null", "--seconds", "0", "--out", path(&out)];
    let (output, errors, code) = run(&arguments, &answers);
    assert_eq!((code, errors.as_str()), (0, ""), "{output}");
    let text = std::fs::read_to_string(&out).unwrap();
    for part in [
        "id = \"ky-7\"",
        "place = \"3栋2单元501\"",
        "language = \"en\"",
        "base_topics = [\"楼上/zb\"]",
        "room = \"北屋\"",
        "kind = \"service_button\"\nservice = \"meal\"\nzigbee2mqtt = \"wall switch\"",
        "name = \"Service point\"",
        "consent = { given_on = \"2026-11-02\", by = \"guardian\", scope = \"activity\" }",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}\n{output}");
    }
    assert!(!text.contains("求助按钮"), "{text}");
    assert!(output.contains("plaintext = true and network_is_ours = true"), "{output}");
    assert_eq!(run(&["check", path(&out)], "").2, 0);

    // To another machine unencrypted only when that is said twice; nothing is looked for before.
    let far = ["init", "--mqtt", "mqtt://192.0.2.7", "--seconds", "0", "--out", path(&out)];
    let (_, refused, code) = run(&[&far[..], &["--plaintext"]].concat(), "y\n");
    assert!(code != 0 && refused.contains("--plaintext --network-is-ours"), "{refused}");
}

/// A bridge with devices; the list is longer than any sensor's message may be.
fn announce_bridge(broker: &Mosquitto, base: &str) {
    let device = |name: &str, properties: &[&str]| {
        let exposes: Vec<Value> = properties.iter().map(|name| json!({"type": "binary", "property": name})).collect();
        json!({"type": "EndDevice", "friendly_name": name,
               "definition": {"vendor": "Made-up", "model": "M1", "exposes": exposes, "options": "x".repeat(12_000)}})
    };
    let mut call = device("求助按钮", &[]);
    call["definition"]["exposes"] = json!([{"type": "enum", "property": "action", "values": ["emergency"]}]);
    let mut lamp = device("lamp", &[]);
    lamp["definition"]["exposes"] = json!([{"type": "light", "features": []}]);
    let list = json!([
        {"type": "Coordinator", "friendly_name": "Coordinator", "definition": null},
        device("卧室红外", &["occupancy", "battery"]),
        device("卫生间/人体", &["presence"]),
        device("入户门", &["contact"]),
        call,
        device("wall switch", &["action"]),
        device("0x00158d0001a2b3c4", &["water_leak", "temperature"]),
        lamp,
    ]);
    assert!(list.to_string().len() > 64 * 1024);
    publish(broker, &format!("{base}/bridge/devices"), &list, true);
    publish(broker, &format!("{base}/bridge/info"), &json!({"version": "1.40.2"}), true);
    publish(broker, &format!("{base}/bridge/state"), &json!({"state": "online"}), true);
}

fn announce_discovery(broker: &Mosquitto) {
    let radar =
        json!({"dev": {"ids": ["r1"], "name": "Kitchen radar"}, "stat_t": "kitchen/there", "dev_cla": "occupancy"});
    publish(broker, "homeassistant/binary_sensor/r1/there/config", &radar, true);
    let fridge = json!({"dev": {"ids": ["f1"], "name": "fridge"}, "stat_t": "fridge/st", "val_tpl": "{{ value_json.door }}",
                        "dev_cla": "door", "pl_on": 1, "pl_off": 2});
    publish(broker, "homeassistant/binary_sensor/f1/door/config", &fridge, true);
    // The bridge has listed this one itself.
    let twin = json!({"dev": {"ids": ["zigbee2mqtt_0x1"]}, "stat_t": "zigbee2mqtt/卧室红外", "val_tpl": "{{ value_json.occupancy }}",
                      "dev_cla": "occupancy"});
    publish(broker, "homeassistant/binary_sensor/0x1/occupancy/config", &twin, true);
}

/// With Debian's own client.
fn publish(broker: &Mosquitto, topic: &str, body: &Value, retained: bool) {
    let mut command = Command::new("mosquitto_pub");
    command.args(["-p", &broker.port.to_string(), "-q", "1", "-t", topic, "-s"]);
    if retained {
        command.arg("-r");
    }
    let mut child = command.stdin(Stdio::piped()).spawn().expect("mosquitto_pub is installed (mosquitto-clients)");
    child.stdin.take().unwrap().write_all(body.to_string().as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

/// A 4BS telegram in its ESP3 envelope.
fn four_bytes(data: [u8; 4], sender: [u8; 4]) -> Vec<u8> {
    let body = [&[0xa5][..], &data, &sender, &[0, 2, 0xff, 0xff, 0xff, 0xff, 0x40, 0]].concat();
    let header = [0, 10, 7, 1];
    [&[0x55][..], &header, &[crc8(&header)], &body, &[crc8(&body)]].concat()
}

fn width(line: &str) -> usize {
    line.chars().map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 }).sum()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
