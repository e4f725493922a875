//! The modem on its port: woken, unlocked and asked how it is, for as long as the channel lives; it may be pulled out at any
//! time. The only file of the channel that knows the serial port.
//!
//! One command is under way at a time. What it says unasked is heard between any two lines. Nothing is decided here.

use super::address::Address;
use super::at::{self, Ear, Heard, How, Lines, Lock};
use super::faults::{Fault, Registration};
use super::pdu::{Body, Deliver, Message, Report, Submit, Validity, digits};
use crate::clock;
use crate::model::time::Span;
use crate::problem::Problem;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio_serial::{SerialPortBuilderExt, SerialStream};

/// Where it is and how long it may take.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone, Copy)]
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

/// Runs until nobody asks any more. `alive` moves at least every second.
pub async fn run(settings: Settings, mut waiting: Waiting, events: mpsc::Sender<Event>, alive: Arc<AtomicU64>) {
    let mut told = Told { events, last: None };
    let mut pin = Pin { text: settings.pin.clone(), is_refused: false };
    let mut rest = settings.patience.rest;
    loop {
        let why = match open(&settings) {
            Ok(stream) => {
                let mut modem = Modem::new(stream, &settings, &mut pin, &mut told, &alive);
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
        if pause(rest, &mut waiting, &why, &alive).await.is_err() {
            return;
        }
        rest = (rest * 2).min(settings.patience.rest * 30);
    }
}

/// Who waits meanwhile is told at once.
async fn pause(rest: Duration, waiting: &mut Waiting, why: &str, alive: &Arc<AtomicU64>) -> Result<(), ()> {
    let over = tokio::time::sleep(rest);
    tokio::pin!(over);
    loop {
        alive.fetch_add(1, Ordering::Relaxed);
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
    alive: &'m Arc<AtomicU64>,
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
        alive: &'m Arc<AtomicU64>,
    ) -> Modem<'m> {
        let (lines, ear, state) = (Lines::default(), Ear::default(), Err("the modem was just opened".to_owned()));
        let (has_answered, refused, look_at, poll_at) = (false, None, Span::zero(), Span::zero());
        Modem { stream, settings, pin, told, alive, lines, ear, has_answered, state, refused, look_at, poll_at }
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

    /// Out of a prompt that was left hanging, and to where answers are read from.
    async fn wake(&mut self) -> Result<(), Trouble> {
        self.write(&[ESCAPE, b'\r']).await?;
        self.drain().await?;
        let mut woken = Err(Trouble::Silent);
        for _ in 0..WAKES_MAX {
            woken = self.ask("AT", None).await.map(drop);
            match &woken {
                Err(Trouble::Silent | Trouble::Refused(_)) => self.drain().await?,
                Ok(()) | Err(Trouble::Gone) => break,
            }
        }
        woken?;
        self.has_answered = true;
        for command in ["ATE0", "AT+CMEE=1"] {
            self.ask_kindly(command, None).await?;
        }
        Ok(())
    }

    /// What comes late is dropped: taken for the answer to the next command, every answer would be one command behind.
    async fn drain(&mut self) -> Result<(), Trouble> {
        let mut buffer = [0; 512];
        for _ in 0..READS_MAX {
            self.moved();
            match tokio::time::timeout(self.settings.patience.answer / 10, self.stream.read(&mut buffer)).await {
                Err(_quiet) => break,
                Ok(Ok(count)) if count > 0 => {}
                Ok(Ok(_) | Err(_)) => return Err(Trouble::Gone),
            }
        }
        (self.lines, self.ear) = (Lines::default(), Ear::default());
        Ok(())
    }

    /// How messages travel: as octets, and told when they come.
    async fn prepare(&mut self) -> Result<(), Trouble> {
        self.ask("AT+CMGF=0", None).await?;
        for command in ["AT+CSMS=0", "AT+CREG=1"] {
            self.ask_kindly(command, None).await?;
        }
        // Not every modem has every way; without any, the memory is looked at.
        for way in ["2,1,0,1,0", "1,1,0,1,0", "2,1,0,2,0", "2,1"] {
            if self.ask_kindly(&format!("AT+CNMI={way}"), None).await?.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Looks at SIM, network and signal, and tells what has changed.
    async fn look(&mut self) -> Result<(), Trouble> {
        let was_up = self.state.is_ok();
        let mut state = self.ask_state().await?;
        if state.is_ok()
            && !was_up
            && let Err(trouble) = self.prepare().await
        {
            let Trouble::Refused(fault) = trouble else { return Err(trouble) };
            state = Err(format!("{}: {fault}", self.settings.port));
        }
        self.look_at =
            clock::since_boot() + if state.is_ok() { self.settings.patience.look } else { self.settings.patience.poll };
        let event = match (&state, &self.refused) {
            (Ok(_), None) => Event::Up,
            (Err(why), _) | (Ok(_), Some(why)) => Event::Down(why.clone()),
        };
        self.state = state;
        self.told.tell(event).await;
        Ok(())
    }

    async fn ask_state(&mut self) -> Result<Result<String, String>, Trouble> {
        let port = self.settings.port.clone();
        if let Err(why) = self.unlock().await? {
            return Ok(Err(format!("{port}: {why}")));
        }
        let mut network = Registration(4);
        // The second one is for modems that know nothing but 4G.
        for (command, head) in [("AT+CREG?", "+CREG"), ("AT+CEREG?", "+CEREG")] {
            let info = self.ask_kindly(command, Some(head)).await?;
            let found = info.and_then(|info| info.first().and_then(|info| at::registration(info)));
            network = found.filter(|found| found.is_in() || network == Registration(4)).unwrap_or(network);
            if network.is_in() {
                break;
            }
        }
        let info = self.ask_kindly("AT+CSQ", Some("+CSQ")).await?;
        let signal = info.and_then(|info| info.first().and_then(|info| at::signal(info)));
        let signal = signal.map_or("signal unknown".to_owned(), |signal| signal.to_string());
        let is_in = network.is_in();
        // Without the signal, which changes all the time and is no news.
        Ok(if is_in { Ok(format!("{port}: {network}, {signal}")) } else { Err(format!("{port}: {network}")) })
    }

    /// The PIN where it is asked for; the error is words.
    async fn unlock(&mut self) -> Result<Result<(), String>, Trouble> {
        for _ in 0..UNLOCKS_MAX {
            let info = match self.ask("AT+CPIN?", Some("+CPIN")).await {
                Ok(info) => info,
                Err(Trouble::Refused(fault)) => return Ok(Err(fault.to_string())),
                Err(trouble) => return Err(trouble),
            };
            match at::lock(info.first().map_or("", String::as_str)) {
                Lock::Open => return Ok(Ok(())),
                Lock::Puk => return Ok(Err(Fault::Modem(12).to_string())),
                Lock::Other(word) => {
                    return Ok(Err(format!("the SIM or the modem wants {word:?}; clear that in a phone")));
                }
                Lock::Pin => {
                    if let Err(why) = self.enter_pin().await? {
                        return Ok(Err(why));
                    }
                    // It takes the SIM a moment.
                    self.moved();
                    tokio::time::sleep(self.settings.patience.answer / 10).await;
                }
            }
        }
        Ok(Err("the SIM took the PIN and asks for it again".to_owned()))
    }

    async fn enter_pin(&mut self) -> Result<Result<(), String>, Trouble> {
        let Some(pin) = self.pin.text.clone() else { return Ok(Err(Fault::Modem(11).to_string())) };
        if self.pin.is_refused {
            return Ok(Err(PIN_REFUSED.to_owned()));
        }
        let info = self.ask_kindly("AT+CPINR=\"SIM PIN\"", Some("+CPINR")).await?;
        let left = info.and_then(|info| info.iter().find_map(|info| at::tries_left(info)));
        if left.is_some_and(|left| left < PIN_TRIES) {
            return Ok(Err(PIN_REFUSED.to_owned()));
        }
        match self.ask(&format!("AT+CPIN=\"{pin}\""), None).await {
            Ok(_) => Ok(Ok(())),
            Err(Trouble::Refused(Fault::Modem(16) | Fault::Error)) => {
                self.pin.is_refused = true;
                Ok(Err(PIN_REFUSED.to_owned()))
            }
            Err(Trouble::Refused(fault)) => Ok(Err(fault.to_string())),
            Err(trouble) => Err(trouble),
        }
    }

    /// What lies in the memory is taken out of it.
    async fn poll(&mut self) -> Result<(), Trouble> {
        self.poll_at = clock::since_boot() + self.settings.patience.poll;
        let mut taken = Vec::new();
        match self.converse(Vec::from("AT+CMGL=4\r"), None, self.settings.patience.answer, &mut taken).await {
            Ok(_) | Err(Trouble::Refused(_)) => {}
            Err(trouble) => return Err(trouble),
        }
        for index in taken {
            self.ask_kindly(&format!("AT+CMGD={index}"), None).await?;
        }
        Ok(())
    }

    async fn serve_one(&mut self, request: Request) -> Result<(), Trouble> {
        match request {
            Request::State { answer } => {
                self.look().await?;
                let state = self.refused.clone().map_or_else(|| self.state.clone(), Err);
                drop(answer.send(state));
            }
            Request::Send { to, bodies, answer } => {
                if self.state.is_err() {
                    self.look().await?;
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
            if !is_final {
                // A number that is wrong says nothing about the way.
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

    /// The number that the network gave it, where it says one.
    async fn submit(&mut self, submit: &Submit) -> Result<Option<u8>, Trouble> {
        let (octets, length) = submit.write(None);
        let mut nothing = Vec::new();
        let command = format!("AT+CMGS={length}\r").into_bytes();
        let prompted = self.converse(command, None, self.settings.patience.answer, &mut nothing).await;
        let answered = match prompted {
            Ok(Answer::Prompt) => {
                let message = [digits(&octets).as_bytes(), &[CONTROL_Z]].concat();
                self.converse(message, Some("+CMGS"), self.settings.patience.network, &mut nothing).await
            }
            other => other,
        };
        match answered {
            Ok(Answer::Lines(info)) => Ok(info.first().and_then(|info| at::reference(info))),
            // A second prompt, or a prompt that never came: out of it, or it takes the next command for a message.
            Ok(Answer::Prompt) | Err(Trouble::Silent) => {
                self.write(&[ESCAPE, b'\r']).await?;
                Err(Trouble::Silent)
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// The lines of the answer to a command.
    async fn ask(&mut self, command: &str, head: Option<&'static str>) -> Result<Vec<String>, Trouble> {
        let command = format!("{command}\r").into_bytes();
        match self.converse(command, head, self.settings.patience.answer, &mut Vec::new()).await? {
            Answer::Lines(info) => Ok(info),
            Answer::Prompt => {
                self.write(&[ESCAPE, b'\r']).await?;
                Err(Trouble::Silent)
            }
        }
    }

    /// The same for a command that not every modem knows: nothing where it is refused.
    async fn ask_kindly(&mut self, command: &str, head: Option<&'static str>) -> Result<Option<Vec<String>>, Trouble> {
        match self.ask(command, head).await {
            Ok(info) => Ok(Some(info)),
            Err(Trouble::Refused(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Writes, and hears until the end of the answer; places of received messages that were read go into `taken`.
    async fn converse(
        &mut self,
        said: Vec<u8>,
        head: Option<&'static str>,
        within: Duration,
        taken: &mut Vec<u32>,
    ) -> Result<Answer, Trouble> {
        self.write(&said).await?;
        self.ear.expect(head);
        let over = tokio::time::sleep(within);
        tokio::pin!(over);
        let (mut info, mut buffer) = (Vec::new(), [0; 512]);
        loop {
            self.moved();
            let count = tokio::select! {
                () = &mut over => return Err(Trouble::Silent),
                () = tokio::time::sleep(MOVES_EVERY) => continue,
                read = self.stream.read(&mut buffer) => match read {
                    Ok(count) if count > 0 => count,
                    Ok(_) | Err(_) => return Err(Trouble::Gone),
                },
            };
            let mut end = None;
            for token in self.lines.push(buffer.get(..count).unwrap_or_default()) {
                match self.ear.hear(token) {
                    None => {}
                    Some(Heard::Info(line)) if info.len() < LINES_MAX => info.push(line),
                    Some(Heard::Info(_)) => {}
                    Some(Heard::Prompt) => end = end.or(Some(Ok(Answer::Prompt))),
                    Some(Heard::Done(Ok(()))) => {
                        end = end.or_else(|| Some(Ok(Answer::Lines(std::mem::take(&mut info)))))
                    }
                    Some(Heard::Done(Err(fault))) => end = end.or(Some(Err(Trouble::Refused(fault)))),
                    Some(heard) => {
                        if let Heard::Message { how: How::Listed { index, is_received: true }, .. } = &heard
                            && taken.len() < LINES_MAX
                        {
                            taken.push(*index);
                        }
                        self.unasked(heard).await;
                    }
                }
            }
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// What is said while no command is under way.
    async fn overhear(&mut self, bytes: &[u8]) {
        self.ear.expect(None);
        for token in self.lines.push(bytes) {
            if let Some(heard) = self.ear.hear(token) {
                self.unasked(heard).await;
            }
        }
    }

    async fn unasked(&mut self, heard: Heard) {
        match heard {
            Heard::Message { how: How::Listed { is_received: false, .. }, .. } => {}
            Heard::Message { pdu: Ok(pdu), .. } => match pdu.message {
                Message::Deliver(deliver) => self.told.tell(Event::Came(deliver)).await,
                Message::Report(report) => self.told.tell(Event::Report(report)).await,
                Message::Submit(_) => {}
            },
            Heard::Message { pdu: Err(why), .. } => self.told.tell(Event::Unreadable(why.to_string())).await,
            Heard::Stored { .. } => self.poll_at = Span::zero(),
            Heard::Registration(_) => self.look_at = Span::zero(),
            Heard::Other(line) => tracing::debug!(line, "the modem remarks"),
            Heard::Ring | Heard::Prompt | Heard::Info(_) | Heard::Done(_) => {}
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        match tokio::time::timeout(WRITTEN_WITHIN, self.stream.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Trouble::Gone),
            Err(_late) => Err(Trouble::Silent),
        }
    }

    fn moved(&self) {
        self.alive.fetch_add(1, Ordering::Relaxed);
    }
}

/// How a conversation ended.
enum Answer {
    /// `OK`, after these lines.
    Lines(Vec<String>),
    /// A message may be written.
    Prompt,
}

const ESCAPE: u8 = 0x1b;
const CONTROL_Z: u8 = 0x1a;
const WAKES_MAX: u32 = 3;
const UNLOCKS_MAX: u32 = 10;
/// A SIM that allows fewer has refused a PIN before, perhaps this one.
const PIN_TRIES: u8 = 3;
const PIN_REFUSED: &str = "the PIN in pin_file is wrong and is not tried again, because the third wrong one locks the SIM; correct \
     the file, enter the right PIN once in a phone, then start the gateway anew";
/// More lines than this are no answer.
const LINES_MAX: usize = 64;
const MOVES_EVERY: Duration = Duration::from_secs(1);
/// A modem that goes on talking for longer is heard all the same.
const READS_MAX: u32 = 100;
const WRITTEN_WITHIN: Duration = Duration::from_secs(2);
