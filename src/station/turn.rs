//! The loop: one input, one turn of the desk, one commit; then receipts, answers, pages.

use crate::clock;
use crate::desk::{AlertKey, Answer, Click, Desk, Effect, Handover, Input, Order, Recorded, Subject};
use crate::model::event::Event as Happened;
use crate::model::ids::{HomeId, PointId};
use crate::model::time::{Span, Timestamp};
use crate::mqtt::Event;
use crate::station::directory::{self, Catalogue};
use crate::station::feed::{self, NotRead};
use crate::station::filing::{self, Filing};
use crate::station::homes::{Asked, Said};
use crate::station::memory::{Alerts, Memory};
use crate::station::reply::{Reply, Ways};
use crate::station::voice::Voice;
use crate::store::Written;
use crate::trust::broker_log;
use crate::trust::enrolment::Doorkeeper;
use crate::web::{AtBroker, Bell, Feed, Health, Pictures, Request, Walks, Wanted};
use crate::wire::Topic;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Everything one turn touches.
pub(super) struct Turn {
    point: PointId,
    desk: Arc<RwLock<Desk>>,
    health: Arc<RwLock<Health>>,
    memory: Memory,
    voice: Box<dyn Voice>,
    feed: Feed,
    alive: Arc<AtomicU64>,
    catalogue: Catalogue,
    bell: Bell,
    /// Turns that wait for their commit, in order.
    waiting: VecDeque<Waiting>,
    ticket: u64,
    /// Receipts of what could not be written yet.
    withheld: Vec<Receipt>,
    clicks: BTreeMap<u64, oneshot::Sender<(Answer, bool)>>,
    click: u64,
    /// By which way each home was heard.
    ways: Ways,
    failing: bool,
    told_ready: bool,
    asked_store_at: Option<Timestamp>,
    pruned_at: Timestamp,
    measured_at: Option<Timestamp>,
    filing: Option<Filing>,
    pictures: Pictures,
    walks: Walks,
    /// Who knows which homes were turned away, and where what they still say is counted.
    keeper: Option<Doorkeeper>,
    refused: Arc<AtomicU64>,
    /// What the broker says that it refused.
    at_broker: AtBroker,
}

struct Waiting {
    ticket: u64,
    since: Timestamp,
    receipts: Vec<Receipt>,
    answers: Vec<(u64, Answer)>,
    sends: Vec<crate::desk::Outgoing>,
    suspends: Vec<crate::desk::Suspending>,
    changed: Vec<Subject>,
    /// Homes that wait for their answer.
    replies: Vec<Reply>,
}

/// The desk holds a step, once it is written.
#[derive(Debug, Clone)]
pub(super) struct Receipt {
    pub alert: AlertKey,
    pub step: u32,
    pub at: Timestamp,
}

impl Turn {
    pub fn new(
        point: PointId,
        desk: Arc<RwLock<Desk>>,
        health: Arc<RwLock<Health>>,
        memory: Memory,
        voice: impl Voice + 'static,
        feed: Feed,
        alive: Arc<AtomicU64>,
    ) -> Turn {
        let (waiting, withheld, clicks) = (VecDeque::new(), Vec::new(), BTreeMap::new());
        let (ticket, click, failing, told_ready, asked_store_at) = (0, 0, false, false, None);
        Turn {
            point,
            desk,
            health,
            memory,
            voice: Box::new(voice),
            feed,
            alive,
            catalogue: Catalogue::default(),
            bell: Bell::default(),
            waiting,
            ticket,
            withheld,
            clicks,
            click,
            ways: Ways::default(),
            failing,
            told_ready,
            asked_store_at,
            pruned_at: clock::now(),
            measured_at: None,
            filing: None,
            pictures: Pictures::default(),
            walks: Walks::default(),
            keeper: None,
            refused: Arc::default(),
            at_broker: AtBroker::default(),
        }
    }

    /// The same with a list of points for its homes.
    pub fn naming(self, catalogue: Catalogue) -> Turn {
        Turn { catalogue, ..self }
    }

    /// The same with a list of homes that were turned away.
    pub fn keeping(self, keeper: Option<Doorkeeper>, refused: Arc<AtomicU64>, at_broker: AtBroker) -> Turn {
        Turn { keeper, refused, at_broker, ..self }
    }

    /// The same with somebody who waits for what happened.
    pub fn ringing(self, bell: Bell) -> Turn {
        Turn { bell, ..self }
    }

    /// The same with a place for what homes show to people who look.
    pub fn showing(self, pictures: Pictures, walks: Walks) -> Turn {
        Turn { pictures, walks, ..self }
    }

    /// The same with a place for alerts that are over for good.
    pub fn filing(self, filing: Filing) -> Turn {
        Turn { filing: Some(filing), ..self }
    }

    /// Turns until told to stop. The arms only receive; what they received is decided below.
    pub async fn run(
        mut self,
        mut events: mpsc::Receiver<Event>,
        mut requests: mpsc::Receiver<Request>,
        mut homes: mpsc::Receiver<Asked>,
        mut writes: mpsc::UnboundedReceiver<Written>,
        mut stopping: watch::Receiver<bool>,
    ) {
        self.decide(Input::OwnLink { up: false });
        let mut kept = self.filing.as_mut().map_or_else(|| mpsc::unbounded_channel().1, Filing::kept);
        while !*stopping.borrow() {
            self.alive.fetch_add(1, Ordering::Relaxed);
            let pause = self.pause();
            tokio::select! {
                Some(event) = events.recv() => self.event(event),
                Some(request) = requests.recv() => self.request(request),
                Some(asked) = homes.recv() => self.asked(asked),
                Some(written) = writes.recv() => self.written(written),
                Some(kept) = kept.recv() => self.let_go(kept),
                () = tokio::time::sleep(pause) => self.decide(Input::Tick),
                _ = stopping.changed() => {}
            }
            self.look_at_the_store();
            self.tell_readiness();
        }
    }

    fn pause(&self) -> Duration {
        let wakeup = self.desk.read().unwrap_or_else(PoisonError::into_inner).next_wakeup();
        let left = wakeup.map_or(LOOK_AROUND, |at| at - clock::now());
        left.clamp(Span::zero(), LOOK_AROUND).to_std().unwrap_or_default()
    }

    pub(super) fn event(&mut self, event: Event) {
        match event {
            Event::Up => {
                self.health(|health| health.broker = None);
                self.decide(Input::OwnLink { up: true });
                let homes = self.desk.read().unwrap_or_else(PoisonError::into_inner).homes().cloned().collect();
                self.greet(homes);
                self.catalogue.forget_told();
                self.name_points();
            }
            Event::Down { why } => {
                tracing::warn!(%why, "no home can reach this station");
                self.health(|health| health.broker = Some(why));
                self.decide(Input::OwnLink { up: false });
            }
            Event::Message { topic, payload, retained: false, .. } if broker_log::is_of_log(&topic) => {
                broker_log::count(&mut self.at_broker.lock().unwrap_or_else(PoisonError::into_inner), &payload);
            }
            Event::Message { topic, .. } if self.is_of_denied(&topic) => {
                // Until the broker knows of it, what it says still comes.
                self.refused.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(topic, "a home that was turned away still speaks; write the broker's files again");
            }
            Event::Message { topic, payload, retained, .. } => {
                if let Some(live) = feed::live(&self.point, &topic, &payload, retained) {
                    return self.live(&topic, live);
                }
                match feed::read(&self.point, &topic, &payload, retained) {
                    Ok(Some(input)) => {
                        self.ways.heard_by_broker(&input);
                        if let Input::Heartbeat { home, condition } = &input {
                            // A loop that turns and reads is what the home wants to know of.
                            let now = clock::now();
                            self.voice.say(feed::heard(self.point.clone(), home.clone(), &condition.beat, now));
                        }
                        // It was there before this station listened, and its first word went to nobody.
                        if let (true, Input::HomeLink { home, online: true }) = (retained, &input)
                            && !self.desk.read().unwrap_or_else(PoisonError::into_inner).knows(home)
                        {
                            self.greet(vec![home.clone()]);
                        }
                        self.decide(input);
                        self.name_points();
                    }
                    Ok(None) => {}
                    Err(why) => self.not_read(&topic, why),
                }
            }
        }
    }

    fn not_read(&self, topic: &str, why: NotRead) {
        match why {
            NotRead::Refused(why) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(topic, why, "a message was refused");
            }
            NotRead::Unclear(why) => tracing::warn!(topic, why, "a message was not understood"),
        }
    }

    fn is_of_denied(&self, topic: &str) -> bool {
        let Some(keeper) = &self.keeper else { return false };
        match Topic::parse(topic) {
            Some(Topic::Up(home, ..)) => keeper.is_denied(home.as_str(), None),
            Some(_) | None => false,
        }
    }

    /// Homes hear that this station is there, and say at once how they are.
    fn greet(&self, homes: Vec<HomeId>) {
        let point = self.point.clone();
        self.voice.tell_in_turn(Box::new(homes.into_iter().map(move |home| feed::greeting(point.clone(), home))));
    }

    /// What a home says to people who look is kept in memory alone.
    fn live(&mut self, topic: &str, live: Result<feed::Live, NotRead>) {
        match live {
            Ok(feed::Live::Activity(activity)) => drop(self.pictures.answered(clock::now(), activity)),
            Ok(feed::Live::Walk(walk)) => self.walks.told(clock::now(), walk),
            Err(why) => self.not_read(topic, why),
        }
    }

    /// Homes that have not heard which points there are do so now.
    fn name_points(&mut self) {
        let desk = self.desk.read().unwrap_or_else(PoisonError::into_inner);
        let untold = self.catalogue.untold(desk.homes());
        if untold.is_empty() {
            return;
        }
        self.voice.tell_in_turn(directory::said(self.catalogue.list(), untold, self.point.clone()));
    }

    pub(super) fn request(&mut self, request: Request) {
        let Request { wanted, answer } = request;
        self.click += 1;
        let ticket = self.click;
        let input = match wanted {
            Wanted::Click(click) => Input::Click(Click { ticket, ..click }),
            Wanted::Late(click, ago) => Input::Late { click: Click { ticket, ..click }, ago },
            Wanted::Order(order) => Input::Order(Order { ticket, ..order }),
            Wanted::Handover(handover) => Input::Handover(Handover { ticket, ..handover }),
            Wanted::Screen(screen) => {
                self.decide(Input::Screen(screen));
                drop(answer.send((Answer::Done { version: 0 }, true))); // nothing of it is written
                return;
            }
            Wanted::Card { home, card } => {
                self.desk.write().unwrap_or_else(PoisonError::into_inner).put_card(home, card);
                drop(answer.send((Answer::Done { version: 0 }, true))); // the office wrote it before
                return;
            }
            Wanted::Look(look) => {
                self.voice.tell(feed::look(&look));
                drop(answer.send((Answer::Done { version: 0 }, true))); // nothing of it is written
                return;
            }
            Wanted::Tell(event) => {
                self.clicks.insert(ticket, answer);
                let mut turn = Waiting::at(clock::now());
                turn.answers.push((ticket, Answer::Done { version: 0 }));
                return self.write(turn, Vec::new(), &[*event]);
            }
            Wanted::People(people) => {
                self.desk.write().unwrap_or_else(PoisonError::into_inner).put_people(people);
                drop(answer.send((Answer::Done { version: 0 }, true)));
                return;
            }
        };
        self.clicks.insert(ticket, answer);
        self.decide(input);
    }

    /// A home speaks by HTTPS: the same turn as for a message, and the answer after its commit.
    fn asked(&mut self, asked: Asked) {
        let Asked { home, said, answer } = asked;
        self.ways.heard_by_https(&home, matches!(said, Some(Said::Notice(_))));
        let wants = said.as_ref().and_then(Said::step);
        let input = said.map(|said| match said {
            Said::Notice(notice) => feed::notice_input(*notice),
            Said::Heartbeat(heartbeat) => feed::heartbeat_input(*heartbeat),
        });
        self.turn(input, Some(Reply::new(home, wants, answer)));
    }

    pub(super) fn decide(&mut self, input: Input) {
        self.turn(Some(input), None);
    }

    /// One turn of the desk: what it records is handed in; all that follows from it waits for the commit.
    fn turn(&mut self, input: Option<Input>, reply: Option<Reply>) {
        let now = clock::now();
        let handle = |input| self.desk.write().unwrap_or_else(PoisonError::into_inner).handle(now, input);
        let effects = input.map(handle).unwrap_or_default();
        let mut turn = Waiting::at(now);
        let (mut records, mut events) = (Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Record(recorded) => records.push(recorded),
                Effect::Happened(event) => events.push(*event),
                Effect::Receipt { alert, step, at } => turn.receipts.push(Receipt { alert, step, at }),
                Effect::Send(outgoing) => turn.sends.push(outgoing),
                Effect::Suspend(suspending) => turn.suspends.push(suspending),
                Effect::Answer { ticket, answer } => turn.answers.push((ticket, answer)),
                Effect::Changed(subject) => turn.changed.push(subject),
            }
        }
        turn.replies.extend(reply.map(|reply| reply.with_receipt(&turn.receipts)));
        if !records.is_empty() {
            self.write(turn, records, &events);
        } else if let Some(last) = self.waiting.back_mut() {
            // A repeated notice may be quicker than the commit of the first: its receipt waits in the same line.
            last.join(turn);
        } else if self.failing {
            self.withheld.append(&mut turn.receipts);
            self.perform(turn, false);
        } else {
            self.perform(turn, true);
        }
    }

    fn write(&mut self, mut turn: Waiting, records: Vec<Recorded>, events: &[Happened]) {
        self.ticket += 1;
        turn.ticket = self.ticket;
        self.memory.write(self.ticket, records, events);
        self.waiting.push_back(turn);
    }

    /// Other systems are told when the station can no longer take alerts, and when it can again.
    pub(super) fn tell_readiness(&mut self) {
        let health = self.health.read().unwrap_or_else(PoisonError::into_inner).clone();
        if health.is_ready() == self.told_ready {
            return;
        }
        self.told_ready = health.is_ready();
        let event = Happened::of_station(clock::now(), health.reasons());
        self.write(Waiting::at(clock::now()), Vec::new(), &[event]);
    }

    pub(super) fn written(&mut self, Written { ticket, result }: Written) {
        let is_durable = result.is_ok();
        if let Err(why) = &result
            && !self.failing
        {
            tracing::error!(%why, "the station's storage is failing");
        }
        self.failing = !is_durable;
        self.health(|health| health.store = result.err());
        while self.waiting.front().is_some_and(|turn| turn.ticket <= ticket) {
            let Some(mut turn) = self.waiting.pop_front() else { break };
            if !is_durable {
                self.withheld.append(&mut turn.receipts);
            }
            self.perform(turn, is_durable);
        }
        if is_durable {
            self.bell.ring();
            // The store writes in order: what failed before is on the disk now.
            for receipt in std::mem::take(&mut self.withheld) {
                self.receipt(receipt);
            }
        }
    }

    /// Forgets what is older than it may be kept.
    fn prune(&self, now: Timestamp) {
        let desk = self.desk.read().unwrap_or_else(PoisonError::into_inner);
        let alerts = Alerts { filed: desk.filed().collect(), on_the_desk: desk.on_the_desk().cloned().collect() };
        let Some(filing) = &self.filing else { return };
        self.memory.prune(now, filing.keep_for(), alerts);
        filing.forget_old(now);
    }

    /// A disk that hangs must not hide an alert from the page, and one that failed is asked again.
    pub(super) fn look_at_the_store(&mut self) {
        let now = clock::now();
        if now - self.pruned_at >= PRUNE_EVERY {
            self.pruned_at = now;
            self.prune(now);
        }
        if let Some(filing) = self.filing.as_mut().filter(|filing| !self.failing && filing.is_due(now)) {
            let ripe = self.desk.read().unwrap_or_else(PoisonError::into_inner).ripe(now, filing::AT_ONCE);
            filing.keep(now, ripe);
        }
        self.pictures.forget(now);
        if self.measured_at.is_none_or(|at| !(at..at + MEASURE_EVERY).contains(&now)) {
            self.measured_at = Some(now);
            let free = self.memory.free();
            self.health(|health| health.disk = free);
        }
        let hangs = self.waiting.front().is_some_and(|turn| now - turn.since > WRITTEN_WITHIN);
        if hangs {
            self.health(|health| {
                health.store.get_or_insert_with(|| "the disk does not answer".to_owned());
            });
            for turn in &mut self.waiting {
                for alert in turn.changed.drain(..) {
                    self.feed.changed(alert);
                }
            }
        }
        let asked_long_ago = self.asked_store_at.is_none_or(|at| !(at..at + LOOK_AROUND).contains(&now));
        if self.failing && self.waiting.is_empty() && asked_long_ago {
            self.asked_store_at = Some(now);
            self.write(Waiting::at(now), Vec::new(), &[]);
        }
    }

    /// These are kept as cases: the desk need not hold them any longer.
    fn let_go(&mut self, kept: Vec<(AlertKey, u32)>) {
        for (alert, version) in kept {
            self.decide(Input::File { alert, version });
        }
    }

    fn perform(&mut self, turn: Waiting, is_durable: bool) {
        for receipt in turn.receipts {
            self.receipt(receipt);
        }
        for outgoing in turn.sends {
            self.voice.tell(feed::step(outgoing));
        }
        for suspending in turn.suspends {
            self.voice.tell(feed::suspend(suspending));
        }
        for alert in turn.changed {
            self.feed.changed(alert);
        }
        for reply in turn.replies {
            let now = clock::now();
            let desk = self.desk.read().unwrap_or_else(PoisonError::into_inner);
            // What another turn has decided and nobody has written yet is told to nobody.
            let unwritten: Vec<&str> =
                self.waiting.iter().flat_map(|turn| &turn.sends).map(|s| s.key.as_str()).collect();
            let steps = desk.waiting_for(reply.home()).into_iter().filter(|step| !unwritten.contains(&&*step.key));
            let unheld: Vec<&str> =
                self.waiting.iter().flat_map(|turn| &turn.suspends).map(|s| s.id.as_str()).collect();
            let suspensions = desk.suspensions_waiting_for(reply.home()).into_iter();
            let suspensions = suspensions.filter(|asked| !unheld.contains(&&*asked.id)).map(feed::suspend_of).collect();
            let no_broker = self.health.read().unwrap_or_else(PoisonError::into_inner).broker.is_some();
            let is_only_way = no_broker || self.ways.is_https_alone(reply.home());
            let is_busy = is_only_way && desk.is_busy_with(reply.home(), now);
            reply.give(&self.point, is_durable, steps.map(feed::step_of), suspensions, is_busy);
        }
        for (ticket, answer) in turn.answers {
            if let Some(click) = self.clicks.remove(&ticket) {
                drop(click.send((answer, is_durable))); // the browser went away: the step stays done
            }
        }
    }

    fn receipt(&self, receipt: Receipt) {
        let Receipt { alert, step, at } = receipt;
        self.voice.tell(feed::receipt(self.point.clone(), alert, step, at));
    }

    fn health(&self, change: impl FnOnce(&mut Health)) {
        change(&mut self.health.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Waiting {
    fn at(since: Timestamp) -> Waiting {
        let (receipts, answers, sends, changed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (suspends, replies) = (Vec::new(), Vec::new());
        Waiting { ticket: 0, since, receipts, answers, sends, suspends, changed, replies }
    }

    fn join(&mut self, other: Waiting) {
        self.receipts.extend(other.receipts);
        self.answers.extend(other.answers);
        self.sends.extend(other.sends);
        self.suspends.extend(other.suspends);
        self.changed.extend(other.changed);
        self.replies.extend(other.replies);
    }
}

/// Nothing is late by more than this when a clock jumps.
const LOOK_AROUND: Span = Span::seconds(5);

/// Retention and the copy of the database.
const PRUNE_EVERY: Span = Span::days(1);
/// A disk fills slowly.
const MEASURE_EVERY: Span = Span::seconds(60);
/// A commit takes milliseconds; a disk that needs longer is in trouble.
const WRITTEN_WITHIN: Span = Span::seconds(2);

#[cfg(test)]
mod tests;
