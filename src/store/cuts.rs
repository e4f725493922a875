//! How often a part of this history was lost: a file that could not be read gave way to the daily copy, or to a new one.
//!
//! Whoever gives out numbers goes on beyond those it may have given out meanwhile. The count stands in a small file of its own:
//! the database it is about does not keep it, and one copy used twice must not lead to the same numbers twice.

use crate::store::opening::with_suffix;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// How often so far, of the database at `path`.
pub(super) fn of(path: &Path) -> u64 {
    let text = std::fs::read_to_string(with_suffix(path, ".cuts")).unwrap_or_default();
    text.trim().parse().unwrap_or_default()
}

/// Once more.
pub(super) fn count(path: &Path) -> std::io::Result<()> {
    let unfinished = with_suffix(path, ".cuts-unfinished");
    let mut file = File::create(&unfinished)?;
    writeln!(file, "{}", of(path) + 1)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, with_suffix(path, ".cuts"))
}
