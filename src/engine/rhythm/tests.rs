//! A made-up home whose resident is up from seven to ten at night, and what her days teach.

use super::*;
use crate::engine::rules::testing::home;
use crate::model::learned::LimitedBy;

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
    left.leave(clock(20, 0));
    // Whoever waters the flowers teaches nothing.
    moves(&mut left, clock(22, 600), "hall");
    left.advance(&home(), clock(27, 700));
    assert!(left.verdict().is_none_or(|verdict| verdict.since <= clock(22, 600)));
    left.come_back(clock(27, 720));
    assert_eq!(left.vacant_since(), None);
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
    fine.answered(clock(15, 900));
    let again = fine.verdict().expect("asked again");
    assert_eq!((again.since, again.limit), (clock(15, 900), verdict(&learned(15), 15).limit));
    for habits in [&mut fine, &mut helped] {
        (1010..1300).step_by(20).for_each(|minute| moves(habits, clock(15, minute), "hall"));
        habits.advance(&home(), clock(16, 1));
        assert_eq!(habits.model().days, 16);
    }
    let longest = |habits: &Habits| {
        habits.days.back().unwrap().rows.iter().filter(|row| row.minute == 600).map(|row| row.secs).max()
    };
    assert_eq!(longest(&fine), Some(410 * 60));
    assert_eq!(longest(&helped), None);
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
        |habits| habits.partly_blind(),
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
        let rows = &habits.days.back().expect("a day").rows;
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
