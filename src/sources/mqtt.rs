//! Frames from an MQTT broker in the home.
//!
//! The topics of buttons can be heard on a second session of their own, so that no press stands behind a thousand messages
//! of a sensor that floods. Both sessions are one source: its link is the common session's, on which everything is heard.

use crate::clock;
use crate::model::frame::{Origin, RawFrame};
use crate::mqtt::{self, Delivery};
use crate::sources::Event;
use crate::sources::mqtt_twins::{Session, Twins, Verdict};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::mpsc;

/// A session that the broker keeps: a message that nobody acknowledged comes again, also to the next run.
pub struct Kept {
    /// The connection and its filters.
    pub settings: mqtt::Settings,
    /// What the session may hold from before.
    pub kept: mqtt::Kept,
    /// Counts up while its task moves.
    pub alive: Arc<AtomicU64>,
}

/// Hears the broker of `settings` under the name `name` until nobody reads `out` any more.
///
/// While `out` is full nothing more is read: the broker waits, and says so in its own log.
pub async fn run(settings: mqtt::Settings, name: String, out: mpsc::Sender<Event>, alive: Arc<AtomicU64>) {
    let broker = settings.broker.to_string();
    let (link, events) = mqtt::start(settings, alive);
    let twins = Twins::of([]);
    let common = Line { link, events, told_refused: None };
    Ears { broker, name, out, twins, common, own: None }.hear().await;
}

/// The same on kept sessions: `common` hears everything, `buttons` a few of its topics once more, by their exact names.
pub async fn run_kept(common: Kept, buttons: Option<Kept>, name: String, out: mpsc::Sender<Event>) {
    let broker = common.settings.broker.to_string();
    let twins = Twins::of(buttons.iter().flat_map(|buttons| buttons.settings.filters.clone()));
    let open = |Kept { settings, kept, alive }| {
        let (link, events) = mqtt::start_kept(settings, kept, alive);
        Line { link, events, told_refused: None }
    };
    let own = buttons.map(open);
    Ears { broker, name, out, twins, common: open(common), own }.hear().await;
}

/// One session.
struct Line {
    link: mqtt::Link,
    events: mpsc::Receiver<mqtt::Event>,
    told_refused: Option<Vec<String>>,
}

struct Ears {
    broker: String,
    name: String,
    out: mpsc::Sender<Event>,
    twins: Twins,
    common: Line,
    /// Of the buttons.
    own: Option<Line>,
}

/// Nobody hears what is said.
struct Gone;

impl Ears {
    async fn hear(mut self) {
        let mut look = tokio::time::interval(LOOKED_AT);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let heard = tokio::select! {
                biased;
                () = self.out.closed() => Err(Gone),
                Some(event) = next_of(&mut self.own) => self.own_event(event).await,
                event = self.common.events.recv() => match event {
                    Some(event) => self.common_event(event).await,
                    None => Err(Gone),
                },
                _ = look.tick() => self.look().await,
            };
            if heard.is_err() {
                break;
            }
        }
        self.own.iter().chain([&self.common]).for_each(|line| line.link.stop());
    }

    async fn common_event(&mut self, event: mqtt::Event) -> Result<(), Gone> {
        match event {
            mqtt::Event::Up => {
                self.stands(Session::Common, true).await?;
                let why = up_words(&self.broker, &self.common.link);
                self.say(Event::Link { source: self.name.clone(), up: true, why }).await?;
                self.common.told_refused = None;
                self.tell_refused().await
            }
            mqtt::Event::Down { why } => {
                self.stands(Session::Common, false).await?;
                self.say(Event::Link { source: self.name.clone(), up: false, why }).await
            }
            mqtt::Event::Message { topic, payload, retained, kept } => {
                let frame = RawFrame { from: Origin::Mqtt { topic }, bytes: payload, retained };
                let Some(delivery) = kept else { return self.say(Event::Frame(frame)).await };
                let verdict = self.twins.common(clock::since_boot(), frame, delivery);
                self.pass(verdict).await
            }
        }
    }

    async fn own_event(&mut self, event: mqtt::Event) -> Result<(), Gone> {
        match event {
            mqtt::Event::Up => self.stands(Session::Own, true).await,
            mqtt::Event::Down { why } => {
                tracing::warn!(why, "the buttons' own session is down; the common one stands in");
                self.stands(Session::Own, false).await
            }
            mqtt::Event::Message { topic, payload, retained, kept } => {
                let frame = RawFrame { from: Origin::Mqtt { topic }, bytes: payload, retained };
                let Some(delivery) = kept else { return self.say(Event::Frame(frame)).await };
                let verdict = self.twins.own(clock::since_boot(), frame, delivery);
                self.pass(verdict).await
            }
        }
    }

    async fn stands(&mut self, session: Session, up: bool) -> Result<(), Gone> {
        let released = self.twins.session(clock::since_boot(), session, up);
        self.pass_all(released).await
    }

    /// Once a second: what waits in vain, and what was refused after the first message, which brokers may send before
    /// they answer the subscription.
    async fn look(&mut self) -> Result<(), Gone> {
        let overdue = self.twins.overdue(clock::since_boot());
        if !overdue.is_empty() {
            tracing::warn!(
                messages = overdue.len(),
                "the buttons' own session does not hear what the common one hears"
            );
        }
        self.pass_all(overdue).await?;
        if self.common.told_refused.is_some() { self.tell_refused().await } else { Ok(()) }
    }

    /// Tells which filters are refused, where that was not told yet on this connection.
    async fn tell_refused(&mut self) -> Result<(), Gone> {
        let filters = self.common.link.refused_filters();
        if self.common.told_refused.as_ref() == Some(&filters) || !self.common.link.is_up() {
            return Ok(());
        }
        self.common.told_refused = Some(filters.clone());
        self.say(Event::Refused { source: self.name.clone(), filters }).await
    }

    async fn pass(&mut self, verdict: Verdict) -> Result<(), Gone> {
        match verdict {
            Verdict::Pass(frame, delivery) => self.say(Event::Delivered(frame, delivery)).await,
            Verdict::Done => Ok(()),
        }
    }

    async fn pass_all(&mut self, released: Vec<(RawFrame, Delivery)>) -> Result<(), Gone> {
        for (frame, delivery) in released {
            self.say(Event::Delivered(frame, delivery)).await?;
        }
        Ok(())
    }

    async fn say(&self, event: Event) -> Result<(), Gone> {
        self.out.send(event).await.map_err(|_| Gone)
    }
}

/// The next event of a session, if there is one.
async fn next_of(line: &mut Option<Line>) -> Option<mqtt::Event> {
    match line {
        Some(line) => line.events.recv().await,
        None => std::future::pending().await,
    }
}

/// What is to be said about a link that is up: nothing, unless the broker keeps something from us.
fn up_words(broker: &str, link: &mqtt::Link) -> String {
    let refused = link.refused_filters();
    if refused.is_empty() {
        return String::new();
    }
    format!("connected to {broker}, but it refuses {}; check its access list", refused.join(", "))
}

/// How soon a refusal is known that came after the first message, and a press that waits in vain for its twin.
const LOOKED_AT: Duration = Duration::from_secs(1);
