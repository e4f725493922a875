//! One turn: frames become observations, the engine decides, the store commits, and only then notices go out.
//!
//! A failing store never holds back an alert: it is sent marked as not durable, and the failure is an alert of its own.
//! A message of the home's broker is acknowledged when what it led to is on the disk, or at a station while the disk fails;
//! one that led to nothing urgent at once, because a broker has few messages under way.

mod commit;
mod intake;
mod not_known;
pub mod notices;
mod testing;
mod unkept;

use crate::clock::{self, Reading};
use crate::devices::Devices;
use crate::engine::{Effect, Engine, Input, drive};
use crate::gateway::admission::Admission;
use crate::gateway::deliveries::Deliveries;
use crate::gateway::gauges::Gauges;
use crate::gateway::history::{from_record, to_record};
use crate::gateway::levels::Levels;
use crate::gateway::outbox::Order;
use crate::gateway::plan::Whose;
use crate::gateway::repeats::Repeats;
use crate::gateway::tests_done::TestsDone;
use crate::gateway::unknown::Unknown;
use crate::gateway::walking::Walking;
use crate::gateway::withheld::Withheld;
use crate::model::ids::{ChannelName, PointId};
use crate::model::reason::{Reason, WayOut};
use crate::model::recorded::Recorded;
use crate::model::suspension::Change;
use crate::model::time::{Span, Timestamp};
use crate::store::{Batch, Store};
use crate::wire::{Receipt, StationStep};
pub use commit::NO_ANSWER;
use commit::{Calm, Held};
use not_known::NotKnown;
pub use notices::key;
use std::collections::BTreeMap;
pub use testing::{Told, spares_people};
use tokio::sync::mpsc;
use unkept::Unkept;

/// A channel to one point, as the turn sees it.
pub struct Path {
    /// The channel.
    pub channel: ChannelName,
    /// The point it leads to.
    pub point: PointId,
    /// The task that runs it.
    pub orders: mpsc::UnboundedSender<Order>,
    /// It ends at people's phones: a weekly test goes there once a month.
    pub tells_people: bool,
    /// It is known that it does not work now.
    pub is_lost: bool,
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
    /// The tests of the ways out in the history.
    pub tests: TestsDone,
    /// While somebody works on the sensors: what was heard of each.
    pub walk: Option<Walking>,
    /// Alerts that stations ask about and that are not known here.
    pub not_known: NotKnown,
    devices: Devices,
    whose: Whose,
    store: Store,
    paths: Vec<Path>,
    batch: Batch,
    deliveries: Deliveries,
    held: Held,
    waiting: BTreeMap<u64, Held>,
    unkept: Unkept,
    last_ticket: u64,
    life_written_at: Option<Span>,
    levels: Levels,
    repeats: Repeats,
    withheld: Withheld,
    last_turn: Timestamp,
    told_of_test: Option<Told>,
    calm: Calm,
}

impl Turn {
    /// A turn around `engine`, which has its history behind it.
    pub fn new(engine: Engine, deliveries: Deliveries, devices: Devices, whose: Whose, store: Store) -> Turn {
        Turn {
            engine,
            admission: Admission::default(),
            gauges: Gauges::default(),
            unknown: Unknown::default(),
            malformed: BTreeMap::new(),
            store_trouble: None,
            clock_trusted: true,
            tests: TestsDone::default(),
            walk: None,
            not_known: NotKnown::default(),
            devices,
            whose,
            store,
            paths: Vec::new(),
            batch: Batch::default(),
            deliveries,
            held: Held::default(),
            waiting: BTreeMap::new(),
            unkept: Unkept::default(),
            last_ticket: 0,
            life_written_at: None,
            levels: Levels::default(),
            repeats: Repeats::default(),
            withheld: Withheld::default(),
            last_turn: clock::now(),
            told_of_test: None,
            calm: Calm::default(),
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
        self.calm = before.calm;
        self.clock_trusted = before.clock_trusted;
        self.last_ticket = before.last_ticket;
        self.tests = before.tests;
        self
    }

    /// A way to sensors came or went; what is known already is not written again.
    pub fn link(&mut self, now: Reading, source: &str, up: bool) {
        if up {
            self.devices.forget(source);
        }
        if self.engine.seen().links.state(source).is_some_and(|(was, _)| was == up) {
            return;
        }
        if up {
            // What went on before the gap goes on again.
            self.levels = Levels::default();
        }
        let recorded = Recorded::Link { at: now.wall, source: source.to_owned(), up };
        self.take(now, Input::Link { source: source.to_owned(), up }, Line::Always(recorded));
    }

    /// Who says too much is told; called once a second.
    pub fn tell_floods(&mut self, now: Reading) {
        for flood in self.admission.floods(now.since_boot) {
            tracing::warn!(?flood, "more is said than can be meant; the rest is left out");
            let recorded = Recorded::Flooded { at: now.wall, flood: flood.clone() };
            self.take(now, Input::Flooded(flood), Line::Always(recorded));
        }
    }

    /// The gateway begins to watch, or stood still since `blind_since`.
    pub fn started(&mut self, now: Reading, blind_since: Option<Timestamp>) {
        let recorded = Recorded::Started { at: now.wall, blind_since };
        self.take(now, Input::Started { blind_since }, Line::Always(recorded));
        self.batch.urgent = true;
    }

    /// The first of a run: nothing is judged before it is known since when nobody watched, which is given back. What an earlier
    /// run complained of and is not among `troubles` is over.
    pub fn settle_in(
        &mut self,
        now: Reading,
        blind_since: Option<Timestamp>,
        troubles: &[Reason],
    ) -> Option<Timestamp> {
        if let Some(newest) = blind_since.filter(|newest| *newest > now.wall) {
            // The clock is behind the history: a machine without a battery clock has just booted.
            self.clock_stepped(now, now.wall - newest);
        }
        let blind_since = blind_since.map(|newest| newest.min(now.wall));
        self.started(now, blind_since);
        self.end_leftover_test(now);
        for rule in ["configuration", "storage"] {
            if troubles.iter().all(|trouble| trouble.rule() != rule) {
                self.trouble_over(now, rule);
            }
        }
        blind_since
    }

    /// The clock on the wall jumped.
    pub fn clock_stepped(&mut self, now: Reading, by: Span) {
        tracing::warn!(by_secs = by.num_seconds(), "the clock was set; what is remembered moves along");
        self.last_turn += by;
        self.tests.shift(by);
        // With the time of before the jump, as long as that means something.
        self.write_withheld();
        let recorded = Recorded::ClockStepped { at: now.wall, by };
        self.take(now, Input::ClockStepped { by }, Line::Always(recorded));
        self.batch.urgent = true;
    }

    /// Whether the clock can be believed at the start, before anything is judged.
    pub fn begin_with_clock(&mut self, trusted: bool) {
        self.clock_trusted = trusted;
        self.engine.begin_with_clock(trusted);
    }

    /// The engine of this turn decides by this configuration from here on, upon all that was written so far.
    pub fn configured(&mut self, now: Reading, hash: &str) {
        let (hash, program) = (hash.to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        let (clock_trusted, steps_on) = (self.clock_trusted, TOLD_UNWRITTEN_MAX);
        self.engine.steps_go_on_beyond(steps_on);
        let line = Recorded::Configured { at: now.wall, hash, program, clock_trusted, steps_on };
        self.batch.records.push(to_record(line));
    }

    /// A part of the history is lost, `times` times so far: what is decided from here on is numbered beyond it.
    pub fn history_cut(&mut self, now: Reading, times: u64) {
        if self.engine.history_cut(times) {
            tracing::warn!(
                times,
                "a part of the history is lost; alerts and their steps are numbered anew, far beyond it"
            );
            self.batch.records.push(to_record(Recorded::HistoryCut { at: now.wall, times }));
            self.batch.urgent = true;
        }
    }

    /// Whether the clock can be believed has changed.
    pub fn trust_clock(&mut self, now: Reading, trusted: bool) {
        self.clock_trusted = trusted;
        let recorded = Recorded::ClockTrusted { at: now.wall, trusted };
        self.take(now, Input::ClockTrusted(trusted), Line::Always(recorded));
    }

    /// A station holds a notice that it got by `channel`: every way to it has done its part. Of a test each way must do its
    /// own.
    pub fn receipt(&mut self, now: Reading, channel: &ChannelName, receipt: &Receipt) {
        let key = key(&receipt.point, receipt.alert, receipt.step);
        let is_test = self.is_test(receipt.alert);
        let has_done = |path: &&Path| path.point == receipt.point && (!is_test || path.channel == *channel);
        for path in self.paths.iter().filter(has_done) {
            path.orders.send(Order::Settle { key: key.clone() }).ok();
            self.batch.settled.push((path.channel.as_str().to_owned(), key.clone()));
        }
        self.held(now, receipt);
    }

    /// Somebody at this point holds a notice. An alarm centre that took it does not speak for a desk at the same point: what
    /// else leads there goes on.
    pub fn held(&mut self, now: Reading, receipt: &Receipt) {
        let (alert, point) = (receipt.alert, receipt.point.clone());
        self.unkept.received(alert, receipt.step);
        let recorded = Recorded::Received { at: now.wall, alert, point: point.clone() };
        self.take(now, Input::Received { alert, point }, Line::IfItDecides(recorded));
    }

    /// A channel has done what it can for a notice and expects no receipt.
    pub fn done(&mut self, channel: String, key: String) {
        self.batch.settled.push((channel, key));
    }

    /// Somebody at a station did something.
    pub fn station_step(&mut self, now: Reading, step: StationStep) {
        let speaks_for_itself = step.by.role.is_staff() || step.by.role == crate::model::lifecycle::Role::Station;
        let known = self.paths.iter().any(|path| step.by.point.as_ref() == Some(&path.point));
        if step.home != self.engine.home().id || !speaks_for_itself || !known {
            tracing::warn!(home = %step.home, by = ?step.by, "a step that no station of this home may ask for");
            return;
        }
        let StationStep { alert, key, by, deed, .. } = step;
        if !self.engine.alerts().any(|known| known.id == alert) {
            tracing::warn!(?alert, ?by, deed = deed.name(), "a step of an alert that is not known here");
            return self.not_known.asked_about(alert, now.since_boot);
        }
        let (at, of) = (now.wall, (key.clone(), by.clone(), deed.clone()));
        let recorded = Recorded::Asked { at, alert, key: of.0, by: of.1, deed: of.2 };
        self.take(now, Input::Step { alert, key, by, deed }, Line::IfItDecides(recorded));
    }

    /// A person says that the home is other than usual, or no longer; refused in words where it cannot be taken.
    pub fn suspend(&mut self, now: Reading, change: Change) -> Result<(), String> {
        if let Change::Begin(suspension) = &change
            && let Some(fault) = suspension.fault(now.wall)
        {
            return Err(fault);
        }
        tracing::warn!(?change, "what is usual in this home changes");
        let recorded = Recorded::Suspended { at: now.wall, what: change.clone() };
        self.take(now, Input::Suspended(change), Line::Always(recorded));
        self.batch.urgent = true;
        Ok(())
    }

    /// A trouble of the gateway itself.
    pub fn trouble(&mut self, now: Reading, reason: Reason) {
        let recorded = Recorded::Trouble { at: now.wall, reason: reason.clone() };
        self.take(now, Input::Trouble(reason), Line::IfItDecides(recorded));
    }

    /// The trouble of this rule is over.
    pub fn trouble_over(&mut self, now: Reading, rule: &'static str) {
        self.over(now, rule, None);
    }

    /// This way out is lost no longer.
    pub fn way_found(&mut self, now: Reading, way: WayOut) {
        self.over(now, "path_lost", Some(way));
    }

    fn over(&mut self, now: Reading, rule: &'static str, way: Option<WayOut>) {
        let recorded = Recorded::TroubleOver { at: now.wall, rule: rule.to_owned(), way: way.clone() };
        self.take(now, Input::TroubleOver { rule, way }, Line::IfItDecides(recorded));
    }

    /// Deadlines that have come.
    pub fn tick(&mut self, now: Reading) {
        self.pass_time(now);
    }

    /// A remark that the home is watched, for the time after a power cut.
    pub fn mark(&mut self, now: Reading) {
        self.batch.records.push(to_record(Recorded::Watching { at: now.wall }));
    }

    fn take(&mut self, now: Reading, input: Input, line: Line) {
        if !matches!(input, Input::ClockStepped { .. }) {
            self.pass_time(now);
        }
        let effects = self.engine.handle(now.wall, input);
        let line = match line {
            Line::Always(line) => Some(line),
            Line::IfItDecides(line) => Some(line).filter(|_| decides(&effects)),
        };
        // What a decision rests on stands before it.
        self.write_withheld_if(decides(&effects));
        self.batch.records.extend(line.map(to_record));
        self.carry_out(now.wall, effects);
        self.last_turn = now.wall;
    }

    fn write_withheld_if(&mut self, is_due: bool) {
        if is_due {
            self.write_withheld();
        }
    }

    fn write_withheld(&mut self) {
        self.batch.records.extend(self.withheld.take().into_iter().map(to_record));
    }

    fn pass_time(&mut self, now: Reading) {
        if drive::is_late(&self.engine, self.last_turn, now.wall) {
            let blind_since = Some(self.last_turn);
            tracing::warn!(since = %self.last_turn, "the gateway stood still");
            let effects = self.engine.handle(now.wall, Input::Started { blind_since });
            self.write_withheld_if(decides(&effects));
            self.batch.records.push(to_record(Recorded::Started { at: now.wall, blind_since }));
            self.carry_out(now.wall, effects);
        }
        let mut came = Vec::new();
        drive::until(&mut self.engine, now.wall, |at, effects| came.push((at, effects)));
        for (at, effects) in came {
            self.write_withheld_if(decides(&effects));
            self.carry_out(at, effects);
        }
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
                Effect::Local(signal) => tracing::info!(?signal, "what the home says changes"),
            }
        }
    }
}

/// So many steps of one alert are never told in one run while nothing can be written.
const TOLD_UNWRITTEN_MAX: u32 = 1_000;

/// How an input comes into the history.
enum Line {
    /// It is remembered in any case.
    Always(Recorded),
    /// Only a step that comes of it makes it worth a line.
    IfItDecides(Recorded),
}

fn decides(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Alert { .. }))
}

/// What a history tells.
pub struct Restored {
    /// The decisions.
    pub engine: Engine,
    /// Which messages it holds already.
    pub deliveries: Deliveries,
    /// The tests of the ways out.
    pub tests: TestsDone,
}

/// Rebuilds it from the store.
pub fn restore(engine: Engine, store: &Store) -> Result<Restored, crate::store::Error> {
    let (mut engine, mut deliveries, mut tests) = (engine, Deliveries::default(), TestsDone::default());
    store.for_each_record(None, |record| {
        deliveries.recall(&record);
        if let Some(recorded) = from_record(record) {
            tests.recall(&recorded);
            engine.recall(recorded);
        }
    })?;
    Ok(Restored { engine, deliveries, tests })
}
