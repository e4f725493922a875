//! A file of the technician's that is exchanged: whole at every moment, and readable for whoever could read it before.

use std::fs::{File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// `text` in place of the file's, whole or not at all; owner, group and rights stay. A new file takes those of `like`, the
/// file that it is read together with, if there is one; without one it is for the group of its folder.
///
/// Where the owner cannot be kept nothing is written: a daemon that cannot read its configuration watches nobody.
pub fn replace(path: &Path, text: &str, like: Option<&Path>) -> io::Result<()> {
    // A link stays a link.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let known = std::fs::metadata(&path).ok().or_else(|| std::fs::metadata(like?).ok());
    let beside = beside(&path);
    let written = written(&beside, text, known.as_ref()).and_then(|()| std::fs::rename(&beside, &path));
    if written.is_err() {
        // Half a file helps nobody; if it never was, there is nothing to remove.
        drop(std::fs::remove_file(&beside));
    }
    written
}

fn written(path: &Path, text: &str, known: Option<&Metadata>) -> io::Result<()> {
    let mut file = File::options().create_new(true).write(true).mode(OWNER_ONLY).open(path)?;
    let own = file.metadata()?;
    if let Some(known) = known
        && (known.uid(), known.gid()) != (own.uid(), own.gid())
    {
        fchown(&file, Some(known.uid()), Some(known.gid()))?;
    }
    // Written as root into the package's folder, it must not be a file that the daemon cannot read. Others may not give it away.
    if known.is_none()
        && let Some(folder) = path.parent().and_then(|folder| std::fs::metadata(folder).ok())
        && folder.gid() != own.gid()
    {
        drop(fchown(&file, None, Some(folder.gid())));
    }
    // After the owner, whose change takes rights away; and past any umask.
    file.set_permissions(Permissions::from_mode(known.map_or(OWNER_AND_GROUP, |known| known.mode() & 0o777)))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// In the same directory, under a name that `conf.d/*.toml` does not take in.
fn beside(path: &Path) -> PathBuf {
    path.with_extension(format!("toml.{}", std::process::id()))
}

const OWNER_ONLY: u32 = 0o600;
/// Readable for the daemon's group and for nobody else.
const OWNER_AND_GROUP: u32 = 0o640;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::chown;

    fn owner(path: &Path) -> (u32, u32, u32) {
        let known = std::fs::metadata(path).unwrap();
        (known.uid(), known.gid(), known.mode() & 0o777)
    }

    /// A file of another owner where the test may make one, else of its own.
    fn of_the_daemon(path: &Path, mode: u32) -> (u32, u32, u32) {
        std::fs::write(path, "old").unwrap();
        if nix::unistd::geteuid().is_root() {
            chown(path, Some(61_234), Some(61_235)).unwrap();
        }
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        owner(path)
    }

    #[test]
    fn a_file_is_exchanged_as_a_whole_and_whoever_could_read_it_still_can() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.toml");
        for mode in [0o600, 0o640, 0o644] {
            let before = of_the_daemon(&path, mode);
            replace(&path, "new", None).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
            assert_eq!(owner(&path), before);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left lying about");
    }

    #[test]
    fn a_new_file_is_readable_for_whoever_reads_the_one_it_belongs_to() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("gateway.toml");
        let before = of_the_daemon(&main, 0o440);
        let learned = folder.path().join("learned.toml");
        replace(&learned, "new", Some(&main)).unwrap();
        assert_eq!(owner(&learned), before);
        let alone = folder.path().join("alone.toml");
        replace(&alone, "new", None).unwrap();
        assert_eq!(owner(&alone).2, OWNER_AND_GROUP);
        if nix::unistd::geteuid().is_root() {
            chown(folder.path(), None, Some(61_235)).unwrap();
            let first = folder.path().join("first.toml");
            replace(&first, "new", None).unwrap();
            assert_eq!(owner(&first), (owner(&alone).0, 61_235, OWNER_AND_GROUP), "for the group of its folder");
        }
    }

    #[test]
    fn a_link_stays_a_link_and_what_cannot_be_written_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("real.toml"), folder.path().join("gateway.toml"));
        std::fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        replace(&link, "new", None).unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        std::fs::write(beside(&path), "in the way").unwrap();
        assert!(replace(&path, "newer", None).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    }
}
