//! Rows 14 and 15: the disk of a real gateway is full, or takes no writes at all.

use super::fleeting::in_own_mounts;
use super::hurt::Hurt;
use super::ledger::Ledger;
use crate::service::unit::{Unit, gateway_command};
use crate::support::wait_until;
use crate::world::{Home, PATIENCE, World};
use carecircle::clock;
use carecircle::model::time::Span;
use std::io::Write;

/// "The file system is read-only", as ext4 says it of open files after it has found an error.
const EROFS: u32 = 30;

#[test]
fn a_full_disk_stops_no_press_is_told_and_is_over_when_there_is_room() {
    let mut world = World::configure(&Home::default());
    world.start_station();
    let state = world.path("state");
    std::fs::create_dir_all(&state).unwrap();
    let command = in_own_mounts("mount -t tmpfs -o size=1m tmpfs \"$0\"", &state, &gateway_command(&world));
    let gateway = Unit::start(&world.path(""), command).ready();
    world.wait_ready();
    // The gateway's own look at the world: there the small disk is mounted.
    let inside = format!("/proc/{}/root{}", gateway.pid(), state.display());
    let ballast = std::path::Path::new(&inside).join("ballast");
    let figures = through(
        &world,
        "row 14",
        || {
            let mut file = std::fs::File::create(&ballast).unwrap();
            while file.write_all(&[1; 512]).is_ok() {}
        },
        || std::fs::remove_file(&ballast).unwrap(),
    );
    eprintln!("{figures}");
}

#[test]
fn a_disk_that_takes_no_writes_stops_no_press_is_told_and_is_over_when_it_does() {
    let mut world = World::configure(&Home::default());
    world.start_station();
    let hurt = Hurt::of("state/history.db");
    let mut command = gateway_command(&world);
    hurt.load_into(&mut command, false);
    let mut gateway = Unit::start(&world.path(""), command).ready();
    world.wait_ready();
    let figures = through(&world, "row 15", || hurt.fail_at(1, u32::MAX, EROFS, false), || hurt.be_still());
    assert!(hurt.failed() > 0 && !gateway.has_ended(), "it goes on, and was not started anew");
    eprintln!("{figures}");
}

/// Presses before, amid and after the fault; the fault is told within ten seconds, and over within ten.
fn through(world: &World, row: &str, begin: impl FnOnce(), end: impl FnOnce()) -> String {
    let mut ledger = Ledger::default();
    let faults = || world.alerts_of("storage");
    ledger.press(world);
    ledger.wait_shown(world);
    begin();
    let began = clock::since_boot();
    for _ in 0..5 {
        ledger.press(world);
        ledger.wait_shown(world);
    }
    wait_until("the fault is told", PATIENCE, || !faults().is_empty());
    let told = clock::since_boot() - began;
    end();
    let began = clock::since_boot();
    wait_until("it is over", PATIENCE, || {
        // Whoever waits for its end lives on: somebody moves.
        world.move_in_hall();
        faults().iter().all(|fault| !fault["recovered_at_ms"].is_null())
    });
    let over = clock::since_boot() - began;
    ledger.press(world);
    ledger.wait_shown(world);
    assert!(told <= Span::seconds(10) && over <= Span::seconds(11), "told after {told}, over after {over}");
    let millis = |span: Span| span.num_milliseconds();
    format!("{row}: {}; told after {} ms, over {} ms after its end", ledger.figures(world), millis(told), millis(over))
}
