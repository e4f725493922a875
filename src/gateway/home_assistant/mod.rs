//! Shows the home to a Home Assistant on the home's own broker, where the configuration wants it: one device, said anew at each
//! connection, taken away again when it is no longer wanted.
//!
//! Only looks: nothing that Home Assistant says is heard, and what is said here goes to the home's broker, never to the station.

mod payload;

use crate::clock;
use crate::model::ids::HomeId;
use crate::model::status::Status;
use crate::model::time::Span;
use crate::mqtt::{self, Link, Will};
use crate::store::kept;
use payload::{Calls, Topics};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// What is wanted: everything that, changed, makes a new announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    home: HomeId,
    prefix: String,
    broker: mqtt::Settings,
}

/// An announcement that runs until it is dropped.
pub struct Announcer {
    wanted: Wanted,
    told: watch::Sender<Option<Arc<Status>>>,
    link: Link,
    task: JoinHandle<()>,
    /// Counts up while it lives.
    pub alive: Arc<AtomicU64>,
}

impl Wanted {
    /// Of this home on this broker, under the prefix at which its Home Assistant listens.
    pub fn new(home: &HomeId, prefix: &str, broker: &mqtt::Settings) -> Wanted {
        Wanted { home: home.clone(), prefix: prefix.to_owned(), broker: broker.clone() }
    }

    fn topics(&self) -> Topics {
        Topics::of(&self.prefix, &self.home)
    }

    fn connection(&self) -> mqtt::Settings {
        let payload = payload::OFFLINE.as_bytes().to_vec();
        let will = Will { topic: self.topics().availability, payload, retain: true };
        let client_id = format!("{}.home-assistant", self.home);
        mqtt::Settings { client_id, filters: Vec::new(), will: Some(will), announce: None, ..self.broker.clone() }
    }
}

impl Announcer {
    /// Announces, from now on and again at each connection. `state_dir` remembers that it did.
    pub fn start(wanted: Wanted, state_dir: &Path) -> Announcer {
        let alive = Arc::new(AtomicU64::new(0));
        let (link, events) = mqtt::start(wanted.connection(), Arc::clone(&alive));
        let (told, stands) = watch::channel(None);
        remember(state_dir, &wanted.topics());
        let task = tokio::spawn(announce(wanted.clone(), link.clone(), events, stands));
        Announcer { wanted, told, link, task, alive }
    }

    /// Whether this is what runs.
    pub fn is(&self, wanted: &Wanted) -> bool {
        self.wanted == *wanted
    }

    /// How the home stands now.
    pub fn tell(&self, status: Status) {
        self.told.send_replace(Some(Arc::new(status)));
    }

    /// How often it moved, for the watchdog.
    pub fn moves(&self) -> u64 {
        self.alive.load(Ordering::Relaxed)
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        self.link.stop();
        self.task.abort();
    }
}

async fn announce(
    wanted: Wanted,
    link: Link,
    mut events: mpsc::Receiver<mqtt::Event>,
    mut stands: watch::Receiver<Option<Arc<Status>>>,
) {
    let topics = wanted.topics();
    let config = payload::config(&topics, &wanted.home);
    let (mut is_announced, mut calls): (bool, Option<Calls>) = (false, None);
    let mut said: Option<(Value, Span)> = None;
    loop {
        let status = stands.borrow_and_update().clone();
        if link.is_up() && !is_announced {
            is_announced = say(&link, &topics.config, &config, true).await
                && link.publish(&topics.availability, payload::ONLINE.into(), true).await.is_ok();
            said = None;
        }
        if let Some(status) = status.filter(|_| is_announced) {
            let state = payload::state(&status);
            let is_old = said.as_ref().is_none_or(|(said, at)| *said != state || clock::since_boot() - *at > AGAIN);
            if is_old && say(&link, &topics.state, &state, true).await {
                said = Some((state, clock::since_boot()));
            }
            let now = payload::calls(&status);
            // What was open before anybody looked was told by an earlier run.
            for step in calls.iter().flat_map(|before| payload::steps_between(before, &now)) {
                say(&link, &topics.call, &serde_json::json!({ "event_type": step }), false).await;
            }
            calls = Some(now);
        }
        tokio::select! {
            event = events.recv() => match event {
                Some(mqtt::Event::Up | mqtt::Event::Down { .. }) => is_announced = false,
                Some(mqtt::Event::Message { .. }) => {}
                None => return,
            },
            told = stands.changed() => if told.is_err() { return },
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

async fn say(link: &Link, topic: &str, what: &Value, retain: bool) -> bool {
    link.publish(topic, what.to_string().into_bytes(), retain).await.is_ok()
}

/// The file that remembers what was announced: without it nobody would know what to take away.
fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("home_assistant.json")
}

fn remember(state_dir: &Path, topics: &Topics) {
    let all = [&topics.config, &topics.state, &topics.availability];
    let bytes = serde_json::to_vec(&all).expect("topics are text");
    if let Err(error) = kept::put(&file(state_dir), &bytes) {
        tracing::warn!(%error, "that the home is shown to Home Assistant was not written down");
    }
}

/// Takes away what an earlier run announced and nobody wants any more; ends when the broker has it.
pub fn take_away(home: &HomeId, broker: &mqtt::Settings, state_dir: &Path) -> Option<JoinHandle<()>> {
    let path = file(state_dir);
    let topics: Vec<String> = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
    let settings = mqtt::Settings {
        client_id: format!("{home}.home-assistant"),
        filters: Vec::new(),
        will: None,
        announce: None,
        ..broker.clone()
    };
    Some(tokio::spawn(async move {
        let (link, mut events) = mqtt::start(settings, Arc::default());
        let mut is_gone = false;
        while !is_gone {
            if link.is_up() {
                is_gone = true;
                for topic in &topics {
                    is_gone &= link.publish(topic, Vec::new(), true).await.is_ok();
                }
            }
            if !is_gone {
                let heard = tokio::time::timeout(LOOK_AGAIN, events.recv()).await;
                if matches!(heard, Ok(None)) {
                    return;
                }
            }
        }
        link.stop();
        if let Err(error) = std::fs::remove_file(&path) {
            tracing::warn!(%error, "what was taken away from Home Assistant is taken away again at the next start");
        }
    }))
}

/// Within the time after which Home Assistant calls a link unknown.
const AGAIN: Span = Span::seconds(60);
const LOOK_AGAIN: Duration = Duration::from_secs(5);
