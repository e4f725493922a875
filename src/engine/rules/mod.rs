//! Judgements made again and again. One file per rule, one table.
//!
//! A rule has no memory: it looks at what was [`Seen`](crate::engine::seen::Seen) and says what it finds at one instant, and
//! when to look again. Judgement and deadline are one function, so that they cannot disagree. To add a rule: a file
//! with `Settings` and `Rule`, its name in `rules!`, its sentence in `text`.

use crate::engine::seen::{Ended, Pressed, Seen};
use crate::model::home::Home;
use crate::model::reason::{Reason, Severity};
use crate::model::time::{Hours, Span, TimeOfDay, Timestamp, Zone, span_text};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A judgement made again and again.
pub trait Rule: Send + Sync {
    /// Its name in configs, histories and reports.
    fn name(&self) -> &'static str;
    /// What it finds at `now`, and when to look again if nothing happens before (strictly later than `now`).
    fn judge(&self, now: Timestamp, known: &Known) -> Finding;
    /// Whether what was told with `reason`, and is not found now, may go on unseen: then nobody says that it is over.
    fn may_go_on(&self, _now: Timestamp, _known: &Known, _reason: &Reason) -> bool {
        false
    }
}

/// What a rule may look at.
pub struct Known<'a> {
    /// The home as the installer described it.
    pub home: &'a Home,
    /// What was seen so far, the present input included.
    pub seen: &'a Seen,
    /// What the present input was, where that matters.
    pub just: &'a Just,
}

/// What the present input was, where it is an event rather than a state.
#[derive(Debug, Clone, PartialEq)]
pub enum Just {
    /// Nothing a rule needs to know.
    Nothing,
    /// Somebody pressed a button.
    Pressed(Pressed),
    /// A long blind span ended.
    SeenAgain(Ended),
}

/// What a rule says at one instant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Finding {
    /// What is wrong now; the same finding comes again as long as it is wrong.
    pub alarms: Vec<Alarm>,
    /// When this could change by time alone.
    pub look_again: Option<Timestamp>,
}

impl Finding {
    /// It has to be looked at again at `at`, if not before.
    pub fn look_at(&mut self, at: impl Into<Option<Timestamp>>) {
        self.look_again = self.look_again.into_iter().chain(at.into()).min();
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Why.
    pub reason: Reason,
    /// When the present episode began: an alarm is told once per episode.
    pub since: Timestamp,
    /// The matter is over already: it is told, and marked as gone in the same turn.
    pub is_over: bool,
}

pub mod check;
pub mod profile;

macro_rules! rules {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*

        /// The settings of all rules, as in `[rules]` of the configuration.
        #[derive(Debug, Clone, PartialEq, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Settings {
            /// Rules that are switched off, by name.
            pub off: Vec<String>,
            /// For whom the rules are set; what it sets has been laid under the other keys where they were read.
            pub profile: profile::Profile,
            /// When the person sleeps, for every rule that knows a night and is not told of another.
            pub night: Night,
            /// How urgent the alerts of a rule are, where that differs from the usual.
            pub severity: BTreeMap<String, Severity>,
            /// How long the person is asked first, by rule; absent: not at all.
            pub ask_first: BTreeMap<String, Long>,
            /// Whether the person is asked before a limit is reached.
            pub check: check::Settings,
            $(
                #[doc = concat!("`[rules.", stringify!($name), "]`")]
                pub $name: $name::Settings,
            )*
        }

        /// Every rule's name.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];

        /// The rules that are switched on.
        pub fn enabled(settings: &Settings) -> Vec<Box<dyn Rule>> {
            let all: Vec<Box<dyn Rule>> = vec![$(Box::new($name::rule(settings))),*];
            all.into_iter().filter(|rule| settings.is_on(rule.name())).collect()
        }
    };
}

rules! {
    call_button, service_button, hazard, inactivity, rhythm, night_door, out_of_bed, long_in_room, late_rising, daily_contact,
    missed_visit, away_too_long, moved_while_away, not_back, door_left_open, range, mains_lost, silent_sensor, stuck_sensor, low_battery,
    tamper, weak_signal, link_lost, flood, not_observed,
}

/// Rules about the person whose severity can be set; of the call button it cannot be.
pub const PERSON: &[&str] = &[
    "hazard",
    "inactivity",
    "rhythm",
    "night_door",
    "out_of_bed",
    "long_in_room",
    "late_rising",
    "daily_contact",
    "away_too_long",
    "moved_while_away",
    "not_back",
    "door_left_open",
    "range",
];

/// Rules before whose alert the person can be asked.
pub const ASKING: &[&str] =
    &["call_button", "inactivity", "rhythm", "out_of_bed", "long_in_room", "late_rising", "daily_contact"];

/// A span as a configuration writes it.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Long(#[serde(with = "span_text")] pub Span);

/// The part of the day in which the person sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Night(pub Hours);

impl Default for Night {
    fn default() -> Self {
        let clock = |text: &str| text.parse().expect("a time of day");
        Night(Hours { from: clock("22:00"), to: clock("06:00") })
    }
}

/// When a limit that differs by day and by night is passed.
pub(crate) struct Passed {
    at: Timestamp,
    limit: Span,
    /// For which part of the day it is set; absent while the clock is not trusted: then the strictest holds at all times.
    hours: Option<Hours>,
}

/// When what began at `since` has lasted too long.
pub(crate) fn first_passed(known: &Known, since: Timestamp, night: Hours, by_day: Span, by_night: Span) -> Passed {
    if !known.seen.clock_trusted {
        let limit = by_day.min(by_night);
        return Passed { at: since + limit, limit, hours: None };
    }
    let part = |hours: Hours, limit: Span| Passed {
        at: hours.first_inside(&known.home.zone, since + limit),
        limit,
        hours: Some(hours),
    };
    let (day, night) = (part(Hours { from: night.to, to: night.from }, by_day), part(night, by_night));
    if day.at < night.at { day } else { night }
}

/// The last instant up to `now` at which the clock on the wall showed `time`, and the next one.
pub(crate) fn latest(zone: &Zone, now: Timestamp, time: TimeOfDay) -> (Timestamp, Timestamp) {
    // The longest day has 25 hours.
    let mut last = zone.next(now - Span::hours(26), time);
    loop {
        let next = zone.next(last, time);
        if next > now {
            return (last, next);
        }
        last = next;
    }
}

/// A span that may be left out.
pub(crate) fn optional_span<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Span>, D::Error> {
    span_text::deserialize(from).map(Some)
}

impl Settings {
    /// The night of a rule, which may have its own.
    pub fn night(&self, own: Option<Hours>) -> Hours {
        own.unwrap_or(self.night.0)
    }

    /// Whether the rule of this name is judged.
    pub fn is_on(&self, rule: &str) -> bool {
        !self.off.iter().any(|off| off == rule)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! A made-up home and instants as people say them.

    use super::*;
    use crate::model::home::{Sensor, SensorKind, Service};
    use crate::model::observation::{Evidence, Measure, Observation};
    use crate::model::time::Zone;

    pub fn at(clock: &str) -> Timestamp {
        format!("2026-03-02T{clock}:00Z").parse().expect("a clock reading")
    }

    pub fn home() -> Home {
        let sensor = |id: &str, room: Option<&str>, kind, source: &str| Sensor {
            id: id.parse().unwrap(),
            room: room.map(|room| room.parse().unwrap()),
            kind,
            service: (kind == SensorKind::ServiceButton).then_some(Service::Meal),
            hold: None,
            silent_after: None,
            checks_in: true,
            burst: None,
            offline_is_silent: false,
            source: source.to_owned(),
        };
        let sensors = [
            sensor("hall", Some("hall"), SensorKind::Motion, "mqtt"),
            sensor("bath", Some("bathroom"), SensorKind::Motion, "radio"),
            sensor("front", Some("hall"), SensorKind::OuterDoor, "mqtt"),
            sensor("pendant", None, SensorKind::CallButton, "radio"),
            sensor("meal", Some("kitchen"), SensorKind::ServiceButton, "mqtt"),
        ];
        Home {
            id: "home-1".parse().unwrap(),
            place: "3-2-201".into(),
            zone: Zone::utc(),
            sensors: sensors.into_iter().map(|sensor| (sensor.id.clone(), sensor)).collect(),
        }
    }

    pub fn observed(sensor: &str, at: Timestamp, measure: Measure, evidence: Evidence) -> Observation {
        Observation { at, sensor: sensor.parse().unwrap(), measure, evidence, copy: false }
    }

    /// What was seen after motion in the hall at these instants.
    pub fn moved(clocks: &[&str]) -> Seen {
        let mut seen = Seen::new(&home(), &Settings::default());
        for clock in clocks {
            seen.observe(&home(), &observed("hall", at(clock), Measure::Motion(true), Evidence::Event));
        }
        seen
    }

    pub fn judge(rule: &dyn Rule, now: Timestamp, seen: &Seen) -> Finding {
        rule.judge(now, &Known { home: &home(), seen, just: &Just::Nothing })
    }

    pub fn hours(n: i64) -> Span {
        Span::hours(n)
    }

    #[test]
    fn every_rule_has_one_name_and_that_is_the_name_of_its_reason() {
        let names: Vec<_> = enabled(&Settings::default()).iter().map(|rule| rule.name()).collect();
        assert_eq!(names, NAMES);
        let mut unique = names.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), names.len());
    }

    #[test]
    fn a_rule_that_is_off_is_not_judged() {
        let settings = Settings { off: vec!["low_battery".into()], ..Settings::default() };
        assert!(enabled(&settings).iter().all(|rule| rule.name() != "low_battery"));
    }
}
