//! What is told besides alerts: homes, faults, the daily contact, suspensions, tests, the station itself.

use crate::model::ids::{HomeId, PersonId, SensorId};
use crate::model::own_sign::SignBy;
use crate::model::reason::Severity;
use crate::model::suspension::Absence;
use crate::model::time::{Day, Millis, Timestamp};
use serde::Serialize;

/// How a home can be seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HomeState {
    /// 1.
    pub v: u32,
    /// Which home.
    pub home: HomeId,
    /// How: the worst that is true.
    pub state: HomeSight,
    /// When its gateway was heard last; null if not since the station started.
    pub heard_at: Option<Timestamp>,
    /// The last sign of life, in the station's time; null if nobody knows.
    pub life_at: Option<Timestamp>,
    /// Sensors that are believed; null until the home told.
    pub sensors_alive: Option<u32>,
    /// Sensors; null until the home told.
    pub sensors: Option<u32>,
    /// The end of the suspension that ends last; null where none holds.
    pub suspended_until: Option<Timestamp>,
}

/// How a home can be seen, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HomeSight {
    /// Its gateway has been silent for too long.
    NoContact,
    /// Nothing there that could show life can be heard.
    CannotSee,
    /// It is known to be other than usual.
    Suspended,
    /// It still learns what is usual.
    Learning,
    /// It is heard and watched.
    Heard,
}

/// Trouble of equipment, after something about it changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FaultStep {
    /// 1.
    pub v: u32,
    /// In which home.
    pub home: HomeId,
    /// The number of its alert in the home.
    pub alert: u64,
    /// With the number this names it.
    #[serde(with = "Millis", rename = "raised_id_ms")]
    pub raised_id: Timestamp,
    /// Which rule found it.
    pub kind: String,
    /// Which sensor; null where it is about none.
    pub sensor: Option<SensorId>,
    /// `blind` where nothing could be raised from the home meanwhile, else `fault`.
    pub severity: Severity,
    /// How far it is: open, assigned, recovered, by_hand, verified.
    pub state: String,
    /// Until when somebody has to have seen to it.
    pub due_at: Timestamp,
    /// Who changed it, by id; null where nobody of the staff did.
    pub by: Option<PersonId>,
}

/// How the daily contact of a home stands, after it changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DailyContact {
    /// 1.
    pub v: u32,
    /// Which home.
    pub home: HomeId,
    /// On the list of which day.
    #[cfg_attr(test, schemars(with = "String"))]
    pub day: Day,
    /// When the resident showed, was spoken to or seen; null while nobody knows.
    pub at: Option<Timestamp>,
    /// By what the resident showed; null where she did not herself.
    pub sign: Option<SignBy>,
    /// Who reached her, by id; null where nobody of the staff did.
    pub by: Option<PersonId>,
}

/// What became of a day's list.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DailyClosed {
    /// 1.
    pub v: u32,
    /// Which day.
    #[cfg_attr(test, schemars(with = "String"))]
    pub day: Day,
    /// Homes on it.
    pub homes: u32,
    /// That showed by themselves.
    pub own_sign: u32,
    /// That were reached by telephone.
    pub phoned: u32,
    /// Where somebody was.
    pub visited: u32,
    /// Known to be elsewhere.
    pub suspended: u32,
    /// Of which nobody knew.
    pub unresolved: u32,
}

/// A suspension that began or ended, by the home's own word.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SuspensionChange {
    /// 1.
    pub v: u32,
    /// Which home.
    pub home: HomeId,
    /// Why; null where the home knows a kind that this program does not.
    pub kind: Option<Absence>,
    /// Its end, by the home's clock; it may have ended before.
    pub until: Timestamp,
    /// Who answers for it, as the home says; with the scope `pii` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A test of a way.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TestSign {
    /// 1.
    pub v: u32,
    /// Which way: `home` from a home to this station, `feed` from this station to other systems, `sound` of a desk.
    pub channel: String,
    /// From which home; null where it is about none.
    pub home: Option<HomeId>,
    /// From its begin until it was heard; null where that is not known.
    pub seconds: Option<f64>,
    /// Who asked for it, or heard it, by id.
    pub by: Option<PersonId>,
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
