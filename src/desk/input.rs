//! What the desk is told, what it wants done, and what it writes down.

use crate::desk::daily;
use crate::desk::handover::Handover;
use crate::desk::screens::Screen;
use crate::desk::sights::Sight;
use crate::model::alert::{Alert, AlertId, Step};
use crate::model::duty::DutyHours;
use crate::model::errand::{Declined, Errand};
use crate::model::event::Event;
use crate::model::home::SensorKind;
use crate::model::ids::{HomeId, PersonId, PointId};
use crate::model::ids::{RoomId, SensorId};
use crate::model::lifecycle::{Actor, Deed, Phase, Refusal, Role, Timers};
use crate::model::own_sign::OwnDay;
use crate::model::reason::{Reason, Severity, SignOfLife};
use crate::model::suspension::{Absence, Change};
use crate::model::time::{Day, SecsIfAny, Span, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the desk must know before it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The service point whose desk this is.
    pub point: PointId,
    /// How long each waiting state may last.
    pub timers: Timers,
    /// A home not heard from for longer is a `blind` alert.
    pub unreachable_after: Span,
    /// The staff: who exists, and in what capacity.
    pub people: BTreeMap<PersonId, Role>,
    /// When somebody has to watch the desk, by which clock; absent where nobody said so.
    pub duty: Option<(DutyHours, Zone)>,
    /// The work of the day: contact, visits, requests.
    pub daily: daily::Settings,
}

/// Which alert of which home.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AlertKey {
    /// Whose.
    pub home: HomeId,
    /// Which.
    pub alert: AlertId,
}

/// Something the desk is told.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant)] // one at a time; a box would cost more than it saves
pub enum Input {
    /// A home's gateway sent a step of an alert.
    Notice(Box<Notice>),
    /// A home's gateway says that it lives.
    Heartbeat {
        /// Which home.
        home: HomeId,
        /// How it is there.
        condition: Condition,
    },
    /// The broker says whether a home's gateway is connected (its last will).
    HomeLink {
        /// Which home.
        home: HomeId,
        /// Whether it is connected.
        online: bool,
    },
    /// The station's own way to the broker came up or broke.
    OwnLink {
        /// Whether it is up.
        up: bool,
    },
    /// A person clicked.
    Click(Click),
    /// A person did something where there was no network, and it comes late.
    Late {
        /// What.
        click: Click,
        /// How long ago, by the clock of the telephone that kept it.
        ago: Span,
    },
    /// A person does something for a home that is no step of an alert.
    Order(Order),
    /// A person takes over the shift of another.
    Handover(Handover),
    /// An open page says how it is.
    Screen(Screen),
    /// The case of an alert is kept: the desk may let go of it.
    File {
        /// Which alert.
        alert: AlertKey,
        /// The state of its row that the case says.
        version: u32,
    },
    /// Time has passed.
    Tick,
}

/// A step of an alert as the gateway sent it, with the state of its book after that step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Whose.
    pub home: HomeId,
    /// Short address.
    pub place: String,
    /// Which alert.
    pub alert: AlertId,
    /// The step.
    pub step: Step,
    /// Where the alert stands in the gateway's book, which is the judge between points.
    pub state: BookState,
    /// Milliseconds from the raise to the sending, by the clock that never jumps.
    pub age_ms: i64,
    /// Whether the home's wall clock can be believed.
    pub clock_trusted: bool,
    /// Whether it was on the home's disk before it was sent.
    pub durable: bool,
}

/// Where an alert stands in the gateway's book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the fields of an alert
pub struct BookState {
    pub reason: Reason,
    pub severity: Severity,
    pub phase: Phase,
    pub owner: Option<Actor>,
    pub count: u32,
    pub escalated: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_resort: Option<String>,
    pub life_since: Option<SignOfLife>,
    #[serde(default)]
    pub test: bool,
}

impl BookState {
    /// The state of `alert`.
    pub fn of(alert: &Alert) -> BookState {
        BookState {
            reason: alert.reason.clone(),
            severity: alert.severity,
            phase: alert.phase,
            owner: alert.owner.as_ref().map(|owner| owner.actor.clone()),
            count: alert.count,
            escalated: alert.escalated,
            last_resort: alert.last_resort.clone(),
            life_since: alert.life_since.clone(),
            test: alert.test,
        }
    }
}

/// How a home is, by its newest heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// Nothing there that could show life can be heard.
    pub blind: bool,
    /// Whether the home's clock can be believed.
    pub clock_trusted: bool,
    /// Age of the last sign of life; absent if never or if the home is blind.
    pub last_life_secs: Option<u64>,
    /// Age of the oldest notice without a receipt.
    pub oldest_unsent_secs: Option<u64>,
    /// How often in the last seven days the person there was asked first and answered, so that nobody had to come.
    pub answered_at_home: u32,
    /// Each sensor, as far as the home tells.
    pub sensors: Vec<SensorSeen>,
    /// Which day of how many the home still learns what is usual; absent once it has, and where it does not say.
    pub learning: Option<(u32, u32)>,
    /// In which the home is known to be other than usual.
    pub suspended: Vec<Suspended>,
    /// Suspensions that were asked for and that the home did not take.
    pub refused: Vec<SuspensionRefused>,
    /// Alerts that were asked about and that the home does not know.
    pub not_known: Vec<AlertId>,
    /// The heartbeat's own numbers.
    pub beat: Beat,
    /// Within this time the home wants to be heard again, where it says so: a home on a slow level speaks seldom.
    pub level: Option<Span>,
    /// How far its day has come; absent where it does not tell.
    pub today: Option<OwnDay>,
}

/// Which heartbeat it was, and of which gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Beat {
    /// Which run of the gateway.
    pub run: u64,
    /// Which start of its program; absent from an older version.
    pub boot: Option<String>,
    /// Counted within the run.
    pub seq: u64,
    /// When it was sent, by the home's clock, in milliseconds.
    pub at_ms: i64,
}

impl Beat {
    /// Whether the same start of the same gateway sent it later than `other`.
    pub fn is_after(&self, other: &Beat) -> bool {
        (self.run, &self.boot) == (other.run, &other.boot) && self.seq > other.seq
    }

    /// Whether it is this beat or one before it of the same start; of a program that does not name its starts nobody can say.
    pub fn repeats(&self, newest: &Beat) -> bool {
        self.boot.is_some() && (self.run, &self.boot) == (newest.run, &newest.boot) && self.seq <= newest.seq
    }
}

/// A suspension that holds in a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspended {
    /// Why; absent where the home knows a kind that this program does not.
    pub kind: Option<Absence>,
    /// Who answers for it.
    pub owner: String,
    /// In words.
    pub why: String,
    /// From when on, by the home's clock.
    pub from: Timestamp,
    /// Its end, by the home's clock.
    pub until: Timestamp,
}

/// A suspension that a home did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspensionRefused {
    /// The name under which it was asked for.
    pub id: String,
    /// Why, for a person.
    pub why: String,
}

/// A sensor as its home tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorSeen {
    /// Which.
    pub id: SensorId,
    /// Where it hangs, where the home says so.
    pub room: Option<RoomId>,
    /// What it is for, where the home says so.
    pub kind: Option<SensorKind>,
    /// How long before the heartbeat it was heard last; absent if never.
    pub heard_secs: Option<u64>,
    /// Its battery in percent, where it tells.
    pub battery_percent: Option<u8>,
    /// The home does not believe it now: silent, cut off, stuck.
    pub is_missing: bool,
}

/// A person wants to do something to an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Click {
    /// Comes back with the answer.
    pub ticket: u64,
    /// Which alert.
    pub alert: AlertKey,
    /// Who.
    pub by: Actor,
    /// What; for an undo the step number is filled in by the desk.
    pub deed: Deed,
    /// The row's version that the person saw.
    pub expect: Option<u32>,
    /// Unique per click.
    pub key: String,
}

/// A person wants something done for a home that is no step of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Comes back with the answer.
    pub ticket: u64,
    /// For which home.
    pub home: HomeId,
    /// Who.
    pub by: Actor,
    /// What.
    pub errand: Errand,
    /// Unique per click.
    pub key: String,
}

/// What came of a click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Done; the row has this version now.
    Done {
        /// The row's version.
        version: u32,
    },
    /// Not done.
    Refused(Refusal),
    /// There is no such alert here.
    NoSuchAlert,
    /// An errand that was not taken.
    Declined(Declined),
}

/// Something the desk wants done.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant)] // a handful per turn
pub enum Effect {
    /// Write this down; what follows in the same turn waits for the commit.
    Record(Recorded),
    /// Keep this for other systems, in the same commit as the line it came of.
    Happened(Box<Event>),
    /// Tell the home that this step is in the station's database.
    Receipt {
        /// Which alert.
        alert: AlertKey,
        /// Which step.
        step: u32,
        /// When it was received.
        at: Timestamp,
    },
    /// Ask the home's gateway to write a step into its book.
    Send(Outgoing),
    /// Ask a home to suspend, or to end a suspension.
    Suspend(Suspending),
    /// Tell the person who clicked.
    Answer {
        /// As in the click.
        ticket: u64,
        /// What came of it.
        answer: Answer,
    },
    /// Something looks different now.
    Changed(Subject),
}

/// What looks different now, for pages that show it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An alert.
    Alert(AlertKey),
    /// What the staff does for this home besides.
    Errands(HomeId),
}

impl From<AlertKey> for Subject {
    fn from(alert: AlertKey) -> Subject {
        Subject::Alert(alert)
    }
}

/// A step on its way to a home's gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Which alert.
    pub alert: AlertKey,
    /// Unique per step; the gateway's notice with the same key is the answer.
    pub key: String,
    /// When it was done.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// What; notes travel without their words.
    pub deed: Deed,
}

/// A change of suspensions on its way to a home.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspending {
    /// Which home.
    pub home: HomeId,
    /// The name under which the home refuses it.
    pub id: String,
    /// What.
    pub what: Change,
}

/// One line of the station's history. History is the only state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)] // most lines are the large ones
pub enum Recorded {
    /// A home was heard for the first time.
    Home {
        /// When.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// Which.
        home: HomeId,
    },
    /// A notice arrived.
    Notice {
        /// When.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// As it came.
        notice: Notice,
    },
    /// The station's people or timers did something.
    Done {
        /// When.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// To which alert.
        #[serde(flatten)]
        alert: AlertKey,
        /// Who.
        by: Actor,
        /// What.
        what: Deed,
        /// Unique per click or timer.
        key: String,
    },
    /// A click was refused: the same click again gets the same answer.
    Refused {
        /// When.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// Which alert.
        #[serde(flatten)]
        alert: AlertKey,
        /// Of the click.
        key: String,
        /// Why.
        why: Refusal,
    },
    /// A person did something for a home that is no step of an alert.
    Errand {
        /// When.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// For which home.
        home: HomeId,
        /// Who.
        by: Actor,
        /// What.
        what: Errand,
        /// Unique per click.
        key: String,
    },
    /// A home answered what was asked about a suspension.
    Suspended {
        /// When.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// Which home.
        home: HomeId,
        /// The name under which it was asked for.
        id: String,
        /// Why it was not taken; absent where it holds now, or is over as was asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    },
    /// A home told something new about its day.
    Morning {
        /// When.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// Which.
        home: HomeId,
        /// What.
        word: daily::Word,
    },
    /// The list of a day was opened, and the one before is over.
    Day {
        /// When.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// Of which day.
        day: Day,
        /// What became of the one before, if there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closed: Option<daily::Closed>,
    },
    /// A home can be seen otherwise than before.
    Sight {
        /// When.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// Which.
        home: HomeId,
        /// How.
        sight: Sight,
    },
    /// The station listened to its homes until now.
    Listened {
        /// Until when.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// From when on.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "from_ms")]
        from: Timestamp,
    },
    /// An alert is over for good and kept as a case.
    Filed {
        /// When.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// Which.
        #[serde(flatten)]
        alert: AlertKey,
        /// The newest step of the gateway's book: what comes again is known.
        last_step: u32,
        /// The home's short address as it was then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<String>,
        /// When its newest notice came.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "chrono::serde::ts_milliseconds_option")]
        noticed_at: Option<Timestamp>,
        /// So many alerts the station had raised about the home.
        #[serde(default)]
        own_alerts: u64,
    },
    /// A home speaks in another rhythm from now on: it is missed after so long.
    Level {
        /// When.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// Which.
        home: HomeId,
        /// The time; absent where it does not say one any more.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "SecsIfAny", rename = "level_secs")]
        level: Option<Span>,
    },
    /// A home of which two gateways had spoken is spoken of by one.
    OneGateway {
        /// When.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// Which.
        home: HomeId,
    },
    /// A home does not know an alert any more that it had told: the desk sees to it without the home.
    LostAtHome {
        /// When it said so.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// Which.
        #[serde(flatten)]
        alert: AlertKey,
    },
    /// A home that had been reported as unreachable was heard again.
    HeardAgain {
        /// When.
        #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
        at: Timestamp,
        /// Which.
        home: HomeId,
    },
}

impl Recorded {
    /// Which home it is about; nothing where it is about all of them.
    pub fn home(&self) -> Option<&HomeId> {
        Some(match self {
            Recorded::Day { .. } | Recorded::Listened { .. } => return None,
            Recorded::Notice { notice, .. } => &notice.home,
            Recorded::Done { alert, .. }
            | Recorded::Refused { alert, .. }
            | Recorded::LostAtHome { alert, .. }
            | Recorded::Filed { alert, .. } => &alert.home,
            Recorded::Home { home, .. }
            | Recorded::Morning { home, .. }
            | Recorded::Sight { home, .. }
            | Recorded::Errand { home, .. }
            | Recorded::Suspended { home, .. }
            | Recorded::Level { home, .. }
            | Recorded::OneGateway { home, .. }
            | Recorded::HeardAgain { home, .. } => home,
        })
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Recorded::Home { at, .. }
            | Recorded::Notice { at, .. }
            | Recorded::Done { at, .. }
            | Recorded::Refused { at, .. }
            | Recorded::Errand { at, .. }
            | Recorded::Suspended { at, .. }
            | Recorded::Morning { at, .. }
            | Recorded::Sight { at, .. }
            | Recorded::Listened { at, .. }
            | Recorded::Day { at, .. }
            | Recorded::Filed { at, .. }
            | Recorded::Level { at, .. }
            | Recorded::OneGateway { at, .. }
            | Recorded::LostAtHome { at, .. }
            | Recorded::HeardAgain { at, .. } => *at,
        }
    }
}
