//! Why an alert was raised: data, so that page, log, SMS and replay say the same thing (through `text`).

use crate::model::found;
use crate::model::home::{SensorKind, Service};
use crate::model::ids::{PointId, RoomId, SensorId};
use crate::model::learned::LimitedBy;
use crate::model::observation::Press;
use crate::model::time::{Hours, Span, Timestamp, span_secs, span_secs_opt};
use serde::{Deserialize, Serialize};

/// How urgently people must act (`station.md` 1.2). Ordered by urgency, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// The last proof that somebody was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOfLife {
    /// When.
    pub at: Timestamp,
    /// Which sensor.
    pub sensor: SensorId,
    /// Where, if the sensor hangs somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
}

/// A span in which nobody watched the home: what happened in it is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blind {
    /// Begin.
    pub from: Timestamp,
    /// End; absent while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Why.
    pub cause: BlindCause,
}

/// Why a home was not watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlindCause {
    /// The gateway was not running: power cut, restart, crash.
    GatewayDown,
    /// The link to every sensor that could show life is lost.
    LinkLost {
        /// The source as the config names it.
        source: String,
    },
    /// Every sensor that could show life is dead or cannot be believed.
    NoWitness,
    /// Nothing comes from what carries the last sensors that could show life, although its driver says that all is well.
    Mute {
        /// The source as the config names it.
        source: String,
    },
}

/// How a way to sensors is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Its driver says so.
    #[default]
    Down,
    /// Its driver says that all is well, and nothing comes from any sensor behind it.
    Mute,
}

impl Loss {
    fn is_down(&self) -> bool {
        *self == Loss::Down
    }
}

/// How a sensor speaks and yet cannot be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stuck {
    /// It sees somebody without an end.
    On,
    /// It sees nobody while others see life all around it.
    Off,
    /// It sees something again and again, without a pause in which a person would sleep or go out.
    Chatters,
    /// It is there and does not say what it is there for (`null`).
    Unknown,
}

/// How long quiet usually lasts after movement like the last: true of the past silences that decided a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usual {
    /// The part of the day in which they began.
    pub hours: Hours,
    /// This length …
    #[serde(with = "span_secs", rename = "reached_secs")]
    pub reached: Span,
    /// … was reached on so many days, …
    pub on_days: u16,
    /// … and this is the longest of all.
    #[serde(with = "span_secs", rename = "longest_secs")]
    pub longest: Span,
}

/// Why an alert was raised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum Reason {
    /// Somebody pressed a call button.
    CallButton {
        /// Which button.
        sensor: SensorId,
        /// Where it hangs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        /// What the button said.
        press: Press,
        /// Last sign of life before the press.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_life: Option<SignOfLife>,
    },
    /// Somebody asked for help that is no emergency.
    ServiceButton {
        /// Which button.
        sensor: SensorId,
        /// Where it hangs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        /// What for.
        service: Service,
    },
    /// No sign of life for longer than a fixed limit.
    Inactivity {
        /// The limit.
        #[serde(with = "span_secs", rename = "limit_secs")]
        limit: Span,
        /// The part of the day for which this limit is set; absent while the clock is not trusted (strictest limit).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<Hours>,
        /// The limit that is learned for such a silence, where one is.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            with = "span_secs_opt",
            rename = "learned_limit_secs"
        )]
        learned_limit: Option<Span>,
        /// How long nothing was seen, as watched.
        #[serde(with = "span_secs", rename = "silence_secs")]
        silence: Span,
        /// The last sign of life; absent if there was none since the records begin.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_life: Option<SignOfLife>,
        /// A span inside the silence in which nobody watched, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blind: Option<Blind>,
        /// Sensors that could show life and are heard from.
        sensors_alive: u32,
        /// Sensors that could show life.
        sensors: u32,
        /// Of these, how many never check in: their silence cannot be told from their death.
        #[serde(default, skip_serializing_if = "is_zero")]
        cannot_tell: u32,
    },
    /// A detector says smoke, gas or water.
    Hazard(found::Hazard),
    /// The outer door moved at night and nobody was seen inside since.
    NightDoor(found::NightDoor),
    /// Out of bed at night, and nothing seen since.
    OutOfBed(found::OutOfBed),
    /// In one room for too long.
    LongInRoom(found::LongInRoom),
    /// Not up by a set hour.
    LateRising(found::LateRising),
    /// No sign of life this morning.
    DailyContact(found::DailyContact),
    /// Probably out, for longer than usual.
    AwayTooLong(found::AwayTooLong),
    /// The outer door stands open.
    DoorLeftOpen(found::DoorLeftOpen),
    /// Somebody moves in a home that should be empty.
    MovedWhileAway(found::MovedWhileAway),
    /// An absence is over and nobody was seen since.
    NotBack(found::NotBack),
    /// A value is out of range.
    Range(found::Range),
    /// The mains are gone.
    MainsLost(found::MainsLost),
    /// A limit comes near: the person at home is asked.
    Check(found::Check),
    /// No sign of life for longer than is usual here, after movement like the last, at this hour.
    Rhythm {
        /// The limit.
        #[serde(with = "span_secs", rename = "limit_secs")]
        limit: Span,
        /// What set it.
        by: LimitedBy,
        /// How long nothing was seen, as watched.
        #[serde(with = "span_secs", rename = "silence_secs")]
        silence: Span,
        /// The last sign of life.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_life: Option<SignOfLife>,
        /// What was usual; absent where nothing like it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usual: Option<Usual>,
        /// Days that were learned from.
        days: u16,
        /// So many unneeded alerts in 30 days the limit is set for.
        target: f64,
        /// Silences of the last 30 days that were longer than their limit.
        alerts_of_30_days: u32,
        /// The fixed limit of the rule `inactivity` for this silence, where it holds.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "span_secs_opt", rename = "fixed_limit_secs")]
        fixed_limit: Option<Span>,
        /// The last event of an outer door, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        door_at: Option<Timestamp>,
        /// Whether the silence began at the outer door: probably out.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_out: bool,
        /// A span inside the silence in which nobody watched, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blind: Option<Blind>,
        /// Sensors that could show life and are heard from.
        sensors_alive: u32,
        /// Sensors that could show life.
        sensors: u32,
        /// Of these, how many never check in: their silence cannot be told from their death.
        #[serde(default, skip_serializing_if = "is_zero")]
        cannot_tell: u32,
    },
    /// A sensor has not been heard from for longer than is usual for it.
    SilentSensor {
        /// Which sensor.
        sensor: SensorId,
        /// Where it hangs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        /// What it is for.
        kind: SensorKind,
        /// When it was last heard from; absent if never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_heard: Option<Timestamp>,
        /// The longest silence allowed.
        #[serde(with = "span_secs", rename = "limit_secs")]
        limit: Span,
        /// Since when its bridge calls it offline, where that is what was too long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offline_since: Option<Timestamp>,
    },
    /// A sensor's battery is nearly empty.
    LowBattery {
        /// Which sensor.
        sensor: SensorId,
        /// Where it hangs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        /// What it reports, if a number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        percent: Option<f64>,
        /// The limit in percent.
        limit_percent: f64,
        /// The supply voltage, where that is what is too low.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        volts: Option<f64>,
        /// Not low yet, but falling: empty in so many days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        empty_in_days: Option<u32>,
    },
    /// A sensor speaks, but what it says cannot be believed.
    StuckSensor {
        /// Which sensor.
        sensor: SensorId,
        /// Where it hangs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        /// What it is for.
        kind: SensorKind,
        /// What is wrong.
        how: Stuck,
        /// Since when.
        stuck_since: Timestamp,
    },
    /// The cover of a sensor is open, or it was taken off the wall.
    Tamper {
        /// Which sensor.
        sensor: SensorId,
        /// Where it hangs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        /// Since when.
        open_since: Timestamp,
    },
    /// A sensor is hardly heard any more.
    WeakSignal {
        /// Which sensor.
        sensor: SensorId,
        /// Where it hangs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        /// The median of a day: 0 not at all, 100 as well as can be.
        percent: f64,
        /// The limit.
        limit_percent: f64,
    },
    /// The home was not watched for a while, or is not watched now.
    NotObserved {
        /// From, to and why.
        blind: Blind,
        /// The last sign of life before it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_life: Option<SignOfLife>,
    },
    /// A way to sensors is gone: a broker, a serial port, a bridge.
    LinkLost {
        /// Its path: what stands before a `/` carries what stands behind it.
        link: String,
        /// How it is lost.
        #[serde(default, skip_serializing_if = "Loss::is_down")]
        how: Loss,
        /// Since when.
        since: Timestamp,
        /// Sensors behind it, or perhaps behind it where not all bridges of a family are gone.
        sensors: u32,
        /// Whether these sensors certainly cannot be heard.
        #[serde(default)]
        is_whole: bool,
        /// Whether no other call button of the home can be heard.
        #[serde(default)]
        nobody_can_call: bool,
        /// Call buttons behind it, the first few.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        call_buttons: Vec<SensorId>,
        /// Outer doors behind it, the first few: whether somebody is out cannot be known.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        outer_doors: Vec<SensorId>,
    },
    /// Somebody says more than can be meant; the rest is left out.
    Flood {
        /// Which sensor, if it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sensor: Option<SensorId>,
        /// Where it hangs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        /// Which source, where it is no single sensor of the home.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// Messages a second when it was noticed.
        per_second: u32,
    },
    /// The home's broker does not let the gateway hear some topics.
    Subscription {
        /// The topic filters it refuses.
        filters: Vec<String>,
    },
    /// The gateway's or station's memory is in trouble.
    Storage {
        /// What happened and what was done.
        what: String,
    },
    /// The configuration file does not load; the last good one watches the home.
    Configuration {
        /// The first problem of the file.
        what: String,
    },
    /// Raised by the station: the home's gateway is not heard from.
    HomeUnreachable {
        /// The last heartbeat; absent if never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_heard: Option<Timestamp>,
        /// The service point that noticed.
        point: PointId,
    },
    /// A reason of a newer version: its rule's name is not known here.
    #[serde(other)]
    Unknown,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
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
            Reason::AwayTooLong(_) => "away_too_long",
            Reason::DoorLeftOpen(_) => "door_left_open",
            Reason::MovedWhileAway(_) => "moved_while_away",
            Reason::NotBack(_) => "not_back",
            Reason::Range(_) => "range",
            Reason::MainsLost(_) => "mains_lost",
            Reason::Check(_) => "check",
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
            Reason::HomeUnreachable { .. } => "home_unreachable",
            Reason::Unknown => "unknown",
        }
    }

    /// Which rules speak about one and the same matter: a silence is one, whichever of its rules comes first.
    pub fn matter(&self) -> &'static str {
        match self {
            Reason::Inactivity { .. } | Reason::Rhythm { .. } => "silence",
            Reason::Check(found) if found.room.is_some() => "check_of_room",
            Reason::Check(_) => "check_of_silence",
            other => other.rule(),
        }
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
            | Reason::AwayTooLong(_)
            | Reason::MovedWhileAway(_)
            | Reason::NotBack(_)
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
            | Reason::HomeUnreachable { .. }
            | Reason::Unknown => None,
        }
    }

    /// Which link or source it is about, where it is one: two bridges are two matters.
    pub fn link(&self) -> Option<&str> {
        if let Reason::LinkLost { link, .. } = self {
            return Some(link);
        }
        if let Reason::Flood { source, .. } = self { source.as_deref() } else { None }
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
            | Reason::Unknown => Severity::Urgent,
            Reason::Range(found) if found.what != found::Quantity::RoomTemperature => Severity::Urgent,
            Reason::Range(_)
            | Reason::LateRising(_)
            | Reason::DailyContact(_)
            | Reason::AwayTooLong(_)
            | Reason::MovedWhileAway(_)
            | Reason::NotBack(_)
            | Reason::DoorLeftOpen(_)
            | Reason::Check(_) => Severity::Notice,
            Reason::MainsLost(_) => Severity::Fault,
            Reason::NotObserved { .. }
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
            | Reason::Configuration { .. } => Severity::Fault,
        }
    }

    /// Whether it ends by itself in a way that a sensor tells: an all-clear, a door that is shut. It is shown; people close.
    pub fn ends_by_itself(&self) -> bool {
        let is_told = matches!(self, Reason::Hazard(_) | Reason::DoorLeftOpen(_) | Reason::Range(_));
        is_told || matches!(self.class(), Class::Sensor | Class::System)
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
            | Reason::AwayTooLong(_)
            | Reason::MovedWhileAway(_)
            | Reason::NotBack(_)
            | Reason::DoorLeftOpen(_)
            | Reason::Range(_)
            | Reason::Unknown => Class::Person,
            Reason::MainsLost(_) => Class::System,
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
            | Reason::HomeUnreachable { .. } => Class::System,
        }
    }
}
