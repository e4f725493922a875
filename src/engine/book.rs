//! The alert book: every alert of the home with its life, and the only place where steps are made.
//!
//! Steps are numbered here, also those that a station asked for: the home's gateway judges between points. Only people close.

use crate::engine::circle::Circle;
use crate::engine::effect::Effect;
use crate::engine::rules::{Alarm, Long, Settings};
use crate::model::alert::{Alert, AlertId, Step};
use crate::model::home::Home;
use crate::model::ids::PointId;
use crate::model::lifecycle::{Actor, Deed, Phase, Proof, Role};
use crate::model::reason::{Reason, Severity, SignOfLife, WayOut};
use crate::model::time::{Span, Timestamp};
use matter::{Spoken, concerns_person, is_answered_by, is_same, matter, who_says};
use outlook::{CLOSED_KEPT, Outlook, ended_before};
use std::collections::BTreeMap;

mod check;
mod matter;
mod outlook;
mod test;

/// One sign of life in this span is enough on an open alert.
const LIFE_STEP_EVERY: Span = Span::minutes(5);

/// So many alerts, and so many steps of one, are never made between the daily copy and its use.
const NUMBERS_LOST_MAX: u64 = 10_000;

/// A gateway that starts every few seconds must not count an open alert's steps into the numbers that stations give their own.
const NUMBERED_ON_BELOW: u32 = 1 << 23;

/// Every alert of the home.
#[derive(Clone)]
pub struct Book {
    circle: Circle,
    alerts: BTreeMap<u64, Alert>,
    next_number: u64,
    /// How often a part of the history was lost.
    cuts: u64,
    /// When each rule last spoke about each matter: an episode is told once.
    spoken: Spoken,
    /// What follows from the alerts as they are; absent after a change until it is asked for.
    outlook: Option<Outlook>,
    /// How urgent the alerts of a rule are, and how long the person is asked first, where the configuration says so.
    severities: BTreeMap<String, Severity>,
    ask_first: BTreeMap<String, Long>,
    /// Whether a station hears of a question before a limit.
    tells_station: bool,
}

impl Book {
    /// An empty book.
    pub fn new(circle: Circle, settings: &Settings) -> Book {
        Book {
            circle,
            alerts: BTreeMap::new(),
            next_number: 1,
            cuts: 0,
            spoken: Spoken::default(),
            outlook: None,
            severities: settings.severity.clone(),
            ask_first: settings.ask_first.clone(),
            tells_station: settings.check.tells_station,
        }
    }

    /// Takes in a step of the history.
    pub fn recall(&mut self, number: u64, step: Step) {
        self.outlook = None;
        self.next_number = self.next_number.max(number + 1);
        self.note_spoken(number, &step);
        match self.alerts.get_mut(&number) {
            Some(alert) => alert.apply(step),
            None => {
                if let Some(alert) = Alert::begin(number, step) {
                    self.alerts.insert(number, alert);
                }
            }
        }
    }

    /// How often a part of the history was lost.
    pub fn cuts(&self) -> u64 {
        self.cuts
    }

    /// A part of the history is lost, and with it which numbers were given out. A station takes a step whose number it has
    /// for one it has: whatever is numbered from now on has a number that nothing had before.
    pub fn go_on_beyond(&mut self, times: u64) {
        self.cuts = self.cuts.max(times);
        let floor = times.saturating_mul(NUMBERS_LOST_MAX);
        self.next_number = floor.max(self.next_number + NUMBERS_LOST_MAX);
        for alert in self.alerts.values_mut() {
            let beyond = floor.max(u64::from(alert.last_step) + NUMBERS_LOST_MAX);
            alert.last_step = u32::try_from(beyond).unwrap_or(u32::MAX);
        }
    }

    /// A new run goes on with what is written. What the one before told while nothing could be written is not known here, but a
    /// station has it, and takes a step whose number it has for the one it has: a second press would be shown to nobody.
    /// The alerts themselves are told apart by the instant of their raise.
    pub fn steps_go_on_beyond(&mut self, by: u32) {
        for alert in self.alerts.values_mut().filter(|alert| alert.last_step < NUMBERED_ON_BELOW) {
            alert.last_step += by.min(NUMBERED_ON_BELOW);
        }
    }

    /// The next alert has this number, or a greater one.
    pub fn number_from(&mut self, number: u64) {
        self.next_number = self.next_number.max(number);
    }

    /// Every alert still in the book, oldest first.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values()
    }

    /// What a rule finds at `now`: new episodes are raised.
    pub fn find(&mut self, now: Timestamp, home: &Home, alarms: &[Alarm], effects: &mut Vec<Effect>) {
        for alarm in alarms {
            let spoken_at = self.spoken.at(&alarm.reason);
            if spoken_at.is_none_or(|spoken_at| alarm.since >= spoken_at) && !self.is_late_check(alarm) {
                self.tell(now, home, alarm.reason.clone(), effects);
            }
        }
    }

    /// A trouble of the gateway itself: one open alert per rule.
    pub fn trouble(&mut self, now: Timestamp, home: &Home, reason: Reason, effects: &mut Vec<Effect>) {
        let open = self.open(&reason).map(|alert| (alert.id.number, alert.recovered_at.is_some()));
        if open.is_none_or(|(_, recovered)| recovered) {
            self.tell(now, home, reason, effects);
        }
    }

    /// The trouble of `rule`, where it is one of a way out of this way, is over; its alert says so and waits for a person.
    pub fn trouble_over(
        &mut self,
        now: Timestamp,
        rule: &'static str,
        way: Option<&WayOut>,
        effects: &mut Vec<Effect>,
    ) {
        let is_of_another = |reason: &Reason| way.is_some_and(|way| !way.is_lost_by(reason));
        self.mark_recovered(now, rule, &[], is_of_another, effects);
    }

    /// A sign of life: shown on open alerts about the person, and nothing else changes.
    ///
    /// A press is no news on the call it makes; movement, and a press while the quiet is wrong, are.
    pub fn life(&mut self, now: Timestamp, home: &Home, sign: &SignOfLife, is_press: bool, effects: &mut Vec<Effect>) {
        for number in self.numbers(|alert| alert.asking_until.is_some() && is_answered_by(&alert.reason, sign)) {
            let by = Actor { via: None, ..Actor::home() };
            self.take_back(now, home, number, by, effects);
        }
        let waits = |alert: &Alert| {
            let news = alert
                .life_since
                .as_ref()
                .is_none_or(|last| sign.at - last.at >= LIFE_STEP_EVERY || last.at < alert.again_at);
            let is_its_own = is_press && matches!(alert.reason, Reason::CallButton { .. });
            let is_told = alert.phase.is_open() && alert.asking_until.is_none();
            is_told && !is_its_own && concerns_person(&alert.reason) && news && sign.at > alert.again_at
        };
        for number in self.numbers(waits) {
            self.write(now, number, Actor::gateway(), Deed::Life { sign: sign.clone() }, None, effects);
        }
    }

    /// A station holds a notice of this alert.
    pub fn received(&mut self, now: Timestamp, id: AlertId, point: PointId, effects: &mut Vec<Effect>) {
        let Some(alert) = self.find_alert(id) else { return };
        let by = Actor::station(point);
        let told = alert.steps.iter().any(|step| step.by == by && step.deed == Deed::Receive);
        if told || alert.phase.after(&Deed::Receive, Role::Station).is_err() {
            return;
        }
        // The station knows what it wrote: its receipt is recorded, not sent back.
        self.record(now, id.number, by, Deed::Receive, None, effects);
    }

    /// A step asked for at a station: judged, written, and answered to every point that holds the alert.
    pub fn asked_for(
        &mut self,
        now: Timestamp,
        home: &Home,
        (id, key): (AlertId, String),
        by: Actor,
        deed: Deed,
        effects: &mut Vec<Effect>,
    ) {
        // A station that speaks of an alert unknown here keeps it to itself: there is no book to judge by.
        let Some(alert) = self.find_alert(id) else { return };
        if let Some(step) = alert.steps.iter().find(|step| step.key.as_deref() == Some(&key)) {
            let to = by.point.into_iter().collect();
            effects.push(Effect::notify(alert, to, step.clone()));
            return;
        }
        if alert.phase == Phase::Raised
            && let Some(point) = by.point.clone()
        {
            // Whoever acts on an alert holds it, even if the receipt was lost on the way.
            self.received(now, id, point, effects);
        }
        let alert = &self.alerts[&id.number];
        match alert.judge(now, &by, &deed, &self.circle.timers) {
            Ok(_) => {
                let is_wish = matches!(deed, Deed::Escalate { .. });
                // Whom a wish for more people means, only the home knows.
                let deed = if is_wish { self.circle.widen(&home.zone, now, alert) } else { deed };
                self.write_with_implied(now, id.number, by, deed, Some(key), effects);
            }
            Err(why) => {
                let refused = Deed::Refused { asked: deed.name().to_owned(), why };
                let to = by.point.clone();
                let step = self.record(now, id.number, Actor::gateway(), refused, Some(key), effects);
                effects.push(Effect::notify(&self.alerts[&id.number], to.into_iter().collect(), step));
            }
        }
    }

    /// Somebody pressed the visitor's button: proof of arrival on every alert about the person that is in hand.
    pub fn arrived(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let waits =
            |alert: &Alert| matches!(alert.phase, Phase::Taken | Phase::OnTheWay) && concerns_person(&alert.reason);
        for number in self.numbers(waits) {
            let deed = Deed::Arrive { proof: Proof::ServiceButton };
            self.write_with_implied(now, number, Actor::home(), deed, None, effects);
        }
    }

    /// Makes every step whose time has come.
    pub fn run_timers(&mut self, now: Timestamp, home: &Home, effects: &mut Vec<Effect>) {
        let outlook = self.outlook();
        if outlook.forgotten_from.is_some_and(|from| from < now) {
            self.alerts.retain(|_, alert| !ended_before(alert, now - CLOSED_KEPT));
            self.outlook = None;
        }
        if self.outlook().timer_at.is_none_or(|at| at > now) {
            return;
        }
        for number in self.numbers(|alert| alert.asking_until.is_some_and(|until| until <= now)) {
            self.stop_asking(now, home, number, effects);
        }
        for number in self.numbers(|alert| alert.phase.is_open()) {
            while let Some((_, deed)) =
                self.alerts[&number].next_home_timer(&self.circle.timers).filter(|(at, _)| *at <= now)
            {
                self.write(now, number, Actor::gateway(), deed, None, effects);
            }
            let alert = &self.alerts[&number];
            if self.circle.widens_at(alert).is_some_and(|at| at <= now) {
                let deed = self.circle.widen(&home.zone, now, alert);
                self.write(now, number, Actor::gateway(), deed, None, effects);
            }
        }
    }

    /// The next instant at which [`Book::run_timers`] has something to do.
    pub fn next_wakeup(&mut self) -> Option<Timestamp> {
        self.outlook().timer_at
    }

    fn outlook(&mut self) -> &Outlook {
        let (alerts, circle) = (&self.alerts, &self.circle);
        self.outlook.get_or_insert_with(|| Outlook::of(alerts, circle))
    }

    /// Moves every remembered instant by `by`.
    pub fn shift(&mut self, by: Span) {
        self.outlook = None;
        self.alerts.values_mut().for_each(|alert| alert.shift(by));
        self.spoken.shift(by);
    }

    /// Raises an alert, or says "again" on the open one about the same matter, or reopens the one just closed.
    fn tell(&mut self, now: Timestamp, home: &Home, reason: Reason, effects: &mut Vec<Effect>) {
        if matches!(reason, Reason::Check(_)) {
            return self.ask_in_time(now, home, reason, effects);
        }
        if let Some(open) = self.open(&reason) {
            let (number, count) = (open.id.number, open.count + 1);
            if open.asking_until.is_some() {
                // Whoever presses again means it.
                self.stop_asking(now, home, number, effects);
            }
            self.write(now, number, who_says(&reason), Deed::Again { count }, None, effects);
            return;
        }
        if let Some(number) = self.reopens(now, &reason) {
            self.write(now, number, Actor::home(), Deed::Reopen, None, effects);
            return;
        }
        let number = self.next_number;
        let severity = self.severities.get(reason.rule()).copied().unwrap_or(reason.severity());
        let asks_first = self.ask_first.get(reason.rule()).copied().filter(|_| !self.was_asked_in_time(&reason));
        if let Some(long) = asks_first {
            let deed = Deed::Raise { severity, reason, test: false, to: Vec::new() };
            self.record(now, number, Actor::gateway(), deed, None, effects);
            self.record(now, number, Actor::gateway(), Deed::AskHome { until: now + long.0 }, None, effects);
            return;
        }
        let to = self.circle.first(&home.zone, now, severity, false);
        let deed = Deed::Raise { severity, reason, test: false, to };
        self.write(now, number, Actor::gateway(), deed, None, effects);
    }

    /// Somebody pressed the OK button: whatever is being asked at home is answered, and whoever is on the way is told.
    ///
    /// An alert that a station may hold already is never taken back by it: only people close.
    pub fn all_well(&mut self, now: Timestamp, home: &Home, effects: &mut Vec<Effect>) {
        for number in self.numbers(|alert| alert.asking_until.is_some()) {
            self.take_back(now, home, number, Actor::home(), effects);
        }
        let says_it_already = |alert: &Alert| {
            alert.steps.iter().any(|step| step.deed == Deed::PersonCancelled && step.at >= alert.again_at)
        };
        let waits = |alert: &Alert| {
            alert.phase.after(&Deed::PersonCancelled, Role::Home).is_ok()
                && concerns_person(&alert.reason)
                && !says_it_already(alert)
        };
        for number in self.numbers(waits) {
            self.write(now, number, Actor::home(), Deed::PersonCancelled, None, effects);
        }
    }

    /// What was asked at home is answered: taken back before a station was asked, and shown to the first one all the same.
    fn take_back(&mut self, now: Timestamp, home: &Home, number: u64, by: Actor, effects: &mut Vec<Effect>) {
        let step = self.record(now, number, by, Deed::Cancel, None, effects);
        effects.push(Effect::notify(&self.alerts[&number], self.circle.nearest(&home.zone, now), step));
    }

    /// Nobody answered, or the same was found again: stations are asked now.
    fn stop_asking(&mut self, now: Timestamp, home: &Home, number: u64, effects: &mut Vec<Effect>) {
        let Some(alert) = self.alerts.get(&number) else { return };
        let deed = Deed::Unanswered { to: self.circle.first(&home.zone, now, alert.severity, alert.test) };
        self.write(now, number, Actor::gateway(), deed, None, effects);
    }

    /// A press within minutes of closing is the same matter: whoever closed it was too quick.
    fn reopens(&self, now: Timestamp, reason: &Reason) -> Option<u64> {
        let newest = self.alerts.values().rev().find(|alert| alert.reason.rule() == reason.rule())?;
        let is_press = matches!(reason, Reason::CallButton { .. });
        let legal = newest.judge(now, &Actor::home(), &Deed::Reopen, &self.circle.timers).is_ok();
        (is_press && legal).then_some(newest.id.number)
    }

    /// Whether an alert of `rule` is open about what ends by itself and has not yet.
    pub fn has_standing(&mut self, rule: &str) -> bool {
        self.outlook().standing.iter().any(|(_, of)| *of == rule)
    }

    /// Faults of `rule` that are not found any more are marked as gone, unless they may go on unseen.
    pub fn mark_recovered(
        &mut self,
        now: Timestamp,
        rule: &'static str,
        alarms: &[Alarm],
        may_go_on: impl Fn(&Reason) -> bool,
        effects: &mut Vec<Effect>,
    ) {
        let standing = self.outlook().standing.iter().filter(|(_, of)| *of == rule);
        let standing: Vec<u64> = standing.map(|(number, _)| *number).collect();
        let is_gone = |number: &u64| {
            let Some(alert) = self.alerts.get(number) else { return false };
            let stands = alarms.iter().any(|alarm| !alarm.is_over && matter(&alarm.reason) == matter(&alert.reason));
            !stands && !may_go_on(&alert.reason)
        };
        for number in standing.into_iter().filter(is_gone).collect::<Vec<u64>>() {
            self.write(now, number, Actor::gateway(), Deed::Recovered, None, effects);
        }
    }

    fn write_with_implied(
        &mut self,
        now: Timestamp,
        number: u64,
        by: Actor,
        deed: Deed,
        key: Option<String>,
        effects: &mut Vec<Effect>,
    ) {
        for implied in self.alerts[&number].implied_by(&deed) {
            let alert = &self.alerts[&number];
            let step =
                Step { number: alert.last_step + 1, at: now, by: by.clone(), deed: implied, key: None, implied: true };
            self.enter(number, step, effects);
        }
        self.write(now, number, by, deed, key, effects);
    }

    /// Writes a step and tells every point that was asked.
    fn write(
        &mut self,
        now: Timestamp,
        number: u64,
        by: Actor,
        deed: Deed,
        key: Option<String>,
        effects: &mut Vec<Effect>,
    ) {
        let asker = by.point.clone();
        let step = self.record(now, number, by, deed, key, effects);
        let alert = &self.alerts[&number];
        let mut to = alert.points.clone();
        to.extend(asker.filter(|point| !alert.points.contains(point)));
        effects.push(Effect::notify(alert, to, step));
    }

    fn record(
        &mut self,
        now: Timestamp,
        number: u64,
        by: Actor,
        deed: Deed,
        key: Option<String>,
        effects: &mut Vec<Effect>,
    ) -> Step {
        let last = self.alerts.get(&number).map_or(0, |alert| alert.last_step);
        let step = Step { number: last + 1, at: now, by, deed, key, implied: false };
        self.enter(number, step.clone(), effects);
        step
    }

    fn enter(&mut self, number: u64, step: Step, effects: &mut Vec<Effect>) {
        effects.push(Effect::Alert { alert: number, step: step.clone() });
        self.recall(number, step);
    }

    fn note_spoken(&mut self, number: u64, step: &Step) {
        let is_repeat = matches!(step.deed, Deed::Again { .. } | Deed::Reopen);
        let reason = if let Deed::Raise { reason, .. } = &step.deed {
            Some(reason)
        } else {
            self.alerts.get(&number).map(|alert| &alert.reason).filter(|_| is_repeat)
        };
        let Some(reason) = reason else { return };
        self.spoken.note(reason, step.at);
    }

    fn open(&self, reason: &Reason) -> Option<&Alert> {
        self.alerts.values().rev().find(|alert| alert.phase.is_open() && is_same(&alert.reason, reason))
    }

    fn find_alert(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.get(&id.number).filter(|alert| alert.id == id)
    }

    fn numbers(&self, which: impl Fn(&Alert) -> bool) -> Vec<u64> {
        self.alerts.values().filter(|alert| which(alert)).map(|alert| alert.id.number).collect()
    }
}
