//! Server-sent events: which alert changed, and a beat that proves that the page is live.

use crate::desk::{AlertKey, Subject};
use crate::web::Site;
use crate::web::form::Visitor;
use crate::web::secrets::Hash;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;

/// The newest changes, for every open page. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Feed {
    run: u64,
    kept: Arc<Mutex<Kept>>,
    live: broadcast::Sender<Change>,
    streams: Arc<Mutex<Streams>>,
}

/// The open streams of each sign-in, the oldest first.
type Streams = BTreeMap<Hash, VecDeque<oneshot::Sender<()>>>;

#[derive(Debug, Default)]
struct Kept {
    seq: u64,
    changes: VecDeque<Change>,
}

#[derive(Debug, Clone)]
struct Change {
    seq: u64,
    subject: Subject,
}

impl Feed {
    /// A feed of this run of the station; ids of other runs are answered with a reset.
    pub fn new(run: u64) -> Feed {
        Feed { run, kept: Arc::default(), live: broadcast::channel(KEPT_MAX).0, streams: Arc::default() }
    }

    /// Tells every open page that something looks different now.
    pub fn changed(&self, subject: Subject) {
        let mut kept = self.kept();
        kept.seq += 1;
        let change = Change { seq: kept.seq, subject };
        if kept.changes.len() == KEPT_MAX {
            kept.changes.pop_front();
        }
        kept.changes.push_back(change.clone());
        drop(self.live.send(change)); // nobody listens: fine
    }

    /// The number of the newest change.
    pub(super) fn seq(&self) -> u64 {
        self.kept().seq
    }

    /// How many pages listen.
    pub fn listening(&self) -> usize {
        self.live.receiver_count()
    }

    /// The id of the newest change, for a page that is drawn now.
    pub fn after(&self) -> String {
        format!("{}-{}", self.run, self.kept().seq)
    }

    /// What came after `id`, and what comes; `None` for the past if it is not known gap-free any more.
    fn since(&self, id: Option<&str>) -> (Option<Vec<Change>>, broadcast::Receiver<Change>) {
        let kept = self.kept();
        let live = self.live.subscribe(); // under the lock: no change falls between
        let Some(id) = id else { return (Some(Vec::new()), live) };
        let known =
            id.split_once('-').and_then(|(run, seq)| Some((run.parse::<u64>().ok()?, seq.parse::<u64>().ok()?)));
        let oldest = kept.seq - kept.changes.len() as u64;
        let past = match known {
            Some((run, seq)) if run == self.run && (oldest..=kept.seq).contains(&seq) => {
                Some(kept.changes.iter().filter(|change| change.seq > seq).cloned().collect())
            }
            _ => None,
        };
        (past, live)
    }

    /// One more stream of a sign-in; beyond four the oldest one is told to end. What comes back says when this one has to.
    fn enter(&self, seat: &Hash) -> oneshot::Receiver<()> {
        let (end, ends) = oneshot::channel();
        let mut streams = self.streams.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        streams.retain(|_, open| {
            open.retain(|end| !end.is_closed());
            !open.is_empty()
        });
        let open = streams.entry(*seat).or_default();
        open.push_back(end);
        if open.len() > STREAMS_MAX
            && let Some(oldest) = open.pop_front()
        {
            oldest.send(()).ok(); // it went by itself: fine
        }
        ends
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct After {
    after: Option<String>,
}

/// `GET /events`: resumes after `Last-Event-ID` or `?after=`.
pub(super) async fn events(
    State(site): State<Arc<Site>>,
    Query(query): Query<After>,
    headers: HeaderMap,
) -> Sse<ReceiverStream<Result<Event, Infallible>>> {
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let after = resumed.or(query.after);
    let (past, live) = site.feed.since(after.as_deref());
    let (to_page, stream) = mpsc::channel(32);
    let seat = Visitor::of(&site, &headers).seat.map(|seat| seat.hash);
    let ends = seat.as_ref().map(|seat| site.feed.enter(seat));
    tokio::spawn(tell(site, seat, past, live, ends, to_page));
    Sse::new(ReceiverStream::new(stream))
}

async fn tell(
    site: Arc<Site>,
    seat: Option<Hash>,
    past: Option<Vec<Change>>,
    mut live: broadcast::Receiver<Change>,
    ends: Option<oneshot::Receiver<()>>,
    page: mpsc::Sender<Result<Event, Infallible>>,
) {
    let mut beat = tokio::time::interval(BEAT);
    let first = match past {
        Some(past) => past.iter().map(|change| site.feed.event(change)).collect(),
        None => vec![site.feed.reset()],
    };
    for event in first {
        if page.send(Ok(event)).await.is_err() {
            return;
        }
    }
    let end = async move {
        match ends {
            // The sender goes with the feed alone, and then all of this ends.
            Some(ends) => drop(ends.await),
            None => std::future::pending().await,
        }
    };
    tokio::pin!(end);
    loop {
        let event = tokio::select! {
            () = &mut end => {
                page.send(Ok(Event::default().event("bye").data("{}"))).await.ok(); // this sign-in has more of them
                return;
            }
            () = page.closed() => return,
            // Whoever has no session any more is told nothing more; the page asks again and is told why.
            _ = beat.tick() => match seat.is_some_and(|seat| site.is_signed_in(&seat)) {
                true => site.beat(),
                false => return,
            },
            change = live.recv() => match change {
                Ok(change) => site.feed.event(&change),
                // A page that is too slow reads everything anew instead of missing something.
                Err(broadcast::error::RecvError::Lagged(_)) => site.feed.reset(),
                Err(broadcast::error::RecvError::Closed) => return,
            },
        };
        if page.send(Ok(event)).await.is_err() {
            return;
        }
    }
}

impl Feed {
    fn event(&self, change: &Change) -> Event {
        let seq = change.seq;
        let (kind, data) = match &change.subject {
            Subject::Alert(AlertKey { home, alert }) => {
                let (number, raised_at_ms) = (alert.number, alert.raised_at.timestamp_millis());
                let data =
                    serde_json::json!({ "seq": seq, "home": home, "alert": number, "raised_at_ms": raised_at_ms });
                ("changed", data)
            }
            Subject::Errands(home) => ("errands", serde_json::json!({ "seq": seq, "home": home })),
        };
        Event::default().id(format!("{}-{seq}", self.run)).event(kind).data(data.to_string())
    }

    fn reset(&self) -> Event {
        Event::default().id(self.after()).event("reset").data("{\"snapshot\":\"/api/v1/desk\"}")
    }
}

impl Site {
    fn beat(&self) -> Event {
        let data = serde_json::json!({
            "now_ms": self.now().timestamp_millis(), "seq": self.feed.kept().seq,
            "build": self.settings.build, "ready": self.is_ready(),
        });
        Event::default().event("beat").retry(Duration::from_secs(2)).data(data.to_string())
    }
}

/// A page without a beat for 10 s calls itself stale.
const BEAT: Duration = Duration::from_secs(5);
/// A page that slept longer than this many changes reads everything anew.
const KEPT_MAX: usize = 1024;
/// A browser opens six connections to one station at most, over all of its tabs.
const STREAMS_MAX: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alert::AlertId;
    use crate::model::time::from_millis;

    fn alert(number: u64) -> Subject {
        AlertKey { home: "h".parse().unwrap(), alert: AlertId { number, raised_at: from_millis(0) } }.into()
    }

    #[test]
    fn the_fifth_stream_of_a_sign_in_ends_its_oldest_and_no_other() {
        let feed = Feed::new(1);
        let mut first = feed.enter(&[1; 32]);
        let mut other = feed.enter(&[2; 32]);
        let mut rest: Vec<_> = (0..3).map(|_| feed.enter(&[1; 32])).collect();
        assert!(first.try_recv().is_err(), "four are fine");
        rest.push(feed.enter(&[1; 32]));
        assert!(first.try_recv().is_ok());
        assert!(other.try_recv().is_err() && rest.iter_mut().all(|stream| stream.try_recv().is_err()));
        drop(rest);
        let mut again: Vec<_> = (0..4).map(|_| feed.enter(&[1; 32])).collect();
        assert!(again.iter_mut().all(|stream| stream.try_recv().is_err()), "those that went do not count");
    }

    #[test]
    fn a_page_that_comes_back_misses_nothing_or_is_told_to_read_anew() {
        let feed = Feed::new(7);
        let start = feed.after();
        for n in 1..=3 {
            feed.changed(alert(n));
        }
        let seen = |id: Option<&str>| feed.since(id).0.map(|changes| changes.iter().map(|c| c.seq).collect::<Vec<_>>());
        assert_eq!(seen(Some(&start)), Some(vec![1, 2, 3]));
        assert_eq!(seen(Some("7-2")), Some(vec![3]));
        assert_eq!(seen(Some("7-3")), Some(vec![]));
        assert_eq!(seen(Some("6-2")), None, "another run");
        assert_eq!(seen(Some("7-9")), None, "from the future");
        assert_eq!(seen(Some("nonsense")), None);
        for n in 0..KEPT_MAX as u64 {
            feed.changed(alert(n));
        }
        assert_eq!(seen(Some("7-2")), None, "too long ago");
    }
}
