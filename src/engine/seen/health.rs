//! Whether a sensor can be believed: alive, silent, stuck. What that means for the home is told in `watch`.

use super::heard::CALM;
use super::{Heard, Seen};
use crate::engine::rhythm::LEARNING_DAYS;
use crate::model::home::{Sensor, SensorKind};
use crate::model::observation::{Evidence, Observation};
use crate::model::purpose::proves_presence_of_device;
use crate::model::reason::Stuck;
use crate::model::status::Condition;
use crate::model::time::{Span, Timestamp};

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
        let unheard = self.unheard(sensor, heard);
        if !sensor.offline_is_silent {
            return unheard;
        }
        let offline_since = heard.and_then(|heard| heard.offline_since);
        let offline = offline_since.map(|since| {
            // While its way was lost, nobody could have said that it is back.
            let since = self.links.since(&sensor.source).map_or(since, |link_since| link_since.max(since));
            Silence { since, limit: self.settings.silent_sensor.offline_for, is_offline: true }
        });
        unheard.into_iter().chain(offline).min_by_key(Silence::too_long_at)
    }

    /// Since when nothing came from `sensor`, whatever its bridge says of it; absent where that is never too long.
    pub(super) fn unheard(&self, sensor: &Sensor, heard: Option<&Heard>) -> Option<Silence> {
        let (limit, since) = self.silence_limit(sensor, heard).zip(self.silent_since(sensor, heard))?;
        Some(Silence { since, limit, is_offline: false })
    }

    /// Since when nothing came from `sensor`, or its bridge calls it offline, whatever its way was like meanwhile: of the two,
    /// what was too long first.
    pub fn unheard_since(&self, sensor: &Sensor, heard: Option<&Heard>) -> Option<Timestamp> {
        self.unheard_whatever_the_way(sensor, heard).map(|silence| silence.since)
    }

    /// Whether that is too long at `now`: whatever its way was like, it does not speak.
    pub fn is_unheard(&self, now: Timestamp, sensor: &Sensor, heard: Option<&Heard>) -> bool {
        self.unheard_whatever_the_way(sensor, heard).is_some_and(|silence| now >= silence.too_long_at())
    }

    fn unheard_whatever_the_way(&self, sensor: &Sensor, heard: Option<&Heard>) -> Option<Silence> {
        let (heard_at, offline_since) = heard.map_or((None, None), |heard| (heard.heard_at, heard.offline_since));
        let since = heard_at.unwrap_or(Timestamp::MIN_UTC);
        let unheard = self.silence_limit(sensor, heard).map(|limit| Silence { since, limit, is_offline: false });
        let limit = self.settings.silent_sensor.offline_for;
        let offline = offline_since.filter(|_| sensor.offline_is_silent);
        let offline = offline.map(|since| Silence { since, limit, is_offline: true });
        unheard.into_iter().chain(offline).min_by_key(Silence::too_long_at)
    }

    /// Since when `sensor` can be heard without a gap that matters; absent while it cannot be.
    pub fn heard_since(&self, sensor: &Sensor, heard: Option<&Heard>) -> Option<Timestamp> {
        let audible_since = heard.and_then(|heard| heard.audible_since);
        let since = self.watching_since?.max(audible_since.unwrap_or(Timestamp::MIN_UTC));
        let is_up = self.links.is_up(&sensor.source);
        is_up.then(|| self.links.heard_since(&sensor.source).map_or(since, |link_since| link_since.max(since)))
    }

    /// The longest silence that is no fault; absent where silence says nothing.
    pub fn silence_limit(&self, sensor: &Sensor, heard: Option<&Heard>) -> Option<Span> {
        if sensor.silent_after.is_some() || !sensor.checks_in {
            return sensor.silent_after;
        }
        let usual = heard.and_then(|heard| heard.rhythm.usual);
        Some(self.settings.silent_sensor.limit(usual))
    }

    /// Before when `sensor` is not stuck whatever the time, and when time alone could change [`Seen::stuck`].
    pub(super) fn stuck_outlook(&self, sensor: &Sensor, heard: &Heard) -> (Option<Timestamp>, Option<Timestamp>) {
        let settings = &self.settings.stuck_sensor;
        if !self.settings.is_on("stuck_sensor") || !sensor.kind.watches_for_life() {
            return (None, None);
        }
        if heard.run.chatters_since.is_some() || self.unknown_since(sensor, heard).is_some() {
            return (Some(Timestamp::MIN_UTC), None);
        }
        let on = self.on_since(sensor, heard).map(|since| since + settings.on_limit(sensor));
        let off = self.blind_eyed_since(sensor, heard).map(|since| since + settings.off_for);
        let first = |a: Option<Timestamp>, b: Option<Timestamp>| a.into_iter().chain(b).min();
        (first(on, off), first(on.filter(|_| heard.main.says_off), off))
    }

    /// How `sensor` is at `now`.
    pub fn condition(&self, now: Timestamp, sensor: &Sensor, heard: Option<&Heard>) -> Condition {
        if !self.link_is_up(&sensor.source) {
            return Condition::CutOff;
        }
        if self.silence(sensor, heard).is_some_and(|silence| now >= silence.too_long_at()) {
            return if self.is_excused(now, sensor, heard) { Condition::CutOff } else { Condition::Silent };
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

    /// The day of learning that goes on and how many are needed; nothing once that is done, and where nothing is learned.
    pub fn learning(&self) -> Option<(usize, usize)> {
        let learns = self.settings.is_on("rhythm") && !self.habits.has_learned();
        learns.then(|| (self.habits.days_learned() + 1, LEARNING_DAYS))
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

    /// How long `sensor` was silent when it speaks at `at`, if it could be heard all that time.
    pub(super) fn silence_of(&self, sensor: &Sensor, at: Timestamp) -> Option<Span> {
        let heard = self.sensors.get(&sensor.id)?;
        let heard_at = heard.heard_at?;
        let link_since = self.links.since(&sensor.source);
        let could_be_heard_since = link_since.max(self.watching_since).max(heard.audible_since)?;
        (heard_at >= could_be_heard_since && at >= heard_at).then(|| at - heard_at)
    }

    fn chatters(&self, now: Timestamp, heard: &Heard) -> Option<Timestamp> {
        heard.run.chatters_since.filter(|_| heard.event_at.is_some_and(|at| now - at < CALM))
    }

    /// Since when somebody is said to be there. Of one that has not said so since a gap or a start nobody knows whether it is so
    /// still: nights of `simulate` (seed 1, nights 432 and 674) told of stuck sensors whose word of the end was lost.
    fn on_since(&self, sensor: &Sensor, heard: &Heard) -> Option<Timestamp> {
        let is_known = |since: &Timestamp| Some(*since) >= self.gap_ended_at(sensor);
        heard.main.sure_since.filter(is_known).filter(|_| sees_people(sensor.kind))
    }

    /// When the last time was over in which something that `sensor` said may not have been heard, or is not in the history.
    pub(super) fn gap_ended_at(&self, sensor: &Sensor) -> Option<Timestamp> {
        let audible_since = self.sensors.get(&sensor.id).and_then(|heard| heard.audible_since);
        self.links.since(&sensor.source).max(audible_since).max(self.resumed_at)
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
        // Cheap questions first: mostly it has missed nothing.
        if !sees_people(sensor.kind) || !heard.sights.misses_too_much(self.lively) {
            return None;
        }
        let since = heard.event_at.or(heard.first_heard)?;
        heard.heard_at.is_some_and(|at| at - since >= THERE_AFTER).then_some(since)
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

impl Heard {
    /// Since when its reports lack what it says with every one, if the last ones did: it is called stuck for that only after a day.
    pub(super) fn doubted_since(&self) -> Option<Timestamp> {
        let is_doubtful = self.main.rides_along && self.main.frames_without >= DOUBTFUL_FRAMES;
        self.main.level.map(|(_, at)| at).filter(|_| is_doubtful)
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

/// Once may be chance.
const DOUBTFUL_FRAMES: u8 = 2;

/// … and where others have seen life all day, so that a sensor just hung up in an empty flat is not blamed.
const LIVELY_MIN: u32 = 24;

/// A frame so long after the last event is no part of it.
const THERE_AFTER: Span = Span::minutes(15);
