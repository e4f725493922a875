//! What must hold at the desk. A home's book is kept by the model's own rules, so the two cannot drift apart.

use super::*;
use crate::model::ids::PersonId;
use crate::model::lifecycle::{Contact, Outcome, Phase, Proof, Timers, Via};
use crate::model::observation::Press;
use crate::model::time::Span;

mod asked_for;
mod checks;
mod events;
mod faults;
mod filed;
mod handover;
mod late;
mod lost_at_home;
mod months;
mod screens;
mod silence;
mod stories;
mod summons;
mod suspended;
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
            Answer::NoSuchAlert | Answer::Declined(_) => panic!("it is there"),
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
fn of_those_just_closed_the_newest_are_shown_and_the_rest_is_counted() {
    let mut desk = desk();
    let mut keys = Vec::new();
    for i in 0..23 {
        let key = desk.told(&Book::new(&format!("flat-{i}")).raise(at(i)), at(i));
        let close = Deed::Close { outcome: Outcome::FoundWell, contact: Contact::Seen };
        desk.answer_to(&key, at(100 + i), "p1", close, "a");
        keys.push(key);
    }
    let shown = |now: Timestamp| {
        let view = desk.view(now, &person("p1"));
        let rows = view.band(BandName::JustClosed).iter().map(|row| row.key.clone());
        (rows.collect::<Vec<_>>(), view.more_just_closed())
    };
    let newest: Vec<AlertKey> = keys.iter().rev().take(20).cloned().collect();
    assert_eq!(shown(at(200)), (newest, 3));
    assert_eq!(shown(at(110 + 2 * 3600)), (keys[11..].iter().rev().cloned().collect(), 0));
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

/// A home's book.
#[derive(Clone)]
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
        let state = BookState::of(alert);
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

    /// What it waits for besides the next day's list.
    fn waits_for(&self) -> Option<Timestamp> {
        self.next_wakeup().filter(|at| Some(*at) != self.daily.next_at)
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
                Effect::Receipt { .. }
                | Effect::Send(_)
                | Effect::Answer { .. }
                | Effect::Changed(_)
                | Effect::Suspend(_)
                | Effect::Happened(_) => None,
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
    Desk::new(Settings {
        point,
        timers,
        unreachable_after: Span::seconds(180),
        people,
        duty: None,
        daily: DailySettings::default(),
    })
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
        Effect::Record(_)
        | Effect::Receipt { .. }
        | Effect::Send(_)
        | Effect::Changed(_)
        | Effect::Suspend(_)
        | Effect::Happened(_) => None,
    });
    answers.expect("every click is answered")
}

fn sends(effects: &[Effect]) -> Vec<Outgoing> {
    let sends = effects.iter().filter_map(|effect| match effect {
        Effect::Send(outgoing) => Some(outgoing.clone()),
        Effect::Record(_)
        | Effect::Receipt { .. }
        | Effect::Answer { .. }
        | Effect::Changed(_)
        | Effect::Suspend(_)
        | Effect::Happened(_) => None,
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
