//! Who watches the watchers: which screens show the desk with a sound that can be heard, and what it means if none does.
//!
//! A screen is not written down: it speaks every ten seconds and is forgotten when it falls silent. What is written down
//! is the station's own alert that nobody was watching in duty hours.

use crate::desk::input::{AlertKey, Effect, Recorded};
use crate::desk::{Desk, STATION_NUMBERS, timer_key};
use crate::model::alert::AlertId;
use crate::model::duty::DutyHours;
use crate::model::ids::{HomeId, PersonId};
use crate::model::lifecycle::{Actor, Deed};
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp, from_millis};
use std::collections::BTreeMap;

/// What an open page says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// Made up by the page; the same for as long as it is open.
    pub id: String,
    /// Whether its sound can be heard.
    pub sound: Sound,
    /// Whether it is in front of somebody, as far as a browser knows.
    pub visible: bool,
    /// Which program drew it.
    pub build: String,
    /// Who acts there.
    pub person: Option<PersonId>,
}

/// The state of a page's sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sound {
    /// It runs. That a loudspeaker sounds is not proved by it.
    Running,
    /// Nobody has clicked on the page yet, so the browser keeps it silent.
    Locked,
    /// Another program took the device.
    Interrupted,
    /// This browser can make none.
    Missing,
}

impl Sound {
    /// All of them.
    pub const ALL: [Sound; 4] = [Sound::Running, Sound::Locked, Sound::Interrupted, Sound::Missing];

    /// The word for it on the wire and in figures.
    pub fn as_str(self) -> &'static str {
        match self {
            Sound::Running => "running",
            Sound::Locked => "locked",
            Sound::Interrupted => "interrupted",
            Sound::Missing => "missing",
        }
    }
}

/// Whom a station hears, and what their clocks say of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hearing {
    /// Every home that was ever heard.
    pub homes: usize,
    /// Of them those that have been silent for too long.
    pub silent: usize,
    /// The newest word of any.
    pub newest: Option<Timestamp>,
    /// Homes whose own clock can be believed and was told.
    pub clocks: usize,
    /// How far the nearest of their clocks is from this one.
    pub clock_off: Option<Span>,
}

/// The screens that spoke lately.
#[derive(Debug, Clone, Default)]
pub(super) struct Screens {
    seen: BTreeMap<String, (Timestamp, Screen)>,
    /// When the absence of a watcher is an alert; absent until it was reckoned, and where nobody has to watch.
    due: Option<Timestamp>,
    /// The station's alert about it, until somebody watches again.
    reported: Option<AlertKey>,
}

impl Desk {
    /// A screen says how it is.
    pub(super) fn screen(&mut self, now: Timestamp, screen: Screen, effects: &mut Vec<Effect>) {
        let watches = screen.sound == Sound::Running;
        self.screens.seen.retain(|_, (at, _)| now - *at < SCREEN_FORGOTTEN);
        let is_known = self.screens.seen.contains_key(&screen.id);
        if is_known || self.screens.seen.len() < SCREENS_MAX {
            self.screens.seen.insert(screen.id.clone(), (now, screen));
        }
        if watches {
            self.reckon_watch(now + WATCHES_FOR);
            if let Some(alert) = self.screens.reported.clone() {
                self.of_watch(now, alert, Deed::Recovered, effects);
            }
        }
    }

    /// The screens that spoke lately, each with the time of its word.
    pub fn screens(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, &Screen)> {
        let fresh = self.screens.seen.values().filter(move |(at, _)| now - *at < WATCHES_FOR);
        fresh.map(|(at, screen)| (*at, screen))
    }

    /// How many screens would ring now.
    pub fn watchers(&self, now: Timestamp) -> usize {
        self.screens(now).filter(|(_, screen)| screen.sound == Sound::Running).count()
    }

    /// Whom this station hears.
    pub fn hearing(&self) -> Hearing {
        let mut hearing = Hearing { homes: self.watch.homes.len(), ..Hearing::default() };
        for seen in self.watch.homes.values() {
            hearing.silent += usize::from(seen.reported.is_some());
            hearing.newest = hearing.newest.max(seen.heard_at);
            let Some(condition) = seen.condition.as_ref().filter(|condition| condition.clock_trusted) else { continue };
            let Some(heard_at) = seen.heard_at else { continue };
            hearing.clocks += 1;
            let off = (heard_at - from_millis(condition.beat.at_ms)).abs();
            hearing.clock_off = Some(hearing.clock_off.map_or(off, |least| least.min(off)));
        }
        hearing
    }

    /// When somebody has to watch the desk, where the configuration says so.
    pub fn duty(&self) -> Option<&DutyHours> {
        self.settings.duty.as_ref().map(|(duty, _)| duty)
    }

    /// Whether somebody has to watch now; `None` where the configuration does not say when.
    pub fn is_on_duty(&self, now: Timestamp) -> Option<bool> {
        let (duty, zone) = self.settings.duty.as_ref()?;
        Some(duty.covers(zone, now))
    }

    /// When the absence of a watcher is to be told.
    pub(super) fn watch_due(&self) -> Option<Timestamp> {
        self.screens.due.filter(|at| *at < Timestamp::MAX_UTC && self.screens.reported.is_none())
    }

    /// Tells of a desk that nobody watches: once, until somebody does.
    pub(super) fn watch_over(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.settings.duty.is_some() && self.screens.due.is_none() {
            self.reckon_watch(now);
        }
        let Some(at) = self.watch_due().filter(|at| *at <= now) else { return };
        let Ok(home) = HomeId::new(self.settings.point.to_string()) else { return };
        let is_over = |row: &&crate::desk::row::Row| {
            let is_it = matches!(row.alert.reason, Reason::NoWatcher { .. });
            is_it && row.alert.phase.is_open() && row.alert.recovered_at.is_some()
        };
        let (alert, what) = match self.rows_of(&home).rfind(is_over) {
            Some(row) => (row.key.clone(), Deed::Again { count: row.alert.count + 1 }),
            None => {
                let own =
                    self.rows_of(&home).map(|row| row.key.alert.number).filter(|number| *number > STATION_NUMBERS);
                let number = own.max().unwrap_or(STATION_NUMBERS) + 1;
                let reason = Reason::NoWatcher { since: at - UNWATCHED_FOR, point: self.settings.point.clone() };
                let (severity, to) = (reason.severity(), Vec::new());
                let alert = AlertKey { home: home.clone(), alert: AlertId { number, raised_at: at } };
                (alert, Deed::Raise { reason, severity, test: false, to })
            }
        };
        self.of_watch(at, alert, what, effects);
    }

    fn of_watch(&mut self, at: Timestamp, alert: AlertKey, what: Deed, effects: &mut Vec<Effect>) {
        let (by, key) = (Actor::station(self.settings.point.clone()), timer_key(at, &what));
        self.record(Recorded::Done { at, alert: alert.clone(), by, what, key }, effects);
        effects.push(Effect::Changed(alert.into()));
    }

    /// Somebody watches until then; when it would be told that nobody does.
    fn reckon_watch(&mut self, until: Timestamp) {
        let Some((duty, zone)) = &self.settings.duty else { return };
        let mut from = duty.next(zone, until);
        if let Some(at) = from.map(|from| from + UNWATCHED_FOR).filter(|at| !duty.covers(zone, *at)) {
            from = duty.next(zone, at); // that turn ends first
        }
        // Where nobody has to for a year, that is not asked again with every input.
        self.screens.due = Some(from.map_or(Timestamp::MAX_UTC, |from| from + UNWATCHED_FOR));
    }
}

impl Screens {
    /// A line of the history about an alert of this desk: whether it tells that nobody watched, or that somebody does again.
    pub fn learn(&mut self, alert: &AlertKey, what: &Deed, is_of_watch: bool) {
        let is_raise = matches!(what, Deed::Raise { reason: Reason::NoWatcher { .. }, .. });
        if is_raise || (is_of_watch && matches!(what, Deed::Again { .. })) {
            self.reported = Some(alert.clone());
        } else if is_of_watch && *what == Deed::Recovered {
            self.reported = None;
        }
    }
}

/// A page says every ten seconds how it is; after so long without a word it watches no more.
const WATCHES_FOR: Span = Span::seconds(15);
/// So long without anybody is no reload of a page.
pub(super) const UNWATCHED_FOR: Span = Span::seconds(60);
const SCREEN_FORGOTTEN: Span = Span::seconds(60);
/// More pages than any point has people.
const SCREENS_MAX: usize = 1_000;
