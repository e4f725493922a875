//! Alerts that are over for good leave the memory, and nothing is lost or invented by that.

use super::*;

/// An alert that was taken, ended and confirmed by its home.
fn ended(desk: &mut Desk, home: &mut Book, raised: i64) -> AlertKey {
    let key = desk.told(&home.raise(at(raised)), at(raised + 1));
    let received = home.enter(at(raised + 1), Actor::station("lehe".parse().unwrap()), Deed::Receive, None);
    desk.told(&received, at(raised + 2));
    for (after, deed) in [(10, Deed::Take), (300, Deed::Arrive { proof: Proof::None }), (600, close())] {
        let now = at(raised + after);
        let id = format!("k-{raised}-{after}");
        for sent in sends(&desk.clicked(&key, now, "p1", deed, &id)) {
            for notice in home.step(now, &sent) {
                desk.told(&notice, now);
            }
        }
    }
    assert!(!desk.row(&key).unconfirmed);
    key
}

fn close() -> Deed {
    Deed::Close { outcome: Outcome::FoundWell, contact: Contact::Seen }
}

/// A desk whose homes speak seldom.
fn calm() -> Desk {
    let mut desk = super::desk();
    desk.settings.unreachable_after = Span::days(400);
    desk
}

/// As the daemon does it: keep, then let go.
fn file(desk: &mut Desk, now: Timestamp) -> Vec<FiledCase> {
    let ripe = desk.ripe(now, 100);
    for one in &ripe {
        let (alert, version) = (one.filed.case.key.clone(), one.version);
        desk.does(now, Input::File { alert, version });
    }
    ripe.into_iter().map(|one| one.filed).collect()
}

const TWO_DAYS: i64 = 2 * 86_400 + 3600;

#[test]
fn what_is_over_for_good_is_filed_and_its_page_says_the_same() {
    let (mut desk, mut home) = (calm(), Book::new("flat"));
    let key = ended(&mut desk, &mut home, 0);
    assert!(file(&mut desk, at(86_400)).is_empty(), "it can be reopened for a day");
    let before = desk.alert_view(at(TWO_DAYS), &key, &person("p1")).unwrap();
    let filed = file(&mut desk, at(TWO_DAYS));
    assert!(desk.rows.is_empty() && desk.is_filed(&key));
    assert_eq!(desk.alerts_numbered(&key.home, key.alert.number), std::slice::from_ref(&key), "its address is known");
    let view = desk.filed_view(filed[0].clone());
    assert_eq!(view.timeline, before.timeline);
    let said = |row: &RowView| (row.raised_at, row.closed.clone(), row.phase, row.place.clone(), row.arrived_at);
    assert_eq!(said(&view.row), said(&before.row));
    let through_bytes: FiledCase = serde_json::from_str(&serde_json::to_string(&filed[0]).unwrap()).unwrap();
    assert_eq!(through_bytes, filed[0]);
    let case = &filed[0].case;
    let secs = |did: &Option<Did>| did.as_ref().map(|did| ((did.at - case.raised_at).num_seconds(), did.implied));
    assert_eq!(secs(&case.taken), Some((10, false)));
    assert_eq!((secs(&case.departed), secs(&case.arrived)), (Some((300, true)), Some((300, false))));
}

#[test]
fn a_restored_desk_knows_what_was_filed_also_without_its_lines() {
    let (mut desk, mut home) = (calm(), Book::new("flat"));
    let key = ended(&mut desk, &mut home, 0);
    let repeated = home.notice(at(5), home.alert.steps[1].clone());
    let mut second = Book::new("other");
    let open = desk.told(&second.raise(at(TWO_DAYS)), at(TWO_DAYS));
    file(&mut desk, at(TWO_DAYS));
    let with_lines = desk.restored();
    let is_of_it = |line: &Recorded| {
        if let Recorded::Notice { notice, .. } = line {
            return notice.alert == key.alert && notice.home == key.home;
        }
        matches!(line, Recorded::Done { alert, .. } | Recorded::Refused { alert, .. } if *alert == key)
    };
    HISTORY.with_borrow_mut(|history| history.retain(|line| !is_of_it(line)));
    for mut restored in [with_lines, desk.restored()] {
        assert_eq!(picture(&restored), picture(&desk));
        assert_eq!(restored.rows.keys().collect::<Vec<_>>(), [&open]);
        assert_eq!(restored.home(&key.home).unwrap().place, desk.home(&key.home).unwrap().place);
        let now = at(TWO_DAYS + 10);
        let effects = restored.does(now, Input::Notice(Box::new(repeated.clone())));
        assert!(
            matches!(&effects[..], [Effect::Receipt { .. }]),
            "a repeat is receipted and nothing else: {effects:?}"
        );
    }
}

#[test]
fn a_filed_alert_that_lives_again_is_on_the_desk_and_its_case_goes_on() {
    let (mut desk, mut home) = (calm(), Book::new("flat"));
    let key = ended(&mut desk, &mut home, 0);
    let first = file(&mut desk, at(TWO_DAYS)).remove(0);
    let other = Actor { point: Some("other".parse().unwrap()), ..person("boss") };
    let reopened = home.enter(at(TWO_DAYS + 5), other.clone(), Deed::Reopen, Some("again".into()));
    desk.told(&reopened, at(TWO_DAYS + 6));
    assert_eq!(desk.row(&key).phase, Phase::Received, "no alert is lost because it was filed once");
    assert_eq!(desk.alerts_numbered(&key.home, key.alert.number).len(), 1);
    assert!(!desk.is_filed(&key) && desk.filed().count() == 0, "its lines stay");
    let closed = home.enter(at(TWO_DAYS + 90), other, close(), Some("end".into()));
    desk.told(&closed, at(TWO_DAYS + 91));
    let second = file(&mut desk, at(2 * TWO_DAYS + 100)).remove(0);
    let joined = first.joined(second);
    assert_eq!((joined.case.reopened, joined.case.raised_at), (1, at(0)));
    assert_eq!(joined.case.taken.as_ref().map(|did| did.at), Some(at(10)), "what was first stays first");
    assert_eq!(joined.case.closed.as_ref().map(|ended| ended.at), Some(at(TWO_DAYS + 90)));
}

#[test]
fn what_still_moves_or_is_still_told_is_not_filed() {
    let (mut desk, mut home) = (calm(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    desk.clicked(&key, at(2), "p1", close(), "k");
    assert!(file(&mut desk, at(TWO_DAYS)).is_empty(), "its home has not confirmed the end");
    let mut desk = super::desk();
    desk.does(at(0), Input::OwnLink { up: true });
    desk.does(at(1), beat("flat"));
    desk.does(at(300), Input::Tick);
    let silent = desk.rows.keys().next().unwrap().clone();
    desk.clicked(&silent, at(310), "p1", close(), "c");
    assert!(file(&mut desk, at(TWO_DAYS)).is_empty(), "the home is silent still: that must be known after a restart");
    desk.does(at(TWO_DAYS), beat("flat"));
    assert_eq!(file(&mut desk, at(TWO_DAYS + 1)).len(), 1);
    let mut restored = desk.restored();
    restored.does(at(TWO_DAYS + 2), Input::OwnLink { up: true });
    restored.does(at(TWO_DAYS + 400), Input::Tick);
    let numbers: Vec<u64> = restored.rows.keys().map(|key| key.alert.number).collect();
    assert_eq!(numbers, [STATION_NUMBERS + 2], "the station goes on counting");
}

#[test]
fn a_row_that_changed_while_its_case_was_written_stays() {
    let (mut desk, mut home) = (calm(), Book::new("flat"));
    let key = ended(&mut desk, &mut home, 0);
    let ripe = desk.ripe(at(TWO_DAYS), 1).remove(0);
    desk.clicked(&key, at(TWO_DAYS), "p1", Deed::Note { text: "later".into() }, "n");
    desk.does(at(TWO_DAYS), Input::File { alert: key.clone(), version: ripe.version });
    assert!(desk.rows.contains_key(&key));
}

#[test]
fn what_was_counted_stays_counted_when_its_alert_is_filed() {
    let (mut desk, mut home) = (calm(), Book::new("flat"));
    let key = ended(&mut desk, &mut home, 0);
    let before = desk.tally().clone();
    let urgent_ends: u64 = before.ended.values().sum();
    assert_eq!((before.raised.values().sum::<u64>(), urgent_ends), (1, 1));
    let counts = |tally: &Tally| [&tally.transport, &tally.take, &tally.arrive, &tally.close].map(|of| of.count);
    assert_eq!(counts(&before), [1; 4]);
    assert_eq!(before.take.sum_ms, 9_000, "from the receipt");
    file(&mut desk, at(TWO_DAYS));
    assert!(desk.rows.is_empty());
    assert_eq!(*desk.tally(), before, "nothing is taken back");
    // An alert that lives again did not come again; its second end is one.
    let other = Actor { point: Some("other".parse().unwrap()), ..person("boss") };
    desk.told(&home.enter(at(TWO_DAYS + 5), other.clone(), Deed::Reopen, Some("again".into())), at(TWO_DAYS + 6));
    assert_eq!(desk.tally().raised, before.raised);
    assert!(desk.row(&key).phase.is_open());
    desk.told(&home.enter(at(TWO_DAYS + 90), other, close(), Some("end".into())), at(TWO_DAYS + 91));
    assert_eq!(desk.tally().ended.values().sum::<u64>(), 2);
    assert_eq!(desk.tally().raised.values().sum::<u64>(), 1);
}

#[test]
fn a_close_that_is_taken_back_takes_no_count_back() {
    let (mut desk, mut home) = (calm(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    let ends = |desk: &Desk| desk.tally().ended.values().sum::<u64>();
    let mut last = 0;
    for (now, deed) in [(5, Deed::Take), (9, close()), (12, Deed::Undo { step: 0 }), (20, close())] {
        desk.clicked(&key, at(now), "p1", deed, &format!("k{now}"));
        assert!(ends(&desk) >= last, "a counter never falls");
        last = ends(&desk);
    }
    assert_eq!(desk.tally().take.count, 1, "the first take counts, and once");
    let before = desk.tally().clone();
    let mut drill = Book::new("drill").raise(at(30));
    drill.state.test = true;
    if let Deed::Raise { test, .. } = &mut drill.step.deed {
        *test = true;
    }
    desk.told(&drill, at(31));
    assert_eq!(*desk.tally(), before, "a drill is no alert");
}
