//! A radio dongle on a pty, with an EnOcean button behind it.

use crate::devices::esp3::crc8;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// The dongle. The daemon opens its port by [`Radio::path`] as it would a real one.
pub struct Radio {
    ours: PtyMaster,
    /// Kept open, or the kernel would take the port away whenever the daemon closes it.
    _theirs: File,
    path: PathBuf,
}

impl Radio {
    /// Plugs it in.
    pub fn plug_in() -> std::io::Result<Radio> {
        // Closed on exec: a program started meanwhile would otherwise keep the port alive after it was pulled out.
        let ours = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let path = PathBuf::from(ptsname_r(&ours)?);
        let theirs = OpenOptions::new().read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(&path)?;
        Ok(Radio { ours, _theirs: theirs, path })
    }

    /// The port's path.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Bytes as they are: cut telegrams, noise.
    pub fn write_raw(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.ours.write_all(bytes)
    }

    /// What was written to the port and not read here yet; empty where there is nothing. Never waits.
    pub fn read_raw(&mut self) -> std::io::Result<Vec<u8>> {
        let mut bytes = [0; 4096];
        fcntl(&self.ours, FcntlArg::F_SETFL(OFlag::O_RDWR | OFlag::O_NONBLOCK))?;
        let read = self.ours.read(&mut bytes);
        fcntl(&self.ours, FcntlArg::F_SETFL(OFlag::O_RDWR))?;
        match read {
            Ok(count) => Ok(bytes.get(..count).unwrap_or_default().to_vec()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Whether the process `pid` has the port open.
    pub fn is_open_elsewhere(&self, pid: u32) -> bool {
        let Ok(open) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        open.flatten().any(|entry| std::fs::read_link(entry.path()).is_ok_and(|path| path == self.path))
    }

    /// The rocker of the button `sender` is pressed and let go.
    pub fn press(&mut self, sender: [u8; 4]) -> std::io::Result<()> {
        self.ours.write_all(&telegram(0x70, sender, 0x30))?;
        self.ours.write_all(&telegram(0x00, sender, 0x20))
    }
}

/// An RPS telegram (F6-02-01) in its ESP3 envelope: sync, header, CRC8, data, optional data, CRC8
/// (EnOcean Serial Protocol 3, packet type 1 RADIO_ERP1).
pub fn telegram(data: u8, sender: [u8; 4], status: u8) -> Vec<u8> {
    let [a, b, c, d] = sender;
    let body = [0xf6, data, a, b, c, d, status, 0x02, 0xff, 0xff, 0xff, 0xff, 0x40, 0x00];
    let header = [0x00, 0x07, 0x07, 0x01];
    let mut frame = vec![0x55];
    frame.extend(header);
    frame.push(crc8(&header));
    frame.extend(body);
    frame.push(crc8(&body));
    frame
}
