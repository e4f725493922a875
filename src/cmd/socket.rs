//! What commands say to the running gateway, by its local socket: one line there, one back.

use super::Failed;
use super::status::{START, WHY};
use crate::config;
use crate::problem::Problem;
use crate::wire::local::{Answer, Ask, LINE_BYTES_MAX, Question, SOCKET};
use crate::wire::{VERSION, Wire};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The socket of the gateway with this configuration; without one, of the gateway with this state directory.
pub(super) fn of(config: Option<&Path>, state_dir: &Path) -> Result<PathBuf, Failed> {
    let Some(file) = config else { return Ok(state_dir.join(SOCKET)) };
    match config::load_gateway(file) {
        (Some(config), _) => Ok(config.state_dir.join(SOCKET)),
        (None, problems) => Err(Failed::Configuration(problems)),
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

/// Longer than the gateway itself waits for its disk.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_no_gateway_runs_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join(SOCKET);
        assert!(ask(&socket, Ask::List, "see what holds").unwrap_err().to_string().contains("not running"));
        drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
        assert!(
            ask(&socket, Ask::List, "see what holds").unwrap_err().to_string().contains("not running"),
            "a killed one left it"
        );
    }
}
