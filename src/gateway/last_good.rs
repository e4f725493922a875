//! The last configuration that passed, kept in the state directory: a careless edit must not leave a home unwatched.
//!
//! A power cut the night after such an edit would otherwise mean silence until a person comes (`platform.md` section 4).

use crate::config;
use crate::store::kept;
use std::path::{Path, PathBuf};

/// The texts of one configuration, by the names of their files.
pub type Texts = Vec<(String, String)>;

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("last_good_config.json")
}

/// Keeps these texts; written beside and renamed, so that there is always a whole one.
pub fn keep(state_dir: &Path, texts: &Texts) -> std::io::Result<()> {
    kept::put(&path(state_dir), &serde_json::to_vec(texts).expect("texts are JSON strings"))
}

/// The configuration that was kept, if there is one and it still passes.
pub fn load(state_dir: &Path) -> Option<config::Gateway> {
    let texts: Texts = serde_json::from_slice(&std::fs::read(path(state_dir)).ok()?).ok()?;
    config::gateway_from_texts(&texts).0
}
