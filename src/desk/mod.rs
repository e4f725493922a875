//! The station's decisions: the queue, who owns what, every timer of an alert, the dead man's switch.
//!
//! Pure, same shape as the engine: `(now, input) → effects`, and the history is the only state. The home's gateway is
//! the judge between service points; among its own staff this desk is. Never takes back an alert: only people close.

mod cases;
mod errands;
mod faults;
mod input;
mod report;
mod row;
mod send;
#[cfg(test)]
mod tests;
mod twins;
mod view;
mod watch;

pub use cases::{Case, Did, Ended, FiledCase, Ripe, Spell};
pub use errands::Done;
pub use faults::{Due, Fault, FaultState, Folded, Part, folded};
pub use input::{
    AlertKey, Answer, Beat, BookState, Click, Condition, Effect, Input, Notice, Order, Outgoing, Recorded, Settings,
    Subject, Suspended,
};
pub use report::{Figure, Of, Range, Report, Selection, Times, Value};
pub use view::{AlertView, Band, BandName, HomeView, Line, RowView, View};

use crate::desk::cases::{Filed, HomeAsFiled};
use crate::desk::errands::Errands;
use crate::desk::row::Row;
use crate::desk::send::Sending;
use crate::desk::watch::Watch;
use crate::model::alert::{AlertId, Step};
use crate::model::card::Card;
use crate::model::ids::HomeId;
use crate::model::lifecycle::{Actor, Deed, Refusal, Role};
use crate::model::reason::Reason;
use crate::model::time::Timestamp;
use std::collections::BTreeMap;

/// The desk of one service point.
#[derive(Debug, Clone)]
pub struct Desk {
    settings: Settings,
    rows: BTreeMap<AlertKey, Row>,
    watch: Watch,
    sending: Sending,
    errands: Errands,
    cards: BTreeMap<HomeId, Box<Card>>,
    filed: Filed,
}

/// Alerts of the station itself are counted from here, apart from the gateways' own numbers.
pub const STATION_NUMBERS: u64 = 1_000_000_000;

impl Desk {
    /// A desk that knows nothing yet.
    pub fn new(settings: Settings) -> Desk {
        Desk {
            settings,
            rows: BTreeMap::new(),
            watch: Watch::default(),
            sending: Sending::default(),
            errands: Errands::default(),
            cards: BTreeMap::new(),
            filed: Filed::default(),
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
        match input {
            Input::Notice(notice) => self.notice(now, *notice, &mut effects),
            Input::Heartbeat { home, condition } => {
                self.heard(now, &home, &mut effects);
                let newest = self.watch.homes.get(&home).and_then(|seen| seen.condition.as_ref());
                // One that came the slower of two ways tells how it was.
                let is_older = newest.is_some_and(|newest| newest.beat.is_after(&condition.beat));
                if !is_older {
                    self.rhythm(now, &home, condition.level, &mut effects);
                }
                self.twins(now, &home, &condition.beat, &mut effects);
                if !is_older {
                    self.watch.homes.entry(home).or_default().condition = Some(condition);
                }
            }
            Input::HomeLink { home, online } => self.home_link(now, home, online, &mut effects),
            Input::OwnLink { up } => self.own_link(now, up),
            Input::Click(click) => self.click(now, click, &mut effects),
            Input::Order(order) => self.order(now, order, &mut effects),
            Input::File { alert, version } => self.file(now, alert, version, &mut effects),
            Input::Tick => {}
        }
        if self.watch.is_due(now) {
            self.silences(now, &mut effects);
            self.twins_over(now, &mut effects);
            self.watch.looked(self.settings.unreachable_after);
        }
        self.timers(now, &mut effects);
        let (rows, sending) = (&self.rows, &mut self.sending);
        effects.extend(sending.due(now, rows.values()).into_iter().map(Effect::Send));
        effects
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

    /// Every home of which there is a card.
    pub fn carded(&self) -> impl Iterator<Item = &HomeId> {
        self.cards.keys()
    }

    /// Every home that was ever heard.
    pub fn homes(&self) -> impl ExactSizeIterator<Item = &HomeId> {
        self.watch.homes.keys()
    }

    /// When to come back with [`Input::Tick`].
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        let timers = self.rows.values().filter_map(|row| row.next_timer(&self.settings.timers)).map(|(at, _)| at).min();
        let watch = self.watch.next(self.settings.unreachable_after);
        [timers, watch, self.sending.next()].into_iter().flatten().min()
    }

    fn notice(&mut self, now: Timestamp, notice: Notice, effects: &mut Vec<Effect>) {
        self.heard(now, &notice.home, effects);
        let alert = AlertKey { home: notice.home.clone(), alert: notice.alert };
        let step = notice.step.number;
        let is_held = match self.rows.get(&alert) {
            Some(row) => row.holds(step),
            None => self.filed.holds(&alert, step),
        };
        if !is_held {
            self.record(Recorded::Notice { at: now, notice }, effects);
            effects.push(Effect::Changed(alert.clone().into()));
        }
        let at = self.rows.get(&alert).map_or(now, |row| row.received_at);
        effects.push(Effect::Receipt { alert, step, at });
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
        while let Some((at, home)) = self.watch.next_silence(self.settings.unreachable_after)
            && at <= now
        {
            let (home, seen) = (home.clone(), &self.watch.homes[home]);
            let by = Actor::station(self.settings.point.clone());
            let open = |row: &&Row| {
                let is_over = row.alert.phase.is_open() && row.alert.recovered_at.is_some();
                row.is_ours() && !row.is_of_twins() && is_over
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
            let timers = &self.settings.timers;
            let due = self.rows.values().filter_map(|row| Some((row.next_timer(timers)?, row)));
            let first = due.filter(|((at, _), _)| *at <= now).min_by_key(|((at, _), row)| (*at, row.key.clone()));
            let Some(((at, what), row)) = first else { return };
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
        self.learn(recorded.clone());
        self.watch.look_at(recorded.home(), self.settings.unreachable_after);
        effects.push(Effect::Record(recorded));
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
                match self.rows.get_mut(&key) {
                    Some(row) => row.hold(at, notice, point, timers),
                    None => drop(self.rows.insert(key, Row::begin(at, notice, point, timers))),
                }
            }
            Recorded::Done { at, alert, by, what, key } => {
                if by.role == Role::Station {
                    let is_of_twins = self.rows.get(&alert).is_some_and(Row::is_of_twins);
                    self.watch.finding(&alert, &what, is_of_twins);
                }
                match self.rows.get_mut(&alert) {
                    Some(row) => {
                        let is_click = by.role.is_staff();
                        row.act(at, by, what, key.clone(), point, timers);
                        if is_click {
                            row.answer(key, Answer::Done { version: row.version });
                        }
                    }
                    None => {
                        let place = self.watch.homes.get(&alert.home).and_then(|seen| seen.place.clone());
                        let raise = Step { number: 1, at, by, deed: what, key: Some(key), implied: false };
                        if matches!(raise.deed, Deed::Raise { .. }) {
                            self.rows.insert(alert.clone(), Row::raised_here(alert, place, raise, point, timers));
                        }
                    }
                }
            }
            Recorded::Refused { alert, key, why, .. } => {
                if let Some(row) = self.rows.get_mut(&alert) {
                    row.answer(key, Answer::Refused(why));
                }
            }
            Recorded::Errand { at, home, by, what, key } => self.errands.learn(at, home, by, what, key),
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
        let row = alert.and_then(|alert| self.rows.get_mut(&AlertKey { home, alert }));
        if let Some(row) = row.filter(|row| row.alert.phase.is_open()) {
            let (by, what) = (Actor::station(point.clone()), Deed::Recovered);
            let key = timer_key(at, &what);
            row.act(at, by, what, key, point, timers);
        }
    }
}

/// A timer's key is made of what it is, so that a restored desk makes the same one.
fn timer_key(at: Timestamp, what: &Deed) -> String {
    format!("{}-{}", what.name(), at.timestamp_millis())
}
