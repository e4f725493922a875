//! How full the disk is on which everything is kept.

use std::path::Path;

/// How much of the disk under `dir` is free for us, in percent; `None` where the system does not say.
pub fn free_percent(dir: &Path) -> Option<u8> {
    let disk = nix::sys::statvfs::statvfs(dir).ok()?;
    let (free, all) = (u64::from(disk.blocks_available()), u64::from(disk.blocks()));
    (all > 0).then(|| u8::try_from(free.saturating_mul(100) / all).unwrap_or(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_there_has_a_share_and_one_that_is_not_has_none() {
        assert!(free_percent(Path::new("/")).is_some_and(|percent| percent <= 100));
        assert_eq!(free_percent(Path::new("/no/such/place")), None);
    }
}
