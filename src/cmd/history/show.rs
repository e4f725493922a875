//! What is kept of a home: how many rows, since when, when the oldest goes, how large, and who agreed to it.

use super::{DATABASE, configured};
use crate::clock;
use crate::cmd::{self, Failed};
use crate::config;
use crate::model::time::{Span, Timestamp};
use crate::problem::Problem;
use crate::store::{Figure, Looking};
use crate::text::counted;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `carecircle history show`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", default_value = cmd::DEFAULT_CONFIG)]
    config: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failed> {
    let config = configured(&args.config)?;
    let lines = lines(&config, clock::now()).map_err(Failed::World)?;
    let mut out = std::io::stdout().lock();
    Ok(cmd::printed(lines.iter().try_for_each(|line| writeln!(out, "{line}")))?)
}

fn lines(config: &config::Gateway, now: Timestamp) -> Result<Vec<String>, Problem> {
    let looking = Looking::at(&config.state_dir.join(DATABASE)).map_err(|error| error.problem())?;
    let found = looking.figures().map_err(|error| error.problem())?;
    let (kept, zone) = (&config.kept, &config.home.zone);
    let date = |at| zone.date(at);
    let line = |what: &str, figure: &Figure, kept: Span| {
        let days = kept.num_days();
        let Some(first) = figure.first else { return format!("{what}: none; kept {days} days") };
        let goes = match first + kept {
            past if past <= now => "is due at the next night's round".to_owned(),
            at => format!("goes on {}", date(at)),
        };
        let rows = counted(figure.count, "row");
        format!("{what}: {rows} since {}; kept {days} days, the oldest {goes}", date(first))
    };
    let mut lines = vec![
        line("readings of sensors", &found.observations, kept.observations),
        line("what each day taught (silences)", &found.days, kept.days),
        line("alerts and all else", &found.entries, kept.entries),
        line("waiting for a receipt", &found.outbox, kept.entries),
    ];
    if let Some(behind) = found.believed.filter(|believed| now - *believed > Span::days(3)) {
        let behind = (now - behind).num_days();
        lines.push(format!("forgetting is {behind} days behind the clock, and catches up a day each day"));
    }
    let (files, bytes) = size(&config.state_dir);
    let megabytes = bytes as f64 / 1e6;
    let files = counted(files, "file");
    lines.push(format!(
        "on the disk: {megabytes:.1} MB in {files}, the daily copy among them ({})",
        config.state_dir.display()
    ));
    lines.push(agreed(config));
    Ok(lines)
}

/// Who agreed to what; in `check`, too.
pub(crate) fn agreed(config: &config::Gateway) -> String {
    let sees = config.shares.as_str();
    match &config.agreement {
        Some(agreed) => {
            let (by, on, scope) = (agreed.by.as_str(), agreed.given_on, agreed.scope.as_str());
            format!("consent: given on {on} by the {by}, for \"{scope}\"; stations see \"{sees}\"")
        }
        None => "consent: none is recorded, so stations are told of alerts and of nothing else; add [home.consent]"
            .to_owned(),
    }
}

/// How many files of the history there are, and their bytes.
fn size(dir: &Path) -> (u64, u64) {
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let of_history = files.filter(|file| file.file_name().to_string_lossy().starts_with(DATABASE));
    of_history
        .filter_map(|file| file.metadata().ok())
        .fold((0, 0), |(files, bytes), file| (files + 1, bytes + file.len()))
}
