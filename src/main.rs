//! Arguments → command → exit code; nothing else.

use carecircle::cmd::line::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    Arguments::of_this_process().run()
}
