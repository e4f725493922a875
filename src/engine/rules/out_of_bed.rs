//! Out of bed at night and not back, and nothing seen since: on the way to the toilet people fall.
//!
//! Needs a bed that says whether it is occupied. Every sign of life begins the time anew; somebody who went out by the outer
//! door is `night_door`'s matter.

use super::{Alarm, Finding, Known, Rule};
use crate::model::found;
use crate::model::home::SensorKind;
use crate::model::reason::Reason;
use crate::model::time::{Hours, Span, Timestamp, span_text};
use serde::Deserialize;

/// `[rules.out_of_bed]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The part of the day in which people lie in bed; absent: the night of all rules.
    pub night: Option<Hours>,
    /// So long nothing may be seen of somebody who got up and is not back.
    #[serde(with = "span_text")]
    pub at_most: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { night: None, at_most: Span::minutes(45) }
    }
}

struct OutOfBed {
    settings: Settings,
    night: Hours,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    OutOfBed { settings: settings.out_of_bed.clone(), night: settings.night(settings.out_of_bed.night) }
}

impl Rule for OutOfBed {
    fn name(&self) -> &'static str {
        "out_of_bed"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let seen = known.seen;
        if !seen.has_any(&[SensorKind::Bed]) || !seen.clock_trusted || seen.blind.is_some() {
            return Finding::default();
        }
        let beds = seen.with_heard(known.home).filter(|(sensor, _)| sensor.kind == SensorKind::Bed);
        let occupancy = beds.filter_map(|(sensor, heard)| Some((sensor, heard?.occupied?)));
        // Somebody in any bed is in bed: an occupied one comes last.
        let Some((bed, (false, left_at))) = occupancy.max_by_key(|(_, occupied)| *occupied) else {
            return Finding::default();
        };
        let quiet_since = seen.quiet_since.map_or(left_at, |quiet| quiet.max(left_at));
        let fires_at = quiet_since + self.settings.at_most;
        let is_night = |at: Timestamp| self.night.contains(known.home.zone.local(at));
        if seen.whereabouts.out.is_some() || !is_night(left_at) || !is_night(fires_at) {
            return Finding::default();
        }
        if fires_at > now {
            return Finding { alarms: Vec::new(), look_again: Some(fires_at) };
        }
        let reason = Reason::OutOfBed(found::OutOfBed {
            sensor: bed.id.clone(),
            room: bed.room.clone(),
            left_at,
            limit: self.settings.at_most,
            night: self.night,
            last_life: seen.last_life.clone(),
        });
        Finding { alarms: vec![Alarm { reason, since: quiet_since, is_over: false }], look_again: None }
    }
}
