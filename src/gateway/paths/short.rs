//! Connections that are closed as soon as they are made: a second gateway with the id of this home throws this one out.

use crate::model::time::Span;
use std::collections::VecDeque;

/// Connections on one way that ended soon after they were made.
#[derive(Debug, Default)]
pub(super) struct Short {
    up: Option<Span>,
    ended: VecDeque<Span>,
    /// It was told.
    pub told: bool,
}

impl Short {
    /// It was made, or has ended.
    pub fn linked(&mut self, counted: Span, up: bool) {
        if up {
            self.up = Some(counted);
        } else if self.up.take().is_some_and(|at| counted - at <= SHORT_LIFE) {
            self.ended.push_back(counted);
            if self.ended.len() > TWIN_TIMES {
                self.ended.pop_front();
            }
        }
    }

    /// What was long ago counts no more.
    pub fn forget(&mut self, counted: Span) {
        while self.ended.front().is_some_and(|at| counted - *at > TWIN_OVER) {
            self.ended.pop_front();
        }
        self.told &= !self.ended.is_empty();
    }

    /// No connection ended soon within that time.
    pub fn all_held(&self) -> bool {
        self.ended.is_empty()
    }

    /// Whether so many in a row are a second gateway.
    pub fn is_twin(&self, counted: Span) -> bool {
        self.ended.iter().filter(|at| counted - **at <= TWIN_WITHIN).count() >= TWIN_TIMES
    }
}

/// A connection that ends sooner hints at a second client with the same id, as in `mqtt`.
const SHORT_LIFE: Span = Span::seconds(10);
const TWIN_TIMES: usize = 3;
const TWIN_WITHIN: Span = Span::minutes(1);
/// So long connections must hold until it is over.
pub(super) const TWIN_OVER: Span = Span::minutes(5);
