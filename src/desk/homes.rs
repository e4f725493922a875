//! The homes of a station in one line each, and the one word for how each of them is: the worst that is true.

use crate::desk::input::Condition;
use crate::desk::row::Row;
use crate::desk::watch::HomeSeen;
use crate::desk::{Desk, HomeView};
use crate::model::card::Class as Visits;
use crate::model::ids::HomeId;
use crate::model::reason::{Class, Severity};
use crate::model::suspension::Absence;
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// How a home is, the worst first. There is no plain "all is well".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HomeState {
    /// An alert about the person is open.
    Alert,
    /// Its gateway is silent for too long.
    NoContact,
    /// Nothing was heard of it since this station runs, or it never saw anybody.
    Unknown,
    /// No sensor there that could show life can be heard.
    CannotSee,
    /// It is known to be other than usual, until then.
    Suspended(Timestamp),
    /// It still learns what is usual: the day that goes on, and how many are needed.
    Learning(u32, u32),
    /// Nobody moved for longer than half an hour, which is within the limits.
    Quiet,
    /// Somebody moved within half an hour.
    Active,
}

impl HomeState {
    /// The word for it in addresses and in the API, each once, in their order.
    pub const NAMES: [&str; 8] =
        ["alert", "no_contact", "unknown", "cannot_see", "suspended", "learning", "quiet", "active"];

    /// The word for it in addresses and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            HomeState::Alert => "alert",
            HomeState::NoContact => "no_contact",
            HomeState::Unknown => "unknown",
            HomeState::CannotSee => "cannot_see",
            HomeState::Suspended(_) => "suspended",
            HomeState::Learning(..) => "learning",
            HomeState::Quiet => "quiet",
            HomeState::Active => "active",
        }
    }
}

/// One home of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct HomeLine {
    /// Which.
    pub home: HomeId,
    /// Short address: what staff wrote on its card, else what the home calls itself.
    pub place: Option<String>,
    /// How often somebody has to come.
    pub class: Option<Visits>,
    /// How it is.
    pub state: HomeState,
    /// The last sign of life, in the station's time; absent if never, or while nothing can be seen.
    pub life_at: Option<Timestamp>,
    /// When its gateway was heard last, since this station runs.
    pub heard_at: Option<Timestamp>,
    /// Sensors that are believed, and all of them; absent until the home told.
    pub sensors: Option<(usize, usize)>,
    /// The weakest battery in percent, of those that tell.
    pub weakest_battery: Option<u8>,
    /// The suspension that holds now and ends last.
    pub suspended: Option<(Option<Absence>, Timestamp)>,
    /// Open alerts, faults left out.
    pub open_alerts: u32,
    /// Minutes from the station to the door.
    pub minutes: Option<u16>,
}

impl Condition {
    /// The last sign of life of a home that was heard with this, in the station's time; absent while nothing can be seen.
    fn life_at(&self, heard_at: Option<Timestamp>) -> Option<Timestamp> {
        let age = self.last_life_secs.filter(|_| !self.blind)?;
        Some(heard_at? - Span::try_seconds(i64::try_from(age).ok()?)?)
    }

    fn sensors_believed(&self) -> (usize, usize) {
        let believed = self.sensors.iter().filter(|sensor| !sensor.is_missing && sensor.heard_secs.is_some());
        (believed.count(), self.sensors.len())
    }

    /// The suspension that holds now and ends last.
    fn suspended_at(&self, now: Timestamp) -> Option<(Option<Absence>, Timestamp)> {
        let held = self.suspended.iter().filter(|held| held.from <= now && now < held.until);
        held.max_by_key(|held| held.until).map(|held| (held.kind, held.until))
    }
}

impl HomeView {
    /// The last sign of life, in the station's time.
    pub fn life_at(&self) -> Option<Timestamp> {
        self.condition.as_ref()?.life_at(self.heard_at)
    }

    /// Sensors that are believed, and all of them.
    pub fn sensors(&self) -> Option<(usize, usize)> {
        self.condition.as_ref().map(Condition::sensors_believed)
    }
}

/// Open alerts of a home, and whether one of them is about the person.
type Open = (u32, bool);

impl Desk {
    /// Every home that was heard or has a card, by its id.
    pub fn home_lines(&self, now: Timestamp) -> Vec<HomeLine> {
        let open = self.open_by_home();
        let homes = self.known_homes();
        homes.map(|(home, seen)| self.line_of(now, home, seen, open.get(home).copied().unwrap_or_default())).collect()
    }

    /// Every home that was heard or has a card, by its id, and how it is.
    pub fn home_states(&self, now: Timestamp) -> impl Iterator<Item = (&HomeId, HomeState)> {
        let open = self.open_by_home();
        self.known_homes().map(move |(home, seen)| {
            let has_alert = open.get(home).is_some_and(|(_, of_person)| *of_person);
            (home, state(now, seen, has_alert))
        })
    }

    /// One home of the list.
    pub fn home_line(&self, now: Timestamp, home: &HomeId) -> Option<HomeLine> {
        let seen = self.watch.homes.get(home);
        let open = self.rows_of(home).filter_map(weight).fold((0, false), add);
        self.knows_home(home).then(|| self.line_of(now, home, seen, open))
    }

    /// How many homes are how, each of [`HomeState::NAMES`] in its order.
    pub fn homes_by_state(&self, now: Timestamp) -> [(&'static str, u64); HomeState::NAMES.len()] {
        let mut counts = HomeState::NAMES.map(|name| (name, 0));
        for (_, state) in self.home_states(now) {
            let name = state.as_str();
            counts.iter_mut().filter(|(known, _)| *known == name).for_each(|(_, count)| *count += 1);
        }
        counts
    }

    /// When the home was heard that was not heard for the longest time, of those heard since this station runs.
    pub fn longest_unheard(&self) -> Option<Timestamp> {
        self.watch.homes.values().filter_map(|seen| seen.heard_at).min()
    }

    /// For how long homes were heard in time and could see, all of them together, since this station runs.
    pub fn watched(&self) -> Span {
        self.watch.watched
    }

    /// Every home that was heard or has a card, by its id.
    pub fn home_ids(&self) -> impl Iterator<Item = &HomeId> {
        self.known_homes().map(|(home, _)| home)
    }

    /// Whether `home` is one of them.
    pub(super) fn knows_home(&self, home: &HomeId) -> bool {
        self.watch.homes.contains_key(home) || self.cards.contains_key(home)
    }

    /// The same homes with what was heard of them.
    pub(super) fn known_homes(&self) -> impl Iterator<Item = (&HomeId, Option<&HomeSeen>)> {
        let mut heard = self.watch.homes.iter().peekable();
        let mut carded = self.cards.keys().peekable();
        std::iter::from_fn(move || {
            let is_card_first = match (heard.peek(), carded.peek()) {
                (Some((heard, _)), Some(carded)) => carded < heard,
                (heard, carded) => heard.is_none() && carded.is_some(),
            };
            if is_card_first {
                return carded.next().map(|home| (home, None));
            }
            let (home, seen) = heard.next()?;
            carded.next_if(|carded| *carded == home);
            Some((home, Some(seen)))
        })
    }

    fn open_by_home(&self) -> BTreeMap<&HomeId, Open> {
        let mut open: BTreeMap<&HomeId, Open> = BTreeMap::new();
        for row in self.rows.values() {
            let Some(one) = weight(row) else { continue };
            let of_home = open.entry(&row.key.home).or_default();
            *of_home = add(*of_home, one);
        }
        open
    }

    fn line_of(&self, now: Timestamp, home: &HomeId, seen: Option<&HomeSeen>, (open, of_person): Open) -> HomeLine {
        let card = self.card(home);
        let condition = seen.and_then(|seen| seen.condition.as_ref());
        let heard_at = seen.and_then(|seen| seen.heard_at);
        let batteries = condition.into_iter().flat_map(|condition| &condition.sensors);
        HomeLine {
            state: state(now, seen, of_person),
            life_at: condition.and_then(|condition| condition.life_at(heard_at)),
            heard_at,
            sensors: condition.map(Condition::sensors_believed),
            weakest_battery: batteries.filter_map(|sensor| sensor.battery_percent).min(),
            suspended: condition.and_then(|condition| condition.suspended_at(now)),
            open_alerts: open,
            class: card.and_then(|card| card.class),
            minutes: card.and_then(|card| card.way_in.minutes),
            place: self.place_of(home),
            home: home.clone(),
        }
    }
}

/// What an alert counts among those of its home: nothing if it is over, trouble of equipment, or a question only.
fn weight(row: &Row) -> Option<Open> {
    let alert = &row.alert;
    let counts = alert.phase.is_open() && alert.severity != Severity::Fault && alert.reason.class() != Class::Check;
    counts.then_some((1, matches!(alert.severity, Severity::Emergency | Severity::Urgent)))
}

fn add((count, of_person): Open, (more, is_of_person): Open) -> Open {
    (count + more, of_person || is_of_person)
}

fn state(now: Timestamp, seen: Option<&HomeSeen>, has_alert: bool) -> HomeState {
    if has_alert {
        return HomeState::Alert;
    }
    if seen.is_some_and(|seen| seen.reported.is_some()) {
        return HomeState::NoContact;
    }
    let Some((seen, condition)) = seen.and_then(|seen| Some((seen, seen.condition.as_ref()?))) else {
        return HomeState::Unknown;
    };
    if condition.blind {
        return HomeState::CannotSee;
    }
    if let Some((_, until)) = condition.suspended_at(now) {
        return HomeState::Suspended(until);
    }
    if let Some((day, of)) = condition.learning {
        return HomeState::Learning(day, of);
    }
    match condition.life_at(seen.heard_at) {
        None => HomeState::Unknown,
        Some(at) if now - at <= ACTIVE_FOR => HomeState::Active,
        Some(_) => HomeState::Quiet,
    }
}

/// Whoever moved within it is shown as being about.
const ACTIVE_FOR: Span = Span::minutes(30);
