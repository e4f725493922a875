//! The loop of a simulated year: what happens next, what the sensors make of it, what the engine makes of that.
//!
//! Closed: an alert brings people, and people move in the home, wake who sleeps and end a fall. The engine's own deadlines are
//! events among the others.

use super::Plan;
use super::characters::Character;
use super::life::{Doing, Life, Room, Stay, minutes};
use super::mishaps::{self, Failure};
use super::outcome::{Break, End, Fall, Outcome};
use super::record::Record;
use super::sensors::{self, Defect, Device, Said, Touch};
use crate::engine::circle::Circle;
use crate::engine::{Engine, Input};
use crate::model::observation::Observation;
use crate::model::time::{Span, TimeOfDay, Timestamp};
use crate::sim::chance::Chance;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Something that will happen.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Happening {
    /// Somebody else than the resident does this.
    Touch(Touch),
    HoldEnds(usize),
    ChecksIn(usize),
    /// A chattering sensor speaks; it was the defect of this number.
    Chatters(usize),
    Falls,
    /// Nobody came to the fall of this number.
    NobodyCame(usize),
    VisitorComes,
    Fails(Failure),
    GatewayBack,
    LinkBack(&'static str),
    Mended(usize),
    /// The station phones about an alert.
    Phones {
        alert: u64,
        rule: &'static str,
        raised_at: Timestamp,
    },
    HelpArrives,
}

/// How long somebody lies before the run gives the fall up for lost.
const GIVEN_UP_AFTER: Span = Span::hours(48);

/// One home on its way through the year.
pub struct World<'a> {
    pub(super) plan: &'a Plan,
    pub(super) character: &'static Character,
    pub(super) engine: Engine,
    pub(super) devices: Vec<Device>,
    pub(super) life: Life<'a>,
    stay: Stay,
    pub(super) stay_ends: Timestamp,
    /// What the resident will do in this stay, in order.
    pub(super) doing: VecDeque<(Timestamp, Touch)>,
    agenda: BTreeMap<(Timestamp, u64), Happening>,
    arranged: u64,
    end: Timestamp,
    /// The number of the fall after which the resident lies on the floor.
    pub(super) fallen: Option<usize>,
    /// Help is on the way for it.
    pub(super) help_comes: bool,
    pub(super) down_since: Option<Timestamp>,
    pub(super) links_down: BTreeMap<&'static str, Timestamp>,
    /// Since when no sensor that works can be heard, whatever the causes.
    pub(super) unwatched_since: Option<Timestamp>,
    /// When a broken sensor last hid a sign of life.
    pub(super) hidden_at: Option<Timestamp>,
    /// Broken sensors that somebody was told about.
    pub(super) told: BTreeSet<usize>,
    /// Chance has a stream for each matter, so that another rule does not change the weather.
    moves: Chance,
    pub(super) radio: Chance,
    mishaps: Chance,
    pub(super) people: Chance,
    pub(super) outcome: Outcome,
    pub(super) record: Option<Record>,
}

impl<'a> World<'a> {
    /// The home of `character` on the morning before the first day.
    pub fn new(plan: &'a Plan, character: &'static Character) -> World<'a> {
        let stream = |what: &str| Chance::stream(plan.seed, &format!("{what} of {}", character.name));
        let mut radio = stream("radio");
        let devices = sensors::hang(character.kit, &mut radio);
        let circle = Circle::default();
        let engine = Engine::new(sensors::home(&devices, &plan.zone), &character.rules(&plan.rules), circle);
        World {
            plan,
            character,
            engine,
            devices,
            life: Life::new(character, &plan.zone, plan.seed, plan.from),
            stay: Stay { place: Some(Room::Bedroom), doing: Doing::Sleeping, lasts: Span::zero() },
            stay_ends: plan.from,
            doing: VecDeque::new(),
            agenda: BTreeMap::new(),
            arranged: 0,
            end: plan.from + Span::days(i64::from(plan.days)),
            fallen: None,
            help_comes: false,
            down_since: None,
            links_down: BTreeMap::new(),
            unwatched_since: None,
            hidden_at: None,
            told: BTreeSet::new(),
            moves: stream("moves"),
            radio,
            mishaps: stream("mishaps"),
            people: stream("people"),
            outcome: Outcome { resident: character.name, days: f64::from(plan.days), ..Outcome::default() },
            record: plan.records.then(|| Record::new(&plan.zone)),
        }
    }

    /// Lives through it.
    pub fn run(mut self) -> (Outcome, Option<Record>) {
        self.begin();
        while let Some(now) = self.next_instant().filter(|now| *now < self.end) {
            self.step(now);
        }
        (self.outcome, self.record)
    }

    fn begin(&mut self) {
        let from = self.plan.from;
        self.tell_engine(from, Input::Started { blind_since: None });
        for index in 0..self.devices.len() {
            self.arrange_check_in(from, index);
        }
        if self.plan.failures {
            let mut chance = Chance::stream(self.plan.seed, &format!("failures of {}", self.character.name));
            for (at, failure) in mishaps::failures(from, self.outcome.days, &mut chance) {
                self.arrange(at, Happening::Fails(failure));
            }
        }
        self.arrange_visit(from);
    }

    /// The next instant at which anything happens.
    fn next_instant(&self) -> Option<Timestamp> {
        let own = self.doing.front().map(|(at, _)| *at);
        let arranged = self.agenda.first_key_value().map(|((at, _), _)| *at);
        let stay = self.fallen.is_none().then_some(self.stay_ends);
        [own, arranged, stay, self.engine_deadline()].into_iter().flatten().min()
    }

    /// A gateway that is down judges nothing.
    fn engine_deadline(&self) -> Option<Timestamp> {
        self.engine.next_wakeup().filter(|_| self.down_since.is_none())
    }

    /// One thing of those that happen at `now`; the engine's deadlines come first, as in the daemon.
    fn step(&mut self, now: Timestamp) {
        if self.engine_deadline().is_some_and(|deadline| deadline <= now) {
            self.tell_engine(now, Input::Tick);
        } else if self.doing.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, touch)) = self.doing.pop_front() {
                self.touch(now, touch);
            }
        } else if self.agenda.first_key_value().is_some_and(|((at, _), _)| *at <= now) {
            if let Some((_, happening)) = self.agenda.pop_first() {
                self.happen(now, happening);
            }
        } else {
            self.begin_stay(now);
        }
    }

    fn happen(&mut self, now: Timestamp, happening: Happening) {
        match happening {
            Happening::Touch(touch) => self.touch(now, touch),
            Happening::HoldEnds(index) => self.hold_ends(now, index),
            Happening::ChecksIn(index) => self.checks_in(now, index),
            Happening::Chatters(index) => self.chatters(now, index),
            Happening::Falls => self.falls(now),
            Happening::NobodyCame(fall) => self.nobody_came(now, fall),
            Happening::VisitorComes => self.visitor_comes(now),
            Happening::Fails(failure) => self.fails(now, failure),
            Happening::GatewayBack => self.gateway_back(now),
            Happening::LinkBack(source) => self.link_back(now, source),
            Happening::Mended(index) => self.mended(now, index),
            Happening::Phones { alert, rule, raised_at } => self.phones(now, alert, rule, raised_at),
            Happening::HelpArrives => self.help_arrives(now),
        }
    }

    pub(super) fn arrange(&mut self, at: Timestamp, happening: Happening) {
        self.arranged += 1;
        self.agenda.insert((at, self.arranged), happening);
    }

    /// The resident goes on to the next thing.
    pub(super) fn begin_stay(&mut self, now: Timestamp) {
        let before = self.stay;
        let stay = self.life.next(now);
        self.stay = stay;
        self.stay_ends = now + stay.lasts.max(Span::seconds(1));
        self.doing = self.touches_of(now, before, stay).into();
        let by_night = self.by_night(now);
        let falls_in = mishaps::fall(&stay, by_night, self.plan.falls_per_year, &mut self.mishaps);
        // A fall at the very end could not be followed to its own.
        if let Some(after) = falls_in.filter(|after| now + *after + GIVEN_UP_AFTER < self.end) {
            self.arrange(now + after, Happening::Falls);
        }
    }

    /// Everything that sensors could feel of a stay, in order of time.
    fn touches_of(&mut self, now: Timestamp, before: Stay, stay: Stay) -> Vec<(Timestamp, Touch)> {
        let mut touches = Vec::new();
        let in_bed =
            |stay: Stay| stay.place == Some(Room::Bedroom) && matches!(stay.doing, Doing::Sleeping | Doing::Lying);
        let after = |seconds: f64| now + Span::milliseconds((seconds * 1000.0) as i64);
        if in_bed(before) && !in_bed(stay) {
            touches.push((after(1.0), Touch::Bed(false)));
        }
        if before.place.is_none() && stay.place.is_some() {
            touches.extend([(after(1.0), Touch::Door(true)), (after(9.0), Touch::Door(false))]);
        }
        // Every way leads through the hall, and nearly always its sensor sees somebody pass.
        if before.place != stay.place && self.moves.happens(0.95) {
            touches.push((after(self.moves.between(4.0, 12.0)), Touch::Moves(Room::Hall)));
        }
        let Some(room) = stay.place else {
            touches.extend([(after(20.0), Touch::Door(true)), (after(28.0), Touch::Door(false))]);
            return touches;
        };
        if in_bed(stay) && !in_bed(before) {
            touches.push((after(40.0), Touch::Bed(true)));
        }
        if room == Room::Kitchen && stay.doing == Doing::Busy {
            let opens = self.moves.between(20.0, 120.0);
            touches.extend([(after(opens), Touch::Fridge(true)), (after(opens + 15.0), Touch::Fridge(false))]);
        }
        let pause_minutes = match stay.doing {
            Doing::Sleeping => self.character.turns_every_minutes,
            Doing::Lying => self.character.turns_every_minutes * 0.5,
            Doing::Sitting => self.character.stirs_every_minutes,
            Doing::Busy | Doing::Out => 0.7,
        };
        let mut moved = now + Span::seconds(13);
        while moved < self.stay_ends {
            touches.push((moved, Touch::Moves(room)));
            moved += minutes(self.moves.wait(pause_minutes).max(0.1));
        }
        touches.sort_by_key(|(at, _)| *at);
        touches
    }

    /// Whatever hangs within reach feels it.
    pub(super) fn touch(&mut self, now: Timestamp, touch: Touch) {
        for index in 0..self.devices.len() {
            let Some(device) = self.devices.get_mut(index).filter(|device| device.is_touched_by(touch)) else {
                continue;
            };
            if device.defect.is_some() {
                self.hidden_at = Some(now);
                continue;
            }
            let (said, look_again) = device.feel(now, touch);
            if let Some(at) = look_again {
                self.arrange(at, Happening::HoldEnds(index));
            }
            if let Some(said) = said {
                self.says(now, index, said);
            }
        }
    }

    fn hold_ends(&mut self, now: Timestamp, index: usize) {
        let Some(device) = self.devices.get_mut(index) else { return };
        let (said, look_again) = device.hold_ends(now);
        let is_dead = device.defect == Some(Defect::Dead);
        if let Some(at) = look_again {
            self.arrange(at, Happening::HoldEnds(index));
        }
        if let Some(said) = said.filter(|_| !is_dead) {
            self.says(now, index, said);
        }
    }

    pub(super) fn arrange_check_in(&mut self, now: Timestamp, index: usize) {
        let after = self.devices.get(index).and_then(|device| device.checks_in_after(&mut self.radio));
        if let Some(after) = after {
            self.arrange(now + after, Happening::ChecksIn(index));
        }
    }

    fn checks_in(&mut self, now: Timestamp, index: usize) {
        self.arrange_check_in(now, index);
        let (_, month, _) = self.plan.zone.local(now).date;
        let warmth = -(f64::from(month - 1) / 12.0 * std::f64::consts::TAU).cos();
        // One check-in in fifty is lost in the air.
        let is_lost = self.radio.happens(0.02);
        let Some(device) = self.devices.get_mut(index) else { return };
        if device.defect == Some(Defect::Dead) || is_lost {
            return;
        }
        for said in device.checks_in(warmth, &mut self.radio) {
            self.says(now, index, said);
        }
    }

    /// A sensor says something; whether the gateway hears it is another matter.
    pub(super) fn says(&mut self, now: Timestamp, index: usize, (measure, evidence): Said) {
        let Some(device) = self.devices.get(index) else { return };
        if self.down_since.is_some() || self.links_down.contains_key(device.sensor.source.as_str()) {
            return;
        }
        if let Some(record) = &mut self.record {
            record.heard(now, &device.sensor, &measure);
        }
        self.outcome.readings += 1;
        let sensor = device.sensor.id.clone();
        let observation = Observation { at: now, sensor, measure, evidence, copy: false };
        self.tell_engine(now, Input::Observed(observation));
    }

    fn falls(&mut self, now: Timestamp) {
        let Some(room) = self.stay.place.filter(|_| self.fallen.is_none()) else { return };
        let (touches, pressed) = mishaps::on_the_floor(now, room, &mut self.mishaps);
        self.doing = touches.into();
        let number = self.outcome.falls.len();
        let (by_night, blind) = (self.by_night(now), !self.is_watched());
        self.outcome.falls.push(Fall { at: now, room, by_night, pressed, blind, end: None });
        (self.fallen, self.help_comes) = (Some(number), false);
        self.arrange(now + GIVEN_UP_AFTER, Happening::NobodyCame(number));
    }

    fn nobody_came(&mut self, now: Timestamp, fall: usize) {
        if self.fallen != Some(fall) || self.help_comes {
            return;
        }
        let lay = self.outcome.falls.get(fall).map(|fall| format!("on the floor of the {}", fall.room.as_str()));
        self.breaks(now, format!("nobody was told of a fall for two days: {}", lay.unwrap_or_default()));
        self.off_the_floor(now, End::Nobody);
    }

    pub(super) fn breaks(&mut self, at: Timestamp, what: String) {
        self.outcome.breaks.push(Break { at, what });
    }

    /// Whether any sensor that works and can be heard could show life now.
    pub(super) fn is_watched(&self) -> bool {
        let is_heard = |device: &Device| !self.links_down.contains_key(device.sensor.source.as_str());
        self.down_since.is_none() && self.devices.iter().any(|device| device.could_show_life() && is_heard(device))
    }

    fn by_night(&self, now: Timestamp) -> bool {
        let night = |from: u16, to: u16| TimeOfDay::new(from, 0).zip(TimeOfDay::new(to, 0));
        let second = self.plan.zone.local(now).second_of_day;
        night(22, 7).is_some_and(|(from, to)| second >= from.second_of_day() || second < to.second_of_day())
    }

    /// Where the resident is, as far as anybody could know.
    pub(super) fn place(&self) -> Option<Room> {
        self.stay.place
    }
}
