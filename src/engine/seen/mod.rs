//! What is known about a home: the last sign of life, blind spans, what each sensor said last.
//!
//! The one place that decides what a reading means: an edge is an event, a repeated or kept state is only "alive",
//! a press is a press once, presence that lasts is life for a while. What a sensor is like (how long it is silent, how its
//! battery falls, whether it is stuck) is learned here too, in fixed memory, and judged in `health`. Never reads a clock:
//! every call brings its own instant.

mod battery;
mod clockwork;
mod days;
mod health;
mod heard;
mod meaning;
mod presses;
mod quality;
mod rhythm;
mod sights;

use crate::engine::floods::Floods;
use crate::engine::links::Links;
use crate::engine::rhythm::Habits;
use crate::engine::rules::Settings;
use crate::model::home::{Home, Sensor, SensorKind};
use crate::model::ids::SensorId;
use crate::model::observation::{Evidence, Observation, Press};
use crate::model::reason::{Blind, BlindCause, SignOfLife};
use crate::model::time::{Span, Timestamp};
pub use battery::{Battery, Falling};
use clockwork::Clockwork;
pub use health::{Sight, Silence};
pub use heard::Heard;
use meaning::measures_its_kind;
pub use meaning::serves;
pub use quality::Tamper;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A span without watching that is no longer than this does not stop the quiet from counting: a restart takes seconds.
pub const BRIDGED: Span = Span::seconds(60);

/// Lively quarter hours are counted, not events: somebody who cooks for an hour is about for an hour.
const LIVELY_EVERY: Span = Span::minutes(15);

/// A presence level that is not said again within this is not known to last; unchanged levels are in the history once in ten
/// minutes, so less would forget somebody who sits still at a restart.
const PRESENCE_HOLDS: Span = Span::minutes(15);

/// Past blind spans that are remembered, for sentences.
const BLINDS_KEPT_MAX: usize = 32;

/// What is known about a home.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The newest sign of life ever.
    pub last_life: Option<SignOfLife>,
    /// Since when nothing was seen, as watched: the last sign of life, or the end of a long blind span after it.
    pub quiet_since: Option<Timestamp>,
    /// The blind span that lasts now.
    pub blind: Option<Blind>,
    /// Whether wall-clock hours can be believed.
    pub clock_trusted: bool,
    /// Since when the gateway watches without a long blind span; absent before the first start.
    pub watching_since: Option<Timestamp>,
    blinds: VecDeque<Blind>,
    /// The ways to the sensors.
    pub links: Links,
    /// Who says more than can be meant.
    pub floods: Floods,
    /// What is usual in the home.
    pub habits: Habits,
    clockwork: Clockwork,
    sensors: BTreeMap<SensorId, Heard>,
    /// Quarter hours with life in them, counted.
    lively: u32,
    lively_at: Option<Timestamp>,
    /// The last frame of a sensor that could show life and was not stuck.
    witnessed_at: Option<Timestamp>,
    /// No sensor is silent sooner than this.
    shortest_limit: Span,
    settings: Arc<Settings>,
}

/// What one observation told.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Told {
    /// Somebody is about; [`Seen::last_life`] says who and where.
    pub is_life: bool,
    /// Somebody pressed.
    pub press: Option<Pressed>,
    /// A sensor that can show life is back after none was left.
    pub ended: Option<Ended>,
}

/// A press.
#[derive(Debug, Clone, PartialEq)]
pub struct Pressed {
    /// Which button.
    pub sensor: SensorId,
    /// What it said.
    pub press: Press,
    /// The sign of life before it.
    pub life_before: Option<SignOfLife>,
}

/// A blind span that has just ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The span, with its end.
    pub blind: Blind,
    /// Since when it had been quiet when it began.
    pub quiet_since: Option<Timestamp>,
    /// When that quiet would have lasted for longer than is usual, where that was known.
    pub usual_until: Option<Timestamp>,
}

impl Seen {
    /// Nothing seen yet. Of the settings it takes what says when a sensor can no longer be believed.
    pub fn new(home: &Home, settings: &Settings) -> Seen {
        let mut seen = Seen {
            last_life: None,
            quiet_since: None,
            blind: None,
            clock_trusted: true,
            watching_since: None,
            blinds: VecDeque::new(),
            sensors: BTreeMap::new(),
            links: Links::default(),
            floods: Floods::default(),
            habits: Habits::new(settings.rhythm.limits()),
            clockwork: Clockwork::default(),
            lively: 0,
            lively_at: None,
            witnessed_at: None,
            shortest_limit: settings.silent_sensor.shortest(),
            settings: Arc::new(settings.clone()),
        };
        home.sensors.values().for_each(|sensor| seen.add(sensor));
        seen
    }

    fn add(&mut self, sensor: &Sensor) {
        let offline_for = sensor.offline_is_silent.then_some(self.settings.silent_sensor.offline_for);
        let limits = [sensor.silent_after, offline_for].into_iter().flatten();
        self.shortest_limit = limits.fold(self.shortest_limit, Span::min);
        self.sensors.insert(sensor.id.clone(), Heard::default());
    }

    /// Takes in one observation and says what it tells.
    pub fn observe(&mut self, home: &Home, observation: &Observation) -> Told {
        let Some(sensor) = home.sensors.get(&observation.sensor) else { return Told::default() };
        let at = observation.at;
        self.watching_since.get_or_insert(at);
        // Looked up before it is made: a home-year has 75,000 observations, and a new sensor is rare.
        if !self.sensors.contains_key(&sensor.id) {
            self.add(sensor);
        }
        let is_watcher = sensor.kind.watches_for_life() && self.blind.is_none();
        let unwatched = if is_watcher { self.unwatched_since(home, at) } else { None };
        let silence = self.silence_of(sensor, at);
        let (settings, lively) = (&self.settings, self.lively);
        let heard = self.sensors.get_mut(&sensor.id).expect("it was made above");
        heard.is_there(observation, silence, lively);
        heard.take_report(observation, settings);
        let said_before = heard.main.level;
        let is_event = heard.is_event(sensor, observation);
        let mut told = Told { press: None, is_life: false, ended: None };
        if is_event || (heard.main.level.map(|(on, _)| on) != said_before.map(|(on, _)| on)) {
            heard.rhythm.stirred(at);
        }
        if is_event {
            told = self.event(home, sensor, observation);
        } else if sensor.kind == SensorKind::Presence && measures_its_kind(sensor.kind, &observation.measure) {
            self.presence(sensor, observation, said_before);
        }
        self.witness(sensor, observation);
        if let Some(from) = unwatched
            && self.is_witness(at, sensor)
        {
            told.ended = self.watched_again(from, at);
        }
        told
    }

    /// Something happened at `sensor`.
    fn event(&mut self, home: &Home, sensor: &Sensor, observation: &Observation) -> Told {
        let at = observation.at;
        let heard = self.sensors.get_mut(&sensor.id).expect("it was looked up before");
        let pause = heard.event_at.map(|before| at - before);
        heard.event_at = Some(at);
        heard.sights.saw(at, self.lively);
        let press = sensor.kind.press(&observation.measure).map(|press| Pressed {
            sensor: sensor.id.clone(),
            press,
            life_before: self.last_life.clone(),
        });
        if sensor.kind.watches_for_life() && self.settings.is_on("stuck_sensor") {
            let chatters_for = self.settings.stuck_sensor.chatters_for;
            let ticks_since = self.clockwork.event(at, &sensor.id);
            if heard.run.event(at, pause, sensor.kind, chatters_for) || heard.run.ticks(ticks_since) {
                self.disbelieve(home, sensor);
            }
        }
        let chatters = self.sensors.get(&sensor.id).is_some_and(|heard| heard.run.chatters_since.is_some());
        let is_life = sensor.kind.shows_life() && !chatters;
        if is_life {
            self.life(at, sensor);
            if self.lively_at.is_none_or(|lively_at| at - lively_at >= LIVELY_EVERY) {
                self.lively_at = Some(at);
                self.lively = self.lively.saturating_add(1);
            }
        }
        Told { is_life, press, ended: None }
    }

    /// Somebody who sits still in the field of a radar is not quiet, but only for so long: a radar that is stuck, or
    /// sees somebody who has fallen, says the same.
    fn presence(&mut self, sensor: &Sensor, observation: &Observation, said_before: Option<(bool, Timestamp)>) {
        let at = observation.at;
        let lasts = observation.evidence == Evidence::Level && observation.measure.level() == Some(true);
        let Some((true, said_at)) = said_before.filter(|_| lasts) else { return };
        let on_since = self.sensors.get(&sensor.id).and_then(|heard| heard.main.on_since);
        let believed_for = self.settings.inactivity.presence_counts_for.min(self.settings.stuck_sensor.on_for);
        let is_believed = on_since.is_some_and(|on_since| at - on_since <= believed_for);
        if is_believed && at - said_at <= sensor.hold.unwrap_or(PRESENCE_HOLDS) {
            self.life(at, sensor);
        }
    }

    fn life(&mut self, at: Timestamp, sensor: &Sensor) {
        self.quiet_since = Some(at);
        self.habits.life(at, sensor);
        match &mut self.last_life {
            // Mostly it is the same sensor again.
            Some(life) if life.sensor == sensor.id => life.at = at,
            _ => self.last_life = Some(SignOfLife { at, sensor: sensor.id.clone(), room: sensor.room.clone() }),
        }
    }

    /// `sensor` chatters: what it said was nobody's doing, and the quiet is as long as the others say.
    fn disbelieve(&mut self, home: &Home, sensor: &Sensor) {
        let chatters_since = self.sensors.get(&sensor.id).and_then(|heard| heard.run.chatters_since);
        let life_of = |(other, heard): (&Sensor, Option<&Heard>)| {
            let heard = heard.filter(|heard| other.kind.shows_life() && heard.run.chatters_since.is_none());
            let at = heard?.event_at?;
            Some(SignOfLife { at, sensor: other.id.clone(), room: other.room.clone() })
        };
        let others = self.with_heard(home).filter_map(life_of).max_by_key(|life| life.at);
        let others_at = others.as_ref().map(|life| life.at);
        let seen_again = self.blinds.back().and_then(|blind| blind.to).filter(|_| self.quiet_since.is_some());
        let quiet_since = [chatters_since, others_at, seen_again].into_iter().flatten().max();
        if let (Some(since), Some(quiet_since)) = (chatters_since, quiet_since) {
            self.quiet_since = self.quiet_since.map(|quiet| quiet.min(quiet_since));
            let its_own = SignOfLife { at: since, sensor: sensor.id.clone(), room: sensor.room.clone() };
            self.last_life = others.into_iter().chain([its_own]).max_by_key(|life| life.at);
            let last = self.last_life.as_ref().and_then(|life| home.sensors.get(&life.sensor));
            if let (Some(since), Some(last)) = (self.quiet_since, last) {
                self.habits.rewind(since, last);
            }
        }
    }

    /// The link to `source` changed; returns the blind span that this ended, if it was a long one.
    pub fn link(&mut self, home: &Home, at: Timestamp, source: &str, up: bool) -> Option<Ended> {
        if !self.links.set(at, source, up) {
            return None;
        }
        let (any_watches, sees) = self.sees(home);
        if any_watches && !sees && self.blind.is_none() {
            let cause = BlindCause::LinkLost { source: source.to_owned() };
            self.blind = Some(Blind { from: at, to: None, cause });
            self.habits.blind(at);
            None
        } else if sees {
            self.blind.take().and_then(|blind| self.see_again(blind, at))
        } else {
            None
        }
    }

    /// Whether any sensor could show life, and whether one of them can be heard.
    fn sees(&self, home: &Home) -> (bool, bool) {
        let mut watchers = home.sensors.values().filter(|sensor| sensor.kind.watches_for_life()).peekable();
        (watchers.peek().is_some(), watchers.any(|sensor| self.links.is_up(&sensor.source)))
    }

    /// The gateway began to watch at `at`; returns the blind span that this ended, if it was a long one.
    pub fn started(&mut self, home: &Home, at: Timestamp, blind_since: Option<Timestamp>) -> Option<Ended> {
        self.links.begin(home);
        self.watching_since.get_or_insert(at);
        let open = self.blind.take();
        let from = [blind_since, open.as_ref().map(|blind| blind.from)].into_iter().flatten().min();
        if let ((true, false), Some(lost)) = (self.sees(home), self.links.lost().next()) {
            // The way to the sensors was lost before and is not back: still blind.
            let cause = open.map_or(BlindCause::LinkLost { source: lost.name.to_owned() }, |blind| blind.cause);
            self.blind = Some(Blind { from: from.unwrap_or(at), to: None, cause });
            self.habits.blind(from.unwrap_or(at));
            return None;
        }
        let from = from?;
        let cause = open.map_or(BlindCause::GatewayDown, |blind| blind.cause);
        self.see_again(Blind { from, to: None, cause }, at)
    }

    fn see_again(&mut self, blind: Blind, at: Timestamp) -> Option<Ended> {
        let blind = Blind { to: Some(at), ..blind };
        let quiet_since = self.quiet_since;
        self.remember(blind.clone());
        let usual_until = self.habits.verdict().map(|verdict| verdict.since + verdict.limit);
        let is_bridged = at - blind.from <= BRIDGED;
        self.habits.seen_again(blind.from, at, is_bridged);
        if is_bridged {
            return None;
        }
        // What happened in between is not known: neither quiet nor life.
        self.quiet_since = self.quiet_since.map(|quiet| quiet.max(at));
        self.watching_since = Some(at);
        // Nor is it known whether a level lasted through it.
        self.sensors.values_mut().filter_map(|heard| heard.main.on_since.as_mut()).for_each(|on| *on = at.max(*on));
        Some(Ended { blind, quiet_since, usual_until })
    }

    /// The last witness of all was gone since `from`, and one is back.
    fn watched_again(&mut self, from: Timestamp, at: Timestamp) -> Option<Ended> {
        let quiet_since = self.quiet_since;
        let blind = Blind { from, to: Some(at), cause: BlindCause::NoWitness };
        self.remember(blind.clone());
        self.quiet_since = self.quiet_since.map(|quiet| quiet.max(at));
        let usual_until = self.habits.verdict().map(|verdict| verdict.since + verdict.limit);
        self.habits.seen_again(from, at, false);
        Some(Ended { blind, quiet_since, usual_until })
    }

    fn remember(&mut self, blind: Blind) {
        self.blinds.push_back(blind);
        if self.blinds.len() > BLINDS_KEPT_MAX {
            self.blinds.pop_front();
        }
    }

    /// The settings of the rules.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether the learned limit watches now: then the fixed windows as they are shipped step back.
    pub fn rhythm_watches(&self) -> bool {
        self.clock_trusted && self.settings.is_on("rhythm") && self.habits.has_learned()
    }

    /// Whether frames from `source` can arrive; a source that was never heard of is believed.
    pub fn link_is_up(&self, source: &str) -> bool {
        self.links.is_up(source)
    }

    /// Whether the silence of `sensor` has a cause that is told elsewhere: the way to it is lost, or may be.
    pub fn is_excused(&self, sensor: &Sensor, heard: Option<&Heard>) -> bool {
        let heard_at = heard.and_then(|heard| heard.heard_at);
        !self.links.is_up(&sensor.source) || self.links.excuses(&sensor.source, heard_at)
    }

    /// What a sensor said; nothing for a sensor the home does not have.
    pub fn heard(&self, sensor: &SensorId) -> Option<&Heard> {
        self.sensors.get(sensor)
    }

    /// Every sensor of `home` with what it said, in the order of their names.
    pub fn with_heard<'a>(&'a self, home: &'a Home) -> impl Iterator<Item = (&'a Sensor, Option<&'a Heard>)> {
        // Both maps are ordered by the same names: walked side by side instead of looked up one by one. Mostly they hold the
        // same ones (this one never holds others), and then no name needs to be compared.
        let same = self.sensors.len() == home.sensors.len();
        let mut heard = self.sensors.iter().peekable();
        home.sensors.values().map(move |sensor| {
            let its_own = heard.next_if(|(id, _)| same || **id == sensor.id);
            (sensor, its_own.map(|(_, heard)| heard))
        })
    }

    /// From when the silence of `sensor` counts: its last frame, or since it could be heard at all.
    pub fn silent_since(&self, sensor: &Sensor, heard: Option<&Heard>) -> Option<Timestamp> {
        let watching_since = self.watching_since?;
        let heard_at = heard.and_then(|heard| heard.heard_at);
        let link_since = self.links.since(&sensor.source);
        heard_at.into_iter().chain(link_since).chain([watching_since]).max()
    }

    /// The newest blind span that reaches into the time since `from`.
    pub fn blind_since(&self, from: Timestamp) -> Option<&Blind> {
        self.blinds.iter().rev().find(|blind| blind.to.is_none_or(|to| to > from))
    }

    /// Moves every remembered instant by `by`: the clock on the wall was set, the time in between is what it was.
    pub fn shift(&mut self, by: Span) {
        let move_blind = |blind: &mut Blind| {
            blind.from += by;
            blind.to = blind.to.map(|to| to + by);
        };
        if let Some(life) = &mut self.last_life {
            life.at += by;
        }
        let instants = [&mut self.quiet_since, &mut self.watching_since, &mut self.lively_at, &mut self.witnessed_at];
        for instant in instants.into_iter().flatten() {
            *instant += by;
        }
        self.blind.iter_mut().chain(&mut self.blinds).for_each(move_blind);
        self.links.shift(by);
        self.floods.shift(by);
        self.clockwork.shift(by);
        self.sensors.values_mut().for_each(|heard| heard.shift(by));
    }
}

#[cfg(test)]
mod tests;
