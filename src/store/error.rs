//! Why the memory cannot be used, in words for a person.

use crate::problem::Problem;
use std::io;
use std::path::Path;

/// Why the memory cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The directory or the file cannot be used; says what to do.
    #[error("{place}: {what}; {deed}")]
    Place {
        /// Which.
        place: String,
        /// What is wrong.
        what: String,
        /// What to do.
        deed: String,
    },
    /// Another daemon has it open.
    #[error("{}", self.problem())]
    InUse {
        /// Which directory.
        place: String,
    },
    /// SQLite's word.
    #[error("{0}")]
    Database(String),
    /// There is no memory in this run.
    #[error("{0}")]
    Unavailable(String),
    /// The thread is gone.
    #[error("the store has ended")]
    Ended,
}

impl Error {
    /// The same for the person in front.
    pub fn problem(&self) -> Problem {
        match self {
            Error::Place { place, what, deed } => Problem::of(place, what).with_deed(deed),
            Error::InUse { place } => Problem::of(place, "another carecircle daemon uses this directory")
                .with_deed("stop it first, or give this one a state_dir of its own"),
            Error::Database(_) | Error::Unavailable(_) | Error::Ended => Problem::new(self.to_string()),
        }
    }

    pub(super) fn in_use(dir: &Path) -> Error {
        Error::InUse { place: dir.display().to_string() }
    }

    /// A daemon would have been kept out before: this is a tool that somebody opened the database with.
    pub(super) fn held(path: &Path) -> Error {
        Error::Place {
            place: path.display().to_string(),
            what: "another program holds the database".into(),
            deed: format!("see which one: fuser -v {}; then stop it", path.display()),
        }
    }

    /// A directory or file that the operating system refuses.
    pub(super) fn of_io(path: &Path, error: &io::Error) -> Error {
        let problem = Problem::of_state(path, error);
        Error::Place {
            place: path.display().to_string(),
            what: problem.what,
            deed: problem.deed.unwrap_or_else(|| "check the disk".into()),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        Error::Database(words(&error))
    }
}

/// What SQLite says, without its codes where we know better words.
pub(super) fn words(error: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full; make room in the state directory".into(),
        Some(ErrorCode::ReadOnly) => "the disk has become read-only; it may be dying, look at the kernel log".into(),
        Some(ErrorCode::SystemIoFailure) => format!("the disk reports an error ({error}); it may be dying"),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => format!("the database is damaged ({error})"),
        Some(_) | None => error.to_string(),
    }
}
