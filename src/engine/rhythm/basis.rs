//! The days that are remembered, and what holds after them.

use super::lazily::Lazily;
use super::model::{DAYS_KEPT, Model};
use super::{LEARNING_DAYS, Place};
use crate::model::learned::LearnedDay;
use std::sync::Arc;

/// What the limits of a day rest on: all days before it. Where it changes, it is another one; what began before goes on with its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Basis {
    /// Oldest first; only days that count.
    days: Vec<Arc<LearnedDay>>,
    /// Where the sensors hang, by their numbers, as far as they were known then.
    places: Arc<Vec<Place>>,
    target: f64,
    /// Years come back from the lines of their days, and only the limits of the last one are ever asked for.
    model: Lazily<Model>,
}

impl Basis {
    /// These days, oldest first, of which the newest are kept.
    pub(super) fn of(mut days: Vec<Arc<LearnedDay>>, places: &Arc<Vec<Place>>, target: f64) -> Basis {
        days.drain(..days.len().saturating_sub(DAYS_KEPT));
        Basis { days, places: Arc::clone(places), target, model: Lazily::default() }
    }

    /// Oldest first.
    pub(super) fn days(&self) -> &[Arc<LearnedDay>] {
        &self.days
    }

    /// Whether these are enough days for limits of their own.
    pub(super) fn is_enough(&self) -> bool {
        self.days.len() >= LEARNING_DAYS
    }

    /// What holds after these days.
    pub(super) fn model(&self) -> &Model {
        self.model.get(|| Model::of(&self.days, &self.places, self.target))
    }
}
