//! What a turn decided is written, and what waits for that goes on when it is: notices out, acknowledgements back.

use super::Turn;
use super::unkept::Owed;
use crate::clock::{self, Reading};
use crate::gateway::outbox::Order;
use crate::model::reason::Reason;
use crate::model::time::Span;
use crate::sinks::Outgoing;
use crate::store::{Batch, Written};

/// A commit takes milliseconds; a disk that needs longer is in trouble.
const WRITTEN_WITHIN: Span = Span::seconds(2);

/// What is said of a disk that hangs.
pub const NO_ANSWER: &str = "the disk does not answer";

/// Since when a disk that failed has worked long enough to be called well: at once the first time, later each time it fails
/// again soon. One that is slow now and then was told of at every commit before, 130 times in a night of `simulate`.
#[derive(Debug, Default)]
pub(super) struct Calm {
    is_told: bool,
    failed_at: Option<Span>,
    holds: Span,
}

/// After its first relapse it must have worked for so long, then for twice as long each time …
const HOLDS_FIRST: Span = Span::seconds(30);
/// … up to this.
const HOLDS_AT_MOST: Span = Span::hours(2);
/// A failure so long after the one before is a first one again.
const FORGIVEN_AFTER: Span = Span::hours(6);

impl Calm {
    /// It fails; whether that is to be told.
    fn fails(&mut self, now: Span) -> bool {
        if self.failed_at.is_none_or(|at| now - at > FORGIVEN_AFTER) {
            self.holds = Span::zero();
        }
        self.failed_at = Some(now);
        !std::mem::replace(&mut self.is_told, true)
    }

    /// It works; whether the trouble is over by that.
    fn works(&mut self, now: Span) -> bool {
        let is_over = self.is_told && self.failed_at.is_none_or(|at| now - at >= self.holds);
        if is_over {
            self.is_told = false;
            self.holds = (self.holds * 2).clamp(HOLDS_FIRST, HOLDS_AT_MOST);
        }
        is_over
    }
}

/// What waits for a commit.
#[derive(Default)]
pub(super) struct Held {
    /// Since when it was handed to the store.
    pub(super) since_boot: Span,
    pub(super) sends: Vec<Send>,
    /// Messages to be acknowledged after it.
    pub(super) deliveries: Vec<Owed>,
}

/// A notice that waits for its commit.
pub(super) struct Send {
    pub(super) path: usize,
    pub(super) key: String,
    pub(super) priority: u8,
    pub(super) wait: Span,
    pub(super) outgoing: Outgoing,
}

impl Turn {
    /// The store has committed a batch, or could not.
    pub fn written(&mut self, now: Reading, written: Written) {
        if let Some(held) = self.waiting.remove(&written.ticket) {
            self.let_go(written.ticket, held, written.result.is_ok());
        }
        if written.result.is_ok() {
            self.unkept.written(written.ticket);
        }
        match written.result {
            Err(why) => self.store_fails(now, why),
            Ok(()) => {
                if self.store_trouble.take().is_some() {
                    tracing::info!("the history can be written again");
                }
                self.store_works(now);
            }
        }
    }

    /// A disk that hangs must not hold back an alert either: what waits too long for its commit goes out without it.
    pub fn look_at_the_store(&mut self, now: Reading) {
        let overdue = |held: &Held| now.since_boot - held.since_boot > WRITTEN_WITHIN;
        while let Some(oldest) = self.waiting.first_entry().filter(|entry| overdue(entry.get())) {
            let (ticket, held) = oldest.remove_entry();
            self.let_go(ticket, held, false);
            if self.store_trouble.is_none() {
                self.store_fails(now, NO_ANSWER.to_owned());
            }
        }
        if self.store_trouble.is_none() {
            self.store_works(now);
        }
    }

    /// Notices go out, also after a failed commit: a disk that is full must not stop the flow. Messages are acknowledged; after
    /// a failed commit when a station has them.
    fn let_go(&mut self, ticket: u64, held: Held, durable: bool) {
        if durable {
            held.deliveries.into_iter().for_each(Owed::acknowledge);
        } else {
            let told = held.sends.iter().map(|send| (send.outgoing.notice.alert, send.outgoing.notice.step.number));
            self.unkept.keep(ticket, held.deliveries, &told.collect::<Vec<_>>());
        }
        for send in held.sends {
            let mut outgoing = send.outgoing;
            outgoing.notice.durable = durable;
            let order =
                Order::Send { key: send.key, priority: send.priority, wait: send.wait, notice: Box::new(outgoing) };
            self.paths[send.path].orders.send(order).ok();
        }
    }

    fn store_fails(&mut self, now: Reading, why: String) {
        if self.store_trouble.is_none() {
            tracing::error!(why, "the history cannot be written; alerts go out all the same");
        }
        self.store_trouble = Some(why.clone());
        if self.calm.fails(now.since_boot) {
            self.trouble(now, Reason::Storage { what: why });
        }
    }

    fn store_works(&mut self, now: Reading) {
        if self.calm.works(now.since_boot) {
            self.trouble_over(now, "storage");
        }
    }

    /// Hands what the turn decided to the store; notices follow its commit. Returns the ticket, if there was anything.
    pub fn finish(&mut self) -> Option<u64> {
        let is_empty = self.batch.records.is_empty() && self.batch.outbox.is_empty() && self.batch.settled.is_empty();
        if !self.batch.urgent {
            std::mem::take(&mut self.held.deliveries).into_iter().for_each(Owed::acknowledge);
        }
        (!is_empty || self.batch.urgent).then(|| self.submit())
    }

    /// Acknowledges what waits for commits whose end this turn will not see.
    pub fn acknowledge_all(&mut self) {
        let waiting = std::mem::take(&mut self.waiting).into_values().chain([std::mem::take(&mut self.held)]);
        waiting.flat_map(|held| held.deliveries).for_each(Owed::acknowledge);
        self.unkept.all_kept();
    }

    /// An empty batch: its answer proves that the store's thread moves. It makes nothing be written, or every question
    /// of the watchdog would cost the SD card a commit of its own.
    pub fn ask_store(&mut self) {
        self.last_ticket += 1;
        self.unkept.asks(self.last_ticket);
        self.store.submit(Batch { ticket: self.last_ticket, ..Batch::default() });
    }

    /// Has everything written that was handed in so far; the answer to this ticket comes last.
    pub fn flush_store(&mut self) -> u64 {
        self.batch.urgent = true;
        self.submit()
    }

    fn submit(&mut self) -> u64 {
        self.last_ticket += 1;
        let mut batch = std::mem::take(&mut self.batch);
        batch.ticket = self.last_ticket;
        let held = std::mem::take(&mut self.held);
        if !held.sends.is_empty() || !held.deliveries.is_empty() {
            self.waiting.insert(self.last_ticket, Held { since_boot: clock::since_boot(), ..held });
        }
        self.store.submit(batch);
        self.last_ticket
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fails_now_and_then_is_told_of_a_few_times_and_one_that_failed_once_is_well_at_once() {
        let mut calm = Calm::default();
        assert!(calm.fails(Span::seconds(1)) && !calm.fails(Span::seconds(2)), "told once while it lasts");
        assert!(calm.works(Span::seconds(3)) && !calm.works(Span::seconds(4)));
        // Every five minutes for a night, well in between.
        let (mut told, mut at) = (0, Span::seconds(10));
        for _ in 0..120 {
            told += u32::from(calm.fails(at));
            (1..300).for_each(|secs| {
                calm.works(at + Span::seconds(secs));
            });
            at += Span::minutes(5);
        }
        assert!((2..=6).contains(&told), "{told}");
        let next_day = at + Span::hours(12);
        assert!(calm.works(next_day), "in the end it is well");
        assert!(calm.fails(next_day + Span::hours(1)), "and a new failure is told");
    }
}
