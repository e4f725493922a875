//! One night: an ordered list of what happens, and the daemons that are stepped through it.

use super::disk::Disk;
use super::faults::{Fault, Injected};
use super::ledger::Ledger;
use super::planted::Planted;
use super::script::{END, MINUTE, Millis, POINTS, Script};
use super::{Asked, Break, Counts};
use crate::clock::{self, Reading};
use crate::desk::AlertKey;
use crate::gateway::plan::Plan;
use crate::gateway::stepped::Stepped as Gateway;
use crate::model::frame::RawFrame;
use crate::model::ids::PointId;
use crate::model::time::{Span, Timestamp};
use crate::sim::chance::Chance;
use crate::station::stepped::Stepped as Station;
use crate::station::voice::{InTurn, Message, Voice};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Home(usize),
    Station(usize),
}

/// Something that happens at an instant.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Stirs {
        home: usize,
        sensor: usize,
    },
    Says {
        home: usize,
        sensor: usize,
        on: bool,
        honest: bool,
    },
    Presses {
        home: usize,
        button: usize,
    },
    Falls {
        home: usize,
    },
    FaultBegins(usize),
    FaultEnds(usize),
    ToStation {
        station: usize,
        home: usize,
        topic: String,
        body: Vec<u8>,
        retained: bool,
    },
    ToHome {
        home: usize,
        station: usize,
        topic: String,
        body: Vec<u8>,
    },
    TryEnds {
        home: usize,
        number: u64,
        ok: bool,
    },
    Wakes(Who),
    Beats {
        home: usize,
        beat: u64,
    },
    Starts(Who),
    Clicks {
        station: usize,
        alert: AlertKey,
        stage: usize,
    },
    Glances {
        station: usize,
    },
    /// A link came back ten seconds ago.
    Returned {
        home: usize,
        station: usize,
        since: Millis,
    },
    PressIsDue {
        home: usize,
        nth: usize,
        at: Millis,
    },
    FallIsDue {
        home: usize,
        quiet_from: Millis,
    },
}

/// A home with its gateway, its broker and its disk.
pub(super) struct Flat {
    pub plan: Arc<Plan>,
    pub disk: Arc<Mutex<Disk>>,
    pub gateway: Option<Gateway>,
    /// By how much its clock on the wall is wrong.
    pub offset: Millis,
    /// By how much the clock that never jumps did: a planted bug.
    pub boot_offset: Millis,
    pub wakes_at: Option<Millis>,
    pub died_at: Option<Millis>,
    pub mark: Option<Timestamp>,
    /// It dies at its next write: whether that is committed, and whether memory is gone too.
    pub doom: Option<(bool, bool)>,
    pub fallen: bool,
    pub broker: HomeBroker,
    pub beats: u64,
    /// Tries that wait for the broker's word: over which channel, and for which row.
    pub under_way: BTreeMap<u64, (usize, String)>,
    pub tries: u64,
}

/// The broker of a home, which keeps presses until they are acknowledged.
pub(super) struct HomeBroker {
    pub next: u16,
    pub unacked: BTreeMap<u16, RawFrame>,
    pub tell: mpsc::UnboundedSender<u16>,
    pub told: mpsc::UnboundedReceiver<u16>,
}

/// A service point with its station.
pub(super) struct Post {
    pub point: PointId,
    pub disk: Arc<Mutex<Disk>>,
    pub station: Option<Station>,
    pub said: Mouth,
    pub wakes_at: Option<Millis>,
    pub doom: Option<bool>,
    /// As of which commit its page was looked at.
    pub scanned: u64,
    /// What somebody is about to take.
    pub planned: BTreeSet<AlertKey>,
    /// First notices of alerts, for a planted bug.
    pub raises: BTreeMap<String, Vec<u8>>,
    pub seen: BTreeSet<Vec<u8>>,
}

/// What a station says, until it is carried on.
#[derive(Clone, Default)]
pub(super) struct Mouth {
    said: Arc<Mutex<Vec<Message>>>,
}

impl Mouth {
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut *self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Voice for Mouth {
    fn tell(&self, message: Message) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    }

    fn say(&self, message: Message) {
        self.tell(message);
    }

    fn tell_in_turn(&self, messages: InTurn) {
        messages.for_each(|message| self.tell(message));
    }
}

/// The night as it goes on.
pub(super) struct World {
    pub asked: Asked,
    pub script: Script,
    pub now: Millis,
    pub step: u64,
    queue: BTreeMap<(Millis, u64), Event>,
    queued: u64,
    pub homes: Vec<Flat>,
    pub posts: Vec<Post>,
    pub active: Vec<bool>,
    pub wire: Chance,
    pub staff: Chance,
    pub ledger: Ledger,
    pub counts: Counts,
    pub broken: Option<Break>,
    pub story: Vec<String>,
}

impl World {
    pub fn new(asked: &Asked, night: u64) -> World {
        let script = Script::draw(asked, night);
        let seed = asked.seed.wrapping_mul(1_000_003).wrapping_add(night);
        let homes = (0..script.homes.len()).map(|home| Flat::new(home, asked.planted)).collect();
        let posts = POINTS.iter().map(|point| Post::new(point, asked.planted)).collect();
        let mut world = World {
            asked: asked.clone(),
            now: 0,
            step: 0,
            queue: BTreeMap::new(),
            queued: 0,
            homes,
            posts,
            active: vec![false; script.faults.len()],
            wire: Chance::stream(seed, "wire"),
            staff: Chance::stream(seed, "staff"),
            ledger: Ledger::new(script.homes.len()),
            counts: Counts::default(),
            broken: None,
            story: Vec::new(),
            script,
        };
        world.plan();
        world
    }

    /// What is known before the night begins.
    fn plan(&mut self) {
        for station in 0..self.posts.len() {
            self.at(0, Event::Starts(Who::Station(station)));
            self.at(7 * MINUTE, Event::Glances { station });
        }
        for home in 0..self.homes.len() {
            self.at(1, Event::Starts(Who::Home(home)));
            let life = std::mem::take(&mut self.script.homes[home].stirs);
            life.into_iter().for_each(|(at, sensor)| self.at(at + 2_000, Event::Stirs { home, sensor }));
            let presses = std::mem::take(&mut self.script.homes[home].presses);
            presses.into_iter().for_each(|(at, button)| self.at(at, Event::Presses { home, button }));
            if let Some(at) = self.script.homes[home].falls {
                self.at(at, Event::Falls { home });
            }
        }
        for nth in 0..self.script.faults.len() {
            let Injected { from, until, .. } = self.script.faults[nth];
            self.at(from, Event::FaultBegins(nth));
            self.at(until, Event::FaultEnds(nth));
        }
    }

    /// Lets the night pass, or what there is of it before something breaks.
    pub fn live(&mut self) {
        while let Some(((at, _), event)) = self.queue.pop_first() {
            if at > END || self.broken.is_some() {
                break;
            }
            self.now = at;
            self.step += 1;
            if self.asked.tells {
                self.tell(&event);
            }
            self.happens(event);
        }
        if self.broken.is_none() {
            self.now = END;
            self.settle_up();
        }
        clock::pretend(None);
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Stirs { home, sensor } => self.stirs(home, sensor),
            Event::Says { home, sensor, on, honest } => self.says(home, sensor, on, honest),
            Event::Presses { home, button } => self.presses(home, button),
            Event::Falls { home } => self.falls(home),
            Event::FaultBegins(nth) => self.fault_begins(nth),
            Event::FaultEnds(nth) => self.fault_ends(nth),
            Event::ToStation { station, home, topic, body, retained } => {
                self.comes_to_station(station, home, topic, body, retained);
            }
            Event::ToHome { home, station, topic, body } => self.comes_home(home, station, &topic, &body),
            Event::TryEnds { home, number, ok } => self.try_ends(home, number, ok),
            Event::Wakes(who) => self.wakes(who),
            Event::Beats { home, beat } => self.beats(home, beat),
            Event::Starts(Who::Home(home)) => self.start_home(home),
            Event::Starts(Who::Station(station)) => self.start_station(station),
            Event::Clicks { station, alert, stage } => self.clicks(station, alert, stage),
            Event::Glances { station } => self.glances(station),
            Event::Returned { home, station, since } => self.returned(home, station, since),
            Event::PressIsDue { home, nth, at } => self.press_is_due(home, nth, at),
            Event::FallIsDue { home, quiet_from } => self.fall_is_due(home, quiet_from),
        }
    }

    pub fn at(&mut self, at: Millis, event: Event) {
        self.queued += 1;
        self.queue.insert((at, self.queued), event);
    }

    pub fn after(&mut self, wait: Millis, event: Event) {
        self.at(self.now + wait, event);
    }

    /// Makes the clocks show what they show there now.
    pub fn clock_of(&self, who: Who) -> Reading {
        let (wall, boot) = match who {
            Who::Home(home) => (self.homes[home].offset, self.homes[home].boot_offset),
            Who::Station(_) => (0, 0),
        };
        let reading = Reading {
            wall: self.script.begins + Span::milliseconds(self.now + wall),
            since_boot: Span::milliseconds(self.now + boot) + Span::days(2000),
        };
        clock::pretend(Some(reading));
        reading
    }

    /// The first fault of this kind that is going on there.
    pub fn fault(&self, fault: Fault, home: Option<usize>, which: Option<usize>) -> Option<&Injected> {
        let of = |injected: &Injected| {
            injected.fault == fault
                && (home.is_none() || injected.home == home)
                && which.is_none_or(|which| injected.which % self.modulus(fault) == which)
        };
        self.script.faults.iter().zip(&self.active).find(|(injected, active)| **active && of(injected)).map(|(i, _)| i)
    }

    /// How many of what a fault is about there are.
    fn modulus(&self, fault: Fault) -> usize {
        if matches!(fault, Fault::Dead | Fault::Stuck | Fault::Chatter | Fault::Repeated) { 4 } else { POINTS.len() }
    }

    /// Something is not as it must be: the night ends here.
    pub fn breaks(&mut self, what: String) {
        if self.broken.is_none() {
            self.broken = Some(Break { at: self.now, step: self.step, what });
        }
    }

    pub fn is_planted(&self, planted: Planted) -> bool {
        self.asked.planted == Some(planted)
    }

    pub fn note(&mut self, what: impl FnOnce() -> String) {
        if self.asked.tells {
            self.story.push(format!("{:>9.3} {:>6}   {}", self.now as f64 / 1000.0, self.step, what()));
        }
    }

    fn tell(&mut self, event: &Event) {
        let what = match event {
            Event::ToStation { station, topic, body, retained, .. } => {
                format!("to {}: {topic} retained {retained} {}", POINTS[*station], String::from_utf8_lossy(body))
            }
            Event::ToHome { home, topic, body, .. } => {
                format!("to home-{home}: {topic} {}", String::from_utf8_lossy(body))
            }
            Event::FaultBegins(nth) => format!("begins: {}", self.script.faults[*nth].told()),
            Event::FaultEnds(nth) => format!("ends: {}", self.script.faults[*nth].told()),
            Event::Stirs { .. }
            | Event::Says { .. }
            | Event::Presses { .. }
            | Event::Falls { .. }
            | Event::TryEnds { .. }
            | Event::Wakes(_)
            | Event::Beats { .. }
            | Event::Starts(_)
            | Event::Clicks { .. }
            | Event::Glances { .. }
            | Event::Returned { .. }
            | Event::PressIsDue { .. }
            | Event::FallIsDue { .. } => format!("{event:?}"),
        };
        self.story.push(format!("{:>9.3} {:>6} {what}", self.now as f64 / 1000.0, self.step));
    }
}

/// The lock of something that only this thread uses.
pub(super) fn open<T>(of: &Arc<Mutex<T>>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
