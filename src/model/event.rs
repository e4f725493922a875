//! What other systems are told: one event for each thing that happened at a station.
//!
//! Plain data: the desk makes it of what it writes down, the store keeps it, `wire` puts the envelope round it. Words here are a
//! promise to programs of others: within `v: 1` fields and kinds are only added.

mod besides;
mod kind;

pub use besides::{
    DailyClosed, DailyContact, FaultStep, HomeSight, HomeState, StationState, SuspensionChange, TestSign,
};
pub use kind::{EventKind, KINDS};

use crate::model::alert::AlertId;
use crate::model::ids::{HomeId, PersonId, PointId};
use crate::model::lifecycle::{CallResult, Outcome, Phase, Role, Via};
use crate::model::reason::{Reason, Severity, SignOfLife};
use crate::model::time::{Millis, Timestamp};
use serde::Serialize;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// What.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// When, by the station's clock.
    pub time: Timestamp,
    /// What it is about: `<home>/<alert>`, `<home>`, or nothing where it is the station itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// More about it.
    pub data: EventData,
}

/// More about what happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum EventData {
    /// Of kinds `alert.…`.
    Alert(Box<AlertStep>),
    /// Of the kind `home.state`.
    Home(HomeState),
    /// Of kinds `fault.…`.
    Fault(Box<FaultStep>),
    /// Of kinds `daily.…` about one home.
    Daily(DailyContact),
    /// Of the kind `daily.closed`.
    DayClosed(DailyClosed),
    /// Of kinds `suspension.…`.
    Suspension(SuspensionChange),
    /// Of kinds `test.…`.
    Test(TestSign),
    /// Of kinds `station.…`.
    Station(StationState),
}

/// Where an alert stands after a step, and the step.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AlertStep {
    /// 1.
    pub v: u32,
    /// Whose alert.
    pub home: HomeId,
    /// Its number in the home.
    pub alert: u64,
    /// With the number this names it: a gateway that had to begin a new database counts from 1 again.
    #[serde(with = "Millis", rename = "raised_id_ms")]
    pub raised_id: Timestamp,
    /// The step's number in the home's book, where the book has it.
    pub step: Option<u32>,
    /// What was done, as in the timeline of the alert.
    pub deed: String,
    /// Where the alert is in its life.
    pub phase: Phase,
    /// How urgent.
    pub severity: Severity,
    /// Which rule raised it.
    pub rule: String,
    /// When it was raised, in the station's time.
    pub raised_at: Timestamp,
    /// `trusted`, or `reckoned` where the home's clock cannot be believed.
    pub clock: String,
    /// When this station had it.
    pub received_at: Timestamp,
    /// When somebody must be at the door; null once there, and where no such clock runs.
    pub due_at: Option<Timestamp>,
    /// Which person did the step, by id; null where none of the staff did.
    pub by: Option<PersonId>,
    /// In what capacity.
    pub role: Role,
    /// Of which point.
    pub point: Option<PointId>,
    /// By which way.
    pub via: Option<Via>,
    /// Who is asked: a person of the staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<PersonId>,
    /// Which points are asked from now on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<PointId>,
    /// What came of a telephone call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<CallResult>,
    /// Why it was raised.
    pub reason: Reason,
    /// How often the finding came, the raise included.
    pub count: u32,
    /// The newest sign of life since the raise.
    pub life_since: Option<SignOfLife>,
    /// A test or drill.
    pub test: bool,
    /// What it was; null while it is open.
    pub outcome: Option<Outcome>,
    /// Counted changes of the alert at this station: the `expect` of a step.
    pub version: u32,
    /// The words of a note, or who was called; with the scope `pii` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The short address; with the scope `pii` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// The version of all data.
pub const VERSION: u32 = 1;

/// What of the data nobody learns without the scope `pii`.
pub const PERSONAL: [&str; 3] = ["text", "place", "owner"];

impl Event {
    /// About an alert.
    pub fn of_alert(kind: EventKind, time: Timestamp, step: AlertStep) -> Event {
        let subject = Some(subject_of(&step.home, AlertId { number: step.alert, raised_at: step.raised_id }));
        Event { kind, time, subject, data: EventData::Alert(Box::new(step)) }
    }

    /// About trouble of equipment.
    pub fn of_fault(kind: EventKind, time: Timestamp, step: FaultStep) -> Event {
        let subject = Some(subject_of(&step.home, AlertId { number: step.alert, raised_at: step.raised_id }));
        Event { kind, time, subject, data: EventData::Fault(Box::new(step)) }
    }

    /// About a home.
    pub fn of_home(time: Timestamp, state: HomeState) -> Event {
        let subject = Some(state.home.to_string());
        Event { kind: EventKind::HomeState, time, subject, data: EventData::Home(state) }
    }

    /// About the daily contact of a home.
    pub fn of_daily(kind: EventKind, time: Timestamp, contact: DailyContact) -> Event {
        let subject = Some(contact.home.to_string());
        Event { kind, time, subject, data: EventData::Daily(contact) }
    }

    /// About a day's list.
    pub fn of_day(time: Timestamp, closed: DailyClosed) -> Event {
        Event { kind: EventKind::DailyClosed, time, subject: None, data: EventData::DayClosed(closed) }
    }

    /// About a suspension.
    pub fn of_suspension(kind: EventKind, time: Timestamp, change: SuspensionChange) -> Event {
        let subject = Some(change.home.to_string());
        Event { kind, time, subject, data: EventData::Suspension(change) }
    }

    /// About a test of a way.
    pub fn of_test(kind: EventKind, time: Timestamp, test: TestSign) -> Event {
        let subject = test.home.as_ref().map(ToString::to_string);
        Event { kind, time, subject, data: EventData::Test(test) }
    }

    /// About the station itself; ready without reasons.
    pub fn of_station(time: Timestamp, reasons: Vec<String>) -> Event {
        let kind = if reasons.is_empty() { EventKind::Ready } else { EventKind::NotReady };
        let state = StationState { v: VERSION, ready: reasons.is_empty(), reasons };
        Event { kind, time, subject: None, data: EventData::Station(state) }
    }
}

/// `ky-lehe-0412/37`
fn subject_of(home: &HomeId, alert: AlertId) -> String {
    format!("{home}/{}", alert.number)
}
