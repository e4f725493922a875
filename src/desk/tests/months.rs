//! Figures of reports against a second, plain count over the raw lines of the history, for fifty made-up months.

use super::*;
use crate::desk::{Of, Range, Report, Selection, Sources, Value};
use crate::model::reason::Severity;
use crate::model::time::Zone;

/// Numbers that only look random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % below) as i64
    }
}

fn reason(dice: &mut Dice) -> Reason {
    let (sensor, room) = ("pendant".parse().unwrap(), None);
    match dice.roll(5) {
        0 | 1 => Reason::CallButton { sensor, room, press: Press::Single, last_life: None },
        2 => Reason::Unknown,
        3 => Reason::ServiceButton { sensor, room, service: crate::model::home::Service::Meal },
        _ => Reason::Tamper { sensor, room, open_since: at(0) },
    }
}

const OUTCOMES: [Outcome; 7] = [
    Outcome::Helped,
    Outcome::FoundWell,
    Outcome::PressedByMistake,
    Outcome::Equipment,
    Outcome::Test,
    Outcome::Duplicate,
    Outcome::AwayUnreported,
];

/// One month with people who are quick, slow, change their minds, and forget.
fn month(desk: &mut Desk, dice: &mut Dice) {
    for nth in 0..(5 + dice.roll(40)) {
        let raised = dice.roll(30 * 86_400);
        let mut home = Book::new(&format!("flat-{nth}"));
        let notice = home.raise_of(at(raised), reason(dice));
        let mut now = raised + dice.roll(20);
        let key = desk.told(&notice, at(now));
        let (mut click, mut id) = (Vec::new(), 0);
        let undo = |click: &mut Vec<(i64, Deed)>, dice: &mut Dice| {
            if dice.roll(5) == 0 {
                click.push((dice.roll(20), Deed::Undo { step: 0 }));
                return true;
            }
            false
        };
        for deed in [Deed::Take, Deed::Depart, Deed::Arrive { proof: Proof::None }, end(dice)] {
            if dice.roll(6) == 0 {
                continue;
            }
            click.push((dice.roll(200), deed.clone()));
            if undo(&mut click, dice) && dice.roll(3) > 0 {
                click.push((dice.roll(200), deed));
            }
        }
        for (after, deed) in click {
            now += after;
            id += 1;
            desk.does(at(now), Input::Tick);
            desk.clicked(&key, at(now), "boss", deed, &format!("{nth}-{id}"));
        }
    }
}

fn end(dice: &mut Dice) -> Deed {
    let contact = if dice.roll(3) == 0 { Contact::Spoken } else { Contact::Seen };
    Deed::Close { outcome: OUTCOMES[dice.roll(OUTCOMES.len() as u64) as usize], contact }
}

/// What a plain reader of the lines makes of one alert.
#[derive(Default, Clone)]
struct Plain {
    is_person: bool,
    is_desk: bool,
    raised: i64,
    received: i64,
    /// Take, departure, arrival and end that stand, newest last.
    stands: Vec<(&'static str, i64, Option<(Outcome, Contact)>)>,
    groups: Vec<usize>,
}

impl Plain {
    fn at(&self, name: &str) -> Option<i64> {
        self.stands.iter().find(|(stood, _, _)| *stood == name).map(|(_, at, _)| *at)
    }

    fn push(&mut self, names: &[&'static str], at: i64, end: Option<(Outcome, Contact)>) {
        let missing: Vec<_> = names.iter().filter(|name| self.last_phase(name)).collect();
        self.groups.push(missing.len());
        self.stands.extend(missing.into_iter().map(|name| (*name, at, end.filter(|_| *name == "close"))));
    }

    /// Whether this step was not done since the last return to the queue.
    fn last_phase(&self, name: &str) -> bool {
        let since = self.stands.iter().rposition(|(stood, _, _)| *stood == "lapse").map_or(0, |at| at + 1);
        !self.stands[since..].iter().any(|(stood, _, _)| *stood == name)
    }
}

fn plain() -> Vec<Plain> {
    let mut alerts: BTreeMap<AlertKey, Plain> = BTreeMap::new();
    let ms = |at: Timestamp| at.timestamp_millis();
    for line in HISTORY.with_borrow(Clone::clone) {
        if let Recorded::Notice { at, notice } = line {
            let key = AlertKey { home: notice.home, alert: notice.alert };
            let severity = notice.state.severity;
            let alert = Plain {
                is_person: matches!(severity, Severity::Emergency | Severity::Urgent),
                is_desk: severity != Severity::Fault,
                raised: ms(notice.alert.raised_at),
                received: ms(at),
                ..Plain::default()
            };
            alerts.insert(key, alert);
        } else if let Recorded::Done { at, alert, what, .. } = line {
            alerts.get_mut(&alert).unwrap().does(ms(at), &what);
        }
    }
    alerts.into_values().collect()
}

impl Plain {
    fn does(&mut self, at: i64, what: &Deed) {
        if let Deed::Close { outcome, contact } = what {
            self.push_end(at, *outcome, *contact);
        } else if matches!(what, Deed::Undo { .. }) {
            let count = self.groups.pop().unwrap_or_default();
            self.stands.truncate(self.stands.len() - count);
        }
        let order = ["take", "depart", "arrive"];
        if let Some(nth) = order.iter().position(|name| *name == what.name()) {
            self.push(&order[..=nth], at, None);
        }
        if *what == Deed::Lapse {
            self.stands.push(("lapse", at, None));
            self.groups.clear();
        }
    }

    /// Whoever ends what nobody had, has taken it.
    fn push_end(&mut self, at: i64, outcome: Outcome, contact: Contact) {
        self.push(&["take", "close"], at, Some((outcome, contact)));
    }

    fn end(&self) -> Option<(Outcome, Contact)> {
        self.stands.iter().rev().find_map(|(name, _, end)| end.filter(|_| *name == "close"))
    }

    fn is_apart(&self) -> bool {
        matches!(self.end(), Some((Outcome::Test | Outcome::Duplicate, _)))
    }
}

#[test]
fn figures_are_those_that_a_plain_count_over_the_lines_finds() {
    let zone = Zone::named("Asia/Shanghai").unwrap();
    let mut lateness = 0;
    for seed in 1..=50 {
        let (mut desk, mut dice) = (desk(), Dice(seed));
        desk.settings.unreachable_after = Span::days(400);
        month(&mut desk, &mut dice);
        let now = at(40 * 86_400);
        let range = Range { from: at(0), to: at(30 * 86_400) };
        let cases = desk.open_cases();
        let sources = Sources { cases: &cases, homes: 0, times: &[], days: &[], duty: None, sound_tests: None };
        let report = Report::of(range, now, &zone, &sources);
        let all = plain();
        let counted: Vec<&Plain> = all.iter().filter(|alert| !alert.is_apart()).collect();
        let people: Vec<&&Plain> = counted.iter().filter(|alert| alert.is_person).collect();
        let within = |from: i64, to: Option<i64>, secs: i64| to.is_some_and(|to| to - from <= secs * 1000);
        let taken = |secs| people.iter().filter(|a| within(a.received, a.at("take"), secs)).count();
        let talk = |a: &Plain| a.at("arrive").is_none() && a.end().is_some_and(|(_, c)| c == Contact::Spoken);
        let visits: Vec<_> = people.iter().filter(|a| !talk(a)).collect();
        let there = visits.iter().filter(|a| within(a.raised, a.at("arrive"), 900)).count();
        let value = |id: &str| report.figure(id).unwrap().value;
        assert_eq!(value("person_alerts"), Value::Count(people.len()), "seed {seed}");
        assert_eq!(value("answered_60"), Value::Share(taken(60), people.len()), "seed {seed}");
        assert_eq!(value("answered_180"), Value::Share(taken(180), people.len()), "seed {seed}");
        assert_eq!(value("on_site_15"), Value::Share(there, visits.len()), "seed {seed}");
        assert_eq!(value("talks"), Value::Count(people.len() - visits.len()), "seed {seed}");
        let needless = [Outcome::FoundWell, Outcome::PressedByMistake, Outcome::Equipment, Outcome::AwayUnreported];
        let unneeded = counted.iter().filter(|a| a.is_desk && a.end().is_some_and(|(o, _)| needless.contains(&o)));
        assert_eq!(value("unneeded"), Value::Count(unneeded.count()), "seed {seed}");
        let tests = all.iter().filter(|a| a.end().is_some_and(|(o, _)| o == Outcome::Test)).count();
        assert_eq!(value("tests"), Value::Count(tests), "seed {seed}");
        let mut takes: Vec<i64> = people.iter().filter_map(|a| Some(a.at("take")? - a.received)).collect();
        takes.sort_unstable();
        let times = report.times[0].1.unwrap();
        let nth = |share: f64| takes[(takes.len() as f64 * share).ceil() as usize - 1];
        assert_eq!(times.median.num_milliseconds(), nth(0.5), "seed {seed}");
        assert_eq!((times.p90.num_milliseconds(), times.count), (nth(0.9), takes.len()), "seed {seed}");
        assert_eq!(report.takes.iter().sum::<usize>(), people.len());
        let in_table: usize = report.outcomes.values().flat_map(BTreeMap::values).sum();
        assert_eq!(in_table, counted.iter().filter(|a| a.is_desk).count());
        for figure in &report.figures {
            let Some(of) = &figure.of else { continue };
            let listed = cases.iter().filter(|case| of.holds(case, now, &zone)).count();
            if let Value::Count(count) | Value::Share(count, _) = figure.value
                && !figure.id.starts_with("no_contact")
            {
                assert_eq!(count, listed, "{}: the list behind a figure is what it counts", figure.id);
            }
        }
        lateness += people.len() - taken(60);
    }
    assert!(lateness > 100, "the months are worth counting");
}

#[test]
fn every_kind_has_a_word_of_its_own() {
    for of in Of::ALL {
        assert_eq!(Of::named(of.as_str()), Some(*of));
    }
    let range = Range { from: at(0), to: at(1) };
    assert_eq!(Selection::of(Of::Tests, range).of, Of::Tests);
}

#[test]
fn a_home_without_contact_is_counted_once_however_many_alerts_say_so() {
    let mut desk = desk();
    desk.does(at(0), Input::OwnLink { up: true });
    desk.does(at(0), beat("flat"));
    desk.does(at(0), beat("other"));
    for minute in 1..60 {
        desk.does(at(minute * 60), beat("other"));
    }
    desk.does(at(3600), beat("flat"));
    let report = day_of(&desk, 7200, None);
    // Missed after 180 s, heard again after an hour.
    assert_eq!(report.figure("no_contact_hours").unwrap().value, Value::HomeHours((3600.0 - 180.0) / 3600.0));
    // Until the last line that says that the station listened.
    assert_hours(&report, "home_days", 180.0 + 3600.0);
}

/// The report of the day of `at(0)`.
fn day_of(desk: &Desk, now: i64, duty: Option<&crate::model::duty::DutyHours>) -> Report {
    let range = Range { from: at(0), to: at(86_400) };
    let (cases, times) = (desk.open_cases(), desk.home_times(range, at(now)));
    let days: Vec<_> = desk.daily_counts().copied().collect();
    let sources = Sources { cases: &cases, homes: times.len(), times: &times, days: &days, duty, sound_tests: Some(3) };
    Report::of(range, at(now), &Zone::utc(), &sources)
}

fn assert_hours(report: &Report, id: &str, secs: f64) {
    let Value::HomeHours(hours) = report.figure(id).unwrap().value else { panic!("{id}: {report:?}") };
    assert!((hours - secs / 3600.0).abs() < 0.000_1, "{id}: {} s in place of {secs}", hours * 3600.0);
}

#[test]
fn a_home_is_watched_while_it_is_heard_sees_knows_what_is_usual_and_is_not_suspended() {
    use crate::model::suspension::Absence;
    let mut desk = desk();
    let beat = |learning: bool, blind: bool, suspended: bool| {
        let held = Suspended {
            kind: Some(Absence::Away),
            owner: "p1".into(),
            why: String::new(),
            from: at(0),
            until: at(86_400),
        };
        let learning = learning.then_some((3, 14));
        let condition = Condition {
            learning,
            blind,
            suspended: suspended.then_some(held).into_iter().collect(),
            ..Condition::default()
        };
        Input::Heartbeat { home: "flat".parse().unwrap(), condition }
    };
    desk.does(at(0), Input::OwnLink { up: true });
    for minute in 0..600_i64 {
        let (learning, blind, suspended) = (minute < 60, (120..180).contains(&minute), (150..300).contains(&minute));
        desk.does(at(minute * 60), beat(learning, blind, suspended));
        if minute == 400 {
            // Its broker is away for an hour: nobody knows what was.
            desk.does(at(minute * 60 + 30), Input::OwnLink { up: false });
        } else if minute == 460 {
            desk.does(at(minute * 60 + 30), Input::OwnLink { up: true });
        }
    }
    desk.does(at(36_000), Input::OwnLink { up: false });
    for desk in [&desk, &desk.restored()] {
        let report = day_of(desk, 40_000, None);
        assert_hours(&report, "home_days_learning", 3600.0);
        assert_hours(&report, "home_days_cannot_see", 3600.0);
        assert_hours(&report, "home_days_suspended", 7200.0);
        assert_hours(&report, "home_days", 3600.0 + 18_000.0 - 3600.0);
    }
    assert_eq!(day_of(&super::desk(), 40_000, None).figure("home_days").unwrap().value, Value::Unknown);
}

#[test]
fn minutes_without_a_watching_screen_count_in_duty_hours_alone() {
    // at(0) is 06:12:09 UTC.
    let duty = "Mon-Sun 07:00-08:00".parse().unwrap();
    let mut desk = desk();
    assert_eq!(day_of(&desk, 10, None).figure("desk_unwatched").unwrap().value, Value::Unknown);
    desk.settings.duty = Some((duty, Zone::utc()));
    desk.does(at(0), Input::Tick);
    let opens = 2871;
    desk.does(at(opens + 60), Input::Tick);
    let watches = Screen { id: "a".into(), sound: Sound::Running, visible: true, build: "1".into(), person: None };
    desk.does(at(opens + 600), Input::Screen(watches));
    let duty = desk.settings.duty.clone().unwrap().0;
    let unwatched = |desk: &Desk, now| day_of(desk, now, Some(&duty)).figure("desk_unwatched").unwrap().value;
    assert_eq!(unwatched(&desk, 20_000), Value::Length(Span::seconds(600)));
    // Nobody again, until long after the end of the turn.
    desk.does(at(opens + 700), Input::Tick);
    assert_eq!(unwatched(&desk, 20_000), Value::Length(Span::seconds(600 + 3600 - 615)));
    assert_eq!(day_of(&desk, 20_000, None).figure("sound_tests").unwrap().value, Value::Count(3));
}

#[test]
fn the_daily_contact_is_counted_by_the_lists_that_are_over() {
    let mut desk = desk();
    desk.does(at(0), beat("flat"));
    desk.does(at(0), beat("other"));
    assert_eq!(
        day_of(&desk, 10, None).figure("contacts_unresolved").unwrap().value,
        Value::Unknown,
        "it is open still"
    );
    desk.does(at(86_400), Input::Tick);
    let report = day_of(&desk, 86_400, None);
    assert_eq!(report.figure("contacts_unresolved").unwrap().value, Value::Share(2, 2));
    assert_eq!(report.figure("contacts_own_sign").unwrap().value, Value::Share(0, 2));
    assert_eq!(report.days.len(), 1);
}
