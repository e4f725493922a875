//! Bytes from one serial port, for as long as the daemon lives: a dongle may be pulled out and put back at any time.
//!
//! Never spins: after every loss of the port there is a pause, and an empty read is a loss. A port whose dongle is
//! gone answers reads with nothing, at once and for ever; and while that dead descriptor is open the kernel gives the
//! dongle another number when it comes back. So the port is closed first, then there is the pause, then it is opened
//! by its path again.

use crate::model::frame::{Origin, Parity, RawFrame};
use crate::problem::Problem;
use crate::sources::Event;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::Sender;
use tokio_serial::SerialPortBuilderExt;

pub(super) use tokio_serial::SerialStream;

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

/// Cuts bytes into frames, and says what is to be written to the port after them. An empty slice says that the line was
/// cut and is open again: what was begun is to be forgotten, and what is written is a greeting.
pub type Framer = Box<dyn FnMut(&[u8]) -> (Vec<Vec<u8>>, Vec<u8>) + Send>;

/// Reads the port for ever; ends only when nobody listens at `out` any more.
///
/// A full channel holds the reading back, and the bytes wait in the kernel. Opening flushes nothing: what a port that
/// stayed open elsewhere holds is read. A frame is answered when it has been handed over; a port that takes no bytes for
/// [`WRITTEN_WITHIN`] is as good as gone. A real port keeps no bytes while nobody has it open, so a telegram that comes
/// while the daemon is down is gone; dongles do not repeat, buttons mostly do. `progress` moves at least every two
/// seconds, so that a watchdog sees the task alive. May be dropped at any await without losing a byte that was not
/// being handed over.
pub async fn run(settings: Settings, framer: Framer, progress: Arc<AtomicU64>, out: Sender<Event>) {
    let port = Port::new(settings, Parity::None, progress, out);
    port.keep_open(Framed { framer }).await;
}

/// What is done with a port while it is open.
pub(super) trait Talk: Send {
    /// Speaks until the port is gone and closes it; says why, and whether any byte came.
    fn talk(
        &mut self,
        port: &mut Port,
        stream: SerialStream,
    ) -> impl Future<Output = Result<(Down, bool), NobodyListens>> + Send;
}

/// Frames come by themselves.
struct Framed {
    framer: Framer,
}

impl Talk for Framed {
    async fn talk(&mut self, port: &mut Port, mut stream: SerialStream) -> Result<(Down, bool), NobodyListens> {
        let mut was_heard = false;
        let (_, greeting) = (self.framer)(&[]);
        if let Err(down) = write(&mut stream, &greeting).await {
            return Ok((down, was_heard));
        }
        let mut bytes = [0; 1024];
        loop {
            port.moved();
            match tokio::time::timeout(HEARTBEAT, stream.read(&mut bytes)).await {
                Err(_quiet) => {}
                Ok(Ok(0)) => return Ok((Down::Gone, was_heard)),
                Ok(Ok(count)) => {
                    was_heard = true;
                    let (frames, answers) = (self.framer)(&bytes[..count]);
                    for frame in frames {
                        port.send_frame(frame).await?;
                    }
                    if let Err(down) = write(&mut stream, &answers).await {
                        return Ok((down, was_heard));
                    }
                }
                Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Ok((lost(&error), was_heard)),
            }
        }
    }
}
/// A port that is opened again and again.
pub(super) struct Port {
    pub(super) settings: Settings,
    parity: Parity,
    progress: Arc<AtomicU64>,
    out: Sender<Event>,
    /// What was told last.
    told: Option<Link>,
    /// How the last try ended.
    last: Option<Down>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Link {
    Up,
    Down(Down),
}

/// Why no bytes can come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Down {
    Gone,
    NoSuchPort,
    Denied,
    Busy,
    Other(String),
}

pub(super) struct NobodyListens;

impl Port {
    pub(super) fn new(settings: Settings, parity: Parity, progress: Arc<AtomicU64>, out: Sender<Event>) -> Port {
        Port { settings, parity, progress, out, told: None, last: None }
    }

    /// Opens the port, has `talk` talk, and begins again when it is gone; ends when nobody listens any more.
    pub(super) async fn keep_open(mut self, mut talk: impl Talk) {
        let mut pause = self.settings.pause.first;
        loop {
            let (down, was_heard) = match self.open() {
                Ok(stream) => {
                    if self.tell_up().await.is_err() {
                        return;
                    }
                    match talk.talk(&mut self, stream).await {
                        Ok(lost) => lost,
                        Err(NobodyListens) => return,
                    }
                }
                Err(down) => (down, false),
            };
            if self.tell_down(down).await.is_err() {
                return;
            }
            pause = if was_heard { self.settings.pause.first } else { pause };
            self.rest(pause).await;
            pause = (pause * 2).min(self.settings.pause.longest);
        }
    }

    fn open(&self) -> Result<SerialStream, Down> {
        self.moved();
        let path = self.settings.path.to_string_lossy();
        let parity = match self.parity {
            Parity::None => tokio_serial::Parity::None,
            Parity::Even => tokio_serial::Parity::Even,
            Parity::Odd => tokio_serial::Parity::Odd,
        };
        let stream = tokio_serial::new(path.as_ref(), self.settings.baud).parity(parity).open_native_async();
        stream.map_err(|error| match error.kind {
            // What the crate calls "no device" is a port that another program holds.
            tokio_serial::ErrorKind::NoDevice => Down::Busy,
            tokio_serial::ErrorKind::Io(ErrorKind::NotFound) => Down::NoSuchPort,
            tokio_serial::ErrorKind::Io(ErrorKind::PermissionDenied) => Down::Denied,
            tokio_serial::ErrorKind::Io(_)
            | tokio_serial::ErrorKind::InvalidInput
            | tokio_serial::ErrorKind::Unknown => Down::Other(error.description),
        })
    }

    async fn tell_up(&mut self) -> Result<(), NobodyListens> {
        self.last = None;
        self.tell(Link::Up, String::new()).await
    }

    /// Tells a loss once. Another reason is told when it has held for two tries: while a dongle is being put back, its
    /// port is missing, then forbidden, then there, and none of that is news.
    async fn tell_down(&mut self, down: Down) -> Result<(), NobodyListens> {
        let holds = self.last.replace(down.clone()).as_ref() == Some(&down);
        let is_news = match &self.told {
            None | Some(Link::Up) => true,
            Some(Link::Down(Down::Gone)) if down == Down::NoSuchPort => false,
            Some(Link::Down(told)) => *told != down && holds,
        };
        let why = self.sentence(&down);
        if is_news { self.tell(Link::Down(down), why).await } else { Ok(()) }
    }

    /// Whether anybody answers on a port that is open.
    pub(super) async fn tell_answers(&mut self, up: bool, why: String) -> Result<(), NobodyListens> {
        self.tell(if up { Link::Up } else { Link::Down(Down::Other(why.clone())) }, why).await
    }

    async fn tell(&mut self, link: Link, why: String) -> Result<(), NobodyListens> {
        let up = link == Link::Up;
        self.told = Some(link);
        self.send(Event::Link { source: self.settings.name.clone(), up, why }).await
    }

    /// What is wrong and what a technician can do about it.
    fn sentence(&self, down: &Down) -> String {
        let problem = |what: &str| Problem::of(self.settings.path.to_string_lossy(), what);
        match down {
            Down::Gone => problem("the dongle is gone").with_deed("put it back; it is looked for every few seconds"),
            Down::NoSuchPort => problem("no such port").with_deed(format!("plug the dongle in, or {CHOOSE}")),
            Down::Denied => problem("permission denied").with_deed("add user carecircle to group dialout"),
            Down::Busy => problem("another program holds the port").with_deed("stop it; ModemManager is a usual one"),
            Down::Other(why) => {
                problem(&format!("cannot be used as a serial port ({})", why.to_lowercase())).with_deed(CHOOSE)
            }
        }
        .to_string()
    }

    pub(super) async fn send_frame(&mut self, bytes: Vec<u8>) -> Result<(), NobodyListens> {
        let from = Origin::Serial { port: self.settings.name.clone() };
        self.send(Event::Frame(RawFrame { from, bytes, retained: false })).await
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

    pub(super) async fn rest(&mut self, pause: Duration) {
        let mut left = pause;
        while !left.is_zero() && !self.out.is_closed() {
            let part = left.min(HEARTBEAT);
            tokio::time::sleep(part).await;
            left -= part;
            self.moved();
        }
    }

    pub(super) fn moved(&self) {
        self.progress.fetch_add(1, Ordering::Relaxed);
    }
}

async fn write(stream: &mut SerialStream, bytes: &[u8]) -> Result<(), Down> {
    if bytes.is_empty() {
        return Ok(());
    }
    match tokio::time::timeout(WRITTEN_WITHIN, stream.write_all(bytes)).await {
        Ok(written) => written.map_err(|error| lost(&error)),
        Err(_late) => Err(Down::Other("it takes no bytes".to_owned())),
    }
}

pub(super) fn lost(error: &std::io::Error) -> Down {
    match error.raw_os_error() {
        Some(EIO | ENXIO | ENODEV) => Down::Gone,
        _ => Down::Other(error.to_string()),
    }
}

/// A few bytes are written in milliseconds; a port held by flow control or a hung driver never takes them.
const WRITTEN_WITHIN: Duration = Duration::from_secs(1);
/// Longest time without a move of the progress counter.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(2);
const CHOOSE: &str = "choose another from the output of: ls -l /dev/serial/by-id";
const EIO: i32 = 5;
const ENXIO: i32 = 6;
const ENODEV: i32 = 19;
