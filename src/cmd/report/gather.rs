//! From a history to what the report shows: the engine hears every line again, and what it makes of each is written down.
//!
//! So a sign of life, a silence and an outage in the picture are what they were to the rules.

use super::places::Places;
use crate::engine::Engine;
use crate::model::alert::{Alert, Step};
use crate::model::ids::SensorId;
use crate::model::lifecycle::{Deed, Outcome};
use crate::model::purpose::proves_presence_of_device;
use crate::model::reason::{Blind, BlindCause, Class, Reason, Severity, SignOfLife};
use crate::model::recorded::Recorded;
use crate::model::suspension::{Absence, Suspension};
use crate::model::time::{Span, Timestamp};
use crate::picture::{Life, SILENCE_MIN, Silence, Stretch};
use crate::replay::Asked;
use std::collections::BTreeMap;

/// What was found in a history.
pub struct Gathered {
    /// The engine with the whole history behind it.
    pub engine: Engine,
    /// The rooms.
    pub places: Places,
    /// Signs of life, oldest first.
    pub life: Vec<Life>,
    /// The silences between them.
    pub silences: Vec<Silence>,
    /// Spans in which nobody watched, and why.
    pub outages: Vec<Outage>,
    /// Spans in which rules about the person were suspended, and why.
    pub suspended: Vec<(Stretch, Absence)>,
    /// What was raised.
    pub alerts: Vec<Raised>,
    /// What was asked at home, before a limit or before anybody was told.
    pub asked: Vec<Asked>,
    /// When each sensor was silent for longer than its limit.
    pub silent: BTreeMap<SensorId, Vec<Stretch>>,
    /// The first observation: nothing is known of the time before.
    pub known_from: Option<Timestamp>,
}

/// A span in which nobody watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// From when to when.
    pub stretch: Stretch,
    /// Why.
    pub cause: Cause,
    /// Whether it lasts.
    pub is_open: bool,
}

/// Why nobody watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// What the engine says.
    Blind(BlindCause),
    /// The history begins later.
    BeforeRecords,
    /// The history ends before.
    SinceLastLine,
    /// The clock was set forwards: these hours never were.
    ClockSet,
}

/// What was raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// How urgent.
    pub severity: Severity,
    /// A test or drill.
    pub test: bool,
    /// What became of it.
    pub end: End,
}

/// What became of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nobody has closed it.
    Open,
    /// Closed by a person.
    Closed(Timestamp, Outcome),
    /// Ended without a person, or a replay.
    Over(Timestamp),
    /// Taken back in the home before anybody had it.
    Cancelled(Timestamp),
}

impl Raised {
    /// Since when it had been quiet, where that was the reason.
    pub fn quiet_since(&self) -> Option<Timestamp> {
        self.reason.silence().map(|silence| self.at - silence)
    }

    /// Whether it is about the person and no drill.
    pub fn is_about_person(&self) -> bool {
        !self.test && self.reason.class().is_of_person()
    }
}

/// Takes in a history line by line.
pub struct Gatherer {
    gathered: Gathered,
    /// Which sensor each sign of life is from: one that turns out to chatter was nobody.
    life_from: Vec<SensorId>,
    open: BTreeMap<u64, usize>,
    /// What might have been asked at home first.
    lives: BTreeMap<u64, Alert>,
    /// The suspensions that hold or will.
    held: Vec<Suspension>,
    last_blind: Option<Blind>,
    last_at: Option<Timestamp>,
}

impl Gatherer {
    /// Nothing is known yet.
    pub fn new(engine: Engine) -> Gatherer {
        let gathered = Gathered {
            places: Places::of(engine.home()),
            engine,
            life: Vec::new(),
            silences: Vec::new(),
            outages: Vec::new(),
            suspended: Vec::new(),
            alerts: Vec::new(),
            asked: Vec::new(),
            silent: BTreeMap::new(),
            known_from: None,
        };
        Gatherer {
            gathered,
            life_from: Vec::new(),
            open: BTreeMap::new(),
            lives: BTreeMap::new(),
            held: Vec::new(),
            last_blind: None,
            last_at: None,
        }
    }

    /// The engine, for a sensor that joins the home on the way.
    pub fn engine(&mut self) -> &mut Engine {
        &mut self.gathered.engine
    }

    /// Takes in one line.
    pub fn take(&mut self, line: Recorded) {
        let jump = if let Recorded::ClockStepped { at, by } = &line { Some((*at, *by)) } else { None };
        match &line {
            Recorded::Observed(observation) => {
                self.gathered.known_from.get_or_insert(observation.at);
                self.note_silent_sensor(observation);
            }
            Recorded::Step { alert, step } => self.step(*alert, step),
            // Written later than it came, and it said nothing new: the daemon does not take it up again either.
            Recorded::HeardBefore(_) => return,
            Recorded::Link { .. }
            | Recorded::Started { .. }
            | Recorded::ClockStepped { .. }
            | Recorded::Flooded { .. }
            | Recorded::Suspended { .. }
            | Recorded::Day(_)
            | Recorded::Watching { .. }
            | Recorded::Configured { .. }
            | Recorded::ClockTrusted { .. }
            | Recorded::Asked { .. }
            | Recorded::Received { .. }
            | Recorded::Trouble { .. }
            | Recorded::Test { .. }
            | Recorded::Tested { .. }
            | Recorded::HistoryCut { .. }
            | Recorded::TroubleOver { .. } => {}
        }
        let at = line.at();
        self.last_at = Some(at);
        let speaker = if let Recorded::Observed(observation) = &line { Some(observation.sensor.clone()) } else { None };
        let chattered = speaker.as_ref().and_then(|sensor| self.chatters_since(sensor));
        let life_before = self.gathered.engine.seen().last_life.clone();
        self.gathered.engine.recall(line);
        if let Some((at, by)) = jump {
            // They have moved with the clock and are the same.
            self.held = self.gathered.engine.seen().suspended.all().cloned().collect();
            return self.clock_stepped(at, by);
        }
        self.follow_suspensions(at);
        if let (Some(sensor), None) = (&speaker, chattered)
            && let Some(since) = self.chatters_since(sensor)
        {
            self.take_back(sensor, since);
        }
        self.look(at, life_before);
    }

    /// What the line has changed.
    fn look(&mut self, at: Timestamp, life_before: Option<SignOfLife>) {
        let seen = self.gathered.engine.seen();
        let life = seen.last_life.clone().filter(|life| life.at == at);
        let blind = seen.blind_since(Timestamp::MIN_UTC).cloned();
        if let Some(life) = life.filter(|life| Some(life) != life_before.as_ref()) {
            let place = self.gathered.places.number(life.room.as_ref());
            self.gathered.life.push(Life { at, place });
            self.life_from.push(life.sensor);
        }
        if blind != self.last_blind {
            if let Some(Blind { from, to: Some(to), cause }) = &blind {
                self.outage(*from, *to, Cause::Blind(cause.clone()), false);
            }
            self.last_blind = blind;
        }
    }

    /// What held before and holds no longer was suspended from its begin until now, or until its end if that came first.
    fn follow_suspensions(&mut self, at: Timestamp) {
        let now_held = &self.gathered.engine.seen().suspended;
        if now_held.all().eq(&self.held) {
            return;
        }
        let now_held: Vec<Suspension> = now_held.all().cloned().collect();
        for was in std::mem::replace(&mut self.held, now_held) {
            if !self.held.contains(&was) {
                self.suspended(&was, at);
            }
        }
    }

    fn suspended(&mut self, suspension: &Suspension, at: Timestamp) {
        let stretch = Stretch { from: suspension.from, to: suspension.until.min(at) };
        if stretch.to > stretch.from {
            self.gathered.suspended.push((stretch, suspension.kind));
        }
    }

    fn chatters_since(&self, sensor: &SensorId) -> Option<Timestamp> {
        self.gathered.engine.seen().heard(sensor).and_then(|heard| heard.run.chatters_since)
    }

    /// What was taken for life at `sensor` since then was its chatter.
    fn take_back(&mut self, sensor: &SensorId, since: Timestamp) {
        let life = std::mem::take(&mut self.gathered.life).into_iter().zip(std::mem::take(&mut self.life_from));
        let believed = life.filter(|(life, from)| life.at < since || from != sensor);
        (self.gathered.life, self.life_from) = believed.unzip();
    }

    fn outage(&mut self, from: Timestamp, to: Timestamp, cause: Cause, is_open: bool) {
        if is_long(from, to) {
            self.gathered.outages.push(Outage { stretch: Stretch { from, to }, cause, is_open });
        }
    }

    fn note_silent_sensor(&mut self, observation: &crate::model::observation::Observation) {
        let engine = &self.gathered.engine;
        let Some(sensor) = engine.home().sensors.get(&observation.sensor) else { return };
        if !proves_presence_of_device(&observation.measure, observation.evidence) {
            return;
        }
        let silence = engine.seen().silence(sensor, engine.seen().heard(&sensor.id));
        if let Some(silence) = silence.filter(|silence| observation.at >= silence.too_long_at()) {
            let stretch = Stretch { from: silence.since, to: observation.at };
            self.gathered.silent.entry(sensor.id.clone()).or_default().push(stretch);
        }
    }

    /// What was remembered moved along, and is no new blind span.
    fn clock_stepped(&mut self, at: Timestamp, by: Span) {
        self.last_blind = self.gathered.engine.seen().blind_since(Timestamp::MIN_UTC).cloned();
        if by > Span::zero() {
            self.outage(at - by, at, Cause::ClockSet, false);
        }
    }

    /// A number that comes again is another alert: the database was begun anew in between.
    fn follow(&mut self, number: u64, step: &Step) {
        let is_raise = matches!(step.deed, Deed::Raise { .. });
        let before = if is_raise {
            Alert::begin(number, step.clone()).and_then(|new| self.lives.insert(number, new))
        } else {
            None
        };
        self.gathered.asked.extend(before.as_ref().and_then(Asked::of));
        if let Some(alert) = self.lives.get_mut(&number).filter(|_| !is_raise) {
            alert.apply(step.clone());
        }
    }

    fn step(&mut self, number: u64, step: &Step) {
        self.follow(number, step);
        let alerts = &mut self.gathered.alerts;
        if let Deed::Raise { .. } = &step.deed {
            self.open.remove(&number);
            if let Some(alert) = Alert::begin(number, step.clone()).filter(|alert| is_shown(&alert.reason)) {
                self.open.insert(number, alerts.len());
                let Alert { reason, severity, test, .. } = alert;
                alerts.push(Raised { at: step.at, reason, severity, test, end: End::Open });
            }
            return;
        }
        let Some(raised) = self.open.get(&number).and_then(|nth| alerts.get_mut(*nth)) else { return };
        if let Deed::Close { outcome, .. } = &step.deed {
            raised.end = End::Closed(step.at, *outcome);
        } else if step.deed == Deed::Recovered && raised.end == End::Open {
            raised.end = End::Over(step.at);
        } else if step.deed == Deed::Cancel {
            raised.end = End::Cancelled(step.at);
        } else if step.deed == Deed::Reopen {
            raised.end = End::Open;
        }
    }

    /// The end of the history, seen at `now`.
    pub fn end(mut self, now: Timestamp) -> Gathered {
        let engine = &self.gathered.engine;
        let seen = engine.seen();
        let last_at = self.last_at.unwrap_or(now);
        let ended_early = (now - last_at > MARK_MISSED).then_some((last_at, Cause::SinceLastLine));
        let blind = seen.blind.as_ref().map(|blind| (blind.from, Cause::Blind(blind.cause.clone())));
        let unwatched = seen.unwatched(engine.home(), last_at.max(now.min(last_at + MARK_MISSED)));
        let unwatched = unwatched.map(|unwatched| (unwatched.from, Cause::Blind(unwatched.cause)));
        let open = [blind, unwatched, ended_early].into_iter().flatten().min_by_key(|(from, _)| *from);
        if let Some((from, cause)) = open {
            self.outage(from, now, cause, true);
        }
        for suspension in std::mem::take(&mut self.held) {
            self.suspended(&suspension, now);
        }
        self.still_silent(now);
        self.gathered.asked.extend(self.lives.values().filter_map(Asked::of));
        self.gathered.asked.sort_by_key(|asked| asked.at);
        self.gathered.outages.sort_by_key(|outage| outage.stretch);
        // A clock that was set back shows some instants twice.
        self.gathered.life.sort_by_key(|life| life.at);
        self.gathered.silences = silences(&self.gathered.life, &self.gathered.outages, now);
        self.gathered
    }

    fn still_silent(&mut self, now: Timestamp) {
        let Gathered { engine, silent, .. } = &mut self.gathered;
        for (sensor, heard) in engine.seen().with_heard(engine.home()) {
            let silence = engine.seen().silence(sensor, heard).filter(|silence| now >= silence.too_long_at());
            if let Some(silence) = silence.filter(|_| engine.seen().link_is_up(&sensor.source)) {
                silent.entry(sensor.id.clone()).or_default().push(Stretch { from: silence.since, to: now });
            }
        }
    }
}

/// What lies between signs of life, and after the last one. Where nobody watched in between, what is left on either side was at
/// least so long.
fn silences(life: &[Life], outages: &[Outage], now: Timestamp) -> Vec<Silence> {
    let mut silences = Vec::new();
    let mut ahead = outages.iter().map(|outage| outage.stretch).peekable();
    for (nth, last) in life.iter().enumerate() {
        let next = life.get(nth + 1).map(|next| next.at);
        let end = next.unwrap_or(now);
        let (mut from, mut place, mut is_whole) = (last.at, Some(last.place), next.is_some());
        while ahead.next_if(|outage| outage.to <= last.at).is_some() {}
        while let Some(outage) = ahead.next_if(|outage| outage.from < end) {
            silences.push(Silence { from, length: outage.from - from, place, is_whole: false });
            (from, place, is_whole) = (outage.to.max(from), None, false);
        }
        silences.push(Silence { from, length: end - from, place, is_whole });
    }
    silences.retain(|silence| silence.length >= SILENCE_MIN);
    silences
}

/// What is shorter does not stop the quiet from counting.
fn is_long(from: Timestamp, to: Timestamp) -> bool {
    to - from > crate::engine::seen::BRIDGED
}

/// A daemon that watches says so every ten minutes.
const MARK_MISSED: Span = Span::minutes(15);

/// A question before a limit stands elsewhere, and a test of the ways out is nothing that happened in the home.
fn is_shown(reason: &Reason) -> bool {
    reason.class() != Class::Check && !matches!(reason, Reason::Test { .. })
}
