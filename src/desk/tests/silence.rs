//! A home that is not heard from, and a station that cannot hear.

use super::*;

fn no_contact(desk: &Desk, now: Timestamp) -> Vec<RowView> {
    desk.view(now, &person("p1")).band(BandName::NoContact).to_vec()
}

#[test]
fn a_home_that_falls_silent_is_one_alert_that_only_people_close() {
    let mut desk = desk();
    desk.does(at(0), beat("flat"));
    assert!(desk.does(at(179), Input::Tick).is_empty());
    assert_eq!(desk.next_wakeup(), Some(at(180)));
    desk.does(at(180), Input::Tick);
    let row = no_contact(&desk, at(181)).pop().expect("raised");
    assert_eq!((row.severity, row.number().as_str()), (crate::model::reason::Severity::Blind, "S1"));
    desk.does(at(200), beat("flat"));
    let row = no_contact(&desk, at(200)).pop().expect("not taken back");
    assert!(row.recovered_at.is_some());
    desk.does(at(380), Input::Tick);
    let rows = no_contact(&desk, at(380));
    assert_eq!((rows.len(), rows[0].count), (1, 2), "the same trouble again is the same alert");
    let close = Deed::Close { outcome: Outcome::Equipment, contact: Contact::Spoken };
    assert!(matches!(desk.answer_to(&rows[0].key, at(400), "p1", close, "c"), Answer::Done { .. }));
    desk.does(at(9_000), Input::Tick);
    assert!(no_contact(&desk, at(9_000)).is_empty(), "closed with open eyes: not raised again until it was heard");
    assert!(desk.home_views()[0].unreachable, "but not called well");
    desk.does(at(9_100), beat("flat"));
    desk.does(at(9_280), Input::Tick);
    assert_eq!(no_contact(&desk, at(9_280)).len(), 1);
}

#[test]
fn a_restarted_or_deaf_station_blames_no_home() {
    let mut desk = desk();
    desk.does(at(0), beat("flat"));
    let mut desk = desk.restored();
    assert!(desk.does(at(5_000), Input::Tick).is_empty(), "grace from the start");
    assert_eq!(desk.next_wakeup(), Some(at(5_180)));
    desk.does(at(5_010), Input::OwnLink { up: false });
    assert_eq!(desk.waits_for(), None);
    assert!(desk.does(at(9_000), Input::Tick).is_empty(), "every home is silent for a deaf station");
    desk.does(at(9_001), Input::OwnLink { up: true });
    assert_eq!(desk.next_wakeup(), Some(at(9_181)));
    desk.does(at(9_002), Input::HomeLink { home: "flat".parse().unwrap(), online: false });
    assert!(desk.does(at(9_003), Input::Tick).is_empty(), "a last will alone raises nothing");
    assert!(!desk.does(at(9_181), Input::Tick).is_empty());
}

#[test]
fn a_home_that_is_heard_by_its_other_way_while_the_stations_broker_is_down_is_missed_all_the_same() {
    let mut desk = desk();
    desk.does(at(0), beat("flat"));
    desk.does(at(1), beat("house"));
    desk.does(at(10), Input::OwnLink { up: false });
    assert_eq!(desk.waits_for(), None);
    desk.does(at(60), beat("flat"));
    assert_eq!(desk.next_wakeup(), Some(at(240)));
    desk.does(at(240), Input::Tick);
    assert_eq!(no_contact(&desk, at(240)).len(), 1, "flat, and not the house that has only the broker");
    desk.does(at(300), Input::OwnLink { up: true });
    desk.does(at(480), Input::Tick);
    assert_eq!(no_contact(&desk, at(480)).len(), 2);
}
