//! Whom the station calls by telephone about what: a pure look at the desk, the roster, and what was said before.
//!
//! What was said before is an argument: the same look after a restart finds nothing that was said. Each summons has a key that
//! is made of what it is about, so that two looks never make two messages.

use crate::desk::input::AlertKey;
use crate::desk::roster::{OnDuty, Roster};
use crate::desk::row::Row;
use crate::desk::{Desk, view};
use crate::model::ids::PersonId;
use crate::model::lifecycle::{Phase, Reminder};
use crate::model::reason::{Class, Reason, Severity};
use crate::model::time::{Day, Span, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matter {
    /// Somebody must take this alert.
    Alert,
    /// Still nobody has; for which time this is said.
    Untaken(u32),
    /// Whoever took it has not set out.
    NotDeparted,
    /// Nobody is at the door, and the promised time has passed.
    Overdue,
    /// Somebody else has it.
    Others,
    /// It is over.
    Over,
    /// Nobody watches the desk.
    NoWatcher,
    /// The day's list is not done.
    Daily(Day),
}

/// Somebody is to be told something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summons {
    /// The same for the same message.
    pub key: String,
    /// Who.
    pub to: PersonId,
    /// What about.
    pub matter: Matter,
    /// Which alert; absent where it is about none.
    pub alert: Option<AlertKey>,
    /// How often that was reopened.
    pub spell: u32,
}

/// What one person was told of one alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// How many messages.
    pub count: u32,
    /// How many of them were reminders.
    pub reminders: u32,
    /// The newest, and when it was written.
    pub last: Option<(Matter, Timestamp)>,
    /// It has not been taken by the network yet.
    pub waits: bool,
    /// The person has said that they cannot come.
    pub declined: bool,
}

/// What was said before.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// By alert and how often it was reopened, then by person.
    pub alerts: BTreeMap<(AlertKey, u32), BTreeMap<PersonId, Told>>,
    /// Alerts about the desk itself, with how often they came.
    pub unwatched: BTreeSet<(AlertKey, u32)>,
    /// Days whose list was looked at when its time was over.
    pub days: BTreeSet<Day>,
}

/// One look.
struct Look<'a> {
    desk: &'a Desk,
    now: Timestamp,
    roster: &'a Roster,
    on_duty: OnDuty,
    known: &'a Known,
    is_watched: bool,
}

impl Desk {
    /// Whom to tell what now, besides what is `known` to have been said.
    pub fn summons(&self, now: Timestamp, roster: &Roster, known: &Known) -> Vec<Summons> {
        let (on_duty, is_watched) = (roster.on_duty(now), self.watchers(now) > 0);
        let look = Look { desk: self, now, roster, on_duty, known, is_watched };
        let mut all = Vec::new();
        for row in self.rows.values() {
            if is_hurried(row) {
                look.alert(row, &mut all);
            } else if matches!(row.alert.reason, Reason::NoWatcher { .. }) {
                look.no_watcher(row, &mut all);
            }
        }
        look.daily(&mut all);
        all
    }

    /// Whether a message about this is still worth sending.
    pub fn still_wants(&self, matter: Matter, alert: Option<&AlertKey>, to: &PersonId) -> bool {
        let row = alert.and_then(|alert| self.rows.get(alert));
        let is_unclaimed = |row: &Row| row.alert.phase.is_open() && row.alert.owner.is_none();
        match (matter, row) {
            (Matter::Alert | Matter::Untaken(_), Some(row)) => is_unclaimed(row),
            (Matter::NotDeparted, Some(row)) => row.alert.phase == Phase::Taken && owner(row) == Some(to),
            (Matter::Overdue, Some(row)) => matches!(row.alert.phase, Phase::Taken | Phase::OnTheWay),
            (Matter::NoWatcher, Some(row)) => is_unwatched(row),
            (Matter::Others | Matter::Over, Some(row)) => !is_unclaimed(row),
            (Matter::Daily(_), _) => true,
            (_, None) => false,
        }
    }

    /// The day whose list is open at `now`, and by when it should be done.
    pub fn daily_deadline(&self, now: Timestamp) -> (Day, Timestamp) {
        self.settings.daily.deadline_of(now)
    }

    /// How many homes of the day's list nobody knows of, once its time is over: for an hour from then on.
    pub fn open_at_deadline(&self, now: Timestamp) -> Option<(Day, usize)> {
        let (day, at) = self.settings.daily.deadline_of(now);
        if !(at..at + DAILY_TOLD_FOR).contains(&now) {
            return None;
        }
        Some((day, self.calls_wanted(now)))
    }
}

impl Look<'_> {
    fn alert(&self, row: &Row, all: &mut Vec<Summons>) {
        let told = self.known.alerts.get(&(row.key.clone(), row.alert.reopened));
        let told_of = |person: &PersonId| told.and_then(|told| told.get(person)).copied().unwrap_or_default();
        if row.alert.phase.is_open() && row.alert.owner.is_none() {
            for person in self.asked(row) {
                let told = told_of(person);
                if let Some(matter) = self.call(row, person, &told) {
                    all.push(summons(row, person, matter, &told));
                }
            }
            return;
        }
        for (person, told) in told.into_iter().flatten() {
            let is_called = matches!(told.last, Some((Matter::Alert | Matter::Untaken(_), _)));
            let is_at_it = owner(row) == Some(person)
                || row.alert.assisting.iter().any(|helper| helper.person.as_ref() == Some(person));
            let is_in_hand = row.alert.phase.is_in_hand();
            let closer = row.alert.closed.as_ref().and_then(|closed| closed.by.person.as_ref());
            if is_called && !told.waits && !told.declined && !is_at_it && closer != Some(person) {
                let matter = if is_in_hand { Matter::Others } else { Matter::Over };
                all.push(summons(row, person, matter, told));
            }
        }
        self.owner(row, told_of, all);
    }

    /// Who is to be told of an alert that nobody has: more and more people as time passes.
    fn asked<'b>(&'b self, row: &'b Row) -> BTreeSet<&'b PersonId> {
        let (timers, from) = (&self.desk.settings.timers, unclaimed_from(row));
        let mut asked: BTreeSet<&PersonId> = BTreeSet::new();
        let first_at = if self.is_watched { from + SCREEN_HAS } else { from };
        if self.now >= first_at {
            asked.extend(&self.on_duty.people);
        }
        if self.now >= from + timers.next_point_after {
            asked.extend(self.roster.supervisors());
        }
        if self.now >= from + timers.next_point_after + timers.ask_all_every {
            asked.extend(self.roster.iter().map(|(person, _)| person));
        }
        // Who was told before hears it again.
        let told = self.known.alerts.get(&(row.key.clone(), row.alert.reopened));
        asked.extend(told.into_iter().flatten().map(|(person, _)| person));
        // Whoever was chosen is told at once.
        let chosen = row.alert.asked.as_ref().map(|asked| &asked.person);
        asked.extend(chosen.filter(|person| self.roster.get(person).is_some()));
        asked
    }

    /// What this person is to be told of an alert that nobody has.
    fn call(&self, row: &Row, person: &PersonId, told: &Told) -> Option<Matter> {
        if told.waits || told.declined {
            return None;
        }
        let Some((last, at)) = told.last else { return Some(Matter::Alert) };
        let (every, from) = (self.desk.settings.timers.ask_all_every, unclaimed_from(row));
        let chosen_at = row.alert.asked.as_ref().filter(|asked| asked.person == *person).map(|asked| asked.at);
        let is_called = matches!(last, Matter::Alert | Matter::Untaken(_));
        // It came back to everybody, or this person was chosen, after the last message: then at once.
        let is_due = !is_called || at < from || chosen_at.is_some_and(|chosen| at < chosen) || self.now >= at + every;
        (is_due && told.reminders < REMINDERS_MAX).then_some(Matter::Untaken(told.reminders + 1))
    }

    /// Whoever has it and does not go on with it, and who heads the station once it is too late.
    fn owner(&self, row: &Row, told_of: impl Fn(&PersonId) -> Told, all: &mut Vec<Summons>) {
        let Some(owner) = owner(row).filter(|person| self.roster.get(person).is_some()) else {
            return self.late(row, None, told_of, all);
        };
        let told = told_of(owner);
        let is_reminded = view::reminded(row) == Some(Reminder::NotDeparted) && row.alert.phase == Phase::Taken;
        let since = row.alert.owner.as_ref().map(|owner| owner.progress_at);
        let is_said =
            told.last.is_some_and(|(matter, at)| matter == Matter::NotDeparted && since.is_some_and(|s| at > s));
        if is_reminded && !is_said && may_remind(&told) {
            all.push(summons(row, owner, Matter::NotDeparted, &told));
        }
        self.late(row, Some(owner), told_of, all);
    }

    fn late(&self, row: &Row, owner: Option<&PersonId>, told_of: impl Fn(&PersonId) -> Told, all: &mut Vec<Summons>) {
        if !row.alert.overdue || !matches!(row.alert.phase, Phase::Taken | Phase::OnTheWay) {
            return;
        }
        for person in self.roster.supervisors().chain(owner).collect::<BTreeSet<_>>() {
            let told = told_of(person);
            let is_said = told.last.is_some_and(|(matter, _)| matter == Matter::Overdue);
            if !is_said && may_remind(&told) {
                all.push(summons(row, person, Matter::Overdue, &told));
            }
        }
    }

    fn no_watcher(&self, row: &Row, all: &mut Vec<Summons>) {
        let times = row.alert.count;
        if is_unwatched(row) && !self.known.unwatched.contains(&(row.key.clone(), times)) {
            let of = |person: &PersonId| Summons {
                key: format!("no_watcher.{}.{times}.{person}", stem(&row.key)),
                to: person.clone(),
                matter: Matter::NoWatcher,
                alert: Some(row.key.clone()),
                spell: times,
            };
            all.extend(self.on_duty.people.iter().map(of));
        }
    }

    /// What is open at the deadline goes to who heads the station; where none of them has a number, to who is on duty.
    fn daily(&self, all: &mut Vec<Summons>) {
        let (day, _) = self.desk.settings.daily.deadline_of(self.now);
        if self.known.days.contains(&day) {
            return;
        }
        let Some((_, 1..)) = self.desk.open_at_deadline(self.now) else { return };
        let heads: BTreeSet<&PersonId> = self.roster.supervisors().collect();
        let people = if heads.is_empty() { self.on_duty.people.iter().collect() } else { heads };
        all.extend(people.into_iter().map(|person| Summons {
            key: format!("daily.{day}.{person}"),
            to: person.clone(),
            matter: Matter::Daily(day),
            alert: None,
            spell: 0,
        }));
    }
}

fn may_remind(told: &Told) -> bool {
    !told.waits && told.reminders < REMINDERS_MAX
}

fn summons(row: &Row, to: &PersonId, matter: Matter, told: &Told) -> Summons {
    let spell = row.alert.reopened;
    // The same message is made of the same past.
    let key = format!("{}.{spell}.{to}.{}", stem(&row.key), told.count);
    Summons { key, to: to.clone(), matter, alert: Some(row.key.clone()), spell }
}

fn stem(alert: &AlertKey) -> String {
    format!("{}.{}.{}", alert.home, alert.alert.number, alert.alert.raised_at.timestamp_millis())
}

fn is_hurried(row: &Row) -> bool {
    matches!(row.alert.severity, Severity::Emergency | Severity::Urgent) && row.alert.reason.class() != Class::Check
}

fn is_unwatched(row: &Row) -> bool {
    row.alert.phase.is_open() && row.alert.recovered_at.is_none()
}

fn owner(row: &Row) -> Option<&PersonId> {
    row.alert.owner.as_ref()?.actor.person.as_ref()
}

/// Since when this desk has it and nobody owns it.
fn unclaimed_from(row: &Row) -> Timestamp {
    row.alert.unclaimed_since.unwrap_or(row.received_at).max(row.received_at)
}

/// A screen that somebody watches has the first word.
const SCREEN_HAS: Span = Span::seconds(30);
/// To one person of one alert.
const REMINDERS_MAX: u32 = 2;
const DAILY_TOLD_FOR: Span = Span::hours(1);
