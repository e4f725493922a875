//! Alerts that are over for good go from the desk's memory into the office: first they are on the disk there, then the desk
//! lets go, and the lines of the history follow in the night.

use crate::desk::{AlertKey, Case, FiledCase, Line, Ripe};
use crate::model::time::{Span, Timestamp};
use crate::store::office::Filed;
use crate::store::{Office, Retention};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// What is kept now, with the state of its row that was kept.
pub(super) type Kept = Vec<(AlertKey, u32)>;

/// Keeps cases beside the loop.
pub(super) struct Filing {
    office: Office,
    kept_for: Retention,
    done: UnboundedSender<Kept>,
    kept: Option<UnboundedReceiver<Kept>>,
    next: Option<Timestamp>,
}

impl Filing {
    pub fn new(office: Office, kept_for: Retention) -> Filing {
        let (done, kept) = mpsc::unbounded_channel();
        Filing { office, kept_for, done, kept: Some(kept), next: None }
    }

    /// Where the loop hears what is kept.
    pub fn kept(&mut self) -> UnboundedReceiver<Kept> {
        self.kept.take().unwrap_or_else(|| mpsc::unbounded_channel().1)
    }

    /// How long things are kept.
    pub fn keep_for(&self) -> &Retention {
        &self.kept_for
    }

    /// Forgets what is older, on a thread of its own.
    pub fn forget_old(&self, now: Timestamp) {
        let (office, keep) = (self.office.clone(), self.kept_for);
        tokio::task::spawn_blocking(move || {
            if let Err(why) = office.forget_old(now, &keep) {
                tracing::error!(%why, "old alerts and old lines of the audit could not be forgotten");
            }
        });
    }

    /// Whether it is time to look for alerts that are over.
    pub fn is_due(&self, now: Timestamp) -> bool {
        // Also after the clock was set back.
        self.next.is_none_or(|next| !(next - EVERY..next).contains(&now))
    }

    /// Writes cases on a thread of their own; a disk that fails keeps them with the desk.
    pub fn keep(&mut self, now: Timestamp, ripe: Vec<Ripe>) {
        // More wait than were taken: on with them soon.
        self.next = Some(now + if ripe.len() < AT_ONCE { EVERY } else { SOON });
        if ripe.is_empty() {
            return;
        }
        let (office, done) = (self.office.clone(), self.done.clone());
        tokio::task::spawn_blocking(move || {
            match keep(&office, &ripe) {
                // Nobody listens while the station stops: then they are filed again.
                Ok(()) => drop(done.send(ripe.into_iter().map(|r| (r.filed.case.key, r.version)).collect())),
                Err(why) => tracing::error!(%why, "alerts that are over could not be filed"),
            }
        });
    }
}

pub(super) fn keep(office: &Office, ripe: &[Ripe]) -> Result<(), crate::store::Error> {
    let mut rows = Vec::new();
    for one in ripe {
        let key = &one.filed.case.key;
        let before = office.filed(&key.home, key.alert.number, key.alert.raised_at)?;
        let before = before.and_then(|(case, timeline)| read(&case, &timeline));
        let filed = match before {
            Some(before) => before.joined(one.filed.clone()),
            None => one.filed.clone(),
        };
        rows.push(written(&filed));
    }
    office.put_filed(&rows)
}

fn written(filed: &FiledCase) -> Filed {
    let text = "cases hold only text keys and finite numbers";
    Filed {
        home: filed.case.key.home.clone(),
        number: filed.case.key.alert.number,
        raised: filed.case.key.alert.raised_at,
        began: filed.case.raised_at,
        case: serde_json::to_string(&filed.case).expect(text),
        timeline: serde_json::to_string(&filed.timeline).expect(text),
    }
}

fn read(case: &str, timeline: &str) -> Option<FiledCase> {
    let (case, timeline): (Case, Vec<Line>) =
        (serde_json::from_slice(case.as_bytes()).ok()?, serde_json::from_slice(timeline.as_bytes()).ok()?);
    Some(FiledCase { case, timeline })
}

const EVERY: Span = Span::hours(1);
const SOON: Span = Span::seconds(5);
/// Cases that are written in one go.
pub(super) const AT_ONCE: usize = 200;
