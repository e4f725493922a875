//! What other systems are told of a line of the history: each thing that happened once, whichever way it was learned.
//!
//! A click of our own people is told when it is written here. When the home's book confirms it, that is no news; when the book
//! refuses it, it is told as taken back.

mod besides;

use crate::desk::Desk;
use crate::desk::events::besides::Stood;
use crate::desk::input::{AlertKey, Notice, Recorded};
use crate::desk::row::Row;
use crate::model::alert::Step;
use crate::model::event::{AlertStep, Event, EventKind, VERSION};
use crate::model::ids::{HomeId, PersonId, PointId};
use crate::model::lifecycle::{Actor, CallResult, Deed, Phase, Via};
use crate::model::reason::Reason;
use crate::model::time::Timestamp;

/// What only the desk before a line knows.
pub(super) struct Before {
    /// There was such an alert.
    was_known: bool,
    /// What the station raised itself and is over with this line.
    recovers: Option<AlertKey>,
    stood: Stood,
}

impl Desk {
    /// To be asked before `recorded` is learned.
    pub(super) fn before(&self, recorded: &Recorded) -> Before {
        let seen = |home: &HomeId| self.watch.homes.get(home);
        let (was_known, over) = match recorded {
            Recorded::Notice { notice, .. } => (self.rows.contains_key(&key_of(notice)), None),
            Recorded::Done { alert, .. } => (self.rows.contains_key(alert), None),
            Recorded::HeardAgain { home, .. } => (false, seen(home).and_then(|seen| seen.reported)),
            Recorded::OneGateway { home, .. } => (false, seen(home).and_then(|seen| seen.twins.alert)),
            Recorded::Home { .. }
            | Recorded::Refused { .. }
            | Recorded::LostAtHome { .. }
            | Recorded::Errand { .. }
            | Recorded::Filed { .. }
            | Recorded::Suspended { .. }
            | Recorded::Morning { .. }
            | Recorded::Day { .. }
            | Recorded::Sight { .. }
            | Recorded::Listened { .. }
            | Recorded::Level { .. } => (false, None),
        };
        let recovers = over.zip(recorded.home()).map(|(alert, home)| AlertKey { home: home.clone(), alert });
        let stood = self.stood(recorded, recovers.as_ref());
        Before { was_known, recovers, stood }
    }

    /// What other systems are told of `recorded`, which was just learned.
    pub(super) fn happened(&self, recorded: &Recorded, before: Before) -> Vec<Event> {
        let Before { was_known, recovers, stood } = before;
        let mut events = self.of_alerts_and_homes(recorded, was_known, recovers.as_ref());
        events.extend(self.besides(recorded, stood, recovers.as_ref()));
        events
    }

    fn of_alerts_and_homes(&self, recorded: &Recorded, was_known: bool, recovers: Option<&AlertKey>) -> Vec<Event> {
        match recorded {
            Recorded::Home { at, home } => vec![self.of_home(*at, home)],
            Recorded::Notice { notice, .. } => self.of_notice(notice, was_known),
            Recorded::Done { at, alert, by, what, key } => self.of_done(*at, alert, by, what, key, was_known),
            Recorded::HeardAgain { at, home } => {
                let recovered = self.of_recovery(*at, recovers);
                recovered.into_iter().chain([self.of_home(*at, home)]).collect()
            }
            Recorded::OneGateway { at, .. } => self.of_recovery(*at, recovers).into_iter().collect(),
            // Told by how things stand after them.
            Recorded::Errand { .. }
            | Recorded::Morning { .. }
            | Recorded::Day { .. }
            | Recorded::Sight { .. }
            | Recorded::Refused { .. }
            | Recorded::LostAtHome { .. }
            | Recorded::Filed { .. }
            | Recorded::Suspended { .. }
            | Recorded::Listened { .. }
            | Recorded::Level { .. } => Vec::new(),
        }
    }

    /// A step of the home's book.
    fn of_notice(&self, notice: &Notice, was_known: bool) -> Vec<Event> {
        let Some(row) = self.rows.get(&key_of(notice)) else { return Vec::new() };
        let Notice { step, .. } = notice;
        let mut events = if was_known { Vec::new() } else { self.of_raise(row) };
        events.extend((!was_known).then(|| self.of_test(row)).into_iter().flatten());
        let ours = step.by.point.as_ref() == Some(&self.settings.point);
        let was_our_click = ours && step.by.role.is_staff() && step.by.via == Some(Via::Desk);
        let refused_our_click = matches!(step.deed, Deed::Refused { .. })
            && step.key.as_ref().is_some_and(|key| row.answers.contains_key(key));
        let told_before = was_known && (was_our_click || row.is_confirmation(step.number));
        let told_with_raise = step.deed == Deed::Receive && (ours || !was_known);
        let kind = if refused_our_click {
            Some(EventKind::Undone)
        } else if told_before || told_with_raise {
            None
        } else {
            kind_of(&step.deed).filter(|kind| *kind != EventKind::Raised)
        };
        let at = row.alert.steps.iter().find(|kept| kept.number == step.number).map_or(row.received_at, |kept| kept.at);
        events.extend(kind.map(|kind| {
            let told = self.step(row, &step.by, &step.deed, Some(step.number), row.alert.phase);
            Event::of_alert(kind, at, told)
        }));
        events
    }

    /// Both at once: what is here is received.
    fn of_raise(&self, row: &Row) -> Vec<Event> {
        let raise = row.alert.steps.first();
        let (by, raised_at) =
            raise.map_or((Actor::gateway(), row.received_at), |raise: &Step| (raise.by.clone(), raise.at));
        let number = raise.map(|raise| raise.number).filter(|number| (1..=BOOK_STEPS_MAX).contains(number));
        let deed = raise.map_or(Deed::Unknown, |raise| raise.deed.clone());
        let raised = self.step(row, &by, &deed, number, Phase::Raised);
        let station = Actor::station(self.settings.point.clone());
        let received = self.step(row, &station, &Deed::Receive, None, Phase::Received);
        vec![
            Event::of_alert(EventKind::Raised, raised_at, raised),
            Event::of_alert(EventKind::Received, row.received_at, received),
        ]
    }

    /// Something that our own people or timers did.
    fn of_done(
        &self,
        at: Timestamp,
        alert: &AlertKey,
        by: &Actor,
        what: &Deed,
        key: &str,
        was_known: bool,
    ) -> Vec<Event> {
        let Some(row) = self.rows.get(alert) else { return Vec::new() };
        let blind = matches!(row.alert.reason, Reason::HomeUnreachable { .. })
            && matches!(what, Deed::Raise { .. } | Deed::Again { .. });
        let mut events = match kind_of(what) {
            Some(EventKind::Raised) if !was_known => self.of_raise(row),
            Some(EventKind::Raised) | None => Vec::new(),
            Some(kind) => {
                let mut told = self.implied(row, at, by, key);
                told.push(Event::of_alert(kind, at, self.step(row, by, what, None, row.alert.phase)));
                told
            }
        };
        events.extend(blind.then(|| self.of_home(at, &alert.home)));
        events
    }

    /// What a click did besides, told before it: an arrival that says nothing of the departure was one.
    fn implied(&self, row: &Row, at: Timestamp, by: &Actor, key: &str) -> Vec<Event> {
        let steps = &row.alert.steps;
        let Some(done) = steps.iter().rposition(|step| step.key.as_deref() == Some(key)) else { return Vec::new() };
        let earlier = steps.get(..done).unwrap_or_default().iter().rev();
        let mut implied: Vec<&Step> =
            earlier.take_while(|step| step.implied && step.at == at && step.by == *by).collect();
        implied.reverse();
        let told = |step: &Step| {
            let kind = kind_of(&step.deed)?;
            let phase = if step.deed == Deed::Take { Phase::Taken } else { Phase::OnTheWay };
            Some(Event::of_alert(kind, at, self.step(row, by, &step.deed, None, phase)))
        };
        implied.into_iter().filter_map(told).collect()
    }

    fn of_recovery(&self, at: Timestamp, alert: Option<&AlertKey>) -> Option<Event> {
        let row = self.rows.get(alert?).filter(|row| row.alert.phase.is_open())?;
        let by = Actor::station(self.settings.point.clone());
        let step = self.step(row, &by, &Deed::Recovered, None, row.alert.phase);
        Some(Event::of_alert(EventKind::Recovered, at, step))
    }

    fn step(&self, row: &Row, by: &Actor, deed: &Deed, number: Option<u32>, phase: Phase) -> AlertStep {
        let alert = &row.alert;
        let is_there = matches!(phase, Phase::Arrived | Phase::Closed | Phase::Cancelled);
        AlertStep {
            v: VERSION,
            home: row.key.home.clone(),
            alert: row.key.alert.number,
            raised_id: row.key.alert.raised_at,
            step: number,
            deed: deed.name().to_owned(),
            phase,
            severity: alert.severity,
            rule: alert.reason.rule().to_owned(),
            raised_at: alert.steps.first().map_or(row.received_at, |step| step.at),
            clock: if row.approximate { "reckoned" } else { "trusted" }.to_owned(),
            received_at: row.received_at,
            due_at: alert.due_at(&self.settings.timers).filter(|_| !is_there),
            by: by.person.clone(),
            role: by.role,
            point: by.point.clone(),
            via: by.via,
            asked: asked(deed),
            to: to(deed),
            result: result(deed),
            reason: alert.reason.clone(),
            count: alert.count,
            life_since: alert.life_since.clone(),
            test: alert.test,
            outcome: alert.closed.as_ref().filter(|_| phase == Phase::Closed).map(|closed| closed.outcome),
            version: row.version,
            text: text(deed),
            place: row.place.clone(),
        }
    }
}

fn key_of(notice: &Notice) -> AlertKey {
    AlertKey { home: notice.home.clone(), alert: notice.alert }
}

/// What others are told of a deed; nothing of what is only a reminder, or a question inside of the home.
fn kind_of(deed: &Deed) -> Option<EventKind> {
    Some(match deed {
        Deed::Raise { .. } => EventKind::Raised,
        Deed::Again { .. } => EventKind::Again,
        Deed::Receive => EventKind::Received,
        Deed::Ask { .. } | Deed::HandOver { .. } => EventKind::Asked,
        Deed::Take => EventKind::Taken,
        Deed::Depart => EventKind::OnTheWay,
        Deed::Arrive { .. } => EventKind::Arrived,
        Deed::Close { .. } => EventKind::Closed,
        Deed::Cancel | Deed::CheckOver { .. } => EventKind::Cancelled,
        Deed::PersonCancelled => EventKind::PersonCancelled,
        Deed::Release { .. } => EventKind::Released,
        Deed::Accept | Deed::TakeOver => EventKind::HandedOver,
        Deed::Assist => EventKind::Assisted,
        Deed::Escalate { .. } | Deed::Unanswered { .. } => EventKind::Escalated,
        Deed::Lapse => EventKind::Lapsed,
        Deed::Overdue => EventKind::Overdue,
        Deed::Undo { .. } => EventKind::Undone,
        Deed::Reopen => EventKind::Reopened,
        Deed::Note { .. } => EventKind::Noted,
        Deed::Call { .. } => EventKind::Called,
        Deed::Life { .. } => EventKind::Life,
        Deed::Recovered => EventKind::Recovered,
        Deed::AskHome { .. }
        | Deed::AskEnded
        | Deed::HandOverEnded
        | Deed::Remind { .. }
        | Deed::Refused { .. }
        | Deed::Unknown => return None,
    })
}

fn asked(deed: &Deed) -> Option<PersonId> {
    if let Deed::Ask { person } | Deed::HandOver { to: person } = deed { Some(person.clone()) } else { None }
}

fn to(deed: &Deed) -> Vec<PointId> {
    let to = if let Deed::Raise { to, .. } | Deed::Escalate { to, .. } | Deed::Unanswered { to } = deed {
        to
    } else {
        &Vec::new()
    };
    to.clone()
}

fn result(deed: &Deed) -> Option<CallResult> {
    if let Deed::Call { result, .. } = deed { Some(*result) } else { None }
}

fn text(deed: &Deed) -> Option<String> {
    let words = if let Deed::Note { text } | Deed::Release { why: text } | Deed::Call { whom: text, .. } = deed {
        Some(text.clone())
    } else {
        None
    };
    words.filter(|words| !words.is_empty())
}

/// Steps without a number in the book count from far above.
const BOOK_STEPS_MAX: u32 = crate::desk::row::OWN_NUMBERS - 2;
