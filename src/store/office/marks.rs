//! How far something that reads the events has come, by its name: kept, so that nothing is lost where it goes on.

use crate::store::Error;
use crate::store::office::{Office, failed};
use rusqlite::{OptionalExtension, params};

impl Office {
    /// The number of the newest event that this reader is done with; nothing where it never was.
    pub fn mark(&self, reader: &str) -> Result<Option<u64>, Error> {
        let ask = "SELECT seq FROM mark WHERE reader = ?1";
        let found = self.connection().query_row(ask, [reader], |row| row.get::<_, i64>(0)).optional();
        Ok(found.map_err(failed)?.map(i64::unsigned_abs))
    }

    /// This reader is done with the event of this number, and with all before.
    pub fn put_mark(&self, reader: &str, seq: u64) -> Result<(), Error> {
        let put =
            "INSERT INTO mark (reader, seq) VALUES (?1, ?2) ON CONFLICT (reader) DO UPDATE SET seq = excluded.seq";
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        self.connection().execute(put, params![reader, seq]).map(drop).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_goes_on_after_a_restart_where_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let office = Office::open(dir.path()).unwrap();
        assert_eq!(office.mark("mqtt").unwrap(), None);
        office.put_mark("mqtt", 7).unwrap();
        office.put_mark("other", 3).unwrap();
        office.put_mark("mqtt", 9).unwrap();
        drop(office);
        let office = Office::open(dir.path()).unwrap();
        assert_eq!((office.mark("mqtt").unwrap(), office.mark("other").unwrap()), (Some(9), Some(3)));
    }
}
