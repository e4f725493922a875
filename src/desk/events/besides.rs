//! What is told besides alerts: how a fault, a home, the daily contact and a suspension stand after a line, where that is news.

use crate::desk::daily::{Closed, DailyState};
use crate::desk::faults::{self, FaultState};
use crate::desk::input::{AlertKey, Recorded};
use crate::desk::row::Row;
use crate::desk::sights::{Held, Sight};
use crate::desk::{Counts, Desk};
use crate::model::event::{
    DailyClosed, DailyContact, Event, EventKind, FaultStep, HomeSight, HomeState, SuspensionChange, TestSign, VERSION,
};
use crate::model::ids::{HomeId, PersonId};
use crate::model::reason::{Reason, Severity};
use crate::model::time::{Day, Timestamp};
use std::collections::BTreeSet;

/// What only the desk before a line knows.
#[derive(Default)]
pub(super) struct Stood {
    fault: Option<FaultState>,
    contact: Option<(Day, DailyState)>,
    /// Of the home that the line tells of.
    sight: Option<(HomeSight, Sight)>,
}

impl Desk {
    /// To be asked before `recorded` is learned.
    pub(super) fn stood(&self, recorded: &Recorded, recovers: Option<&AlertKey>) -> Stood {
        let contact = || recorded.home().and_then(|home| self.contact_of(recorded.at(), home));
        match recorded {
            Recorded::Notice { .. } | Recorded::Done { .. } => {
                Stood { fault: self.fault_in(recorded, recovers), contact: contact(), sight: None }
            }
            Recorded::HeardAgain { .. } | Recorded::OneGateway { .. } => {
                Stood { fault: self.fault_in(recorded, recovers), ..Stood::default() }
            }
            Recorded::Errand { .. } | Recorded::Morning { .. } => Stood { contact: contact(), ..Stood::default() },
            Recorded::Sight { home, .. } => {
                let before = self.sights.of(home).cloned().unwrap_or_default();
                Stood { sight: Some((self.sight_of(home), before)), ..Stood::default() }
            }
            Recorded::Home { .. }
            | Recorded::Refused { .. }
            | Recorded::LostAtHome { .. }
            | Recorded::Filed { .. }
            | Recorded::Suspended { .. }
            | Recorded::Day { .. }
            | Recorded::Listened { .. }
            | Recorded::Level { .. } => Stood::default(),
        }
    }

    /// What came of `recorded` besides steps of alerts.
    pub(super) fn besides(&self, recorded: &Recorded, stood: Stood, recovers: Option<&AlertKey>) -> Vec<Event> {
        let at = recorded.at();
        match recorded {
            Recorded::Notice { .. }
            | Recorded::Done { .. }
            | Recorded::HeardAgain { .. }
            | Recorded::OneGateway { .. } => {
                let faults = self.of_fault(recorded, stood.fault, recovers);
                faults.into_iter().chain(self.of_contact(recorded, stood.contact)).collect()
            }
            Recorded::Errand { .. } | Recorded::Morning { .. } => {
                self.of_contact(recorded, stood.contact).into_iter().collect()
            }
            Recorded::Day { closed, .. } => self.of_list(at, closed.as_ref()),
            Recorded::Sight { home, sight, .. } => self.of_sight(at, home, sight, stood.sight),
            Recorded::Home { .. }
            | Recorded::Refused { .. }
            | Recorded::LostAtHome { .. }
            | Recorded::Filed { .. }
            | Recorded::Suspended { .. }
            | Recorded::Listened { .. }
            | Recorded::Level { .. } => Vec::new(),
        }
    }

    /// A home as it can be seen now.
    pub(super) fn of_home(&self, at: Timestamp, home: &HomeId) -> Event {
        let (view, sight) = (self.home(home), self.sights.of(home));
        let sensors = view.as_ref().and_then(|view| view.sensors());
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let state = self.sight_of(home);
        // Of a home that is heard, the present word follows this line.
        let is_heard = state != HomeSight::NoContact;
        let heard_at = if is_heard { Some(at) } else { view.as_ref().and_then(|view| view.heard_at) };
        let state = HomeState {
            v: VERSION,
            home: home.clone(),
            state,
            heard_at,
            life_at: view.as_ref().and_then(|view| view.life_at()),
            sensors_alive: sensors.map(|(alive, _)| count(alive)),
            sensors: sensors.map(|(_, all)| count(all)),
            suspended_until: sight.and_then(Sight::suspended_until),
        };
        Event::of_home(at, state)
    }

    fn sight_of(&self, home: &HomeId) -> HomeSight {
        let is_silent = self.watch.homes.get(home).is_some_and(|seen| seen.reported.is_some());
        if is_silent { HomeSight::NoContact } else { self.sights.of(home).map_or(HomeSight::Heard, Sight::state) }
    }

    fn of_sight(&self, at: Timestamp, home: &HomeId, sight: &Sight, before: Option<(HomeSight, Sight)>) -> Vec<Event> {
        let (state_before, before) = before.unwrap_or((HomeSight::Heard, Sight::default()));
        let is_other = state_before != self.sight_of(home) || before.suspended_until() != sight.suspended_until();
        let mut events: Vec<Event> = is_other.then(|| self.of_home(at, home)).into_iter().collect();
        // Another end of the same suspension is told as one that begins with it.
        let change = |held: &Held| SuspensionChange {
            v: VERSION,
            home: home.clone(),
            kind: held.kind,
            until: held.until,
            owner: Some(held.owner.clone()),
        };
        let is_kind_of = |one: &Held, of: &[Held]| of.iter().any(|other| other.kind == one.kind);
        let ended = before.suspended.iter().filter(|held| !is_kind_of(held, &sight.suspended));
        let started = sight.suspended.iter().filter(|held| !before.suspended.contains(held));
        events.extend(ended.map(|held| Event::of_suspension(EventKind::SuspensionEnded, at, change(held))));
        events.extend(started.map(|held| Event::of_suspension(EventKind::SuspensionStarted, at, change(held))));
        events
    }

    /// The alert that a line changes, if it is trouble of equipment.
    fn trouble_in(&self, recorded: &Recorded, recovers: Option<&AlertKey>) -> Option<&Row> {
        let key = match recorded {
            Recorded::Notice { notice, .. } => super::key_of(notice),
            Recorded::Done { alert, .. } => alert.clone(),
            Recorded::HeardAgain { .. } | Recorded::OneGateway { .. } => recovers?.clone(),
            Recorded::Home { .. }
            | Recorded::Refused { .. }
            | Recorded::LostAtHome { .. }
            | Recorded::Errand { .. }
            | Recorded::Filed { .. }
            | Recorded::Suspended { .. }
            | Recorded::Morning { .. }
            | Recorded::Day { .. }
            | Recorded::Sight { .. }
            | Recorded::Listened { .. }
            | Recorded::Level { .. } => return None,
        };
        let is_trouble = |row: &&Row| matches!(row.alert.severity, Severity::Blind | Severity::Fault);
        self.rows.get(&key).filter(is_trouble).filter(|row| !row.alert.test)
    }

    fn fault_in(&self, recorded: &Recorded, recovers: Option<&AlertKey>) -> Option<FaultState> {
        self.trouble_in(recorded, recovers).map(|row| FaultState::of(&row.alert))
    }

    fn of_fault(&self, recorded: &Recorded, before: Option<FaultState>, recovers: Option<&AlertKey>) -> Vec<Event> {
        let Some(row) = self.trouble_in(recorded, recovers) else { return Vec::new() };
        let state = FaultState::of(&row.alert);
        let by = match recorded {
            Recorded::Done { by, .. } => by.person.clone(),
            Recorded::Notice { notice, .. } => notice.step.by.person.clone(),
            // What the station finds out by itself.
            Recorded::Home { .. }
            | Recorded::Refused { .. }
            | Recorded::LostAtHome { .. }
            | Recorded::Errand { .. }
            | Recorded::Filed { .. }
            | Recorded::Suspended { .. }
            | Recorded::Morning { .. }
            | Recorded::Day { .. }
            | Recorded::Sight { .. }
            | Recorded::Listened { .. }
            | Recorded::HeardAgain { .. }
            | Recorded::OneGateway { .. }
            | Recorded::Level { .. } => None,
        };
        let step = FaultStep {
            v: VERSION,
            home: row.key.home.clone(),
            alert: row.key.alert.number,
            raised_id: row.key.alert.raised_at,
            kind: row.alert.reason.rule().to_owned(),
            sensor: row.alert.reason.subject().cloned(),
            severity: row.alert.severity,
            state: state.as_str().to_owned(),
            due_at: faults::due(
                &row.alert.reason,
                row.alert.severity,
                row.alert.steps.first().map_or(row.received_at, |step| step.at),
                &self.settings.daily.zone,
            ),
            by,
        };
        let kinds = fault_kinds(before, state);
        kinds.iter().map(|kind| Event::of_fault(*kind, recorded.at(), step.clone())).collect()
    }

    fn of_contact(&self, recorded: &Recorded, before: Option<(Day, DailyState)>) -> Option<Event> {
        let (day, before) = before?;
        let home = recorded.home()?;
        let (_, state) = self.contact_of(recorded.at(), home)?;
        let (was, kind) = (contact_kind(&before), contact_kind(&state)?);
        // Whoever comes home from elsewhere is to be asked after as on any day.
        let is_news = was != Some(kind) && (kind != EventKind::DailyUnresolved || was.is_some());
        is_news.then(|| told_contact(recorded.at(), home.clone(), day, kind, &state))
    }

    /// A list gave way to the next: who stayed open, how many stood where, and who is known on the new one already.
    fn of_list(&self, at: Timestamp, closed: Option<&Closed>) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(Closed { day, counts, open }) = closed {
            let unresolved = |home: &HomeId| DailyContact {
                v: VERSION,
                home: home.clone(),
                day: *day,
                at: None,
                sign: None,
                by: None,
            };
            let unresolved = open.iter().map(unresolved);
            events.extend(unresolved.map(|contact| Event::of_daily(EventKind::DailyUnresolved, at, contact)));
            events.push(Event::of_day(at, day_closed(*day, counts)));
        }
        let homes: BTreeSet<&HomeId> = self.watch.homes.keys().chain(self.cards.keys()).collect();
        let known = homes.into_iter().filter_map(|home| {
            let (day, state) = self.contact_of(at, home)?;
            let kind = contact_kind(&state).filter(|kind| *kind != EventKind::DailyUnresolved)?;
            Some(told_contact(at, home.clone(), day, kind, &state))
        });
        events.extend(known);
        events
    }

    /// A test of all ways out of a home reached this station.
    pub(super) fn of_test(&self, row: &Row) -> Vec<Event> {
        if !matches!(row.alert.reason, Reason::Test { .. }) {
            return Vec::new();
        }
        let sign = |seconds| TestSign {
            v: VERSION,
            channel: "home".to_owned(),
            home: Some(row.key.home.clone()),
            seconds,
            by: None,
        };
        let took = row.late.num_milliseconds() as f64 / 1000.0;
        vec![
            Event::of_test(EventKind::TestSent, row.received_at - row.late, sign(None)),
            Event::of_test(EventKind::TestHeard, row.received_at, sign(Some(took))),
        ]
    }
}

/// What is told of a fault that stood so and stands so now.
fn fault_kinds(before: Option<FaultState>, now: FaultState) -> &'static [EventKind] {
    use EventKind::{FaultAssigned, FaultFixed, FaultOpened, FaultVerified};
    use FaultState::{Assigned, FixedByHand, Open, Recovered, Verified};
    if before == Some(now) {
        return &[];
    }
    let was_there = matches!(before, Some(Open | Assigned));
    match now {
        Open => &[FaultOpened],
        Assigned if was_there => &[FaultAssigned],
        Assigned => &[FaultOpened, FaultAssigned],
        Recovered | FixedByHand if was_there => &[FaultFixed],
        Recovered | FixedByHand if before.is_some() => &[],
        Recovered | FixedByHand => &[FaultOpened, FaultFixed],
        Verified if was_there => &[FaultFixed, FaultVerified],
        Verified if before.is_some() => &[FaultVerified],
        Verified => &[FaultOpened, FaultFixed, FaultVerified],
    }
}

fn contact_kind(state: &DailyState) -> Option<EventKind> {
    Some(match state {
        DailyState::OwnSign(_) => EventKind::DailyOwnSign,
        DailyState::Ended(ended) if ended.seen => EventKind::DailyVisited,
        DailyState::Ended(_) => EventKind::DailyPhoned,
        DailyState::Alerted(_) | DailyState::ToPhone | DailyState::CannotTell(_) | DailyState::Waiting => {
            EventKind::DailyUnresolved
        }
        DailyState::Suspended { .. } => return None,
    })
}

fn told_contact(now: Timestamp, home: HomeId, day: Day, kind: EventKind, state: &DailyState) -> Event {
    let (at, sign, by): (_, _, Option<PersonId>) = match state {
        DailyState::OwnSign(sign) => (Some(sign.at), Some(sign.by), None),
        DailyState::Ended(ended) => (Some(ended.at), None, ended.by.person.clone()),
        DailyState::Alerted(_)
        | DailyState::ToPhone
        | DailyState::CannotTell(_)
        | DailyState::Waiting
        | DailyState::Suspended { .. } => (None, None, None),
    };
    Event::of_daily(kind, now, DailyContact { v: VERSION, home, day, at, sign, by })
}

fn day_closed(day: Day, counts: &Counts) -> DailyClosed {
    DailyClosed {
        v: VERSION,
        day,
        homes: counts.homes,
        own_sign: counts.own_sign(),
        phoned: counts.phoned,
        visited: counts.visited,
        suspended: counts.suspended,
        unresolved: counts.unresolved(),
    }
}
