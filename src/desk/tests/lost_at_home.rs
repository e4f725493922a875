//! A home that told something while its disk failed, and died: it knows nothing of that afterwards.

use super::*;

/// A heartbeat that says which alerts the home does not know.
fn not_known(key: &AlertKey) -> Input {
    let condition = Condition { not_known: vec![key.alert], ..Condition::default() };
    Input::Heartbeat { home: key.home.clone(), condition }
}

fn unwritten(notice: Notice) -> Notice {
    Notice { durable: false, ..notice }
}

/// How often anything was sent to the home from one instant to another.
fn sent(desk: &mut Desk, from: i64, to: i64) -> usize {
    let mut count = sends(&desk.does(at(from), Input::Tick)).len();
    while let Some(wakeup) = desk.next_wakeup().filter(|wakeup| *wakeup < at(to)) {
        count += sends(&desk.does(wakeup, Input::Tick)).len();
        desk.does(wakeup, beat("flat"));
    }
    count
}

#[test]
fn an_alert_that_its_home_lost_stays_until_a_person_here_has_seen_to_it_and_is_asked_of_nobody() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&unwritten(home.raise(at(0))), at(1));
    desk.does(at(5), not_known(&key));
    assert!(desk.row(&key).phase.is_open() && desk.row(&key).is_lost_at_home, "nobody has seen to it");
    assert!(matches!(desk.answer_to(&key, at(10), "p1", Deed::Take, "a"), Answer::Done { .. }));
    let row = desk.row(&key);
    assert_eq!((row.phase, row.unconfirmed, row.is_lost_at_home), (Phase::Taken, false, true));
    assert_eq!(sent(&mut desk, 11, 60), 0, "the home would never answer");
    assert!(desk.waiting_for(&key.home).is_empty());
    let close = Deed::Close { outcome: Outcome::FoundWell, contact: Contact::Seen };
    assert!(matches!(desk.answer_to(&key, at(60), "p1", close, "b"), Answer::Done { .. }));
    assert_eq!(desk.row(&key).phase, Phase::Closed);
    assert_eq!(picture(&desk.restored()), picture(&desk));
}

#[test]
fn what_waited_for_a_home_that_has_lost_the_alert_waits_no_longer_and_does_again_when_the_home_speaks_of_it() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&unwritten(home.raise(at(0))), at(1));
    desk.answer_to(&key, at(10), "p1", Deed::Take, "a");
    assert!(desk.row(&key).unconfirmed && sent(&mut desk, 11, 30) > 0);
    desk.does(at(30), not_known(&key));
    let effects = desk.does(at(31), not_known(&key));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Record(_))), "written down once: {effects:?}");
    assert_eq!((desk.row(&key).unconfirmed, sent(&mut desk, 32, 100)), (false, 0));
    assert_eq!(desk.row(&key).phase, Phase::Taken);
    // It had only been without its history for a while.
    desk.told(&home.enter(at(110), Actor::gateway(), Deed::Again { count: 2 }, None), at(111));
    let row = desk.row(&key);
    assert_eq!((row.unconfirmed, row.is_lost_at_home, row.count), (true, false, 2));
    assert!(sent(&mut desk, 112, 140) > 0);
}

#[test]
fn a_step_that_the_home_could_not_write_is_asked_for_until_it_is_written() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    home.enter(at(2), Actor::station("lehe".parse().unwrap()), Deed::Receive, None);
    let asked = sends(&desk.clicked(&key, at(10), "p1", Deed::Take, "a"));
    let said = home.step(at(11), &asked[0]).remove(0);
    desk.told(&unwritten(said.clone()), at(11));
    let row = desk.row(&key);
    assert_eq!((row.phase, row.unconfirmed), (Phase::Taken, true));
    assert!(sent(&mut desk, 12, 40) > 0, "the home may forget it");
    desk.told(&unwritten(said.clone()), at(41));
    assert!(desk.row(&key).unconfirmed);
    assert_eq!(picture(&desk.restored()), picture(&desk));
    desk.told(&said, at(50));
    assert_eq!((desk.row(&key).unconfirmed, sent(&mut desk, 51, 90)), (false, 0));
    assert_eq!(takes(&desk, &key), 1, "and shown once");
    assert_eq!(picture(&desk.restored()), picture(&desk));
}

#[test]
fn a_take_that_a_home_forgot_is_entered_anew_and_undone_under_its_new_number() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    home.enter(at(2), Actor::station("lehe".parse().unwrap()), Deed::Receive, None);
    let mut forgetful = home.clone();
    let asked = sends(&desk.clicked(&key, at(10), "p1", Deed::Take, "a"));
    desk.told(&unwritten(home.step(at(11), &asked[0]).remove(0)), at(11));
    // It died, and goes on with what is on its disk.
    forgetful.alert.last_step += 1_000;
    let asked = desk.waiting_for(&key.home);
    assert_eq!(asked.len(), 1);
    desk.clicked(&key, at(20), "p1", Deed::Undo { step: 0 }, "b");
    desk.told(&forgetful.step(at(21), &asked[0]).remove(0), at(21));
    let asked = desk.waiting_for(&key.home);
    assert_eq!(asked.iter().map(|step| step.deed.clone()).collect::<Vec<_>>(), [Deed::Undo { step: 1_003 }]);
    desk.told(&forgetful.step(at(22), &asked[0]).remove(0), at(22));
    let row = desk.row(&key);
    assert_eq!((row.phase, row.unconfirmed, takes(&desk, &key)), (Phase::Received, false, 1));
}

fn takes(desk: &Desk, key: &AlertKey) -> usize {
    let view = desk.alert_view(at(100), key, &person("p1")).unwrap();
    view.timeline.iter().filter(|line| line.step.deed == Deed::Take).count()
}
