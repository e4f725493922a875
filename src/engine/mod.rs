//! The home's decisions: what was seen, whether the quiet is wrong, who is asked next.
//!
//! Pure: `(now, input) → effects`. Never reads a clock, never touches the world, never draws a random number; the same
//! inputs give the same effects, byte for byte, in production, replay, simulation and tests.
//!
//! *History is the only state.* Rules have no memory; all memory is [`Seen`](seen::Seen) and [`Book`](book::Book), and
//! both are rebuilt from [`Recorded`] lines. So a restart, a replay and a change of configuration need no format of
//! their own, and "killed after every input and restored" is an ordinary test.
//!
//! Why was an alert raised? `rules/<name>.rs` holds the judgement, `seen/` what it rests on, `book.rs` what became of it.

pub mod book;
pub mod circle;
pub mod diary;
pub mod drive;
pub mod effect;
pub mod floods;
pub mod input;
pub mod links;
pub mod rhythm;
pub mod rules;
pub mod seen;

use crate::model::alert::{Alert, Step};
use crate::model::home::{Home, Sensor, SensorKind, Service};
use crate::model::lifecycle::{Contact, Deed, Outcome};
use crate::model::reason::{Class, Reason};
use crate::model::recorded::Recorded;
use crate::model::time::{Span, Timestamp};
use book::Book;
use circle::Circle;
pub use effect::{Effect, Signal};
pub use input::Input;
use rules::{Finding, Just, Known, Rule};
use seen::Seen;
use std::sync::Arc;

/// The decisions of one home.
#[derive(Clone)]
pub struct Engine {
    home: Home,
    rules: Arc<[Box<dyn Rule>]>,
    seen: Seen,
    book: Book,
    /// The newest instant handled: time never runs backwards in here.
    now: Option<Timestamp>,
    wakeup: Option<Timestamp>,
    /// What the person in the home was told last; reckoned when it is asked for after a step of the history.
    told: Option<Signal>,
}

impl Engine {
    /// An engine that has seen nothing yet.
    pub fn new(home: Home, settings: &rules::Settings, circle: Circle) -> Engine {
        let seen = Seen::new(&home, settings);
        Engine {
            rules: rules::enabled(settings).into(),
            seen,
            book: Book::new(circle, settings),
            home,
            now: None,
            wakeup: None,
            told: Some(Signal::default()),
        }
    }

    /// The same engine with this history behind it. Learns, raises nothing, sends nothing.
    pub fn restore(mut self, history: impl IntoIterator<Item = Recorded>) -> Engine {
        for recorded in history {
            self.recall(recorded);
        }
        self
    }

    /// Alerts are numbered from here on, where nobody knows how many there were.
    pub fn number_from(&mut self, number: u64) {
        self.book.number_from(number);
    }

    /// Takes in one line of history.
    pub fn recall(&mut self, mut recorded: Recorded) {
        let at = recorded.at();
        if let (Recorded::Started { blind_since: since @ None, .. }, Some(last)) = (&mut recorded, self.now)
            && last < at
        {
            // It was taken for the first start by a gateway that could not read what stands before it.
            *since = Some(last);
        }
        self.now = Some(self.now.map_or(at, |now| now.max(at)));
        if !matches!(recorded, Recorded::ClockStepped { .. }) {
            self.seen.pass(&self.home, at);
        }
        match &recorded {
            // What went on before the watch was interrupted, or the clock was set, is over before that is taken in.
            Recorded::Started { blind_since, .. } => self.habits_until(at, *blind_since),
            Recorded::ClockStepped { by, .. } => self.habits_until(at - *by, None),
            Recorded::Observed(_)
            | Recorded::Step { .. }
            | Recorded::Link { .. }
            | Recorded::Flooded { .. }
            | Recorded::Suspended { .. }
            | Recorded::Day(_)
            | Recorded::Watching { .. }
            | Recorded::Configured { .. }
            | Recorded::ClockTrusted { .. }
            | Recorded::Asked { .. }
            | Recorded::Received { .. }
            | Recorded::Trouble { .. }
            | Recorded::Test { .. }
            | Recorded::Tested { .. }
            | Recorded::TroubleOver { .. } => self.habits_until(at, None),
            Recorded::HeardBefore(_) | Recorded::HistoryCut { .. } => {}
        }
        match recorded {
            Recorded::Observed(observation) => {
                self.seen.observe(&self.home, &observation);
            }
            Recorded::Step { alert, step } => {
                self.book.recall(alert, step.clone());
                self.answered(alert, &step);
                // Over a long history once, at its end, instead of at every step.
                self.told = None;
            }
            Recorded::Day(day) => self.seen.habits.recall(&self.home, day),
            Recorded::Link { at, source, up } => {
                self.seen.link(&self.home, at, &source, up);
            }
            Recorded::Started { at, blind_since } => {
                self.seen.started(&self.home, at, blind_since);
            }
            Recorded::Flooded { at, flood } => self.seen.floods.tell(at, &flood),
            Recorded::Suspended { at, what } => self.seen.suspend(&self.home, at, &what),
            Recorded::ClockStepped { at, by } => self.clock_stepped(at, by),
            // What bore on decisions that stand in the history themselves.
            Recorded::Watching { .. }
            | Recorded::ClockTrusted { .. }
            | Recorded::Asked { .. }
            | Recorded::Received { .. }
            | Recorded::Trouble { .. }
            | Recorded::Test { .. }
            | Recorded::Tested { .. }
            | Recorded::TroubleOver { .. } => {}
            Recorded::HistoryCut { times, .. } => self.book.go_on_beyond(times),
            Recorded::Configured { steps_on, .. } => self.book.steps_go_on_beyond(steps_on),
            Recorded::HeardBefore(observation) => self.seen.recall_heard_before(&self.home, &observation),
        }
    }

    /// Whether the clock on the wall can be believed at the start. Judges nothing; a later change is an input.
    pub fn begin_with_clock(&mut self, trusted: bool) {
        self.seen.clock_trusted = trusted;
    }

    /// A new run begins: the steps of the alerts that it knows are numbered further on by so much.
    pub fn steps_go_on_beyond(&mut self, by: u32) {
        self.book.steps_go_on_beyond(by);
    }

    /// A part of the history is lost, for the time of this number. Judges nothing; the caller records it before anything else
    /// is decided. Says whether that is news.
    pub fn history_cut(&mut self, times: u64) -> bool {
        let is_news = times > self.book.cuts();
        if is_news {
            self.book.go_on_beyond(times);
        }
        is_news
    }

    /// Takes in one input at `now` and says what must be done. Every effect has to be carried out by the caller:
    /// alert steps are recorded first, then notices sent.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        let clock_was_set = matches!(input, Input::ClockStepped { .. });
        let now = self.now.filter(|_| !clock_was_set).map_or(now, |last| now.max(last));
        self.now = Some(now);
        let mut effects = Vec::new();
        if !clock_was_set {
            self.seen.pass(&self.home, now);
        }
        match &input {
            Input::Started { blind_since } => self.habits_until(now, *blind_since),
            Input::ClockStepped { by } => self.habits_until(now - *by, None),
            Input::Observed(_)
            | Input::Step { .. }
            | Input::Received { .. }
            | Input::Link { .. }
            | Input::Flooded(_)
            | Input::Suspended(_)
            | Input::ClockTrusted(_)
            | Input::Trouble(_)
            | Input::TroubleOver { .. }
            | Input::Test { .. }
            | Input::Tested { .. }
            | Input::Tick => self.habits_until(now, None),
        }
        let told = self.told();
        let just = self.take_in(now, input, &mut effects);
        // What was taken in may have moved the begin of the silence into the past.
        self.seen.habits.advance(&self.home, now);
        let learned = self.seen.habits.take_untold().into_iter();
        effects.extend(learned.map(|day| Effect::Learned(Box::new(day))));
        self.turn(now, just, &mut effects);
        self.tell_the_home(told, &mut effects);
        effects
    }

    /// When [`Engine::handle`] must be called with [`Input::Tick`] if nothing else happens before.
    ///
    /// After `handle(next_wakeup, Tick)` it is none or strictly later.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.wakeup
    }

    /// What the person in the home is told as things stand.
    pub fn told(&self) -> Signal {
        self.told.unwrap_or_else(|| Signal::of(self.book.alerts()))
    }

    /// What was going on at `at` was an emergency, as people found: never to be learned from.
    pub fn never_learn(&mut self, at: Timestamp) {
        self.seen.habits.never_learn(at);
    }

    /// A sensor joins the home.
    pub fn adopt(&mut self, sensor: Sensor) {
        self.seen.adopt(&sensor);
        self.home.sensors.entry(sensor.id.clone()).or_insert(sensor);
    }

    /// What was seen so far.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Every alert still in the book, oldest first.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.book.alerts()
    }

    /// The home it decides for.
    pub fn home(&self) -> &Home {
        &self.home
    }

    fn take_in(&mut self, now: Timestamp, input: Input, effects: &mut Vec<Effect>) -> Just {
        match input {
            Input::Observed(observation) => {
                let told = self.seen.observe(&self.home, &observation);
                if let Some(sign) = self.seen.last_life.as_ref().filter(|_| told.is_life) {
                    self.book.life(now, &self.home, sign, told.press.is_some(), effects);
                }
                if let Some(pressed) = told.press {
                    let sensor = self.home.sensors.get(&pressed.sensor);
                    if sensor.is_some_and(|sensor| sensor.service == Some(Service::Arrival)) {
                        self.book.arrived(now, effects);
                    }
                    if sensor.is_some_and(|sensor| sensor.kind == SensorKind::OkButton) {
                        self.book.all_well(now, &self.home, effects);
                    }
                    return Just::Pressed(pressed);
                }
                if let Some(ended) = told.ended {
                    return Just::SeenAgain(ended);
                }
            }
            Input::Step { alert, key, by, deed } => {
                self.book.asked_for(now, &self.home, (alert, key), by, deed, effects);
                for effect in effects.iter() {
                    if let Effect::Alert { alert, step } = effect {
                        self.answered(*alert, step);
                    }
                }
            }
            Input::Received { alert, point } => self.book.received(now, alert, point, effects),
            Input::Link { source, up } => {
                if let Some(ended) = self.seen.link(&self.home, now, &source, up) {
                    return Just::SeenAgain(ended);
                }
            }
            Input::Started { blind_since } => {
                if let Some(ended) = self.seen.started(&self.home, now, blind_since) {
                    return Just::SeenAgain(ended);
                }
            }
            Input::Flooded(flood) => self.seen.floods.tell(now, &flood),
            Input::Suspended(change) => self.seen.suspend(&self.home, now, &change),
            Input::ClockTrusted(trusted) => self.seen.clock_trusted = trusted,
            Input::ClockStepped { by } => self.clock_stepped(now, by),
            Input::Trouble(reason) => self.book.trouble(now, &self.home, reason, effects),
            Input::Test { by_hand } => self.book.test(now, by_hand, effects),
            Input::Tested { unanswered } => self.book.tested(now, unanswered, effects),
            Input::TroubleOver { rule, way } => self.book.trouble_over(now, rule, way.as_ref(), effects),
            Input::Tick => {}
        }
        Just::Nothing
    }

    /// Judges every rule once, then runs the timers that are due, and finds the next instant at which to look again.
    fn turn(&mut self, now: Timestamp, just: Just, effects: &mut Vec<Effect>) {
        let known = Known { home: &self.home, seen: &self.seen, just: &just };
        let mut all = Finding { alarms: Vec::new(), look_again: self.seen.suspended.changes_at(now) };
        let mut checks: Vec<&'static str> = Vec::new();
        for rule in self.rules.iter() {
            let is_held_back = self.seen.suspended.holds(now, rule.name());
            // What was told before somebody said that the home is other than usual may end meanwhile.
            if is_held_back && !self.book.has_standing(rule.name()) {
                continue;
            }
            let Finding { alarms, look_again: changes_at } = rule.judge(now, &known);
            if !is_held_back {
                all.look_at(changes_at);
                let is_check = |alarm: &&rules::Alarm| alarm.reason.class() == Class::Check;
                checks.extend(alarms.iter().filter(is_check).map(|alarm| alarm.reason.matter()));
                self.book.find(now, &self.home, &alarms, effects);
            }
            let may_go_on = |reason: &Reason| rule.may_go_on(now, &known, reason);
            self.book.mark_recovered(now, rule.name(), &alarms, may_go_on, effects);
        }
        self.book.end_checks(now, &self.home, &checks, self.seen.last_life.as_ref(), effects);
        self.book.run_timers(now, &self.home, effects);
        all.look_at(self.seen.habits.wakes_at());
        all.look_at(self.book.next_wakeup());
        self.wakeup = all.look_again;
        assert!(self.wakeup.is_none_or(|wakeup| wakeup > now), "a deadline that has come was not acted on");
    }

    /// Only a step of an alert changes what the person in the home is told.
    fn tell_the_home(&mut self, before: Signal, effects: &mut Vec<Effect>) {
        self.told = Some(before);
        if effects.iter().any(|effect| matches!(effect, Effect::Alert { .. })) {
            let signal = Signal::of(self.book.alerts());
            self.told = Some(signal);
            effects.extend((signal != before).then_some(Effect::Local(signal)));
        }
    }

    /// Time passes for what is learned, until `now`; from `blind_since` on nobody watched.
    fn habits_until(&mut self, now: Timestamp, blind_since: Option<Timestamp>) {
        if let Some(from) = blind_since.filter(|from| *from < now) {
            self.seen.habits.advance(&self.home, from);
            self.seen.habits.blind(from);
        }
        self.seen.habits.advance(&self.home, now);
    }

    /// A silence in which somebody needed help is no habit; of one that was nothing it is asked again if it goes on.
    fn answered(&mut self, alert: u64, step: &Step) {
        let Deed::Close { outcome, contact } = &step.deed else { return };
        let Some(alert) = self.book.alerts().find(|other| other.id.number == alert) else { return };
        match outcome {
            Outcome::Helped | Outcome::Hospital | Outcome::Died => self.seen.habits.never_learn(alert.id.raised_at),
            Outcome::FoundWell
            | Outcome::HouseWork
            | Outcome::PressedByMistake
            | Outcome::WantedTalk
            | Outcome::Equipment
            | Outcome::NoAccess
            | Outcome::Test
            | Outcome::Duplicate => {
                // A question before the limit is ended by whoever talked to the person; else the quiet goes on as it was.
                let is_check = matches!(&alert.reason, Reason::Check(check) if check.room.is_none());
                let is_quiet = alert.reason.silence().is_some();
                if is_quiet || is_check && *contact != Contact::None {
                    self.seen.habits.answered(alert.again_at, step.at);
                }
            }
            // Whoever is out is not waited for until they are seen.
            Outcome::AwayUnreported => {}
        }
    }

    /// Spans are measured on the clock that never jumps: when the clock on the wall is set, what is remembered moves along.
    fn clock_stepped(&mut self, now: Timestamp, by: Span) {
        self.seen.shift(by);
        self.seen.habits.shift(by, now, &self.home);
        self.book.shift(by);
        self.now = Some(now);
    }
}

#[cfg(test)]
mod tests;
