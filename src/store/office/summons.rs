//! What the station has to tell its people by SMS, and what became of it. What a row says is the summoner's affair.

use crate::model::time::Timestamp;
use crate::store::Error;
use crate::store::office::{Office, failed};
use rusqlite::params;

impl Office {
    /// Every row, oldest first: key and body.
    pub fn summons(&self) -> Result<Vec<(String, String)>, Error> {
        let connection = self.connection();
        let mut select = connection.prepare("SELECT key, body FROM summons ORDER BY at_ms, key").map_err(failed)?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// Writes rows, all of them or none; one that is there already stands as this one says. Rows from before `forgotten` go.
    pub fn put_summons(&self, rows: &[(String, Timestamp, String)], forgotten: Timestamp) -> Result<(), Error> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        for (key, at, body) in rows {
            transaction.execute(PUT, params![key, at.timestamp_millis(), body]).map_err(failed)?;
        }
        let forget = "DELETE FROM summons WHERE at_ms < ?1";
        transaction.execute(forget, [forgotten.timestamp_millis()]).map_err(failed)?;
        transaction.commit().map_err(failed)
    }
}

const PUT: &str =
    "INSERT INTO summons (key, at_ms, body) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET body = ?3";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn a_row_is_there_once_after_a_restart_as_it_was_written_last_and_old_ones_go() {
        let dir = tempfile::tempdir().unwrap();
        let office = Office::open(dir.path()).unwrap();
        let row = |key: &str, at, body: &str| (key.to_owned(), from_millis(at), body.to_owned());
        office.put_summons(&[row("a", 1, "waits"), row("b", 2, "waits")], from_millis(0)).unwrap();
        office.put_summons(&[row("a", 1, "sent")], from_millis(0)).unwrap();
        drop(office);
        let office = Office::open(dir.path()).unwrap();
        let pair = |key: &str, body: &str| (key.to_owned(), body.to_owned());
        assert_eq!(office.summons().unwrap(), [pair("a", "sent"), pair("b", "waits")]);
        office.put_summons(&[], from_millis(2)).unwrap();
        assert_eq!(office.summons().unwrap(), [pair("b", "waits")]);
    }
}
