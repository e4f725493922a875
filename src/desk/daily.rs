//! The daily contact: for each local day who has shown by themselves that the day began, and who must be telephoned.
//!
//! A list opens in the morning and stands until the next one opens. What a home tells of itself is written down when it
//! changes, so that the list is the same after a restart. A home that cannot be seen is never ticked by itself: it is telephoned.

mod contact;
mod state;
#[cfg(test)]
mod tests;
mod view;
mod word;

pub use state::{Blindness, DailyState, Ended, Limit, LimitBy};
pub use view::{Counts, DailyRow, DailyView};
pub use word::Word;

use crate::desk::Desk;
use crate::desk::input::{AlertKey, Effect, Recorded};
use crate::desk::visits;
use crate::model::errand::ContactDeed;
use crate::model::ids::HomeId;
use crate::model::lifecycle::{Actor, CallResult};
use crate::model::suspension::Absence;
use crate::model::time::{Day, Span, TimeOfDay, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::LazyLock;

/// When the day's list opens, when who is telephoned, and how often people are visited.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The clock on the wall of the station.
    pub zone: Zone,
    /// A new list opens.
    pub opens: TimeOfDay,
    /// Without an own sign by this time somebody telephones, where neither the card nor the home knows a better one.
    pub by: TimeOfDay,
    /// What is open then goes to the supervisor.
    pub deadline: TimeOfDay,
    /// So long after an unanswered call the next one counts.
    pub call_again_after: Span,
    /// How often people are visited.
    pub visits: visits::Intervals,
}

impl Default for Settings {
    fn default() -> Settings {
        let clock = |hour, minute| TimeOfDay::new(hour, minute).expect("a time of day");
        Settings {
            zone: Zone::utc(),
            opens: clock(6, 0),
            by: clock(9, 30),
            deadline: clock(11, 0),
            call_again_after: Span::minutes(10),
            visits: visits::Intervals::default(),
        }
    }
}

/// The lists: the one that is open, and what became of those before.
#[derive(Debug, Clone, Default)]
pub(super) struct Daily {
    day: Option<Day>,
    /// When the next one opens.
    pub next_at: Option<Timestamp>,
    homes: BTreeMap<HomeId, Morning>,
    closed: VecDeque<(Day, Counts)>,
}

/// What is known of one home.
#[derive(Debug, Clone, PartialEq, Default)]
struct Morning {
    word: Word,
    /// What was done on the open list, and on those before from which the row was carried over.
    log: Vec<Entry>,
    absent: Option<Absent>,
    /// The first list on which the row stayed open.
    open_since: Option<Day>,
    /// When the resident was last known to be well.
    well_at: Option<Timestamp>,
    /// When somebody last spoke to the resident, or saw them.
    met_at: Option<Timestamp>,
}

/// Something that was done about the daily contact of a home.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// What.
    pub deed: ContactDeed,
    /// Taken back later; it stays to be seen.
    pub undone: bool,
    /// It made an alert, so that it cannot be taken back.
    pub raised: bool,
    absent_before: Option<Absent>,
    met_before: Option<Timestamp>,
    well_before: Option<Timestamp>,
}

/// The resident is known to be elsewhere, as a person told the desk.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Absent {
    kind: Absence,
    since: Timestamp,
    /// The last day of it; absent where nobody knows.
    until: Option<Day>,
}

/// A list gave way to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// Of which day it was.
    pub day: Day,
    /// What became of its homes.
    pub counts: Counts,
    /// Those that stayed open, and are carried over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<HomeId>,
}

impl Settings {
    /// The day whose list is open at `now`.
    fn day(&self, now: Timestamp) -> Day {
        let today = self.zone.day(now);
        if now < self.opens_at(today) { today.pred_opt().unwrap_or(today) } else { today }
    }

    fn opens_at(&self, day: Day) -> Timestamp {
        self.zone.on_day(day, self.opens)
    }

    fn closes_at(&self, day: Day) -> Timestamp {
        self.opens_at(day.succ_opt().unwrap_or(day))
    }

    fn deadline_at(&self, day: Day) -> Timestamp {
        self.zone.on_day(day, self.deadline)
    }

    /// The day whose list is open at `now`, and when it should be done.
    pub(super) fn deadline_of(&self, now: Timestamp) -> (Day, Timestamp) {
        let day = self.day(now);
        (day, self.deadline_at(day))
    }
}

/// The times of one day's list, each reckoned once for all homes on it.
struct Times<'a> {
    settings: &'a Settings,
    day: Day,
    opens_at: Timestamp,
    known: RefCell<BTreeMap<TimeOfDay, Timestamp>>,
}

impl<'a> Times<'a> {
    fn of(settings: &'a Settings, day: Day) -> Times<'a> {
        Times { settings, day, opens_at: settings.opens_at(day), known: RefCell::default() }
    }

    /// When the clock on the wall shows `time` on that day.
    fn on(&self, time: TimeOfDay) -> Timestamp {
        *self.known.borrow_mut().entry(time).or_insert_with(|| self.settings.zone.on_day(self.day, time))
    }
}

impl Daily {
    /// The list of `day` opens, and `closed` is over.
    pub fn open(&mut self, day: Day, closed: Option<Closed>, settings: &Settings) {
        (self.day, self.next_at) = (Some(day), Some(settings.closes_at(day)));
        let Some(closed) = closed else { return };
        for (home, morning) in &mut self.homes {
            let stayed_open = closed.open.binary_search(home).is_ok();
            morning.open_since = stayed_open.then(|| morning.open_since.unwrap_or(closed.day));
            if !stayed_open {
                morning.log.clear();
            }
            morning.absent = morning.absent.filter(|absent| absent.until.is_none_or(|until| until >= day));
        }
        // A home of which nothing is known yet can stay open too.
        for home in &closed.open {
            self.homes.entry(home.clone()).or_default().open_since.get_or_insert(closed.day);
        }
        self.closed.push_back((closed.day, closed.counts));
        if self.closed.len() > DAYS_KEPT {
            self.closed.pop_front();
        }
    }

    /// A home told something new of itself.
    pub fn told(&mut self, home: HomeId, word: Word) {
        let morning = self.homes.entry(home).or_default();
        let (before, sign) = (morning.word.sign, word.sign);
        if before != sign {
            let withdrawn = before.map(|(_, sign)| sign.at).filter(|at| morning.well_at == Some(*at));
            if withdrawn.is_some() {
                morning.well_at = morning.met_at;
            }
            if let Some((_, sign)) = sign {
                morning.well_at = morning.well_at.max(Some(sign.at));
                // Whoever is seen at home is not away, whatever was said.
                morning.absent = morning.absent.filter(|absent| sign.at <= absent.since);
            }
        }
        morning.word = word;
    }

    /// Somebody did something about the daily contact of a home.
    pub fn did(&mut self, at: Timestamp, home: &HomeId, by: Actor, deed: ContactDeed) {
        let morning = self.homes.entry(home.clone()).or_default();
        if deed == ContactDeed::Undo {
            morning.undo();
            return;
        }
        let (absent_before, met_before, well_before) = (morning.absent, morning.met_at, morning.well_at);
        match &deed {
            ContactDeed::Called { result: CallResult::Reached } | ContactDeed::Visited => morning.met(at),
            ContactDeed::Away { until } => {
                morning.absent = Some(Absent { kind: Absence::Away, since: at, until: Some(*until) });
            }
            ContactDeed::Hospital => {
                morning.absent = Some(Absent { kind: Absence::Hospital, since: at, until: None });
            }
            ContactDeed::Back => morning.absent = None,
            ContactDeed::Called { result: CallResult::NoAnswer | CallResult::Busy | CallResult::WrongNumber }
            | ContactDeed::Send
            | ContactDeed::Undo => {}
        }
        let entry = Entry { at, by, deed, undone: false, raised: false, absent_before, met_before, well_before };
        morning.log.push(entry);
        let surplus = morning.log.len().saturating_sub(LOG_KEPT);
        morning.log.drain(..surplus);
    }

    /// Somebody was there by other work than this.
    pub fn met(&mut self, at: Timestamp, home: &HomeId) {
        self.homes.entry(home.clone()).or_default().met(at);
    }

    /// The last call, or whoever asked for it, made an alert of it.
    pub fn raised(&mut self, alert: &AlertKey) {
        let morning = self.homes.get_mut(&alert.home);
        if let Some(entry) = morning.and_then(|morning| morning.log.iter_mut().rfind(|entry| !entry.undone)) {
            entry.raised = true;
        }
    }
}

impl Morning {
    fn met(&mut self, at: Timestamp) {
        self.met_at = self.met_at.max(Some(at));
        self.well_at = self.well_at.max(Some(at));
    }

    fn undo(&mut self) {
        let Some(entry) = self.log.iter_mut().rfind(|entry| !entry.undone) else { return };
        entry.undone = true;
        self.absent = entry.absent_before;
        self.met_at = entry.met_before;
        // What the home told since stays.
        if self.well_at == Some(entry.at) {
            self.well_at = entry.well_before;
        }
    }
}

impl Desk {
    /// Opens the list of the day where the last one is over.
    pub(super) fn open_list(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let settings = &self.settings.daily;
        if self.daily.next_at.is_some_and(|next| now < next) {
            return;
        }
        let day = settings.day(now);
        let closed = self.daily.day.filter(|before| *before < day).map(|before| self.closing(before));
        // A clock that was set back opens no list twice.
        if self.daily.day.is_none_or(|before| before < day) {
            self.record(Recorded::Day { at: now, day, closed }, effects);
        }
    }

    /// What becomes of the homes on the list of `day` when it gives way to the next.
    fn closing(&self, day: Day) -> Closed {
        let at = self.settings.daily.closes_at(day) - Span::milliseconds(1);
        let view = self.daily_view(at);
        let open = view.rows.iter().filter(|row| row.state.is_unresolved()).map(|row| row.home.clone());
        let mut open: Vec<HomeId> = open.collect();
        open.sort();
        Closed { day, counts: view.counts, open }
    }

    /// Where a home stands on the list that is open; nothing where it is on none.
    pub(super) fn contact_of(&self, now: Timestamp, home: &HomeId) -> Option<(Day, DailyState)> {
        let day = self.daily.day.filter(|_| self.knows_home(home))?;
        Some((day, self.daily_state(now, &self.daily_times(now), home, self.morning(home))))
    }

    /// The day whose list is open, or would be.
    fn list_day(&self, now: Timestamp) -> Day {
        self.daily.day.unwrap_or_else(|| self.settings.daily.day(now))
    }

    fn daily_times(&self, now: Timestamp) -> Times<'_> {
        Times::of(&self.settings.daily, self.list_day(now))
    }

    fn morning(&self, home: &HomeId) -> &Morning {
        static NOTHING_KNOWN: LazyLock<Morning> = LazyLock::new(Morning::default);
        self.daily.homes.get(home).unwrap_or_else(|| &NOTHING_KNOWN)
    }

    /// What became of the days before, oldest first.
    pub fn daily_counts(&self) -> impl DoubleEndedIterator<Item = &(Day, Counts)> {
        self.daily.closed.iter()
    }
}

/// Days whose counts are at hand: a year and a little, for reports; older ones are in the history.
const DAYS_KEPT: usize = 400;
/// Deeds at hand of one home; older ones are in the history.
const LOG_KEPT: usize = 24;
