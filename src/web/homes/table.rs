//! Tables as spreadsheets write and read them: CSV, and what is copied out of their cells.

/// One line, its cells guarded: what a spreadsheet would take for a formula is text.
pub(super) fn line(cells: &[String]) -> String {
    let mut line = cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

fn cell(text: &str) -> String {
    let guarded = if text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() };
    if guarded.contains([',', '"', '\n', '\r', '\t', ';']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

/// What begins a formula in one spreadsheet or another.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The lines of a table; what stands between the cells is found in the first line. Longer tables are cut, never larger than asked for.
pub(super) fn read(text: &str, lines_max: usize) -> Vec<Vec<String>> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let between = ['\t', ';', ','].into_iter().find(|between| first.contains(*between)).unwrap_or(',');
    let mut reader = Reader { lines: Vec::new(), cells: Vec::new(), cell: String::new(), was_quoted: false };
    let mut chars = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                reader.cell.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if reader.cell.is_empty() && !reader.was_quoted => (is_quoted, reader.was_quoted) = (true, true),
            '\r' if !is_quoted && chars.peek() == Some(&'\n') => {}
            '\n' | '\r' if !is_quoted => reader.end_line(),
            c if c == between && !is_quoted => reader.end_cell(),
            c => reader.cell.push(c),
        }
        if reader.lines.len() >= lines_max {
            return reader.lines;
        }
    }
    reader.end_line();
    reader.lines
}

struct Reader {
    lines: Vec<Vec<String>>,
    cells: Vec<String>,
    cell: String,
    was_quoted: bool,
}

impl Reader {
    fn end_cell(&mut self) {
        let cell = std::mem::take(&mut self.cell);
        let is_guarded = cell.strip_prefix('\'').is_some_and(|rest| rest.starts_with(FORMULA));
        self.cells.push(if is_guarded { cell.chars().skip(1).collect() } else { cell });
        self.was_quoted = false;
    }

    /// A line without anything in it is none.
    fn end_line(&mut self) {
        self.end_cell();
        let cells = std::mem::take(&mut self.cells);
        if cells.iter().any(|cell| !cell.trim().is_empty()) {
            self.lines.push(cells);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_no_cell_is_a_formula() {
        let cells: Vec<String> =
            ["=cmd|' /C calc'!A0", "+86 10", "-1", "@x", "a,b", "say \"no\"", "two\nlines", "", "'quoted"]
                .map(str::to_owned)
                .to_vec();
        let written = line(&cells);
        assert!(written.starts_with("'=cmd") && written.contains("'+86 10,'-1,'@x"), "{written}");
        assert_eq!(read(&written, 10), [cells]);
    }

    #[test]
    fn cells_copied_from_a_spreadsheet_are_read_with_their_lines() {
        let read = read("\u{feff}a\tb;c\td\r\n\"x\ny\"\t\"1\"\"2\"\t\r\n\r\n\t\t\r\nlast", 10);
        assert_eq!(read, [vec!["a", "b;c", "d"], vec!["x\ny", "1\"2", ""], vec!["last"]]);
    }

    #[test]
    fn a_table_is_never_longer_than_asked_for_and_a_broken_quote_ends_nothing() {
        assert_eq!(read(&"a\n".repeat(100), 7).len(), 7);
        assert_eq!(read("\"never closed, a\nb", 7).len(), 1);
        assert_eq!(read("", 7), Vec::<Vec<String>>::new());
    }
}
