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
                    self.write_watch(now, false);
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
                    if !self.is_watched() {
                        self.write_watch(now, false);
                    }
                }
            }
            Failure::Sensor { which, defect } => self.sensor_breaks(now, which, defect),
        }
        if !self.is_watched() {
            self.note_blind();
        }
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
        self.told.remove(&index);
        said.into_iter().for_each(|said| self.says(now, index, said));
    }

    pub(super) fn gateway_back(&mut self, now: Timestamp) {
        let Some(since) = self.down_since.take() else { return };
        self.outcome.blind.0 += 1;
        self.outcome.blind.1 += now - since;
        self.tell_engine(now, Input::Started { blind_since: Some(since) });
        for source in self.links_down.clone().into_keys() {
            self.tell_engine(now, Input::Link { source: source.to_owned(), up: false });
        }
        if self.is_watched() {
            self.write_watch(now, true);
        }
    }

    pub(super) fn link_back(&mut self, now: Timestamp, source: &'static str) {
        let was_watched = self.is_watched();
        let Some(since) = self.links_down.remove(source) else { return };
        if self.down_since.is_some() {
            return;
        }
        self.tell_engine(now, Input::Link { source: source.to_owned(), up: true });
        if !was_watched && self.is_watched() {
            self.outcome.blind.0 += 1;
            self.outcome.blind.1 += now - since;
            self.write_watch(now, true);
        }
    }

    fn write_watch(&mut self, now: Timestamp, up: bool) {
        if let Some(record) = &mut self.record {
            record.watches(now, up);
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
