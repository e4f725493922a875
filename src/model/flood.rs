//! A sensor or a source that says more than can be meant.

use crate::model::ids::SensorId;
use serde::{Deserialize, Serialize};

/// Who says too much.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flooder {
    /// One registered sensor.
    Sensor(SensorId),
    /// Devices that nobody registered, noise, or all sensors of this source together.
    Source(String),
}

/// What the gateway tells of a flood, about once a minute while it lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flood {
    /// Who.
    pub who: Flooder,
    /// Messages a second, those that were let in included.
    pub per_second: u32,
}
