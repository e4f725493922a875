//! Forgetting everything: of a home all files, of one home at a station every line that is about it.
//!
//! Never beside a running daemon: the lock of its database is taken first. What was there is overwritten before it is let go;
//! a card that spreads its wear may keep old pages all the same, which is why disks should be encrypted (`docs/history.md`).

use crate::store::error::Error;
use crate::store::opening;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is gone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Files that are gone.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What lies there and was never the daemon's: left alone.
    pub left: Vec<PathBuf>,
}

/// A directory of a daemon that does not run, for as long as this lives.
#[derive(Debug)]
pub struct Held {
    dir: PathBuf,
    name: String,
    _lock: File,
}

impl Held {
    /// Keeps the daemon with the database `name` in `dir` from starting; refused while it runs.
    pub fn of(dir: &Path, name: &str) -> Result<Held, Error> {
        let path = dir.join(name);
        if let Err(error) = fs::metadata(&path) {
            return Err(Error::of_io(&path, &error));
        }
        let lock = opening::lock(&dir.join(format!("{name}.lock")), dir)?;
        Ok(Held { dir: dir.to_owned(), name: name.to_owned(), _lock: lock })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn database(&self) -> PathBuf {
        self.dir.join(&self.name)
    }

    /// Lets go of every file that the daemon put into its directory: databases with their logs and copies, what it keeps
    /// beside them, its certificates.
    pub fn forget_all(self) -> Result<Forgotten, Error> {
        let mut forgotten = Forgotten::default();
        empty(&self.dir, &self.name, &mut forgotten).map_err(|error| Error::of_io(&self.dir, &error))?;
        Ok(forgotten)
    }

    /// Lets go of the copies of its databases: they hold what was forgotten. The daemon makes a new one within a day.
    pub fn forget_copies(&self) -> Result<Forgotten, Error> {
        let mut forgotten = Forgotten::default();
        let is_copy = |name: &str| [".copy", ".unreadable-", ".schema-"].iter().any(|part| name.contains(part));
        let mut forget = || -> io::Result<()> {
            for file in fs::read_dir(&self.dir)? {
                let file = file?;
                if is_copy(&file.file_name().to_string_lossy()) {
                    forget_file(&file.path(), &mut forgotten)?;
                }
            }
            Ok(())
        };
        forget().map_err(|error| Error::of_io(&self.dir, &error))?;
        Ok(forgotten)
    }
}

/// Forgets a file that a daemon left elsewhere; one that is not there is forgotten already.
pub fn forget_one(path: &Path) -> Result<Forgotten, Error> {
    let mut forgotten = Forgotten::default();
    if path.exists() {
        forget_file(path, &mut forgotten).map_err(|error| Error::of_io(path, &error))?;
    }
    Ok(forgotten)
}

fn empty(dir: &Path, database: &str, forgotten: &mut Forgotten) -> io::Result<()> {
    let mut paths = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    // The database itself goes last: whoever is cut off in the middle can begin again.
    paths.sort_by_key(|path| path == &dir.join(database));
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(database) || OWN_ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            forget_file(&path, forgotten)?;
        } else {
            forgotten.left.push(path);
        }
    }
    File::open(dir)?.sync_all()
}

/// Overwrites a file and takes it away.
fn forget_file(path: &Path, forgotten: &mut Forgotten) -> io::Result<()> {
    let about = fs::symlink_metadata(path)?;
    if about.is_file() {
        let mut file = File::options().write(true).open(path)?;
        let zeros = [0; 64 * 1024];
        let mut left = about.len();
        while left > 0 {
            let count = left.min(zeros.len() as u64);
            file.write_all(&zeros[..count as usize])?;
            left -= count;
        }
        file.sync_all()?;
    }
    fs::remove_file(path)?;
    forgotten.files += 1;
    forgotten.bytes += about.len();
    Ok(())
}

/// What the gateway keeps beside its history: small files, certificates, its socket.
const OWN_ENDINGS: &[&str] = &[".json", ".new", ".pem", ".key", ".sock"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn nothing_is_forgotten_beside_a_running_daemon_and_all_when_it_has_ended() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "history.db", |_| ()).unwrap().store;
        assert!(matches!(Held::of(dir.path(), "history.db"), Err(Error::InUse { .. })));
        drop(store);
        for name in ["history.db.copy", "history.db.unreadable-2-wal", "directory.json", "my photo.jpg"] {
            fs::write(dir.path().join(name), "made-up-1").unwrap();
        }
        let forgotten = Held::of(dir.path(), "history.db").unwrap().forget_all().unwrap();
        assert_eq!(forgotten.left, [dir.path().join("my photo.jpg")]);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_that_is_no_daemons_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("letter.json"), "{}").unwrap();
        assert!(Held::of(dir.path(), "history.db").is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
