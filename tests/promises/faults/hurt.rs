//! The driver's side of `tests/power/hurt.c`: a library loaded before libc that counts a program's writes and hurts it at one.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A disk that can be told to fail.
pub struct Hurt {
    folder: PathBuf,
    /// Removed with the value.
    _kept: Option<tempfile::TempDir>,
    control: File,
    /// What the paths of the files hold that are meant.
    pub matching: &'static str,
}

/// Input/output error; no space left on device.
pub const ERRORS: [(&str, u32); 2] = [("EIO", 5), ("ENOSPC", 28)];

/// Places of the numbers in the control file, as in `struct control`.
const CALLS: u64 = 0;
const KILL_AT: u64 = 4;
const FAIL_AT: u64 = 8;
const FAIL_COUNT: u64 = 12;
const ERROR: u64 = 16;
const KEEPS: u64 = 20;
const FAILED: u64 = 24;
const CONTROL_BYTES: u64 = 28;

impl Hurt {
    /// Of the files whose paths hold `matching`; does nothing yet.
    pub fn of(matching: &'static str) -> Hurt {
        let kept = tempfile::tempdir().unwrap();
        File::create(kept.path().join("control")).unwrap().set_len(CONTROL_BYTES).unwrap();
        let hurt = Hurt::at(kept.path());
        Hurt { matching, _kept: Some(kept), ..hurt }
    }

    /// The one whose folder this is, from another program.
    pub fn at(folder: &Path) -> Hurt {
        let control = File::options().read(true).write(true).open(folder.join("control")).unwrap();
        Hurt { folder: folder.to_owned(), _kept: None, control, matching: "" }
    }

    /// Where its files lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The library works in whatever `command` starts; with its log, if one is wanted.
    pub fn load_into(&self, command: &mut Command, with_log: bool) {
        command.env("LD_PRELOAD", library()).env("HURT_MATCH", self.matching);
        command.env("HURT_CONTROL", self.folder.join("control"));
        if with_log {
            command.env("HURT_LOG", self.log());
        }
    }

    /// Where the writes are written down.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// How many writes there were so far, over all programs.
    pub fn calls(&self) -> u32 {
        self.get(CALLS)
    }

    /// The program dies before its n-th write from now, n ≥ 1.
    pub fn kill_at(&self, nth: u32) {
        self.set(KILL_AT, self.calls() + nth);
    }

    /// `count` writes from the n-th on are refused with `error`; with `keeps` the disk does them all the same.
    pub fn fail_at(&self, nth: u32, count: u32, error: u32, keeps: bool) {
        self.set(FAIL_AT, 0);
        self.set(FAILED, 0);
        self.set(FAIL_COUNT, count);
        self.set(ERROR, error);
        self.set(KEEPS, keeps.into());
        self.set(FAIL_AT, self.calls() + nth);
    }

    /// How many were refused since then.
    pub fn failed(&self) -> u32 {
        self.get(FAILED)
    }

    /// Nothing more is hurt.
    pub fn be_still(&self) {
        self.set(KILL_AT, 0);
        self.set(FAIL_AT, 0);
    }

    fn get(&self, place: u64) -> u32 {
        let mut bytes = [0; 4];
        self.control.read_exact_at(&mut bytes, place).unwrap();
        u32::from_ne_bytes(bytes)
    }

    fn set(&self, place: u64, number: u32) {
        self.control.write_all_at(&number.to_ne_bytes(), place).unwrap();
    }
}

/// The library, built once in a run of the tests.
fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hurt-{}.so", std::process::id()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power/hurt.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(&library).arg(source);
        let built =
            compiler.args(["-ldl", "-lpthread"]).status().expect("cc is installed (apt-get install build-essential)");
        assert!(built.success(), "tests/power/hurt.c does not compile");
        library
    })
}
