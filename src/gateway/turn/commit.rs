//! What a turn decided is written, and what waits for that goes on when it is: notices out, acknowledgements back.

use super::Turn;
use crate::clock::{self, Reading};
use crate::gateway::outbox::Order;
use crate::model::reason::Reason;
use crate::model::time::Span;
use crate::mqtt::Delivery;
use crate::sinks::Outgoing;
use crate::store::{Batch, Written};

/// A commit takes milliseconds; a disk that needs longer is in trouble.
const WRITTEN_WITHIN: Span = Span::seconds(2);

/// What is said of a disk that hangs.
pub const NO_ANSWER: &str = "the disk does not answer";

/// What waits for a commit.
#[derive(Default)]
pub(super) struct Held {
    /// Since when it was handed to the store.
    pub(super) since_boot: Span,
    pub(super) sends: Vec<Send>,
    /// Messages to be acknowledged after it.
    pub(super) deliveries: Vec<Delivery>,
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
            self.let_go(held, written.result.is_ok());
        }
        match (written.result, self.store_trouble.is_some()) {
            (Err(why), false) => self.store_fails(now, why),
            (Ok(()), true) => {
                tracing::info!("the history can be written again");
                self.store_trouble = None;
                self.trouble_over(now, "storage");
            }
            (Ok(()), false) | (Err(_), true) => {}
        }
    }

    /// A disk that hangs must not hold back an alert either: what waits too long for its commit goes out without it.
    pub fn look_at_the_store(&mut self, now: Reading) {
        let overdue = |held: &Held| now.since_boot - held.since_boot > WRITTEN_WITHIN;
        while let Some(oldest) = self.waiting.first_entry().filter(|entry| overdue(entry.get())) {
            let held = oldest.remove();
            self.let_go(held, false);
            if self.store_trouble.is_none() {
                self.store_fails(now, NO_ANSWER.to_owned());
            }
        }
    }

    /// Notices go out and messages are acknowledged. Also after a failed commit: a disk that is full must not stop the flow.
    fn let_go(&mut self, held: Held, durable: bool) {
        for send in held.sends {
            let mut outgoing = send.outgoing;
            outgoing.notice.durable = durable;
            let order =
                Order::Send { key: send.key, priority: send.priority, wait: send.wait, notice: Box::new(outgoing) };
            self.paths[send.path].orders.send(order).ok();
        }
        held.deliveries.into_iter().for_each(Delivery::acknowledge);
    }

    fn store_fails(&mut self, now: Reading, why: String) {
        tracing::error!(why, "the history cannot be written; alerts go out all the same");
        self.store_trouble = Some(why.clone());
        self.trouble(now, Reason::Storage { what: why });
    }

    /// Hands what the turn decided to the store; notices follow its commit. Returns the ticket, if there was anything.
    pub fn finish(&mut self) -> Option<u64> {
        let is_empty = self.batch.records.is_empty() && self.batch.outbox.is_empty() && self.batch.settled.is_empty();
        if !self.batch.urgent {
            std::mem::take(&mut self.held.deliveries).into_iter().for_each(Delivery::acknowledge);
        }
        (!is_empty || self.batch.urgent).then(|| self.submit())
    }

    /// Acknowledges what waits for commits whose end this turn will not see.
    pub fn acknowledge_all(&mut self) {
        let waiting = std::mem::take(&mut self.waiting).into_values().chain([std::mem::take(&mut self.held)]);
        waiting.flat_map(|held| held.deliveries).for_each(Delivery::acknowledge);
    }

    /// An empty batch: its answer proves that the store's thread moves. It makes nothing be written, or every question
    /// of the watchdog would cost the SD card a commit of its own.
    pub fn ask_store(&mut self) {
        self.last_ticket += 1;
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
