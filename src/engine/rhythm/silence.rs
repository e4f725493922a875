//! The silence that goes on: how it began, and the limit that it got.

use super::Limits;
use super::basis::Basis;
use super::calibrator::COLUMNS;
use super::lazily::Lazily;
use super::model::{Begun, span};
use super::tail::Tail;
use crate::model::learned::{LimitedBy, RunningSilence, SilenceLimit};
use crate::model::time::{Span, Timestamp};
use std::sync::Arc;

/// The silence that goes on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Running {
    pub(super) since: Timestamp,
    pub(super) sensor: u16,
    /// Whether its length can be learned.
    pub(super) whole: bool,
    pub(super) judged: Option<Judged>,
    /// When people last said that it is all right.
    pub(super) answered_at: Option<Timestamp>,
}

/// What makes the limit of a silence.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judged {
    pub(super) begun: Begun,
    /// Signs of life in the ten minutes before.
    pub(super) recent: u16,
    limit: Limit,
}

#[derive(Debug, Clone, PartialEq)]
enum Limit {
    /// What held on the day on which it began. Most silences end before the shortest limit of all, and nobody asks for theirs.
    On { basis: Arc<Basis>, tail: Lazily<Tail> },
    /// As it was written down at midnight.
    Written { limit: Span, by: LimitedBy, columns: Vec<u32> },
}

impl Running {
    /// After a sign of life of this sensor.
    pub(super) fn new(since: Timestamp, sensor: u16, whole: bool) -> Running {
        Running { since, sensor, whole, judged: None, answered_at: None }
    }

    /// Its begin, or when people last said of it that all is well.
    pub(super) fn counted_from(&self) -> Timestamp {
        self.answered_at.map_or(self.since, |at| at.max(self.since))
    }

    /// The least that its limit can be: known without asking for it.
    pub(super) fn at_least(&self, limits: &Limits) -> Span {
        self.judged.as_ref().map_or(limits.shortest(), |judged| judged.at_least(limits))
    }

    /// As the line of a day holds it.
    pub(super) fn line(&self, limits: &Limits) -> RunningSilence {
        let judged = self.judged.as_ref().map(|judged| {
            let (limit, by) = judged.limit(limits);
            SilenceLimit {
                limit_ms: limit.num_milliseconds(),
                by,
                minute: judged.begun.minute,
                exit: judged.begun.exit,
                recent: judged.recent,
                columns: judged.columns(limits).collect(),
            }
        });
        RunningSilence { since: self.since, sensor: self.sensor, whole: self.whole, judged }
    }

    /// As it was written down at midnight.
    pub(super) fn written(line: RunningSilence) -> Running {
        let RunningSilence { since, sensor, whole, judged } = line;
        let judged = judged.map(|line| Judged {
            begun: Begun { minute: line.minute, sensor, exit: line.exit },
            recent: line.recent,
            limit: Limit::Written { limit: Span::milliseconds(line.limit_ms), by: line.by, columns: line.columns },
        });
        Running { since, sensor, whole, judged, answered_at: None }
    }
}

impl Judged {
    /// By what holds now.
    pub(super) fn new(begun: Begun, recent: u16, basis: &Arc<Basis>) -> Judged {
        Judged { begun, recent, limit: Limit::On { basis: Arc::clone(basis), tail: Lazily::default() } }
    }

    /// The limit in force, and what set it.
    pub(super) fn limit(&self, limits: &Limits) -> (Span, LimitedBy) {
        match &self.limit {
            Limit::Written { limit, by, .. } => (*limit, *by),
            Limit::On { basis, .. } if !basis.is_enough() => (limits.cold_start, LimitedBy::ColdStart),
            Limit::On { basis, tail } => {
                let model = basis.model();
                let tail = tail.get(|| model.tail(&self.begun));
                let (secs, by) = model.limit(&self.begun, tail, model.column, limits);
                (span(secs), by)
            }
        }
    }

    /// Whether a silence of this length is longer than it may be.
    pub(super) fn is_reached_by(&self, length: Span, limits: &Limits) -> bool {
        length >= self.at_least(limits) && length >= self.limit(limits).0
    }

    fn at_least(&self, limits: &Limits) -> Span {
        match &self.limit {
            // It may have been written down by settings that allowed a shorter one.
            Limit::Written { limit, .. } => limits.shortest().min(*limit),
            Limit::On { .. } => limits.shortest(),
        }
    }

    /// The limits of all columns in whole seconds, the strictest first.
    pub(super) fn columns(&self, limits: &Limits) -> impl Iterator<Item = u32> {
        (0..).map_while(|column| self.column(column, limits))
    }

    fn column(&self, column: usize, limits: &Limits) -> Option<u32> {
        match &self.limit {
            Limit::Written { columns, .. } => columns.get(column).copied(),
            Limit::On { basis, tail } => (column < COLUMNS).then(|| {
                let model = basis.model();
                let tail = tail.get(|| model.tail(&self.begun));
                model.limit(&self.begun, tail, column, limits).0.ceil() as u32
            }),
        }
    }
}
