//! A terminal of a size, with the binary on it and a person at its keys.

use super::super::support::{carecircle, wait_until};
use super::super::world::PATIENCE;
use nix::fcntl::OFlag;
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread;

/// The binary on a terminal of its own.
pub struct Terminal {
    child: Child,
    keys: File,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// With this size, and these arguments.
    pub fn open(columns: u16, rows: u16, arguments: &[&str]) -> Terminal {
        let ours = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let size = rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let path = ptsname_r(&ours).unwrap();
        let theirs = OpenOptions::new().read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(path).unwrap();
        rustix::termios::tcsetwinsize(&theirs, size).unwrap();
        let child = carecircle(arguments)
            .env("TERM", "xterm")
            .stdin(theirs.try_clone().unwrap())
            .stdout(theirs.try_clone().unwrap())
            .stderr(theirs)
            .spawn()
            .unwrap();
        let shown = Arc::<Mutex<Vec<u8>>>::default();
        let kept = shown.clone();
        let keys = File::from(ours.as_fd().try_clone_to_owned().unwrap());
        // Ends with the last writer on the other side.
        thread::spawn(move || copy(ours, &kept));
        Terminal { child, keys, shown }
    }

    /// All that it wrote so far.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// Until these words are shown.
    #[track_caller]
    pub fn wait_for(&self, words: &str) {
        wait_until(&format!("the terminal shows {words:?}"), PATIENCE, || self.shown().contains(words));
    }

    /// What a person types, with Enter.
    pub fn types(&mut self, line: &str) {
        writeln!(self.keys, "{line}").unwrap();
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Its exit code, when all it wrote has been read.
    pub fn wait(&mut self) -> i32 {
        let mut status = None;
        wait_until("it ends", PATIENCE, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        wait_until("all is read", PATIENCE, || Arc::strong_count(&self.shown) == 1);
        status.and_then(|status| status.code()).unwrap_or(-1)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn copy(mut from: PtyMaster, to: &Mutex<Vec<u8>>) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        to.lock().unwrap().extend_from_slice(&bytes[..count]);
    }
}
