//! What the last days of a home were like: asked for by a station when somebody opens the picture, answered once by the home,
//! as far as who lives there agreed to; and what is heard of each sensor while somebody walks past them.

use crate::model::card::Consent;
use crate::model::home::SensorKind;
use crate::model::ids::{HomeId, PointId, RoomId, SensorId};
use crate::model::lifecycle::Actor;
use crate::model::time::{Day, Millis, MillisIfAny, Timestamp};
use crate::wire::Wire;
use serde::{Deserialize, Serialize};

impl Wire for Look {}
impl Wire for Activity {}
impl Wire for Walk {}

/// "What were the last days like?" Station → gateway, never retained; asked because somebody looks, never by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Look {
    /// 1.
    pub v: u32,
    /// Of whom it is asked.
    pub home: HomeId,
    /// Where the answer goes.
    pub point: PointId,
    /// The station's own name for the question; the answer has it too.
    pub id: String,
    /// Who looks.
    pub by: Actor,
    /// By the station's clock.
    #[serde(with = "Millis", rename = "at_ms")]
    pub at: Timestamp,
}

/// The answer: what the last days showed, as far as it is shared. Gateway → station, never retained, and of no use later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Activity {
    /// 1.
    pub v: u32,
    /// Whose.
    pub home: HomeId,
    /// Of the question.
    pub id: String,
    /// By the home's clock.
    #[serde(with = "Millis", rename = "at_ms")]
    pub at: Timestamp,
    /// What who lives there agreed to.
    pub shares: Consent,
    /// The last days by the clock on the wall of the home, the oldest first and today last; none where they are not shared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<ActiveDay>,
    /// The rooms that [`ActiveDay::rooms`] speaks of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<RoomId>,
    /// What is usual there; absent where it is not shared or not learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<Usual>,
    /// Why the days could not be read, in words; absent where they could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ActiveDay {
    /// Which.
    #[cfg_attr(test, schemars(with = "String"))]
    pub date: Day,
    /// Its midnight.
    #[serde(with = "Millis", rename = "from_ms")]
    pub from: Timestamp,
    /// A character for each quarter of an hour since then that has begun: `0` nobody moved, `1` in one or two of its minutes,
    /// `2` in up to seven, `3` in more; `-` where nobody watched. A day on which clocks change has 92 or 100 of them.
    pub levels: String,
    /// For each of them the room of [`Activity::rooms`] where most was seen, counted from `a`; `-` where nobody moved. Only where
    /// rooms are shared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rooms: String,
    /// Quarter hours in which an outer door was used, the first being 0. Only where rooms are shared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doors: Vec<u8>,
    /// Quarter hours in which a button was pressed. Only where rooms are shared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<u8>,
}

/// What is usual in a home.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Usual {
    /// Days that were learned from.
    pub days_learned: u32,
    /// So many are needed before limits are its own.
    pub days_needed: u32,
    /// At most so many unneeded alerts are wanted in 30 days.
    pub wanted_in_30_days: f64,
    /// Silences of the last 30 days that were longer than the limit.
    pub in_30_days: u32,
    /// A character for each half hour of the day: `1` where it is quiet on most days; empty while too little is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub quiet: String,
    /// By parts of the day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<UsualPart>,
}

/// What is usual in a part of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UsualPart {
    /// The hour with which it begins.
    pub from_hour: u8,
    /// The hour with which it ends.
    pub to_hour: u8,
    /// The longest quiet that begins in it, in the middle of the days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_secs: Option<u64>,
    /// Today's limit for a quiet that begins in it: of all places in the home the shortest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_secs: Option<u64>,
    /// The longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_at_most_secs: Option<u64>,
}

/// What was heard of each sensor since maintenance began. Gateway → station while it lasts, within a second of what is new; one that is
/// lost is made good by the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Walk {
    /// 1.
    pub v: u32,
    /// Whose.
    pub home: HomeId,
    /// When the maintenance began, by the home's clock.
    #[serde(with = "Millis", rename = "since_ms")]
    pub since: Timestamp,
    /// When this was said, by the home's clock.
    #[serde(with = "Millis", rename = "at_ms")]
    pub at: Timestamp,
    /// Every sensor of the home, room by room.
    pub sensors: Vec<Walked>,
}

/// What was heard of one sensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Walked {
    /// Which.
    pub id: SensorId,
    /// Where it hangs, if somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// What it is for; absent where this program does not know the word.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::body::if_known")]
    pub kind: Option<SensorKind>,
    /// How often what it is there for happened, since maintenance began.
    pub heard: u32,
    /// How often of these since the last word.
    #[serde(default, skip_serializing_if = "is_none")]
    pub new: u32,
    /// The newest of them.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "MillisIfAny", rename = "last_ms")]
    pub last: Option<Timestamp>,
    /// The device was heard, though perhaps not what it is there for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alive: bool,
    /// Its battery, where it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_percent: Option<u8>,
    /// How well it is heard, where its family tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal_percent: Option<u8>,
}

fn is_none(count: &u32) -> bool {
    *count == 0
}
