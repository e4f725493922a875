//! The circle: who is asked, in which order, and when the next one is.

use crate::model::duty::DutyHours;
use crate::model::ids::{ChannelName, PointId};
use crate::model::lifecycle::Timers;
use crate::model::time::{Span, Timestamp, Zone};

/// A service point whose staff can be at the door.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its name on the wire.
    pub id: PointId,
    /// Its name for people.
    pub name: String,
    /// From the point to the door.
    pub travel: Span,
    /// When its staff is there.
    pub on_duty: DutyHours,
    /// By which channels it is told, in order.
    pub channels: Vec<ChannelName>,
}

/// The points around one home and the patience of each waiting state.
#[derive(Debug, Clone, PartialEq)]
pub struct Circle {
    /// As configured.
    pub points: Vec<Point>,
    /// How long each waiting state may last.
    pub timers: Timers,
}

impl Circle {
    /// Every point in the order in which it is asked at `now`: on duty before off duty, nearer before farther.
    ///
    /// A point that is off duty stays in the list: a home is never left without one.
    pub fn order(&self, zone: &Zone, now: Timestamp) -> Vec<&Point> {
        let mut points: Vec<&Point> = self.points.iter().collect();
        points.sort_by_key(|point| (!point.on_duty.covers(zone, now), point.travel));
        points
    }
}
