//! Devices that are heard but not in the config: each is named in the log once, for the technician.

use crate::model::observation::Reading;
use std::collections::BTreeSet;

/// Devices remembered; a flood of new names must fill neither the memory nor the log.
const KEPT_MAX: usize = 64;

/// Devices that are not in the config.
#[derive(Debug, Default)]
pub struct Unknown {
    told: BTreeSet<(&'static str, String)>,
}

impl Unknown {
    /// Notes one reading of an unknown device.
    pub fn note(&mut self, family: &'static str, reading: &Reading) {
        if self.told.len() < KEPT_MAX && self.told.insert((family, reading.device.clone())) {
            tracing::info!(
                family,
                device = reading.device,
                "a device that is not in the config; see `carecircle listen`"
            );
        }
    }
}
