//! Where in the home somebody was seen last and since when, and whether they may have gone out.

use crate::model::home::{Sensor, SensorKind};
use crate::model::ids::{RoomId, SensorId};
use crate::model::time::{Span, Timestamp};

/// Where somebody was seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Whereabouts {
    /// The room of the last sign of life, and since when nobody was seen in another one.
    pub stay: Option<Stay>,
    /// The outer door moved, and nobody was seen inside since.
    pub out: Option<Out>,
}

/// A stay in one room.
#[derive(Debug, Clone, PartialEq)]
pub struct Stay {
    /// Where.
    pub room: RoomId,
    /// The first sign of life there after the last one elsewhere.
    pub entered_at: Timestamp,
    /// The same; later where nobody watched in between.
    pub since: Timestamp,
    /// The first sign of life there without a long pause after it.
    pub moving_since: Timestamp,
    /// The last sign of life there.
    pub at: Timestamp,
}

impl Stay {
    fn begun(room: &RoomId, at: Timestamp) -> Stay {
        Stay { room: room.clone(), entered_at: at, since: at, moving_since: at, at }
    }
}

/// Somebody may have gone out.
#[derive(Debug, Clone, PartialEq)]
pub struct Out {
    /// By which door.
    pub door: SensorId,
    /// Where it is.
    pub room: Option<RoomId>,
    /// When it moved last.
    pub at: Timestamp,
}

/// Who is not seen for so long may have been elsewhere meanwhile, in a room that nothing watches.
const PAUSE: Span = Span::minutes(45);

/// Movement beside the door so soon after it moved is whoever leaves.
const LEAVING: Span = Span::seconds(30);

impl Whereabouts {
    /// A sign of life at `sensor`. A button that is carried about shows no place.
    pub(super) fn saw(&mut self, at: Timestamp, sensor: &Sensor) {
        if sensor.kind == SensorKind::OkButton
            && let Some(stay) = &mut self.stay
        {
            // Who says that all is well may stay for as long once more.
            (stay.since, stay.moving_since) = (at, at);
        }
        if !sensor.kind.watches_for_life() {
            return;
        }
        if let Some(room) = &sensor.room {
            match &mut self.stay {
                Some(stay) if stay.room == *room => {
                    if at - stay.at > PAUSE {
                        stay.moving_since = at;
                    }
                    stay.at = at;
                }
                Some(_) | None => self.stay = Some(Stay::begun(room, at)),
            }
        }
        if sensor.kind == SensorKind::OuterDoor {
            self.out = Some(Out { door: sensor.id.clone(), room: sensor.room.clone(), at });
        } else if let Some(out) = &self.out
            && (sensor.room != out.room || at - out.at > LEAVING)
        {
            self.out = None;
        }
    }

    /// What `sensor` saw was nobody: where it hangs nobody was seen, and nobody went out by it.
    pub(super) fn disbelieve(&mut self, sensor: &Sensor) {
        if self.stay.as_ref().is_some_and(|stay| Some(&stay.room) == sensor.room.as_ref()) {
            self.stay = None;
        }
        if self.out.as_ref().is_some_and(|out| out.door == sensor.id) {
            self.out = None;
        }
    }

    /// Nobody was there until `at`: whoever is in the room came then.
    pub(super) fn came_back(&mut self, at: Timestamp) {
        self.seen_again(at);
        if let Some(stay) = &mut self.stay {
            stay.entered_at = stay.entered_at.max(at);
        }
    }

    /// Nobody watched until `at`: what happened before is not known.
    pub(super) fn seen_again(&mut self, at: Timestamp) {
        if let Some(stay) = &mut self.stay {
            stay.since = stay.since.max(at);
            stay.moving_since = stay.moving_since.max(at);
        }
    }

    pub(super) fn shift(&mut self, by: Span) {
        if let Some(stay) = &mut self.stay {
            stay.entered_at += by;
            stay.since += by;
            stay.moving_since += by;
            stay.at += by;
        }
        if let Some(out) = &mut self.out {
            out.at += by;
        }
    }
}
