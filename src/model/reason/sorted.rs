//! How reasons are sorted: by rule, matter and subject, by whose problem it is, by how urgently people must act.

use super::Reason;
use crate::model::found;
use crate::model::home::SensorKind;
use crate::model::ids::{PointId, SensorId};
use crate::model::time::Span;
use serde::{Deserialize, Serialize};

// `station.md` 1.2.
/// How urgently people must act. Ordered by urgency, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Now, on site: call button, smoke, gas.
    Emergency,
    /// Phone, then on site: the quiet is wrong.
    Urgent,
    /// The home or a path cannot raise an alert now: phone the person, then a technician.
    Blind,
    /// Today: a request, a late return.
    Notice,
    /// Works, but degraded: by due date.
    Fault,
}

/// Whose problem an alert is. A person problem is never confused with a sensor problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Class {
    Person,
    Request,
    Sensor,
    System,
    /// No problem yet: the person is asked before there is one.
    Check,
}

impl Class {
    /// Whether it comes from the person: what was found about them, or what they asked for.
    pub fn is_of_person(self) -> bool {
        matches!(self, Class::Person | Class::Request)
    }
}

impl Reason {
    /// The rule's name as in configs, logs and reports.
    pub fn rule(&self) -> &'static str {
        match self {
            Reason::CallButton { .. } => "call_button",
            Reason::ServiceButton { .. } => "service_button",
            Reason::Inactivity { .. } => "inactivity",
            Reason::Hazard(_) => "hazard",
            Reason::NightDoor(_) => "night_door",
            Reason::OutOfBed(_) => "out_of_bed",
            Reason::LongInRoom(_) => "long_in_room",
            Reason::LateRising(_) => "late_rising",
            Reason::DailyContact(_) => "daily_contact",
            Reason::MissedContact(_) => "missed_contact",
            Reason::MissedVisit(_) => "missed_visit",
            Reason::AwayTooLong(_) => "away_too_long",
            Reason::DoorLeftOpen(_) => "door_left_open",
            Reason::MovedWhileAway(_) => "moved_while_away",
            Reason::NotBack(_) => "not_back",
            Reason::Range(_) => "range",
            Reason::MainsLost(_) => "mains_lost",
            Reason::Check(_) => "check",
            Reason::Test { .. } => "test",
            Reason::Rhythm { .. } => "rhythm",
            Reason::SilentSensor { .. } => "silent_sensor",
            Reason::LowBattery { .. } => "low_battery",
            Reason::StuckSensor { .. } => "stuck_sensor",
            Reason::Tamper { .. } => "tamper",
            Reason::WeakSignal { .. } => "weak_signal",
            Reason::NotObserved { .. } => "not_observed",
            Reason::LinkLost { .. } => "link_lost",
            Reason::Flood { .. } => "flood",
            Reason::Subscription { .. } => "subscription",
            Reason::Storage { .. } => "storage",
            Reason::Configuration { .. } => "configuration",
            Reason::CertificateEnds(_) => "certificate_ends",
            Reason::PathLost(_) => "path_lost",
            Reason::AllPathsLost(_) => "all_paths_lost",
            Reason::Twin(_) => "twin",
            Reason::HomeUnreachable { .. } => "home_unreachable",
            Reason::NoWatcher { .. } => "no_watcher",
            Reason::Unknown => "unknown",
        }
    }

    /// Which rules speak about one and the same matter: a silence is one, whichever of its rules comes first.
    pub fn matter(&self) -> &'static str {
        if let Reason::Check(found) = self {
            return if found.room.is_some() { "check_of_room" } else { "check_of_silence" };
        }
        let is_silence = self.silence().is_some();
        if is_silence { "silence" } else { self.rule() }
    }

    /// Whom it is about: repeated findings of one rule about one subject are one alert.
    pub fn subject(&self) -> Option<&SensorId> {
        match self {
            Reason::SilentSensor { sensor, .. }
            | Reason::LowBattery { sensor, .. }
            | Reason::StuckSensor { sensor, .. }
            | Reason::Tamper { sensor, .. }
            | Reason::WeakSignal { sensor, .. } => Some(sensor),
            // Two service buttons ask for two things; two call buttons call for one and the same person.
            Reason::ServiceButton { sensor, .. } => Some(sensor),
            Reason::Hazard(found) => Some(&found.sensor),
            // Two doors stand open by themselves; whoever went out by one of them is one person.
            Reason::DoorLeftOpen(found) => Some(&found.sensor),
            Reason::Range(found) => Some(&found.sensor),
            Reason::MainsLost(found) => Some(&found.sensor),
            Reason::NightDoor(_)
            | Reason::OutOfBed(_)
            | Reason::LongInRoom(_)
            | Reason::LateRising(_)
            | Reason::DailyContact(_)
            | Reason::MissedContact(_)
            | Reason::MissedVisit(_)
            | Reason::AwayTooLong(_)
            | Reason::MovedWhileAway(_)
            | Reason::NotBack(_)
            | Reason::Test { .. }
            | Reason::Check(_) => None,
            Reason::Flood { sensor, .. } => sensor.as_ref(),
            Reason::CallButton { .. }
            | Reason::Inactivity { .. }
            | Reason::Rhythm { .. }
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

    /// Which link, source, channel or visit it is about, where it is one: two bridges are two matters.
    pub fn link(&self) -> Option<&str> {
        if let Reason::MissedVisit(found) = self {
            return Some(&found.visit);
        }
        if let Reason::LinkLost { link, .. } = self {
            return Some(link);
        }
        if let Reason::PathLost(found) = self {
            return Some(found.channel.as_str());
        }
        if let Reason::Twin(found) = self {
            return found.channel.as_ref().map(|channel| channel.as_str());
        }
        // Whoever saw the first warning is told again.
        if let Reason::CertificateEnds(found) = self {
            return Some(found.within.as_str());
        }
        if let Reason::Flood { source, .. } = self { source.as_deref() } else { None }
    }

    /// Where the way leads that it is about: one channel to two points is two matters.
    pub fn leads_to(&self) -> Option<&PointId> {
        if let Reason::PathLost(found) = self { Some(&found.point) } else { None }
    }

    /// How urgently people must act, unless the config says otherwise.
    pub fn severity(&self) -> Severity {
        match self {
            Reason::CallButton { .. } => Severity::Emergency,
            Reason::Hazard(found) if found.danger != found::Danger::Leak => Severity::Emergency,
            Reason::Inactivity { .. }
            | Reason::Rhythm { .. }
            | Reason::Hazard(_)
            | Reason::NightDoor(_)
            | Reason::OutOfBed(_)
            | Reason::LongInRoom(_)
            | Reason::MissedContact(_)
            | Reason::Unknown => Severity::Urgent,
            Reason::Range(found) if found.what != found::Quantity::RoomTemperature => Severity::Urgent,
            Reason::Range(_)
            | Reason::LateRising(_)
            | Reason::DailyContact(_)
            | Reason::MissedVisit(_)
            | Reason::AwayTooLong(_)
            | Reason::MovedWhileAway(_)
            | Reason::NotBack(_)
            | Reason::DoorLeftOpen(_)
            | Reason::Test { .. }
            | Reason::Check(_) => Severity::Notice,
            Reason::MainsLost(_) => Severity::Fault,
            Reason::NotObserved { .. }
            | Reason::AllPathsLost(_)
            | Reason::HomeUnreachable { .. }
            | Reason::LinkLost { nobody_can_call: true, .. }
            // That somebody has gone out is concluded from the outer door alone.
            | Reason::SilentSensor { kind: SensorKind::OuterDoor, .. }
            | Reason::StuckSensor { kind: SensorKind::OuterDoor, .. } => Severity::Blind,
            Reason::ServiceButton { .. } => Severity::Notice,
            Reason::SilentSensor { .. }
            | Reason::LowBattery { .. }
            | Reason::StuckSensor { .. }
            | Reason::Tamper { .. }
            | Reason::WeakSignal { .. }
            | Reason::LinkLost { .. }
            | Reason::Flood { .. }
            | Reason::Subscription { .. }
            | Reason::Storage { .. }
            | Reason::CertificateEnds(_)
            | Reason::PathLost(_)
            | Reason::Twin(_)
            | Reason::NoWatcher { .. }
            | Reason::Configuration { .. } => Severity::Fault,
        }
    }

    /// Whether it ends by itself in a way that a sensor tells: an all-clear, a door that is shut, a visitor who comes late. It is
    /// shown; people close.
    pub fn ends_by_itself(&self) -> bool {
        let is_told =
            matches!(self, Reason::Hazard(_) | Reason::DoorLeftOpen(_) | Reason::Range(_) | Reason::MissedVisit(_));
        is_told || matches!(self.class(), Class::Sensor | Class::System)
    }

    /// How long the quiet had lasted, where it is the quiet that is wrong.
    pub fn silence(&self) -> Option<Span> {
        if let Reason::Inactivity { silence, .. } | Reason::Rhythm { silence, .. } = self {
            Some(*silence)
        } else {
            None
        }
    }

    /// Whose problem it is.
    pub fn class(&self) -> Class {
        match self {
            Reason::CallButton { .. }
            | Reason::Inactivity { .. }
            | Reason::Rhythm { .. }
            | Reason::Hazard(_)
            | Reason::NightDoor(_)
            | Reason::OutOfBed(_)
            | Reason::LongInRoom(_)
            | Reason::LateRising(_)
            | Reason::DailyContact(_)
            | Reason::MissedContact(_)
            | Reason::MissedVisit(_)
            | Reason::AwayTooLong(_)
            | Reason::MovedWhileAway(_)
            | Reason::NotBack(_)
            | Reason::DoorLeftOpen(_)
            | Reason::Range(_)
            | Reason::Unknown => Class::Person,
            Reason::MainsLost(_) | Reason::Test { .. } => Class::System,
            Reason::Check(_) => Class::Check,
            Reason::ServiceButton { .. } => Class::Request,
            Reason::SilentSensor { .. }
            | Reason::LowBattery { .. }
            | Reason::StuckSensor { .. }
            | Reason::Tamper { .. }
            | Reason::WeakSignal { .. }
            | Reason::Flood { sensor: Some(_), .. } => Class::Sensor,
            Reason::NotObserved { .. }
            | Reason::LinkLost { .. }
            | Reason::Flood { .. }
            | Reason::Subscription { .. }
            | Reason::Storage { .. }
            | Reason::Configuration { .. }
            | Reason::CertificateEnds(_)
            | Reason::PathLost(_)
            | Reason::AllPathsLost(_)
            | Reason::Twin(_)
            | Reason::HomeUnreachable { .. }
            | Reason::NoWatcher { .. } => Class::System,
        }
    }
}
