//! A disk in memory that can be full, slow, and lie, and from which everything that was not committed is gone after a crash.
//!
//! Behaves as the writer's thread does (`src/store/writer.rs`): urgent batches at once, others after ten seconds; what failed
//! is answered with the reason, kept, and written in its order when the disk works again.

use crate::clock;
use crate::model::time::{Span, Timestamp};
use crate::store::{Batch, Error, Keeper, OutboxRow, Record, Written};
use std::collections::BTreeSet;
use std::mem::take;

/// The disk of one daemon.
#[derive(Default)]
pub(super) struct Disk {
    records: Vec<Record>,
    outbox: Vec<OutboxRow>,
    /// How often it was started.
    pub runs: u64,
    waiting: Vec<Batch>,
    unwritten: Vec<Batch>,
    /// So many of them are on it though it said that it failed.
    in_doubt: usize,
    flush_at: Option<Span>,
    urgent_at: Option<Span>,
    broken_until: Option<Span>,
    /// How many batches are on it.
    pub commits: u64,
    /// What is to be answered.
    answers: Vec<Written>,
    /// Nothing more fits.
    pub full: bool,
    /// It fails and keeps all the same.
    pub lies: bool,
    /// How long a commit takes.
    pub takes: Span,
    /// It answers before it writes: a planted bug.
    pub answers_first: bool,
    /// It drops what it could not write: a planted bug.
    pub drops_unwritten: bool,
    /// A start is told that it was watched until now: a planted bug.
    pub forgets_blindness: bool,
    /// Steps of alerts whose notice is on the disk: of a station.
    held: BTreeSet<Held>,
}

/// Home, number and instant of the raise, step.
pub(super) type Held = (String, u64, i64, u32);

impl Disk {
    /// The machine stops: only what was committed is left; what was handed in and is not there is given back. `commits_first`:
    /// the transaction under way is committed before.
    pub fn crash(&mut self, commits_first: bool) -> Vec<Record> {
        if commits_first {
            self.write();
        }
        self.settle_doubt();
        let handed_in = take(&mut self.unwritten).into_iter().chain(take(&mut self.waiting));
        let lost = handed_in.flat_map(|batch| batch.records).collect();
        self.answers.clear();
        (self.flush_at, self.urgent_at, self.broken_until) = (None, None, None);
        lost
    }

    /// When it has something to do.
    pub fn due(&self) -> Option<Span> {
        let again = self.broken_until.filter(|_| !self.unwritten.is_empty());
        [self.flush_at, self.urgent_at, again].into_iter().flatten().min()
    }

    /// Whether it is about to write something that somebody waits for.
    pub fn is_busy(&self) -> bool {
        self.urgent_at.is_some()
    }

    /// Writes if it is time; then says what was answered.
    pub fn step(&mut self) -> Vec<Written> {
        if self.due().is_some_and(|due| due <= clock::since_boot()) {
            self.write();
        }
        take(&mut self.answers)
    }

    /// Whether this step of an alert is on it.
    pub fn holds(&self, step: &Held) -> bool {
        self.held.contains(step)
    }

    /// What a start forgets: a planted bug.
    pub fn forget_outbox(&mut self) {
        self.outbox.clear();
    }

    fn write(&mut self) {
        let (now, batches) = (clock::since_boot(), take(&mut self.waiting));
        (self.flush_at, self.urgent_at) = (None, None);
        let is_closed = self.broken_until.is_some_and(|until| now < until);
        let fails = is_closed || self.full || self.lies;
        if !is_closed && !self.full {
            self.broken_until = None;
            self.settle_doubt();
            let before = take(&mut self.unwritten);
            before.iter().chain(&batches).for_each(|batch| self.commit(batch));
            if fails {
                self.in_doubt = before.len() + batches.len();
                self.unwritten = before;
            }
        }
        let why = if self.lies { "a made-up fault of the disk" } else { "the disk is full" };
        let result = if fails { Err(why.to_owned()) } else { Ok(()) };
        if !self.answers_first {
            let answers = batches.iter().map(|batch| Written { ticket: batch.ticket, result: result.clone() });
            self.answers.extend(answers);
        }
        if fails {
            if !is_closed {
                self.broken_until = Some(now + TRY_AGAIN_AFTER);
            }
            if !self.drops_unwritten {
                self.unwritten.extend(batches);
            }
        }
    }

    /// What failed and is there all the same is not written twice.
    fn settle_doubt(&mut self) {
        let written = take(&mut self.in_doubt).min(self.unwritten.len());
        self.unwritten.drain(..written);
    }

    fn commit(&mut self, batch: &Batch) {
        self.commits += 1;
        for record in &batch.records {
            self.held.extend(held_by(record));
            self.records.push(record.clone());
        }
        for (channel, key) in &batch.settled {
            self.outbox.retain(|row| row.channel != *channel || row.key != *key);
        }
        for row in &batch.outbox {
            match self.outbox.iter_mut().find(|open| open.channel == row.channel && open.key == row.key) {
                Some(open) => (open.priority, open.body) = (row.priority, row.body.clone()),
                None => self.outbox.push(row.clone()),
            }
        }
    }
}

impl Keeper for Disk {
    fn submit(&mut self, batch: Batch) {
        let is_question = batch.records.is_empty()
            && batch.outbox.is_empty()
            && batch.settled.is_empty()
            && batch.events.is_empty()
            && !batch.urgent;
        if self.answers_first || (is_question && self.broken_until.is_none()) {
            self.answers.push(Written { ticket: batch.ticket, result: Ok(()) });
        }
        if is_question && self.broken_until.is_none() {
            return;
        }
        let now = clock::since_boot();
        self.flush_at.get_or_insert(now + FLUSH_AFTER);
        if batch.urgent {
            let takes = if self.answers_first { self.takes.max(Span::seconds(3)) } else { self.takes };
            self.urgent_at.get_or_insert(now + takes);
        }
        self.waiting.push(batch);
    }

    fn records(&mut self) -> Result<Vec<Record>, Error> {
        Ok(self.records.clone())
    }

    fn outbox(&mut self) -> Result<Vec<OutboxRow>, Error> {
        Ok(self.outbox.clone())
    }

    fn last_watching(&mut self) -> Result<Option<Timestamp>, Error> {
        let last = self.records.last().map(|record| match record {
            Record::Observed(seen) | Record::HeardBefore(seen) => seen.at,
            Record::Entry(entry) => entry.at,
        });
        Ok(if self.forgets_blindness { last.map(|_| clock::now()) } else { last })
    }
}

/// The step of an alert that a line of a station's history holds.
fn held_by(record: &Record) -> Option<Held> {
    #[derive(serde::Deserialize)]
    struct Line {
        notice: Outer,
    }
    #[derive(serde::Deserialize)]
    struct Outer {
        notice: crate::desk::Notice,
    }
    let Record::Entry(entry) = record else { return None };
    if !entry.body.starts_with("{\"notice\":") {
        return None;
    }
    let Line { notice: Outer { notice } } = serde_json::from_slice(entry.body.as_bytes()).ok()?;
    let (alert, step) = (notice.alert, notice.step.number);
    Some((notice.home.to_string(), alert.number, alert.raised_at.timestamp_millis(), step))
}

/// As the writer does.
const FLUSH_AFTER: Span = Span::seconds(10);
const TRY_AGAIN_AFTER: Span = Span::seconds(5);
