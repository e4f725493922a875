//! Why an alert was raised: data, so that page, log, SMS and replay say the same thing (through `text`).

mod ends;
mod facts;
mod sorted;
mod ways;

pub use ends::{CertificateEnds, Within};
pub use facts::{Blind, BlindCause, Loss, SignOfLife, Stuck, Usual};
pub use sorted::{Class, Severity};
pub use ways::{AllPathsLost, PathLost, Twin, WayOut};

use crate::model::found;
use crate::model::home::{SensorKind, Service};
use crate::model::ids::{PointId, RoomId, SensorId};
use crate::model::learned::LimitedBy;
use crate::model::observation::Press;
use crate::model::time::{Hours, Secs, SecsIfAny, Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Why an alert was raised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
        #[serde(with = "Secs", rename = "limit_secs")]
        limit: Span,
        /// The part of the day for which this limit is set; absent while the clock is not trusted (strictest limit).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<Hours>,
        /// The limit that is learned for such a silence, where one is.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "SecsIfAny", rename = "learned_limit_secs")]
        learned_limit: Option<Span>,
        /// How long nothing was seen, as watched.
        #[serde(with = "Secs", rename = "silence_secs")]
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
    /// Raised by the station: the daily contact did not come about.
    MissedContact(found::MissedContact),
    /// Nobody confirmed to have arrived at a planned visit.
    MissedVisit(found::MissedVisit),
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
        #[serde(with = "Secs", rename = "limit_secs")]
        limit: Span,
        /// What set it.
        by: LimitedBy,
        /// How long nothing was seen, as watched.
        #[serde(with = "Secs", rename = "silence_secs")]
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
        #[serde(default, skip_serializing_if = "Option::is_none", with = "SecsIfAny", rename = "fixed_limit_secs")]
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
        #[serde(with = "Secs", rename = "limit_secs")]
        limit: Span,
        /// Since when its bridge calls it offline, where that is what was too long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offline_since: Option<Timestamp>,
    },
    /// Nobody needs anything: every way out of the home is tried from end to end.
    Test {
        /// Somebody wanted it; else it was time for it.
        by_hand: bool,
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
    /// A certificate with which the gateway speaks ends soon, or has ended.
    CertificateEnds(CertificateEnds),
    /// A way out of the home is lost; what is left of the others tells it.
    PathLost(PathLost),
    /// No way out of the home works.
    AllPathsLost(AllPathsLost),
    /// Two gateways speak as this home.
    Twin(Twin),
    /// Raised by the station: the home's gateway is not heard from.
    HomeUnreachable {
        /// The last heartbeat; absent if never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_heard: Option<Timestamp>,
        /// The service point that noticed.
        point: PointId,
    },
    /// Raised by the station: no screen with running sound showed its desk in duty hours.
    NoWatcher {
        /// Since when.
        since: Timestamp,
        /// The service point.
        point: PointId,
    },
    /// A reason of a newer version: its rule's name is not known here.
    #[cfg_attr(test, schemars(skip))] // read, never written
    #[serde(other)]
    Unknown,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}
