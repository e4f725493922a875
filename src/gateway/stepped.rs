//! A gateway turned by hand: the same turn, queues and keeping of time, at whatever time the clock of this thread is made to
//! show. For simulated nights; the daemon never comes here.
//!
//! What the loop of the daemon does around these parts is done here in the same order. Left out is what needs tasks: the proof
//! of the ways out, their tests, the directory, suspensions.

use super::health::{self, Beat};
use super::outbox::{Order, Queue, Report};
use super::paths::Paths;
use super::plan::Plan;
use super::timekeeper::Timekeeper;
use super::turn::{self, Path, Restored, Turn};
use crate::clock::{self, Reading};
use crate::engine::Engine;
use crate::model::alert::Alert;
use crate::model::time::{Span, Timestamp};
use crate::sinks::{Handed, NotDelivered, Outgoing, What};
use crate::sources;
use crate::store::{Error, Store, Written};
use crate::wire::Heartbeat;
use std::sync::Arc;
use tokio::sync::mpsc;

/// A gateway that stands still between two calls.
pub(crate) struct Stepped {
    turn: Turn,
    plan: Arc<Plan>,
    keeper: Timekeeper,
    channels: Vec<Channel>,
    beat: Beat,
    marked_at: Span,
    /// When it last stood with everything written, and what the clock showed before it was set last.
    clean: Reading,
    before_set: Option<Reading>,
}

/// A way out: its queue, and where the turn puts what is for it.
struct Channel {
    name: String,
    orders: mpsc::UnboundedReceiver<Order>,
    queue: Queue,
}

impl Stepped {
    /// Starts a run. `mark` is what the run before left in memory about when it watched last; a power cut takes it.
    pub(crate) fn start(plan: Arc<Plan>, store: Store, run: u64, mark: Option<Timestamp>) -> Result<Stepped, Error> {
        let now = clock::read();
        let recorded = store.last_watching()?;
        let blind_since = recorded.into_iter().chain(mark.filter(|_| recorded.is_some())).max();
        let engine = Engine::new(plan.home.clone(), &plan.rules, plan.circle.clone());
        let Restored { engine, deliveries, tests } = turn::restore(engine, &store)?;
        let mut turn = Turn::new(engine, deliveries, plan.decoders(), plan.whose(), store);
        turn.tests = tests;
        let (mut channels, mut paths) = (Vec::new(), Vec::new());
        for channel in &plan.channels {
            let (orders, inbox) = mpsc::unbounded_channel();
            let (name, point) = (channel.name.clone(), channel.point.clone());
            channels.push(Channel { name: name.to_string(), orders: inbox, queue: Queue::default() });
            paths.push(Path { channel: name, point, orders, tells_people: false, is_lost: false });
        }
        turn.lead_out(paths);
        let keeper = Timekeeper::new(now, plan.assume_synced);
        turn.begin_with_clock(keeper.is_trusted(now.wall));
        turn.configured(now, &plan.hash);
        turn.settle_in(now, blind_since, &[]);
        turn.finish();
        let beat = Beat { seq: 0, run, boot: format!("made-up-{run}") };
        let mut started =
            Stepped { turn, plan, keeper, channels, beat, marked_at: now.since_boot, clean: now, before_set: None };
        started.hand_out();
        Ok(started)
    }

    /// What a source brings.
    pub(crate) fn source(&mut self, event: sources::Event) {
        let now = self.read_clock();
        match event {
            sources::Event::Frame(frame) => self.turn.frame(now, &frame),
            sources::Event::Delivered(frame, delivery) => self.turn.delivered(now, &frame, delivery),
            sources::Event::Link { source, up, .. } => self.turn.link(now, &source, up),
            sources::Event::Refused { .. } => {}
        }
        self.finish();
    }

    /// What comes from the station at the end of a channel.
    pub(crate) fn station(&mut self, channel: usize, what: What) {
        let now = self.read_clock();
        match what {
            What::Up | What::Greeting => self.channels[channel].queue.obey(Order::AllDue),
            What::Receipt(receipt) => {
                let name = self.plan.channels[channel].name.clone();
                self.turn.receipt(now, &name, &receipt);
            }
            What::Step(step) => self.turn.station_step(now, step),
            What::Down { .. }
            | What::Connection { .. }
            | What::Heard(_)
            | What::Look(_)
            | What::Suspend(_)
            | What::Directory(_)
            | What::Refused { .. } => {}
        }
        self.finish();
    }

    /// The end of a commit.
    pub(crate) fn written(&mut self, written: Written) {
        let now = self.read_clock();
        self.turn.written(now, written);
        self.finish();
    }

    /// A deadline has come, or a second has passed.
    pub(crate) fn round(&mut self) {
        let now = self.read_clock();
        self.turn.tick(now);
        self.turn.look_at_the_store(now);
        self.turn.tell_floods(now);
        let trusted = self.keeper.is_trusted(now.wall);
        if trusted != self.turn.clock_trusted {
            self.turn.trust_clock(now, trusted);
        }
        if now.since_boot - self.marked_at >= MARK_EVERY {
            self.marked_at = now.since_boot;
            self.turn.mark(now);
        }
        self.finish();
    }

    /// What is to be tried now, each with the number of its channel and its key.
    pub(crate) fn take_due(&mut self) -> Vec<(usize, String, Arc<Outgoing>)> {
        let due = self.channels.iter_mut().enumerate().map(|(nth, channel)| (nth, channel.queue.take_due()));
        due.flat_map(|(nth, due)| due.into_iter().map(move |(key, notice)| (nth, key, notice))).collect()
    }

    /// A try came to its end.
    pub(crate) fn tried(&mut self, channel: usize, key: &str, result: Result<Handed, NotDelivered>) {
        let now = self.read_clock();
        let Channel { name, queue, .. } = &mut self.channels[channel];
        match queue.ended(name, key, result) {
            Some(Report::Done { channel, key } | Report::NotTheirs { channel, key }) => self.turn.done(channel, key),
            Some(Report::Receipt { channel, key, receipt }) => {
                self.turn.done(channel, key);
                self.turn.held(now, &receipt);
            }
            Some(Report::Failed { .. } | Report::Tried { .. }) | None => {}
        }
        self.finish();
    }

    /// Whether stations are to hear at once how it is.
    pub(crate) fn take_news(&mut self) -> bool {
        self.turn.not_known.take_news()
    }

    /// When it has something to do by itself, in time since boot.
    pub(crate) fn next_wakeup(&self) -> Option<Span> {
        let now = clock::read();
        let deadline = self.turn.engine.next_wakeup().map(|at| now.since_boot + (at - now.wall));
        let due = self.channels.iter().filter_map(|channel| channel.queue.next_due());
        due.chain(deadline).min()
    }

    /// The next heartbeat.
    pub(crate) fn heartbeat(&mut self) -> Heartbeat {
        let now = self.read_clock();
        self.beat.seq += 1;
        let (paths, refused) = (Paths::default(), Vec::new());
        let heartbeat = health::heartbeat(&self.beat, now, &self.turn, None, &self.plan, &paths, refused);
        self.finish();
        heartbeat
    }

    /// The mark that the daemon would have left by now: one every two seconds, as long as its history is written.
    pub(crate) fn mark(&self, marks_always: bool) -> Timestamp {
        let now = clock::read();
        let was_just_set = self.before_set.filter(|before| now.since_boot - before.since_boot < MARKED_WITHIN);
        match was_just_set {
            Some(before) => before.wall,
            None if self.has_trouble() && !marks_always => self.clean.wall,
            None => now.wall - MARKED_WITHIN,
        }
    }

    /// What its book says, for a comparison at the end of a night.
    pub(crate) fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.turn.engine.alerts()
    }

    /// Whether the disk is known to fail.
    pub(crate) fn has_trouble(&self) -> bool {
        self.turn.store_trouble.is_some()
    }

    fn read_clock(&mut self) -> Reading {
        let now = clock::read();
        if let Some(by) = self.keeper.jump(now) {
            self.before_set = Some(Reading { wall: now.wall - by, ..now });
            self.turn.clock_stepped(now, by);
        }
        now
    }

    fn finish(&mut self) {
        if !self.has_trouble() {
            self.clean = clock::read();
        }
        self.turn.finish();
        self.hand_out();
    }

    /// What the turn let go comes into the queues.
    fn hand_out(&mut self) {
        for channel in &mut self.channels {
            while let Ok(order) = channel.orders.try_recv() {
                channel.queue.obey(order);
            }
        }
    }
}

/// As the daemon does.
const MARKED_WITHIN: Span = Span::seconds(2);
const MARK_EVERY: Span = Span::minutes(10);
