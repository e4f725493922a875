//! Frames from an MQTT broker in the home.

use crate::model::frame::{Origin, RawFrame};
use crate::mqtt;
use crate::sources::Event;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::mpsc;

/// Hears the broker of `settings` under the name `name` until nobody reads `out` any more.
///
/// While `out` is full nothing more is read: the broker waits, and says so in its own log.
pub async fn run(settings: mqtt::Settings, name: String, out: mpsc::Sender<Event>, alive: Arc<AtomicU64>) {
    let broker = settings.broker.to_string();
    let (link, events) = mqtt::start(settings, alive);
    hear(link, events, &broker, &name, out).await;
}

/// The same on a session that the broker keeps: a message that nobody acknowledged comes again, also to the next run.
pub async fn run_kept(
    settings: mqtt::Settings,
    kept: mqtt::Kept,
    name: String,
    out: mpsc::Sender<Event>,
    alive: Arc<AtomicU64>,
) {
    let broker = settings.broker.to_string();
    let (link, events) = mqtt::start_kept(settings, kept, alive);
    hear(link, events, &broker, &name, out).await;
}

async fn hear(
    link: mqtt::Link,
    mut events: mpsc::Receiver<mqtt::Event>,
    broker: &str,
    name: &str,
    out: mpsc::Sender<Event>,
) {
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = out.closed() => break,
        };
        let Some(event) = event else { break };
        let event = match event {
            mqtt::Event::Up => Event::Link { source: name.to_owned(), up: true, why: up_words(broker, &link) },
            mqtt::Event::Down { why } => Event::Link { source: name.to_owned(), up: false, why },
            mqtt::Event::Message { topic, payload, retained, kept } => {
                let frame = RawFrame { from: Origin::Mqtt { topic }, bytes: payload, retained };
                match kept {
                    Some(delivery) => Event::Delivered(frame, delivery),
                    None => Event::Frame(frame),
                }
            }
        };
        if out.send(event).await.is_err() {
            break;
        }
    }
    link.stop();
}

fn up_words(broker: &str, link: &mqtt::Link) -> String {
    let refused = link.refused_filters();
    if refused.is_empty() {
        return format!("connected to {broker}");
    }
    format!("connected to {broker}, but it refuses {}; check its access list", refused.join(", "))
}
