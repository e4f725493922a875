//! What a station tells other systems.

use rusqlite::Transaction;

/// From the first schema.
pub(super) fn step(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "
        -- Numbered when it is written, without gaps; a number is never used again, not even after all were forgotten.
        CREATE TABLE event (
          seq   INTEGER PRIMARY KEY AUTOINCREMENT,
          at_ms INTEGER NOT NULL,
          body  TEXT NOT NULL         -- JSON
        );
        ",
    )
}
