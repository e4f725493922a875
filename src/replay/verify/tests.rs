//! What a made-up gateway wrote down, decided again.

use super::*;
use crate::engine::circle::Circle;
use crate::engine::rules::Settings;
use crate::model::home::{Home, Sensor, SensorKind};
use crate::model::lifecycle::Deed;
use crate::model::observation::{Evidence, Measure, Observation};
use crate::model::time::{Zone, from_millis};

fn at(minute: i64) -> Timestamp {
    from_millis(1_770_000_000_000 + minute * 60_000)
}

fn engine() -> Engine {
    let (room, service, hold, silent_after, burst) = (None, None, None, None, None);
    let (kind, checks_in, offline_is_silent, source) = (SensorKind::Motion, true, false, "mqtt".to_owned());
    let id: crate::model::ids::SensorId = "hall".parse().unwrap();
    let hall =
        Sensor { id: id.clone(), room, kind, service, hold, silent_after, offline_is_silent, checks_in, burst, source };
    let home = Home {
        id: "made-up-1".parse().unwrap(),
        place: "3-2-201".into(),
        zone: Zone::utc(),
        sensors: [(id, hall)].into(),
    };
    Engine::new(home, &Settings::default(), Circle::default())
}

fn motion(minute: i64) -> Recorded {
    let (measure, evidence) = (Measure::Motion(true), Evidence::Event);
    let sensor = "hall".parse().unwrap();
    Recorded::Observed(Observation { at: at(minute), sensor, measure, evidence, copy: false })
}

/// What a gateway writes that is started, sees somebody once, and finds the silence after it.
fn day() -> Vec<Recorded> {
    let configured = |minute| Recorded::Configured {
        at: at(minute),
        hash: "a".into(),
        program: "1".into(),
        clock_trusted: true,
        steps_on: 0,
    };
    let inputs = [
        configured(0),
        Recorded::Started { at: at(0), blind_since: None },
        motion(1),
        Recorded::Watching { at: at(900) },
        configured(1000),
        Recorded::Started { at: at(1000), blind_since: Some(at(999)) },
        motion(1001),
    ];
    lived(inputs)
}

/// What a gateway writes that is told all this.
fn lived(inputs: impl IntoIterator<Item = Recorded>) -> Vec<Recorded> {
    let mut lines = Vec::new();
    let mut live = engine();
    for line in inputs {
        if matches!(line, Recorded::Configured { .. }) {
            live = engine().restore(lines.clone());
        } else if !matches!(line, Recorded::Started { .. }) {
            drive::until(&mut live, line.at(), |_, effects| lines.extend(effects.into_iter().filter_map(written)));
        }
        let decided = input(&line).map(|input| live.handle(line.at(), input)).unwrap_or_default();
        lines.push(line);
        lines.extend(decided.into_iter().filter_map(written));
    }
    lines
}

fn written(effect: Effect) -> Option<Recorded> {
    match effect {
        Effect::Alert { alert, step } => Some(Recorded::Step { alert, step }),
        Effect::Learned(day) => Some(Recorded::Day(*day)),
        Effect::Notify { .. } | Effect::Local(_) => None,
    }
}

fn verified(lines: &[Recorded], hash: &str) -> Verified {
    verify(engine(), lines, Limits { hash, from: None, whole_from: at(0) }, |_| ())
}

#[test]
fn what_was_decided_is_decided_again() {
    let day = day();
    let steps = day.iter().filter(|line| matches!(line, Recorded::Step { .. })).count() as u64;
    let found = verified(&day, "a");
    assert_eq!(found.difference, None);
    assert!(steps >= 2, "a raise and a sign of life");
    assert_eq!((found.same(), found.stretches.len()), (steps, 2));
}

#[test]
fn a_step_that_is_missing_added_or_changed_is_the_first_difference() {
    let day = day();
    let raise = day.iter().position(|line| matches!(line, Recorded::Step { .. })).unwrap();
    let mut missing = day.clone();
    missing.remove(raise);
    let found = verified(&missing, "a").difference.unwrap();
    assert!(found.replayed.unwrap().contains("inactivity"));
    let mut added = day.clone();
    added.insert(raise, day[raise].clone());
    let found = verified(&added, "a").difference.unwrap();
    assert!(found.recorded.is_some() && found.replayed.is_none());
    let mut changed = day.clone();
    if let Recorded::Step { step, .. } = &mut changed[raise] {
        step.at += Span::milliseconds(1);
        assert!(matches!(step.deed, Deed::Raise { .. }));
    }
    let found = verified(&changed, "a").difference.unwrap();
    assert!(found.recorded.is_some() && found.replayed.is_some());
    let mut unheard = day;
    unheard.retain(|line| !matches!(line, Recorded::Observed(o) if o.at == at(1)));
    assert!(verified(&unheard, "a").difference.is_some(), "an input that is missing is noticed");
}

#[test]
fn what_another_configuration_decided_is_left_out_and_said() {
    let found = verified(&day(), "b");
    assert_eq!((found.difference.is_none(), found.same()), (true, 0));
    assert!(found.stretches.iter().all(|stretch| stretch.same.is_none()));
}

/// Six days, up for sixteen hours of each, with a restart over the last midnight but one.
fn days() -> Vec<Recorded> {
    let configured =
        |at| Recorded::Configured { at, hash: "a".into(), program: "1".into(), clock_trusted: true, steps_on: 0 };
    let midnight = at(0) + Span::seconds(86_400 - at(0).timestamp().rem_euclid(86_400));
    let first_minute = (midnight - at(0)).num_minutes();
    let day = |day: i64| (420..1380).step_by(15).map(move |minute| motion(first_minute + day * 1440 + minute));
    let begun = [configured(midnight), Recorded::Started { at: midnight, blind_since: None }];
    let down = midnight + Span::days(3) + Span::minutes(1400);
    let up = midnight + Span::days(4) + Span::minutes(10);
    let again = [configured(up), Recorded::Started { at: up, blind_since: Some(down) }];
    lived(begun.into_iter().chain((0..4).flat_map(day)).chain(again).chain((4..6).flat_map(day)))
}

#[test]
fn what_the_days_taught_is_learned_again_also_over_a_restart() {
    let lines = days();
    let written = lines.iter().filter(|line| matches!(line, Recorded::Day(_))).count() as u64;
    let found = verified(&lines, "a");
    assert_eq!((found.difference, found.day_difference), (None, None));
    assert_eq!((written, found.days_same, found.days_differ), (5, 5, 0));
}

#[test]
fn a_day_that_taught_something_else_is_shown_with_both_sides_and_what_was_written_down_is_believed() {
    let mut lines = days();
    let day = lines.iter_mut().find_map(|line| if let Recorded::Day(day) = line { Some(day) } else { None });
    day.expect("a day was closed").rows[0].secs += 1;
    let found = verified(&lines, "a");
    assert_eq!((found.days_same, found.days_differ, found.difference), (4, 1, None));
    let difference = found.day_difference.expect("it is told");
    assert!(
        difference.recorded.is_some() && difference.replayed.is_some() && difference.recorded != difference.replayed
    );

    let mut missing = days();
    let day = missing.iter().position(|line| matches!(line, Recorded::Day(_))).unwrap();
    let day = missing.remove(day);
    let found = verified(&missing, "a");
    // Whoever starts without it learns it from its readings, and would write it down then.
    assert_eq!((found.days_same, found.days_differ), (4, 2));
    assert!(found.day_difference.is_some_and(|difference| difference.recorded.is_none()));

    let mut added = days();
    added.push(day);
    assert_eq!(verified(&added, "a").days_differ, 1, "a day that was closed long ago");
}
