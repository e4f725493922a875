//! A sensor has not been heard from for longer than is usual for it: a sensor problem, never a person problem.
//!
//! What is usual is learned from its own check-ins, between a floor and a ceiling; until then, and for sensors that speak only
//! when they see somebody, the ceiling holds. A sensor behind a lost link is not silent: the link is the problem, and it is
//! told once; and so it is where every sensor of a source is silent together (`link_lost`). Where the config says that a bridge's word counts (`offline_is_silent`), being called offline is silence too, and
//! sooner. A radio that never checks in is never silent, only not seen.

use super::{Alarm, Finding, Known, Rule};
use crate::engine::seen::mute_of;
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp, span_text};
use serde::Deserialize;

/// `[rules.silent_sensor]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A sensor not heard from for longer than this is a fault, unless the sensor says otherwise.
    #[serde(with = "span_text")]
    pub after: Span,
    /// However often it usually checks in, it is no fault sooner than this.
    #[serde(with = "span_text")]
    pub not_before: Span,
    /// So many times its own longest usual silence is a fault.
    pub times_usual: f64,
    /// Called offline by its bridge for longer than this, where the sensor says that this is silence.
    #[serde(with = "span_text")]
    pub offline_for: Span,
}

impl Default for Settings {
    fn default() -> Self {
        // 25 h: a battery PIR that reports daily may slip by an hour (Zigbee2MQTT's default). Three times: a check-in may be lost,
        // and the one after it.
        // An hour: a plug that was moved, or a bridge that looks for its devices after a restart, is back by then.
        let offline_for = Span::hours(1);
        Settings { after: Span::hours(25), not_before: Span::hours(4), times_usual: 3.0, offline_for }
    }
}

impl Settings {
    /// The longest silence that is no fault, for a sensor that is usually silent for `usual` at most.
    pub fn limit(&self, usual: Option<Span>) -> Span {
        let learned =
            usual.map(|usual| Span::milliseconds((usual.num_milliseconds() as f64 * self.times_usual) as i64));
        learned.map_or(self.after, |learned| learned.max(self.not_before).min(self.after))
    }

    /// The shortest limit that any sensor can have, unless it says otherwise.
    pub fn shortest(&self) -> Span {
        self.not_before.min(self.after)
    }
}

struct SilentSensor;

/// The rule with these settings.
pub fn rule(_settings: &super::Settings) -> impl Rule + use<> {
    SilentSensor
}

impl Rule for SilentSensor {
    fn name(&self) -> &'static str {
        "silent_sensor"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let mut finding = Finding::default();
        let every_link_is_up = !known.seen.links.any_is_down();
        let first = known.seen.first_silent_at();
        if every_link_is_up && first.is_none_or(|first| first > now) {
            return Finding { look_again: first, ..finding };
        }
        let mutes = known.seen.mutes(known.home, now);
        for (sensor, heard) in known.seen.with_heard(known.home) {
            let silent_at = heard.and_then(|heard| known.seen.silent_at(heard));
            if every_link_is_up && silent_at.is_none_or(|at| at > now) {
                finding.look_at(silent_at);
                continue;
            }
            let Some(silence) = known.seen.silence(sensor, heard) else { continue };
            let excused_until = known.seen.excused_until(sensor, heard);
            if excused_until == Some(Timestamp::MAX_UTC) {
                continue;
            }
            let too_long_at = silence.too_long_at();
            // What was told before its source was found to be mute stands; what comes later is the source's matter.
            if !silence.is_offline && mute_of(&mutes, sensor).is_some_and(|mute| too_long_at >= mute.at) {
                continue;
            }
            let deadline = excused_until.map_or(too_long_at, |until| until.max(too_long_at));
            if deadline > now {
                finding.look_at(deadline);
                continue;
            }
            let reason = Reason::SilentSensor {
                sensor: sensor.id.clone(),
                room: sensor.room.clone(),
                kind: sensor.kind,
                last_heard: heard.and_then(|heard| heard.heard_at),
                limit: silence.limit,
                offline_since: silence.is_offline.then_some(silence.since),
            };
            // An outage of its way, or of the gateway, begins no other death. One that was never heard is told once.
            let since = known.seen.unheard_since(sensor, heard).unwrap_or(silence.since);
            finding.alarms.push(Alarm { reason, since, is_over: false });
        }
        finding
    }

    /// A sensor speaks again when it is heard.
    fn may_go_on(&self, now: Timestamp, known: &Known, reason: &Reason) -> bool {
        let Some(sensor) = reason.subject().and_then(|id| known.home.sensors.get(id)) else { return false };
        known.seen.is_unheard(now, sensor, known.seen.heard(&sensor.id))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, home, hours, judge, moved, observed};
    use super::*;
    use crate::engine::seen::Seen;
    use crate::model::observation::{Evidence, Measure};

    fn silent(finding: &Finding) -> Vec<&str> {
        finding.alarms.iter().filter_map(|alarm| alarm.reason.subject()).map(|id| id.as_str()).collect()
    }

    fn check_in(seen: &mut Seen, sensors: &[&str], now: Timestamp) {
        for sensor in sensors {
            seen.observe(&home(), &observed(sensor, now, Measure::Alive, Evidence::Level));
        }
    }

    #[test]
    fn a_dead_sensor_is_a_sensor_alarm_after_its_own_time() {
        let mut seen = moved(&["08:00"]);
        let rule = rule(&super::super::Settings::default());
        check_in(&mut seen, &["front", "meal"], at("23:00"));
        assert_eq!(judge(&rule, at("08:00") + hours(24), &seen).alarms, []);
        let finding = judge(&rule, at("08:00") + hours(25), &seen);
        assert_eq!(silent(&finding), ["hall"], "the others of its source were heard, and nothing ever from the radio");
        assert_eq!(silent(&judge(&rule, at("23:00") + hours(24), &seen)), ["hall"]);
    }

    #[test]
    fn sensors_that_fall_silent_with_their_whole_source_are_its_matter_unless_nobody_tells_it() {
        let seen = moved(&["08:00"]);
        let mut settings = super::super::Settings::default();
        assert_eq!(judge(&rule(&settings), at("08:00") + hours(25), &seen).alarms, []);
        let link_lost = super::super::link_lost::rule(&settings);
        let told = judge(&super::super::not_observed::rule(&settings), at("08:00") + hours(25), &seen).alarms.len();
        assert_eq!(
            (told, judge(&link_lost, at("08:00") + hours(25), &seen).alarms),
            (1, vec![]),
            "nobody sees the home"
        );
        settings.off = vec!["link_lost".to_owned()];
        let mut seen = Seen::new(&home(), &settings);
        check_in(&mut seen, &["hall"], at("08:00"));
        assert_eq!(judge(&rule(&settings), at("08:00") + hours(25), &seen).alarms.len(), 5);
    }

    #[test]
    fn a_sensor_that_may_be_behind_a_lost_bridge_is_excused_for_some_days_and_not_for_ever() {
        let mut seen = moved(&["08:00"]);
        for (bridge, up) in [("mqtt/new", true), ("mqtt/old", false)] {
            seen.link(&home(), at("09:00"), bridge, up);
        }
        let rule = rule(&super::super::Settings::default());
        let mut now = at("10:00");
        while now < at("09:00") + hours(72) {
            check_in(&mut seen, &["front", "meal", "bath", "pendant"], now);
            assert_eq!(silent(&judge(&rule, now, &seen)), [""; 0]);
            now += hours(10);
        }
        assert_eq!(silent(&judge(&rule, at("09:00") + hours(72), &seen)), ["hall"]);
    }

    #[test]
    fn sensors_behind_a_lost_link_are_not_silent_one_by_one() {
        let mut seen = moved(&["08:00"]);
        seen.link(&home(), at("09:00"), "mqtt", false);
        check_in(&mut seen, &["pendant"], at("23:00"));
        let finding = judge(&rule(&super::super::Settings::default()), at("08:00") + hours(30), &seen);
        assert_eq!(silent(&finding), ["bath"], "only those on the other source");
    }
}
