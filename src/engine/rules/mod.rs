//! Judgements made again and again. One file per rule, one table.
//!
//! A rule has no memory: it looks at what was [`Seen`](crate::engine::seen::Seen) and says what it finds at one instant, and
//! when to look again. Judgement and deadline are one function, so that they cannot disagree. To add a rule: a file
//! with `Settings` and `Rule`, its name in `rules!`, its sentence in `text`.

use crate::engine::seen::{Ended, Pressed, Seen};
use crate::model::home::Home;
use crate::model::reason::Reason;
use crate::model::time::Timestamp;
use serde::Deserialize;

/// A judgement made again and again.
pub trait Rule: Send + Sync {
    /// Its name in configs, histories and reports.
    fn name(&self) -> &'static str;
    /// What it finds at `now`, and when to look again if nothing happens before (strictly later than `now`).
    fn judge(&self, now: Timestamp, known: &Known) -> Finding;
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

macro_rules! rules {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*

        /// The settings of all rules, as in `[rules]` of the configuration.
        #[derive(Debug, Clone, PartialEq, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Settings {
            /// Rules that are switched off, by name.
            pub off: Vec<String>,
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
    call_button, service_button, inactivity, rhythm, silent_sensor, stuck_sensor, low_battery, tamper, weak_signal, link_lost, flood,
    not_observed,
}

impl Settings {
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
    use crate::model::time::{Span, Zone};

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
