//! The desk as it is drawn: which band an alert stands in, what can be done next, what was taken back.

use crate::desk::Desk;
use crate::desk::input::AlertKey;
use crate::desk::row::Row;
use crate::desk::view::{AlertView, Band, BandName, HomeView, Line, RowView, View};
use crate::model::alert::Step;
use crate::model::card::Card;
use crate::model::ids::HomeId;
use crate::model::lifecycle::{Actor, CallResult, Contact, Deed, Outcome, Phase, Proof, Reminder};
use crate::model::reason::{Class, Severity};
use crate::model::suspension::Absence;
use crate::model::time::{Span, Timestamp};

impl Desk {
    /// The queue as a person acting as `by` sees it.
    pub fn view(&self, now: Timestamp, by: &Actor) -> View {
        let mut bands: Vec<Band> =
            BandName::ALL.into_iter().map(|name| Band { name, rows: Vec::new(), more: 0 }).collect();
        let (mut faults, mut closed) = (Vec::new(), Vec::new());
        for row in self.rows.values() {
            let Some(name) = self.band_of(now, row) else { continue };
            if name == BandName::JustClosed {
                closed.push((std::cmp::Reverse(closed_at(row)), &row.key, row));
            } else if row.alert.severity == Severity::Fault {
                faults.push(self.row_view(now, row, by));
            } else if let Some(band) = bands.iter_mut().find(|band| band.name == name) {
                band.rows.push(self.row_view(now, row, by));
            }
        }
        // A busy day closes hundreds, and few of them are shown.
        closed.sort_unstable_by_key(|(at, key, _)| (*at, *key));
        for band in &mut bands {
            match band.name {
                BandName::JustClosed => {
                    let newest = closed.iter().take(JUST_CLOSED_MAX);
                    band.rows = newest.map(|(_, _, row)| self.row_view(now, row, by)).collect();
                    band.more = closed.len() - band.rows.len();
                }
                BandName::Unclaimed | BandName::InHand | BandName::NoContact | BandName::Notices => {
                    band.rows.sort_by_key(pressing);
                }
            }
        }
        faults.sort_by_key(pressing);
        View { at: now, bands, faults }
    }

    /// How many alerts stand in a band, without drawing them; faults of equipment count among the notices.
    pub fn count_in(&self, now: Timestamp, band: BandName) -> usize {
        self.rows.values().filter(|row| self.band_of(now, row) == Some(band)).count()
    }

    /// Every home ever heard of. Costs as much as there are homes: for pages that show them all.
    pub fn home_views(&self) -> Vec<HomeView> {
        self.watch.homes.keys().filter_map(|home| self.home_view(home)).collect()
    }

    /// How many alerts of persons nobody has taken.
    pub fn unclaimed(&self) -> usize {
        let waits = |row: &&Row| {
            let hurried = matches!(row.alert.severity, Severity::Emergency | Severity::Urgent);
            hurried && row.alert.phase.is_open() && !row.alert.phase.is_in_hand()
        };
        self.rows.values().filter(waits).count()
    }

    /// How many troubles of equipment are open, lost homes among them.
    pub fn open_faults(&self) -> usize {
        let is_trouble = |row: &&Row| matches!(row.alert.severity, Severity::Blind | Severity::Fault);
        self.rows.values().filter(is_trouble).filter(|row| row.alert.phase.is_open()).count()
    }

    /// How many homes are silent for too long.
    pub fn unreachable(&self) -> usize {
        self.watch.homes.values().filter(|seen| seen.reported.is_some()).count()
    }

    /// One alert, with its timeline, as a person acting as `by` sees it.
    pub fn alert_view(&self, now: Timestamp, key: &AlertKey, by: &Actor) -> Option<AlertView> {
        let row = self.rows.get(key)?;
        let mut steps: Vec<Step> = row.alert.steps.clone();
        steps.sort_by_key(|step| step.at); // stable: steps of one instant keep their order
        let undone = undone(&row.alert.steps);
        let timeline = steps
            .into_iter()
            .map(|step| Line { undone: undone.contains(&step.number), waiting: row.awaits(step.number), step })
            .collect();
        let same_home = self.rows.values().filter(|other| other.key.home == key.home && other.key != *key);
        let mut earlier: Vec<RowView> = same_home.map(|row| self.row_view(now, row, by)).collect();
        earlier.sort_by_key(|row| std::cmp::Reverse(row.raised_at));
        earlier.truncate(EARLIER_SHOWN_MAX);
        let home = self.home_view(&key.home);
        Some(AlertView { row: self.row_view(now, row, by), timeline, earlier, home })
    }

    /// One alert as it stands in the queue, as a person acting as `by` sees it.
    pub fn alert_row(&self, now: Timestamp, key: &AlertKey, by: &Actor) -> Option<RowView> {
        self.rows.get(key).map(|row| self.row_view(now, row, by))
    }

    /// The alerts of this number in this home; two where a gateway had to begin a new database.
    pub fn alerts_numbered(&self, home: &HomeId, number: u64) -> Vec<AlertKey> {
        let keys = self.rows.keys().filter(|key| key.home == *home && key.alert.number == number);
        keys.cloned().chain(self.filed_numbered(home, number)).collect()
    }

    fn band_of(&self, now: Timestamp, row: &Row) -> Option<BandName> {
        let alert = &row.alert;
        if !alert.phase.is_open() {
            let ended = alert.closed.as_ref().map(|closed| closed.at).or(alert.steps.last().map(|step| step.at))?;
            return (now - ended < JUST_CLOSED).then_some(BandName::JustClosed);
        }
        Some(match alert.severity {
            Severity::Blind => BandName::NoContact,
            Severity::Notice | Severity::Fault => BandName::Notices,
            Severity::Emergency | Severity::Urgent if alert.phase.is_in_hand() => BandName::InHand,
            Severity::Emergency | Severity::Urgent => BandName::Unclaimed,
        })
    }

    pub(in crate::desk) fn row_view(&self, now: Timestamp, row: &Row, by: &Actor) -> RowView {
        let (alert, timers) = (&row.alert, &self.settings.timers);
        let hurried = matches!(alert.severity, Severity::Emergency | Severity::Urgent);
        let waiting = alert.phase.is_open() && alert.owner.is_none();
        let take_from = alert.unclaimed_since.unwrap_or(row.received_at).max(row.received_at);
        let there = matches!(alert.phase, Phase::Arrived | Phase::Closed | Phase::Cancelled);
        let allowed = |deed: &Deed| alert.judge(now, by, deed, timers).is_ok();
        let undo = alert.undoable(timers).filter(|(step, _)| allowed(&Deed::Undo { step: *step }));
        let primary = primary(alert.phase, hurried).filter(|deed| allowed(&sample(deed)));
        let others = OTHER_DEEDS.into_iter().filter(|name| Some(*name) != primary && allowed(&sample(name)));
        RowView {
            is_ours: row.is_ours(),
            place: self.place_of(&row.key.home).or_else(|| row.place.clone()),
            reason: alert.reason.clone(),
            severity: alert.severity,
            test: alert.test,
            phase: alert.phase,
            owner: alert.owner.clone(),
            asked: alert.asked.clone(),
            handing_to: alert.handing_to.clone(),
            assisting: alert.assisting.clone(),
            raised_at: alert.steps.first().map_or(row.received_at, |step| step.at),
            approximate: row.approximate,
            late: row.late,
            received_at: row.received_at,
            take_by: (hurried && waiting).then(|| take_from + timers.take_within),
            due_at: alert.due_at(timers).filter(|_| !there),
            arrived_at: alert.arrived_at,
            count: alert.count,
            again_at: alert.again_at,
            escalated: alert.escalated,
            last_resort: alert.last_resort.clone(),
            lapsed: alert.lapsed,
            reopened: alert.reopened,
            life_since: alert.life_since.clone(),
            recovered_at: alert.recovered_at,
            person_cancelled: alert.steps.iter().any(|step| step.deed == Deed::PersonCancelled),
            closed: alert.closed.clone(),
            unconfirmed: row.is_unconfirmed(),
            durable: row.durable,
            is_lost_at_home: row.is_lost_at_home,
            home_online: self.watch.homes.get(&row.key.home).and_then(|seen| seen.online),
            under_maintenance: alert.phase.is_open() && self.is_maintained(now, &row.key.home),
            version: row.version,
            primary,
            others: others.collect(),
            undo_until: undo.map(|(_, until)| until),
            reminded: reminded(row),
            key: row.key.clone(),
        }
    }

    fn is_maintained(&self, now: Timestamp, home: &HomeId) -> bool {
        let condition = self.watch.homes.get(home).and_then(|seen| seen.condition.as_ref());
        let mut held = condition.into_iter().flat_map(|condition| &condition.suspended);
        held.any(|held| held.kind == Some(Absence::Maintenance) && held.from <= now && now < held.until)
    }

    /// One home, if it was ever heard or has a card.
    pub fn home(&self, home: &HomeId) -> Option<HomeView> {
        let unheard = || HomeView { place: self.place_of(home), ..HomeView::unheard(home.clone()) };
        self.home_view(home).or_else(|| self.cards.contains_key(home).then(unheard))
    }

    /// The alerts of one home, newest first.
    pub fn alerts_of(&self, now: Timestamp, home: &HomeId, by: &Actor) -> Vec<RowView> {
        let rows = self.rows.values().filter(|row| row.key.home == *home);
        let mut alerts: Vec<RowView> = rows.map(|row| self.row_view(now, row, by)).collect();
        alerts.sort_by_key(|row| std::cmp::Reverse(row.raised_at));
        alerts
    }

    /// The short address of a home: what staff wrote on its card, else as its gateway tells it.
    pub fn place_of(&self, home: &HomeId) -> Option<String> {
        self.place(home).map(str::to_owned)
    }

    pub(in crate::desk) fn place(&self, home: &HomeId) -> Option<&str> {
        let of_card = self.card(home).and_then(Card::named_place);
        of_card.or_else(|| self.watch.homes.get(home)?.place.as_deref())
    }

    /// Every home ever heard, with when that was first.
    pub fn homes_known(&self) -> Vec<(HomeId, Option<Timestamp>)> {
        self.watch.homes.iter().map(|(home, seen)| (home.clone(), seen.known_since)).collect()
    }

    fn home_view(&self, home: &HomeId) -> Option<HomeView> {
        let seen = self.watch.homes.get(home)?;
        Some(HomeView {
            home: home.clone(),
            place: self.place_of(home),
            heard_at: seen.heard_at,
            online: seen.online,
            unreachable: seen.reported.is_some(),
            level: seen.level,
            condition: seen.condition.clone(),
        })
    }
}

pub(in crate::desk) fn reminded(row: &Row) -> Option<Reminder> {
    let owner = row.alert.owner.as_ref().filter(|_| row.alert.phase.is_open())?;
    let mut since = row.alert.steps.iter().rev().filter(|step| step.at >= owner.progress_at);
    since.find_map(|step| if let Deed::Remind { of } = step.deed { Some(of) } else { None })
}

/// The next step only: what somebody in a hurry should find under the thumb.
fn primary(phase: Phase, hurried: bool) -> Option<&'static str> {
    match phase {
        Phase::Raised | Phase::Received => Some("take"),
        Phase::Taken if hurried => Some("depart"),
        Phase::OnTheWay if hurried => Some("arrive"),
        Phase::Taken | Phase::OnTheWay | Phase::Arrived => Some("close"),
        Phase::Closed | Phase::Cancelled => None,
    }
}

/// A deed of this name that is legal if any of the name is.
fn sample(name: &str) -> Deed {
    match name {
        "take" => Deed::Take,
        "depart" => Deed::Depart,
        "arrive" => Deed::Arrive { proof: Proof::None },
        "close" => Deed::Close { outcome: Outcome::FoundWell, contact: Contact::Seen },
        "accept" => Deed::Accept,
        "take_over" => Deed::TakeOver,
        "assist" => Deed::Assist,
        "escalate" => Deed::ask_further(),
        "call" => Deed::Call { whom: String::new(), result: CallResult::Reached },
        "note" => Deed::Note { text: String::new() },
        "release" => Deed::Release { why: String::new() },
        "reopen" => Deed::Reopen,
        "ask" => Deed::Ask { person: nobody() },
        "hand_over" => Deed::HandOver { to: nobody() },
        _ => Deed::Unknown,
    }
}

fn nobody() -> crate::model::ids::PersonId {
    "nobody".parse().expect("a legal id")
}

/// Severity, then what is no question only, then the nearest deadline, then age.
fn pressing(row: &RowView) -> (Severity, bool, Timestamp, Timestamp) {
    let deadline = row.take_by.into_iter().chain(row.due_at).min().unwrap_or(Timestamp::MAX_UTC);
    (row.severity, row.reason.class() == Class::Check, deadline, row.raised_at)
}

fn closed_at(row: &Row) -> Timestamp {
    let raised_at = || row.alert.steps.first().map_or(row.received_at, |step| step.at);
    row.alert.closed.as_ref().map_or_else(raised_at, |closed| closed.at)
}

/// The numbers of all steps that were taken back, with the steps they implied.
pub(in crate::desk) fn undone(steps: &[Step]) -> Vec<u32> {
    let mut undone = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let Deed::Undo { step: target } = step.deed else { continue };
        let Some(at) = steps[..i].iter().rposition(|earlier| earlier.number == target) else { continue };
        undone.push(target);
        undone.extend(steps[..at].iter().rev().take_while(|earlier| earlier.implied).map(|earlier| earlier.number));
    }
    undone
}

/// In the order of the menu.
const OTHER_DEEDS: [&str; 14] = [
    "take",
    "depart",
    "arrive",
    "close",
    "accept",
    "ask",
    "assist",
    "take_over",
    "hand_over",
    "release",
    "call",
    "note",
    "escalate",
    "reopen",
];

const JUST_CLOSED: Span = Span::hours(2);
/// Older ones are in the reports, and on the pages of their homes.
const JUST_CLOSED_MAX: usize = 20;
const EARLIER_SHOWN_MAX: usize = 5;
