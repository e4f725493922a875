//! Row 22: a gateway that is there and does nothing. What it does not say is heard: by systemd, and at the desk.

use super::times;
use crate::service::unit::{Unit, gateway_command};
use crate::support::wait_until;
use crate::world::{Home, PATIENCE, World};
use carecircle::clock;
use carecircle::model::time::Span;
use std::time::Duration;

#[test]
fn a_gateway_that_hangs_feeds_no_watchdog_and_the_desk_misses_it_in_time() {
    let mut world = World::configure(&Home::default());
    world.start_station();
    let gateway = Unit::start(&world.path(""), gateway_command(&world)).ready();
    world.wait_ready();
    gateway.wait_for_pings(1);
    gateway.signal("STOP");
    let (began, pings) = (clock::since_boot(), gateway.count("WATCHDOG=1"));
    let hung = |secs| clock::since_boot() - began >= Span::seconds(secs);
    // It is fed every 5 s; what was on its way counts once. The desk's three minutes are for the long form.
    wait_until("two pings are missed", PATIENCE, || hung(11));
    if times(0, 1) > 0 {
        wait_until("the desk misses the home", Duration::from_secs(190), || !world.alerts_of(MISSED).is_empty());
        let missed = clock::since_boot() - began;
        eprintln!("row 22: hung; no ping of the watchdog, missed at the desk after {} s", missed.num_seconds());
        assert!(missed <= Span::seconds(181), "{missed}");
    }
    assert!(gateway.count("WATCHDOG=1") <= pings + 1, "systemd kills it after 20 s without");
    gateway.signal("CONT");
    gateway.wait_for_pings(1);
    wait_until("it goes on, and is heard", PATIENCE * 3, || {
        world.alerts_of(MISSED).iter().all(|fault| !fault["recovered_at_ms"].is_null())
    });
}

const MISSED: &str = "home_unreachable";
