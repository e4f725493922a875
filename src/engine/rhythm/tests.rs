//! A made-up home whose resident is up from seven to ten at night, and what her days teach.

use super::*;
use crate::engine::circle::Circle;
use crate::engine::rules::Settings;
use crate::engine::rules::testing::{home, observed};
use crate::engine::seen::Seen;
use crate::engine::{Effect, Engine, Input};
use crate::model::learned::{LimitedBy, SilenceRow};
use crate::model::observation::{Evidence, Measure};
use crate::model::recorded::Recorded;
use crate::model::suspension::{Absence, Change, Suspension};

const LIMITS: Limits = Limits {
    target: 1.0,
    cold_start: Span::hours(12),
    at_least: Span::minutes(20),
    most_at_home: Span::hours(12),
    most_away: Span::hours(24),
};

fn clock(day: i64, minute: i64) -> Timestamp {
    crate::engine::rules::testing::at("00:00") + Span::days(day) + Span::minutes(minute)
}

/// She passes a sensor every so many minutes of this day.
fn lives(habits: &mut Habits, day: i64, every: usize) {
    for (nth, minute) in (7 * 60..22 * 60).step_by(every).enumerate() {
        moves(habits, clock(day, minute + (nth as i64 * 7 + day * 3) % 5), if nth % 3 == 0 { "bath" } else { "hall" });
    }
}

fn moves(habits: &mut Habits, at: Timestamp, sensor: &str) {
    let home = home();
    habits.advance(&home, at);
    habits.life(at, &home.sensors[&sensor.parse().unwrap()]);
}

fn learned(days: i64) -> Habits {
    let mut habits = Habits::new(LIMITS);
    (0..days).for_each(|day| lives(&mut habits, day, 25));
    habits
}

/// The verdict on a silence that begins in the hall at ten in the morning of this day.
fn verdict(habits: &Habits, day: i64) -> Verdict {
    let mut habits = habits.clone();
    moves(&mut habits, clock(day, 600), "hall");
    habits.advance(&home(), clock(day, 606));
    habits.verdict().expect("a silence of six minutes has a limit")
}

#[test]
fn what_was_learned_comes_back_from_the_lines_of_the_days_alone() {
    let mut lived = learned(20);
    lived.advance(&home(), clock(20, 1));
    let mut recalled = Habits::new(LIMITS);
    lived.take_untold().into_iter().for_each(|day| {
        recalled.advance(&home(), day.at);
        recalled.recall(&home(), day);
    });
    assert_eq!(recalled.model().days, 20);
    assert_eq!(verdict(&recalled, 20), verdict(&lived, 20), "without a single raw observation");
    assert_eq!(verdict(&lived, 20).by, LimitedBy::Tail);
    assert!(verdict(&lived, 20).limit < Span::hours(4), "{:?}", verdict(&lived, 20));
}

#[test]
fn an_absence_is_cut_from_the_days_and_its_end_is_a_beginning() {
    let (mut stayed, mut left) = (learned(20), learned(20));
    stayed.advance(&home(), clock(20, 0));
    left.advance(&home(), clock(20, 0));
    left.leave(clock(20, 0), false);
    // Whoever waters the flowers teaches nothing.
    moves(&mut left, clock(22, 600), "hall");
    left.advance(&home(), clock(27, 700));
    assert!(left.verdict().is_none_or(|verdict| verdict.since <= clock(22, 600)));
    left.come_back(clock(27, 720));
    assert_eq!(left.vacancy.since, None);
    left.advance(&home(), clock(28, 1));
    assert_eq!(left.model().days, stayed.model().days, "eight days in which nobody was there are no days");
    assert_eq!(verdict(&left, 28).limit, verdict(&stayed, 20).limit);
    let since = left.verdict().expect("the silence after the return is watched").since;
    assert_eq!(since, clock(27, 720));
}

#[test]
fn days_with_guests_never_shorten_limits() {
    let (alone, mut with_guests) = (learned(20), learned(20));
    with_guests.advance(&home(), clock(20, 0));
    with_guests.visited(true);
    (20..25).for_each(|day| lives(&mut with_guests, day, 6));
    with_guests.visited(false);
    with_guests.advance(&home(), clock(25, 1));
    assert_eq!(with_guests.model().days, 20, "days of guests are no days of hers");
    assert_eq!(verdict(&with_guests, 25).limit, verdict(&alone, 20).limit);
}

#[test]
fn an_emergency_is_never_learned_and_what_was_fine_is() {
    let mut fine = learned(15);
    let mut helped = learned(15);
    for habits in [&mut fine, &mut helped] {
        moves(habits, clock(15, 600), "hall");
        habits.advance(&home(), clock(15, 1000));
    }
    helped.never_learn(clock(15, 900));
    fine.answered(clock(15, 900), clock(15, 900));
    let again = fine.verdict().expect("asked again");
    assert_eq!((again.since, again.limit), (clock(15, 900), verdict(&learned(15), 15).limit));
    for habits in [&mut fine, &mut helped] {
        (1010..1300).step_by(20).for_each(|minute| moves(habits, clock(15, minute), "hall"));
        habits.advance(&home(), clock(16, 1));
        assert_eq!(habits.model().days, 16);
    }
    let longest = |habits: &Habits| {
        habits.basis.days().last().unwrap().rows.iter().filter(|row| row.minute == 600).map(|row| row.secs).max()
    };
    assert_eq!(longest(&fine), Some(410 * 60));
    assert_eq!(longest(&helped), None);
}

#[test]
fn an_answer_about_an_earlier_silence_does_not_lengthen_the_one_that_goes_on() {
    let mut habits = learned(15);
    moves(&mut habits, clock(15, 600), "hall");
    habits.advance(&home(), clock(15, 1000));
    let before = habits.verdict().expect("it is quiet");
    habits.answered(clock(15, 500), clock(15, 900));
    assert_eq!(habits.verdict(), Some(before));
}

#[test]
fn a_silence_that_was_answered_is_asked_again_before_the_home_is_given_up() {
    let mut habits = learned(15);
    moves(&mut habits, clock(15, 600), "hall");
    let contact = clock(15, 600) + LIMITS.most_at_home + Span::hours(1);
    habits.advance(&home(), contact);
    habits.answered(contact - Span::hours(1), contact);
    habits.advance(&home(), contact + LIMITS.most_at_home);
    let again = habits.verdict().expect("asked again");
    assert!(again.too_long_at() <= contact + LIMITS.most_at_home, "{again:?}");
}

#[test]
fn two_ways_that_were_lost_one_after_the_other_are_one_gap() {
    let mut habits = learned(15);
    moves(&mut habits, clock(15, 600), "hall");
    habits.partly_blind(clock(15, 610));
    habits.partly_blind(clock(15, 669));
    habits.wholly_seen_again(clock(15, 670), Span::seconds(30));
    habits.advance(&home(), clock(15, 700));
    assert_eq!(habits.verdict().expect("it is quiet").since, clock(15, 670), "an hour of it was not seen");
}

#[test]
fn sensors_that_are_gone_lengthen_the_limit_by_what_they_saw_and_never_beyond_the_ceiling() {
    let habits = learned(20);
    let verdict = verdict(&habits, 20);
    let without = |names: &[&str]| habits.limit_without(&verdict, |id| names.contains(&id.as_str()));
    assert_eq!(without(&[]), verdict.limit);
    let (bath, hall) = (without(&["bath"]), without(&["hall"]));
    assert!(verdict.limit < bath && bath < hall, "the hall saw more: {bath} {hall}");
    assert!(without(&["bath", "hall"]) <= (verdict.limit * 3).min(LIMITS.most_at_home));
}

#[test]
fn a_clock_that_is_set_and_partial_blindness_teach_nothing() {
    for disturb in [
        (|habits: &mut Habits| habits.shift(Span::hours(2), clock(15, 840), &home())) as fn(&mut Habits),
        |habits| habits.partly_blind(clock(15, 840)),
        |habits| {
            habits.blind(clock(15, 710));
            habits.seen_again(clock(15, 710), clock(15, 720), false);
        },
    ] {
        let mut habits = learned(15);
        moves(&mut habits, clock(15, 600), "hall");
        habits.advance(&home(), clock(15, 720));
        disturb(&mut habits);
        (1010..1300).step_by(20).for_each(|minute| moves(&mut habits, clock(15, minute), "hall"));
        habits.advance(&home(), clock(16, 1));
        let rows = &habits.basis.days().last().expect("a day").rows;
        assert_eq!(habits.model().days, 16);
        assert!(rows.iter().all(|row| row.secs < 2 * 3600 || row.minute > 1200), "{rows:?}");
    }
}

#[test]
fn a_home_is_never_given_up_before_the_longest_limit_has_spoken() {
    for most_away in [Span::hours(24), Span::hours(48)] {
        let mut habits = Habits::new(Limits { most_away, ..LIMITS });
        moves(&mut habits, clock(0, 600), "hall");
        moves(&mut habits, clock(0, 700), "front");
        let left_at = clock(0, 700);
        habits.advance(&home(), left_at + most_away);
        assert!(habits.verdict().is_some(), "a limit of {most_away} speaks");
        habits.advance(&home(), left_at + most_away + Span::hours(1));
        assert!(habits.verdict().is_none(), "and an hour later nobody is waited for");
    }
}

/// The line of a day of which people had so many alerts, or that was no day of hers.
fn taught(day: i64, counts: bool, alerts: u16) -> LearnedDay {
    LearnedDay {
        at: clock(day + 1, 0),
        until: clock(day + 1, 0),
        counts,
        vacant: false,
        sensors: Vec::new(),
        rows: Vec::new(),
        slots: Vec::new(),
        counted: true,
        reached: Vec::new(),
        alerts,
        together: Vec::new(),
        at_door: Vec::new(),
        running: None,
    }
}

fn recall(habits: &mut Habits, day: LearnedDay) {
    habits.advance(&home(), day.at);
    habits.recall(&home(), day);
}

#[test]
fn time_that_was_not_watched_for_two_reasons_is_cut_once() {
    let counts = |spans: &[(i64, i64)]| {
        let mut today = Today::opened(clock(0, 0), &home().zone);
        (0..10).for_each(|_| today.saw(0, false));
        spans.iter().for_each(|(from, to)| today.not_watched(clock(0, from * 60), clock(0, to * 60)));
        today.counts()
    };
    assert!(counts(&[(1, 8), (2, 9)]), "eight hours of it");
    assert!(counts(&[(4, 5), (3, 12), (12, 15)]), "twelve");
    assert!(!counts(&[(4, 5), (6, 7), (3, 12), (12, 16)]), "thirteen");
    assert!(!counts(&[(0, 7), (12, 18)]), "thirteen, apart");
}

#[test]
fn alerts_of_the_last_30_days_are_of_days_of_the_calendar() {
    let mut habits = Habits::new(LIMITS);
    recall(&mut habits, taught(0, true, 1));
    recall(&mut habits, taught(1, true, 2));
    (2..30).for_each(|day| recall(&mut habits, taught(day, false, 0)));
    let alerts = |habits: &mut Habits, day| {
        habits.advance(&home(), clock(day, 10));
        habits.alerts_of_30_days()
    };
    assert_eq!(alerts(&mut habits, 30), 3);
    recall(&mut habits, taught(30, true, 4));
    assert_eq!(alerts(&mut habits, 31), 6, "the first day was 31 days ago");
    assert_eq!(alerts(&mut habits, 60), 4);
    assert_eq!(alerts(&mut habits, 61), 0);
}

#[test]
fn a_day_that_was_none_of_hers_as_it_was_written_down_is_taken_back() {
    let mut habits = learned(20);
    habits.advance(&home(), clock(20, 1));
    assert_eq!(habits.model().days, 20);
    habits.recall(&home(), taught(19, false, 0));
    assert_eq!(habits.model().days, 19);
    habits.recall(&home(), taught(4, true, 0));
    assert_eq!(habits.model().days, 19, "one in the place of the one that was reckoned");
}

#[test]
fn the_first_day_after_hospital_teaches_nothing_and_the_first_after_a_holiday_does() {
    for (kind, days) in [(Absence::Hospital, [20, 21]), (Absence::Holiday, [21, 22])] {
        let mut seen = Seen::new(&home(), &Settings::default());
        seen.habits = learned(20);
        seen.habits.advance(&home(), clock(20, 0));
        let (owner, why) = ("p-03".to_owned(), String::new());
        let (from, until) = (clock(20, 0), clock(27, 300));
        let absence = Suspension { kind, owner, why, from, until };
        seen.suspend(&home(), clock(20, 0), &Change::Begin(absence));
        seen.pass(&home(), clock(27, 300));
        for (day, known) in [27, 28].into_iter().zip(days) {
            lives(&mut seen.habits, day, 25);
            seen.habits.advance(&home(), clock(day + 1, 1));
            assert_eq!(seen.habits.model().days, known, "{kind:?}, day {day}");
        }
        lives(&mut seen.habits, 29, 25);
        moves(&mut seen.habits, clock(30, 500), "hall");
        seen.habits.advance(&home(), clock(30, 510));
        assert!(seen.habits.verdict().is_some(), "she is watched all the same");
    }
}

#[test]
fn a_database_from_before_the_lines_of_days_begins_to_learn_from_its_readings() {
    let motion = |day, minute, on| {
        Recorded::Observed(observed("hall", clock(day, minute), Measure::Motion(on), Evidence::Event))
    };
    let readings = (0..12).flat_map(|day| {
        (7 * 60..22 * 60)
            .step_by(25)
            .flat_map(move |minute| [motion(day, minute, true), motion(day, minute + 1, false)])
    });
    let circle = Circle::default();
    let mut engine = Engine::new(home(), &Settings::default(), circle).restore(readings);
    let written = |effects: Vec<Effect>| {
        let day = |effect| if let Effect::Learned(day) = effect { Some(day.until) } else { None };
        effects.into_iter().filter_map(day).collect::<Vec<_>>()
    };
    let days = written(engine.handle(clock(12, 1), Input::Tick));
    assert_eq!(days, (1..=12).map(|day| clock(day, 0)).collect::<Vec<_>>(), "they are written down now");
    assert!(engine.seen().habits.has_learned());
    assert!(written(engine.handle(clock(12, 2), Input::Tick)).is_empty());
}

/// Bytes behind a remembered day.
fn heap_bytes(day: &LearnedDay) -> usize {
    size_of::<LearnedDay>()
        + day.rows.capacity() * size_of::<SilenceRow>()
        + day.slots.capacity() * size_of::<i32>()
        + day.reached.capacity()
        + day.together.capacity() * size_of::<(u16, u16, u32)>()
        + day.at_door.capacity() * size_of::<(u16, u32, u32)>()
}

#[test]
fn two_years_that_come_back_from_their_lines_take_no_more_than_300_kilobytes() {
    let sensors: Vec<SensorId> = (0..12).map(|n| format!("sensor-{n}").parse().unwrap()).collect();
    let mut habits = Habits::new(LIMITS);
    for day in 0..730 {
        let row = |n: u16| SilenceRow {
            start_secs: clock(day, i64::from(n) * 25).timestamp(),
            secs: 300 + u32::from(n) * 40,
            minute: n * 25,
            sensor: n % 12,
            exit: 0,
            recent: 3,
        };
        let line = LearnedDay {
            sensors: sensors.clone(),
            rows: (0..55).map(row).collect(),
            slots: vec![60; 48],
            together: (0..12).flat_map(|a| (a..12).map(move |b| (a, b, 5))).collect(),
            at_door: (0..12).map(|sensor| (sensor, 20, 0)).collect(),
            ..taught(day, true, 0)
        };
        recall(&mut habits, line);
    }
    let days: usize = habits.basis.days().iter().map(|day| heap_bytes(day)).sum();
    let (model, today) =
        (habits.model().heap_bytes(), habits.today.as_ref().map_or(0, |today| today.slots.capacity() * 4));
    assert_eq!(habits.model().days, 90);
    assert!(days + model + today < 300_000, "{days} + {model} + {today}");
}
