//! "What if from this instant on no sensor said anything?" — asked of a copy of the engine as it stands.

use super::asked::Told;
use super::simulated::Raised;
use crate::engine::{Effect, Engine, drive};
use crate::model::reason::{Class, Reason};
use crate::model::time::{Span, Timestamp};

/// How long the silence is followed.
const FOLLOWED: Span = Span::hours(24);

/// What became of the silence.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// From when on no sensor says anything.
    pub silent_from: Timestamp,
    /// When the alert about the person for this silence is raised, and why; it may lie before `silent_from`.
    pub alert: Option<(Timestamp, Reason)>,
}

/// Follows the silence that begins at `silent_from` in a copy of `engine`; `raised` is what was raised so far.
pub fn answer(engine: &Engine, silent_from: Timestamp, raised: &[Raised]) -> Answer {
    let quiet_since = engine.seen().quiet_since;
    let already = raised.iter().rev().find(|raised| {
        raised.reason.class() == Class::Person
            && raised.ended.is_none()
            && quiet_since.is_none_or(|quiet| raised.at > quiet)
    });
    if let Some(already) = already {
        return Answer { silent_from, alert: Some((already.at, already.reason.clone())) };
    }
    let mut copy = engine.clone();
    let mut first = None;
    let end = silent_from + FOLLOWED;
    while let Some(deadline) = copy.next_wakeup().filter(|deadline| *deadline <= end && first.is_none()) {
        let mut came = Vec::new();
        drive::until(&mut copy, deadline, |at, effects| came.push((at, effects)));
        let person = |(_, reason): (u64, Reason)| (reason.class() == Class::Person).then_some(reason);
        let paged = |(at, effects): (Timestamp, Vec<Effect>)| {
            Told::of(&effects, &copy).paged.into_iter().find_map(person).map(|reason| (at, reason))
        };
        first = came.into_iter().find_map(paged);
    }
    Answer { silent_from, alert: first }
}
