//! One turn: frames become observations, the engine decides, the store commits, and only then notices go out.
//!
//! A failing store never holds back an alert: it is sent marked as not durable, and the failure is an alert of its own.
//! A message of the home's broker is acknowledged when what it led to is on the disk; one that led to nothing urgent at
//! once, because a broker has few messages under way.

mod intake;

use crate::clock::{self, Reading};
use crate::devices::Devices;
use crate::engine::{Effect, Engine, Input, drive};
use crate::gateway::admission::Admission;
use crate::gateway::deliveries::Deliveries;
use crate::gateway::gauges::Gauges;
use crate::gateway::history::{from_record, to_record};
use crate::gateway::levels::Levels;
use crate::gateway::outbox::Order;
use crate::gateway::repeats::Repeats;
use crate::gateway::unknown::Unknown;
use crate::model::alert::{Alert, AlertId, Step};
use crate::model::ids::{ChannelName, PointId, SensorId};
use crate::model::reason::{Reason, Severity};
use crate::model::recorded::Recorded;
use crate::model::time::{Span, Timestamp};
use crate::mqtt::Delivery;
use crate::sinks::Outgoing;
use crate::store::{Batch, OutboxRow, Store, Written};
use crate::wire::{AlertState, Notice, Receipt, StationStep, VERSION, Wire};
use std::collections::BTreeMap;
use tokio::sync::mpsc;

/// A commit takes milliseconds; a disk that needs longer is in trouble.
const WRITTEN_WITHIN: Span = Span::seconds(2);

/// What is said of a disk that hangs.
pub const NO_ANSWER: &str = "the disk does not answer";

/// A second path to the same point waits this long for the first one's receipt.
const SECOND_PATH_AFTER: Span = Span::seconds(15);

/// A channel to one point, as the turn sees it.
pub struct Path {
    /// The channel.
    pub channel: ChannelName,
    /// The point it leads to.
    pub point: PointId,
    /// The task that runs it.
    pub orders: mpsc::UnboundedSender<Order>,
}

/// Everything a turn needs.
pub struct Turn {
    /// The decisions.
    pub engine: Engine,
    /// What each sensor may say.
    pub admission: Admission,
    /// What sensors said last about themselves.
    pub gauges: Gauges,
    /// Devices that are not in the config.
    pub unknown: Unknown,
    /// Frames that no family understood, by family.
    pub malformed: BTreeMap<&'static str, u64>,
    /// Whether the last commit succeeded; words if not.
    pub store_trouble: Option<String>,
    /// Whether the clock on the wall can be believed.
    pub clock_trusted: bool,
    devices: Devices,
    whose: BTreeMap<(&'static str, String), Vec<SensorId>>,
    store: Store,
    paths: Vec<Path>,
    batch: Batch,
    deliveries: Deliveries,
    held: Held,
    waiting: BTreeMap<u64, Held>,
    last_ticket: u64,
    life_written_at: Option<Span>,
    levels: Levels,
    repeats: Repeats,
    last_turn: Timestamp,
}

/// What waits for a commit.
#[derive(Default)]
struct Held {
    /// Since when it was handed to the store.
    since_boot: Span,
    sends: Vec<Send>,
    /// Messages to be acknowledged after it.
    deliveries: Vec<Delivery>,
}

/// A notice that waits for its commit.
struct Send {
    path: usize,
    key: String,
    priority: u8,
    wait: Span,
    outgoing: Outgoing,
}

impl Turn {
    /// A turn around `engine`, which has its history behind it.
    pub fn new(
        engine: Engine,
        deliveries: Deliveries,
        devices: Devices,
        whose: BTreeMap<(&'static str, String), Vec<SensorId>>,
        store: Store,
    ) -> Turn {
        Turn {
            engine,
            admission: Admission::default(),
            gauges: Gauges::default(),
            unknown: Unknown::default(),
            malformed: BTreeMap::new(),
            store_trouble: None,
            clock_trusted: true,
            devices,
            whose,
            store,
            paths: Vec::new(),
            batch: Batch::default(),
            deliveries,
            held: Held::default(),
            waiting: BTreeMap::new(),
            last_ticket: 0,
            life_written_at: None,
            levels: Levels::default(),
            repeats: Repeats::default(),
            last_turn: clock::now(),
        }
    }

    /// The same with the counters of the turn before it: tickets stay unique, and a flood stays known.
    pub fn succeeding(mut self, mut before: Turn) -> Turn {
        // This turn was read from the history after everything that waited there.
        before.acknowledge_all();
        self.admission = before.admission;
        self.gauges = before.gauges;
        self.unknown = before.unknown;
        self.malformed = before.malformed;
        self.store_trouble = before.store_trouble;
        self.clock_trusted = before.clock_trusted;
        self.last_ticket = before.last_ticket;
        self
    }

    /// The ways out; rows that wait in the store's outbox are handed to them.
    pub fn lead_out(&mut self, paths: Vec<Path>) {
        self.paths = paths;
        let rows = self.store.outbox().unwrap_or_default();
        for row in rows {
            let Ok(notice) = Notice::from_bytes(row.body.as_bytes()) else { continue };
            let point = row.key.split('/').next().unwrap_or_default();
            let path =
                self.paths.iter().find(|path| path.channel.as_str() == row.channel && path.point.as_str() == point);
            let Some(path) = path else {
                tracing::warn!(
                    channel = row.channel,
                    key = row.key,
                    "a notice waits for a channel that is no longer configured"
                );
                continue;
            };
            let outgoing = Outgoing { home: notice.home.clone(), point: path.point.clone(), notice };
            let order =
                Order::Send { key: row.key, priority: row.priority, wait: Span::zero(), notice: Box::new(outgoing) };
            path.orders.send(order).ok();
        }
    }

    /// A way to sensors came or went; what is known already is not written again.
    pub fn link(&mut self, now: Reading, source: &str, up: bool) {
        if self.engine.seen().links.state(source).is_some_and(|(was, _)| was == up) {
            return;
        }
        let recorded = Recorded::Link { at: now.wall, source: source.to_owned(), up };
        self.take(now, Input::Link { source: source.to_owned(), up }, Some(recorded));
    }

    /// Who says too much is told; called once a second.
    pub fn tell_floods(&mut self, now: Reading) {
        for flood in self.admission.floods(now.since_boot) {
            tracing::warn!(?flood, "more is said than can be meant; the rest is left out");
            let recorded = Recorded::Flooded { at: now.wall, flood: flood.clone() };
            self.take(now, Input::Flooded(flood), Some(recorded));
        }
    }

    /// The gateway begins to watch, or stood still since `blind_since`.
    pub fn started(&mut self, now: Reading, blind_since: Option<Timestamp>) {
        let recorded = Recorded::Started { at: now.wall, blind_since };
        self.take(now, Input::Started { blind_since }, Some(recorded));
        self.batch.urgent = true;
    }

    /// The clock on the wall jumped.
    pub fn clock_stepped(&mut self, now: Reading, by: Span) {
        tracing::warn!(by_secs = by.num_seconds(), "the clock was set; what is remembered moves along");
        self.last_turn += by;
        let recorded = Recorded::ClockStepped { at: now.wall, by };
        self.take(now, Input::ClockStepped { by }, Some(recorded));
        self.batch.urgent = true;
    }

    /// Whether the clock can be believed at the start, before anything is judged.
    pub fn begin_with_clock(&mut self, trusted: bool) {
        self.clock_trusted = trusted;
        self.engine.begin_with_clock(trusted);
    }

    /// Whether the clock can be believed has changed.
    pub fn trust_clock(&mut self, now: Reading, trusted: bool) {
        self.clock_trusted = trusted;
        self.take(now, Input::ClockTrusted(trusted), None);
    }

    /// A station holds a notice.
    pub fn receipt(&mut self, now: Reading, receipt: &Receipt) {
        let key = key(&receipt.point, receipt.alert, receipt.step);
        for path in self.paths.iter().filter(|path| path.point == receipt.point) {
            path.orders.send(Order::Settle { key: key.clone() }).ok();
            self.batch.settled.push((path.channel.as_str().to_owned(), key.clone()));
        }
        self.take(now, Input::Received { alert: receipt.alert, point: receipt.point.clone() }, None);
    }

    /// Somebody at a station did something.
    pub fn station_step(&mut self, now: Reading, step: StationStep) {
        let speaks_for_itself = step.by.role.is_staff() || step.by.role == crate::model::lifecycle::Role::Station;
        let known = self.paths.iter().any(|path| step.by.point.as_ref() == Some(&path.point));
        if step.home != self.engine.home().id || !speaks_for_itself || !known {
            tracing::warn!(home = %step.home, by = ?step.by, "a step that no station of this home may ask for");
            return;
        }
        let input = Input::Step { alert: step.alert, key: step.key, by: step.by, deed: step.deed };
        self.take(now, input, None);
    }

    /// A trouble of the gateway itself.
    pub fn trouble(&mut self, now: Reading, reason: Reason) {
        self.take(now, Input::Trouble(reason), None);
    }

    /// The trouble of this rule is over.
    pub fn trouble_over(&mut self, now: Reading, rule: &'static str) {
        self.take(now, Input::TroubleOver { rule }, None);
    }

    /// Deadlines that have come.
    pub fn tick(&mut self, now: Reading) {
        self.pass_time(now);
    }

    /// A remark that the home is watched, for the time after a power cut.
    pub fn mark(&mut self, now: Reading) {
        self.batch.records.push(to_record(Recorded::Watching { at: now.wall }));
    }

    /// The store has committed a batch, or could not.
    pub fn written(&mut self, now: Reading, written: Written) {
        if let Some(held) = self.waiting.remove(&written.ticket) {
            self.let_go(held, written.result.is_ok());
        }
        match (written.result, self.store_trouble.is_some()) {
            (Err(why), false) => self.store_fails(now, why),
            (Ok(()), true) => {
                tracing::info!("the history can be written again");
                self.store_trouble = None;
                self.trouble_over(now, "storage");
            }
            (Ok(()), false) | (Err(_), true) => {}
        }
    }

    /// A disk that hangs must not hold back an alert either: what waits too long for its commit goes out without it.
    pub fn look_at_the_store(&mut self, now: Reading) {
        let overdue = |held: &Held| now.since_boot - held.since_boot > WRITTEN_WITHIN;
        while let Some(oldest) = self.waiting.first_entry().filter(|entry| overdue(entry.get())) {
            let held = oldest.remove();
            self.let_go(held, false);
            if self.store_trouble.is_none() {
                self.store_fails(now, NO_ANSWER.to_owned());
            }
        }
    }

    /// Notices go out and messages are acknowledged. Also after a failed commit: a disk that is full must not stop the flow.
    fn let_go(&mut self, held: Held, durable: bool) {
        for send in held.sends {
            let mut outgoing = send.outgoing;
            outgoing.notice.durable = durable;
            let order =
                Order::Send { key: send.key, priority: send.priority, wait: send.wait, notice: Box::new(outgoing) };
            self.paths[send.path].orders.send(order).ok();
        }
        held.deliveries.into_iter().for_each(Delivery::acknowledge);
    }

    fn store_fails(&mut self, now: Reading, why: String) {
        tracing::error!(why, "the history cannot be written; alerts go out all the same");
        self.store_trouble = Some(why.clone());
        self.trouble(now, Reason::Storage { what: why });
    }

    /// Hands what the turn decided to the store; notices follow its commit. Returns the ticket, if there was anything.
    pub fn finish(&mut self) -> Option<u64> {
        let is_empty = self.batch.records.is_empty() && self.batch.outbox.is_empty() && self.batch.settled.is_empty();
        if !self.batch.urgent {
            std::mem::take(&mut self.held.deliveries).into_iter().for_each(Delivery::acknowledge);
        }
        (!is_empty || self.batch.urgent).then(|| self.submit())
    }

    /// Acknowledges what waits for commits whose end this turn will not see.
    pub fn acknowledge_all(&mut self) {
        let waiting = std::mem::take(&mut self.waiting).into_values().chain([std::mem::take(&mut self.held)]);
        waiting.flat_map(|held| held.deliveries).for_each(Delivery::acknowledge);
    }

    /// An empty batch: its answer proves that the store's thread moves. It makes nothing be written, or every question
    /// of the watchdog would cost the SD card a commit of its own.
    pub fn ask_store(&mut self) {
        self.last_ticket += 1;
        self.store.submit(Batch { ticket: self.last_ticket, ..Batch::default() });
    }

    /// Has everything written that was handed in so far; the answer to this ticket comes last.
    pub fn flush_store(&mut self) -> u64 {
        self.batch.urgent = true;
        self.submit()
    }

    fn submit(&mut self) -> u64 {
        self.last_ticket += 1;
        let mut batch = std::mem::take(&mut self.batch);
        batch.ticket = self.last_ticket;
        let held = std::mem::take(&mut self.held);
        if !held.sends.is_empty() || !held.deliveries.is_empty() {
            self.waiting.insert(self.last_ticket, Held { since_boot: clock::since_boot(), ..held });
        }
        self.store.submit(batch);
        self.last_ticket
    }

    fn take(&mut self, now: Reading, input: Input, recorded: Option<Recorded>) {
        if !matches!(input, Input::ClockStepped { .. }) {
            self.pass_time(now);
        }
        self.batch.records.extend(recorded.map(to_record));
        let effects = self.engine.handle(now.wall, input);
        self.carry_out(now.wall, effects);
        self.last_turn = now.wall;
    }

    fn pass_time(&mut self, now: Reading) {
        if drive::is_late(&self.engine, self.last_turn, now.wall) {
            let blind_since = Some(self.last_turn);
            tracing::warn!(since = %self.last_turn, "the gateway stood still");
            self.batch.records.push(to_record(Recorded::Started { at: now.wall, blind_since }));
            let effects = self.engine.handle(now.wall, Input::Started { blind_since });
            self.carry_out(now.wall, effects);
        }
        let mut came = Vec::new();
        drive::until(&mut self.engine, now.wall, |at, effects| came.push((at, effects)));
        came.into_iter().for_each(|(at, effects)| self.carry_out(at, effects));
        self.last_turn = now.wall;
    }

    fn carry_out(&mut self, now: Timestamp, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Alert { alert, step } => {
                    tracing::info!(alert, step = step.number, deed = step.deed.name(), "alert");
                    self.batch.records.push(to_record(Recorded::Step { alert, step }));
                }
                Effect::Learned(day) => self.batch.records.push(to_record(Recorded::Day(*day))),
                Effect::Notify { to, alert, step } => self.notify(now, &to, &alert, &step),
                Effect::Local(signal) => tracing::info!(?signal, "the person in the home is told"),
            }
        }
    }

    fn notify(&mut self, now: Timestamp, to: &[PointId], alert: &Alert, step: &Step) {
        self.batch.urgent = true;
        let notice = self.notice(now, alert, step);
        let body = String::from_utf8(notice.to_bytes()).expect("JSON is UTF-8");
        for point in to {
            let key = key(point, alert.id, step.number);
            let paths = self.paths.iter().enumerate().filter(|(_, path)| path.point == *point);
            for (nth, (path, Path { channel, .. })) in paths.enumerate() {
                let priority = priority(alert.severity);
                self.batch.outbox.push(OutboxRow {
                    channel: channel.as_str().to_owned(),
                    key: key.clone(),
                    priority,
                    at: now,
                    body: body.clone(),
                });
                let outgoing = Outgoing { home: notice.home.clone(), point: point.clone(), notice: notice.clone() };
                let wait = SECOND_PATH_AFTER * nth as i32;
                self.held.sends.push(Send { path, key: key.clone(), priority, wait, outgoing });
            }
        }
    }

    fn notice(&self, now: Timestamp, alert: &Alert, step: &Step) -> Notice {
        let home = self.engine.home();
        Notice {
            v: VERSION,
            home: home.id.clone(),
            place: home.place.clone(),
            alert: alert.id,
            step: step.clone(),
            state: AlertState::of(alert),
            age_secs: (now - alert.due_from).num_milliseconds().max(0) as f64 / 1000.0,
            clock_trusted: self.clock_trusted,
            durable: true,
        }
    }
}

/// Rebuilds from the store's history the engine, and which messages it holds already.
pub fn restore(engine: Engine, store: &Store) -> Result<(Engine, Deliveries), crate::store::Error> {
    let (mut engine, mut deliveries) = (engine, Deliveries::default());
    store.for_each_record(None, |record| {
        deliveries.recall(&record);
        if let Some(recorded) = from_record(record) {
            engine.recall(recorded);
        }
    })?;
    Ok((engine, deliveries))
}

fn key(point: &PointId, alert: AlertId, step: u32) -> String {
    format!("{point}/{}/{}/{step}", alert.number, alert.raised_at.timestamp_millis())
}

fn priority(severity: Severity) -> u8 {
    match severity {
        Severity::Emergency => 0,
        Severity::Urgent => 1,
        Severity::Blind => 2,
        Severity::Notice => 3,
        Severity::Fault => 4,
    }
}
