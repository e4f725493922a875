//! A change of shift.

use super::*;

fn handed(desk: &mut Desk, now: Timestamp, from: &str, to: &str) -> Vec<Effect> {
    let (from, by, why, key) = (from.parse().unwrap(), person(to), "shift".to_owned(), "change".to_owned());
    desk.does(now, Input::Handover(Handover { ticket: 1, from, by, why, key }))
}

#[test]
fn what_nobody_accepted_returns_to_everybody_and_who_is_on_the_way_keeps_it() {
    let mut desk = desk();
    let names = ["accepted", "left", "gone"];
    let mut homes = names.map(Book::new);
    let keys: Vec<AlertKey> = homes.iter_mut().map(|home| desk.told(&home.raise(at(0)), at(1))).collect();
    for key in &keys {
        desk.answer_to(key, at(10), "p1", Deed::Take, &format!("t-{}", key.home));
    }
    desk.answer_to(&keys[2], at(11), "p1", Deed::Depart, "d");
    desk.answer_to(&keys[0], at(12), "p1", Deed::HandOver { to: "p2".parse().unwrap() }, "h");
    desk.answer_to(&keys[0], at(13), "p2", Deed::Accept, "a");
    let effects = handed(&mut desk, at(20), "p1", "p2");
    assert!(matches!(answer(&effects), Answer::Done { .. }));
    let owners: Vec<_> = keys.iter().map(|key| desk.row(key)).map(|row| (row.phase, row.owner)).collect();
    let name = |n: usize| owners[n].1.as_ref().and_then(|owner| owner.actor.person.clone()).map(|id| id.to_string());
    assert_eq!((owners[0].0, name(0)), (Phase::Taken, Some("p2".into())));
    assert_eq!((owners[1].0, name(1)), (Phase::Received, None), "back, with sound");
    assert_eq!((owners[2].0, name(2)), (Phase::OnTheWay, Some("p1".into())), "in the street");
    let again = handed(&mut desk, at(21), "p1", "p2");
    assert!(!again.iter().any(|effect| matches!(effect, Effect::Record(_))), "pressed twice");
    let before = picture(&desk);
    assert_eq!(picture(&desk.restored()), before);
}

#[test]
fn nobody_takes_over_from_himself() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    desk.answer_to(&key, at(10), "p1", Deed::Take, "t");
    let effects = handed(&mut desk, at(20), "p1", "p1");
    assert_eq!(answer(&effects), Answer::Refused(Refusal::Nothing));
    assert_eq!(desk.row(&key).phase, Phase::Taken);
}
