//! Repeats steps to the homes until their gateways confirm them.

use crate::desk::input::{AlertKey, Outgoing};
use crate::desk::row::Row;
use crate::model::lifecycle::Deed;
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// When each unconfirmed step goes out again. Not written down: after a restart all are due at once.
#[derive(Debug, Clone, Default)]
pub(super) struct Sending {
    attempts: BTreeMap<(AlertKey, String), Attempt>,
}

#[derive(Debug, Clone)]
struct Attempt {
    count: usize,
    first: Timestamp,
    next: Timestamp,
}

impl Sending {
    /// What is to be sent now.
    pub fn due<'a>(&mut self, now: Timestamp, rows: impl Iterator<Item = &'a Row>) -> Vec<Outgoing> {
        let mut attempts = BTreeMap::new();
        let mut out = Vec::new();
        for row in rows {
            for own in row.unconfirmed() {
                let key = (row.key.clone(), own.key.clone());
                let mut attempt = self.attempts.remove(&key).unwrap_or(Attempt { count: 0, first: now, next: now });
                if attempt.next <= now {
                    attempt.count += 1;
                    attempt.next = now + pause(attempt.count, now - attempt.first);
                    let is_note = matches!(own.deed, Deed::Note { .. });
                    let deed = if is_note { Deed::Note { text: String::new() } } else { own.deed.clone() };
                    let (alert, key, at, by) = (row.key.clone(), own.key.clone(), own.at, own.by.clone());
                    out.push(Outgoing { alert, key, at, by, deed });
                }
                attempts.insert(key, attempt);
            }
        }
        self.attempts = attempts; // what is confirmed is forgotten
        out
    }

    /// A link came up: all that wait for it are due at once.
    pub fn all_due(&mut self, now: Timestamp, of: impl Fn(&AlertKey) -> bool) {
        for ((alert, _), attempt) in &mut self.attempts {
            if of(alert) {
                *attempt = Attempt { count: 0, first: now, next: now };
            }
        }
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Timestamp> {
        self.attempts.values().map(|attempt| attempt.next).min()
    }
}

/// 5, 10, 20, 30 s, then 30 s for an hour, then 10 min (`trust.md` 3).
fn pause(count: usize, tried_for: Span) -> Span {
    match FIRST_PAUSES_SECS.get(count - 1) {
        Some(secs) => Span::seconds(*secs),
        None if tried_for < Span::hours(1) => Span::seconds(30),
        None => Span::minutes(10),
    }
}

const FIRST_PAUSES_SECS: [i64; 4] = [5, 10, 20, 30];
