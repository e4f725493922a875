//! Whether what is written in a directory is still there after a power cut.

use std::fmt;
use std::path::Path;

/// Where a history does not last, or may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fleeting {
    /// In memory, by a file system of this name.
    Memory(&'static str),
    /// In the upper layer of an overlay, which cannot be looked at from here: with a read-only root it is memory.
    Overlay,
}

impl fmt::Display for Fleeting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fleeting::Memory(name) => write!(out, "in memory ({name}): a power cut takes all of it"),
            Fleeting::Overlay => {
                write!(out, "on an overlay: a power cut takes all of it if the upper layer is in memory")
            }
        }
    }
}

impl Fleeting {
    /// What to do about it.
    pub const DEED: &'static str = "mount a data partition there, or set state_dir to a directory on a disk";
}

/// Whether the history in `dir` would not outlast a power cut; `None` where it does, or where the system does not say.
pub fn fleeting(dir: &Path) -> Option<Fleeting> {
    // The numbers are of 32 bits; how wide the field is depends on the machine.
    by_type(rustix::fs::statfs(dir).ok()?.f_type as u32)
}

fn by_type(magic: u32) -> Option<Fleeting> {
    match magic {
        TMPFS => Some(Fleeting::Memory("tmpfs")),
        RAMFS => Some(Fleeting::Memory("ramfs")),
        OVERLAYFS => Some(Fleeting::Overlay),
        _ => None,
    }
}

/// Of linux/magic.h and of the kernel's fs/ramfs.
const TMPFS: u32 = 0x0102_1994;
const RAMFS: u32 = 0x8584_58f6;
const OVERLAYFS: u32 = 0x794c_7630;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_overlays_are_known_by_their_number_and_disks_are_not_suspected() {
        let (ext4, btrfs, f2fs) = (0xef53, 0x9123_683e, 0xf2f5_2010);
        assert_eq!([ext4, btrfs, f2fs].map(by_type), [None; 3]);
        assert_eq!(by_type(RAMFS), Some(Fleeting::Memory("ramfs")));
        assert_eq!(by_type(OVERLAYFS), Some(Fleeting::Overlay));
        assert_eq!(fleeting(Path::new("/no/such/place")), None);
        // Where nothing else is mounted there, /dev/shm is a tmpfs.
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
        if mounts.lines().any(|line| line.contains(" /dev/shm tmpfs ")) {
            assert_eq!(fleeting(Path::new("/dev/shm")), Some(Fleeting::Memory("tmpfs")));
        }
    }
}
