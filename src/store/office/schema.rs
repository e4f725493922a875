//! The tables of the office, brought up to date step by step as those of the history are.

use crate::store::Error;
use crate::store::looking::uri;
use crate::store::office::failed;
use crate::store::upgrade::{self, Failed, Step};
use rusqlite::{Connection, OpenFlags, Transaction};
use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Opens the database at `path`, made if missing, with the present tables.
pub(in crate::store) fn open(path: &Path) -> Result<Connection, Error> {
    private(path)?;
    let mut connection = Connection::open(path).map_err(failed)?;
    connection.busy_timeout(std::time::Duration::from_secs(2)).map_err(failed)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)).map_err(failed)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    // What is forgotten leaves no trace in free pages.
    connection.pragma_update_and_check(None, "secure_delete", "ON", |row| row.get::<_, i64>(0)).map_err(failed)?;
    upgrade::run(&mut connection, path, STEPS).map_err(|why| match why {
        Failed::Newer { found, known } => Error::Database(format!(
            "{} has schema {found}, written by a newer program; this program knows schemas up to {known}",
            path.display()
        )),
        Failed::Copy(copy, error) => Error::of_io(&copy, &error),
        Failed::Database(error) => failed(error),
    })?;
    Ok(connection)
}

/// Makes the file where there is none, and sees to it that only the daemon's own user reads it: names of residents stand in it,
/// and the secrets by which posted events are signed. What SQLite puts beside it has the same mode.
fn private(path: &Path) -> Result<(), Error> {
    let of = |error: std::io::Error| Error::of_io(path, &error);
    if let Some(dir) = path.parent() {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|error| Error::of_io(dir, &error))?;
    }
    let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).map_err(of)?;
    if file.metadata().map_err(of)?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600)).map_err(of)?;
    }
    Ok(())
}

/// A second connection that only asks.
pub(super) fn reader(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(std::time::Duration::from_secs(2)).map_err(failed)?;
    Ok(connection)
}

/// Somebody looks into it beside the daemon that writes it.
pub(super) fn looking(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri(path), flags).map_err(failed)?;
    connection.busy_timeout(std::time::Duration::from_secs(2)).map_err(failed)?;
    let found: usize =
        connection.query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0)).map_err(failed)? as usize;
    if found != STEPS.len() {
        let known = STEPS.len();
        return Err(Error::Database(format!(
            "{} has schema {found}; this program reads schema {known}",
            path.display()
        )));
    }
    Ok(connection)
}

/// All steps, oldest first. A row is never changed once a release carries it.
const STEPS: &[Step] = &[begin];

fn begin(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "CREATE TABLE card (home TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
         CREATE TABLE audit (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
             home TEXT, detail TEXT NOT NULL DEFAULT '') STRICT;
         CREATE INDEX audit_of_home ON audit (home, seq) WHERE home IS NOT NULL;
         CREATE TABLE filed (home TEXT NOT NULL, number INTEGER NOT NULL, raised_ms INTEGER NOT NULL,
             began_ms INTEGER NOT NULL, body TEXT NOT NULL, timeline TEXT NOT NULL,
             PRIMARY KEY (home, number, raised_ms)) STRICT;
         CREATE INDEX filed_by_time ON filed (began_ms);
         CREATE TABLE shift (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, who TEXT NOT NULL,
             text TEXT NOT NULL DEFAULT '') STRICT;
         CREATE TABLE summons (key TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
         CREATE TABLE person (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
         CREATE TABLE session (hash BLOB PRIMARY KEY, ends_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;",
    )?;
    transaction.execute_batch(
        "CREATE TABLE token (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, hash BLOB NOT NULL UNIQUE,
             name TEXT NOT NULL, scopes TEXT NOT NULL, made_by TEXT NOT NULL, made_at_ms INTEGER NOT NULL,
             used_at_ms INTEGER, ends_at_ms INTEGER) STRICT;
         CREATE TABLE hook (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, url TEXT NOT NULL,
             secret TEXT NOT NULL, old_secret TEXT, kinds TEXT NOT NULL, pii INTEGER NOT NULL, made_by TEXT NOT NULL,
             made_at_ms INTEGER NOT NULL, cursor INTEGER NOT NULL, stopped TEXT, failing_since_ms INTEGER,
             tries INTEGER NOT NULL DEFAULT 0, next_at_ms INTEGER, said TEXT, said_at_ms INTEGER,
             delivered INTEGER NOT NULL DEFAULT 0, missed INTEGER NOT NULL DEFAULT 0) STRICT;
         CREATE TABLE mark (reader TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
    )
}
