//! Readings, observations, and how much of an event each of them proves.

use crate::model::ids::SensorId;
use crate::model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a frame says about one device.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The device as its family names it (friendly name, sender id in hex …); the config maps it to a sensor.
    pub device: String,
    /// What was measured.
    pub measure: Measure,
    /// How much of an event it proves.
    pub evidence: Evidence,
    /// A second copy of something said elsewhere too: the twin topic of a press, a repeated radio telegram.
    pub copy: bool,
}

/// A reading of a known sensor at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When the gateway heard it.
    pub at: Timestamp,
    /// Whose it is.
    pub sensor: SensorId,
    /// What was measured.
    pub measure: Measure,
    /// How much of an event it proves.
    pub evidence: Evidence,
    /// See [`Reading::copy`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copy: bool,
}

/// How much of an event a reading proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// It happened now: a press, a frame that is sent only on movement.
    Event,
    /// The present state, perhaps said again: only a change of it is an event.
    Level,
    /// A state kept and repeated by a broker or a bridge: the device is known, nothing happened.
    Cached,
    /// The format cannot tell an event from a check-in.
    Ambiguous,
}

/// What a button says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(from = "String", into = "String")]
#[allow(missing_docs)] // the names are the field's own
pub enum Press {
    Single,
    Double,
    Triple,
    Long,
    /// Held down; a release follows.
    Hold,
    /// Let go after a press or a hold: never a call of its own.
    Release,
    Sos,
    /// A word of the device's own.
    Other(String),
}

impl Press {
    /// The word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Press::Single => "single",
            Press::Double => "double",
            Press::Triple => "triple",
            Press::Long => "long",
            Press::Hold => "hold",
            Press::Release => "released",
            Press::Sos => "sos",
            Press::Other(word) => word,
        }
    }

    /// Whether somebody pressed: a release is the end of a press.
    pub fn is_press(&self) -> bool {
        *self != Press::Release
    }
}

impl From<String> for Press {
    fn from(word: String) -> Press {
        match word.as_str() {
            "single" => Press::Single,
            "double" => Press::Double,
            "triple" => Press::Triple,
            "long" => Press::Long,
            "hold" => Press::Hold,
            "released" | "release" => Press::Release,
            "sos" | "emergency" => Press::Sos,
            _ => Press::Other(word),
        }
    }
}

impl From<Press> for String {
    fn from(press: Press) -> String {
        press.as_str().to_owned()
    }
}

/// Whether a bridge says that a device can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Availability {
    Online,
    Offline,
    /// Renamed or deleted at the bridge.
    Removed,
}

/// One measured thing. Units are in the names; `null` from a device is unknown and never becomes a measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names are the field's own
pub enum Measure {
    Motion(bool),
    Presence(bool),
    Button(Press),
    /// `true` = open.
    Contact(bool),
    Leak(bool),
    Smoke(bool),
    Gas(bool),
    Tamper(bool),
    Vibration(bool),
    /// True or false; what it means comes from the sensor's registration.
    Alarm(bool),
    Switch(bool),
    Mains(bool),
    BatteryPercent(f64),
    BatteryLow(bool),
    SupplyVolts(f64),
    TemperatureCelsius(f64),
    HumidityPercent(f64),
    IlluminanceLux(f64),
    /// Too dark to read by, as the sensor judges it.
    Dark(bool),
    /// How well the device is heard: 0 not at all, 100 as well as can be.
    SignalPercent(f64),
    /// The device is there, nothing else.
    Alive,
    Availability(Availability),
    /// The gateway or bridge about itself: `true` = online.
    Bridge(bool),
    /// A number that only the sensor's registration can name.
    Number(f64),
    /// Words that only a technician needs: teach-in telegrams, unknown profiles, raw codes.
    Note {
        kind: String,
        text: String,
    },
}

impl Measure {
    /// The word for its kind, as in histories, `decode` and `listen`.
    pub fn kind(&self) -> &str {
        match self {
            Measure::Motion(_) => "motion",
            Measure::Presence(_) => "presence",
            Measure::Button(_) => "button",
            Measure::Contact(_) => "contact",
            Measure::Leak(_) => "leak",
            Measure::Smoke(_) => "smoke",
            Measure::Gas(_) => "gas",
            Measure::Tamper(_) => "tamper",
            Measure::Vibration(_) => "vibration",
            Measure::Alarm(_) => "alarm",
            Measure::Switch(_) => "switch",
            Measure::Mains(_) => "mains",
            Measure::BatteryPercent(_) => "battery",
            Measure::BatteryLow(_) => "battery_low",
            Measure::SupplyVolts(_) => "supply_voltage",
            Measure::TemperatureCelsius(_) => "temperature",
            Measure::HumidityPercent(_) => "humidity",
            Measure::IlluminanceLux(_) => "illuminance",
            Measure::Dark(_) => "dark",
            Measure::SignalPercent(_) => "signal",
            Measure::Alive => "alive",
            Measure::Availability(_) => "availability",
            Measure::Bridge(_) => "gateway",
            Measure::Number(_) => "number",
            Measure::Note { kind, .. } => kind,
        }
    }

    /// The state it reports, where it is a state that can be true or false.
    pub fn level(&self) -> Option<bool> {
        match *self {
            Measure::Motion(on)
            | Measure::Presence(on)
            | Measure::Contact(on)
            | Measure::Leak(on)
            | Measure::Smoke(on)
            | Measure::Gas(on)
            | Measure::Tamper(on)
            | Measure::Vibration(on)
            | Measure::Alarm(on)
            | Measure::Switch(on)
            | Measure::Mains(on)
            | Measure::BatteryLow(on)
            | Measure::Dark(on)
            | Measure::Bridge(on) => Some(on),
            Measure::Button(_)
            | Measure::BatteryPercent(_)
            | Measure::SupplyVolts(_)
            | Measure::TemperatureCelsius(_)
            | Measure::HumidityPercent(_)
            | Measure::IlluminanceLux(_)
            | Measure::SignalPercent(_)
            | Measure::Alive
            | Measure::Availability(_)
            | Measure::Number(_)
            | Measure::Note { .. } => None,
        }
    }
}
