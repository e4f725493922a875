//! The outer door moved at night, and nobody was seen inside since: out and not back, or not in after a visit.
//!
//! Movement beside the door in the half minute after it moved is whoever leaves. Where no sensor inside could see somebody
//! come back, nothing is judged; somebody lying in bed is at home.

use super::{Alarm, Finding, Known, Rule};
use crate::model::found;
use crate::model::home::SensorKind;
use crate::model::reason::Reason;
use crate::model::time::{Hours, Span, Timestamp, span_text};
use serde::Deserialize;

/// `[rules.night_door]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The part of the day in which a door that moves is watched; absent: the night of all rules.
    pub night: Option<Hours>,
    /// Somebody must be seen inside so soon after the door moved.
    #[serde(with = "span_text")]
    pub back_within: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { night: None, back_within: Span::minutes(15) }
    }
}

struct NightDoor {
    settings: Settings,
    night: Hours,
}

/// The rule with these settings.
pub fn rule(settings: &super::Settings) -> impl Rule + use<> {
    NightDoor { settings: settings.night_door.clone(), night: settings.night(settings.night_door.night) }
}

impl Rule for NightDoor {
    fn name(&self) -> &'static str {
        "night_door"
    }

    fn judge(&self, now: Timestamp, known: &Known) -> Finding {
        let seen = known.seen;
        let Some(out) = seen.whereabouts.out.as_ref().filter(|_| seen.clock_trusted && seen.blind.is_none()) else {
            return Finding::default();
        };
        if !self.night.contains(known.home.zone.local(out.at)) {
            return Finding::default();
        }
        // Time in which nobody watched is no time in which nobody came back.
        let fires_at = seen.quiet_since.map_or(out.at, |quiet| quiet.max(out.at)) + self.settings.back_within;
        if fires_at > now {
            return Finding { alarms: Vec::new(), look_again: Some(fires_at) };
        }
        let could_see = |kind: SensorKind| kind.watches_for_life() && kind != SensorKind::OuterDoor;
        if !seen.could_be_seen(known.home, |sensor| could_see(sensor.kind)) || seen.somebody_lies(known.home, now) {
            return Finding::default();
        }
        let reason = Reason::NightDoor(found::NightDoor {
            sensor: out.door.clone(),
            room: out.room.clone(),
            moved_at: out.at,
            limit: self.settings.back_within,
            night: self.night,
            blind: seen.blind_since(out.at).cloned(),
        });
        Finding { alarms: vec![Alarm { reason, since: out.at, is_over: false }], look_again: None }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, home, judge, moved, observed};
    use super::*;
    use crate::model::observation::{Evidence, Measure};

    #[test]
    fn only_movement_that_is_not_whoever_leaves_ends_it() {
        let rule = rule(&super::super::Settings::default());
        let mut seen = moved(&["23:00"]);
        let mut say = |sensor: &str, at: Timestamp, measure: Measure| {
            seen.observe(&home(), &observed(sensor, at, measure, Evidence::Event));
            judge(&rule, at, &seen).look_again
        };
        assert_eq!(say("front", at("23:10"), Measure::Contact(true)), Some(at("23:25")));
        let shut = at("23:10") + Span::seconds(20);
        assert_eq!(say("front", shut, Measure::Contact(false)), Some(shut + Span::minutes(15)));
        let leaving = at("23:10") + Span::seconds(40);
        assert_eq!(say("hall", leaving, Measure::Motion(true)), Some(leaving + Span::minutes(15)));
        assert_eq!(say("bath", leaving, Measure::Motion(true)), None, "in another room it is somebody inside");
        assert_eq!(say("front", at("23:40"), Measure::Contact(true)), Some(at("23:55")));
        assert_eq!(judge(&rule, at("23:55"), &seen).alarms.len(), 1);
    }

    #[test]
    fn for_who_works_at_night_the_day_is_the_night() {
        let mut settings: super::super::Settings =
            toml::from_str(r#"night = { from = "07:00", to = "15:00" }"#).expect("rules as in a configuration");
        let moves = |clock: &str, later: &str| {
            let mut seen = moved(&["06:00"]);
            seen.observe(&home(), &observed("front", at(clock), Measure::Contact(true), Evidence::Event));
            judge(&rule(&settings), at(later), &seen).alarms.len()
        };
        assert_eq!((moves("10:10", "12:00"), moves("22:30", "23:30")), (1, 0));
        settings.night_door.night = Some(super::super::Night::default().0);
        let mut seen = moved(&["06:00"]);
        seen.observe(&home(), &observed("front", at("22:30"), Measure::Contact(true), Evidence::Event));
        assert_eq!(judge(&rule(&settings), at("23:30"), &seen).alarms.len(), 1, "its own hours hold");
    }

    #[test]
    fn by_day_a_door_is_a_door() {
        let mut seen = moved(&["10:00"]);
        seen.observe(&home(), &observed("front", at("10:10"), Measure::Contact(true), Evidence::Event));
        assert_eq!(judge(&rule(&super::super::Settings::default()), at("12:00"), &seen), Finding::default());
    }
}
