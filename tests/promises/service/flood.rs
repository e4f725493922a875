//! One sensor that chatters delays no other, is counted, and does not fill the card.

use super::{Site, client};
use crate::support::wait_until;
use crate::world::{Home, PATIENCE};
use carecircle::model::time::Span;
use carecircle::{clock, mqtt};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// At most this many are on the way at once; the broker drops what waits beyond a thousand.
const AT_ONCE: usize = 16;

/// Nobody presses more often; beyond it a button chatters as well.
const PRESSES: u64 = 60;

#[test]
fn a_flood_of_one_sensor_delays_no_press_and_fills_no_card() {
    let site = Site::start(&Home::default());
    let begin = clock::since_boot();
    let flood = Flood::start(&site);
    let first = site.gateway.count("WATCHDOG=1");
    (1..=PRESSES).for_each(|press| site.press_and_see(press));
    wait_until("the watchdog has looked three times", PATIENCE, || site.gateway.count("WATCHDOG=1") >= first + 3);
    let sent = flood.stop();
    let lasted = (clock::since_boot() - begin).num_seconds();
    eprintln!("{sent} messages in {lasted} s, {PRESSES} presses beside them");
    assert!(sent > 3_000, "only {sent} messages are no flood");
    assert_eq!(site.presses(), PRESSES);
    assert!(!site.gateway.output().contains("tasks that do not move"), "busy is not hanging");
    assert!(site.gateway.longest_without_ping() < Span::seconds(20), "{}", site.gateway.longest_without_ping());
    let run_dir = site.world.path("run");
    wait_until("the flooder is counted", PATIENCE, || {
        let status = site.world.status().unwrap();
        let refused = status["sensors"].as_array().unwrap().iter().find(|sensor| sensor["id"] == "hall").unwrap();
        refused["refused"].as_u64() > Some(1_000)
            && crate::support::run(&["status", "--run-dir", run_dir.to_str().unwrap()], "").0.contains("FLOODS")
    });
    let database = rusqlite::Connection::open(site.world.path("state/history.db")).unwrap();
    let rows: i64 = database.query_row("SELECT count(*) FROM observation", [], |row| row.get(0)).unwrap();
    // A burst of 60, then one a second; each press brings its own few readings.
    let most = 60 + lasted + 1 + 4 * PRESSES as i64;
    assert!(rows <= most, "{rows} rows of {sent} messages in {lasted} s");
}

/// Movement in the hall, as fast as the broker takes it.
struct Flood {
    runtime: tokio::runtime::Runtime,
    sent: Arc<AtomicU64>,
}

impl Flood {
    fn start(site: &Site) -> Flood {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sent = Arc::<AtomicU64>::default();
        let settings = client("flood", &site.world.home_broker, &[]);
        let (link, mut events) = {
            let _inside = runtime.enter();
            mqtt::start(settings, Arc::default())
        };
        runtime.spawn(async move { while events.recv().await.is_some() {} });
        for number in 0..AT_ONCE {
            let (link, sent) = (link.clone(), Arc::clone(&sent));
            runtime.spawn(async move {
                loop {
                    let payload = format!("{{\"occupancy\":{},\"battery\":87}}", number % 2 == 0).into_bytes();
                    if link.publish("zigbee2mqtt/hall", payload, false).await.is_ok() {
                        sent.fetch_add(1, Ordering::Relaxed);
                    } else {
                        tokio::task::yield_now().await;
                    }
                }
            });
        }
        Flood { runtime, sent }
    }

    fn stop(self) -> u64 {
        self.runtime.shutdown_background();
        self.sent.load(Ordering::Relaxed)
    }
}
