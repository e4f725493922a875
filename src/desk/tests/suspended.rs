//! What the staff asks for a home that is to be other than usual.

use super::*;
use crate::model::errand::{Declined, Errand};
use crate::model::suspension::{Absence, Change, Suspension};

const HOUR: i64 = 3600;

fn flat() -> HomeId {
    "flat".parse().unwrap()
}

fn stay(owner: &str, until: i64) -> Suspension {
    Suspension { kind: Absence::Hospital, owner: owner.into(), why: "hip".into(), from: at(0), until: at(until) }
}

impl Desk {
    fn ordered(&mut self, now: i64, who: &str, errand: Errand, key: &str) -> Vec<Effect> {
        let (by, key) = (person(who), key.to_owned());
        self.does(at(now), Input::Order(Order { ticket: 1, home: flat(), by, errand, key }))
    }

    fn stands(&self, now: i64) -> Vec<Stand> {
        self.suspensions_of(at(now), &flat()).into_iter().map(|view| view.stand).collect()
    }
}

fn asks(effects: &[Effect]) -> Vec<Suspending> {
    let asks = effects.iter().filter_map(|effect| match effect {
        Effect::Suspend(asked) => Some(asked.clone()),
        Effect::Record(_) | Effect::Receipt { .. } | Effect::Answer { .. } | Effect::Changed(_) | Effect::Send(_) => {
            None
        }
        Effect::Happened(_) => None,
    });
    asks.collect()
}

fn told(suspended: &[&Suspension], refused: &[(&str, &str)]) -> Input {
    let held = |one: &&Suspension| Suspended {
        kind: Some(one.kind),
        owner: one.owner.clone(),
        why: one.why.clone(),
        from: one.from,
        until: one.until,
    };
    let refused = refused.iter().map(|(id, why)| SuspensionRefused { id: (*id).into(), why: (*why).into() });
    let suspended = suspended.iter().map(held).collect();
    let condition = Condition { suspended, refused: refused.collect(), ..Condition::default() };
    Input::Heartbeat { home: flat(), condition }
}

#[test]
fn what_is_asked_is_repeated_until_the_home_shows_it_and_after_a_restart_too() {
    let mut desk = desk();
    desk.does(at(0), told(&[], &[]));
    let wanted = stay("p1", 20 * HOUR);
    let first = asks(&desk.ordered(10, "p1", Errand::Suspend(wanted.clone()), "a"));
    assert_eq!(first.len(), 1, "at once");
    assert_eq!(desk.stands(11), [Stand::Asked(at(10))], "asked, the home has not confirmed");
    let mut times = Vec::new();
    while let Some(wakeup) = desk.next_wakeup().filter(|wakeup| *wakeup < at(80)) {
        times.extend(asks(&desk.does(wakeup, Input::Tick)).iter().map(|_| (wakeup - at(10)).num_seconds()));
    }
    assert_eq!(times, [5, 15, 35, 65]);
    let mut restored = desk.restored();
    assert_eq!(asks(&restored.does(at(100), Input::Tick)), first, "under the same name");
    assert_eq!(desk.suspensions_waiting_for(&flat()), first, "and for a home that asks by itself");

    desk.does(at(110), told(&[&wanted], &[]));
    assert_eq!(desk.stands(111), [Stand::InForce]);
    assert!(desk.suspensions_waiting_for(&flat()).is_empty());
    assert!(asks(&desk.does(at(5000), Input::Tick)).is_empty());
    let restored = desk.restored();
    assert_eq!(restored.stands(112), [Stand::InForce], "before the home is heard again, as it said last");
    assert!(restored.suspensions_waiting_for(&flat()).is_empty());
    assert_eq!(restored.stands(20 * HOUR + 1), [Stand::Over], "ended by itself");
    assert!(restored.stands(45 * HOUR).is_empty());
}

#[test]
fn a_refusal_is_shown_in_the_words_of_the_home_and_ends_the_asking() {
    let mut desk = desk();
    desk.does(at(0), told(&[], &[]));
    let asked = asks(&desk.ordered(10, "p1", Errand::Suspend(stay("p1", HOUR)), "a"));
    desk.does(at(12), told(&[], &[("another", "not ours")]));
    assert_eq!(desk.stands(12), [Stand::Asked(at(10))], "a heartbeat goes to every point: only our own ids count");
    desk.does(at(13), told(&[], &[(&asked[0].id, "its end is over already")]));
    assert_eq!(desk.stands(14), [Stand::Refused("its end is over already".into())]);
    assert_eq!(desk.restored().stands(14), desk.stands(14));
    assert!(asks(&desk.does(at(500), Input::Tick)).is_empty());
}

#[test]
fn an_end_that_comes_before_the_home_answers_is_told_as_never_confirmed() {
    let mut desk = desk();
    desk.does(at(0), told(&[], &[]));
    desk.ordered(10, "p1", Errand::Suspend(stay("p1", 60)), "a");
    assert!(asks(&desk.does(at(61), Input::Tick)).is_empty());
    assert_eq!(desk.stands(61), [Stand::NeverConfirmed]);
}

#[test]
fn a_suspension_is_ended_early_and_shown_as_ending_until_the_home_says_so() {
    let mut desk = desk();
    let held = stay("home-visit", 20 * HOUR);
    desk.does(at(0), told(&[&held], &[]));
    assert_eq!(desk.stands(1), [Stand::InForce], "also one that was set at the box");
    let asked = asks(&desk.ordered(10, "p1", Errand::EndSuspension { kind: Absence::Hospital }, "a"));
    assert_eq!(asked[0].what, Change::End { kind: Absence::Hospital, owner: "p1".into() });
    desk.does(at(11), told(&[&held], &[]));
    assert_eq!(desk.stands(11), [Stand::Ending(at(10))]);
    assert_eq!(desk.suspensions_waiting_for(&flat()).len(), 1);
    desk.does(at(12), told(&[], &[]));
    assert!(desk.stands(12).is_empty() && desk.suspensions_waiting_for(&flat()).is_empty());
    let again = desk.ordered(13, "p1", Errand::EndSuspension { kind: Absence::Hospital }, "b");
    assert_eq!(answer(&again), Answer::Declined(Declined::Unclear("suspend_not_there")));
}

#[test]
fn nobody_suspends_without_end_reason_or_right_nor_for_longer_than_is_theirs() {
    let mut desk = desk();
    desk.does(at(0), told(&[], &[]));
    let mut why_not =
        |who: &str, wanted: Suspension, key: &str| answer(&desk.ordered(10, who, Errand::Suspend(wanted), key));
    let unclear = |what| Answer::Declined(Declined::Unclear(what));
    let day = 24 * HOUR;
    assert_eq!(why_not("p1", stay("p1", 8 * day), "a"), unclear("suspend_week"));
    assert_eq!(why_not("boss", stay("boss", 31 * day), "b"), unclear("suspend_month"));
    assert_eq!(why_not("p1", stay("p1", 5), "c"), unclear("suspend_needs_end"));
    assert_eq!(why_not("p1", stay("p2", HOUR), "d"), unclear("suspend_needs_owner"));
    assert_eq!(why_not("p1", Suspension { why: " ".into(), ..stay("p1", HOUR) }, "e"), unclear("suspend_needs_reason"));
    assert_eq!(why_not("p1", Suspension { why: "x\ny".into(), ..stay("p1", HOUR) }, "f"), unclear("suspend_words"));
    assert_eq!(why_not("out", stay("out", HOUR), "g"), Answer::Declined(Declined::NotForRole));
    assert!(matches!(why_not("boss", stay("boss", 30 * day), "h"), Answer::Done { .. }));
    assert!(matches!(why_not("p1", stay("p1", 7 * day), "i"), Answer::Done { .. }));
    assert!(matches!(why_not("p1", stay("p1", 7 * day), "i"), Answer::Done { .. }), "the same click again");
}

#[test]
fn a_suspension_holds_no_alert_off_the_desk() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let wanted = stay("p1", 20 * HOUR);
    desk.does(at(0), told(&[&wanted], &[]));
    let key = desk.told(&home.raise(at(5)), at(6));
    assert_eq!(desk.row(&key).phase, Phase::Received);
}
