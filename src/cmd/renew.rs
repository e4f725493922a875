//! `carecircle renew`: the next certificate of this home, with the one it has; once a day by a timer of systemd.

use crate::clock;
use crate::problem::Problem;
use crate::trust::renew::{Renewed, renew};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `carecircle renew`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The home's configuration; its certificate lies in secrets/ beside it
    #[arg(long, value_name = "FILE", default_value = super::DEFAULT_CONFIG)]
    config: PathBuf,
    /// Also before day 270
    #[arg(long)]
    now: bool,
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    super::finish(renewed(&args).map(|()| ExitCode::SUCCESS))
}

#[allow(clippy::print_stdout)] // for the journal
fn renewed(args: &Args) -> Result<(), Problem> {
    match renew(&args.config.parent().unwrap_or(Path::new("")).join("secrets"), args.now)? {
        Renewed::NotYet(until) => {
            let days = (until - clock::now()).num_days();
            println!(
                "the certificate is good until {}, for {days} more days; it is renewed from 95 on",
                until.date_naive()
            );
        }
        Renewed::Until(until) => println!("the certificate is renewed and good until {}", until.date_naive()),
    }
    Ok(())
}
