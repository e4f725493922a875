//! The desk's history in the store.

use crate::desk::{AlertKey, Recorded, STATION_NUMBERS};
use crate::model::event::Event;
use crate::model::time::Timestamp;
use crate::problem::Problem;
use crate::store::{Batch, Entry, Error, EventLog, Fate, Judge, Record, Retention, Store, Written};
use std::collections::BTreeSet;
use std::path::Path;
use tokio::sync::mpsc::UnboundedSender;

/// Where the desk's decisions are written.
pub(super) struct Memory {
    store: Store,
    dir: Option<std::path::PathBuf>,
}

/// A memory that was opened.
pub(super) struct Opened {
    pub memory: Memory,
    pub run: u64,
    pub replaced: Option<String>,
    pub history: Vec<Recorded>,
}

impl Memory {
    /// Opens the station's database and reads its history.
    pub fn open(dir: &Path, written: UnboundedSender<Written>) -> Result<Opened, Problem> {
        let on_written = move |answer| drop(written.send(answer)); // nobody listens while the station stops
        let opened = Store::open(dir, super::DATABASE, on_written).map_err(|error| error.problem())?;
        let history = history(&opened.store).map_err(|error| error.problem())?;
        Ok(Opened {
            memory: Memory { store: opened.store, dir: Some(dir.to_owned()) },
            run: opened.run,
            replaced: opened.replaced,
            history,
        })
    }

    /// A memory in a store that somebody else has opened, and its history.
    pub fn in_store(store: Store) -> Result<(Memory, Vec<Recorded>), Error> {
        let history = history(&store)?;
        Ok((Memory { store, dir: None }, history))
    }

    /// A memory whose disk never works.
    #[cfg(test)]
    pub fn failing(written: UnboundedSender<Written>) -> Memory {
        let on_written = move |answer| drop(written.send(answer));
        Memory { store: Store::unavailable("the disk is full".to_owned(), on_written), dir: None }
    }

    /// Hands in what belongs to one turn; the answer comes by `written`.
    pub fn write(&self, ticket: u64, records: Vec<Recorded>, events: &[Event]) {
        let entry = |recorded: Recorded| {
            let body = serde_json::to_string(&recorded).expect("history lines hold only text keys and finite numbers");
            Record::Entry(Entry { at: recorded.at(), body })
        };
        let records = records.into_iter().map(entry).collect();
        let event = |event: &Event| {
            let body = serde_json::to_string(event).expect("events hold only text keys and finite numbers");
            Entry { at: event.time, body }
        };
        let events = events.iter().map(event).collect();
        self.store.submit(Batch { ticket, urgent: true, records, events, ..Batch::default() });
    }

    /// For those who tell other systems.
    pub fn event_log(&self) -> EventLog {
        self.store.event_log()
    }
}

impl Memory {
    /// What is free of the disk; `None` where the system does not say.
    pub fn free(&self) -> Option<crate::store::Free> {
        crate::store::free(self.dir.as_deref()?)
    }

    /// Lets go what is older than it may be kept and the lines of `filed` alerts, whose cases say the same; makes the daily copy.
    pub fn prune(&self, now: Timestamp, keep: &Retention, alerts: Alerts) {
        self.store.prune_by(Some(now), keep, Box::new(alerts));
    }
}

/// What the store tells; lines that cannot be read are counted and left out.
fn history(store: &Store) -> Result<Vec<Recorded>, Error> {
    let (mut history, mut unread) = (Vec::new(), 0_u64);
    store.for_each_record(None, |record| match record {
        Record::Entry(entry) => match serde_json::from_slice(entry.body.as_bytes()) {
            Ok(recorded) => history.push(recorded),
            Err(_) => unread += 1,
        },
        Record::Observed(_) | Record::HeardBefore(_) => unread += 1,
    })?;
    if unread > 0 {
        tracing::warn!(lines = unread, "lines of the history are of a newer version and were left out");
    }
    Ok(history)
}

/// How alerts stand while old lines are let go.
pub(super) struct Alerts {
    /// Over for good: their cases say all that the lines do.
    pub filed: BTreeSet<AlertKey>,
    /// Not filed yet: their lines stay, however old they are.
    pub on_the_desk: BTreeSet<AlertKey>,
}

impl Judge for Alerts {
    fn line(&self, body: &str) -> Fate {
        fate(body, self)
    }
}

fn fate(body: &str, alerts: &Alerts) -> Fate {
    let of_filed = |alert: &AlertKey| match alerts {
        Alerts { filed, .. } if filed.contains(alert) => Fate::LetGo,
        Alerts { on_the_desk, .. } if on_the_desk.contains(alert) => Fate::Keep,
        Alerts { .. } => Fate::ByAge,
    };
    match serde_json::from_slice(body.as_bytes()) {
        Ok(Recorded::Notice { notice, .. }) => of_filed(&AlertKey { home: notice.home, alert: notice.alert }),
        Ok(Recorded::Done { alert, .. } | Recorded::Refused { alert, .. } | Recorded::LostAtHome { alert, .. }) => {
            of_filed(&alert)
        }
        // Which homes there are, and how many alerts the station has counted for each: needed for as long as it works.
        Ok(Recorded::Home { .. } | Recorded::Level { .. }) => Fate::Keep,
        Ok(Recorded::Filed { alert, .. }) if alert.alert.number > STATION_NUMBERS => Fate::Keep,
        Ok(
            Recorded::Filed { .. }
            | Recorded::Suspended { .. }
            | Recorded::Morning { .. }
            | Recorded::Sight { .. }
            | Recorded::Listened { .. }
            | Recorded::Day { .. }
            | Recorded::Errand { .. }
            | Recorded::OneGateway { .. }
            | Recorded::HeardAgain { .. },
        )
        | Err(_) => Fate::ByAge,
    }
}

#[cfg(test)]
pub(super) mod tests;
