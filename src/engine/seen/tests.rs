//! What a reading means for the home: life, presses, unknown time.

use super::*;
use crate::engine::rules::testing::{at, home, observed};
use crate::model::observation::{Availability, Evidence, Measure};
use crate::model::status::Condition;

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
    assert_eq!([press(3, true), press(4, true), press(9_000, false)], [false, false, true]);
}

#[test]
fn time_without_watching_is_unknown_not_quiet() {
    let mut seen = Seen::new(&home(), &Settings::default());
    told(&mut seen, "hall", "08:00", Measure::Motion(true), Evidence::Level);
    assert_eq!(seen.started(&home(), at("08:00") + Span::seconds(50), Some(at("08:00"))), None);
    assert_eq!(seen.quiet_since, Some(at("08:00")), "a restart of seconds does not reset the clock");
    let ended = seen.started(&home(), at("11:00"), Some(at("08:30"))).expect("a long blind span");
    assert_eq!(ended.quiet_since, Some(at("08:00")));
    assert_eq!(seen.quiet_since, Some(at("11:00")));
}

#[test]
fn a_sensor_whose_word_of_the_end_may_be_lost_is_stuck_only_when_it_says_so_after_the_gap() {
    let home = home();
    let mut seen = Seen::new(&home, &Settings::default());
    let hall: crate::model::ids::SensorId = "hall".parse().unwrap();
    told(&mut seen, "hall", "00:10", Measure::Motion(true), Evidence::Level);
    told(&mut seen, "hall", "00:11", Measure::Motion(false), Evidence::Level);
    told(&mut seen, "hall", "00:20", Measure::Motion(true), Evidence::Level);
    seen.link(&home, at("00:21"), "mqtt", false);
    seen.link(&home, at("00:30"), "mqtt", true);
    let is_stuck = |seen: &Seen, clock| seen.stuck(at(clock), &home.sensors[&hall], seen.heard(&hall).unwrap());
    assert_eq!(is_stuck(&seen, "10:00"), None, "somebody left while nobody could hear it");
    told(&mut seen, "hall", "10:01", Measure::Motion(true), Evidence::Level);
    assert_eq!(is_stuck(&seen, "17:00"), None, "nor is it known that it was so before");
    let stuck = is_stuck(&seen, "18:01").map(|(how, _)| how);
    assert_eq!(stuck, Some(crate::model::reason::Stuck::On), "eight hours by its own word");
    seen.started(&home, at("18:03"), Some(at("18:02")));
    assert_eq!(is_stuck(&seen, "18:03"), None, "what it said last may be on no disk");
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

/// The home of the tests with one more sensor in it.
fn home_with(id: &str, kind: SensorKind, burst: Option<Span>) -> Home {
    let mut home = home();
    let mut sensor = home.sensors[&"hall".parse().unwrap()].clone();
    sensor.id = id.parse().unwrap();
    (sensor.kind, sensor.burst) = (kind, burst);
    home.sensors.insert(sensor.id.clone(), sensor);
    home
}

#[test]
fn a_raw_code_registered_as_a_button_is_a_press_and_its_copies_are_none() {
    let home = home_with("remote", SensorKind::CallButton, Some(Span::seconds(3)));
    let mut seen = Seen::new(&home, &Settings::default());
    let mut press = |millis: i64, measure: Measure| {
        let now = at("08:00") + Span::milliseconds(millis);
        seen.observe(&home, &observed("remote", now, measure, Evidence::Event)).press.is_some()
    };
    let code = || Measure::Alarm(true);
    assert_eq!([press(0, code()), press(80, code()), press(2_900, code())], [true, false, false]);
    assert!(press(3_100, code()), "counted from the first copy: a button held down or pressed again is heard again");
    assert!(!press(3_200, code()));
    let sos = || Measure::Button(Press::Sos);
    assert_eq!([press(9_000, sos()), press(9_100, sos()), press(13_000, sos())], [true, false, true]);
    assert!(!press(20_000, Measure::Alarm(false)));
}

#[test]
fn presence_that_lasts_is_life_for_a_while_and_not_for_ever() {
    let home = home_with("radar", SensorKind::Presence, None);
    let mut seen = Seen::new(&home, &Settings::default());
    let mut quiet_since = |minute: i64, on, evidence| {
        let now = at("08:00") + Span::minutes(minute);
        seen.observe(&home, &observed("radar", now, Measure::Presence(on), evidence));
        (seen.quiet_since.expect("there was life") - at("08:00")).num_minutes()
    };
    let level = |minute| (minute, true, Evidence::Level);
    let mut lasts = |(minute, on, evidence)| quiet_since(minute, on, evidence);
    assert_eq!([lasts(level(0)), lasts(level(10)), lasts(level(20))], [0, 10, 20]);
    assert_eq!(lasts((25, true, Evidence::Cached)), 20, "what a broker kept is no presence");
    assert_eq!(lasts(level(60)), 20, "said again after too long: whether it lasted is not known");
    assert_eq!([lasts(level(70)), lasts(level(80))], [70, 80]);
    let end = (90..=400).step_by(10).map(|minute| lasts(level(minute))).max();
    assert_eq!(end, Some(240), "four hours from its beginning");
    assert_eq!(lasts((410, false, Evidence::Level)), 410, "whoever gets up is about");
}

#[test]
fn what_a_chattering_sensor_said_is_taken_back() {
    let home = home();
    let mut seen = Seen::new(&home, &Settings::default());
    let mut moved = |sensor: &str, minute: i64| {
        let now = at("00:00") + Span::minutes(minute);
        seen.observe(&home, &observed(sensor, now, Measure::Motion(true), Evidence::Event));
        (seen.quiet_since, seen.last_life.as_ref().map(|life| life.sensor.to_string()))
    };
    moved("hall", 0);
    moved("bath", 300);
    for minute in (10..16 * 60).step_by(10) {
        moved("hall", minute);
    }
    let since = at("00:00") + Span::minutes(300);
    assert_eq!(moved("hall", 16 * 60), (Some(since), Some("bath".to_owned())));
    assert_eq!(moved("hall", 16 * 60 + 10).0, Some(since), "and it is not believed from now on");
    assert_eq!(moved("hall", 19 * 60).1, Some("hall".to_owned()), "until it has kept still for two hours");
}

#[test]
fn nobody_is_where_only_a_chattering_sensor_saw_them() {
    let home = home();
    let mut seen = Seen::new(&home, &Settings::default());
    let mut moved = |sensor: &str, minute: i64| {
        let now = at("00:00") + Span::minutes(minute);
        seen.observe(&home, &observed(sensor, now, Measure::Motion(true), Evidence::Event));
        seen.whereabouts.stay.as_ref().map(|stay| stay.room.to_string())
    };
    moved("bath", 0);
    for minute in (10..16 * 60).step_by(10) {
        assert_eq!(moved("hall", minute).as_deref(), Some("hall"));
    }
    moved("hall", 16 * 60);
    assert_eq!(moved("hall", 16 * 60 + 10), None, "where somebody is is not known");
    assert_eq!(moved("bath", 16 * 60 + 20).as_deref(), Some("bathroom"));
}

#[test]
fn a_chattering_door_lets_nobody_out() {
    let home = home();
    let mut seen = Seen::new(&home, &Settings::default());
    told(&mut seen, "hall", "08:00", Measure::Motion(true), Evidence::Event);
    for second in (0..3_000).step_by(10) {
        let now = at("09:00") + Span::seconds(second);
        seen.observe(&home, &observed("front", now, Measure::Contact(second % 20 == 0), Evidence::Event));
    }
    assert_eq!((seen.whereabouts.out, seen.last_life.map(|life| life.at)), (None, Some(at("09:00"))));
}

#[test]
fn a_sensor_that_was_dead_and_speaks_again_ends_a_time_nobody_watched() {
    let mut home = home();
    home.sensors.retain(|id, _| id.as_str() == "hall");
    let mut seen = Seen::new(&home, &Settings::default());
    let mut alive = |hours: i64, measure| {
        let told = seen.observe(&home, &observed("hall", at("08:00") + Span::hours(hours), measure, Evidence::Level));
        (told.ended.map(|ended| ended.blind.from), seen.quiet_since)
    };
    assert_eq!(alive(0, Measure::Motion(true)), (None, Some(at("08:00"))));
    assert_eq!(alive(24, Measure::Alive), (None, Some(at("08:00"))));
    let back = at("08:00") + Span::hours(60);
    assert_eq!(alive(60, Measure::Alive), (Some(at("08:00") + Span::hours(24)), Some(back)));
    assert_eq!(alive(61, Measure::Alive), (None, Some(back)));
}

#[test]
fn a_meter_that_goes_on_is_a_sign_of_life_and_one_that_stands_still_or_begins_anew_is_none() {
    let home = home_with("water", SensorKind::Item, None);
    let mut seen = Seen::new(&home, &Settings::default());
    let mut lives = |minute: i64, reads: f64, evidence| {
        let now = at("08:00") + Span::seconds(30 * minute);
        seen.observe(&home, &observed("water", now, Measure::Number(reads), evidence)).is_life
    };
    assert!(!lives(0, 1200.0, Evidence::Cached), "what a broker kept is where it stood");
    assert!(!lives(1, 1200.0, Evidence::Level));
    assert!(lives(4, 1203.5, Evidence::Level));
    assert!(!lives(5, 1204.0, Evidence::Level), "the same use goes on");
    assert!(lives(6, 1205.0, Evidence::Level), "and is told once a minute");
    assert!(!lives(10, 1205.0, Evidence::Level) && !lives(20, 0.0, Evidence::Level));
    assert!(!lives(30, 5000.0, Evidence::Cached), "kept, and nobody's doing");
    assert!(lives(40, 0.5, Evidence::Level), "the new meter");
}

#[test]
fn a_number_of_any_other_sensor_says_nothing_of_a_person() {
    let mut seen = Seen::new(&home(), &Settings::default());
    for (clock, reads) in [("08:00", 1.0), ("09:00", 2.0)] {
        assert!(!told(&mut seen, "hall", clock, Measure::Number(reads), Evidence::Level).is_life);
    }
}

#[test]
fn a_bridges_word_is_silence_only_where_it_is_believed() {
    let mut home = home();
    home.sensors.get_mut(&"hall".parse().unwrap()).unwrap().offline_is_silent = true;
    let mut seen = Seen::new(&home, &Settings::default());
    let offline = || Measure::Availability(Availability::Offline);
    for sensor in ["hall", "front"] {
        seen.observe(&home, &observed(sensor, at("08:00"), Measure::Alive, Evidence::Level));
        seen.observe(&home, &observed(sensor, at("09:00"), offline(), Evidence::Level));
        // Said again, it is no newer.
        seen.observe(&home, &observed(sensor, at("09:50"), offline(), Evidence::Level));
    }
    let condition = |seen: &Seen, id: &str, clock: &str| {
        let id: SensorId = id.parse().unwrap();
        seen.condition(at(clock), &home.sensors[&id], seen.heard(&id))
    };
    assert_eq!(condition(&seen, "hall", "09:59"), Condition::Alive);
    assert_eq!(condition(&seen, "hall", "10:00"), Condition::Silent);
    assert_eq!(condition(&seen, "front", "10:00"), Condition::Alive);
    seen.observe(&home, &observed("hall", at("10:05"), Measure::Alive, Evidence::Level));
    assert_eq!(condition(&seen, "hall", "10:05"), Condition::Alive);
}
