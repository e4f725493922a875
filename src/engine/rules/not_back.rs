//! An absence is over and nobody is seen: not back, or back and not well.

use super::{Alarm, Finding, Known, Rule};
use crate::model::found;
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp, span_text};
use serde::Deserialize;

/// `[rules.not_back]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Somebody must be seen so soon after the end of an absence.
    #[serde(with = "span_text")]
    pub within: Span,
    /// Who presses the away button is expected back after so long.
    #[serde(with = "span_text")]
    pub away_button_lasts: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { within: Span::hours(2), away_button_lasts: Span::hours(12) }
    }
}

struct NotBack {
    within: Span,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    NotBack { within: settings.not_back.within }
}

impl Rule for NotBack {
    fn name(&self) -> &'static str {
        "not_back"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let Some(back) = known.seen.suspended.back_at.as_ref().filter(|_| known.seen.blind.is_none()) else {
            return Finding::default();
        };
        let fires_at = back.at + self.within;
        if fires_at > now {
            return Finding { alarms: Vec::new(), look_again: Some(fires_at) };
        }
        let reason = Reason::NotBack(found::NotBack {
            kind: back.kind,
            owner: back.owner.clone(),
            until: back.at,
            limit: self.within,
            last_life: known.seen.last_life.clone(),
        });
        Finding { alarms: vec![Alarm { reason, since: back.at, is_over: false }], look_again: None }
    }
}
