//! The figures of a station, as its page gives them: from its history and its office, read beside the running daemon.

use super::Args;
use crate::clock;
use crate::config::{self, Station};
use crate::desk::{self, Desk, Range, Recorded};
use crate::problem::Problem;
use crate::store::{Looking, Office, Record};
use crate::web::reports::files::{self, Maker};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Runs the command for the station of this configuration.
pub(super) fn run(path: &Path, args: &Args) -> ExitCode {
    let (config, problems) = config::load_station(path);
    crate::cmd::warn(&problems);
    let Some(config) = config else { return ExitCode::from(crate::cmd::EXIT_CONFIGURATION) };
    crate::cmd::finish(report(&config, args))
}

fn report(config: &Station, args: &Args) -> Result<ExitCode, Problem> {
    let now = clock::now();
    let range = match &args.month {
        Some(month) => Range::named_month(&config.zone, month),
        None => Range::month(&config.zone, now, 0),
    };
    let range =
        range.ok_or_else(|| Problem::of("--month", "there is no such month").with_deed("write it as 2026-11"))?;
    let desk = desk(config)?;
    let office = Office::look(&config.state_dir).map_err(|error| error.problem())?;
    let report = files::of(&desk, &office, &config.zone, range, now).map_err(|error| error.problem())?;
    let maker = Maker { point: &config.point, zone: &config.zone, build: env!("CARGO_PKG_VERSION") };
    let text = if args.json { files::json(&maker, &report, now).to_string() } else { files::csv(&report) };
    match &args.out {
        Some(path) => {
            let written = std::fs::write(path, text);
            written
                .map(|()| ExitCode::SUCCESS)
                .map_err(|error| Problem::of(path.display().to_string(), error.to_string()))
        }
        None => crate::cmd::printed(std::io::stdout().lock().write_all(text.as_bytes())),
    }
}

/// The desk as its history tells it.
fn desk(config: &Station) -> Result<Desk, Problem> {
    let path = config.state_dir.join("station");
    if !path.exists() {
        let deed = "name the configuration of a station that has run, and ask as its user or as root";
        return Err(Problem::of(path.display().to_string(), "no station has written its history here").with_deed(deed));
    }
    let looking = Looking::at(&path).map_err(|error| error.problem())?;
    let mut lines: Vec<Recorded> = Vec::new();
    let read = looking.for_each_record(|record| match record {
        Record::Entry(entry) => lines.extend(serde_json::from_slice(entry.body.as_bytes()).ok()),
        Record::Observed(_) | Record::HeardBefore(_) => {}
    });
    read.map_err(|error| error.problem())?;
    let settings = desk::Settings {
        point: config.point.clone(),
        timers: config.timers.clone(),
        unreachable_after: config.unreachable_after,
        people: BTreeMap::new(),
        duty: config.duty.clone().map(|duty| (duty, config.zone.clone())),
        daily: desk::DailySettings { zone: config.zone.clone(), ..config.daily.clone() },
    };
    Ok(Desk::new(settings).restore(lines))
}
