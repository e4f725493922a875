//! Somebody opened the cover of a sensor, or took it off the wall.

use super::{Alarm, Finding, Known, Rule};
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp};
use serde::Deserialize;

/// `[rules.tamper]`: nothing to set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

struct Tamper;

/// The rule with these settings.
pub fn rule(_settings: &super::Settings) -> impl Rule + use<> {
    Tamper
}

impl Rule for Tamper {
    fn name(&self) -> &'static str {
        "tamper"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let mut finding = Finding::default();
        for (sensor, heard) in known.seen.ailing(known.home) {
            let Some(tamper) = heard.tamper else { continue };
            let over_at = tamper.over_at();
            if over_at.is_some_and(|over_at| over_at <= now) {
                continue;
            }
            finding.look_at(over_at);
            let reason =
                Reason::Tamper { sensor: sensor.id.clone(), room: sensor.room.clone(), open_since: tamper.since };
            // It may be told in the very instant in which it began; its episode began before.
            finding.alarms.push(Alarm { reason, since: tamper.since - Span::milliseconds(1), is_over: false });
        }
        finding
    }
}
