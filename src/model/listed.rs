//! A service point as a directory lists it: in a station's configuration, on the wire, and at the homes that take it.

use crate::model::duty::DutyHours;
use crate::model::ids::{ChannelName, PointId};
use crate::model::place::{Location, Way};
use serde::{Deserialize, Deserializer, Serialize};

/// A service point in a directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Listed {
    /// Its name on the wire.
    pub id: PointId,
    /// Its name for people.
    pub name: String,
    /// When its staff is there, as in a configuration; always, if not said.
    #[serde(default, skip_serializing_if = "DutyHours::is_always")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub on_duty: DutyHours,
    /// From the point to this home's door, where somebody measured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub travel_secs: Option<u32>,
    /// Where it is: a home that knows its own place estimates the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// How its staff goes; absent too where it goes in a way that this program does not know.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "if_known")]
    #[cfg_attr(test, schemars(with = "Option<Way>"))]
    pub by: Option<Way>,
    /// Names of channels in the home's configuration; if empty, it is told by those of the station that says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelName>,
}

fn if_known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Way>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|word| Way::named(&word)))
}
