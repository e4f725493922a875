//! `carecircle suspend`: somebody at the box tells the running gateway that the home is other than usual, asks what holds,
//! or ends it before its time.
//!
//! Whoever says so is named, says why and until when: none of these can be left out, and there is no suspension without end.

use super::Failed;
use super::status::{START, WHY};
use crate::config;
use crate::model::suspension::Absence;
use crate::problem::Problem;
use crate::wire::local::{Answer, Ask, LINE_BYTES_MAX, Question, SOCKET};
use crate::wire::{VERSION, Wire};
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

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
    let state_dir = match &args.config {
        None => args.state_dir.clone(),
        Some(path) => match config::load_gateway(path) {
            (Some(config), _) => config.state_dir,
            (None, problems) => return Err(Failed::Configuration(problems)),
        },
    };
    Ok(shown(&ask(&state_dir.join(SOCKET), asked(args), NOT_KNOWN)?)?)
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

/// One line to the gateway and one back; `not_known` says what to do where no answer comes.
pub(super) fn ask(socket: &Path, ask: Ask, not_known: &'static str) -> Result<Answer, Problem> {
    let place = || socket.display().to_string();
    let mut line = Question { v: VERSION, ask }.to_bytes();
    line.push(b'\n');
    if line.len() > LINE_BYTES_MAX {
        return Err(Problem::of("--reason", "this is longer than the gateway reads"));
    }
    let mut stream = UnixStream::connect(socket).map_err(|error| not_there(socket, &error))?;
    let mut answer = Vec::new();
    let spoken = stream
        .set_read_timeout(Some(ANSWERED_WITHIN))
        .and_then(|()| stream.set_write_timeout(Some(ANSWERED_WITHIN)))
        .and_then(|()| stream.write_all(&line))
        .and_then(|()| stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).map(drop));
    spoken.map_err(|error| Problem::of(place(), format!("no answer: {error}")).with_deed(not_known))?;
    Answer::from_bytes(&answer).map_err(|_| {
        let what = if answer.is_empty() { "the gateway ended without an answer" } else { "this is no answer of ours" };
        Problem::of(place(), what).with_deed(not_known)
    })
}

fn not_there(socket: &Path, error: &io::Error) -> Problem {
    let problem = |what: &str| Problem::of(socket.display().to_string(), what.to_owned());
    if [ErrorKind::NotFound, ErrorKind::ConnectionRefused].contains(&error.kind()) {
        let deed = format!("{START}; {WHY}; if its state_dir is another one, name it: --config FILE");
        problem("the gateway is not running: nobody listens here, and nothing was changed").with_deed(deed)
    } else if error.kind() == ErrorKind::PermissionDenied {
        problem("permission denied").with_deed("ask as root or as the user carecircle")
    } else {
        problem(&error.to_string())
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
/// Longer than the gateway itself waits for its disk.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

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

    #[test]
    fn where_no_gateway_runs_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join(SOCKET);
        assert!(ask(&socket, Ask::List, NOT_KNOWN).unwrap_err().to_string().contains("not running"));
        drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
        assert!(
            ask(&socket, Ask::List, NOT_KNOWN).unwrap_err().to_string().contains("not running"),
            "a killed one left it"
        );
    }
}
