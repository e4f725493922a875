//! `listen --learn`: whose press is that? The device that speaks again and again while a person presses is taken.
//!
//! Noise makes false devices and a home is never still, so once is not enough: a device has to be heard at least twice
//! within ten seconds, and clearly more often than any other. Where that is not so, the candidates are shown.

use crate::cmd::listen::View;
use crate::cmd::listen::ear::{Said, Telling};
use crate::cmd::listen::learned::{Learned, Wish};
use crate::cmd::listen::put;
use crate::cmd::listen::words::value;
use crate::model::frame::RawFrame;
use crate::model::ids::SensorId;
use crate::model::observation::{Evidence, Measure, Reading};
use crate::model::purpose::measures_its_kind;
use crate::model::time::{Span, Timestamp, Zone};
use crate::problem::Problem;
use std::collections::{BTreeMap, VecDeque};

/// Listens for one device.
pub struct Learn {
    wish: Wish,
    zone: Zone,
    candidates: BTreeMap<Key, Candidate>,
    /// The last level of each device and kind: a state that is said again is no press.
    levels: BTreeMap<(Key, String), bool>,
    /// When the first device was heard often enough.
    enough_at: Option<Timestamp>,
    outcome: Option<Outcome>,
}

/// What can be learned: a device, or one code of a radio.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    family: &'static str,
    device: String,
    code: Option<String>,
}

#[derive(Debug, Default)]
struct Candidate {
    heard: VecDeque<Timestamp>,
    readings: Vec<Reading>,
    sensors: Vec<SensorId>,
}

#[derive(Debug)]
enum Outcome {
    Clear(Box<Learned>),
    /// It is a sensor of this home already.
    Known(Vec<SensorId>),
    Unclear(Vec<String>),
}

impl Learn {
    /// Listens for what `wish` asks.
    pub fn new(wish: Wish, zone: Zone) -> Learn {
        Learn { wish, zone, candidates: BTreeMap::new(), levels: BTreeMap::new(), enough_at: None, outcome: None }
    }

    /// Counts a reading that may be a press; how often its device was heard by now.
    fn take(&mut self, now: Timestamp, family: &'static str, said: &Said) -> Option<(Key, usize)> {
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
        if !self.candidates.contains_key(&key) && self.candidates.len() >= CANDIDATES_MAX {
            return None;
        }
        let candidate = self.candidates.entry(key.clone()).or_default();
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
        let is_asked_for = self.wish.kind.is_none_or(|kind| measures_its_kind(kind, measure));
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
    fn decide(&mut self, now: Timestamp) {
        for candidate in self.candidates.values_mut() {
            candidate.forget_before(now - WITHIN);
        }
        let enough = |candidate: &&Candidate| candidate.heard.len() >= HEARD_MIN;
        if !self.candidates.values().any(|candidate| enough(&candidate)) {
            self.enough_at = None;
            return;
        }
        if now - *self.enough_at.get_or_insert(now) < SETTLES_WITHIN {
            return;
        }
        let mut found: Vec<(&Key, &Candidate)> =
            self.candidates.iter().filter(|(_, candidate)| enough(candidate)).collect();
        // Residents go on living: what is registered is only taken where nothing new is heard.
        if found.iter().any(|(_, candidate)| candidate.sensors.is_empty()) {
            found.retain(|(_, candidate)| candidate.sensors.is_empty());
        }
        found.sort_by_key(|(_, candidate)| std::cmp::Reverse(candidate.heard.len()));
        self.outcome = match found.as_slice() {
            [] => None,
            [(key, candidate), others @ ..] => {
                let second = others.first().map_or(0, |(_, other)| other.heard.len());
                let is_clear = candidate.heard.len() >= second * CLEARLY_MORE;
                Some(if !is_clear {
                    Outcome::Unclear(found.iter().flat_map(|(key, candidate)| self.shown(key, candidate)).collect())
                } else if candidate.sensors.is_empty() {
                    Outcome::Clear(Box::new(self.learned(key, candidate)))
                } else {
                    Outcome::Known(candidate.sensors.clone())
                })
            }
        };
    }

    fn learned(&self, key: &Key, candidate: &Candidate) -> Learned {
        Learned::new(&self.wish, key.family, &key.device, key.code.as_deref(), &candidate.readings)
    }

    /// A candidate for the person to choose: how often, what, and what to write for it.
    fn shown(&self, key: &Key, candidate: &Candidate) -> Vec<String> {
        let title = format!("{}, heard {} times:", key.words(), candidate.heard.len());
        let entry = self.learned(key, candidate).entry;
        [title].into_iter().chain(entry.lines().map(|line| format!("  {line}"))).collect()
    }
}

impl View for Learn {
    fn begin(&mut self, _now: Timestamp) -> Vec<String> {
        let what = self.wish.id.as_ref().map_or("the new sensor".to_owned(), |id| format!("sensor \"{id}\""));
        vec![
            format!("learning {what}: press its button, walk past it or open its door now,"),
            "two or three times, some seconds apart; nothing else should move nearby".to_owned(),
        ]
    }

    fn hear(&mut self, now: Timestamp, _frame: &RawFrame, tellings: &[Telling]) -> Vec<String> {
        let mut lines = Vec::new();
        for telling in tellings {
            for said in telling.said.iter().flatten() {
                if let Some((key, count)) = self.take(now, telling.family, said) {
                    let clock = self.zone.hour_minute_second(now);
                    let says = format!("{} {}", said.reading.measure.kind(), value(&said.reading.measure));
                    lines.push(super::cut(&format!("{clock} {}: {says} ({count})", key.words()), 80));
                }
            }
        }
        self.decide(now);
        lines
    }

    fn link(&mut self, now: Timestamp, source: &str, up: bool, why: &str) -> Vec<String> {
        let why = if why.is_empty() { "open" } else { why };
        vec![format!("{} {source} {}: {why}", self.zone.hour_minute_second(now), if up { "up" } else { "DOWN" })]
    }

    fn tick(&mut self, now: Timestamp) -> Vec<String> {
        self.decide(now);
        Vec::new()
    }

    fn is_over(&self) -> bool {
        self.outcome.is_some()
    }

    fn end(&mut self, _now: Timestamp, _listened: Span) -> Vec<String> {
        let advice = ["go nearer, press again and again, and keep everything else still;", "then run this once more"];
        match &self.outcome {
            None => {
                let once = self.candidates.iter().filter(|(_, candidate)| !candidate.heard.is_empty());
                let once: Vec<String> = once.map(|(key, _)| format!("  heard once: {}", key.words())).collect();
                let told = ["nothing was heard twice, so nothing is learned".to_owned()];
                told.into_iter().chain(once).chain(advice.map(str::to_owned)).collect()
            }
            Some(Outcome::Unclear(candidates)) => {
                let told = ["several were heard; paste the right one, or:", advice[0], advice[1], ""];
                told.into_iter().map(str::to_owned).chain(candidates.iter().cloned()).collect()
            }
            Some(Outcome::Known(sensors)) => {
                let ids: Vec<&str> = sensors.iter().map(SensorId::as_str).collect();
                vec![format!("this is sensor {} already; nothing is changed", ids.join(", "))]
            }
            Some(Outcome::Clear(learned)) => vec![format!("learned: {}", learned.words)],
        }
    }

    fn finish(&mut self, _now: Timestamp) -> Result<(Vec<String>, bool), Problem> {
        match &self.outcome {
            Some(Outcome::Clear(learned)) => put::put(learned, &self.wish).map(|lines| (lines, true)),
            Some(Outcome::Known(_) | Outcome::Unclear(_)) | None => Ok((Vec::new(), false)),
        }
    }
}

impl Key {
    fn words(&self) -> String {
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
const CANDIDATES_MAX: usize = 200;
const READINGS_KEPT: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::listen::testing::{Hearing, at};
    use crate::model::home::SensorKind;

    fn learn(id: Option<&str>, kind: Option<SensorKind>) -> Hearing<Learn> {
        let wish = Wish {
            id: id.map(|id| id.parse().unwrap()),
            kind,
            room: None,
            service: None,
            means: None,
            config: "gateway.toml".into(),
            write: false,
            taken: Vec::new(),
        };
        Hearing::with(Learn::new(wish, Zone::utc()))
    }

    /// A radio code that nobody registered.
    fn code(hearing: &mut Hearing<Learn>, now: Timestamp, code: &str) {
        let measure = Measure::Note { kind: "raw_code".to_owned(), text: code.to_owned() };
        let device = code[..code.len() - 1].to_owned();
        let reading = Reading { device, measure, evidence: Evidence::Event, copy: false };
        let said = Said { reading, sensors: Vec::new() };
        hearing.view.take(now, "text", &said);
        hearing.view.decide(now);
    }

    fn told(hearing: &mut Hearing<Learn>) -> String {
        hearing.view.end(at(99), Span::zero()).join("\n")
    }

    #[test]
    fn what_repeats_while_the_person_presses_is_taken_and_noise_is_not() {
        let mut learn = learn(Some("pendant_2"), Some(SensorKind::CallButton));
        learn.hear(at(0), "noise1", r#"{"action":"single"}"#);
        learn.hear(at(1), "button_9", r#"{"action":"single","battery":90}"#);
        learn.hear(at(2), "noise2", r#"{"action":"double"}"#);
        learn.hear(at(4), "button_9", r#"{"action":"single"}"#);
        learn.view.tick(at(5));
        assert!(!learn.view.is_over(), "others have time to show that they are as loud");
        learn.view.tick(at(7));
        assert!(learn.view.is_over());
        let told = told(&mut learn);
        assert!(told.starts_with("learned: zigbee2mqtt button_9"), "{told}");
        let Some(Outcome::Clear(learned)) = &learn.view.outcome else { panic!("{told}") };
        assert!(learned.entry.contains("id = \"pendant_2\"") && learned.entry.contains("kind = \"call_button\""));
    }

    #[test]
    fn once_is_not_enough_and_neither_is_once_a_minute() {
        let mut learn = learn(None, None);
        for minute in 0..5 {
            learn.hear(at(minute * 60), "button_9", r#"{"action":"single"}"#);
            learn.view.tick(at(minute * 60 + 30));
        }
        assert!(!learn.view.is_over());
        assert!(told(&mut learn).contains("nothing was heard twice"));
    }

    #[test]
    fn two_that_are_equally_loud_are_shown_with_their_snippets() {
        let mut learn = learn(None, None);
        for secs in 0..4 {
            learn.hear(at(secs), "button_a", r#"{"action":"single"}"#);
            learn.hear(at(secs), "button_b", r#"{"action":"single"}"#);
        }
        learn.view.tick(at(5));
        let told = told(&mut learn);
        assert!(told.contains("several were heard") && told.matches("[[sensor]]").count() == 2, "{told}");
    }

    #[test]
    fn a_repeated_state_a_kept_message_and_a_twin_are_no_press() {
        let mut learn = learn(None, None);
        for secs in 0..5 {
            learn.hear(at(secs), "pir", r#"{"occupancy":true,"battery":50}"#);
            learn.hear_kept(at(secs), "kept", r#"{"action":"single"}"#);
            learn.hear(at(secs), "thermometer", r#"{"temperature":21.5}"#);
        }
        learn.hear(at(5), "button_c", r#"{"action":"single"}"#);
        learn.hear(at(5), "button_c/action", "single");
        learn.view.tick(at(9));
        assert!(!learn.view.is_over(), "{}", told(&mut learn));
    }

    #[test]
    fn a_resident_who_goes_on_living_is_no_candidate_but_a_known_button_is_named() {
        let mut learn = learn(None, None);
        for secs in 0..6 {
            learn.hear(
                at(secs),
                "hall_pir",
                if secs % 2 == 0 { r#"{"occupancy":true}"# } else { r#"{"occupancy":false}"# },
            );
        }
        for secs in [1, 3] {
            learn.hear(at(secs), "button_d", r#"{"action":"single"}"#);
        }
        learn.view.tick(at(6));
        assert!(told(&mut learn).contains("button_d"), "{}", told(&mut learn));
        let mut learn = self::learn(None, Some(SensorKind::CallButton));
        for secs in [1, 3] {
            learn.hear(at(secs), "pendant", r#"{"action":"single"}"#);
        }
        learn.view.tick(at(6));
        assert!(told(&mut learn).contains("this is sensor pendant already"), "{}", told(&mut learn));
    }

    #[test]
    fn a_radio_code_is_taken_from_among_noise_codes() {
        let mut learn = learn(None, None);
        for millis in 0..20 {
            code(&mut learn, at(0) + Span::milliseconds(millis * 80), "bc7de4");
        }
        for (nth, noise) in ["bc7de5", "123456", "fffff0"].iter().enumerate() {
            code(&mut learn, at(nth as i64), noise);
        }
        learn.view.tick(at(4));
        let Some(Outcome::Clear(learned)) = &learn.view.outcome else { panic!("{}", told(&mut learn)) };
        assert!(learned.words.contains("raw_code bc7de4"), "{}", learned.words);
    }

    #[test]
    fn a_flood_of_new_names_keeps_to_its_bound() {
        let mut learn = learn(None, None);
        for nth in 0..1_000 {
            learn.hear(at(0), &format!("noise{nth}"), r#"{"contact":true}"#);
        }
        assert_eq!(learn.view.candidates.len(), CANDIDATES_MAX);
    }
}
