//! `carecircle gateway`: the daemon in the home.
//!
//! A file that does not load never leaves a home unwatched: the last good configuration is used and said so; only when
//! there is none the daemon ends with code 78. SIGHUP loads anew and refuses a bad file while the running one stays.
//! Started by systemd in a home that nobody has set up yet, it waits.

mod waiting;

use super::daemon::{Asked, Signals, block_on, log, notify_reloading, warn_if_fleeting};
use crate::config;
use crate::gateway::plan::Plan;
use crate::gateway::{self, Control, last_good};
use crate::model::reason::Reason;
use crate::problem::{Kind, Problem};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::sync::mpsc;

/// Arguments of `carecircle gateway`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file; `conf.d/*.toml` beside it is read too
    #[arg(long, value_name = "FILE", default_value = super::DEFAULT_CONFIG)]
    config: PathBuf,
    /// Where to look for the last good configuration when the file does not load
    #[arg(long, value_name = "DIR", env = "STATE_DIRECTORY", default_value = "/var/lib/carecircle/gateway")]
    state_dir: PathBuf,
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    log("info");
    if waiting::is_due(&args.config, &args.state_dir) {
        match block_on(waiting::until_set_up(&args.config)).and_then(|waited| waited) {
            Ok(true) => {}
            Ok(false) => return ExitCode::SUCCESS,
            Err(problem) => return super::finish(Err(problem)),
        }
    }
    let (plan, troubles) = match begin(&args) {
        Ok(begun) => begun,
        Err(problems) => {
            super::warn(&problems);
            return ExitCode::from(super::EXIT_CONFIGURATION);
        }
    };
    warn_if_fleeting(&plan.state_dir);
    let ended = block_on(watch(args.config, plan, troubles)).and_then(|ended| ended);
    super::finish(ended.map(|()| ExitCode::SUCCESS))
}

/// The plan to run, and what has to be said about it. What it needs of the stack is given back before the gateway runs.
#[inline(never)]
fn begin(args: &Args) -> Result<(Plan, Vec<Reason>), Vec<Problem>> {
    match load(&args.config) {
        Ok(plan) => {
            keep(&plan, &args.config);
            Ok((plan, Vec::new()))
        }
        Err(problems) => {
            super::warn(&problems);
            let first = problems.iter().find(|problem| problem.kind == Kind::Error).map(super::one_line);
            let what = first.unwrap_or_else(|| "the configuration does not load".to_owned());
            let kept = last_good::load(&args.state_dir).and_then(|config| Plan::of(config).ok());
            let Some(plan) = kept else {
                let none =
                    Problem::of(args.state_dir.display().to_string(), "there is no last good configuration either");
                return Err(vec![none.with_deed("mend the file named above, then start again")]);
            };
            tracing::error!(what, "the last good configuration watches the home");
            Ok((plan, vec![Reason::Configuration { what }]))
        }
    }
}

/// Runs the gateway and listens to signals beside it.
async fn watch(path: PathBuf, plan: Plan, troubles: Vec<Reason>) -> Result<(), Problem> {
    let mut signals = Signals::listen()?;
    let (control, orders) = mpsc::channel(4);
    let mut daemon = std::pin::pin!(gateway::run(plan, troubles, orders));
    loop {
        let asked = tokio::select! {
            ended = &mut daemon => return ended,
            asked = signals.next() => asked,
        };
        let order = match asked {
            Asked::Stop => Control::Stop,
            Asked::Reload => reload(&path),
        };
        tokio::select! {
            ended = &mut daemon => return ended,
            // The loop may be ending by itself: then nobody takes orders any more.
            sent = control.send(order) => drop(sent),
        }
    }
}

fn reload(path: &Path) -> Control {
    notify_reloading();
    match load(path) {
        Ok(plan) => {
            keep(&plan, path);
            Control::Reload(Box::new(plan))
        }
        Err(problems) => {
            super::warn(&problems);
            let first = problems.iter().find(|problem| problem.kind == Kind::Error).map(super::one_line);
            Control::Refused(first.unwrap_or_else(|| "it does not load".to_owned()))
        }
    }
}

/// The plan in the file; warnings are printed, and secrets that cannot be read count as problems of the file.
fn load(path: &Path) -> Result<Plan, Vec<Problem>> {
    match config::load_gateway(path) {
        (Some(config), warnings) => {
            super::warn(&warnings);
            Plan::of(config).map_err(|problem| vec![problem])
        }
        (None, problems) => Err(problems),
    }
}

fn keep(plan: &Plan, path: &Path) {
    let kept = config::texts(path).map_err(|_| std::io::Error::other("the file changed while it was read"));
    if let Err(error) = kept.and_then(|texts| last_good::keep(&plan.state_dir, &texts)) {
        tracing::warn!(%error, dir = %plan.state_dir.display(), "this configuration cannot be kept as the last good one");
    }
}
