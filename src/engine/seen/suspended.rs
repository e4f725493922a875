//! Which suspensions hold, and what follows from their end.

use crate::model::home::{Sensor, SensorKind};
use crate::model::suspension::{Absence, Change, Suspension};
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// The suspensions of the home: of each kind at most one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Suspended {
    by_kind: BTreeMap<Absence, Suspension>,
    /// The last time that somebody should have been back.
    pub back_at: Option<Back>,
    /// The end of the last absence: what nobody did before it was nobody's omission.
    pub ended_at: Option<Timestamp>,
    /// Until when others, or somebody's animal, moved about there; those that still do are not counted.
    others_until: Option<Timestamp>,
}

/// Somebody should be back.
#[derive(Debug, Clone, PartialEq)]
pub struct Back {
    /// From what.
    pub kind: Absence,
    /// Who answered for it.
    pub owner: String,
    /// Since when.
    pub at: Timestamp,
}

/// Whoever packs and leaves moves about for so long after an absence has begun.
pub const LEAVING: Span = Span::minutes(30);

/// … and whoever presses the button at the door, for so long.
const LEAVING_BY_BUTTON: Span = Span::minutes(10);

pub use crate::model::suspension::HOME;

impl Suspended {
    /// Whether a suspension that holds at `now` holds back `rule`.
    pub fn holds(&self, now: Timestamp, rule: &str) -> bool {
        self.active(now).any(|suspension| suspension.kind.holds(rule))
    }

    /// Those that hold at `now`.
    pub fn active(&self, now: Timestamp) -> impl Iterator<Item = &Suspension> {
        self.by_kind.values().filter(move |suspension| (suspension.from..suspension.until).contains(&now))
    }

    /// Whether nothing was said.
    pub fn is_nothing(&self) -> bool {
        self.by_kind.is_empty()
    }

    /// Since when nobody is there at `now`, by what was said; also where the end has come and was not taken note of.
    pub(super) fn empty_since(&self, now: Timestamp) -> Option<Timestamp> {
        let empty = self.by_kind.values().filter(|suspension| suspension.kind.is_empty_home());
        empty.map(|suspension| suspension.from).filter(|from| *from <= now).min()
    }

    /// Since when others move about there at `now`, by what was said.
    pub(super) fn shared_since(&self, now: Timestamp) -> Option<Timestamp> {
        self.shared().map(|suspension| suspension.from).filter(|from| *from <= now).min()
    }

    /// The last end at or before `now` of others moving about there, by what was said.
    pub(super) fn shared_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.shared().map(|suspension| suspension.until).filter(|until| *until <= now).max()
    }

    fn shared(&self) -> impl Iterator<Item = &Suspension> {
        self.by_kind.values().filter(|suspension| suspension.kind.is_shared_home())
    }

    /// Whether what moves there at `at` can only be the resident, and since `from` it could.
    pub fn moves_alone(&self, from: Timestamp, at: Timestamp) -> bool {
        let is_other = |said: &Suspension| with_others(said.kind) || said.kind.is_empty_home();
        !self.active(at).any(is_other) && self.others_until.is_none_or(|until| until <= from)
    }

    /// Those that hold or will.
    pub fn all(&self) -> impl Iterator<Item = &Suspension> {
        self.by_kind.values()
    }

    /// When something begins or ends next after `now`.
    pub fn changes_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.by_kind.values().flat_map(|suspension| [suspension.from, suspension.until]).filter(|at| *at > now).min()
    }

    pub(super) fn change(&mut self, at: Timestamp, change: &Change) -> Option<Timestamp> {
        match change {
            Change::Begin(suspension) => {
                let before = self.by_kind.insert(suspension.kind, suspension.clone());
                if before.as_ref().is_some_and(|before| with_others(before.kind) && before.from <= at) {
                    self.others_until = self.others_until.max(Some(at));
                }
                // One that holds gives way to a later one: until that begins somebody is expected at home.
                let is_over = |before: &Suspension| before.kind.is_empty_home() && before.from <= at;
                before.filter(is_over).filter(|_| suspension.from > at).map(|_| at)
            }
            Change::End { kind, .. } => self.end(at, *kind),
        }
    }

    /// Time has come to `now`; says when an absence ended that kept the quiet from counting.
    pub(super) fn pass(&mut self, now: Timestamp) -> Option<Timestamp> {
        if self.by_kind.values().all(|suspension| suspension.until > now) {
            return None;
        }
        let over: Vec<(Absence, Timestamp)> = self
            .by_kind
            .values()
            .filter(|suspension| suspension.until <= now)
            .map(|suspension| (suspension.kind, suspension.until))
            .collect();
        over.into_iter().filter_map(|(kind, until)| self.end(until, kind)).max()
    }

    /// The button that says "I am out" or "I am back".
    pub(super) fn pressed_away(&mut self, at: Timestamp, lasts: Span) -> Option<Timestamp> {
        if self.by_button().is_some() {
            self.back_at = None;
            let ended = self.by_kind.remove(&Absence::Away).map(|_| at);
            return ended;
        }
        if !self.by_kind.contains_key(&Absence::Away) {
            let (kind, owner, why) = (Absence::Away, HOME.to_owned(), String::new());
            self.by_kind.insert(kind, Suspension { kind, owner, why, from: at, until: at + lasts });
        }
        None
    }

    /// Somebody was seen at `sensor`: whoever said "I am out" is back, and nobody need be looked for.
    pub(super) fn saw(&mut self, at: Timestamp, sensor: &Sensor) -> Option<Timestamp> {
        self.back_at = None;
        let is_inside = sensor.kind.watches_for_life() && sensor.kind != SensorKind::OuterDoor;
        let is_back = is_inside && self.by_button().is_some_and(|away| at - away.from > LEAVING_BY_BUTTON);
        is_back.then(|| self.by_kind.remove(&Absence::Away)).flatten().map(|_| at)
    }

    fn by_button(&self) -> Option<&Suspension> {
        self.by_kind.get(&Absence::Away).filter(|suspension| suspension.owner == HOME)
    }

    fn end(&mut self, at: Timestamp, kind: Absence) -> Option<Timestamp> {
        let suspension = self.by_kind.remove(&kind).filter(|suspension| suspension.from <= at)?;
        if with_others(kind) {
            self.others_until = self.others_until.max(Some(at));
        }
        if !kind.is_empty_home() {
            return None;
        }
        self.back_at = Some(Back { kind, owner: suspension.owner, at });
        Some(at)
    }

    pub(super) fn shift(&mut self, by: Span) {
        for suspension in self.by_kind.values_mut() {
            suspension.from += by;
            suspension.until += by;
        }
        let back_at = self.back_at.as_mut().map(|back| &mut back.at);
        back_at.into_iter().chain(&mut self.ended_at).chain(&mut self.others_until).for_each(|at| *at += by);
    }
}

/// Whether somebody else moves about there, or the sensors are moved.
fn with_others(kind: Absence) -> bool {
    kind.is_shared_home() || kind == Absence::Cleaning
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn an_absence_that_gives_way_to_a_later_one_is_over_until_that_begins() {
        let hour = |hour: i64| from_millis(hour * 3_600_000);
        let away = |from, until| {
            let (kind, owner, why) = (Absence::Away, "p-03".to_owned(), "visits her sister".to_owned());
            Change::Begin(Suspension { kind, owner, why, from: hour(from), until: hour(until) })
        };
        let mut suspended = Suspended::default();
        assert_eq!(suspended.change(hour(0), &away(0, 10)), None);
        assert_eq!(suspended.change(hour(1), &away(0, 20)), None, "a longer one goes on");
        assert_eq!(suspended.change(hour(2), &away(50, 60)), Some(hour(2)), "whoever is back is watched");
        assert_eq!(suspended.change(hour(3), &away(51, 60)), None, "it had not begun");
    }
}
