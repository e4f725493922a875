//! A home in simulated time: deadlines at their deadline, and staff that close what has ended by itself, so that the next
//! episode is an alert of its own.

use super::asked::{Asked, Told};
use super::probe;
use crate::engine::{Effect, Engine, Input, drive};
use crate::model::alert::{Alert, AlertId};
use crate::model::answer::Answer;
use crate::model::ids::PointId;
use crate::model::lifecycle::{Actor, Contact, Deed, Role};
use crate::model::reason::{Class, Reason, SignOfLife};
use crate::model::time::Timestamp;
use std::collections::VecDeque;

/// An alert that was raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// When its episode began: for a silence its last sign of life, else the alert itself.
    pub began: Timestamp,
    /// The sign of life or the recovery that ended it.
    pub ended: Option<Timestamp>,
    /// The sign of life, where that ended it.
    pub life: Option<SignOfLife>,
    /// The number in the book; a matter that is told again has several entries of one number.
    pub(super) number: u64,
}

impl Raised {
    #[cfg(test)]
    pub(super) fn made_up(at: Timestamp, reason: Reason, began: Timestamp, ended: Option<Timestamp>) -> Raised {
        Raised { at, reason, began, ended, life: None, number: 0 }
    }
}

/// What a replay went through.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// Rows read.
    pub rows: u64,
    /// First and last instant.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Readings of sensors that the configuration does not have.
    pub strangers: u64,
}

impl Summary {
    pub(super) fn count(&mut self, at: Timestamp) {
        self.rows += 1;
        let first = self.span.map_or(at, |(first, _)| first);
        self.span = Some((first, at));
    }
}

/// What a replay came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Every alert, in order of time.
    pub raised: Vec<Raised>,
    /// Every question put at home, in order of time.
    pub asked: Vec<Asked>,
    /// The answers to the probes, in order of time.
    pub answers: Vec<probe::Answer>,
    /// What it went through.
    pub summary: Summary,
}

/// The home.
pub(super) struct Simulated {
    pub(super) engine: Engine,
    pub(super) raised: Vec<Raised>,
    pub(super) asked: Vec<Asked>,
}

impl Simulated {
    pub(super) fn new(engine: Engine) -> Simulated {
        Simulated { engine, raised: Vec::new(), asked: Vec::new() }
    }

    /// Runs the deadlines up to `now`.
    pub(super) fn pass_time(&mut self, now: Timestamp) {
        let mut came = Vec::new();
        drive::until(&mut self.engine, now, |at, effects| came.push((at, effects)));
        for (at, effects) in came {
            self.note(at, &effects);
        }
    }

    /// Takes in one input; the deadlines before it must have been run.
    pub(super) fn take(&mut self, at: Timestamp, input: Input) {
        let effects = self.engine.handle(at, input);
        self.note(at, &effects);
        self.close_ended(at);
    }

    fn note(&mut self, at: Timestamp, effects: &[Effect]) {
        if effects.is_empty() {
            return;
        }
        let told = Told::of(effects, &self.engine);
        for (number, reason) in told.paged {
            let quiet_since = self.engine.seen().quiet_since.filter(|quiet| is_silence(&reason) && *quiet <= at);
            let began = quiet_since.unwrap_or(at);
            self.raised.push(Raised { at, reason, began, ended: None, life: None, number });
        }
        let asked = |(number, reason)| Asked { at, reason, answer: Answer::Awaited, number };
        self.asked.extend(told.asked.into_iter().map(asked));
        for asked in self.asked.iter_mut().rev().filter(|asked| asked.answer == Answer::Awaited) {
            let alert = self.engine.alerts().find(|alert| alert.id.number == asked.number);
            asked.answer = alert.and_then(Alert::answer_at_home).unwrap_or(asked.answer);
        }
    }

    fn close_ended(&mut self, now: Timestamp) {
        let has_ended = |(life, recovered): (bool, bool), class: Class| match class {
            Class::Person => life,
            Class::Request | Class::Sensor | Class::System => recovered,
            // It ends by itself.
            Class::Check => false,
        };
        let open = self.engine.alerts().filter(|alert| alert.phase.is_open());
        let ended: Vec<(AlertId, Class, Option<SignOfLife>)> = open
            .filter(|alert| has_ended((alert.life_since.is_some(), alert.recovered_at.is_some()), alert.reason.class()))
            .map(|alert| (alert.id, alert.reason.class(), alert.life_since.clone()))
            .collect();
        for (id, class, life) in ended {
            self.close(now, id, class);
            let of_it = |raised: &&mut Raised| raised.number == id.number && raised.ended.is_none();
            for raised in self.raised.iter_mut().filter(of_it) {
                raised.ended = Some(now);
                raised.life = life.clone().filter(|_| class == Class::Person);
            }
        }
    }

    fn close(&mut self, now: Timestamp, id: AlertId, class: Class) {
        use crate::model::lifecycle::Outcome;
        let point = PointId::new("replay").expect("a legal id");
        let by = Actor { role: Role::Desk, point: Some(point.clone()), person: None, via: None };
        let outcome = if class == Class::Person { Outcome::FoundWell } else { Outcome::Equipment };
        let deed = Deed::Close { outcome, contact: Contact::Seen };
        self.engine.handle(now, Input::Received { alert: id, point });
        self.engine.handle(now, Input::Step { alert: id, key: "replay".into(), by, deed });
    }
}

/// Whether an alert is about the quiet being wrong: several rules may judge one silence.
pub(super) fn is_silence(reason: &Reason) -> bool {
    ["inactivity", "rhythm"].contains(&reason.rule())
}

/// The probes that wait, and the answers so far.
pub(super) struct Probes {
    waiting: VecDeque<Timestamp>,
    pub(super) answers: Vec<probe::Answer>,
}

impl Probes {
    pub(super) fn new(probes: &[Timestamp]) -> Probes {
        Probes { waiting: probes.iter().copied().collect(), answers: Vec::with_capacity(probes.len()) }
    }

    /// Answers what comes before something at `next` is taken in: what lies before the probe counts, what happens at its
    /// very instant does not. `None`: nothing follows.
    pub(super) fn ask(&mut self, home: &Simulated, next: Option<Timestamp>) {
        while let Some(silent_from) =
            self.waiting.front().copied().filter(|silent_from| next.is_none_or(|next| *silent_from <= next))
        {
            self.waiting.pop_front();
            self.answers.push(probe::answer(&home.engine, silent_from, &home.raised));
        }
    }
}
