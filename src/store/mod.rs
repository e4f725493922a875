//! The memory of a daemon: what was observed and decided, and what still has to be sent.
//!
//! The only room that knows SQLite. One thread owns one connection (WAL, `synchronous=FULL`); everybody else holds a
//! [`Store`], hands in batches without waiting, and hears through a callback when each is on the disk.
//!
//! Two classes of write. An urgent batch (a step of an alert, a notice to send) is committed at once, together with
//! all that waits; a batch of mere observations waits up to ten seconds for company, because every commit costs an SD
//! card whole pages. What a power cut takes with it is never more than that, and counts as unknown, not as quiet.
//!
//! Never holds back an alert: if the disk fails, every batch is answered with the reason at once, the rows are kept in
//! memory, and they are written in their order as soon as the disk works again.

mod cuts;
mod database;
mod disk;
mod error;
mod events;
mod fleeting;
mod forgetting;
pub mod kept;
mod looking;
pub mod office;
mod one_home;
mod opening;
mod retention;
mod rows;
mod upgrade;
mod writer;

pub use disk::{Free, free};
pub use error::Error;
pub use events::{EventLog, Kept, KeptEvents};
pub use fleeting::{Fleeting, fleeting};
pub use forgetting::{Forgotten, Held, forget_one};
pub use looking::{Figure, Figures, Looking};
pub use office::{Looked, Office, SessionRow};
pub use one_home::{HomeForgotten, Named};
pub use opening::is_open;
pub use retention::{DAY_LINE, FORGET_AT_ONCE, Fate, Judge, Retention};

use crate::model::observation::Observation;
use crate::model::time::Timestamp;
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use writer::{Command, Writer};

/// A handle to the memory. Cheap to clone; dropping the last one writes what waits and ends the thread.
///
/// The callback given to [`Store::open`] must not own a handle, or the last one would never be dropped.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

/// A memory of another kind behind a [`Store`]: simulated nights keep theirs where every crash can be tried.
///
/// The same promises as those of the thread: answers come in order and not from within `submit`, and whoever reads sees
/// everything that was handed in before.
pub(crate) trait Keeper: Send {
    /// Takes a batch.
    fn submit(&mut self, batch: Batch);
    /// Everything recorded, in order.
    fn records(&mut self) -> Result<Vec<Record>, Error>;
    /// The open rows of the outbox, oldest first.
    fn outbox(&mut self) -> Result<Vec<OutboxRow>, Error>;
    /// When the newest line of the history happened.
    fn last_watching(&mut self) -> Result<Option<Timestamp>, Error>;
}

/// A memory that was opened.
pub struct Opened {
    /// The handle.
    pub store: Store,
    /// Which start of this database this is, counted from 1.
    pub run: u64,
    /// Why the older database was put aside and what is used instead, in words for a person.
    pub replaced: Option<String>,
}

/// What belongs together: it is written wholly or not at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// Comes back in [`Written`].
    pub ticket: u64,
    /// To be committed at once.
    pub urgent: bool,
    /// New lines of the history.
    pub records: Vec<Record>,
    /// Rows of the outbox that are settled; applied before `outbox`, so a row that is in both stays open.
    pub settled: Vec<(String, String)>,
    /// What has to be sent. A row whose channel and key are open already keeps its place and its instant and takes the
    /// newer body and priority. A settled row that is handed in again is open again: receivers recognise repeats, and
    /// sending twice is better than not at all.
    pub outbox: Vec<OutboxRow>,
    /// What other systems are to be told, in order; numbered when it is written.
    pub events: Vec<Entry>,
}

/// One line of the history.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A reading of a known sensor.
    Observed(Observation),
    /// A reading that came earlier than it stands here; kept as long as the others.
    HeardBefore(Observation),
    /// Anything else the daemon wants to remember.
    Entry(Entry),
}

/// A line of the history in the daemon's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it happened.
    pub at: Timestamp,
    /// JSON the daemon chose.
    pub body: String,
}

/// Something to be sent until the receiver's word is back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// By which channel.
    pub channel: String,
    /// Which of the channel's messages; unique within the channel.
    pub key: String,
    /// The smaller, the sooner.
    pub priority: u8,
    /// When it was first handed in.
    pub at: Timestamp,
    /// JSON the daemon chose.
    pub body: String,
}

/// The answer to one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Of which batch.
    pub ticket: u64,
    /// On the disk, or why not. What failed is kept and written later; handing it in again would double it.
    pub result: Result<(), String>,
}

impl Store {
    /// Opens the database `name` in `dir`, both made if missing, and starts its thread.
    ///
    /// Fails only if the directory or the file cannot be used at all; the words say what to do. A database that cannot
    /// be read is put aside, and the daily copy or a new one takes its place.
    pub fn open(dir: &Path, name: &str, on_written: impl Fn(Written) + Send + 'static) -> Result<Opened, Error> {
        let opened = opening::open(dir, name)?;
        let (run, replaced) = (opened.run, opened.replaced.clone());
        let store = Store::start(|commands| Writer::new(commands, opened.database, Box::new(on_written)))?;
        Ok(Opened { store, run, replaced })
    }

    /// A memory that could not be opened: every batch is answered with `why`, and written as soon as it can be. Who uses it has
    /// to read it then: it holds what went before.
    pub fn open_later(dir: &Path, name: &str, why: String, on_written: impl Fn(Written) + Send + 'static) -> Store {
        let place = (dir.to_owned(), name.to_owned());
        Store::start(|commands| Writer::unopened(commands, place, why, Box::new(on_written)))
            .expect("a machine that cannot start one thread cannot run a daemon")
    }

    /// A memory that remembers nothing and answers every batch with `why`.
    pub fn unavailable(why: String, on_written: impl Fn(Written) + Send + 'static) -> Store {
        Store::start(|commands| Writer::unavailable(commands, why, Box::new(on_written)))
            .expect("a machine that cannot start one thread cannot run a daemon")
    }

    /// Hands in a batch. Never blocks and never fails: the answer comes through the callback, in order.
    ///
    /// An empty batch that is not urgent is a question whether the store moves: while the database works it is answered
    /// at once, before batches that wait, and makes nothing be written.
    pub fn submit(&self, batch: Batch) {
        self.send(Command::Submit(batch));
    }

    /// Everything recorded at or after `since`, in the order in which it was handed in. Blocks; for the start.
    pub fn records(&self, since: Option<Timestamp>) -> Result<Vec<Record>, Error> {
        let mut records = Vec::new();
        self.for_each_record(since, |record| records.push(record))?;
        Ok(records)
    }

    /// The same one by one, so that a long history never is in memory as a whole.
    pub fn for_each_record(&self, since: Option<Timestamp>, mut take: impl FnMut(Record)) -> Result<(), Error> {
        let (slices, incoming) = mpsc::sync_channel(SLICES_AHEAD);
        self.send(Command::Records { since, slices });
        loop {
            let slice = incoming.recv().map_err(|_| Error::Ended)??;
            if slice.is_empty() {
                return Ok(());
            }
            slice.into_iter().for_each(&mut take);
        }
    }

    /// The open rows of the outbox, oldest first. Blocks; for the start.
    pub fn outbox(&self) -> Result<Vec<OutboxRow>, Error> {
        self.ask(Command::Outbox)
    }

    /// For those who tell other systems what happened; does not keep the memory open.
    pub fn event_log(&self) -> EventLog {
        EventLog::of(&self.inner)
    }

    /// When the newest line of the history happened: bounds what a power cut leaves unknown. Blocks; for the start.
    pub fn last_watching(&self) -> Result<Option<Timestamp>, Error> {
        self.ask(Command::LastWatching)
    }

    /// How often a part of this history was lost; whoever gives out numbers goes on beyond what they may have been. Blocks;
    /// for the start.
    pub fn cuts(&self) -> Result<u64, Error> {
        self.ask(Command::Cuts)
    }

    /// Forgets what is older than `keep`, in small slices between the writes, then shortens the log and makes the
    /// daily copy. For once a day. Without `now` (a clock that nobody vouches for) nothing is forgotten.
    pub fn prune(&self, now: Option<Timestamp>, keep: &Retention) {
        self.prune_by(now, keep, Box::new(retention::ByAge));
    }

    /// The same where the daemon knows better than the age what its own lines are good for.
    pub fn prune_by(&self, now: Option<Timestamp>, keep: &Retention, judge: Box<dyn Judge>) {
        self.send(Command::Prune { now, keep: *keep, judge });
    }

    fn start(writer: impl FnOnce(mpsc::Receiver<Command>) -> Writer) -> Result<Store, Error> {
        let (commands, incoming) = mpsc::channel();
        let writer = writer(incoming);
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || writer.run())
            .map_err(|error| Error::Database(format!("the thread of the store could not be started: {error}")))?;
        Ok(Store { inner: Arc::new(Inner { commands: Some(commands), thread: Some(thread), keeper: None }) })
    }

    /// A handle to a memory that somebody else keeps.
    pub(crate) fn kept_by(keeper: Arc<Mutex<dyn Keeper>>) -> Store {
        Store { inner: Arc::new(Inner { commands: None, thread: None, keeper: Some(keeper) }) }
    }

    fn ask<T>(&self, command: impl FnOnce(mpsc::SyncSender<Result<T, Error>>) -> Command) -> Result<T, Error> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.send(command(reply));
        answer.recv().map_err(|_| Error::Ended)?
    }

    fn send(&self, command: Command) {
        self.inner.send(command);
    }
}

struct Inner {
    commands: Option<mpsc::Sender<Command>>,
    thread: Option<JoinHandle<()>>,
    keeper: Option<Arc<Mutex<dyn Keeper>>>,
}

impl Inner {
    fn send(&self, command: Command) {
        if let Some(keeper) = &self.keeper {
            return ask(&mut *keeper.lock().unwrap_or_else(PoisonError::into_inner), command);
        }
        let commands = self.commands.as_ref().expect("taken only when the last handle is dropped");
        // The thread ends only after the last handle; if it panicked, its callback is gone with it.
        if commands.send(command).is_err() {
            tracing::error!("the thread of the store has ended");
        }
    }
}

/// What the thread would do with `command`, done by a keeper. Answers are taken by the channels they were asked through: each
/// has room for one, so nobody waits for somebody on its own thread.
fn ask(keeper: &mut dyn Keeper, command: Command) {
    match command {
        Command::Submit(batch) => keeper.submit(batch),
        Command::Records { slices, .. } => {
            let read = keeper.records();
            let ended = read.as_ref().is_ok_and(|records| !records.is_empty()).then(|| Ok(Vec::new()));
            // Whoever asked may have gone.
            std::iter::once(read).chain(ended).for_each(|slice| drop(slices.send(slice)));
        }
        Command::Outbox(reply) => drop(reply.send(keeper.outbox())),
        Command::LastWatching(reply) => drop(reply.send(keeper.last_watching())),
        Command::Cuts(reply) => drop(reply.send(Ok(0))),
        // Told by nobody, and nothing is old after one night.
        Command::Events { reply, .. } => drop(reply.send(Err(Error::Ended))),
        Command::Prune { .. } => {}
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.commands.take();
        let Some(thread) = self.thread.take() else { return };
        if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
            tracing::error!("the thread of the store has panicked");
        }
    }
}

/// Slices of records that may be read ahead of the one who takes them.
const SLICES_AHEAD: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;
    use std::time::Duration;

    #[test]
    fn a_question_is_answered_at_once_and_makes_nothing_be_written() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, answers) = mpsc::channel();
        let store = Store::open(dir.path(), "history.db", move |written| drop(sender.send(written))).unwrap().store;
        let entry = Record::Entry(Entry { at: from_millis(1), body: "{}".into() });
        store.submit(Batch { ticket: 1, records: vec![entry], ..Batch::default() });
        store.submit(Batch { ticket: 2, ..Batch::default() });
        let answer = answers.recv_timeout(Duration::from_secs(5)).unwrap();
        assert_eq!(answer, Written { ticket: 2, result: Ok(()) }, "what waited still waits for company");
        drop(store);
        assert_eq!(answers.recv().unwrap().ticket, 1, "and is written in the end");
    }
}
