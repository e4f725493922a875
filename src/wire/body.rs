//! The bodies: what a notice, a receipt, a step and a heartbeat say.

use crate::model::alert::{Alert, AlertId, Step};
use crate::model::home::SensorKind;
use crate::model::ids::{ChannelName, HomeId, PointId, RoomId, SensorId};
use crate::model::lifecycle::{Actor, Deed, Phase};
use crate::model::own_sign::{OwnDay, SignBy};
use crate::model::reason::{Reason, Severity, SignOfLife};
use crate::model::status::PathState;
use crate::model::suspension::Suspend;
use crate::model::time::{Day, Millis, MillisIfAny, Timestamp};
use crate::wire::newer;
use crate::wire::suspended::{InForce, Refusal};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

/// The version of all bodies.
pub const VERSION: u32 = 1;

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Not JSON of this shape.
    #[error("not a body of this kind: {0}")]
    Shape(#[from] serde_json::Error),
    /// A version this program does not know.
    #[error("version {0} is not known here; this program reads version 1")]
    Version(u32),
}

/// A body that travels.
pub trait Wire: Serialize + DeserializeOwned {
    /// The body as JSON bytes.
    fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("bodies hold only text keys and finite numbers")
    }

    /// The body from JSON bytes of version 1.
    fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        let Version { v } = serde_json::from_slice(bytes)?;
        if v != VERSION {
            return Err(WireError::Version(v));
        }
        Ok(Self::read(bytes)?)
    }

    /// The body from JSON bytes whose version was looked at.
    fn read(bytes: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(bytes)
    }
}

impl Wire for Notice {
    fn read(bytes: &[u8]) -> serde_json::Result<Notice> {
        serde_json::from_slice(bytes).or_else(|_| newer::notice(bytes))
    }
}
impl Wire for Receipt {}
impl Wire for StationStep {
    fn read(bytes: &[u8]) -> serde_json::Result<StationStep> {
        serde_json::from_slice(bytes).or_else(|_| newer::step(bytes))
    }
}
impl Wire for Heartbeat {}
impl Wire for Heard {}
impl Wire for Link {}
impl Wire for Greeting {}
impl Wire for Suspend {}
impl Wire for super::Directory {}

/// An alert, or its newest step, complete enough to act on. Gateway → station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Notice {
    /// 1.
    pub v: u32,
    /// Whose.
    pub home: HomeId,
    /// Short address; lets someone go there.
    pub place: String,
    /// Which alert.
    pub alert: AlertId,
    /// The step this notice is about. Repeats are recognised by (home, alert, step number).
    pub step: Step,
    /// Where the alert stands after that step.
    pub state: AlertState,
    /// Seconds from the raise to the sending, by the clock that never jumps.
    pub age_secs: f64,
    /// Whether the home's wall clock can be believed.
    pub clock_trusted: bool,
    /// On the home's disk before it was sent; `false` only while the home's storage is failing.
    pub durable: bool,
}

/// Where an alert stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AlertState {
    /// Why.
    pub reason: Reason,
    /// How urgent.
    pub severity: Severity,
    /// Its phase in the gateway's book, which is the judge between points.
    pub phase: Phase,
    /// Who owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Actor>,
    /// How often the finding came.
    pub count: u32,
    /// How often the circle was widened.
    pub escalated: u32,
    /// Nobody came for so long that everybody is told to call the emergency number themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_resort: Option<LastResort>,
    /// The newest sign of life since the raise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life_since: Option<SignOfLife>,
    /// A test, marked as such everywhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
}

/// The last resort: whoever reads this is to act, whether asked first or last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LastResort {
    /// The number to call, such as 120.
    pub call: String,
    /// For how long nobody has taken it; where somebody has, for how long nobody has arrived.
    pub waited_secs: u64,
}

impl AlertState {
    /// The state of `alert` after a step at `at`.
    pub fn of(alert: &Alert, at: Timestamp) -> AlertState {
        let waited_from = alert.unclaimed_since.unwrap_or(alert.due_from);
        let last_resort = alert.last_resort.as_ref().map(|call| LastResort {
            call: call.clone(),
            waited_secs: (at - waited_from).num_seconds().max(0).unsigned_abs(),
        });
        AlertState {
            reason: alert.reason.clone(),
            severity: alert.severity,
            phase: alert.phase,
            owner: alert.owner.as_ref().map(|owner| owner.actor.clone()),
            count: alert.count,
            escalated: alert.escalated,
            last_resort,
            life_since: alert.life_since.clone(),
            test: alert.test,
        }
    }
}

/// The station's word that a notice is in its database. Station → gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Receipt {
    /// 1.
    pub v: u32,
    /// Whose.
    pub home: HomeId,
    /// Which alert.
    pub alert: AlertId,
    /// Which step.
    pub step: u32,
    /// Who holds it.
    pub point: PointId,
    /// When it was committed there; lets a gateway without a clock learn the time.
    #[serde(with = "Millis", rename = "at_ms")]
    pub at: Timestamp,
}

/// A step asked for at a station. Station → gateway; the gateway's notice with the same key is the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StationStep {
    /// 1.
    pub v: u32,
    /// Whose.
    pub home: HomeId,
    /// Which alert.
    pub alert: AlertId,
    /// Unique per click; repeats are recognised by it.
    pub key: String,
    /// When it was done at the station.
    #[serde(with = "Millis", rename = "at_ms")]
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What; notes travel without their words.
    #[serde(flatten)]
    pub deed: Deed,
}

/// I am alive, and this is how I am. Gateway → station three times inside the level of the way, by the same path as alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Heartbeat {
    /// 1.
    pub v: u32,
    /// Whose.
    pub home: HomeId,
    /// Counted within the run.
    pub seq: u64,
    /// Which run of the gateway (counted starts of one database).
    pub run: u64,
    /// Which start of the program: what the system tells of machine, boot and process, in short. Two of them that speak in
    /// turns are two gateways with one id. Absent from a gateway of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// Within this time the next heartbeat comes, or the way to this point is lost; absent from an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_secs: Option<u64>,
    /// By the home's clock.
    #[serde(with = "Millis", rename = "at_ms")]
    pub at: Timestamp,
    /// Whether that clock can be believed.
    pub clock_trusted: bool,
    /// Version of the program.
    pub version: String,
    /// Hash of the configuration in force.
    pub config_hash: String,
    /// Age of the oldest notice without a receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_unsent_secs: Option<u64>,
    /// Open alerts in the book.
    pub open_alerts: u32,
    /// How often in the last seven days the person was asked first and answered, so that nobody had to come.
    #[serde(default, skip_serializing_if = "is_none")]
    pub answered_at_home: u32,
    /// Age of the last sign of life; absent if never or if the home is blind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_life_secs: Option<u64>,
    /// Whether anything that could show life can be heard now.
    pub blind: bool,
    /// Each sensor's age.
    pub sensors: Vec<SensorAge>,
    /// Until enough days are learned for limits of its own; absent after that, and where nothing is learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning: Option<Learning>,
    /// The suspensions in force, and those that will be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspended: Vec<InForce>,
    /// The version of the directory of points in force, where the home takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<u64>,
    /// Suspensions that a station asked for in the last hour and that were not taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
    /// Alerts of which a station asked for a step in the last hour and that this home does not know: they were told while its
    /// disk failed, or its history was lost. The station's people see to them without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_known: Vec<AlertId>,
    /// The newest test of the ways out from end to end; absent where there never was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_test: Option<LastTest>,
    /// Every way out of the home.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<PathWord>,
    /// How far the present day of the home has come; absent from an older version, and while its clock cannot be believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub today: Option<Today>,
}

/// Whether the resident has shown by herself that the day began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Today {
    /// Which day, by the clock on the wall of the home; it begins at four in the morning.
    #[cfg_attr(test, schemars(with = "String"))]
    pub date: Day,
    /// When she had shown it; absent until then.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "MillisIfAny", rename = "own_sign_at_ms")]
    pub own_sign_at: Option<Timestamp>,
    /// By what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<SignBy>,
    /// When it is there on nearly all days; absent until enough of them are known.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "MillisIfAny", rename = "usual_by_ms")]
    pub usual_by: Option<Timestamp>,
    /// Which of the first days this is, until enough are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_day: Option<u32>,
    /// So much of the day so far nobody watched.
    #[serde(default, skip_serializing_if = "is_no_time")]
    pub unwatched_secs: u64,
}

impl From<OwnDay> for Today {
    fn from(day: OwnDay) -> Today {
        Today {
            date: day.date,
            own_sign_at: day.sign.map(|sign| sign.at),
            by: day.sign.map(|sign| sign.by),
            usual_by: day.usual_by,
            learning_day: day.learning_day,
            unwatched_secs: day.unwatched.num_seconds().max(0).unsigned_abs(),
        }
    }
}

/// A test of the ways out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LastTest {
    /// Since its beginning.
    pub age_secs: u64,
    /// So many ways gave no answer; absent while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<u32>,
}

/// How a way out of the home is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PathWord {
    /// The channel.
    pub channel: ChannelName,
    /// Where it leads.
    pub point: PointId,
    /// Without a proof for longer, it is lost.
    pub level_secs: u64,
    /// How it stands.
    pub state: PathState,
    /// Age of the last proof; absent where there was none in this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proved_secs: Option<u64>,
}

/// "I hear you": the station's answer to a heartbeat. Station → gateway, at QoS 0 and never retained: one that is lost is
/// made good by the next.
///
/// What the broker acknowledges is only the way to the broker. A station of an older version never answers; the way to it
/// is then neither proved nor lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Heard {
    /// 1.
    pub v: u32,
    /// To whom.
    pub home: HomeId,
    /// Who hears.
    pub point: PointId,
    /// The heartbeat's own numbers: which one was heard, and of which gateway.
    pub seq: u64,
    /// As in the heartbeat.
    pub run: u64,
    /// As in the heartbeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// By the station's clock.
    #[serde(with = "Millis", rename = "at_ms")]
    pub at: Timestamp,
}

fn is_no_time(secs: &u64) -> bool {
    *secs == 0
}

fn is_none(count: &u32) -> bool {
    *count == 0
}

/// How long ago a sensor was heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SensorAge {
    /// Which.
    pub id: SensorId,
    /// Absent if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_secs: Option<u64>,
    /// Where it hangs, if somewhere; absent from an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// What it is for; absent from an older version.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "if_known")]
    pub kind: Option<SensorKind>,
    /// Its battery, where it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_percent: Option<u8>,
    /// It is not believed now: silent, cut off from its receiver, or stuck.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
}

/// A home may be newer than its station: a kind that is not known must not make its heartbeat unreadable.
pub(super) fn if_known<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SensorKind>, D::Error> {
    let word = Option::<String>::deserialize(from)?;
    Ok(word.and_then(|word| SensorKind::ALL.into_iter().find(|kind| kind.as_str() == word)))
}

/// How far a home has come in learning what is usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Learning {
    /// The day that goes on, the first being 1.
    pub day: u32,
    /// So many are needed.
    pub of: u32,
}

/// "I am here again": said by a station to every home it knows when its own way to the broker is back, so that a home need not
/// wait for its next try. Station → gateway; not retained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Greeting {
    /// 1.
    pub v: u32,
    /// To whom.
    pub home: HomeId,
    /// Who is here again.
    pub point: PointId,
}

/// Online or offline, set by the gateway and by the broker's last will; retained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Link {
    /// 1.
    pub v: u32,
    /// Whether the gateway is connected.
    pub online: bool,
}
