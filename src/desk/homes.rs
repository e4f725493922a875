//! The homes of a station in one line each, and the one word for how each of them is: the worst that is true.

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

impl HomeView {
    /// The last sign of life, in the station's time.
    pub fn life_at(&self) -> Option<Timestamp> {
        let age = self.condition.as_ref().filter(|condition| !condition.blind)?.last_life_secs?;
        Some(self.heard_at? - Span::try_seconds(i64::try_from(age).ok()?)?)
    }

    /// Sensors that are believed, and all of them.
    pub fn sensors(&self) -> Option<(usize, usize)> {
        let sensors = &self.condition.as_ref()?.sensors;
        let believed = sensors.iter().filter(|sensor| !sensor.is_missing && sensor.heard_secs.is_some());
        Some((believed.count(), sensors.len()))
    }
}

impl Desk {
    /// Every home that was heard or has a card, by its id.
    pub fn home_lines(&self, now: Timestamp) -> Vec<HomeLine> {
        let mut open: BTreeMap<&HomeId, (u32, bool)> = BTreeMap::new();
        for row in self.rows.values().filter(|row| row.alert.phase.is_open()) {
            let of_person = matches!(row.alert.severity, Severity::Emergency | Severity::Urgent);
            if row.alert.severity != Severity::Fault && row.alert.reason.class() != Class::Check {
                let (count, is_of_person) = open.entry(&row.key.home).or_default();
                *count += 1;
                *is_of_person |= of_person;
            }
        }
        let unheard = self.cards.keys().filter(|home| !self.watch.homes.contains_key(home));
        let homes = self.watch.homes.keys().chain(unheard);
        let mut lines: Vec<HomeLine> = homes
            .filter_map(|home| Some(self.line_of(now, self.home(home)?, open.get(home).copied().unwrap_or_default())))
            .collect();
        lines.sort_by(|a, b| a.home.cmp(&b.home));
        lines
    }

    /// One home of the list.
    pub fn home_line(&self, now: Timestamp, home: &HomeId) -> Option<HomeLine> {
        let open = self.rows_of(home).filter(|row| {
            let is_question = row.alert.reason.class() == Class::Check;
            row.alert.phase.is_open() && row.alert.severity != Severity::Fault && !is_question
        });
        let open = open.fold((0, false), |(count, of_person), row| {
            (count + 1, of_person || matches!(row.alert.severity, Severity::Emergency | Severity::Urgent))
        });
        Some(self.line_of(now, self.home(home)?, open))
    }

    fn line_of(&self, now: Timestamp, view: HomeView, (open_alerts, of_person): (u32, bool)) -> HomeLine {
        let card = self.card(&view.home);
        let suspended = view.condition.iter().flat_map(|condition| &condition.suspended);
        let suspended = suspended.filter(|held| held.from <= now && now < held.until).max_by_key(|held| held.until);
        let suspended = suspended.map(|held| (held.kind, held.until));
        let batteries = view.condition.iter().flat_map(|condition| &condition.sensors);
        HomeLine {
            state: state(now, &view, of_person, suspended.map(|(_, until)| until)),
            life_at: view.life_at(),
            heard_at: view.heard_at,
            sensors: view.sensors(),
            weakest_battery: batteries.filter_map(|sensor| sensor.battery_percent).min(),
            suspended,
            open_alerts,
            class: card.and_then(|card| card.class),
            minutes: card.and_then(|card| card.way_in.minutes),
            place: view.place,
            home: view.home,
        }
    }
}

fn state(now: Timestamp, view: &HomeView, has_alert: bool, suspended_until: Option<Timestamp>) -> HomeState {
    if has_alert {
        return HomeState::Alert;
    }
    if view.unreachable {
        return HomeState::NoContact;
    }
    let Some(condition) = &view.condition else { return HomeState::Unknown };
    if condition.blind {
        return HomeState::CannotSee;
    }
    if let Some(until) = suspended_until {
        return HomeState::Suspended(until);
    }
    if let Some((day, of)) = condition.learning {
        return HomeState::Learning(day, of);
    }
    match view.life_at() {
        None => HomeState::Unknown,
        Some(at) if now - at <= ACTIVE_FOR => HomeState::Active,
        Some(_) => HomeState::Quiet,
    }
}

/// Whoever moved within it is shown as being about.
const ACTIVE_FOR: Span = Span::minutes(30);
