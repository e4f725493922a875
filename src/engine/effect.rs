//! What the engine wants done.

use crate::model::alert::{Alert, Step};
use crate::model::ids::PointId;
use crate::model::learned::LearnedDay;

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
    /// Tell the person in the home.
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

/// What the person in the home is told by lamp or voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// "Are you all right? Move, or press the button; otherwise somebody comes."
    Asking,
    /// "Your call has been received."
    CallReceived,
    /// "Someone is on the way."
    OnTheWay,
    /// All clear.
    Closed,
}
