//! How much goes on in the home before a sensor sees something of it: learned, to notice the one that has gone blind.

use super::days::Days;
use crate::model::time::{Span, Timestamp};

/// How often a sensor saw nothing while others saw life.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sights {
    /// The home's count of lively quarter hours when it last saw something, or was heard first.
    counted_from: Option<u32>,
    /// The most that it ever missed between two events, by day.
    most: Days<u16>,
}

impl Sights {
    /// The home's count stands at `lively`, and the sensor is there.
    pub(super) fn present(&mut self, lively: u32) {
        self.counted_from.get_or_insert(lively);
    }

    /// It saw something.
    pub(super) fn saw(&mut self, at: Timestamp, lively: u32) {
        let missed = u16::try_from(self.missed(lively)).unwrap_or(u16::MAX);
        let most = self.most.at(at).0;
        *most = Some(most.unwrap_or(0).max(missed));
        self.counted_from = Some(lively);
    }

    /// Lively quarter hours of the home since it saw something.
    pub(super) fn missed(&self, lively: u32) -> u32 {
        self.counted_from.map_or(0, |from| lively.saturating_sub(from))
    }

    /// Whether it has missed more than is usual. Asked at every input: most have missed too little to look back at all.
    pub(super) fn misses_too_much(&self, lively: u32) -> bool {
        let missed = self.missed(lively);
        missed > MISSED_MIN && missed > self.usual()
    }

    /// So many lively quarter hours without an event are usual for a sensor where it hangs.
    fn usual(&self) -> u32 {
        let most = self.most.past().map(|(_, missed)| u32::from(missed)).max().unwrap_or(0);
        MISSED_MIN.max(most.saturating_mul(TIMES_USUAL))
    }

    pub(super) fn shift(&mut self, by: Span) {
        self.most.shift(by);
    }
}

/// Two and a half days of an ordinary life: there are rooms that nobody enters every day.
const MISSED_MIN: u32 = 100;

const TIMES_USUAL: u32 = 3;
