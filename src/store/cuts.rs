//! How often a part of this history was lost: a file that could not be read gave way to the daily copy, or to a new one.
//!
//! Whoever gives out numbers goes on beyond those it may have given out meanwhile. The count stands in the copy too, so that
//! the same copy used twice does not give out the same numbers twice.

use rusqlite::{Connection, OptionalExtension};
use std::path::Path;

/// How often so far.
pub(super) fn of(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT value FROM fact WHERE name = 'cuts'";
    let count = connection.query_row(sql, [], |row| row.get::<_, i64>(0)).optional()?;
    Ok(count.unwrap_or_default().unsigned_abs())
}

/// Once more; on a disk that takes nothing it is not counted.
pub(super) fn count(connection: &Connection) {
    let sql = "INSERT INTO fact VALUES ('cuts', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1";
    if let Err(error) = connection.execute(sql, []) {
        tracing::warn!(%error, "that a part of the history is lost cannot be written down");
    }
}

/// The copy at `path` is about to be used.
pub(super) fn count_in_copy(path: &Path) {
    match Connection::open(path) {
        Ok(connection) => count(&connection),
        Err(error) => tracing::warn!(%error, "the daily copy cannot be marked as used"),
    }
}
