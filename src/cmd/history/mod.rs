//! `carecircle history`: what the gateway keeps of a home, since when and for how long; forgets all of it, or hands it out.

mod export;
mod forget;
mod lines;
mod show;

pub use lines::each_line;
pub(super) use show::agreed;

use super::Failed;
use crate::config;
use std::path::Path;
use std::process::ExitCode;

/// Arguments of `carecircle history`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// What is kept, since when, how much, when the oldest goes, and who agreed to it
    Show(show::Args),
    /// Forgets everything about this home, for good; the gateway must be stopped
    Forget(forget::Args),
    /// Everything that is kept, as JSON lines: without names of rooms and people, unless the person asks for all of it
    Export(export::Args),
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    super::ended(match args.deed {
        Deed::Show(args) => show::run(&args),
        Deed::Forget(args) => forget::run(&args),
        Deed::Export(args) => export::run(&args),
    })
}

fn configured(path: &Path) -> Result<config::Gateway, Failed> {
    let (config, problems) = config::load_gateway(path);
    config.ok_or(Failed::Configuration(problems))
}

/// The name of the gateway's database in its state directory.
const DATABASE: &str = "history.db";
