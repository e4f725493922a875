//! What must hold of visits and requests.

use super::*;
use crate::desk::DueBy;
use crate::model::errand::{RequestDeed, RequestKind, RequestOutcome, VisitDeed};

fn visited(bench: &mut Bench, clock: &str, home: &str, on: &str) -> Answer {
    let (who, on, note) = ("p2".parse().unwrap(), on.parse().unwrap(), "all well".to_owned());
    let errand = Errand::Visit(VisitDeed::Visited { who, on, note });
    answer(&bench.orders(clock, home, "p1", errand, &format!("{clock}-{home}-{on}")))
}

fn due(bench: &Bench, clock: &str) -> Vec<(String, DueBy, i64)> {
    let view = bench.desk.visits_view(at(clock));
    view.due.into_iter().map(|due| (due.home.to_string(), due.by, due.overdue_days)).collect()
}

fn card(bench: &mut Bench, home: &str, class: Class, born: Option<(i16, u8, u8)>) {
    bench.card(home, Card { class: Some(class), born, ..Card::default() });
}

#[test]
fn visits_are_due_by_class_and_the_longest_overdue_stands_first() {
    let mut bench = Bench::new(SHANGHAI);
    for (home, class) in [("red", Class::Red), ("yellow", Class::Yellow), ("blue", Class::Blue), ("new", Class::Red)] {
        card(&mut bench, home, class, None);
    }
    for (home, on) in [("red", "2026-11-01"), ("yellow", "2026-10-20"), ("blue", "2026-11-01")] {
        assert_eq!(visited(&mut bench, "12:00", home, on), Answer::Done { version: 0 });
    }
    let expected = [
        ("red".to_owned(), DueBy::Class(Class::Red), 13),
        ("yellow".to_owned(), DueBy::Class(Class::Yellow), 2),
        ("new".to_owned(), DueBy::Class(Class::Red), 0),
    ];
    assert_eq!(due(&bench, "12:00"), expected);
    let classes = bench.desk.visits_view(at("12:00")).classes;
    assert_eq!(classes, [(Class::Red, 0, 2), (Class::Yellow, 0, 1), (Class::Blue, 1, 1)]);
    visited(&mut bench, "13:00", "red", "2026-11-21");
    assert!(
        due(&bench, "13:00").iter().all(|(home, ..)| home != "red") || due(&bench, "13:00").last().unwrap().2 == -7
    );
    assert_eq!(
        visited(&mut bench, "13:00", "red", "2026-11-22"),
        Answer::Declined(Declined::Unclear("on")),
        "tomorrow"
    );
    assert_eq!(
        visited(&mut bench, "13:00", "red", "2025-11-22"),
        Answer::Declined(Declined::Unclear("on")),
        "last year"
    );
}

#[test]
fn a_visit_of_today_is_a_contact_of_today() {
    let mut bench = Bench::new(SHANGHAI);
    bench.beat("06:05", "flat", None);
    visited(&mut bench, "09:40", "flat", "2026-11-20");
    assert_eq!(bench.state("09:41", "flat"), DailyState::ToPhone, "yesterday's says nothing of today");
    visited(&mut bench, "09:50", "flat", "2026-11-21");
    assert!(matches!(bench.state("09:51", "flat"), DailyState::Ended(ended) if ended.seen));
}

#[test]
fn a_birthday_and_a_hospital_bed_are_reasons_to_go() {
    let mut bench = Bench::new(SHANGHAI);
    card(&mut bench, "born", Class::Blue, Some((1938, 11, 25)));
    card(&mut bench, "leap", Class::Blue, Some((1940, 2, 29)));
    for home in ["born", "leap"] {
        visited(&mut bench, "10:00", home, "2026-11-15");
    }
    assert_eq!(due(&bench, "12:00"), [("born".to_owned(), DueBy::Birthday(Some(88)), -4)]);
    visited(&mut bench, "108:00", "born", "2026-11-24");
    assert_eq!(due(&bench, "108:01"), []);
    // 2027-02-24: the birthday of the 29th is near.
    let february = format!("{}:00", 24 * 95 + 12);
    assert!(due(&bench, &february).contains(&("leap".to_owned(), DueBy::Birthday(Some(87)), -4)));
    bench.beat("110:00", "ward", None);
    bench.done("110:01", "ward", ContactDeed::Hospital, "h");
    assert!(due(&bench, "110:02").contains(&("ward".to_owned(), DueBy::Hospital, 0)));
}

#[test]
fn a_plan_stands_beside_the_visit_until_somebody_went() {
    let mut bench = Bench::new(SHANGHAI);
    card(&mut bench, "flat", Class::Red, None);
    let plan = |who: &str, on: &str| {
        Errand::Visit(VisitDeed::Planned { who: who.parse().unwrap(), on: on.parse().unwrap(), note: String::new() })
    };
    bench.orders("12:00", "flat", "p1", plan("p2", "2026-11-23"), "a");
    let stranger = answer(&bench.orders("12:00", "flat", "p1", plan("nobody", "2026-11-23"), "b"));
    assert_eq!(stranger, Answer::Declined(Declined::Unclear("who")));
    let past = answer(&bench.orders("12:00", "flat", "p1", plan("p2", "2026-11-20"), "c"));
    assert_eq!(past, Answer::Declined(Declined::Unclear("on")));
    let planned = |bench: &Bench, clock: &str| bench.desk.visits_view(at(clock)).due[0].planned.clone();
    assert_eq!(planned(&bench, "12:01").map(|plan| plan.who.to_string()), Some("p2".to_owned()));
    visited(&mut bench, "60:00", "flat", "2026-11-23");
    assert_eq!(planned(&bench, "60:01"), None);
}

#[test]
fn requests_have_their_own_clock_and_the_longest_overdue_stands_first() {
    let mut bench = Bench::new(SHANGHAI);
    bench.beat("06:05", "flat", None);
    let open =
        |wish: &str, kind, due: &str| Errand::Request(RequestDeed::Open { kind, wish: wish.into(), due: at(due) });
    bench.orders("08:00", "flat", "p1", open("soup", RequestKind::Meal, "12:00"), "a");
    bench.orders("08:01", "flat", "p1", open("", RequestKind::Bath, "10:00"), "b");
    let twice = answer(&bench.orders("08:01", "flat", "p1", open("", RequestKind::Bath, "10:00"), "b"));
    assert_eq!(twice, Answer::Done { version: 0 });
    let wordless = answer(&bench.orders("08:02", "flat", "p1", open(" ", RequestKind::Other, "10:00"), "c"));
    assert_eq!(wordless, Answer::Declined(Declined::Unclear("wish")));
    let open: Vec<u64> = bench.desk.requests_view(at("09:00")).open.iter().map(|row| row.request.number).collect();
    assert_eq!(open, [2, 1]);
    let (number, to) = (2, "p2".parse().unwrap());
    bench.orders("09:01", "flat", "p1", Errand::Request(RequestDeed::Assign { number, to }), "d");
    let (outcome, note) = (RequestOutcome::NotPossible, "no water".to_owned());
    let end = |number| Errand::Request(RequestDeed::End { number, outcome, note: note.clone() });
    bench.orders("09:05", "flat", "p1", end(2), "e");
    assert_eq!(
        answer(&bench.orders("09:06", "flat", "p1", end(2), "f")),
        Answer::Declined(Declined::Unclear("request"))
    );
    let view = bench.desk.requests_view(at("09:07"));
    let ended = view.ended[0].request.clone();
    assert_eq!((view.open.len(), ended.number, ended.assigned), (1, 2, Some("p2".parse().unwrap())));
    assert_eq!(
        ended.ended.map(|ended| (ended.outcome, ended.note)),
        Some((RequestOutcome::NotPossible, "no water".to_owned()))
    );
}

#[test]
fn a_home_nobody_knows_and_a_person_without_a_part_in_it_get_nothing_done() {
    let mut bench = Bench::new(SHANGHAI);
    let called = || Errand::Contact(ContactDeed::Called { result: CallResult::Reached });
    assert_eq!(answer(&bench.orders("09:00", "stranger", "p1", called(), "a")), Answer::Declined(Declined::NoSuchHome));
    bench.beat("09:00", "flat", None);
    let by = Actor::home();
    let order = Order { ticket: 1, home: id("flat"), by, errand: called(), key: "b".into() };
    assert_eq!(answer(&bench.does("09:01", Input::Order(order))), Answer::Declined(Declined::NotForRole));
    assert_eq!(bench.history.iter().filter(|line| line.contains("errand")).count(), 0);
}
