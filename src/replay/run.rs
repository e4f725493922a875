//! One recording through one engine.

use super::history::{History, Row, What};
use super::simulated::{Outcome, Probes, Simulated, Summary};
use crate::engine::{Engine, Input};
use crate::model::home::{Sensor, SensorKind};
use crate::model::ids::SensorId;
use crate::model::observation::Observation;
use crate::model::time::{Span, Timestamp};

/// A replay of a recording on its way.
pub struct Replay {
    home: Simulated,
    names: Vec<SensorId>,
    known: Vec<bool>,
    /// The daemon is stopped since then.
    down_since: Option<Timestamp>,
    summary: Summary,
}

impl Replay {
    /// A replay of `history` through `engine`; sensors that the engine's home does not have are taken as found.
    pub fn new(engine: Engine, history: &History) -> Replay {
        let names = ids(&history.sensors);
        let known = vec![false; names.len()];
        Replay { home: Simulated::new(engine), names, known, down_since: None, summary: Summary::default() }
    }

    /// Runs every row up to `until`, answering `probes` (in order of time) on the way; `passed` hears how many rows are done.
    pub fn run(
        mut self,
        history: &History,
        probes: &[Timestamp],
        until: Option<Timestamp>,
        mut passed: impl FnMut(u64),
    ) -> Outcome {
        let mut probes = Probes::new(probes);
        for row in &history.rows {
            if until.is_some_and(|until| row.at > until) {
                break;
            }
            probes.ask(&self.home, Some(row.at));
            self.row(row);
            passed(self.summary.rows);
        }
        probes.ask(&self.home, None);
        if let Some(until) = until
            && self.down_since.is_none()
        {
            self.pass_time(until);
        }
        Outcome { raised: self.home.raised, asked: self.home.asked, answers: probes.answers, summary: self.summary }
    }

    fn row(&mut self, row: &Row) {
        let at = row.at;
        self.summary.count(at);
        match &row.what {
            What::Down => {
                self.pass_time(at);
                self.down_since.get_or_insert(at);
            }
            What::Up => {
                if let Some(since) = self.down_since.take() {
                    self.home.take(at, Input::Started { blind_since: Some(since) });
                }
            }
            What::ClockStepped(by) => {
                if self.down_since.is_none() {
                    self.pass_time(at - *by);
                }
                self.down_since = self.down_since.map(|since| since + *by);
                self.home.take(at, Input::ClockStepped { by: *by });
            }
            What::Nothing => self.pass_time(at),
            What::Heard { sensor, kind, measure, evidence } => {
                self.pass_time(at);
                self.adopt(*sensor as usize, *kind);
                let sensor = self.names[*sensor as usize].clone();
                let observation =
                    Observation { at, sensor, measure: measure.clone(), evidence: *evidence, copy: false };
                if self.down_since.is_some() {
                    self.home.engine.recall(crate::model::recorded::Recorded::Observed(observation));
                } else {
                    self.home.take(at, Input::Observed(observation));
                }
            }
        }
    }

    /// Runs the deadlines before `now`, unless the daemon is stopped: then no rule may count time.
    fn pass_time(&mut self, now: Timestamp) {
        if self.down_since.is_none() {
            self.home.pass_time(now);
        }
    }

    /// A sensor is known from its first row on, never before: nothing may depend on what comes later.
    fn adopt(&mut self, index: usize, kind: SensorKind) {
        if std::mem::replace(&mut self.known[index], true) {
            return;
        }
        self.home.engine.adopt(as_found(self.names[index].clone(), kind));
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
