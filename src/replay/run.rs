//! One history through one engine.

use super::history::{History, Row, What};
use super::probe::{self, Answer};
use crate::engine::{Effect, Engine, Input, drive};
use crate::model::alert::AlertId;
use crate::model::home::{Sensor, SensorKind};
use crate::model::ids::{PointId, SensorId};
use crate::model::lifecycle::{Actor, Contact, Deed, Outcome, Role};
use crate::model::observation::Observation;
use crate::model::reason::{Class, Reason};
use crate::model::time::{Span, Timestamp};
use std::collections::VecDeque;

/// An alert that was raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// The sign of life or the recovery that ended it.
    pub ended: Option<Timestamp>,
}

/// What a replay went through.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// Rows read.
    pub rows: u64,
    /// First and last instant.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// A replay on its way.
pub struct Replay {
    engine: Engine,
    names: Vec<SensorId>,
    known: Vec<bool>,
    /// The daemon is stopped since then.
    down_since: Option<Timestamp>,
    raised: Vec<Raised>,
    summary: Summary,
}

impl Replay {
    /// A replay of `history` through `engine`; sensors that the engine's home does not have are taken as found.
    pub fn new(engine: Engine, history: &History) -> Replay {
        let names = ids(&history.sensors);
        let known = vec![false; names.len()];
        Replay { engine, names, known, down_since: None, raised: Vec::new(), summary: Summary::default() }
    }

    /// Runs every row up to `until`, answering `probes` (in order of time) on the way.
    pub fn run(
        mut self,
        history: &History,
        probes: &[Timestamp],
        until: Option<Timestamp>,
    ) -> (Vec<Raised>, Vec<Answer>, Summary) {
        let mut waiting: VecDeque<Timestamp> = probes.iter().copied().collect();
        let mut answers = Vec::with_capacity(probes.len());
        for row in &history.rows {
            if until.is_some_and(|until| row.at > until) {
                break;
            }
            // Rows before the probe count, the row at its very instant does not.
            while waiting.front().is_some_and(|silent_from| *silent_from <= row.at) {
                let silent_from = waiting.pop_front().expect("there is a front");
                answers.push(probe::answer(&self.engine, silent_from, &self.raised));
            }
            self.row(row);
        }
        answers.extend(waiting.into_iter().map(|silent_from| probe::answer(&self.engine, silent_from, &self.raised)));
        if let Some(until) = until
            && self.down_since.is_none()
        {
            self.pass_time(until);
        }
        (self.raised, answers, self.summary)
    }

    fn row(&mut self, row: &Row) {
        let at = row.at;
        self.summary.rows += 1;
        let first = self.summary.span.map_or(at, |(first, _)| first);
        self.summary.span = Some((first, at));
        match &row.what {
            What::Down => {
                self.pass_time(at);
                self.down_since.get_or_insert(at);
            }
            What::Up => {
                if let Some(since) = self.down_since.take() {
                    self.take(at, Input::Started { blind_since: Some(since) });
                }
            }
            What::ClockStepped(by) => {
                if self.down_since.is_none() {
                    self.pass_time(at - *by);
                }
                self.down_since = self.down_since.map(|since| since + *by);
                self.take(at, Input::ClockStepped { by: *by });
            }
            What::Nothing => self.pass_time(at),
            What::Heard { sensor, kind, measure, evidence } => {
                self.pass_time(at);
                self.adopt(*sensor as usize, *kind);
                let sensor = self.names[*sensor as usize].clone();
                let observation =
                    Observation { at, sensor, measure: measure.clone(), evidence: *evidence, copy: false };
                if self.down_since.is_some() {
                    self.engine.recall(crate::model::recorded::Recorded::Observed(observation));
                } else {
                    self.take(at, Input::Observed(observation));
                }
            }
        }
    }

    /// Runs the deadlines before `now`, unless the daemon is stopped: then no rule may count time.
    fn pass_time(&mut self, now: Timestamp) {
        if self.down_since.is_some() {
            return;
        }
        let mut came = Vec::new();
        drive::until(&mut self.engine, now, |at, effects| came.push((at, effects)));
        for (at, effects) in came {
            self.note(at, &effects);
        }
    }

    fn take(&mut self, at: Timestamp, input: Input) {
        let effects = self.engine.handle(at, input);
        self.note(at, &effects);
        self.close_ended(at);
    }

    fn note(&mut self, at: Timestamp, effects: &[Effect]) {
        for effect in effects {
            let Effect::Alert { alert, step } = effect else { continue };
            let reason = if let Deed::Raise { reason, .. } = &step.deed {
                Some(reason.clone())
            } else {
                // A repeat that pages people again counts as an alert.
                let again = matches!(step.deed, Deed::Again { .. });
                self.engine.alerts().find(|a| again && a.id.number == *alert).map(|a| a.reason.clone())
            };
            self.raised.extend(reason.map(|reason| Raised { at, reason, ended: None }));
        }
    }

    /// Simulated staff: what has ended by itself is closed, so that the next episode is an alert of its own.
    fn close_ended(&mut self, now: Timestamp) {
        let ended: Vec<(AlertId, bool)> = self
            .engine
            .alerts()
            .filter(|alert| alert.phase.is_open())
            .filter(|alert| {
                if alert.reason.class() == Class::Person {
                    alert.life_since.is_some()
                } else {
                    alert.recovered_at.is_some()
                }
            })
            .map(|alert| (alert.id, alert.reason.class() == Class::Person))
            .collect();
        for (id, about_person) in ended {
            let point = PointId::new("replay").expect("a legal id");
            let by = Actor { role: Role::Desk, point: Some(point.clone()), person: None, via: None };
            let outcome = if about_person { Outcome::FoundWell } else { Outcome::Equipment };
            let deed = Deed::Close { outcome, contact: Contact::Seen };
            self.engine.handle(now, Input::Received { alert: id, point });
            self.engine.handle(now, Input::Step { alert: id, key: "replay".into(), by, deed });
            let mut raised = self.raised.iter_mut().rev();
            if let Some(raised) = raised.find(|raised| raised.ended.is_none() && raised.at >= id.raised_at) {
                raised.ended = Some(now);
            }
        }
    }

    /// A sensor is known from its first row on, never before: nothing may depend on what comes later.
    fn adopt(&mut self, index: usize, kind: SensorKind) {
        if std::mem::replace(&mut self.known[index], true) {
            return;
        }
        self.engine.adopt(as_found(self.names[index].clone(), kind));
    }
}

/// A sensor as a recording shows it: what its name says, and nothing else.
pub fn as_found(id: SensorId, kind: SensorKind) -> Sensor {
    Sensor {
        room: id.as_str().parse().ok(),
        kind,
        service: None,
        hold: None,
        // A cupboard may stay shut for weeks; only for motion is a day without a word suspicious.
        silent_after: (kind != SensorKind::Motion).then_some(SILENT_AFTER_AS_FOUND),
        checks_in: true,
        burst: None,
        offline_is_silent: false,
        source: "history".into(),
        id,
    }
}

/// Nothing is known about how often a sensor of a recording reports when it is not used.
const SILENT_AFTER_AS_FOUND: Span = Span::days(30);

/// Sensor names as ids: what an id cannot hold becomes `_`, and names that fall together are numbered.
pub fn ids(names: &[String]) -> Vec<SensorId> {
    let mut taken = std::collections::BTreeSet::new();
    names
        .iter()
        .map(|name| {
            let legal: String = name
                .chars()
                .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' })
                .take(56)
                .collect();
            let legal = if legal.is_empty() { "_".to_owned() } else { legal };
            let free = (1..).map(|n| if n == 1 { legal.clone() } else { format!("{legal}-{n}") });
            let id = free.into_iter().find(|id| !taken.contains(id)).expect("numbers do not end");
            taken.insert(id.clone());
            SensorId::new(id).expect("made of legal characters")
        })
        .collect()
}
