//! Whether anything that could show life is left. A dead sensor and a stuck one are no witnesses, and of one behind a lost
//! link nobody knows; when none is left, the home is not quiet but not observed.

use super::mute;
use super::{Heard, Seen};
use crate::engine::rhythm::Verdict;
use crate::model::home::{Home, Sensor, SensorKind};
use crate::model::ids::SensorId;
use crate::model::observation::Observation;
use crate::model::purpose::proves_presence_of_device;
use crate::model::reason::{BlindCause, Stuck};
use crate::model::status::Condition;
use crate::model::time::Timestamp;

/// What of the home can be seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sight {
    /// Sensors that could show life.
    pub sensors: u32,
    /// Of these, how many are heard from and believed.
    pub alive: u32,
    /// Of these, how many could be heard for too short a time to be given up.
    pub awaited: u32,
    /// Of these, how many may be dead without anybody knowing.
    pub cannot_tell: u32,
    /// When the next of those alive would be silent.
    pub next_silent: Option<Timestamp>,
    /// The last of those that are gone.
    last_gone: Option<Gone>,
    /// Since when it is known that all of them are gone, if they are.
    known_at: Option<Timestamp>,
}

/// A sensor that can show life no more.
#[derive(Debug, Clone, PartialEq)]
struct Gone {
    /// The last instant at which it could have, as far as is known.
    from: Timestamp,
    /// Since when that is known.
    known_at: Timestamp,
    cause: BlindCause,
}

/// A time in which nothing is left that could show life.
#[derive(Debug, Clone, PartialEq)]
pub struct Unwatched {
    /// Since when.
    pub from: Timestamp,
    /// Why the last one went.
    pub cause: BlindCause,
    /// Since when that is known: a dead sensor is known to be dead only after its time.
    pub known_at: Timestamp,
}

impl Sight {
    /// Whether anything that could show life is left.
    fn is_lost(&self) -> bool {
        self.sensors > 0 && self.alive + self.awaited + self.cannot_tell == 0
    }

    fn count_gone(&mut self, gone: Gone) {
        self.known_at = self.known_at.max(Some(gone.known_at));
        if self.last_gone.as_ref().is_none_or(|last| gone.from >= last.from) {
            self.last_gone = Some(gone);
        }
    }
}

impl Seen {
    /// What of the home can be seen at `now`.
    pub fn sight(&self, home: &Home, now: Timestamp) -> Sight {
        let mutes = self.mutes(home, now);
        let mut sight = Sight::default();
        for (sensor, heard) in self.with_heard(home).filter(|(sensor, _)| sensor.kind.watches_for_life()) {
            sight.sensors += 1;
            if let Some(mute) = mute::of(&mutes, sensor) {
                let cause = BlindCause::Mute { source: sensor.source.clone() };
                sight.count_gone(Gone { from: mute.since, known_at: mute.at, cause });
                continue;
            }
            match self.gone(now, sensor, heard) {
                Some(gone) => sight.count_gone(gone),
                None => self.count_present(&mut sight, now, sensor, heard),
            }
        }
        // A pendant that falls silent may be the one by which its source is known to be mute.
        sight.next_silent = [sight.next_silent, self.mutes_change_at(now)].into_iter().flatten().min();
        sight
    }

    /// When the silence of the verdict is too long to the eyes of those that are left. A sensor that fell silent in this very silence
    /// lengthens nothing, for that is how a fall looks; nor does what is known only after the limit has passed.
    pub fn too_quiet_at(&self, home: &Home, now: Timestamp, verdict: &Verdict) -> Timestamp {
        let at = verdict.too_long_at();
        let mutes = self.mutes(home, now);
        let is_gone = |id: &SensorId| {
            let Some(sensor) = home.sensors.get(id).filter(|sensor| sensor.kind.watches_for_life()) else {
                return false;
            };
            let mute = mute::of(&mutes, sensor).map(|mute| mute.at);
            let heard = self.heard(id);
            let doubted_at = || heard.and_then(|heard| heard.doubted_since());
            let gone_at = || self.gone(now, sensor, heard).map(|gone| gone.known_at);
            let known_at = match self.condition(now, sensor, heard) {
                Condition::CutOff | Condition::Stuck(Stuck::Chatters) => gone_at(),
                // Where nobody goes, sensors are silent too; and of those that see nothing, or always somebody, hours pass before it
                // is known.
                Condition::Silent | Condition::Stuck(Stuck::On | Stuck::Off) => None,
                // A PIR speaks of its battery without a word about movement; a radar says whether somebody is there every time.
                Condition::Alive | Condition::CannotTell | Condition::Stuck(Stuck::Unknown) => {
                    doubted_at().filter(|_| sensor.kind == SensorKind::Presence)
                }
            };
            mute.is_some_and(|known_at| known_at <= verdict.since) || known_at.is_some_and(|known_at| known_at <= at)
        };
        verdict.since + self.habits.limit_without(verdict, is_gone)
    }

    fn count_present(&self, sight: &mut Sight, now: Timestamp, sensor: &Sensor, heard: Option<&Heard>) {
        let silent_at = self.silence(sensor, heard).map(|silence| silence.too_long_at());
        sight.next_silent = [silent_at, sight.next_silent].into_iter().flatten().min();
        let heard_at = heard.and_then(|heard| heard.heard_at);
        *match self.silence_limit(sensor, heard) {
            None => &mut sight.cannot_tell,
            Some(limit) if heard_at.is_some_and(|at| now - at < limit) => &mut sight.alive,
            Some(_) => &mut sight.awaited,
        } += 1;
    }

    /// Why and since when `sensor` can show life no more, if it cannot.
    fn gone(&self, now: Timestamp, sensor: &Sensor, heard: Option<&Heard>) -> Option<Gone> {
        let silence = self.silence(sensor, heard);
        let gone = match self.condition(now, sensor, heard) {
            Condition::Alive | Condition::CannotTell => return None,
            Condition::CutOff => self.cut_off(now, sensor, heard),
            Condition::Silent => silence.map(|silence| (silence.since, silence.too_long_at(), BlindCause::NoWitness)),
            Condition::Stuck(_) => {
                let stuck = heard.and_then(|heard| self.stuck(now, sensor, heard));
                stuck.map(|(_, since)| (since, since, BlindCause::NoWitness))
            }
        };
        let (from, known_at, cause) = gone.unwrap_or((now, now, BlindCause::NoWitness));
        Some(Gone { from, known_at, cause })
    }

    /// A sensor behind a link that is down could not show life since then; it may have been dead before.
    fn cut_off(
        &self,
        now: Timestamp,
        sensor: &Sensor,
        heard: Option<&Heard>,
    ) -> Option<(Timestamp, Timestamp, BlindCause)> {
        let (link, lost_at) = self.links.lost_for(&sensor.source)?;
        let heard_at = heard.and_then(|heard| heard.heard_at).or(self.watching_since)?;
        let limit = self.silence_limit(sensor, heard).filter(|limit| lost_at - heard_at >= *limit);
        Some(match limit {
            Some(limit) => (heard_at, heard_at + limit, BlindCause::NoWitness),
            None => (lost_at.min(now), lost_at.min(now), BlindCause::LinkLost { source: link.to_owned() }),
        })
    }

    /// Since when nothing is left that could show life; never while a witness spoke lately and every link is up.
    ///
    /// The one judgement of it, for everybody who asks: a home is either quiet or not observed, never neither of them.
    pub fn unwatched(&self, home: &Home, now: Timestamp) -> Option<Unwatched> {
        if self.asked_again_at().is_none_or(|at| now < at) {
            return None;
        }
        let sight = self.sight(home, now);
        let (lost, known_at) = (sight.is_lost(), sight.known_at?);
        let Gone { from, cause, .. } = sight.last_gone.filter(|_| lost)?;
        Some(Unwatched { from, cause, known_at })
    }

    /// When [`Seen::unwatched`] could change by time alone.
    pub fn unwatched_changes_at(&self, home: &Home, now: Timestamp) -> Option<Timestamp> {
        let asked_again_at = self.asked_again_at()?;
        if now < asked_again_at { Some(asked_again_at) } else { self.sight(home, now).next_silent }
    }

    /// Mostly a witness spoke a moment ago: then it need not be asked whether any is left. A link that is lost takes away those
    /// that spoke a moment ago, too.
    fn asked_again_at(&self) -> Option<Timestamp> {
        let watching_since = self.watching_since?;
        if self.links.any_is_down() {
            return Some(watching_since);
        }
        // A source that falls silent as a whole is known sooner than its sensors one by one.
        Some(self.witnessed_at.unwrap_or(watching_since) + self.shortest_limit / 2)
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
}
