//! What other systems are told: one event for each thing that happened at a station.
//!
//! Plain data: the desk makes it of what it writes down, the store keeps it, `wire` puts the envelope round it. Words here are a
//! promise to programs of others: within `v: 1` fields and kinds are only added.

use crate::model::alert::AlertId;
use crate::model::ids::{HomeId, PersonId, PointId};
use crate::model::lifecycle::{CallResult, Outcome, Phase, Role, Via};
use crate::model::reason::{Reason, Severity, SignOfLife};
use crate::model::time::{Millis, Timestamp};
use serde::Serialize;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum EventKind {
    /// An alert began.
    #[serde(rename = "care.carecircle.alert.raised")]
    Raised,
    /// The same finding came again while the alert was open.
    #[serde(rename = "care.carecircle.alert.again")]
    Again,
    /// A station holds it.
    #[serde(rename = "care.carecircle.alert.received")]
    Received,
    /// One person was asked to take it.
    #[serde(rename = "care.carecircle.alert.asked")]
    Asked,
    /// A person owns it.
    #[serde(rename = "care.carecircle.alert.taken")]
    Taken,
    /// The owner set out.
    #[serde(rename = "care.carecircle.alert.on_the_way")]
    OnTheWay,
    /// Somebody is at the door.
    #[serde(rename = "care.carecircle.alert.arrived")]
    Arrived,
    /// A person ended it.
    #[serde(rename = "care.carecircle.alert.closed")]
    Closed,
    /// It was taken back at home before any receipt, or a check that is over.
    #[serde(rename = "care.carecircle.alert.cancelled")]
    Cancelled,
    /// Somebody in the home said that no help is needed; people still close it.
    #[serde(rename = "care.carecircle.alert.person_cancelled")]
    PersonCancelled,
    /// The owner gave it back.
    #[serde(rename = "care.carecircle.alert.released")]
    Released,
    /// Another person owns it now.
    #[serde(rename = "care.carecircle.alert.handed_over")]
    HandedOver,
    /// A second person helps without owning.
    #[serde(rename = "care.carecircle.alert.assisted")]
    Assisted,
    /// Further points or people are asked.
    #[serde(rename = "care.carecircle.alert.escalated")]
    Escalated,
    /// A take that nobody carried out ran out.
    #[serde(rename = "care.carecircle.alert.lapsed")]
    Lapsed,
    /// Nobody was at the door within the promised time.
    #[serde(rename = "care.carecircle.alert.overdue")]
    Overdue,
    /// A step was taken back, or the home's book refused it.
    #[serde(rename = "care.carecircle.alert.undone")]
    Undone,
    /// A closed alert was opened again.
    #[serde(rename = "care.carecircle.alert.reopened")]
    Reopened,
    /// Somebody wrote a note.
    #[serde(rename = "care.carecircle.alert.noted")]
    Noted,
    /// A telephone call was tried.
    #[serde(rename = "care.carecircle.alert.called")]
    Called,
    /// A sign of life after the alert.
    #[serde(rename = "care.carecircle.alert.life")]
    Life,
    /// The trouble went by itself; people still close it.
    #[serde(rename = "care.carecircle.alert.recovered")]
    Recovered,
    /// A home can be seen again, or no longer.
    #[serde(rename = "care.carecircle.home.state")]
    HomeState,
    /// The station can take alerts.
    #[serde(rename = "care.carecircle.station.ready")]
    Ready,
    /// The station cannot take alerts.
    #[serde(rename = "care.carecircle.station.not_ready")]
    NotReady,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [EventKind; 25] = [
        EventKind::Raised,
        EventKind::Again,
        EventKind::Received,
        EventKind::Asked,
        EventKind::Taken,
        EventKind::OnTheWay,
        EventKind::Arrived,
        EventKind::Closed,
        EventKind::Cancelled,
        EventKind::PersonCancelled,
        EventKind::Released,
        EventKind::HandedOver,
        EventKind::Assisted,
        EventKind::Escalated,
        EventKind::Lapsed,
        EventKind::Overdue,
        EventKind::Undone,
        EventKind::Reopened,
        EventKind::Noted,
        EventKind::Called,
        EventKind::Life,
        EventKind::Recovered,
        EventKind::HomeState,
        EventKind::Ready,
        EventKind::NotReady,
    ];

    /// The word for it, without what all have in common.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Raised => "alert.raised",
            EventKind::Again => "alert.again",
            EventKind::Received => "alert.received",
            EventKind::Asked => "alert.asked",
            EventKind::Taken => "alert.taken",
            EventKind::OnTheWay => "alert.on_the_way",
            EventKind::Arrived => "alert.arrived",
            EventKind::Closed => "alert.closed",
            EventKind::Cancelled => "alert.cancelled",
            EventKind::PersonCancelled => "alert.person_cancelled",
            EventKind::Released => "alert.released",
            EventKind::HandedOver => "alert.handed_over",
            EventKind::Assisted => "alert.assisted",
            EventKind::Escalated => "alert.escalated",
            EventKind::Lapsed => "alert.lapsed",
            EventKind::Overdue => "alert.overdue",
            EventKind::Undone => "alert.undone",
            EventKind::Reopened => "alert.reopened",
            EventKind::Noted => "alert.noted",
            EventKind::Called => "alert.called",
            EventKind::Life => "alert.life",
            EventKind::Recovered => "alert.recovered",
            EventKind::HomeState => "home.state",
            EventKind::Ready => "station.ready",
            EventKind::NotReady => "station.not_ready",
        }
    }
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

/// How a home can be seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HomeState {
    /// 1.
    pub v: u32,
    /// Which home.
    pub home: HomeId,
    /// How.
    pub state: HomeSight,
    /// When its gateway was heard last; null if not since the station started.
    pub heard_at: Option<Timestamp>,
}

/// Whether the station hears a home's gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HomeSight {
    /// It is heard.
    Heard,
    /// It has been silent for too long: the home cannot be seen.
    Blind,
}

/// Whether the station can take alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StationState {
    /// 1.
    pub v: u32,
    /// Whether a notice that is sent now arrives and is kept.
    pub ready: bool,
    /// Why not: `broker`, `store`.
    pub reasons: Vec<String>,
}

/// The version of all data.
pub const VERSION: u32 = 1;

/// What of the data nobody learns without the scope `pii`.
pub const PERSONAL: [&str; 2] = ["text", "place"];

impl Event {
    /// About an alert.
    pub fn of_alert(kind: EventKind, time: Timestamp, step: AlertStep) -> Event {
        let subject = Some(subject_of(&step.home, AlertId { number: step.alert, raised_at: step.raised_id }));
        Event { kind, time, subject, data: EventData::Alert(Box::new(step)) }
    }

    /// About a home.
    pub fn of_home(time: Timestamp, home: HomeId, state: HomeSight, heard_at: Option<Timestamp>) -> Event {
        let subject = Some(home.to_string());
        let data = EventData::Home(HomeState { v: VERSION, home, state, heard_at });
        Event { kind: EventKind::HomeState, time, subject, data }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_word() {
        for kind in EventKind::ALL {
            let written = serde_json::to_value(kind).unwrap();
            assert_eq!(written, format!("care.carecircle.{}", kind.as_str()));
        }
    }
}
