//! How a database is found, checked, put aside or made.

use crate::clock;
use crate::store::database::Database;
use crate::store::error::{Error, words};
use crate::store::{cuts, events, upgrade};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// A database that was found or made.
pub(super) struct Found {
    pub database: Database,
    pub run: u64,
    pub replaced: Option<String>,
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

/// Opens anew after a write has failed; says so if the file had to be put aside.
pub(super) fn reopen(path: &Path, lock: File) -> Result<(Database, Option<String>), (Error, File)> {
    match lock.try_clone() {
        Ok(kept) => open_or_replace(path, lock).map_err(|error| (error, kept)),
        Err(error) => Err((Error::of_io(path, &error), lock)),
    }
}

pub(super) fn lock(path: &Path, dir: &Path) -> Result<File, Error> {
    let file = File::options().create(true).append(true).open(path).map_err(|error| {
        let place = if error.kind() == std::io::ErrorKind::PermissionDenied && path.exists() { path } else { dir };
        Error::of_io(place, &error)
    })?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // A predecessor may be writing its last lines, and a program that is just being started by somebody else in
            // this process holds copies of all descriptors for a moment.
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_TRIED_EVERY),
            // Some file systems have no locks; then nobody is kept out.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(Error::of_io(path, &error)),
        }
    }
    Err(Error::in_use(dir))
}

/// Whether a daemon has the database `name` in `dir` open now.
pub fn is_open(dir: &Path, name: &str) -> bool {
    let lock = File::open(dir.join(format!("{name}.lock")));
    lock.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Together a second: less than systemd's pause before it starts a daemon again.
const LOCK_TRIES: u32 = 50;
const LOCK_TRIED_EVERY: std::time::Duration = std::time::Duration::from_millis(20);

/// The database at `path`; if it cannot be read, the daily copy or a new one, and the words that say so.
fn open_or_replace(path: &Path, lock: File) -> Result<(Database, Option<String>), Error> {
    let why = match open_sound(path) {
        Ok(sound) => return Ok((Database::new(sound, path, lock), None)),
        Err(Unusable::World(error)) => return Err(error),
        Err(Unusable::Unreadable(why)) => why,
    };
    cuts::count(path).map_err(|error| Error::of_io(path, &error))?;
    let aside = put_aside(path).map_err(|error| Error::of_io(path, &error))?;
    let aside = aside.file_name().map_or_else(|| aside.display().to_string(), |name| name.display().to_string());
    let copy = with_suffix(path, ".copy");
    let from_copy = copy.exists() && copy_durably(&copy, path).is_ok();
    if from_copy && let Ok(sound) = open_sound(path).and_then(|sound| count_on(path, sound)) {
        let words = format!(
            "the history in {} could not be read ({why}); it was put aside as {aside}, and the last daily copy is \
             used instead: what was recorded since then is missing",
            path.display()
        );
        return Ok((Database::new(sound, path, lock), Some(words)));
    }
    remove_with_log(path).map_err(|error| Error::of_io(path, &error))?;
    let sound = open_sound(path).and_then(|sound| count_on(path, sound)).map_err(|unusable| match unusable {
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

/// What is committed upon it must not lose the ground under it in a power cut.
fn copy_durably(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::copy(from, to)?;
    File::open(to)?.sync_all()
}

/// What other systems were told since the copy is not known any more: no number of it is given out again.
fn count_on(path: &Path, sound: Sound) -> Result<Sound, Unusable> {
    let from = clock::now().timestamp();
    events::count_from(&sound.connection, from).map_err(|error| unusable(path, &error))?;
    Ok(sound)
}

/// A database that was checked, and what has to be known of it to write on.
pub(super) struct Sound {
    pub connection: Connection,
    pub words: BTreeMap<String, i64>,
    pub next_seq: i64,
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

pub(super) fn words_of(connection: &Connection) -> rusqlite::Result<BTreeMap<String, i64>> {
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
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Unusable::World(Error::held(path)),
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

/// A flush writes whole pages, and a lone observation changes one: 5.2 KB of disk blocks with pages of 1 KiB, 8.3 KB with
/// the usual 4 KiB (`benches/store.rs`).
const PAGE_BYTES: i64 = 1024;
/// The log is moved into the database when it is this long, and cut back to this after a long one.
const LOG_BYTES_MAX: i64 = 2 * 1024 * 1024;
/// Unreadable databases that are kept; the last number is used again.
const PUT_ASIDE_MAX: u32 = 5;
