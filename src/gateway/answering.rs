//! Which stations are known to answer heartbeats, kept beside the history: one that answered an earlier run is missed by this
//! one, and one of an older version, which never answers, is not.
//!
//! Never in the way: without the file the first answer of this run says it.

use crate::model::reason::WayOut;
use crate::store::kept;
use std::path::{Path, PathBuf};

/// The list of ways, as a file.
#[derive(Debug)]
pub struct Answering {
    path: PathBuf,
    ways: Vec<WayOut>,
}

impl Answering {
    /// The list in this state directory.
    pub fn read(state_dir: &Path) -> Answering {
        let path = state_dir.join(FILE);
        let json = std::fs::read(&path).ok();
        let ways = json.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
        Answering { path, ways }
    }

    /// Whether the station at the end of this way is known to answer.
    pub fn has(&self, way: &WayOut) -> bool {
        self.ways.contains(way)
    }

    /// From now on it is these.
    pub fn keep<'w>(&mut self, ways: impl Iterator<Item = &'w WayOut>) {
        let ways: Vec<WayOut> = ways.cloned().collect();
        if ways == self.ways {
            return;
        }
        self.ways = ways;
        let json = serde_json::to_vec(&self.ways).expect("ids are JSON strings");
        if let Err(error) = kept::put(&self.path, &json) {
            tracing::debug!(path = %self.path.display(), %error, "cannot keep which stations answer");
        }
    }
}

const FILE: &str = "answering.json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_answered_is_known_to_the_next_run_and_a_missing_or_broken_file_knows_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let way = WayOut { channel: "lehe".parse().unwrap(), point: "north".parse().unwrap() };
        let mut answering = Answering::read(dir.path());
        assert!(!answering.has(&way));
        answering.keep(std::iter::once(&way));
        assert!(Answering::read(dir.path()).has(&way));
        answering.keep(std::iter::empty());
        assert!(!Answering::read(dir.path()).has(&way));
        std::fs::write(dir.path().join(FILE), "{").unwrap();
        assert!(!Answering::read(dir.path()).has(&way));
        let mut nowhere = Answering::read(&dir.path().join("missing"));
        nowhere.keep(std::iter::once(&way));
        assert!(nowhere.has(&way));
    }
}
