//! What the rules beside quiet and equipment found, as data: one struct for each, carried by
//! [`Reason`](crate::model::reason::Reason).

use crate::model::ids::{PointId, RoomId, SensorId};
use crate::model::reason::{Blind, SignOfLife};
use crate::model::suspension::Absence;
use crate::model::time::{Hours, Secs, Span, TimeOfDay, Timestamp};
use serde::{Deserialize, Serialize};

/// What a detector warns of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names are the field's own
pub enum Danger {
    Smoke,
    Gas,
    Leak,
}

/// A detector says smoke, gas or water.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Hazard {
    /// Which detector.
    pub sensor: SensorId,
    /// Where it hangs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// What it warns of.
    pub danger: Danger,
    /// Other detectors that warn of the same at this instant, the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<SensorId>,
    /// The last sign of life: whether somebody is in there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_life: Option<SignOfLife>,
}

/// The outer door moved at night and nobody was seen inside since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NightDoor {
    /// Which door.
    pub sensor: SensorId,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// When it moved last.
    pub moved_at: Timestamp,
    /// How soon somebody should have been seen inside.
    #[serde(with = "Secs", rename = "limit_secs")]
    pub limit: Span,
    /// What counts as night.
    pub night: Hours,
    /// A span since then in which nobody watched, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<Blind>,
}

/// The outer door stands open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DoorLeftOpen {
    /// Which door.
    pub sensor: SensorId,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// Since when.
    pub open_since: Timestamp,
    /// The limit.
    #[serde(with = "Secs", rename = "limit_secs")]
    pub limit: Span,
    /// The part of the day for which it is set; absent while the clock is not trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
}

/// Out of bed at night, and nothing seen since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OutOfBed {
    /// Which bed.
    pub sensor: SensorId,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// Since when it is empty.
    pub left_at: Timestamp,
    /// How long nothing may be seen.
    #[serde(with = "Secs", rename = "limit_secs")]
    pub limit: Span,
    /// What counts as night.
    pub night: Hours,
    /// The last sign of life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_life: Option<SignOfLife>,
}

/// Probably out, for longer than usual.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AwayTooLong {
    /// By which door.
    pub sensor: SensorId,
    /// When it moved last.
    pub left_at: Timestamp,
    /// The limit.
    #[serde(with = "Secs", rename = "limit_secs")]
    pub limit: Span,
    /// A span since then in which nobody watched, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<Blind>,
}

/// In one room for too long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LongInRoom {
    /// Which room.
    pub room: RoomId,
    /// The first sign of life there since somebody was seen elsewhere.
    pub entered_at: Timestamp,
    /// The limit.
    #[serde(with = "Secs", rename = "limit_secs")]
    pub limit: Span,
    /// The part of the day for which it is set; absent while the clock is not trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// The last sign of life there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_life: Option<SignOfLife>,
}

/// Raised by the station: the daily contact did not come about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MissedContact {
    /// The service point that telephoned.
    pub point: PointId,
    /// Calls of this day that nobody answered.
    pub calls: u32,
    /// The last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_call: Option<Timestamp>,
    /// Somebody at the desk wanted it before the last call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
    /// When the resident was last known to be well: an own sign, a call that was answered, a visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub well_at: Option<Timestamp>,
}

/// No sign of life this morning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DailyContact {
    /// From when on signs count.
    pub from: TimeOfDay,
    /// By when there should have been one.
    pub by: TimeOfDay,
    /// The last one, before the morning began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_life: Option<SignOfLife>,
    /// A span of it in which nobody watched, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<Blind>,
}

/// Nobody confirmed to have arrived at a planned visit, or it is not known whether somebody did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MissedVisit {
    /// Its name in the configuration.
    pub visit: String,
    /// From when on somebody should have come.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// How much earlier or later would have been in time.
    #[serde(with = "Secs", rename = "grace_secs")]
    pub grace: Span,
    /// Whether a press would have been heard for at least a part of that time; else nobody knows whether somebody came.
    pub is_known: bool,
    /// The longest span of it in which nobody watched, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<Blind>,
}

/// Not up by a set hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LateRising {
    /// The bedroom.
    pub room: RoomId,
    /// By when.
    pub by: TimeOfDay,
    /// Since when nobody was seen elsewhere.
    pub there_since: Timestamp,
    /// The last sign of life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_life: Option<SignOfLife>,
}

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names are the field's own
pub enum Quantity {
    RoomTemperature,
    BodyTemperature,
    HeartRate,
    Breathing,
    Oxygen,
    Systolic,
    Diastolic,
    Glucose,
}

impl Quantity {
    /// Every quantity.
    pub const ALL: [Quantity; 8] = [
        Quantity::RoomTemperature,
        Quantity::BodyTemperature,
        Quantity::HeartRate,
        Quantity::Breathing,
        Quantity::Oxygen,
        Quantity::Systolic,
        Quantity::Diastolic,
        Quantity::Glucose,
    ];

    /// Between these a value of it lies; what lies outside is a mistake of the sensor.
    pub fn possible(self) -> (f64, f64) {
        match self {
            Quantity::RoomTemperature => (-40.0, 70.0),
            Quantity::BodyTemperature => (20.0, 45.0),
            Quantity::HeartRate => (15.0, 300.0),
            Quantity::Breathing => (1.0, 90.0),
            Quantity::Oxygen => (30.0, 100.0),
            Quantity::Systolic => (30.0, 350.0),
            Quantity::Diastolic => (15.0, 250.0),
            Quantity::Glucose => (0.5, 60.0),
        }
    }
}

/// A value is out of range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Range {
    /// Which sensor.
    pub sensor: SensorId,
    /// Where it hangs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// What it measures.
    pub what: Quantity,
    /// The newest value.
    pub value: f64,
    /// The limit it passed.
    pub limit: f64,
    /// Below the limit, not above.
    pub is_low: bool,
    /// Since when.
    pub since: Timestamp,
}

/// The mains are gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MainsLost {
    /// Which sensor says so.
    pub sensor: SensorId,
    /// Where it hangs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// Since when.
    pub since: Timestamp,
}

/// Somebody moves in a home that should be empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MovedWhileAway {
    /// Why it should be.
    pub kind: Absence,
    /// Who answers for that.
    pub owner: String,
    /// Until when.
    pub until: Timestamp,
    /// What was seen.
    pub life: SignOfLife,
}

/// An absence is over and nobody was seen since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NotBack {
    /// What is over.
    pub kind: Absence,
    /// Who answered for it.
    pub owner: String,
    /// Since when.
    pub until: Timestamp,
    /// How soon somebody should have been seen.
    #[serde(with = "Secs", rename = "limit_secs")]
    pub limit: Span,
    /// The last sign of life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_life: Option<SignOfLife>,
}

/// Which limit the person is asked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names of the rules
pub enum Limited {
    Inactivity,
    Rhythm,
    LongInRoom,
}

impl Limited {
    /// The rule's name.
    pub fn rule(self) -> &'static str {
        match self {
            Limited::Inactivity => "inactivity",
            Limited::Rhythm => "rhythm",
            Limited::LongInRoom => "long_in_room",
        }
    }
}

/// A limit comes near and the person at home is asked: no alert, and nobody has to act yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// Whose limit.
    pub of: Limited,
    /// Since when it is quiet, or somebody is in the room.
    pub since: Timestamp,
    /// How long that is.
    #[serde(with = "Secs", rename = "lasts_secs")]
    pub lasts: Span,
    /// When it becomes an alert.
    pub due: Timestamp,
    /// The room, where it is a stay in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// The last sign of life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_life: Option<SignOfLife>,
}

impl Check {
    /// The matter of the alert that it becomes.
    pub fn becomes(&self) -> &'static str {
        match self.of {
            Limited::Inactivity | Limited::Rhythm => "silence",
            Limited::LongInRoom => "long_in_room",
        }
    }
}
