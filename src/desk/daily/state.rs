//! Where each home stands on the day's list.

use super::{Entry, Morning, Times};
use crate::desk::Desk;
use crate::desk::input::AlertKey;
use crate::model::errand::ContactDeed;
use crate::model::ids::{HomeId, RoomId};
use crate::model::lifecycle::{Actor, CallResult, Contact, Outcome};
use crate::model::own_sign::OwnSign;
use crate::model::reason::Reason;
use crate::model::suspension::Absence;
use crate::model::time::{Day, Span, Timestamp};

/// Where a home stands on the day's list.
#[derive(Debug, Clone, PartialEq)]
pub enum DailyState {
    /// An alert was raised about it, and nobody has ended that.
    Alerted(AlertKey),
    /// Somebody has to telephone.
    ToPhone,
    /// Nothing can be known from here: somebody has to telephone.
    CannotTell(Blindness),
    /// It is early: an own sign may still come.
    Waiting,
    /// The resident is elsewhere.
    Suspended {
        /// Why.
        kind: Absence,
        /// Until when, by the home's own word.
        until: Option<Timestamp>,
        /// The last day of it, as a person told the desk.
        until_day: Option<Day>,
        /// Nobody spoke to them for a week.
        call_is_due: bool,
    },
    /// Somebody reached the resident.
    Ended(Ended),
    /// The resident has shown by herself that the day began.
    OwnSign(OwnSign),
}

/// Why nothing can be known from here.
#[derive(Debug, Clone, PartialEq)]
pub enum Blindness {
    /// The home's gateway is not heard.
    NoContact,
    /// It was never heard.
    NeverHeard,
    /// No sensor there can be heard.
    Blind,
    /// A good part of the morning nobody watched.
    Patchy,
    /// The home does not tell how its day goes: an older gateway, or a clock that cannot be believed.
    NotTold,
    /// A sensor is silent or cannot be believed.
    Sensor(Option<RoomId>),
    /// So few days are known; this is which of them.
    Learning(u32),
}

/// How the contact came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// Somebody was there; else they spoke by telephone.
    pub seen: bool,
    /// The alert by which it came about, where it was one.
    pub alert: Option<AlertKey>,
}

/// Until when an own sign is waited for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// The instant.
    pub at: Timestamp,
    /// Who set it.
    pub by: LimitBy,
}

/// Who set how long is waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitBy {
    /// It stands on the card.
    Card,
    /// By what is usual in the home.
    Usual,
    /// The station's own.
    Station,
}

impl DailyState {
    /// The word for it in files and programs.
    pub fn as_str(&self) -> &'static str {
        match self {
            DailyState::Alerted(_) => "alert",
            DailyState::ToPhone => "to_phone",
            DailyState::CannotTell(_) => "cannot_tell",
            DailyState::Waiting => "waiting",
            DailyState::Suspended { .. } => "suspended",
            DailyState::Ended(ended) if ended.seen => "visited",
            DailyState::Ended(_) => "phoned",
            DailyState::OwnSign(_) => "own_sign",
        }
    }

    /// Whether nobody knows yet how the resident is.
    pub fn is_unresolved(&self) -> bool {
        match self {
            DailyState::Alerted(_) | DailyState::ToPhone | DailyState::CannotTell(_) | DailyState::Waiting => true,
            DailyState::Suspended { .. } | DailyState::Ended(_) | DailyState::OwnSign(_) => false,
        }
    }

    /// Whether somebody has to telephone now.
    pub fn wants_a_call(&self) -> bool {
        match self {
            DailyState::ToPhone | DailyState::CannotTell(_) => true,
            DailyState::Suspended { call_is_due, .. } => *call_is_due,
            DailyState::Alerted(_) | DailyState::Waiting | DailyState::Ended(_) | DailyState::OwnSign(_) => false,
        }
    }
}

impl Desk {
    /// Where `home` stands on the list of `day`.
    pub(super) fn daily_state(&self, now: Timestamp, on: &Times<'_>, home: &HomeId, morning: &Morning) -> DailyState {
        let (day, opened_at) = (on.day, on.opens_at);
        let sign = morning.word.sign.filter(|(of, _)| *of == day).map(|(_, sign)| sign);
        let ended = self.ended(home, morning, opened_at).filter(|ended| ended.at <= now);
        match (sign, ended) {
            (Some(sign), Some(ended)) if ended.at < sign.at => return DailyState::Ended(ended),
            (Some(sign), _) => return DailyState::OwnSign(sign),
            (None, Some(ended)) => return DailyState::Ended(ended),
            (None, None) => {}
        }
        if let Some(alert) = self.missed_contact_of(home) {
            return DailyState::Alerted(alert);
        }
        if let Some(elsewhere) = self.elsewhere(now, day, morning) {
            return elsewhere;
        }
        if let Some(why) = self.blindness(home, morning) {
            return DailyState::CannotTell(why);
        }
        let is_due = morning.open_since.is_some() || now >= self.limit(on, home, morning).at;
        if is_due { DailyState::ToPhone } else { DailyState::Waiting }
    }

    /// How somebody reached the resident since the list opened, the first time.
    fn ended(&self, home: &HomeId, morning: &Morning, opened_at: Timestamp) -> Option<Ended> {
        let is_end = |entry: &&Entry| {
            let is_met =
                matches!(entry.deed, ContactDeed::Called { result: CallResult::Reached } | ContactDeed::Visited);
            is_met && !entry.undone && entry.at >= opened_at
        };
        let by_contact = morning.log.iter().find(is_end).map(|entry| {
            let (at, by, seen) = (entry.at, entry.by.clone(), entry.deed == ContactDeed::Visited);
            Ended { at, by, seen, alert: None }
        });
        let by_alert = self.rows_of(home).filter_map(|row| {
            let closed = row.alert.closed.as_ref().filter(|closed| closed.at >= opened_at && !row.alert.test)?;
            let is_known = closed.contact != Contact::None || is_known_by(closed.outcome);
            let (at, by, seen) = (closed.at, closed.by.clone(), closed.contact != Contact::Spoken);
            is_known.then(|| Ended { at, by, seen, alert: Some(row.key.clone()) })
        });
        let by_visit = self.visits.made_since(home, opened_at, &self.settings.daily.zone);
        let by_visit = by_visit.map(|(at, by)| Ended { at, by, seen: true, alert: None });
        by_contact.into_iter().chain(by_alert).chain(by_visit).min_by_key(|ended| ended.at)
    }

    /// The alert about the daily contact of this home that nobody has ended.
    pub(super) fn missed_contact_of(&self, home: &HomeId) -> Option<AlertKey> {
        let is_it =
            |row: &&crate::desk::Row| matches!(row.alert.reason, Reason::MissedContact(_)) && row.alert.phase.is_open();
        self.rows_of(home).find(is_it).map(|row| row.key.clone())
    }

    /// Where the resident is said to be, if not at home.
    pub(in crate::desk) fn absence_of(&self, now: Timestamp, home: &HomeId) -> Option<Absence> {
        let morning = self.daily.homes.get(home)?;
        match self.elsewhere(now, self.list_day(now), morning) {
            Some(DailyState::Suspended { kind, .. }) => Some(kind),
            Some(_) | None => None,
        }
    }

    fn elsewhere(&self, now: Timestamp, day: Day, morning: &Morning) -> Option<DailyState> {
        let own = morning.absent.filter(|absent| absent.until.is_none_or(|until| until >= day));
        let (kind, since, until, until_day) = match (own, morning.word.absent_at(now)) {
            (Some(own), _) => (own.kind, own.since, None, own.until),
            (None, Some((kind, from, until))) => (kind, from, Some(until), None),
            (None, None) => return None,
        };
        let spoken = morning.met_at.filter(|at| *at > since).unwrap_or(since);
        let call_is_due = kind == Absence::Hospital && now - spoken >= CALLED_WEEKLY;
        Some(DailyState::Suspended { kind, until, until_day, call_is_due })
    }

    /// Why nothing can be known about this home from here, the worst first.
    fn blindness(&self, home: &HomeId, morning: &Morning) -> Option<Blindness> {
        let Some(seen) = self.watch.homes.get(home) else { return Some(Blindness::NeverHeard) };
        let word = &morning.word;
        if seen.reported.is_some() {
            Some(Blindness::NoContact)
        } else if word.blind {
            Some(Blindness::Blind)
        } else if !word.tells {
            Some(Blindness::NotTold)
        } else if word.patchy {
            Some(Blindness::Patchy)
        } else if let Some(room) = self.silent_witness(home) {
            Some(Blindness::Sensor(room))
        } else if word.unheard {
            Some(Blindness::Sensor(None))
        } else {
            word.learning_day.map(Blindness::Learning)
        }
    }

    /// The room of a sensor there that could show life and cannot be believed, by the home's own alerts.
    fn silent_witness(&self, home: &HomeId) -> Option<Option<RoomId>> {
        let standing = self.rows_of(home).map(|row| &row.alert);
        let standing = standing.filter(|alert| alert.phase.is_open() && alert.recovered_at.is_none());
        standing.filter(|alert| !alert.test).find_map(|alert| {
            if let Reason::SilentSensor { kind, room, .. } | Reason::StuckSensor { kind, room, .. } = &alert.reason
                && kind.watches_for_life()
            {
                return Some(room.clone());
            }
            matches!(alert.reason, Reason::LinkLost { .. }).then_some(None)
        })
    }

    /// Until when an own sign of this home is waited for.
    pub(super) fn limit(&self, on: &Times<'_>, home: &HomeId, morning: &Morning) -> Limit {
        if let Some(time) = self.card(home).and_then(|card| card.contact_by) {
            return Limit { at: on.on(time), by: LimitBy::Card };
        }
        match morning.word.usual_by {
            // Late risers too are known about by the deadline.
            Some(usual) => {
                let at = (on.on(usual) + AFTER_THE_USUAL).min(on.on(on.settings.deadline));
                Limit { at, by: LimitBy::Usual }
            }
            None => Limit { at: on.on(on.settings.by), by: LimitBy::Station },
        }
    }
}

/// Whether whoever closed an alert so knows where the resident is, though nobody spoke to them.
fn is_known_by(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Helped | Outcome::Hospital | Outcome::AwayUnreported | Outcome::Died => true,
        Outcome::FoundWell
        | Outcome::HouseWork
        | Outcome::PressedByMistake
        | Outcome::WantedTalk
        | Outcome::Equipment
        | Outcome::NoAccess
        | Outcome::Test
        | Outcome::Duplicate => false,
    }
}

/// What is usual on nearly all days may come a little later once.
const AFTER_THE_USUAL: Span = Span::minutes(30);
/// Who is in hospital is not forgotten.
const CALLED_WEEKLY: Span = Span::days(7);
