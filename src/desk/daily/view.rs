//! The day's list as the page shows it.

use super::{DailyState, Entry, Limit, Morning, Times};
use crate::desk::Desk;
use crate::model::card::Class;
use crate::model::errand::ContactDeed;
use crate::model::ids::HomeId;
use crate::model::own_sign::{OwnSign, SignBy};
use crate::model::time::{Day, TimeOfDay, Timestamp};
use serde::{Deserialize, Serialize};

/// The list of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct DailyView {
    /// Which day.
    pub day: Day,
    /// When it opened.
    pub opened_at: Timestamp,
    /// What is open then goes to the supervisor.
    pub deadline_at: Timestamp,
    /// Whether that time has come.
    pub is_past_deadline: bool,
    /// Homes, what is most pressing first: every one, unless fewer were asked for.
    pub rows: Vec<DailyRow>,
    /// How many stand where, those that are not among the rows too.
    pub counts: Counts,
}

/// A home on the list.
#[derive(Debug, Clone, PartialEq)]
pub struct DailyRow {
    /// Which.
    pub home: HomeId,
    /// Short address, if the card or the home tells one.
    pub place: Option<String>,
    /// The resident's visiting class.
    pub class: Option<Class>,
    /// Where it stands.
    pub state: DailyState,
    /// Until when an own sign is waited for.
    pub limit: Limit,
    /// When that mostly comes about here.
    pub usual_by: Option<TimeOfDay>,
    /// The own sign of the day, also where somebody was reached before it.
    pub sign: Option<OwnSign>,
    /// Others move about there: only the button tells of the resident.
    pub with_others: bool,
    /// What was done, oldest first.
    pub log: Vec<Entry>,
    /// Unanswered calls that count.
    pub unanswered: u32,
    /// Two calls were not answered: an alert is proposed.
    pub proposes: bool,
    /// From when on a further unanswered call counts.
    pub again_at: Option<Timestamp>,
    /// The first list on which it stayed open, if it was carried over.
    pub open_since: Option<Day>,
    /// When the resident was last known to be well.
    pub well_at: Option<Timestamp>,
    /// The last deed can be taken back until then.
    pub undo_until: Option<Timestamp>,
}

/// How many homes stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// All.
    pub homes: u32,
    /// Own sign by movement.
    pub moved: u32,
    /// Own sign by the button.
    pub pressed: u32,
    /// Reached by telephone.
    pub phoned: u32,
    /// Seen by somebody who went there.
    pub visited: u32,
    /// Known to be elsewhere.
    pub suspended: u32,
    /// Still to be telephoned, or an alert.
    pub to_phone: u32,
    /// Nothing can be known of them from here.
    pub cannot_tell: u32,
    /// Their own time has not come.
    pub waiting: u32,
}

impl Counts {
    fn count(&mut self, state: &DailyState) {
        let one = match state {
            DailyState::Alerted(_) | DailyState::ToPhone => &mut self.to_phone,
            DailyState::CannotTell(_) => &mut self.cannot_tell,
            DailyState::Waiting => &mut self.waiting,
            DailyState::Suspended { .. } => &mut self.suspended,
            DailyState::Ended(ended) if ended.seen => &mut self.visited,
            DailyState::Ended(_) => &mut self.phoned,
            DailyState::OwnSign(sign) if sign.by == SignBy::OkButton => &mut self.pressed,
            DailyState::OwnSign(_) => &mut self.moved,
        };
        *one += 1;
        self.homes += 1;
    }

    /// Shown to be well without anybody calling.
    pub fn own_sign(&self) -> u32 {
        self.moved + self.pressed
    }

    /// Known to be well, by whichever way.
    pub fn well(&self) -> u32 {
        self.own_sign() + self.phoned + self.visited
    }

    /// Nobody knows how they are; at the end of a day also those that were waited for.
    pub fn unresolved(&self) -> u32 {
        self.to_phone + self.cannot_tell + self.waiting
    }
}

impl Desk {
    /// The list that is open at `now`.
    pub fn daily_view(&self, now: Timestamp) -> DailyView {
        self.daily_part(now, usize::MAX)
    }

    /// The same with so many homes of each rank at most: of a hundred thousand nobody reads all on one page.
    pub fn daily_part(&self, now: Timestamp, most: usize) -> DailyView {
        let settings = &self.settings.daily;
        let on = self.daily_times(now);
        let mut counts = Counts::default();
        let mut ranks: [Vec<Stand<'_>>; RANKS] = Default::default();
        for (home, morning, state) in self.daily_states(now, &on) {
            counts.count(&state);
            if let Some(equal) = ranks.get_mut(rank(&state)) {
                equal.push(self.stand(&on, home, morning, state));
            }
        }
        let rows = ranks.into_iter().flat_map(|equal| first(equal, most)).map(|stand| self.row_of(now, &on, stand));
        let (day, deadline_at, opened_at) = (on.day, settings.deadline_at(on.day), on.opens_at);
        let rows = rows.collect();
        DailyView { day, opened_at, deadline_at, is_past_deadline: now >= deadline_at, rows, counts }
    }

    /// How many homes stand where on the list that is open at `now`.
    pub fn daily_counts_at(&self, now: Timestamp) -> Counts {
        let mut counts = Counts::default();
        self.daily_states(now, &self.daily_times(now)).for_each(|(_, _, state)| counts.count(&state));
        counts
    }

    /// At how many homes of that list somebody has to be called.
    pub(in crate::desk) fn calls_wanted(&self, now: Timestamp) -> usize {
        self.daily_states(now, &self.daily_times(now)).filter(|(_, _, state)| state.wants_a_call()).count()
    }

    /// One home on the list that is open at `now`, if it is on it.
    pub fn daily_row(&self, now: Timestamp, home: &HomeId) -> Option<DailyRow> {
        let (on, morning) = (self.daily_times(now), self.morning(home));
        let stand = || self.stand(&on, home, morning, self.daily_state(now, &on, home, morning));
        self.knows_home(home).then(|| self.row_of(now, &on, stand()))
    }

    /// Every home with what is known of its day and where it stands: all that counting needs.
    fn daily_states<'a>(
        &'a self,
        now: Timestamp,
        on: &'a Times<'a>,
    ) -> impl Iterator<Item = (&'a HomeId, &'a Morning, DailyState)> {
        self.home_ids().map(move |home| {
            let morning = self.morning(home);
            (home, morning, self.daily_state(now, on, home, morning))
        })
    }

    fn stand<'a>(&'a self, on: &Times<'_>, home: &'a HomeId, morning: &'a Morning, state: DailyState) -> Stand<'a> {
        let (class, limit) = (self.card(home).and_then(|card| card.class), self.limit(on, home, morning));
        Stand { home, place: self.place(home), class, morning, state, limit }
    }

    fn row_of(&self, now: Timestamp, on: &Times<'_>, stand: Stand<'_>) -> DailyRow {
        let Stand { home, place, class, morning, state, limit } = stand;
        let (unanswered, again_at) = self.unanswered(on, morning);
        let last = morning.log.iter().rfind(|entry| !entry.undone && !entry.raised);
        DailyRow {
            home: home.clone(),
            place: place.map(str::to_owned),
            class,
            limit,
            usual_by: morning.word.usual_by,
            sign: morning.word.sign.filter(|(of, _)| *of == on.day).map(|(_, sign)| sign),
            with_others: morning.word.with_others,
            proposes: unanswered >= PROPOSED_AFTER && matches!(state, DailyState::ToPhone | DailyState::CannotTell(_)),
            unanswered,
            again_at: again_at.filter(|at| *at > now),
            open_since: morning.open_since,
            well_at: morning.well_at,
            undo_until: last.map(|entry| entry.at + super::contact::UNDO_WITHIN).filter(|until| now < *until),
            log: morning.log.clone(),
            state,
        }
    }

    /// How many calls of this list nobody answered, and when a further one counts.
    pub(super) fn unanswered(&self, on: &Times<'_>, morning: &Morning) -> (u32, Option<Timestamp>) {
        let (opened_at, apart) = (on.opens_at, on.settings.call_again_after);
        let mut counted = (0, None);
        let calls = morning.log.iter().filter(|entry| !entry.undone && entry.at >= opened_at);
        for call in calls.filter(|entry| is_unanswered(&entry.deed)) {
            let (count, again_at) = counted;
            // Two calls in a row are one try; once an alert is proposed the next call decides.
            if count >= PROPOSED_AFTER || again_at.is_none_or(|at| call.at >= at) {
                counted = (count + 1, Some(call.at + apart));
            }
        }
        counted
    }
}

fn is_unanswered(deed: &ContactDeed) -> bool {
    use crate::model::lifecycle::CallResult;
    matches!(deed, ContactDeed::Called { result: CallResult::NoAnswer | CallResult::Busy })
}

/// A home on the list before it is written out.
struct Stand<'a> {
    home: &'a HomeId,
    place: Option<&'a str>,
    class: Option<Class>,
    morning: &'a Morning,
    state: DailyState,
    limit: Limit,
}

/// The `most` that stand first, in their order.
fn first(mut equal: Vec<Stand<'_>>, most: usize) -> Vec<Stand<'_>> {
    let order = |one: &Stand<'_>, other: &Stand<'_>| pressing(one).cmp(&pressing(other));
    if most < equal.len() {
        equal.select_nth_unstable_by(most, order);
        equal.truncate(most);
    }
    equal.sort_unstable_by(order);
    equal
}

/// What stands first on the list.
fn rank(state: &DailyState) -> usize {
    match state {
        DailyState::Alerted(_) => 0,
        DailyState::ToPhone => 1,
        DailyState::CannotTell(_) => 2,
        DailyState::Suspended { call_is_due: true, .. } => 3,
        DailyState::Waiting => 4,
        DailyState::Suspended { .. } => 5,
        DailyState::Ended(_) => 6,
        DailyState::OwnSign(_) => 7,
    }
}

/// What stands first of those of one rank: who was carried over, then by class and lateness.
fn pressing<'a>(row: &'a Stand<'_>) -> (bool, u8, Timestamp, &'a str, &'a HomeId) {
    let class = match row.class {
        Some(Class::Red) => 0,
        Some(Class::Yellow) => 1,
        Some(Class::Blue) => 2,
        None => 3,
    };
    let newest = match &row.state {
        DailyState::Ended(ended) => Some(ended.at),
        DailyState::OwnSign(sign) => Some(sign.at),
        DailyState::Alerted(_)
        | DailyState::ToPhone
        | DailyState::CannotTell(_)
        | DailyState::Waiting
        | DailyState::Suspended { .. } => None,
    };
    let since = newest.unwrap_or(row.limit.at);
    let class = if newest.is_some() { 0 } else { class };
    (row.morning.open_since.is_none(), class, since, row.place.unwrap_or(""), row.home)
}

const RANKS: usize = 8;

/// Unanswered calls after which an alert is proposed; the next one makes it.
const PROPOSED_AFTER: u32 = 2;
