//! What came of asking the person at home before anybody was told.

use crate::model::alert::{Alert, Step};
use crate::model::lifecycle::{CheckEnd, Deed, Phase};
use crate::model::reason::Class;
use crate::model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// What came of asking the person at home first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// The question stands.
    Awaited,
    /// Somebody moved or pressed, and nobody had to come.
    Answered(Timestamp),
    /// Nobody did: people were told.
    Unanswered(Timestamp),
    /// There was nothing to ask any more.
    NoLongerDue(Timestamp),
}

/// How often the person at home was asked first in the last [`COUNTED`], and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Questions {
    /// Questions that stand.
    pub awaited: u32,
    /// Somebody moved or pressed, and nobody had to come.
    pub answered: u32,
    /// Nobody did: people were told.
    pub unanswered: u32,
}

/// As long as alerts that have ended stay in the book.
pub const COUNTED: Span = Span::days(7);

impl Questions {
    /// Counts those of `alerts` that were decided in time.
    pub fn of<'a>(now: Timestamp, alerts: impl Iterator<Item = &'a Alert>) -> Questions {
        let mut questions = Questions::default();
        for answer in alerts.filter_map(Alert::answer_at_home) {
            let counts = |at: Timestamp| u32::from(now - at < COUNTED);
            match answer {
                Answer::Awaited => questions.awaited += 1,
                Answer::Answered(at) => questions.answered += counts(at),
                Answer::Unanswered(at) => questions.unanswered += counts(at),
                Answer::NoLongerDue(_) => {}
            }
        }
        questions
    }

    /// Whether nobody was asked.
    pub fn are_none(&self) -> bool {
        *self == Questions::default()
    }
}

impl Alert {
    /// What came of asking at home; absent where nobody was asked.
    pub fn answer_at_home(&self) -> Option<Answer> {
        let is_check = self.reason.class() == Class::Check;
        let asked = is_check.then_some(Answer::Awaited);
        self.steps.iter().fold(asked, |answer, step| came_of(step, is_check).or(answer))
    }

    /// Whether the person answered at home before anybody had to come.
    pub fn was_answered_at_home(&self) -> bool {
        self.phase == Phase::Cancelled && matches!(self.answer_at_home(), Some(Answer::Answered(_)))
    }
}

/// What a step says about the question, if anything.
fn came_of(step: &Step, is_check: bool) -> Option<Answer> {
    if let Deed::CheckOver { how } = &step.deed {
        return match how {
            CheckEnd::Answered { .. } => Some(Answer::Answered(step.at)),
            CheckEnd::LimitPassed => Some(Answer::Unanswered(step.at)),
            CheckEnd::NoLongerDue => Some(Answer::NoLongerDue(step.at)),
            // Nobody was asked.
            CheckEnd::Tested { .. } => None,
        };
    }
    // Somebody phoned before there was an answer.
    let is_phoned = is_check && matches!(step.deed, Deed::Close { .. });
    let asked = matches!(step.deed, Deed::AskHome { .. }).then_some(Answer::Awaited);
    let answered = (step.deed == Deed::Cancel).then_some(Answer::Answered(step.at));
    let unanswered = matches!(step.deed, Deed::Unanswered { .. }).then_some(Answer::Unanswered(step.at));
    asked.or(answered).or(unanswered).or(is_phoned.then_some(Answer::NoLongerDue(step.at)))
}
