//! The daemon in the home: wires the rooms together and turns their wheel.
//!
//! Bytes → readings → engine → one commit → notices. The loop only receives and hands on; nothing is decided in it.

pub mod health;
pub mod last_good;
pub mod plan;

mod activity;
mod admission;
mod answering;
mod certificates;
mod deliveries;
mod directory;
mod events;
mod gauges;
pub(crate) mod history;
mod home_assistant;
mod levels;
mod local;
mod marks;
mod outbox;
mod paths;
mod reload;
mod repeats;
mod rounds;
pub(crate) mod stepped;
mod subscribed;
mod supervising;
mod suspending;
mod tasks;
mod testing;
mod tests_done;
mod timekeeper;
mod turn;
mod unknown;
mod walking;
mod withheld;

pub use history::{from_record, to_record};

use crate::clock::{self, Reading};
use crate::engine::Engine;
use crate::model::own_sign::OwnSign;
use crate::model::reason::Reason;
use crate::model::status::CertificateStatus;
use crate::model::time::Timestamp;
use crate::mqtt::Floor;
use crate::problem::Problem;
use crate::sinks::{FromStation, What};
use crate::sources;
use crate::store::{Error, Fleeting, Store, Written, fleeting};
use activity::Looks;
use answering::Answering;
use deliveries::Deliveries;
use directory::Standing;
use health::{Beat, Link, Watchdog};
use local::Asked;
use marks::Marks;
use paths::Paths;
use plan::Plan;
use std::collections::BTreeMap;
use std::time::Duration;
use suspending::Suspending;
use tasks::{Inbox, Tasks};
use testing::Testing;
use timekeeper::Timekeeper;
use tokio::sync::mpsc;
use turn::{Restored, Turn};

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
pub const DATABASE: &str = "history.db";

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
    gateway.tasks.open_local(&gateway.plan.state_dir).await;
    health::notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!(home = %gateway.plan.home.id, sensors = gateway.plan.home.sensors.len(), "watching");

    let mut round = tokio::time::interval(ROUND);
    round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let wake = gateway.wait(&mut inbox, &mut written, &mut control, &mut round).await;
        let now = gateway.read_clock();
        match wake {
            Wake::Source(event) => gateway.source(now, event),
            Wake::Station(FromStation { what: What::Directory(said), .. }) => {
                gateway.take_directory(now, said, &mut written).await;
            }
            Wake::Station(event) => gateway.station(now, event),
            Wake::Written(answer) => {
                gateway.written(now, answer);
                gateway.remember(now, &mut written).await;
            }
            Wake::Report(report) => gateway.report(now, report),
            Wake::Deadline => gateway.turn.tick(now),
            Wake::Round => gateway.round(now),
            Wake::Asked(asked) => gateway.asked(now, asked),
            Wake::Control(Control::Reload(plan)) => gateway.reload(now, *plan, &mut written).await,
            Wake::Control(Control::Refused(what)) => gateway.refuse(what),
            Wake::Control(Control::Stop) => break,
        }
        gateway.drain(&mut inbox);
        let ticket = gateway.turn.finish();
        gateway.suspending.handed_in(ticket);
        gateway.status_is_old |= ticket.is_some();
        gateway.tasks.tell_the_home(gateway.turn.engine.told());
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
    Asked(Asked),
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
            let on_written = move |written| drop(on_written.send(written));
            let store = Store::open_later(&plan.state_dir, DATABASE, what.clone(), on_written);
            Ok(Memory { store, run: NO_RUN, troubles: vec![Reason::Storage { what }] })
        }
    }
}

/// The running daemon.
struct Gateway {
    /// As it was configured.
    base: Plan,
    /// What is in force: the same with the directory of points laid over it.
    plan: Plan,
    directory: Standing,
    turn: Turn,
    store: Store,
    tasks: Tasks,
    keeper: Timekeeper,
    marks: Marks,
    watchdog: Watchdog,
    suspending: Suspending,
    links: BTreeMap<String, Link>,
    beat: Beat,
    remark: Option<String>,
    started_at: Timestamp,
    config_fault: Option<String>,
    /// Why the history would not outlast a power cut.
    fleeting: Option<Fleeting>,
    blind_since: Option<Timestamp>,
    /// In this second; the line that says so may not be on the disk yet.
    clock_was_set: bool,
    memory_troubles: Vec<Reason>,
    answered: u64,
    rounds: u64,
    status_is_old: bool,
    paths: Paths,
    answering: Answering,
    testing: Testing,
    looks: Looks,
    /// What went before is not known; it is read as soon as the disk gives it.
    has_no_memory: bool,
    /// Of the certificates with which it speaks the one that ends first, as it was looked at last.
    certificate: Option<CertificateStatus>,
    /// The own sign of the resident that stations were told.
    own_sign_told: Option<OwnSign>,
}

impl Gateway {
    fn begin(base: Plan, memory: Memory, tasks: Tasks, now: Reading) -> Gateway {
        let mut directory = Standing::kept(&base);
        let plan = directory.laid_over(base.clone());
        std::fs::create_dir_all(&plan.run_dir).ok();
        let marks = Marks::new(&plan.run_dir);
        let recorded = memory.store.last_watching().ok().flatten();
        if let Some(recorded) = recorded {
            // Until somebody vouches for the clock: one that lost its battery does not make certificates too young.
            Floor::raise(recorded);
        }
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
            suspending: Suspending::default(),
            links: BTreeMap::new(),
            beat: Beat { seq: 0, run: memory.run, boot: health::boot(now.since_boot) },
            remark: None,
            started_at: now.wall,
            config_fault: None,
            fleeting: fleeting(&base.state_dir),
            blind_since,
            clock_was_set: false,
            memory_troubles: memory.troubles,
            answered: 0,
            rounds: 0,
            status_is_old: true,
            paths: Paths::default(),
            answering: Answering::read(&base.state_dir),
            testing: Testing::default(),
            looks: Looks::default(),
            certificate: None,
            own_sign_told: None,
            has_no_memory: memory.run == NO_RUN,
            base,
            plan,
            directory,
        }
    }

    /// The ways in and out are opened, then the first turn: nothing is judged before it is known since when nobody
    /// watched, and nothing before there is a way for what comes of it.
    fn settle_in(&mut self, now: Reading, troubles: Vec<Reason>) {
        // The ways out first: what is decided before they are there would be told to nobody.
        self.follow_plan();
        self.turn.begin_with_clock(self.keeper.is_trusted(now.wall));
        self.turn.configured(now, &self.plan.hash);
        self.turn.history_cut(now, self.store.cuts().unwrap_or_default());
        if self.has_no_memory {
            self.turn.engine.number_from(far_number(now.wall));
        }
        let troubles: Vec<Reason> = self.memory_troubles.drain(..).chain(troubles).collect();
        self.blind_since = self.turn.settle_in(now, self.blind_since, &troubles);
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
            Some(asked) = inbox.people.recv() => Wake::Asked(asked),
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
            self.clock_was_set = true;
            self.started_at += by;
            self.links.values_mut().for_each(|link| link.since += by);
        }
        now
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
    let Restored { engine, deliveries, tests } = turn::restore(new_engine(plan), store)?;
    let mut turn = Turn::new(engine, deliveries, plan.decoders(), plan.whose(), store.clone());
    turn.tests = tests;
    Ok(turn)
}

fn empty_turn(plan: &Plan, store: &Store) -> Turn {
    Turn::new(new_engine(plan), Deliveries::default(), plan.decoders(), plan.whose(), store.clone())
}

fn new_engine(plan: &Plan) -> Engine {
    Engine::new(plan.home.clone(), &plan.rules, plan.circle.clone())
}

/// A number for the next alert that none has had and none will have, where nobody knows how many there were: so far from all
/// that are counted, and each minute another one.
fn far_number(now: Timestamp) -> u64 {
    FAR_NUMBERS + now.timestamp().unsigned_abs() / 60 % FAR_NUMBERS_COUNT
}

/// Below those of stations, which begin at a thousand million.
const FAR_NUMBERS: u64 = 500_000_000;
const FAR_NUMBERS_COUNT: u64 = 400_000_000;
/// Runs are counted from 1.
const NO_RUN: u64 = 0;
/// Frames taken into one turn beyond the first.
const DRAINED_MAX: usize = 256;
const FLUSH_WITHIN: Duration = Duration::from_secs(5);
const GOODBYE: Duration = Duration::from_millis(150);
