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
        let suspended = &known.seen.suspended;
        let Some(back) = suspended.back_at.as_ref().filter(|_| known.seen.blind.is_none()) else {
            return Finding::default();
        };
        // Whoever is in hospital is not expected from the holiday that ended meanwhile.
        if suspended.active(now).any(|other| other.kind.is_empty_home()) {
            return Finding::default();
        }
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

#[cfg(test)]
mod tests {
    use super::super::testing::{at, home, judge, moved};
    use super::*;
    use crate::model::suspension::{Absence, Change, Suspension};

    #[test]
    fn who_is_known_to_be_elsewhere_still_is_not_missed() {
        let mut seen = moved(&["08:00"]);
        let absent = |kind, from, until| {
            let (owner, why) = ("p-03".to_owned(), String::new());
            Change::Begin(Suspension { kind, owner, why, from: at(from), until: at(until) })
        };
        seen.suspend(&home(), at("08:30"), &absent(Absence::Away, "08:30", "12:00"));
        seen.suspend(&home(), at("11:00"), &absent(Absence::Hospital, "11:00", "18:00"));
        seen.pass(&home(), at("12:00"));
        let rule = rule(&super::super::Settings::default());
        assert_eq!(judge(&rule, at("15:00"), &seen), Finding::default());
        seen.pass(&home(), at("18:00"));
        assert_eq!(judge(&rule, at("18:00"), &seen).look_again, Some(at("20:00")));
        assert_eq!(judge(&rule, at("20:00"), &seen).alarms.len(), 1);
    }
}
