//! Arguments → command → exit code; nothing else.

use carecircle::cmd::line::Arguments;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    Arguments::parse().run()
}
