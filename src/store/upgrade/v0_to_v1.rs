//! The first schema.

use rusqlite::Transaction;

/// From an empty file.
pub(super) fn step(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "
        -- Facts about this database itself.
        CREATE TABLE fact (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
        INSERT INTO fact VALUES ('run', 0);

        -- Names of sensors and kinds of measures, so that an observation needs only numbers.
        CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);

        -- One number sequence runs through both tables of the history and gives the order of submission.
        -- No second index: each one would cost the SD card another page per flush.
        CREATE TABLE observation (
          seq    INTEGER PRIMARY KEY,
          at_ms  INTEGER NOT NULL,    -- since 1970, UTC
          sensor INTEGER NOT NULL,    -- word
          kind   INTEGER NOT NULL,    -- word
          proof  INTEGER NOT NULL,    -- 2 * (0 event, 1 level, 2 cached, 3 ambiguous) + (1 copy)
          value                       -- number or text; NULL where the kind says all
        );
        CREATE TABLE entry (
          seq   INTEGER PRIMARY KEY,
          at_ms INTEGER NOT NULL,
          body  TEXT NOT NULL         -- JSON
        );

        -- What has to be sent until the receiver's word is back. A settled row is deleted.
        CREATE TABLE outbox (
          seq      INTEGER PRIMARY KEY,
          channel  TEXT NOT NULL,
          key      TEXT NOT NULL,
          priority INTEGER NOT NULL,
          at_ms    INTEGER NOT NULL,
          body     TEXT NOT NULL,
          UNIQUE (channel, key)
        );
        ",
    )
}
