//! When time alone could change what is judged of the sensors, kept beside them: a rule asks at every input, and an input
//! changes the outlook of one sensor.
//!
//! What stands here is what the judgement itself says at that moment, never an estimate of it: where something is due, the
//! judgement is asked.

use super::{Heard, Seen};
use crate::model::home::{Home, Sensor};
use crate::model::ids::SensorId;
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeSet;

/// The outlook of every sensor.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Outlooks {
    /// In the order in which they joined.
    each: Vec<Outlook>,
    /// The earliest of each instant.
    first: Outlook,
    /// Sensors whose battery, cover or signal is, or was, a matter.
    ailing: BTreeSet<SensorId>,
}

/// What time alone could change of one sensor.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Outlook {
    /// From then on nothing came from it for too long.
    pub unheard_at: Option<Timestamp>,
    /// From then on it is silent, be it only by its bridge's word.
    pub silent_at: Option<Timestamp>,
    /// It is not stuck before.
    pub stuck_from: Option<Timestamp>,
    /// When it has to be looked at for being stuck.
    pub stuck_looks: Option<Timestamp>,
}

impl Outlooks {
    /// A sensor joined; its place.
    pub(super) fn join(&mut self) -> usize {
        self.each.push(Outlook::default());
        self.each.len() - 1
    }

    pub(super) fn first(&self) -> &Outlook {
        &self.first
    }

    pub(super) fn of(&self, heard: &Heard) -> Option<&Outlook> {
        self.each.get(heard.place)
    }

    /// The earliest instant after `now` at which nothing came from a sensor for too long.
    pub(super) fn next_unheard(&self, now: Timestamp) -> Option<Timestamp> {
        match self.first.unheard_at {
            Some(first) if first <= now => self.each.iter().filter_map(|o| o.unheard_at).filter(|at| *at > now).min(),
            later => later,
        }
    }

    pub(super) fn ailing(&self) -> &BTreeSet<SensorId> {
        &self.ailing
    }

    fn set(&mut self, place: usize, new: Outlook) {
        let Some(old) = self.each.get_mut(place).map(|old| std::mem::replace(old, new)) else { return };
        let fields: [fn(&mut Outlook) -> &mut Option<Timestamp>; 4] =
            [|o| &mut o.unheard_at, |o| &mut o.silent_at, |o| &mut o.stuck_from, |o| &mut o.stuck_looks];
        let (mut old, mut new) = (old, new);
        for field in fields {
            let (was, is) = (*field(&mut old), *field(&mut new));
            let first = field(&mut self.first);
            if is.is_some() && (first.is_none() || is < *first) {
                *first = is;
            } else if was == *first && is != was {
                *first = self.each.iter_mut().filter_map(|outlook| *field(outlook)).min();
            }
        }
    }

    pub(super) fn shift(&mut self, by: Span) {
        for outlook in self.each.iter_mut().chain([&mut self.first]) {
            let Outlook { unheard_at, silent_at, stuck_from, stuck_looks } = outlook;
            for at in [unheard_at, silent_at, stuck_from, stuck_looks].into_iter().flatten() {
                *at = at.checked_add_signed(by).unwrap_or(*at);
            }
        }
    }
}

impl Seen {
    /// `sensor` said something, or its way changed: what is to be expected of it now.
    pub(super) fn look_ahead(&mut self, sensor: &Sensor) {
        let Some(heard) = self.sensors.get(&sensor.id) else { return };
        let unheard_at = self.unheard(sensor, Some(heard)).map(|silence| silence.too_long_at());
        let silent = || self.silence(sensor, Some(heard)).map(|silence| silence.too_long_at());
        let silent_at = if sensor.offline_is_silent { silent() } else { unheard_at };
        let (stuck_from, stuck_looks) = self.stuck_outlook(sensor, heard);
        let (place, ails) = (heard.place, heard.ails());
        self.outlooks.set(place, Outlook { unheard_at, silent_at, stuck_from, stuck_looks });
        if ails && !self.outlooks.ailing.contains(&sensor.id) {
            self.outlooks.ailing.insert(sensor.id.clone());
        }
    }

    /// The same of every sensor: what all of them depend on has changed.
    pub(super) fn look_ahead_all(&mut self, home: &Home) {
        home.sensors.values().for_each(|sensor| self.look_ahead(sensor));
    }

    /// Sensors whose battery, cover or signal is, or was, a matter, in the order of their names.
    pub fn ailing<'a, 'h>(&'a self, home: &'h Home) -> impl Iterator<Item = (&'h Sensor, &'a Heard)> {
        let ailing = self.outlooks.ailing().iter();
        ailing.filter_map(|id| Some((home.sensors.get(id)?, self.sensors.get(id)?)))
    }

    /// When the first sensor of all is, or was, silent by itself.
    pub fn first_silent_at(&self) -> Option<Timestamp> {
        self.outlooks.first().silent_at
    }

    /// When `heard` is, or was, silent by itself.
    pub fn silent_at(&self, heard: &Heard) -> Option<Timestamp> {
        self.outlooks.of(heard).and_then(|outlook| outlook.silent_at)
    }

    /// Before when no sensor is stuck, and when to look again.
    pub fn first_stuck(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let first = self.outlooks.first();
        (first.stuck_from, first.stuck_looks)
    }

    /// Before when `heard` is not stuck, and when to look again.
    pub fn stuck_of(&self, heard: &Heard) -> (Option<Timestamp>, Option<Timestamp>) {
        self.outlooks.of(heard).map_or((None, None), |outlook| (outlook.stuck_from, outlook.stuck_looks))
    }
}

impl Heard {
    fn ails(&self) -> bool {
        let battery =
            self.battery.as_ref().is_some_and(|battery| battery.low_since.is_some() || battery.falling.is_some());
        battery || self.tamper.is_some() || self.signal.weak_since.is_some()
    }
}

#[cfg(test)]
impl Seen {
    /// Whatever happened: what is kept is what the judgement itself would say now.
    pub(crate) fn assert_outlook(&self, home: &Home) {
        let mut anew = self.clone();
        anew.look_ahead_all(home);
        assert_eq!(anew.outlooks, self.outlooks, "what is kept beside the sensors is out of date");
        let ails = self.sensors.iter().filter(|(_, heard)| heard.ails());
        assert!(ails.into_iter().all(|(id, _)| self.outlooks.ailing.contains(id)));
        let mut first = Outlook::default();
        for outlook in &self.outlooks.each {
            let min = |a: Option<Timestamp>, b: Option<Timestamp>| a.into_iter().chain(b).min();
            first.unheard_at = min(first.unheard_at, outlook.unheard_at);
            first.silent_at = min(first.silent_at, outlook.silent_at);
            first.stuck_from = min(first.stuck_from, outlook.stuck_from);
            first.stuck_looks = min(first.stuck_looks, outlook.stuck_looks);
        }
        assert_eq!(first, self.outlooks.first);
    }
}
