//! One file per subcommand.

pub mod check;
pub mod circle;
mod daemon;
pub mod decode;
pub mod demo;
mod file;
pub mod gateway;
pub mod history;
pub mod init;
pub mod join;
pub mod line;
pub mod listen;
mod progress;
mod receipt;
pub mod renew;
pub mod replay;
pub mod report;
pub mod schema;
pub mod simulate;
mod socket;
pub mod station;
pub mod status;
pub mod suspend;
pub mod test_alert;
#[cfg(test)]
mod testing;

use crate::problem::Problem;
use std::io::IsTerminal;
use std::path::Path;
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

/// What a program without the feature `station` says when it is asked for something of a service point's.
fn without_station(of: &Path) -> ExitCode {
    finish(Err(no_station(of)))
}

fn no_station(of: &Path) -> Problem {
    Problem::of(of.display().to_string(), "that is for a service point, and this program is built for homes alone")
        .with_deed("ask the program of the service point")
}

/// Why there is nothing to show.
enum Failed {
    /// Something around the program.
    World(Problem),
    /// Everything that is wrong with a configuration.
    Configuration(Vec<Problem>),
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Failed {
        Failed::World(problem)
    }
}

/// The same where a configuration may be to blame.
fn ended(result: Result<ExitCode, Failed>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(Failed::World(problem)) => finish(Err(problem)),
        Err(Failed::Configuration(problems)) => {
            warn(&problems);
            ExitCode::from(EXIT_CONFIGURATION)
        }
    }
}

/// Prints problems for the person in front.
#[allow(clippy::print_stderr)] // commands are where the program speaks
fn warn(problems: &[Problem]) {
    for problem in problems {
        eprintln!("{}", fitted(problem.to_string(), std::io::stderr().is_terminal()));
    }
}

/// A text as a person reads it: on a terminal, a sentence is broken between words. A line of a file keeps its form, and
/// whoever reads a pipe gets one line.
fn fitted(text: String, is_terminal: bool) -> String {
    if is_terminal && !text.contains('\n') { listen::folded(&text, 4).join("\n") } else { text }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::TextPlace;

    #[test]
    fn a_sentence_fits_the_terminal_and_a_pipe_gets_one_line() {
        let problem = Problem::of("/etc/carecircle/gateway.toml", "word ".repeat(20).trim()).with_deed("do this");
        assert!(fitted(problem.to_string(), true).lines().all(|line| listen::width(line) <= listen::TERMINAL_COLUMNS));
        assert_eq!(fitted(problem.to_string(), false), problem.to_string());
        let source = format!("id = \"{}\"\n", "x".repeat(90));
        let at = Problem::at(TextPlace::new("gateway.toml", &source, 5..97), "too long");
        assert_eq!(fitted(at.to_string(), true), at.to_string(), "the caret stands below what it means");
    }
}
