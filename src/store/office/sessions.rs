//! Who is signed in on which browser. Of the secret in the cookie only its SHA-256 is here.

use crate::model::time::{Timestamp, from_millis};
use crate::store::Error;
use crate::store::office::{Office, failed};
use rusqlite::params;

/// A row: the hash of the secret, until when it is good, and the rest as JSON.
pub type SessionRow = (Vec<u8>, Timestamp, String);

impl Office {
    /// Every session that is still good.
    pub fn sessions(&self, now: Timestamp) -> Result<Vec<SessionRow>, Error> {
        let connection = self.connection();
        let sql = "SELECT hash, ends_ms, body FROM session WHERE ends_ms > ?1 ORDER BY ends_ms";
        let mut select = connection.prepare(sql).map_err(failed)?;
        let rows =
            select.query_map([now.timestamp_millis()], |row| Ok((row.get(0)?, from_millis(row.get(1)?), row.get(2)?)));
        rows.map_err(failed)?.collect::<Result<_, _>>().map_err(failed)
    }

    /// Writes a session, and takes away those that have run out.
    pub fn put_session(&self, hash: &[u8], ends: Timestamp, body: &str, now: Timestamp) -> Result<(), Error> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        transaction.execute("DELETE FROM session WHERE ends_ms <= ?1", [now.timestamp_millis()]).map_err(failed)?;
        let put = "INSERT INTO session (hash, ends_ms, body) VALUES (?1, ?2, ?3)
                   ON CONFLICT (hash) DO UPDATE SET ends_ms = ?2, body = ?3";
        transaction.execute(put, params![hash, ends.timestamp_millis(), body]).map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    /// Ends sessions for good.
    pub fn forget_sessions(&self, hashes: &[Vec<u8>]) -> Result<(), Error> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        for hash in hashes {
            transaction.execute("DELETE FROM session WHERE hash = ?1", [hash]).map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }
}
