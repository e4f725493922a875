//! What is forgotten for good is asked for twice, and receipted without a word that names anybody.

use crate::problem::Problem;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;

/// The home's id was typed once more: on the command line, or as an answer to `question`.
pub(super) fn confirmed(home: &str, typed: Option<String>, question: &str) -> Result<(), Problem> {
    let typed = match typed {
        Some(typed) => typed,
        None if io::stdin().is_terminal() => {
            asked(question).map_err(|error| Problem::of("terminal", error.to_string()))?
        }
        None => {
            return Err(Problem::new("nobody can be asked here").with_deed("type the home's id once more: --home ID"));
        }
    };
    if typed.trim() == home {
        return Ok(());
    }
    Err(Problem::new("this is not the id of the home: nothing was forgotten")
        .with_deed("type it as the configuration has it"))
}

fn asked(question: &str) -> io::Result<String> {
    let mut out = io::stdout().lock();
    write!(out, "{question}\nType the home's id to go on: ")?;
    out.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

/// Of the file as it was: says later that this and no other was forgotten, and nothing of what stood in it.
pub(super) fn fingerprint(path: &Path) -> Result<String, Problem> {
    let read = || -> io::Result<String> {
        let mut file = std::fs::File::open(path)?;
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        let mut bytes = vec![0; 64 * 1024];
        loop {
            let count = file.read(&mut bytes)?;
            if count == 0 {
                break;
            }
            digest.update(&bytes[..count]);
        }
        Ok(digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    };
    read().map_err(|error| Problem::of_state(path, &error))
}
