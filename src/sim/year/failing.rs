//! Sensors that break and are mended, links and gateways that are gone and come back.

use super::life::minutes;
use super::mishaps::Failure;
use super::sensors::Defect;
use super::world::{Happening, World};
use crate::engine::Input;
use crate::model::home::SensorKind;
use crate::model::time::{Span, Timestamp};

/// A sensor that nobody was told about is found at the half-yearly look at everything.
const FOUND_BY_CHANCE_AFTER: Span = Span::days(60);

impl World<'_> {
    pub(super) fn fails(&mut self, now: Timestamp, failure: Failure) {
        match failure {
            Failure::Gateway { lasts } => {
                if self.down_since.is_none() {
                    self.down_since = Some(now);
                    self.arrange(now + lasts, Happening::GatewayBack);
                }
            }
            Failure::Link { source, lasts } => {
                let is_used = self.devices.iter().any(|device| device.sensor.source == source);
                if is_used && !self.links_down.contains_key(source) {
                    self.links_down.insert(source, now);
                    if self.down_since.is_none() {
                        self.tell_engine(now, Input::Link { source: source.to_owned(), up: false });
                    }
                    self.arrange(now + lasts, Happening::LinkBack(source));
                }
            }
            Failure::Sensor { which, defect } => self.sensor_breaks(now, which, defect),
        }
        self.note_watch(now);
    }

    fn sensor_breaks(&mut self, now: Timestamp, which: u64, defect: Defect) {
        let index = usize::try_from(which % self.devices.len().max(1) as u64).unwrap_or(0);
        let Some(device) = self.devices.get_mut(index).filter(|device| device.defect.is_none()) else { return };
        let is_motion = device.sensor.kind == SensorKind::Motion;
        // Only what sees people can chatter or overlook them.
        let defect = if is_motion { defect } else { Defect::Dead };
        device.defect = Some(defect);
        self.outcome.defects.0 += 1;
        self.arrange(now + FOUND_BY_CHANCE_AFTER, Happening::Mended(index));
        if defect == Defect::Chatters {
            self.arrange(now, Happening::Chatters(index));
        }
    }

    pub(super) fn mended(&mut self, now: Timestamp, index: usize) {
        let Some(device) = self.devices.get_mut(index).filter(|device| device.defect.is_some()) else { return };
        device.replace();
        let said = device.checks_in(0.0, &mut self.radio);
        self.note_watch(now);
        self.told.remove(&index);
        said.into_iter().for_each(|said| self.says(now, index, said));
    }

    pub(super) fn gateway_back(&mut self, now: Timestamp) {
        let Some(since) = self.down_since.take() else { return };
        self.tell_engine(now, Input::Started { blind_since: Some(since) });
        for source in self.links_down.clone().into_keys() {
            self.tell_engine(now, Input::Link { source: source.to_owned(), up: false });
        }
        self.note_watch(now);
    }

    pub(super) fn link_back(&mut self, now: Timestamp, source: &'static str) {
        if self.links_down.remove(source).is_none() || self.down_since.is_some() {
            return;
        }
        self.tell_engine(now, Input::Link { source: source.to_owned(), up: true });
        self.note_watch(now);
    }

    /// Something failed or is back: the home is unwatched from the last of what could see it to the first, whatever failed.
    fn note_watch(&mut self, now: Timestamp) {
        let is_watched = self.is_watched();
        if is_watched == self.unwatched_since.is_none() {
            return;
        }
        if let Some(record) = &mut self.record {
            record.watches(now, is_watched);
        }
        match self.unwatched_since.take() {
            Some(since) => {
                self.outcome.blind.0 += 1;
                self.outcome.blind.1 += now - since;
            }
            None => {
                self.unwatched_since = Some(now);
                self.note_blind();
            }
        }
    }

    /// Whoever lies on the floor meanwhile could not be seen.
    fn note_blind(&mut self) {
        if let Some(fall) = self.fallen.and_then(|number| self.outcome.falls.get_mut(number)) {
            fall.blind = true;
        }
    }

    pub(super) fn chatters(&mut self, now: Timestamp, index: usize) {
        let Some(device) = self.devices.get(index).filter(|device| device.defect == Some(Defect::Chatters)) else {
            return;
        };
        for said in device.chatter() {
            self.says(now, index, said);
        }
        let next = now + minutes(self.radio.between(1.0, 9.0));
        self.arrange(next, Happening::Chatters(index));
    }
}

#[cfg(test)]
mod tests {
    use super::super::sensors::{RADIO, ZIGBEE};
    use super::super::{Plan, characters};
    use super::*;
    use crate::model::time::{Zone, from_millis};

    #[test]
    fn a_home_is_unwatched_from_the_loss_of_the_last_way_to_the_return_of_the_first() {
        let plan = Plan {
            seed: 1,
            days: 30,
            from: from_millis(0),
            zone: Zone::utc(),
            rules: Default::default(),
            falls_per_year: 0.0,
            failures: false,
            records: false,
        };
        let mut world = World::new(&plan, characters::named("visited").unwrap());
        let (at, lasts) = (|hour| from_millis(0) + Span::hours(hour), Span::days(9));
        let link = |source| Failure::Link { source, lasts };
        world.fails(at(1), link(ZIGBEE));
        world.fails(at(2), link(RADIO));
        world.link_back(at(4), ZIGBEE);
        assert_eq!(world.outcome.blind, (1, Span::hours(2)), "one way was open until the second hour");
        world.fails(at(10), Failure::Gateway { lasts });
        world.fails(at(11), link(ZIGBEE));
        world.gateway_back(at(12));
        assert_eq!(world.outcome.blind.0, 1, "both ways are lost still");
        world.link_back(at(13), ZIGBEE);
        assert_eq!(world.outcome.blind, (2, Span::hours(5)));
        world.link_back(at(14), RADIO);
        assert_eq!(world.outcome.blind.0, 2);
    }
}
