//! What a reading means for the home: life, presses, unknown time.

use super::*;
use crate::engine::rules::testing::{at, home, observed};
use crate::model::observation::Measure;

fn told(seen: &mut Seen, sensor: &str, clock: &str, measure: Measure, evidence: Evidence) -> Told {
    seen.observe(&home(), &observed(sensor, at(clock), measure, evidence))
}

#[test]
fn motion_counts_on_an_edge_and_repeats_are_only_alive() {
    let mut seen = Seen::new(&home(), &Settings::default());
    let motion = |on| Measure::Motion(on);
    assert!(told(&mut seen, "hall", "08:00", motion(true), Evidence::Level).is_life);
    // Zigbee2MQTT says its kept state again with a battery report: nobody moved.
    assert!(!told(&mut seen, "hall", "09:00", motion(true), Evidence::Level).is_life);
    assert!(!told(&mut seen, "hall", "09:01", motion(false), Evidence::Level).is_life);
    assert!(told(&mut seen, "hall", "09:05", motion(true), Evidence::Level).is_life);
    assert_eq!(seen.quiet_since, Some(at("09:05")));
}

#[test]
fn retained_motion_is_no_sign_of_life_and_makes_no_edge_later() {
    let mut seen = Seen::new(&home(), &Settings::default());
    assert!(!told(&mut seen, "hall", "08:00", Measure::Motion(true), Evidence::Cached).is_life);
    assert!(!told(&mut seen, "hall", "08:01", Measure::Motion(true), Evidence::Level).is_life);
    assert_eq!(seen.last_life, None);
    // What a broker kept does not make a dead sensor look alive.
    told(&mut seen, "hall", "12:00", Measure::Motion(true), Evidence::Cached);
    assert_eq!(seen.heard(&"hall".parse().unwrap()).unwrap().heard_at, Some(at("08:01")));
}

#[test]
fn a_door_counts_both_ways_and_its_first_state_does_not() {
    let mut seen = Seen::new(&home(), &Settings::default());
    assert!(!told(&mut seen, "front", "08:00", Measure::Contact(false), Evidence::Level).is_life);
    assert!(told(&mut seen, "front", "08:01", Measure::Contact(true), Evidence::Level).is_life);
    assert!(told(&mut seen, "front", "08:02", Measure::Contact(false), Evidence::Level).is_life);
}

#[test]
fn one_press_with_its_twin_is_one_press_and_two_presses_are_two() {
    let mut seen = Seen::new(&home(), &Settings::default());
    let mut press = |millis: i64, copy| {
        let mut o =
            observed("pendant", at("08:00") + Span::milliseconds(millis), Measure::Button(Press::Sos), Evidence::Event);
        o.copy = copy;
        seen.observe(&home(), &o).press.is_some()
    };
    assert_eq!([press(0, false), press(1, true), press(2, false), press(2, false)], [true, false, true, true]);
    assert_eq!([press(3, true), press(4, true), press(9_000, false)], [false, true, true]);
}

#[test]
fn time_without_watching_is_unknown_not_quiet() {
    let mut seen = Seen::new(&home(), &Settings::default());
    told(&mut seen, "hall", "08:00", Measure::Motion(true), Evidence::Level);
    assert_eq!(seen.started(at("08:00") + Span::seconds(50), Some(at("08:00"))), None);
    assert_eq!(seen.quiet_since, Some(at("08:00")), "a restart of seconds does not reset the clock");
    let ended = seen.started(at("11:00"), Some(at("08:30"))).expect("a long blind span");
    assert_eq!(ended.quiet_since, Some(at("08:00")));
    assert_eq!(seen.quiet_since, Some(at("11:00")));
}

#[test]
fn the_home_is_blind_only_when_no_source_can_show_life() {
    let mut seen = Seen::new(&home(), &Settings::default());
    let home = home();
    told(&mut seen, "hall", "08:00", Measure::Motion(true), Evidence::Level);
    seen.link(&home, at("08:10"), "radio", false);
    assert_eq!(seen.blind, None, "the sensors on MQTT still watch");
    seen.link(&home, at("08:20"), "mqtt", false);
    assert_eq!(seen.blind.as_ref().map(|b| b.from), Some(at("08:20")));
    assert!(seen.link(&home, at("08:50"), "radio", true).is_some());
    assert_eq!((seen.blind.clone(), seen.quiet_since), (None, Some(at("08:50"))));
}
