//! What happened, for those who tell other systems: read from the store, so that nothing is told that is not written.

use crate::model::ids::PointId;
use crate::store::{Error, EventLog, KeptEvents};
use crate::wire::CloudEvent;
use tokio::sync::watch;

/// Rung when there is something to look at.
#[derive(Debug, Clone)]
pub struct Bell(watch::Sender<u64>);

impl Default for Bell {
    fn default() -> Bell {
        Bell(watch::channel(0).0)
    }
}

impl Bell {
    /// Wakes everybody who waits.
    pub fn ring(&self) {
        self.0.send_modify(|times| *times += 1);
    }

    /// To wait by.
    pub fn hear(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// What happened, and the bell that says that there is more.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// What is kept.
    pub log: EventLog,
    /// Rung after each commit.
    pub bell: Bell,
}

impl Told {
    /// Up to `limit` events after the one of this number; the disk is waited for elsewhere.
    pub async fn after(&self, after: u64, limit: usize) -> Result<KeptEvents, Error> {
        let log = self.log.clone();
        let read = tokio::task::spawn_blocking(move || log.after(after, limit)).await;
        read.unwrap_or(Err(Error::Ended))
    }

    /// The number of the newest event.
    pub async fn newest(&self) -> Result<u64, Error> {
        self.after(u64::MAX, 0).await.map(|kept| kept.newest)
    }
}

/// The events as they travel; one that cannot be read is a fault of the program and is said in the log.
pub(in crate::web) fn envelopes(point: &PointId, kept: &KeptEvents, pii: bool) -> Vec<CloudEvent> {
    let envelope = |kept: &crate::store::Kept| {
        let read = CloudEvent::of_kept(point, kept.seq, &kept.body, pii);
        read.inspect_err(|why| tracing::error!(seq = kept.seq, %why, "an event cannot be read")).ok()
    };
    kept.events.iter().filter_map(envelope).collect()
}
