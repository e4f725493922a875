//! What happened at this desk since it runs, as counters that never fall: a row that changes its mind, is reopened, or leaves the
//! memory as a case takes nothing back. A restored desk counts anew what its history still tells.

use crate::desk::Figures;
use crate::model::lifecycle::Outcome;
use crate::model::reason::Severity;
use crate::model::time::Span;
use std::collections::BTreeMap;

/// Counts of alerts and of how long people took. Tests and drills are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Alerts that came, by rule.
    pub raised: BTreeMap<(&'static str, Severity), u64>,
    /// Ends of alerts, by rule and outcome; one that was reopened ends again. Without an outcome where none was told.
    pub ended: BTreeMap<(&'static str, Severity, Option<Outcome>), u64>,
    /// From the raise to the receipt.
    pub transport: Lengths,
    /// From the receipt to the first take.
    pub take: Lengths,
    /// From the raise to the door.
    pub arrive: Lengths,
    /// From the raise to the end.
    pub close: Lengths,
}

/// How many lengths of time there were, sorted by how long they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lengths {
    /// How many are within each of [`LIMITS_SECS`] and within none before it.
    within: [u64; LIMITS_SECS.len()],
    /// How many there are.
    pub count: u64,
    /// All of them in a row, in milliseconds.
    pub sum_ms: u64,
}

/// The limits of the sorting.
pub const LIMITS_SECS: [i64; 11] = [5, 15, 30, 60, 120, 180, 300, 600, 900, 1800, 3600];

impl Tally {
    /// An alert is another than it was; `before` is absent for a new one.
    pub(super) fn changed(&mut self, before: Option<&Figures>, now: &Figures) {
        if now.test {
            return;
        }
        let was_open = before.is_none_or(|before| before.phase.is_open());
        if before.is_none() {
            *self.raised.entry((now.rule, now.severity)).or_default() += 1;
        }
        if was_open && !now.phase.is_open() {
            *self.ended.entry((now.rule, now.severity, now.outcome)).or_default() += 1;
        }
        // What the home's gateway or the station found out about equipment is no call that somebody answers.
        if !matches!(now.severity, Severity::Emergency | Severity::Urgent) {
            return;
        }
        let new = |of: fn(&Figures) -> Option<Span>| of(now).filter(|_| before.and_then(of).is_none());
        let happened = [
            (&mut self.transport, before.is_none().then_some(now.transport)),
            (&mut self.take, new(|figures| figures.take)),
            (&mut self.arrive, new(|figures| figures.arrive)),
            (&mut self.close, new(|figures| figures.close)),
        ];
        for (lengths, length) in happened {
            length.into_iter().for_each(|length| lengths.add(length));
        }
    }
}

impl FromIterator<Span> for Lengths {
    fn from_iter<I: IntoIterator<Item = Span>>(spans: I) -> Lengths {
        let mut lengths = Lengths::default();
        spans.into_iter().for_each(|length| lengths.add(length));
        lengths
    }
}

impl Lengths {
    fn add(&mut self, length: Span) {
        let millis = u64::try_from(length.num_milliseconds()).unwrap_or(0);
        let nth = LIMITS_SECS.iter().position(|limit| length <= Span::seconds(*limit));
        if let Some(within) = nth.and_then(|nth| self.within.get_mut(nth)) {
            *within += 1;
        }
        self.count += 1;
        self.sum_ms = self.sum_ms.saturating_add(millis);
    }

    /// Each limit in seconds with how many do not exceed it.
    pub fn up_to(&self) -> impl Iterator<Item = (i64, u64)> {
        let mut sum = 0;
        LIMITS_SECS.into_iter().zip(self.within).map(move |(limit, within)| {
            sum += within;
            (limit, sum)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_stands_under_every_limit_that_it_does_not_exceed() {
        let lengths: Lengths = [5_000, 70_500, 3_600_001, -4].map(Span::milliseconds).into_iter().collect();
        let up_to: BTreeMap<i64, u64> = lengths.up_to().collect();
        assert_eq!((up_to[&5], up_to[&60], up_to[&120], up_to[&3600]), (2, 2, 3, 3));
        assert_eq!((lengths.count, lengths.sum_ms), (4, 3_675_501));
    }
}
