//! What the engine wants done.

use crate::model::alert::{Alert, Step};
use crate::model::ids::PointId;
use crate::model::learned::LearnedDay;
pub use crate::model::signal::Signal;

/// One thing to do, in the order given.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Record this step before anything that follows is sent.
    Alert {
        /// The alert's number.
        alert: u64,
        /// The step.
        step: Step,
    },
    /// Tell these points about a step that was recorded before.
    Notify {
        /// Who is told.
        to: Vec<PointId>,
        /// The alert as it stands after the step; its timeline is left out.
        alert: Box<Alert>,
        /// The step.
        step: Step,
    },
    /// Record what a day has taught: limits of later days rest on it.
    Learned(Box<LearnedDay>),
    /// Tell the person in the home; it holds until the next one.
    Local(Signal),
}

impl Effect {
    /// Tells these points about `step`.
    pub(super) fn notify(alert: &Alert, to: Vec<PointId>, step: Step) -> Effect {
        let mut alert = alert.clone();
        alert.steps.clear();
        Effect::Notify { to, alert: Box::new(alert), step }
    }
}
