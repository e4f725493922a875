//! What the engine decides, and what people make of it: the station phones, somebody goes, a technician mends.

use super::life::Room;
use super::outcome::End;
use super::sensors::Touch;
use super::world::{Happening, World};
use crate::engine::{Effect, Input};
use crate::model::alert::AlertId;
use crate::model::ids::PointId;
use crate::model::lifecycle::{Actor, Contact, Deed, Outcome as Closing, Role};
use crate::model::reason::{Class, Reason, Severity};
use crate::model::time::{Span, Timestamp};

/// From the alert to the call of the station.
const PHONES_AFTER: Span = Span::minutes(2);

/// From the alert to the door.
const AT_THE_DOOR_AFTER: Span = Span::minutes(15);

impl World<'_> {
    /// One input, and everything that follows from it.
    pub(super) fn tell_engine(&mut self, now: Timestamp, input: Input) {
        let effects = self.engine.handle(now, input);
        for effect in effects {
            if let Effect::Alert { alert, step } = effect {
                self.decided(now, alert, &step.deed);
            }
        }
    }

    fn decided(&mut self, now: Timestamp, alert: u64, deed: &Deed) {
        if let Deed::Raise { reason, .. } = deed {
            self.alerted(now, alert, reason);
        } else if matches!(deed, Deed::Again { .. }) {
            // Whoever is asked again is disturbed again.
            if let Some(reason) = self.alert(alert).map(|(_, reason)| reason) {
                self.alerted(now, alert, &reason);
            }
        } else if *deed == Deed::Recovered {
            self.close(now, alert, Closing::Equipment, Contact::None);
        }
    }

    fn alerted(&mut self, now: Timestamp, alert: u64, reason: &Reason) {
        let rule = reason.rule();
        let is_about_person = reason.class() == Class::Person;
        // A home that cannot be watched is phoned too: the person may need somebody.
        let is_phoned = is_about_person || reason.severity() == Severity::Blind;
        if self.fallen.is_some() && is_phoned {
            self.found(now, rule);
        } else if is_about_person {
            self.nobody_needed(now, rule);
        }
        if !is_about_person {
            *self.outcome.others.entry(rule).or_default() += 1;
            self.technician(now, reason);
        }
        if is_phoned {
            self.arrange(now + PHONES_AFTER, Happening::Phones { alert, rule, raised_at: now });
        }
    }

    /// An alert about the person while nothing was wrong.
    fn nobody_needed(&mut self, now: Timestamp, rule: &'static str) {
        self.outcome.false_alerts.push((now, rule));
        if !self.is_watched() {
            self.breaks(now, format!("`{rule}` spoke of the person while no sensor could have shown life"));
        }
        let quiet_since = self.engine.seen().quiet_since;
        let is_misled = self.hidden_at.zip(quiet_since).is_some_and(|(hidden_at, quiet_since)| hidden_at > quiet_since);
        self.outcome.misled_by_defect += u64::from(is_misled);
    }

    /// A broken sensor of which somebody was told is mended within days.
    fn technician(&mut self, now: Timestamp, reason: &Reason) {
        let Some(subject) = reason.subject() else { return };
        let Some(index) = self.devices.iter().position(|device| device.sensor.id == *subject) else { return };
        let is_broken = self.devices.get(index).is_some_and(|device| device.defect.is_some());
        if is_broken && self.told.insert(index) {
            self.outcome.defects.1 += 1;
            let days = self.people.between(0.5, 3.0);
            self.arrange(now + super::life::minutes(days * 1440.0), Happening::Mended(index));
        }
    }

    /// Somebody has been told of the fall.
    fn found(&mut self, now: Timestamp, rule: &'static str) {
        let Some(fall) = self.fallen.and_then(|number| self.outcome.falls.get_mut(number)) else { return };
        if fall.end.is_none() {
            fall.end = Some(End::Alert { at: now, rule });
            self.help_comes = true;
            self.arrange(now + AT_THE_DOOR_AFTER, Happening::HelpArrives);
        }
    }

    /// Who is well answers; who lies on the floor does not, and then somebody goes.
    pub(super) fn phones(&mut self, now: Timestamp, alert: u64, rule: &'static str, raised_at: Timestamp) {
        if let Some(number) = self.fallen {
            // The fall came between the alert and the call.
            let fell_at = self.outcome.falls.get(number).map_or(raised_at, |fall| fall.at);
            return self.found(raised_at.max(fell_at), rule);
        }
        if self.down_since.is_some() {
            self.arrange(now + Span::minutes(10), Happening::Phones { alert, rule, raised_at });
            return;
        }
        let Some((id, reason)) = self.alert(alert) else { return };
        if let Some(room) = self.place() {
            // To the telephone, which is in the hall.
            self.arrange(now + Span::seconds(5), Happening::Touch(Touch::Moves(room)));
            self.arrange(now + Span::seconds(20), Happening::Touch(Touch::Moves(Room::Hall)));
        }
        if reason.class() == Class::Person {
            let closing = if self.place().is_some() { Closing::FoundWell } else { Closing::AwayUnreported };
            self.close(now, id.number, closing, Contact::Spoken);
        }
    }

    /// Somebody is at the door of who has fallen.
    pub(super) fn help_arrives(&mut self, now: Timestamp) {
        let end = self.fallen.and_then(|number| self.outcome.falls.get(number)).and_then(|fall| fall.end.clone());
        if let Some(end) = end {
            self.off_the_floor(now, end);
        }
    }

    /// Help, or a visitor, or in the end the neighbours.
    pub(super) fn off_the_floor(&mut self, now: Timestamp, end: End) {
        let Some(fall) = self.fallen.take().and_then(|number| self.outcome.falls.get_mut(number)) else { return };
        let room = fall.room;
        fall.end.get_or_insert(end);
        self.help_comes = false;
        self.doing.clear();
        self.somebody_about(now, 40.0, &[room, room, Room::Bedroom, Room::Hall]);
        self.life.rest(now);
        self.stay_ends = now + Span::minutes(20);
        if self.down_since.is_none() {
            let open = self.engine.alerts().filter(|alert| alert.phase.is_open());
            let open: Vec<u64> = open.filter(|a| a.reason.class() == Class::Person).map(|a| a.id.number).collect();
            open.into_iter().for_each(|number| self.close(now, number, Closing::Helped, Contact::Seen));
        }
    }

    /// The staff closes an alert, if it is still open.
    fn close(&mut self, now: Timestamp, number: u64, outcome: Closing, contact: Contact) {
        let Some((id, _)) = self.alert(number).filter(|_| self.is_open(number)) else { return };
        let point = PointId::new("staff").expect("a legal id");
        let by = Actor { role: Role::Desk, point: Some(point.clone()), person: None, via: None };
        let deed = Deed::Close { outcome, contact };
        self.tell_engine(now, Input::Received { alert: id, point });
        self.tell_engine(now, Input::Step { alert: id, key: format!("close-{number}-{}", now.timestamp()), by, deed });
    }

    fn is_open(&self, number: u64) -> bool {
        self.engine.alerts().any(|alert| alert.id.number == number && alert.phase.is_open())
    }

    fn alert(&self, number: u64) -> Option<(AlertId, Reason)> {
        self.engine.alerts().find(|alert| alert.id.number == number).map(|alert| (alert.id, alert.reason.clone()))
    }
}
