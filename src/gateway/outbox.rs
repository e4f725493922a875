//! The outbox on its way: one queue and one task per channel, so that a channel that hangs holds up no other.
//!
//! A row is sent again and again until the station's receipt settles it: after 5, 10, 20, 30 s, then every 30 s for an
//! hour, then every 10 minutes; all at once when the link comes back. The sink only tries once and says what happened.

use crate::clock;
use crate::model::reason::WayOut;
use crate::model::time::Span;
use crate::sinks::{Handed, NotDelivered, Outgoing, Sink};
use crate::wire::Receipt;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use tokio::task::{self, JoinSet};

/// What a channel's task is told.
#[derive(Debug)]
pub enum Order {
    /// Send this until it is settled.
    Send {
        /// Its key in the outbox.
        key: String,
        /// The smaller, the sooner.
        priority: u8,
        /// Not before this long from now: a second path waits for the first.
        wait: Span,
        /// What.
        notice: Box<Outgoing>,
    },
    /// A receipt is back.
    Settle {
        /// The key.
        key: String,
    },
    /// The link is back: everything is due.
    AllDue,
}

/// What a channel's task found out.
#[derive(Debug)]
pub enum Report {
    /// Who is at the end of this channel holds it, and said so in the channel's own words.
    Receipt {
        /// The channel.
        channel: String,
        /// The row's key in the outbox.
        key: String,
        /// Its word.
        receipt: Receipt,
    },
    /// The channel has done what it can, without a receipt.
    Done {
        /// The channel.
        channel: String,
        /// The row's key in the outbox.
        key: String,
    },
    /// Nothing was sent: the row is no concern of who is at the end of this channel.
    NotTheirs {
        /// The channel.
        channel: String,
        /// The row's key in the outbox.
        key: String,
    },
    /// A try failed; words for a person.
    Failed {
        /// The channel.
        channel: String,
        /// The row's key in the outbox.
        key: String,
        /// Why.
        why: String,
    },
    /// A heartbeat or a probe came to its end.
    Tried {
        /// On which way.
        way: WayOut,
        /// Words for a person where it failed.
        result: Result<(), String>,
    },
}

/// How the queue stands, for heartbeat and status.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Rows without a receipt.
    pub rows: AtomicU64,
    /// Since when the oldest of them waits, in milliseconds since boot; 0 = none.
    pub oldest_since_boot_ms: AtomicU64,
}

impl Waiting {
    /// Age of the oldest row without a receipt.
    pub fn oldest(&self, since_boot: Span) -> Option<Span> {
        let since = self.oldest_since_boot_ms.load(Ordering::Relaxed);
        (since > 0).then(|| (since_boot - Span::milliseconds(since as i64)).max(Span::zero()))
    }
}

/// Rows of one channel that are on the wire at the same time.
const IN_FLIGHT_MAX: usize = 16;

/// So many of them are kept for what is most urgent: a call never waits behind sixteen tries at a receiver that hangs.
const KEPT_FOR_CALLS: usize = 4;

struct Row {
    notice: Arc<Outgoing>,
    priority: u8,
    since: Span,
    due: Span,
    tries: u32,
    /// The try that is under way.
    under_way: Option<task::Id>,
}

impl Row {
    /// Whether it may be tried beside so many others.
    fn has_room(&self, under_way: usize) -> bool {
        let kept = if self.priority == 0 { 0 } else { KEPT_FOR_CALLS };
        self.under_way.is_none() && under_way + kept < IN_FLIGHT_MAX
    }
}

/// Runs one channel until the orders end. `alive` counts up at least every second.
pub async fn run(
    sink: Arc<dyn Sink>,
    mut orders: mpsc::UnboundedReceiver<Order>,
    reports: mpsc::UnboundedSender<Report>,
    waiting: Arc<Waiting>,
    alive: Arc<AtomicU64>,
) {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut tries: JoinSet<(String, Result<Handed, NotDelivered>)> = JoinSet::new();
    loop {
        alive.fetch_add(1, Ordering::Relaxed);
        send_due(&sink, &mut rows, &mut tries);
        show(&rows, &waiting);
        let pause = until_next(&rows, tries.len());
        tokio::select! {
            order = orders.recv() => match order {
                Some(order) => obey(order, &mut rows),
                None => return,
            },
            Some(done) = tries.join_next() => {
                if let Some((key, result)) = outcome(done, &rows) {
                    settle_try(&sink, &key, result, &mut rows, &reports);
                }
            }
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What became of a try. A sink that panics has lost nothing: the row is still here and will be tried again in its time.
fn outcome(
    done: Result<(String, Result<Handed, NotDelivered>), task::JoinError>,
    rows: &BTreeMap<String, Row>,
) -> Option<(String, Result<Handed, NotDelivered>)> {
    let error = match done {
        Ok(done) => return Some(done),
        Err(error) => error,
    };
    let (key, _) = rows.iter().find(|(_, row)| row.under_way == Some(error.id()))?;
    tracing::error!(key, %error, "a try to deliver broke off");
    Some((key.clone(), Err(NotDelivered::Later("the try broke off".to_owned()))))
}

fn obey(order: Order, rows: &mut BTreeMap<String, Row>) {
    let now = clock::since_boot();
    match order {
        Order::Send { key, priority, wait, notice } => {
            // The same again, after a reload or because a station asked twice: one try under way is enough.
            let due = now + wait;
            if let Some(row) = rows.get_mut(&key) {
                row.due = row.due.min(due);
                return;
            }
            rows.insert(key, Row { notice: Arc::new(*notice), priority, since: now, due, tries: 0, under_way: None });
        }
        Order::Settle { key } => {
            rows.remove(&key);
        }
        // What was never tried is due in its own time: a second path still waits for the first.
        Order::AllDue => rows.values_mut().filter(|row| row.tries > 0).for_each(|row| {
            row.due = now;
            row.tries = 0;
        }),
    }
}

fn send_due(
    sink: &Arc<dyn Sink>,
    rows: &mut BTreeMap<String, Row>,
    tries: &mut JoinSet<(String, Result<Handed, NotDelivered>)>,
) {
    let now = clock::since_boot();
    let mut due: Vec<(&String, &mut Row)> = rows.iter_mut().filter(|(_, row)| row.due <= now).collect();
    // Buttons first, then the oldest.
    due.sort_by_key(|(_, row)| (row.priority, row.since));
    for (key, row) in due {
        if !row.has_room(tries.len()) {
            continue;
        }
        let (sink, notice, key) = (Arc::clone(sink), Arc::clone(&row.notice), key.clone());
        let begun = tries.spawn(async move {
            let result = sink.deliver(&notice).await;
            (key, result)
        });
        row.under_way = Some(begun.id());
    }
}

fn settle_try(
    sink: &Arc<dyn Sink>,
    key: &str,
    result: Result<Handed, NotDelivered>,
    rows: &mut BTreeMap<String, Row>,
    reports: &mpsc::UnboundedSender<Report>,
) {
    // A receipt may have settled the row while the try was under way.
    let Some(row) = rows.get_mut(key) else { return };
    row.under_way = None;
    row.tries += 1;
    row.due = clock::since_boot() + pause_after(row.tries, clock::since_boot() - row.since);
    let report = match result {
        Ok(Handed::Accepted) => return,
        Ok(Handed::Receipt(receipt)) => {
            rows.remove(key);
            Report::Receipt { channel: sink.name().to_owned(), key: key.to_owned(), receipt }
        }
        Ok(Handed::Done) => {
            rows.remove(key);
            Report::Done { channel: sink.name().to_owned(), key: key.to_owned() }
        }
        Ok(Handed::NotTheirs) => {
            rows.remove(key);
            Report::NotTheirs { channel: sink.name().to_owned(), key: key.to_owned() }
        }
        Err(NotDelivered::Later(why) | NotDelivered::Never(why)) => {
            Report::Failed { channel: sink.name().to_owned(), key: key.to_owned(), why }
        }
    };
    // The loop that reads the reports ends only when the daemon does.
    drop(reports.send(report));
}

/// How long to wait after the try of this number, for a row that has waited this long.
fn pause_after(tries: u32, waited: Span) -> Span {
    match tries {
        0 | 1 => Span::seconds(5),
        2 => Span::seconds(10),
        3 => Span::seconds(20),
        _ if waited < Span::hours(1) => Span::seconds(30),
        _ => Span::minutes(10),
    }
}

fn until_next(rows: &BTreeMap<String, Row>, under_way: usize) -> std::time::Duration {
    let now = clock::since_boot();
    let next = rows.values().filter(|row| row.has_room(under_way)).map(|row| row.due - now).min();
    // At least once a second, so that the watchdog sees the task move.
    next.map_or(Span::seconds(1), |wait| wait.clamp(Span::zero(), Span::seconds(1))).to_std().unwrap_or_default()
}

fn show(rows: &BTreeMap<String, Row>, waiting: &Waiting) {
    waiting.rows.store(rows.len() as u64, Ordering::Relaxed);
    let oldest = rows.values().map(|row| row.since).min().map_or(0, |since| since.num_milliseconds().max(1));
    waiting.oldest_since_boot_ms.store(oldest as u64, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::BoxFuture;

    fn outgoing() -> Outgoing {
        let notice = r#"{"v":1,"home":"made-up-1","place":"3-2-201","alert":{"number":7,"raised_at_ms":1000},
            "step":{"number":1,"at_ms":1000,"by":{"role":"home"},"deed":"receive"},
            "state":{"reason":{"rule":"call_button","sensor":"pendant","press":"single"},"severity":"emergency",
                "phase":"raised","count":1,"escalated":0},
            "age_secs":0.5,"clock_trusted":true,"durable":true}"#;
        let notice: crate::wire::Notice = serde_json::from_str(notice).unwrap();
        Outgoing { home: notice.home.clone(), point: "lehe".parse().unwrap(), notice }
    }

    /// Panics at once, or never answers.
    struct Bad {
        panics: bool,
    }

    impl Sink for Bad {
        fn name(&self) -> &str {
            "bad"
        }

        fn deliver<'a>(&'a self, _: &'a Outgoing) -> BoxFuture<'a, Result<Handed, NotDelivered>> {
            assert!(!self.panics, "a made-up panic");
            Box::pin(std::future::pending())
        }

        fn probe(&self) -> BoxFuture<'_, Result<(), NotDelivered>> {
            Box::pin(async { Ok(()) })
        }
    }

    fn put(rows: &mut BTreeMap<String, Row>, key: &str, priority: u8) {
        let (key, wait, notice) = (key.to_owned(), Span::zero(), Box::new(outgoing()));
        obey(Order::Send { key, priority, wait, notice }, rows);
    }

    #[tokio::test]
    async fn a_sink_that_panics_is_tried_again_in_its_time_and_holds_up_no_other_row() {
        let (mut rows, mut tries) = (BTreeMap::new(), JoinSet::new());
        put(&mut rows, "first", 0);
        put(&mut rows, "second", 0);
        let panics: Arc<dyn Sink> = Arc::new(Bad { panics: true });
        send_due(&panics, &mut rows, &mut tries);
        let (reports, mut reported) = mpsc::unbounded_channel();
        let (key, result) = outcome(tries.join_next().await.unwrap(), &rows).unwrap();
        settle_try(&panics, &key, result, &mut rows, &reports);
        assert!(matches!(reported.try_recv(), Ok(Report::Failed { .. })));
        assert!(rows[&key].due > clock::since_boot() && rows[&key].tries == 1 && rows[&key].under_way.is_none());
        assert_eq!(
            rows.values().filter(|row| row.under_way.is_some()).count(),
            1,
            "the other is under way all the same"
        );
    }

    #[tokio::test]
    async fn a_call_finds_room_beside_tries_that_hang() {
        let (mut rows, mut tries) = (BTreeMap::new(), JoinSet::new());
        (0..40).for_each(|nth| put(&mut rows, &format!("fault {nth}"), 4));
        let hangs: Arc<dyn Sink> = Arc::new(Bad { panics: false });
        send_due(&hangs, &mut rows, &mut tries);
        assert_eq!(tries.len(), IN_FLIGHT_MAX - KEPT_FOR_CALLS);
        assert!(
            until_next(&rows, tries.len()) > std::time::Duration::from_millis(900),
            "nothing is due: it does not spin"
        );
        put(&mut rows, "call", 0);
        send_due(&hangs, &mut rows, &mut tries);
        assert!(rows["call"].under_way.is_some());
    }

    #[tokio::test]
    async fn what_is_handed_in_once_more_while_it_is_under_way_is_not_sent_twice() {
        let (mut rows, mut tries) = (BTreeMap::new(), JoinSet::new());
        let hangs: Arc<dyn Sink> = Arc::new(Bad { panics: false });
        for _ in 0..3 {
            put(&mut rows, "call", 0);
            send_due(&hangs, &mut rows, &mut tries);
        }
        assert_eq!(tries.len(), 1, "an SMS is not written twice because the circle changed");
    }

    #[test]
    fn a_link_that_comes_up_brings_forward_what_was_tried_and_no_second_path_that_still_waits() {
        let mut rows = BTreeMap::new();
        for key in ["tried", "waits"] {
            let (key, notice, wait) = (key.to_owned(), Box::new(outgoing()), Span::seconds(15));
            obey(Order::Send { key, priority: 0, wait, notice }, &mut rows);
        }
        rows.get_mut("tried").unwrap().tries = 3;
        let waits_until = rows["waits"].due;
        obey(Order::AllDue, &mut rows);
        assert!(rows["tried"].due < waits_until && rows["tried"].tries == 0);
        assert_eq!(rows["waits"].due, waits_until);
    }

    #[test]
    fn the_schedule_is_dense_at_first_and_never_ends() {
        let pauses: Vec<i64> = (1..7).map(|n| pause_after(n, Span::minutes(1)).num_seconds()).collect();
        assert_eq!(pauses, [5, 10, 20, 30, 30, 30]);
        assert_eq!(pause_after(500, Span::hours(2)), Span::minutes(10));
    }
}
