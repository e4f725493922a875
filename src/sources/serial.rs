//! Bytes from one serial port, for as long as the daemon lives: a dongle may be pulled out and put back at any time.
//!
//! Never spins: after every loss of the port there is a pause, and an empty read is a loss. A port whose dongle is
//! gone answers reads with nothing, at once and for ever; and while that dead descriptor is open the kernel gives the
//! dongle another number when it comes back. So the port is closed first, then there is the pause, then it is opened
//! by its path again.

use crate::model::frame::{Origin, RawFrame};
use crate::problem::Problem;
use crate::sources::Event;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc::Sender;
use tokio_serial::{SerialPortBuilderExt, SerialStream};

/// One port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its name in the config; frames and link events carry it.
    pub name: String,
    /// `/dev/serial/by-id/…`, which stays the same when the dongle is put back.
    pub path: PathBuf,
    /// Bits per second.
    pub baud: u32,
    /// The pause before the port is opened again.
    pub pause: Pause,
}

impl Settings {
    /// A port with the usual pauses.
    pub fn new(name: impl Into<String>, path: impl Into<PathBuf>, baud: u32) -> Settings {
        Settings { name: name.into(), path: path.into(), baud, pause: Pause::default() }
    }
}

/// Pauses double from the first to the longest for as long as the port gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// After the first loss.
    pub first: Duration,
    /// Never longer than this.
    pub longest: Duration,
}

impl Default for Pause {
    fn default() -> Self {
        // 250 ms: shorter, and udev has not made the link by id anew. 5 s: the link is told to be up within 10 s.
        Pause { first: Duration::from_millis(250), longest: Duration::from_secs(5) }
    }
}

/// Cuts bytes into frames; an empty slice says that the line was cut and what was begun is to be forgotten.
pub type Framer = Box<dyn FnMut(&[u8]) -> Vec<Vec<u8>> + Send>;

/// Reads the port for ever; ends only when nobody listens at `out` any more.
///
/// A full channel holds the reading back, and the bytes wait in the kernel. `progress` moves at least every two
/// seconds, so that a watchdog sees the task alive. May be dropped at any await without losing a byte that was not
/// being handed over.
pub async fn run(settings: Settings, framer: Framer, progress: Arc<AtomicU64>, out: Sender<Event>) {
    let mut port = Port { settings, framer, progress, out, told: None };
    let mut pause = port.settings.pause.first;
    loop {
        let lost = match port.open() {
            Ok(stream) => {
                (port.framer)(&[]);
                if port.tell(None).await.is_err() {
                    return;
                }
                match port.read(stream).await {
                    Ok(lost) => lost,
                    Err(NobodyListens) => return,
                }
            }
            Err(why) => Lost { why, was_heard: false },
        };
        if port.tell(Some(lost.why)).await.is_err() {
            return;
        }
        pause = if lost.was_heard { port.settings.pause.first } else { pause };
        port.rest(pause).await;
        pause = (pause * 2).min(port.settings.pause.longest);
    }
}

struct Port {
    settings: Settings,
    framer: Framer,
    progress: Arc<AtomicU64>,
    out: Sender<Event>,
    /// The newest link event: `Some(None)` is up, `Some(Some(why))` down.
    told: Option<Option<String>>,
}

/// How a spell of reading ended.
struct Lost {
    why: String,
    /// Whether any byte came.
    was_heard: bool,
}

struct NobodyListens;

impl Port {
    fn open(&self) -> Result<SerialStream, String> {
        self.moved();
        let path = self.settings.path.to_string_lossy();
        tokio_serial::new(path.as_ref(), self.settings.baud)
            .open_native_async()
            .map_err(|error| self.why(&error.into()))
    }

    /// Reads until the port is gone; closes it before it returns.
    async fn read(&mut self, mut stream: SerialStream) -> Result<Lost, NobodyListens> {
        let mut was_heard = false;
        let mut bytes = [0; 1024];
        let why = loop {
            self.moved();
            match tokio::time::timeout(HEARTBEAT, stream.read(&mut bytes)).await {
                Err(_quiet) => {}
                Ok(Ok(0)) => break self.gone(),
                Ok(Ok(count)) => {
                    was_heard = true;
                    for frame in (self.framer)(&bytes[..count]) {
                        let from = Origin::Serial { port: self.settings.name.clone() };
                        self.send(Event::Frame(RawFrame { from, bytes: frame, retained: false })).await?;
                    }
                }
                Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Ok(Err(error)) if error.raw_os_error() == Some(EIO) => break self.gone(),
                Ok(Err(error)) => break self.why(&error),
            }
        };
        drop(stream);
        Ok(Lost { why, was_heard })
    }

    fn gone(&self) -> String {
        self.problem("the dongle is gone").with_deed("put it back; it is looked for every few seconds").to_string()
    }

    /// What a technician can do about `error`.
    fn why(&self, error: &Error) -> String {
        let is = |kinds: &[ErrorKind]| kinds.contains(&error.kind());
        let problem = if is(&[ErrorKind::NotFound]) {
            self.problem("no such port")
                .with_deed("plug the dongle in, or choose from the output of: ls /dev/serial/by-id")
        } else if is(&[ErrorKind::PermissionDenied]) {
            self.problem("permission denied").with_deed("add user carecircle to group dialout")
        } else if is(&[ErrorKind::ResourceBusy, ErrorKind::WouldBlock]) {
            self.problem("another program has the port").with_deed("stop it; ModemManager is a usual one")
        } else if error.raw_os_error() == Some(ENOTTY) {
            self.problem("this is no serial port").with_deed("choose from the output of: ls /dev/serial/by-id")
        } else {
            self.problem(&format!("the port cannot be read: {error}"))
        };
        problem.to_string()
    }

    fn problem(&self, what: &str) -> Problem {
        Problem::of(self.settings.path.to_string_lossy(), what)
    }

    /// Tells how the link is, once per change.
    async fn tell(&mut self, down: Option<String>) -> Result<(), NobodyListens> {
        if self.told.as_ref() == Some(&down) {
            return Ok(());
        }
        // A port that was up and is gone says so; that it is then not found either is no news.
        let (up, why) = (down.is_none(), down.clone().unwrap_or_default());
        self.send(Event::Link { source: self.settings.name.clone(), up, why }).await?;
        self.told = Some(down);
        Ok(())
    }

    async fn send(&mut self, event: Event) -> Result<(), NobodyListens> {
        loop {
            match tokio::time::timeout(HEARTBEAT, self.out.reserve()).await {
                Ok(Ok(place)) => {
                    place.send(event);
                    return Ok(());
                }
                Ok(Err(_closed)) => return Err(NobodyListens),
                Err(_full) => self.moved(),
            }
        }
    }

    async fn rest(&mut self, pause: Duration) {
        let mut left = pause;
        while !left.is_zero() && !self.out.is_closed() {
            let part = left.min(HEARTBEAT);
            tokio::time::sleep(part).await;
            left -= part;
            self.moved();
        }
    }

    fn moved(&self) {
        self.progress.fetch_add(1, Ordering::Relaxed);
    }
}

/// Longest time without a move of the progress counter.
const HEARTBEAT: Duration = Duration::from_secs(2);
const EIO: i32 = 5;
const ENOTTY: i32 = 25;
