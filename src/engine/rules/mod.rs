//! Judgements made again and again. One file per rule, one table.

use crate::model::time::{Hours, Span, span_text};
use serde::Deserialize;

/// The settings of all rules, as in `[rules]` of the configuration.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Rules that are switched off, by name.
    pub off: Vec<String>,
    /// Fixed limits for silence in windows of the day.
    pub inactivity: InactivitySettings,
    /// Sensors that are not heard from.
    pub silent_sensor: SilentSensorSettings,
    /// Batteries that are nearly empty.
    pub low_battery: LowBatterySettings,
    /// Spans in which nobody watched.
    pub not_observed: NotObservedSettings,
}

/// `[rules.inactivity]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InactivitySettings {
    /// A limit for each part of the day; silence longer than a limit inside its part is an alert.
    pub windows: Vec<Window>,
}

/// A part of the day and its limit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Begin, included: `07:00`.
    pub from: crate::model::time::TimeOfDay,
    /// End, excluded: `22:00`.
    pub to: crate::model::time::TimeOfDay,
    /// The longest silence that is no alert: `6h`.
    #[serde(with = "span_text")]
    pub at_most: Span,
}

impl Window {
    /// Its part of the day.
    pub fn hours(&self) -> Hours {
        Hours { from: self.from, to: self.to }
    }
}

impl Default for InactivitySettings {
    fn default() -> Self {
        let window = |from: &str, to: &str, hours| Window {
            from: from.parse().expect("a time of day"),
            to: to.parse().expect("a time of day"),
            at_most: Span::hours(hours),
        };
        InactivitySettings { windows: vec![window("07:00", "22:00", 6), window("22:00", "07:00", 10)] }
    }
}

/// `[rules.silent_sensor]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SilentSensorSettings {
    /// A sensor not heard from for longer than this is a fault, unless the sensor says otherwise.
    #[serde(with = "span_text")]
    pub after: Span,
}

impl Default for SilentSensorSettings {
    fn default() -> Self {
        // 25 h: a battery PIR that reports daily may slip by an hour (Zigbee2MQTT's default).
        SilentSensorSettings { after: Span::hours(25) }
    }
}

/// `[rules.low_battery]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LowBatterySettings {
    /// At or below this a battery is to be changed.
    pub at_most_percent: f64,
}

impl Default for LowBatterySettings {
    fn default() -> Self {
        LowBatterySettings { at_most_percent: 15.0 }
    }
}

/// `[rules.not_observed]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotObservedSettings {
    /// A home not watched for longer than this is an alert.
    #[serde(with = "span_text")]
    pub at_most: Span,
}

impl Default for NotObservedSettings {
    fn default() -> Self {
        NotObservedSettings { at_most: Span::minutes(10) }
    }
}
