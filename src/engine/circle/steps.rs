//! Who is asked after whom, as data: a table of steps, of which the last repeats without end.

use crate::model::ids::PointId;
use crate::model::lifecycle::Timers;
use crate::model::reason::Severity;
use crate::model::time::Span;

/// In the first hour everybody is asked again often, later rarely: by then people have been asked thirty times.
pub(super) const ASK_OFTEN_FOR: Span = Span::hours(1);
const ASK_RARELY_EVERY: Span = Span::minutes(10);

/// Who is asked after whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    /// In order; the first is taken with the alert itself. Never empty.
    each: Vec<AskStep>,
    /// How often the last one is repeated in the first hour.
    again_every: Span,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskStep {
    /// Who is asked.
    pub ask: Vec<Ask>,
    /// How long after the step before; of the first nothing.
    pub after: Wait,
    /// The same while no station has said that it holds the alert.
    pub unreceived_after: Wait,
    /// From here on everybody is told to call the emergency number themselves.
    pub last_resort: bool,
}

/// Whom a step names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// The point whose staff is at the door first.
    Nearest,
    /// The next one after those that were asked.
    Next,
    /// Every point.
    AllPoints,
    /// This point or person.
    Named(PointId),
}

/// A wait, by how urgent it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Of an emergency.
    pub emergency: Span,
    /// Of everything else that climbs.
    pub urgent: Span,
}

impl Wait {
    /// The same for all.
    pub fn of(span: Span) -> Wait {
        Wait { emergency: span, urgent: span }
    }

    /// The shorter of the two, each for itself.
    pub fn at_most(self, span: Span) -> Wait {
        Wait { emergency: self.emergency.min(span), urgent: self.urgent.min(span) }
    }

    fn for_severity(self, severity: Severity) -> Span {
        match severity {
            Severity::Emergency => self.emergency,
            Severity::Urgent | Severity::Blind | Severity::Notice | Severity::Fault => self.urgent,
        }
    }
}

impl Steps {
    /// These steps; `None` if there are none.
    pub fn new(each: Vec<AskStep>, again_every: Span) -> Option<Steps> {
        (!each.is_empty()).then_some(Steps { each, again_every })
    }

    /// The nearest point; the next one; then all of them, again and again.
    pub fn usual(timers: &Timers) -> Steps {
        let step = |ask, after| AskStep {
            ask: vec![ask],
            after: Wait::of(after),
            unreceived_after: Wait::of(timers.receive_within),
            last_resort: false,
        };
        let each = vec![
            step(Ask::Nearest, Span::zero()),
            step(Ask::Next, timers.next_point_after),
            step(Ask::AllPoints, timers.take_within),
        ];
        Steps { each, again_every: timers.ask_all_every }
    }

    /// The steps, in order.
    pub fn each(&self) -> &[AskStep] {
        &self.each
    }

    /// How often the last step is repeated: in the first hour, and later.
    pub fn repeats_every(&self) -> (Span, Span) {
        (self.again_every, self.again_every.max(ASK_RARELY_EVERY))
    }

    /// How long to wait for the step after `level`.
    pub(super) fn wait(&self, level: u32, severity: Severity, is_unreceived: bool, is_rare: bool) -> Span {
        match self.each.get(index(level.saturating_add(1))) {
            Some(next) if is_unreceived => next.unreceived_after.for_severity(severity),
            Some(next) => next.after.for_severity(severity),
            None if is_rare => self.repeats_every().1,
            None => self.again_every,
        }
    }

    /// Whom the step of this level names, in order. The last resort leaves out nobody whom a step before it named.
    pub(super) fn asks(&self, level: u32) -> impl Iterator<Item = &Ask> {
        let nth = self.nth(level);
        let from = if self.is_last_resort(level) { 0 } else { nth };
        let passed_over = self.each.get(from..nth).unwrap_or_default().iter().flat_map(|step| &step.ask);
        let passed_over = passed_over.filter(|ask| matches!(ask, Ask::Named(_)));
        self.each.get(nth).into_iter().flat_map(|step| &step.ask).chain(passed_over)
    }

    /// Whether everybody is told at this level to call the emergency number themselves.
    pub(super) fn is_last_resort(&self, level: u32) -> bool {
        self.each.iter().take(self.nth(level) + 1).any(|step| step.last_resort)
    }

    /// Which of the steps a level is: those after the last are its repeats.
    fn nth(&self, level: u32) -> usize {
        index(level).min(self.each.len().saturating_sub(1))
    }
}

pub(super) fn index(level: u32) -> usize {
    usize::try_from(level).unwrap_or(usize::MAX)
}
