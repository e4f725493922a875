//! One connection to one MQTT broker that is made anew whenever it fails, and never claims more than the broker acknowledged.
//!
//! The only room that knows the MQTT client. `publish` says `Ok` only after the broker's PUBACK, and gives up after ten
//! seconds: the client itself notices neither a missing PUBACK nor a lost message (`dependencies.md` section 2). Nothing
//! is queued here across connections: what was not acknowledged is an error, and its owner (the outbox) tries again.

mod access;
mod address;
mod backoff;
mod certificate;
mod connection;
mod delivery;
mod dial;
mod floor;
mod link;
mod progress;
mod settings;
mod words;

pub use access::{Access, Plaintext, Secrets, secret};
pub use address::{BadBroker, Broker};
pub use certificate::About;
pub use delivery::Delivery;
pub use floor::Floor;
pub use link::{Link, NotPublished};
pub use settings::{Kept, LARGE_MESSAGE_BYTES_MAX, Login, MESSAGE_BYTES_MAX, Pace, Settings, Tls, Will};

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::mpsc;

/// What a connection says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Connected, and every filter is subscribed.
    Up,
    /// Not connected. Said again only when the reason changes.
    Down {
        /// Words for a person: what failed, where, and what to do.
        why: String,
    },
    /// A message on one of the filters.
    Message {
        /// Its topic.
        topic: String,
        /// Its payload; at most 64 KiB unless larger ones were asked for, which are left out otherwise.
        payload: Vec<u8>,
        /// The broker kept it and handed it out on subscription: state, never an event.
        retained: bool,
        /// How it came and how it is acknowledged, on a session that the broker keeps; otherwise absent.
        kept: Option<Delivery>,
    },
}

/// Starts to connect, and goes on for ever. `alive` counts up at least every second while the connection's task moves.
///
/// The receiver must be drained: while it is full nothing is read from the broker. Never await a `publish` in the task
/// that drains it. Dropping the receiver stops the link; after [`Link::stop`] the receiver ends.
pub fn start(settings: Settings, alive: Arc<AtomicU64>) -> (Link, mpsc::Receiver<Event>) {
    start_paced(settings, Pace::default(), alive)
}

/// The same at another pace.
pub fn start_paced(settings: Settings, pace: Pace, alive: Arc<AtomicU64>) -> (Link, mpsc::Receiver<Event>) {
    spawn(settings, None, pace, alive)
}

/// The same, and messages of up to [`LARGE_MESSAGE_BYTES_MAX`] are passed on: for a bridge's list of its devices. Only for
/// looking around: a gateway's memory must not hang on what others publish.
pub fn start_for_large(settings: Settings, alive: Arc<AtomicU64>) -> (Link, mpsc::Receiver<Event>) {
    let (events, receiver) = mpsc::channel(LARGE_EVENTS_WAITING_MAX);
    let pace = Pace::default();
    let (link, orders) = Link::new(pace.answer_within);
    let limit = LARGE_MESSAGE_BYTES_MAX;
    tokio::spawn(connection::keep(settings, None, pace, limit, link.clone(), orders, events, alive));
    (link, receiver)
}

/// The same on a session that the broker keeps while we are away; every message is to be acknowledged by its [`Delivery`].
pub fn start_kept(settings: Settings, kept: Kept, alive: Arc<AtomicU64>) -> (Link, mpsc::Receiver<Event>) {
    start_kept_paced(settings, kept, Pace::default(), alive)
}

/// The same at another pace.
pub fn start_kept_paced(
    settings: Settings,
    kept: Kept,
    pace: Pace,
    alive: Arc<AtomicU64>,
) -> (Link, mpsc::Receiver<Event>) {
    spawn(settings, Some(kept), pace, alive)
}

fn spawn(settings: Settings, kept: Option<Kept>, pace: Pace, alive: Arc<AtomicU64>) -> (Link, mpsc::Receiver<Event>) {
    let (events, receiver) = mpsc::channel(EVENTS_WAITING_MAX);
    let (link, orders) = Link::new(pace.answer_within);
    tokio::spawn(connection::keep(settings, kept, pace, MESSAGE_BYTES_MAX, link.clone(), orders, events, alive));
    (link, receiver)
}

/// At 64 KiB each the waiting messages stay below 64 MiB; beyond it the broker waits.
const EVENTS_WAITING_MAX: usize = 1000;
/// The same bound at 4 MiB each.
const LARGE_EVENTS_WAITING_MAX: usize = 16;
