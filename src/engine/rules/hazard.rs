//! Smoke, gas or water: at once, from every detector by itself, until it gives the all-clear.
//!
//! Smoke and gas are an emergency, water is urgent. Each detector is an alert of its own, so that the rooms are known into which
//! a fire has spread. Carbon monoxide is reported as gas by every family that measures it. What a bridge kept and says
//! again is no alarm; a detector that is tested sounds like one that warns, so a test raises an alert and is closed as one.

use super::{Alarm, Finding, Known, Rule};
use crate::model::found::{Danger, Hazard};
use crate::model::home::SensorKind;
use crate::model::ids::SensorId;
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp};
use serde::Deserialize;

/// `[rules.hazard]`: nothing to set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

struct Judge;

/// The rule with these settings.
pub fn rule(_settings: &super::Settings) -> impl Rule + use<> {
    Judge
}

/// Other detectors that are named beside the one.
const NAMED_MAX: usize = 4;

impl Rule for Judge {
    fn name(&self) -> &'static str {
        "hazard"
    }

    fn judge(&self, _now: Timestamp, known: &Known) -> Finding {
        if !known.seen.has_any(&[SensorKind::Smoke, SensorKind::Gas, SensorKind::Leak]) {
            return Finding::default();
        }
        let warning: Vec<_> = known
            .seen
            .with_heard(known.home)
            .filter_map(|(sensor, heard)| Some((sensor, danger(sensor.kind)?, heard?.main.true_since?)))
            .collect();
        let alarm = |(sensor, danger, since): &(&crate::model::home::Sensor, Danger, Timestamp)| {
            let others = warning.iter().filter(|(other, its, _)| its == danger && other.id != sensor.id);
            let also: Vec<SensorId> = others.map(|(other, ..)| other.id.clone()).take(NAMED_MAX).collect();
            let reason = Reason::Hazard(Hazard {
                sensor: sensor.id.clone(),
                room: sensor.room.clone(),
                danger: *danger,
                also,
                last_life: known.seen.last_life.clone(),
            });
            // It is told in the very instant in which it begins.
            Alarm { reason, since: *since - Span::milliseconds(1), is_over: false }
        };
        Finding { alarms: warning.iter().map(alarm).collect(), look_again: None }
    }
}

fn danger(kind: SensorKind) -> Option<Danger> {
    match kind {
        SensorKind::Smoke => Some(Danger::Smoke),
        SensorKind::Gas => Some(Danger::Gas),
        SensorKind::Leak => Some(Danger::Leak),
        SensorKind::Motion
        | SensorKind::Presence
        | SensorKind::CallButton
        | SensorKind::ServiceButton
        | SensorKind::OkButton
        | SensorKind::AwayButton
        | SensorKind::OuterDoor
        | SensorKind::Door
        | SensorKind::Bed
        | SensorKind::Chair
        | SensorKind::Item
        | SensorKind::Temperature
        | SensorKind::Vital
        | SensorKind::Mains => None,
    }
}
