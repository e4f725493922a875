//! What is said at the change of shifts: who went, who came, that the sound was heard, and words for the next.

use crate::model::time::{Timestamp, from_millis};
use crate::store::Error;
use crate::store::office::{Office, failed};
use rusqlite::params;

/// What a line of the shift book says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShiftKind {
    /// Words for whoever comes.
    Note,
    /// Somebody gives the shift to somebody.
    Gave,
    /// Somebody has taken it over.
    Took,
    /// Somebody heard the test tone of this desk.
    Sound,
}

impl ShiftKind {
    const ALL: [ShiftKind; 4] = [ShiftKind::Note, ShiftKind::Gave, ShiftKind::Took, ShiftKind::Sound];

    fn as_str(self) -> &'static str {
        match self {
            ShiftKind::Note => "note",
            ShiftKind::Gave => "gave",
            ShiftKind::Took => "took",
            ShiftKind::Sound => "sound",
        }
    }
}

/// A line of the shift book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftLine {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: ShiftKind,
    /// Who, by id.
    pub who: String,
    /// The words of a note; of a change of shift the other person's id.
    pub text: String,
}

impl Office {
    /// Writes a line. The same line of one person within a few seconds is one press twice.
    pub fn put_shift_line(&self, line: &ShiftLine) -> Result<(), Error> {
        let again = "SELECT EXISTS (SELECT 1 FROM shift WHERE kind = ?1 AND who = ?2 AND text = ?3 AND at_ms > ?4)";
        let (kind, at_ms) = (line.kind.as_str(), line.at.timestamp_millis());
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        let is_again: bool = transaction
            .query_row(again, params![kind, line.who, line.text, at_ms - TWICE_WITHIN_MS], |row| row.get(0))
            .map_err(failed)?;
        if !is_again {
            let insert = "INSERT INTO shift (at_ms, kind, who, text) VALUES (?1, ?2, ?3, ?4)";
            transaction.execute(insert, params![at_ms, kind, line.who, line.text]).map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    /// How many lines of a kind were written from `from` until just before `to`.
    pub fn shift_lines_between(&self, kind: ShiftKind, from: Timestamp, to: Timestamp) -> Result<usize, Error> {
        let ask = "SELECT count(*) FROM shift WHERE kind = ?1 AND at_ms >= ?2 AND at_ms < ?3";
        let asked = params![kind.as_str(), from.timestamp_millis(), to.timestamp_millis()];
        let count: i64 = self.reader().query_row(ask, asked, |row| row.get(0)).map_err(failed)?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The newest lines, newest first.
    pub fn shift_lines(&self, count: usize) -> Result<Vec<ShiftLine>, Error> {
        let connection = self.connection();
        let sql = "SELECT at_ms, kind, who, text FROM shift ORDER BY seq DESC LIMIT ?1";
        let mut select = connection.prepare(sql).map_err(failed)?;
        let rows = select.query_map([count as i64], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?))
        });
        let mut lines = Vec::new();
        for row in rows.map_err(failed)? {
            let (at_ms, kind, who, text) = row.map_err(failed)?;
            // A kind of a newer program is left out.
            let kind = ShiftKind::ALL.into_iter().find(|known| known.as_str() == kind);
            lines.extend(kind.map(|kind| ShiftLine { at: from_millis(at_ms), kind, who, text }));
        }
        Ok(lines)
    }
}

const TWICE_WITHIN_MS: i64 = 5_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_there_after_a_restart_and_a_second_press_writes_no_second_one() {
        let dir = tempfile::tempdir().unwrap();
        let line = |at_ms, text: &str| ShiftLine {
            at: from_millis(at_ms),
            kind: ShiftKind::Note,
            who: "p1".into(),
            text: text.into(),
        };
        let office = Office::open(dir.path()).unwrap();
        for line in [line(1_000, "a"), line(2_000, "a"), line(3_000, "b"), line(9_000, "a")] {
            office.put_shift_line(&line).unwrap();
        }
        drop(office);
        let lines = Office::open(dir.path()).unwrap().shift_lines(10).unwrap();
        assert_eq!(lines, [line(9_000, "a"), line(3_000, "b"), line(1_000, "a")]);
        assert_eq!(Office::open(dir.path()).unwrap().shift_lines(1).unwrap().len(), 1);
    }
}
