//! Who did what, and who looked at a home's data.

use crate::model::ids::HomeId;
use crate::model::time::{Timestamp, from_millis};
use crate::store::Error;
use crate::store::office::{Office, failed};
use rusqlite::{Connection, params};

/// A line of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Its number; later lines have higher ones.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// The person's id; of a machine its name.
    pub who: String,
    /// What, in one word.
    pub what: String,
    /// At which home, if at one.
    pub home: Option<String>,
    /// More about it; never a person's data.
    pub detail: String,
}

impl Office {
    /// Writes down that somebody did something.
    pub fn audit(
        &self,
        now: Timestamp,
        who: &str,
        what: &str,
        home: Option<&HomeId>,
        detail: &str,
    ) -> Result<(), Error> {
        write(&self.connection(), now, who, what, home, detail).map_err(failed)
    }

    /// The same, unless it stands among the newest lines as of `since` or later: what a page that is open goes on showing.
    pub fn audit_since(
        &self,
        since: Timestamp,
        now: Timestamp,
        who: &str,
        what: &str,
        home: Option<&HomeId>,
        detail: &str,
    ) -> Result<(), Error> {
        let stands = "SELECT EXISTS (SELECT 1 FROM (SELECT * FROM audit ORDER BY seq DESC LIMIT 500)
                      WHERE at_ms >= ?1 AND who = ?2 AND what = ?3 AND home IS ?4 AND detail = ?5)";
        let connection = self.connection();
        let values = params![since.timestamp_millis(), who, what, home.map(HomeId::as_str), detail];
        let is_known: bool = connection.query_row(stands, values, |row| row.get(0)).map_err(failed)?;
        if is_known { Ok(()) } else { write(&connection, now, who, what, home, detail).map_err(failed) }
    }

    /// The newest lines, newest first.
    pub fn audit_log(&self, count: usize) -> Result<Vec<Looked>, Error> {
        self.audit_page(None, None, count)
    }

    /// The newest lines about a home, newest first.
    pub fn audit_of(&self, home: &HomeId, count: usize) -> Result<Vec<Looked>, Error> {
        self.audit_page(Some(home), None, count)
    }

    /// Lines before a number, newest first; about a home, or all.
    pub fn audit_page(&self, home: Option<&HomeId>, before: Option<i64>, count: usize) -> Result<Vec<Looked>, Error> {
        let before = before.unwrap_or(i64::MAX);
        let columns = "SELECT seq, at_ms, who, what, home, detail FROM audit";
        match home {
            Some(home) => {
                let sql = format!("{columns} WHERE home = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3");
                self.lines(&sql, params![home.as_str(), before, count as i64])
            }
            None => {
                let sql = format!("{columns} WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2");
                self.lines(&sql, params![before, count as i64])
            }
        }
    }

    fn lines(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Looked>, Error> {
        let connection = self.connection();
        let mut select = connection.prepare(sql).map_err(failed)?;
        let rows = select.query_map(params, |row| {
            let (seq, at, who, what) = (row.get(0)?, from_millis(row.get(1)?), row.get(2)?, row.get(3)?);
            Ok(Looked { seq, at, who, what, home: row.get(4)?, detail: row.get(5)? })
        });
        rows.map_err(failed)?.collect::<Result<_, _>>().map_err(failed)
    }
}

/// The same inside a transaction of the caller's.
pub(super) fn write(
    connection: &Connection,
    now: Timestamp,
    who: &str,
    what: &str,
    home: Option<&HomeId>,
    detail: &str,
) -> rusqlite::Result<()> {
    let insert = "INSERT INTO audit (at_ms, who, what, home, detail) VALUES (?1, ?2, ?3, ?4, ?5)";
    let home = home.map(HomeId::as_str);
    connection.prepare(insert)?.execute(params![now.timestamp_millis(), who, what, home, detail])?;
    Ok(())
}
