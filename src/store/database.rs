//! One open database: how it is found or made, how batches are written, how the history is read back.

use crate::model::observation::Observation;
use crate::model::time::{Timestamp, from_millis};
use crate::store::error::{Error, words};
use crate::store::rows::{self, Word};
use crate::store::upgrade;
use crate::store::{Batch, Entry, OutboxRow, Record};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement, params};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// A database that was found or made.
pub(super) struct Found {
    pub database: Database,
    pub run: u64,
    pub replaced: Option<String>,
}

/// One open database and the lock that keeps a second daemon out of it.
pub(super) struct Database {
    connection: Connection,
    path: PathBuf,
    lock: File,
    words: BTreeMap<String, i64>,
    next_seq: i64,
}

/// Why a file cannot serve.
enum Unusable {
    /// Its contents: it is put aside.
    Unreadable(String),
    /// Its surroundings: disk, permissions. The file stays where it is.
    World(Error),
}

/// Opens `name` in `dir` as a new run, both made if missing.
pub(super) fn open(dir: &Path, name: &str) -> Result<Found, Error> {
    std::fs::create_dir_all(dir).map_err(|error| Error::of_io(dir, &error))?;
    let lock = lock(&dir.join(format!("{name}.lock")), dir)?;
    let (database, replaced) = open_or_replace(&dir.join(name), lock)?;
    let run = database.count_run();
    Ok(Found { database, run, replaced })
}

fn lock(path: &Path, dir: &Path) -> Result<File, Error> {
    let file = File::options().create(true).append(true).open(path).map_err(|error| {
        let place = if error.kind() == std::io::ErrorKind::PermissionDenied && path.exists() { path } else { dir };
        Error::of_io(place, &error)
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::in_use(dir)),
        // Some file systems have no locks; then nobody is kept out.
        Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(error)) => Err(Error::of_io(path, &error)),
    }
}

/// The database at `path`; if it cannot be read, the daily copy or a new one, and the words that say so.
fn open_or_replace(path: &Path, lock: File) -> Result<(Database, Option<String>), Error> {
    let why = match open_sound(path) {
        Ok(sound) => return Ok((Database::new(sound, path, lock), None)),
        Err(Unusable::World(error)) => return Err(error),
        Err(Unusable::Unreadable(why)) => why,
    };
    let aside = put_aside(path).map_err(|error| Error::of_io(path, &error))?;
    let aside = aside.file_name().map_or_else(|| aside.display().to_string(), |name| name.display().to_string());
    let copy = with_suffix(path, ".copy");
    let from_copy = copy.exists() && std::fs::copy(&copy, path).is_ok();
    if from_copy && let Ok(sound) = open_sound(path) {
        let words = format!(
            "the history in {} could not be read ({why}); it was put aside as {aside}, and the last daily copy is \
             used instead: what was recorded since then is missing",
            path.display()
        );
        return Ok((Database::new(sound, path, lock), Some(words)));
    }
    remove_with_log(path).map_err(|error| Error::of_io(path, &error))?;
    let sound = open_sound(path).map_err(|unusable| match unusable {
        Unusable::World(error) => error,
        Unusable::Unreadable(why) => Error::Database(why),
    })?;
    let words = format!(
        "the history in {} could not be read ({why}); it was put aside as {aside}, and a new one was begun: \
         everything recorded before is missing",
        path.display()
    );
    Ok((Database::new(sound, path, lock), Some(words)))
}

/// A database that was checked, and what has to be known of it to write on.
struct Sound {
    connection: Connection,
    words: BTreeMap<String, i64>,
    next_seq: i64,
}

/// Opens, checks every page, and upgrades.
fn open_sound(path: &Path) -> Result<Sound, Unusable> {
    // A file that belongs to somebody else (a daemon once started by root) is no damaged file.
    if path.exists() {
        let may = File::options().read(true).write(true).open(path);
        may.map_err(|error| Unusable::World(Error::of_io(path, &error)))?;
    }
    open_shared_or_not(path, Sharing::Shared).or_else(|unusable| match unusable {
        // On a full disk there may be no room for the file through which connections share a log; alone it is not
        // needed, and the history can be read at least.
        Unusable::World(_) => open_shared_or_not(path, Sharing::Alone),
        Unusable::Unreadable(_) => Err(unusable),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Shared,
    Alone,
}

fn open_shared_or_not(path: &Path, sharing: Sharing) -> Result<Sound, Unusable> {
    let in_words = |error: rusqlite::Error| unusable(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(in_words)?;
    configure(&connection, sharing).map_err(in_words)?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(in_words)?;
    if verdict != "ok" {
        return Err(Unusable::Unreadable(verdict.lines().next_back().unwrap_or_default().to_owned()));
    }
    upgrade::run(&mut connection, path, upgrade::STEPS).map_err(|failed| match failed {
        upgrade::Failed::Newer { found, known } => Unusable::Unreadable(format!(
            "it has schema {found}, written by a newer program; this program knows schemas up to {known}"
        )),
        upgrade::Failed::Copy(copy, error) => Unusable::World(Error::of_io(&copy, &error)),
        upgrade::Failed::Database(error) => unusable(path, &error),
    })?;
    let words = words_of(&connection).map_err(in_words)?;
    let next_seq = next_seq(&connection).map_err(in_words)?;
    Ok(Sound { connection, words, next_seq })
}

fn words_of(connection: &Connection) -> rusqlite::Result<BTreeMap<String, i64>> {
    connection.prepare("SELECT text, id FROM word")?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn next_seq(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT 1 + max(coalesce((SELECT max(seq) FROM observation), 0),
                              coalesce((SELECT max(seq) FROM entry), 0),
                              coalesce((SELECT max(seq) FROM outbox), 0))";
    connection.query_row(sql, [], |row| row.get(0))
}

fn configure(connection: &Connection, sharing: Sharing) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(2))?;
    if sharing == Sharing::Alone {
        connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |row| row.get::<_, String>(0))?;
    }
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES_MAX, |row| row.get::<_, i64>(0))?;
    connection
        .pragma_update_and_check(None, "wal_autocheckpoint", LOG_BYTES_MAX / PAGE_BYTES, |row| row.get::<_, i64>(0))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(())
}

/// Only what lies in the file itself makes it unreadable: a disk that is full today must not cost the history.
#[allow(clippy::wildcard_enum_match_arm)] // the list of codes is open
fn unusable(path: &Path, error: &rusqlite::Error) -> Unusable {
    use rusqlite::ffi;
    let world = || {
        let deed = "check the disk and the owner of the state directory".to_owned();
        Unusable::World(Error::Place { place: path.display().to_string(), what: words(error), deed })
    };
    let Some(code) = error.sqlite_error() else { return Unusable::Unreadable(words(error)) };
    match code.code {
        ErrorCode::NotADatabase
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::ConstraintViolation
        | ErrorCode::TypeMismatch
        | ErrorCode::SchemaChanged
        | ErrorCode::Unknown => Unusable::Unreadable(words(error)),
        ErrorCode::SystemIoFailure => match code.extended_code {
            ffi::SQLITE_IOERR_READ
            | ffi::SQLITE_IOERR_SHORT_READ
            | ffi::SQLITE_IOERR_DATA
            | ffi::SQLITE_IOERR_CORRUPTFS => Unusable::Unreadable(words(error)),
            _ => world(),
        },
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Unusable::World(Error::in_use(path)),
        _ => world(),
    }
}

/// Renames the database and its log to the first free number.
fn put_aside(path: &Path) -> std::io::Result<PathBuf> {
    let number = (1..PUT_ASIDE_MAX).find(|number| !with_suffix(path, &format!(".unreadable-{number}")).exists());
    let aside = with_suffix(path, &format!(".unreadable-{}", number.unwrap_or(PUT_ASIDE_MAX)));
    std::fs::rename(path, &aside)?;
    for log in ["-wal", "-shm"] {
        let from = with_suffix(path, log);
        if from.exists() {
            std::fs::rename(from, with_suffix(&aside, log))?;
        }
    }
    Ok(aside)
}

fn remove_with_log(path: &Path) -> std::io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        match std::fs::remove_file(with_suffix(path, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// `history.db` + `.copy`: in the same directory, so that a rename is enough.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

impl Database {
    fn new(sound: Sound, path: &Path, lock: File) -> Database {
        let Sound { connection, words, next_seq } = sound;
        Database { connection, path: path.to_owned(), lock, words, next_seq }
    }

    /// Closes and opens anew, after a write has failed; says so if the file had to be put aside.
    pub(super) fn reopen(path: &Path, lock: File) -> Result<(Database, Option<String>), (Error, File)> {
        let kept = lock.try_clone();
        match (open_or_replace(path, lock), kept) {
            (Ok(opened), _) => Ok(opened),
            (Err(error), Ok(kept)) => Err((error, kept)),
            (Err(error), Err(_)) => Err((error, File::open("/dev/null").expect("Linux has /dev/null"))),
        }
    }

    /// Closes the connection and keeps the place.
    pub(super) fn close(self) -> (PathBuf, File) {
        (self.path, self.lock)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The number of this start. On a disk that takes nothing it is counted all the same, for this run.
    fn count_run(&self) -> u64 {
        let count = "UPDATE fact SET value = value + 1 WHERE name = 'run' RETURNING value";
        let ask = "SELECT value + 1 FROM fact WHERE name = 'run'";
        let number = |sql| self.connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        number(count).or_else(|_| number(ask)).unwrap_or(1).unsigned_abs()
    }

    /// Writes all `batches` in one transaction; returns after the disk has it.
    pub(super) fn commit<'a>(&mut self, batches: impl Iterator<Item = &'a Batch>) -> rusqlite::Result<()> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut next_seq = self.next_seq;
        let mut statements = Statements::prepare(&transaction)?;
        for batch in batches {
            for record in &batch.records {
                statements.insert_record(&mut self.words, next_seq, record)?;
                next_seq += 1;
            }
            for (channel, key) in &batch.settled {
                statements.settle.execute([channel, key])?;
            }
            for row in &batch.outbox {
                let at = row.at.timestamp_millis();
                statements.outbox.execute(params![next_seq, row.channel, row.key, row.priority, at, row.body])?;
                next_seq += 1;
            }
        }
        drop(statements);
        transaction.commit()?;
        self.next_seq = next_seq;
        Ok(())
    }

    /// Hands every record from `since` on to `take`, in slices, until it says stop.
    pub(super) fn read(
        &self,
        since: Option<Timestamp>,
        mut take: impl FnMut(Vec<Record>) -> bool,
    ) -> rusqlite::Result<()> {
        let since = since.map_or(i64::MIN, |since| since.timestamp_millis());
        let words = self.words_by_id()?;
        let mut observations = self
            .connection
            .prepare("SELECT seq, at_ms, sensor, kind, proof, value FROM observation WHERE at_ms >= ? ORDER BY seq")?;
        let mut entries =
            self.connection.prepare("SELECT seq, at_ms, body FROM entry WHERE at_ms >= ? ORDER BY seq")?;
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

    fn words_by_id(&self) -> rusqlite::Result<Vec<Option<Word>>> {
        let mut by_id = Vec::new();
        for (text, id) in &self.words {
            let id = *id as usize;
            if by_id.len() <= id {
                by_id.resize(id + 1, None);
            }
            by_id[id] = Some(Word::new(text.clone()));
        }
        Ok(by_id)
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

    /// Moves the log into the database and cuts it to nothing.
    pub(super) fn shorten_log(&self) -> rusqlite::Result<()> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }
}

/// The two tables of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Observation,
    Entry,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Table::Observation => "observation",
            Table::Entry => "entry",
        }
    }
}

/// Writes a copy of the database beside it, on a connection of its own, and puts it in place of yesterday's.
pub(super) fn copy(path: &Path, started: impl FnOnce(rusqlite::InterruptHandle)) -> Result<(), Error> {
    let unfinished = with_suffix(path, ".copy-unfinished");
    remove_with_log(&unfinished).map_err(|error| Error::of_io(&unfinished, &error))?;
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    started(connection.get_interrupt_handle());
    let name = unfinished.to_str().ok_or_else(|| Error::Database("the state directory has no readable name".into()))?;
    connection.execute("VACUUM INTO ?", [name])?;
    let in_place = File::open(&unfinished)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(&unfinished, with_suffix(path, ".copy")))
        .and_then(|()| File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all());
    in_place.map_err(|error| Error::of_io(&unfinished, &error))
}

/// What one transaction needs, prepared once.
struct Statements<'c> {
    connection: &'c Connection,
    observation: Statement<'c>,
    entry: Statement<'c>,
    settle: Statement<'c>,
    outbox: Statement<'c>,
}

impl<'c> Statements<'c> {
    fn prepare(connection: &'c Connection) -> rusqlite::Result<Statements<'c>> {
        Ok(Statements {
            connection,
            observation: connection.prepare(
                "INSERT INTO observation (seq, at_ms, sensor, kind, proof, value) VALUES (?, ?, ?, ?, ?, ?)",
            )?,
            entry: connection.prepare("INSERT INTO entry (seq, at_ms, body) VALUES (?, ?, ?)")?,
            settle: connection.prepare("DELETE FROM outbox WHERE channel = ? AND key = ?")?,
            outbox: connection.prepare(
                "INSERT INTO outbox (seq, channel, key, priority, at_ms, body) VALUES (?, ?, ?, ?, ?, ?)
                 ON CONFLICT (channel, key) DO UPDATE SET priority = excluded.priority, body = excluded.body",
            )?,
        })
    }

    fn insert_record(&mut self, known: &mut BTreeMap<String, i64>, seq: i64, record: &Record) -> rusqlite::Result<()> {
        match record {
            Record::Observed(seen) => {
                let sensor = self.word_id(known, seen.sensor.as_str())?;
                let kind = self.word_id(known, rows::word(&seen.measure))?;
                let (at, proof) = (seen.at.timestamp_millis(), rows::proof(seen.evidence, seen.copy));
                self.observation.execute(params![seq, at, sensor, kind, proof, rows::value(&seen.measure)])?;
            }
            Record::Entry(entry) => {
                self.entry.execute(params![seq, entry.at.timestamp_millis(), entry.body])?;
            }
        }
        Ok(())
    }

    /// The number of a word. What is learned in a transaction that fails is forgotten with the connection.
    fn word_id(&self, known: &mut BTreeMap<String, i64>, text: &str) -> rusqlite::Result<i64> {
        if let Some(id) = known.get(text) {
            return Ok(*id);
        }
        self.connection.execute("INSERT INTO word (text) VALUES (?)", [text])?;
        let id = self.connection.last_insert_rowid();
        known.insert(text.to_owned(), id);
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
        let (evidence, copy) = rows::evidence(proof)?;
        let measure = rows::measure(&kind.text, value)?;
        Some(Observation { at: from_millis(at), sensor: sensor.sensor.clone()?, measure, evidence, copy })
    };
    Ok(read().map(Record::Observed))
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

/// A flush writes whole pages, and a lone observation changes one: 5.2 KB of disk blocks with pages of 1 KiB, 8.3 KB with
/// the usual 4 KiB (`benches/store.rs`).
const PAGE_BYTES: i64 = 1024;
/// The log is moved into the database when it is this long, and cut back to this after a long one.
const LOG_BYTES_MAX: i64 = 2 * 1024 * 1024;
/// Rows handed over at once when the history is read.
const SLICE_ROWS: usize = 1024;
/// Rows looked at in one slice of forgetting.
const FORGET_ROWS: u32 = 1000;
/// Unreadable databases that are kept; the last number is used again.
const PUT_ASIDE_MAX: u32 = 5;
