//! The outer door moved, then quiet: probably out, and for longer than this person stays away.
//!
//! Off until a length is set: only who knows the person can say it. It is a request to ask, not a warning that the quiet is
//! wrong; those who judge the quiet judge it beside this.

use super::{Alarm, Finding, Known, Rule};
use crate::model::found;
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp};
use serde::Deserialize;

/// `[rules.away_too_long]`
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Probably out for longer than this is told; absent: never.
    #[serde(deserialize_with = "super::optional_span")]
    pub after: Option<Span>,
}

struct AwayTooLong {
    after: Option<Span>,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    AwayTooLong { after: settings.away_too_long.after }
}

impl Rule for AwayTooLong {
    fn name(&self) -> &'static str {
        "away_too_long"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let (Some(after), Some(out), None) = (self.after, &known.seen.whereabouts.out, &known.seen.blind) else {
            return Finding::default();
        };
        let fires_at = known.seen.quiet_since.map_or(out.at, |quiet| quiet.max(out.at)) + after;
        if fires_at > now {
            return Finding { alarms: Vec::new(), look_again: Some(fires_at) };
        }
        let reason = Reason::AwayTooLong(found::AwayTooLong {
            sensor: out.door.clone(),
            left_at: out.at,
            limit: after,
            blind: known.seen.blind_since(out.at).cloned(),
        });
        Finding { alarms: vec![Alarm { reason, since: out.at, is_over: false }], look_again: None }
    }
}
