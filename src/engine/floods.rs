//! Who says more than can be meant, since when and how fast: what the gateway refused, as it was told.

use crate::model::flood::{Flood, Flooder};
use crate::model::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// Floods that last, and those that were over a moment ago.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Floods {
    by_who: BTreeMap<Flooder, Told>,
}

/// What was told of one flood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// Since when.
    pub since: Timestamp,
    /// When it was told last.
    pub last: Timestamp,
    /// How many messages a second, as first measured.
    pub per_second: u32,
}

impl Floods {
    /// A flood was told, or told again.
    pub fn tell(&mut self, at: Timestamp, flood: &Flood) {
        self.by_who.retain(|_, told| at - told.last < FORGOTTEN_AFTER);
        match self.by_who.get_mut(&flood.who) {
            Some(told) if at - told.last < FLOOD_OVER_AFTER => told.last = at,
            Some(_) | None => {
                let told = Told { since: at, last: at, per_second: flood.per_second };
                if self.by_who.len() < KEPT_MAX {
                    self.by_who.insert(flood.who.clone(), told);
                }
            }
        }
    }

    /// Every flood, by who floods.
    pub fn all(&self) -> impl Iterator<Item = (&Flooder, &Told)> {
        self.by_who.iter()
    }

    /// Moves every remembered instant by `by`.
    pub fn shift(&mut self, by: Span) {
        for told in self.by_who.values_mut() {
            told.since += by;
            told.last += by;
        }
    }
}

/// Quiet for this long, a flood is over.
pub const FLOOD_OVER_AFTER: Span = Span::minutes(10);

const FORGOTTEN_AFTER: Span = Span::hours(1);

/// Only registered sensors and sources flood by name.
const KEPT_MAX: usize = 1024;
