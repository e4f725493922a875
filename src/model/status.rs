//! What a running gateway says about itself, for people who ask at the machine.

use crate::model::alert::AlertId;
use crate::model::answer::Questions;
use crate::model::home::SensorKind;
use crate::model::ids::{ChannelName, HomeId, PointId, RoomId, SensorId};
use crate::model::lifecycle::Phase;
use crate::model::observation::Availability;
use crate::model::reason::{Reason, Severity, SignOfLife, Stuck};
use crate::model::suspension::Suspension;
use crate::model::time::Timestamp;
use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use serde::{Deserialize, Serialize};

/// Name of the status file within the gateway's run directory.
pub const STATUS_FILE: &str = "status.json";

/// How a gateway is. Written every ten seconds; what is not known is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// When this was written, by the home's clock.
    #[serde(with = "ts_milliseconds", rename = "at_ms")]
    pub at: Timestamp,
    /// Since when it runs.
    #[serde(with = "ts_milliseconds", rename = "started_at_ms")]
    pub started_at: Timestamp,
    /// Its process.
    pub pid: u32,
    /// Version of the program.
    pub version: String,
    /// Which home.
    pub home: HomeId,
    /// Hash of the configuration in force.
    pub config_hash: String,
    /// What is wrong with the configuration file, if the one in force is an older one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_fault: Option<String>,
    /// Whether the clock can be believed.
    pub clock_trusted: bool,
    /// What is wrong with the storage; absent if it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_fault: Option<String>,
    /// Why what is stored would not outlast a power cut; absent if it does, or nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_fleeting: Option<String>,
    /// Whether nothing that could show life can be heard now.
    pub blind: bool,
    /// The last sign of life; absent if none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_life: Option<SignOfLife>,
    /// In which the home is known to be other than usual, now or soon.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspended: Vec<Suspension>,
    /// Every registered sensor.
    pub sensors: Vec<SensorStatus>,
    /// Every source and every channel.
    pub links: Vec<LinkStatus>,
    /// The directory of service points, where the configuration wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryStatus>,
    /// Alerts that nobody has closed, oldest first.
    pub open_alerts: Vec<OpenAlert>,
    /// How often the person was asked first in the last days.
    #[serde(default, skip_serializing_if = "Questions::are_none")]
    pub questions: Questions,
    /// Notices without a receipt.
    pub outbox: OutboxStatus,
    /// The newest test of the ways out from end to end; absent where there never was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_test: Option<TestStatus>,
    /// The certificate that ends first of those with which it speaks; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateStatus>,
    /// Every way out of the home; absent from what an older gateway wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<PathStatus>,
}

/// A certificate, and until when it is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateStatus {
    /// Its file, without the folder.
    pub file: String,
    /// Until when it is good.
    #[serde(with = "ts_milliseconds", rename = "until_ms")]
    pub until: Timestamp,
}

/// A test of the ways out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestStatus {
    /// When it was begun.
    #[serde(with = "ts_milliseconds", rename = "at_ms")]
    pub at: Timestamp,
    /// Somebody wanted it; else it is the weekly one.
    pub by_hand: bool,
    /// So many ways gave no answer; absent while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<u32>,
}

/// How a way out of the home stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PathState {
    /// Proved within its level: who is at its end answered, or at least took what was sent.
    Works,
    /// Carried as far as the broker, within its level; whether the station hears it has never been said.
    Carried,
    /// Not proved for longer than its level.
    Lost,
    /// Nothing is known yet, and its level has not passed since the start. Also what a newer version may say.
    #[serde(other)]
    Unproven,
}

/// A way out of the home: a channel on its way to one point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathStatus {
    /// The channel.
    pub channel: ChannelName,
    /// Where it leads.
    pub point: PointId,
    /// Without a proof for longer, it is lost.
    pub level_secs: u64,
    /// How it stands.
    pub state: PathState,
    /// When it was proved last; absent if not since the start.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "ts_milliseconds_option",
        rename = "proved_at_ms"
    )]
    pub proved_at: Option<Timestamp>,
    /// What failed last, where nothing has gone well since.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl Status {
    /// Whether no way out works, as far as can be known: nobody can be reached.
    pub fn nobody_is_reached(&self) -> bool {
        !self.paths.is_empty() && self.paths.iter().all(|path| path.state == PathState::Lost)
    }
}

/// How the directory of service points stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryStatus {
    /// The station that keeps it.
    pub from: PointId,
    /// Which one is in force, by the seconds since 1970 at which it was made; without one the configuration's own points are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Why a later one is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Whether a sensor can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Its link is down: nothing can be said of the sensor itself.
    CutOff,
    /// Not heard from for longer than is usual for it.
    Silent,
    /// It speaks, but what it says cannot be believed.
    Stuck(Stuck),
    /// It speaks and can be believed.
    Alive,
    /// It never checks in and has seen nothing lately: alive or dead, nobody can tell.
    CannotTell,
}

/// How a sensor is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SensorStatus {
    /// Which.
    pub id: SensorId,
    /// Where, if it hangs somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// What it is for.
    pub kind: SensorKind,
    /// When it was heard last; absent if never.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "ts_milliseconds_option", rename = "heard_at_ms")]
    pub heard_at: Option<Timestamp>,
    /// When something last happened there; absent if never.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "ts_milliseconds_option", rename = "event_at_ms")]
    pub event_at: Option<Timestamp>,
    /// Its battery, where it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_percent: Option<f64>,
    /// Whether it says that its battery is low, where it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_low: Option<bool>,
    /// Its supply, where it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_volts: Option<f64>,
    /// How well it is heard, where its family tells: 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal_percent: Option<f64>,
    /// What its bridge says about it, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<Availability>,
    /// Whether its silence can be told from its death.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub checks_in: bool,
    /// Not heard from for longer, it counts as silent; absent where no limit is set or learned yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_after_secs: Option<u64>,
    /// Since when its bridge calls it offline; a sleeping device is called so all day.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "ts_milliseconds_option",
        rename = "offline_since_ms"
    )]
    pub offline_since: Option<Timestamp>,
    /// Whether it can be believed; absent in what an older gateway wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// Messages left out since the start, because it said more than a sensor of its kind can mean.
    #[serde(default, skip_serializing_if = "is_none")]
    pub refused: u64,
}

fn yes() -> bool {
    true
}

fn is_yes(checks_in: &bool) -> bool {
    *checks_in
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// How a source or a channel is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkStatus {
    /// Its name in the config.
    pub name: String,
    /// Whether it works; absent while it has not been tried to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up: Option<bool>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "ts_milliseconds_option", rename = "since_ms")]
    pub since: Option<Timestamp>,
    /// Words for a person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Messages from it left out since the start that are no single sensor's: noise, devices nobody registered.
    #[serde(default, skip_serializing_if = "is_none")]
    pub refused: u64,
}

/// An alert that nobody has closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenAlert {
    /// Which.
    pub id: AlertId,
    /// Why.
    pub reason: Reason,
    /// How urgent.
    pub severity: Severity,
    /// Where it is in its life.
    pub phase: Phase,
    /// A test or drill.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
}

/// What waits for a receipt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxStatus {
    /// How many notices.
    pub waiting: u64,
    /// The age of the oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_secs: Option<u64>,
}
