//! The command line: every command once, with its help. The manual page and the completions of shells are written from here.

use crate::cmd;
use clap::{Parser, Subcommand};
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
    /// Does what was asked for.
    pub fn run(self) -> ExitCode {
        match self.command {
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
