//! What must hold at the desk. A home's book is kept by the model's own rules, so the two cannot drift apart.

use super::*;
use crate::model::ids::PersonId;
use crate::model::lifecycle::{Contact, Outcome, Phase, Proof, Timers, Via};
use crate::model::observation::Press;
use crate::model::time::Span;
use proptest::prelude::*;

mod asked_for;
mod checks;
mod ways;

#[test]
fn of_fifty_takes_exactly_one_wins_and_all_others_learn_who() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    let mut won = Vec::new();
    for n in 0..50 {
        let who = format!("p{n}");
        match desk.answer_to(&key, at(2), &who, Deed::Take, &format!("k{n}")) {
            Answer::Done { .. } => won.push(who),
            Answer::Refused(Refusal::Owned { by, .. }) => {
                assert_eq!(by.person.map(|person| person.to_string()), won.first().cloned());
            }
            Answer::Refused(why) => panic!("{why:?}"),
            Answer::NoSuchAlert => panic!("it is there"),
        }
    }
    assert_eq!(won, ["p0"]);
}

#[test]
fn the_same_click_gets_the_same_answer_and_makes_no_second_step() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    let first = desk.answer_to(&key, at(2), "p1", Deed::Take, "k");
    let refused = desk.answer_to(&key, at(3), "p2", Deed::Take, "r");
    desk.answer_to(&key, at(4), "p1", Deed::Release { why: String::new() }, "x");
    assert_eq!(desk.answer_to(&key, at(5), "p1", Deed::Take, "k"), first);
    assert_eq!(desk.answer_to(&key, at(5), "p2", Deed::Take, "r"), refused, "refused once, refused by the same click");
    assert_eq!(desk.row(&key).phase, Phase::Received);
}

#[test]
fn who_saw_an_older_owner_is_shown_the_new_state_first() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    let seen = desk.row(&key).version;
    desk.answer_to(&key, at(2), "p1", Deed::Take, "a");
    desk.answer_to(&key, at(3), "p1", Deed::Release { why: String::new() }, "b");
    let click = |desk: &mut Desk, expect, id: &str| {
        let by = person("p2");
        let (alert, key, ticket, deed) = (key.clone(), id.to_owned(), 0, Deed::Take);
        answer(&desk.does(at(4), Input::Click(Click { ticket, alert, by, deed, expect, key })))
    };
    assert_eq!(click(&mut desk, Some(seen), "c"), Answer::Refused(Refusal::Stale));
    let fresh = desk.row(&key).version;
    assert!(matches!(click(&mut desk, Some(fresh), "d"), Answer::Done { .. }));
}

#[test]
fn a_repeated_notice_is_answered_again_and_shown_once() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let notice = home.raise(at(0));
    desk.told(&notice, at(1));
    let before = picture(&desk);
    for again in 2..10 {
        let effects = desk.does(at(1), Input::Notice(Box::new(notice.clone())));
        assert!(matches!(&effects[..], [Effect::Receipt { step: 1, .. }]), "{again}: {effects:?}");
    }
    assert_eq!(picture(&desk), before);
    let mut restored = desk.restored();
    let effects = restored.does(at(1), Input::Notice(Box::new(notice)));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Record(_))), "recognised after a restart too");
}

#[test]
fn what_was_decided_is_written_before_it_is_told() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let effects = desk.does(at(1), Input::Notice(Box::new(home.raise(at(0)))));
    let of = |wanted: fn(&Effect) -> bool| effects.iter().position(wanted).expect("it is there");
    let record = of(|effect| matches!(effect, Effect::Record(Recorded::Notice { .. })));
    assert!(record < of(|effect| matches!(effect, Effect::Receipt { .. })));
}

#[test]
fn a_take_that_nobody_carries_out_runs_out_after_five_minutes_even_alone() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    desk.answer_to(&key, at(10), "p1", Deed::Take, "a");
    let mut deeds = Vec::new();
    while let Some(wakeup) = desk.next_wakeup().filter(|wakeup| *wakeup <= at(1200)) {
        for effect in desk.does(wakeup, Input::Tick) {
            if let Effect::Record(Recorded::Done { at: when, what, .. }) = effect {
                deeds.push(((when - at(0)).num_seconds(), what.name()));
            }
        }
        assert!(desk.next_wakeup().is_none_or(|next| next > wakeup), "time stands still at {wakeup}");
        desk.does(wakeup, beat("flat")); // the home itself is well
    }
    assert_eq!(deeds, [(190, "remind"), (310, "lapse"), (600, "remind"), (900, "overdue")]);
    let row = desk.row(&key);
    assert_eq!((row.phase, row.lapsed, row.owner.is_some()), (Phase::Received, 1, false));
}

#[test]
fn undoing_in_time_brings_back_the_old_deadline_and_later_is_refused() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    let before = desk.row(&key);
    desk.answer_to(&key, at(10), "p1", Deed::Take, "a");
    assert!(matches!(desk.answer_to(&key, at(20), "p1", Deed::Undo { step: 0 }, "b"), Answer::Done { .. }));
    let after = desk.row(&key);
    assert_eq!((after.take_by, after.due_at, after.phase), (before.take_by, before.due_at, Phase::Received));
    desk.answer_to(&key, at(30), "p1", Deed::Take, "c");
    let late = desk.answer_to(&key, at(61), "p1", Deed::Undo { step: 0 }, "d");
    assert_eq!(late, Answer::Refused(Refusal::TooLate { limit_secs: 30 }));
    let view = desk.alert_view(at(61), &key, &person("p1")).unwrap();
    assert_eq!(view.timeline.iter().filter(|line| line.undone).count(), 1);
}

#[test]
fn steps_are_repeated_until_the_home_confirms_and_at_once_when_it_is_back() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    let mut sent = sends(&desk.clicked(&key, at(10), "p1", Deed::Take, "a"));
    assert_eq!(sent.len(), 1);
    let mut times = Vec::new();
    while let Some(wakeup) = desk.next_wakeup().filter(|wakeup| *wakeup < at(140)) {
        let effects = desk.does(wakeup, Input::Tick);
        times.extend(sends(&effects).iter().map(|_| (wakeup - at(10)).num_seconds()));
    }
    assert_eq!(times, [5, 15, 35, 65, 95, 125]);
    let online = |online| Input::HomeLink { home: "flat".parse().unwrap(), online };
    desk.does(at(140), online(false));
    sent.extend(sends(&desk.does(at(141), online(true))));
    assert_eq!(sent.len(), 2, "at once when the link is back");
    for notice in home.step(at(142), &sent[0]) {
        desk.told(&notice, at(142));
    }
    assert!(!desk.row(&key).unconfirmed);
    assert!(sends(&desk.does(at(500), Input::Tick)).iter().all(|sent| sent.key != "a"));
}

#[test]
fn the_homes_book_decides_between_points_and_the_desk_corrects_itself() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    let key = desk.told(&home.raise(at(0)), at(1));
    let other = Actor { point: Some("other".parse().unwrap()), ..person("x") };
    let theirs = home.enter(at(2), other.clone(), Deed::Take, Some("theirs".into()));
    let ours = sends(&desk.clicked(&key, at(3), "p1", Deed::Take, "ours"));
    assert_eq!(desk.row(&key).owner.unwrap().actor, person("p1"), "at once, for our own people");
    desk.told(&theirs, at(4));
    for notice in home.step(at(5), &ours[0]) {
        desk.told(&notice, at(5));
    }
    let row = desk.row(&key);
    assert_eq!((row.owner.unwrap().actor, row.unconfirmed), (other, false));
    let view = desk.alert_view(at(6), &key, &person("p1")).unwrap();
    assert!(view.timeline.iter().any(|line| matches!(line.step.deed, Deed::Refused { .. })), "and shows why");
    let again = desk.answer_to(&key, at(7), "p1", Deed::Take, "ours");
    assert!(matches!(again, Answer::Refused(Refusal::Owned { .. })), "{again:?}");
}

#[test]
fn a_home_that_falls_silent_is_one_alert_that_only_people_close() {
    let mut desk = desk();
    desk.does(at(0), beat("flat"));
    assert!(desk.does(at(179), Input::Tick).is_empty());
    assert_eq!(desk.next_wakeup(), Some(at(180)));
    desk.does(at(180), Input::Tick);
    let no_contact = |desk: &Desk, now| desk.view(now, &person("p1")).band(BandName::NoContact).to_vec();
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
    assert!(desk.view(at(9_000), &person("p1")).homes[0].unreachable, "but not called well");
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
    assert_eq!(desk.next_wakeup(), None);
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
    let no_contact = |desk: &Desk, now| desk.view(now, &person("p1")).band(BandName::NoContact).len();
    desk.does(at(0), beat("flat"));
    desk.does(at(1), beat("house"));
    desk.does(at(10), Input::OwnLink { up: false });
    assert_eq!(desk.next_wakeup(), None);
    desk.does(at(60), beat("flat"));
    assert_eq!(desk.next_wakeup(), Some(at(240)));
    desk.does(at(240), Input::Tick);
    assert_eq!(no_contact(&desk, at(240)), 1, "flat, and not the house that has only the broker");
    desk.does(at(300), Input::OwnLink { up: true });
    desk.does(at(480), Input::Tick);
    assert_eq!(no_contact(&desk, at(480)), 2);
}

#[test]
fn the_clock_of_arrival_runs_from_the_raise_also_for_a_home_without_a_clock() {
    let (mut desk, mut home) = (desk(), Book::new("flat"));
    home.clock_trusted = false;
    let mut notice = home.raise(at(-999_999));
    notice.age_ms = 42_000;
    let key = desk.told(&notice, at(100));
    let row = desk.row(&key);
    assert!(row.approximate);
    assert_eq!((row.raised_at, row.late.num_seconds()), (at(58), 42));
    assert_eq!(row.due_at, Some(at(58 + 900)));
    assert_eq!(row.take_by, Some(at(160)), "taking is counted from the receipt");
}

#[test]
fn an_alert_can_begin_with_any_notice() {
    let mut home = Book::new("flat");
    home.raise(at(0));
    home.enter(at(1), Actor::station("other".parse().unwrap()), Deed::Receive, None);
    let other = Actor { point: Some("other".parse().unwrap()), ..person("x") };
    let taken = home.enter(at(2), other.clone(), Deed::Take, Some("k".into()));
    let mut desk = desk();
    let key = desk.told(&taken, at(3));
    let row = desk.row(&key);
    assert_eq!((row.phase, row.owner.unwrap().actor, row.raised_at), (Phase::Taken, other, at(0)));
    assert!(matches!(row.reason, Reason::CallButton { .. }));
}

/// What happens to one home's alert, in any order a person or a machine may think of.
#[derive(Debug, Clone)]
enum Happens {
    Click(u8, u8),
    Home(u8),
    Deliver,
    Wait(u16),
    Beat,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (0..4_u8, 0..10_u8).prop_map(|(who, what)| Happens::Click(who, what)),
        2 => (0..4_u8).prop_map(Happens::Home),
        3 => Just(Happens::Deliver),
        2 => (1..400_u16).prop_map(Happens::Wait),
        1 => Just(Happens::Beat),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Goal: history is the only state. Method: a second desk is restored from what was recorded after every single
    /// input; the two must look the same and want the same sent.
    #[test]
    fn killed_after_every_input_and_restored_the_desk_is_the_same(story in proptest::collection::vec(happens(), 1..40)) {
        let mut tale = Tale::new();
        for happening in &story {
            tale.turn(happening);
            prop_assert_eq!(picture(&tale.desk), picture(&tale.desk.restored()));
            let unsent = |desk: &Desk| desk.rows.values().flat_map(|row| row.unconfirmed().map(|own| own.key.clone()))
                .collect::<Vec<_>>();
            prop_assert_eq!(unsent(&tale.desk), unsent(&tale.desk.restored()));
        }
    }

    /// Goal: desk and home end with the same alert. Method: any story, then everything is delivered.
    #[test]
    fn when_all_is_delivered_desk_and_home_agree(story in proptest::collection::vec(happens(), 1..40)) {
        let mut tale = Tale::new();
        for happening in &story {
            tale.turn(happening);
        }
        for _ in 0..200 {
            tale.turn(&Happens::Wait(1));
            tale.turn(&Happens::Deliver);
        }
        let (here, there) = (tale.desk.row(&tale.key), &tale.home.alert);
        let unsent: Vec<_> = tale.desk.rows[&tale.key].unconfirmed().collect();
        prop_assert!(!here.unconfirmed, "{:?} {:?}\n{:#?}", story, unsent, there.steps);
        // The desk has what the home sent it, so nothing is merely raised here.
        let phase = if there.phase == Phase::Raised { Phase::Received } else { there.phase };
        prop_assert_eq!(here.phase, phase);
        let person = |owner: &Option<crate::model::alert::Owner>| owner.as_ref().and_then(|o| o.actor.person.clone());
        if phase.is_open() {
            prop_assert_eq!(person(&here.owner), person(&there.owner));
        }
        prop_assert_eq!(here.closed.map(|closed| closed.outcome), there.closed.as_ref().map(|closed| closed.outcome));
    }

    /// Goal: repeats, holes that fill and any order give the same alert. Method: one life, shuffled and doubled.
    #[test]
    fn repeated_and_permuted_notices_give_the_same_alert(order in proptest::collection::vec(0..7_usize, 0..30)) {
        let mut home = Book::new("flat");
        let other = Actor { point: Some("other".parse().unwrap()), ..person("x") };
        let mut life = vec![home.raise(at(0))];
        life.push(home.enter(at(2), Actor::station("other".parse().unwrap()), Deed::Receive, None));
        life.push(home.enter(at(5), Actor::home(), Deed::Again { count: 2 }, None));
        life.push(home.enter(at(9), other.clone(), Deed::Take, Some("a".into())));
        life.push(home.enter(at(20), other.clone(), Deed::Depart, Some("b".into())));
        life.push(home.enter(at(90), other.clone(), Deed::Arrive { proof: Proof::None }, Some("c".into())));
        life.push(home.enter(at(99), other, Deed::Close { outcome: Outcome::Helped, contact: Contact::Seen }, Some("d".into())));
        let straight = |order: &[usize]| {
            let mut desk = desk();
            for n in order {
                desk.told(&life[*n], at(100)); // before any timer of the desk's own
            }
            let key = desk.rows.keys().next().cloned().expect("there is one");
            let mut view = desk.alert_view(at(100), &key, &person("p1")).expect("it is there");
            view.row.version = 0;
            format!("{view:?}")
        };
        let mut shuffled = order.clone();
        shuffled.extend(0..7);
        prop_assert_eq!(straight(&shuffled), straight(&[0, 1, 2, 3, 4, 5, 6]));
    }
}

#[test]
fn a_timer_that_was_refused_and_comes_back_with_an_undo_is_asked_anew() {
    let mut tale = Tale::new();
    // The lapse of the desk crosses the arrival at the home and is refused; then the arrival is undone.
    for happening in [Happens::Home(2), Happens::Wait(300), Happens::Home(1), Happens::Deliver, Happens::Click(2, 5)] {
        tale.turn(&happening);
    }
    for _ in 0..5 {
        tale.turn(&Happens::Wait(1));
        tale.turn(&Happens::Deliver);
    }
    let row = tale.desk.row(&tale.key);
    assert_eq!((row.unconfirmed, row.phase), (false, tale.home.alert.phase));
}

/// A desk and a home with messages between them that may wait.
struct Tale {
    desk: Desk,
    home: Book,
    key: AlertKey,
    now: Timestamp,
    up: Vec<Notice>,
    down: Vec<Outgoing>,
    clicks: u32,
}

impl Tale {
    fn new() -> Tale {
        let (mut desk, mut home) = (desk(), Book::new("flat"));
        let key = desk.told(&home.raise(at(0)), at(1));
        let up = vec![home.enter(at(1), Actor::station("lehe".parse().unwrap()), Deed::Receive, None)];
        Tale { desk, home, key, now: at(1), up, down: Vec::new(), clicks: 0 }
    }

    fn turn(&mut self, happening: &Happens) {
        let effects = match happening {
            Happens::Click(who, what) => {
                self.clicks += 1;
                let (who, key) = (["p1", "p2", "boss", "out"][usize::from(*who)], format!("c{}", self.clicks));
                self.desk.clicked(&self.key.clone(), self.now, who, deed(*what), &key)
            }
            Happens::Home(what) => {
                let (by, deed) = match what {
                    0 => (Actor::home(), Deed::Again { count: self.home.alert.count + 1 }),
                    1 => (Actor::home(), Deed::Arrive { proof: Proof::ServiceButton }),
                    2 => (Actor { point: Some("other".parse().unwrap()), ..person("x") }, Deed::Take),
                    _ => (Actor::gateway(), Deed::Overdue),
                };
                let legal = self.home.alert.judge(self.now, &by, &deed, &Timers::default()).is_ok();
                if legal {
                    let notices = self.home.enter_with_implied(self.now, by, deed, None);
                    self.up.extend(notices);
                }
                Vec::new()
            }
            Happens::Deliver => {
                for outgoing in std::mem::take(&mut self.down) {
                    self.up.extend(self.home.step(self.now, &outgoing));
                }
                let mut effects = Vec::new();
                for notice in std::mem::take(&mut self.up) {
                    effects.extend(self.desk.does(self.now, Input::Notice(Box::new(notice))));
                }
                effects
            }
            Happens::Wait(secs) => {
                self.now += Span::seconds(i64::from(*secs));
                self.desk.does(self.now, Input::Tick)
            }
            Happens::Beat => self.desk.does(self.now, beat("flat")),
        };
        self.down.extend(sends(&effects));
    }
}

fn deed(n: u8) -> Deed {
    match n {
        0 | 1 => Deed::Take,
        2 => Deed::Depart,
        3 => Deed::Arrive { proof: Proof::None },
        4 => Deed::Close { outcome: Outcome::FoundWell, contact: Contact::Seen },
        5 => Deed::Undo { step: 0 },
        6 => Deed::Release { why: "busy".into() },
        7 => Deed::TakeOver,
        8 => Deed::Note { text: "words".into() },
        _ => Deed::HandOver { to: "p2".parse().expect("a legal id") },
    }
}

/// A home's book.
struct Book {
    alert: crate::model::alert::Alert,
    home: HomeId,
    clock_trusted: bool,
}

impl Book {
    fn new(home: &str) -> Book {
        let deed =
            Deed::Raise { reason: Reason::Unknown, severity: Reason::Unknown.severity(), test: false, to: vec![] };
        let step = Step { number: 1, at: at(0), by: Actor::gateway(), deed, key: None, implied: false };
        let alert = crate::model::alert::Alert::begin(1, step).expect("a raise");
        Book { alert, home: home.parse().unwrap(), clock_trusted: true }
    }

    fn raise(&mut self, now: Timestamp) -> Notice {
        let reason = Reason::CallButton {
            sensor: "pendant".parse().unwrap(),
            room: None,
            press: Press::Single,
            last_life: None,
        };
        self.raise_of(now, reason)
    }

    fn raise_of(&mut self, now: Timestamp, reason: Reason) -> Notice {
        let severity = reason.severity();
        let deed = Deed::Raise { reason, severity, test: false, to: vec![] };
        let step = Step { number: 1, at: now, by: Actor::gateway(), deed, key: None, implied: false };
        self.alert = crate::model::alert::Alert::begin(1, step.clone()).expect("a raise");
        self.notice(now, step)
    }

    fn enter(&mut self, now: Timestamp, by: Actor, deed: Deed, key: Option<String>) -> Notice {
        self.enter_with_implied(now, by, deed, key).pop().expect("at least the step itself")
    }

    fn enter_with_implied(&mut self, now: Timestamp, by: Actor, deed: Deed, key: Option<String>) -> Vec<Notice> {
        let steps = self.alert.implied_by(&deed).into_iter().map(|deed| (deed, None, true));
        let steps: Vec<_> = steps.chain([(deed, key, false)]).collect();
        let enter = |(deed, key, implied)| {
            let step = Step { number: self.alert.last_step + 1, at: now, by: by.clone(), deed, key, implied };
            self.alert.apply(step.clone());
            self.notice(now, step)
        };
        steps.into_iter().map(enter).collect()
    }

    /// What the gateway does with a step from a station.
    fn step(&mut self, now: Timestamp, asked: &Outgoing) -> Vec<Notice> {
        if let Some(known) = self.alert.steps.iter().find(|step| step.key.as_ref() == Some(&asked.key)).cloned() {
            return vec![self.notice(now, known)];
        }
        match self.alert.judge(asked.at, &asked.by, &asked.deed, &Timers::default()) {
            Ok(_) => self.enter_with_implied(now, asked.by.clone(), asked.deed.clone(), Some(asked.key.clone())),
            Err(why) => {
                let refused = Deed::Refused { asked: asked.deed.name().into(), why };
                vec![self.enter(now, Actor::gateway(), refused, Some(asked.key.clone()))]
            }
        }
    }

    fn notice(&self, now: Timestamp, step: Step) -> Notice {
        let alert = &self.alert;
        let state = BookState {
            reason: alert.reason.clone(),
            severity: alert.severity,
            phase: alert.phase,
            owner: alert.owner.as_ref().map(|owner| owner.actor.clone()),
            count: alert.count,
            escalated: alert.escalated,
            last_resort: alert.last_resort.clone(),
            life_since: alert.life_since.clone(),
            test: alert.test,
        };
        let age_ms = (now - alert.id.raised_at).num_milliseconds();
        let (home, clock_trusted) = (self.home.clone(), self.clock_trusted);
        Notice { home, place: "3-2-201".into(), alert: alert.id, step, state, age_ms, clock_trusted, durable: true }
    }
}

thread_local! {
    /// What the desks of one test recorded, by nothing but the effects they gave.
    static HISTORY: std::cell::RefCell<Vec<Recorded>> = const { std::cell::RefCell::new(Vec::new()) };
}

impl Desk {
    fn told(&mut self, notice: &Notice, now: Timestamp) -> AlertKey {
        self.does(now, Input::Notice(Box::new(notice.clone())));
        AlertKey { home: notice.home.clone(), alert: notice.alert }
    }

    fn clicked(&mut self, alert: &AlertKey, now: Timestamp, who: &str, deed: Deed, key: &str) -> Vec<Effect> {
        let (alert, by, key) = (alert.clone(), person(who), key.to_owned());
        self.does(now, Input::Click(Click { ticket: 7, alert, by, deed, expect: None, key }))
    }

    /// Takes an input and writes down what it is to remember.
    fn does(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        let effects = self.handle(now, input);
        self.keep(&effects);
        effects
    }

    fn answer_to(&mut self, alert: &AlertKey, now: Timestamp, who: &str, deed: Deed, key: &str) -> Answer {
        answer(&self.clicked(alert, now, who, deed, key))
    }

    fn row(&self, alert: &AlertKey) -> RowView {
        self.alert_view(at(100_000), alert, &person("p1")).expect("it is there").row
    }

    fn keep(&self, effects: &[Effect]) {
        HISTORY.with_borrow_mut(|history| {
            history.extend(effects.iter().filter_map(|effect| match effect {
                Effect::Record(recorded) => Some(recorded.clone()),
                Effect::Receipt { .. } | Effect::Send(_) | Effect::Answer { .. } | Effect::Changed(_) => None,
            }));
        });
    }

    /// A new desk that knows what was recorded, through the bytes of the database.
    fn restored(&self) -> Desk {
        let lines = HISTORY.with_borrow(|history| {
            history.iter().map(|line| serde_json::to_string(line).expect("plain data")).collect::<Vec<_>>()
        });
        Desk::new(self.settings.clone())
            .restore(lines.iter().map(|line| serde_json::from_str(line).expect("as written")))
    }
}

fn desk() -> Desk {
    HISTORY.with_borrow_mut(Vec::clear);
    let people = (0..50).map(|n| (format!("p{n}").parse().unwrap(), Role::Desk));
    let people: BTreeMap<PersonId, Role> = people.chain([("boss".parse().unwrap(), Role::Supervisor)]).collect();
    let (point, timers) = ("lehe".parse().unwrap(), Timers::default());
    Desk::new(Settings { point, timers, unreachable_after: Span::seconds(180), people })
}

fn person(id: &str) -> Actor {
    let role = match id {
        "boss" => Role::Supervisor,
        "out" => Role::Responder,
        _ => Role::Desk,
    };
    let (point, person) = (Some("lehe".parse().unwrap()), Some(id.parse().unwrap()));
    Actor { role, point, person, via: Some(Via::Desk) }
}

fn beat(home: &str) -> Input {
    Input::Heartbeat { home: home.parse().unwrap(), condition: Condition::default() }
}

fn answer(effects: &[Effect]) -> Answer {
    let answers = effects.iter().find_map(|effect| match effect {
        Effect::Answer { answer, .. } => Some(answer.clone()),
        Effect::Record(_) | Effect::Receipt { .. } | Effect::Send(_) | Effect::Changed(_) => None,
    });
    answers.expect("every click is answered")
}

fn sends(effects: &[Effect]) -> Vec<Outgoing> {
    let sends = effects.iter().filter_map(|effect| match effect {
        Effect::Send(outgoing) => Some(outgoing.clone()),
        Effect::Record(_) | Effect::Receipt { .. } | Effect::Answer { .. } | Effect::Changed(_) => None,
    });
    sends.collect()
}

/// All that a person can see of a desk, but for what only the running station knows.
fn picture(desk: &Desk) -> String {
    let views = desk.rows.keys().map(|key| {
        let mut view = desk.alert_view(at(100_000), key, &person("p1")).expect("it is there");
        view.home = None;
        view.row.home_online = None;
        for row in &mut view.earlier {
            row.home_online = None;
        }
        format!("{view:#?}\n")
    });
    views.collect()
}

fn at(secs: i64) -> Timestamp {
    crate::model::time::from_millis(1_795_241_529_000 + secs * 1000)
}
