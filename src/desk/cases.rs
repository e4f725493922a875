//! What is over for good: an alert that nobody can reopen any more leaves the queue and becomes a case.
//!
//! A case holds what reports count and what the alert's page shows. The station keeps it outside the history; the history
//! keeps one short line, so that a restored desk knows that the alert is over, and the home's counters. Lines of a filed alert
//! say nothing that the case does not say: they may be let go.

mod count;

pub use count::{Case, Did, Spell};

use crate::desk::input::{AlertKey, Effect, Recorded};
use crate::desk::row::{OWN_NUMBERS, Row};
use crate::desk::view::{AlertView, Line, RowView, undone};
use crate::desk::{Desk, STATION_NUMBERS};
use crate::model::alert::{AlertId, Closed};
use crate::model::ids::HomeId;
use crate::model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which alerts were filed, and the newest step of each that the home's gateway had told of.
#[derive(Debug, Clone, Default)]
pub(super) struct Filed {
    alerts: BTreeMap<HomeId, BTreeMap<AlertId, u32>>,
}

/// A case with everything that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FiledCase {
    /// What reports count.
    pub case: Case,
    /// What its page shows, oldest first.
    pub timeline: Vec<Line>,
}

/// An alert that can be filed.
#[derive(Debug, Clone, PartialEq)]
pub struct Ripe {
    /// The state of its row: a row that changed meanwhile is not filed.
    pub version: u32,
    /// What is to be kept of it before the desk lets go.
    pub filed: FiledCase,
}

impl Filed {
    /// Whether an alert was filed with this step.
    pub fn holds(&self, alert: &AlertKey, step: u32) -> bool {
        self.alerts.get(&alert.home).and_then(|of| of.get(&alert.alert)).is_some_and(|last| step <= *last)
    }

    fn put(&mut self, alert: AlertKey, last_step: u32) {
        let last = self.alerts.entry(alert.home).or_default().entry(alert.alert).or_default();
        *last = (*last).max(last_step);
    }
}

impl Desk {
    /// Alerts that can be filed now, at most `count` of them.
    pub fn ripe(&self, now: Timestamp, count: usize) -> Vec<Ripe> {
        let ripe = self.rows.values().filter(|row| self.is_ripe(now, row)).take(count);
        ripe.map(|row| Ripe { version: row.version, filed: FiledCase::of(row) }).collect()
    }

    /// What happened to every alert that is in the queue still, as reports count it.
    pub fn open_cases(&self) -> Vec<Case> {
        self.rows.values().map(|row| Case::of(row, &timeline(row))).collect()
    }

    /// Whether this alert was filed: nothing of it is in the queue.
    pub fn is_filed(&self, alert: &AlertKey) -> bool {
        !self.rows.contains_key(alert) && self.filed.holds(alert, 0)
    }

    /// Every alert that was not filed: its lines are its only memory.
    pub fn on_the_desk(&self) -> impl Iterator<Item = &AlertKey> {
        self.rows.keys()
    }

    /// Every alert that was filed; its lines in the history may be let go.
    pub fn filed(&self) -> impl Iterator<Item = AlertKey> {
        let filed = self.filed.alerts.iter().flat_map(|(home, of)| of.keys().map(move |id| (home, *id)));
        filed.map(|(home, alert)| AlertKey { home: home.clone(), alert }).filter(|key| !self.rows.contains_key(key))
    }

    /// The filed alerts of this number in this home.
    pub(super) fn filed_numbered(&self, home: &HomeId, number: u64) -> impl Iterator<Item = AlertKey> {
        let of_home = self.filed.alerts.get(home).into_iter().flat_map(BTreeMap::keys);
        let keys = of_home.filter(move |id| id.number == number).map(|id| AlertKey { home: home.clone(), alert: *id });
        keys.filter(|key| !self.rows.contains_key(key))
    }

    /// Lets go of an alert whose case is kept, unless something happened to it meanwhile.
    pub(super) fn file(&mut self, now: Timestamp, alert: AlertKey, version: u32, effects: &mut Vec<Effect>) {
        let row = self.rows.get(&alert).filter(|row| row.version == version && self.is_ripe(now, row));
        let Some(row) = row else { return };
        let last_step = row.alert.steps.iter().map(|step| step.number).filter(|n| *n < OWN_NUMBERS - 1).max();
        let last_step = last_step.unwrap_or_default();
        let seen = self.watch.homes.get(&alert.home);
        let place = seen.and_then(|seen| seen.place.clone());
        let noticed_at = seen.and_then(|seen| seen.noticed_at);
        let own_alerts = seen.map_or(0, |seen| seen.own_alerts);
        self.record(Recorded::Filed { at: now, alert, last_step, place, noticed_at, own_alerts }, effects);
    }

    /// The row goes; what the home's lines had told stays.
    pub(super) fn learn_filed(&mut self, alert: AlertKey, last_step: u32, home: HomeAsFiled) {
        self.rows.remove(&alert);
        let seen = self.watch.homes.entry(alert.home.clone()).or_default();
        seen.place = home.place.or(seen.place.take());
        seen.noticed_at = seen.noticed_at.max(home.noticed_at);
        seen.own_alerts = seen.own_alerts.max(home.own_alerts);
        self.filed.put(alert, last_step);
    }

    fn is_ripe(&self, now: Timestamp, row: &Row) -> bool {
        let seen = self.watch.homes.get(&row.key.home);
        let is_told = seen.is_some_and(|seen| {
            [seen.reported, seen.twins.alert].into_iter().flatten().any(|alert| alert == row.key.alert)
        });
        let moved_at = row.alert.steps.iter().map(|step| step.at).max().unwrap_or(row.received_at);
        let kept = self.settings.timers.reopen_within + KEPT_BEYOND;
        !row.alert.phase.is_open() && !row.is_unconfirmed() && !is_told && now - moved_at.max(row.received_at) > kept
    }

    /// The page of a filed alert: nothing can be done to it any more.
    pub fn filed_view(&self, filed: FiledCase) -> AlertView {
        let home = self.home(&filed.case.key.home);
        AlertView { row: RowView::of_case(&filed.case), timeline: filed.timeline, earlier: Vec::new(), home }
    }
}

/// What a home's lines had told when an alert of it was filed.
pub(super) struct HomeAsFiled {
    pub place: Option<String>,
    pub noticed_at: Option<Timestamp>,
    pub own_alerts: u64,
}

impl FiledCase {
    pub(super) fn of(row: &Row) -> FiledCase {
        let timeline = timeline(row);
        FiledCase { case: Case::of(row, &timeline), timeline }
    }

    /// An alert that spoke again after it was filed: what was kept, and what came later.
    pub fn joined(self, later: FiledCase) -> FiledCase {
        let mut timeline = self.timeline;
        for line in later.timeline {
            let is_known = timeline.iter().any(|known| known.step.number == line.step.number);
            // The raise of a row that began with a later step is only reckoned.
            let is_reckoned = line.step.number == 0;
            if !is_known && !is_reckoned {
                timeline.push(line);
            }
        }
        timeline.sort_by_key(|line| line.step.at);
        let mut case = self.case;
        case.recount(&timeline);
        case.phase = later.case.phase;
        FiledCase { case, timeline }
    }
}

fn timeline(row: &Row) -> Vec<Line> {
    let undone = undone(&row.alert.steps);
    let line = |step: &crate::model::alert::Step| Line {
        undone: undone.contains(&step.number),
        waiting: row.awaits(step.number),
        step: step.clone(),
    };
    let mut lines: Vec<Line> = row.alert.steps.iter().map(line).collect();
    lines.sort_by_key(|line| line.step.at);
    lines
}

impl RowView {
    /// An alert that is over for good.
    pub fn of_case(case: &Case) -> RowView {
        let closed = case.closed.as_ref().map(|ended| Closed {
            at: ended.at,
            outcome: ended.outcome,
            contact: ended.contact,
            by: ended.by.clone(),
        });
        RowView {
            key: case.key.clone(),
            is_ours: case.key.alert.number > STATION_NUMBERS,
            place: case.place.clone(),
            reason: case.reason.clone(),
            severity: case.severity,
            test: case.test,
            phase: case.phase,
            owner: None,
            asked: None,
            handing_to: None,
            assisting: Vec::new(),
            raised_at: case.raised_at,
            approximate: case.approximate,
            late: case.late(),
            received_at: case.received_at,
            take_by: None,
            due_at: None,
            arrived_at: case.arrived.as_ref().map(|did| did.at),
            count: case.count,
            again_at: case.raised_at,
            escalated: case.escalated,
            last_resort: None,
            lapsed: case.lapsed,
            reminded: None,
            reopened: case.reopened,
            life_since: case.life_since.clone(),
            recovered_at: case.recovered_at,
            person_cancelled: case.person_cancelled,
            closed,
            unconfirmed: false,
            durable: case.durable,
            is_lost_at_home: false,
            home_online: None,
            under_maintenance: false,
            version: 0,
            primary: None,
            others: Vec::new(),
            undo_until: None,
        }
    }
}

/// After the time in which an alert may be reopened: what a neighbour's gateway or a slow link still says about it finds it here.
const KEPT_BEYOND: Span = Span::days(1);
