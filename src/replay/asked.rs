//! Questions put at home in a replay, and what pages people.

use crate::engine::{Effect, Engine};
use crate::model::alert::Alert;
use crate::model::answer::Answer;
use crate::model::lifecycle::Deed;
use crate::model::reason::{Class, Reason};
use crate::model::time::Timestamp;

/// The person at home was asked: before a limit, or before anybody was told of an alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// About what: a check, or the alarm itself.
    pub reason: Reason,
    /// What came of it.
    pub answer: Answer,
    pub(super) number: u64,
}

impl Asked {
    /// What was asked at home about `alert`, if anything was.
    pub fn of(alert: &Alert) -> Option<Asked> {
        let answer = alert.answer_at_home()?;
        Some(Asked { at: alert.id.raised_at, reason: alert.reason.clone(), answer, number: alert.id.number })
    }

    /// The rule that asks.
    pub fn rule(&self) -> &'static str {
        if let Reason::Check(check) = &self.reason { check.of.rule() } else { self.reason.rule() }
    }

    /// Whether somebody moved or pressed, and nobody was told.
    pub fn is_answered(&self) -> bool {
        matches!(self.answer, Answer::Answered(_))
    }
}

/// What the effects of one turn tell people, and what they only ask at home.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Alerts that page people, by number, with their reasons.
    pub paged: Vec<(u64, Reason)>,
    /// Questions, by number.
    pub asked: Vec<(u64, Reason)>,
}

impl Told {
    /// Sorts the effects of one turn; what a later step is about stands in the book of `engine`.
    pub fn of(effects: &[Effect], engine: &Engine) -> Told {
        let steps = effects.iter().filter_map(|effect| match effect {
            Effect::Alert { alert, step } => Some((*alert, &step.deed)),
            Effect::Notify { .. } | Effect::Learned(_) | Effect::Local(_) => None,
        });
        let mut told = Told::default();
        let mut steps = steps.peekable();
        while let Some((number, deed)) = steps.next() {
            let is_put_off = steps.peek().is_some_and(|(_, next)| matches!(next, Deed::AskHome { .. }));
            if let Deed::Raise { reason, .. } = deed {
                let is_question = is_put_off || reason.class() == Class::Check;
                let list = if is_question { &mut told.asked } else { &mut told.paged };
                list.push((number, reason.clone()));
            } else if matches!(deed, Deed::Again { .. } | Deed::Unanswered { .. }) {
                // A repeat that pages people again counts as an alert; one that made them be told at last does not count twice.
                let reason = engine.alerts().find(|alert| alert.id.number == number).map(|alert| alert.reason.clone());
                let is_new = told.paged.iter().all(|(paged, _)| *paged != number);
                told.paged.extend(reason.filter(|_| is_new).map(|reason| (number, reason)));
            }
        }
        told
    }
}
