//! Bytes from one serial port, for as long as the daemon lives: a dongle may be pulled out and put back at any time.
//!
//! Never spins: after every loss of the port there is a pause, and an empty read is a loss. A port whose dongle is
//! gone answers reads with nothing, at once and for ever; and while that dead descriptor is open the kernel gives the
//! dongle another number when it comes back. So the port is closed first, then there is the pause, then it is opened
//! by its path again.

use crate::model::frame::{Origin, Parity, RawFrame};
use crate::model::time::Span;
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
    /// How long it may be open without a byte before that is told, as a remark.
    pub mute_after: Duration,
    /// What is said first to a receiver that must be woken.
    pub wake: Option<Wake>,
}

impl Settings {
    /// The same port with a receiver that must be woken: what is written, and how long it is deaf after that.
    pub fn waking(self, wake: Option<(Vec<u8>, Span)>) -> Settings {
        let wake = wake.map(|(bytes, deaf)| Wake { bytes, deaf_for: deaf.to_std().unwrap_or_default() });
        Settings { wake, ..self }
    }
}

/// Said before the greeting, and again as long as nothing is answered: a dongle that was just put in misses the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wake {
    /// What is written.
    pub bytes: Vec<u8>,
    /// How long the receiver is deaf after that. What comes meanwhile is heard; what was begun at its end is forgotten.
    pub deaf_for: Duration,
}

impl Settings {
    /// A port with the usual pauses.
    pub fn new(name: impl Into<String>, path: impl Into<PathBuf>, baud: u32) -> Settings {
        let (name, path, pause) = (name.into(), path.into(), Pause::default());
        Settings { name, path, baud, pause, mute_after: MUTE_AFTER, wake: None }
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
        let down = loop {
            if let Err(down) = self.greet(port, &mut stream, &mut was_heard).await? {
                break down;
            }
            match self.listen(port, &mut stream, &mut was_heard).await? {
                Some(down) => break down,
                None => port.wakes += 1,
            }
        };
        Ok((down, was_heard))
    }
}

impl Framed {
    /// Wakes the receiver where it must be woken, and greets it.
    async fn greet(
        &mut self,
        port: &mut Port,
        stream: &mut SerialStream,
        was_heard: &mut bool,
    ) -> Result<Result<(), Down>, NobodyListens> {
        let (_, mut greeting) = (self.framer)(&[]);
        if let Some(Wake { bytes, deaf_for }) = port.settings.wake.clone() {
            if let Err(down) = write(stream, &bytes).await {
                return Ok(Err(down));
            }
            let over = tokio::time::sleep(deaf_for);
            tokio::pin!(over);
            let mut buffer = [0; READ_BYTES];
            loop {
                port.moved();
                let read = tokio::select! {
                    () = &mut over => break,
                    read = read(stream, &mut buffer) => read,
                };
                match read {
                    Ok(bytes) => {
                        *was_heard = true;
                        self.hand_over(port, bytes).await?;
                    }
                    Err(down) => return Ok(Err(down)),
                }
            }
            (_, greeting) = (self.framer)(&[]);
        }
        Ok(write(stream, &greeting).await)
    }

    /// Hands over what comes until the port is gone, or until the receiver is to be woken once more.
    async fn listen(
        &mut self,
        port: &mut Port,
        stream: &mut SerialStream,
        was_heard: &mut bool,
    ) -> Result<Option<Down>, NobodyListens> {
        let mut is_awake = port.settings.wake.is_none() || port.wakes >= WAKES_MAX;
        let mut buffer = [0; READ_BYTES];
        loop {
            port.moved();
            match tokio::time::timeout(HEARTBEAT, read(stream, &mut buffer)).await {
                Err(_quiet) => {
                    port.quiet(*was_heard).await?;
                    if !is_awake {
                        return Ok(None);
                    }
                }
                Ok(Ok(bytes)) => {
                    *was_heard = true;
                    port.heard().await?;
                    let answers = self.hand_over(port, bytes).await?;
                    is_awake |= !answers.is_empty();
                    if let Err(down) = write(stream, &answers).await {
                        return Ok(Some(down));
                    }
                }
                Ok(Err(down)) => return Ok(Some(down)),
            }
        }
    }

    /// The frames that `bytes` complete go on; what is to be answered comes back.
    async fn hand_over(&mut self, port: &mut Port, bytes: &[u8]) -> Result<Vec<u8>, NobodyListens> {
        let (frames, answers) = (self.framer)(bytes);
        for frame in frames {
            port.send_frame(frame).await?;
        }
        Ok(answers)
    }
}

/// The next bytes, at least one.
async fn read<'a>(stream: &mut SerialStream, buffer: &'a mut [u8]) -> Result<&'a [u8], Down> {
    loop {
        match stream.read(buffer).await {
            Ok(0) => return Err(Down::Gone),
            Ok(count) => return Ok(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(lost(&error)),
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
    /// It opened for a moment only and gave nothing, or nobody answers on it: that it opens once more says nothing.
    is_doubted: bool,
    /// Heartbeats without a byte since it was opened.
    quiet: u32,
    /// It was told that nothing has come since it was opened.
    is_mute: bool,
    /// How often its receiver was woken since then and did not answer.
    wakes: u32,
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
        let (told, last, is_doubted, quiet, is_mute, wakes) = (None, None, false, 0, false, 0);
        Port { settings, parity, progress, out, told, last, is_doubted, quiet, is_mute, wakes }
    }

    /// Opens the port, has `talk` talk, and begins again when it is gone; ends when nobody listens any more.
    pub(super) async fn keep_open(mut self, mut talk: impl Talk) {
        let mut pause = self.settings.pause.first;
        loop {
            let (down, was_heard) = match self.open() {
                Ok(stream) => {
                    if self.opened().await.is_err() {
                        return;
                    }
                    match talk.talk(&mut self, stream).await {
                        Ok((down, was_heard)) => {
                            self.is_doubted |= !was_heard && self.quiet == 0;
                            (down, was_heard)
                        }
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

    /// An open port is up, unless it opens again and again and that is all.
    async fn opened(&mut self) -> Result<(), NobodyListens> {
        (self.quiet, self.is_mute, self.wakes) = (0, false, 0);
        if self.is_doubted { Ok(()) } else { self.tell_up().await }
    }

    /// Bytes came, or the answer that was waited for.
    pub(super) async fn heard(&mut self) -> Result<(), NobodyListens> {
        self.is_doubted = false;
        if self.told == Some(Link::Up) && !self.is_mute { Ok(()) } else { self.tell_up().await }
    }

    /// It is open for one more heartbeat, and nothing came. Sensors may be silent for days, so that is no lost link; but who
    /// looks for the reason is told.
    async fn quiet(&mut self, was_heard: bool) -> Result<(), NobodyListens> {
        self.quiet = self.quiet.saturating_add(1);
        self.is_doubted = false;
        if self.told != Some(Link::Up) {
            self.tell_up().await?;
        }
        if was_heard || self.is_mute || HEARTBEAT * self.quiet < self.settings.mute_after {
            return Ok(());
        }
        self.is_mute = true;
        let path = self.settings.path.to_string_lossy();
        let why = format!(
            "{path}: open, and nothing has come from it yet; where something should have, check its power, the wires and \
             baud = {}",
            self.settings.baud
        );
        self.tell(Link::Up, why).await
    }

    async fn tell_up(&mut self) -> Result<(), NobodyListens> {
        (self.last, self.is_mute) = (None, false);
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

    /// Nobody answers on a port that is open: until somebody does, it is as good as closed.
    pub(super) async fn tell_nobody_answers(&mut self, why: String) -> Result<(), NobodyListens> {
        self.is_doubted = true;
        let link = Link::Down(Down::Other(why.clone()));
        if self.told.as_ref() == Some(&link) { Ok(()) } else { self.tell(link, why).await }
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
/// A receiver that has not answered by then never will, or cannot; every further reset would only deafen it.
const WAKES_MAX: u32 = 5;
const READ_BYTES: usize = 1024;
const MUTE_AFTER: Duration = Duration::from_secs(60);
/// Longest time without a move of the progress counter.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(2);
const CHOOSE: &str = "choose another from the output of: ls -l /dev/serial/by-id";
const EIO: i32 = 5;
const ENXIO: i32 = 6;
const ENODEV: i32 = 19;
