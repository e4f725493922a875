//! What can be wrong with the ways out of a home: one is lost, all are, or two gateways share one.

use super::Reason;
use crate::model::ids::{ChannelName, PointId};
use crate::model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A channel on its way to one point: a channel that leads to two points is two ways.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WayOut {
    /// The channel, as the config names it.
    pub channel: ChannelName,
    /// Where it leads.
    pub point: PointId,
}

impl WayOut {
    /// Whether `reason` says that this way is lost.
    pub fn is_lost_by(&self, reason: &Reason) -> bool {
        matches!(reason, Reason::PathLost(found) if found.channel == self.channel && found.point == self.point)
    }
}

/// A way out has not been proved for longer than its level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PathLost {
    /// The channel.
    pub channel: ChannelName,
    /// Where it leads.
    pub point: PointId,
    /// When it was proved last; where that never happened, since when it was tried.
    pub since: Timestamp,
    /// What failed last, in words; empty where nothing failed and only no answer came.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// No way out of the home works: nobody can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AllPathsLost {
    /// Since when none was proved.
    pub since: Timestamp,
    /// How many ways there are.
    pub paths: u32,
}

/// Two gateways speak as one home: a copied card, an old box that was switched on again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Twin {
    /// Where it was noticed, or where the way leads on which it was.
    pub point: PointId,
    /// The channel out of which one throws the other, where a gateway noticed it; absent where a station heard both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelName>,
}
