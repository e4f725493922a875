//! Several sensors in one device: each key, input or zone may be registered apart, as `device#part`.

use crate::model::observation::{Measure, Reading};
use std::collections::BTreeMap;

/// Which parts of which devices are sensors of their own.
#[derive(Debug, Default)]
pub struct Parts {
    /// Full names by device. The device's own name stands among them where it is registered as a whole too.
    registered: BTreeMap<String, Vec<String>>,
}

impl Parts {
    /// Of the names of all registered addresses.
    pub fn of(names: impl IntoIterator<Item = String>) -> Parts {
        let mut registered: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in names {
            registered.entry(device_of(&name).to_owned()).or_default().push(name);
        }
        registered.retain(|device, names| names.iter().any(|name| name != device));
        Parts { registered }
    }

    /// Gives readings to the sensors they are for: of a registered part to it, of another part to the device, and what holds
    /// for all of a device (its battery, that it is there) to every sensor in it.
    pub fn give(&self, mut readings: Vec<Reading>) -> Vec<Reading> {
        if self.registered.is_empty() {
            readings.iter_mut().for_each(|reading| reading.device.truncate(device_of(&reading.device).len()));
            return readings;
        }
        let mut given = Vec::with_capacity(readings.len());
        for mut reading in readings {
            let bare = device_of(&reading.device).len();
            match self.registered.get(&reading.device[..bare]) {
                None => reading.device.truncate(bare),
                Some(names) if names.contains(&reading.device) && bare < reading.device.len() => {}
                Some(names) if is_of_the_whole(&reading.measure) => {
                    given.extend(names.iter().map(|name| Reading { device: name.clone(), ..reading.clone() }));
                    continue;
                }
                Some(_) => reading.device.truncate(bare),
            }
            given.push(reading);
        }
        given
    }
}

fn device_of(name: &str) -> &str {
    name.split('#').next().unwrap_or(name)
}

fn is_of_the_whole(measure: &Measure) -> bool {
    matches!(
        measure,
        Measure::BatteryPercent(_)
            | Measure::BatteryLow(_)
            | Measure::SupplyVolts(_)
            | Measure::SignalPercent(_)
            | Measure::Tamper(_)
            | Measure::Availability(_)
            | Measure::Alive
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::{Evidence, Press};

    #[test]
    fn a_part_gets_its_own_and_what_holds_for_all() {
        let parts = Parts::of(["remote#1", "remote#2", "plug"].map(str::to_owned));
        let said = |device: &str, measure: Measure| {
            let reading = Reading { device: device.to_owned(), measure, evidence: Evidence::Level, copy: false };
            parts.give(vec![reading]).into_iter().map(|reading| reading.device).collect::<Vec<_>>()
        };
        let press = || Measure::Button(Press::Single);
        assert_eq!(said("remote#2", press()), ["remote#2"]);
        assert_eq!(said("remote#3", press()), ["remote"], "nobody's part is still heard of");
        assert_eq!(said("remote", Measure::BatteryPercent(80.0)), ["remote#1", "remote#2"]);
        assert_eq!(said("remote", Measure::Motion(true)), ["remote"]);
        assert_eq!(said("plug#0", Measure::Switch(true)), ["plug"]);
    }
}
