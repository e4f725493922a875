//! What can fail in a night, how often, and for how long.

use super::script::{FAULTS_END, HOUR, MINUTE, Millis, SECOND};
use crate::sim::chance::Chance;

macro_rules! faults {
    ($($Name:ident = $name:literal: $doc:literal,)*) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault { $(#[doc = $doc] $Name,)* }

        impl Fault {
            /// Every kind.
            pub const ALL: &'static [Fault] = &[$(Fault::$Name,)*];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Fault::$Name => $name,)* }
            }
        }
    };
}

faults! {
    Cut = "cut": "A connection between home and station breaks, and both ends know.",
    Offline = "offline": "The home loses its connections to all stations.",
    HalfOpen = "half_open": "A connection takes what is sent and carries nothing; nobody is told.",
    Lossy = "lossy": "Of what a broker acknowledged, a part never arrives.",
    Doubled = "doubled": "Messages arrive twice.",
    Late = "late": "Messages arrive seconds to minutes late, and in another order.",
    Deaf = "deaf": "A station loses its broker.",
    Crash = "crash": "The gateway dies at a write: before it, amid it or after it.",
    PowerCut = "power_cut": "The same, and what was only in memory is gone too.",
    StationCrash = "station_crash": "The station dies at a write.",
    StationOff = "station_off": "The station is off for a while.",
    Full = "full": "The gateway's disk is full.",
    StationFull = "station_full": "The station's disk is full.",
    Lies = "lies": "Writes fail, and the disk has them all the same.",
    Slow = "slow": "Writes take seconds.",
    Jump = "jump": "The home's clock on the wall is set: hours, years, 1970.",
    Sensors = "sensors": "The home's own broker is away: no sensor is heard.",
    Dead = "dead": "A sensor says nothing.",
    Stuck = "stuck": "A sensor says all the time that somebody is there.",
    Chatter = "chatter": "A sensor says twice a second that somebody came and went.",
    Retained = "retained": "The home's broker hands out old states again.",
    Repeated = "repeated": "The bridge says again and again what was the last state.",
    Rivals = "rivals": "Both stations take the same alerts at the same time.",
}

/// A fault with its place and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Injected {
    pub fault: Fault,
    /// The home; of what concerns a station alone, nothing.
    pub home: Option<usize>,
    /// The station, or the sensor.
    pub which: usize,
    pub from: Millis,
    pub until: Millis,
    /// How: a kind of crash, milliseconds of a jump or a delay.
    pub how: i64,
}

impl Fault {
    /// The kind of this name.
    pub fn named(name: &str) -> Option<Fault> {
        Fault::ALL.iter().copied().find(|fault| fault.name() == name)
    }

    /// How likely a night has it, and its usual length.
    fn usual(self) -> (f64, Millis) {
        match self {
            Fault::Cut => (0.25, 15 * MINUTE),
            Fault::Offline => (0.15, 12 * MINUTE),
            Fault::HalfOpen => (0.2, 5 * MINUTE),
            Fault::Lossy => (0.25, HOUR),
            Fault::Doubled => (0.2, 2 * HOUR),
            Fault::Late => (0.2, 40 * MINUTE),
            Fault::Deaf => (0.15, 4 * MINUTE),
            Fault::Crash => (0.35, MINUTE),
            Fault::PowerCut => (0.15, 5 * MINUTE),
            Fault::StationCrash => (0.35, MINUTE),
            Fault::StationOff => (0.1, 30 * MINUTE),
            Fault::Full => (0.15, 8 * MINUTE),
            Fault::StationFull => (0.15, 6 * MINUTE),
            Fault::Lies => (0.15, 10 * MINUTE),
            Fault::Slow => (0.15, 10 * MINUTE),
            Fault::Jump => (0.2, HOUR),
            Fault::Sensors => (0.15, 8 * MINUTE),
            Fault::Dead => (0.15, 5 * HOUR),
            Fault::Stuck => (0.15, 3 * HOUR),
            Fault::Chatter => (0.1, 3 * MINUTE),
            Fault::Retained => (0.2, SECOND),
            Fault::Repeated => (0.15, 2 * HOUR),
            Fault::Rivals => (0.2, 6 * HOUR),
        }
    }

    /// Whether it is a station's own.
    fn is_of_station(self) -> bool {
        matches!(self, Fault::Deaf | Fault::StationCrash | Fault::StationOff | Fault::StationFull | Fault::Rivals)
    }

    pub(super) fn draw(self, chance: &mut Chance, homes: usize, into: &mut Vec<Injected>) {
        let (likely, usual) = self.usual();
        for home in 0..if self.is_of_station() { 1 } else { homes } {
            while chance.happens(likely) {
                let from = chance.between(5.0 * MINUTE as f64, (FAULTS_END - 10 * MINUTE) as f64) as Millis;
                let until = (from + chance.length(usual as f64, 0.8) as Millis).min(FAULTS_END);
                let which = (chance.unit() * 4.0) as usize;
                let how = self.how(chance);
                let home = (!self.is_of_station()).then_some(home);
                into.push(Injected { fault: self, home, which, from, until, how });
            }
        }
    }

    fn how(self, chance: &mut Chance) -> i64 {
        let whole = |value: f64| value as i64;
        if self == Fault::Jump {
            let days = 24 * HOUR;
            let jumps = [2 * HOUR, -2 * HOUR, 3 * 365 * days, TO_1970];
            jumps[whole(chance.unit() * 4.0) as usize]
        } else if self == Fault::Slow {
            whole(chance.between(500.0, 8_000.0))
        } else if self == Fault::Late {
            whole(chance.length(20_000.0, 1.2))
        } else {
            whole(chance.unit() * 3.0)
        }
    }
}

impl Fault {
    /// A daemon ends in it, at one instant.
    fn is_an_end(self) -> bool {
        matches!(self, Fault::Crash | Fault::PowerCut | Fault::StationCrash)
    }

    /// A step that is told meanwhile does not get through, or not at once.
    fn stands_in_the_way(self) -> bool {
        let at_home = matches!(self, Fault::Full | Fault::Slow | Fault::Lies | Fault::Sensors);
        at_home || matches!(self, Fault::Cut | Fault::Offline | Fault::HalfOpen | Fault::StationFull)
    }
}

impl Injected {
    pub fn concerns(&self, home: usize) -> bool {
        self.home.is_none_or(|own| own == home)
    }

    /// Half of those that matter when something is told come when somebody presses.
    pub fn meet(&mut self, chance: &mut Chance, presses: &[(Millis, usize)]) {
        let (meets, which) = (chance.happens(0.5), (chance.unit() * presses.len() as f64) as usize);
        let before = if self.fault.is_an_end() {
            chance.between(-70.0, 15.0)
        } else if self.fault.stands_in_the_way() {
            chance.between(1.0, 120.0)
        } else {
            return;
        };
        if let Some((pressed, _)) = presses.get(which).filter(|_| meets) {
            let lasts = self.until - self.from;
            let from = (pressed - (before * SECOND as f64) as Millis).max(3 * SECOND);
            if from + MINUTE < FAULTS_END {
                (self.from, self.until) = (from, (from + lasts).min(FAULTS_END));
            }
        }
    }

    /// What it leads to may last longer than itself.
    pub fn lasts_until(&self) -> Millis {
        if self.fault.is_an_end() {
            self.until + 3 * MINUTE
        } else if self.fault == Fault::Late {
            // Something late may be on its way.
            self.until + 30 * MINUTE
        } else {
            self.until + 2 * MINUTE
        }
    }

    /// In words of one line.
    pub fn told(&self) -> String {
        let Injected { fault, home, which, how, .. } = self;
        format!("{} home {home:?} which {which} how {how}", fault.name())
    }
}

/// The clock forgets the year.
pub(super) const TO_1970: i64 = i64::MIN;
