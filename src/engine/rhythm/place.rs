//! Where the sensors hang, and their numbers: rows speak of sensors by number.

use super::Habits;
use super::rooms::{self, RoomKind};
use crate::model::home::{Home, Sensor, SensorKind};
use crate::model::ids::{RoomId, SensorId};
use std::sync::Arc;

/// Where a sensor hangs.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub(super) id: SensorId,
    pub(super) room: Option<RoomId>,
    pub(super) kind: RoomKind,
    pub(super) is_outer_door: bool,
    pub(super) sees_motion: bool,
}

impl Place {
    /// Where this sensor hangs.
    pub(super) fn of(sensor: &Sensor) -> Place {
        let by_room = sensor.room.as_ref().map_or(RoomKind::Other, |room| rooms::kind_of(room.as_str()));
        let kind = if by_room == RoomKind::Other { rooms::kind_of(sensor.id.as_str()) } else { by_room };
        Place {
            id: sensor.id.clone(),
            room: sensor.room.clone(),
            kind,
            is_outer_door: sensor.kind == SensorKind::OuterDoor,
            sees_motion: sees_motion(sensor.kind),
        }
    }

    /// Where the sensor of this name hangs, if the home has it.
    pub(super) fn named(home: &Home, id: &SensorId) -> Place {
        let unknown = || Place {
            id: id.clone(),
            room: None,
            kind: rooms::kind_of(id.as_str()),
            is_outer_door: false,
            sees_motion: false,
        };
        home.sensors.get(id).map_or_else(unknown, Place::of)
    }

    /// Whether it is where this sensor hangs; what kind of room that is follows from the room and the name.
    fn is_of(&self, sensor: &Sensor) -> bool {
        self.room == sensor.room
            && self.is_outer_door == (sensor.kind == SensorKind::OuterDoor)
            && self.sees_motion == sees_motion(sensor.kind)
    }
}

fn sees_motion(kind: SensorKind) -> bool {
    matches!(kind, SensorKind::Motion | SensorKind::Presence)
}

impl Habits {
    /// The number of a sensor; a new one gets the next.
    pub(super) fn number(&mut self, id: &SensorId, place: impl FnOnce() -> Place) -> u16 {
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        let number = u16::try_from(self.places.len()).unwrap_or(u16::MAX);
        Arc::make_mut(&mut self.places).push(place());
        self.numbers.insert(id.clone(), number);
        number
    }

    /// Sensors may hang elsewhere than they did.
    pub(super) fn renew_places(&mut self, home: &Home) {
        let is_other = |place: &Place| home.sensors.get(&place.id).is_some_and(|sensor| !place.is_of(sensor));
        if self.places.iter().any(is_other) {
            let renewed = |place: &Place| home.sensors.get(&place.id).map_or_else(|| place.clone(), Place::of);
            self.places = Arc::new(self.places.iter().map(renewed).collect());
        }
    }
}
