//! `listen --pair` against a bridge that answers as Zigbee2MQTT does.

use super::{Mosquitto, PATIENCE, carecircle, path, run, wait_until};
use carecircle::mqtt::{self, Access, Event, Link};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joining_is_opened_who_joins_is_shown_with_what_to_write_and_ctrl_c_closes_it() {
    let broker = Mosquitto::start();
    let bridge = Bridge::start(&broker, "ok").await;
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path(), &broker);
    let mut pair = Pair::start(&["listen", "--config", &config, "--pair", "200"]);
    pair.wait_for("joining is open for 200 s");
    assert_eq!(bridge.asked(), [json!({"value": true, "time": 200})]);

    let definition = json!({"vendor": "Made-up", "model": "P1", "exposes": [{"property": "occupancy"}]});
    bridge.event("device_joined", json!({"friendly_name": "0x00158d0001a2b3c4"})).await;
    bridge.event("device_interview", json!({"friendly_name": "0x00158d0001a2b3c4", "status": "started"})).await;
    let done = json!({"friendly_name": "0x00158d0001a2b3c4", "status": "successful", "definition": definition});
    bridge.event("device_interview", done.clone()).await;
    bridge.event("device_interview", done).await;
    bridge
        .event("device_interview", json!({"friendly_name": "卧室", "status": "successful", "definition": definition}))
        .await;
    bridge.event("device_interview", json!({"friendly_name": "厨房", "status": "failed"})).await;
    pair.wait_for("hold it near the stick");
    let shown = pair.output();
    assert!(shown.contains("0x00158d0001a2b3c4 has joined"), "{shown}");
    assert_eq!(shown.matches("[[sensor]]").count(), 1, "each once, and never one that is registered: {shown}");
    assert!(shown.contains("kind = \"motion\"") && shown.contains("zigbee2mqtt = \"0x00158d0001a2b3c4\""), "{shown}");
    assert!(shown.contains("卧室 is registered already"), "{shown}");

    pair.interrupt();
    pair.wait_for("joining is closed");
    assert_eq!(bridge.asked(), [json!({"value": true, "time": 200}), json!({"value": false, "time": 0})]);
    assert_eq!(pair.exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joining_is_closed_when_its_time_is_over_and_every_line_of_the_json_form_is_json() {
    let broker = Mosquitto::start();
    let bridge = Bridge::start(&broker, "ok").await;
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path(), &broker);
    let mut pair = Pair::start(&["listen", "--config", &config, "--pair", "1", "--json"]);
    pair.wait_for("\"closed\"");
    assert_eq!(pair.exit_code(), 0);
    let lines: Vec<Value> = pair.output().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0], json!({"joining": "open", "seconds": 1}));
    assert_eq!(bridge.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_that_refuses_is_told_with_its_reason_and_asked_to_close() {
    let broker = Mosquitto::start();
    let bridge = Bridge::start(&broker, "error").await;
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path(), &broker);
    let refused = tokio::task::spawn_blocking(move || run(&["listen", "--config", &config, "--pair"], ""));
    let (_, errors, code) = refused.await.unwrap();
    assert_eq!(code, 1);
    assert!(errors.contains("zigbee2mqtt: Zigbee2MQTT refuses to open: the stick is busy"), "{errors}");
    wait_until("the bridge is asked to close", PATIENCE, || {
        bridge.asked().last() == Some(&json!({"value": false, "time": 0}))
    });
    assert_eq!(bridge.asked()[0], json!({"value": true, "time": 120}), "two minutes unless said otherwise");
}

fn configuration(folder: &std::path::Path, broker: &Mosquitto) -> String {
    let file = folder.join("gateway.toml");
    let text = format!(
        "[home]\nid = \"made-up-8\"\nplace = \"1-1\"\ntime_zone = \"Asia/Shanghai\"\n[mqtt]\nbroker = \"{}\"\n\
         [[sensor]]\nid = \"bedroom\"\nkind = \"motion\"\nzigbee2mqtt = \"卧室\"\n\
         [[circle.point]]\nid = \"p\"\nname = \"p\"\ntravel = \"5m\"\nchannels = [\"c\"]\n\
         [[channel]]\nname = \"c\"\nstation_mqtt = {{ broker = \"mqtts://station.example\" }}\n",
        broker.url()
    );
    std::fs::write(&file, text).unwrap();
    path(&file).to_owned()
}

/// A made-up Zigbee2MQTT: answers requests, tells events.
struct Bridge {
    link: Link,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Bridge {
    async fn start(broker: &Mosquitto, status: &'static str) -> Bridge {
        let filters = vec!["zigbee2mqtt/bridge/request/#".to_owned()];
        let access = Access::open(broker.url().parse().unwrap());
        let settings = mqtt::Settings { filters, ..access.settings("bridge").unwrap() };
        let (link, mut events) = mqtt::start(settings, Arc::default());
        assert_eq!(events.recv().await, Some(Event::Up));
        link.publish("zigbee2mqtt/bridge/state", br#"{"state":"online"}"#.to_vec(), true).await.unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(answer(link.clone(), events, Arc::clone(&asked), status));
        Bridge { link, asked }
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }

    async fn event(&self, kind: &str, data: Value) {
        let body = json!({"type": kind, "data": data}).to_string();
        self.link.publish("zigbee2mqtt/bridge/event", body.into_bytes(), false).await.unwrap();
    }
}

async fn answer(link: Link, mut events: mpsc::Receiver<Event>, asked: Arc<Mutex<Vec<Value>>>, status: &'static str) {
    while let Some(event) = events.recv().await {
        let Event::Message { payload, .. } = event else { continue };
        asked.lock().unwrap().push(serde_json::from_slice(&payload).unwrap());
        let body = json!({"status": status, "data": {}, "error": "the stick is busy"}).to_string();
        let link = link.clone();
        tokio::spawn(async move {
            link.publish("zigbee2mqtt/bridge/response/permit_join", body.into_bytes(), false).await.unwrap();
        });
    }
}

/// The command as a child, with what it has said so far.
struct Pair {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Pair {
    fn start(arguments: &[&str]) -> Pair {
        let mut child = carecircle(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let said = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                *sink.lock().unwrap() += &(line + "\n");
            }
        });
        Pair { child, said }
    }

    fn output(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    #[track_caller]
    fn wait_for(&self, words: &str) {
        wait_until(&format!("it says {words:?}"), PATIENCE, || self.output().contains(words));
    }

    fn interrupt(&self) {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    }

    fn exit_code(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        // It has mostly ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
