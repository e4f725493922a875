//! The mains are gone: what hangs on them falls silent when the batteries do.

use super::{Alarm, Finding, Known, Rule};
use crate::model::found;
use crate::model::home::SensorKind;
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp, span_text};
use serde::Deserialize;

/// `[rules.mains_lost]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A cut for longer than this is told.
    #[serde(with = "span_text")]
    pub after: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { after: Span::minutes(5) }
    }
}

struct MainsLost {
    after: Span,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    MainsLost { after: settings.mains_lost.after }
}

impl Rule for MainsLost {
    fn name(&self) -> &'static str {
        "mains_lost"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let mut finding = Finding::default();
        if !known.seen.has_any(&[SensorKind::Mains]) {
            return finding;
        }
        for (sensor, heard) in known.seen.with_heard(known.home).filter(|(sensor, _)| sensor.kind == SensorKind::Mains)
        {
            let Some(since) = heard.and_then(|heard| heard.main.false_since) else { continue };
            let fires_at = since + self.after;
            if fires_at > now {
                finding.look_at(fires_at);
                continue;
            }
            let lost = found::MainsLost { sensor: sensor.id.clone(), room: sensor.room.clone(), since };
            finding.alarms.push(Alarm { reason: Reason::MainsLost(lost), since, is_over: false });
        }
        finding
    }
}
