//! `carecircle suspend`: somebody at the box tells the running gateway that the home is other than usual, asks what holds,
//! or ends it before its time.
//!
//! Whoever says so is named, says why and until when: none of these can be left out, and there is no suspension without end.

use super::Failed;
use super::socket;
use crate::model::suspension::Absence;
use crate::problem::Problem;
use crate::wire::local::{Answer, Ask};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `carecircle suspend`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Why the home is other than usual: away, hospital, holiday, visitors, cleaning or pet
    #[arg(value_name = "KIND", value_parser = kind, required_unless_present_any = ["list", "end"])]
    kind: Option<Absence>,
    /// Who answers for it: an id of the staff, never a name
    #[arg(long, value_name = "ID", required_unless_present = "list")]
    owner: Option<String>,
    /// In words, for the next who reads it
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["list", "end"])]
    reason: Option<String>,
    /// Its end, at most 30 days from now: 12h, 3d, 20:00 or "2026-12-01 18:00" by the clock on the home's wall
    #[arg(long, value_name = "END", required_unless_present_any = ["list", "end"])]
    until: Option<String>,
    /// What holds now, and what will; each with its number
    #[arg(long, conflicts_with_all = ["kind", "owner", "reason", "until", "end"])]
    list: bool,
    /// End this one now: its number in --list, or its kind
    #[arg(long, value_name = "N", value_parser = kind, conflicts_with_all = ["kind", "reason", "until"])]
    end: Option<Absence>,
    /// The gateway's configuration, for a gateway with a state directory of its own
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The gateway's state directory, in place of a configuration
    #[arg(long, value_name = "DIR", default_value = "/var/lib/carecircle/gateway", conflicts_with = "config")]
    state_dir: PathBuf,
}

fn kind(text: &str) -> Result<Absence, String> {
    let words = || Absence::ALL.map(|kind| format!("{} {}", kind.number(), kind.as_str())).join(", ");
    Absence::named(text).ok_or_else(|| format!("choose from {}", words()))
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    super::ended(spoken(args))
}

fn spoken(args: Args) -> Result<ExitCode, Failed> {
    let socket = socket::of(args.config.as_deref(), &args.state_dir)?;
    Ok(shown(&socket::ask(&socket, asked(args), NOT_KNOWN)?)?)
}

fn asked(args: Args) -> Ask {
    let Args { kind, owner, reason, until, end, .. } = args;
    let owner = owner.unwrap_or_default();
    match (end, kind) {
        (Some(kind), _) => Ask::End { kind, owner },
        (None, Some(kind)) => {
            Ask::Begin { kind, owner, why: reason.unwrap_or_default(), until: until.unwrap_or_default() }
        }
        (None, None) => Ask::List,
    }
}

fn shown(answer: &Answer) -> Result<ExitCode, Problem> {
    if !answer.done {
        let why = answer.words.join("; ");
        return Err(Problem::of("refused", why));
    }
    let is_terminal = io::stdout().is_terminal();
    let mut out = io::stdout().lock();
    let lines = answer.words.iter().map(|line| super::fitted(line.clone(), is_terminal));
    super::printed(lines.into_iter().try_for_each(|line| writeln!(out, "{line}")))
}

const NOT_KNOWN: &str = "whether it was taken is not known; see what holds: carecircle suspend --list";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn read(line: &[&str]) -> Option<Ask> {
        Line::try_parse_from([&["suspend"], line].concat()).ok().map(|line| asked(line.args))
    }

    #[test]
    fn nothing_of_a_suspension_can_be_left_out() {
        let whole = ["hospital", "--owner", "p-03", "--reason", "hip", "--until", "3d"];
        let (owner, why, until) = ("p-03".to_owned(), "hip".to_owned(), "3d".to_owned());
        assert_eq!(read(&whole), Some(Ask::Begin { kind: Absence::Hospital, owner: owner.clone(), why, until }));
        for left_out in [1, 3, 5] {
            let rest: Vec<&str> = [&whole[..left_out], &whole[left_out + 2..]].concat();
            assert_eq!(read(&rest), None, "{rest:?}");
        }
        assert_eq!(read(&whole[1..]), None, "no kind");
        assert_eq!(read(&["moon", "--owner", "p-03", "--reason", "x", "--until", "3d"]), None);
        assert_eq!(read(&["--list"]), Some(Ask::List));
        assert_eq!(read(&["--end", "2"]), None, "who ends it is named too");
        for end in ["2", "hospital"] {
            let ended = Some(Ask::End { kind: Absence::Hospital, owner: owner.clone() });
            assert_eq!(read(&["--end", end, "--owner", "p-03"]), ended);
        }
        assert_eq!(read(&["--list", "--owner", "p-03"]), None);
    }
}
