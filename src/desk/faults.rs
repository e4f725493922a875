//! Trouble of equipment: until when somebody has to see to it, what is to be carried there, how often it came back; and
//! many homes in one trouble folded into one row.

use crate::desk::cases::Case;
use crate::desk::view::RowView;
use crate::desk::{AlertKey, Desk};
use crate::model::alert::Alert;
use crate::model::ids::{HomeId, SensorId};
use crate::model::lifecycle::Actor;
use crate::model::reason::{CertificateEnds, Class, Reason, Severity, Within};
use crate::model::time::{Span, Timestamp, Zone};
use std::collections::{BTreeMap, BTreeSet};

/// One trouble, as who goes there needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The alert.
    pub row: RowView,
    /// Until when somebody has to have seen to it.
    pub due: Due,
    /// How far it is.
    pub state: FaultState,
    /// What is to be carried there.
    pub part: Part,
    /// How often the same trouble came to this home within 30 days, this time included.
    pub times: usize,
}

/// Until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The instant.
    pub at: Timestamp,
    /// It has passed, and the trouble is still there.
    pub is_over: bool,
}

/// How far a trouble is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultState {
    /// Nobody has it.
    Open,
    /// Somebody was asked or has taken it.
    Assigned,
    /// It went by itself: somebody should look whether that is so, and close it.
    Recovered,
    /// Closed, and a good report came.
    Verified,
    /// Closed by hand; no good report has come so far.
    FixedByHand,
}

/// What is to be carried there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A new battery.
    Battery,
    /// A sensor, and a battery to try first.
    Sensor,
    /// Something for the gateway, its power or its way out.
    Gateway,
    /// Nothing: it is done from the desk.
    Nothing,
}

impl Part {
    /// The word for it in files and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Battery => "battery",
            Part::Sensor => "sensor",
            Part::Gateway => "gateway",
            Part::Nothing => "nothing",
        }
    }

    /// What a trouble of this kind needs.
    pub fn of(reason: &Reason) -> Part {
        if matches!(reason, Reason::LowBattery { .. }) {
            return Part::Battery;
        }
        if matches!(reason, Reason::Configuration { .. } | Reason::Subscription { .. }) {
            return Part::Nothing;
        }
        match reason.class() {
            Class::Sensor => Part::Sensor,
            Class::Person | Class::Request | Class::System | Class::Check => Part::Gateway,
        }
    }
}

impl Desk {
    /// Every open trouble of equipment and those closed lately, what is over first; `past` are cases of the last 30 days.
    pub fn faults(&self, now: Timestamp, by: &Actor, zone: &Zone, past: &[Case]) -> Vec<Fault> {
        let is_trouble = |severity| matches!(severity, Severity::Blind | Severity::Fault);
        let rows = self.rows.values().filter(|row| is_trouble(row.alert.severity));
        let rows: Vec<RowView> = rows.map(|row| self.row_view(now, row, by)).collect();
        let mut known: BTreeMap<Trouble, BTreeMap<AlertKey, Timestamp>> = BTreeMap::new();
        for case in past.iter().filter(|case| is_trouble(case.severity)) {
            let of = known.entry(Trouble::of(&case.key.home, &case.reason)).or_default();
            of.insert(case.key.clone(), case.raised_at);
        }
        for row in &rows {
            let of = known.entry(Trouble::of(&row.key.home, &row.reason)).or_default();
            of.insert(row.key.clone(), row.raised_at);
        }
        let fault = |row: RowView| {
            let known = known.get(&Trouble::of(&row.key.home, &row.reason));
            let times = known.map_or(0, |known| known.values().filter(|at| now - **at <= REPEATS_IN).count());
            let at = due(&row.reason, row.severity, row.raised_at, zone);
            let is_over = at < now && row.phase.is_open() && row.recovered_at.is_none();
            Fault { due: Due { at, is_over }, state: state(&row), part: Part::of(&row.reason), times, row }
        };
        let mut faults: Vec<Fault> = rows.into_iter().map(fault).collect();
        faults.sort_by_key(|fault| (!fault.row.phase.is_open(), fault.due.at, fault.row.key.clone()));
        faults
    }
}

/// Which trouble comes back: the same rule about the same part of the same home.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Trouble {
    home: HomeId,
    rule: &'static str,
    subject: Option<SensorId>,
    link: Option<String>,
}

impl Trouble {
    fn of(home: &HomeId, reason: &Reason) -> Trouble {
        let (subject, link) = (reason.subject().cloned(), reason.link().map(str::to_owned));
        Trouble { home: home.clone(), rule: reason.rule(), subject, link }
    }
}

fn state(row: &RowView) -> FaultState {
    stands(row.phase.is_open(), row.recovered_at.is_some(), row.owner.is_some() || row.asked.is_some())
}

fn stands(is_open: bool, is_well: bool, is_assigned: bool) -> FaultState {
    match (is_open, is_well) {
        (true, true) => FaultState::Recovered,
        (true, false) if is_assigned => FaultState::Assigned,
        (true, false) => FaultState::Open,
        (false, true) => FaultState::Verified,
        (false, false) => FaultState::FixedByHand,
    }
}

impl FaultState {
    /// How far the trouble of this alert is.
    pub(super) fn of(alert: &Alert) -> FaultState {
        let is_assigned = alert.owner.is_some() || alert.asked.is_some();
        stands(alert.phase.is_open(), alert.recovered_at.is_some(), is_assigned)
    }

    /// The word for it in files and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            FaultState::Open => "open",
            FaultState::Assigned => "assigned",
            FaultState::Recovered => "recovered",
            FaultState::Verified => "verified",
            FaultState::FixedByHand => "by_hand",
        }
    }
}

/// Until when somebody has to have seen to a trouble that was raised then.
pub(super) fn due(reason: &Reason, severity: Severity, raised_at: Timestamp, zone: &Zone) -> Timestamp {
    if severity == Severity::Blind {
        return raised_at + BLIND_WITHIN;
    }
    let days = if let Reason::CertificateEnds(CertificateEnds { within, .. }) = reason {
        match within {
            Within::Days60 => 10,
            Within::Days30 => 5,
            Within::Days7 | Within::Ended => 1,
        }
    } else if matches!(reason, Reason::LowBattery { .. }) {
        5
    } else if reason.class() == Class::Sensor {
        2
    } else {
        1
    };
    working_days_after(raised_at, days, zone)
}

/// The same time of day, so many working days later.
fn working_days_after(at: Timestamp, days: u32, zone: &Zone) -> Timestamp {
    let (mut at, mut left) = (at, days);
    while left > 0 {
        at += Span::days(1);
        if zone.local(at).weekday < SATURDAY {
            left -= 1;
        }
    }
    at
}

/// Many homes in one trouble.
#[derive(Debug, Clone, PartialEq)]
pub struct Folded {
    /// What the first of them says.
    pub reason: Reason,
    /// How urgent.
    pub severity: Severity,
    /// When the first was raised.
    pub since: Timestamp,
    /// How many homes.
    pub homes: usize,
    /// All of them, oldest first.
    pub rows: Vec<RowView>,
}

/// Rows of equipment that came together in many homes, folded; the other rows stay in their order. What a person needs is never
/// folded.
pub fn folded(rows: Vec<RowView>) -> (Vec<Folded>, Vec<RowView>) {
    let may_fold = |row: &RowView| {
        let is_trouble = matches!(row.severity, Severity::Blind | Severity::Fault);
        is_trouble && matches!(row.reason.class(), Class::Sensor | Class::System) && row.phase.is_open()
    };
    let mut candidates: Vec<&RowView> = rows.iter().filter(|row| may_fold(row)).collect();
    candidates.sort_by_key(|row| (row.reason.rule(), row.raised_at));
    let mut groups: Vec<Vec<&RowView>> = Vec::new();
    for row in candidates {
        let joins = |group: &Vec<&RowView>| {
            group.last().is_some_and(|last| {
                last.reason.rule() == row.reason.rule() && row.raised_at - last.raised_at <= TOGETHER
            })
        };
        match groups.last_mut().filter(|group| joins(group)) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    let fold = |group: Vec<&RowView>| {
        let homes: BTreeSet<&HomeId> = group.iter().map(|row| &row.key.home).collect();
        let first = group.first()?;
        let many = homes.len() >= HOMES_FOLDED && came_at_once(&group);
        many.then(|| Folded {
            reason: first.reason.clone(),
            severity: first.severity,
            since: first.raised_at,
            homes: homes.len(),
            rows: group.iter().map(|row| (*row).clone()).collect(),
        })
    };
    let folds: Vec<Folded> = groups.into_iter().filter_map(fold).collect();
    let inside: BTreeSet<AlertKey> = folds.iter().flat_map(|fold| &fold.rows).map(|row| row.key.clone()).collect();
    let rest = rows.into_iter().filter(|row| !inside.contains(&row.key)).collect();
    (folds, rest)
}

/// Whether there is a minute in which so many came that it is no accident.
fn came_at_once(group: &[&RowView]) -> bool {
    group.windows(HOMES_FOLDED).any(|some| match some {
        [first, .., last] => last.raised_at - first.raised_at <= TOGETHER,
        _ => false,
    })
}

/// `station.md` 2.6.
const BLIND_WITHIN: Span = Span::hours(4);
const REPEATS_IN: Span = Span::days(30);
const SATURDAY: u8 = 5;
/// `station.md` 1.1.
const TOGETHER: Span = Span::seconds(60);
const HOMES_FOLDED: usize = 5;
