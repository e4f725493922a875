//! A clock that is set under a running gateway: silence is measured on the clock that never jumps.
//!
//! libfaketime moves CLOCK_REALTIME of the real binary and leaves CLOCK_BOOTTIME and CLOCK_MONOTONIC alone.

use super::Site;
use super::unit::{Unit, gateway_command};
use crate::support::wait_until;
use crate::world::{Home, PATIENCE, World};
use carecircle::clock;
use carecircle::model::time::Span;
use std::path::PathBuf;

#[test]
fn a_clock_that_jumps_two_hours_ahead_makes_no_silence_longer() {
    a_set_clock_changes_no_silence("+7200");
}

#[test]
fn a_clock_that_jumps_two_hours_back_makes_no_silence_shorter() {
    a_set_clock_changes_no_silence("-7200");
}

#[test]
fn a_clock_that_jumps_three_years_ahead_makes_no_silence_longer() {
    a_set_clock_changes_no_silence("+94608000");
}

#[test]
fn a_clock_that_falls_back_to_1970_makes_no_silence_shorter() {
    let since_1970 = clock::now().timestamp() - 86_400;
    a_set_clock_changes_no_silence(&format!("-{since_1970}"));
}

#[track_caller]
fn a_set_clock_changes_no_silence(by: &str) {
    let world = World::configure(&Home { quiet_at_most: Some("10s"), ..Home::default() });
    let shift = world.path("clock-shift");
    std::fs::write(&shift, "+0\n").unwrap();
    let mut command = gateway_command(&world);
    command.env("LD_PRELOAD", libfaketime()).env("FAKETIME_TIMESTAMP_FILE", &shift).env("FAKETIME_NO_CACHE", "1");
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
    let station = Unit::station(&world).ready();
    let gateway = Unit::start(&world.path(""), command).ready();
    let site = Site { station, gateway, world };
    site.world.wait_ready();
    let moved = clock::since_boot();
    site.world.move_in_hall();
    wait_until("the movement is seen", PATIENCE, || {
        site.world.status().is_some_and(|status| status.get("last_life").is_some())
    });
    // Replaced in one step: a file that is read half-written would be another clock.
    std::fs::write(shift.with_extension("new"), format!("{by}\n")).unwrap();
    std::fs::rename(shift.with_extension("new"), &shift).unwrap();
    wait_until("the gateway has noticed", PATIENCE, || site.gateway.output().contains("the clock was set"));
    wait_until("the silence is on the desk", PATIENCE, || site.world.alerts_of("inactivity").len() == 1);
    let waited = clock::since_boot() - moved;
    assert!(waited >= Span::seconds(10), "it came after {waited}");
    let reason = &site.world.alerts_of("inactivity")[0]["reason"];
    assert_eq!(reason["silence_secs"].as_f64().map(f64::floor), Some(10.0), "{reason}");
    assert!(site.world.alerts_of("not_observed").is_empty(), "the home was watched all the time");
    assert!(!site.gateway.output().contains("stood still"), "{}", site.gateway.output());
    site.press_and_see(1);
}

fn libfaketime() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().flatten().map(|folder| folder.path());
    let mut libraries = folders.map(|folder| folder.join("faketime/libfaketime.so.1"));
    libraries.find(|library| library.exists()).expect("libfaketime is installed (apt-get install faketime)")
}
