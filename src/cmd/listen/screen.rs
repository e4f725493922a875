//! A picture on the terminal that is drawn anew in its place, with plain ANSI sequences.

use std::io::{self, IsTerminal, Write};

/// How large a picture may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns, at least 20.
    pub columns: usize,
    /// Rows, at least 8.
    pub rows: usize,
}

/// The terminal's second screen; the first one comes back with the end of the value.
pub struct Screen {
    shown: Vec<String>,
}

impl Screen {
    /// Takes the terminal, where standard output is one that can place its cursor.
    pub fn open() -> Option<Screen> {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        if is_dumb || !io::stdout().is_terminal() {
            return None;
        }
        // Second screen, no cursor.
        put("\x1b[?1049h\x1b[?25l\x1b[2J").ok()?;
        Some(Screen { shown: Vec::new() })
    }

    /// How large the terminal is now.
    pub fn size(&self) -> Size {
        let known = rustix::termios::tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
        let (columns, rows) = known.map_or((80, 24), |size| (usize::from(size.ws_col), usize::from(size.ws_row)));
        Size { columns: columns.max(20), rows: rows.max(8) }
    }

    /// Draws the lines that have changed; whether there is still somebody to see it.
    pub fn draw(&mut self, lines: Vec<String>) -> bool {
        if lines == self.shown {
            return true;
        }
        let mut text = String::from("\x1b[H");
        for (nth, line) in lines.iter().enumerate() {
            if nth > 0 {
                text.push_str("\r\n");
            }
            // The rest of the line, whatever stood there.
            text.push_str(line);
            text.push_str("\x1b[K");
        }
        text.push_str("\x1b[J");
        self.shown = lines;
        put(&text).is_ok()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nothing can be done for a terminal that has gone.
        put("\x1b[?25h\x1b[?1049l").ok();
    }
}

fn put(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}
