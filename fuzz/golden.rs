// The devices of all golden frames, as one home.

use carecircle::devices::{Address, Carrier, Devices, Settings, Wiring};

#[allow(dead_code)] // not every target needs it
pub const PORT: &str = "fuzz";

/// Every family of `carrier`, or the one on the port, with an address each.
pub fn devices(carrier: Carrier, on_port: Option<&str>) -> Devices {
    let mut settings = Settings::default();
    if let Some(family) = on_port {
        settings.serial.insert(PORT.to_owned(), Wiring::usual(family).expect("a serial family"));
    }
    let mut addresses: Vec<Address> = Vec::new();
    for family in Devices::families().iter().filter(|family| family.carrier == carrier) {
        let path = format!("{}/../tests/frames/{}.jsonl", env!("CARGO_MANIFEST_DIR"), family.name);
        for line in std::fs::read_to_string(path).unwrap_or_default().lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
            let written = line["config"]["addresses"].as_array().cloned().unwrap_or_default();
            addresses.extend(written.into_iter().filter_map(|address| serde_json::from_value(address).ok()));
        }
    }
    Devices::all(&settings, &addresses)
}

#[allow(dead_code)] // not every target needs it
pub fn serial_families() -> impl Iterator<Item = &'static str> {
    Devices::families().iter().filter(|family| family.carrier == Carrier::Serial).map(|family| family.name)
}
