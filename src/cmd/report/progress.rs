//! How far long work has come, on a terminal; nothing anywhere else.

use std::io::{IsTerminal, Write};

/// Counts steps and shows them as percent.
pub struct Progress {
    all: u64,
    done: u64,
    shown_percent: Option<u64>,
}

impl Progress {
    /// Of so many steps none is done.
    pub fn new(all: u64) -> Progress {
        let shown_percent = std::io::stderr().is_terminal().then_some(0);
        Progress { all: all.max(1), done: 0, shown_percent }
    }

    /// One more is done.
    pub fn step(&mut self) {
        self.done += 1;
        let Some(shown) = self.shown_percent else { return };
        let percent = (self.done * 100 / self.all).min(100);
        if percent > shown {
            self.shown_percent = Some(percent);
            let bar = "#".repeat(percent as usize / 4);
            // A terminal that cannot be written to shows nothing.
            write!(std::io::stderr(), "\r[{bar:<25}] {percent:>3} %").ok();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown_percent.is_some_and(|percent| percent > 0) {
            write!(std::io::stderr(), "\r{:33}\r", "").ok();
        }
    }
}
