//! Somebody asked for a meal, a bath, cleaning, nursing …: a request, not an emergency.

use super::{Alarm, Finding, Just, Known, Rule};
use crate::model::home::{SensorKind, Service};
use crate::model::reason::Reason;
use crate::model::time::Timestamp;
use serde::Deserialize;

/// `[rules.service_button]`: nothing to set; what a button asks for stands at the sensor.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

struct ServiceButton;

/// The rule with these settings.
pub fn rule(_settings: &super::Settings) -> impl Rule + use<> {
    ServiceButton
}

impl Rule for ServiceButton {
    fn name(&self) -> &'static str {
        "service_button"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let Just::Pressed(pressed) = known.just else { return Finding::default() };
        let sensor = known.home.sensors.get(&pressed.sensor).filter(|s| s.kind == SensorKind::ServiceButton);
        // A visitor's button is no request: the book takes it as proof of arrival.
        let Some((sensor, service)) =
            sensor.and_then(|s| Some((s, s.service?))).filter(|(_, service)| *service != Service::Arrival)
        else {
            return Finding::default();
        };
        let reason = Reason::ServiceButton { sensor: sensor.id.clone(), room: sensor.room.clone(), service };
        Finding { alarms: vec![Alarm { reason, since: now, is_over: false }], look_again: None }
    }
}
