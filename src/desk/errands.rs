//! What the staff does for homes besides alerts: taken once, kept, and shown.
//!
//! Each kind of work keeps its own state beside this one; here is what they share: who may, and that one click is one deed.

use crate::desk::Desk;
use crate::desk::input::{Answer, Effect, Order, Recorded, Subject};
use crate::model::errand::{Declined, Errand, VisitDeed};
use crate::model::ids::HomeId;
use crate::model::lifecycle::Actor;
use crate::model::time::{Span, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// What was done for homes.
#[derive(Debug, Clone, Default)]
pub(super) struct Errands {
    notes: BTreeMap<HomeId, Vec<Done>>,
    /// Keys of clicks that were done, oldest first: the same click again is done already.
    keys: VecDeque<(Timestamp, String)>,
}

/// An errand that was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// What.
    pub what: Errand,
}

impl Errands {
    /// The one way in which this state changes, at work and when it is restored.
    pub fn learn(&mut self, at: Timestamp, home: HomeId, by: Actor, what: Errand, key: String) {
        while self.keys.front().is_some_and(|(then, _)| at - *then > KEYS_KEPT) {
            self.keys.pop_front();
        }
        self.keys.push_back((at, key));
        match what {
            // Each of these keeps its own state.
            Errand::Contact(_) | Errand::Visit(_) | Errand::Request(_) => {}
            Errand::Note { .. } => {
                let notes = self.notes.entry(home).or_default();
                notes.push(Done { at, by, what });
                let surplus = notes.len().saturating_sub(NOTES_KEPT);
                notes.drain(..surplus);
            }
            // Kept by `suspensions`.
            Errand::Suspend(_) | Errand::EndSuspension { .. } => {}
        }
    }

    fn is_done(&self, key: &str) -> bool {
        self.keys.iter().any(|(_, done)| done == key)
    }
}

impl Desk {
    pub(super) fn order(&mut self, now: Timestamp, order: Order, effects: &mut Vec<Effect>) {
        let Order { ticket, home, by, errand, key } = order;
        let answer = if self.errands.is_done(&key) {
            Answer::Done { version: 0 }
        } else if let Err(why) = self.judge_errand(now, &home, &by, &errand) {
            Answer::Declined(why)
        } else {
            let recorded = Recorded::Errand { at: now, home: home.clone(), by, what: errand.clone(), key };
            self.record(recorded, effects);
            if let Errand::Contact(deed) = &errand {
                self.after_contact(now, &home, deed, effects);
            }
            effects.push(Effect::Changed(Subject::Errands(home)));
            Answer::Done { version: 0 }
        };
        effects.push(Effect::Answer { ticket, answer });
    }

    fn judge_errand(&self, now: Timestamp, home: &HomeId, by: &Actor, errand: &Errand) -> Result<(), Declined> {
        if !self.knows_home(home) {
            return Err(Declined::NoSuchHome);
        }
        if !by.role.is_staff() {
            return Err(Declined::NotForRole);
        }
        match errand {
            Errand::Note { text } if text.trim().is_empty() => Err(Declined::Unclear("note")),
            Errand::Note { .. } => Ok(()),
            Errand::Suspend(wanted) => self.judge_suspension(now, by, wanted),
            Errand::EndSuspension { kind } => self.judge_end(now, home, by, *kind),
            Errand::Contact(deed) => self.judge_contact(now, home, by, deed),
            Errand::Visit(deed) => self.judge_visit(now, deed),
            Errand::Request(deed) => self.judge_request(now, home, deed),
        }
    }

    /// The part of the state that an errand changes, beside what all share.
    pub(super) fn learn_errand(&mut self, at: Timestamp, home: &HomeId, by: &Actor, what: &Errand) {
        match what {
            // Suspensions are kept under the key of their click, apart from these.
            Errand::Note { .. } | Errand::Suspend(_) | Errand::EndSuspension { .. } => {}
            Errand::Contact(deed) => self.daily.did(at, home, by.clone(), deed.clone()),
            Errand::Visit(deed) => {
                if matches!(deed, VisitDeed::Visited { on, .. } if *on == self.settings.daily.zone.day(at)) {
                    self.daily.met(at, home);
                }
                self.visits.did(at, home.clone(), by.clone(), deed.clone());
            }
            Errand::Request(deed) => self.requests.did(at, home.clone(), by.clone(), deed.clone()),
        }
    }

    /// Whether the errand of this key was done.
    pub fn has_done(&self, key: &str) -> bool {
        self.errands.is_done(key)
    }

    /// The notes on a home, oldest first.
    pub fn notes(&self, home: &HomeId) -> &[Done] {
        self.errands.notes.get(home).map_or(&[], Vec::as_slice)
    }
}

/// Of one home; older ones are in the history.
const NOTES_KEPT: usize = 50;
/// A page that is open for longer than a day is drawn anew before somebody clicks on it.
const KEYS_KEPT: Span = Span::hours(26);
