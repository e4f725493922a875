//! Named values of devices that a person built or programmed (ESPHome objects, Homie properties, switches of Tasmota): what
//! they mean as the config says, or, for whoever looks around, by the names people usually give them.
//!
//! A guess never reaches a sensor: what is registered is read as registered.

use crate::devices::lenient;
use crate::devices::meaning::{Kind, Meaning};
use crate::devices::message::{Object, Scalar};
use crate::model::observation::{Evidence, Measure, Press, Reading};

/// Reads one key of a message.
pub type Read = fn(Scalar) -> Option<Measure>;

/// What the fields of a message say that stand in `table`, in the order of the table.
pub fn in_order_of<'m>(table: &'m [(&str, Read)], message: &'m Object) -> impl Iterator<Item = Measure> + 'm {
    table.iter().filter_map(|(name, read)| read(message.get(name)?.into()))
}

/// What a registered value says. A button that is wired like a switch presses when it goes on and is let go when it goes
/// off.
pub fn read<'v>(meaning: &Meaning, value: impl Into<Scalar<'v>>) -> Option<Measure> {
    let value = value.into();
    if meaning.kind == Kind::Button && meaning.values.is_empty() {
        return press(value);
    }
    meaning.read(value)
}

/// A press by its word, or by the state of the contact below the button.
pub fn press<'v>(value: impl Into<Scalar<'v>>) -> Option<Measure> {
    let value = value.into();
    let press = match lenient::truth(value) {
        Some(true) => Press::Single,
        Some(false) => Press::Release,
        None => {
            let word = lenient::word(value)?;
            match &*word {
                "toggle" => Press::Single,
                "clear" => Press::Release,
                _ => lenient::press_of(word)?,
            }
        }
    };
    Some(Measure::Button(press))
}

/// The evidence of a registered value, unless the config says otherwise.
pub fn evidence(meaning: &Meaning, event: Option<bool>) -> Evidence {
    match event {
        Some(true) => Evidence::Event,
        Some(false) => Evidence::Level,
        None => meaning.usual_evidence(),
    }
}

/// What an unregistered value probably says, by its name.
pub fn guess<'v>(name: &str, value: impl Into<Scalar<'v>>) -> Option<Measure> {
    let (name, value) = (lenient::lower_case(name), value.into());
    let has = |words: &[&str]| name.split(SEPARATORS).any(|part| words.contains(&part));
    if has(&["timeout", "delay", "sensitivity", "threshold", "distance", "energy", "uptime", "count"]) {
        return None;
    }
    // What is measured stands before where: `door_battery`, `water_temperature`.
    if let Some(number) = lenient::number(value) {
        return match () {
            () if has(&["wifi", "rssi", "signal"]) && number < 0.0 => lenient::dbm(value).map(Measure::SignalPercent),
            () if has(&["voltage", "volts", "vcc"]) => {
                Some(number).filter(|v| (0.0..60.0).contains(v)).map(Measure::SupplyVolts)
            }
            () if has(&["battery"]) => lenient::percent(value).map(Measure::BatteryPercent),
            () if has(&["temperature", "temp"]) => lenient::celsius(value).map(Measure::TemperatureCelsius),
            () if has(&["humidity"]) => lenient::percent(value).map(Measure::HumidityPercent),
            () if has(&["illuminance", "lux"]) => lenient::lux(value).map(Measure::IlluminanceLux),
            () => None,
        };
    }
    let truth = || lenient::truth(value);
    match () {
        () if has(&["battery"]) => truth().map(Measure::BatteryLow),
        () if has(&["tamper"]) => truth().map(Measure::Tamper),
        () if has(&["sos", "emergency", "panic"]) => press(value).map(as_call),
        () if has(&["button", "key", "call", "bell", "pendant"]) => press(value),
        () if has(&["motion", "pir", "movement", "moving"]) => truth().map(Measure::Motion),
        () if has(&["presence", "occupancy", "occupied", "target", "radar", "mmwave"]) => {
            truth().map(Measure::Presence)
        }
        () if has(&["contact", "door", "window", "reed", "opening"]) => lenient::open(value).map(Measure::Contact),
        () if has(&["leak", "water", "flood", "moisture"]) => truth().map(Measure::Leak),
        () if has(&["smoke", "fire"]) => truth().map(Measure::Smoke),
        () if has(&["gas", "co", "monoxide"]) => truth().map(Measure::Gas),
        () if has(&["vibration", "shock"]) => truth().map(Measure::Vibration),
        () if has(&["power", "switch", "relay", "light", "plug", "outlet", "state", "on"]) => {
            truth().map(Measure::Switch)
        }
        () => None,
    }
}

fn as_call(pressed: Measure) -> Measure {
    if pressed == Measure::Button(Press::Single) { Measure::Button(Press::Sos) } else { pressed }
}

/// Whether an object that nobody registered says something about its whole device: it measures what a device has once, and its
/// name names no part. `battery_level` is the device's, `door_battery` that of something it listens to.
pub fn is_of_whole_device(name: &str, device: &str, measure: &Measure) -> bool {
    let is_of_a_kind = matches!(
        measure,
        Measure::BatteryPercent(_) | Measure::BatteryLow(_) | Measure::SupplyVolts(_) | Measure::SignalPercent(_)
    );
    if !is_of_a_kind {
        return false;
    }
    let (name, device) = (lenient::lower_case(name), lenient::lower_case(device));
    let is_its = |part: &str| OF_ANY_DEVICE.contains(&part) || device.split(SEPARATORS).any(|own| own == part);
    name.split(SEPARATORS).all(is_its)
}

/// What stands between the words of a name.
const SEPARATORS: [char; 5] = ['_', '-', '/', ' ', '.'];

/// Words in the names of what a device has once.
const OF_ANY_DEVICE: [&str; 18] = [
    "battery",
    "level",
    "low",
    "percent",
    "percentage",
    "voltage",
    "supply",
    "vcc",
    "power",
    "wifi",
    "signal",
    "strength",
    "rssi",
    "status",
    "state",
    "system",
    "device",
    "sensor",
];

/// A readings' kind as an address writes it: `kind = "motion"`.
pub fn kind_word(readings: &[Reading]) -> &'static str {
    let kinds = readings.iter().find_map(|reading| match &reading.measure {
        Measure::Motion(_) => Some("motion"),
        Measure::Presence(_) => Some("presence"),
        Measure::Button(_) => Some("button"),
        Measure::Contact(_) => Some("contact"),
        Measure::Leak(_) => Some("leak"),
        Measure::Smoke(_) => Some("smoke"),
        Measure::Gas(_) => Some("gas"),
        Measure::Vibration(_) => Some("vibration"),
        Measure::Tamper(_) => Some("tamper"),
        Measure::Switch(_) => Some("switch"),
        Measure::Mains(_) => Some("mains"),
        Measure::TemperatureCelsius(_) => Some("temperature"),
        Measure::HumidityPercent(_) => Some("humidity"),
        Measure::IlluminanceLux(_) => Some("illuminance"),
        Measure::BatteryPercent(_) => Some("battery"),
        Measure::BatteryLow(_) => Some("battery_low"),
        Measure::SupplyVolts(_) => Some("supply_voltage"),
        Measure::Alarm(_) => Some("alarm"),
        Measure::Number(_) => Some("number"),
        Measure::Dark(_)
        | Measure::SignalPercent(_)
        | Measure::Alive
        | Measure::Availability(_)
        | Measure::Bridge(_)
        | Measure::Note { .. } => None,
    });
    kinds.unwrap_or("motion")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_says_what_is_measured_before_where() {
        for (name, value, expected) in [
            ("pir", json!("ON"), Some(Measure::Motion(true))),
            ("Hall Motion", json!("off"), Some(Measure::Motion(false))),
            ("front_door", json!("ON"), Some(Measure::Contact(true))),
            ("door_battery", json!("81"), Some(Measure::BatteryPercent(81.0))),
            ("water_temperature", json!("41.5"), Some(Measure::TemperatureCelsius(41.5))),
            ("wifi_signal", json!("-75"), Some(Measure::SignalPercent(50.0))),
            ("sos", json!("ON"), Some(Measure::Button(Press::Sos))),
            ("sos", json!("OFF"), Some(Measure::Button(Press::Release))),
            ("presence_timeout", json!("30"), None),
            ("motion_sensitivity", json!("ON"), None),
            ("brightness", json!("40"), None),
            ("pir", json!("perhaps"), None),
            ("temperature", json!("nan"), None),
        ] {
            assert_eq!(guess(name, &value), expected, "{name} {value}");
        }
    }

    #[test]
    fn the_battery_of_a_part_is_not_that_of_the_device() {
        let low = Measure::BatteryPercent(9.0);
        for (name, is_its) in
            [("battery_level", true), ("Hall Battery", true), ("power/battery", true), ("door_battery", false)]
        {
            assert_eq!(is_of_whole_device(name, "flat/hall", &low), is_its, "{name}");
        }
        assert!(!is_of_whole_device("battery", "hall", &Measure::Motion(true)));
    }

    #[test]
    fn letting_go_of_a_button_on_a_switch_is_no_press() {
        let button = Meaning::new(Kind::Button, Default::default(), None).unwrap();
        let said = |word: &str| read(&button, &json!(word));
        assert_eq!(said("ON"), Some(Measure::Button(Press::Single)));
        assert_eq!(said("OFF"), Some(Measure::Button(Press::Release)));
        assert_eq!(said("DOUBLE"), Some(Measure::Button(Press::Double)));
        assert_eq!(said("TOGGLE"), Some(Measure::Button(Press::Single)));
        assert_eq!(said(""), None);
    }
}
