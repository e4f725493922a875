//! Which device does a person press just now? Noise makes false devices and a home is never still, so once is not enough: a
//! device has to be heard at least twice within ten seconds, and clearly more often than any other.

use crate::cmd::listen::ear::Said;
use crate::model::home::SensorKind;
use crate::model::ids::SensorId;
use crate::model::observation::{Evidence, Measure, Reading};
use crate::model::purpose::measures_its_kind;
use crate::model::time::{Span, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// All that may be meant.
pub struct Candidates {
    /// What the sensor is to be for, where that is known.
    kind: Option<SensorKind>,
    heard: BTreeMap<Key, Candidate>,
    /// The last level of each device and kind: a state that is said again is no press.
    levels: BTreeMap<(Key, String), bool>,
    /// When the first device was heard often enough.
    enough_at: Option<Timestamp>,
}

/// What can be learned: a device, or one code of a radio.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Its family.
    pub family: &'static str,
    /// Its name within the family.
    pub device: String,
    /// The code, where that is all there is.
    pub code: Option<String>,
}

/// What was heard of one of them.
#[derive(Debug, Default)]
pub struct Candidate {
    /// When it may have been pressed.
    pub heard: VecDeque<Timestamp>,
    /// The last reading of each kind.
    pub readings: Vec<Reading>,
    sensors: Vec<SensorId>,
}

/// What it came to.
pub enum Heard<'c> {
    /// One, clearly more often than any other.
    Clearly(&'c Key, &'c Candidate),
    /// Clearly one that is registered already.
    Known(&'c [SensorId]),
    /// Several that are about equally loud, the loudest first.
    Several(Vec<(&'c Key, &'c Candidate)>),
}

impl Candidates {
    /// For a sensor of this kind.
    pub fn of(kind: Option<SensorKind>) -> Candidates {
        Candidates { kind, heard: BTreeMap::new(), levels: BTreeMap::new(), enough_at: None }
    }

    /// Counts a reading that may be a press; how often its device was heard by now.
    pub fn take(&mut self, now: Timestamp, family: &'static str, said: &Said) -> Option<(Key, usize)> {
        let reading = &said.reading;
        let code = if let Measure::Note { kind, text } = &reading.measure
            && kind == "raw_code"
        {
            Some(text.clone())
        } else {
            None
        };
        let key = Key { family, device: reading.device.clone(), code };
        let counts = self.counts(&key, reading);
        if !self.heard.contains_key(&key) && self.heard.len() >= CANDIDATES_MAX {
            return None;
        }
        let candidate = self.heard.entry(key.clone()).or_default();
        candidate.sensors = said.sensors.iter().map(|(id, _)| id.clone()).collect();
        let kind = reading.measure.kind();
        match candidate.readings.iter().position(|kept| kept.measure.kind() == kind) {
            Some(nth) => candidate.readings[nth] = reading.clone(),
            None if candidate.readings.len() < READINGS_KEPT => candidate.readings.push(reading.clone()),
            None => {}
        }
        if !counts {
            return None;
        }
        candidate.heard.push_back(now);
        candidate.forget_before(now - WITHIN);
        Some((key, candidate.heard.len()))
    }

    /// Whether a reading can be what the person does just now.
    fn counts(&mut self, key: &Key, reading: &Reading) -> bool {
        if reading.copy || matches!(reading.evidence, Evidence::Cached | Evidence::Ambiguous) {
            return false;
        }
        let measure = &reading.measure;
        let is_asked_for = self.kind.is_none_or(|kind| measures_its_kind(kind, measure));
        if let Measure::Button(press) = measure {
            return is_asked_for && press.is_press();
        }
        if let Measure::Note { kind, .. } = measure {
            return !["discovery", "presentation", "weather"].contains(&kind.as_str());
        }
        let is_act = matches!(
            measure,
            Measure::Motion(_)
                | Measure::Presence(_)
                | Measure::Contact(_)
                | Measure::Leak(_)
                | Measure::Smoke(_)
                | Measure::Gas(_)
                | Measure::Vibration(_)
                | Measure::Alarm(_)
                | Measure::Switch(_)
        );
        let Some(on) = measure.level().filter(|_| is_act) else { return false };
        let place = (key.clone(), measure.kind().to_owned());
        if !self.levels.contains_key(&place) && self.levels.len() >= CANDIDATES_MAX {
            return false;
        }
        let before = self.levels.insert(place, on);
        is_asked_for && (reading.evidence == Evidence::Event || before != Some(on))
    }

    /// Decides once the person has had time to press again and others to be heard.
    pub fn decide(&mut self, now: Timestamp) -> Option<Heard<'_>> {
        for candidate in self.heard.values_mut() {
            candidate.forget_before(now - WITHIN);
        }
        let enough = |candidate: &&Candidate| candidate.heard.len() >= HEARD_MIN;
        if !self.heard.values().any(|candidate| enough(&candidate)) {
            self.enough_at = None;
            return None;
        }
        if now - *self.enough_at.get_or_insert(now) < SETTLES_WITHIN {
            return None;
        }
        let mut found: Vec<(&Key, &Candidate)> = self.heard.iter().filter(|(_, candidate)| enough(candidate)).collect();
        // Residents go on living: what is registered is only taken where nothing new is heard.
        if found.iter().any(|(_, candidate)| candidate.sensors.is_empty()) {
            found.retain(|(_, candidate)| candidate.sensors.is_empty());
        }
        found.sort_by_key(|(_, candidate)| std::cmp::Reverse(candidate.heard.len()));
        let (key, candidate) = *found.first()?;
        let second = found.get(1).map_or(0, |(_, other)| other.heard.len());
        let is_clear = candidate.heard.len() >= second * CLEARLY_MORE;
        Some(match (is_clear, candidate.sensors.as_slice()) {
            (false, _) => Heard::Several(found),
            (true, []) => Heard::Clearly(key, candidate),
            (true, sensors) => Heard::Known(sensors),
        })
    }

    /// What was heard, but not often enough.
    pub fn heard_once(&self) -> impl Iterator<Item = &Key> {
        self.heard.iter().filter(|(_, candidate)| !candidate.heard.is_empty()).map(|(key, _)| key)
    }

    /// How many there are.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.heard.len()
    }
}

impl Key {
    /// In a few words.
    pub fn words(&self) -> String {
        match &self.code {
            Some(code) => format!("{} code {code}", self.family),
            None => format!("{} {}", self.family, self.device),
        }
    }
}

impl Candidate {
    fn forget_before(&mut self, limit: Timestamp) {
        while self.heard.len() > HEARD_MAX || self.heard.front().is_some_and(|at| *at < limit) {
            self.heard.pop_front();
        }
    }
}

/// A person presses twice within it.
const WITHIN: Span = Span::seconds(10);
/// After the second press others have this long to show that they are just as loud.
const SETTLES_WITHIN: Span = Span::seconds(3);
const HEARD_MIN: usize = 2;
const HEARD_MAX: usize = 1_000;
/// The pressed device is heard at least so many times as often as any other that repeats.
const CLEARLY_MORE: usize = 3;
/// A flood of new names must not fill the memory.
pub const CANDIDATES_MAX: usize = 200;
const READINGS_KEPT: usize = 16;
