//! What must hold of the day's list.

use crate::desk::input::{Condition, Input, Order, Recorded, SensorSeen, Settings, Suspended};
use crate::desk::{Answer, Blindness, DailyRow, DailySettings, DailyState, Desk, Effect, LimitBy};
use crate::model::card::{Card, Class};
use crate::model::errand::{ContactDeed, Declined, Errand};
use crate::model::home::SensorKind;
use crate::model::ids::HomeId;
use crate::model::lifecycle::{Actor, CallResult, Contact, Deed, Outcome, Role, Timers, Via};
use crate::model::own_sign::{OwnDay, OwnSign, SignBy};
use crate::model::reason::{Reason, Severity};
use crate::model::suspension::Absence;
use crate::model::time::{Day, Span, Timestamp, Zone};

mod part;
mod restored;
mod work;

const SHANGHAI: &str = "Asia/Shanghai";

#[test]
fn who_moves_about_is_ticked_and_who_does_not_is_phoned_from_their_own_time_on() {
    let mut bench = Bench::new(SHANGHAI);
    bench.beat("06:05", "early", Some(("06:01", SignBy::Movement)));
    bench.beat("06:05", "late", None);
    assert!(matches!(bench.state("06:06", "early"), DailyState::OwnSign(sign) if sign.by == SignBy::Movement));
    assert_eq!(bench.state("09:29", "late"), DailyState::Waiting);
    assert_eq!(bench.state("09:30", "late"), DailyState::ToPhone);
    bench.card("late", Card { contact_by: Some("08:00".parse().unwrap()), ..Card::default() });
    assert_eq!(bench.row("08:00", "late").limit.by, LimitBy::Card);
    assert_eq!(bench.state("08:00", "late"), DailyState::ToPhone);
    bench.beat("10:13", "late", Some(("10:12", SignBy::OkButton)));
    assert!(matches!(bench.state("10:14", "late"), DailyState::OwnSign(sign) if sign.at == bench.at("10:12")));
    let counts = bench.desk.daily_view(bench.at("10:14")).counts;
    assert_eq!((counts.homes, counts.moved, counts.pressed, counts.unresolved()), (2, 1, 1, 0));
}

#[test]
fn what_is_usual_in_a_home_sets_its_time_but_nobody_is_waited_for_past_the_deadline() {
    let mut bench = Bench::new(SHANGHAI);
    for (usual, expected) in [("06:50", "07:20"), ("08:20", "08:50"), ("13:00", "11:00")] {
        let usual_by = Some(bench.at(usual));
        bench.tells("06:10", "flat", |day| day.usual_by = usual_by);
        let limit = bench.row("06:11", "flat").limit;
        assert_eq!((limit.at, limit.by), (bench.at(expected), LimitBy::Usual), "{usual}");
    }
}

#[test]
fn a_home_that_cannot_be_seen_is_never_ticked_by_itself() {
    let mut bench = Bench::new(SHANGHAI);
    bench.desk.settings.unreachable_after = Span::minutes(3);
    let mut told = |home: &str, change: &dyn Fn(&mut Condition)| {
        let mut condition = bench.condition(None);
        change(&mut condition);
        bench.hears("06:10", home, condition);
    };
    told("blind", &|condition| condition.blind = true);
    told("old", &|condition| condition.today = None);
    told("patchy", &|condition| condition.today.as_mut().unwrap().unwatched = Span::hours(1));
    told("learning", &|condition| condition.today.as_mut().unwrap().learning_day = Some(5));
    told("unheard", &|condition| condition.sensors[6].heard_secs = None);
    bench.card("never", Card::default());
    bench.does("06:20", Input::Tick);
    for (home, why) in [
        ("blind", Blindness::NoContact), // since 06:10, for more than three minutes
        ("never", Blindness::NeverHeard),
    ] {
        assert_eq!(bench.state("06:20", home), DailyState::CannotTell(why), "{home}");
    }
    for home in ["blind", "old", "patchy", "learning", "unheard"] {
        let condition = bench.desk.watch.homes[&id(home)].condition.clone().unwrap();
        bench.hears("06:21", home, condition);
    }
    for (home, why) in [
        ("blind", Blindness::Blind),
        ("old", Blindness::NotTold),
        ("patchy", Blindness::Patchy),
        ("learning", Blindness::Learning(5)),
        ("unheard", Blindness::Sensor(None)),
        ("never", Blindness::NeverHeard),
    ] {
        let row = bench.row("06:21", home);
        assert_eq!(row.state, DailyState::CannotTell(why), "{home}");
        assert!(row.state.wants_a_call() && row.state.is_unresolved());
    }
    // What the home showed before it went blind was seen.
    let mut condition = bench.condition(Some(("06:15", SignBy::Movement)));
    condition.blind = true;
    bench.hears("06:22", "blind", condition);
    assert!(matches!(bench.state("06:23", "blind"), DailyState::OwnSign(_)));
}

#[test]
fn two_unanswered_calls_propose_an_alert_and_the_third_makes_it_by_itself() {
    let mut bench = Bench::new(SHANGHAI);
    bench.beat("06:05", "flat", None);
    bench.call("09:31", "flat", CallResult::NoAnswer);
    bench.call("09:32", "flat", CallResult::NoAnswer);
    bench.call("09:35", "flat", CallResult::WrongNumber);
    let row = bench.row("09:36", "flat");
    assert_eq!((row.unanswered, row.proposes), (1, false), "two in a row are one try");
    assert_eq!(row.again_at, Some(bench.at("09:41")));
    bench.call("09:41", "flat", CallResult::Busy);
    let row = bench.row("09:42", "flat");
    assert_eq!((row.unanswered, row.proposes, bench.alerts("flat")), (2, true, 0));
    let effects = bench.call("09:45", "flat", CallResult::NoAnswer);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Record(Recorded::Done { by, .. }) if by.role == Role::Station))
    );
    assert_eq!(bench.alerts("flat"), 1);
    let DailyState::Alerted(alert) = bench.state("09:46", "flat") else { panic!("an alert") };
    let row = bench.desk.alert_view(bench.at("09:46"), &alert, &person("p1")).unwrap().row;
    assert_eq!(row.severity, Severity::Urgent);
    let Reason::MissedContact(found) = &row.reason else { panic!("{:?}", row.reason) };
    assert_eq!((found.calls, found.by_hand, found.last_call), (3, false, Some(bench.at("09:45"))));
    bench.call("09:58", "flat", CallResult::NoAnswer);
    assert_eq!(bench.alerts("flat"), 1, "one is enough");
    // She shows herself after all: told on the row and on the alert, which people close.
    bench.beat("10:05", "flat", Some(("10:04", SignBy::Movement)));
    assert!(matches!(bench.state("10:06", "flat"), DailyState::OwnSign(_)));
    let row = bench.desk.alert_view(bench.at("10:06"), &alert, &person("p1")).unwrap().row;
    assert_eq!((row.recovered_at, row.phase.is_open()), (Some(bench.at("10:05")), true));
    assert_eq!(bench.row("10:06", "flat").log.len(), 6, "the log of calls is kept");
}

#[test]
fn whoever_sends_somebody_gets_one_alert_and_its_end_ends_the_row() {
    let mut bench = Bench::new(SHANGHAI);
    bench.beat("06:05", "flat", None);
    bench.done("09:31", "flat", ContactDeed::Send, "a");
    bench.done("09:31", "flat", ContactDeed::Send, "a");
    assert_eq!(bench.tries("09:32", "flat", "p1", ContactDeed::Send, "b"), Answer::Declined(Declined::Unclear("send")));
    assert_eq!(bench.alerts("flat"), 1);
    let DailyState::Alerted(alert) = bench.state("09:33", "flat") else { panic!("an alert") };
    let close = Deed::Close { outcome: Outcome::FoundWell, contact: Contact::Seen };
    for (clock, deed) in [
        ("09:40", Deed::Take),
        ("09:45", Deed::Arrive { proof: crate::model::lifecycle::Proof::None }),
        ("09:50", close),
    ] {
        let (by, key, alert) = (person("p1"), clock.to_owned(), alert.clone());
        bench.does(clock, Input::Click(crate::desk::Click { ticket: 1, alert, by, deed, expect: None, key }));
    }
    let DailyState::Ended(ended) = bench.state("09:51", "flat") else { panic!("ended") };
    assert_eq!((ended.seen, ended.alert, ended.by), (true, Some(alert), person("p1")));
    assert_eq!(bench.desk.daily_view(bench.at("09:51")).counts.visited, 1);
}

#[test]
fn an_alert_about_a_person_does_not_hide_that_the_gateway_falls_silent() {
    let mut bench = Bench::new(SHANGHAI);
    bench.desk.settings.unreachable_after = Span::minutes(3);
    bench.beat("09:30", "flat", None);
    bench.card("never", Card::default());
    bench.done("09:31", "flat", ContactDeed::Send, "a");
    bench.done("09:31", "never", ContactDeed::Send, "b");
    bench.does("09:40", Input::Tick);
    let reasons = |home: &str| -> Vec<&'static str> {
        bench.desk.rows_of(&id(home)).map(|row| row.alert.reason.rule()).collect()
    };
    assert_eq!(reasons("flat"), ["missed_contact", "home_unreachable"]);
    assert_eq!(reasons("never"), ["missed_contact"], "a home that never spoke is not missed");
}

#[test]
fn a_deed_is_taken_back_within_ten_minutes_by_who_did_it_or_the_supervisor() {
    let mut bench = Bench::new(SHANGHAI);
    bench.beat("06:05", "flat", None);
    bench.call("09:31", "flat", CallResult::Reached);
    assert!(matches!(bench.state("09:32", "flat"), DailyState::Ended(_)));
    assert_eq!(bench.tries("09:33", "flat", "p2", ContactDeed::Undo, "x"), Answer::Declined(Declined::NotForRole));
    let late = bench.desk.judge_contact(at("09:41"), &id("flat"), &person("p1"), &ContactDeed::Undo);
    assert_eq!(late, Err(Declined::Unclear("undo")));
    bench.done("09:40", "flat", ContactDeed::Undo, "z");
    assert_eq!(bench.state("09:41", "flat"), DailyState::ToPhone);
    let row = bench.row("09:41", "flat");
    assert_eq!((row.log.len(), row.log[0].undone, row.well_at), (1, true, None), "struck through, not gone");
    bench.call("09:50", "flat", CallResult::Reached);
    assert_eq!(bench.tries("09:55", "flat", "boss", ContactDeed::Undo, "w"), Answer::Done { version: 0 });
    // What made an alert stays.
    bench.done("09:58", "flat", ContactDeed::Send, "s");
    assert_eq!(bench.tries("09:59", "flat", "p1", ContactDeed::Undo, "v"), Answer::Declined(Declined::Unclear("undo")));
}

#[test]
fn what_stays_open_is_counted_and_stands_on_top_of_the_next_list() {
    let mut bench = Bench::new(SHANGHAI);
    bench.beat("06:05", "open", None);
    bench.beat("06:05", "fine", Some(("06:04", SignBy::Movement)));
    bench.beat("06:05", "red", None);
    bench.card("red", Card { class: Some(Class::Red), ..Card::default() });
    bench.call("09:35", "open", CallResult::NoAnswer);
    bench.call("09:36", "red", CallResult::Reached);
    let view = bench.desk.daily_view(bench.at("11:00"));
    assert!(view.is_past_deadline && view.deadline_at == bench.at("11:00"));
    bench.keep_alive("30:00", &["open", "fine", "red"]);
    let (day, counts) = *bench.desk.daily_counts().next_back().unwrap();
    assert_eq!(day, "2026-11-21".parse::<Day>().unwrap());
    assert_eq!((counts.own_sign(), counts.phoned, counts.unresolved(), counts.homes), (1, 1, 1, 3));
    let view = bench.desk.daily_view(bench.at("30:01"));
    assert_eq!((view.day, &view.rows[0].home), (day.succ_opt().unwrap(), &id("open")));
    assert_eq!((view.rows[0].open_since, view.rows[0].log.len()), (Some(day), 1), "with what was tried");
    assert_eq!(view.rows[0].state, DailyState::ToPhone, "at once, and not at its own time");
    assert_eq!(view.rows[0].unanswered, 0, "calls of yesterday make no alert today");
    assert_eq!(bench.state("30:01", "red"), DailyState::Waiting);
}

#[test]
fn whoever_is_away_is_not_phoned_until_seen_at_home_and_a_hospital_once_a_week() {
    let mut bench = Bench::new(SHANGHAI);
    for home in ["away", "ward"] {
        bench.beat("06:05", home, None);
    }
    let until: Day = "2026-11-22".parse().unwrap();
    assert_eq!(
        bench.tries("09:31", "away", "p1", ContactDeed::Away { until: "2026-11-20".parse().unwrap() }, "a"),
        Answer::Declined(Declined::Unclear("until"))
    );
    bench.done("09:31", "away", ContactDeed::Away { until }, "b");
    bench.done("09:31", "ward", ContactDeed::Hospital, "c");
    let suspended = |state: DailyState| {
        let DailyState::Suspended { kind, call_is_due, .. } = state else { return None };
        Some((kind, call_is_due))
    };
    for (clock, away, ward) in [
        ("12:00", Some((Absence::Away, false)), Some((Absence::Hospital, false))),
        ("36:00", Some((Absence::Away, false)), Some((Absence::Hospital, false))),
        ("60:00", None, Some((Absence::Hospital, false))),
        ("180:00", None, Some((Absence::Hospital, true))),
    ] {
        bench.keep_alive(clock, &["away", "ward"]);
        assert_eq!(suspended(bench.state(clock, "away")), away, "{clock}");
        assert_eq!(suspended(bench.state(clock, "ward")), ward, "{clock}");
    }
    bench.call("180:10", "ward", CallResult::Reached);
    bench.keep_alive("204:00", &["ward"]);
    assert_eq!(suspended(bench.state("204:00", "ward")), Some((Absence::Hospital, false)), "asked after yesterday");
    bench.beat("204:10", "ward", Some(("204:05", SignBy::Movement)));
    assert!(matches!(bench.state("204:11", "ward"), DailyState::OwnSign(_)));
    bench.keep_alive("228:30", &["ward"]);
    assert_eq!(suspended(bench.state("228:30", "ward")), None, "whoever was seen at home is waited for again");
}

#[test]
fn what_a_home_says_of_an_absence_holds_for_its_time() {
    let mut bench = Bench::new(SHANGHAI);
    let mut condition = bench.condition(None);
    let (from, until, owner) = (bench.at("08:00"), bench.at("10:00"), "p-03".to_owned());
    condition.suspended.push(Suspended { kind: Some(Absence::Holiday), owner, why: String::new(), from, until });
    bench.hears("06:10", "flat", condition);
    assert_eq!(bench.state("07:59", "flat"), DailyState::Waiting);
    assert!(matches!(bench.state("09:59", "flat"), DailyState::Suspended { kind: Absence::Holiday, .. }));
    assert_eq!(bench.state("10:00", "flat"), DailyState::ToPhone);
}

#[test]
fn a_pendant_that_nobody_pressed_so_far_makes_no_home_unknown() {
    let mut bench = Bench::new(SHANGHAI);
    let mut condition = bench.condition(None);
    (condition.sensors[6].kind, condition.sensors[6].heard_secs) = (Some(SensorKind::CallButton), None);
    bench.hears("06:10", "flat", condition.clone());
    assert_eq!(bench.state("06:11", "flat"), DailyState::Waiting);
    condition.sensors[2].is_missing = true;
    bench.hears("06:12", "flat", condition);
    assert_eq!(bench.state("06:13", "flat"), DailyState::CannotTell(Blindness::Sensor(None)));
}

#[test]
fn a_sign_that_is_taken_back_opens_the_row_again() {
    let mut bench = Bench::new(SHANGHAI);
    bench.beat("06:30", "flat", Some(("06:20", SignBy::Movement)));
    assert!(matches!(bench.state("09:40", "flat"), DailyState::OwnSign(_)));
    bench.beat("09:40", "flat", None);
    let row = bench.row("09:41", "flat");
    assert_eq!((row.state, row.well_at), (DailyState::ToPhone, None));
}

#[test]
fn on_the_day_the_clocks_change_the_list_opens_and_ends_by_the_clock_on_the_wall() {
    // 2026-03-29 in Paris has 23 hours, 2026-10-25 has 25.
    for (day, opens, next) in [
        ("2026-03-29", "2026-03-29T04:00:00Z", "2026-03-30T04:00:00Z"),
        ("2026-03-28", "2026-03-28T05:00:00Z", "2026-03-29T04:00:00Z"),
        ("2026-10-24", "2026-10-24T04:00:00Z", "2026-10-25T05:00:00Z"),
    ] {
        let mut bench = Bench::new("Europe/Paris");
        let (opens, next): (Timestamp, Timestamp) = (opens.parse().unwrap(), next.parse().unwrap());
        bench.input(opens, Input::Tick);
        let view = bench.desk.daily_view(opens);
        assert_eq!((view.day, view.opened_at), (day.parse().unwrap(), opens));
        assert_eq!(bench.desk.next_wakeup(), Some(next));
        bench.input(next, Input::Tick);
        assert_eq!(bench.desk.daily_view(next).opened_at, next);
        assert!(bench.desk.next_wakeup().is_some_and(|wakeup| wakeup > next));
    }
}

#[test]
fn a_home_in_another_zone_is_ticked_on_its_own_day() {
    // An hour east of the station: at four in the morning there it is three here.
    let mut bench = Bench::new(SHANGHAI);
    bench.beat("06:05", "flat", Some(("03:20", SignBy::Movement)));
    assert!(matches!(bench.state("06:06", "flat"), DailyState::OwnSign(_)));
    // And its sign of tomorrow ticks nothing today.
    let mut condition = bench.condition(None);
    let (date, sign) = ("2026-11-22".parse().unwrap(), Some(OwnSign { at: bench.at("27:10"), by: SignBy::OkButton }));
    condition.today = Some(OwnDay { date, sign, ..condition.today.unwrap() });
    bench.beat("23:00", "other", None);
    bench.hears("27:11", "other", condition);
    assert_eq!(bench.state("27:12", "other"), DailyState::ToPhone);
    bench.does("30:00", Input::Tick);
    assert!(matches!(bench.state("30:01", "other"), DailyState::OwnSign(_)));
}

#[test]
fn a_clock_that_is_set_back_opens_no_list_twice() {
    let mut bench = Bench::new(SHANGHAI);
    bench.does("12:00", Input::Tick);
    bench.does("36:00", Input::Tick);
    bench.does("12:30", Input::Tick);
    bench.does("36:30", Input::Tick);
    assert_eq!(bench.desk.daily_counts().count(), 1);
}

/// A desk with its history.
struct Bench {
    desk: Desk,
    history: Vec<String>,
    clicks: u32,
}

impl Bench {
    fn new(zone: &str) -> Bench {
        Bench { desk: Desk::new(settings(zone)), history: Vec::new(), clicks: 0 }
    }

    /// `30:00` is six in the morning of the day after.
    fn at(&self, clock: &str) -> Timestamp {
        at(clock)
    }

    fn input(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        let effects = self.desk.handle(now, input);
        let lines = effects.iter().filter_map(|effect| match effect {
            Effect::Record(recorded) => Some(serde_json::to_string(recorded).unwrap()),
            Effect::Receipt { .. } | Effect::Send(_) | Effect::Answer { .. } | Effect::Changed(_) => None,
            Effect::Happened(_) | Effect::Suspend(_) => None,
        });
        self.history.extend(lines);
        effects
    }

    fn does(&mut self, clock: &str, input: Input) -> Vec<Effect> {
        self.input(at(clock), input)
    }

    fn condition(&self, sign: Option<(&str, SignBy)>) -> Condition {
        let sign = sign.map(|(clock, by)| OwnSign { at: at(clock), by });
        // The day of the sign, or of the list: these homes keep the station's time.
        let zone = Zone::named(SHANGHAI).unwrap();
        let date = sign.map_or(zone.day(at("06:00")), |sign| zone.day(sign.at));
        let today = OwnDay { date, sign, usual_by: None, learning_day: None, unwatched: Span::zero() };
        let sensor = |n: usize| SensorSeen {
            id: format!("s{n}").parse().unwrap(),
            room: None,
            kind: Some(SensorKind::Motion),
            heard_secs: Some(30),
            battery_percent: None,
            is_missing: false,
        };
        let sensors = (0..7).map(sensor).collect();
        Condition { clock_trusted: true, sensors, today: Some(today), ..Condition::default() }
    }

    fn hears(&mut self, clock: &str, home: &str, condition: Condition) -> Vec<Effect> {
        self.does(clock, Input::Heartbeat { home: id(home), condition })
    }

    fn beat(&mut self, clock: &str, home: &str, sign: Option<(&str, SignBy)>) {
        let condition = self.condition(sign);
        self.hears(clock, home, condition);
    }

    fn tells(&mut self, clock: &str, home: &str, change: impl Fn(&mut OwnDay)) {
        let mut condition = self.condition(None);
        change(condition.today.as_mut().unwrap());
        self.hears(clock, home, condition);
    }

    /// The homes are heard at `clock`, on whichever day that is, without a sign.
    fn keep_alive(&mut self, clock: &str, homes: &[&str]) {
        for home in homes {
            let mut condition = self.condition(None);
            let date = Zone::named(SHANGHAI).unwrap().day(at(clock));
            condition.today.as_mut().unwrap().date = date;
            self.hears(clock, home, condition);
        }
    }

    fn card(&mut self, home: &str, card: Card) {
        self.desk.put_card(id(home), Some(Box::new(card)));
    }

    fn tries(&mut self, clock: &str, home: &str, who: &str, deed: ContactDeed, key: &str) -> Answer {
        answer(&self.orders(clock, home, who, Errand::Contact(deed), key))
    }

    fn orders(&mut self, clock: &str, home: &str, who: &str, errand: Errand, key: &str) -> Vec<Effect> {
        let order = Order { ticket: 1, home: id(home), by: person(who), errand, key: key.to_owned() };
        self.does(clock, Input::Order(order))
    }

    fn done(&mut self, clock: &str, home: &str, deed: ContactDeed, key: &str) -> Vec<Effect> {
        let effects = self.orders(clock, home, "p1", Errand::Contact(deed), key);
        assert_eq!(answer(&effects), Answer::Done { version: 0 });
        effects
    }

    fn call(&mut self, clock: &str, home: &str, result: CallResult) -> Vec<Effect> {
        self.clicks += 1;
        let key = format!("call-{}", self.clicks);
        self.done(clock, home, ContactDeed::Called { result }, &key)
    }

    fn row(&self, clock: &str, home: &str) -> DailyRow {
        let view = self.desk.daily_view(at(clock));
        view.rows.into_iter().find(|row| row.home == id(home)).expect("every home stands on the list")
    }

    fn state(&self, clock: &str, home: &str) -> DailyState {
        self.row(clock, home).state
    }

    fn alerts(&self, home: &str) -> usize {
        let is_it = |row: &&crate::desk::Row| matches!(row.alert.reason, Reason::MissedContact(_));
        self.desk.rows_of(&id(home)).filter(is_it).count()
    }

    /// A new desk that knows what was written, and the cards.
    fn restored(&self) -> Desk {
        let lines = self.history.iter().map(|line| serde_json::from_str::<Recorded>(line).unwrap());
        let mut desk = Desk::new(self.desk.settings.clone()).restore(lines);
        for (home, card) in &self.desk.cards {
            desk.put_card(home.clone(), Some(card.clone()));
        }
        desk
    }
}

fn settings(zone: &str) -> Settings {
    let people = [("p1", Role::Desk), ("p2", Role::Desk), ("boss", Role::Supervisor)];
    let people = people.map(|(id, role)| (id.parse().unwrap(), role)).into();
    let daily = DailySettings { zone: Zone::named(zone).unwrap(), ..DailySettings::default() };
    let (point, timers) = ("lehe".parse().unwrap(), Timers::default());
    Settings { point, timers, unreachable_after: Span::days(30), people, daily, duty: None }
}

fn person(id: &str) -> Actor {
    let role = if id == "boss" { Role::Supervisor } else { Role::Desk };
    let (point, person) = (Some("lehe".parse().unwrap()), Some(id.parse().unwrap()));
    Actor { role, point, person, via: Some(Via::Desk) }
}

fn id(home: &str) -> HomeId {
    home.parse().unwrap()
}

/// 2026-11-21, and the hours of the days after it counted on, by the clock in Shanghai.
fn at(clock: &str) -> Timestamp {
    let (hours, minutes) = clock.split_once(':').unwrap();
    let midnight: Timestamp = "2026-11-20T16:00:00Z".parse().unwrap();
    midnight + Span::hours(hours.parse().unwrap()) + Span::minutes(minutes.parse().unwrap())
}

fn answer(effects: &[Effect]) -> Answer {
    let answers = effects.iter().find_map(|effect| match effect {
        Effect::Answer { answer, .. } => Some(answer.clone()),
        Effect::Record(_) | Effect::Receipt { .. } | Effect::Send(_) | Effect::Changed(_) => None,
        Effect::Happened(_) | Effect::Suspend(_) => None,
    });
    answers.expect("every order is answered")
}
