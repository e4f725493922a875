//! What is found out while a crowd speaks: what arrived, how late, and what did not.

use crate::model::alert::AlertId;
use crate::model::ids::HomeId;
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// An alert of a home.
pub type Key = (HomeId, AlertId);

/// The account of a crowd's alerts.
#[derive(Debug, Default)]
pub struct Tally {
    raised: BTreeMap<Key, Timestamp>,
    /// From the press to the station's receipt.
    receipts: BTreeMap<Key, Span>,
    /// Heartbeats sent.
    pub heartbeats: u64,
    /// Heartbeats that the station answered.
    pub answered: u64,
    /// Notices sent again because no receipt came.
    pub repeated: u64,
    /// Steps of people that a home did not take.
    pub refused: u64,
    /// Messages that did not reach the broker.
    pub unsent: u64,
}

/// When pages showed alerts: of each page, the alert's home and number and the instant.
pub type Seen = BTreeMap<(String, u64), Timestamp>;

impl Tally {
    /// An alert was raised.
    pub fn raised(&mut self, alert: Key, at: Timestamp) {
        self.raised.insert(alert, at);
    }

    /// The station holds a step of it; whether that is the first word of the alert.
    pub fn received(&mut self, alert: &Key, step: u32, at: Timestamp) -> bool {
        let Some(raised) = self.raised.get(alert).filter(|_| step == 1) else { return false };
        let is_first = !self.receipts.contains_key(alert);
        if is_first {
            self.receipts.insert(alert.clone(), at - *raised);
        }
        is_first
    }

    /// How many alerts were raised.
    pub fn count(&self) -> usize {
        self.raised.len()
    }

    /// Alerts without a receipt.
    pub fn lost(&self) -> usize {
        self.raised.len() - self.receipts.len()
    }

    /// From the press to the receipt, the shortest first.
    pub fn to_receipt(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = self.receipts.values().copied().collect();
        spans.sort();
        spans
    }

    /// From the press to each page, the shortest first; and how many alerts some page never showed. An alert of the last
    /// moments may be on its way still and is left out.
    pub fn to_page(&self, pages: &[Seen], until: Timestamp) -> (Vec<Span>, usize) {
        let (mut spans, mut missed) = (Vec::new(), 0);
        for ((home, alert), raised) in self.raised.iter().filter(|(_, raised)| **raised <= until) {
            for page in pages {
                match page.get(&(home.to_string(), alert.number)) {
                    Some(at) => spans.push(*at - *raised),
                    None => missed += 1,
                }
            }
        }
        spans.sort();
        (spans, missed)
    }
}

/// The value that so many of a hundred do not exceed (nearest rank); `None` of nothing.
pub fn percentile(sorted: &[Span], percent: f64) -> Option<Span> {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied()
}
