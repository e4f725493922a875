//! What reasons rest on: signs of life, spans in which nobody watched, how sensors and ways to them fail.

use crate::model::ids::{RoomId, SensorId};
use crate::model::time::{Hours, Secs, Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The last proof that somebody was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SignOfLife {
    /// When.
    pub at: Timestamp,
    /// Which sensor.
    pub sensor: SensorId,
    /// Where, if the sensor hangs somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
}

/// A span in which nobody watched the home: what happened in it is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Blind {
    /// Begin.
    pub from: Timestamp,
    /// End; absent while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Why.
    pub cause: BlindCause,
}

/// Why a home was not watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BlindCause {
    /// The gateway was not running: power cut, restart, crash.
    GatewayDown,
    /// The link to every sensor that could show life is lost.
    LinkLost {
        /// The source as the config names it.
        source: String,
    },
    /// Every sensor that could show life is dead or cannot be believed.
    NoWitness,
    /// Nothing comes from what carries the last sensors that could show life, although its driver says that all is well.
    Mute {
        /// The source as the config names it.
        source: String,
    },
}

/// How a way to sensors is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Its driver says so.
    #[default]
    Down,
    /// Its driver says that all is well, and nothing comes from any sensor behind it.
    Mute,
}

impl Loss {
    pub(super) fn is_down(&self) -> bool {
        *self == Loss::Down
    }
}

/// How a sensor speaks and yet cannot be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stuck {
    /// It sees somebody without an end.
    On,
    /// It sees nobody while others see life all around it.
    Off,
    /// It sees something again and again, without a pause in which a person would sleep or go out.
    Chatters,
    /// It is there and does not say what it is there for (`null`).
    Unknown,
}

/// How long quiet usually lasts after movement like the last: true of the past silences that decided a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Usual {
    /// The part of the day in which they began.
    pub hours: Hours,
    /// This length …
    #[serde(with = "Secs", rename = "reached_secs")]
    pub reached: Span,
    /// … was reached on so many days, …
    pub on_days: u16,
    /// … and this is the longest of all.
    #[serde(with = "Secs", rename = "longest_secs")]
    pub longest: Span,
}
