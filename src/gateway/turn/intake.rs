//! From a frame to what the engine hears of it: decoded, given to its sensor, held against what was said a moment ago and
//! against what the sensor may say, written where it is news.

use super::unkept::Owed;
use super::{Turn, decides};
use crate::clock::Reading;
use crate::devices::{Decoded, Heard};
use crate::engine::Input;
use crate::gateway::admission::Admitted;
use crate::gateway::history::to_record;
use crate::gateway::plan::behind_broker;
use crate::model::frame::{Origin, RawFrame};
use crate::model::home::{Sensor, SensorKind};
use crate::model::observation::{Evidence, Measure, Observation, Reading as SensorReading};
use crate::model::recorded::Recorded;
use crate::model::time::{Span, Timestamp};
use crate::mqtt::Delivery;
use std::borrow::Cow;

/// Signs of life are written at most this often at once; in between they wait and are written together.
const LIFE_WRITTEN_EVERY: Span = Span::seconds(30);

impl Turn {
    /// A frame from a source.
    pub fn frame(&mut self, now: Reading, frame: &RawFrame) {
        self.decode(now, frame, false);
    }

    /// A message of the session that the home's broker keeps.
    pub fn delivered(&mut self, now: Reading, frame: &RawFrame, delivery: Delivery) {
        let content = frame.fingerprint();
        if self.unkept.comes_again(&delivery, content) {
            tracing::info!(number = delivery.number, "a press that cannot be written was handed out again");
            return;
        }
        if self.deliveries.is_known(now.wall, frame, &delivery) {
            tracing::info!(number = delivery.number, "a press that is in the history already was handed out again");
            // Its commit may still be under way; the answer to this turn's batch comes after it.
            self.batch.urgent = true;
            return self.held.deliveries.push(Owed { delivery, content });
        }
        let was_urgent = std::mem::take(&mut self.batch.urgent);
        let is_press = self.decode(now, frame, delivery.late);
        if is_press {
            self.batch.records.extend(self.deliveries.take(now.wall, frame, &delivery));
        }
        if is_press || self.batch.urgent {
            self.held.deliveries.push(Owed { delivery, content });
        } else {
            // Nothing waits for it. In a flood the broker's few places under way must not wait for a commit either.
            delivery.acknowledge();
        }
        self.batch.urgent |= was_urgent;
    }

    /// What the frame says is taken in; whether a known button was pressed.
    fn decode(&mut self, now: Reading, frame: &RawFrame, late: bool) -> bool {
        let mut is_press = false;
        for heard in self.devices.decode(frame) {
            let Heard { family, outcome } = heard;
            match outcome {
                Decoded::Readings(readings) => {
                    for reading in readings {
                        is_press |= self.reading(now, frame, family, reading, late);
                    }
                }
                Decoded::Malformed(why) => {
                    *self.malformed.entry(family).or_default() += 1;
                    self.admission.stranger(&source(&frame.from, family), now.since_boot);
                    tracing::debug!(family, why, "a frame that cannot be understood");
                }
                Decoded::Incomplete | Decoded::NotMine => {}
            }
        }
        is_press
    }

    fn reading(
        &mut self,
        now: Reading,
        frame: &RawFrame,
        family: &'static str,
        reading: SensorReading,
        late: bool,
    ) -> bool {
        if let Measure::Bridge(up) = reading.measure {
            // It speaks for what is behind it.
            let bridge = format!("{}/{}", source(&frame.from, family), reading.device);
            self.link(now, &bridge, up);
            return false;
        }
        let key = (family, reading.device);
        let Some(sensors) = self.whose.get(&key).cloned() else {
            let reading = SensorReading { device: key.1, ..reading };
            self.unknown.note(family, &reading);
            self.admission.stranger(&source(&frame.from, family), now.since_boot);
            return false;
        };
        let reading = SensorReading { device: key.1, ..reading };
        let mut is_press = false;
        for id in sensors.iter() {
            let Some(sensor) = self.engine.home().sensors.get(id) else { continue };
            self.gauges.note(id, &reading.measure);
            // Lowered before it is compared: the same said live a moment later says more.
            let evidence = evidence(sensor, &reading, late);
            if self.levels.is_repeat(now.since_boot, sensor, &reading.measure, evidence) {
                self.admission.repeats(id, now.since_boot);
                if let Some(walk) = &mut self.walk {
                    walk.hear(now.wall, id, &reading.measure, evidence, false);
                }
                continue;
            }
            let admitted = self.admission.admits(id, sensor.kind, &sensor.source, &reading.measure, now.since_boot);
            let evidence = match admitted {
                Admitted::No | Admitted::Doubtful if self.ends_a_stay(sensor, &reading.measure) => evidence,
                Admitted::No => {
                    self.levels.forget(id, &reading.measure);
                    continue;
                }
                Admitted::Doubtful if shows_life(sensor, &reading.measure) && !late => Evidence::Ambiguous,
                Admitted::Yes | Admitted::Doubtful => evidence,
            };
            let observation = Observation {
                at: now.wall,
                sensor: id.clone(),
                measure: reading.measure.clone(),
                evidence,
                copy: reading.copy,
            };
            is_press |= is_press_now(sensor, &observation);
            self.observed(now, observation);
        }
        is_press
    }

    /// Whether motion that the engine still believes in is over by this reading. It shows no life and is true once, so it is
    /// heard of a sensor that floods, too: else the motion from before the flood went on for the engine, and the first that is
    /// seen after it, hours later, were no news (a night of `simulate`, seed 1, ended in an alert while somebody was about).
    fn ends_a_stay(&self, sensor: &Sensor, measure: &Measure) -> bool {
        let is_believed = || {
            let heard = self.engine.seen().heard(&sensor.id);
            heard.and_then(|heard| heard.main.level).is_some_and(|(on, _)| on)
        };
        sensor.kind == SensorKind::Motion && measure.level() == Some(false) && is_believed()
    }

    fn observed(&mut self, now: Reading, observation: Observation) {
        let newest_event = |turn: &Turn| turn.engine.seen().heard(&observation.sensor).and_then(|heard| heard.event_at);
        let (life_before, event_before) = (self.last_life_at(), newest_event(self));
        self.pass_time(now);
        let effects = self.engine.handle(now.wall, Input::Observed(observation.clone()));
        let is_news = newest_event(self) != event_before;
        let is_life = self.last_life_at() != life_before;
        if let Some(walk) = &mut self.walk {
            walk.hear(now.wall, &observation.sensor, &observation.measure, observation.evidence, is_news);
        }
        let sensor = self.engine.home().sensors.get(&observation.sensor);
        // Asked in any case: what follows an event is compared with the event.
        let is_repeat = sensor.is_some_and(|sensor| self.repeats.is_repeat(now.since_boot, sensor, &observation));
        if is_news || !is_repeat || decides(&effects) {
            self.withheld.forget_before(&observation);
            self.write_withheld_if(decides(&effects));
            // Before the steps it led to.
            self.batch.records.push(to_record(Recorded::Observed(observation)));
        } else {
            self.withheld.keep(observation);
        }
        self.carry_out(now.wall, effects);
        self.last_turn = now.wall;
        let is_due = self.life_written_at.is_none_or(|at| now.since_boot - at >= LIFE_WRITTEN_EVERY);
        if is_life && is_due {
            // The first sign of life after a while is written at once: a restart must not forget it.
            self.life_written_at = Some(now.since_boot);
            self.batch.urgent = true;
        }
    }

    fn last_life_at(&self) -> Option<Timestamp> {
        self.engine.seen().last_life.as_ref().map(|life| life.at)
    }
}

/// The source that brought a frame of this family.
fn source<'a>(from: &'a Origin, family: &str) -> Cow<'a, str> {
    match from {
        Origin::Mqtt { .. } => Cow::Owned(behind_broker(family)),
        Origin::Serial { port } => Cow::Borrowed(port),
    }
}

/// What a reading can prove that was held back while nobody listened: that a button was pressed, that there was smoke; but
/// not that anybody is about now.
fn evidence(sensor: &Sensor, reading: &SensorReading, late: bool) -> Evidence {
    if late && shows_life(sensor, &reading.measure) { Evidence::Cached } else { reading.evidence }
}

/// Whether it would say that somebody is about, without a press.
fn shows_life(sensor: &Sensor, measure: &Measure) -> bool {
    sensor.kind.shows_life() && sensor.kind.press(measure).is_none()
}

/// Whether somebody pressed: what must be in the history before the broker may forget it.
fn is_press_now(sensor: &Sensor, observation: &Observation) -> bool {
    let is_kept = observation.evidence == Evidence::Cached;
    !is_kept && sensor.kind.press(&observation.measure).is_some_and(|press| press.is_press())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::devices::Devices;
    use crate::engine::Engine;
    use crate::engine::circle::Circle;
    use crate::gateway::deliveries::Deliveries;
    use crate::model::home::Home;
    use crate::model::observation::{Measure, Press};
    use crate::model::time::{Zone, from_millis};
    use crate::store::Store;

    fn sensor(kind: SensorKind) -> Sensor {
        let (service, room, hold, silent_after, checks_in, burst) = (None, None, None, None, true, None);
        Sensor {
            id: "s".parse().unwrap(),
            room,
            kind,
            service,
            hold,
            silent_after,
            offline_is_silent: false,
            checks_in,
            burst,
            source: "r".into(),
        }
    }

    /// Whether it is a press, and what it proves where nobody listened while it was said.
    fn late(kind: SensorKind, measure: Measure, said: Evidence) -> (bool, Evidence) {
        let sensor = sensor(kind);
        let reading = SensorReading { device: "d".into(), measure, evidence: said, copy: false };
        let evidence = evidence(&sensor, &reading, true);
        let SensorReading { measure, copy, .. } = reading;
        let observation = Observation { at: from_millis(0), sensor: sensor.id.clone(), measure, evidence, copy };
        (is_press_now(&sensor, &observation), evidence)
    }

    fn turn() -> Turn {
        let hall = Sensor { id: "hall".parse().unwrap(), ..sensor(SensorKind::Motion) };
        let home = Home {
            id: "made-up-1".parse().unwrap(),
            place: "3-2-201".into(),
            zone: Zone::utc(),
            sensors: [(hall.id.clone(), hall.clone())].into(),
        };
        let circle = Circle::default();
        let engine = Engine::new(home, &Default::default(), circle);
        let address = serde_json::from_str(r#"{"zigbee2mqtt":"hall"}"#).unwrap();
        let devices = Devices::new(&Default::default(), &[address]);
        let whose = [(("zigbee2mqtt", "hall".to_owned()), [hall.id].into())].into();
        let store = Store::unavailable("a made-up reason".to_owned(), |_| ());
        Turn::new(engine, Deliveries::default(), devices, whose, store)
    }

    #[test]
    fn movement_that_is_seen_now_is_life_although_the_same_was_held_back_a_moment_ago() {
        let mut turn = turn();
        let begin = clock::read();
        let mut say = |secs: i64, occupancy: bool, late: bool| {
            let at = Span::seconds(secs);
            let now = Reading { wall: begin.wall + at, since_boot: begin.since_boot + at };
            let from = Origin::Mqtt { topic: "zigbee2mqtt/hall".into() };
            let bytes = format!("{{\"occupancy\":{occupancy}}}").into_bytes();
            turn.delivered(now, &RawFrame { from, bytes, retained: false }, Delivery::made_up(late, None));
            turn.engine.seen().last_life.as_ref().map(|life| (life.at - begin.wall).num_seconds())
        };
        say(0, true, false);
        assert_eq!(say(1, false, false), Some(0));
        assert_eq!(say(2, true, true), Some(0), "what was held back is no life");
        assert_eq!(say(12, true, false), Some(12));
    }

    #[test]
    fn the_first_movement_after_a_flood_is_life_although_the_end_of_the_flood_was_left_out() {
        // The flood begins with either state, so that once the ends are left out and once the beginnings.
        for first in [false, true] {
            let mut turn = turn();
            let begin = clock::read();
            let mut say = |millis: i64, occupancy: bool| {
                let at = Span::milliseconds(millis);
                let now = Reading { wall: begin.wall + at, since_boot: begin.since_boot + at };
                let from = Origin::Mqtt { topic: "zigbee2mqtt/hall".into() };
                let bytes = format!("{{\"occupancy\":{occupancy}}}").into_bytes();
                turn.frame(now, &RawFrame { from, bytes, retained: false });
                turn.engine.seen().last_life.as_ref().map(|life| (life.at - begin.wall).num_seconds())
            };
            say(0, true);
            for nth in 1..400 {
                say(nth * 500, (nth % 2 == 0) == first);
            }
            say(200_001, false);
            say(200_002, false);
            let long_after = 3_600;
            assert_eq!(say(long_after * 1000, true), Some(long_after), "{first}");
        }
    }

    #[test]
    fn a_press_by_a_raw_code_is_held_until_it_is_written_and_counts_late_like_any_press() {
        use {Evidence::*, SensorKind::*};
        assert_eq!(late(CallButton, Measure::Button(Press::Sos), Event), (true, Event));
        assert_eq!(late(CallButton, Measure::Alarm(true), Event), (true, Event));
        assert_eq!(late(ServiceButton, Measure::Alarm(true), Level), (true, Level));
        assert_eq!(
            late(CallButton, Measure::Alarm(false), Level),
            (false, Level),
            "its end makes the next one an edge"
        );
        assert_eq!(late(CallButton, Measure::Alarm(true), Cached), (false, Cached), "what a broker kept is no press");
        assert_eq!(late(Motion, Measure::Alarm(true), Event), (false, Cached));
        assert_eq!(late(Smoke, Measure::Alarm(true), Event), (false, Event));
    }
}
