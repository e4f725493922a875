//! What other systems are told: each thing once.

use super::*;
use crate::model::event::{EventData, EventKind};

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
        EventData::Home(_) | EventData::Station(_) => None,
    };
    events.map(|event| (event.kind, phase(&event.data))).collect()
}

fn kinds(effects: &[Effect]) -> Vec<EventKind> {
    told(effects).into_iter().map(|(kind, _)| kind).filter(|kind| *kind != EventKind::HomeState).collect()
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
    let kinds_of = |effects: &[Effect]| told(effects).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
    assert_eq!(kinds_of(&silent), [EventKind::Raised, EventKind::Received, EventKind::HomeState]);
    let back = desk.does(at(200), beat("flat"));
    assert_eq!(kinds_of(&back), [EventKind::Recovered, EventKind::HomeState]);
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
    for personal in crate::model::event::PERSONAL {
        event["data"].as_object_mut().unwrap().remove(personal).expect("it is there");
    }
    assert!(!event.to_string().contains("1234") && !event.to_string().contains("3-2-201"), "{event}");
}
