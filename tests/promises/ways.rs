//! Goal: the home knows whether anybody can be reached, by the station's own word and not by a broker's, and says so where
//! it can be said; and two gateways with one id are seen. Method: real stations and brokers; the gateway runs in the test's
//! own process, so that its levels can be seconds.

use crate::support::{Mosquitto, run, wait_until};
use crate::world::{Home, PATIENCE, World};
use carecircle::gateway::plan::Plan;
use carecircle::gateway::{self, Control};
use carecircle::model::level::Supervision;
use carecircle::model::time::Span;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

/// A gateway in a thread.
struct Gateway {
    control: mpsc::Sender<Control>,
    thread: Option<std::thread::JoinHandle<()>>,
    run_dir: PathBuf,
}

impl Gateway {
    /// Runs what `config` says, with every channel of `fast` watched at a level of so many seconds.
    fn start(config: &str, fast: &[&str], level_secs: i64) -> Gateway {
        let (config, problems) = carecircle::config::gateway("gateway.toml", config);
        let config = config.unwrap_or_else(|| panic!("{problems:?}"));
        let mut plan = Plan::of(config).unwrap();
        for channel in plan.channels.iter_mut().filter(|channel| fast.contains(&channel.name.as_str())) {
            channel.supervision = Supervision::within(Span::seconds(level_secs));
        }
        let run_dir = plan.run_dir.clone();
        let (control, orders) = mpsc::channel(1);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(gateway::run(plan, Vec::new(), orders)).unwrap();
        });
        Gateway { control, thread: Some(thread), run_dir }
    }

    fn status(&self) -> Option<Value> {
        serde_json::from_slice(&std::fs::read(self.run_dir.join("status.json")).ok()?).ok()
    }

    /// How the way by this channel stands.
    fn way(&self, channel: &str) -> String {
        let status = self.status().unwrap_or_default();
        let ways = status["paths"].as_array().cloned().unwrap_or_default();
        let way = ways.iter().find(|way| way["channel"] == channel);
        way.map_or(String::new(), |way| way["state"].as_str().unwrap_or_default().to_owned())
    }

    #[track_caller]
    fn wait_for_way(&self, channel: &str, state: &str) {
        wait_until(&format!("the way {channel}: {state}"), PATIENCE, || self.way(channel) == state);
    }

    /// The open alerts of this rule in its own book.
    fn alerts_of(&self, rule: &str) -> usize {
        let status = self.status().unwrap_or_default();
        let open = status["open_alerts"].as_array().cloned().unwrap_or_default();
        open.iter().filter(|alert| alert["reason"]["rule"] == rule).count()
    }

    fn waiting(&self) -> Option<u64> {
        self.status()?["outbox"]["waiting"].as_u64()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.control.try_send(Control::Stop).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// What a lamp of the home was told, in order.
struct Lamp {
    child: std::process::Child,
    told: Arc<Mutex<Vec<String>>>,
}

impl Lamp {
    fn listen(broker: &Mosquitto) -> Lamp {
        let mut child = broker.subscriber(&["-t", "cmnd/lamp"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::clone(&told);
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| theirs.lock().unwrap().push(line)));
        Lamp { child, told }
    }

    fn says(&self) -> String {
        self.told.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

impl Drop for Lamp {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

const LAMP: &str = "[[signal]]\nname = \"lamp\"\ntopic = \"cmnd/lamp\"\nsent = \"sent\"\nreceived = \"received\"\n\
                    unreachable = \"nobody\"\nall_clear = \"off\"\n";

fn config(world: &World) -> String {
    std::fs::read_to_string(world.path("gateway.toml")).unwrap()
}

#[test]
fn a_station_that_stops_is_missed_though_its_broker_lives_and_found_again() {
    let mut world = World::configure(&Home { more: LAMP, ..Home::default() });
    let lamp = Lamp::listen(&world.home_broker);
    world.start_station();
    let gateway = Gateway::start(&config(&world), &["lehe"], 4);
    gateway.wait_for_way("lehe", "works");
    world.wait_ready();

    world.kill_station();
    gateway.wait_for_way("lehe", "lost");
    assert_eq!(gateway.status().unwrap()["links"][1]["up"], true, "the broker is there all the time");
    wait_until("it is on the book", PATIENCE, || gateway.alerts_of("all_paths_lost") == 1);
    assert_eq!(gateway.alerts_of("path_lost"), 0, "where no way is left one alert says it");
    wait_until("the lamp says it", PATIENCE, || lamp.says() == "nobody");
    let run_dir = gateway.run_dir.to_str().unwrap().to_owned();
    let (shown, _, _) = run(&["status", "--run-dir", &run_dir], "");
    assert!(shown.starts_with("UNREACHABLE NOBODY CAN BE TOLD"), "{shown}");
    assert!(shown.contains("LOST, proved"), "{shown}");
    // A call does not change what is true; it waits on the disk.
    world.press();
    wait_until("the call is on the book", PATIENCE, || gateway.alerts_of("call_button") == 1);
    assert_eq!(lamp.says(), "nobody");

    world.start_station();
    gateway.wait_for_way("lehe", "works");
    wait_until("the lamp says that the call is received", PATIENCE, || lamp.says() == "received");
    let lost = |world: &World| world.alerts_of("all_paths_lost").pop();
    wait_until("the desk reads that it was out of reach, and that this is over", PATIENCE, || {
        lost(&world).is_some_and(|alert| alert["severity"] == "blind" && alert["recovered_at_ms"].is_number())
    });
    assert_eq!(world.alerts_of("call_button").len(), 1);
    let (shown, _, _) = run(&["status", "--run-dir", &run_dir], "");
    assert!(shown.starts_with("running"), "{shown}");
}

/// A server that takes everything and keeps the bodies of what is posted.
fn server() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let posted = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&posted);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                let line = line.to_ascii_lowercase();
                length = line.strip_prefix("content-length:").map_or(length, |rest| rest.trim().parse().unwrap());
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok();
            if length > 0 {
                theirs.lock().unwrap().push(String::from_utf8_lossy(&body).into_owned());
            }
            (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok();
        }
    });
    (url, posted)
}

#[test]
fn one_way_of_two_that_is_lost_is_told_by_the_other_and_the_home_is_still_reached() {
    let mut world = World::configure(&Home { more: LAMP, ..Home::default() });
    let (lamp, (url, posted)) = (Lamp::listen(&world.home_broker), server());
    let second = format!("{}[[channel]]\nname = \"hook\"\nwebhook = {{ url = \"{url}\" }}\n", config(&world));
    let second = second.replace("channels = [\"lehe\"]", "channels = [\"lehe\", \"hook\"]");
    world.start_station();
    let gateway = Gateway::start(&second, &["lehe"], 4);
    gateway.wait_for_way("lehe", "works");
    gateway.wait_for_way("hook", "works");
    world.kill_station();
    gateway.wait_for_way("lehe", "lost");
    let heard = |words: &str| posted.lock().unwrap().iter().filter(|body| body.contains(words)).count();
    wait_until("the other way tells it", PATIENCE, || heard("\"rule\":\"path_lost\"") > 0);
    assert!(heard("\"channel\":\"lehe\"") > 0);
    assert_eq!((gateway.way("hook"), gateway.alerts_of("all_paths_lost")), ("works".to_owned(), 0));
    assert_ne!(lamp.says(), "nobody");
    world.start_station();
    gateway.wait_for_way("lehe", "works");
    wait_until("the desk reads that a way was lost, and that this is over", PATIENCE, || {
        world.alerts_of("path_lost").pop().is_some_and(|alert| alert["recovered_at_ms"].is_number())
    });
}

#[test]
fn a_station_of_an_older_version_is_no_alarm_and_is_not_called_proved() {
    // Nobody answers heartbeats: the broker alone is there, as with a station that does not know of answers.
    let world = World::configure(&Home::default());
    let gateway = Gateway::start(&config(&world), &["lehe"], 2);
    gateway.wait_for_way("lehe", "carried");
    let first = gateway.status().unwrap()["at_ms"].as_i64().unwrap();
    wait_until("several levels have passed", PATIENCE, || {
        gateway.status().is_some_and(|status| status["at_ms"].as_i64().unwrap_or(0) > first + 9_000)
    });
    assert_eq!((gateway.way("lehe").as_str(), gateway.alerts_of("all_paths_lost")), ("carried", 0));
    let (shown, _, _) = run(&["status", "--run-dir", gateway.run_dir.to_str().unwrap()], "");
    assert!(shown.contains("NO WAY OUT IS PROVED"), "{shown}");
    // From its first answer on it is missed.
    let heard = |seq: u64, run: u64| {
        format!(r#"{{"v":1,"home":"made-up-1","point":"lehe","seq":{seq},"run":{run},"at_ms":1}}"#)
    };
    world.district_broker.publish("carecircle/v1/made-up-1/down/heard", &heard(1, 99));
    world.district_broker.publish("carecircle/v1/made-up-1/down/heard", &heard(1_000_000, 1));
    world.district_broker.publish("carecircle/v1/made-up-1/down/heard", &heard(1, 1));
    gateway.wait_for_way("lehe", "works");
    gateway.wait_for_way("lehe", "lost");
    assert_eq!(gateway.alerts_of("all_paths_lost"), 1);
}

#[test]
fn two_gateways_with_one_id_are_a_fault_at_the_desk_and_neither_loses_an_alert() {
    let mut world = World::configure(&Home::default());
    world.start_station();
    let first = Gateway::start(&config(&world), &["lehe"], 6);
    first.wait_for_way("lehe", "works");
    world.wait_ready();
    assert!(world.alerts_of("twin").is_empty());
    let other_broker = Mosquitto::start();
    let theirs = config(&world)
        .replace(&world.home_broker.url(), &other_broker.url())
        .replace("/state\"", "/other-state\"")
        .replace("/run\"", "/other-run\"");
    let second = Gateway::start(&theirs, &["lehe"], 6);
    wait_until("the desk sees both", PATIENCE * 2, || !world.alerts_of("twin").is_empty());
    let twin = world.alerts_of("twin");
    let ours = twin.iter().find(|alert| alert["alert"].as_str().is_some_and(|number| number.starts_with('S')));
    let ours = ours.or_else(|| twin.iter().find(|alert| alert["severity"] == "fault")).cloned();
    assert_eq!(ours.unwrap()["severity"], "fault");

    // Both count their alerts from 1: receipts tell them apart by the instant of the raise.
    let pressed = r#"{"action":"emergency","battery":80,"linkquality":120}"#;
    wait_until("the second hears its own sensors", PATIENCE, || {
        second.status().is_some_and(|status| status["links"][0]["up"] == true)
    });
    world.press();
    other_broker.publish("zigbee2mqtt/pendant", pressed);
    for gateway in [&first, &second] {
        wait_until("the call is on its book", PATIENCE, || gateway.alerts_of("call_button") == 1);
    }
    wait_until("both calls are at the desk", PATIENCE * 2, || world.alerts_of("call_button").len() == 2);
    for gateway in [&first, &second] {
        wait_until("its outbox is empty", PATIENCE * 2, || gateway.waiting() == Some(0));
    }
    let received = |gateway: &Gateway| {
        let status = gateway.status().unwrap();
        let open = status["open_alerts"].as_array().cloned().unwrap_or_default();
        let call = open.iter().find(|alert| alert["reason"]["rule"] == "call_button").cloned();
        call.is_some_and(|call| call["phase"] == "received")
    };
    wait_until("each has its own receipt", PATIENCE, || received(&first) && received(&second));
}
