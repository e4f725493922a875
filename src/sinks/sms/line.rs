//! A modem of one owner, who decides alone what is sent to whom and hears whatever is answered: the station's own.
//!
//! The same modem and the same hour as the channel of a gateway, without its book: what was told to whom is kept elsewhere.

use super::address::Address;
use super::hour::Hour;
use super::modem::{self, Event, NotSent, Patience, Request, Waiting};
use super::settings::{self, Port};
use super::{lock, split};
use crate::clock;
use crate::problem::Problem;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

/// Where the modem is, and how much it may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineSettings {
    /// The modem's port for commands, by a path that stays the same.
    pub port: Port,
    /// Bits per second.
    pub baud: u32,
    /// The file that holds the PIN of the SIM in its first line.
    pub pin_file: Option<PathBuf>,
    /// So many messages an hour; a call for help may exceed it.
    pub per_hour: u16,
    /// How long for what.
    pub patience: Patience,
}

impl LineSettings {
    /// With the usual speed, limit and patience, and a SIM without a PIN.
    pub fn at(port: Port) -> LineSettings {
        let (baud, per_hour) = (settings::usual_baud(), settings::usual_per_hour());
        LineSettings { port, baud, pin_file: None, per_hour, patience: Patience::default() }
    }
}

/// A modem that runs; it is let go with this.
#[derive(Debug)]
pub struct Line {
    calls: mpsc::Sender<Request>,
    others: mpsc::Sender<Request>,
    hour: Arc<Mutex<Hour>>,
    /// Counts messages of several parts.
    reference: AtomicU8,
    task: AbortHandle,
}

impl Line {
    /// Looks for the modem from now on, again and again; what comes of it is heard at the other end.
    pub fn open(settings: &LineSettings) -> Result<(Line, mpsc::Receiver<Event>), Problem> {
        let pin = settings.pin_file.as_deref().map(settings::read_pin).transpose()?;
        let of_modem = modem::Settings {
            port: settings.port.as_str().to_owned(),
            baud: settings.baud,
            pin,
            patience: settings.patience,
        };
        let (calls, call_waits) = mpsc::channel(REQUESTS_WAITING_MAX);
        let (others, other_waits) = mpsc::channel(REQUESTS_WAITING_MAX);
        let (events, heard) = mpsc::channel(REQUESTS_WAITING_MAX);
        let waiting = Waiting { calls: call_waits, others: other_waits };
        let task = tokio::spawn(modem::run(of_modem, waiting, events, Arc::new(|| {}))).abort_handle();
        let hour = Arc::new(Mutex::new(Hour::new(settings.per_hour.into())));
        Ok((Line { calls, others, hour, reference: AtomicU8::new(0), task }, heard))
    }

    /// One message to one telephone; the numbers that the network gave its parts. It may have gone although this fails.
    pub async fn send(&self, to: &str, words: &str, is_call: bool) -> Result<Vec<u8>, NotSent> {
        let to: Address = to.parse().map_err(|why| NotSent { why, is_final: true })?;
        let later = |why: String| NotSent { why, is_final: false };
        lock(&self.hour).reserve(1, is_call, clock::since_boot()).map_err(later)?;
        let sent = self.ask(to, words, is_call).await;
        let mut hour = lock(&self.hour);
        hour.release();
        if let Ok(references) = &sent {
            hour.taken(references.len(), clock::since_boot(), clock::now());
        }
        sent
    }

    async fn ask(&self, to: Address, words: &str, is_call: bool) -> Result<Vec<u8>, NotSent> {
        let ended = || NotSent { why: super::ENDED.to_owned(), is_final: false };
        let bodies = split::split(words, self.reference.fetch_add(1, Ordering::Relaxed));
        let (answer, answered) = oneshot::channel();
        let queue = if is_call { &self.calls } else { &self.others };
        queue.send(Request::Send { to, bodies, answer }).await.map_err(|_| ended())?;
        answered.await.unwrap_or_else(|_| Err(ended()))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const REQUESTS_WAITING_MAX: usize = 32;
