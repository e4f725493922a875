//! What was done in the street without a network: it counts from when it was done, and says that it came late.

use crate::desk::Desk;
use crate::desk::input::{Answer, Click, Effect, Recorded};
use crate::desk::row::Row;
use crate::model::alert::LATE_KEY;
use crate::model::lifecycle::{Actor, Deed, Refusal};
use crate::model::time::{Span, Timestamp};

/// What is older nobody counts on any more: the desk has gone on.
const LATE_MAX: Span = Span::minutes(10);
/// How far the clock of a telephone may be off, and how long a step is on its way.
const CLOCKS_DIFFER: Span = Span::seconds(5);

impl Desk {
    /// The same click may have come in time, with only its answer lost: then it has that answer.
    pub(super) fn late(&mut self, now: Timestamp, click: Click, ago: Span, effects: &mut Vec<Effect>) {
        let Click { ticket, alert, by, deed, key, .. } = click;
        let Some(row) = self.rows.get(&alert) else {
            return effects.push(Effect::Answer { ticket, answer: Answer::NoSuchAlert });
        };
        let late_key = format!("{LATE_KEY}{key}");
        let known = row.answers.get(&key).or_else(|| row.answers.get(&late_key)).cloned();
        if let Some(answer) = known {
            return effects.push(Effect::Answer { ticket, answer });
        }
        let line = match self.judge_late(now, row, &by, deed, ago) {
            Ok((at, what)) => Recorded::Done { at, alert: alert.clone(), by, what, key: late_key.clone() },
            Err(why) => Recorded::Refused { at: now, alert: alert.clone(), key: late_key.clone(), why },
        };
        self.record(line, effects);
        let answer = self.rows.get(&alert).and_then(|row| row.answers.get(&late_key)).cloned();
        effects.push(Effect::Changed(alert.into()));
        effects.push(Effect::Answer { ticket, answer: answer.unwrap_or(Answer::NoSuchAlert) });
    }

    /// When it was done and what, or why it does not count.
    fn judge_late(
        &self,
        now: Timestamp,
        row: &Row,
        by: &Actor,
        deed: Deed,
        ago: Span,
    ) -> Result<(Timestamp, Deed), Refusal> {
        if !(Span::zero()..=LATE_MAX).contains(&ago) {
            return Err(Refusal::TooLate { limit_secs: LATE_MAX.num_seconds() });
        }
        let (is_words, is_way) =
            (matches!(deed, Deed::Note { .. }), matches!(deed, Deed::Depart | Deed::Arrive { .. }));
        // A take that nobody knows of is dangerous, and so is every other deed that waits in a pocket.
        if !is_words && !is_way {
            return Err(Refusal::Nothing);
        }
        let moved = row.alert.steps.iter().filter(|step| is_way && moves(&step.deed)).map(|step| step.at).max();
        let before = moved.unwrap_or(row.received_at);
        // Somebody has done something about it since: what was true then need not be now. Words may stand anywhere.
        if is_way && now - ago + CLOCKS_DIFFER < before {
            return Err(Refusal::Stale);
        }
        let at = (now - ago).max(before);
        row.alert.judge(at, by, &deed, &self.settings.timers)?;
        Ok((at, deed))
    }
}

/// Whether the deed moves the alert from phase to phase, or from hand to hand.
fn moves(deed: &Deed) -> bool {
    match deed {
        Deed::Raise { .. }
        | Deed::Receive
        | Deed::Take
        | Deed::Depart
        | Deed::Arrive { .. }
        | Deed::Release { .. }
        | Deed::Accept
        | Deed::TakeOver
        | Deed::Lapse
        | Deed::Close { .. }
        | Deed::Undo { .. }
        | Deed::Reopen
        | Deed::Cancel
        | Deed::CheckOver { .. } => true,
        Deed::Again { .. }
        | Deed::AskHome { .. }
        | Deed::Unanswered { .. }
        | Deed::PersonCancelled
        | Deed::Ask { .. }
        | Deed::AskEnded
        | Deed::HandOver { .. }
        | Deed::HandOverEnded
        | Deed::Assist
        | Deed::Escalate { .. }
        | Deed::Call { .. }
        | Deed::Note { .. }
        | Deed::Life { .. }
        | Deed::Recovered
        | Deed::Remind { .. }
        | Deed::Overdue
        | Deed::Refused { .. }
        | Deed::Unknown => false,
    }
}
