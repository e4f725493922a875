//! Whether a sensor can be believed: alive, silent, stuck; and whether anything that could show life is left.
//!
//! A dead sensor and a stuck one are no witnesses. When none is left, the home is not quiet but not observed.

use super::heard::CALM;
use super::{Heard, Seen};
use crate::model::home::{Home, Sensor, SensorKind};
use crate::model::observation::{Evidence, Observation};
use crate::model::purpose::proves_presence_of_device;
use crate::model::reason::Stuck;
use crate::model::status::Condition;
use crate::model::time::{Span, Timestamp};

/// What of the home can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sight {
    /// Sensors that could show life.
    pub sensors: u32,
    /// Of these, how many are heard from and believed.
    pub alive: u32,
    /// Of these, how many could be heard for too short a time to be given up.
    pub awaited: u32,
    /// Of these, how many may be dead without anybody knowing.
    pub cannot_tell: u32,
    /// The last instant at which any of them could have shown life, as far as is known.
    pub until: Option<Timestamp>,
    /// When the next of those alive would be silent.
    pub next_silent: Option<Timestamp>,
}

impl Sight {
    /// Whether anything that could show life is left.
    pub fn is_lost(&self) -> bool {
        self.sensors > 0 && self.alive + self.awaited + self.cannot_tell == 0
    }
}

/// When a sensor is given up: nothing came from it, or its bridge called it offline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silence {
    /// From when it counts.
    pub since: Timestamp,
    /// How long it may last.
    pub limit: Span,
    /// Whether it is the bridge that says so.
    pub is_offline: bool,
}

impl Silence {
    /// From then on the sensor is silent.
    pub fn too_long_at(&self) -> Timestamp {
        self.since + self.limit
    }
}

impl Seen {
    /// Which silence of `sensor` is, or will be, too long first; absent where none ever is.
    pub fn silence(&self, sensor: &Sensor, heard: Option<&Heard>) -> Option<Silence> {
        let unheard = self.silence_limit(sensor, heard).zip(self.silent_since(sensor, heard));
        let unheard = unheard.map(|(limit, since)| Silence { since, limit, is_offline: false });
        let offline_since = heard.and_then(|heard| heard.offline_since).filter(|_| sensor.offline_is_silent);
        let offline = offline_since.map(|since| {
            // While its way was lost, nobody could have said that it is back.
            let since = self.links.since(&sensor.source).map_or(since, |link_since| link_since.max(since));
            Silence { since, limit: self.settings.silent_sensor.offline_for, is_offline: true }
        });
        unheard.into_iter().chain(offline).min_by_key(Silence::too_long_at)
    }

    /// The longest silence that is no fault; absent where silence says nothing.
    pub fn silence_limit(&self, sensor: &Sensor, heard: Option<&Heard>) -> Option<Span> {
        if sensor.silent_after.is_some() || !sensor.checks_in {
            return sensor.silent_after;
        }
        let usual = heard.and_then(|heard| heard.rhythm.usual);
        Some(self.settings.silent_sensor.limit(usual))
    }

    /// How `sensor` is at `now`.
    pub fn condition(&self, now: Timestamp, sensor: &Sensor, heard: Option<&Heard>) -> Condition {
        if !self.link_is_up(&sensor.source) {
            return Condition::CutOff;
        }
        if self.silence(sensor, heard).is_some_and(|silence| now >= silence.too_long_at()) {
            return Condition::Silent;
        }
        match self.silence_limit(sensor, heard) {
            None if heard
                .and_then(|heard| heard.event_at)
                .is_none_or(|at| now - at >= self.settings.silent_sensor.after) =>
            {
                return Condition::CannotTell;
            }
            Some(_) | None => {}
        }
        match heard.and_then(|heard| self.stuck(now, sensor, heard)) {
            Some((stuck, _)) => Condition::Stuck(stuck),
            None => Condition::Alive,
        }
    }

    /// How and since when `sensor` is stuck, where it is.
    pub fn stuck(&self, now: Timestamp, sensor: &Sensor, heard: &Heard) -> Option<(Stuck, Timestamp)> {
        let settings = &self.settings.stuck_sensor;
        if !self.settings.is_on("stuck_sensor") || !sensor.kind.watches_for_life() {
            return None;
        }
        if let Some(since) = self.chatters(now, heard) {
            return Some((Stuck::Chatters, since));
        }
        if let Some(since) = self.on_since(sensor, heard) {
            let limit = settings.on_limit(sensor);
            let said_again = heard.main.level.is_some_and(|(on, at)| on && at - since >= limit);
            if now - since >= limit && (heard.main.says_off || said_again) {
                return Some((Stuck::On, since));
            }
        }
        self.unknown_since(sensor, heard).map(|since| (Stuck::Unknown, since)).or_else(|| {
            let since = self.blind_eyed_since(sensor, heard).filter(|since| now - *since >= settings.off_for)?;
            Some((Stuck::Off, since))
        })
    }

    /// When [`Seen::stuck`] could change by time alone.
    pub fn stuck_changes_at(&self, now: Timestamp, sensor: &Sensor, heard: &Heard) -> Option<Timestamp> {
        let settings = &self.settings.stuck_sensor;
        let believed_again = heard.event_at.filter(|_| heard.run.chatters_since.is_some()).map(|at| at + CALM);
        let on = self.on_since(sensor, heard).filter(|_| heard.main.says_off);
        let off = self.blind_eyed_since(sensor, heard).map(|since| since + settings.off_for);
        let all = [believed_again, on.map(|since| since + settings.on_limit(sensor)), off];
        all.into_iter().flatten().filter(|at| *at > now).min()
    }

    /// What of the home can be seen at `now`.
    pub fn sight(&self, home: &Home, now: Timestamp) -> Sight {
        let mut sight = Sight::default();
        for (sensor, heard) in self.with_heard(home).filter(|(sensor, _)| sensor.kind.watches_for_life()) {
            sight.sensors += 1;
            let silence = self.silence(sensor, heard);
            let until = match self.condition(now, sensor, heard) {
                Condition::Alive | Condition::CannotTell => {
                    let limit = self.silence_limit(sensor, heard);
                    let silent_at = silence.map(|silence| silence.too_long_at());
                    sight.next_silent = [silent_at, sight.next_silent].into_iter().flatten().min();
                    let heard_at = heard.and_then(|heard| heard.heard_at);
                    *match limit {
                        None => &mut sight.cannot_tell,
                        Some(limit) if heard_at.is_some_and(|at| now - at < limit) => &mut sight.alive,
                        Some(_) => &mut sight.awaited,
                    } += 1;
                    Some(now)
                }
                Condition::CutOff => self.cut_off_since(sensor, heard),
                Condition::Silent => silence.map(|silence| silence.since),
                Condition::Stuck(_) => heard.and_then(|heard| self.stuck(now, sensor, heard)).map(|(_, since)| since),
            };
            sight.until = sight.until.max(until);
        }
        sight
    }

    /// Since when a sensor behind a link that is down could not show life: it may have been dead before.
    fn cut_off_since(&self, sensor: &Sensor, heard: Option<&Heard>) -> Option<Timestamp> {
        let link_since = self.links.since(&sensor.source)?;
        let heard_at = heard.and_then(|heard| heard.heard_at).or(self.watching_since)?;
        let was_silent = self.silence_limit(sensor, heard).is_some_and(|limit| link_since - heard_at >= limit);
        Some(if was_silent { heard_at } else { link_since })
    }

    /// Since when nothing is left that could show life; never while a witness spoke lately.
    ///
    /// The one judgement of it, for everybody who asks: a home is either quiet or not observed, never neither of them.
    pub fn unwatched_since(&self, home: &Home, now: Timestamp) -> Option<Timestamp> {
        if self.asked_again_at().is_none_or(|at| now < at) {
            return None;
        }
        let sight = self.sight(home, now);
        sight.until.filter(|_| sight.is_lost())
    }

    /// When [`Seen::unwatched_since`] could change by time alone.
    pub fn unwatched_changes_at(&self, home: &Home, now: Timestamp) -> Option<Timestamp> {
        let asked_again_at = self.asked_again_at()?;
        if now < asked_again_at { Some(asked_again_at) } else { self.sight(home, now).next_silent }
    }

    /// Mostly a witness spoke a moment ago: then it need not be asked whether any is left.
    fn asked_again_at(&self) -> Option<Timestamp> {
        self.witnessed_at.or(self.watching_since).map(|at| at + self.shortest_limit)
    }

    /// Takes note that a sensor spoke that can show life.
    pub(super) fn witness(&mut self, sensor: &Sensor, observation: &Observation) {
        let counts =
            sensor.kind.watches_for_life() && proves_presence_of_device(&observation.measure, observation.evidence);
        if counts && self.is_witness(observation.at, sensor) {
            self.witnessed_at = Some(observation.at);
        }
    }

    pub(super) fn is_witness(&self, now: Timestamp, sensor: &Sensor) -> bool {
        let condition = self.condition(now, sensor, self.sensors.get(&sensor.id));
        matches!(condition, Condition::Alive | Condition::CannotTell)
    }

    /// How long `sensor` was silent when it speaks at `at`, if it could be heard all that time.
    pub(super) fn silence_of(&self, sensor: &Sensor, at: Timestamp) -> Option<Span> {
        let heard_at = self.sensors.get(&sensor.id)?.heard_at?;
        let link_since = self.links.since(&sensor.source);
        let could_be_heard_since = link_since.max(self.watching_since)?;
        (heard_at >= could_be_heard_since && at >= heard_at).then(|| at - heard_at)
    }

    fn chatters(&self, now: Timestamp, heard: &Heard) -> Option<Timestamp> {
        heard.run.chatters_since.filter(|_| heard.event_at.is_some_and(|at| now - at < CALM))
    }

    /// Since when somebody is said to be there; the end may have been missed while the link was down.
    fn on_since(&self, sensor: &Sensor, heard: &Heard) -> Option<Timestamp> {
        let on_since = heard.main.on_since.filter(|_| sees_people(sensor.kind))?;
        Some(self.links.since(&sensor.source).map_or(on_since, |since| since.max(on_since)))
    }

    /// Since when it speaks without saying what it is there for.
    fn unknown_since(&self, sensor: &Sensor, heard: &Heard) -> Option<Timestamp> {
        let (heard_at, said_at) = (heard.heard_at?, heard.main.level.map(|(_, at)| at));
        if heard.main.frames_without < FRAMES_WITHOUT_MIN {
            return None;
        }
        match said_at {
            Some(said_at) => (heard.main.rides_along && heard_at - said_at >= UNKNOWN_FOR).then_some(said_at),
            None => {
                let since = heard.first_heard?;
                let (long, lively) = if sees_people(sensor.kind) {
                    (UNKNOWN_FOR, LIVELY_MIN)
                } else if matches!(sensor.kind, SensorKind::OuterDoor | SensorKind::Door) {
                    // A contact that speaks only when it is moved may stay shut for days.
                    (UNMOVED_FOR, 0)
                } else {
                    return None;
                };
                (heard_at - since >= long && heard.sights.missed(self.lively) >= lively).then_some(since)
            }
        }
    }

    /// Since when it sees nothing, although it is there and others see life far more often than is usual without it.
    fn blind_eyed_since(&self, sensor: &Sensor, heard: &Heard) -> Option<Timestamp> {
        let since = heard.event_at.or(heard.first_heard)?;
        let is_there = heard.heard_at.is_some_and(|at| at - since >= THERE_AFTER);
        let misses = sees_people(sensor.kind) && heard.sights.misses_too_much(self.lively);
        (is_there && misses).then_some(since)
    }
}

impl Heard {
    /// The frame shows that the device is there.
    pub(super) fn is_there(&mut self, observation: &Observation, silence: Option<Span>, lively: u32) {
        let at = observation.at;
        if !proves_presence_of_device(&observation.measure, observation.evidence) {
            if observation.evidence == Evidence::Cached {
                // A broker hands out the last message of a dead sensor as well: it shows only that the sensor once was.
                self.heard_at.get_or_insert(at);
            }
            return;
        }
        self.rhythm.heard(at, silence);
        if self.heard_at != Some(at) {
            // What it said before a long silence is another story.
            let goes_on = silence.is_some_and(|silence| silence < UNKNOWN_FOR);
            let before = if goes_on { self.main.frames_without } else { 0 };
            self.main.frames_without = before.saturating_add(1);
        }
        self.heard_at = Some(at);
        self.first_heard.get_or_insert(at);
        self.sights.present(lively);
    }
}

/// Kinds that see people by themselves, without being touched.
fn sees_people(kind: SensorKind) -> bool {
    matches!(kind, SensorKind::Motion | SensorKind::Presence)
}

/// A main value that stays away for a day in which the sensor speaks is unknown.
const UNKNOWN_FOR: Span = Span::hours(24);

/// … or a week, where it is said only when somebody moves it.
const UNMOVED_FOR: Span = Span::hours(7 * 24);

const FRAMES_WITHOUT_MIN: u8 = 3;

/// … and where others have seen life all day, so that a sensor just hung up in an empty flat is not blamed.
const LIVELY_MIN: u32 = 24;

/// A frame so long after the last event is no part of it.
const THERE_AFTER: Span = Span::minutes(15);
