//! A home that asks by itself what waits for it.

use super::*;

#[test]
fn what_waits_for_a_home_is_what_is_sent_to_it_and_nothing_after_its_answer() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    let other = desk.told(&Book::new("other").raise(at(0)), at(1));
    assert!(desk.waiting_for(&key.home).is_empty());
    let sent = sends(&desk.clicked(&key, at(10), "p1", Deed::Take, "a"));
    assert_eq!(desk.waiting_for(&key.home), sent);
    assert_eq!(desk.restored().waiting_for(&key.home), sent, "also after a restart");
    assert!(desk.waiting_for(&other.home).is_empty());
    for notice in home.step(at(12), &sent[0]) {
        desk.told(&notice, at(12));
    }
    assert!(desk.waiting_for(&key.home).is_empty());
    desk.clicked(&key, at(20), "p1", Deed::Note { text: "her daughter has the key".into() }, "b");
    let deeds: Vec<Deed> = desk.waiting_for(&key.home).into_iter().map(|step| step.deed).collect();
    assert_eq!(deeds, [Deed::Note { text: String::new() }], "words stay at the station");
}

#[test]
fn a_desk_is_busy_with_an_open_request_that_moves_and_not_for_ever() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let flat: HomeId = "flat".parse().unwrap();
    assert!(!desk.is_busy_with(&flat, at(0)), "a home nobody knows");
    let key = desk.told(&home.raise(at(0)), at(1));
    assert!(desk.is_busy_with(&flat, at(60)) && !desk.is_busy_with(&"other".parse().unwrap(), at(60)));
    assert!(!desk.is_busy_with(&flat, at(3600)), "nobody has touched it for an hour");
    desk.clicked(&key, at(3600), "p1", Deed::Take, "a");
    assert!(desk.is_busy_with(&flat, at(3700)));
}

#[test]
fn what_waits_for_the_newest_alert_stands_before_what_was_never_confirmed() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let old = desk.told(&home.raise(at(0)), at(1));
    desk.clicked(&old, at(10), "p1", Deed::Take, "a");
    desk.clicked(&old, at(20), "p1", Deed::Depart, "b");
    let mut anew = Book::new("flat");
    let new = desk.told(&anew.raise(at(7200)), at(7201));
    desk.clicked(&new, at(7210), "p2", Deed::Take, "c");
    let keys: Vec<String> = desk.waiting_for(&new.home).into_iter().map(|step| step.key).collect();
    assert_eq!(keys, ["c", "a", "b"]);
}
