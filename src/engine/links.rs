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

use crate::engine::seen::BRIDGED;
use crate::model::home::{Home, Sensor};
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// The ways to the sensors.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Links {
    states: BTreeMap<String, State>,
    /// How many of them are down.
    down: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct State {
    up: bool,
    since: Timestamp,
    /// Since when it is up, or was when it was lost, without a gap that matters.
    heard_since: Timestamp,
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
    pub fn set(&mut self, home: &Home, at: Timestamp, name: &str, up: bool) -> bool {
        if self.states.get(name).is_some_and(|state| state.up == up) {
            return false;
        }
        let is_full = !self.states.contains_key(name) && self.states.len() >= KEPT_MAX;
        if is_full && !self.forget_a_bridge(home, carries_a_source(home, name)) {
            return false;
        }
        let unbroken = self.states.get(name).filter(|before| !up || at - before.since <= BRIDGED);
        let heard_since = unbroken.map_or(at, |before| before.heard_since);
        self.states.insert(name.to_owned(), State { up, since: at, heard_since });
        self.count();
        true
    }

    /// Whether any link is down.
    pub fn any_is_down(&self) -> bool {
        self.down > 0
    }

    /// A run begins, or goes on after a standstill: a link is what it was until it says otherwise, and one that no sensor
    /// needs any more is forgotten.
    pub fn begin(&mut self, home: &Home) {
        self.states.retain(|name, _| home.sensors.values().any(|sensor| concerns(name, &sensor.source)));
        self.count();
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
        !self.any_is_down() || self.is_up_among_lost(source)
    }

    fn is_up_among_lost(&self, source: &str) -> bool {
        self.carriers(source).all(|state| state.up) && !self.has_lost_all_bridges(source)
    }

    /// Until when a sensor of `source` that was not heard since `heard_at` may be missing only because one of several
    /// bridges is lost since: nobody can tell behind which of them it is. A bridge that is not repaired in that time has been
    /// retired, and a sensor that is not heard is missing.
    pub fn excuses_until(&self, source: &str, heard_at: Option<Timestamp>) -> Option<Timestamp> {
        if !self.any_is_down() {
            return None;
        }
        let lost = self.bridges(source).map(|(_, state)| state).filter(|state| !state.up);
        lost.filter(|state| heard_at.is_none_or(|at| at <= state.since)).map(|state| state.since + EXCUSED_FOR).max()
    }

    /// What of the way to `source` is lost, and since when it is: the first of what carries it, or the last of its bridges.
    pub fn lost_for<'a>(&'a self, source: &'a str) -> Option<(&'a str, Timestamp)> {
        let down = |name: &'a str| self.states.get(name).filter(|state| !state.up).map(|state| (name, state.since));
        let carriers = parents(source).chain([source]).filter_map(down);
        let bridges = self.bridges(source).filter(|(_, state)| !state.up);
        let bridges = bridges.map(|(name, state)| (name.as_str(), state.since));
        carriers.min_by_key(|(_, since)| *since).or_else(|| bridges.max_by_key(|(_, since)| *since))
    }

    /// Since when the way to `source` is as it is now, where anything is known of it.
    pub fn since(&self, source: &str) -> Option<Timestamp> {
        if self.states.is_empty() {
            return None;
        }
        let bridges = self.bridges(source).map(|(_, state)| state);
        self.carriers(source).chain(bridges).map(|state| state.since).max()
    }

    /// Since when frames from `source` can arrive, but for gaps of seconds, where anything is known of it.
    pub fn heard_since(&self, source: &str) -> Option<Timestamp> {
        let bridges = self.bridges(source).map(|(_, state)| state);
        self.carriers(source).chain(bridges).map(|state| state.heard_since).max()
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
        self.states.values_mut().flat_map(|state| [&mut state.since, &mut state.heard_since]).for_each(|at| *at += by);
    }

    /// Made-up bridges must not fill the memory: one that is up can be heard of again, one that nobody needs is no matter.
    /// For what carries a source any bridge goes, the newest first, for its loss may not be told yet; and where there are
    /// none, there are no more names than the config has.
    fn forget_a_bridge(&mut self, home: &Home, for_a_source: bool) -> bool {
        let bridges = || self.states.iter().filter(|(name, _)| !carries_a_source(home, name));
        let is_needed = |name: &str| home.sensors.values().any(|sensor| concerns(name, &sensor.source));
        let idle = bridges().find(|(_, state)| state.up).or_else(|| bridges().find(|(name, _)| !is_needed(name)));
        let newest = || bridges().filter(|_| for_a_source).max_by_key(|(_, state)| state.since);
        let name = idle.or_else(newest).map(|(name, _)| name.clone());
        name.map_or(for_a_source, |name| self.states.remove(&name).is_some())
    }

    fn count(&mut self) {
        self.down = self.states.values().filter(|state| !state.up).count();
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

/// Whether `name` is, or carries, the source of a sensor: no bridge.
fn carries_a_source(home: &Home, name: &str) -> bool {
    home.sensors.values().any(|sensor| name == sensor.source || is_within(&sensor.source, name))
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

/// A long weekend: what was lost on Friday evening is repaired by the end of the next working day.
const EXCUSED_FOR: Span = Span::hours(72);

/// Sources, ports and bridges of a large home are a few dozen.
const KEPT_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::testing::home;
    use crate::model::time::from_millis;

    fn links(states: &[(&str, bool)]) -> Links {
        let mut links = Links::default();
        for (nth, (name, up)) in states.iter().enumerate() {
            links.set(&home(), from_millis(nth as i64), name, *up);
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
        assert!(links.set(&home(), from_millis(9), "mqtt/z/b/c", false));
        assert!(!links.is_up("mqtt/z"));
        assert_eq!(links.lost().count(), 3);
        assert!(links.set(&home(), from_millis(10), "mqtt/z/a", true) && links.is_up("mqtt/z"));
        assert!(!links.set(&home(), from_millis(11), "mqtt/z/a", true), "no news");
    }

    #[test]
    fn made_up_bridges_do_not_fill_the_memory() {
        let mut links = Links::default();
        for n in 0..100_000 {
            links.set(&home(), from_millis(n), &format!("mqtt/z/{n}"), true);
        }
        assert_eq!(links.states.len(), KEPT_MAX);
        assert!(links.set(&home(), from_millis(0), "radio", false) && !links.is_up("radio"));
    }

    #[test]
    fn a_real_loss_is_never_refused_however_many_made_up_bridges_are_down() {
        let mut links = Links::default();
        for n in 0..2 * KEPT_MAX as i64 {
            links.set(&home(), from_millis(n), &format!("mqtt/{n}"), false);
        }
        assert!(links.is_up("radio") && links.states.len() == KEPT_MAX);
        for source in ["radio", "mqtt"] {
            assert!(links.set(&home(), from_millis(9_999), source, false) && !links.is_up(source), "{source}");
        }
        assert!(links.states.len() <= KEPT_MAX);
        assert!(links.state("mqtt/0").is_some(), "what was told first stands");
    }

    #[test]
    fn a_bridge_that_was_retired_excuses_nobody_for_ever() {
        let links = links(&[("mqtt/old", false), ("mqtt/new", true)]);
        assert_eq!(links.excuses_until("mqtt", None), Some(from_millis(0) + EXCUSED_FOR));
        assert_eq!(links.excuses_until("mqtt", Some(from_millis(1))), None, "heard since");
    }
}
