//! What of a reading is a sign of life, and what is taken back when a sensor turns out to chatter.

use super::{Heard, Pressed, Seen, Told};
use crate::model::home::{Home, Sensor, SensorKind, Service};
use crate::model::observation::{Evidence, Observation};
use crate::model::reason::SignOfLife;
use crate::model::time::{Span, Timestamp};

/// Lively quarter hours are counted, not events: somebody who cooks for an hour is about for an hour.
const LIVELY_EVERY: Span = Span::minutes(15);

/// A presence level that is not said again within this is not known to last; unchanged levels are in the history once in ten
/// minutes, so less would forget somebody who sits still at a restart.
const PRESENCE_HOLDS: Span = Span::minutes(15);

impl Seen {
    /// Something happened at `sensor`.
    pub(super) fn event(&mut self, home: &Home, sensor: &Sensor, observation: &Observation) -> Told {
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
        if sensor.service == Some(Service::Arrival) && press.is_some() {
            self.arrived_at = Some(at);
        }
        if sensor.kind == SensorKind::AwayButton && press.is_some() {
            let ended = self.suspended.pressed_away(at, self.settings.not_back.away_button_lasts);
            self.watch_from(home, ended);
            self.follow_suspensions(home, at);
        }
        let chatters = self.sensors.get(&sensor.id).is_some_and(|heard| heard.run.chatters_since.is_some());
        let is_life = sensor.kind.shows_life() && !chatters;
        if is_life {
            self.life(home, at, sensor);
            if self.lively_at.is_none_or(|lively_at| at - lively_at >= LIVELY_EVERY) {
                self.lively_at = Some(at);
                self.lively = self.lively.saturating_add(1);
            }
        }
        if is_life {
            self.own_sign(home, sensor, at);
        }
        Told { is_life, press, ended: None }
    }

    /// Somebody who sits still in the field of a radar is not quiet, but only for so long: a radar that is stuck, or
    /// sees somebody who has fallen, says the same.
    pub(super) fn presence(
        &mut self,
        home: &Home,
        sensor: &Sensor,
        observation: &Observation,
        said_before: Option<(bool, Timestamp)>,
    ) {
        let at = observation.at;
        let lasts = observation.evidence == Evidence::Level && observation.measure.level() == Some(true);
        let Some((true, said_at)) = said_before.filter(|_| lasts) else { return };
        let on_since = self.sensors.get(&sensor.id).and_then(|heard| heard.main.on_since);
        let believed_for = self.settings.inactivity.presence_counts_for.min(self.settings.stuck_sensor.on_for);
        let is_believed = on_since.is_some_and(|on_since| at - on_since <= believed_for);
        if is_believed && at - said_at <= sensor.hold.unwrap_or(PRESENCE_HOLDS) {
            self.life(home, at, sensor);
        }
    }

    pub(super) fn life(&mut self, home: &Home, at: Timestamp, sensor: &Sensor) {
        self.whereabouts.saw(at, sensor);
        let ended = self.suspended.saw(at, sensor);
        self.watch_from(home, ended);
        if let Some(heard) = self.sensors.get_mut(&sensor.id) {
            heard.life_at = Some(at);
        }
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
        self.whereabouts.disbelieve(sensor);
        self.own_signs.disbelieve(&sensor.id);
        let chatters_since = self.sensors.get(&sensor.id).and_then(|heard| heard.run.chatters_since);
        let life_of = |(other, heard): (&Sensor, Option<&Heard>)| {
            let heard = heard.filter(|heard| other.kind.shows_life() && heard.run.chatters_since.is_none());
            let at = heard?.life_at?;
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
}
