//! Who did what, and who looked at a home's data.

use crate::model::ids::HomeId;
use crate::model::time::{Timestamp, from_millis};
use crate::store::Error;
use crate::store::office::{Office, failed};
use rusqlite::{Connection, params};

/// A line of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
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

    /// The newest lines, newest first.
    pub fn audit_log(&self, count: usize) -> Result<Vec<Looked>, Error> {
        self.lines(
            "SELECT at_ms, who, what, home, detail FROM audit WHERE ?1 IS NULL ORDER BY seq DESC LIMIT ?2",
            None,
            count,
        )
    }

    /// The newest lines about a home, newest first.
    pub fn audit_of(&self, home: &HomeId, count: usize) -> Result<Vec<Looked>, Error> {
        let sql = "SELECT at_ms, who, what, home, detail FROM audit WHERE home = ?1 ORDER BY seq DESC LIMIT ?2";
        self.lines(sql, Some(home.as_str()), count)
    }

    fn lines(&self, sql: &str, home: Option<&str>, count: usize) -> Result<Vec<Looked>, Error> {
        let connection = self.connection();
        let mut select = connection.prepare(sql).map_err(failed)?;
        let rows = select.query_map(params![home, count as i64], |row| {
            let (at, who, what) = (from_millis(row.get(0)?), row.get(1)?, row.get(2)?);
            Ok(Looked { at, who, what, home: row.get(3)?, detail: row.get(4)? })
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
