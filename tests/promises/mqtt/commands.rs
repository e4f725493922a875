//! `listen` and `status` as a technician types them.

use super::{settings, start, up};
use crate::support::{Daemon, Mosquitto, run, wait_until};
use std::path::{Path, PathBuf};
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

fn config(folder: &Path, broker: &str) -> PathBuf {
    let text = format!(
        r#"
[home]
id = "ky-0412"
place = "4-2-301"
time_zone = "Asia/Shanghai"
[gateway]
state_dir = "{0}/state"
run_dir = "{0}/run"
[mqtt]
broker = "{broker}"
[[sensor]]
id = "hall"
room = "hall"
kind = "motion"
zigbee2mqtt = "hall_pir"
[[sensor]]
id = "pendant"
kind = "call_button"
zigbee2mqtt = "pendant"
[circle]
weekly_test = "never"
respond_within = "15m"
[[circle.point]]
id = "lehe"
name = "Lehe"
travel = "6m"
channels = ["lehe"]
[[channel]]
name = "lehe"
station_mqtt = {{ broker = "{broker}" }}
"#,
        folder.display()
    );
    let file = folder.join("gateway.toml");
    std::fs::write(&file, text).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn listen_shows_known_and_unknown_devices_and_ends_with_a_summary() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().unwrap();
    let file = config(folder.path(), &broker.url());
    let mut listen = Daemon::start(folder.path(), &["listen", "--config", file.to_str().unwrap()]);
    wait_until("the broker is connected", DEADLINE, || listen.output().contains("mqtt up"));
    let (sensors, mut events) = start(settings("sensors", &broker.url(), &[]));
    up(&mut events).await;
    sensors.publish("zigbee2mqtt/hall_pir", br#"{"occupancy":true,"battery":87}"#.to_vec(), false).await.unwrap();
    sensors.publish("zigbee2mqtt/new_door", br#"{"contact":false}"#.to_vec(), false).await.unwrap();
    sensors.publish("zigbee2mqtt/hall_pir", b"nonsense".to_vec(), false).await.unwrap();
    wait_until("all three are shown", DEADLINE, || listen.output().contains("malformed frame"));
    listen.signal("INT");
    assert!(listen.wait(DEADLINE).success());
    let shown = listen.output();
    for words in
        ["hall", "motion", "87 %", "[[sensor]]", "zigbee2mqtt = \"new_door\"", "not heard: pendant", "1 malformed"]
    {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 80 || line.contains("mqtt up")), "{shown}");
}

#[test]
fn listen_without_a_broker_says_what_is_wrong_and_a_bad_configuration_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let port = crate::support::free_port();
    let file = config(folder.path(), &format!("mqtt://127.0.0.1:{port}"));
    let (shown, told, code) = run(&["listen", "--config", file.to_str().unwrap(), "--json", "--seconds", "1"], "");
    assert_eq!(code, 0, "{told}");
    assert!(shown.contains("is mosquitto running?") && shown.contains("\"up\":false"), "{shown}");
    for line in shown.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    std::fs::write(&file, "[home]\nid = 7\n").unwrap();
    let (_, told, code) = run(&["listen", "--config", file.to_str().unwrap()], "");
    assert_eq!(code, 78);
    assert!(told.contains("gateway.toml:2:"), "{told}");
}

#[test]
fn status_of_a_gateway_that_does_not_run_says_so_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = config(folder.path(), "mqtt://127.0.0.1:1");
    let (_, told, code) = run(&["status", "--config", file.to_str().unwrap()], "");
    assert_eq!(code, 1);
    assert!(
        told.contains("/run/status.json: the gateway is not running") && told.contains("systemctl start"),
        "{told}"
    );
}
