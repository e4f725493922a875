//! The history of a daemon, read beside it while it writes on: for reports and replays.
//!
//! Nothing is written and nobody is kept waiting: the whole of it is read as it stood when it was opened. A database that is
//! damaged or of another version is left as it is, and said so; only the daemon puts it right.

use crate::model::time::Timestamp;
use crate::store::Record;
use crate::store::database;
use crate::store::error::{Error, words};
use crate::store::opening::words_of;
use crate::store::upgrade::STEPS;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A history that is only read.
pub struct Reader {
    connection: Connection,
    path: PathBuf,
    words: BTreeMap<String, i64>,
}

impl Reader {
    /// Opens the database at `path`, whether its daemon runs or not.
    pub fn open(path: &Path) -> Result<Reader, Error> {
        // First as any file: SQLite says no more than that it "cannot open".
        File::open(path).map_err(|error| Reader::refused(path, &error))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let unreadable = |error: rusqlite::Error| Reader::unreadable(path, words(&error));
        let connection = Connection::open_with_flags(path, flags).map_err(unreadable)?;
        connection.busy_timeout(std::time::Duration::from_secs(2)).map_err(unreadable)?;
        // One view of all tables until the end, whatever the daemon writes meanwhile.
        connection.execute_batch("BEGIN").map_err(unreadable)?;
        let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(unreadable)?;
        let known = STEPS.len() as u32;
        if found != known {
            let what = format!("it has schema {found}, and this program reads schema {known}");
            return Err(Reader::unreadable(path, what));
        }
        let words = words_of(&connection).map_err(unreadable)?;
        Ok(Reader { connection, path: path.to_owned(), words })
    }

    /// Every record from `since` on, in the order in which it was written, until `take` says that it has enough.
    pub fn for_each_record(&self, since: Option<Timestamp>, mut take: impl FnMut(Record) -> bool) -> Result<(), Error> {
        database::read(&self.connection, &self.words, since, |slice| slice.into_iter().all(&mut take))
            .map_err(|error| Reader::unreadable(&self.path, words(&error)))
    }

    /// How many records there are, to tell how far the reading has come.
    pub fn count(&self) -> Result<u64, Error> {
        let sql = "SELECT (SELECT count(*) FROM observation) + (SELECT count(*) FROM entry)";
        let count: i64 = self
            .connection
            .query_row(sql, [], |row| row.get(0))
            .map_err(|error| Reader::unreadable(&self.path, words(&error)))?;
        Ok(count.unsigned_abs())
    }

    #[allow(clippy::wildcard_enum_match_arm)] // the list of kinds is open
    fn refused(path: &Path, error: &std::io::Error) -> Error {
        let place = path.display().to_string();
        match error.kind() {
            std::io::ErrorKind::NotFound => Error::Place {
                place,
                what: "there is no history here".into(),
                deed: "name the database of the gateway, <state_dir>/history.db".into(),
            },
            std::io::ErrorKind::PermissionDenied => Error::Place {
                place,
                what: "permission denied".into(),
                deed: "ask as root or as the user carecircle: a history tells how somebody lives".into(),
            },
            _ => Error::of_io(path, error),
        }
    }

    fn unreadable(path: &Path, what: String) -> Error {
        let deed = "start the gateway of this version once, it checks and upgrades its history; then ask again";
        Error::Place { place: path.display().to_string(), what, deed: deed.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;
    use crate::store::{Batch, Entry, Store};

    fn entry(at: i64) -> Record {
        Record::Entry(Entry { at: from_millis(at), body: "{}".into() })
    }

    fn submit(store: &Store, at: i64) {
        store.submit(Batch { urgent: true, records: vec![entry(at)], ..Batch::default() });
        store.records(None).unwrap();
    }

    fn read(reader: &Reader) -> Vec<Record> {
        let mut records = Vec::new();
        let take = |record| {
            records.push(record);
            true
        };
        reader.for_each_record(None, take).unwrap();
        records
    }

    #[test]
    fn a_history_is_read_beside_the_running_daemon_as_it_stood_and_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.db");
        let store = Store::open(dir.path(), "history.db", |_| ()).unwrap().store;
        submit(&store, 1);
        let reader = Reader::open(&path).unwrap();
        submit(&store, 2);
        assert_eq!((reader.count(), read(&reader)), (Ok(1), vec![entry(1)]), "as it stood");
        assert_eq!(read(&Reader::open(&path).unwrap()), [entry(1), entry(2)]);
        drop((reader, store));
        assert_eq!(read(&Reader::open(&path).unwrap()), [entry(1), entry(2)], "without a daemon");
        assert_eq!(Store::open(dir.path(), "history.db", |_| ()).unwrap().run, 2, "no start was counted");
    }

    #[test]
    fn what_is_no_history_is_left_alone_and_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.db");
        let said = |path: &Path| Reader::open(path).err().unwrap().to_string();
        assert!(said(&path).contains("there is no history here"));
        assert!(!path.exists(), "nothing is made");
        std::fs::write(&path, "no database at all, but long enough to be taken for one by a hasty reader").unwrap();
        assert!(said(&path).contains("damaged"), "{}", said(&path));
        assert!(path.exists());
    }
}
