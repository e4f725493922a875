//! The attributes of Zigbee2MQTT's devices that mean something here, each with its reader.
//!
//! A new attribute is one line in [`LEVELS`]; names as in the device pages of Zigbee2MQTT.

use crate::devices::lenient;
use crate::devices::message::{Json, Object};
use crate::devices::objects::Read;
use crate::model::observation::Measure;

/// What an action says.
pub fn pressed(action: &Json) -> Option<Measure> {
    match action.as_str()? {
        // Aqara's vibration sensor reports its three events as actions.
        "vibration" | "tilt" | "drop" => Some(Measure::Vibration(true)),
        // Aqara's radar reports the regions of its room as actions: going about in them is no press.
        word if word.starts_with("region_") => {
            (word.ends_with("_enter") || word.ends_with("_occupied")).then_some(Measure::Presence(true))
        }
        word => lenient::press(word).map(Measure::Button),
    }
}

/// Presence of radars that have no `presence`, by what they call its kind. Where they have it, and it is `null`, it is unknown.
pub fn radar(message: &Object) -> Option<Measure> {
    if ["presence", "occupancy"].iter().any(|key| message.has(key)) {
        return None;
    }
    let word = RADAR_STATES.iter().find_map(|key| message.get(key).and_then(lenient::word))?;
    let somebody = match &*word {
        "none" | "absent" | "no_presence" | "leave" | "left_leave" | "right_leave" => false,
        "presence" | "present" | "peaceful" | "static" | "still" | "moving" | "move" | "small" | "medium" | "large"
        | "huge" => true,
        "small_movement" | "large_movement" | "small_move" | "large_move" | "near" | "far" => true,
        // Aqara FP1; `away` is on the way out and still there.
        "enter" | "left_enter" | "right_enter" | "approach" | "away" => true,
        _ => return None,
    };
    Some(Measure::Presence(somebody))
}

/// Whether `attribute` can stand on a topic of its own.
pub fn is_known(attribute: &str) -> bool {
    matches!(attribute, "action" | "click" | "illuminance" | "illuminance_lux")
        || LEVELS.iter().any(|(key, _)| *key == attribute)
        || [&CALLS[..], &RADAR_STATES, &OF_NO_USE].iter().any(|known| known.contains(&attribute))
}

/// Attributes that say "help" as a state.
pub const CALLS: [&str; 3] = ["sos", "emergency", "panic"];

/// Attributes in which radars name the kind of presence.
const RADAR_STATES: [&str; 4] = ["presence_state", "human_motion_state", "motion_state", "presence_event"];

/// Attributes that are often there and that nobody needs: on a topic of their own they are no device's message.
const OF_NO_USE: [&str; 12] = [
    "last_seen",
    "elapsed",
    "update",
    "update_available",
    "device",
    "device_temperature",
    "power_outage_count",
    "pressure",
    "vibration_strength",
    "strength",
    "angle",
    "target_distance",
];

/// Attributes whose present value is said again with every message.
pub const LEVELS: &[(&str, Read)] = &[
    ("occupancy", |v| lenient::truth(v).map(Measure::Motion)),
    ("motion", |v| lenient::truth(v).map(Measure::Motion)),
    ("presence", |v| lenient::truth(v).map(Measure::Presence)),
    // true = the magnet is near = closed.
    ("contact", |v| match lenient::truth(v) {
        Some(closed) => Some(Measure::Contact(!closed)),
        None => lenient::open(v).map(Measure::Contact),
    }),
    ("water_leak", |v| lenient::truth(v).map(Measure::Leak)),
    ("smoke", |v| lenient::truth(v).map(Measure::Smoke)),
    ("gas", |v| lenient::truth(v).map(Measure::Gas)),
    ("carbon_monoxide", |v| lenient::truth(v).map(Measure::Gas)),
    ("tamper", |v| lenient::truth(v).map(Measure::Tamper)),
    ("vibration", |v| lenient::truth(v).map(Measure::Vibration)),
    // Of plugs and relays; covers and locks have words of their own here.
    ("state", |v| match v.as_str() {
        Some("ON") => Some(Measure::Switch(true)),
        Some("OFF") => Some(Measure::Switch(false)),
        Some(_) | None => None,
    }),
    ("battery", |v| lenient::percent(v).map(Measure::BatteryPercent)),
    ("battery_low", |v| lenient::truth(v).map(Measure::BatteryLow)),
    ("battery_state", |v| match &*lenient::word(v)? {
        "low" | "critical" | "empty" => Some(Measure::BatteryLow(true)),
        "normal" | "medium" | "middle" | "high" | "full" => Some(Measure::BatteryLow(false)),
        _ => None,
    }),
    // Below this it is the mains of a plug, in volts.
    ("voltage", |v| {
        lenient::number(v).filter(|mv| (400.0..60_000.0).contains(mv)).map(|mv| Measure::SupplyVolts(mv / 1000.0))
    }),
    ("linkquality", |v| {
        lenient::number(v).filter(|q| (0.0..=255.0).contains(q)).map(|q| Measure::SignalPercent(q / 2.55))
    }),
    ("illumination", |v| match &*lenient::word(v)? {
        "dim" | "dark" | "low" => Some(Measure::Dark(true)),
        "bright" | "light" | "high" => Some(Measure::Dark(false)),
        _ => None,
    }),
    ("temperature", |v| lenient::celsius(v).map(Measure::TemperatureCelsius)),
    ("humidity", |v| lenient::percent(v).map(Measure::HumidityPercent)),
];
