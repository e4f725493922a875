//! The modem on its port: woken, unlocked and asked how it is, for as long as the channel lives; it may be pulled out at any
//! time. The only file of the channel that knows the serial port.
//!
//! One command is under way at a time. What it says unasked is heard between any two lines. Nothing is decided here.

mod state;
mod talk;

use super::address::Address;
use super::at::{Ear, Lines};
use super::faults::Fault;
use super::pdu::{Body, Deliver, Report, Submit, Validity};
use crate::clock;
use crate::model::time::Span;
use crate::problem::Problem;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::{mpsc, oneshot};
use tokio_serial::{SerialPortBuilderExt, SerialStream};

/// Where it is and how long it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The port by its path.
    pub port: String,
    /// Bits per second.
    pub baud: u32,
    /// The PIN of the SIM, if it wants one.
    pub pin: Option<String>,
    /// How long for what.
    pub patience: Patience,
}

/// How long for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// An answer of the modem itself.
    pub answer: Duration,
    /// An answer that needs the network.
    pub network: Duration,
    /// Between two looks for messages.
    pub poll: Span,
    /// Between two looks at SIM, network and signal, while all is well.
    pub look: Span,
    /// Before a port that was lost is opened again; doubled up to thirty times as long.
    pub rest: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            answer: Duration::from_secs(5),
            // Makers name up to two minutes for a message.
            network: Duration::from_secs(120),
            poll: Span::seconds(10),
            look: Span::seconds(60),
            rest: Duration::from_secs(1),
        }
    }
}

/// What comes of the modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Messages can be sent.
    Up,
    /// They cannot; words for a person.
    Down(String),
    /// Somebody wrote.
    Came(Deliver),
    /// What became of a message.
    Report(Report),
    /// Something came that cannot be read.
    Unreadable(String),
}

/// What is asked of the modem.
#[derive(Debug)]
pub enum Request {
    /// Send these parts of a message; the numbers that the network gave them come back.
    Send {
        /// To whom.
        to: Address,
        /// The parts.
        bodies: Vec<Body>,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<Vec<u8>, NotSent>>,
    },
    /// Say how it is: words in either case.
    State {
        /// Where the answer goes.
        answer: oneshot::Sender<Result<String, String>>,
    },
}

/// What waits for the modem: calls before everything else.
#[derive(Debug)]
pub struct Waiting {
    /// What has to do with a call.
    pub calls: mpsc::Receiver<Request>,
    /// Everything else.
    pub others: mpsc::Receiver<Request>,
}

impl Waiting {
    /// The next one; nothing when nobody can ask any more.
    async fn next(&mut self) -> Option<Request> {
        tokio::select! {
            biased;
            Some(call) = self.calls.recv() => Some(call),
            other = self.others.recv() => other,
        }
    }
}

/// Why a message was not sent. It may be on its way all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSent {
    /// Words for a person.
    pub why: String,
    /// Whether no later try can help.
    pub is_final: bool,
}

/// An alert that comes later than this only frightens.
const VALID_MINUTES: u32 = 60;

/// Told at least every second that the modem's task moves.
pub type Moved = Arc<dyn Fn() + Send + Sync>;

/// Runs until nobody asks any more.
pub async fn run(settings: Settings, mut waiting: Waiting, events: mpsc::Sender<Event>, moved: Moved) {
    let mut told = Told { events, last: None };
    let mut pin = Pin { text: settings.pin.clone(), is_refused: false };
    let mut rest = settings.patience.rest;
    loop {
        let why = match open(&settings) {
            Ok(stream) => {
                let mut modem = Modem::new(stream, &settings, &mut pin, &mut told, &moved);
                match modem.serve(&mut waiting).await {
                    Ok(()) => return,
                    Err(Lost { why, has_answered }) => {
                        rest = if has_answered { settings.patience.rest } else { rest };
                        why
                    }
                }
            }
            Err(why) => why,
        };
        told.tell(Event::Down(why.clone())).await;
        if pause(rest, &mut waiting, &why, &moved).await.is_err() {
            return;
        }
        rest = (rest * 2).min(settings.patience.rest * 30);
    }
}

/// Who waits meanwhile is told at once.
async fn pause(rest: Duration, waiting: &mut Waiting, why: &str, moved: &Moved) -> Result<(), ()> {
    let over = tokio::time::sleep(rest);
    tokio::pin!(over);
    loop {
        moved();
        tokio::select! {
            () = &mut over => return Ok(()),
            () = tokio::time::sleep(MOVES_EVERY) => {}
            request = waiting.next() => match request {
                // Whoever asked may have gone.
                Some(Request::Send { answer, .. }) => {
                    drop(answer.send(Err(NotSent { why: why.to_owned(), is_final: false })));
                }
                Some(Request::State { answer }) => drop(answer.send(Err(why.to_owned()))),
                None => return Err(()),
            },
        }
    }
}

fn open(settings: &Settings) -> Result<SerialStream, String> {
    let stream = tokio_serial::new(&settings.port, settings.baud).open_native_async();
    stream.map_err(|error| {
        let problem = |what: &str, deed: &str| Problem::of(&settings.port, what).with_deed(deed).to_string();
        match error.kind {
            // What the crate calls "no device" is a port that another program holds.
            tokio_serial::ErrorKind::NoDevice => problem("another program holds the modem", MODEM_MANAGER),
            tokio_serial::ErrorKind::Io(ErrorKind::NotFound) => {
                problem("there is no modem", "plug it in, or take its name from: ls /dev/serial/by-id")
            }
            tokio_serial::ErrorKind::Io(ErrorKind::PermissionDenied) => {
                problem("permission denied", "add user carecircle to group dialout")
            }
            tokio_serial::ErrorKind::Io(_)
            | tokio_serial::ErrorKind::InvalidInput
            | tokio_serial::ErrorKind::Unknown => problem(&error.description.to_lowercase(), "is this a modem?"),
        }
    })
}

const MODEM_MANAGER: &str =
    "ModemManager is a usual one: a udev rule with ENV{ID_MM_DEVICE_IGNORE}=\"1\" keeps it away";

/// Tells how it stands when that changes.
struct Told {
    events: mpsc::Sender<Event>,
    last: Option<Event>,
}

impl Told {
    async fn tell(&mut self, event: Event) {
        if matches!(event, Event::Up | Event::Down(_)) {
            if self.last.as_ref() == Some(&event) {
                return;
            }
            self.last = Some(event.clone());
        }
        // The listener ends only when the channel does.
        drop(self.events.send(event).await);
    }
}

/// A wrong PIN is tried once: the third one locks the SIM.
struct Pin {
    text: Option<String>,
    is_refused: bool,
}

/// The port is of no use any more.
struct Lost {
    why: String,
    has_answered: bool,
}

/// Why a command came to nothing.
#[derive(Debug)]
enum Trouble {
    /// Read or write failed.
    Gone,
    /// No answer in time.
    Silent,
    /// The modem or the network refused.
    Refused(Fault),
}

struct Modem<'m> {
    stream: SerialStream,
    settings: &'m Settings,
    pin: &'m mut Pin,
    told: &'m mut Told,
    moves: &'m Moved,
    lines: Lines,
    ear: Ear,
    has_answered: bool,
    /// Why messages cannot be sent, or the words for how well they can.
    state: Result<String, String>,
    /// Why the network refused the last message, until it takes one: a SIM runs dry without a word.
    refused: Option<String>,
    look_at: Span,
    poll_at: Span,
}

impl<'m> Modem<'m> {
    fn new(
        stream: SerialStream,
        settings: &'m Settings,
        pin: &'m mut Pin,
        told: &'m mut Told,
        moves: &'m Moved,
    ) -> Modem<'m> {
        let (lines, ear, state) = (Lines::default(), Ear::default(), Err("the modem was just opened".to_owned()));
        let (has_answered, refused, look_at, poll_at) = (false, None, Span::zero(), Span::zero());
        Modem { stream, settings, pin, told, moves, lines, ear, has_answered, state, refused, look_at, poll_at }
    }

    /// Serves until nobody asks any more, or the port is lost.
    async fn serve(&mut self, waiting: &mut Waiting) -> Result<(), Lost> {
        if let Err(trouble) = self.wake().await {
            return Err(self.lost(&trouble));
        }
        let mut buffer = [0; 512];
        loop {
            self.moved();
            let now = clock::since_boot();
            let work = if self.look_at <= now {
                self.look().await
            } else if self.poll_at <= now && self.state.is_ok() {
                self.poll().await
            } else {
                let until = self.look_at.min(self.poll_at) - now;
                let wait = until.to_std().unwrap_or_default().min(MOVES_EVERY).max(Duration::from_millis(1));
                tokio::select! {
                    request = waiting.next() => match request {
                        Some(request) => self.serve_one(request).await,
                        None => return Ok(()),
                    },
                    read = self.stream.read(&mut buffer) => match read {
                        Ok(count) if count > 0 => {
                            self.overhear(buffer.get(..count).unwrap_or_default()).await;
                            Ok(())
                        }
                        Ok(_) | Err(_) => Err(Trouble::Gone),
                    },
                    () = tokio::time::sleep(wait) => Ok(()),
                }
            };
            work.map_err(|trouble| self.lost(&trouble))?;
        }
    }

    fn lost(&self, trouble: &Trouble) -> Lost {
        let problem = |what: &str, deed: &str| Problem::of(&self.settings.port, what).with_deed(deed).to_string();
        let why = match trouble {
            Trouble::Gone => problem("the modem is gone", "put it back; it is looked for every few seconds"),
            Trouble::Silent => problem(
                "the modem does not answer",
                "is this its port for commands? Many have several: try the next of ls /dev/serial/by-id",
            ),
            Trouble::Refused(fault) => {
                problem(&format!("the modem refuses to work: {fault}"), "pull it out and put it back")
            }
        };
        Lost { why, has_answered: self.has_answered }
    }

    async fn serve_one(&mut self, request: Request) -> Result<(), Trouble> {
        match request {
            Request::State { answer } => {
                if let Err(trouble) = self.look().await {
                    drop(answer.send(Err(self.lost(&trouble).why)));
                    return Err(trouble);
                }
                let state = self.refused.clone().map_or_else(|| self.state.clone(), Err);
                drop(answer.send(state));
            }
            // Whoever asked has been closed: nobody would know that it was sent.
            Request::Send { answer, .. } if answer.is_closed() => {}
            Request::Send { to, bodies, answer } => {
                if self.state.is_err()
                    && let Err(trouble) = self.look().await
                {
                    drop(answer.send(Err(NotSent { why: self.lost(&trouble).why, is_final: false })));
                    return Err(trouble);
                }
                if let Err(why) = &self.state {
                    drop(answer.send(Err(NotSent { why: why.clone(), is_final: false })));
                    return Ok(());
                }
                let (sent, trouble) = self.send(&to, bodies).await;
                drop(answer.send(sent));
                trouble?;
            }
        }
        Ok(())
    }

    /// All parts, one after the other.
    async fn send(&mut self, to: &Address, bodies: Vec<Body>) -> (Result<Vec<u8>, NotSent>, Result<(), Trouble>) {
        let mut references = Vec::new();
        for body in bodies {
            let validity = Validity::minutes(VALID_MINUTES);
            let submit = Submit { reference: 0, to: to.clone(), validity, wants_report: true, body };
            let trouble = match self.submit(&submit).await {
                Ok(reference) => {
                    references.extend(reference);
                    continue;
                }
                Err(trouble) => trouble,
            };
            let port = &self.settings.port;
            let (why, is_final) = match &trouble {
                Trouble::Gone => (format!("{port}: the modem was pulled out while it was sending"), false),
                Trouble::Silent => (format!("{port}: the modem took the message and said nothing more"), false),
                Trouble::Refused(fault) => (format!("to {}: {fault}", to.masked()), fault.is_final()),
            };
            // A number that is wrong, or a phone that is off, says nothing about the way.
            if !is_final && !matches!(trouble, Trouble::Refused(Fault::Message(27))) {
                self.refused = Some(why.clone());
                self.told.tell(Event::Down(why.clone())).await;
            }
            let trouble = if let Trouble::Refused(_) = trouble { Ok(()) } else { Err(trouble) };
            return (Err(NotSent { why, is_final }), trouble);
        }
        if self.refused.take().is_some() {
            self.told.tell(Event::Up).await;
        }
        (Ok(references), Ok(()))
    }
}

const MOVES_EVERY: Duration = Duration::from_secs(1);
