//! What an alarm receiving centre is told: our steps as events of Contact ID (SIA DC-05) and of SIA (DC-03).
//!
//! A person problem (641, 101 …) and a sensor problem (391, 38x) never share a code. A condition that is over is the same
//! code and zone as a restore.

use crate::model::found::{Danger, Quantity};
use crate::model::ids::SensorId;
use crate::model::lifecycle::Deed;
use crate::model::reason::{BlindCause, Class, Reason};
use crate::wire::Notice;

/// One event, before it is written in one of the two languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'n> {
    /// Contact ID, three digits.
    pub contact_id: u16,
    /// SIA, two letters.
    pub sia: &'static str,
    /// It is over.
    pub is_restore: bool,
    /// Which sensor, where it is one.
    pub sensor: Option<&'n SensorId>,
}

impl<'n> Event<'n> {
    /// What this notice is for a receiver; `None` for steps that are no event of theirs.
    pub fn of(notice: &'n Notice) -> Option<Event<'n>> {
        // A question before a limit is no event of theirs: the alert is, if it comes to one.
        if notice.state.reason.class() == Class::Check {
            return None;
        }
        // Nor has their language a word for a visit that was not made.
        if matches!(notice.state.reason, Reason::MissedVisit(_)) {
            return None;
        }
        let is_restore = match &notice.step.deed {
            Deed::Raise { .. }
            | Deed::Again { .. }
            | Deed::Unanswered { .. }
            | Deed::Escalate { .. }
            | Deed::Reopen => false,
            Deed::Recovered | Deed::Close { .. } => true,
            Deed::AskHome { .. }
            | Deed::Cancel
            | Deed::CheckOver { .. }
            | Deed::PersonCancelled
            | Deed::Receive
            | Deed::Ask { .. }
            | Deed::AskEnded
            | Deed::Take
            | Deed::Depart
            | Deed::Arrive { .. }
            | Deed::Release { .. }
            | Deed::HandOver { .. }
            | Deed::Accept
            | Deed::HandOverEnded
            | Deed::TakeOver
            | Deed::Assist
            | Deed::Call { .. }
            | Deed::Note { .. }
            | Deed::Life { .. }
            | Deed::Undo { .. }
            | Deed::Remind { .. }
            | Deed::Lapse
            | Deed::Overdue
            | Deed::Refused { .. }
            | Deed::Unknown => return None,
        };
        let (contact_id, sia) = if notice.state.test { (602, "RP") } else { codes(&notice.state.reason) };
        Some(Event { contact_id, sia, is_restore, sensor: sensor(&notice.state.reason) })
    }

    /// As Contact ID writes it: `QEEE GG ZZZ`.
    pub fn as_contact_id(&self, zone: u16) -> String {
        let qualifier = if self.is_restore { 3 } else { 1 };
        format!("{qualifier}{:03} 01 {:03}", self.contact_id, zone.min(999))
    }

    /// As SIA writes it: `Nri1/CCZZZ`. Where the letters of a restore are those of another event, it says so in words.
    pub fn as_sia(&self, zone: u16) -> String {
        let over = if self.is_restore { "|Arestored" } else { "" };
        format!("Nri1/{}{:03}{over}", self.sia, zone.min(999))
    }
}

fn codes(reason: &Reason) -> (u16, &'static str) {
    match reason {
        Reason::CallButton { .. } | Reason::Unknown => (101, "QA"),
        // A meal or a bath: "service request" is the nearest that these languages know.
        Reason::ServiceButton { .. } => (616, "YX"),
        Reason::Inactivity { .. }
        | Reason::Rhythm { .. }
        | Reason::LongInRoom(_)
        | Reason::OutOfBed(_)
        | Reason::Check(_)
        | Reason::NightDoor(_) => (641, "NA"),
        Reason::DailyContact(_) | Reason::LateRising(_) | Reason::AwayTooLong(_) | Reason::NotBack(_) => (102, "NA"),
        // The nearest, for the compiler's sake: it is never sent.
        Reason::MissedVisit(_) | Reason::MissedContact(_) => (102, "NA"),
        Reason::MovedWhileAway(_) => (130, "BA"),
        Reason::DoorLeftOpen(_) => (426, "DN"),
        Reason::Hazard(found) => match found.danger {
            Danger::Smoke => (111, "FA"),
            Danger::Gas => (151, "GA"),
            Danger::Leak => (154, "WA"),
        },
        Reason::Range(found) => match (found.what, found.is_low) {
            (Quantity::RoomTemperature, false) => (158, "KA"),
            (Quantity::RoomTemperature, true) => (159, "ZA"),
            (
                Quantity::BodyTemperature
                | Quantity::HeartRate
                | Quantity::Breathing
                | Quantity::Oxygen
                | Quantity::Systolic
                | Quantity::Diastolic
                | Quantity::Glucose,
                _,
            ) => (100, "MA"),
        },
        Reason::MainsLost(_) => (301, "AT"),
        Reason::Test { .. } => (602, "RP"),
        Reason::SilentSensor { .. } => (381, "XT"),
        Reason::LowBattery { .. } => (384, "XT"),
        Reason::StuckSensor { .. } => (391, "UT"),
        Reason::Tamper { .. } => (383, "TA"),
        Reason::WeakSignal { .. } | Reason::Flood { .. } => (380, "UT"),
        Reason::NotObserved { blind, .. } if blind.cause == BlindCause::GatewayDown => (305, "RR"),
        Reason::NotObserved { .. } | Reason::Storage { .. } | Reason::Configuration { .. } => (300, "YX"),
        Reason::CertificateEnds(_) => (300, "YX"),
        Reason::LinkLost { .. } | Reason::Subscription { .. } => (333, "ET"),
        // What is over is a restore of the same code; "failure to communicate" is left to what a station says of a home.
        Reason::PathLost(_) | Reason::AllPathsLost(_) | Reason::Twin(_) => (350, "YC"),
        Reason::HomeUnreachable { .. } => (354, "YC"),
        // A station tells no receiver of its own desk; the code is that of a system trouble.
        Reason::NoWatcher { .. } => (300, "YX"),
    }
}

fn sensor(reason: &Reason) -> Option<&SensorId> {
    match reason {
        Reason::CallButton { sensor, .. }
        | Reason::ServiceButton { sensor, .. }
        | Reason::SilentSensor { sensor, .. }
        | Reason::LowBattery { sensor, .. }
        | Reason::StuckSensor { sensor, .. }
        | Reason::Tamper { sensor, .. }
        | Reason::WeakSignal { sensor, .. } => Some(sensor),
        Reason::Flood { sensor, .. } => sensor.as_ref(),
        Reason::Inactivity { last_life, .. } | Reason::Rhythm { last_life, .. } => {
            last_life.as_ref().map(|life| &life.sensor)
        }
        Reason::Check(found) => found.last_life.as_ref().map(|life| &life.sensor),
        Reason::LongInRoom(found) => found.last_life.as_ref().map(|life| &life.sensor),
        Reason::Hazard(found) => Some(&found.sensor),
        Reason::NightDoor(found) => Some(&found.sensor),
        Reason::OutOfBed(found) => Some(&found.sensor),
        Reason::AwayTooLong(found) => Some(&found.sensor),
        Reason::DoorLeftOpen(found) => Some(&found.sensor),
        Reason::Range(found) => Some(&found.sensor),
        Reason::MainsLost(found) => Some(&found.sensor),
        Reason::MovedWhileAway(found) => Some(&found.life.sensor),
        Reason::LateRising(_)
        | Reason::Test { .. }
        | Reason::DailyContact(_)
        | Reason::MissedContact(_)
        | Reason::MissedVisit(_)
        | Reason::NotBack(_)
        | Reason::NotObserved { .. }
        | Reason::LinkLost { .. }
        | Reason::Subscription { .. }
        | Reason::Storage { .. }
        | Reason::Configuration { .. }
        | Reason::CertificateEnds(_)
        | Reason::PathLost(_)
        | Reason::AllPathsLost(_)
        | Reason::Twin(_)
        | Reason::HomeUnreachable { .. }
        | Reason::NoWatcher { .. }
        | Reason::Unknown => None,
    }
}
