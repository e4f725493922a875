//! Too cold, too hot, or a vital sign beyond its limits.
//!
//! Whether a value is beyond is remembered where the reports are, with a span that it must last and a distance by which it
//! must come back. What is not measured is not judged: `null` never becomes a value, impossible values are left out, and after
//! a pause the story begins anew. A limit is passed by a report, never by time alone.

use super::{Alarm, Finding, Known, Rule};
use crate::model::found::{self, Quantity};
use crate::model::home::SensorKind;
use crate::model::ids::SensorId;
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp};
use serde::Deserialize;

/// `[rules.range]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The rooms, by sensors of kind `temperature`.
    pub temperature: Limits,
    /// What sensors of kind `vital` measure, one entry for each.
    pub vitals: Vec<Vital>,
}

/// What a sensor of kind `vital` measures.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vital {
    /// Which sensor.
    pub sensor: SensorId,
    /// What its number is.
    pub what: Quantity,
    /// Below it is too low.
    #[serde(default)]
    pub below: Option<f64>,
    /// Above it is too high.
    #[serde(default)]
    pub above: Option<f64>,
    /// By so much a value must come back to be good again.
    #[serde(default)]
    pub back_by: f64,
    /// So long it must last; absent: the first report counts.
    #[serde(default, deserialize_with = "super::optional_span")]
    pub lasts: Option<Span>,
}

/// Between which values all is well.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Below it is too low.
    pub below: Option<f64>,
    /// Above it is too high.
    pub above: Option<f64>,
    /// By so much a value must come back to be good again.
    pub back_by: f64,
    /// So long it must last; absent: the first report counts.
    #[serde(deserialize_with = "super::optional_span")]
    pub lasts: Option<Span>,
}

impl Default for Settings {
    fn default() -> Self {
        let lasts = Some(Span::minutes(30));
        Settings {
            temperature: Limits { below: Some(12.0), above: Some(34.0), back_by: 1.0, lasts },
            vitals: Vec::new(),
        }
    }
}

impl Settings {
    /// What the value of this sensor is, and its limits; absent where it is not judged.
    pub fn of(&self, sensor: &SensorId, kind: SensorKind) -> Option<(Quantity, Limits)> {
        if kind == SensorKind::Temperature {
            return Some((Quantity::RoomTemperature, self.temperature));
        }
        let vital = self.vitals.iter().find(|vital| vital.sensor == *sensor && kind == SensorKind::Vital)?;
        let Vital { what, below, above, back_by, lasts, .. } = vital;
        Some((*what, Limits { below: *below, above: *above, back_by: *back_by, lasts: *lasts }))
    }
}

struct Range {
    settings: Settings,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    Range { settings: settings.range.clone() }
}

impl Rule for Range {
    fn name(&self) -> &'static str {
        "range"
    }

    fn judge(&self, _now: Timestamp, known: &Known) -> Finding {
        let mut finding = Finding::default();
        if !known.seen.has_any(&[SensorKind::Temperature, SensorKind::Vital]) {
            return finding;
        }
        for (sensor, heard) in known.seen.with_heard(known.home) {
            let Some(value) = heard.and_then(|heard| heard.value.as_ref()) else { continue };
            let Some((what, limits)) = self.settings.of(&sensor.id, sensor.kind) else { continue };
            let Some(beyond) = value.beyond(&limits) else { continue };
            let reason = Reason::Range(found::Range {
                sensor: sensor.id.clone(),
                room: sensor.room.clone(),
                what,
                value: value.last,
                limit: beyond.limit,
                is_low: beyond.is_low,
                since: beyond.since,
            });
            // The first report may count at once.
            finding.alarms.push(Alarm { reason, since: beyond.since - Span::milliseconds(1), is_over: false });
        }
        finding
    }
}
