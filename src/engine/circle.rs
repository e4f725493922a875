//! The circle: who is asked, in which order, and when the next one is.
//!
//! One conductor: among service points and people outside them the home's gateway decides who is asked; among its own
//! staff a station's desk does. Nothing climbs two levels in one turn.

use crate::model::alert::Alert;
use crate::model::duty::DutyHours;
use crate::model::ids::{ChannelName, PointId};
use crate::model::lifecycle::{Phase, Timers};
use crate::model::reason::Severity;
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

/// In the first hour everybody is asked again often, later rarely: by then people have been asked thirty times.
const ASK_OFTEN_FOR: Span = Span::hours(1);
const ASK_RARELY_EVERY: Span = Span::minutes(10);

impl Circle {
    /// Every point in the order in which it is asked at `now`: on duty before off duty, nearer before farther.
    ///
    /// A point that is off duty stays in the list: a home is never left without one.
    pub fn order(&self, zone: &Zone, now: Timestamp) -> Vec<&Point> {
        let mut points: Vec<&Point> = self.points.iter().collect();
        points.sort_by_key(|point| (!point.on_duty.covers(zone, now), point.travel));
        points
    }

    /// Who is asked first at `now`: the nearest point on duty.
    pub fn first(&self, zone: &Zone, now: Timestamp) -> Vec<PointId> {
        self.order(zone, now).first().map(|point| point.id.clone()).into_iter().collect()
    }

    /// When the circle is widened for `alert` if nothing happens before; `None` while it need not be.
    pub fn widens_at(&self, alert: &Alert) -> Option<Timestamp> {
        if !alert.phase.is_open() || self.points.is_empty() || alert.asking_until.is_some() {
            return None;
        }
        let timers = &self.timers;
        let asked_at = alert.escalated_at.unwrap_or(alert.due_from);
        // Overdue with somebody on the way: the next point is asked once, at once.
        if let Some(overdue_at) = alert.overdue_at.filter(|at| alert.phase.is_in_hand() && *at >= asked_at) {
            let not_yet = alert.escalated_at.is_none_or(|at| at < overdue_at);
            return (not_yet && alert.phase != Phase::Arrived).then_some(overdue_at);
        }
        let unreceived = alert.phase == Phase::Raised;
        let persons = matches!(alert.severity, Severity::Emergency | Severity::Urgent);
        // A home that cannot raise an alert must be known to somebody; who phones it is the station's matter.
        if !(persons || (alert.severity == Severity::Blind && unreceived)) {
            return None;
        }
        let waiting_since = asked_at.max(alert.unclaimed_since?);
        Some(match alert.escalated {
            0 | 1 if unreceived => waiting_since + timers.receive_within,
            0 => waiting_since + timers.next_point_after,
            1 => waiting_since + timers.take_within,
            _ if persons && asked_at - alert.due_from < ASK_OFTEN_FOR => waiting_since + timers.ask_all_every,
            _ => waiting_since + timers.ask_all_every.max(ASK_RARELY_EVERY),
        })
    }

    /// Who is asked when the circle is widened at `now`: first the next point, then everybody, again and again.
    pub fn next(&self, zone: &Zone, now: Timestamp, alert: &Alert) -> Vec<PointId> {
        let order = self.order(zone, now);
        let new = order.iter().filter(|point| !alert.points.contains(&point.id)).map(|point| point.id.clone());
        match alert.escalated {
            0 => new.take(1).next().map_or_else(|| alert.points.clone(), |point| vec![point]),
            _ => order.iter().map(|point| point.id.clone()).collect(),
        }
    }
}
