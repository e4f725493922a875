//! Says what happened on topics of the station's own broker, where the configuration asks for it: each event at QoS 1, and how
//! each home can be seen as a retained message. Ids only.
//!
//! Read from the same numbered store as all ways, from a mark that is kept: what the broker did not acknowledge is said again,
//! in order, over restarts and power cuts. An event that was said twice has the same `id`.

use crate::model::event::EventKind;
use crate::model::ids::PointId;
use crate::mqtt::{Link, NotPublished};
use crate::store::{Error, Kept, KeptEvents, Office};
use crate::web::Told;
use crate::wire::{CloudEvent, station_event_topic, station_state_topic};
use std::time::Duration;
use tokio::sync::watch;

/// What saying it needs.
pub(super) struct Saying {
    pub point: PointId,
    pub office: Office,
    pub told: Told,
    pub link: Link,
}

/// Says what happens until the station stops.
pub(super) async fn run(saying: Saying, mut stopping: watch::Receiver<bool>) {
    let mut rung = saying.told.bell.hear();
    let mut mark = None;
    while !*stopping.borrow() {
        rung.borrow_and_update();
        let said = saying.say_some(&mut mark).await;
        match said {
            Ok(true) => {}
            Ok(false) => tokio::select! {
                gone = rung.changed() => if gone.is_err() { return },
                () = tokio::time::sleep(LOOKED_AT_EVERY) => {}
                _ = stopping.changed() => {}
            },
            Err(why) => {
                tracing::debug!(why, "events wait for the broker");
                tokio::select! {
                    () = tokio::time::sleep(AGAIN_AFTER) => {}
                    _ = stopping.changed() => {}
                }
            }
        }
    }
}

impl Saying {
    /// Says what waits, one after the other; whether there was anything.
    async fn say_some(&self, mark: &mut Option<u64>) -> Result<bool, String> {
        let from = match *mark {
            Some(from) => from,
            None => self.begin().await?,
        };
        *mark = Some(from);
        let kept = self.told.after(from, AT_ONCE).await.map_err(|why| why.to_string())?;
        if from < kept.complete_after || from > kept.newest {
            // What was not said in time is forgotten; or another database counts from one again.
            tracing::warn!(from, kept.complete_after, "events that were not said in time are forgotten");
            self.put(kept.complete_after).await?;
            *mark = Some(kept.complete_after);
            return Ok(true);
        }
        let (mut done, mut failed) = (from, None);
        for event in &kept.events {
            match self.say(event).await {
                Ok(()) => done = event.seq,
                Err(why) => {
                    failed = Some(why.to_string());
                    break;
                }
            }
        }
        if done > from {
            self.put(done).await?;
            *mark = Some(done);
        }
        failed.map_or(Ok(!kept.events.is_empty()), Err)
    }

    /// Where it goes on; a station that says events for the first time begins with the present.
    async fn begin(&self) -> Result<u64, String> {
        let office = self.office.clone();
        let kept = blocking(move || office.mark(READER)).await?;
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let KeptEvents { newest, .. } = self.told.after(u64::MAX, 0).await.map_err(|why| why.to_string())?;
        self.put(newest).await?;
        Ok(newest)
    }

    async fn say(&self, kept: &Kept) -> Result<(), NotPublished> {
        let Ok(event) = CloudEvent::of_kept(&self.point, kept.seq, &kept.body, false) else {
            tracing::error!(seq = kept.seq, "an event cannot be read");
            return Ok(());
        };
        let topic = station_event_topic(&self.point, event.word());
        self.publish(&topic, event.to_json().into_bytes(), false).await?;
        let home = event.subject.as_deref().filter(|_| event.word() == EventKind::HomeState.as_str());
        let Some(topic) = home.and_then(|home| Some(station_state_topic(&self.point, &home.parse().ok()?))) else {
            return Ok(());
        };
        self.publish(&topic, event.data.to_string().into_bytes(), true).await
    }

    /// What no broker would ever take is left out: it must not hold back what comes after it.
    async fn publish(&self, topic: &str, body: Vec<u8>, retain: bool) -> Result<(), NotPublished> {
        match self.link.publish(topic, body, retain).await {
            Err(NotPublished::Never(why)) => {
                tracing::error!(topic, why, "an event cannot be said");
                Ok(())
            }
            said => said,
        }
    }

    async fn put(&self, seq: u64) -> Result<(), String> {
        let office = self.office.clone();
        blocking(move || office.put_mark(READER, seq)).await
    }
}

async fn blocking<T: Send + 'static>(ask: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, String> {
    let asked = tokio::task::spawn_blocking(ask).await;
    asked.map_err(|why| why.to_string())?.map_err(|why| why.to_string())
}

const READER: &str = "mqtt";
const AT_ONCE: usize = 100;
const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// The bell rings with each commit; this is for a bell that was missed.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(30);
