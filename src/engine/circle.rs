//! The circle: who is asked, in which order, and when the next one is.
//!
//! One conductor: among service points and people outside them the home's gateway decides who is asked; among its own
//! staff a station's desk does. Who is asked after whom is data: see [`Steps`]. What must hold whatever the data is:
//!
//! - nothing climbs two steps in one turn, and a step that finds nobody new does not stop what comes after it;
//! - only alerts about the person climb, and those of a home that cannot be watched until a station has them; a test, or
//!   what can wait, is never told to anybody but the points;
//! - where none of those who were asked is in the circle any more, whoever is there now is asked at once, whatever it is about;
//! - whoever takes it stops the climbing; given back or lapsed it goes on from where it stood, and where nobody is at the
//!   door in time it goes on although somebody has it;
//! - the last step repeats without end.

mod steps;
#[cfg(test)]
mod tests;

use crate::model::alert::Alert;
use crate::model::duty::DutyHours;
use crate::model::ids::{ChannelName, PointId};
use crate::model::lifecycle::{Deed, Phase, Timers};
use crate::model::reason::{Class, Reason, Severity};
use crate::model::relation::Relation;
use crate::model::time::{Span, Timestamp, Zone};
use steps::index;
pub use steps::{Ask, AskStep, Steps, Wait};

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

/// Somebody outside the service points: no staff, but near, or kin.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Their id; points and people have one name space.
    pub id: PointId,
    /// Their name for whoever reads the configuration; it never leaves the home.
    pub name: Option<String>,
    /// What they are to the person who lives there.
    pub relation: Relation,
    /// From them to the door, where that is known.
    pub travel: Option<Span>,
    /// When they may be asked; the last resort asks them at any hour.
    pub on_duty: DutyHours,
    /// By which channels they are told.
    pub channels: Vec<ChannelName>,
}

/// The points and people around one home, who is asked after whom, and the patience of each waiting state.
#[derive(Debug, Clone, PartialEq)]
pub struct Circle {
    /// As configured.
    pub points: Vec<Point>,
    /// People outside the points, as configured.
    pub people: Vec<Person>,
    /// Who is asked after whom.
    pub steps: Steps,
    /// Whom everybody is told to call at the last resort.
    pub emergency_number: String,
    /// How long each waiting state may last.
    pub timers: Timers,
}

/// Where nothing else is configured.
pub const EMERGENCY_NUMBER: &str = "120";

impl Default for Circle {
    /// Nobody.
    fn default() -> Circle {
        Circle::of_points(Vec::new(), Timers::default())
    }
}

impl Circle {
    /// Points alone, asked in the usual steps.
    pub fn of_points(points: Vec<Point>, timers: Timers) -> Circle {
        let (people, emergency_number) = (Vec::new(), EMERGENCY_NUMBER.to_owned());
        Circle { points, people, steps: Steps::usual(&timers), emergency_number, timers }
    }

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

    /// Who is asked first at `now` about an alert as urgent as that: whom the first step names, else the nearest point.
    pub fn first(&self, zone: &Zone, now: Timestamp, severity: Severity, is_test: bool) -> Vec<PointId> {
        let named = self.named(zone, now, 0, &[], is_about_the_person(severity) && !is_test);
        if named.is_empty() { self.nearest(zone, now) } else { named }
    }

    /// The point whose staff is at the door first.
    pub fn nearest(&self, zone: &Zone, now: Timestamp) -> Vec<PointId> {
        self.order(zone, now).first().map(|point| point.id.clone()).into_iter().collect()
    }

    /// Everybody who is told by this channel, points first.
    pub fn told_by<'c>(&'c self, channel: &'c ChannelName) -> impl Iterator<Item = &'c PointId> {
        let points = self.points.iter().map(|point| (&point.id, &point.channels));
        let people = self.people.iter().map(|person| (&person.id, &person.channels));
        points.chain(people).filter(|(_, channels)| channels.contains(channel)).map(|(id, _)| id)
    }

    /// Every point there is.
    pub fn everybody(&self) -> Vec<PointId> {
        self.points.iter().map(|point| point.id.clone()).collect()
    }

    /// When the circle is widened for `alert` if nothing happens before; `None` while it need not be.
    pub fn widens_at(&self, alert: &Alert) -> Option<Timestamp> {
        let has_nobody = self.points.is_empty() && self.people.is_empty();
        if !alert.phase.is_open() || has_nobody || alert.asking_until.is_some() {
            return None;
        }
        // Also while somebody is at the door: nobody would be left who can close it.
        if self.has_lost_all_asked(alert) {
            return Some(alert.due_from);
        }
        if alert.phase == Phase::Arrived {
            return None;
        }
        let is_unreceived = alert.phase == Phase::Raised;
        // A home that cannot raise an alert must be known to somebody; who phones it is the station's matter.
        let is_blind = alert.severity == Severity::Blind || self.is_of_a_way(alert);
        if !(is_about_the_person(alert.severity) || (is_blind && is_unreceived)) {
            return None;
        }
        let asked_at = alert.escalated_at.unwrap_or(alert.due_from);
        let waiting_since = if alert.phase.is_in_hand() {
            let stalled_at = self.stalls_at(alert)?;
            if asked_at < stalled_at {
                return Some(stalled_at);
            }
            asked_at
        } else {
            asked_at.max(alert.unclaimed_since?)
        };
        let is_rare = alert.severity == Severity::Blind || asked_at - alert.due_from >= steps::ASK_OFTEN_FOR;
        Some(waiting_since + self.steps.wait(alert.escalated, alert.severity, is_unreceived, is_rare))
    }

    /// Whether nobody who was asked is in the circle any more: another directory or configuration came meanwhile. Who has it in
    /// hand there has no way left to say so.
    fn has_lost_all_asked(&self, alert: &Alert) -> bool {
        let is_told = !alert.points.is_empty() && !alert.test && alert.reason.class() != Class::Check;
        is_told && !self.points.is_empty() && !alert.points.iter().any(|id| self.has(id))
    }

    /// Whether it says that a way out is lost, and there are points that may still be told: perhaps it is the way to those who
    /// were. Once through the steps, never again and again.
    fn is_of_a_way(&self, alert: &Alert) -> bool {
        let is_left = index(alert.escalated.saturating_add(1)) < self.steps.each().len();
        let is_untold = || self.points.iter().any(|point| !alert.points.contains(&point.id));
        matches!(alert.reason, Reason::PathLost(_)) && is_left && is_untold()
    }

    fn has(&self, id: &PointId) -> bool {
        self.points.iter().any(|point| point.id == *id) || self.people.iter().any(|person| person.id == *id)
    }

    /// When an alert that somebody has in hand has waited too long for them: at the promised time, or, taken later than that,
    /// as long after the take.
    fn stalls_at(&self, alert: &Alert) -> Option<Timestamp> {
        let due_at = alert.due_at(&self.timers)?;
        let in_hand_since = alert.in_hand_since.or(alert.owner.as_ref().map(|owner| owner.since))?;
        Some(if in_hand_since < due_at { due_at } else { in_hand_since + self.timers.arrive_within })
    }

    /// The next step for `alert`, whoever asked for it: one level further, never two.
    pub fn widen(&self, zone: &Zone, now: Timestamp, alert: &Alert) -> Deed {
        let level = alert.escalated.saturating_add(1);
        let asks_people = is_about_the_person(alert.severity) && !alert.test;
        let named = self.named(zone, now, level, &alert.points, asks_people);
        // Nobody to be asked anew: those who were and are still there are asked again, and what comes after has its turn.
        let mut to = named;
        if to.is_empty() {
            to.extend(alert.points.iter().filter(|id| self.has(id)).cloned());
        }
        if to.is_empty() {
            to = self.nearest(zone, now);
        }
        let asked = self.people.iter().filter(|person| to.contains(&person.id));
        Deed::Escalate {
            level,
            people: asked.map(|person| (person.id.clone(), person.relation)).collect(),
            last_resort: (asks_people && self.steps.is_last_resort(level)).then(|| self.emergency_number.clone()),
            to,
        }
    }

    /// Whom the step of this level names at `now`, given who was asked before.
    fn named(&self, zone: &Zone, now: Timestamp, level: u32, asked: &[PointId], asks_people: bool) -> Vec<PointId> {
        let order = self.order(zone, now);
        let is_last_resort = self.steps.is_last_resort(level);
        let may_be_asked =
            |person: &&Person| asks_people && (is_last_resort || person.on_duty.next(zone, now) == Some(now));
        let mut to: Vec<PointId> = Vec::new();
        for ask in self.steps.asks(level) {
            let found: Vec<&PointId> = match ask {
                Ask::Nearest => order.first().map(|point| &point.id).into_iter().collect(),
                Ask::Next => {
                    let mut new = order.iter().filter(|point| !asked.contains(&point.id) && !to.contains(&point.id));
                    new.next().map(|point| &point.id).into_iter().collect()
                }
                Ask::AllPoints => order.iter().map(|point| &point.id).collect(),
                Ask::Named(id) => {
                    let points = self.points.iter().filter(|point| point.id == *id).map(|point| &point.id);
                    let people = self.people.iter().filter(|person| person.id == *id).filter(may_be_asked);
                    points.chain(people.map(|person| &person.id)).collect()
                }
            };
            for id in found {
                if !to.contains(id) {
                    to.push(id.clone());
                }
            }
        }
        to
    }
}

/// Whether it is about the person, and pressing: only that climbs to people.
fn is_about_the_person(severity: Severity) -> bool {
    matches!(severity, Severity::Emergency | Severity::Urgent)
}
