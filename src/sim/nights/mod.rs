//! Nights: homes and two stations, the daemons' own code in simulated time, with faults injected from one seed and a ledger
//! that says what must come of it.
//!
//! What runs is the product: decoders, engine, gateway turn and outbox, wire bytes, desk, station turn, memory of both. What
//! stands around it is made up here: people, brokers, connections, disks, clocks. See `docs/nights.md`.

mod disk;
mod failing;
mod faults;
mod home;
mod ledger;
mod made;
mod planted;
mod script;
mod shrink;
mod station;
mod verdict;
mod ways;
mod world;

pub use faults::Fault;
pub use planted::Planted;
pub use shrink::shrink;

use std::collections::BTreeMap;
use world::World;

/// Which nights are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Everything comes from it.
    pub seed: u64,
    /// So many homes; otherwise the seed says how many.
    pub homes: Option<usize>,
    /// Kinds of faults that are left out.
    pub without: Vec<Fault>,
    /// A deliberate bug.
    pub planted: Option<Planted>,
    /// Everything that happens is written down.
    pub tells: bool,
}

/// What must not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Milliseconds since the night began.
    pub at: i64,
    /// The number of the step.
    pub step: u64,
    /// What broke.
    pub what: String,
}

/// What happened in some nights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Homes times nights.
    pub homes: u64,
    /// Steps of the simulation.
    pub steps: u64,
    /// Presses.
    pub presses: u64,
    /// Falls.
    pub falls: u64,
    /// Alerts, by rule.
    pub alerts: BTreeMap<&'static str, u64>,
    /// Receipts that stations gave.
    pub receipts: u64,
    /// Messages that were lost on purpose.
    pub lost_messages: u64,
    /// How often at most one alert that is no press came again, and its rule.
    pub most_again: (u32, &'static str),
    /// Faults, by kind.
    pub faults: BTreeMap<Fault, u64>,
    /// Milliseconds from a raise to the first page.
    pub delays: Vec<i64>,
}

/// How a night went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What happened.
    pub counts: Counts,
    /// What broke, if something did; the night ends there.
    pub broken: Option<Break>,
    /// Everything that happened, where it was wanted.
    pub story: Vec<String>,
}

/// How long a night is.
pub const NIGHT_SECS: i64 = script::END / script::SECOND;

/// Lives through one night.
pub fn live(asked: &Asked, night: u64) -> Outcome {
    let mut world = World::new(asked, night);
    world.live();
    let mut counts = world.counts;
    (counts.homes, counts.steps) = (world.homes.len() as u64, world.step);
    Outcome { counts, broken: world.broken, story: world.story }
}

impl Counts {
    /// Both together.
    pub fn add(&mut self, other: Counts) {
        self.homes += other.homes;
        self.steps += other.steps;
        self.presses += other.presses;
        self.falls += other.falls;
        self.receipts += other.receipts;
        self.lost_messages += other.lost_messages;
        other.alerts.into_iter().for_each(|(rule, count)| *self.alerts.entry(rule).or_default() += count);
        other.faults.into_iter().for_each(|(fault, count)| *self.faults.entry(fault).or_default() += count);
        self.most_again = self.most_again.max(other.most_again);
        self.delays.extend(other.delays);
    }
}
