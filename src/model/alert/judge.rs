//! Who may do what to an alert now: ownership, time limits, outcomes.

use super::Alert;
use crate::model::lifecycle::{Actor, Contact, Deed, Next, Outcome, Phase, Refusal, Role, Timers};
use crate::model::reason::{Class, Severity};
use crate::model::time::Timestamp;

impl Alert {
    /// Whether `by` may do `deed` at `now`, and where it leads.
    pub fn judge(&self, now: Timestamp, by: &Actor, deed: &Deed, timers: &Timers) -> Result<Next, Refusal> {
        let next = self.phase.after(deed, by.role).map_err(|refusal| self.with_owner(by, deed, refusal))?;
        match deed {
            Deed::Depart | Deed::Arrive { .. } => self.owner_or_their_desk(by)?,
            Deed::Release { .. } | Deed::HandOver { .. } => self.owner_or_their_desk(by)?,
            Deed::Accept => {
                let asked = self.handing_to.as_ref().ok_or(Refusal::Nothing)?;
                if by.person.as_ref() != Some(&asked.person) {
                    return Err(Refusal::NotYours);
                }
            }
            Deed::AskEnded => self.asked.as_ref().map(drop).ok_or(Refusal::Nothing)?,
            Deed::HandOverEnded => self.handing_to.as_ref().map(drop).ok_or(Refusal::Nothing)?,
            Deed::Close { outcome, contact } => {
                if by.role == Role::Responder {
                    self.owner_or_their_desk(by)?;
                }
                if *outcome == Outcome::NoAccess {
                    return Err(Refusal::NeedsNextStep);
                }
                let excused = matches!(outcome, Outcome::Test | Outcome::Duplicate);
                if self.severity == Severity::Emergency && *contact == Contact::None && !excused {
                    return Err(Refusal::NeedsContact);
                }
            }
            Deed::Undo { step } => self.judge_undo(now, by, *step, timers)?,
            Deed::Reopen => {
                let limit = if by.role == Role::Home { timers.press_reopens_within } else { timers.reopen_within };
                let closed = self.closed.as_ref().ok_or(Refusal::Nothing)?;
                if now - closed.at > limit {
                    return Err(Refusal::TooLate { limit_secs: limit.num_seconds() });
                }
            }
            // Only people end an alert; what was only a question, or a test, ends by itself.
            Deed::CheckOver { .. } if self.reason.class() != Class::Check && !self.test => {
                return Err(Refusal::Nothing);
            }
            // Phase and role say all there is to say about the rest.
            Deed::CheckOver { .. } => {}
            Deed::Raise { .. } | Deed::Again { .. } | Deed::Cancel | Deed::PersonCancelled | Deed::Receive => {}
            Deed::AskHome { .. } | Deed::Unanswered { .. } => {}
            Deed::Ask { .. }
            | Deed::Take
            | Deed::TakeOver
            | Deed::Assist
            | Deed::Escalate { .. }
            | Deed::Call { .. } => {}
            Deed::Note { .. } | Deed::Life { .. } | Deed::Recovered | Deed::Remind { .. } | Deed::Lapse => {}
            Deed::Overdue | Deed::Refused { .. } | Deed::Unknown => {}
        }
        Ok(next)
    }

    /// "Already taken" says more than "not possible while taken".
    fn with_owner(&self, by: &Actor, deed: &Deed, refusal: Refusal) -> Refusal {
        match (&refusal, deed, &self.owner) {
            (Refusal::NotInPhase { .. }, Deed::Take | Deed::Depart, Some(owner)) if !owner.actor.is(by) => {
                Refusal::Owned { by: owner.actor.clone(), since: owner.since }
            }
            _ => refusal,
        }
    }

    /// Nobody owns it yet, or `by` is the owner, or the desk of the owner's point acts for the owner.
    fn owner_or_their_desk(&self, by: &Actor) -> Result<(), Refusal> {
        let Some(owner) = &self.owner else { return Ok(()) };
        let for_owner = matches!(by.role, Role::Desk | Role::Supervisor) && by.point == owner.actor.point;
        if by.role == Role::Home || owner.actor.is(by) || for_owner {
            Ok(())
        } else {
            Err(Refusal::Owned { by: owner.actor.clone(), since: owner.since })
        }
    }

    fn judge_undo(&self, now: Timestamp, by: &Actor, step: u32, timers: &Timers) -> Result<(), Refusal> {
        let undoable = self.undoable.as_ref().filter(|u| u.step == step).ok_or(Refusal::Nothing)?;
        if by.role != Role::Supervisor && !undoable.by.is(by) {
            return Err(Refusal::NotYours);
        }
        let limit = if undoable.is_close { timers.undo_close_within } else { timers.undo_within };
        if now - undoable.at > limit {
            return Err(Refusal::TooLate { limit_secs: limit.num_seconds() });
        }
        Ok(())
    }

    /// The steps that `deed` implies before itself: an arrival from `received` implies take and departure.
    pub fn implied_by(&self, deed: &Deed) -> Vec<Deed> {
        match (deed, self.phase) {
            (Deed::Depart | Deed::Close { .. }, Phase::Received) => vec![Deed::Take],
            (Deed::Arrive { .. }, Phase::Received) => vec![Deed::Take, Deed::Depart],
            (Deed::Arrive { .. }, Phase::Taken) => vec![Deed::Depart],
            _ => Vec::new(),
        }
    }
}
