//! `carecircle listen`

mod walk;

/// Arguments of `carecircle listen`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> std::process::ExitCode {
    std::process::ExitCode::FAILURE
}
