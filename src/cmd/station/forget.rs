//! `carecircle station forget`: one home goes for good, while the station is stopped; prints a receipt that names nobody.

use crate::clock;
use crate::cmd::{self, Failed, receipt};
use crate::config;
use crate::desk::Recorded;
use crate::model::ids::HomeId;
use crate::problem::Problem;
use crate::store::Held;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Arguments of `carecircle station forget`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which home, by its id
    home: HomeId,
    /// Its id, typed once more; without it, it is asked for
    #[arg(long, value_name = "ID")]
    confirm: Option<String>,
}

pub(super) fn run(config: &Path, args: &Args) -> Result<ExitCode, Failed> {
    let (config, problems) = config::load_station(config);
    let config = config.ok_or(Failed::Configuration(problems))?;
    let dir = &config.state_dir;
    let question = format!("Everything about this home will be gone for good, in {}.", dir.display());
    receipt::confirmed(args.home.as_str(), args.confirm.clone(), &question)?;
    let in_words = |error: crate::store::Error| error.problem();
    let held = Held::of(dir, DATABASE).map_err(|error| still_runs(error.problem()))?;
    let mark = receipt::fingerprint(&dir.join(DATABASE))?;
    let named = held.named(&args.home).map_err(in_words)?;
    let forgotten = held.forget_home(&named, &|body| is_about(body, &args.home)).map_err(in_words)?;
    let left = held.still_named(&named).map_err(in_words)?;
    let mut lines = vec![
        format!("forgotten on {}", config.zone.date(clock::now())),
        format!(
            "lines {}, alerts {}, cards {}, events {}",
            forgotten.lines, forgotten.alerts, forgotten.cards, forgotten.events
        ),
        format!(
            "messages {}, cleaned: lines of the audit {}, notes of shifts {}",
            forgotten.messages, forgotten.audit, forgotten.notes
        ),
        format!("fingerprint of what was there {mark}"),
    ];
    if forgotten.is_nothing() {
        lines.push("note: this station knew nothing of this home; is its id right?".to_owned());
    }
    lines.extend(left.iter().map(|file| {
        format!("note: looked through once more, and something in {file} reads like it: perhaps another home or place")
    }));
    lines.push(
        "note: if its gateway still speaks to this station, the home is known again; stop the gateway first".to_owned(),
    );
    let mut out = std::io::stdout().lock();
    Ok(cmd::printed(lines.iter().try_for_each(|line| writeln!(out, "{line}")))?)
}

fn is_about(body: &str, home: &HomeId) -> bool {
    serde_json::from_str::<Recorded>(body).is_ok_and(|line| line.home() == Some(home))
}

fn still_runs(problem: Problem) -> Problem {
    problem.with_deed("stop it first: systemctl stop carecircle-station; or name another configuration: --config FILE")
}

/// The name of the station's database in its state directory.
const DATABASE: &str = "station";
