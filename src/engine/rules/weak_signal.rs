//! A sensor is hardly heard: move it, or its gateway, before it falls silent.

use super::{Alarm, Finding, Known, Rule};
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp};
use serde::Deserialize;

/// `[rules.weak_signal]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A sensor whose signal, in the middle of a whole day, is at or below this is a fault.
    pub at_most_percent: f64,
}

impl Default for Settings {
    fn default() -> Self {
        // A tenth of the scale: a Zigbee link quality of 25 of 255, where frames begin to be lost.
        Settings { at_most_percent: 10.0 }
    }
}

struct WeakSignal {
    at_most_percent: f64,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    WeakSignal { at_most_percent: settings.weak_signal.at_most_percent }
}

impl Rule for WeakSignal {
    fn name(&self) -> &'static str {
        "weak_signal"
    }

    fn judge(&self, _now: Timestamp, known: &Known) -> Finding {
        let weak = known.seen.ailing(known.home).filter_map(|(sensor, heard)| {
            let signal = &heard.signal;
            let since = signal.weak_since?;
            let reason = Reason::WeakSignal {
                sensor: sensor.id.clone(),
                room: sensor.room.clone(),
                percent: signal.median_percent?,
                limit_percent: self.at_most_percent,
            };
            Some(Alarm { reason, since: since - Span::milliseconds(1), is_over: false })
        });
        Finding { alarms: weak.collect(), look_again: None }
    }
}
