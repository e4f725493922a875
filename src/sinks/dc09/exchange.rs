//! One message and its answer over a connection of its own.
//!
//! One message is outstanding at a time. A refusal for the time tells the receiver's clock, and the message goes once more
//! with that; everything else is for the outbox to repeat, with the same sequence number.

use super::Transport;
use super::cipher::Key;
use super::frame::{Answer, Frame, Frames};
use crate::clock;
use crate::model::time::Span;
use crate::problem::Problem;
use crate::sinks::NotDelivered;
use crate::sinks::signing::is_plausible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// What the standard gives a receiver for its answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The way to one receiver.
pub struct Line {
    receiver: String,
    transport: Transport,
    key: Option<Key>,
    /// One message at a time.
    turn: tokio::sync::Mutex<()>,
    /// How far the receiver's clock is ahead of ours, once it has refused a stamp; and whether ours was trusted then: set
    /// right since, it is another clock.
    ahead_by: Mutex<Option<(Span, bool)>>,
}

impl Line {
    /// To `host:port`.
    pub fn new(receiver: String, transport: Transport, key: Option<Key>) -> Line {
        Line { receiver, transport, key, turn: tokio::sync::Mutex::default(), ahead_by: Mutex::new(None) }
    }

    /// Sends `frame` with its stamp and returns when the receiver holds it.
    pub async fn exchange(&self, frame: Frame, clock_trusted: bool) -> Result<(), NotDelivered> {
        let _turn = self.turn.lock().await;
        for may_repeat in [true, false] {
            let stamped = Frame { at: self.stamp(clock_trusted), ..frame.clone() };
            match self.ask(&stamped).await? {
                Answer::Ack => return Ok(()),
                Answer::Duh => {
                    let what = format!("{}: the receiver cannot process {:?} of account", self.receiver, frame.token);
                    let account = frame.account.unwrap_or_default();
                    return Err(NotDelivered::Never(format!("{what} {account}; ask the centre what it expects")));
                }
                Answer::Nak(Some(theirs)) if may_repeat && is_plausible(theirs) => {
                    let ahead_by = theirs - clock::now();
                    *self.ahead_by.lock().unwrap_or_else(PoisonError::into_inner) = Some((ahead_by, clock_trusted));
                }
                Answer::Nak(_) => {
                    let what = format!("{}: the receiver refused the time or the key of the message", self.receiver);
                    return Err(NotDelivered::Later(what));
                }
            }
        }
        Err(NotDelivered::Later(format!("{}: the receiver refused its own time", self.receiver)))
    }

    /// The stamp of a message: by the receiver's clock where it has told it; none in plain words by a clock nobody can
    /// believe; encrypted words must have one.
    fn stamp(&self, clock_trusted: bool) -> Option<chrono::DateTime<chrono::Utc>> {
        let learned = *self.ahead_by.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead_by = learned.filter(|(_, trusted_then)| *trusted_then == clock_trusted).map(|(ahead_by, _)| ahead_by);
        let is_known = clock_trusted || ahead_by.is_some() || self.key.is_some();
        let at = clock::now() + ahead_by.unwrap_or_default();
        is_known.then_some(at)
    }

    async fn ask(&self, frame: &Frame) -> Result<Answer, NotDelivered> {
        let bytes = frame.to_bytes(self.key.as_ref());
        match self.transport {
            Transport::Tcp => self.ask_tcp(frame, &bytes).await,
            Transport::Udp => self.ask_udp(frame, &bytes).await,
        }
    }

    async fn ask_tcp(&self, frame: &Frame, bytes: &[u8]) -> Result<Answer, NotDelivered> {
        let connecting = timeout(CONNECT_WITHIN, TcpStream::connect(&self.receiver)).await;
        let mut stream = connecting.map_err(|_| self.silent("does not answer"))?.map_err(|error| self.down(&error))?;
        let talk = async {
            stream.write_all(bytes).await.map_err(|error| self.down(&error))?;
            let (mut frames, mut chunk) = (Frames::default(), [0; 512]);
            loop {
                let count = stream.read(&mut chunk).await.map_err(|error| self.down(&error))?;
                if count == 0 {
                    return Err(self.silent("closed the connection without an answer"));
                }
                if let Some(answer) = self.answer(&mut frames, &chunk[..count], frame) {
                    return Ok(answer);
                }
            }
        };
        timeout(ANSWER_WITHIN, talk).await.unwrap_or_else(|_| Err(self.silent("gave no answer within 5 s")))
    }

    async fn ask_udp(&self, frame: &Frame, bytes: &[u8]) -> Result<Answer, NotDelivered> {
        let talk = async {
            let address = tokio::net::lookup_host(&self.receiver).await.map_err(|error| self.down(&error))?.next();
            let address = address.ok_or_else(|| self.silent("has no address"))?;
            let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            let socket = UdpSocket::bind(any).await.map_err(|error| self.down(&error))?;
            socket.connect(address).await.map_err(|error| self.down(&error))?;
            socket.send(bytes).await.map_err(|error| self.down(&error))?;
            let (mut frames, mut packet) = (Frames::default(), [0; 2048]);
            loop {
                let count = socket.recv(&mut packet).await.map_err(|error| self.down(&error))?;
                if let Some(answer) = self.answer(&mut frames, &packet[..count], frame) {
                    return Ok(answer);
                }
            }
        };
        timeout(ANSWER_WITHIN, talk).await.unwrap_or_else(|_| Err(self.silent("gave no answer within 5 s")))
    }

    /// The answer to `sent` in these bytes. What is damaged, late or for another is passed over: the right one may follow.
    fn answer(&self, frames: &mut Frames, bytes: &[u8], sent: &Frame) -> Option<Answer> {
        let mut answer = None;
        for whole in frames.push(bytes) {
            match Frame::parse(&whole, self.key.as_ref()) {
                Ok(reply) => answer = answer.or(reply.answer_to(sent)),
                Err(why) => tracing::warn!(receiver = self.receiver, %why, "a reply that cannot be used"),
            }
        }
        answer
    }

    fn silent(&self, what: &str) -> NotDelivered {
        NotDelivered::Later(format!("{}: the receiver {what}", self.receiver))
    }

    fn down(&self, error: &std::io::Error) -> NotDelivered {
        NotDelivered::Later(Problem::of_connect(&self.receiver, error).to_string())
    }
}
