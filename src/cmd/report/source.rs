//! Where the history of a report comes from: the gateway's own database, or a recorded file.

use super::gather::{End, Gathered, Gatherer, Raised};
use crate::clock;
use crate::cmd::history::each_line;
use crate::cmd::progress::Progress;
use crate::config::Gateway;
use crate::engine::Engine;
use crate::engine::circle::Circle;
use crate::model::home::Home;
use crate::model::observation::Observation;
use crate::model::recorded::Recorded;
use crate::model::time::Timestamp;
use crate::problem::Problem;
use crate::replay::{History, Replay, What, as_found, ids};
use std::path::Path;

/// What was found, and up to which instant anything could be known.
pub struct Read {
    /// What was found.
    pub gathered: Gathered,
    /// The end of the history.
    pub until: Timestamp,
}

/// Reads the gateway's database beside the running daemon.
pub fn database(config: &Gateway, path: &Path) -> Result<Read, Problem> {
    let mut gatherer = Gatherer::new(engine(config, config.home.clone()));
    each_line(path, |line| gatherer.take(line))?;
    let until = clock::now();
    Ok(Read { gathered: gatherer.end(until), until })
}

/// Reads a recorded file and replays it, so that it has alerts too.
pub fn file(config: &Gateway, path: &Path) -> Result<Read, Problem> {
    let place = || path.display().to_string();
    let history = History::read(path, &config.home.zone).map_err(|error| Problem::of(place(), error.to_string()))?;
    let until = history.rows.last().map(|row| row.at).ok_or_else(|| Problem::of(place(), "it has no rows"))?;
    let home = home_of(config, &history);
    let mut progress = Progress::new("reading", history.rows.len() as u64);
    let mut gatherer = Gatherer::new(engine(config, home.clone()));
    let names = ids(&history.sensors);
    let mut down_since = None;
    for (row, done) in history.rows.iter().zip(1..) {
        progress.passed(done);
        match &row.what {
            What::Down => {
                down_since.get_or_insert(row.at);
            }
            What::Up => {
                if let Some(blind_since) = down_since.take() {
                    gatherer.take(Recorded::Started { at: row.at, blind_since: Some(blind_since) });
                }
            }
            What::ClockStepped(by) => {
                down_since = down_since.map(|since| since + *by);
                gatherer.take(Recorded::ClockStepped { at: row.at, by: *by });
            }
            What::Nothing => gatherer.take(Recorded::Watching { at: row.at }),
            What::Heard { sensor, kind, measure, evidence } => {
                let Some(id) = names.get(*sensor as usize) else { continue };
                if !gatherer.engine().home().sensors.contains_key(id) {
                    gatherer.engine().adopt(as_found(id.clone(), *kind));
                }
                let (at, sensor, measure) = (row.at, id.clone(), measure.clone());
                gatherer.take(Recorded::Observed(Observation {
                    at,
                    sensor,
                    measure,
                    evidence: *evidence,
                    copy: false,
                }));
            }
        }
    }
    let outcome = Replay::new(engine(config, home), &history).run(&history, &[], None, |_| ());
    let mut gathered = gatherer.end(until);
    gathered.alerts = outcome.raised.into_iter().map(as_raised).collect();
    gathered.asked = outcome.asked;
    Ok(Read { gathered, until })
}

fn as_raised(raised: crate::replay::Raised) -> Raised {
    let end = raised.ended.map_or(End::Open, End::Over);
    Raised { at: raised.at, severity: raised.reason.severity(), reason: raised.reason, test: false, end }
}

/// The home of the configuration; where none of its sensors is in the file, sensors are taken as found.
fn home_of(config: &Gateway, history: &History) -> Home {
    let mut home = config.home.clone();
    let names = ids(&history.sensors);
    if !names.iter().any(|name| home.sensors.contains_key(name)) {
        home.sensors.clear();
    }
    home
}

fn engine(config: &Gateway, home: Home) -> Engine {
    // Nobody is asked in a report.
    Engine::new(home, &config.rules, Circle::default())
}
