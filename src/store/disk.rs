//! How full the disk is on which everything is kept.

use std::path::Path;

/// What is free of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Free {
    /// Of all of it.
    pub percent: u8,
    /// In bytes.
    pub bytes: u64,
}

impl Free {
    /// Whether somebody has to make room: less than a tenth, unless that is still more than years of alerts need.
    pub fn is_low(&self) -> bool {
        self.percent < PERCENT_LEAST && self.bytes < BYTES_ENOUGH
    }
}

/// What is free for us of the disk under `dir`; `None` where the system does not say.
pub fn free(dir: &Path) -> Option<Free> {
    // rustix counts in 64 bits on 32-bit boards, too.
    let disk = rustix::fs::statvfs(dir).ok()?;
    let (free, all) = (disk.f_bavail, disk.f_blocks);
    let percent = u8::try_from(free.saturating_mul(100).checked_div(all)?).unwrap_or(100);
    Some(Free { percent, bytes: free.saturating_mul(disk.f_frsize) })
}

const PERCENT_LEAST: u8 = 10;
const BYTES_ENOUGH: u64 = 4 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_there_has_a_share_and_one_that_is_not_has_none() {
        assert!(free(Path::new("/")).is_some_and(|free| free.percent <= 100));
        assert_eq!(free(Path::new("/no/such/place")), None);
        let (percent, gigabyte) = (8, 1 << 30);
        assert!(Free { percent, bytes: gigabyte }.is_low());
        assert!(!Free { percent, bytes: 20 * gigabyte }.is_low(), "a tenth of a large disk is much");
        assert!(!Free { percent: 50, bytes: gigabyte }.is_low());
    }
}
