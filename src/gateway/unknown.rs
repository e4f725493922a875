//! Devices that are heard but not in the config: a short list for the technician.

use crate::model::observation::Reading;
use crate::model::time::Timestamp;
use std::collections::BTreeMap;

/// Devices kept; a flood of new names must not fill the memory.
const KEPT_MAX: usize = 64;

/// Devices that are not in the config.
#[derive(Debug, Default)]
pub struct Unknown {
    devices: BTreeMap<(&'static str, String), (Timestamp, u64)>,
    left_out: u64,
}

impl Unknown {
    /// Notes one reading of an unknown device.
    pub fn note(&mut self, now: Timestamp, family: &'static str, reading: &Reading) {
        let key = (family, reading.device.clone());
        if !self.devices.contains_key(&key) {
            if self.devices.len() >= KEPT_MAX {
                self.left_out += 1;
                return;
            }
            tracing::info!(
                family,
                device = reading.device,
                "a device that is not in the config; see `carecircle listen`"
            );
        }
        let (last, count) = self.devices.entry(key).or_insert((now, 0));
        *last = now;
        *count += 1;
    }

    /// Family, device, last heard, how often.
    pub fn list(&self) -> impl Iterator<Item = (&'static str, &str, Timestamp, u64)> {
        self.devices.iter().map(|((family, device), (last, count))| (*family, device.as_str(), *last, *count))
    }
}
