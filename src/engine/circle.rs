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

impl Point {
    /// Whether its staff cannot be at the door within this time, though it starts at once. It is asked all the same.
    pub fn is_outside(&self, within: Span) -> bool {
        self.travel > within
    }
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
    /// Every point in the order in which it is asked at `now`: on duty before off duty, and each by when its staff could be
    /// at the door: those on duty start now, the others when they come to work.
    ///
    /// A point that is off duty stays in the list, and one too far away to be there in time as well: a home is never left
    /// without one. A person who is there comes before one who will be, however soon.
    pub fn order(&self, zone: &Zone, now: Timestamp) -> Vec<&Point> {
        let at_the_door = |point: &Point| {
            let start = point.on_duty.next(zone, now);
            // Nobody for a year: asked last of all, but asked.
            let there = start.and_then(|start| start.checked_add_signed(point.travel)).unwrap_or(Timestamp::MAX_UTC);
            (start != Some(now), there)
        };
        let mut points: Vec<&Point> = self.points.iter().collect();
        points.sort_by_cached_key(|point| at_the_door(point));
        points
    }

    /// Who is asked first at `now`: the nearest point on duty.
    pub fn first(&self, zone: &Zone, now: Timestamp) -> Vec<PointId> {
        self.order(zone, now).first().map(|point| point.id.clone()).into_iter().collect()
    }

    /// Everybody there is.
    pub fn everybody(&self) -> Vec<PointId> {
        self.points.iter().map(|point| point.id.clone()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(points: &[(&str, i64, &str)]) -> Circle {
        let point = |(id, minutes, duty): &(&str, i64, &str)| Point {
            id: id.parse().unwrap(),
            name: (*id).into(),
            travel: Span::minutes(*minutes),
            on_duty: duty.parse().unwrap(),
            channels: Vec::new(),
        };
        Circle { points: points.iter().map(point).collect(), timers: Timers::default() }
    }

    fn order(circle: &Circle, at: &str) -> Vec<String> {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        circle.order(&zone, at.parse().unwrap()).iter().map(|point| point.id.to_string()).collect()
    }

    #[test]
    fn whoever_can_be_there_first_is_asked_first_and_nobody_is_left_out() {
        let circle = circle(&[
            ("day", 3, "Mon-Sun 08:00-20:00"),
            ("far", 25, "always"),
            ("night", 9, "Mon-Sun 20:00-08:00"),
            ("near", 5, "Mon-Fri 07:00-19:00"),
            ("shut", 1, "Mon 08:00-09:00, 2026-11-01..2027-11-01 closed"),
        ]);
        // Saturday noon there: near comes on Monday, night this evening.
        assert_eq!(order(&circle, "2026-11-21T04:00:00Z"), ["day", "far", "night", "near", "shut"]);
        // Thursday 03:00: near and day come in the morning, near an hour sooner.
        assert_eq!(order(&circle, "2026-11-18T19:00:00Z"), ["night", "far", "near", "day", "shut"]);
        let within = circle.timers.arrive_within;
        assert!(circle.points.iter().map(|point| point.is_outside(within)).eq([false, true, false, false, false]));
    }

    #[test]
    fn on_a_holiday_the_next_point_is_asked() {
        let circle = circle(&[("own", 3, "Mon-Sun 08:00-20:00, 2027-02-06 closed"), ("other", 14, "always")]);
        assert_eq!(order(&circle, "2027-02-06T02:00:00Z"), ["other", "own"]);
        assert_eq!(order(&circle, "2027-02-07T02:00:00Z"), ["own", "other"]);
    }
}
