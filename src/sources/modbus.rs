//! Devices on a Modbus RTU line, asked in turn for as long as the daemon lives; the port may be pulled out and put back.
//!
//! A frame is a request and its answer, byte for byte as they were on the wire: recorded beside the client that asks, so
//! that a capture of the line decodes the same. A device that has not answered three times is told of as a Modbus gateway
//! does, with exception 0x0B (the target does not respond), and is asked more rarely, because waiting for it holds up the
//! others; where nobody answers at all, the link is down: the line or its power is at fault, not each device.

use crate::clock;
use crate::model::frame::{Bus, Poll, Table};
use crate::model::time::Span;
use crate::sources::Event;
use crate::sources::serial::{self, Down, HEARTBEAT, NobodyListens, Port, SerialStream, Talk};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll as Ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc::Sender;
use tokio_modbus::client::{Client, rtu};
use tokio_modbus::{Error, Request, Slave};

/// Asks the questions of `bus` on the port for ever; ends only when nobody listens at `out` any more.
///
/// The port is opened, watched and told of as in [`serial::run`].
pub async fn run(settings: serial::Settings, bus: Bus, progress: Arc<AtomicU64>, out: Sender<Event>) {
    let port = Port::new(settings, bus.parity, progress, out);
    let units = bus.polls.iter().map(|poll| poll.unit).collect();
    let polls = bus.polls.into_iter().map(|poll| Due { poll, at: Span::zero() }).collect();
    port.keep_open(Master { polls, units, missed: BTreeMap::new(), nobody_answers: false }).await;
}

struct Master {
    polls: Vec<Due>,
    units: BTreeSet<u8>,
    /// Polls since the last answer, by unit.
    missed: BTreeMap<u8, u32>,
    nobody_answers: bool,
}

struct Due {
    poll: Poll,
    /// Since boot.
    at: Span,
}

/// What became of a question.
enum Outcome {
    Answered,
    Missed,
    Gone(Down),
}

impl Talk for Master {
    async fn talk(&mut self, port: &mut Port, stream: SerialStream) -> Result<(Down, bool), NobodyListens> {
        let line = Line(Arc::new(Mutex::new(Wire { stream, sent: Vec::new(), heard: Vec::new() })));
        // 3.5 characters of 11 bits between two frames, as the standard wants.
        let pause = Duration::from_millis(2 + 40_000 / u64::from(port.settings.baud.max(300)));
        let mut was_heard = false;
        self.nobody_answers = false;
        self.missed.clear();
        loop {
            port.moved();
            if let Err(down) = line.forget() {
                return Ok((down, was_heard));
            }
            let now = clock::since_boot();
            let Some(due) = self.polls.iter_mut().min_by_key(|due| due.at).filter(|due| due.at <= now) else {
                tokio::time::sleep(self.until_next(now)).await;
                continue;
            };
            let is_absent = self.missed.get(&due.poll.unit).is_some_and(|missed| *missed >= MISSED_MAX);
            let every = Span::milliseconds(i64::from(due.poll.every_millis));
            due.at = now + if is_absent { every.max(ABSENT_ASKED_EVERY) } else { every };
            let poll = due.poll.clone();
            let outcome = ask(&line, &poll).await;
            let (sent, heard) = line.take();
            was_heard |= !heard.is_empty();
            if !heard.is_empty() {
                port.send_frame([sent.as_slice(), &heard].concat()).await?;
            }
            match outcome {
                Outcome::Gone(down) => return Ok((down, was_heard)),
                Outcome::Answered => self.answered(port, poll.unit).await?,
                Outcome::Missed => {
                    self.missed(port, &poll, sent).await?;
                    // An answer that comes now would be taken for the answer to the next question.
                    tokio::time::sleep(LATE_WITHIN).await;
                }
            }
            tokio::time::sleep(pause).await;
        }
    }
}

impl Master {
    fn until_next(&self, now: Span) -> Duration {
        let next = self.polls.iter().map(|due| due.at - now).min();
        next.and_then(|next| next.to_std().ok()).unwrap_or(HEARTBEAT).min(HEARTBEAT)
    }

    async fn answered(&mut self, port: &mut Port, unit: u8) -> Result<(), NobodyListens> {
        self.missed.remove(&unit);
        self.nobody_answers = false;
        port.heard().await
    }

    async fn missed(&mut self, port: &mut Port, poll: &Poll, mut sent: Vec<u8>) -> Result<(), NobodyListens> {
        let missed = self.missed.entry(poll.unit).or_default();
        *missed = missed.saturating_add(1);
        if *missed == MISSED_MAX {
            sent.extend(does_not_respond(poll));
            port.send_frame(sent).await?;
        }
        let is_absent = |unit: &u8| self.missed.get(unit).is_some_and(|missed| *missed >= MISSED_MAX);
        if !self.nobody_answers && self.units.iter().all(is_absent) {
            self.nobody_answers = true;
            let path = port.settings.path.to_string_lossy().into_owned();
            let why = format!(
                "{path}: no device answers; check their power, the wires A and B, the units and baud = {}",
                port.settings.baud
            );
            port.tell_nobody_answers(why).await?;
        }
        Ok(())
    }
}

async fn ask(line: &Line, poll: &Poll) -> Outcome {
    // A client of its own for each question: what is left in one from a late answer must not answer the next.
    let mut client = rtu::attach_slave(line.clone(), Slave(poll.unit));
    let request = match poll.table {
        Table::Coils => Request::ReadCoils(poll.address, poll.count),
        Table::DiscreteInputs => Request::ReadDiscreteInputs(poll.address, poll.count),
        Table::HoldingRegisters => Request::ReadHoldingRegisters(poll.address, poll.count),
        Table::InputRegisters => Request::ReadInputRegisters(poll.address, poll.count),
    };
    match tokio::time::timeout(ANSWERED_WITHIN, client.call(request)).await {
        // An exception is an answer.
        Ok(Ok(Ok(_) | Err(_))) => Outcome::Answered,
        Ok(Err(Error::Transport(error))) => match (error.kind(), error.raw_os_error()) {
            (ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof, _) => Outcome::Gone(Down::Gone),
            (_, Some(_)) => Outcome::Gone(serial::lost(&error)),
            // Bytes that are no frame.
            (_, None) => Outcome::Missed,
        },
        Ok(Err(Error::Protocol(_))) | Err(_) => Outcome::Missed,
    }
}

/// The answer of a Modbus gateway for a device that gives none.
fn does_not_respond(poll: &Poll) -> Vec<u8> {
    let mut frame = vec![poll.unit, poll.table.function() | 0x80, 0x0b];
    let crc = frame.iter().fold(0xffff_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xa001 })
    });
    frame.extend(crc.to_le_bytes());
    frame
}

/// The port, and what went over it since it was last asked.
#[derive(Clone)]
struct Line(Arc<Mutex<Wire>>);

struct Wire {
    stream: SerialStream,
    sent: Vec<u8>,
    heard: Vec<u8>,
}

impl Line {
    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was sent and heard since the last time.
    fn take(&self) -> (Vec<u8>, Vec<u8>) {
        let mut wire = self.wire();
        (std::mem::take(&mut wire.sent), std::mem::take(&mut wire.heard))
    }

    /// Throws away what came too late to be an answer.
    fn forget(&self) -> Result<(), Down> {
        let mut wire = self.wire();
        let mut late = [0; 256];
        for _ in 0..LATE_READS_MAX {
            match wire.stream.try_read(&mut late) {
                Ok(0) => return Err(Down::Gone),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(serial::lost(&error)),
            }
        }
        (wire.sent, wire.heard) = (Vec::new(), Vec::new());
        Ok(())
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Ready<io::Result<()>> {
        let wire = &mut *self.wire();
        let before = buffer.filled().len();
        let read = Pin::new(&mut wire.stream).poll_read(context, buffer);
        let room = HEARD_BYTES_MAX.saturating_sub(wire.heard.len());
        wire.heard.extend(buffer.filled().iter().skip(before).take(room));
        read
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Ready<io::Result<usize>> {
        let wire = &mut *self.wire();
        let written = Pin::new(&mut wire.stream).poll_write(context, bytes);
        if let Ready::Ready(Ok(count)) = &written {
            wire.sent.extend(bytes.iter().take(*count));
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Ready<io::Result<()>> {
        Pin::new(&mut self.wire().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Ready<io::Result<()>> {
        Ready::Ready(Ok(())) // the port stays open for the next question
    }
}

/// Devices answer within some 50 ms; converters and slow lines add to that.
const ANSWERED_WITHIN: Duration = Duration::from_millis(500);
/// A device that needs longer still is too slow to be asked.
const LATE_WITHIN: Duration = Duration::from_millis(250);
const MISSED_MAX: u32 = 3;
/// Waiting half a second for a dead device at every poll would halve the rate of all others.
const ABSENT_ASKED_EVERY: Span = Span::seconds(10);
/// A frame has at most 256 bytes.
const HEARD_BYTES_MAX: usize = 512;
const LATE_READS_MAX: usize = 64;
