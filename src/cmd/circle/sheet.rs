//! A sheet of comma-separated values, read so that a mistake can be pointed at by line and column.

use crate::config::question;
use crate::problem::{Problem, TextPlace};
use std::ops::Range;
use std::path::Path;

/// A file of rows under named columns.
pub(super) struct Sheet {
    file: String,
    text: String,
    delimiter: u8,
    /// The columns by name, small letters.
    header: Vec<String>,
}

/// A row while it is read.
pub(super) struct Row<'s> {
    record: &'s csv::StringRecord,
    /// Where it begins in the text.
    begin: usize,
}

/// More mistakes than this are one mistake made again and again.
pub(super) const PROBLEMS_MAX: usize = 20;
/// A million homes are forty.
const BYTES_MAX: u64 = 1 << 30;

impl Sheet {
    /// Reads the file and its header.
    pub(super) fn open(path: &Path) -> Result<Sheet, Problem> {
        let file = path.display().to_string();
        let failed = |error: &std::io::Error| Problem::of_config(path, error);
        let size = std::fs::metadata(path).map_err(|error| failed(&error))?.len();
        if size > BYTES_MAX {
            return Err(Problem::of(&file, "this is longer than any list of homes (1 GB)"));
        }
        let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = error.utf8_error().valid_up_to();
            let line = error.as_bytes().iter().take(before).filter(|byte| **byte == b'\n').count() + 1;
            Problem::of(&file, format!("line {line} is not UTF-8 text")).with_deed("save it as \"CSV UTF-8\"")
        })?;
        Sheet::of(file, text)
    }

    /// The same of a text.
    pub(super) fn of(file: String, text: String) -> Result<Sheet, Problem> {
        // A spreadsheet's byte-order mark.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let first = text.lines().next().unwrap_or_default();
        let count = |delimiter: char| first.matches(delimiter).count();
        let delimiter = if count(';') > count(',') {
            b';'
        } else if count('\t') > count(',') {
            b'\t'
        } else {
            b','
        };
        let mut sheet = Sheet { file, text, delimiter, header: Vec::new() };
        let mut record = csv::StringRecord::new();
        let is_there = sheet.reader().read_record(&mut record).unwrap_or(false);
        if !is_there {
            return Err(Problem::of(&sheet.file, "this file is empty").with_deed("its first line names the columns"));
        }
        sheet.header = record.iter().map(|name| name.trim().to_lowercase()).collect();
        Ok(sheet)
    }

    fn reader(&self) -> csv::Reader<&[u8]> {
        let mut builder = csv::ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(self.delimiter).trim(csv::Trim::All);
        builder.from_reader(self.text.as_bytes())
    }

    /// The file's name.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// How many bytes it has.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Which column has one of these names.
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        self.header.iter().position(|name| names.contains(&name.as_str()))
    }

    /// The same where there must be one.
    pub(super) fn required(&self, names: &[&str]) -> Result<usize, Problem> {
        self.column(names).ok_or_else(|| {
            let name = names.first().copied().unwrap_or_default();
            let is_near = |other: &String| question(other, [name]).is_some_and(|said| said.starts_with("did you mean"));
            let (column, deed) = match self.header.iter().position(is_near) {
                Some(mistyped) => (mistyped, format!("write {name}")),
                None => (0, format!("the first line names the columns; add {name}")),
            };
            self.wrong(0, Some(column), format!("there is no column \"{name}\"")).with_deed(deed)
        })
    }

    /// Hands every row to `each`.
    pub(super) fn rows(&self, mut each: impl FnMut(Row<'_>)) -> Result<(), Problem> {
        let mut reader = self.reader();
        let mut record = csv::StringRecord::new();
        let mut is_header = true;
        loop {
            let begin = reader.position().byte() as usize;
            let read = reader.read_record(&mut record);
            if !read.map_err(|error| self.problem(begin..begin, error.to_string()))? {
                return Ok(());
            }
            let is_empty = record.iter().all(str::is_empty);
            if !std::mem::take(&mut is_header) && !is_empty {
                each(Row { record: &record, begin });
            }
        }
    }

    /// What is wrong with a column of the row that begins at this byte.
    pub(super) fn wrong(&self, begin: usize, column: Option<usize>, what: impl Into<String>) -> Problem {
        self.problem(self.span(begin, column.unwrap_or(0)), what)
    }

    /// The line in which a row begins.
    pub(super) fn line(&self, begin: usize) -> usize {
        let span = self.span(begin, 0);
        TextPlace::new(&self.file, &self.text, span).line
    }

    fn problem(&self, span: Range<usize>, what: impl Into<String>) -> Problem {
        Problem::at(TextPlace::new(&self.file, &self.text, span), what)
    }

    /// The bytes of the `nth` field of the row that begins at `begin`.
    fn span(&self, begin: usize, nth: usize) -> Range<usize> {
        let bytes = self.text.as_bytes();
        // A reader stands before the second half of a line's end, and empty lines are no rows.
        let mut from = begin;
        while bytes.get(from).is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            from += 1;
        }
        let (mut field, mut is_quoted) = (0, false);
        for (at, byte) in bytes.iter().enumerate().skip(from) {
            let ends_line = matches!(byte, b'\r' | b'\n') && !is_quoted;
            if *byte == b'"' {
                is_quoted = !is_quoted;
            } else if ends_line || (*byte == self.delimiter && !is_quoted) {
                if field == nth || ends_line {
                    return from..at;
                }
                (field, from) = (field + 1, at + 1);
            }
        }
        from..bytes.len()
    }
}

impl Row<'_> {
    /// What stands in a column; nothing where there is no such column or it is empty.
    pub(super) fn get(&self, column: Option<usize>) -> Option<&str> {
        self.record.get(column?).filter(|text| !text.is_empty())
    }

    /// At which byte it begins, to find it again.
    pub(super) fn begin(&self) -> usize {
        self.begin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_again_by_line_and_column_whatever_stands_before_it() {
        let text = "\u{feff}id,name,Latitude\r\n\r\np1,\"a, \"\"b\"\"\",23.7\r\np2,乐合,x\r\n";
        let sheet = Sheet::of("points.csv".into(), text.into()).unwrap();
        let column = Some(sheet.required(&["latitude", "lat"]).unwrap());
        let mut said = Vec::new();
        sheet
            .rows(|row| {
                let wrong = sheet.wrong(row.begin(), column, "bad").to_string();
                said.push((row.get(column).map(str::to_owned), wrong));
            })
            .unwrap();
        assert_eq!(said[0].0.as_deref(), Some("23.7"));
        assert!(said[0].1.starts_with("points.csv:3:15: bad\n"), "{}", said[0].1);
        assert!(said[1].1.starts_with("points.csv:4:7: bad\n"), "{}", said[1].1);
    }

    #[test]
    fn semicolons_and_tabs_part_columns_too() {
        for delimiter in [";", "\t"] {
            let text = format!("id{delimiter}latitude\np1{delimiter}23.7\n");
            let sheet = Sheet::of("x".into(), text).unwrap();
            assert_eq!(sheet.column(&["latitude"]), Some(1));
        }
    }

    #[test]
    fn a_column_that_is_missing_is_named() {
        let sheet = |text: &str| Sheet::of("x.csv".into(), text.into()).unwrap();
        let missing = sheet("id,name\n").required(&["latitude"]).unwrap_err().to_string();
        assert!(missing.contains("there is no column \"latitude\"") && missing.contains("add latitude"), "{missing}");
        let mistyped = sheet("id,latitde\n").required(&["latitude"]).unwrap_err().to_string();
        assert!(mistyped.starts_with("x.csv:1:4:") && mistyped.contains("write latitude"), "{mistyped}");
        assert!(Sheet::of("x".into(), String::new()).is_err());
    }
}
