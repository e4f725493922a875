//! The gateway's own history, read beside the running daemon.

use crate::cmd::Failed;
use crate::cmd::history::each_line;
use crate::config;
use crate::engine::Engine;
use crate::gateway::DATABASE;
use crate::gateway::plan::Plan;
use crate::model::alert::Alert;
use crate::model::recorded::Recorded;
use crate::model::time::{Span, Timestamp};
use crate::problem::Problem;
use crate::replay::{in_order, past};
use std::path::{Path, PathBuf};

/// A home's configuration and its history.
pub struct Own {
    /// The configuration the command was given.
    pub config: config::Gateway,
    /// Its lines, readings where they came.
    pub lines: Vec<Recorded>,
    /// What really became of its alerts.
    pub alerts: Vec<Alert>,
    path: PathBuf,
}

impl Own {
    /// Reads `database`, or the one that the configuration at `path` names.
    pub fn read(path: &Path, database: Option<&Path>) -> Result<Own, Failed> {
        let config = load(path, &[])?;
        let database = database.map_or_else(|| config.state_dir.join(DATABASE), Path::to_owned);
        let mut lines = Vec::new();
        each_line(&database, |line| lines.push(line))?;
        let lines = in_order(lines);
        if lines.is_empty() {
            return Err(Problem::of(database.display().to_string(), "nothing has been recorded yet").into());
        }
        let alerts = past::alerts(&lines);
        Ok(Own { config, lines, alerts, path: path.to_owned() })
    }

    /// An engine by the configuration at `path`, or the one given, with single settings changed.
    pub fn engine(&self, path: Option<&Path>, sets: &[String]) -> Result<Engine, Failed> {
        let is_own = sets.is_empty() && path.is_none_or(|path| path == self.path);
        let config = if is_own { self.config.clone() } else { load(path.unwrap_or(&self.path), sets)? };
        engine(config)
    }

    /// When the oldest reading was.
    pub fn readings_from(&self) -> Option<Timestamp> {
        self.lines.iter().find(|line| matches!(line, Recorded::Observed(_))).map(Recorded::at)
    }
}

/// An engine as the daemon would run it.
pub fn engine(config: config::Gateway) -> Result<Engine, Failed> {
    // Passwords are of no use here, and only the daemon may read them.
    let config = config::Gateway { mqtt: None, channels: Vec::new(), ..config };
    let plan = Plan::of(config)?;
    Ok(Engine::new(plan.home, &plan.rules, plan.circle))
}

/// The configuration, with single settings changed. What is only doubtful in it is the business of `check`.
pub fn load(path: &Path, sets: &[String]) -> Result<config::Gateway, Failed> {
    let (config, problems) = config::load_gateway_with(path, sets);
    config.ok_or(Failed::Configuration(problems))
}

/// A length of time back from the end: `30d`, `2w`, `12h`. Days are of 24 hours.
pub fn span_back(text: &str) -> Result<Span, Problem> {
    let wrong =
        || Problem::of("--since", format!("{text:?} is not a length of time")).with_deed("write it as 30d or 12h");
    let end = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let number: i64 = text[..end].parse().map_err(|_| wrong())?;
    let span = match &text[end..] {
        "h" => Span::try_hours(number),
        "d" => Span::try_days(number),
        "w" => Span::try_weeks(number),
        _ => None,
    };
    // Beyond this nothing is kept, and nothing can be counted back.
    span.filter(|span| *span > Span::zero() && *span <= Span::days(36_500)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_back_is_written_in_days_weeks_or_hours() {
        assert_eq!(span_back("30d").ok(), Some(Span::days(30)));
        assert_eq!(span_back("2w").ok(), Some(Span::days(14)));
        assert_eq!(span_back("12h").ok(), Some(Span::hours(12)));
        for bad in ["", "30", "d", "0d", "-1d", "30 d", "1m", "99999999999999999999d", "9999999999d"] {
            assert!(span_back(bad).is_err(), "{bad:?} was taken");
        }
    }
}
