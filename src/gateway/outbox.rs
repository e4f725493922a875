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
    /// A try is under way.
    under_way: bool,
}

impl Row {
    /// Whether it may be tried beside so many others.
    fn has_room(&self, under_way: usize) -> bool {
        let kept = if self.priority == 0 { 0 } else { KEPT_FOR_CALLS };
        !self.under_way && under_way + kept < IN_FLIGHT_MAX
    }
}

/// What one channel has still to send: which row is due, and what its try led to. Knows no task and no sink.
#[derive(Default)]
pub(crate) struct Queue {
    rows: BTreeMap<String, Row>,
    under_way: usize,
}

impl Queue {
    /// Takes an order.
    pub(crate) fn obey(&mut self, order: Order) {
        let now = clock::since_boot();
        match order {
            Order::Send { key, priority, wait, notice } => {
                // The same again, after a reload or because a station asked twice: one try under way is enough.
                let due = now + wait;
                if let Some(row) = self.rows.get_mut(&key) {
                    row.due = row.due.min(due);
                    return;
                }
                let row = Row { notice: Arc::new(*notice), priority, since: now, due, tries: 0, under_way: false };
                self.rows.insert(key, row);
            }
            Order::Settle { key } => {
                self.rows.remove(&key);
            }
            // What was never tried is due in its own time: a second path still waits for the first.
            Order::AllDue => self.rows.values_mut().filter(|row| row.tries > 0).for_each(|row| {
                row.due = now;
                row.tries = 0;
            }),
        }
    }

    /// What is to be tried now, the most urgent first; each is under way until [`Queue::ended`].
    pub(crate) fn take_due(&mut self) -> Vec<(String, Arc<Outgoing>)> {
        let now = clock::since_boot();
        let mut due: Vec<(&String, &mut Row)> = self.rows.iter_mut().filter(|(_, row)| row.due <= now).collect();
        // Buttons first, then the oldest.
        due.sort_by_key(|(_, row)| (row.priority, row.since));
        let mut taken = Vec::new();
        for (key, row) in due {
            if row.has_room(self.under_way) {
                row.under_way = true;
                self.under_way += 1;
                taken.push((key.clone(), Arc::clone(&row.notice)));
            }
        }
        taken
    }

    /// A try came to its end; what the loop is to hear of it.
    pub(crate) fn ended(&mut self, channel: &str, key: &str, result: Result<Handed, NotDelivered>) -> Option<Report> {
        self.under_way = self.under_way.saturating_sub(1);
        // A receipt may have settled the row while the try was under way.
        let row = self.rows.get_mut(key)?;
        row.under_way = false;
        row.tries += 1;
        row.due = clock::since_boot() + pause_after(row.tries, clock::since_boot() - row.since);
        let (channel, key) = (channel.to_owned(), key.to_owned());
        let report = match result {
            Ok(Handed::Accepted) => return None,
            Ok(Handed::Receipt(receipt)) => Report::Receipt { channel, key: key.clone(), receipt },
            Ok(Handed::Done) => Report::Done { channel, key: key.clone() },
            Ok(Handed::NotTheirs) => Report::NotTheirs { channel, key: key.clone() },
            Err(NotDelivered::Later(why) | NotDelivered::Never(why)) => {
                return Some(Report::Failed { channel, key, why });
            }
        };
        self.rows.remove(&key);
        Some(report)
    }

    /// When the next row is due, in time since boot; a row whose try is under way is none.
    pub(crate) fn next_due(&self) -> Option<Span> {
        self.rows.values().filter(|row| row.has_room(self.under_way)).map(|row| row.due).min()
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
    let mut queue = Queue::default();
    let mut tries = Tries::default();
    loop {
        alive.fetch_add(1, Ordering::Relaxed);
        send_due(&sink, &mut queue, &mut tries);
        show(&queue.rows, &waiting);
        let pause = until_next(&queue);
        tokio::select! {
            order = orders.recv() => match order {
                Some(order) => queue.obey(order),
                None => return,
            },
            Some(done) = tries.running.join_next_with_id() => {
                if let Some((key, result)) = tries.outcome(done) {
                    // The loop that reads the reports ends only when the daemon does.
                    queue.ended(sink.name(), &key, result).map(|report| reports.send(report).ok());
                }
            }
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// The tries that are under way, each with the key of its row.
#[derive(Default)]
struct Tries {
    running: JoinSet<Result<Handed, NotDelivered>>,
    keys: BTreeMap<task::Id, String>,
}

type Ended = Result<(task::Id, Result<Handed, NotDelivered>), task::JoinError>;

impl Tries {
    /// What became of a try. A sink that panics has lost nothing: the row is still there and will be tried again in its time.
    fn outcome(&mut self, done: Ended) -> Option<(String, Result<Handed, NotDelivered>)> {
        match done {
            Ok((id, result)) => Some((self.keys.remove(&id)?, result)),
            Err(error) => {
                let key = self.keys.remove(&error.id())?;
                tracing::error!(key, %error, "a try to deliver broke off");
                Some((key, Err(NotDelivered::Later("the try broke off".to_owned()))))
            }
        }
    }
}

fn send_due(sink: &Arc<dyn Sink>, queue: &mut Queue, tries: &mut Tries) {
    for (key, notice) in queue.take_due() {
        let sink = Arc::clone(sink);
        let begun = tries.running.spawn(async move { sink.deliver(&notice).await });
        tries.keys.insert(begun.id(), key);
    }
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

fn until_next(queue: &Queue) -> std::time::Duration {
    let next = queue.next_due().map(|due| due - clock::since_boot());
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

    fn put(queue: &mut Queue, key: &str, priority: u8) {
        let (key, wait, notice) = (key.to_owned(), Span::zero(), Box::new(outgoing()));
        queue.obey(Order::Send { key, priority, wait, notice });
    }

    #[tokio::test]
    async fn a_sink_that_panics_is_tried_again_in_its_time_and_holds_up_no_other_row() {
        let (mut queue, mut tries) = (Queue::default(), Tries::default());
        put(&mut queue, "first", 0);
        put(&mut queue, "second", 0);
        let panics: Arc<dyn Sink> = Arc::new(Bad { panics: true });
        send_due(&panics, &mut queue, &mut tries);
        let done = tries.running.join_next_with_id().await.unwrap();
        let (key, result) = tries.outcome(done).unwrap();
        assert!(matches!(queue.ended("bad", &key, result), Some(Report::Failed { .. })));
        let row = &queue.rows[&key];
        assert!(row.due > clock::since_boot() && row.tries == 1 && !row.under_way);
        assert_eq!(queue.rows.values().filter(|row| row.under_way).count(), 1, "the other is under way all the same");
    }

    #[tokio::test]
    async fn a_call_finds_room_beside_tries_that_hang() {
        let (mut queue, mut tries) = (Queue::default(), Tries::default());
        (0..40).for_each(|nth| put(&mut queue, &format!("fault {nth}"), 4));
        let hangs: Arc<dyn Sink> = Arc::new(Bad { panics: false });
        send_due(&hangs, &mut queue, &mut tries);
        assert_eq!(tries.running.len(), IN_FLIGHT_MAX - KEPT_FOR_CALLS);
        assert!(until_next(&queue) > std::time::Duration::from_millis(900), "nothing is due: it does not spin");
        put(&mut queue, "call", 0);
        send_due(&hangs, &mut queue, &mut tries);
        assert!(queue.rows["call"].under_way);
    }

    #[test]
    fn what_is_handed_in_once_more_while_it_is_under_way_is_not_sent_twice() {
        let mut queue = Queue::default();
        let mut sent = 0;
        for _ in 0..3 {
            put(&mut queue, "call", 0);
            sent += queue.take_due().len();
        }
        assert_eq!(sent, 1, "an SMS is not written twice because the circle changed");
    }

    #[test]
    fn a_link_that_comes_up_brings_forward_what_was_tried_and_no_second_path_that_still_waits() {
        let mut queue = Queue::default();
        for key in ["tried", "waits"] {
            let (key, notice, wait) = (key.to_owned(), Box::new(outgoing()), Span::seconds(15));
            queue.obey(Order::Send { key, priority: 0, wait, notice });
        }
        queue.rows.get_mut("tried").unwrap().tries = 3;
        let waits_until = queue.rows["waits"].due;
        queue.obey(Order::AllDue);
        assert!(queue.rows["tried"].due < waits_until && queue.rows["tried"].tries == 0);
        assert_eq!(queue.rows["waits"].due, waits_until);
    }

    #[test]
    fn the_schedule_is_dense_at_first_and_never_ends() {
        let pauses: Vec<i64> = (1..7).map(|n| pause_after(n, Span::minutes(1)).num_seconds()).collect();
        assert_eq!(pauses, [5, 10, 20, 30, 30, 30]);
        assert_eq!(pause_after(500, Span::hours(2)), Span::minutes(10));
    }
}
