//! Forgets everything about the home, for good, while the gateway is stopped; prints a receipt that names nobody.

use super::{DATABASE, configured};
use crate::clock;
use crate::cmd::{self, Failed, receipt};
use crate::problem::Problem;
use crate::store::{Held, Looking, forget_one};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `carecircle history forget`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", default_value = cmd::DEFAULT_CONFIG)]
    config: PathBuf,
    /// The home's id, typed once more; without it, it is asked for
    #[arg(long, value_name = "ID")]
    home: Option<String>,
    /// Also the keys and certificates in the folder secrets beside the configuration: the home cannot speak as itself any more
    #[arg(long)]
    with_keys: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failed> {
    let config = configured(&args.config)?;
    let home = config.home.id.as_str();
    let question =
        format!("Everything that is kept of this home will be gone for good, in {}.", config.state_dir.display());
    receipt::confirmed(home, args.home.clone(), &question)?;
    let held = Held::of(&config.state_dir, DATABASE).map_err(|error| still_runs(error.problem()))?;
    let database = config.state_dir.join(DATABASE);
    let mark = receipt::fingerprint(&database)?;
    // A database that cannot be read is forgotten all the same.
    let figures = Looking::at(&database).and_then(|looking| looking.figures()).ok();
    let mut forgotten = held.forget_all().map_err(|error| error.problem())?;
    for name in ["status.json", "status.new", "watching", "watching.new"] {
        let one = forget_one(&config.run_dir.join(name)).map_err(|error| error.problem())?;
        forgotten.files += one.files;
        forgotten.bytes += one.bytes;
    }
    let mut lines = vec![format!("forgotten on {}", config.home.zone.date(clock::now()))];
    let keys = keys_beside(&args.config);
    if args.with_keys {
        for key in &keys {
            let one = forget_one(key).map_err(|error| error.problem())?;
            forgotten.files += one.files;
            forgotten.bytes += one.bytes;
        }
    }
    lines.push(match figures {
        Some(found) => format!(
            "readings {}, days {}, alerts and all else {}, waiting for a receipt {}",
            found.observations.count, found.days.count, found.entries.count, found.outbox.count
        ),
        None => "rows: not known, the database could not be read".to_owned(),
    });
    lines.push(format!("files {}, bytes {}", forgotten.files, forgotten.bytes));
    lines.push(format!("fingerprint of what was there {mark}"));
    let mut notes = vec![format!(
        "{} still names the home and the telephones of its circle: take it away by hand",
        args.config.display()
    )];
    notes.extend(
        forgotten.left.iter().map(|path| format!("not the gateway's own, left where it is: {}", path.display())),
    );
    if !args.with_keys {
        let left = keys.iter().map(|key| format!("its keys stay: {} (--with-keys takes them away)", key.display()));
        notes.extend(left);
    }
    notes.push("what its stations know of it they forget by: carecircle station forget HOME".to_owned());
    let mut out = std::io::stdout().lock();
    let printed = lines.iter().try_for_each(|line| writeln!(out, "{line}"));
    Ok(cmd::printed(printed.and_then(|()| notes.iter().try_for_each(|note| writeln!(out, "note: {note}"))))?)
}

/// What enrolment put beside the configuration, and whatever else lies with it: nothing there is of use to another home.
fn keys_beside(config: &Path) -> Vec<PathBuf> {
    let folder = config.parent().unwrap_or(Path::new(".")).join("secrets");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn still_runs(problem: Problem) -> Problem {
    problem.with_deed("stop it first: systemctl stop carecircle-gateway; or name another configuration: --config FILE")
}
