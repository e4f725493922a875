//! How far long work is: a line on a terminal that goes away at its end, and nothing in a pipe.

use std::io::{IsTerminal, Write};

/// A line on the terminal's error output.
pub struct Progress {
    what: &'static str,
    total: u64,
    /// Per cent shown last; absent where nobody looks.
    shown: Option<u64>,
}

impl Progress {
    /// Work of so many pieces.
    pub fn new(what: &'static str, total: u64) -> Progress {
        let is_seen = std::io::stderr().is_terminal();
        // Less than this is done before anybody has read it.
        Progress { what, total, shown: (is_seen && total >= WORTH_SHOWING).then_some(0) }
    }

    /// So many pieces are done.
    pub fn passed(&mut self, done: u64) {
        let per_cent = (done * 100).checked_div(self.total).unwrap_or(100).min(100);
        if self.shown.is_some_and(|shown| per_cent != shown) {
            self.shown = Some(per_cent);
            let line = line(self.what, per_cent);
            // A terminal that is gone is no reason to stop the work.
            write!(std::io::stderr(), "\r{line}").ok();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            write!(std::io::stderr(), "\r{}\r", " ".repeat(line(self.what, 100).len())).ok();
        }
    }
}

fn line(what: &str, per_cent: u64) -> String {
    let full = "#".repeat((per_cent * BAR_COLUMNS / 100) as usize);
    format!("{what:<12.12} [{full:.<width$}] {per_cent:3} %", width = BAR_COLUMNS as usize)
}

const BAR_COLUMNS: u64 = 40;
const WORTH_SHOWING: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_as_long_as_the_work_is_done_and_fits_the_terminal() {
        assert_eq!(line("reading", 0), format!("reading      [{}]   0 %", ".".repeat(40)));
        assert_eq!(line("reading", 50), format!("reading      [{}{}]  50 %", "#".repeat(20), ".".repeat(20)));
        assert_eq!(line("comparing both", 100).len(), line("x", 1).len());
    }

    #[test]
    fn work_of_no_pieces_is_done() {
        let mut progress = Progress { what: "x", total: 0, shown: None };
        progress.passed(0);
        assert_eq!(progress.shown, None);
    }
}
