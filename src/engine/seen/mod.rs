//! What is known about a home: the last sign of life, blind spans, what each sensor said last.
//!
//! The one place that decides what a reading means: an edge is an event, a repeated or kept state is only "alive",
//! a press is a press once, presence that lasts is life for a while. What a sensor is like (how long it is silent, how its
//! battery falls, whether it is stuck) is learned here too, in fixed memory, and judged in `health`, `mute` and `watch`. Never
//! reads a clock: every call brings its own instant.

mod battery;
mod blind;
mod clockwork;
mod days;
mod health;
mod heard;
mod life;
mod meaning;
mod mute;
mod outlook;
mod own_sign;
mod presses;
mod quality;
mod rhythm;
mod sights;
pub mod suspended;
mod value;
mod watch;
mod whereabouts;

use crate::engine::floods::Floods;
use crate::engine::links::Links;
use crate::engine::rhythm::Habits;
use crate::engine::rules::Settings;
use crate::model::home::{Home, Sensor, SensorKind};
use crate::model::ids::SensorId;
use crate::model::observation::{Observation, Press};
use crate::model::purpose::{measures_its_kind, proves_presence_of_device};
use crate::model::reason::{Blind, SignOfLife};
use crate::model::suspension::{Absence, Change, Suspension};
use crate::model::time::{Span, Timestamp};
pub use battery::{Battery, Falling};
pub use blind::{BRIDGED, Ended};
use clockwork::Clockwork;
pub use health::Silence;
pub use heard::Heard;
use mute::Sources;
pub use mute::{Mute, of as mute_of};
use outlook::Outlooks;
use own_sign::OwnSigns;
pub use quality::Tamper;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
pub use suspended::Suspended;
pub use value::{Beyond, Value};
pub use watch::{Sight, Unwatched};
pub use whereabouts::{Out, Stay, Whereabouts};

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
    /// When it first watched at all; nothing is known of what was before.
    begun_at: Option<Timestamp>,
    /// When this run began, or went on after it stood still: of what was said before, the newest may not have been written.
    resumed_at: Option<Timestamp>,
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
    /// What time alone could change.
    outlooks: Outlooks,
    sources: Sources,
    /// Whether anybody tells that a source is mute.
    judges_mutes: bool,
    settings: Arc<Settings>,
    /// A bit for each kind of sensor the home has.
    kinds: u32,
    /// Where somebody was seen, and whether they went out.
    pub whereabouts: Whereabouts,
    /// When the home is known to be other than usual.
    pub suspended: Suspended,
    /// When a visitor last confirmed to have come.
    pub arrived_at: Option<Timestamp>,
    /// When days began for the resident, by her own doing.
    own_signs: OwnSigns,
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

impl Seen {
    /// Nothing seen yet. Of the settings it takes what says when a sensor can no longer be believed.
    pub fn new(home: &Home, settings: &Settings) -> Seen {
        let mut seen = Seen {
            last_life: None,
            quiet_since: None,
            blind: None,
            clock_trusted: true,
            watching_since: None,
            begun_at: None,
            resumed_at: None,
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
            outlooks: Outlooks::default(),
            sources: Sources::default(),
            judges_mutes: settings.is_on("link_lost"),
            settings: Arc::new(settings.clone()),
            kinds: 0,
            whereabouts: Whereabouts::default(),
            suspended: Suspended::default(),
            arrived_at: None,
            own_signs: OwnSigns::default(),
        };
        home.sensors.values().for_each(|sensor| seen.add(sensor));
        seen
    }

    /// A sensor joins the home.
    pub fn adopt(&mut self, sensor: &Sensor) {
        if !self.sensors.contains_key(&sensor.id) {
            self.add(sensor);
        }
    }

    fn add(&mut self, sensor: &Sensor) {
        self.kinds |= 1 << sensor.kind as u32;
        let offline_for = sensor.offline_is_silent.then_some(self.settings.silent_sensor.offline_for);
        let limits = [sensor.silent_after, offline_for].into_iter().flatten();
        self.shortest_limit = limits.fold(self.shortest_limit, Span::min);
        self.sources.join(&sensor.source);
        let place = self.outlooks.join();
        self.sensors.entry(sensor.id.clone()).or_default().place = place;
        self.look_ahead(sensor);
    }

    /// Whether the home has a sensor of one of these kinds: most rules have nothing to judge in most homes.
    pub fn has_any(&self, kinds: &[SensorKind]) -> bool {
        kinds.iter().any(|kind| self.kinds & (1 << *kind as u32) != 0)
    }

    /// Whether a sensor that fits can be heard now.
    pub fn could_be_seen(&self, home: &Home, fits: impl Fn(&Sensor) -> bool) -> bool {
        home.sensors.values().any(|sensor| fits(sensor) && self.links.is_up(&sensor.source))
    }

    /// Whether somebody lies in a bed or sits in a chair; what has been said for a whole day is not believed.
    pub fn somebody_lies(&self, home: &Home, now: Timestamp) -> bool {
        let lies = |(on, since): (bool, Timestamp)| on && now - since < Span::hours(24);
        self.with_heard(home).any(|(sensor, heard)| {
            self.links.is_up(&sensor.source) && heard.and_then(|heard| heard.occupied).is_some_and(lies)
        })
    }

    /// Takes in one observation and says what it tells.
    pub fn observe(&mut self, home: &Home, observation: &Observation) -> Told {
        let Some(sensor) = home.sensors.get(&observation.sensor) else { return Told::default() };
        let at = observation.at;
        if self.watching_since.is_none() {
            self.begins(at);
            self.look_ahead_all(home);
        }
        // Looked up before it is made: a home-year has 75,000 observations, and a new sensor is rare.
        if !self.sensors.contains_key(&sensor.id) {
            self.add(sensor);
        }
        let is_watcher = sensor.kind.watches_for_life() && self.blind.is_none();
        let is_there = proves_presence_of_device(&observation.measure, observation.evidence);
        let ends_mute = is_there && self.ends_mute(home, sensor, at);
        let unwatched = if is_watcher || ends_mute { self.unwatched(home, at) } else { None };
        let silence = self.silence_of(sensor, at).filter(|_| !ends_mute);
        if ends_mute {
            self.heard_again(home, sensor, at);
        }
        if is_there {
            self.sources.heard(&sensor.source, at);
        }
        let gap_ended_at = self.gap_ended_at(sensor);
        let (settings, lively) = (&self.settings, self.lively);
        let heard = self.sensors.get_mut(&sensor.id).expect("it was made above");
        heard.main.sure_since = heard.main.sure_since.filter(|since| Some(*since) >= gap_ended_at);
        heard.is_there(observation, silence, lively);
        heard.take_report(sensor, observation, settings);
        let (said_before, lively_before) = (heard.main.level, self.lively);
        let is_event = heard.is_event(sensor, observation);
        let mut told = Told { press: None, is_life: false, ended: None };
        if is_event || (heard.main.level.map(|(on, _)| on) != said_before.map(|(on, _)| on)) {
            heard.rhythm.stirred(at);
        }
        if is_event {
            told = self.event(home, sensor, observation);
        } else if sensor.kind == SensorKind::Presence && measures_its_kind(sensor.kind, &observation.measure) {
            self.presence(home, sensor, observation, said_before);
        }
        if self.lively == lively_before {
            self.look_ahead(sensor);
        } else {
            self.look_ahead_all(home);
        }
        self.witness(sensor, observation);
        if let Some(unwatched) = unwatched
            && self.unwatched(home, at).is_none()
        {
            told.ended = self.watched_again(unwatched.from, unwatched.cause, at);
        }
        told
    }

    /// A reading that said nothing new and was written later than it came: how fresh a value is rests on it.
    pub fn recall_heard_before(&mut self, home: &Home, observation: &Observation) {
        let Some(sensor) = home.sensors.get(&observation.sensor) else { return };
        if let Some(heard) = self.sensors.get_mut(&sensor.id) {
            heard.recall_value(sensor, observation, &self.settings);
        }
    }

    /// Time has come to `now`: suspensions begin and end by themselves.
    pub fn pass(&mut self, home: &Home, now: Timestamp) {
        if self.suspended.is_nothing() {
            return;
        }
        self.follow_suspensions(home, now);
        if let Some(until) = self.suspended.shared_until(now) {
            self.habits.advance(home, until);
        }
        let ended = self.suspended.pass(now);
        self.watch_from(home, ended);
        self.follow_suspensions(home, now);
    }

    /// A station says that the home is other than usual, or no longer.
    pub fn suspend(&mut self, home: &Home, at: Timestamp, change: &Change) {
        let ended = self.suspended.change(at, change);
        self.watch_from(home, ended);
        self.follow_suspensions(home, at);
    }

    /// What the home is like while nobody, or more than one person, is there is no habit of the resident.
    fn follow_suspensions(&mut self, home: &Home, now: Timestamp) {
        if let Some(from) = self.suspended.empty_since(now) {
            self.habits.advance(home, from);
            let is_in_hospital = |said: &Suspension| said.kind == Absence::Hospital && said.from <= now;
            self.habits.leave(from, self.suspended.all().any(is_in_hospital));
        }
        let shared_since = self.suspended.shared_since(now);
        if let Some(from) = shared_since {
            self.habits.advance(home, from);
        }
        self.habits.visited(shared_since.is_some());
    }

    /// An absence ended: the quiet of an empty home was nobody's.
    fn watch_from(&mut self, home: &Home, ended: Option<Timestamp>) {
        if let Some(at) = ended {
            if self.suspended.empty_since(at).is_none() {
                self.habits.advance(home, at);
                self.habits.come_back(at);
            }
            self.suspended.ended_at = ended;
            self.quiet_since = self.quiet_since.map(|quiet| quiet.max(at));
            self.whereabouts.came_back(at);
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
    pub fn is_excused(&self, now: Timestamp, sensor: &Sensor, heard: Option<&Heard>) -> bool {
        self.excused_until(sensor, heard).is_some_and(|until| now < until)
    }

    /// Until when the silence of `sensor` is excused if nothing happens before; without an end where its way is certainly
    /// lost.
    pub fn excused_until(&self, sensor: &Sensor, heard: Option<&Heard>) -> Option<Timestamp> {
        if !self.links.is_up(&sensor.source) {
            return Some(Timestamp::MAX_UTC);
        }
        self.links.excuses_until(&sensor.source, heard.and_then(|heard| heard.heard_at))
    }

    /// What a sensor said; nothing for a sensor the home does not have.
    pub fn heard(&self, sensor: &SensorId) -> Option<&Heard> {
        self.sensors.get(sensor)
    }

    /// Every sensor of `home` with what it said, in the order of their names.
    pub fn with_heard<'a, 'h>(&'a self, home: &'h Home) -> impl Iterator<Item = (&'h Sensor, Option<&'a Heard>)> {
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
        let (heard_at, audible_since) = heard.map_or((None, None), |heard| (heard.heard_at, heard.audible_since));
        heard_at.max(audible_since).max(self.links.since(&sensor.source)).max(Some(watching_since))
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
        for instant in
            instants.into_iter().chain([&mut self.arrived_at, &mut self.begun_at, &mut self.resumed_at]).flatten()
        {
            *instant += by;
        }
        self.blind.iter_mut().chain(&mut self.blinds).for_each(move_blind);
        self.whereabouts.shift(by);
        self.suspended.shift(by);
        self.links.shift(by);
        self.floods.shift(by);
        self.clockwork.shift(by);
        self.sensors.values_mut().for_each(|heard| heard.shift(by));
        self.outlooks.shift(by);
        self.sources.shift(by);
        self.own_signs.shift(by);
    }
}

#[cfg(test)]
mod tests;
