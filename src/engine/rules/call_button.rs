//! Somebody pressed a call button: an emergency, at once.
//!
//! Cannot be silenced by away mode, quiet hours, a suspension, a flood or a full disk.

use super::{Alarm, Finding, Just, Known, Rule};
use crate::model::home::SensorKind;
use crate::model::reason::Reason;
use crate::model::time::Timestamp;
use serde::Deserialize;

/// `[rules.call_button]`: nothing to set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

struct CallButton;

/// The rule with these settings.
pub fn rule(_settings: &super::Settings) -> impl Rule + use<> {
    CallButton
}

impl Rule for CallButton {
    fn name(&self) -> &'static str {
        "call_button"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let Just::Pressed(pressed) = known.just else { return Finding::default() };
        let Some(sensor) = known.home.sensors.get(&pressed.sensor).filter(|s| s.kind == SensorKind::CallButton) else {
            return Finding::default();
        };
        let reason = Reason::CallButton {
            sensor: sensor.id.clone(),
            room: sensor.room.clone(),
            press: pressed.press.clone(),
            last_life: pressed.life_before.clone(),
        };
        Finding { alarms: vec![Alarm { reason, since: now, is_over: false }], look_again: None }
    }
}
