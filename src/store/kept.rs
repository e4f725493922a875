//! Small files that a daemon keeps beside its database: each is there wholly, in its old form or in its new one.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Writes it beside its place and renames it, unless it is so already. It is on the disk when this returns.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|kept| kept == bytes) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    let new = path.with_extension("new");
    fs::write(&new, bytes)?;
    File::open(&new)?.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_replaced_as_a_whole_and_what_stands_already_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("a.json");
        put(&path, b"one").unwrap();
        let written_at = fs::metadata(&path).unwrap().modified().unwrap();
        put(&path, b"one").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), written_at);
        put(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        assert!(put(Path::new("/proc/nowhere/a.json"), b"one").is_err());
    }
}
