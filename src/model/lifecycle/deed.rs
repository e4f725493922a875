//! What is done in a step, and who may do it.

use super::{CallResult, CheckEnd, Contact, Outcome, Phase, Proof, Refusal, Reminder, Role};
use crate::model::ids::{PersonId, PointId};
use crate::model::reason::{Reason, Severity, SignOfLife};
use crate::model::relation::Relation;
use crate::model::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is done in a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "deed")]
pub enum Deed {
    /// The alert begins.
    Raise {
        /// Why.
        reason: Reason,
        /// How urgent.
        severity: Severity,
        /// A test or drill, marked as such everywhere.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        test: bool,
        /// The points that are asked first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        to: Vec<PointId>,
    },
    /// The same finding again while the alert is open: a further press, the quiet wrong once more.
    Again {
        /// Which time, the raise being the first.
        count: u32,
    },
    /// Before any station is asked, the person at home is.
    AskHome {
        /// Until when an answer counts.
        #[serde(with = "Millis", rename = "until_ms")]
        until: Timestamp,
    },
    /// Nobody at home answered: stations are asked from now on.
    Unanswered {
        /// Who is asked first.
        to: Vec<PointId>,
    },
    /// Taken back in the home before any receipt.
    Cancel,
    /// The person need not be asked any more: of a check only, which ends by itself.
    CheckOver {
        /// Why.
        how: CheckEnd,
    },
    /// Somebody in the home says after the receipt that no help is needed: shown, never closing.
    PersonCancelled,
    /// A station holds it.
    Receive,
    /// One person is asked to go.
    Ask {
        /// Who.
        person: PersonId,
    },
    /// The person asked did not answer in time.
    AskEnded,
    /// Owned from now on.
    Take,
    /// The owner sets out.
    Depart,
    /// Somebody is at the door.
    Arrive {
        /// What proves it.
        proof: Proof,
    },
    /// The owner gives it back.
    Release {
        /// Why.
        #[serde(default)]
        why: String,
    },
    /// The owner proposes a new owner.
    HandOver {
        /// Who.
        to: PersonId,
    },
    /// The proposed owner accepts.
    Accept,
    /// The proposed owner did not accept in time.
    HandOverEnded,
    /// Somebody else takes it from the owner.
    TakeOver,
    /// A second person joins without owning.
    Assist,
    /// Further points, or people outside them, are asked.
    Escalate {
        /// How many times the circle has been widened.
        level: u32,
        /// Who is asked from now on besides those asked before.
        to: Vec<PointId>,
        /// Those of them who are people outside the service points, and what they are to the person.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        people: BTreeMap<PointId, Relation>,
        /// The last resort: from now on everybody is told to call this number themselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_resort: Option<String>,
    },
    /// A telephone call was tried.
    Call {
        /// Role of the person called.
        whom: String,
        /// What came of it.
        result: CallResult,
    },
    /// Words for the next reader; they stay at the station.
    Note {
        /// The words; empty on the wire.
        #[serde(default)]
        text: String,
    },
    /// A sign of life after the alert: shown, nothing else changes.
    Life {
        /// What was seen.
        sign: SignOfLife,
    },
    /// The fault has gone by itself: shown, only people close.
    Recovered,
    /// Ended by a person.
    Close {
        /// What it was.
        outcome: Outcome,
        /// How the person was reached.
        contact: Contact,
    },
    /// A step is taken back; the undone step stays in the timeline.
    Undo {
        /// Number of the undone step.
        step: u32,
    },
    /// A closed alert is opened again.
    Reopen,
    /// A timer reminds the owner or the supervisor.
    Remind {
        /// Of what.
        of: Reminder,
    },
    /// A take that nobody carried out has run out.
    Lapse,
    /// Nobody at the door within the promised time.
    Overdue,
    /// A step that was asked for and is not legal, with the reason: shown, nothing else changes.
    Refused {
        /// The deed that was asked for.
        asked: String,
        /// Why not.
        why: Refusal,
    },
    /// A deed of a newer version.
    #[cfg_attr(test, schemars(skip))] // read, never written
    #[serde(other)]
    Unknown,
}

impl Deed {
    /// The wish of somebody at a desk that the circle be widened; whom that means, the home's gateway decides.
    pub fn ask_further() -> Deed {
        Deed::Escalate { level: 0, to: Vec::new(), people: BTreeMap::new(), last_resort: None }
    }

    /// The word for it on the wire, in logs and forms.
    pub fn name(&self) -> &'static str {
        match self {
            Deed::Raise { .. } => "raise",
            Deed::Again { .. } => "again",
            Deed::AskHome { .. } => "ask_home",
            Deed::Unanswered { .. } => "unanswered",
            Deed::Cancel => "cancel",
            Deed::CheckOver { .. } => "check_over",
            Deed::PersonCancelled => "person_cancelled",
            Deed::Receive => "receive",
            Deed::Ask { .. } => "ask",
            Deed::AskEnded => "ask_ended",
            Deed::Take => "take",
            Deed::Depart => "depart",
            Deed::Arrive { .. } => "arrive",
            Deed::Release { .. } => "release",
            Deed::HandOver { .. } => "hand_over",
            Deed::Accept => "accept",
            Deed::HandOverEnded => "hand_over_ended",
            Deed::TakeOver => "take_over",
            Deed::Assist => "assist",
            Deed::Escalate { .. } => "escalate",
            Deed::Call { .. } => "call",
            Deed::Note { .. } => "note",
            Deed::Life { .. } => "life",
            Deed::Recovered => "recovered",
            Deed::Close { .. } => "close",
            Deed::Undo { .. } => "undo",
            Deed::Reopen => "reopen",
            Deed::Remind { .. } => "remind",
            Deed::Lapse => "lapse",
            Deed::Overdue => "overdue",
            Deed::Refused { .. } => "refused",
            Deed::Unknown => "unknown",
        }
    }

    pub(super) fn may_be_done_by(&self, role: Role) -> bool {
        match self {
            Deed::Raise { .. } => matches!(role, Role::Gateway | Role::Station),
            Deed::Again { .. } => matches!(role, Role::Home | Role::Gateway),
            Deed::AskHome { .. } | Deed::Unanswered { .. } => role == Role::Gateway,
            Deed::CheckOver { .. } => matches!(role, Role::Home | Role::Gateway),
            Deed::Cancel | Deed::PersonCancelled => role == Role::Home,
            Deed::Receive | Deed::AskEnded | Deed::HandOverEnded => role == Role::Station,
            Deed::Ask { .. } | Deed::TakeOver => matches!(role, Role::Desk | Role::Supervisor),
            Deed::Take
            | Deed::Depart
            | Deed::Release { .. }
            | Deed::HandOver { .. }
            | Deed::Accept
            | Deed::Assist
            | Deed::Call { .. }
            | Deed::Note { .. }
            | Deed::Close { .. }
            | Deed::Undo { .. } => role.is_staff(),
            Deed::Arrive { .. } => role.is_staff() || role == Role::Home,
            Deed::Escalate { .. } => role.is_staff() || matches!(role, Role::Gateway | Role::Station),
            Deed::Life { .. } | Deed::Recovered => matches!(role, Role::Gateway | Role::Station),
            Deed::Reopen => matches!(role, Role::Supervisor | Role::Home),
            Deed::Remind { .. } | Deed::Lapse | Deed::Overdue => matches!(role, Role::Gateway | Role::Station),
            Deed::Refused { .. } => matches!(role, Role::Gateway | Role::Station),
            Deed::Unknown => false,
        }
    }

    /// One example of every deed, for tables and tests.
    pub fn examples() -> Vec<Deed> {
        let person: PersonId = "p-03".parse().expect("a legal id");
        let sign = SignOfLife {
            at: crate::model::time::from_millis(0),
            sensor: "hall".parse().expect("a legal id"),
            room: None,
        };
        vec![
            Deed::Raise { reason: Reason::Unknown, severity: Severity::Urgent, test: false, to: Vec::new() },
            Deed::Again { count: 2 },
            Deed::AskHome { until: crate::model::time::from_millis(0) },
            Deed::Unanswered { to: Vec::new() },
            Deed::Cancel,
            Deed::CheckOver { how: CheckEnd::Answered { sign: sign.clone() } },
            Deed::PersonCancelled,
            Deed::Receive,
            Deed::Ask { person: person.clone() },
            Deed::AskEnded,
            Deed::Take,
            Deed::Depart,
            Deed::Arrive { proof: Proof::None },
            Deed::Release { why: String::new() },
            Deed::HandOver { to: person },
            Deed::Accept,
            Deed::HandOverEnded,
            Deed::TakeOver,
            Deed::Assist,
            Deed::Escalate {
                level: 1,
                to: Vec::new(),
                people: [("wang".parse().expect("a legal id"), Relation::Neighbour)].into(),
                last_resort: Some("120".into()),
            },
            Deed::Call { whom: "resident".into(), result: CallResult::NoAnswer },
            Deed::Note { text: String::new() },
            Deed::Life { sign },
            Deed::Recovered,
            Deed::Close { outcome: Outcome::FoundWell, contact: Contact::Seen },
            Deed::Undo { step: 1 },
            Deed::Reopen,
            Deed::Remind { of: Reminder::NotDeparted },
            Deed::Lapse,
            Deed::Overdue,
            Deed::Refused { asked: "take".into(), why: Refusal::NotInPhase { phase: Phase::Taken } },
        ]
    }
}
