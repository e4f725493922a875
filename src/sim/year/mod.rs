//! A simulated year: made-up residents live through the real engine, fall at random, and are found, or not.
//!
//! One seed is one year. A resident walks from room to room as habit, hour, weekday and season say ([`life`]), sensors
//! make reports of it as real ones do ([`sensors`]), things go wrong ([`mishaps`]), the engine judges, and people act on what it
//! says ([`world`]). What must never happen is kept apart from what is merely bad ([`outcome`]).
//!
//! It measures rules against one another and catches lost alerts. It proves nothing about real people: their figures come from
//! recorded homes (`carecircle replay`).

pub mod characters;
mod failing;
pub mod life;
pub mod mishaps;
pub mod outcome;
pub mod record;
pub mod sensors;
mod staff;
mod visits;
pub mod world;

use crate::engine::rules;
use crate::model::time::{Timestamp, Zone};
use characters::Character;
use outcome::Outcome;
use record::Record;

/// What is to be simulated.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Everything that is left to chance comes from this.
    pub seed: u64,
    /// How long.
    pub days: u32,
    /// The first midnight.
    pub from: Timestamp,
    /// The clock on the wall.
    pub zone: Zone,
    /// Rules and their limits.
    pub rules: rules::Settings,
    /// How often the resident falls and cannot get up, on average.
    pub falls_per_year: f64,
    /// Whether sensors, links and the gateway fail.
    pub failures: bool,
    /// Whether everything that the gateway heard is written down.
    pub records: bool,
}

/// Lives through the plan as `character`.
pub fn live(plan: &Plan, character: &'static Character) -> (Outcome, Option<Record>) {
    world::World::new(plan, character).run()
}
