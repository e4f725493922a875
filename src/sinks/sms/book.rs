//! Who was told what: one message per person and alert, and one when it is over; and what an answer means.
//!
//! Pure: instants are arguments. It forgets with the process: after a restart a message may go out once more, never once less.

use super::address::Address;
use super::hour::Hour;
use super::lock;
use super::pdu::{Deliver, Fate, Report};
use crate::model::alert::AlertId;
use crate::model::lifecycle::{Deed, Phase};
use crate::model::reason::{Class, Reason, Severity};
use crate::model::time::{Span, Timestamp};
use crate::wire::Notice;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody must act.
    Alert,
    /// Nobody has: whoever is near is to go, and to call the emergency number.
    LastResort,
    /// Nobody need go any more.
    Over,
}

/// What is to be done about a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing, or nothing more.
    Nothing,
    /// Wait: the network has what there was to send and has not said what became of it.
    Wait,
    /// Send to these people, by their place in the list.
    Send(Kind, Vec<usize>),
    /// The limit of the hour is reached; words.
    TooMany(String),
    /// It did not reach these people, and is not tried again.
    Failed(Vec<usize>),
}

/// The book of one channel to one addressee.
#[derive(Debug)]
pub struct Book {
    people: Vec<Address>,
    /// What the modem may still send: all its books count in it.
    hour: Arc<Mutex<Hour>>,
    /// By the clock on the wall, when this book was opened: of older alerts it does not know who was told.
    opened_at: Timestamp,
    alerts: BTreeMap<AlertId, Told>,
    /// Reports on messages that are not entered yet: the network may be quicker than the modem.
    early: VecDeque<Report>,
}

/// What was told of one alert.
#[derive(Debug)]
struct Told {
    newest_step: u32,
    phase: Phase,
    is_clock_trusted: bool,
    people: Vec<Person>,
}

/// How far one person was told.
#[derive(Debug, Clone, Default)]
struct Person {
    /// What the network has taken last, or is being given.
    last: Option<Kind>,
    /// When it took the alert, by the clock on the wall.
    told_at: Option<Timestamp>,
    state: State,
    /// How often it did not arrive.
    failed: u8,
}

#[derive(Debug, Clone, Default)]
enum State {
    #[default]
    Idle,
    /// On its way to the modem.
    Sending { before: Option<Kind> },
    /// The network has it, since then, and has not said what became of these numbers.
    Carried { since: Span, references: Vec<u8> },
}

/// A network that says nothing for longer says nothing at all, as many do.
const REPORTED_WITHIN: Span = Span::minutes(5);
/// So often it may not arrive before it is given up.
const TRIES_MAX: u8 = 3;
/// Alerts remembered; the oldest goes first.
const ALERTS_MAX: usize = 256;
const EARLY_MAX: usize = 16;
/// How far the clocks of a home and of a network may differ.
const CLOCKS_DIFFER: Span = Span::minutes(5);

impl Book {
    /// A book for these people.
    pub fn new(people: Vec<Address>, hour: Arc<Mutex<Hour>>, opened_at: Timestamp) -> Book {
        Book { people, hour, opened_at, alerts: BTreeMap::new(), early: VecDeque::new() }
    }

    /// Whether anybody is told of `notice` at all: of most steps of an alert nobody is.
    pub fn is_theirs(&mut self, notice: &Notice) -> bool {
        self.told(notice).kind(notice).is_some()
    }

    /// What is to be done about `notice`; whoever is to be sent something is entered as being told.
    pub fn wants(&mut self, notice: &Notice, since_boot: Span) -> Wanted {
        let is_older = notice.alert.raised_at < self.opened_at;
        let told = self.told(notice);
        let Some(kind) = told.kind(notice) else { return Wanted::Nothing };
        let (mut send, mut failed, mut waits) = (Vec::new(), Vec::new(), false);
        for (nth, person) in told.people.iter_mut().enumerate() {
            person.settle(since_boot);
            let is_due = match kind {
                Kind::Alert => !person.is_called(),
                Kind::LastResort => person.last != Some(Kind::LastResort),
                Kind::Over => person.is_called() || (person.last.is_none() && is_older),
            };
            waits |= !matches!(person.state, State::Idle) && !is_due;
            if is_due && matches!(person.state, State::Sending { .. }) {
                waits = true;
            } else if is_due && person.failed >= TRIES_MAX {
                // Who could not be told of the alert need not be told of its end, or not again.
                failed.extend((kind != Kind::Over).then_some(nth));
            } else if is_due {
                send.push(nth);
            }
        }
        if send.is_empty() {
            return match (waits, failed.is_empty()) {
                (true, _) => Wanted::Wait,
                (false, true) => Wanted::Nothing,
                (false, false) => Wanted::Failed(failed),
            };
        }
        if let Err(why) = lock(&self.hour).reserve(send.len(), is_call(notice), since_boot) {
            return Wanted::TooMany(why);
        }
        for nth in &send {
            if let Some(person) = self.person(notice.alert, *nth) {
                person.state = State::Sending { before: person.last };
                person.last = Some(kind);
            }
        }
        Wanted::Send(kind, send)
    }

    /// The network has taken a message for this person, under these numbers.
    pub fn carried(&mut self, alert: AlertId, nth: usize, references: Vec<u8>, since_boot: Span, now: Timestamp) {
        lock(&self.hour).taken(references.len(), since_boot, now);
        let (phone, hour) = (self.people.get(nth).cloned(), Arc::clone(&self.hour));
        let Some(person) = self.person(alert, nth) else { return };
        if person.is_being_told() {
            lock(&hour).release();
        }
        if person.is_called() {
            person.told_at = Some(now);
        }
        let is_numbered = !references.is_empty();
        person.state = if is_numbered { State::Carried { since: since_boot, references } } else { State::Idle };
        let Some(phone) = phone else { return };
        let early = std::mem::take(&mut self.early).into_iter();
        let (mine, others): (VecDeque<_>, _) = early.partition(|report| report.to.is_same_phone(&phone));
        self.early = others;
        for report in mine {
            self.enter(&report);
        }
    }

    /// The message for this person was not taken: what was told before is what was told.
    pub fn not_carried(&mut self, alert: AlertId, nth: usize) {
        let hour = Arc::clone(&self.hour);
        if let Some(person) = self.person(alert, nth)
            && let State::Sending { before } = person.state
        {
            person.last = before;
            person.state = State::Idle;
            lock(&hour).release();
        }
    }

    /// What became of a message.
    pub fn report(&mut self, report: Report) {
        if !self.enter(&report) {
            self.early.push_back(report);
            if self.early.len() > EARLY_MAX {
                self.early.pop_front();
            }
        }
    }

    /// The same where it is known already which message it is about; `false` where it is not.
    pub fn enter(&mut self, report: &Report) -> bool {
        let phones = &self.people;
        let is_it = |nth: usize, person: &Person| {
            let is_numbered =
                matches!(&person.state, State::Carried { references, .. } if references.contains(&report.reference));
            is_numbered && phones.get(nth).is_some_and(|phone| phone.is_same_phone(&report.to))
        };
        // The newest message of this number: the numbers come round.
        let people = self.alerts.values_mut().rev().flat_map(|told| told.people.iter_mut().enumerate());
        let Some((_, person)) = people.into_iter().find(|(nth, person)| is_it(*nth, person)) else { return false };
        match report.fate() {
            Fate::Tried => {}
            Fate::Delivered => {
                if let State::Carried { references, .. } = &mut person.state {
                    references.retain(|reference| *reference != report.reference);
                    if references.is_empty() {
                        (person.state, person.failed) = (State::Idle, 0);
                    }
                }
            }
            Fate::Failed => {
                person.failed = person.failed.saturating_add(1);
                person.state = State::Idle;
                // Of an end that did not arrive the person knows nothing; an alert that did not arrive was not told.
                person.last = (person.last == Some(Kind::Over)).then_some(Kind::Alert);
            }
        }
        true
    }

    /// Who of the circle has written: the place in the list.
    pub fn person_of(&self, from: &Address) -> Option<usize> {
        self.people.iter().position(|person| person.is_same_phone(from))
    }

    /// Which alert this person takes by an answer; the error is words.
    pub fn answer(&self, nth: usize, said: &Deliver) -> Result<AlertId, String> {
        let number = takes(&said.body.text).ok_or("it is neither \"1\" nor \"1\" and the number of an alert")?;
        let told_at = |told: &Told| {
            let person = told.people.get(nth).filter(|person| person.is_called())?;
            person.told_at
        };
        let open = self.alerts.iter().rev().filter(|(_, told)| told.phase.is_open());
        let mut told = open.filter_map(|(id, told)| Some((*id, told_at(told)?, told.is_clock_trusted)));
        match number {
            Some(number) => {
                let named = told.find(|(id, ..)| id.number == number);
                named.map(|(id, ..)| id).ok_or(format!("no alert {number} is open that this person was told of"))
            }
            None => {
                let newest = told.next().ok_or("no alert is open that this person was told of")?;
                let (id, told_at, is_clock_trusted) = newest;
                // An answer that lay in the network for hours does not mean what was raised meanwhile.
                let is_older = said.at.is_some_and(|at| is_clock_trusted && at + CLOCKS_DIFFER < told_at);
                if is_older {
                    Err("it was written before this person was told of the newest alert".into())
                } else {
                    Ok(id)
                }
            }
        }
    }

    /// When this person was told of this alert, by the clock on the wall.
    pub fn told_at(&self, alert: AlertId, nth: usize) -> Option<Timestamp> {
        self.alerts.get(&alert)?.people.get(nth)?.told_at
    }

    fn told(&mut self, notice: &Notice) -> &mut Told {
        let count = self.people.len();
        while self.alerts.len() >= ALERTS_MAX && !self.alerts.contains_key(&notice.alert) {
            let over = self.alerts.iter().find(|(_, told)| !told.phase.is_open()).map(|(id, _)| *id);
            let Some(oldest) = over.or_else(|| self.alerts.keys().next().copied()) else { break };
            let people = self.alerts.remove(&oldest).map(|told| told.people).unwrap_or_default();
            people.iter().filter(|person| person.is_being_told()).for_each(|_| lock(&self.hour).release());
        }
        let told = self.alerts.entry(notice.alert).or_insert_with(|| Told {
            newest_step: 0,
            phase: notice.state.phase,
            is_clock_trusted: notice.clock_trusted,
            people: vec![Person::default(); count],
        });
        if notice.step.number >= told.newest_step {
            told.newest_step = notice.step.number;
            told.phase = notice.state.phase;
            told.is_clock_trusted = notice.clock_trusted;
        }
        told
    }

    fn person(&mut self, alert: AlertId, nth: usize) -> Option<&mut Person> {
        self.alerts.get_mut(&alert)?.people.get_mut(nth)
    }
}

/// Whether it is about a call for help, or as urgent: it waits for nothing.
pub fn is_call(notice: &Notice) -> bool {
    matches!(notice.state.reason, Reason::CallButton { .. }) || notice.state.severity == Severity::Emergency
}

impl Told {
    /// What is to be said for this notice, as things stand now: it may have waited long.
    fn kind(&self, notice: &Notice) -> Option<Kind> {
        // A question before a limit costs nobody a message: the alert does, if it comes to one.
        if notice.state.reason.class() == Class::Check {
            return None;
        }
        let is_over_told = || self.people.iter().any(|person| person.last == Some(Kind::Over));
        let kind = match &notice.step.deed {
            Deed::Raise { .. }
            | Deed::Unanswered { .. }
            | Deed::Escalate { .. }
            | Deed::Reopen
            | Deed::Release { .. }
            | Deed::Lapse => Some(Kind::Alert),
            // Whoever was told that it is over must hear that it is not.
            Deed::Undo { .. } => is_over_told().then_some(Kind::Alert),
            Deed::Close { .. } | Deed::Cancel => Some(Kind::Over),
            Deed::AskHome { .. }
            | Deed::Again { .. }
            | Deed::CheckOver { .. }
            | Deed::PersonCancelled
            | Deed::Receive
            | Deed::Ask { .. }
            | Deed::AskEnded
            | Deed::Take
            | Deed::Depart
            | Deed::Arrive { .. }
            | Deed::HandOver { .. }
            | Deed::Accept
            | Deed::HandOverEnded
            | Deed::TakeOver
            | Deed::Assist
            | Deed::Call { .. }
            | Deed::Note { .. }
            | Deed::Life { .. }
            | Deed::Recovered
            | Deed::Remind { .. }
            | Deed::Overdue
            | Deed::Refused { .. }
            | Deed::Unknown => None,
        };
        let kind = match kind {
            Some(Kind::Alert) if notice.state.last_resort.is_some() => Some(Kind::LastResort),
            other => other,
        };
        // Whoever has it is not there in time: others are called out of bed all the same.
        let is_stalled = matches!(notice.step.deed, Deed::Escalate { .. })
            && notice.state.phase.is_in_hand()
            && self.phase != Phase::Arrived;
        kind.filter(|kind| match kind {
            // Somebody has it in hand already: nobody else is called out of bed, unless it was wrongly said to be over.
            Kind::Alert | Kind::LastResort => {
                self.phase.is_open() && (!self.phase.is_in_hand() || is_stalled || is_over_told())
            }
            Kind::Over => !self.phase.is_open(),
        })
    }
}

impl Person {
    /// Whether the newest that this person was told is that somebody must act.
    fn is_called(&self) -> bool {
        matches!(self.last, Some(Kind::Alert | Kind::LastResort))
    }

    fn is_being_told(&self) -> bool {
        matches!(self.state, State::Sending { .. })
    }

    /// A report that has not come by now does not come.
    fn settle(&mut self, since_boot: Span) {
        if matches!(self.state, State::Carried { since, .. } if since_boot - since >= REPORTED_WITHIN) {
            self.state = State::Idle;
        }
    }
}

/// Whether these words take an alert: `1`, or `1` and the alert's number.
fn takes(text: &str) -> Option<Option<u64>> {
    let half_width = |c: char| match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c),
        '　' | '#' | '＃' | '.' | '。' => ' ',
        c => c,
    };
    let plain: String = text.chars().take(40).map(half_width).collect();
    let mut words = plain.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("1"), None, None) => Some(None),
        (Some("1"), Some(number), None) => number.parse().ok().map(Some),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
