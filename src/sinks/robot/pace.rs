//! How many messages a robot gets: never more than its limit in any minute, and always some left for a call button.

use crate::model::time::Span;

/// A bucket of messages that fills itself.
#[derive(Debug)]
pub struct Pace {
    /// What it holds when it is full.
    full: u32,
    /// What the others leave for buttons.
    kept_for_buttons: u32,
    /// After that long there is one more.
    every: Span,
    left: u32,
    /// Since when the next one is under way.
    since: Span,
}

impl Pace {
    /// At most `per_minute` in any minute, as a bucket that begins full at `now` (since boot).
    ///
    /// In one minute a full bucket gives what it holds and what flows in: both together are the limit. It holds no more
    /// than five, which is what Feishu takes within a second.
    pub fn new(per_minute: u32, now: Span) -> Pace {
        let full = (per_minute / 3).clamp(2, 5);
        let flows_in = per_minute.saturating_sub(full).max(1);
        let every = Span::milliseconds(i64::from(60_000_u32.div_ceil(flows_in)));
        Pace { full, kept_for_buttons: full / 2, every, left: full, since: now }
    }

    /// From now on it is so many in a minute; what was taken stays taken.
    pub fn keep_to(&mut self, per_minute: u32, now: Span) {
        self.fill(now);
        let anew = Pace::new(per_minute, now);
        *self = Pace { left: self.left.min(anew.full), ..anew };
    }

    /// Takes one for a message that goes at `now`, or says how long to wait for it.
    pub fn take(&mut self, now: Span, is_button: bool) -> Result<(), Span> {
        self.fill(now);
        let kept = if is_button { 0 } else { self.kept_for_buttons };
        if self.left > kept {
            self.left -= 1;
            return Ok(());
        }
        let missing = i32::try_from(kept - self.left).unwrap_or(i32::MAX - 1);
        Err(self.since + self.every * (missing + 1) - now)
    }

    fn fill(&mut self, now: Span) {
        while self.left < self.full && now - self.since >= self.every {
            self.left += 1;
            self.since += self.every;
        }
        // What would have flowed over is gone.
        if self.left >= self.full {
            self.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_no_minute_goes_more_than_the_limit_and_one_is_always_left_for_a_button() {
        for per_minute in 5..=15 {
            let mut pace = Pace::new(per_minute, Span::zero());
            let mut sent: Vec<Span> = Vec::new();
            for at in (0..600_000).step_by(100).map(Span::milliseconds) {
                // Long silences between, so that the bucket is found full at any phase.
                let is_wanted = at.num_seconds() % 97 > 20;
                if is_wanted && pace.take(at, false).is_ok() {
                    sent.push(at);
                    assert!(pace.left >= 1, "nothing left for a button");
                }
                if is_wanted && at.num_milliseconds() % 7_900 == 0 && pace.take(at, true).is_ok() {
                    sent.push(at);
                }
            }
            for first in 0..sent.len() {
                let within = sent[first..].iter().take_while(|at| **at - sent[first] < Span::minutes(1)).count();
                assert!(within <= per_minute as usize, "{within} of {per_minute} from {}", sent[first]);
            }
            assert!(sent.len() as u32 > per_minute * 4, "the limit is used");
        }
    }

    #[test]
    fn the_wait_it_names_is_the_wait_it_needs() {
        let mut pace = Pace::new(15, Span::zero());
        while pace.take(Span::zero(), false).is_ok() {}
        let wait = pace.take(Span::seconds(1), false).unwrap_err();
        assert!(pace.take(Span::seconds(1) + wait - Span::milliseconds(1), false).is_err());
        assert!(pace.take(Span::seconds(1) + wait, false).is_ok());
    }
}
