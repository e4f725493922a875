//! The timers of an alert: what is due when if nothing happens before.

use super::Alert;
use crate::model::lifecycle::{Deed, Phase, Reminder, Timers};
use crate::model::reason::{Class, Reason, Severity};
use crate::model::time::Timestamp;

impl Alert {
    /// The step number that a click on "undo" takes back now, and until when it may.
    pub fn undoable(&self, timers: &Timers) -> Option<(u32, Timestamp)> {
        let undoable = self.undoable.as_ref()?;
        let limit = if undoable.is_close { timers.undo_close_within } else { timers.undo_within };
        Some((undoable.step, undoable.at + limit))
    }

    /// When somebody must be at the door; requests and faults have no such clock.
    pub fn due_at(&self, timers: &Timers) -> Option<Timestamp> {
        matches!(self.severity, Severity::Emergency | Severity::Urgent).then(|| self.due_from + timers.arrive_within)
    }

    /// Whether somebody is to do something about it: a question before a limit and a test of the ways out end by themselves.
    fn is_waited_for(&self) -> bool {
        self.reason.class() != Class::Check && !matches!(self.reason, Reason::Test { .. })
    }

    /// The timers of [`Alert::next_timer`] that the gateway runs itself: the promised time, and, a minute after the desk
    /// should have done it, a take that ran out (the station that took it may have died).
    pub fn next_home_timer(&self, timers: &Timers) -> Option<(Timestamp, Deed)> {
        let overdue = self
            .due_at(timers)
            .filter(|_| self.phase.is_open() && self.phase != Phase::Arrived && !self.overdue)
            .filter(|_| self.asking_until.is_none())
            .map(|at| (at, Deed::Overdue));
        let lapse = self
            .owner
            .as_ref()
            .filter(|_| self.phase == Phase::Taken)
            .map(|owner| (owner.progress_at + timers.lapse_after + timers.take_within, Deed::Lapse));
        overdue.into_iter().chain(lapse).min_by_key(|(at, _)| *at)
    }

    /// The next timer of this alert's own life: when, and the step it makes.
    ///
    /// Judgement and deadline are one function: at the instant it names, the step it names is due.
    pub fn next_timer(&self, timers: &Timers) -> Option<(Timestamp, Deed)> {
        let mut due: Vec<(Timestamp, Deed)> = Vec::new();
        let mut remind = |at: Timestamp, of: Reminder| {
            if !self.reminded.contains(&of) {
                due.push((at, Deed::Remind { of }));
            }
        };
        if !self.phase.is_open() {
            return None;
        }
        if let (Phase::Taken, Some(owner)) = (self.phase, &self.owner) {
            remind(owner.progress_at + timers.depart_reminder, Reminder::NotDeparted);
        }
        if let (Phase::Arrived, Some(arrived)) = (self.phase, self.arrived_at) {
            remind(arrived + timers.close_reminder, Reminder::NotClosed);
            remind(arrived + timers.close_supervisor, Reminder::StillNotClosed);
        }
        if let (Some(due_at), false) = (self.due_at(timers), self.phase == Phase::Arrived) {
            remind(due_at - (timers.arrive_within - timers.arrive_reminder), Reminder::NotArrivedYet);
            if !self.overdue {
                due.push((due_at, Deed::Overdue));
            }
        } else if self.severity == Severity::Notice && self.is_waited_for() {
            remind(self.due_from + timers.overlooked_after, Reminder::Overlooked);
        }
        if let (Phase::Taken, Some(owner)) = (self.phase, &self.owner) {
            due.push((owner.progress_at + timers.lapse_after, Deed::Lapse));
        }
        if let Some(asked) = self.asked.as_ref().filter(|_| self.phase == Phase::Received) {
            due.push((asked.at + timers.ask_lasts, Deed::AskEnded));
        }
        if let Some(asked) = self.handing_to.as_ref().filter(|_| self.phase.is_in_hand()) {
            due.push((asked.at + timers.ask_lasts, Deed::HandOverEnded));
        }
        due.into_iter().min_by_key(|(at, _)| *at)
    }
}
