//! What happened: as a stream of server-sent events, or as lines of JSON to a question that waits.

use super::problem::Asked;
use super::told::envelopes;
use super::{ApiProblem, Caller, Result};
use crate::clock;
use crate::model::time::Span;
use crate::store::KeptEvents;
use crate::store::office::Scope;
use crate::web::Site;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Which events, and how.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Since {
    /// The number of the newest event that is known: what came after it follows. Without one the stream begins now, and lines
    /// with the oldest event that is kept.
    pub after: Option<u64>,
    /// Lines of JSON, up to so many at once.
    #[cfg_attr(test, schemars(range(min = 1, max = 1000)))]
    pub limit: Option<usize>,
    /// Lines of JSON: where there are none yet, they are waited for, so many seconds.
    #[cfg_attr(test, schemars(range(min = 0, max = 60)))]
    pub wait: Option<u64>,
}

/// `GET /api/v1/events`: a stream that resumes after `Last-Event-ID` or `?after=`; lines with `?limit=`, `?wait=` or
/// `Accept: application/jsonl`.
pub async fn events(State(site): State<Arc<Site>>, Asked(since): Asked<Since>, headers: HeaderMap) -> Result<Response> {
    let caller = Caller::of(&site, &headers, Scope::Read).await?;
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if since.limit.is_some() || since.wait.is_some() || accepts.contains("application/jsonl") {
        return lines(&site, &caller, &since).await;
    }
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::parse::<u64>);
    let after = match resumed {
        Some(Ok(seq)) => Some(seq),
        // What is no number of ours was told by somebody else: everything is read anew.
        Some(Err(_)) => Some(u64::MAX),
        None => since.after,
    };
    let (to_program, stream) = mpsc::channel(32);
    tokio::spawn(tell(site, caller.sees_names(), after, to_program));
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((unbuffered, Sse::new(ReceiverStream::new(stream))).into_response())
}

type ToProgram = mpsc::Sender<std::result::Result<Event, Infallible>>;

/// Tells one program, until it goes away or the station stops.
async fn tell(site: Arc<Site>, pii: bool, after: Option<u64>, program: ToProgram) {
    let _counted = Listener::count(&site.api.listeners);
    let told = site.api.telling.told.clone();
    let mut bell = told.bell.hear();
    let mut beat = tokio::time::interval(BEAT);
    let mut known = after;
    loop {
        bell.borrow_and_update(); // before reading: what is written meanwhile rings again
        let read = told.after(known.unwrap_or(u64::MAX), AT_ONCE).await;
        if let Ok(kept) = &read {
            let is_cut_off = known.is_some_and(|known| is_cut_off(kept, known));
            let mut events = Vec::new();
            if is_cut_off {
                events.push(reset(kept.newest));
            } else {
                events.extend(envelopes(&site.settings.point, kept, pii).iter().map(event));
            }
            known = Some(match (known, kept.events.last()) {
                (Some(_), Some(last)) if !is_cut_off => last.seq,
                (Some(known), None) if !is_cut_off => known,
                _ => kept.newest,
            });
            for event in events {
                if program.send(Ok(event)).await.is_err() {
                    return;
                }
            }
            if kept.events.len() == AT_ONCE && !is_cut_off {
                continue;
            }
        }
        tokio::select! {
            _ = beat.tick() => {
                if program.send(Ok(site.heartbeat(known))).await.is_err() {
                    return;
                }
            }
            rung = bell.changed() => if rung.is_err() { return },
            () = program.closed() => return,
        }
    }
}

/// Whether something between what is known and what is kept was forgotten, or was never told here.
fn is_cut_off(kept: &KeptEvents, known: u64) -> bool {
    known < kept.complete_after || known > kept.newest
}

fn event(event: &crate::wire::CloudEvent) -> Event {
    Event::default().id(event.seq.to_string()).event(event.kind.clone()).data(event.to_json())
}

fn reset(newest: u64) -> Event {
    let data = serde_json::json!({ "snapshot": "/api/v1/desk", "after": newest });
    Event::default().id(newest.to_string()).event("reset").data(data.to_string())
}

impl Site {
    fn heartbeat(&self, seq: Option<u64>) -> Event {
        let data = serde_json::json!({
            "now_ms": self.now().timestamp_millis(), "seq": seq, "build": self.settings.build,
            "ready": self.health().is_ready(),
        });
        Event::default().event("beat").retry(RETRY).data(data.to_string())
    }
}

async fn lines(site: &Site, caller: &Caller, since: &Since) -> Result<Response> {
    let (limit, wait) = (since.limit.unwrap_or(LINES), since.wait.unwrap_or(0));
    if !(1..=LINES_MAX).contains(&limit) {
        return Err(ApiProblem::unclear(
            "so many cannot be asked for at once",
            "limit",
            "send a number from 1 to 1000",
        ));
    }
    if wait > WAIT_SECS_MAX {
        return Err(ApiProblem::unclear("so long is not waited", "wait", "send seconds, up to 60, and ask again"));
    }
    let told = &site.api.telling.told;
    let mut bell = told.bell.hear();
    let end = clock::since_boot() + Span::seconds(i64::try_from(wait).unwrap_or_default());
    loop {
        bell.borrow_and_update();
        let kept = told.after(since.after.unwrap_or(0), limit).await;
        let kept = kept.map_err(|why| ApiProblem::later(why.to_string()))?;
        if since.after.is_some_and(|after| is_cut_off(&kept, after)) {
            let what = format!("what came after this number is not kept any more; the newest is {}", kept.newest);
            let deed = "read /api/v1/desk and go on after its seq";
            return Err(ApiProblem::new(StatusCode::GONE, what, deed).at("after"));
        }
        let left = end - clock::since_boot();
        if !kept.events.is_empty() || left <= Span::zero() {
            let lines = envelopes(&site.settings.point, &kept, caller.sees_names());
            let text: String = lines.iter().map(|event| event.to_json() + "\n").collect();
            return Ok(([(header::CONTENT_TYPE, "application/jsonl")], text).into_response());
        }
        // A bell that is gone will not ring: the end of the waiting answers.
        let rung = tokio::time::timeout(left.to_std().unwrap_or_default(), bell.changed()).await;
        if let Ok(Err(_)) = rung {
            return Err(ApiProblem::later("the station stops"));
        }
    }
}

/// One that listens, counted while it does.
struct Listener(Arc<AtomicUsize>);

impl Listener {
    fn count(listeners: &Arc<AtomicUsize>) -> Listener {
        listeners.fetch_add(1, Ordering::Relaxed);
        Listener(Arc::clone(listeners))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A program without a beat for 10 s knows that the connection is dead.
const BEAT: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_secs(2);
/// Events read from the store in one go.
const AT_ONCE: usize = 100;
const LINES: usize = 100;
const LINES_MAX: usize = 1000;
const WAIT_SECS_MAX: u64 = 60;
