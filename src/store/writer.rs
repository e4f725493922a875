//! The thread that owns the database: gathers batches, commits them together, answers, and recovers.
//!
//! Time is the clock that never jumps; the wall clock is never read here.

use crate::clock;
use crate::model::time::{Span, Timestamp};
use crate::store::database::{Database, Table};
use crate::store::error::{Error, words};
use crate::store::opening;
use crate::store::{Batch, DAY_LINE, Judge, KeptEvents, OutboxRow, Record, Retention, Written};
use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError};
use std::thread::JoinHandle;

/// What a handle asks for.
pub(super) enum Command {
    Submit(Batch),
    /// Slices of records; an empty one ends the list.
    Records {
        since: Option<Timestamp>,
        slices: SyncSender<Result<Vec<Record>, Error>>,
    },
    Outbox(SyncSender<Result<Vec<OutboxRow>, Error>>),
    Events {
        after: u64,
        limit: usize,
        reply: SyncSender<Result<KeptEvents, Error>>,
    },
    LastWatching(SyncSender<Result<Option<Timestamp>, Error>>),
    Cuts(SyncSender<Result<u64, Error>>),
    Prune {
        now: Option<Timestamp>,
        keep: Retention,
        judge: Box<dyn Judge>,
    },
}

pub(super) struct Writer {
    commands: Receiver<Command>,
    on_written: Box<dyn Fn(Written) + Send>,
    state: State,
    /// Handed in, not yet in a transaction.
    waiting: Vec<Batch>,
    /// When the oldest of them must be written.
    flush_at: Option<Span>,
    /// Answered with an error, still to be written when the disk works again.
    unwritten: VecDeque<Batch>,
    /// What the last commit held, if it failed: the disk may have kept it all the same.
    in_doubt: Option<InDoubt>,
    pruning: Option<Pruning>,
    copying: Option<Copying>,
}

enum State {
    Open(Database),
    /// A write has failed; the next try is at `again_at`.
    Broken {
        why: String,
        again_at: Span,
        path: PathBuf,
        lock: File,
    },
    /// It could not be opened at the start; the next try is at `again_at`.
    Unopened {
        why: String,
        again_at: Span,
        dir: PathBuf,
        name: String,
    },
    Unavailable(String),
    /// Only inside of `Writer::break_off` and `Writer::mend`.
    Between,
}

/// A commit that failed.
struct InDoubt {
    /// The first of the numbers its rows have.
    first_seq: i64,
    /// So many of the oldest unwritten batches are in it.
    batches: usize,
}

struct Pruning {
    table: Table,
    cursor: i64,
    now: Timestamp,
    keep: Retention,
    judge: Box<dyn Judge>,
}

impl Pruning {
    /// Forgets among the next few rows; how far it came, while any are left.
    fn forget_in(&self, database: &Database) -> rusqlite::Result<Option<i64>> {
        let Pruning { table, cursor, now, keep, judge } = self;
        match table {
            Table::Observation => database.forget(*table, *now - keep.observations, *cursor),
            Table::Entry => {
                let kept = |body: &str| if body.starts_with(DAY_LINE) { keep.days } else { keep.entries };
                database.forget_judged(*table, |body| *now - kept(body), |body| judge.line(body), *cursor)
            }
            Table::Outbox => database.forget_judged(*table, |_| *now - keep.entries, |key| judge.row(key), *cursor),
            Table::Event => database.forget(*table, *now - keep.events, *cursor),
        }
    }
}

struct Copying {
    thread: JoinHandle<()>,
    interrupt: Option<rusqlite::InterruptHandle>,
}

impl Writer {
    pub(super) fn new(
        commands: Receiver<Command>,
        database: Database,
        on_written: Box<dyn Fn(Written) + Send>,
    ) -> Writer {
        Writer::in_state(commands, State::Open(database), on_written)
    }

    pub(super) fn unavailable(
        commands: Receiver<Command>,
        why: String,
        on_written: Box<dyn Fn(Written) + Send>,
    ) -> Writer {
        Writer::in_state(commands, State::Unavailable(why), on_written)
    }

    pub(super) fn unopened(
        commands: Receiver<Command>,
        (dir, name): (PathBuf, String),
        why: String,
        on_written: Box<dyn Fn(Written) + Send>,
    ) -> Writer {
        let again_at = clock::since_boot() + TRY_AGAIN_AFTER;
        Writer::in_state(commands, State::Unopened { why, again_at, dir, name }, on_written)
    }

    fn in_state(commands: Receiver<Command>, state: State, on_written: Box<dyn Fn(Written) + Send>) -> Writer {
        Writer {
            commands,
            on_written,
            state,
            waiting: Vec::new(),
            flush_at: None,
            unwritten: VecDeque::new(),
            in_doubt: None,
            pruning: None,
            copying: None,
        }
    }

    /// Serves until the last handle is gone; then writes what waits.
    pub(super) fn run(mut self) {
        while self.take_waiting_commands() {
            if self.is_due(clock::since_boot()) {
                self.write();
            }
            self.prune_a_slice();
        }
        self.write();
        if let Some(Copying { thread, interrupt }) = self.copying.take() {
            interrupt.iter().for_each(|handle| handle.interrupt());
            if thread.join().is_err() {
                tracing::error!("the daily copy of the database has panicked");
            }
        }
    }

    /// Waits for the next command or deadline and takes all commands that are there; `false` when there is nobody left.
    fn take_waiting_commands(&mut self) -> bool {
        let mut next = match self.wait() {
            None => self.commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(span) => self.commands.recv_timeout(span.to_std().unwrap_or_default()),
        };
        for _ in 0..COMMANDS_AT_ONCE {
            match next {
                Ok(command) => self.take(command),
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
            next = self.commands.try_recv().map_err(|error| match error {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            });
        }
        if let Ok(command) = next {
            self.take(command);
        }
        true
    }

    /// How long nothing has to be done.
    fn wait(&self) -> Option<Span> {
        if self.pruning.is_some() {
            return Some(Span::zero());
        }
        let again_at = match &self.state {
            State::Broken { again_at, .. } | State::Unopened { again_at, .. } if !self.unwritten.is_empty() => {
                Some(*again_at)
            }
            State::Broken { .. } | State::Unopened { .. } | State::Open(_) | State::Unavailable(_) | State::Between => {
                None
            }
        };
        let due = [self.flush_at, again_at].into_iter().flatten().min()?;
        Some((due - clock::since_boot()).max(Span::zero()))
    }

    fn is_due(&self, now: Span) -> bool {
        let again = match &self.state {
            State::Broken { again_at, .. } | State::Unopened { again_at, .. } => {
                !self.unwritten.is_empty() && now >= *again_at
            }
            State::Open(_) | State::Unavailable(_) | State::Between => false,
        };
        again
            || self.flush_at.is_some_and(|at| now >= at)
            || self.waiting.iter().any(|batch| batch.urgent)
            || self.waiting.iter().map(|batch| batch.records.len()).sum::<usize>() >= FLUSH_ROWS
    }

    fn take(&mut self, command: Command) {
        match command {
            // Nothing to write and a database that works: the answer alone was wanted, and what waits goes on waiting.
            Command::Submit(batch) if is_question(&batch) && matches!(self.state, State::Open(_)) => {
                (self.on_written)(Written { ticket: batch.ticket, result: Ok(()) });
            }
            Command::Submit(batch) => {
                self.flush_at.get_or_insert_with(|| clock::since_boot() + FLUSH_AFTER);
                self.waiting.push(batch);
            }
            // Whoever reads sees everything that was handed in before.
            Command::Records { since, slices } => {
                self.write();
                self.read(since, &slices);
            }
            Command::Outbox(reply) => {
                self.write();
                answer(&reply, self.open_database().and_then(|database| Ok(database.outbox()?)));
            }
            // Only what is on the disk is told.
            Command::Events { after, limit, reply } => {
                answer(&reply, self.open_database().and_then(|database| Ok(database.events(after, limit)?)));
            }
            Command::LastWatching(reply) => {
                self.write();
                answer(&reply, self.open_database().and_then(|database| Ok(database.last_at()?)));
            }
            Command::Cuts(reply) => {
                answer(&reply, self.open_database().map(Database::cuts));
            }
            Command::Prune { now, keep, judge } => self.begin_to_prune(now, keep, judge),
        }
    }

    fn open_database(&self) -> Result<&Database, Error> {
        match &self.state {
            State::Open(database) => Ok(database),
            State::Broken { why, .. } | State::Unopened { why, .. } | State::Unavailable(why) => {
                Err(Error::Unavailable(why.clone()))
            }
            State::Between => Err(Error::Ended),
        }
    }

    fn read(&self, since: Option<Timestamp>, slices: &SyncSender<Result<Vec<Record>, Error>>) {
        let outcome =
            self.open_database().and_then(|database| Ok(database.read(since, |slice| slices.send(Ok(slice)).is_ok())?));
        // The reader may have gone; then nobody wants the end.
        drop(slices.send(outcome.map(|()| Vec::new())));
    }

    /// One transaction for all that waits, preceded by what could not be written before; then the answers, in order.
    fn write(&mut self) {
        let batches = std::mem::take(&mut self.waiting);
        self.flush_at = None;
        if batches.is_empty() && self.unwritten.is_empty() {
            return;
        }
        let result = self.try_to_write(&batches);
        for batch in &batches {
            (self.on_written)(Written { ticket: batch.ticket, result: result.clone() });
        }
        match result {
            Ok(()) => self.unwritten.clear(),
            Err(_) if matches!(self.state, State::Unavailable(_)) => {}
            Err(_) => self.keep(batches),
        }
    }

    fn try_to_write(&mut self, batches: &[Batch]) -> Result<(), String> {
        self.mend();
        let database = match &mut self.state {
            State::Open(database) => database,
            State::Broken { why, .. } | State::Unopened { why, .. } | State::Unavailable(why) => {
                return Err(why.clone());
            }
            State::Between => return Err(Error::Ended.to_string()),
        };
        let in_doubt = InDoubt { first_seq: database.next_seq(), batches: self.unwritten.len() + batches.len() };
        database.commit(self.unwritten.iter().chain(batches)).map_err(|error| {
            let why = words(&error);
            self.in_doubt = Some(in_doubt);
            tracing::error!(%why, "the history could not be written");
            self.break_off(why.clone());
            why
        })
    }

    /// After a failed write nothing of the connection is believed: it is closed, and opened anew a little later.
    fn break_off(&mut self, why: String) {
        self.pruning = None;
        if let State::Open(database) = std::mem::replace(&mut self.state, State::Between) {
            let (path, lock) = database.close();
            self.state = State::Broken { why, again_at: clock::since_boot() + TRY_AGAIN_AFTER, path, lock };
        }
    }

    /// Opens a broken database again when its time has come, or one that could not be opened before.
    fn mend(&mut self) {
        let now = clock::since_boot();
        if let State::Unopened { why, again_at, dir, name } = &mut self.state
            && now >= *again_at
        {
            match opening::open(dir, name) {
                Ok(found) => {
                    tracing::info!("the database can be opened now");
                    self.state = State::Open(found.database);
                }
                Err(error) => (*why, *again_at) = (error.to_string(), now + TRY_AGAIN_AFTER),
            }
            return;
        }
        if !matches!(&self.state, State::Broken { again_at, .. } if now >= *again_at) {
            return;
        }
        let State::Broken { path, lock, .. } = std::mem::replace(&mut self.state, State::Between) else { return };
        self.state = match opening::reopen(&path, lock) {
            Ok((database, replaced)) => {
                if let Some(why) = replaced {
                    tracing::error!("{why}");
                }
                self.settle_doubt(database)
            }
            Err((error, lock)) => State::Broken { why: error.to_string(), again_at: now + TRY_AGAIN_AFTER, path, lock },
        };
    }

    /// A commit that failed may be on the disk nevertheless: then it is not written twice. That it is there was said by a file
    /// whose sync has failed, so it is moved into the database, which is synced anew.
    fn settle_doubt(&mut self, database: Database) -> State {
        let Some(InDoubt { first_seq, batches }) = self.in_doubt.take() else { return State::Open(database) };
        let checked = database
            .holds(first_seq)
            .and_then(|is_there| if is_there { database.shorten_log().map(|()| batches) } else { Ok(0) });
        match checked {
            Ok(written) => {
                tracing::info!(written, "the database is open again");
                self.unwritten.drain(..written.min(self.unwritten.len()));
                State::Open(database)
            }
            Err(error) => {
                self.in_doubt = Some(InDoubt { first_seq, batches });
                let (path, lock) = database.close();
                State::Broken { why: words(&error), again_at: clock::since_boot() + TRY_AGAIN_AFTER, path, lock }
            }
        }
    }

    /// Keeps what could not be written; beyond the limit, observations go before steps of alerts.
    fn keep(&mut self, batches: Vec<Batch>) {
        self.unwritten.extend(batches);
        let mut over = self.unwritten.iter().map(rows_of).sum::<usize>().saturating_sub(UNWRITTEN_ROWS_MAX);
        for batch in &mut self.unwritten {
            if over == 0 {
                break;
            }
            let before = batch.records.len();
            batch.records.retain(|record| matches!(record, Record::Entry(_)));
            over = over.saturating_sub(before - batch.records.len());
        }
        while over > 0 {
            let Some(oldest) = self.unwritten.pop_front() else { break };
            if let Some(in_doubt) = &mut self.in_doubt {
                in_doubt.batches = in_doubt.batches.saturating_sub(1);
            }
            over = over.saturating_sub(rows_of(&oldest));
        }
    }

    /// Nothing is forgotten where the clock cannot be believed, but the log is shortened and the copy made all the same.
    fn begin_to_prune(&mut self, now: Option<Timestamp>, keep: Retention, judge: Box<dyn Judge>) {
        let State::Open(database) = &self.state else { return };
        match now.map(|now| database.believe(now, &keep)).transpose().map(Option::flatten) {
            Ok(Some(believed)) => {
                let behind = now.map_or(Span::zero(), |now| now - believed);
                if behind > Span::zero() {
                    tracing::info!(days = behind.num_days(), "old history is forgotten a few days at a time");
                }
                let table = Table::Observation;
                self.pruning = Some(Pruning { table, cursor: i64::MIN, now: believed, keep, judge });
            }
            Ok(None) => {
                tracing::info!("the clock cannot be believed: nothing is forgotten");
                let shortened = database.shorten_log();
                self.pruned(shortened);
            }
            Err(error) => self.pruned(Err(error)),
        }
    }

    fn prune_a_slice(&mut self) {
        let Some(pruning) = &mut self.pruning else { return };
        let State::Open(database) = &self.state else {
            self.pruning = None;
            return;
        };
        let outcome = match (pruning.forget_in(database), pruning.table.next()) {
            (Ok(Some(cursor)), _) => {
                pruning.cursor = cursor;
                return;
            }
            (Ok(None), Some(next)) => {
                (pruning.table, pruning.cursor) = (next, i64::MIN);
                return;
            }
            (Ok(None), None) => database.shorten_log(),
            (Err(error), _) => Err(error),
        };
        self.pruned(outcome);
    }

    fn pruned(&mut self, outcome: rusqlite::Result<()>) {
        self.pruning = None;
        match outcome {
            Ok(()) => self.copy(),
            Err(error) => {
                let why = words(&error);
                tracing::error!(%why, "old history could not be forgotten");
                self.break_off(why);
            }
        }
    }

    /// The daily copy is made beside the writes: an alert never waits for it.
    fn copy(&mut self) {
        if self.copying.as_ref().is_some_and(|copying| !copying.thread.is_finished()) {
            return;
        }
        let State::Open(database) = &self.state else { return };
        let path = database.path().to_owned();
        let (started, handle) = std::sync::mpsc::sync_channel(1);
        let spawned = std::thread::Builder::new().name("store copy".into()).spawn(move || {
            let copied = opening::copy(&path, |interrupt| drop(started.send(interrupt)));
            if let Err(why) = copied {
                tracing::warn!(%why, "the daily copy of the database could not be made");
            }
        });
        match spawned {
            Ok(thread) => self.copying = Some(Copying { thread, interrupt: handle.recv().ok() }),
            Err(why) => tracing::warn!(%why, "the daily copy of the database could not be made"),
        }
    }
}

/// Whether `batch` only asks whether the store moves.
fn is_question(batch: &Batch) -> bool {
    rows_of(batch) == 0 && !batch.urgent
}

fn rows_of(batch: &Batch) -> usize {
    batch.records.len() + batch.outbox.len() + batch.settled.len() + batch.events.len()
}

fn answer<T>(reply: &SyncSender<Result<T, Error>>, answer: Result<T, Error>) {
    // Whoever asked may have gone.
    drop(reply.send(answer));
}

/// What a power cut may take of mere observations (`platform.md` section 5).
const FLUSH_AFTER: Span = Span::seconds(10);
/// So many observations do not wait any longer.
const FLUSH_ROWS: usize = 50;
/// A disk that failed is tried again after this.
const TRY_AGAIN_AFTER: Span = Span::seconds(5);
/// What one transaction takes at most; the rest follows at once.
const COMMANDS_AT_ONCE: usize = 5_000;
/// What is kept in memory while the disk fails: about 20 MB.
const UNWRITTEN_ROWS_MAX: usize = 50_000;
