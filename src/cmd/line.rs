//! The command line: every command once, with its help. The manual page and the completions of shells are written from here.

use crate::cmd;
use clap::{Args, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::process::ExitCode;

#[cfg(all(test, feature = "station"))]
mod manual;

/// Notices in the home of an elder living alone that the quiet is wrong, and asks the nearest service point
/// until somebody is at the door.
#[derive(Debug, Parser)]
#[command(name = "carecircle", version, max_term_width = 80)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "station")]
    /// Everything on loopback: a broker, station page, and a simulated home that lives, presses, falls silent
    Demo(cmd::demo::Args),
    /// The daemon in the home
    Gateway(cmd::gateway::Args),
    #[cfg(feature = "station")]
    /// The daemon at the service point
    Station(cmd::station::Args),
    /// Looks around in a home, asks little, and writes a configuration
    Init(cmd::init::Args),
    /// Enrols this home at its station with a one-time code
    Join(cmd::join::Args),
    /// Fetches this home's next certificate with the one it has
    Renew(cmd::renew::Args),
    /// Every problem of configuration files at once, with line, column and what to do
    Check(cmd::check::Args),
    /// What the sensors say, live; unknown devices with a ready config snippet
    Listen(cmd::listen::Args),
    /// JSON lines of raw frames in, readings out
    Decode(cmd::decode::Args),
    /// Recorded history through the same engine
    Replay(cmd::replay::Args),
    #[cfg(feature = "station")]
    /// Made-up homes through the same engine: a year of residents who fall at random
    Simulate(cmd::simulate::Args),
    /// What a home showed in the last days: activity, limits, alerts, sensors; one HTML page, or for the terminal
    Report(cmd::report::Args),
    #[cfg(feature = "station")]
    /// Who is reached in fifteen minutes at which hours, whom nobody reaches, where one more point would help
    Circle(cmd::circle::Args),
    /// What is kept of the home, since when and for how long; forgets all of it, or hands it out
    History(cmd::history::Args),
    /// The running daemon in ten lines
    Status(cmd::status::Args),
    /// Tells the running gateway that the resident is away, in hospital, has visitors …; lists and ends such suspensions
    Suspend(cmd::suspend::Args),
    /// Tries every way out of the home from end to end, marked as a test, and shows which gave no answer
    TestAlert(cmd::test_alert::Args),
    #[cfg(feature = "station")]
    /// The documents of the wire: JSON Schema of its bodies, AsyncAPI of its topics
    Schema(cmd::schema::Args),
}

impl Arguments {
    /// What this process was called with. A mistake, or a question for help, is answered here and ends the process.
    pub fn of_this_process() -> Arguments {
        let given: Vec<OsString> = std::env::args_os().collect();
        Arguments::of_a_gateway(&given).unwrap_or_else(|| Arguments::parse_from(given))
    }

    /// The gateway's alone. It stays, in a small machine, and would keep for good the third of a megabyte that reading among
    /// all commands takes. Whatever is not plainly the gateway's is left to who knows all commands, and can say what is wrong.
    fn of_a_gateway(given: &[OsString]) -> Option<Arguments> {
        let given = given.get(1..).filter(|rest| rest.first().is_some_and(|command| command == "gateway"))?;
        let alone = cmd::gateway::Args::augment_args(clap::Command::new("gateway"));
        let found = alone.try_get_matches_from(given).ok()?;
        Some(Arguments { command: Command::Gateway(cmd::gateway::Args::from_arg_matches(&found).ok()?) })
    }

    /// Does what was asked for.
    pub fn run(self) -> ExitCode {
        if let Command::Gateway(args) = self.command { cmd::gateway::run(args) } else { self.command.run() }
    }
}

impl Command {
    /// Apart from the gateway, whose stack would have room for the arguments and results of all others for as long as it runs.
    #[inline(never)]
    fn run(self) -> ExitCode {
        match self {
            #[cfg(feature = "station")]
            Command::Demo(args) => cmd::demo::run(args),
            Command::Gateway(args) => cmd::gateway::run(args),
            #[cfg(feature = "station")]
            Command::Station(args) => cmd::station::run(args),
            Command::Init(args) => cmd::init::run(args),
            Command::Join(args) => cmd::join::run(args),
            Command::Renew(args) => cmd::renew::run(args),
            Command::Check(args) => cmd::check::run(args),
            Command::Listen(args) => cmd::listen::run(args),
            Command::Decode(args) => cmd::decode::run(args),
            Command::Replay(args) => cmd::replay::run(args),
            #[cfg(feature = "station")]
            Command::Simulate(args) => cmd::simulate::run(args),
            Command::Report(args) => cmd::report::run(args),
            #[cfg(feature = "station")]
            Command::Circle(args) => cmd::circle::run(args),
            Command::History(args) => cmd::history::run(args),
            Command::Status(args) => cmd::status::run(args),
            Command::Suspend(args) => cmd::suspend::run(args),
            Command::TestAlert(args) => cmd::test_alert::run(args),
            #[cfg(feature = "station")]
            Command::Schema(args) => cmd::schema::run(args),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_reads_alone_what_it_would_read_among_all_commands() {
        for line in [
            "carecircle gateway",
            "carecircle gateway --config /tmp/home.toml",
            "/usr/bin/carecircle gateway --config=a b",
        ] {
            let given: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let alone = Arguments::of_a_gateway(&given).map(|found| format!("{found:?}"));
            let among = Arguments::try_parse_from(&given).ok().map(|found| format!("{found:?}"));
            assert_eq!(alone, among, "{line}");
        }
    }

    #[test]
    fn what_is_not_plainly_the_gateways_is_left_to_the_whole_command_line() {
        for line in [
            "carecircle",
            "carecircle gateway --help",
            "carecircle gateway --confg a",
            "carecircle status",
            "carecircle --version",
        ] {
            let given: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert!(Arguments::of_a_gateway(&given).is_none(), "{line}");
        }
    }
}
