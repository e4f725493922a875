//! The directory of service points that this station keeps for its homes: said to each of them, retained, with a version that
//! grows whenever the list changes.

use crate::model::ids::{HomeId, PointId};
use crate::problem::Problem;
use crate::station::voice::{InTurn, Message};
use crate::store::kept;
use crate::wire::{self, Directory, Down, Listed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// The list, and who was told of it since the broker was reached.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    list: Arc<List>,
    told: BTreeSet<HomeId>,
}

/// As it is kept: a restart with the same points says the same version.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct List {
    version: u64,
    points: Vec<Listed>,
}

impl Catalogue {
    /// The list as configured; `now_secs` since 1970 is the version of one that differs from what was kept, so that a station
    /// whose disk was lost is still believed.
    pub fn open(points: &[Listed], state_dir: &Path, now_secs: u64) -> Result<Catalogue, Problem> {
        if points.is_empty() {
            return Ok(Catalogue::default());
        }
        let path = state_dir.join("directory.json");
        let kept: Option<List> = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let list = match kept {
            Some(kept) if kept.points == points => kept,
            kept => {
                let next = kept.map_or(0, |kept| kept.version.saturating_add(1));
                let list = List { version: now_secs.max(next), points: points.to_vec() };
                let bytes = serde_json::to_vec(&list).expect("a list holds only texts and finite numbers");
                kept::put(&path, &bytes).map_err(|error| Problem::of(path.display().to_string(), error.to_string()))?;
                list
            }
        };
        Ok(Catalogue { list: Arc::new(list), told: BTreeSet::new() })
    }

    /// The broker may have forgotten what it was told.
    pub fn forget_told(&mut self) {
        self.told.clear();
    }

    /// The homes among these that do not know the list yet; from now on they do.
    pub fn untold<'a>(&mut self, homes: impl ExactSizeIterator<Item = &'a HomeId>) -> Vec<HomeId> {
        // Asked at every message: mostly all are told.
        if self.list.points.is_empty() || self.told.len() == homes.len() {
            return Vec::new();
        }
        let untold: Vec<HomeId> = homes.filter(|home| !self.told.contains(*home)).cloned().collect();
        self.told.extend(untold.iter().cloned());
        untold
    }

    /// The list itself.
    pub fn list(&self) -> Arc<List> {
        Arc::clone(&self.list)
    }
}

impl List {
    fn said_to(&self, home: HomeId, point: PointId) -> Directory {
        Directory { v: wire::VERSION, home, point, version: self.version, points: self.points.clone() }
    }
}

/// The list as it is said to each of these homes, kept by the broker for those who are not there.
pub(super) fn said(list: Arc<List>, homes: Vec<HomeId>, point: PointId) -> InTurn {
    Box::new(homes.into_iter().map(move |home| {
        let directory = list.said_to(home.clone(), point.clone());
        Message { retain: true, ..Message::new(home, Down::Directory, &directory) }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(ids: &[&str]) -> Vec<Listed> {
        let point = |id: &&str| format!(r#"{{"id":"{id}","name":"P","travel_secs":60}}"#);
        ids.iter().map(|id| serde_json::from_str(&point(id)).unwrap()).collect()
    }

    #[test]
    fn the_version_grows_when_the_list_changes_and_stays_when_it_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let version = |ids: &[&str], now| Catalogue::open(&listed(ids), folder.path(), now).unwrap().list.version;
        assert_eq!(version(&["a"], 1000), 1000);
        assert_eq!(version(&["a"], 2000), 1000, "a restart");
        assert_eq!(version(&["a", "b"], 3000), 3000);
        assert_eq!(version(&["a"], 50), 3001, "the clock went back");
        std::fs::write(folder.path().join("directory.json"), "{").unwrap();
        assert_eq!(version(&["a"], 4000), 4000, "a lost file is no reason to be silent");
    }

    #[test]
    fn each_home_is_told_once_until_the_broker_may_have_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut catalogue = Catalogue::open(&listed(&["a"]), folder.path(), 1).unwrap();
        let homes: [HomeId; 2] = ["h-1".parse().unwrap(), "h-2".parse().unwrap()];
        assert_eq!(catalogue.untold(homes[..1].iter()).len(), 1);
        assert_eq!(catalogue.untold(homes.iter()), homes[1..]);
        assert!(catalogue.untold(homes.iter()).is_empty());
        catalogue.forget_told();
        assert_eq!(catalogue.untold(homes.iter()).len(), 2);
        assert!(Catalogue::default().untold(homes.iter()).is_empty(), "a station without a list says none");
    }
}
