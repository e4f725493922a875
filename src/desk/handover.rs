//! A change of shift: what the one who goes has taken and nobody accepted returns to everybody.

use crate::desk::Desk;
use crate::desk::input::{AlertKey, Answer, Effect, Recorded};
use crate::model::ids::PersonId;
use crate::model::lifecycle::{Actor, Deed, Phase};
use crate::model::time::Timestamp;

/// Somebody takes over the shift of somebody else.
#[derive(Debug, Clone, PartialEq)]
pub struct Handover {
    /// Comes back with the answer.
    pub ticket: u64,
    /// Who goes.
    pub from: PersonId,
    /// Who comes.
    pub by: Actor,
    /// What is written beside what returns.
    pub why: String,
    /// Unique per click.
    pub key: String,
}

impl Desk {
    /// Who is on the way or at a door keeps the alert: that person is in the street, not at the desk.
    pub(super) fn handover(&mut self, now: Timestamp, handover: Handover, effects: &mut Vec<Effect>) {
        let Handover { ticket, from, by, why, key } = handover;
        let is_known = by.role.is_staff() && by.person.as_ref().is_some_and(|person| *person != from);
        let left: Vec<(AlertKey, Actor)> = if is_known { self.taken_by(&from).collect() } else { Vec::new() };
        for (alert, owner) in left {
            let what = Deed::Release { why: why.clone() };
            let Some(row) = self.rows.get(&alert) else { continue };
            if row.alert.judge(now, &owner, &what, &self.settings.timers).is_err() {
                continue;
            }
            let key = format!("{key}-{}", alert.alert.number);
            self.record(Recorded::Done { at: now, alert: alert.clone(), by: owner, what, key }, effects);
            effects.push(Effect::Changed(alert.into()));
        }
        let answer = if is_known {
            Answer::Done { version: 0 }
        } else {
            Answer::Refused(crate::model::lifecycle::Refusal::Nothing)
        };
        effects.push(Effect::Answer { ticket, answer });
    }

    /// The alerts that this person has taken and not begun to answer.
    fn taken_by(&self, person: &PersonId) -> impl Iterator<Item = (AlertKey, Actor)> {
        self.rows.values().filter_map(move |row| {
            let owner = &row.alert.owner.as_ref()?.actor;
            let is_theirs = owner.person.as_ref() == Some(person) && owner.point.as_ref() == Some(&self.settings.point);
            (is_theirs && row.alert.phase == Phase::Taken).then(|| (row.key.clone(), owner.clone()))
        })
    }
}
