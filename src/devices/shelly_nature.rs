//! Whether a Shelly is on the mains or sleeps on a battery, by its name, or by what it announced where an installer named it.
//!
//! It matters where a device is connected anew: one that slept wakes for a press and may count its presses anew, one on the
//! mains says its last press again, be it hours old.

use std::collections::{BTreeMap, BTreeSet};

/// How a device lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// On the mains, always connected.
    Mains,
    /// On a battery: it sleeps and is offline most of the day.
    Sleeps,
    /// A button on a battery: it wakes when it is pressed and never else.
    Button,
}

impl Nature {
    /// By the id that its maker gave it: `shelly`, the model, a hyphen, the hexadecimal digits of its own, as
    /// `shellyplusht-a1b2c3`. Of names an installer gave nothing is known.
    pub fn of_id(id: &str) -> Option<Nature> {
        let id = id.to_lowercase();
        let (model, serial) = id.rsplit('/').next().unwrap_or(&id).strip_prefix("shelly")?.rsplit_once('-')?;
        if model.is_empty() || serial.is_empty() || !serial.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let model = ["plus", "pro"].iter().find_map(|line| model.strip_prefix(line)).unwrap_or(model);
        Some(match model {
            _ if model.starts_with("button") => Nature::Button,
            _ if ["dw", "ht", "flood", "smoke", "motion"].iter().any(|kind| model.starts_with(kind)) => Nature::Sleeps,
            _ => Nature::Mains,
        })
    }

    /// By the model that a device of the first generation announces: `SHBTN-2`, `SHIX3-1`.
    pub fn of_model(model: &str) -> Option<Nature> {
        let (kind, _) = model.trim().strip_prefix("SH")?.split_once('-')?;
        Some(match kind {
            "BTN" => Nature::Button,
            "DW" | "HT" | "WT" | "SM" | "MOS" => Nature::Sleeps,
            _ => Nature::Mains,
        })
    }
}

/// What is known of the devices of a home.
#[derive(Debug, Default)]
pub struct Natures {
    registered: BTreeSet<String>,
    /// What registered devices announced themselves to be.
    announced: BTreeMap<String, Nature>,
    /// Registered devices that were connected anew while nobody knew what they are, and have said no press since.
    woken: BTreeSet<String>,
}

impl Natures {
    /// Only of registered devices it is remembered what they say.
    pub fn of(registered: impl IntoIterator<Item = String>) -> Natures {
        Natures { registered: registered.into_iter().collect(), ..Natures::default() }
    }

    /// What `device` is, where it is known.
    pub fn get(&self, device: &str) -> Option<Nature> {
        self.announced.get(device).copied().or_else(|| Nature::of_id(device))
    }

    /// `device` announced an id and a model.
    pub fn learn(&mut self, device: &str, id: &str, model: &str) {
        let nature = Nature::of_model(model).or_else(|| Nature::of_id(id));
        if let Some(nature) = nature.filter(|_| self.registered.contains(device)) {
            self.announced.insert(device.to_owned(), nature);
        }
    }

    /// `device` was connected anew. Whether its presses are counted anew at once; if not, it may announce what it is before it
    /// says one.
    pub fn wakes(&mut self, device: &str) -> bool {
        if self.get(device).is_some() || !self.registered.contains(device) {
            return true;
        }
        self.woken.insert(device.to_owned());
        false
    }

    /// Whether the presses of `device` are counted anew with the one that it says now.
    pub fn begins_anew(&mut self, device: &str) -> bool {
        self.woken.remove(device) && self.get(device) != Some(Nature::Mains)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_device_announces_counts_for_more_than_what_its_name_looks_like() {
        let mut natures = Natures::of(["shellyplug-b0".to_owned()]);
        assert_eq!(natures.get("shellyplug-b0"), Some(Nature::Mains));
        natures.learn("shellyplug-b0", "shellyplug-b0", "SHBTN-2");
        assert_eq!(natures.get("shellyplug-b0"), Some(Nature::Button));
    }

    #[test]
    fn devices_on_batteries_sleep_and_those_on_the_mains_do_not() {
        for id in ["shellydw2-A1B2C3", "shellyht-A1", "shellyplussmoke-a1", "shellyhtg3-a1", "home/attic/shellyflood-1"]
        {
            assert_eq!(Nature::of_id(id), Some(Nature::Sleeps), "{id}");
        }
        for id in ["shellyix3-A1B2C3", "shelly1-a1", "shellyplus1pm-a1", "shellypro4pm-a1", "ShellyPlugS-1"] {
            assert_eq!(Nature::of_id(id), Some(Nature::Mains), "{id}");
        }
        assert_eq!(Nature::of_id("shellybutton1-A1B2C3"), Some(Nature::Button));
        for name in ["attic", "shelly-sos", "home/shelly-bath", "shelly-door", "shellybath", "shelly-", "shelly-a1"] {
            assert_eq!(Nature::of_id(name), None, "{name}: a name of the installer's");
        }
        for (model, nature) in [
            ("SHBTN-2", Some(Nature::Button)),
            ("SHDW-1", Some(Nature::Sleeps)),
            ("SHWT-1", Some(Nature::Sleeps)),
            ("SHIX3-1", Some(Nature::Mains)),
            ("SHSW-25", Some(Nature::Mains)),
            ("SNSN-0013A", None),
            ("", None),
        ] {
            assert_eq!(Nature::of_model(model), nature, "{model}");
        }
    }
}
