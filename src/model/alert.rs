//! One alert with everything that happened to it: rebuilt from its steps alone.
//!
//! The gateway's book and the station's queue hold the same type and judge with the same function, so a step that one
//! of them takes cannot be illegal for the other.

mod judge;
mod timing;

use crate::model::ids::{PersonId, PointId};
use crate::model::lifecycle::{Actor, CheckEnd, Contact, Deed, Next, Outcome, Phase, Reminder};
use crate::model::reason::{Reason, Severity, SignOfLife};
use crate::model::time::{Millis, Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The identity of an alert within its home: a running number, and the instant of the raise.
///
/// The instant tells apart two alerts of one number when a gateway had to begin a new database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AlertId {
    /// Counted from 1, never random.
    pub number: u64,
    /// When it was raised, by the gateway's clock, whole milliseconds.
    #[serde(with = "Millis", rename = "raised_at_ms")]
    pub raised_at: Timestamp,
}

/// One change in an alert's life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Step {
    /// Counted from 1 within the alert.
    pub number: u32,
    /// When, by the clock of the machine that keeps this record.
    #[serde(with = "Millis", rename = "at_ms")]
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What.
    #[serde(flatten)]
    pub deed: Deed,
    /// Unique per click at a station: a repeated key is the same step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Follows from a later step of the same instant (an arrival implies the departure).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub implied: bool,
}

/// An alert with its whole life so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Number and instant of the raise.
    pub id: AlertId,
    /// Why.
    pub reason: Reason,
    /// How urgent.
    pub severity: Severity,
    /// A test or drill.
    pub test: bool,
    /// Where it is in its life.
    pub phase: Phase,
    /// The steps that matter to a reader, oldest first; of endless repeats only the newest are kept.
    pub steps: Vec<Step>,
    /// When the first station had it.
    pub received_at: Option<Timestamp>,
    /// Since when nobody owns it; absent while somebody does.
    pub unclaimed_since: Option<Timestamp>,
    /// Who owns it.
    pub owner: Option<Owner>,
    /// Since when somebody has it in hand, whoever owns it now.
    pub in_hand_since: Option<Timestamp>,
    /// Who was asked to take it and has not answered.
    pub asked: Option<Asked>,
    /// To whom the owner wants to hand it.
    pub handing_to: Option<Asked>,
    /// Who helps without owning.
    pub assisting: Vec<Actor>,
    /// The points that were asked so far, in the order in which they were.
    pub points: Vec<PointId>,
    /// How many times the circle was widened.
    pub escalated: u32,
    /// When it was last widened.
    pub escalated_at: Option<Timestamp>,
    /// The number that everybody is told to call themselves, once the circle has come to its last resort.
    pub last_resort: Option<String>,
    /// The promised time has passed with nobody at the door.
    pub overdue: bool,
    /// When that was found.
    pub overdue_at: Option<Timestamp>,
    /// How often a take ran out.
    pub lapsed: u32,
    /// The newest sign of life since the raise.
    pub life_since: Option<SignOfLife>,
    /// When the fault went by itself.
    pub recovered_at: Option<Timestamp>,
    /// How often the finding came, the raise included.
    pub count: u32,
    /// When the finding came last.
    pub again_at: Timestamp,
    /// How often it was reopened.
    pub reopened: u32,
    /// From when the promised time runs: the raise, or the newest reopening.
    pub due_from: Timestamp,
    /// Until when the person at home is asked, before any station is.
    pub asking_until: Option<Timestamp>,
    /// When somebody was at the door.
    pub arrived_at: Option<Timestamp>,
    /// How it ended.
    pub closed: Option<Closed>,
    /// Number of the newest step.
    pub last_step: u32,
    reminded: BTreeSet<Reminder>,
    undoable: Option<Undoable>,
    before_implied: Option<Undoable>,
}

/// Who owns an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Owner {
    /// The person.
    pub actor: Actor,
    /// Since when.
    pub since: Timestamp,
    /// The newest sign that they are at it: departure, note, call.
    pub progress_at: Timestamp,
}

/// Somebody who was asked and has not answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Who.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// How an alert ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// When.
    pub at: Timestamp,
    /// What it was.
    pub outcome: Outcome,
    /// How the person was reached.
    pub contact: Contact,
    /// Who closed it.
    pub by: Actor,
}

/// What stood before the newest step that can be undone.
#[derive(Debug, Clone, PartialEq)]
struct Undoable {
    step: u32,
    at: Timestamp,
    by: Actor,
    is_close: bool,
    phase: Phase,
    owner: Option<Owner>,
    unclaimed_since: Option<Timestamp>,
    arrived_at: Option<Timestamp>,
}

impl Alert {
    /// The alert that `raise` begins; `None` if that step is no raise.
    pub fn begin(number: u64, raise: Step) -> Option<Alert> {
        let Deed::Raise { reason, severity, test, to } = raise.deed.clone() else { return None };
        Some(Alert {
            id: AlertId { number, raised_at: raise.at },
            reason,
            severity,
            test,
            phase: Phase::Raised,
            received_at: None,
            unclaimed_since: Some(raise.at),
            owner: None,
            in_hand_since: None,
            asked: None,
            handing_to: None,
            assisting: Vec::new(),
            points: to,
            escalated: 0,
            escalated_at: None,
            last_resort: None,
            overdue: false,
            overdue_at: None,
            lapsed: 0,
            life_since: None,
            recovered_at: None,
            count: 1,
            again_at: raise.at,
            reopened: 0,
            due_from: raise.at,
            asking_until: None,
            arrived_at: None,
            closed: None,
            last_step: raise.number,
            reminded: BTreeSet::new(),
            undoable: None,
            before_implied: None,
            steps: vec![raise],
        })
    }

    /// Writes a step into the record. The step must have been judged, or come from a record that was.
    pub fn apply(&mut self, step: Step) {
        let next = self.phase.after(&step.deed, step.by.role).unwrap_or(Next::Same);
        if step.implied {
            let before = self.undoable_before(&step);
            self.before_implied.get_or_insert(before);
        } else if step.deed_can_be_undone() {
            // Implied steps are undone together with the step that implied them.
            let before = self.before_implied.take().unwrap_or_else(|| self.undoable_before(&step));
            self.undoable =
                Some(Undoable { step: step.number, is_close: matches!(step.deed, Deed::Close { .. }), ..before });
        }
        match &step.deed {
            Deed::Receive => {
                self.received_at.get_or_insert(step.at);
            }
            Deed::Again { count } => {
                self.count = *count;
                self.again_at = step.at;
                self.recovered_at = None;
            }
            Deed::Ask { person } => self.asked = Some(Asked { person: person.clone(), at: step.at }),
            Deed::AskEnded => self.asked = None,
            Deed::Take | Deed::TakeOver | Deed::Accept => self.own(&step),
            Deed::Depart | Deed::Call { .. } | Deed::Note { .. } => self.progress(&step),
            Deed::Arrive { .. } => {
                self.arrived_at = Some(step.at);
                self.progress(&step);
            }
            Deed::HandOver { to } => self.handing_to = Some(Asked { person: to.clone(), at: step.at }),
            Deed::HandOverEnded => self.handing_to = None,
            Deed::Assist => self.assisting.push(step.by.clone()),
            Deed::Escalate { level, to, last_resort, .. } => {
                self.escalated = *level;
                if last_resort.is_some() {
                    self.last_resort.clone_from(last_resort);
                }
                for point in to {
                    if !self.points.contains(point) {
                        self.points.push(point.clone());
                    }
                }
                self.escalated_at = Some(step.at);
            }
            Deed::Life { sign } => self.life_since = Some(sign.clone()),
            Deed::Recovered => self.recovered_at = Some(step.at),
            Deed::Lapse => {
                self.lapsed += 1;
                self.disown(step.at);
            }
            Deed::Release { .. } => self.disown(step.at),
            Deed::Close { outcome, contact } => {
                self.closed = Some(Closed { at: step.at, outcome: *outcome, contact: *contact, by: step.by.clone() });
                self.unclaimed_since = None;
            }
            Deed::Reopen => {
                self.reopened += 1;
                self.due_from = step.at;
                self.last_resort = None;
                self.overdue = false;
                self.overdue_at = None;
                self.arrived_at = None;
                self.reminded.clear();
                self.closed = None;
                self.undoable = None;
                self.disown(step.at);
            }
            Deed::Remind { of } => {
                self.reminded.insert(*of);
            }
            Deed::Overdue => {
                self.overdue = true;
                self.overdue_at = Some(step.at);
            }
            Deed::Undo { .. } => self.restore(),
            Deed::AskHome { until } => self.asking_until = Some(*until),
            Deed::Unanswered { to } => {
                self.asking_until = None;
                self.points.clone_from(to);
                self.due_from = step.at;
                self.unclaimed_since = Some(step.at);
            }
            Deed::Cancel => self.asking_until = None,
            Deed::CheckOver { how } => {
                if let CheckEnd::Answered { sign } = how {
                    self.life_since = Some(sign.clone());
                }
                self.owner = None;
                self.unclaimed_since = None;
            }
            Deed::Raise { .. } | Deed::PersonCancelled | Deed::Refused { .. } | Deed::Unknown => {}
        }
        if let Next::To(phase) = next {
            self.phase = phase;
        }
        self.last_step = self.last_step.max(step.number);
        self.keep(step);
    }

    fn own(&mut self, step: &Step) {
        self.asked = None;
        self.handing_to = None;
        self.unclaimed_since = None;
        if self.owner.is_none() {
            self.in_hand_since = Some(step.at);
        }
        self.reminded.remove(&Reminder::NotDeparted);
        self.owner = Some(Owner { actor: step.by.clone(), since: step.at, progress_at: step.at });
    }

    fn disown(&mut self, at: Timestamp) {
        self.owner = None;
        self.in_hand_since = None;
        self.handing_to = None;
        self.unclaimed_since = Some(at);
        self.reminded.remove(&Reminder::NotDeparted);
    }

    fn progress(&mut self, step: &Step) {
        if let Some(owner) = &mut self.owner {
            owner.progress_at = step.at;
        }
    }

    fn undoable_before(&self, step: &Step) -> Undoable {
        Undoable {
            step: step.number,
            at: step.at,
            by: step.by.clone(),
            is_close: matches!(step.deed, Deed::Close { .. }),
            phase: self.phase,
            owner: self.owner.clone(),
            unclaimed_since: self.unclaimed_since,
            arrived_at: self.arrived_at,
        }
    }

    /// Moves every remembered instant by `by`, when the clock on the wall was set against the clock that never jumps.
    ///
    /// The identity keeps the instant of the raise, and the timeline what the clock showed.
    pub fn shift(&mut self, by: Span) {
        self.due_from += by;
        self.again_at += by;
        let owner = self.owner.as_mut().map(|owner| {
            owner.since += by;
            &mut owner.progress_at
        });
        let asked = self.asked.as_mut().map(|asked| &mut asked.at);
        let handing = self.handing_to.as_mut().map(|asked| &mut asked.at);
        let closed = self.closed.as_mut().map(|closed| &mut closed.at);
        let undoable = self.undoable.as_mut().map(|undoable| &mut undoable.at);
        let instants = [
            self.received_at.as_mut(),
            self.unclaimed_since.as_mut(),
            self.in_hand_since.as_mut(),
            self.escalated_at.as_mut(),
            self.overdue_at.as_mut(),
            self.recovered_at.as_mut(),
            self.arrived_at.as_mut(),
            self.asking_until.as_mut(),
            owner,
            asked,
            handing,
            closed,
            undoable,
        ];
        for instant in instants.into_iter().flatten() {
            *instant += by;
        }
    }

    /// Back to what stood before, with the original instants: undoing never gains time.
    fn restore(&mut self) {
        if let Some(before) = self.undoable.take() {
            self.phase = before.phase;
            self.owner = before.owner;
            self.unclaimed_since = before.unclaimed_since;
            self.arrived_at = before.arrived_at;
            if before.is_close {
                self.closed = None;
            }
        }
    }

    /// Endless repeats (a stuck button, a busy resident) must not fill the memory: of each such kind the newest stay.
    fn keep(&mut self, step: Step) {
        let repeats = |s: &Step| {
            matches!(s.deed, Deed::Again { .. } | Deed::Life { .. } | Deed::Escalate { .. } | Deed::Refused { .. })
        };
        if repeats(&step) && self.steps.iter().filter(|s| repeats(s)).count() >= REPEATS_KEPT_MAX {
            let oldest = self.steps.iter().position(repeats).expect("there are repeats");
            self.steps.remove(oldest);
        }
        self.steps.push(step);
    }
}

/// Keys of that beginning say that a step was done where there was no network, and came late.
pub const LATE_KEY: &str = "late-";

impl Step {
    /// Whether it came late; its time is when it was done.
    pub fn is_late(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.starts_with(LATE_KEY))
    }

    fn deed_can_be_undone(&self) -> bool {
        matches!(self.deed, Deed::Take | Deed::Depart | Deed::Arrive { .. } | Deed::Close { .. })
    }
}

/// Repeats kept per alert in memory; the store keeps them all.
const REPEATS_KEPT_MAX: usize = 200;
