//! What other systems are told: each thing once.

use super::*;
use crate::model::event::{EventData, EventKind};
use crate::model::lifecycle::CallResult;

/// The kinds of what these effects tell, with the phase where it is about an alert.
fn told(effects: &[Effect]) -> Vec<(EventKind, Option<Phase>)> {
    let events = effects.iter().filter_map(|effect| match effect {
        Effect::Happened(event) => Some(event),
        Effect::Record(_) | Effect::Receipt { .. } | Effect::Send(_) | Effect::Answer { .. } | Effect::Changed(_) => {
            None
        }
        Effect::Suspend(_) => None,
    });
    let phase = |data: &EventData| match data {
        EventData::Alert(step) => Some(step.phase),
        EventData::Home(_)
        | EventData::Fault(_)
        | EventData::Daily(_)
        | EventData::DayClosed(_)
        | EventData::Suspension(_)
        | EventData::Test(_)
        | EventData::Station(_) => None,
    };
    events.map(|event| (event.kind, phase(&event.data))).collect()
}

/// Those about alerts.
fn kinds(effects: &[Effect]) -> Vec<EventKind> {
    words(effects).into_iter().filter(|kind| kind.as_str().starts_with("alert.")).collect()
}

fn words(effects: &[Effect]) -> Vec<EventKind> {
    told(effects).into_iter().map(|(kind, _)| kind).collect()
}

#[test]
fn a_click_is_told_once_though_the_home_confirms_it_later_and_says_everything_twice() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let raise = home.raise(at(0));
    let first = desk.does(at(1), Input::Notice(Box::new(raise.clone())));
    let both = [(EventKind::Raised, Some(Phase::Raised)), (EventKind::Received, Some(Phase::Received))];
    assert_eq!(told(&first)[1..], both, "after the home's own first word");
    assert!(told(&desk.does(at(2), Input::Notice(Box::new(raise.clone())))).is_empty(), "a repeat is no news");
    let receive = home.enter(at(2), Actor::station("lehe".parse().unwrap()), Deed::Receive, None);
    assert!(told(&desk.does(at(2), Input::Notice(Box::new(receive)))).is_empty(), "that we have it was told");
    let key = AlertKey { home: raise.home.clone(), alert: raise.alert };
    let depart = desk.clicked(&key, at(3), "p1", Deed::Depart, "k1");
    let both = [(EventKind::Taken, Some(Phase::Taken)), (EventKind::OnTheWay, Some(Phase::OnTheWay))];
    assert_eq!(told(&depart), both, "two things in one click");
    assert!(told(&desk.clicked(&key, at(3), "p1", Deed::Depart, "k1")).is_empty(), "the same click again");
    for outgoing in sends(&depart) {
        for notice in home.step(at(4), &outgoing) {
            let confirmed = desk.does(at(4), Input::Notice(Box::new(notice)));
            assert_eq!(told(&confirmed), [], "the book's word for it is no news");
        }
    }
    let undone = desk.clicked(&key, at(5), "p1", Deed::Undo { step: 0 }, "k2");
    assert_eq!(kinds(&undone), [EventKind::Undone]);
}

#[test]
fn what_others_did_is_told_and_what_the_book_refused_is_taken_back() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    let take = desk.clicked(&key, at(2), "p1", Deed::Take, "k1");
    assert_eq!(kinds(&take), [EventKind::Taken]);
    let point = Some("other".parse().unwrap());
    let other = Actor { point, ..person("p9") };
    let theirs = home.enter(at(1), other, Deed::Take, Some("o1".into()));
    assert_eq!(kinds(&desk.does(at(3), Input::Notice(Box::new(theirs)))), [EventKind::Taken]);
    let why = Refusal::Stale;
    let refused = Deed::Refused { asked: "take".into(), why };
    let refused = home.enter(at(4), Actor::gateway(), refused, Some("k1".into()));
    assert_eq!(kinds(&desk.does(at(4), Input::Notice(Box::new(refused)))), [EventKind::Undone]);
}

#[test]
fn a_home_that_falls_silent_and_comes_back_is_told() {
    let mut desk = desk();
    desk.does(at(0), beat("flat"));
    let silent = desk.does(at(180), Input::Tick);
    let of_silence = [EventKind::Raised, EventKind::Received, EventKind::HomeState, EventKind::FaultOpened];
    assert_eq!(words(&silent), of_silence);
    let state = |effects: &[Effect]| {
        datas(effects).find_map(|data| Some(data.get("state")?.clone()).filter(|_| data.get("alert").is_none()))
    };
    assert_eq!(state(&silent).unwrap(), "no_contact");
    let back = desk.does(at(200), beat("flat"));
    assert_eq!(words(&back), [EventKind::Recovered, EventKind::HomeState, EventKind::FaultFixed]);
    assert_eq!(state(&back).unwrap(), "heard");
}

#[test]
fn a_timer_is_told_by_whoever_finds_it_first() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    desk.told(&home.enter(at(1), Actor::station("lehe".parse().unwrap()), Deed::Receive, None), at(1));
    let take = desk.clicked(&key, at(2), "p1", Deed::Take, "k1");
    for outgoing in sends(&take) {
        for notice in home.step(at(3), &outgoing) {
            desk.told(&notice, at(3));
        }
    }
    let lapsed = desk.does(at(2 + 5 * 60), Input::Tick);
    assert!(kinds(&lapsed).contains(&EventKind::Lapsed), "{:?}", kinds(&lapsed));
    let theirs = home.enter(at(2 + 5 * 60), Actor::gateway(), Deed::Lapse, None);
    let again = kinds(&desk.does(at(2 + 5 * 60), Input::Notice(Box::new(theirs))));
    assert_eq!(again, [EventKind::Recovered], "the home that was silent meanwhile is heard, and nothing lapsed twice");
}

#[test]
fn the_words_of_a_note_stand_apart_so_that_they_can_be_kept_from_others() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    let noted = desk.clicked(&key, at(2), "p1", Deed::Note { text: "door code 1234".into() }, "n");
    let event = noted.iter().find_map(|effect| match effect {
        Effect::Happened(event) => Some(serde_json::to_value(event).unwrap()),
        Effect::Record(_) | Effect::Receipt { .. } | Effect::Send(_) | Effect::Answer { .. } | Effect::Changed(_) => {
            None
        }
        Effect::Suspend(_) => None,
    });
    let mut event = event.unwrap();
    assert_eq!(event["type"], "care.carecircle.alert.noted");
    for personal in ["text", "place"] {
        assert!(crate::model::event::PERSONAL.contains(&personal));
        event["data"].as_object_mut().unwrap().remove(personal).expect("it is there");
    }
    assert!(!event.to_string().contains("1234") && !event.to_string().contains("3-2-201"), "{event}");
}

/// The data of what these effects tell.
fn datas(effects: &[Effect]) -> impl Iterator<Item = serde_json::Value> {
    effects.iter().filter_map(|effect| match effect {
        Effect::Happened(event) => Some(serde_json::to_value(&event.data).unwrap()),
        Effect::Record(_) | Effect::Receipt { .. } | Effect::Send(_) | Effect::Answer { .. } | Effect::Changed(_) => {
            None
        }
        Effect::Suspend(_) => None,
    })
}

#[test]
fn a_fault_is_told_from_its_begin_to_its_proof_each_stand_once() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let tamper = Reason::Tamper { sensor: "hall".parse().unwrap(), room: None, open_since: at(0) };
    let raise = home.raise_of(at(0), tamper);
    let first = desk.does(at(1), Input::Notice(Box::new(raise.clone())));
    let faults = |effects: &[Effect]| -> Vec<EventKind> {
        words(effects).into_iter().filter(|kind| kind.as_str().starts_with("fault.")).collect()
    };
    assert_eq!(faults(&first), [EventKind::FaultOpened]);
    assert!(faults(&desk.does(at(1), Input::Notice(Box::new(raise.clone())))).is_empty(), "a repeat is no news");
    let key = AlertKey { home: raise.home.clone(), alert: raise.alert };
    let taken = desk.clicked(&key, at(2), "p1", Deed::Take, "k1");
    assert_eq!(faults(&taken), [EventKind::FaultAssigned]);
    let told = datas(&taken).find(|data| data["kind"] == "tamper").unwrap();
    assert_eq!((&told["state"], &told["by"], &told["sensor"]), (&"assigned".into(), &"p1".into(), &"hall".into()));
    let well = home.enter(at(60), Actor::gateway(), Deed::Recovered, None);
    assert_eq!(faults(&desk.does(at(60), Input::Notice(Box::new(well)))), [EventKind::FaultFixed]);
    let close = Deed::Close { outcome: Outcome::Equipment, contact: Contact::None };
    assert_eq!(faults(&desk.clicked(&key, at(70), "p1", close, "k2")), [EventKind::FaultVerified]);
}

#[test]
fn a_home_that_becomes_other_than_usual_is_told_with_its_suspension() {
    use crate::model::suspension::Absence;
    let mut desk = desk();
    let held = |until: i64| Suspended {
        kind: Some(Absence::Away),
        owner: "p1".into(),
        why: "daughter".into(),
        from: at(10),
        until: at(until),
    };
    let with = |suspended: Vec<Suspended>, blind: bool| Input::Heartbeat {
        home: "flat".parse().unwrap(),
        condition: Condition { suspended, blind, ..Condition::default() },
    };
    use EventKind::{HomeState, SuspensionEnded, SuspensionStarted};
    assert_eq!(words(&desk.does(at(0), with(vec![held(7200)], false))), [HomeState], "it begins later");
    let begun = desk.does(at(60), with(vec![held(7200)], false));
    assert_eq!(words(&begun), [HomeState, SuspensionStarted]);
    assert_eq!(datas(&begun).next().unwrap()["state"], "suspended");
    assert!(words(&desk.does(at(120), with(vec![held(7200)], false))).is_empty(), "a repeat is no news");
    assert_eq!(
        words(&desk.does(at(180), with(vec![held(9000)], false))),
        [HomeState, SuspensionStarted],
        "another end"
    );
    // A restart is no news either.
    let mut desk = desk.restored();
    assert!(words(&desk.does(at(240), with(vec![held(9000)], false))).is_empty());
    assert_eq!(words(&desk.does(at(300), with(Vec::new(), false))), [HomeState, SuspensionEnded]);
    let dark = desk.does(at(360), with(Vec::new(), true));
    assert_eq!((words(&dark), datas(&dark).next().unwrap()["state"].clone()), (vec![HomeState], "cannot_see".into()));
}

#[test]
fn the_daily_contact_is_told_as_it_comes_about_and_its_list_when_it_is_over() {
    use crate::model::errand::{ContactDeed, Errand};
    let mut desk = desk();
    // 06:12 UTC on the 21st, by the clock of this desk.
    for home in ["flat", "other"] {
        desk.does(at(0), beat(home));
    }
    let mut does = |now: i64, deed: ContactDeed, key: &str| {
        let (home, by) = ("flat".parse().unwrap(), person("p1"));
        let order = Order { ticket: 1, home, by, errand: Errand::Contact(deed), key: key.into() };
        desk.does(at(now), Input::Order(order))
    };
    let reached = does(60, ContactDeed::Called { result: CallResult::Reached }, "a");
    assert_eq!(words(&reached), [EventKind::DailyPhoned]);
    let told = datas(&reached).next().unwrap();
    assert_eq!((&told["day"], &told["by"]), (&"2026-11-21".into(), &"p1".into()));
    assert_eq!(words(&does(70, ContactDeed::Undo, "b")), [EventKind::DailyUnresolved]);
    assert_eq!(words(&does(80, ContactDeed::Visited, "c")), [EventKind::DailyVisited]);
    assert!(words(&does(90, ContactDeed::Called { result: CallResult::NoAnswer }, "d")).is_empty());
    let next = desk.does(at(86_400), Input::Tick);
    let daily: Vec<_> = words(&next).into_iter().filter(|kind| kind.as_str().starts_with("daily.")).collect();
    assert_eq!(daily, [EventKind::DailyUnresolved, EventKind::DailyClosed], "the other one stayed open");
    let closed = datas(&next).find(|data| data.get("homes").is_some()).unwrap();
    assert_eq!((&closed["homes"], &closed["visited"], &closed["unresolved"]), (&2.into(), &1.into(), &1.into()));
}

#[test]
fn a_test_of_the_ways_out_is_told_with_its_seconds() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let mut raise = home.raise_of(at(0), Reason::Test { by_hand: true });
    (raise.state.test, raise.age_ms) = (true, 1500);
    let told = desk.does(at(2), Input::Notice(Box::new(raise)));
    let tests: Vec<_> = words(&told).into_iter().filter(|kind| kind.as_str().starts_with("test.")).collect();
    assert_eq!(tests, [EventKind::TestSent, EventKind::TestHeard]);
    let heard = datas(&told).filter(|data| data["channel"] == "home").nth(1).unwrap();
    assert_eq!((&heard["home"], heard["seconds"].is_f64()), (&"flat".into(), true), "{heard}");
}
