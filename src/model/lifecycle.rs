//! The life of an alert: phases, steps, who may do what, and the one legal-transition function.
//!
//! Written from `station.md` section 4; the whole table of [`Phase::after`] is one golden file
//! (`tests/promises/life_cycle.txt`). Gateway and station both use it, so they cannot disagree about what is legal.

pub use crate::model::actor::{Actor, Role, Via};
pub use crate::model::timers::Timers;

use crate::model::ids::{PersonId, PointId};
use crate::model::reason::{Reason, Severity, SignOfLife};
use crate::model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Where an alert is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Decided and on disk at home; no station has it yet.
    Raised,
    /// A station has it; nobody owns it.
    Received,
    /// A person owns it.
    Taken,
    /// The owner is on the way.
    OnTheWay,
    /// Somebody is at the door.
    Arrived,
    /// A person closed it with an outcome.
    Closed,
    /// Taken back at home before any receipt; or a check that is over.
    Cancelled,
}

impl Phase {
    /// Every phase, in order of life.
    pub const ALL: [Phase; 7] = [
        Phase::Raised,
        Phase::Received,
        Phase::Taken,
        Phase::OnTheWay,
        Phase::Arrived,
        Phase::Closed,
        Phase::Cancelled,
    ];

    /// Whether people still have to act.
    pub fn is_open(self) -> bool {
        !matches!(self, Phase::Closed | Phase::Cancelled)
    }

    /// Whether somebody owns it now.
    pub fn is_in_hand(self) -> bool {
        matches!(self, Phase::Taken | Phase::OnTheWay | Phase::Arrived)
    }

    /// The word for it on the wire and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Raised => "raised",
            Phase::Received => "received",
            Phase::Taken => "taken",
            Phase::OnTheWay => "on_the_way",
            Phase::Arrived => "arrived",
            Phase::Closed => "closed",
            Phase::Cancelled => "cancelled",
        }
    }

    /// Where `deed`, done by somebody in `role`, leads from here: the one legal-transition function.
    ///
    /// It knows phases and roles only; ownership, time limits and outcomes are judged by
    /// [`Alert::judge`](crate::model::alert::Alert::judge), which asks here first.
    pub fn after(self, deed: &Deed, role: Role) -> Result<Next, Refusal> {
        use Phase::*;
        if !deed.may_be_done_by(role) {
            return Err(Refusal::NotForRole { role });
        }
        let next = match deed {
            Deed::Raise { .. } => None,
            Deed::AskHome { .. } | Deed::Unanswered { .. } => (self == Raised).then_some(Next::Same),
            Deed::Cancel => (self == Raised).then_some(Next::To(Cancelled)),
            Deed::CheckOver { .. } => self.is_open().then_some(Next::To(Cancelled)),
            Deed::Receive => match self {
                Raised => Some(Next::To(Received)),
                Received | Taken | OnTheWay | Arrived => Some(Next::Same),
                Closed | Cancelled => None,
            },
            Deed::Ask { .. } | Deed::AskEnded => (self == Received).then_some(Next::Same),
            Deed::Take => (self == Received).then_some(Next::To(Taken)),
            Deed::Depart => matches!(self, Received | Taken).then_some(Next::To(OnTheWay)),
            Deed::Arrive { .. } => matches!(self, Received | Taken | OnTheWay).then_some(Next::To(Arrived)),
            Deed::Release { .. } => matches!(self, Taken | OnTheWay).then_some(Next::To(Received)),
            Deed::Lapse => (self == Taken).then_some(Next::To(Received)),
            Deed::HandOver { .. } | Deed::Accept | Deed::HandOverEnded | Deed::TakeOver | Deed::Assist => {
                self.is_in_hand().then_some(Next::Same)
            }
            Deed::Again { .. }
            | Deed::Escalate { .. }
            | Deed::Call { .. }
            | Deed::Life { .. }
            | Deed::Recovered
            | Deed::Remind { .. } => self.is_open().then_some(Next::Same),
            Deed::PersonCancelled => (self.is_open() && self != Raised).then_some(Next::Same),
            Deed::Overdue => matches!(self, Raised | Received | Taken | OnTheWay).then_some(Next::Same),
            Deed::Note { .. } | Deed::Refused { .. } => Some(Next::Same),
            Deed::Close { .. } => (self == Received || self.is_in_hand()).then_some(Next::To(Closed)),
            Deed::Undo { .. } => (self.is_in_hand() || self == Closed).then_some(Next::Before),
            Deed::Reopen => (self == Closed).then_some(Next::To(Received)),
            Deed::Unknown => None,
        };
        next.ok_or(Refusal::NotInPhase { phase: self })
    }
}

/// Where a step leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// To this phase.
    To(Phase),
    /// The phase stays.
    Same,
    /// Back to the phase before the step that is undone.
    Before,
}

/// What is done in a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "until_ms")]
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
    /// Further points are asked.
    Escalate {
        /// How many times the circle has been widened.
        level: u32,
        /// Who is asked from now on besides those asked before.
        to: Vec<PointId>,
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
    #[serde(other)]
    Unknown,
}

impl Deed {
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

    fn may_be_done_by(&self, role: Role) -> bool {
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
            Deed::Escalate { level: 1, to: Vec::new() },
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

/// Why the person need not be asked any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckEnd {
    /// Somebody moved or pressed.
    Answered {
        /// The sign of life.
        sign: SignOfLife,
    },
    /// Nobody did until the limit: an alert was raised.
    LimitPassed,
    /// The limit holds no longer: an absence has begun, or nobody watches.
    NoLongerDue,
}

/// What proves an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Proof {
    None,
    ServiceButton,
    Door,
}

/// What came of a telephone call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum CallResult {
    Reached,
    NoAnswer,
    Busy,
    WrongNumber,
}

/// What a timer reminds of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reminder {
    /// Taken, but not set out, no note, no call.
    NotDeparted,
    /// Two thirds of the promised time have passed and nobody is there.
    NotArrivedYet,
    /// Arrived long ago: are you all right?
    NotClosed,
    /// Still not closed: the supervisor should ask.
    StillNotClosed,
    /// A request that nobody has ended.
    Overlooked,
}

/// What an alert was (`station.md` 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the words are in `text`
pub enum Outcome {
    Helped,
    Hospital,
    FoundWell,
    AwayUnreported,
    HouseWork,
    PressedByMistake,
    WantedTalk,
    Equipment,
    NoAccess,
    Died,
    Test,
    Duplicate,
}

impl Outcome {
    /// Every outcome, in the order of the close form.
    pub const ALL: [Outcome; 12] = [
        Outcome::FoundWell,
        Outcome::Helped,
        Outcome::Hospital,
        Outcome::PressedByMistake,
        Outcome::WantedTalk,
        Outcome::AwayUnreported,
        Outcome::HouseWork,
        Outcome::Equipment,
        Outcome::NoAccess,
        Outcome::Duplicate,
        Outcome::Test,
        Outcome::Died,
    ];

    /// The word for it on the wire and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Helped => "helped",
            Outcome::Hospital => "hospital",
            Outcome::FoundWell => "found_well",
            Outcome::AwayUnreported => "away_unreported",
            Outcome::HouseWork => "house_work",
            Outcome::PressedByMistake => "pressed_by_mistake",
            Outcome::WantedTalk => "wanted_talk",
            Outcome::Equipment => "equipment",
            Outcome::NoAccess => "no_access",
            Outcome::Died => "died",
            Outcome::Test => "test",
            Outcome::Duplicate => "duplicate",
        }
    }
}

/// How the person was reached before an alert is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Contact {
    Seen,
    Spoken,
    None,
}

/// Why a step is not legal now. The words for people are in `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "refusal")]
pub enum Refusal {
    /// The alert is in a phase from which this does not go.
    #[error("not possible while the alert is {}", phase.as_str())]
    NotInPhase {
        /// Its phase.
        phase: Phase,
    },
    /// People in this capacity may not do it.
    #[error("not for {role:?}")]
    NotForRole {
        /// The capacity.
        role: Role,
    },
    /// Somebody else owns the alert.
    #[error("taken by somebody else")]
    Owned {
        /// The owner.
        by: Actor,
        /// Since when.
        since: Timestamp,
    },
    /// Only who did a step, or a supervisor, may undo it.
    #[error("only who did it may undo it")]
    NotYours,
    /// The time for it is over.
    #[error("too late: allowed for {limit_secs} s")]
    TooLate {
        /// For how long it was allowed.
        limit_secs: i64,
    },
    /// There is nothing of the kind: nothing to undo, nobody to accept from.
    #[error("there is nothing to do this to")]
    Nothing,
    /// An emergency is closed only after the person was seen or spoken to.
    #[error("the person must have been seen or spoken to")]
    NeedsContact,
    /// Nobody could get in: the alert stays open and needs a next step.
    #[error("nobody could get in: escalate or hand over instead of closing")]
    NeedsNextStep,
    /// The alert has moved on since the page was drawn.
    #[error("the alert has moved on")]
    Stale,
}
