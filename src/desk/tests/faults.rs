//! Trouble of equipment: by when, how often, and many homes at once.

use super::*;
use crate::desk::{FaultState, folded};
use crate::model::time::Zone;

fn tamper() -> Reason {
    Reason::Tamper { sensor: "hall".parse().unwrap(), room: None, open_since: at(0) }
}

#[test]
fn a_fault_is_due_after_working_days_and_says_that_it_came_before() {
    let (mut desk, zone) = (desk(), Zone::named("Asia/Shanghai").unwrap());
    // at(0) is a Saturday afternoon there: two working days later is Tuesday.
    for nth in 0..3 {
        let mut home = Book::new("flat");
        let mut notice = home.raise_of(at(nth * 60), tamper());
        notice.alert.number = nth as u64 + 1;
        desk.told(&notice, at(nth * 60));
    }
    let faults = desk.faults(at(3600), &person("p1"), &zone, &[]);
    assert_eq!(faults.iter().map(|fault| fault.times).collect::<Vec<_>>(), [3, 3, 3]);
    assert_eq!((faults[0].state, faults[0].due.is_over), (FaultState::Open, false));
    assert_eq!((zone.date(at(0)), zone.local(at(0)).weekday), ("2026-11-21".to_owned(), 5));
    assert_eq!(zone.date(faults[0].due.at), "2026-11-24");
    let later = desk.faults(at(4 * 86_400), &person("p1"), &zone, &[]);
    assert!(later.iter().all(|fault| fault.due.is_over));
    desk.answer_to(&faults[0].row.key, at(100), "p1", Deed::Take, "t");
    assert_eq!(desk.faults(at(3600), &person("p1"), &zone, &[])[0].state, FaultState::Assigned);
}

#[test]
fn a_home_that_is_silent_is_due_within_hours_and_recovers_by_itself() {
    let (mut desk, zone) = (desk(), Zone::utc());
    desk.does(at(0), Input::OwnLink { up: true });
    desk.does(at(0), beat("flat"));
    desk.does(at(200), Input::Tick);
    let faults = desk.faults(at(201), &person("p1"), &zone, &[]);
    assert_eq!(faults[0].due.at, at(180 + 4 * 3600));
    desk.does(at(300), beat("flat"));
    let faults = desk.faults(at(9 * 3600), &person("p1"), &zone, &[]);
    assert_eq!((faults[0].state, faults[0].due.is_over), (FaultState::Recovered, false));
}

#[test]
fn many_homes_in_one_minute_are_one_row_and_a_press_among_them_is_not() {
    let mut desk = desk();
    desk.does(at(0), Input::OwnLink { up: true });
    for nth in 0..37 {
        desk.does(at(nth), beat(&format!("flat-{nth}")));
    }
    let mut early = Book::new("early");
    desk.told(&early.raise_of(at(20), tamper()), at(20));
    let mut pressed = Book::new("flat-3");
    let call = desk.told(&pressed.raise(at(215)), at(216));
    desk.does(at(600), Input::Tick);
    let view = desk.view(at(600), &person("p1"));
    let (folds, rest) = folded(view.band(BandName::NoContact).to_vec());
    assert_eq!((folds.len(), rest.len()), (1, 1), "who pressed was heard later and is silent later");
    assert_eq!((folds[0].homes, folds[0].since), (37, at(180)));
    let (none, unclaimed) = folded(view.band(BandName::Unclaimed).to_vec());
    assert!(none.is_empty() && unclaimed[0].key == call);
    let few = view.band(BandName::NoContact)[..4].to_vec();
    assert_eq!(folded(few.clone()), (Vec::new(), few), "four are no flood");
}
