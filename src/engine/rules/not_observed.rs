//! The home was not watched for a while, or is not watched now: what happened is not known, and that is said.
//!
//! A power cut or a lost link never looks like quiet. It is told when it has lasted for too long, and also when a
//! silence would have become an alert while nobody watched. A home in which every sensor that could show life is dead or stuck
//! is not watched either.

use super::inactivity;
use super::{Alarm, Finding, Just, Known, Rule};
use crate::engine::seen::{BRIDGED, Ended, Unwatched};
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
        let mut finding = match &known.seen.blind {
            Some(blind) => self.blind(now, known, blind),
            None => self.no_witness(now, known),
        };
        if let Just::SeenAgain(ended) = known.just
            && finding.alarms.is_empty()
            && self.matters(known, ended)
        {
            finding.alarms.push(alarm(&ended.blind, known));
        }
        finding
    }
}

impl NotObserved {
    fn blind(&self, now: Timestamp, known: &Known, blind: &Blind) -> Finding {
        let deadline = self.deadline(known, blind, known.seen.quiet_since, known.seen.habits.usual_until());
        if deadline > now {
            return Finding { alarms: Vec::new(), look_again: Some(deadline) };
        }
        Finding { alarms: vec![alarm(blind, known)], look_again: None }
    }

    /// Nothing that could show life is left. Where the last witness is dead or its source mute that is told at once, for it has
    /// been silent for long enough; a link that is lost has the patience of a link.
    fn no_witness(&self, now: Timestamp, known: &Known) -> Finding {
        let look_again = known.seen.unwatched_changes_at(known.home, now);
        let Some(Unwatched { from, cause, .. }) = known.seen.unwatched(known.home, now) else {
            return Finding { alarms: Vec::new(), look_again };
        };
        let is_link = matches!(cause, BlindCause::LinkLost { .. });
        let blind = Blind { from, to: None, cause };
        let deadline = self.deadline(known, &blind, known.seen.quiet_since, known.seen.habits.usual_until());
        if is_link && deadline > now {
            let mut finding = Finding { alarms: Vec::new(), look_again };
            finding.look_at(deadline);
            return finding;
        }
        // It may be told in the very instant in which it began.
        let alarm = Alarm { since: from - Span::milliseconds(1), ..alarm(&blind, known) };
        Finding { alarms: vec![alarm], look_again: None }
    }

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
    use super::super::testing::{at, home, judge, moved, observed};
    use super::*;
    use crate::engine::seen::Seen;
    use crate::model::home::Home;
    use crate::model::observation::{Evidence, Measure};

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

    /// The home in which the bathroom's sensor, on another broker, has been dead since 08:00 and the rest was heard last at
    /// `last`; nothing has moved since 08:00.
    fn with_a_dead_bathroom(last: &str) -> (Home, Seen) {
        let mut home = home();
        home.sensors.get_mut(&"bath".parse().unwrap()).unwrap().silent_after = Some(Span::hours(1));
        let mut seen = Seen::new(&home, &super::super::Settings::default());
        for (sensor, clock) in [("bath", "08:00"), ("front", "08:00"), ("hall", "08:00"), ("hall", last)] {
            let measure = if clock == last { Measure::Alive } else { Measure::Motion(sensor != "front") };
            seen.observe(&home, &observed(sensor, at(clock), measure, Evidence::Level));
        }
        (home, seen)
    }

    fn judged(home: &Home, seen: &Seen, now: Timestamp) -> (Vec<(Timestamp, BlindCause)>, Option<Timestamp>) {
        let rule = rule(&super::super::Settings::default());
        let finding = rule.judge(now, &Known { home, seen, just: &Just::Nothing });
        let told = finding.alarms.into_iter().map(|alarm| {
            let Reason::NotObserved { blind, .. } = alarm.reason else { panic!("{alarm:?}") };
            (blind.from, blind.cause)
        });
        (told.collect(), finding.look_again)
    }

    #[test]
    fn a_broker_gone_for_a_second_after_hours_of_quiet_is_no_blindness() {
        let (home, mut seen) = with_a_dead_bathroom("08:05");
        let (down, up) = (at("13:00"), at("13:00") + Span::seconds(1));
        assert_eq!(seen.link(&home, down, "mqtt", false), None);
        assert_eq!(judged(&home, &seen, down), (vec![], Some(at("13:10"))), "it has its own patience");
        assert_eq!(judged(&home, &seen, up), (vec![], Some(at("13:10"))));
        assert_eq!(seen.link(&home, up, "mqtt", true), None);
        assert_eq!(judged(&home, &seen, up).0, []);
        assert_eq!(seen.quiet_since, Some(at("08:00")), "a second is bridged");
    }

    #[test]
    fn a_broker_gone_for_minutes_is_blindness_in_its_own_time_however_lately_somebody_was_heard() {
        for last in ["08:05", "12:59"] {
            let (home, mut seen) = with_a_dead_bathroom(last);
            seen.link(&home, at("13:00"), "mqtt", false);
            assert_eq!(judged(&home, &seen, at("13:09")), (vec![], Some(at("13:10"))), "{last}");
            let lost = (at("13:00"), BlindCause::LinkLost { source: "mqtt".into() });
            assert_eq!(judged(&home, &seen, at("13:10")).0, [lost], "{last}");
            let ended = seen.link(&home, at("13:20"), "mqtt", true).expect("it lasted");
            assert_eq!((ended.blind.from, ended.blind.to), (at("13:00"), Some(at("13:20"))));
            assert_eq!(judged(&home, &seen, at("13:20")).0, []);
            assert_eq!(seen.quiet_since, Some(at("13:20")), "what happened in it is not known");
        }
    }

    #[test]
    fn a_silence_that_would_have_been_an_alert_while_the_broker_was_gone_is_told_then() {
        let (home, mut seen) = with_a_dead_bathroom("08:05");
        seen.link(&home, at("13:55"), "mqtt", false);
        assert_eq!(judged(&home, &seen, at("13:55")).1, Some(at("14:00")));
        assert_eq!(judged(&home, &seen, at("14:00")).0.len(), 1);
    }

    #[test]
    fn one_of_two_brokers_gone_is_no_blindness_while_the_other_has_a_witness() {
        let mut home = home();
        home.sensors.retain(|id, _| !matches!(id.as_str(), "pendant" | "meal"));
        let mut seen = Seen::new(&home, &super::super::Settings::default());
        seen.observe(&home, &observed("hall", at("08:00"), Measure::Motion(true), Evidence::Event));
        seen.observe(&home, &observed("bath", at("12:00"), Measure::Alive, Evidence::Level));
        seen.link(&home, at("13:00"), "mqtt", false);
        assert_eq!(judged(&home, &seen, at("15:00")).0, []);
        // The last one falls silent behind it: nobody watched since the broker went and the silence began.
        let silent_at = at("12:00") + Span::hours(25);
        assert_eq!(judged(&home, &seen, at("15:00")).1, Some(silent_at));
        let since = (at("13:00"), BlindCause::LinkLost { source: "mqtt".into() });
        assert_eq!(judged(&home, &seen, silent_at).0, [since]);
        // One that is heard ends it.
        seen.observe(&home, &observed("bath", at("12:00") + Span::hours(26), Measure::Alive, Evidence::Level));
        assert_eq!(judged(&home, &seen, at("12:00") + Span::hours(26)).0, []);
    }

    #[test]
    fn a_second_link_lost_while_nobody_watches_goes_on_with_what_was_told() {
        let (home, mut seen) = with_a_dead_bathroom("08:05");
        seen.link(&home, at("13:00"), "mqtt", false);
        let lost = (at("13:00"), BlindCause::LinkLost { source: "mqtt".into() });
        assert_eq!(judged(&home, &seen, at("13:30")).0, std::slice::from_ref(&lost));
        seen.link(&home, at("13:30"), "radio", false);
        assert_eq!(judged(&home, &seen, at("13:30")).0, [lost]);
    }
}
