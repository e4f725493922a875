//! Somebody moves in a home that should be empty: back early, or not who should be there.
//!
//! Only where staff said that nobody is there. Who pressed the away button and moves is back, and is watched again.

use super::{Alarm, Finding, Known, Rule};
use crate::engine::seen::suspended::{HOME, LEAVING};
use crate::model::found;
use crate::model::reason::Reason;
use crate::model::time::Timestamp;
use serde::Deserialize;

/// `[rules.moved_while_away]`: nothing to set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

struct MovedWhileAway;

/// The rule with these settings.
pub fn rule(_settings: &super::Settings) -> impl Rule + use<> {
    MovedWhileAway
}

impl Rule for MovedWhileAway {
    fn name(&self) -> &'static str {
        "moved_while_away"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let empty = known.seen.suspended.active(now).filter(|s| s.kind.is_empty_home() && s.owner != HOME);
        let Some(suspension) = empty.max_by_key(|suspension| suspension.from) else { return Finding::default() };
        let Some(life) = known.seen.last_life.as_ref().filter(|life| life.at - suspension.from > LEAVING) else {
            return Finding::default();
        };
        let reason = Reason::MovedWhileAway(found::MovedWhileAway {
            kind: suspension.kind,
            owner: suspension.owner.clone(),
            until: suspension.until,
            life: life.clone(),
        });
        Finding { alarms: vec![Alarm { reason, since: suspension.from, is_over: false }], look_again: None }
    }
}
