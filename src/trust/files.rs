//! Writes files whole or not at all, for one reader: keys and lists that a cut of power must not tear.

use crate::problem::Problem;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Nobody but the owner reads it.
pub const PRIVATE: u32 = 0o600;
/// Anybody may: it is shown to everybody who connects.
pub const PUBLIC: u32 = 0o644;

/// Puts `bytes` at `path` in the place of what is there.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Problem> {
    let new = beside(path, ".new");
    written(path, &new, bytes, mode).map_err(|error| Problem::of_state(path, &error))
}

/// Makes a folder that only its owner enters, unless it is there.
pub fn folder(path: &Path) -> Result<(), Problem> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).and_then(|()| {
        let parent = path.parent().unwrap_or(Path::new("/"));
        as_folder_owner(parent, path)
    });
    made.map_err(|error| Problem::of_state(path, &error))
}

/// What is at `path`, if anything.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, Problem> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::of_state(path, &error)),
    }
}

/// Waits until nobody else holds it, then holds it until the file is dropped.
pub fn lock(path: &Path) -> Result<File, Problem> {
    let wrong = |error: io::Error| Problem::of_state(path, &error);
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(PRIVATE).open(path).map_err(wrong)?;
    as_folder_owner(path.parent().unwrap_or(Path::new(".")), path).map_err(wrong)?;
    file.lock().map_err(wrong)?;
    Ok(file)
}

fn written(path: &Path, new: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // What a broken try left may have another mode.
    std::fs::remove_file(new)
        .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(new)?;
    as_folder_owner(folder, new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(new, path)?;
    File::open(folder)?.sync_all()
}

/// Whoever runs a command as root must not leave files that the daemon cannot read: they belong to whom the folder belongs.
fn as_folder_owner(folder: &Path, path: &Path) -> io::Result<()> {
    let (folder, file) = (std::fs::metadata(folder)?, std::fs::metadata(path)?);
    if (folder.uid(), folder.gid()) == (file.uid(), file.gid()) || !nix::unistd::geteuid().is_root() {
        return Ok(());
    }
    std::os::unix::fs::chown(path, Some(folder.uid()), Some(folder.gid()))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
