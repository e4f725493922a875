//! How the ways to the sensors stand: brokers, serial ports, families behind a broker, bridges within a family.
//!
//! A name is a path, and what stands before a `/` carries what stands behind it. A sensor's source is such a path too:
//!
//! ```text
//! mqtt                           the home's broker
//! mqtt/zigbee2mqtt               a family behind it: the source of its sensors
//! mqtt/zigbee2mqtt/slzb06        one bridge of that family
//! radio                          a serial port: the source of its sensors
//! radio/3                        a gateway or a unit behind that port
//! ```
//!
//! Sensors cannot always be told apart by bridge: a source is down when it or what carries it is down, or when all of its
//! known bridges are.

use crate::model::home::{Home, Sensor};
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// The ways to the sensors.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Links {
    states: BTreeMap<String, State>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct State {
    up: bool,
    since: Timestamp,
}

/// A link that is down by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lost<'a> {
    /// Its path.
    pub name: &'a str,
    /// Since when.
    pub since: Timestamp,
    /// Since when what carries it is down as well: then nobody can know how the link itself is.
    pub carrier_lost: Option<Timestamp>,
}

impl Links {
    /// A link came or went; whether that is news.
    pub fn set(&mut self, at: Timestamp, name: &str, up: bool) -> bool {
        if self.states.get(name).is_some_and(|state| state.up == up) {
            return false;
        }
        if !self.states.contains_key(name) && self.states.len() >= KEPT_MAX && !self.forget_a_bridge() {
            return false;
        }
        self.states.insert(name.to_owned(), State { up, since: at });
        true
    }

    /// A run begins, or goes on after a standstill: a link is what it was until it says otherwise, and one that no sensor
    /// needs any more is forgotten.
    pub fn begin(&mut self, home: &Home) {
        self.states.retain(|name, _| home.sensors.values().any(|sensor| concerns(name, &sensor.source)));
    }

    /// Every link that was heard of: name, whether it is up by itself, and since when.
    pub fn all(&self) -> impl Iterator<Item = (&str, bool, Timestamp)> {
        self.states.iter().map(|(name, state)| (name.as_str(), state.up, state.since))
    }

    /// Whether this link is up by itself and since when, where it was heard of.
    pub fn state(&self, name: &str) -> Option<(bool, Timestamp)> {
        self.states.get(name).map(|state| (state.up, state.since))
    }

    /// Whether frames from `source` can arrive; one that was never heard of is believed.
    pub fn is_up(&self, source: &str) -> bool {
        // Asked for every sensor at every input: mostly everything is up.
        self.states.values().all(|state| state.up) || self.is_up_among_lost(source)
    }

    fn is_up_among_lost(&self, source: &str) -> bool {
        self.carriers(source).all(|state| state.up) && !self.has_lost_all_bridges(source)
    }

    /// Whether a sensor of `source` that was not heard since `heard_at` may be missing only because one of several
    /// bridges is lost since: nobody can tell behind which of them it is.
    pub fn excuses(&self, source: &str, heard_at: Option<Timestamp>) -> bool {
        !self.states.is_empty()
            && self.bridges(source).any(|(_, state)| !state.up && heard_at.is_none_or(|at| at <= state.since))
    }

    /// Since when the way to `source` is as it is now, where anything is known of it.
    pub fn since(&self, source: &str) -> Option<Timestamp> {
        if self.states.is_empty() {
            return None;
        }
        let bridges = self.bridges(source).map(|(_, state)| state);
        self.carriers(source).chain(bridges).map(|state| state.since).max()
    }

    /// Every link that is down by itself.
    pub fn lost(&self) -> impl Iterator<Item = Lost<'_>> {
        let down = self.states.iter().filter(|(_, state)| !state.up);
        down.map(|(name, state)| {
            let carriers = parents(name).filter_map(|parent| self.states.get(parent)).filter(|state| !state.up);
            Lost { name, since: state.since, carrier_lost: carriers.map(|state| state.since).min() }
        })
    }

    /// Whether frames of this sensor may be missing because `name` is lost: certainly, or perhaps where its source has
    /// other bridges that are up.
    pub fn is_behind(name: &str, sensor: &Sensor) -> bool {
        concerns(name, &sensor.source)
    }

    /// Moves every remembered instant by `by`.
    pub fn shift(&mut self, by: Span) {
        self.states.values_mut().for_each(|state| state.since += by);
    }

    /// Made-up bridges must not fill the memory: one that is up can be heard of again.
    fn forget_a_bridge(&mut self) -> bool {
        let is_bridge = |(name, state): &(&String, &State)| state.up && name.contains('/');
        let name = self.states.iter().find(is_bridge).map(|(name, _)| name.clone());
        name.is_some_and(|name| self.states.remove(&name).is_some())
    }

    fn carriers<'a>(&'a self, source: &'a str) -> impl Iterator<Item = &'a State> {
        parents(source).chain([source]).filter_map(|name| self.states.get(name))
    }

    fn bridges<'a>(&'a self, source: &'a str) -> impl Iterator<Item = (&'a String, &'a State)> {
        let later = self.states.range::<str, _>((std::ops::Bound::Excluded(source), std::ops::Bound::Unbounded));
        later.take_while(move |(name, _)| name.starts_with(source)).filter(move |(name, _)| is_within(name, source))
    }

    fn has_lost_all_bridges(&self, source: &str) -> bool {
        let mut bridges = self.bridges(source).peekable();
        bridges.peek().is_some() && bridges.all(|(_, state)| !state.up)
    }
}

/// Whether `name` carries `source`, is it, or is a bridge of it.
fn concerns(name: &str, source: &str) -> bool {
    name == source || is_within(source, name) || is_within(name, source)
}

fn is_within(name: &str, carrier: &str) -> bool {
    name.strip_prefix(carrier).is_some_and(|rest| rest.starts_with('/'))
}

/// `a/b/c` → `a`, `a/b`
fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(place, _)| &name[..place])
}

/// Sources, ports and bridges of a large home are a few dozen.
const KEPT_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    fn links(states: &[(&str, bool)]) -> Links {
        let mut links = Links::default();
        for (nth, (name, up)) in states.iter().enumerate() {
            links.set(from_millis(nth as i64), name, *up);
        }
        links
    }

    #[test]
    fn a_lost_broker_is_one_loss_and_takes_down_what_it_carries() {
        let links = links(&[("mqtt/zigbee2mqtt/a", false), ("mqtt", false)]);
        assert!(!links.is_up("mqtt/zigbee2mqtt") && !links.is_up("mqtt/tasmota") && links.is_up("radio"));
        let by_itself: Vec<_> = links.lost().filter(|lost| lost.carrier_lost.is_none()).map(|lost| lost.name).collect();
        assert_eq!(by_itself, ["mqtt"]);
        assert!(links.is_up("mqtt2"), "another name that begins alike");
    }

    #[test]
    fn a_family_is_down_only_when_all_its_known_bridges_are() {
        let mut links = links(&[("mqtt", true), ("mqtt/z/a", false), ("mqtt/z/b/c", true), ("mqtt/zz/d", false)]);
        assert!(links.is_up("mqtt/z") && !links.is_up("mqtt/zz"));
        assert!(links.set(from_millis(9), "mqtt/z/b/c", false));
        assert!(!links.is_up("mqtt/z"));
        assert_eq!(links.lost().count(), 3);
        assert!(links.set(from_millis(10), "mqtt/z/a", true) && links.is_up("mqtt/z"));
        assert!(!links.set(from_millis(11), "mqtt/z/a", true), "no news");
    }

    #[test]
    fn made_up_bridges_do_not_fill_the_memory() {
        let mut links = Links::default();
        for n in 0..100_000 {
            links.set(from_millis(n), &format!("mqtt/z/{n}"), true);
        }
        assert_eq!(links.states.len(), KEPT_MAX);
        assert!(links.set(from_millis(0), "radio", false) && !links.is_up("radio"));
    }
}
