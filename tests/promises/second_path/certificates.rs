//! An authority and what it signs, made by openssl: good ones and every wrong kind.
#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use std::path::{Path, PathBuf};
use std::process::Command;

/// An authority with its folder.
pub struct Authority {
    pub folder: tempfile::TempDir,
}

/// When a certificate is good.
#[derive(Debug, Clone, Copy)]
pub enum When {
    Now,
    Before,
    Later,
}

const REQUEST: [&str; 6] = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

impl Authority {
    pub fn new() -> Authority {
        let folder = tempfile::tempdir().unwrap();
        let own = ["-x509", "-days", "99", "-subj", "/CN=circle", "-keyout", "ca.key", "-out", "ca.pem"];
        run(Command::new("openssl").args(REQUEST).args(own), folder.path());
        Authority { folder }
    }

    /// One that is there already: whatever it would never sign, signed by it.
    pub fn of(there: &Path) -> Authority {
        let folder = tempfile::tempdir().unwrap();
        for file in ["ca.pem", "ca.key"] {
            std::fs::copy(there.join(file), folder.path().join(file)).unwrap();
        }
        Authority { folder }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn ca(&self) -> PathBuf {
        self.file("ca.pem")
    }

    /// Certificate and key of a home in one file.
    pub fn home(&self, id: &str, when: When) -> PathBuf {
        self.sign(&format!("home-{id}-{when:?}"), id, "extendedKeyUsage=clientAuth", when)
    }

    /// Certificate and key of a server in one file.
    pub fn server(&self, name: &str, when: When) -> PathBuf {
        self.sign(&format!("server-{name}-{when:?}"), "station", &format!("subjectAltName=DNS:{name}"), when)
    }

    fn sign(&self, file: &str, common_name: &str, extension: &str, when: When) -> PathBuf {
        let at = self.folder.path();
        let named = |ending: &str| format!("{file}.{ending}");
        let (key, csr, crt) = (named("key"), named("csr"), named("crt"));
        let subject = format!("/CN={common_name}");
        run(Command::new("openssl").args(REQUEST).args(["-subj", &subject, "-keyout", &key, "-out", &csr]), at);
        std::fs::write(at.join(named("ext")), extension).unwrap();
        let mut command = match when {
            When::Later => Command::new("faketime"),
            When::Now | When::Before => Command::new("openssl"),
        };
        if matches!(when, When::Later) {
            // The authority need not be good then: only what it signs is looked at.
            command.args(["-f", "+400d", "openssl"]);
        }
        let days = if matches!(when, When::Before) { "-1" } else { "99" };
        let sign = ["x509", "-req", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", days];
        run(command.args(sign).args(["-extfile", &named("ext"), "-in", &csr, "-out", &crt]), at);
        let both = [crt, key].map(|part| std::fs::read(at.join(part)).unwrap()).concat();
        let path = at.join(named("pem"));
        std::fs::write(&path, both).unwrap();
        path
    }
}

fn run(command: &mut Command, folder: &Path) {
    let output = command.current_dir(folder).output().expect("openssl and faketime are installed");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
