//! What other systems are told: read after a number, as long as it is kept.
//!
//! The number is given in the transaction that writes an event, so there is no gap, and nothing is told that could be lost.

use crate::store::writer::Command;
use crate::store::{Error, Inner};
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::{Arc, Weak, mpsc};

/// One that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Grows by one.
    pub seq: u64,
    /// JSON the daemon chose.
    pub body: String,
}

/// Some that are kept, and how far they reach.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptEvents {
    /// The number before the oldest that is kept: whoever has seen this one or a later one misses nothing.
    pub complete_after: u64,
    /// The number of the newest.
    pub newest: u64,
    /// Those after the number asked for, oldest first.
    pub events: Vec<Kept>,
}

/// Reads events while the memory is open; cheap to clone, and does not keep it open.
#[derive(Clone, Default)]
pub struct EventLog {
    inner: Weak<Inner>,
}

impl std::fmt::Debug for EventLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EventLog")
    }
}

impl EventLog {
    pub(super) fn of(inner: &Arc<Inner>) -> EventLog {
        EventLog { inner: Arc::downgrade(inner) }
    }

    /// Up to `limit` events after the one of this number. Blocks for as long as the disk takes.
    pub fn after(&self, after: u64, limit: usize) -> Result<KeptEvents, Error> {
        let (reply, answer) = mpsc::sync_channel(1);
        let inner = self.inner.upgrade().ok_or(Error::Ended)?;
        inner.send(Command::Events { after, limit, reply });
        drop(inner);
        answer.recv().map_err(|_| Error::Ended)?
    }
}

pub(super) fn read(connection: &Connection, after: u64, limit: usize) -> rusqlite::Result<KeptEvents> {
    let transaction = connection.unchecked_transaction()?; // one picture
    let newest = transaction
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'event'", [], |row| row.get::<_, i64>(0))
        .optional()?
        .unwrap_or(0);
    let oldest: Option<i64> = transaction.query_row("SELECT min(seq) FROM event", [], |row| row.get(0))?;
    let (from, limit) = (i64::try_from(after).unwrap_or(i64::MAX), i64::try_from(limit).unwrap_or(i64::MAX));
    let mut select = transaction.prepare("SELECT seq, body FROM event WHERE seq > ? ORDER BY seq LIMIT ?")?;
    let rows = select.query_map(params![from, limit], |row| {
        Ok(Kept { seq: row.get::<_, i64>(0)?.unsigned_abs(), body: row.get(1)? })
    })?;
    let events = rows.collect::<rusqlite::Result<_>>()?;
    let complete_after = oldest.map_or(newest, |oldest| oldest - 1).unsigned_abs();
    Ok(KeptEvents { complete_after, newest: newest.unsigned_abs(), events })
}

/// The next number is larger than this one.
pub(super) fn count_from(connection: &Connection, from: i64) -> rusqlite::Result<()> {
    let raised = connection.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'event'", [from])?;
    if raised == 0 {
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('event', ?)", [from])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::{Span, from_millis};
    use crate::store::{Batch, Entry, Retention, Store};
    use std::time::Duration;

    fn batch(ticket: u64, bodies: &[&str]) -> Batch {
        let events = bodies.iter().zip(1..).map(|(body, at)| Entry { at: from_millis(at), body: (*body).to_owned() });
        Batch { ticket, urgent: true, events: events.collect(), ..Batch::default() }
    }

    #[test]
    fn events_are_numbered_without_gaps_over_restarts_and_forgetting() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, answers) = mpsc::channel();
        let open = || {
            let sender = sender.clone();
            Store::open(dir.path(), "station", move |written| drop(sender.send(written))).unwrap().store
        };
        let written = || answers.recv_timeout(Duration::from_secs(10)).unwrap();
        let store = open();
        let log = store.event_log();
        assert_eq!(log.after(0, 10).unwrap(), KeptEvents::default());
        store.submit(batch(1, &["a", "b"]));
        written();
        drop(store);
        assert_eq!(log.after(0, 10), Err(Error::Ended), "whoever reads keeps nothing open");
        let store = open();
        let log = store.event_log();
        store.submit(batch(2, &["c"]));
        written();
        let seen = |after, limit| {
            let kept = log.after(after, limit).unwrap();
            (kept.complete_after, kept.newest, kept.events.iter().map(|e| (e.seq, e.body.clone())).collect::<Vec<_>>())
        };
        assert_eq!(seen(1, 10), (0, 3, vec![(2, "b".to_owned()), (3, "c".to_owned())]));
        assert_eq!(seen(0, 1), (0, 3, vec![(1, "a".to_owned())]));
        store.prune(Some(from_millis(2) + Span::days(7)), &Retention::default());
        let deadline = crate::clock::since_boot() + Span::seconds(10);
        while seen(0, 10).0 == 0 {
            assert!(crate::clock::since_boot() < deadline, "nothing was forgotten");
            std::thread::yield_now();
        }
        assert_eq!(seen(3, 10).1, 3, "the newest number stays known");
        // Of a later day: old ones may go in more than one slice, and an event of the first day with them.
        let later = Entry { at: from_millis(2) + Span::days(7), body: "d".to_owned() };
        store.submit(Batch { ticket: 3, urgent: true, events: vec![later], ..Batch::default() });
        written();
        assert_eq!(seen(3, 10).2, [(4, "d".to_owned())]);
    }

    #[test]
    fn a_database_that_was_lost_gives_out_no_number_again() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, answers) = mpsc::channel();
        std::fs::write(dir.path().join("station"), "no database at all, but long enough to be looked at".repeat(30))
            .unwrap();
        let opened = Store::open(dir.path(), "station", move |written| drop(sender.send(written))).unwrap();
        assert!(opened.replaced.is_some());
        let before = opened.store.event_log().after(0, 1).unwrap();
        assert!(before.newest > 1_700_000_000 && before.complete_after == before.newest, "{before:?}");
        opened.store.submit(batch(1, &["a"]));
        answers.recv_timeout(Duration::from_secs(10)).unwrap();
        assert_eq!(opened.store.event_log().after(before.newest, 9).unwrap().events[0].seq, before.newest + 1);
    }
}
