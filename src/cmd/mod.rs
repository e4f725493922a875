//! One file per subcommand.

pub mod check;
mod daemon;
pub mod decode;
#[cfg(feature = "embedded-broker")]
pub mod demo;
mod file;
pub mod gateway;
pub mod init;
pub mod listen;
pub mod replay;
pub mod station;
pub mod status;

use crate::problem::Problem;
use std::process::ExitCode;

/// Where a gateway's configuration lies when nobody says otherwise.
pub const DEFAULT_CONFIG: &str = "/etc/carecircle/gateway.toml";

/// Configuration is wrong (sysexits.h EX_CONFIG).
pub const EXIT_CONFIGURATION: u8 = 78;

/// Prints what a command could not do, and gives its exit code.
fn finish(result: Result<ExitCode, Problem>) -> ExitCode {
    result.unwrap_or_else(|problem| {
        warn(&[problem]);
        ExitCode::FAILURE
    })
}

/// Prints problems for the person in front.
#[allow(clippy::print_stderr)] // commands are where the program speaks
fn warn(problems: &[Problem]) {
    for problem in problems {
        eprintln!("{problem}");
    }
}

/// Place and fact, without the drawn line.
fn one_line(problem: &Problem) -> String {
    problem.to_string().lines().next().unwrap_or_default().to_owned()
}

/// A reader that has gone away (`| head`) is no failure.
fn printed(result: std::io::Result<()>) -> Result<ExitCode, Problem> {
    match result {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(Problem::of("standard output", error.to_string())),
    }
}
