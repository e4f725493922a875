//! Cells of equal width for a terminal, where a Chinese character takes two columns.

use crate::text;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What every table of the technician's commands fits into.
pub const TERMINAL_COLUMNS: usize = 80;

/// How many columns `text` takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` from outside on one line, cut and filled to `columns`; a cut is shown.
pub fn cell(text: &str, columns: usize) -> String {
    let mut shown = cut(text, columns);
    let used = width(&shown);
    shown.extend(std::iter::repeat_n(' ', columns.saturating_sub(used)));
    shown
}

/// `text` from outside on one line, cut to `columns`; a cut is shown.
pub fn cut(text: &str, columns: usize) -> String {
    // Twice as many characters as columns: marks that take none may stand between.
    let clean = text::shown(text, columns.saturating_mul(2).saturating_add(1));
    if width(&clean) <= columns {
        return clean;
    }
    let mut shown = String::new();
    let mut used = 0;
    for c in clean.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        shown.push(c);
        used += wide;
    }
    shown.push('…');
    shown
}

/// A line made of cells, cut to `columns` without another look at its blanks.
pub fn cut_ours(line: &str, columns: usize) -> String {
    if width(line) <= columns { line.to_owned() } else { cut(line, columns) }
}

/// Cells of these widths, one blank between, without blanks at the end.
pub fn row<const N: usize>(cells: [&str; N], widths: [usize; N]) -> String {
    let line: Vec<String> = cells.iter().zip(widths).map(|(text, columns)| cell(text, columns)).collect();
    line.join(" ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_character_takes_two_columns_and_a_cut_is_shown() {
        assert_eq!(cell("门厅", 6), "门厅  ");
        assert_eq!(cell("hall", 6), "hall  ");
        for (text, cut_off) in
            [("门厅红外探测器", "门厅红外… "), ("a门厅红外探测器", "a门厅红外…"), ("abcdefghijk", "abcdefghi…")]
        {
            assert_eq!(cell(text, 10), cut_off);
            assert_eq!(width(&cell(text, 10)), 10);
        }
        assert_eq!(cell("e\u{301}e\u{301}", 3), "e\u{301}e\u{301} ", "a mark takes no column");
        assert_eq!(cell("a\u{202e}\nb", 5), "a  b ", "nothing reorders or breaks a line");
    }
}
