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

/// Our own words broken to 80 columns, between words and between wide characters; further lines stand under column
/// `indent`. What is longer than a line by itself, such as a path, stays whole: it can be copied.
pub fn folded(text: &str, indent: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for piece in pieces(text) {
        let bare = width(piece.trim_end());
        if used + bare > TERMINAL_COLUMNS && used > indent {
            lines.push(line.trim_end().to_owned());
            (line, used) = (" ".repeat(indent), indent);
        }
        line.push_str(piece);
        used += width(piece);
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// Where a line may be broken: behind blanks and behind wide characters.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(|c: char| c == ' ' || c.width() == Some(2))
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
    fn words_are_broken_to_80_columns_under_their_indent_and_nothing_is_lost() {
        let text = format!("         - {}门厅红外探测器的电池", "word ".repeat(20));
        let lines = folded(&text, 11);
        assert!(lines.len() == 2 && lines.iter().all(|line| width(line) <= 80), "{lines:#?}");
        assert!(lines[1].starts_with("           word") && lines[1].ends_with("电池"), "{lines:#?}");
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        let path = format!("/{}", "x".repeat(100));
        assert_eq!(folded(&format!("written to {path}"), 4), ["written to", &format!("    {path}")], "no name is torn");
        assert_eq!(folded("", 4), [""]);
    }

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
