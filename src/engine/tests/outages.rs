//! What goes on while nobody can hear it: it is neither over nor told anew.

use super::super::rules::testing::{at, home, hours, observed};
use super::super::*;
use crate::model::observation::{Evidence, Measure};
use crate::model::suspension::{Absence, Change, Suspension};

/// An engine whose steps are told in short: `raise door_left_open`.
struct Told(Engine);

impl Told {
    fn new() -> Told {
        let circle = Circle::default();
        Told(Engine::new(home(), &rules::Settings::default(), circle))
    }

    /// The steps about equipment and doors that this input led to, and every deadline on the way to it.
    fn take(&mut self, now: Timestamp, input: Input) -> Vec<String> {
        let mut effects = Vec::new();
        drive::until(&mut self.0, now, |_, came| effects.extend(came));
        effects.extend(self.0.handle(now, input));
        self.in_short(&effects)
    }

    fn in_short(&self, effects: &[Effect]) -> Vec<String> {
        let of = |number: u64| self.0.alerts().find(|alert| alert.id.number == number).map(|alert| alert.reason.rule());
        let told = effects.iter().filter_map(|effect| {
            let Effect::Alert { alert, step } = effect else { return None };
            let rule = of(*alert).filter(|rule| ["door_left_open", "silent_sensor"].contains(rule))?;
            let is_news = matches!(step.deed, Deed::Raise { .. } | Deed::Again { .. } | Deed::Recovered);
            is_news.then(|| format!("{} {rule}", step.deed.name()))
        });
        told.collect()
    }

    fn hear(&mut self, sensor: &str, now: Timestamp, measure: Measure) -> Vec<String> {
        self.take(now, Input::Observed(observed(sensor, now, measure, Evidence::Event)))
    }

    fn link(&mut self, now: Timestamp, up: bool) -> Vec<String> {
        self.take(now, Input::Link { source: "mqtt".into(), up })
    }
}

#[test]
fn a_door_that_was_told_stays_open_over_an_outage_of_its_way_and_is_not_told_again() {
    let mut home = Told::new();
    home.hear("front", at("08:00"), Measure::Contact(false));
    home.hear("front", at("08:10"), Measure::Contact(true));
    assert_eq!(home.hear("bath", at("09:15"), Measure::Motion(true)), ["raise door_left_open"]);
    assert_eq!(home.link(at("10:00"), false), [""; 0], "nobody can tell whether it is shut");
    assert_eq!(home.hear("bath", at("12:00"), Measure::Motion(true)), [""; 0]);
    assert_eq!(home.link(at("14:00"), true), [""; 0]);
    assert_eq!(home.hear("bath", at("16:00"), Measure::Motion(true)), [""; 0], "the same episode");
    assert_eq!(home.hear("front", at("16:10"), Measure::Contact(false)), ["recovered door_left_open"]);
}

#[test]
fn time_in_which_the_way_to_a_door_was_lost_is_no_time_in_which_it_stood_open() {
    let mut home = Told::new();
    home.hear("front", at("08:00"), Measure::Contact(false));
    home.hear("front", at("08:10"), Measure::Contact(true));
    home.link(at("08:30"), false);
    assert_eq!(home.hear("bath", at("12:00"), Measure::Motion(true)), [""; 0]);
    assert_eq!(home.link(at("12:00"), true), [""; 0]);
    // A way that is gone for a moment takes nothing away.
    assert_eq!(home.link(at("12:40"), false), [""; 0]);
    assert_eq!(home.link(at("12:40") + Span::seconds(30), true), [""; 0]);
    assert_eq!(home.hear("bath", at("12:59"), Measure::Motion(true)), [""; 0]);
    assert_eq!(home.hear("bath", at("13:00"), Measure::Motion(true)), ["raise door_left_open"]);
}

#[test]
fn time_in_which_the_gateway_stood_still_is_no_time_in_which_a_door_stood_open() {
    let mut home = Told::new();
    home.hear("front", at("08:00"), Measure::Contact(false));
    home.hear("front", at("08:10"), Measure::Contact(true));
    let started = home.0.handle(at("12:00"), Input::Started { blind_since: Some(at("08:30")) });
    assert_eq!(home.in_short(&started), [""; 0]);
    assert_eq!(home.hear("bath", at("12:59"), Measure::Motion(true)), [""; 0]);
    assert_eq!(home.hear("bath", at("13:00"), Measure::Motion(true)), ["raise door_left_open"]);
}

#[test]
fn a_door_that_is_shut_while_its_rule_is_held_back_is_known_to_be_shut() {
    let mut home = Told::new();
    home.hear("front", at("08:00"), Measure::Contact(false));
    home.hear("front", at("08:10"), Measure::Contact(true));
    assert_eq!(home.hear("bath", at("09:15"), Measure::Motion(true)), ["raise door_left_open"]);
    let (owner, why) = ("p-03".to_owned(), String::new());
    let visit = Suspension { kind: Absence::Visitors, owner, why, from: at("09:20"), until: at("12:00") };
    assert_eq!(home.take(at("09:20"), Input::Suspended(Change::Begin(visit))), [""; 0], "it still stands open");
    assert_eq!(home.hear("front", at("09:30"), Measure::Contact(false)), ["recovered door_left_open"]);
    assert_eq!(home.hear("front", at("09:40"), Measure::Contact(true)), [""; 0]);
    assert_eq!(home.hear("bath", at("11:50"), Measure::Motion(true)), [""; 0], "guests leave doors open");
}

#[test]
fn a_dead_sensor_that_was_told_is_not_over_and_not_told_again_for_an_outage() {
    let mut home = Told::new();
    home.hear("hall", at("08:00"), Measure::Motion(true));
    let others = |home: &mut Told, from: i64, to: i64| {
        let mut told = Vec::new();
        for hour in (from..=to).step_by(5) {
            for sensor in ["front", "meal", "bath", "pendant"] {
                told.extend(home.hear(sensor, at("08:00") + hours(hour), Measure::Alive));
            }
        }
        told
    };
    assert_eq!(others(&mut home, 1, 26), ["raise silent_sensor"]);
    assert_eq!(home.link(at("08:00") + hours(27), false), [""; 0], "nobody can tell whether it speaks again");
    assert_eq!(home.link(at("08:00") + hours(29), true), [""; 0]);
    assert_eq!(others(&mut home, 30, 80), [""; 0], "it is the same death");
    let now = at("08:00") + hours(81);
    assert_eq!(home.take(now, Input::Started { blind_since: Some(now - hours(1)) }), [""; 0]);
    assert_eq!(others(&mut home, 82, 122), [""; 0]);
    assert_eq!(home.hear("hall", at("08:00") + hours(123), Measure::Motion(true)), ["recovered silent_sensor"]);
    assert_eq!(others(&mut home, 124, 149), ["again silent_sensor"], "it died once more");
}

#[test]
fn a_value_that_was_heard_again_and_written_later_is_remembered() {
    let mut cold = home();
    let hall = cold.sensors.remove(&"hall".parse().unwrap()).unwrap();
    let room = Sensor { id: "cold".parse().unwrap(), kind: SensorKind::Temperature, ..hall };
    cold.sensors.insert(room.id.clone(), room);
    let circle = || Circle::default();
    let engine = || Engine::new(cold.clone(), &rules::Settings::default(), circle());
    let celsius = |now| observed("cold", now, Measure::TemperatureCelsius(11.0), Evidence::Level);
    let (first, again, late) = (at("08:00"), at("08:09"), at("08:09") + hours(6));
    let mut straight = engine();
    for now in [first, again] {
        straight.handle(now, Input::Observed(celsius(now)));
    }
    let mut restored = engine().restore([Recorded::Observed(celsius(first)), Recorded::HeardBefore(celsius(again))]);
    let tell = |engine: &mut Engine| {
        let effects = engine.handle(late, Input::Observed(celsius(late)));
        effects.iter().filter(|effect| matches!(effect, Effect::Alert { .. })).count()
    };
    assert_eq!((tell(&mut straight), tell(&mut restored)), (1, 1));
}
