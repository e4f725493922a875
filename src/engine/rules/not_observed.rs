//! The home was not watched for a while, or is not watched now: what happened is not known, and that is said.
//!
//! A power cut or a lost link never looks like quiet. It is told when it has lasted for too long, and also when a
//! silence would have become an alert while nobody watched. A home in which every sensor that could show life is dead or stuck
//! is not watched either.

use super::inactivity;
use super::{Alarm, Finding, Just, Known, Rule};
use crate::engine::seen::{BRIDGED, Ended};
use crate::model::reason::{Blind, BlindCause, Reason};
use crate::model::time::{Span, Timestamp, span_text};
use serde::Deserialize;

/// `[rules.not_observed]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A home not watched for longer than this is an alert.
    #[serde(with = "span_text")]
    pub at_most: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { at_most: Span::minutes(10) }
    }
}

struct NotObserved {
    at_most: Span,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    NotObserved { at_most: settings.not_observed.at_most }
}

impl Rule for NotObserved {
    fn name(&self) -> &'static str {
        "not_observed"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        if let Just::SeenAgain(ended) = known.just
            && self.matters(known, ended)
        {
            let look_again = known.seen.unwatched_changes_at(known.home, now);
            return Finding { alarms: vec![alarm(&ended.blind, known)], look_again };
        }
        let Some(blind) = &known.seen.blind else { return no_witness(now, known) };
        let usual_until = known.seen.habits.verdict().map(|verdict| verdict.since + verdict.limit);
        let deadline = self.deadline(known, blind, known.seen.quiet_since, usual_until);
        if deadline > now {
            return Finding { alarms: Vec::new(), look_again: Some(deadline) };
        }
        Finding { alarms: vec![alarm(blind, known)], look_again: None }
    }
}

/// Nothing that could show life is left; it is told at once, for the last witness has been silent for long enough.
fn no_witness(now: Timestamp, known: &Known) -> Finding {
    let Some(from) = known.seen.unwatched_since(known.home, now) else {
        return Finding { alarms: Vec::new(), look_again: known.seen.unwatched_changes_at(known.home, now) };
    };
    let blind = Blind { from, to: None, cause: BlindCause::NoWitness };
    // It may be told in the very instant in which it began.
    let alarm = Alarm { since: from - Span::milliseconds(1), ..alarm(&blind, known) };
    Finding { alarms: vec![alarm], look_again: None }
}

impl NotObserved {
    fn matters(&self, known: &Known, ended: &Ended) -> bool {
        let deadline = self.deadline(known, &ended.blind, ended.quiet_since, ended.usual_until);
        ended.blind.to.is_some_and(|to| to >= deadline)
    }

    /// When a blind span has to be told: it is too long, or the silence before it would have become an alert in it.
    fn deadline(
        &self,
        known: &Known,
        blind: &Blind,
        quiet_since: Option<Timestamp>,
        usual_until: Option<Timestamp>,
    ) -> Timestamp {
        let too_long = blind.from + self.at_most;
        let fixed = quiet_since.and_then(|quiet_since| inactivity::fires_at(known, quiet_since)).map(|fires| fires.at);
        let usual_until = usual_until.filter(|_| known.seen.settings().is_on("rhythm"));
        let would_fire = fixed.into_iter().chain(usual_until).min();
        // A span that is short enough to be bridged is told by the silence itself, when the view is back.
        would_fire.map_or(too_long, |at| too_long.min(at.max(blind.from + BRIDGED)))
    }
}

fn alarm(blind: &Blind, known: &Known) -> Alarm {
    Alarm {
        reason: Reason::NotObserved { blind: blind.clone(), last_life: known.seen.last_life.clone() },
        since: blind.from,
        is_over: blind.to.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, home, judge, moved};
    use super::*;

    #[test]
    fn a_lost_link_is_told_once_it_has_lasted_too_long() {
        let mut seen = moved(&["08:00"]);
        let rule = rule(&super::super::Settings::default());
        seen.link(&home(), at("08:30"), "mqtt", false);
        seen.link(&home(), at("08:30"), "radio", false);
        assert_eq!(judge(&rule, at("08:35"), &seen).look_again, Some(at("08:40")));
        assert_eq!(judge(&rule, at("08:40"), &seen).alarms.len(), 1);
    }

    #[test]
    fn a_power_cut_over_the_deadline_of_a_silence_is_told_at_once() {
        let mut seen = moved(&["08:00"]);
        let rule = rule(&super::super::Settings::default());
        // 13:57 to 14:03: too short to matter by itself, but at 14:00 the silence would have been an alert.
        let ended = seen.started(&home(), at("14:03"), Some(at("13:57"))).expect("longer than a restart");
        let just = Just::SeenAgain(ended);
        let finding = rule.judge(at("14:03"), &Known { home: &home(), seen: &seen, just: &just });
        assert_eq!(finding.alarms.len(), 1);
        assert_eq!(judge(&rule, at("14:04"), &seen).alarms, [], "and it is over now");
    }
}
