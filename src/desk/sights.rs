//! How each home could be seen, and since when: written down where it changes, so that reports know how long homes were watched.
//!
//! What a home tells of itself is believed until it tells otherwise; from when to when the station listened at all is written
//! down apart. In between nothing is known, and nothing is counted.

use crate::desk::Desk;
use crate::desk::input::{Condition, Effect, Recorded};
use crate::desk::report::Range;
use crate::model::event::HomeSight;
use crate::model::ids::HomeId;
use crate::model::suspension::Absence;
use crate::model::time::{Millis, Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a home can be seen, as its heartbeats tell it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sight {
    /// Nothing there that could show life can be heard.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub blind: bool,
    /// It still learns what is usual.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub learning: bool,
    /// Suspensions that hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suspended: Vec<Held>,
}

/// A suspension that holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Held {
    /// Why; absent where the home knows a kind that this program does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Absence>,
    /// Its end, by the home's clock.
    #[serde(with = "Millis", rename = "until_ms")]
    pub until: Timestamp,
    /// Who answers for it.
    pub owner: String,
}

impl Sight {
    fn of(now: Timestamp, condition: &Condition) -> Sight {
        let holds = condition.suspended.iter().filter(|said| said.from <= now && now < said.until);
        let held = |said: &crate::desk::Suspended| Held {
            kind: said.kind,
            until: said.until,
            owner: said.owner.chars().take(OWNER_LENGTH_MAX).collect(),
        };
        let mut suspended: Vec<Held> = holds.map(held).collect();
        suspended.sort();
        Sight { blind: condition.blind, learning: condition.learning.is_some(), suspended }
    }

    /// The worst that is true.
    pub fn state(&self) -> HomeSight {
        if self.blind {
            HomeSight::CannotSee
        } else if !self.suspended.is_empty() {
            HomeSight::Suspended
        } else if self.learning {
            HomeSight::Learning
        } else {
            HomeSight::Heard
        }
    }

    /// The end of the suspension that ends last.
    pub fn suspended_until(&self) -> Option<Timestamp> {
        self.suspended.iter().map(|held| held.until).max()
    }
}

/// How all homes can be seen and could be.
#[derive(Debug, Clone, Default)]
pub(super) struct Sights {
    homes: BTreeMap<HomeId, Known>,
    /// When the station listened, oldest first.
    listened: Vec<(Timestamp, Timestamp)>,
    /// Since when it does now, and when that was written down last. Not written down itself.
    listens: Option<(Timestamp, Timestamp)>,
}

#[derive(Debug, Clone, Default)]
struct Known {
    now: Sight,
    /// From when on it could be seen how, oldest first.
    past: Vec<(Timestamp, HomeSight)>,
}

/// How a home could be seen in a time.
#[derive(Debug, Clone, PartialEq)]
pub struct HomeTimes {
    /// Which home.
    pub home: HomeId,
    /// From when to when, and how; what is in none of these nobody knows.
    pub spans: Vec<(Timestamp, Timestamp, HomeSight)>,
}

impl Sights {
    /// A home told something new of itself.
    pub fn learn(&mut self, at: Timestamp, home: HomeId, sight: Sight) {
        let known = self.homes.entry(home).or_default();
        let state = sight.state();
        if known.past.last().is_none_or(|(_, last)| *last != state) {
            known.past.push((at, state));
        }
        let old = known.past.iter().take_while(|(then, _)| at - *then > KEPT).count().saturating_sub(1);
        let surplus = known.past.len().saturating_sub(CHANGES_MAX).max(old);
        known.past.drain(..surplus);
        known.now = sight;
    }

    /// The station listened from then until then.
    pub fn learn_listened(&mut self, from: Timestamp, to: Timestamp) {
        match self.listened.last_mut() {
            Some(last) if last.0 == from => last.1 = last.1.max(to),
            _ => self.listened.push((from, to)),
        }
        let old = self.listened.iter().take_while(|(_, end)| to - *end > KEPT).count();
        let surplus = self.listened.len().saturating_sub(STRETCHES_MAX).max(old);
        self.listened.drain(..surplus);
    }

    pub fn of(&self, home: &HomeId) -> Option<&Sight> {
        self.homes.get(home).map(|known| &known.now)
    }
}

impl Desk {
    /// A home's newest word: how it can be seen is written down where it is news.
    pub(super) fn sight_heard(&mut self, now: Timestamp, home: &HomeId, effects: &mut Vec<Effect>) {
        let Some(condition) = self.watch.homes.get(home).and_then(|seen| seen.condition.as_ref()) else { return };
        let sight = Sight::of(now, condition);
        if self.sights.of(home) != Some(&sight) {
            self.record(Recorded::Sight { at: now, home: home.clone(), sight }, effects);
        }
    }

    /// The station's own way to the homes came up or broke.
    pub(super) fn listening(&mut self, now: Timestamp, up: bool, effects: &mut Vec<Effect>) {
        match (self.sights.listens, up) {
            (None, true) => self.sights.listens = Some((now, now)),
            (Some((from, _)), false) => {
                self.sights.listens = None;
                self.record(Recorded::Listened { at: now, from }, effects);
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    /// That it listens still is written down now and then: a power cut takes no more than that.
    pub(super) fn listens_still(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some((from, written_at)) = self.sights.listens else { return };
        if now < written_at {
            // The clock was set back: what was before is told by what was written.
            self.sights.listens = Some((now, now));
        } else if let passed @ 1.. = (now - written_at).num_seconds() / LISTENED_EVERY.num_seconds() {
            // At its own instant, whenever somebody looks.
            let at = written_at + LISTENED_EVERY * i32::try_from(passed).unwrap_or(i32::MAX);
            self.sights.listens = Some((from, at));
            self.record(Recorded::Listened { at, from }, effects);
        }
    }

    /// How each home could be seen in `range`, as far as is written down at `now`.
    pub fn home_times(&self, range: Range, now: Timestamp) -> Vec<HomeTimes> {
        let until = now.min(range.to);
        let listened = self.sights.listened.iter().copied();
        let within = |(from, to): (Timestamp, Timestamp)| (from.max(range.from), to.min(until));
        let mut listened: Vec<_> = listened.map(within).filter(|(from, to)| from < to).collect();
        listened = crate::desk::report::united(listened);
        let of_home = |(home, known): (&HomeId, &Known)| HomeTimes {
            home: home.clone(),
            spans: known.spans(range.from, until, &listened),
        };
        self.sights.homes.iter().map(of_home).collect()
    }
}

impl Known {
    fn spans(
        &self,
        from: Timestamp,
        until: Timestamp,
        listened: &[(Timestamp, Timestamp)],
    ) -> Vec<(Timestamp, Timestamp, HomeSight)> {
        let ends = self.past.iter().skip(1).map(|(at, _)| *at).chain([until]);
        let stretches = self.past.iter().zip(ends).map(|((at, state), end)| ((*at).max(from), end.min(until), *state));
        let mut spans = Vec::new();
        for (begin, end, state) in stretches.filter(|(begin, end, _)| begin < end) {
            let first = listened.partition_point(|(_, to)| *to <= begin);
            let heard = listened.iter().skip(first).take_while(|(from, _)| *from < end);
            spans.extend(heard.map(|(from, to)| ((*from).max(begin), (*to).min(end), state)));
        }
        spans
    }
}

/// For reports of a year and a little; older lines are in the history.
const KEPT: Span = Span::days(400);
/// Of one home; one that changes oftener than once a day is known for less long.
const CHANGES_MAX: usize = 400;
/// A station that loses its broker once an hour is known for half a year.
const STRETCHES_MAX: usize = 4_000;
const LISTENED_EVERY: Span = Span::minutes(10);
const OWNER_LENGTH_MAX: usize = 64;
