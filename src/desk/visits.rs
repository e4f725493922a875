//! Visits that are due by the resident's class, to who is in hospital, and on a birthday.

use crate::desk::Desk;
use crate::model::card::Class;
use crate::model::errand::{Declined, VisitDeed};
use crate::model::ids::{HomeId, PersonId};
use crate::model::lifecycle::Actor;
use crate::model::suspension::Absence;
use crate::model::time::{Day, Span, Timestamp, Zone};
use chrono::Datelike;
use std::collections::BTreeMap;

/// In days, how often people are visited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intervals {
    /// High risk.
    pub red: u16,
    /// Key.
    pub yellow: u16,
    /// General.
    pub blue: u16,
    /// In hospital.
    pub hospital: u16,
    /// A birthday stands on the list from so many days before it.
    pub birthday_ahead: u16,
}

impl Default for Intervals {
    fn default() -> Intervals {
        Intervals { red: 7, yellow: 30, blue: 91, hospital: 7, birthday_ahead: 7 }
    }
}

/// What is known of the visits to homes.
#[derive(Debug, Clone, Default)]
pub(super) struct Visits {
    homes: BTreeMap<HomeId, Visited>,
}

#[derive(Debug, Clone, Default)]
struct Visited {
    /// Oldest first.
    made: Vec<Visit>,
    planned: Option<Visit>,
}

/// A visit that was made or planned.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// Who goes or went.
    pub who: PersonId,
    /// When.
    pub on: Day,
    /// What is to be known of it.
    pub note: String,
    /// When it was written down.
    pub written_at: Timestamp,
    /// By whom.
    pub by: Actor,
}

/// Why a visit is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DueBy {
    /// A birthday; the age in years, where that is known.
    Birthday(Option<u16>),
    /// The resident is in hospital.
    Hospital,
    /// By the visiting class.
    Class(Class),
}

/// A visit that is due, or will be.
#[derive(Debug, Clone, PartialEq)]
pub struct DueVisit {
    /// To which home.
    pub home: HomeId,
    /// Its short address.
    pub place: Option<String>,
    /// Why.
    pub by: DueBy,
    /// By when.
    pub due: Day,
    /// Days since then; nought and less while it is not over.
    pub overdue_days: i64,
    /// The newest visit; absent where none was ever written down.
    pub last: Option<Visit>,
    /// The plan for the next one.
    pub planned: Option<Visit>,
}

/// The visits of a station.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VisitsView {
    /// Today.
    pub today: Day,
    /// Those due now or within a week, the most overdue first.
    pub due: Vec<DueVisit>,
    /// Of each class how many were visited in time, and how many there are.
    pub classes: Vec<(Class, u32, u32)>,
    /// Homes of the list that no card says anything about.
    pub without_class: u32,
    /// The newest visits, newest first.
    pub recent: Vec<(HomeId, Option<String>, Visit)>,
}

impl Visits {
    /// Somebody did something about the visits to a home.
    pub fn did(&mut self, at: Timestamp, home: HomeId, by: Actor, deed: VisitDeed) {
        let visited = self.homes.entry(home).or_default();
        match deed {
            VisitDeed::Visited { who, on, note } => {
                visited.planned = visited.planned.take().filter(|planned| planned.on > on);
                visited.made.push(Visit { who, on, note, written_at: at, by });
                visited.made.sort_by_key(|visit| visit.on); // stable: of one day in the order in which they were written
                let surplus = visited.made.len().saturating_sub(VISITS_KEPT);
                visited.made.drain(..surplus);
            }
            VisitDeed::Planned { who, on, note } => {
                visited.planned = Some(Visit { who, on, note, written_at: at, by });
            }
        }
    }

    fn last(&self, home: &HomeId) -> Option<&Visit> {
        self.homes.get(home).and_then(|visited| visited.made.last())
    }

    /// The first visit that was made and written down since `since`.
    pub fn made_since(&self, home: &HomeId, since: Timestamp, zone: &Zone) -> Option<(Timestamp, Actor)> {
        let made = self.homes.get(home).map_or(&[][..], |visited| &visited.made);
        let today = |visit: &&Visit| visit.written_at >= since && visit.on >= zone.day(since);
        made.iter().find(today).map(|visit| (visit.written_at, visit.by.clone()))
    }
}

impl Desk {
    /// Whether a visit can be written down like this.
    pub(super) fn judge_visit(&self, now: Timestamp, deed: &VisitDeed) -> Result<(), Declined> {
        let today = self.settings.daily.zone.day(now);
        let (VisitDeed::Visited { who, on, .. } | VisitDeed::Planned { who, on, .. }) = deed;
        let is_past = matches!(deed, VisitDeed::Visited { .. });
        let is_sane = if is_past {
            *on <= today && today - *on <= WRITTEN_LATE
        } else {
            *on >= today && *on - today <= PLANNED_AHEAD
        };
        if !self.settings.people.contains_key(who) {
            Err(Declined::Unclear("who"))
        } else if !is_sane {
            Err(Declined::Unclear("on"))
        } else {
            Ok(())
        }
    }

    /// The visits that are due at `now`.
    pub fn visits_view(&self, now: Timestamp) -> VisitsView {
        let (settings, today) = (&self.settings.daily.visits, self.settings.daily.zone.day(now));
        let mut view = VisitsView { today, ..VisitsView::default() };
        for (home, _) in self.known_homes() {
            let last = self.visits.last(home);
            match self.card(home).and_then(|card| card.class) {
                Some(class) => {
                    view.due.push(self.due(now, home, DueBy::Class(class), class.every(settings), last));
                }
                None => view.without_class += 1,
            }
            if self.is_in_hospital(now, home) {
                view.due.push(self.due(now, home, DueBy::Hospital, settings.hospital, last));
            }
            view.due.extend(self.birthday(now, home, last));
        }
        let ahead = i64::from(settings.birthday_ahead).max(7);
        view.due.retain(|due| due.overdue_days >= -ahead || due.planned.is_some());
        // One visit serves all that is due in a home; what is overdue for longest stands first.
        view.due.sort_by(|one, other| (one.due, one.by, &one.home).cmp(&(other.due, other.by, &other.home)));
        view.classes = self.visits_by_class(now);
        view.recent = self.recent_visits();
        view
    }

    /// Of each visiting class, how many were visited in time, and how many there are.
    pub fn visits_by_class(&self, now: Timestamp) -> Vec<(Class, u32, u32)> {
        let today = self.settings.daily.zone.day(now);
        let mut counted: BTreeMap<Class, (u32, u32)> = BTreeMap::new();
        for (home, card) in &self.cards {
            let Some(class) = card.class else { continue };
            let (done, all) = counted.entry(class).or_default();
            let due = next_due(self.visits.last(home), class.every(&self.settings.daily.visits));
            *done += u32::from(due.is_some_and(|due| due >= today));
            *all += 1;
        }
        counted.into_iter().map(|(class, (done, all))| (class, done, all)).collect()
    }

    fn due(&self, now: Timestamp, home: &HomeId, by: DueBy, every: u16, last: Option<&Visit>) -> DueVisit {
        let today = self.settings.daily.zone.day(now);
        // A home that nobody has visited so far is due now.
        let due = next_due(last, every).unwrap_or(today);
        self.due_on(now, home, by, due)
    }

    fn due_on(&self, now: Timestamp, home: &HomeId, by: DueBy, due: Day) -> DueVisit {
        let today = self.settings.daily.zone.day(now);
        let planned = self.visits.homes.get(home).and_then(|visited| visited.planned.clone());
        DueVisit {
            home: home.clone(),
            place: self.place_of(home),
            by,
            due,
            overdue_days: (today - due).num_days(),
            last: self.visits.last(home).cloned(),
            planned,
        }
    }

    /// The birthday that is near, until somebody was there for it.
    fn birthday(&self, now: Timestamp, home: &HomeId, last: Option<&Visit>) -> Option<DueVisit> {
        let (year, month, day) = self.card(home)?.born?;
        let today = self.settings.daily.zone.day(now);
        let ahead = Span::days(self.settings.daily.visits.birthday_ahead.into());
        let near = [today.year(), today.year() + 1].into_iter().filter_map(|this| birthday_in(this, month, day));
        let on = near.into_iter().find(|on| *on + BIRTHDAY_AFTER >= today && *on <= today + ahead)?;
        let was_there = last.is_some_and(|last| last.on + BIRTHDAY_BEFORE >= on);
        let age = u16::try_from(on.year() - i32::from(year)).ok().filter(|age| (1..130).contains(age));
        (!was_there).then(|| self.due_on(now, home, DueBy::Birthday(age), on))
    }

    fn is_in_hospital(&self, now: Timestamp, home: &HomeId) -> bool {
        self.absence_of(now, home) == Some(Absence::Hospital)
    }

    fn recent_visits(&self) -> Vec<(HomeId, Option<String>, Visit)> {
        let all =
            self.visits.homes.iter().flat_map(|(home, visited)| visited.made.iter().map(move |visit| (home, visit)));
        let mut all: Vec<(&HomeId, &Visit)> = all.collect();
        all.sort_by_key(|(_, visit)| std::cmp::Reverse((visit.on, visit.written_at)));
        all.truncate(RECENT_SHOWN);
        all.into_iter().map(|(home, visit)| (home.clone(), self.place_of(home), visit.clone())).collect()
    }

    /// The visits to one home, newest first.
    pub fn visits_of(&self, home: &HomeId) -> Vec<Visit> {
        let visited = self.visits.homes.get(home);
        visited.map_or(Vec::new(), |visited| visited.made.iter().rev().cloned().collect())
    }
}

impl Class {
    fn every(self, intervals: &Intervals) -> u16 {
        match self {
            Class::Red => intervals.red,
            Class::Yellow => intervals.yellow,
            Class::Blue => intervals.blue,
        }
    }
}

/// When somebody has to come again; nothing where nobody ever came.
fn next_due(last: Option<&Visit>, every: u16) -> Option<Day> {
    last.map(|last| last.on + Span::days(every.into()))
}

/// Who was born on the 29th of February has a birthday every year.
fn birthday_in(year: i32, month: u8, day: u8) -> Option<Day> {
    Day::from_ymd_opt(year, month.into(), day.into())
        .or_else(|| Day::from_ymd_opt(year, 2, 28).filter(|_| (month, day) == (2, 29)))
}

/// Of one home; older ones are in the history.
const VISITS_KEPT: usize = 60;
const RECENT_SHOWN: usize = 20;
/// A visit that is written down later than this is a slip of the pen.
const WRITTEN_LATE: Span = Span::days(92);
const PLANNED_AHEAD: Span = Span::days(366);
/// A visit so long before a birthday was for it, and one that nobody made is let go so long after.
const BIRTHDAY_BEFORE: Span = Span::days(3);
const BIRTHDAY_AFTER: Span = Span::days(7);
