//! As a service: what systemd and a technician meet, on the real binary with real brokers.

mod clock;
mod flood;
mod reload;
pub mod unit;
mod words;

use crate::support::{Mosquitto, wait_until};
use crate::world::{Home, PATIENCE, World};
use carecircle::model::time::Span;
use carecircle::mqtt;
use carecircle::store::Store;
use nix::sys::ptrace;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use unit::Unit;

/// A world whose daemons systemd started.
struct Site {
    station: Unit,
    gateway: Unit,
    world: World,
}

impl Site {
    /// Everything running; returns when a press would be shown.
    fn start(home: &Home) -> Site {
        let world = World::configure(home);
        Site::start_in(world)
    }

    fn start_in(world: World) -> Site {
        let (station, gateway) = (Unit::station(&world).ready(), Unit::gateway(&world).ready());
        world.wait_ready();
        Site { station, gateway, world }
    }

    /// Presses the pendant and waits until the desk has this many presses.
    #[track_caller]
    fn press_and_see(&self, presses: u64) {
        self.world.press();
        wait_until("the press is on the desk", PATIENCE, || self.presses() >= presses);
    }

    /// How often the one call-button alert was pressed.
    fn presses(&self) -> u64 {
        self.world.alerts_of("call_button").first().and_then(|alert| alert["count"].as_u64()).unwrap_or(0)
    }
}

#[test]
fn systemd_hears_that_the_gateway_is_ready_lives_reloads_and_ends() {
    let mut site = Site::start(&Home::default());
    site.gateway.wait_for_status(&["watching 2 sensors, mqtt up, lehe up, 0 open alerts"]);
    site.gateway.wait_for_pings(2);
    site.gateway.reload();
    reloading_names_its_instant(&site.gateway);
    site.press_and_see(1);
    site.gateway.wait_for_status(&["1 open alert"]);
    assert_eq!(site.gateway.stop().code(), Some(0));
    assert!(site.gateway.said().iter().any(|said| said.lines().any(|line| line == "STOPPING=1")));
}

#[test]
fn systemd_hears_that_the_station_is_ready_lives_reloads_and_ends() {
    let mut site = Site::start(&Home::default());
    let page = format!("the desk is open at http://127.0.0.1:{}/", site.world.page);
    site.press_and_see(1);
    site.station.wait_for_status(&[&page, "1 home,", "1 open alert, 1 unclaimed"]);
    site.station.wait_for_pings(2);
    site.station.reload();
    reloading_names_its_instant(&site.station);
    wait_until("the alert is there after the reload", PATIENCE, || site.presses() == 1);
    assert_eq!(site.station.stop().code(), Some(0));
    assert!(site.station.said().iter().any(|said| said.lines().any(|line| line == "STOPPING=1")));
}

/// systemd takes RELOADING=1 only with the instant in the same message (sd_notify(3)).
fn reloading_names_its_instant(unit: &Unit) {
    let said = unit.said();
    let at = said.iter().position(|said| said.contains("RELOADING=1")).expect("it says that it reloads");
    assert!(said[at].contains("MONOTONIC_USEC="), "{}", said[at]);
    assert!(said[at..].iter().any(|said| said == "READY=1"), "and when it is done: {said:?}");
}

#[test]
fn brokers_that_hang_are_told_and_do_not_stop_the_watchdog() {
    let site = Site::start(&Home::default());
    site.world.home_broker.signal("STOP");
    site.world.district_broker.signal("STOP");
    site.gateway.wait_for_status(&["mqtt DOWN", "lehe DOWN", "is the broker running"]);
    site.station.wait_for_status(&["NO HOME CAN REACH IT"]);
    for unit in [&site.gateway, &site.station] {
        unit.wait_for_pings(1);
        assert!(unit.longest_without_ping() < Span::seconds(20), "{}", unit.longest_without_ping());
    }
}

/// Method: a debugger's grip (ptrace) stops the store's thread and no other; the rest of the gateway is one thread.
#[test]
fn a_disk_that_hangs_starves_the_watchdog_and_holds_no_alert_back() {
    let site = Site::start(&Home::default());
    let frozen = Frozen::thread(site.gateway.pid(), "store");
    site.press_and_see(1);
    wait_until("the storage fault is on the desk", PATIENCE, || site.world.alerts_of("storage").len() == 1);
    let stuck = || site.gateway.output().matches("tasks that do not move").count();
    wait_until("the gateway notices", PATIENCE, || stuck() >= 1);
    let pings = site.gateway.count("WATCHDOG=1");
    wait_until("it still hangs", PATIENCE, || stuck() >= 3);
    assert_eq!(site.gateway.count("WATCHDOG=1"), pings, "a daemon whose store hangs must be killed by systemd");
    drop(frozen);
    site.gateway.wait_for_pings(1);
    wait_until("the history is written again", PATIENCE, || {
        site.world.status().is_some_and(|status| status.get("store_fault").is_none())
    });
    assert_eq!(site.presses(), 1, "and nothing is told twice");
}

/// A thread that stands still until this is dropped.
struct Frozen(Pid);

impl Frozen {
    fn thread(pid: u32, name: &str) -> Frozen {
        let thread = thread_of(pid, name);
        ptrace::seize(thread, ptrace::Options::empty()).expect("a test may trace its child");
        ptrace::interrupt(thread).unwrap();
        waitpid(thread, Some(WaitPidFlag::__WALL)).unwrap();
        Frozen(thread)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // Held on, the process could not even be killed.
        ptrace::detach(self.0, None).unwrap();
    }
}

fn thread_of(pid: u32, name: &str) -> Pid {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let is_it =
        |path: &std::path::Path| std::fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim() == name);
    let task = tasks.map(|task| task.unwrap().path()).find(|path| is_it(path)).expect("the thread runs");
    Pid::from_raw(task.file_name().unwrap().to_str().unwrap().parse().unwrap())
}

/// A locked database is no hanging thread: the store answers that it cannot write, and a restart would mend nothing.
#[test]
fn a_database_that_somebody_holds_stops_neither_an_alert_nor_the_watchdog() {
    let mut site = Site::start(&Home::default());
    let other = rusqlite::Connection::open(site.world.path("state/history.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    site.press_and_see(1);
    wait_until("the storage fault is on the desk", PATIENCE, || site.world.alerts_of("storage").len() == 1);
    site.gateway.wait_for_status(&["history not written"]);
    site.gateway.wait_for_pings(2);
    assert!(site.gateway.longest_without_ping() < Span::seconds(20), "{}", site.gateway.longest_without_ping());
    drop(other);
    wait_until("the history is written again", PATIENCE, || {
        site.world.status().is_some_and(|status| status.get("store_fault").is_none())
    });
    assert_eq!(site.gateway.stop().code(), Some(0));
    let open = || site.world.status().map(|status| status["open_alerts"].clone());
    std::fs::remove_file(site.world.path("run/status.json")).unwrap();
    site.gateway = Unit::gateway(&site.world).ready();
    wait_until("the press is remembered", PATIENCE, || {
        open().is_some_and(|open| open.as_array().unwrap().iter().any(|alert| alert["reason"]["rule"] == "call_button"))
    });
}

#[test]
fn sigterm_amid_presses_leaves_a_sound_history_and_says_goodbye() {
    let broker = Mosquitto::start_with("allow_anonymous true\nlog_dest topic\nlog_type notice\n");
    let world = World::configure(&Home::default());
    for name in ["gateway.toml", "station.toml"] {
        let text = std::fs::read_to_string(world.path(name)).unwrap();
        std::fs::write(world.path(name), text.replace(&world.district_broker.url(), &broker.url())).unwrap();
    }
    let listener = Listener::start(&broker, &["carecircle/v1/made-up-1/up/lehe/link", "$SYS/broker/log/#"]);
    let mut site = Site::start_in(world);
    let (pressing, pressed) = (AtomicBool::new(true), AtomicU64::new(0));
    let mut before = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while pressing.load(Ordering::Relaxed) {
                site.world.press();
                pressed.fetch_add(1, Ordering::Relaxed);
            }
        });
        wait_until("presses are on the desk", PATIENCE, || {
            before = site.presses();
            before >= 10
        });
        assert_eq!(site.gateway.stop().code(), Some(0));
        pressing.store(false, Ordering::Relaxed);
    });
    wait_until("the broker has heard the goodbye", PATIENCE, || {
        let heard = listener.heard();
        heard.iter().any(|(topic, text)| topic.ends_with("/link") && text.contains("false"))
            && heard.iter().any(|(_, text)| text.contains("made-up-1.lehe disconnected"))
    });
    let opened = Store::open(&site.world.path("state"), "history.db", |_| {}).unwrap();
    assert_eq!(opened.replaced, None, "every page is sound");
    drop(opened);
    let database = rusqlite::Connection::open(site.world.path("state/history.db")).unwrap();
    let verdict: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    drop(database);
    let at_the_end = site.presses();
    site.gateway = Unit::gateway(&site.world).ready();
    site.world.wait_ready();
    site.press_and_see(at_the_end + 1);
    assert!(site.presses() <= pressed.load(Ordering::Relaxed) + 1, "none is invented");
    assert_eq!(site.world.alerts_of("call_button").len(), 1, "it is the same alert");
}

/// Everything said on some topics of a broker.
struct Listener {
    heard: Arc<std::sync::Mutex<Vec<(String, String)>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Listener {
    fn start(broker: &Mosquitto, filters: &[&str]) -> Listener {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let heard = Arc::<std::sync::Mutex<Vec<_>>>::default();
        let settings = client("listener", broker, filters);
        let (into, (up, is_up)) = (Arc::clone(&heard), std::sync::mpsc::channel());
        runtime.spawn(async move {
            let (_link, mut events) = mqtt::start(settings, Arc::default());
            while let Some(event) = events.recv().await {
                match event {
                    mqtt::Event::Up => up.send(()).unwrap(),
                    mqtt::Event::Down { why } => eprintln!("the listener: {why}"),
                    mqtt::Event::Message { topic, payload, .. } => {
                        into.lock().unwrap().push((topic, String::from_utf8_lossy(&payload).into_owned()));
                    }
                }
            }
        });
        is_up.recv_timeout(PATIENCE).expect("the broker takes the listener");
        Listener { heard, _runtime: runtime }
    }

    fn heard(&self) -> Vec<(String, String)> {
        self.heard.lock().unwrap().clone()
    }
}

fn client(id: &str, broker: &Mosquitto, filters: &[&str]) -> mqtt::Settings {
    mqtt::Settings {
        client_id: id.to_owned(),
        broker: broker.url().parse().unwrap(),
        login: None,
        tls: None,
        filters: filters.iter().map(|filter| (*filter).to_owned()).collect(),
        will: None,
        announce: None,
    }
}
