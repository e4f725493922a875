//! One open database: how batches are written, how the history is read back, how old lines are forgotten.

use crate::model::observation::Observation;
use crate::model::time::{Span, Timestamp, from_millis};
use crate::store::opening::Sound;
use crate::store::rows::{self, Word};
use crate::store::{Batch, Entry, Fate, KeptEvents, OutboxRow, Record, Retention, cuts, events, retention};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Params, Statement, params};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// One open database and the lock that keeps a second daemon out of it.
pub(super) struct Database {
    connection: Connection,
    path: PathBuf,
    lock: File,
    words: BTreeMap<String, i64>,
    next_seq: i64,
}

impl Database {
    pub(super) fn new(sound: Sound, path: &Path, lock: File) -> Database {
        let Sound { connection, words, next_seq } = sound;
        Database { connection, path: path.to_owned(), lock, words, next_seq }
    }

    /// Closes the connection and keeps the place.
    pub(super) fn close(self) -> (PathBuf, File) {
        (self.path, self.lock)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The number of this start. On a disk that takes nothing it is counted all the same, for this run.
    pub(super) fn count_run(&self) -> u64 {
        let count = "UPDATE fact SET value = value + 1 WHERE name = 'run' RETURNING value";
        let ask = "SELECT value + 1 FROM fact WHERE name = 'run'";
        let number = |sql| self.connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        number(count).or_else(|_| number(ask)).unwrap_or(1).unsigned_abs()
    }

    /// How often a part of it was lost.
    pub(super) fn cuts(&self) -> u64 {
        cuts::of(&self.path)
    }

    /// Writes all `batches` in one transaction; returns after the disk has it.
    pub(super) fn commit<'a>(&mut self, batches: impl Iterator<Item = &'a Batch>) -> rusqlite::Result<()> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut next_seq = self.next_seq;
        let mut lines = Lines { connection: &transaction, words: &mut self.words };
        for batch in batches {
            for record in &batch.records {
                lines.insert_record(next_seq, record)?;
                next_seq += 1;
            }
            for (channel, key) in &batch.settled {
                lines.insert(SETTLE, [channel, key])?;
            }
            for row in &batch.outbox {
                let at = row.at.timestamp_millis();
                lines.insert(OUTBOX, params![next_seq, row.channel, row.key, row.priority, at, row.body])?;
                next_seq += 1;
            }
            for event in &batch.events {
                lines.insert(EVENT, params![event.at.timestamp_millis(), event.body])?;
            }
        }
        transaction.commit()?;
        self.next_seq = next_seq;
        Ok(())
    }

    /// The number of the next row.
    pub(super) fn next_seq(&self) -> i64 {
        self.next_seq
    }

    /// Whether there is a row of this number, or of a greater one.
    pub(super) fn holds(&self, seq: i64) -> rusqlite::Result<bool> {
        let sql =
            "SELECT EXISTS (SELECT 1 FROM entry WHERE seq >= ?1) OR EXISTS (SELECT 1 FROM observation WHERE seq >= ?1)
                   OR EXISTS (SELECT 1 FROM outbox WHERE seq >= ?1)";
        self.connection.query_row(sql, [seq], |row| row.get(0))
    }

    /// Hands every record from `since` on to `take`, in slices, until it says stop.
    pub(super) fn read(&self, since: Option<Timestamp>, take: impl FnMut(Vec<Record>) -> bool) -> rusqlite::Result<()> {
        read(&self.connection, &self.words, since, take)
    }

    /// The open rows of the outbox, oldest first.
    pub(super) fn outbox(&self) -> rusqlite::Result<Vec<OutboxRow>> {
        self.connection
            .prepare("SELECT channel, key, priority, at_ms, body FROM outbox ORDER BY seq")?
            .query_map([], |row| {
                Ok(OutboxRow {
                    channel: row.get(0)?,
                    key: row.get(1)?,
                    priority: row.get(2)?,
                    at: from_millis(row.get(3)?),
                    body: row.get(4)?,
                })
            })?
            .collect()
    }

    /// What other systems are told after the event of this number.
    pub(super) fn events(&self, after: u64, limit: usize) -> rusqlite::Result<KeptEvents> {
        events::read(&self.connection, after, limit)
    }

    /// When the last line of the history happened.
    pub(super) fn last_at(&self) -> rusqlite::Result<Option<Timestamp>> {
        // The last two lines by number, not the greatest instant: a clock may have been wrong for a while.
        let sql = "SELECT at_ms FROM (SELECT * FROM (SELECT seq, at_ms FROM observation ORDER BY seq DESC LIMIT 1)
                   UNION ALL SELECT * FROM (SELECT seq, at_ms FROM entry ORDER BY seq DESC LIMIT 1))
                   ORDER BY seq DESC LIMIT 1";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        rows.next()?.map(|row| row.get(0).map(from_millis)).transpose()
    }

    /// Which instant pruning may take for now; remembered, so that the next time goes on from here.
    pub(super) fn believe(&self, shown: Timestamp, keep: &Retention) -> rusqlite::Result<Option<Timestamp>> {
        let ask = "SELECT value FROM fact WHERE name = 'believed_ms'";
        let last: Option<i64> = self.connection.query_row(ask, [], |row| row.get(0)).optional()?;
        let believed = retention::believed(shown, last.map(from_millis), self.forgets_nothing(shown, keep)?);
        if let Some(believed) = believed {
            let put = "INSERT OR REPLACE INTO fact (name, value) VALUES ('believed_ms', ?)";
            self.connection.execute(put, [believed.timestamp_millis()])?;
        }
        Ok(believed)
    }

    /// The first line that was written is as old as may be, and no older.
    fn forgets_nothing(&self, shown: Timestamp, keep: &Retention) -> rusqlite::Result<Timestamp> {
        let first = |table: Table, kept: Span| -> rusqlite::Result<Option<Timestamp>> {
            let ask = format!("SELECT at_ms FROM {} ORDER BY seq LIMIT 1", table.name());
            let at: Option<i64> = self.connection.query_row(&ask, [], |row| row.get(0)).optional()?;
            Ok(at.map(|at| from_millis(at) + kept))
        };
        let of_observations = first(Table::Observation, keep.observations)?;
        Ok(of_observations.or(first(Table::Entry, keep.entries)?).unwrap_or(shown))
    }

    /// Forgets the rows of `table` older than `limit` among the next few after `cursor`; the new cursor, if any is left.
    pub(super) fn forget(&self, table: Table, limit: Timestamp, cursor: i64) -> rusqlite::Result<Option<i64>> {
        let name = table.name();
        let upper: Option<i64> = self
            .connection
            .prepare(&format!(
                "SELECT max(seq) FROM (SELECT seq FROM {name} WHERE seq > ? ORDER BY seq LIMIT {FORGET_ROWS})"
            ))?
            .query_row([cursor], |row| row.get(0))?;
        let Some(upper) = upper else { return Ok(None) };
        let forget = format!("DELETE FROM {name} WHERE seq > ? AND seq <= ? AND at_ms < ?");
        self.connection.prepare(&forget)?.execute(params![cursor, upper, limit.timestamp_millis()])?;
        Ok(Some(upper))
    }

    /// The same where each row is judged: what `fate` lets go goes, and what it leaves to the age goes when it is older than
    /// `limit` says.
    pub(super) fn forget_judged(
        &self,
        table: Table,
        limit: impl Fn(&str) -> Timestamp,
        fate: impl Fn(&str) -> Fate,
        cursor: i64,
    ) -> rusqlite::Result<Option<i64>> {
        let (name, judged) = (table.name(), if table == Table::Outbox { "key" } else { "body" });
        let ask = format!("SELECT seq, at_ms, {judged} FROM {name} WHERE seq > ? ORDER BY seq LIMIT {FORGET_ROWS}");
        let (mut upper, mut doomed) = (None, Vec::new());
        let mut select = self.connection.prepare(&ask)?;
        let mut rows = select.query([cursor])?;
        while let Some(row) = rows.next()? {
            let (seq, at): (i64, i64) = (row.get(0)?, row.get(1)?);
            let text = row.get_ref(2)?.as_str().unwrap_or_default();
            let goes = match fate(text) {
                Fate::Keep => false,
                Fate::ByAge => at < limit(text).timestamp_millis(),
                Fate::LetGo => true,
            };
            if goes {
                doomed.push(seq);
            }
            upper = Some(seq);
        }
        drop(rows);
        let transaction = self.connection.unchecked_transaction()?;
        let mut forget = transaction.prepare(&format!("DELETE FROM {name} WHERE seq = ?"))?;
        for seq in doomed {
            forget.execute([seq])?;
        }
        drop(forget);
        transaction.commit()?;
        Ok(upper)
    }

    /// Moves the log into the database and cuts it to nothing.
    pub(super) fn shorten_log(&self) -> rusqlite::Result<()> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }
}

/// Hands every record from `since` on to `take`, in slices, until it says stop.
pub(super) fn read(
    connection: &Connection,
    words: &BTreeMap<String, i64>,
    since: Option<Timestamp>,
    mut take: impl FnMut(Vec<Record>) -> bool,
) -> rusqlite::Result<()> {
    let since = since.map_or(i64::MIN, |since| since.timestamp_millis());
    let words = words_by_id(words);
    let mut observations = connection
        .prepare("SELECT seq, at_ms, sensor, kind, proof, value FROM observation WHERE at_ms >= ? ORDER BY seq")?;
    let mut entries = connection.prepare("SELECT seq, at_ms, body FROM entry WHERE at_ms >= ? ORDER BY seq")?;
    let mut observations = Sorted::of(&mut observations, since, |row| observation(row, &words))?;
    let mut entries = Sorted::of(&mut entries, since, |row| {
        Ok(Some(Record::Entry(Entry { at: from_millis(row.get(1)?), body: row.get(2)? })))
    })?;
    let mut slice = Vec::with_capacity(SLICE_ROWS);
    loop {
        let next = if observations.seq() <= entries.seq() { observations.take()? } else { entries.take()? };
        let ended = next.is_none();
        slice.extend(next);
        if slice.len() == SLICE_ROWS || ended && !slice.is_empty() {
            let full = std::mem::replace(&mut slice, Vec::with_capacity(SLICE_ROWS));
            if !take(full) {
                break;
            }
        }
        if ended {
            break;
        }
    }
    let unreadable = observations.unreadable;
    if unreadable > 0 {
        tracing::warn!(unreadable, "some observations in the database mean nothing to this program");
    }
    Ok(())
}

fn words_by_id(words: &BTreeMap<String, i64>) -> Vec<Option<Word>> {
    let mut by_id = Vec::new();
    for (text, id) in words {
        let id = *id as usize;
        if by_id.len() <= id {
            by_id.resize(id + 1, None);
        }
        by_id[id] = Some(Word::new(text.clone()));
    }
    by_id
}

/// The tables from which old lines are forgotten: the two of the history, what was never received, what other systems are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Observation,
    Entry,
    Outbox,
    Event,
}

impl Table {
    pub(super) fn name(self) -> &'static str {
        match self {
            Table::Observation => "observation",
            Table::Entry => "entry",
            Table::Outbox => "outbox",
            Table::Event => "event",
        }
    }

    /// Which is looked through after this one.
    pub(super) fn next(self) -> Option<Table> {
        match self {
            Table::Observation => Some(Table::Entry),
            Table::Entry => Some(Table::Outbox),
            Table::Outbox => Some(Table::Event),
            Table::Event => None,
        }
    }
}

/// The lines of one transaction. Their statements are compiled when one is first needed and kept with the connection, so that a
/// press waits for its commit alone.
struct Lines<'c> {
    connection: &'c Connection,
    words: &'c mut BTreeMap<String, i64>,
}

const OBSERVATION: &str = "INSERT INTO observation (seq, at_ms, sensor, kind, proof, value) VALUES (?, ?, ?, ?, ?, ?)";
const ENTRY: &str = "INSERT INTO entry (seq, at_ms, body) VALUES (?, ?, ?)";
const EVENT: &str = "INSERT INTO event (at_ms, body) VALUES (?, ?)";
const SETTLE: &str = "DELETE FROM outbox WHERE channel = ? AND key = ?";
const OUTBOX: &str = "INSERT INTO outbox (seq, channel, key, priority, at_ms, body) VALUES (?, ?, ?, ?, ?, ?)
                      ON CONFLICT (channel, key) DO UPDATE SET priority = excluded.priority, body = excluded.body";

impl Lines<'_> {
    fn insert(&self, sql: &str, values: impl Params) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute(values).map(drop)
    }

    fn insert_record(&mut self, seq: i64, record: &Record) -> rusqlite::Result<()> {
        match record {
            Record::Observed(seen) | Record::HeardBefore(seen) => {
                let sensor = self.word_id(seen.sensor.as_str())?;
                let kind = self.word_id(rows::word(&seen.measure))?;
                let at = seen.at.timestamp_millis();
                let proof = rows::proof(seen.evidence, seen.copy, matches!(record, Record::HeardBefore(_)));
                self.insert(OBSERVATION, params![seq, at, sensor, kind, proof, rows::value(&seen.measure)])
            }
            Record::Entry(entry) => self.insert(ENTRY, params![seq, entry.at.timestamp_millis(), entry.body]),
        }
    }

    /// The number of a word. What is learned in a transaction that fails is forgotten with the connection.
    fn word_id(&mut self, text: &str) -> rusqlite::Result<i64> {
        if let Some(id) = self.words.get(text) {
            return Ok(*id);
        }
        self.connection.execute("INSERT INTO word (text) VALUES (?)", [text])?;
        let id = self.connection.last_insert_rowid();
        self.words.insert(text.to_owned(), id);
        Ok(id)
    }
}

fn observation(row: &rusqlite::Row<'_>, words: &[Option<Word>]) -> rusqlite::Result<Option<Record>> {
    let word = |column| -> rusqlite::Result<Option<&Word>> {
        let id: i64 = row.get(column)?;
        Ok(usize::try_from(id).ok().and_then(|id| words.get(id)?.as_ref()))
    };
    let (at, proof, value): (i64, i64, ValueRef<'_>) = (row.get(1)?, row.get(4)?, row.get_ref(5)?);
    let (Some(sensor), Some(kind)) = (word(2)?, word(3)?) else { return Ok(None) };
    let read = || {
        let (evidence, copy, was_before) = rows::evidence(proof)?;
        let measure = rows::measure(&kind.text, value)?;
        let seen = Observation { at: from_millis(at), sensor: sensor.sensor.clone()?, measure, evidence, copy };
        Some(if was_before { Record::HeardBefore(seen) } else { Record::Observed(seen) })
    };
    Ok(read())
}

/// The rows of one table in order of their numbers, with the next one in hand.
struct Sorted<'s, F> {
    rows: rusqlite::Rows<'s>,
    read: F,
    ahead: Option<(i64, Record)>,
    unreadable: u64,
}

impl<'s, F: FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<Option<Record>>> Sorted<'s, F> {
    fn of(statement: &'s mut Statement<'_>, since: i64, read: F) -> rusqlite::Result<Sorted<'s, F>> {
        let mut sorted = Sorted { rows: statement.query([since])?, read, ahead: None, unreadable: 0 };
        sorted.take()?;
        Ok(sorted)
    }

    /// The number of the row in hand; beyond all numbers at the end.
    fn seq(&self) -> i64 {
        self.ahead.as_ref().map_or(i64::MAX, |(seq, _)| *seq)
    }

    fn take(&mut self) -> rusqlite::Result<Option<Record>> {
        let in_hand = self.ahead.take();
        while let Some(row) = self.rows.next()? {
            if let Some(record) = (self.read)(row)? {
                self.ahead = Some((row.get(0)?, record));
                break;
            }
            self.unreadable += 1;
        }
        Ok(in_hand.map(|(_, record)| record))
    }
}

/// Rows handed over at once when the history is read.
const SLICE_ROWS: usize = 1024;
/// Rows looked at in one slice of forgetting.
const FORGET_ROWS: u32 = 1000;
