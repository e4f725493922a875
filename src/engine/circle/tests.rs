//! Who is asked when: the usual steps, and what must hold whatever they are.

use super::*;
use crate::model::alert::Step;
use crate::model::lifecycle::{Actor, Proof, Role};
use crate::model::reason::Reason;
use proptest::prelude::*;

fn circle(points: &[(&str, i64, &str)]) -> Circle {
    let point = |(id, minutes, duty): &(&str, i64, &str)| Point {
        id: id.parse().unwrap(),
        name: (*id).into(),
        travel: Span::minutes(*minutes),
        on_duty: duty.parse().unwrap(),
        channels: Vec::new(),
    };
    Circle::of_points(points.iter().map(point).collect(), Timers::default())
}

fn order(circle: &Circle, at: &str) -> Vec<String> {
    let zone = Zone::named("Asia/Shanghai").unwrap();
    circle.order(&zone, at.parse().unwrap()).iter().map(|point| point.id.to_string()).collect()
}

#[test]
fn whoever_can_be_there_first_is_asked_first_and_nobody_is_left_out() {
    let circle = circle(&[
        ("day", 3, "Mon-Sun 08:00-20:00"),
        ("far", 25, "always"),
        ("night", 9, "Mon-Sun 20:00-08:00"),
        ("near", 5, "Mon-Fri 07:00-19:00"),
        ("shut", 1, "Mon 08:00-09:00, 2026-11-01..2027-11-01 closed"),
    ]);
    // Saturday noon there: near comes on Monday, night this evening.
    assert_eq!(order(&circle, "2026-11-21T04:00:00Z"), ["day", "far", "night", "near", "shut"]);
    // Thursday 03:00: near and day come in the morning, near an hour sooner.
    assert_eq!(order(&circle, "2026-11-18T19:00:00Z"), ["night", "far", "near", "day", "shut"]);
    let within = circle.timers.arrive_within;
    assert!(circle.points.iter().map(|point| point.is_outside(within)).eq([false, true, false, false, false]));
}

#[test]
fn on_a_holiday_the_next_point_is_asked() {
    let circle = circle(&[("own", 3, "Mon-Sun 08:00-20:00, 2027-02-06 closed"), ("other", 14, "always")]);
    assert_eq!(order(&circle, "2027-02-06T02:00:00Z"), ["other", "own"]);
    assert_eq!(order(&circle, "2027-02-07T02:00:00Z"), ["own", "other"]);
}

/// An alert as urgent as that, raised at eight in the morning there and told to these.
fn alert(severity: Severity, test: bool, to: &[&str]) -> Alert {
    let to = to.iter().map(|id| id.parse().unwrap()).collect();
    let deed = Deed::Raise { reason: Reason::Unknown, severity, test, to };
    Alert::begin(1, step(1, at(0), Actor::gateway(), deed)).unwrap()
}

fn step(number: u32, at: Timestamp, by: Actor, deed: Deed) -> Step {
    Step { number, at, by, deed, key: None, implied: false }
}

fn at(seconds: i64) -> Timestamp {
    let morning: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    morning + Span::seconds(seconds)
}

fn shanghai() -> Zone {
    Zone::named("Asia/Shanghai").unwrap()
}

/// Two points, a neighbour by day, kin at any hour; they are asked in turn, and the last step is the last resort.
fn with_people() -> Circle {
    let mut circle = circle(&[("near", 5, "always"), ("far", 12, "always")]);
    let person = |id: &str, relation, duty: &str| Person {
        id: id.parse().unwrap(),
        name: None,
        relation,
        travel: None,
        on_duty: duty.parse().unwrap(),
        channels: Vec::new(),
    };
    circle.people = vec![
        person("wang", Relation::Neighbour, "Mon-Sun 18:00-22:00"),
        person("daughter", Relation::Family, "always"),
    ];
    let step = |ask: &[Ask], seconds, last_resort| AskStep {
        ask: ask.to_vec(),
        after: Wait { emergency: Span::seconds(seconds), urgent: Span::seconds(2 * seconds) },
        unreceived_after: Wait::of(Span::seconds(60.min(seconds))),
        last_resort,
    };
    let named = |id: &str| Ask::Named(id.parse().unwrap());
    let each = vec![
        step(&[Ask::Nearest], 0, false),
        step(&[Ask::Next], 90, false),
        step(&[named("wang")], 60, false),
        step(&[named("daughter")], 60, true),
        step(&[Ask::AllPoints], 30, false),
    ];
    circle.steps = Steps::new(each, Span::minutes(2)).unwrap();
    circle
}

/// What the circle does with an alert that nobody takes: when, whom it asks, and the number to call.
fn unanswered(circle: &Circle, mut alert: Alert, until: Timestamp) -> Vec<(i64, String, Option<String>)> {
    let mut told = Vec::new();
    while let Some(due) = circle.widens_at(&alert).filter(|due| *due <= until) {
        let deed = circle.widen(&shanghai(), due, &alert);
        let Deed::Escalate { level, to, last_resort, people } = &deed else { panic!("{deed:?}") };
        assert_eq!(*level, alert.escalated + 1, "two levels at once");
        let known = |id: &PointId| circle.people.iter().any(|person| person.id == *id);
        assert!(people.keys().all(|id| to.contains(id)), "{to:?} {people:?}");
        assert!(to.iter().all(|id| known(id) == people.contains_key(id)), "{to:?} {people:?}");
        let to: Vec<&str> = to.iter().map(PointId::as_str).collect();
        told.push(((due - at(0)).num_seconds(), to.join(" "), last_resort.clone()));
        let number = alert.last_step + 1;
        alert.apply(step(number, due, Actor::gateway(), deed));
    }
    told
}

#[test]
fn people_are_asked_in_their_turn_and_in_their_hours_and_by_the_last_resort_at_any_hour() {
    let circle = with_people();
    let mut received = alert(Severity::Emergency, false, &["near"]);
    received.apply(step(2, at(1), Actor::station("near".parse().unwrap()), Deed::Receive));
    let resort = Some("120".to_owned());
    let said = |secs, to: &str, resort: &Option<String>| (secs, to.to_owned(), resort.clone());
    assert_eq!(
        unanswered(&circle, received, at(400)),
        [
            said(90, "far", &None),
            // The neighbour is not to be asked at eight in the morning: those asked before are, and the chain goes on.
            said(150, "near far", &None),
            said(210, "daughter wang", &resort),
            said(240, "near far wang daughter", &resort),
            said(360, "near far wang daughter", &resort),
        ]
    );
}

#[test]
fn while_no_station_has_it_the_next_is_asked_sooner_and_less_urgent_waits_longer() {
    let circle = with_people();
    let secs = |alert| unanswered(&circle, alert, at(400)).into_iter().map(|told| told.0).collect::<Vec<_>>();
    assert_eq!(secs(alert(Severity::Emergency, false, &["near"])), [60, 120, 180, 210, 330]);
    let mut urgent = alert(Severity::Urgent, false, &["near"]);
    urgent.apply(step(2, at(1), Actor::station("near".parse().unwrap()), Deed::Receive));
    assert_eq!(secs(urgent), [180, 300]);
}

#[test]
fn requests_and_faults_never_climb_and_a_test_or_a_blind_home_is_never_told_to_people() {
    let circle = with_people();
    let hours = at(7_200);
    for severity in [Severity::Notice, Severity::Fault] {
        assert_eq!(unanswered(&circle, alert(severity, false, &["near"]), hours), []);
    }
    let (blind, test) = (alert(Severity::Blind, false, &["near"]), alert(Severity::Emergency, true, &["near"]));
    for told in [unanswered(&circle, blind.clone(), hours), unanswered(&circle, test, hours)] {
        assert!(told.len() > 10, "{told:?}");
        for (_, to, resort) in told {
            assert!(!to.contains("wang") && !to.contains("daughter") && resort.is_none(), "{to} {resort:?}");
        }
    }
    let mut known = blind;
    known.apply(step(2, at(1), Actor::station("near".parse().unwrap()), Deed::Receive));
    assert_eq!(unanswered(&circle, known, hours), [], "whoever knows of a blind home phones it");
}

#[test]
fn somebody_who_wants_help_with_a_request_asks_points_alone() {
    let circle = with_people();
    let mut request = alert(Severity::Notice, false, &["near"]);
    let mut asked = Vec::new();
    for number in 2..7 {
        let deed = circle.widen(&shanghai(), at(60), &request);
        let Deed::Escalate { to, last_resort: None, people, .. } = &deed else { panic!("{deed:?}") };
        assert!(people.is_empty());
        asked.extend(to.iter().map(ToString::to_string));
        request.apply(step(number, at(60), Actor::gateway(), deed));
    }
    assert!(asked.iter().all(|id| id == "near" || id == "far"), "{asked:?}");
}

/// Goal: one that is taken and not carried out is not forgotten. Method: the instants at which it climbs, by what became of it.
#[test]
fn taken_it_rests_until_the_promised_time_and_then_goes_on_until_somebody_is_there() {
    let circle = with_people();
    let desk = Actor { role: Role::Desk, point: Some("near".parse().unwrap()), person: None, via: None };
    let mut taken = alert(Severity::Emergency, false, &["near"]);
    taken.apply(step(2, at(1), Actor::station("near".parse().unwrap()), Deed::Receive));
    taken.apply(step(3, at(30), desk.clone(), Deed::Take));
    taken.apply(step(4, at(60), desk.clone(), Deed::Depart));
    let stalled = unanswered(&circle, taken.clone(), at(1_500));
    let secs: Vec<i64> = stalled.iter().map(|told| told.0).collect();
    // The step after the last one that was taken at the promised time, the others after their waits, the last again and again.
    assert_eq!(secs, [900, 960, 1_020, 1_050, 1_170, 1_290, 1_410]);
    assert_eq!((stalled[0].1.as_str(), stalled[2].1.as_str()), ("far", "daughter wang"));

    let mut there = taken.clone();
    there.apply(step(5, at(1_000), desk.clone(), Deed::Arrive { proof: crate::model::lifecycle::Proof::None }));
    assert_eq!(circle.widens_at(&there), None);

    // Taken again after the promised time: whoever took it has as long as the first had.
    let mut late = taken;
    late.apply(step(5, at(901), desk.clone(), Deed::Release { why: String::new() }));
    assert_eq!(circle.widens_at(&late), Some(at(991)), "given back, it goes on from where it stood");
    late.apply(step(6, at(930), desk, Deed::Take));
    assert_eq!(circle.widens_at(&late), Some(at(1_830)));
}

#[test]
fn one_point_and_nobody_else_is_asked_again_and_again() {
    let mut circle = circle(&[("near", 5, "Mon-Fri 09:00-17:00")]);
    let told = unanswered(&circle, alert(Severity::Emergency, false, &["near"]), at(4_000));
    assert!(told.len() > 30 && told.iter().all(|told| told.1 == "near"));
    // A table of one step is its own repeat.
    let only = AskStep {
        ask: vec![Ask::Nearest],
        after: Wait::of(Span::zero()),
        unreceived_after: Wait::of(Span::zero()),
        last_resort: false,
    };
    circle.steps = Steps::new(vec![only], Span::minutes(1)).unwrap();
    let told = unanswered(&circle, alert(Severity::Emergency, false, &["near"]), at(300));
    assert_eq!(told.iter().map(|told| told.0).collect::<Vec<_>>(), [60, 120, 180, 240, 300]);
}

/// What the circle did before its steps were data, of alerts that nobody has in hand.
mod before {
    use super::*;

    pub fn widens_at(circle: &Circle, alert: &Alert) -> Option<Timestamp> {
        let timers = &circle.timers;
        let asked_at = alert.escalated_at.unwrap_or(alert.due_from);
        let unreceived = alert.phase == Phase::Raised;
        let persons = matches!(alert.severity, Severity::Emergency | Severity::Urgent);
        if circle.points.is_empty() || !(persons || (alert.severity == Severity::Blind && unreceived)) {
            return None;
        }
        let waiting_since = asked_at.max(alert.unclaimed_since?);
        Some(match alert.escalated {
            0 | 1 if unreceived => waiting_since + timers.receive_within,
            0 => waiting_since + timers.next_point_after,
            1 => waiting_since + timers.take_within,
            _ if persons && asked_at - alert.due_from < Span::hours(1) => waiting_since + timers.ask_all_every,
            _ => waiting_since + timers.ask_all_every.max(Span::minutes(10)),
        })
    }

    pub fn next(circle: &Circle, now: Timestamp, alert: &Alert) -> Vec<PointId> {
        let zone = shanghai();
        let order = circle.order(&zone, now);
        let new = order.iter().filter(|point| !alert.points.contains(&point.id)).map(|point| point.id.clone());
        match alert.escalated {
            0 => new.take(1).next().map_or_else(|| alert.points.clone(), |point| vec![point]),
            _ => order.iter().map(|point| point.id.clone()).collect(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn without_a_table_the_steps_are_those_of_before(
        points in 0..4usize,
        waits in proptest::collection::vec(1..2_000i64, 4),
        severity in 0..5usize,
        received in any::<bool>(),
    ) {
        let severity = [Severity::Emergency, Severity::Urgent, Severity::Notice, Severity::Blind, Severity::Fault][severity];
        let points = [("a", 3, "Mon-Sun 08:00-20:00"), ("b", 9, "always"), ("c", 5, "Mon-Fri 09:00-17:00")][..points.min(3)].to_vec();
        let timers = Timers {
            receive_within: Span::seconds(waits[0]),
            next_point_after: Span::seconds(waits[1]),
            take_within: Span::seconds(waits[2]),
            ask_all_every: Span::seconds(waits[3]),
            ..Timers::default()
        };
        let circle = Circle::of_points(circle(&points).points, timers);
        let first = circle.first(&shanghai(), at(0), severity, false);
        prop_assert_eq!(&first, &circle.nearest(&shanghai(), at(0)));
        let first: Vec<&str> = first.iter().map(PointId::as_str).collect();
        let mut alert = alert(severity, false, &first);
        if received {
            alert.apply(step(2, at(1), Actor::station("a".parse().unwrap()), Deed::Receive));
        }
        for number in 3..60 {
            let due = circle.widens_at(&alert);
            prop_assert_eq!(due, before::widens_at(&circle, &alert));
            let Some(due) = due else { break };
            let deed = circle.widen(&shanghai(), due, &alert);
            let (level, to) = (alert.escalated + 1, before::next(&circle, due, &alert));
            prop_assert_eq!(&deed, &Deed::Escalate { level, to, people: Default::default(), last_resort: None });
            alert.apply(step(number, due, Actor::gateway(), deed));
        }
    }
}

#[test]
fn with_the_usual_steps_an_unanswered_emergency_moves_on_every_two_minutes_for_an_hour() {
    let circle = circle(&[("near", 5, "always"), ("far", 12, "always")]);
    let told = unanswered(&circle, alert(Severity::Emergency, false, &["near"]), at(3_600));
    let instants: Vec<i64> = std::iter::once(0).chain(told.iter().map(|told| told.0)).collect();
    assert!(instants.windows(2).all(|pair| pair[1] - pair[0] <= 120), "{instants:?}");
    assert!(*instants.last().unwrap() > 3_480);
}

#[test]
fn where_none_of_those_who_were_asked_is_left_whoever_is_there_now_is_asked_at_once() {
    let circle = circle(&[("new", 5, "always"), ("other", 9, "always")]);
    for severity in [Severity::Emergency, Severity::Urgent, Severity::Blind, Severity::Notice, Severity::Fault] {
        for phase in
            [&[] as &[Deed], &[Deed::Receive], &[Deed::Receive, Deed::Take, Deed::Arrive { proof: Proof::None }]]
        {
            let mut alert = alert(severity, false, &["gone", "gone-too"]);
            for (deed, nth) in phase.iter().zip(2..) {
                let role = if *deed == Deed::Receive { Role::Station } else { Role::Desk };
                let by = Actor { role, point: Some("gone".parse().unwrap()), person: None, via: None };
                alert.apply(step(nth, at(10), by, deed.clone()));
            }
            assert!(circle.widens_at(&alert).is_some_and(|due| due <= at(10)), "{severity:?}, {:?}", alert.phase);
            let deed = circle.widen(&shanghai(), at(10), &alert);
            let Deed::Escalate { to, .. } = &deed else { panic!("{deed:?}") };
            assert_eq!(to[0].as_str(), "new", "{severity:?}");
            alert.apply(step(9, at(10), Actor::gateway(), deed));
            assert!(circle.widens_at(&alert).is_none_or(|due| due > at(10)), "once");
        }
    }
    // Neither a test nor a home of which nobody was told.
    assert_eq!(circle.widens_at(&alert(Severity::Notice, true, &["gone"])), None);
    assert_eq!(circle.widens_at(&alert(Severity::Notice, false, &[])), None);
}

#[test]
fn a_step_that_finds_nobody_new_asks_those_again_who_are_still_there() {
    let mut circle = with_people();
    circle.points.retain(|point| point.id.as_str() == "far");
    let mut told = alert(Severity::Emergency, false, &["near"]);
    told.apply(step(2, at(0), Actor::gateway(), circle.widen(&shanghai(), at(0), &told)));
    assert_eq!(told.points.last().map(PointId::as_str), Some("far"));
    // The neighbour is asked in the evening only.
    let Deed::Escalate { to, .. } = circle.widen(&shanghai(), at(60), &told) else { panic!("no climbing") };
    assert_eq!(to.iter().map(PointId::as_str).collect::<Vec<_>>(), ["far"]);
}

#[test]
fn that_a_way_is_lost_is_told_to_other_points_until_one_holds_it_and_never_again_and_again() {
    let lost = |to: &str| {
        let json = r#"{"rule":"path_lost","channel":"lehe","point":"near","since":"2026-11-21T00:00:00Z"}"#;
        let reason: Reason = serde_json::from_str(json).unwrap();
        let (severity, to) = (reason.severity(), vec![to.parse().unwrap()]);
        Alert::begin(1, step(1, at(0), Actor::gateway(), Deed::Raise { reason, severity, test: false, to })).unwrap()
    };
    let three = circle(&[("near", 5, "always"), ("far", 12, "always"), ("third", 20, "always")]);
    let asked = |circle: &Circle, alert| {
        unanswered(circle, alert, at(86_400)).into_iter().map(|(_, to, _)| to).collect::<Vec<String>>()
    };
    assert_eq!(asked(&three, lost("near")), ["far", "near far third"]);
    let mut received = lost("near");
    received.apply(step(2, at(5), Actor::station("near".parse().unwrap()), Deed::Receive));
    assert_eq!(asked(&three, received), [""; 0]);
    assert_eq!(asked(&circle(&[("near", 5, "always")]), lost("near")), [""; 0], "there is nobody else");
    assert_eq!(asked(&with_people(), lost("near")), ["far"], "no person is told of it");
}
