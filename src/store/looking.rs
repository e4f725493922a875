//! Somebody looks into a database beside the daemon that writes it: nothing is locked, changed, made or upgraded.

use crate::model::time::{Timestamp, from_millis};
use crate::store::database::{self, Table};
use crate::store::error::{Error, words};
use crate::store::opening::{with_suffix, words_of};
use crate::store::{DAY_LINE, Record, upgrade};
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::path::{Path, PathBuf};

/// How much of one kind is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figure {
    /// Rows.
    pub count: u64,
    /// When the oldest of them happened.
    pub first: Option<Timestamp>,
}

/// How much is kept, and how far the clock was believed when old lines were last forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Raw observations.
    pub observations: Figure,
    /// What each day taught.
    pub days: Figure,
    /// All other lines.
    pub entries: Figure,
    /// What waits to be received.
    pub outbox: Figure,
    /// Absent before the first time.
    pub believed: Option<Timestamp>,
}

/// A database that is only read.
pub struct Looking {
    connection: Connection,
    path: PathBuf,
}

impl Looking {
    /// Opens the database at `path`, which may be in use.
    pub fn at(path: &Path) -> Result<Looking, Error> {
        File::open(path).map_err(|error| refused(path, &error))?;
        let in_words = |error: rusqlite::Error| unreadable(path, words(&error));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(uri(path), flags).map_err(in_words)?;
        connection.busy_timeout(std::time::Duration::from_secs(2)).map_err(in_words)?;
        let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(in_words)?;
        let known = upgrade::STEPS.len() as u32;
        if found != known {
            let what = format!("this is a database of schema {found}; this program reads schema {known}");
            return Err(unreadable(path, what));
        }
        Ok(Looking { connection, path: path.to_owned() })
    }

    /// How many lines it holds, for whoever shows how far the reading is.
    pub fn count(&self) -> Result<u64, Error> {
        let count = |table: Table| -> rusqlite::Result<u64> {
            let sql = format!("SELECT count(*) FROM {}", table.name());
            self.connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
        };
        let both = count(Table::Observation).and_then(|rows| Ok(rows + count(Table::Entry)?));
        both.map_err(|error| unreadable(&self.path, words(&error)))
    }

    /// How much of each kind it holds.
    pub fn figures(&self) -> Result<Figures, Error> {
        self.read_figures().map_err(|error| unreadable(&self.path, words(&error)))
    }

    fn read_figures(&self) -> rusqlite::Result<Figures> {
        let one = |of: &str| {
            self.connection.query_row(&format!("SELECT count(*), min(at_ms) FROM {of}"), [], |row| {
                let (count, first): (i64, Option<i64>) = (row.get(0)?, row.get(1)?);
                Ok(Figure { count: count.unsigned_abs(), first: first.map(from_millis) })
            })
        };
        let is_day = format!("substr(body, 1, {}) = '{DAY_LINE}'", DAY_LINE.len());
        let ask = "SELECT max(value) FROM fact WHERE name = 'believed_ms'";
        let believed: Option<i64> = self.connection.query_row(ask, [], |row| row.get(0))?;
        Ok(Figures {
            observations: one("observation")?,
            days: one(&format!("entry WHERE {is_day}"))?,
            entries: one(&format!("entry WHERE NOT {is_day}"))?,
            outbox: one("outbox")?,
            believed: believed.map(from_millis),
        })
    }

    /// Hands every line to `take`, in the order in which it was written; what is written meanwhile is left out.
    pub fn for_each_record(&self, take: impl FnMut(Record)) -> Result<(), Error> {
        self.for_each_record_since(None, take)
    }

    /// The same for what was recorded at or after `since`.
    pub fn for_each_record_since(&self, since: Option<Timestamp>, mut take: impl FnMut(Record)) -> Result<(), Error> {
        let mut read = || -> rusqlite::Result<()> {
            // One picture of both tables.
            let transaction = self.connection.unchecked_transaction()?;
            let known = words_of(&transaction)?;
            database::read(&transaction, &known, since, |slice| {
                slice.into_iter().for_each(&mut take);
                true
            })
        };
        read().map_err(|error| unreadable(&self.path, words(&error)))
    }
}

/// Where no daemon has left its log, the file alone is the whole database. Then it is read as one that nobody changes: to
/// share it, SQLite would put files beside it that belong to whoever looks, and the daemon could not open them.
pub(super) fn uri(path: &Path) -> String {
    let is_shared = with_suffix(path, "-shm").exists();
    let has_log = std::fs::metadata(with_suffix(path, "-wal")).is_ok_and(|log| log.len() > 0);
    let name: String = path.to_string_lossy().chars().map(escaped).collect();
    let rest = if is_shared || has_log { "" } else { "?immutable=1" };
    format!("file:{name}{rest}")
}

fn escaped(c: char) -> String {
    if matches!(c, '?' | '#' | '%') { format!("%{:02x}", u32::from(c)) } else { c.to_string() }
}

fn refused(path: &Path, error: &std::io::Error) -> Error {
    let (what, deed) = if error.kind() == std::io::ErrorKind::PermissionDenied {
        ("permission denied".to_owned(), "ask as root or as the user carecircle".to_owned())
    } else if error.kind() == std::io::ErrorKind::NotFound {
        ("there is no such file".to_owned(), "name the gateway's database; it is made when the gateway runs".to_owned())
    } else {
        (error.to_string(), "name the gateway's own database".to_owned())
    };
    Error::Place { place: path.display().to_string(), what, deed }
}

fn unreadable(path: &Path, what: String) -> Error {
    let deed = "name the gateway's own database: history.db in its state_dir, or a copy of it".to_owned();
    Error::Place { place: path.display().to_string(), what, deed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;
    use crate::store::{Batch, Entry, Store};
    use std::sync::mpsc;

    #[test]
    fn what_a_running_daemon_has_written_is_seen_and_nothing_is_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, answers) = mpsc::channel();
        let store = Store::open(dir.path(), "a?b#1.db", move |written| drop(sender.send(written))).unwrap().store;
        let entry = |at| Record::Entry(Entry { at: from_millis(at), body: "{}".into() });
        store.submit(Batch { ticket: 1, urgent: true, records: vec![entry(1), entry(2)], ..Batch::default() });
        answers.recv().unwrap();
        let seen = || {
            let mut seen = Vec::new();
            let looking = Looking::at(&dir.path().join("a?b#1.db")).unwrap();
            looking.for_each_record(|record| seen.push(record)).unwrap();
            (seen, looking.count().unwrap())
        };
        assert_eq!(seen(), (vec![entry(1), entry(2)], 2), "while it runs");
        drop(store);
        let files = || std::fs::read_dir(dir.path()).unwrap().count();
        let before = files();
        assert_eq!(seen(), (vec![entry(1), entry(2)], 2), "after it has ended");
        assert_eq!(files(), before, "a root's look must not leave files that the daemon cannot open");
    }

    #[test]
    fn what_is_no_database_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.db");
        assert!(Looking::at(&path).is_err_and(|error| error.to_string().contains("history.db")));
        std::fs::write(&path, "this is no database, and long enough to be looked at as one. ".repeat(20)).unwrap();
        assert!(Looking::at(&path).is_err_and(|error| error.to_string().contains("history.db")));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
