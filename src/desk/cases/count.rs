//! What a case says in figures: who did what when, undone steps left out.

use crate::desk::input::AlertKey;
use crate::desk::row::Row;
use crate::desk::view::Line;
use crate::model::lifecycle::{Actor, Contact, Deed, Outcome, Phase};
use crate::model::reason::{Reason, Severity, SignOfLife};
use crate::model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// One alert as reports count it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Which alert of which home.
    #[serde(flatten)]
    pub key: AlertKey,
    /// Short address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Why.
    pub reason: Reason,
    /// How urgent.
    pub severity: Severity,
    /// A test or drill.
    #[serde(default)]
    pub test: bool,
    /// Where it is in its life.
    pub phase: Phase,
    /// The raise, in the station's time.
    #[serde(with = "chrono::serde::ts_milliseconds", rename = "raised_ms")]
    pub raised_at: Timestamp,
    /// When this desk had it.
    #[serde(with = "chrono::serde::ts_milliseconds", rename = "received_ms")]
    pub received_at: Timestamp,
    /// From the raise to the receipt, in milliseconds.
    pub late_ms: i64,
    /// The time of the raise is reckoned.
    pub approximate: bool,
    /// The home's disk held it before it was sent.
    pub durable: bool,
    /// Who took it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Did>,
    /// Who set out first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departed: Option<Did>,
    /// Who was at the door first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived: Option<Did>,
    /// How it ended; of a reopened one how it ended last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Ended>,
    /// How often the finding came.
    pub count: u32,
    /// How often the circle was widened.
    pub escalated: u32,
    /// How often a take ran out.
    pub lapsed: u32,
    /// How often it was reopened.
    pub reopened: u32,
    /// How many steps were taken back.
    pub undone: u32,
    /// The promised time passed with nobody at the door.
    pub overdue: bool,
    /// Somebody in the home said that no help is needed.
    pub person_cancelled: bool,
    /// When the trouble went by itself.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "chrono::serde::ts_milliseconds_option")]
    pub recovered_at: Option<Timestamp>,
    /// The newest sign of life since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life_since: Option<SignOfLife>,
    /// When the trouble was there, for trouble of equipment; the last one may last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spells: Vec<Spell>,
}

/// Somebody did something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Did {
    /// When.
    #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// It follows from a later step of the same instant.
    #[serde(default)]
    pub implied: bool,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    #[serde(with = "chrono::serde::ts_milliseconds", rename = "at_ms")]
    pub at: Timestamp,
    /// Who closed it.
    pub by: Actor,
    /// What it was.
    pub outcome: Outcome,
    /// How the person was reached.
    pub contact: Contact,
}

/// A time in which a trouble was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spell {
    /// From when on.
    #[serde(with = "chrono::serde::ts_milliseconds", rename = "from_ms")]
    pub from: Timestamp,
    /// Until when; absent while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "chrono::serde::ts_milliseconds_option")]
    pub to: Option<Timestamp>,
}

impl Case {
    pub(super) fn of(row: &Row, timeline: &[Line]) -> Case {
        let alert = &row.alert;
        let mut case = Case {
            key: row.key.clone(),
            place: row.place.clone(),
            reason: alert.reason.clone(),
            severity: alert.severity,
            test: alert.test,
            phase: alert.phase,
            raised_at: alert.steps.first().map_or(row.received_at, |step| step.at),
            received_at: row.received_at,
            late_ms: row.late.num_milliseconds(),
            approximate: row.approximate,
            durable: row.durable,
            taken: None,
            departed: None,
            arrived: None,
            closed: None,
            count: alert.count,
            escalated: alert.escalated,
            lapsed: 0,
            reopened: 0,
            undone: 0,
            overdue: false,
            person_cancelled: false,
            recovered_at: None,
            life_since: alert.life_since.clone(),
            spells: Vec::new(),
        };
        case.recount(timeline);
        case
    }

    /// All that follows from the steps alone.
    pub(super) fn recount(&mut self, timeline: &[Line]) {
        let standing = || timeline.iter().filter(|line| !line.undone).map(|line| &line.step);
        let first = |of: fn(&Deed) -> bool| {
            let step = standing().find(|step| of(&step.deed))?;
            Some(Did { at: step.at, by: step.by.clone(), implied: step.implied })
        };
        let count = |of: fn(&Deed) -> bool| standing().filter(|step| of(&step.deed)).count() as u32;
        self.taken = first(|deed| matches!(deed, Deed::Take));
        self.departed = first(|deed| matches!(deed, Deed::Depart));
        self.arrived = first(|deed| matches!(deed, Deed::Arrive { .. }));
        self.closed = None;
        for step in standing() {
            if let Deed::Close { outcome, contact } = &step.deed {
                self.closed = Some(Ended { at: step.at, by: step.by.clone(), outcome: *outcome, contact: *contact });
            } else if step.deed == Deed::Reopen {
                self.closed = None;
            }
        }
        self.lapsed = count(|deed| matches!(deed, Deed::Lapse));
        self.reopened = count(|deed| matches!(deed, Deed::Reopen));
        self.overdue = count(|deed| matches!(deed, Deed::Overdue)) > 0;
        self.person_cancelled = count(|deed| matches!(deed, Deed::PersonCancelled)) > 0;
        self.undone = timeline.iter().filter(|line| line.undone && !line.step.implied).count() as u32;
        self.recovered_at = None;
        self.spells = Vec::new();
        if matches!(self.severity, Severity::Blind | Severity::Fault) {
            self.spells(standing());
        }
    }

    fn spells<'a>(&mut self, steps: impl Iterator<Item = &'a crate::model::alert::Step>) {
        let mut open = Some(self.raised_at);
        for step in steps {
            let ends = matches!(step.deed, Deed::Recovered | Deed::Close { .. });
            if matches!(step.deed, Deed::Again { .. }) {
                open.get_or_insert(step.at);
                self.recovered_at = None;
            }
            if step.deed == Deed::Recovered {
                self.recovered_at = Some(step.at);
            }
            if let Some(from) = open.filter(|_| ends) {
                self.spells.push(Spell { from, to: Some(step.at) });
                open = None;
            }
        }
        if let Some(from) = open.filter(|_| self.phase.is_open()) {
            self.spells.push(Spell { from, to: None });
        }
        self.spells.truncate(SPELLS_MAX);
    }

    /// From the raise to the receipt.
    pub fn late(&self) -> Span {
        Span::try_milliseconds(self.late_ms).unwrap_or_default()
    }
}

/// A trouble that comes and goes more often than this within one alert is not counted on.
const SPELLS_MAX: usize = 500;
