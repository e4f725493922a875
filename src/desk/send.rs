//! Repeats steps to the homes until their gateways confirm them.

use crate::desk::Desk;
use crate::desk::input::{AlertKey, Outgoing};
use crate::desk::row::{Own, Row};
use crate::model::alert::AlertId;
use crate::model::ids::HomeId;
use crate::model::lifecycle::Deed;
use crate::model::reason::Severity;
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// When each unconfirmed step goes out again. Not written down: after a restart all are due at once.
#[derive(Debug, Clone, Default)]
pub(super) struct Sending {
    attempts: BTreeMap<(AlertKey, String), Attempt>,
}

/// How often something was sent in vain, and when it goes out again.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    count: usize,
    first: Timestamp,
    next: Timestamp,
}

impl Attempt {
    /// Due at once.
    pub fn new(now: Timestamp) -> Attempt {
        Attempt { count: 0, first: now, next: now }
    }

    /// Whether it goes out now; if so, the next one is put off.
    pub fn is_due(&mut self, now: Timestamp) -> bool {
        if self.next > now {
            return false;
        }
        self.count += 1;
        self.next = now + pause(self.count, now - self.first);
        true
    }

    /// When it goes out again.
    pub fn next(&self) -> Timestamp {
        self.next
    }
}

impl Sending {
    /// What is to be sent now.
    pub fn due<'a>(&mut self, now: Timestamp, rows: impl Iterator<Item = &'a Row>) -> Vec<Outgoing> {
        let mut attempts = BTreeMap::new();
        let mut out = Vec::new();
        for row in rows {
            for own in row.unconfirmed() {
                let key = (row.key.clone(), own.key.clone());
                let mut attempt = self.attempts.remove(&key).unwrap_or_else(|| Attempt::new(now));
                if attempt.is_due(now) {
                    out.push(outgoing(row, own));
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
                *attempt = Attempt::new(now);
            }
        }
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Timestamp> {
        self.attempts.values().map(|attempt| attempt.next).min()
    }
}

/// For a home that asks by itself, because nothing can be sent to it.
impl Desk {
    /// The steps that wait for the confirmation of this home's gateway, the newest alert first: what is never confirmed,
    /// because the gateway has lost its memory of it, stands in the way of nothing.
    pub fn waiting_for(&self, home: &HomeId) -> Vec<Outgoing> {
        self.rows_of(home).rev().flat_map(|row| row.unconfirmed().map(|own| outgoing(row, own))).collect()
    }

    /// Whether people may do something about an alert of this home at any moment, so that its gateway does well to ask often.
    pub fn is_busy_with(&self, home: &HomeId, now: Timestamp) -> bool {
        self.rows_of(home).any(|row| {
            let is_open = row.alert.phase.is_open() && !row.is_ours();
            let is_pressing = matches!(row.alert.severity, Severity::Emergency | Severity::Urgent);
            let moved_at = row.alert.steps.iter().map(|step| step.at).max().unwrap_or(row.received_at);
            is_open && is_pressing && now - moved_at.max(row.received_at) < BUSY_FOR
        })
    }

    /// Every alert of one home, the oldest number first.
    pub(super) fn rows_of(&self, home: &HomeId) -> impl DoubleEndedIterator<Item = &Row> {
        let key = |number, raised_at| AlertKey { home: home.clone(), alert: AlertId { number, raised_at } };
        let range = || self.rows.range(key(0, Timestamp::MIN_UTC)..=key(u64::MAX, Timestamp::MAX_UTC));
        // Asked of every home for the day's list, and most have none.
        self.rows.has_of(home).then(range).into_iter().flatten().map(|(_, row)| row)
    }
}

/// An alert that nobody touches for so long is not waited for by the second.
const BUSY_FOR: Span = Span::minutes(30);

fn outgoing(row: &Row, own: &Own) -> Outgoing {
    let is_note = matches!(own.deed, Deed::Note { .. });
    let deed = if is_note { Deed::Note { text: String::new() } } else { own.deed.clone() };
    Outgoing { alert: row.key.clone(), key: own.key.clone(), at: own.at, by: own.by.clone(), deed }
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
