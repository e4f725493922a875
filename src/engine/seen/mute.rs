//! A source whose driver says that all is well, and from which nothing comes any more: a coordinator that hangs, a receiver
//! whose aerial fell off. That is one fault of the source, not one of each sensor behind it.
//!
//! Judged whenever a sensor of a source is silent for too long. If nothing came from the whole source for so long that a
//! second one is overdue too, beyond half its limit and beyond what is usual for it, then it is the source. If others were heard
//! in between, or may well be silent for so long, the sensor is told by itself; and the source when all that fell silent
//! with its last frame are silent for too long. A sensor that was overdue already when its source was heard last is no part
//! of it, and one sensor alone makes no source mute: nobody can tell.

use super::{Heard, Seen};
use crate::model::home::{Home, Sensor};
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// A source from which nothing comes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mute<'a> {
    /// Its path.
    pub source: &'a str,
    /// Since when: its last frame, or since it could be heard at all.
    pub since: Timestamp,
    /// Since when that is too long: what its sensors were told for before stands, what comes later is part of this.
    pub at: Timestamp,
}

/// The sensors of one source, as far as they check in.
struct Group {
    /// The last frame of any sensor behind it.
    since: Timestamp,
    /// Those that check in.
    sensors: Vec<ChecksIn>,
}

/// A sensor that checks in.
struct ChecksIn {
    heard: Timestamp,
    /// When it is silent for too long.
    too_long_at: Timestamp,
    /// It is overdue after this.
    patience: Span,
}

/// When each source was heard last.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Sources(Vec<(String, Option<Timestamp>)>);

impl Sources {
    pub(super) fn join(&mut self, source: &str) {
        if self.0.iter().all(|(name, _)| name != source) {
            self.0.push((source.to_owned(), None));
        }
    }

    pub(super) fn heard(&mut self, source: &str, at: Timestamp) {
        if let Some((_, heard)) = self.0.iter_mut().find(|(name, _)| name == source) {
            *heard = Some(at);
        }
    }

    /// Whether each of them was heard less than `within` ago.
    fn all_heard(&self, now: Timestamp, within: Span) -> bool {
        self.0.iter().all(|(_, heard)| heard.is_some_and(|at| now - at < within))
    }

    pub(super) fn shift(&mut self, by: Span) {
        self.0.iter_mut().filter_map(|(_, heard)| heard.as_mut()).for_each(|at| *at += by);
    }
}

/// The mute source that `sensor` is behind.
pub fn of<'a, 'b>(mutes: &'b [Mute<'a>], sensor: &Sensor) -> Option<&'b Mute<'a>> {
    mutes.iter().find(|mute| mute.source == sensor.source)
}

impl Seen {
    /// Every source that is mute at `now`.
    pub fn mutes<'a>(&self, home: &'a Home, now: Timestamp) -> Vec<Mute<'a>> {
        if !self.judges_mutes || self.outlooks.first().unheard_at.is_none_or(|first| first > now) {
            return Vec::new();
        }
        // Asked at every input while some sensor is silent: mostly its source was heard a moment ago.
        if self.sources.all_heard(now, self.shortest_limit / 2) {
            return Vec::new();
        }
        let groups = self.groups(home);
        groups
            .iter()
            .filter_map(|(source, group)| Some((*source, group.since, group.mute_at()?)))
            .filter(|(_, _, at)| *at <= now)
            .map(|(source, since, at)| Mute { source, since, at })
            .collect()
    }

    /// When [`Seen::mutes`] could change by time alone.
    pub fn mutes_change_at(&self, now: Timestamp) -> Option<Timestamp> {
        if self.judges_mutes { self.outlooks.next_unheard(now) } else { None }
    }

    /// Whether a frame of `sensor` at `at` is the first one after its source was mute.
    pub(super) fn ends_mute(&self, home: &Home, sensor: &Sensor, at: Timestamp) -> bool {
        let heard_at = self.sensors.get(&sensor.id).and_then(|heard| heard.heard_at);
        // Mostly it spoke a moment ago itself.
        let may_be = heard_at.is_none_or(|heard_at| at - heard_at >= self.shortest_limit / 2);
        may_be && of(&self.mutes(home, at), sensor).is_some()
    }

    /// The source of `sensor` is heard again: how long the others are silent by themselves is known only from here on. What
    /// was told of one of them before stands.
    pub(super) fn heard_again(&mut self, home: &Home, sensor: &Sensor, at: Timestamp) {
        let mutes = self.mutes(home, at);
        let Some(mute_at) = of(&mutes, sensor).map(|mute| mute.at) else { return };
        let behind = home.sensors.values().filter(|other| other.source == sensor.source);
        let part_of_it = |other: &&Sensor| {
            let too_long_at = self.unheard_too_long_at(other, self.sensors.get(&other.id));
            too_long_at.is_none_or(|too_long_at| too_long_at >= mute_at)
        };
        let part_of_it: Vec<_> = behind.filter(part_of_it).map(|other| other.id.clone()).collect();
        for id in part_of_it {
            if let Some(heard) = self.sensors.get_mut(&id) {
                heard.audible_since = Some(at);
            }
        }
        self.look_ahead_all(home);
    }

    fn unheard_too_long_at(&self, sensor: &Sensor, heard: Option<&Heard>) -> Option<Timestamp> {
        self.unheard(sensor, heard).map(|silence| silence.too_long_at())
    }

    fn groups<'a>(&self, home: &'a Home) -> BTreeMap<&'a str, Group> {
        let mut groups = BTreeMap::<&str, Group>::new();
        // A link that is down is told as that.
        for (sensor, heard) in self.with_heard(home).filter(|(sensor, _)| self.links.is_up(&sensor.source)) {
            let Some(since) = self.silent_since(sensor, heard) else { continue };
            let group = groups.entry(&sensor.source).or_insert_with(|| Group { since, sensors: Vec::new() });
            group.since = group.since.max(since);
            if let (Some(silence), Some(limit)) = (self.unheard(sensor, heard), self.silence_limit(sensor, heard)) {
                let usual = heard.and_then(|heard| heard.rhythm.longest).unwrap_or(limit / 2);
                let patience = usual.max(limit / 2).min(limit);
                let (heard, too_long_at) = (silence.since, silence.too_long_at());
                group.sensors.push(ChecksIn { heard, too_long_at, patience });
            }
        }
        groups
    }
}

impl Group {
    /// From when on the source is mute if nothing comes from it; absent where that cannot be told.
    fn mute_at(&self) -> Option<Timestamp> {
        let fell_silent_with_it = |sensor: &&ChecksIn| self.since - sensor.heard < sensor.patience;
        let together: Vec<&ChecksIn> = self.sensors.iter().filter(fell_silent_with_it).collect();
        if together.len() < SENSORS_MIN {
            return None;
        }
        let overdue = |at: Timestamp| together.iter().filter(|sensor| at - self.since >= sensor.patience).count();
        let deadlines = || together.iter().map(|sensor| sensor.too_long_at);
        let all_silent_at = || deadlines().max().filter(|at| overdue(*at) > 0);
        deadlines().filter(|at| overdue(*at) >= SENSORS_MIN).min().or_else(all_silent_at)
    }
}

/// One silent sensor is a silent sensor.
const SENSORS_MIN: usize = 2;
