//! The daemon in the home: wires the rooms together and turns their wheel.
//!
//! Bytes → readings → engine → one commit → notices. The loop only receives and hands on; nothing is decided in it.

pub mod health;
pub mod last_good;
pub mod plan;

mod admission;
mod deliveries;
mod gauges;
mod history;
mod levels;
mod marks;
mod outbox;
mod repeats;
mod subscribed;
mod tasks;
mod timekeeper;
mod turn;
mod unknown;

use crate::clock::{self, Reading};
use crate::engine::Engine;
use crate::model::reason::Reason;
use crate::model::status::STATUS_FILE;
use crate::model::time::Timestamp;
use crate::problem::Problem;
use crate::sinks::{FromStation, What};
use crate::sources;
use crate::store::{Error, Retention, Store, Written};
use deliveries::Deliveries;
use health::{Beat, Link, Watchdog};
use marks::Marks;
use plan::Plan;
use std::collections::BTreeMap;
use std::time::Duration;
use tasks::{Inbox, Tasks};
use timekeeper::Timekeeper;
use tokio::sync::mpsc;
use turn::Turn;

/// What the surroundings ask of a running gateway.
pub enum Control {
    /// Take over this configuration; what is remembered stays.
    Reload(Box<Plan>),
    /// The changed configuration has these problems, in one line; the running one stays.
    Refused(String),
    /// End, leaving nothing half-written.
    Stop,
}

/// The database's name in the state directory.
const DATABASE: &str = "history.db";

/// How often the loop looks at clocks, marks and tasks when nothing else happens.
const ROUND: Duration = Duration::from_secs(1);

/// Runs a gateway until it is told to stop. `troubles` are raised at the start: a configuration that did not load.
pub async fn run(plan: Plan, troubles: Vec<Reason>, mut control: mpsc::Receiver<Control>) -> Result<(), Problem> {
    let now = clock::read();
    let (on_written, mut written) = mpsc::unbounded_channel::<Written>();
    let memory = open_memory(&plan, on_written)?;
    let (tasks, mut inbox) = Tasks::new();
    let mut gateway = Gateway::begin(plan, memory, tasks, now);
    gateway.settle_in(now, troubles);
    health::notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!(home = %gateway.plan.home.id, sensors = gateway.plan.home.sensors.len(), "watching");

    let mut round = tokio::time::interval(ROUND);
    round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let wake = gateway.wait(&mut inbox, &mut written, &mut control, &mut round).await;
        let now = gateway.read_clock();
        match wake {
            Wake::Source(event) => gateway.source(now, event),
            Wake::Station(event) => gateway.station(now, event),
            Wake::Written(answer) => gateway.written(now, answer),
            Wake::Report(report) => gateway.report(now, report),
            Wake::Deadline => gateway.turn.tick(now),
            Wake::Round => gateway.round(now),
            Wake::Control(Control::Reload(plan)) => gateway.reload(now, *plan, &mut written).await,
            Wake::Control(Control::Refused(what)) => gateway.refuse(what),
            Wake::Control(Control::Stop) => break,
        }
        gateway.drain(&mut inbox);
        gateway.status_is_old |= gateway.turn.finish().is_some();
    }
    gateway.end(inbox, &mut written).await;
    Ok(())
}

/// Why the loop woke.
#[allow(clippy::large_enum_variant)] // one at a time, consumed at once
enum Wake {
    Source(sources::Event),
    Station(FromStation),
    Written(Written),
    Report(outbox::Report),
    Deadline,
    Round,
    Control(Control),
}

struct Memory {
    store: Store,
    run: u64,
    troubles: Vec<Reason>,
}

/// Opens the history; whatever is wrong with it, the home is watched. Only where another daemon has it open, that one
/// watches already, and two would throw each other out of the broker.
fn open_memory(plan: &Plan, on_written: mpsc::UnboundedSender<Written>) -> Result<Memory, Problem> {
    let answers = on_written.clone();
    let opened = Store::open(&plan.state_dir, DATABASE, move |written| drop(answers.send(written)));
    match opened {
        Ok(opened) => {
            let troubles = opened.replaced.into_iter().map(|what| Reason::Storage { what }).collect();
            Ok(Memory { store: opened.store, run: opened.run, troubles })
        }
        Err(error @ Error::InUse { .. }) => Err(error.problem()),
        Err(error) => {
            let what = error.problem().to_string();
            tracing::error!(what, "no history can be kept; the home is watched without a memory");
            let store = Store::unavailable(what.clone(), move |written| drop(on_written.send(written)));
            Ok(Memory { store, run: 0, troubles: vec![Reason::Storage { what }] })
        }
    }
}

/// The running daemon.
struct Gateway {
    plan: Plan,
    turn: Turn,
    store: Store,
    tasks: Tasks,
    keeper: Timekeeper,
    marks: Marks,
    watchdog: Watchdog,
    links: BTreeMap<String, Link>,
    beat: Beat,
    remark: Option<String>,
    started_at: Timestamp,
    config_fault: Option<String>,
    blind_since: Option<Timestamp>,
    memory_troubles: Vec<Reason>,
    answered: u64,
    rounds: u64,
    status_is_old: bool,
}

impl Gateway {
    fn begin(plan: Plan, memory: Memory, tasks: Tasks, now: Reading) -> Gateway {
        std::fs::create_dir_all(&plan.run_dir).ok();
        let marks = Marks::new(&plan.run_dir);
        let recorded = memory.store.last_watching().ok().flatten();
        let blind_since = recorded.into_iter().chain(marks.read().filter(|_| recorded.is_some())).max();
        let turn = make_turn(&plan, &memory.store).unwrap_or_else(|error| {
            // A memory that cannot be read must not stop the watch; the trouble is told by whoever opened it.
            tracing::error!(%error, "the history cannot be read");
            empty_turn(&plan, &memory.store)
        });
        Gateway {
            keeper: Timekeeper::new(now, plan.assume_synced),
            turn,
            store: memory.store,
            tasks,
            marks,
            watchdog: Watchdog::default(),
            links: BTreeMap::new(),
            beat: Beat { seq: 0, run: memory.run },
            remark: None,
            started_at: now.wall,
            config_fault: None,
            blind_since,
            memory_troubles: memory.troubles,
            answered: 0,
            rounds: 0,
            status_is_old: true,
            plan,
        }
    }

    /// The ways in and out are opened, then the first turn: nothing is judged before it is known since when nobody
    /// watched, and nothing before there is a way for what comes of it.
    fn settle_in(&mut self, now: Reading, troubles: Vec<Reason>) {
        // The ways out first: what is decided before they are there would be told to nobody.
        self.follow_plan();
        self.turn.begin_with_clock(self.keeper.is_trusted(now.wall));
        if let Some(newest) = self.blind_since.filter(|newest| *newest > now.wall) {
            // The clock is behind the history: a machine without a battery clock has just booted.
            self.turn.clock_stepped(now, now.wall - newest);
            self.blind_since = Some(now.wall);
        }
        self.turn.started(now, self.blind_since);
        let troubles: Vec<Reason> = self.memory_troubles.drain(..).chain(troubles).collect();
        for rule in ["configuration", "storage"] {
            // What an earlier run complained of and this one does not find is over.
            if troubles.iter().all(|trouble| trouble.rule() != rule) {
                self.turn.trouble_over(now, rule);
            }
        }
        for trouble in troubles {
            if let Reason::Configuration { what } = &trouble {
                self.config_fault = Some(what.clone());
                self.remark = Some(format!("on the last good configuration: {what}"));
            }
            self.turn.trouble(now, trouble);
        }
        self.marks.write(now.wall);
        self.turn.finish();
    }

    async fn wait(
        &self,
        inbox: &mut Inbox,
        written: &mut mpsc::UnboundedReceiver<Written>,
        control: &mut mpsc::Receiver<Control>,
        round: &mut tokio::time::Interval,
    ) -> Wake {
        let until_deadline = self.turn.engine.next_wakeup().map(|at| (at - clock::now()).to_std().unwrap_or_default());
        let deadline = tokio::time::sleep(until_deadline.unwrap_or(Duration::from_secs(3600)));
        tokio::select! {
            biased;
            Some(answer) = written.recv() => Wake::Written(answer),
            control = control.recv() => Wake::Control(control.unwrap_or(Control::Stop)),
            _ = round.tick() => Wake::Round,
            Some(event) = inbox.stations.recv() => Wake::Station(event),
            Some(report) = inbox.reports.recv() => Wake::Report(report),
            () = deadline, if until_deadline.is_some() => Wake::Deadline,
            Some(event) = inbox.sources.recv() => Wake::Source(event),
        }
    }

    /// Frames that are there already belong to this turn: one commit serves them all.
    fn drain(&mut self, inbox: &mut Inbox) {
        for _ in 0..DRAINED_MAX {
            let Ok(event) = inbox.sources.try_recv() else { return };
            let now = self.read_clock();
            self.source(now, event);
        }
    }

    /// The only way to the clock in here: a jump must be known before anything else happens at the new time.
    fn read_clock(&mut self) -> Reading {
        let now = clock::read();
        if let Some(by) = self.keeper.jump(now) {
            self.turn.clock_stepped(now, by);
            self.started_at += by;
            self.links.values_mut().for_each(|link| link.since += by);
        }
        now
    }

    fn source(&mut self, now: Reading, event: sources::Event) {
        match event {
            sources::Event::Frame(frame) => self.turn.frame(now, &frame),
            sources::Event::Delivered(frame, delivery) => self.turn.delivered(now, &frame, delivery),
            sources::Event::Link { source, up, why } => {
                self.note_link(now, &source, up, why);
                self.turn.link(now, &source, up);
            }
            sources::Event::Refused { source, filters } => self.refused(now, &source, filters),
        }
    }

    /// The topics that the broker keeps from us, at every connection; none is good news. A family of which nothing at all
    /// may be heard is as good as gone, and that is told as a lost link; the rest is a trouble of its own.
    fn refused(&mut self, now: Reading, source: &str, filters: Vec<String>) {
        let mut rest = filters.clone();
        for (family, topics) in self.plan.decoders().topics_by_family() {
            let is_deaf = !topics.is_empty() && topics.iter().all(|topic| filters.contains(topic));
            let link = format!("{source}/{family}");
            if is_deaf {
                rest.retain(|filter| !topics.contains(filter));
            }
            if is_deaf || self.turn.engine.seen().links.state(&link).is_some() {
                self.turn.link(now, &link, !is_deaf);
            }
        }
        if rest.is_empty() {
            self.turn.trouble_over(now, "subscription");
        } else {
            self.turn.trouble(now, Reason::Subscription { filters: rest });
        }
    }

    fn station(&mut self, now: Reading, event: FromStation) {
        let name = event.channel.as_str().to_owned();
        match event.what {
            What::Up => {
                self.note_link(now, &name, true, String::new());
                self.tasks.all_due(&name);
                self.send_heartbeat(now);
            }
            What::Down { why } => self.note_link(now, &name, false, why),
            What::Greeting => self.tasks.all_due(&name),
            What::Receipt(receipt) => self.turn.receipt(now, &receipt),
            What::Step(step) => self.turn.station_step(now, step),
            What::Suspend(change) => self.turn.suspend(now, change),
            What::Refused { topic, why } => {
                tracing::warn!(topic, why, "a message from the station that cannot be used")
            }
        }
    }

    fn report(&mut self, now: Reading, report: outbox::Report) {
        match report {
            outbox::Report::Receipt(receipt) => self.turn.receipt(now, &receipt),
            outbox::Report::Failed { channel, why } => tracing::debug!(channel, why, "a notice was not delivered yet"),
        }
    }

    fn written(&mut self, now: Reading, answer: Written) {
        self.answered += 1;
        self.turn.written(now, answer);
    }

    fn note_link(&mut self, now: Reading, name: &str, up: bool, why: String) {
        match (up, why.is_empty()) {
            (true, _) => tracing::info!(name, "link up"),
            (false, _) => tracing::warn!(name, why, "link down"),
        }
        self.links.insert(name.to_owned(), Link { up, since: now.wall, why });
        self.status_is_old = true;
        self.show_status();
    }

    /// A reload that changes nothing: the running configuration stays, and whoever asks is told why.
    fn refuse(&mut self, what: String) {
        tracing::error!(what, "the changed configuration was refused; the running one stays");
        self.remark = Some(format!("the changed configuration was refused, the running one stays: {what}"));
        self.config_fault = Some(what);
        self.status_is_old = true;
        self.show_status();
        health::notify(&[sd_notify::NotifyState::Ready]);
    }

    fn show_status(&self) {
        let line = health::status_line(&self.turn, &self.plan, &self.links, self.remark.as_deref());
        health::notify(&[sd_notify::NotifyState::Status(&line)]);
    }

    /// Once a second.
    fn round(&mut self, now: Reading) {
        self.rounds += 1;
        self.turn.tick(now);
        self.turn.look_at_the_store(now);
        self.turn.tell_floods(now);
        if self.rounds.is_multiple_of(2) {
            self.marks.write(now.wall);
        }
        if self.rounds.is_multiple_of(5) {
            self.look_after_tasks();
            let trusted = self.keeper.is_trusted(now.wall);
            if trusted != self.turn.clock_trusted {
                self.turn.trust_clock(now, trusted);
            }
        }
        if self.rounds.is_multiple_of(10) {
            self.show_status();
        }
        if self.rounds.is_multiple_of(10) || std::mem::take(&mut self.status_is_old) {
            self.write_status(now);
        }
        if self.rounds.is_multiple_of(HEARTBEAT_SECS) {
            self.send_heartbeat(now);
        }
        if self.rounds.is_multiple_of(MARK_SECS) {
            self.turn.mark(now);
        }
        if self.rounds.is_multiple_of(PRUNE_SECS) {
            self.store.prune(now.wall, &Retention::default());
        }
    }

    fn look_after_tasks(&mut self) {
        let mut moves = self.tasks.moves();
        moves.push(("store".into(), self.answered));
        let stuck = self.watchdog.look(moves);
        if !stuck.is_empty() {
            tracing::error!(?stuck, "tasks that do not move; the watchdog is not fed");
        }
        self.turn.ask_store();
    }

    /// For `carecircle status`; a directory that cannot be written is said by the marks.
    fn write_status(&self, now: Reading) {
        let about = health::About { started_at: self.started_at, config_fault: self.config_fault.clone() };
        let status = health::status(&about, now, &self.turn, &self.tasks, &self.links, &self.plan);
        let bytes = serde_json::to_vec(&status).expect("a status holds only text keys and finite numbers");
        let (path, new) = (self.plan.run_dir.join(STATUS_FILE), self.plan.run_dir.join("status.new"));
        std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, &path)).ok();
    }

    fn send_heartbeat(&mut self, now: Reading) {
        self.beat.seq += 1;
        let heartbeat = health::heartbeat(self.beat, now, &self.turn, &self.tasks, &self.plan);
        for open in self.tasks.channels() {
            let (sink, point, heartbeat) = (open.sink.clone(), open.channel.point.clone(), heartbeat.clone());
            tokio::spawn(async move {
                if let Err(why) = sink.heartbeat(&point, &heartbeat).await {
                    tracing::debug!(channel = sink.name(), %why, "no heartbeat");
                }
            });
        }
    }

    /// Takes over another configuration. What is remembered is rebuilt from history, so no timer starts anew; while the
    /// history cannot be read, open alerts and running silences exist in this turn alone, and it stays.
    async fn reload(&mut self, now: Reading, plan: Plan, written: &mut mpsc::UnboundedReceiver<Written>) {
        let places = |plan: &Plan| (plan.home.id.clone(), plan.state_dir.clone(), plan.run_dir.clone());
        if places(&plan) != places(&self.plan) {
            return self.refuse("another home id, state_dir or run_dir needs a restart of the gateway".into());
        }
        let made = match self.flush(written).await {
            Ok(()) => make_turn(&plan, &self.store).map_err(|error| error.to_string()),
            Err(why) => Err(why),
        };
        let turn = match made {
            Ok(turn) => turn,
            Err(why) => return self.refuse(format!("the history cannot be read now ({why}); reload again later")),
        };
        self.turn = turn.succeeding(std::mem::replace(&mut self.turn, empty_turn(&plan, &self.store)));
        (self.remark, self.config_fault) = (None, None);
        self.keeper = Timekeeper::new(now, plan.assume_synced);
        self.plan = plan;
        self.follow_plan();
        self.turn.trouble_over(now, "configuration");
        self.turn.trust_clock(now, self.keeper.is_trusted(now.wall));
        // The gateway watched all the time: links are as they were, and nothing was missed.
        let down: Vec<String> = self.links.iter().filter(|(_, link)| !link.up).map(|(name, _)| name.clone()).collect();
        down.iter().for_each(|name| self.turn.link(now, name, false));
        self.turn.tick(now);
        tracing::info!(hash = self.plan.hash, "another configuration is in force");
        self.status_is_old = true;
        self.show_status();
        health::notify(&[sd_notify::NotifyState::Ready]);
    }

    /// Runs the tasks that the plan names. A link that was opened anew is not known until it speaks.
    fn follow_plan(&mut self) {
        let followed = self.tasks.follow(&self.plan);
        followed.problems.iter().for_each(|problem| tracing::error!("{problem}"));
        let names = health::link_names(&self.plan);
        self.links.retain(|name, _| names.contains(name) && !followed.opened.contains(name));
        self.turn.lead_out(self.tasks.paths());
    }

    /// Waits until everything decided so far is on the disk; the error says why it is not.
    async fn flush(&mut self, written: &mut mpsc::UnboundedReceiver<Written>) -> Result<(), String> {
        self.turn.finish();
        let last = self.turn.flush_store();
        while let Ok(Some(answer)) = tokio::time::timeout(FLUSH_WITHIN, written.recv()).await {
            let (ticket, result) = (answer.ticket, answer.result.clone());
            let now = self.read_clock();
            self.written(now, answer);
            if ticket >= last {
                return result;
            }
        }
        Err(turn::NO_ANSWER.to_owned())
    }

    /// Leaves nothing half-written and says goodbye.
    async fn end(mut self, mut inbox: Inbox, written: &mut mpsc::UnboundedReceiver<Written>) {
        health::notify(&[sd_notify::NotifyState::Stopping, sd_notify::NotifyState::Status("stopping")]);
        // What has arrived is decided, recorded and sent like everything else.
        while let Ok(event) = inbox.sources.try_recv() {
            let now = self.read_clock();
            self.source(now, event);
        }
        let now = self.read_clock();
        self.turn.mark(now);
        self.marks.write(now.wall);
        if let Err(why) = self.flush(written).await {
            tracing::error!(why, "the end of the history could not be written");
        }
        // What the last commit released goes out before the links close.
        tokio::time::sleep(GOODBYE).await;
        self.tasks.stop(inbox).await;
        tracing::info!("stopped");
    }
}

/// A turn that remembers what the history tells.
fn make_turn(plan: &Plan, store: &Store) -> Result<Turn, Error> {
    let (engine, deliveries) = turn::restore(new_engine(plan), store)?;
    Ok(Turn::new(engine, deliveries, plan.decoders(), plan.whose(), store.clone()))
}

fn empty_turn(plan: &Plan, store: &Store) -> Turn {
    Turn::new(new_engine(plan), Deliveries::default(), plan.decoders(), plan.whose(), store.clone())
}

fn new_engine(plan: &Plan) -> Engine {
    Engine::new(plan.home.clone(), &plan.rules, plan.circle.clone())
}

/// Frames taken into one turn beyond the first.
const DRAINED_MAX: usize = 256;
const HEARTBEAT_SECS: u64 = 60;
const MARK_SECS: u64 = 600;
const PRUNE_SECS: u64 = 24 * 3600;
const FLUSH_WITHIN: Duration = Duration::from_secs(5);
const GOODBYE: Duration = Duration::from_millis(150);
