//! What the targets share: the devices of all golden frames, as one home; and a station with two doors.

pub mod station;

use carecircle::devices::{Address, Carrier, Devices, Settings, Wiring};
use serde_json::Value;

/// The name of the port on which serial bytes come.
pub const PORT: &str = "fuzz";

/// Every family of `carrier`, or the one that `wiring` puts on the port, with all addresses.
pub fn devices(carrier: Carrier, wiring: Option<Wiring>) -> Devices {
    let mut settings = Settings::default();
    settings.serial.extend(wiring.map(|wiring| (PORT.to_owned(), wiring)));
    let mut addresses: Vec<Address> = Vec::new();
    for family in Devices::families().iter().filter(|family| family.carrier == carrier) {
        for config in configs(family.name) {
            let written = config["addresses"].as_array().cloned().unwrap_or_default();
            for mut address in written.into_iter() {
                // On the port of this home, whatever port the golden frame came by.
                if let Some(port) = address[family.name].get_mut("port") {
                    *port = PORT.into();
                }
                addresses.extend(serde_json::from_value::<Address>(address));
            }
        }
    }
    Devices::all(&settings, &addresses)
}

/// Each serial family with its usual settings, and each other setting that golden frames name.
pub fn wirings() -> Vec<Wiring> {
    let families: Vec<&str> = Devices::families()
        .iter()
        .filter(|family| family.carrier == Carrier::Serial)
        .map(|family| family.name)
        .collect();
    let usual = families.iter().filter_map(|family| Wiring::usual(family));
    let mut all: Vec<Wiring> = usual.collect();
    for family in families {
        for config in configs(family) {
            match serde_json::from_value::<Wiring>(config["wiring"].clone()) {
                Ok(wiring) if !all.contains(&wiring) => all.push(wiring),
                Ok(_) | Err(_) => {}
            }
        }
    }
    all
}

fn configs(family: &str) -> Vec<Value> {
    let path = format!("{}/../tests/frames/{family}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let lines = std::fs::read_to_string(path).unwrap_or_default();
    lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_default()["config"].clone()).collect()
}
