//! One alert at the desk: what the gateway's book says, and what our own people did that the book does not say yet.
//!
//! The alert is rebuilt from both after every change: the gateway's steps in their order, corrected to the state of
//! its newest notice, and on top the steps that it has not confirmed. So notices may come repeated, out of order or
//! with holes, and the desk goes on working while the home cannot be reached.

use crate::desk::input::{AlertKey, Answer, BookState, Notice};
use crate::model::alert::{Alert, Owner, Step};
use crate::model::ids::PointId;
use crate::model::lifecycle::{Actor, Deed, Phase, Refusal, Timers};
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// One alert at the desk.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub key: AlertKey,
    /// Short address; the home's id is all there is until a notice brings one.
    pub place: Option<String>,
    /// The alert as the desk sees it now, in the station's time.
    pub alert: Alert,
    /// When the first notice of it came.
    pub received_at: Timestamp,
    /// From the raise to the first receipt.
    pub late: Span,
    /// The home's clock was not trusted: the time of the raise is reckoned from its age.
    pub approximate: bool,
    /// Every notice of it was on the home's disk.
    pub durable: bool,
    /// The home does not know it any more: what is done here is asked of nobody.
    pub is_lost_at_home: bool,
    /// Counted changes of this row.
    pub version: u32,
    /// The version at which phase or owner changed last.
    pub changed: u32,
    /// Clicks that were answered, by key.
    pub answers: BTreeMap<String, Answer>,
    held: BTreeMap<u32, Held>,
    own: Vec<Own>,
    own_count: u32,
}

/// A step of the gateway's book.
#[derive(Debug, Clone, PartialEq)]
struct Held {
    notice: Notice,
    received_at: Timestamp,
    /// What our own people know better: the second of their click, the words of their note.
    ours: Option<(Timestamp, Deed)>,
}

/// A step of our own people or timers that the gateway's book does not hold (yet).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Own {
    pub number: u32,
    pub at: Timestamp,
    pub by: Actor,
    pub deed: Deed,
    pub key: String,
    /// Goes to the gateway and is repeated until confirmed.
    pub sends: bool,
    /// The book's number of it, told while the home's disk failed: not confirmed yet, because the home may forget it.
    unwritten: Option<u32>,
    /// The newest step of the book when it was done.
    after: u32,
}

impl Row {
    /// The row that `notice` begins.
    pub fn begin(at: Timestamp, notice: Notice, point: &PointId, timers: &Timers) -> Row {
        let key = AlertKey { home: notice.home.clone(), alert: notice.alert };
        let raise = raise_step(&notice, notice.alert.raised_at);
        let mut row = Row::empty(key, at, raise);
        row.place = Some(notice.place.clone());
        row.hold(at, notice, point, timers);
        row
    }

    /// The row of an alert that the station raises itself.
    pub fn raised_here(key: AlertKey, place: Option<String>, raise: Step, point: &PointId, timers: &Timers) -> Row {
        let mut row = Row::empty(key, raise.at, raise.clone());
        row.place = place;
        row.act(raise.at, raise.by, raise.deed, raise.key.unwrap_or_default(), point, timers);
        row
    }

    fn empty(key: AlertKey, received_at: Timestamp, raise: Step) -> Row {
        let alert = Alert::begin(key.alert.number, raise).expect("the caller made a raise");
        Row {
            key,
            place: None,
            alert,
            received_at,
            late: Span::zero(),
            approximate: false,
            durable: true,
            is_lost_at_home: false,
            version: 0,
            changed: 0,
            answers: BTreeMap::new(),
            held: BTreeMap::new(),
            own: Vec::new(),
            own_count: 0,
        }
    }

    /// Whether this notice says nothing that did not come before. That a step of our own is on the home's disk now is news.
    pub fn holds(&self, notice: &Notice) -> bool {
        let number = notice.step.number;
        let waits = || self.own.iter().any(|own| own.unwritten == Some(number));
        self.held.get(&number).is_some_and(|held| held.notice.durable || !notice.durable || !waits())
    }

    /// The home says that it does not know it.
    pub fn lose_at_home(&mut self) {
        self.is_lost_at_home = true;
        self.version += 1;
    }

    /// Whether this step of the book says what our own people or timers had done before.
    pub fn is_confirmation(&self, step: u32) -> bool {
        self.held.get(&step).is_some_and(|held| held.ours.is_some())
    }

    /// Whether the station raised it itself and is its only judge.
    pub fn is_ours(&self) -> bool {
        self.held.is_empty()
    }

    /// Whether it is about two gateways that speak as one home.
    pub fn is_of_twins(&self) -> bool {
        matches!(self.alert.reason, Reason::Twin(_))
    }

    /// Whether it is about a home that is not heard.
    pub fn is_of_silence(&self) -> bool {
        matches!(self.alert.reason, Reason::HomeUnreachable { .. })
    }

    /// Takes a step of the gateway's book that did not come before.
    pub fn hold(&mut self, at: Timestamp, notice: Notice, point: &PointId, timers: &Timers) {
        let number = notice.step.number;
        self.received_at = self.received_at.min(at);
        self.durable &= notice.durable;
        self.is_lost_at_home = false;
        let ours = self.confirm(&notice.step, notice.durable);
        let newest = self.held.last_key_value().map(|(n, _)| *n);
        self.held.insert(number, Held { notice, received_at: at, ours });
        if newest.is_none_or(|newest| number > newest) {
            self.place = self.held.get(&number).map(|held| held.notice.place.clone());
        }
        self.rebuild(point, timers);
    }

    /// Does something on the station's own account; judged by the caller.
    pub fn act(&mut self, at: Timestamp, by: Actor, deed: Deed, key: String, point: &PointId, timers: &Timers) {
        let sends = !self.is_ours() && travels(&deed);
        let after = self.held.last_key_value().map_or(0, |(n, _)| *n);
        let number = OWN_NUMBERS + self.own_count * OWN_NUMBERS_APART;
        self.own_count += 1;
        self.own.push(Own { number, at, by, deed, key, sends, unwritten: None, after });
        self.rebuild(point, timers);
    }

    /// Steps the gateway has not confirmed, in the order in which they may be sent.
    ///
    /// An undo names the number of the undone step, so it waits until that step has its number in the book.
    pub fn unconfirmed(&self) -> impl Iterator<Item = &Own> {
        let waits = |own: &Own| matches!(own.deed, Deed::Undo { step } if step >= OWN_NUMBERS);
        self.own.iter().filter(|own| own.sends && !self.is_lost_at_home).take_while(move |own| !waits(own))
    }

    /// Whether the gateway's book does not yet hold all that our people did.
    pub fn is_unconfirmed(&self) -> bool {
        !self.is_lost_at_home && self.own.iter().any(|own| own.sends)
    }

    /// Whether the step of this number waits for the gateway's confirmation.
    pub fn awaits(&self, step: u32) -> bool {
        let is_it =
            |own: &Own| (own.number..own.number + OWN_NUMBERS_APART).contains(&step) || own.unwritten == Some(step);
        !self.is_lost_at_home && self.own.iter().any(|own| own.sends && is_it(own))
    }

    /// Whether the gateway has answered to a step of this key: entered it in its book, or refused it.
    pub fn has_answer_to(&self, key: &str) -> bool {
        self.held.values().any(|held| held.notice.step.key.as_deref() == Some(key))
    }

    /// The next timer of this alert: when, and the step it makes.
    pub fn next_timer(&self, timers: &Timers) -> Option<(Timestamp, Deed)> {
        // A timer that went off once does not go off again, whatever came of it.
        self.alert.next_timer(timers).filter(|(at, deed)| !self.own.iter().any(|o| o.at == *at && o.deed == *deed))
    }

    /// The book now says what one of our own steps said: that step is done with, once the home has it on its disk.
    fn confirm(&mut self, step: &Step, durable: bool) -> Option<(Timestamp, Deed)> {
        let same_click = |own: &Own| step.key.as_deref() == Some(own.key.as_str());
        let same_timer = |own: &Own| is_timer(&own.deed) && own.deed == step.deed && !step.by.role.is_staff();
        let found = self.own.iter().position(|own| same_click(own) || same_timer(own))?;
        if let Some(lost) = self.own[found].unwritten.filter(|before| *before != step.number) {
            // A home that had forgotten it enters it anew.
            self.held.remove(&lost);
            let undoes = |later: &&mut Own| later.deed == Deed::Undo { step: lost };
            self.own.iter_mut().filter(undoes).for_each(|later| later.undo(step.number));
        }
        let is_refused = matches!(step.deed, Deed::Refused { .. });
        if !durable && !is_refused && same_click(&self.own[found]) {
            let own = &mut self.own[found];
            own.unwritten = Some(step.number);
            let (said, number) = ((own.at, own.deed.clone()), own.number);
            self.is_followed(found, number, step.number);
            return Some(said);
        }
        let own = self.own.remove(found);
        if let Deed::Refused { why, .. } = &step.deed {
            self.answers.insert(own.key, Answer::Refused(why.clone()));
            // What never came to be needs no undoing.
            self.own.retain(|later| !later.undoes(own.number));
            return None;
        }
        self.is_followed(found, own.number, step.number);
        Some((own.at, own.deed))
    }

    /// What was done here after our step of this number came after the book's as well, and undoes that one.
    fn is_followed(&mut self, from: usize, own: u32, in_book: u32) {
        for later in &mut self.own[from..] {
            later.after = later.after.max(in_book);
            if later.undoes(own) {
                later.undo(in_book);
            }
        }
    }

    fn rebuild(&mut self, point: &PointId, timers: &Timers) {
        let before = (self.alert.phase, self.alert.owner.as_ref().map(|owner| owner.actor.clone()));
        let raised_here = self.reckon_raise();
        let newest = self.held.values().next_back();
        let raise = self.held.values().find(|held| matches!(held.notice.step.deed, Deed::Raise { .. }));
        let raise = match (raise.or(newest), self.own.first()) {
            (Some(held), _) => raise_step(&held.notice, raised_here),
            (None, Some(own)) => own.as_step(),
            (None, None) => return,
        };
        let Some(mut alert) = Alert::begin(self.key.alert.number, raise) else { return };
        alert.id = self.key.alert;
        let settled = self.own.iter().position(|own| own.sends).unwrap_or(self.own.len());
        let mut own = self.own[..settled].iter().peekable();
        for (number, held) in &self.held {
            while let Some(own) = own.next_if(|own| own.after < *number) {
                own.enact(&mut alert, timers);
            }
            if !matches!(held.notice.step.deed, Deed::Raise { .. }) {
                let mut step = held.step_here(raised_here);
                if step.deed == Deed::Receive && step.by.point.as_ref() == Some(point) {
                    step.at = self.received_at; // nobody knows better when it was here
                }
                alert.apply(step);
            }
        }
        if let Some(newest) = newest {
            correct(&mut alert, &newest.notice.state, newest.step_here(raised_here).at);
        }
        if alert.phase == Phase::Raised {
            // A notice that is here is received, whatever the book knew when it sent it.
            let (number, by) = (OWN_NUMBERS - 1, Actor::station(point.clone()));
            alert.apply(Step { number, at: self.received_at, by, deed: Deed::Receive, key: None, implied: false });
        }
        for own in own.chain(&self.own[settled..]) {
            own.enact(&mut alert, timers);
        }
        self.alert = alert;
        self.version += 1;
        if before != (self.alert.phase, self.alert.owner.as_ref().map(|owner| owner.actor.clone())) {
            self.changed = self.version;
        }
    }

    /// The raise in the station's time: the home's own where its clock can be believed, else receipt minus age.
    fn reckon_raise(&mut self) -> Timestamp {
        let trusted = self.held.values().any(|held| held.notice.clock_trusted);
        let reckoned = self.held.values().map(Held::raise_by_age).min();
        let raised = match reckoned {
            Some(reckoned) if !trusted => reckoned,
            _ => self.key.alert.raised_at,
        };
        self.approximate = !self.held.is_empty() && !trusted;
        self.late = (self.received_at - raised).max(Span::zero());
        raised
    }

    /// Writes down what a click was answered.
    pub fn answer(&mut self, key: String, answer: Answer) {
        self.answers.insert(key, answer);
    }

    /// "It has moved on", unless the person saw the newest phase and owner.
    pub fn seen(&self, expect: Option<u32>) -> Result<(), Refusal> {
        if expect.is_some_and(|expect| expect < self.changed) { Err(Refusal::Stale) } else { Ok(()) }
    }
}

impl Own {
    /// Whether it takes back the step that counts from `number`.
    fn undoes(&self, number: u32) -> bool {
        matches!(self.deed, Deed::Undo { step } if (number..number + OWN_NUMBERS_APART).contains(&step))
    }

    fn undo(&mut self, step: u32) {
        self.deed = Deed::Undo { step };
    }

    fn as_step(&self) -> Step {
        let (number, at, by, deed) = (self.number, self.at, self.by.clone(), self.deed.clone());
        Step { number, at, by, deed, key: Some(self.key.clone()), implied: false }
    }

    /// Applies it where it is still legal; a step that lost against the book waits for the gateway's word.
    fn enact(&self, alert: &mut Alert, timers: &Timers) {
        // Of what stands in the book the book has the newest word.
        if matches!(self.deed, Deed::Raise { .. }) || self.unwritten.is_some() {
            return;
        }
        // The station's finding about a home comes again without anybody in the home doing anything.
        let finding = matches!(self.deed, Deed::Again { .. });
        if !finding && alert.judge(self.at, &self.by, &self.deed, timers).is_err() {
            return;
        }
        let implied = alert.implied_by(&self.deed);
        for (number, deed) in (self.number + 1..).zip(implied) {
            let (at, by) = (self.at, self.by.clone());
            alert.apply(Step { number, at, by, deed, key: None, implied: true });
        }
        alert.apply(self.as_step());
    }
}

impl Held {
    fn raise_by_age(&self) -> Timestamp {
        self.received_at - Span::try_milliseconds(self.notice.age_ms.max(0)).unwrap_or_default()
    }

    /// The step in the station's time.
    fn step_here(&self, raised_here: Timestamp) -> Step {
        let mut step = self.notice.step.clone();
        match &self.ours {
            Some((at, deed)) => {
                step.at = *at;
                if !matches!(deed, Deed::Undo { .. }) {
                    step.deed = deed.clone();
                }
            }
            None if !self.notice.clock_trusted => {
                let since_raise = step.at - self.notice.alert.raised_at;
                step.at = (raised_here + since_raise).clamp(raised_here, self.received_at.max(raised_here));
            }
            None => {}
        }
        step
    }
}

/// The book is the judge between points: where its newest state differs from the steps that came, the state holds.
fn correct(alert: &mut Alert, state: &BookState, at: Timestamp) {
    alert.reason = state.reason.clone();
    alert.severity = state.severity;
    alert.test = state.test;
    alert.count = state.count.max(1);
    alert.escalated = state.escalated;
    alert.last_resort.clone_from(&state.last_resort);
    if state.life_since.is_some() {
        alert.life_since = state.life_since.clone();
    }
    if alert.phase != state.phase {
        alert.phase = state.phase;
        if state.phase == Phase::Arrived {
            alert.arrived_at.get_or_insert(at);
        }
        if state.phase != Phase::Closed {
            alert.closed = None;
        }
    }
    match (&state.owner, &alert.owner) {
        (Some(book), Some(here)) if here.actor.is(book) => {}
        (Some(book), _) => {
            alert.owner = Some(Owner { actor: book.clone(), since: at, progress_at: at });
            alert.unclaimed_since = None;
        }
        (None, Some(_)) => {
            alert.owner = None;
            alert.unclaimed_since = state.phase.is_open().then_some(at);
        }
        (None, None) => {}
    }
    if alert.phase.is_open() && alert.owner.is_none() {
        alert.unclaimed_since.get_or_insert(at);
    }
}

/// The raise of the alert that `notice` speaks of; made from its state where the raise itself did not come.
fn raise_step(notice: &Notice, at: Timestamp) -> Step {
    let mut step = notice.step.clone();
    if !matches!(step.deed, Deed::Raise { .. }) {
        let state = &notice.state;
        let (reason, severity, test, to) = (state.reason.clone(), state.severity, state.test, Vec::new());
        let deed = Deed::Raise { reason, severity, test, to };
        step = Step { number: 0, at, by: Actor::gateway(), deed, key: None, implied: false };
    }
    step.at = at;
    step
}

/// Whether the gateway's book must hold it. Reminders and "overdue" are facts that each side finds by itself.
fn travels(deed: &Deed) -> bool {
    !matches!(deed, Deed::Remind { .. } | Deed::Overdue | Deed::Receive | Deed::Recovered | Deed::Again { .. })
}

fn is_timer(deed: &Deed) -> bool {
    matches!(deed, Deed::Remind { .. } | Deed::Overdue | Deed::Lapse | Deed::AskEnded | Deed::HandOverEnded)
}

/// Steps without a number in the book count from here, so that the two never meet.
pub(super) const OWN_NUMBERS: u32 = 1 << 24;
/// A step and the up to two that it implies.
const OWN_NUMBERS_APART: u32 = 4;
