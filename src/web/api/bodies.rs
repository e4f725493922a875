//! The forms of what programs are answered. Within `/api/v1` fields are only added; instants are milliseconds since 1970, UTC.

use super::Caller;
use crate::desk::{AlertView, HomeView, Line, RowView, Suspended};
use crate::model::ids::{HomeId, PersonId};
use crate::model::lifecycle::{Actor, Outcome, Phase};
use crate::model::reason::{Reason, Severity, SignOfLife};
use crate::model::suspension::Absence;
use crate::model::time::Timestamp;
use crate::text;
use crate::web::Site;
use serde::Serialize;
use std::collections::BTreeMap;

/// The desk as it is now.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DeskBody {
    /// When it was drawn.
    pub at_ms: i64,
    /// For the stream of the pages.
    pub after: String,
    /// The newest event when it was drawn: whoever goes on from there misses nothing. Null while the storage fails.
    pub seq: Option<u64>,
    /// Whether a notice that is sent now arrives and is kept.
    pub ready: bool,
    /// Alerts that nobody has taken.
    pub unclaimed: usize,
    /// The parts of the queue: unclaimed, in_hand, no_contact, notices, just_closed.
    pub bands: BTreeMap<&'static str, Vec<AlertBody>>,
    /// Alerts that ended in the last two hours besides the newest twenty, which just_closed lists.
    pub just_closed_more: usize,
    /// Open faults.
    pub faults: Vec<AlertBody>,
    /// Every home ever heard of.
    pub homes: Vec<HomeBody>,
}

/// A part of the list of all alerts, in the order in which they came.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AlertsBody {
    /// The alerts.
    pub alerts: Vec<AlertBody>,
    /// Where the list goes on: the `after` of the next question; null at its end.
    pub next: Option<String>,
}

/// The homes of the station.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HomesBody {
    /// Every home ever heard of.
    pub homes: Vec<HomeBody>,
}

/// One alert.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AlertBody {
    /// Whose.
    pub home: HomeId,
    /// Its number in the home.
    pub alert: u64,
    /// With the number this names it.
    pub raised_id_ms: i64,
    /// The raise, in the station's time.
    pub raised_at_ms: i64,
    /// `trusted`, or `reckoned` where the home's clock cannot be believed.
    pub clock: &'static str,
    /// When this station had it.
    pub received_at_ms: i64,
    /// The short address; null without the scope `pii`.
    pub place: Option<String>,
    /// How urgent.
    pub severity: Severity,
    /// Which rule raised it.
    pub rule: &'static str,
    /// Why.
    pub reason: Reason,
    /// The same in a few words.
    pub headline: String,
    /// Where it is in its life.
    pub phase: Phase,
    /// A test or drill.
    pub test: bool,
    /// Who owns it.
    pub owner: Option<OwnerBody>,
    /// When somebody must have taken it.
    pub take_by_ms: Option<i64>,
    /// When somebody must be at the door.
    pub due_at_ms: Option<i64>,
    /// When somebody was at the door.
    pub arrived_at_ms: Option<i64>,
    /// How often the finding came.
    pub count: u32,
    /// The newest sign of life since.
    pub life_since: Option<SignOfLife>,
    /// When the trouble went by itself.
    pub recovered_at_ms: Option<i64>,
    /// What it was.
    pub outcome: Option<Outcome>,
    /// The home's gateway has not confirmed all that was done here.
    pub unconfirmed: bool,
    /// The home does not know this alert any more: it is seen to here, and asks nobody else.
    pub lost_at_home: bool,
    /// The home's disk held it before it was sent.
    pub durable: bool,
    /// The `expect` of a step.
    pub version: u32,
    /// What the next step does; null where only people elsewhere can act.
    pub next: Option<&'static str>,
    /// What else can be done.
    pub others: Vec<&'static str>,
    /// Why, in sentences; of one alert alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_text: Option<String>,
    /// Every step, oldest first; of one alert alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Vec<LineBody>>,
}

/// Who owns an alert.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OwnerBody {
    /// The person, by id.
    pub who: Actor,
    /// Since when.
    pub since_ms: i64,
    /// The person's name; null without the scope `pii`.
    pub name: Option<String>,
}

/// A line of the timeline.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LineBody {
    /// When.
    pub at_ms: i64,
    /// What.
    pub deed: &'static str,
    /// Who.
    pub by: Actor,
    /// The same in words; null without the scope `pii`, for it names people and holds notes.
    pub text: Option<String>,
    /// Follows from a later step.
    pub implied: bool,
    /// Taken back later.
    pub undone: bool,
    /// The home's gateway has not confirmed it yet.
    pub waiting: bool,
}

/// A home.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HomeBody {
    /// Which.
    pub home: HomeId,
    /// The short address; null without the scope `pii`.
    pub place: Option<String>,
    /// Whether the broker says that its gateway is connected; null where nobody knows.
    pub online: Option<bool>,
    /// Silent for too long.
    pub unreachable: bool,
    /// When it was heard last; null if not since the station started.
    pub heard_at_ms: Option<i64>,
    /// The time in which it wants to be heard again, where it says one.
    pub level_secs: Option<i64>,
    /// Nothing there that could show life can be heard; null where nobody knows.
    pub blind: Option<bool>,
    /// Age of the last sign of life at the newest heartbeat; null if nobody knows.
    pub last_life_secs: Option<u64>,
    /// Sensors heard from at least once.
    pub sensors_heard: Option<usize>,
    /// Sensors.
    pub sensors: Option<usize>,
    /// In which it is known to be other than usual.
    pub suspended: Vec<SuspendedBody>,
}

/// A suspension that holds.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SuspendedBody {
    /// Why; null where the home knows a kind that this program does not.
    pub kind: Option<Absence>,
    /// Who answers for it; null without the scope `pii`.
    pub owner: Option<String>,
    /// From when on, by the home's clock.
    pub from_ms: i64,
    /// Its end, by the home's clock.
    pub until_ms: i64,
}

/// A step that was refused, and the alert as it is now.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ConflictBody {
    /// Why.
    pub refused: crate::model::lifecycle::Refusal,
    /// The same in words.
    pub what: String,
    /// The alert as it is now.
    pub alert: Option<AlertBody>,
}

impl AlertBody {
    /// As whoever asks may see it.
    pub fn of(site: &Site, caller: &Caller, row: &RowView) -> AlertBody {
        let (language, names) = (caller.visitor.language, caller.sees_names());
        let owner = row.owner.as_ref().map(|owner| OwnerBody {
            who: owner.actor.clone(),
            since_ms: owner.since.timestamp_millis(),
            name: names.then(|| text::actor(language, &owner.actor, &|id| site.name(id))),
        });
        AlertBody {
            home: row.key.home.clone(),
            alert: row.key.alert.number,
            raised_id_ms: row.key.alert.raised_at.timestamp_millis(),
            raised_at_ms: row.raised_at.timestamp_millis(),
            clock: if row.approximate { "reckoned" } else { "trusted" },
            received_at_ms: row.received_at.timestamp_millis(),
            place: row.place.clone().filter(|_| names),
            severity: row.severity,
            rule: row.reason.rule(),
            reason: row.reason.clone(),
            headline: text::headline(language, &row.reason),
            phase: row.phase,
            test: row.test,
            owner,
            take_by_ms: millis(row.take_by),
            due_at_ms: millis(row.due_at),
            arrived_at_ms: millis(row.arrived_at),
            count: row.count,
            life_since: row.life_since.clone(),
            recovered_at_ms: millis(row.recovered_at),
            outcome: row.closed.as_ref().map(|closed| closed.outcome),
            unconfirmed: row.unconfirmed,
            lost_at_home: row.is_lost_at_home,
            durable: row.durable,
            version: row.version,
            next: row.primary,
            others: row.others.clone(),
            reason_text: None,
            timeline: None,
        }
    }

    /// With everything that happened to it.
    pub fn whole(site: &Site, caller: &Caller, view: &AlertView) -> AlertBody {
        let reason = text::reason(caller.visitor.language, &view.row.reason, &site.settings.zone);
        let timeline = view.timeline.iter().map(|line| LineBody::of(site, caller, line)).collect();
        AlertBody { reason_text: Some(reason), timeline: Some(timeline), ..AlertBody::of(site, caller, &view.row) }
    }
}

impl LineBody {
    fn of(site: &Site, caller: &Caller, line: &Line) -> LineBody {
        let words = || text::step(caller.visitor.language, &line.step, &site.settings.zone, &|id| site.name(id));
        LineBody {
            at_ms: line.step.at.timestamp_millis(),
            deed: line.step.deed.name(),
            by: line.step.by.clone(),
            text: caller.sees_names().then(words),
            implied: line.step.implied,
            undone: line.undone,
            waiting: line.waiting,
        }
    }
}

impl HomeBody {
    /// As whoever asks may see it.
    pub fn of(caller: &Caller, home: &HomeView) -> HomeBody {
        let (names, condition) = (caller.sees_names(), home.condition.as_ref());
        let suspended = condition.iter().flat_map(|condition| &condition.suspended);
        HomeBody {
            home: home.home.clone(),
            place: home.place.clone().filter(|_| names),
            online: home.online,
            unreachable: home.unreachable,
            heard_at_ms: millis(home.heard_at),
            level_secs: home.level.map(|level| level.num_seconds()),
            blind: condition.map(|condition| condition.blind),
            last_life_secs: condition.and_then(|condition| condition.last_life_secs),
            sensors_heard: condition.map(|c| c.sensors.iter().filter(|sensor| sensor.heard_secs.is_some()).count()),
            sensors: condition.map(|condition| condition.sensors.len()),
            suspended: suspended.map(|suspended| SuspendedBody::of(suspended, names)).collect(),
        }
    }
}

impl SuspendedBody {
    fn of(suspended: &Suspended, names: bool) -> SuspendedBody {
        let (from_ms, until_ms) = (suspended.from.timestamp_millis(), suspended.until.timestamp_millis());
        SuspendedBody { kind: suspended.kind, owner: names.then(|| suspended.owner.clone()), from_ms, until_ms }
    }
}

fn millis(at: Option<Timestamp>) -> Option<i64> {
    at.map(|at| at.timestamp_millis())
}

/// The names of people, for whoever may know them.
pub fn names<'a>(site: &'a Site, caller: &Caller) -> impl Fn(&PersonId) -> Option<String> + 'a {
    let may = caller.sees_names();
    move |id| site.name(id).filter(|_| may)
}
