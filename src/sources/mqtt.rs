//! Frames from an MQTT broker in the home.

use crate::model::frame::{Origin, RawFrame};
use crate::mqtt;
use crate::sources::Event;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
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
    let mut look = tokio::time::interval(REFUSED_LOOKED_AT);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut told_refused: Option<Vec<String>> = None;
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = look.tick() => {
                // A broker may send messages before it answers the subscription.
                let refused = link.refused_filters();
                if link.is_up() && told_refused.as_ref().is_some_and(|told| *told != refused) {
                    told_refused = Some(refused.clone());
                    if out.send(Event::Refused { source: name.to_owned(), filters: refused }).await.is_err() {
                        break;
                    }
                }
                continue;
            }
            () = out.closed() => break,
        };
        let Some(event) = event else { break };
        let event = match event {
            mqtt::Event::Up => {
                let refused = link.refused_filters();
                told_refused = Some(refused.clone());
                let up = Event::Link { source: name.to_owned(), up: true, why: up_words(broker, &link) };
                if out.send(up).await.is_err() {
                    break;
                }
                Event::Refused { source: name.to_owned(), filters: refused }
            }
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

/// How soon a refusal is known that came after the first message.
const REFUSED_LOOKED_AT: Duration = Duration::from_secs(5);
