//! A question at home as the desk sees it: below everything, without a clock, and over by itself.

use super::*;
use crate::model::found::{Check, Limited};
use crate::model::home::Service;
use crate::model::lifecycle::CheckEnd;
use crate::model::reason::{Severity, SignOfLife};

fn check(home: &str, now: Timestamp) -> (Book, Notice) {
    let (of, lasts) = (Limited::Inactivity, Span::hours(4));
    let check = Check { of, since: now - lasts, lasts, due: now + Span::hours(2), room: None, last_life: None };
    let mut book = Book::new(home);
    let notice = book.raise_of(now, Reason::Check(check));
    (book, notice)
}

#[test]
fn a_question_stands_below_a_request_and_no_clock_of_it_ever_runs() {
    let mut desk = desk();
    let (_, asked) = check("flat", at(0));
    let asked = desk.told(&asked, at(1));
    let meal = Reason::ServiceButton { sensor: "meal".parse().unwrap(), room: None, service: Service::Meal };
    let meal = desk.told(&Book::new("other").raise_of(at(60), meal), at(61));
    let row = desk.row(&asked);
    assert_eq!((row.take_by, row.due_at), (None, None));
    let notices = |desk: &Desk| desk.view(at(62), &person("p1")).band(BandName::Notices).to_vec();
    assert_eq!(notices(&desk).iter().map(|row| row.key.clone()).collect::<Vec<_>>(), [meal.clone(), asked.clone()]);
    let mut of = Vec::new();
    while let Some(wakeup) = desk.next_wakeup().filter(|wakeup| *wakeup <= at(6 * 3600)) {
        for effect in desk.does(wakeup, Input::Tick) {
            if let Effect::Record(Recorded::Done { alert, .. }) = effect {
                of.push(alert);
            }
        }
        desk.does(wakeup, beat("flat"));
        desk.does(wakeup, beat("other"));
    }
    of.retain(|key| key.alert.number < STATION_NUMBERS);
    assert_eq!(of, [meal], "the request is overlooked after hours, a question never");
}

#[test]
fn a_question_that_is_over_leaves_the_queue_and_shows_what_was_seen() {
    let mut desk = desk();
    let (mut home, asked) = check("flat", at(0));
    let key = desk.told(&asked, at(1));
    desk.answer_to(&key, at(5), "p1", Deed::Take, "a");
    let sign = SignOfLife { at: at(30), sensor: "hall".parse().unwrap(), room: None };
    let over = Deed::CheckOver { how: CheckEnd::Answered { sign: sign.clone() } };
    let notice = home.enter(at(30), Actor { via: None, ..Actor::home() }, over, None);
    desk.told(&notice, at(31));
    let view = desk.view(at(32), &person("p1"));
    assert_eq!((view.band(BandName::Notices).len(), view.band(BandName::JustClosed).len()), (0, 1));
    let row = desk.row(&key);
    assert_eq!((row.phase, row.life_since, row.owner.is_none()), (Phase::Cancelled, Some(sign), true));
    assert!(row.primary.is_none() && desk.restored().row(&key).phase == Phase::Cancelled);
}

#[test]
fn an_alert_cannot_be_ended_like_a_question() {
    let mut home = Book::new("flat");
    home.raise(at(0));
    let over = Deed::CheckOver { how: CheckEnd::LimitPassed };
    let judged = home.alert.judge(at(1), &Actor::gateway(), &over, &Timers::default());
    assert_eq!(judged, Err(Refusal::Nothing));
}

#[test]
fn a_test_of_the_ways_out_stands_marked_without_a_clock_and_ends_by_itself() {
    let mut desk = desk();
    let mut home = Book::new("flat");
    let notice = home.raise_of(at(0), Reason::Test { by_hand: false });
    let state = BookState { test: true, ..notice.state.clone() };
    let key = desk.told(&Notice { state, ..notice }, at(1));
    let row = desk.row(&key);
    assert_eq!((row.test, row.severity, row.take_by, row.due_at), (true, Severity::Notice, None, None));
    while let Some(wakeup) = desk.next_wakeup().filter(|wakeup| *wakeup <= at(6 * 3600)) {
        for effect in desk.does(wakeup, Input::Tick) {
            let Effect::Record(Recorded::Done { alert, .. }) = effect else { continue };
            assert_ne!(alert, key, "nobody is reminded of a test whose end never came");
        }
        desk.does(wakeup, beat("flat"));
    }
}
