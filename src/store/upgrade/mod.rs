//! From any older schema to the present one, step by step.
//!
//! Row *n* of [`STEPS`] leads from schema *n* to schema *n + 1*; an empty file has schema 0. Each step is one
//! transaction, and the file is copied before the first one. A row is never changed once a release carries it.

mod v0_to_v1;
mod v1_to_v2;

use rusqlite::{Connection, Transaction};
use std::path::{Path, PathBuf};

/// A step between two neighbouring schemas.
pub(super) type Step = fn(&Transaction<'_>) -> rusqlite::Result<()>;

/// All steps, oldest first.
pub(super) const STEPS: &[Step] = &[v0_to_v1::step, v1_to_v2::step];

/// Why a database could not be brought to the present schema.
#[derive(Debug)]
pub(super) enum Failed {
    /// Written by a newer program.
    Newer { found: u32, known: u32 },
    /// The copy before the first step could not be made.
    Copy(PathBuf, std::io::Error),
    /// SQLite's word.
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Failed {
        Failed::Database(error)
    }
}

/// Brings the database at `path` to the schema behind the last of `steps`.
pub(super) fn run(connection: &mut Connection, path: &Path, steps: &[Step]) -> Result<(), Failed> {
    let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = steps.len() as u32;
    if found > known {
        return Err(Failed::Newer { found, known });
    }
    if found > 0 && found < known {
        copy_before(connection, path, found)?;
    }
    for (step, leads_to) in steps.iter().zip(1_u32..).skip(found as usize) {
        let transaction = connection.transaction()?;
        step(&transaction)?;
        transaction.pragma_update(None, "user_version", leads_to)?;
        transaction.commit()?;
    }
    Ok(())
}

/// `history.db.schema-1`: what a downgrade needs.
fn copy_before(connection: &Connection, path: &Path, schema: u32) -> Result<(), Failed> {
    // Everything out of the log first, so that the file alone is the whole database.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let mut copy = path.as_os_str().to_owned();
    copy.push(format!(".schema-{schema}"));
    let copy = PathBuf::from(copy);
    let made = std::fs::copy(path, &copy).and_then(|_| std::fs::File::open(&copy)?.sync_all());
    made.map_err(|error| Failed::Copy(copy, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add_a_column(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        transaction.execute_batch("ALTER TABLE entry ADD COLUMN weight INTEGER NOT NULL DEFAULT 7")
    }

    fn fail_half_way(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        transaction.execute_batch("CREATE TABLE half(x); SELECT no_such_function()")
    }

    fn older_file(dir: &Path) -> (PathBuf, Connection) {
        let path = dir.join("history.db");
        let mut connection = Connection::open(&path).unwrap();
        run(&mut connection, &path, STEPS).unwrap();
        connection.execute("INSERT INTO entry (seq, at_ms, body) VALUES (1, 5, '{}')", []).unwrap();
        (path, connection)
    }

    #[test]
    fn an_older_database_upgrades_and_a_copy_of_it_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut connection) = older_file(dir.path());
        let steps: Vec<Step> = STEPS.iter().copied().chain([add_a_column as Step]).collect();
        run(&mut connection, &path, &steps).unwrap();
        let weight: i64 = connection.query_row("SELECT weight FROM entry", [], |row| row.get(0)).unwrap();
        assert_eq!(weight, 7);
        let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version as usize, steps.len());
        let copy = Connection::open(dir.path().join(format!("history.db.schema-{}", STEPS.len()))).unwrap();
        let body: String = copy.query_row("SELECT body FROM entry", [], |row| row.get(0)).unwrap();
        assert_eq!(body, "{}");
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut connection) = older_file(dir.path());
        let steps: Vec<Step> = STEPS.iter().copied().chain([fail_half_way as Step]).collect();
        assert!(matches!(run(&mut connection, &path, &steps), Err(Failed::Database(_))));
        let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version as usize, STEPS.len());
        let half = connection.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'half'", [], |row| row.get(0));
        assert_eq!(half, Ok(0));
    }

    #[test]
    fn a_newer_database_is_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut connection) = older_file(dir.path());
        connection.pragma_update(None, "user_version", 99).unwrap();
        let failed = run(&mut connection, &path, STEPS);
        assert!(matches!(failed, Err(Failed::Newer { found: 99, known }) if known as usize == STEPS.len()));
    }
}
