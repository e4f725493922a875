//! The station's decisions: the queue, who owns what, every timer of an alert, the dead man's switch.
//!
//! Pure, same shape as the engine: `(now, input) → effects`, and the history is the only state. The home's gateway is
//! the judge between service points; among its own staff this desk is. Never takes back an alert: only people close.

mod cases;
mod codes;
mod daily;
mod errands;
mod events;
mod faults;
mod handover;
mod homes;
mod input;
mod late;
mod listing;
mod report;
mod requests;
mod roster;
mod row;
mod rows;
mod screens;
mod send;
mod sights;
mod spoken;
mod summons;
mod suspensions;
mod tally;
#[cfg(test)]
mod tests;
mod twins;
mod view;
mod visits;
mod watch;

pub use cases::{Case, Did, FiledCase, Ripe, Spell};
pub use codes::{Code, Codes};
pub use daily::{
    Blindness, Closed, Counts, DailyRow, DailyState, DailyView, Ended, Entry, Limit, LimitBy,
    Settings as DailySettings, Word,
};
pub use errands::Done;
pub use faults::{Due, Fault, FaultState, Folded, Part, folded};
pub use handover::Handover;
pub use homes::{HomeLine, HomeState};
pub use input::{
    AlertKey, Answer, Beat, BookState, Click, Condition, Effect, Input, Notice, Order, Outgoing, Recorded, SensorSeen,
    Settings, Subject, Suspended, Suspending, SuspensionRefused,
};
pub use listing::{Figures, Place};
pub use report::{Figure, Of, Range, Report, Selection, Sources, Times, Value};
pub use requests::{EndedRequest, Request, RequestRow, RequestsView, Wished};
pub use roster::{OnDuty, Reachable, Roster};
pub use screens::{Hearing, Screen, Sound};
pub use sights::{Held, HomeTimes, Sight};
pub use spoken::{Said, Spoken};
pub use summons::{Known, Matter, Summons, Told};
pub use suspensions::{LONGEST_OF_A_DESK, Stand, SuspensionView};
pub use tally::{LIMITS_SECS, Lengths, Tally};
pub use view::{AlertView, Band, BandName, HomeView, Line, RowView, View};
pub use visits::{DueBy, DueVisit, Intervals, Visit, VisitsView};

use crate::desk::cases::{Filed, HomeAsFiled};
use crate::desk::daily::Daily;
use crate::desk::errands::Errands;
use crate::desk::requests::Requests;
use crate::desk::row::Row;
use crate::desk::rows::Rows;
use crate::desk::screens::Screens;
use crate::desk::send::Sending;
use crate::desk::sights::Sights;
use crate::desk::suspensions::Suspensions;
use crate::desk::visits::Visits;
use crate::desk::watch::Watch;
use crate::model::alert::{AlertId, Step};
use crate::model::card::Card;
use crate::model::ids::{HomeId, PersonId, PointId};
use crate::model::lifecycle::{Actor, Deed, Refusal, Role};
use crate::model::reason::Reason;
use crate::model::time::Timestamp;
use std::collections::BTreeMap;

/// The desk of one service point.
#[derive(Debug, Clone)]
pub struct Desk {
    settings: Settings,
    rows: Rows,
    watch: Watch,
    sending: Sending,
    errands: Errands,
    screens: Screens,
    suspensions: Suspensions,
    sights: Sights,
    daily: Daily,
    visits: Visits,
    requests: Requests,
    cards: BTreeMap<HomeId, Box<Card>>,
    filed: Filed,
    repeats: Repeats,
}

/// What homes said again since the start. They repeat what got no receipt and say the same by two ways; far more than that is
/// somebody who sends again what was recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repeats {
    /// Steps of alerts that were held already.
    pub notices: u64,
    /// Heartbeats that were not newer than the newest.
    pub heartbeats: u64,
}

/// Alerts of the station itself are counted from here, apart from the gateways' own numbers.
pub const STATION_NUMBERS: u64 = 1_000_000_000;

impl Desk {
    /// A desk that knows nothing yet.
    pub fn new(settings: Settings) -> Desk {
        Desk {
            rows: Rows::new(settings.timers.clone()),
            settings,
            watch: Watch::default(),
            sending: Sending::default(),
            errands: Errands::default(),
            screens: Screens::default(),
            suspensions: Suspensions::default(),
            sights: Sights::default(),
            daily: Daily::default(),
            visits: Visits::default(),
            requests: Requests::default(),
            cards: BTreeMap::new(),
            filed: Filed::default(),
            repeats: Repeats::default(),
        }
    }

    /// The desk as it was after `history`. Raises nothing, sends nothing.
    pub fn restore(mut self, history: impl IntoIterator<Item = Recorded>) -> Desk {
        for recorded in history {
            self.learn(recorded);
        }
        self
    }

    /// Takes one input and says what is to be done.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.watch.since.get_or_insert(now);
        self.open_list(now, &mut effects);
        self.listens_still(now, &mut effects);
        match input {
            Input::Notice(notice) => self.notice(now, *notice, &mut effects),
            Input::Heartbeat { home, condition } => {
                let newest = self.watch.homes.get(&home).and_then(|seen| seen.condition.as_ref());
                // One that came the slower of two ways tells how it was.
                let is_older = newest.is_some_and(|newest| newest.beat.is_after(&condition.beat));
                if newest.is_some_and(|newest| condition.beat.repeats(&newest.beat)) {
                    // An old word is no sign of life: what was recorded must not keep a dead home alive.
                    self.repeats.heartbeats += 1;
                } else {
                    self.watch.told_at(now, &home, self.settings.unreachable_after);
                    self.heard(now, &home, &mut effects);
                }
                if !is_older {
                    self.rhythm(now, &home, condition.level, &mut effects);
                }
                self.twins(now, &home, &condition.beat, &mut effects);
                if !is_older {
                    self.watch.homes.entry(home.clone()).or_default().condition = Some(condition);
                    self.lost_at_home(now, &home, &mut effects);
                    self.sight_heard(now, &home, &mut effects);
                    self.suspensions_heard(now, &home, &mut effects);
                    self.told_of_day(now, &home, &mut effects);
                }
            }
            Input::HomeLink { home, online } => self.home_link(now, home, online, &mut effects),
            Input::OwnLink { up } => {
                self.own_link(now, up);
                self.listening(now, up, &mut effects);
            }
            Input::Click(click) => self.click(now, click, &mut effects),
            Input::Late { click, ago } => self.late(now, click, ago, &mut effects),
            Input::Order(order) => self.order(now, order, &mut effects),
            Input::Handover(handover) => self.handover(now, handover, &mut effects),
            Input::Screen(screen) => self.screen(now, screen, &mut effects),
            Input::File { alert, version } => self.file(now, alert, version, &mut effects),
            Input::Tick => {}
        }
        if self.watch.is_due(now) {
            self.silences(now, &mut effects);
            self.twins_over(now, &mut effects);
            self.watch.looked(self.settings.unreachable_after);
        }
        self.watch_over(now, &mut effects);
        self.timers(now, &mut effects);
        let (rows, sending) = (&self.rows, &mut self.sending);
        effects.extend(sending.due(now, rows.unconfirmed()).into_iter().map(Effect::Send));
        effects.extend(self.suspensions.due(now).into_iter().map(Effect::Suspend));
        #[cfg(test)]
        self.rows.assert_in_order();
        effects
    }

    /// Who works here and answers alerts from now on.
    pub fn put_people(&mut self, people: BTreeMap<PersonId, Role>) {
        self.settings.people = people;
    }

    /// What is known about a home was written down anew, or is forgotten. Kept by the station's office, so not in the history.
    pub fn put_card(&mut self, home: HomeId, card: Option<Box<Card>>) {
        match card {
            Some(card) => drop(self.cards.insert(home, card)),
            None => drop(self.cards.remove(&home)),
        }
    }

    /// What is known about a home.
    pub fn card(&self, home: &HomeId) -> Option<&Card> {
        self.cards.get(home).map(Box::as_ref)
    }

    /// Whose desk this is.
    pub fn point(&self) -> &PointId {
        &self.settings.point
    }

    /// Every home of which there is a card.
    pub fn carded(&self) -> impl Iterator<Item = &HomeId> {
        self.cards.keys()
    }

    /// Every home that was ever heard.
    pub fn homes(&self) -> impl ExactSizeIterator<Item = &HomeId> {
        self.watch.homes.keys()
    }

    /// Whether `home` is one of them.
    pub fn knows(&self, home: &HomeId) -> bool {
        self.watch.homes.contains_key(home)
    }

    /// What was said again since the start.
    pub fn repeats(&self) -> Repeats {
        self.repeats
    }

    /// When to come back with [`Input::Tick`].
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        let timers = self.rows.next_timer().map(|(at, _)| at);
        let watch = self.watch.next(self.settings.unreachable_after);
        let others = [self.sending.next(), self.suspensions.next(), self.daily.next_at, self.watch_due()];
        others.into_iter().chain([timers, watch]).flatten().min()
    }

    fn notice(&mut self, now: Timestamp, notice: Notice, effects: &mut Vec<Effect>) {
        self.heard(now, &notice.home, effects);
        let alert = AlertKey { home: notice.home.clone(), alert: notice.alert };
        let step = notice.step.number;
        let is_held = match self.rows.get(&alert) {
            Some(row) => row.holds(&notice),
            None => self.filed.holds(&alert, step),
        };
        if !is_held {
            self.record(Recorded::Notice { at: now, notice }, effects);
            effects.push(Effect::Changed(alert.clone().into()));
        } else {
            self.repeats.notices += 1;
        }
        let at = self.rows.get(&alert).map_or(now, |row| row.received_at);
        effects.push(Effect::Receipt { alert, step, at });
    }

    /// Alerts that the home told and does not know any more stay until a person here has seen to them; nothing more is asked
    /// of the home about them, unless it speaks of them again.
    fn lost_at_home(&mut self, now: Timestamp, home: &HomeId, effects: &mut Vec<Effect>) {
        let condition = self.watch.homes.get(home).and_then(|seen| seen.condition.as_ref());
        let said = condition.map(|condition| condition.not_known.clone()).unwrap_or_default();
        for alert in said.into_iter().map(|alert| AlertKey { home: home.clone(), alert }) {
            if self.rows.get(&alert).is_some_and(|row| !row.is_ours() && !row.is_lost_at_home) {
                self.record(Recorded::LostAtHome { at: now, alert: alert.clone() }, effects);
                effects.push(Effect::Changed(alert.into()));
            }
        }
    }

    /// Any word from a home proves that it can be reached.
    fn heard(&mut self, now: Timestamp, home: &HomeId, effects: &mut Vec<Effect>) {
        if !self.watch.homes.contains_key(home) {
            self.record(Recorded::Home { at: now, home: home.clone() }, effects);
        }
        let seen = self.watch.homes.entry(home.clone()).or_default();
        seen.heard_at = Some(now);
        let reported = seen.reported;
        if self.watch.deaf {
            // It has a way of its own: its silence counts from now on.
            self.watch.look_at(home, self.settings.unreachable_after);
        }
        if let Some(alert) = reported {
            self.record(Recorded::HeardAgain { at: now, home: home.clone() }, effects);
            effects.push(Effect::Changed(AlertKey { home: home.clone(), alert }.into()));
        }
    }

    /// A last will alone raises nothing: a gateway that reconnects within its time was never missed.
    fn home_link(&mut self, now: Timestamp, home: HomeId, online: bool, effects: &mut Vec<Effect>) {
        if !self.watch.homes.contains_key(&home) {
            self.record(Recorded::Home { at: now, home: home.clone() }, effects);
        }
        let seen = self.watch.homes.entry(home.clone()).or_default();
        let came_back = online && seen.online != Some(true);
        seen.online = Some(online);
        if came_back {
            self.sending.all_due(now, |alert| alert.home == home);
            self.suspensions.all_due(|of| *of == home);
        }
    }

    fn own_link(&mut self, now: Timestamp, up: bool) {
        if up == self.watch.deaf {
            self.watch.since = Some(now);
        }
        self.watch.deaf = !up;
        self.watch.look_anew();
        if up {
            self.sending.all_due(now, |_| true);
            self.suspensions.all_due(|_| true);
        }
    }

    fn click(&mut self, now: Timestamp, click: Click, effects: &mut Vec<Effect>) {
        let Click { ticket, alert, by, deed, expect, key } = click;
        let Some(row) = self.rows.get(&alert) else {
            return effects.push(Effect::Answer { ticket, answer: Answer::NoSuchAlert });
        };
        if let Some(answer) = row.answers.get(&key).cloned() {
            return effects.push(Effect::Answer { ticket, answer });
        }
        match self.judge(now, row, &by, deed, expect) {
            Ok(what) => {
                self.record(Recorded::Done { at: now, alert: alert.clone(), by, what, key: key.clone() }, effects)
            }
            Err(why) => {
                self.record(Recorded::Refused { at: now, alert: alert.clone(), key: key.clone(), why }, effects);
            }
        }
        let answer = self.rows.get(&alert).and_then(|row| row.answers.get(&key)).cloned();
        effects.push(Effect::Changed(alert.into()));
        effects.push(Effect::Answer { ticket, answer: answer.unwrap_or(Answer::NoSuchAlert) });
    }

    /// The deed as it is to be done, or why not.
    fn judge(&self, now: Timestamp, row: &Row, by: &Actor, deed: Deed, expect: Option<u32>) -> Result<Deed, Refusal> {
        let timers = &self.settings.timers;
        // What the page cannot know: which step is undone, how many times the circle was widened.
        let deed = if matches!(deed, Deed::Undo { .. }) {
            Deed::Undo { step: row.alert.undoable(timers).ok_or(Refusal::Nothing)?.0 }
        } else if let Deed::Escalate { to, people, last_resort, .. } = deed {
            Deed::Escalate { level: row.alert.escalated + 1, to, people, last_resort }
        } else {
            deed
        };
        if let Deed::Ask { person } | Deed::HandOver { to: person } = &deed
            && !self.settings.people.contains_key(person)
        {
            return Err(Refusal::Nothing);
        }
        row.alert.judge(now, by, &deed, timers)?;
        if !matches!(deed, Deed::Note { .. } | Deed::Call { .. } | Deed::Assist) {
            row.seen(expect)?;
        }
        Ok(deed)
    }

    /// Raises an alert of the station's own for every home that has been silent for too long.
    fn silences(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        // One look at all of them: when a broker dies, all homes fall silent at once.
        for (at, home) in self.watch.silences(now, self.settings.unreachable_after) {
            let Some(seen) = self.watch.homes.get(&home) else { continue };
            let by = Actor::station(self.settings.point.clone());
            let open = |row: &&Row| {
                let is_over = row.alert.phase.is_open() && row.alert.recovered_at.is_some();
                row.is_ours() && row.is_of_silence() && is_over
            };
            let (alert, what) = match self.rows_of(&home).find(open) {
                // The same trouble again while nobody has ended the last one is one more step of it.
                Some(row) => (row.key.clone(), Deed::Again { count: row.alert.count + 1 }),
                None => {
                    let last_heard = seen.heard_at.max(seen.noticed_at);
                    let reason = Reason::HomeUnreachable { last_heard, point: self.settings.point.clone() };
                    let number = STATION_NUMBERS + seen.own_alerts + 1;
                    let alert = AlertKey { home: home.clone(), alert: AlertId { number, raised_at: at } };
                    let severity = reason.severity();
                    (alert, Deed::Raise { reason, severity, test: false, to: Vec::new() })
                }
            };
            let key = timer_key(at, &what);
            self.record(Recorded::Done { at, alert: alert.clone(), by, what, key }, effects);
            effects.push(Effect::Changed(alert.into()));
        }
    }

    /// Every timer that is over goes off at its own instant, not at the instant of looking.
    fn timers(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        loop {
            let Some((_, row)) = self.rows.next_timer().filter(|(at, _)| *at <= now) else { return };
            let Some((at, what)) = row.next_timer(&self.settings.timers) else { return };
            let (alert, by) = (row.key.clone(), Actor::station(self.settings.point.clone()));
            let mut key = timer_key(at, &what);
            if row.has_answer_to(&key) {
                // What undid the answer brought the timer back: another question, or the home would repeat its answer to the first.
                key = format!("{key}-{}", row.alert.last_step);
            }
            self.record(Recorded::Done { at, alert: alert.clone(), by, what, key }, effects);
            effects.push(Effect::Changed(alert.into()));
        }
    }

    fn record(&mut self, recorded: Recorded, effects: &mut Vec<Effect>) {
        let before = self.before(&recorded);
        self.learn(recorded.clone());
        if let Some(home) = recorded.home() {
            self.watch.look_at(home, self.settings.unreachable_after);
        }
        let happened = self.happened(&recorded, before);
        effects.push(Effect::Record(recorded));
        effects.extend(happened.into_iter().map(|event| Effect::Happened(Box::new(event))));
    }

    /// The one way in which the desk's state changes, at work and when it is restored.
    fn learn(&mut self, recorded: Recorded) {
        let Settings { point, timers, .. } = &self.settings;
        match recorded {
            Recorded::Home { at, home } => {
                self.watch.homes.entry(home).or_default().known_since.get_or_insert(at);
            }
            Recorded::Notice { at, notice } => {
                let seen = self.watch.homes.entry(notice.home.clone()).or_default();
                seen.place = Some(notice.place.clone());
                seen.noticed_at = seen.noticed_at.max(Some(at));
                let key = AlertKey { home: notice.home.clone(), alert: notice.alert };
                if self.rows.contains_key(&key) {
                    self.rows.change(&key, |row| row.hold(at, notice, point, timers));
                } else if self.filed.holds(&key, 0) {
                    self.rows.insert_again(key, Row::begin(at, notice, point, timers));
                } else {
                    self.rows.insert(key, Row::begin(at, notice, point, timers));
                }
            }
            Recorded::Done { at, alert, by, what, key } => {
                if by.role == Role::Station {
                    let row = self.rows.get(&alert);
                    let is_of_watch = row.is_some_and(|row| matches!(row.alert.reason, Reason::NoWatcher { .. }));
                    self.screens.learn(&alert, &what, is_of_watch);
                    let begins_watch = matches!(what, Deed::Raise { reason: Reason::NoWatcher { .. }, .. });
                    if !is_of_watch && !begins_watch {
                        self.watch.finding(&alert, &what, row.is_some_and(Row::is_of_twins));
                    }
                }
                if matches!(what, Deed::Raise { reason: Reason::MissedContact(_), .. }) {
                    self.daily.raised(&alert);
                }
                if self.rows.contains_key(&alert) {
                    self.rows.change(&alert, |row| {
                        let is_click = by.role.is_staff();
                        row.act(at, by, what, key.clone(), point, timers);
                        if is_click {
                            row.answer(key, Answer::Done { version: row.version });
                        }
                    });
                } else {
                    let place = self.watch.homes.get(&alert.home).and_then(|seen| seen.place.clone());
                    let raise = Step { number: 1, at, by, deed: what, key: Some(key), implied: false };
                    if matches!(raise.deed, Deed::Raise { .. }) {
                        self.rows.insert(alert.clone(), Row::raised_here(alert, place, raise, point, timers));
                    }
                }
            }
            Recorded::LostAtHome { alert, .. } => drop(self.rows.change(&alert, Row::lose_at_home)),
            Recorded::Refused { alert, key, why, .. } => {
                self.rows.change(&alert, |row| row.answer(key, Answer::Refused(why)));
            }
            Recorded::Errand { at, home, by, what, key } => {
                self.suspensions.learn(at, &home, &by, &what, &key);
                self.learn_errand(at, &home, &by, &what);
                self.errands.learn(at, home, by, what, key);
            }
            Recorded::Suspended { at, home, id, refused } => self.suspensions.answered(at, &home, &id, refused),
            Recorded::Sight { at, home, sight } => self.sights.learn(at, home, sight),
            Recorded::Listened { at, from } => self.sights.learn_listened(from, at),
            Recorded::Morning { home, word, .. } => self.daily.told(home, word),
            Recorded::Day { day, closed, .. } => self.daily.open(day, closed, &self.settings.daily),
            Recorded::Filed { alert, last_step, place, noticed_at, own_alerts, .. } => {
                self.learn_filed(alert, last_step, HomeAsFiled { place, noticed_at, own_alerts });
            }
            Recorded::Level { home, level, .. } => self.watch.homes.entry(home).or_default().level = level,
            Recorded::HeardAgain { at, home } => {
                let reported = self.watch.homes.get_mut(&home).and_then(|seen| seen.reported.take());
                self.recover(at, home, reported);
            }
            Recorded::OneGateway { at, home } => {
                let told = self.watch.homes.get_mut(&home).and_then(|seen| seen.twins.alert.take());
                self.recover(at, home, told);
            }
        }
    }
}

impl Desk {
    /// What the station raised itself is over; people close it.
    fn recover(&mut self, at: Timestamp, home: HomeId, alert: Option<AlertId>) {
        let Settings { point, timers, .. } = &self.settings;
        let Some(key) = alert.map(|alert| AlertKey { home, alert }) else { return };
        self.rows.change(&key, |row| {
            if row.alert.phase.is_open() {
                let (by, what) = (Actor::station(point.clone()), Deed::Recovered);
                let key = timer_key(at, &what);
                row.act(at, by, what, key, point, timers);
            }
        });
    }
}

/// A timer's key is made of what it is, so that a restored desk makes the same one.
fn timer_key(at: Timestamp, what: &Deed) -> String {
    format!("{}-{}", what.name(), at.timestamp_millis())
}
