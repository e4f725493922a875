//! "I was watching at this instant": bounds what a crash or a power cut leaves unknown.
//!
//! Written every few seconds to a file in the run directory, which is memory, not the SD card; it survives kill -9 but no
//! power cut. For that a mark goes into the database every ten minutes, with the rows that are written anyway.

use crate::model::time::{Timestamp, from_millis};
use std::path::{Path, PathBuf};

/// The mark file.
#[derive(Debug)]
pub struct Marks {
    path: PathBuf,
    failed: bool,
}

impl Marks {
    /// The mark file of this run directory.
    pub fn new(run_dir: &Path) -> Marks {
        Marks { path: run_dir.join("watching"), failed: false }
    }

    /// The newest mark, if there is one.
    pub fn read(&self) -> Option<Timestamp> {
        let text = std::fs::read_to_string(&self.path).ok()?;
        text.trim().parse().ok().map(from_millis)
    }

    /// Writes a mark; a directory that cannot be written is said once.
    pub fn write(&mut self, now: Timestamp) {
        let new = self.path.with_extension("new");
        // Renamed into place: a reader after kill -9 finds the old mark or the new one, never half of one.
        let written =
            std::fs::write(&new, now.timestamp_millis().to_string()).and_then(|()| std::fs::rename(&new, &self.path));
        if let Err(error) = written
            && !std::mem::replace(&mut self.failed, true)
        {
            tracing::warn!(path = %self.path.display(), %error, "cannot mark that the home is watched; after a crash more time will count as unknown");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_mark_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut marks = Marks::new(dir.path());
        assert_eq!(marks.read(), None);
        marks.write(from_millis(1_000));
        marks.write(from_millis(2_345));
        assert_eq!(Marks::new(dir.path()).read(), Some(from_millis(2_345)));
    }
}
