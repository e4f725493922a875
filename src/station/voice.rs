//! How the station speaks to homes: the turn says what, and never waits for it.

use crate::model::ids::HomeId;
use crate::mqtt::Link;
use crate::wire::{Down, Topic, Wire};

/// A message to a home.
pub(crate) struct Message {
    /// Where to.
    pub topic: String,
    /// What.
    pub body: Vec<u8>,
    /// The broker keeps it for whoever connects later.
    pub retain: bool,
}

impl Message {
    /// This body for that home; kept by nobody.
    pub(super) fn new(home: HomeId, down: Down, body: &impl Wire) -> Message {
        Message { topic: Topic::Down(home, down).to_string(), body: body.to_bytes(), retain: false }
    }
}

/// Messages one after the other, each made when its turn has come: a city has a hundred thousand homes.
pub(crate) type InTurn = Box<dyn Iterator<Item = Message> + Send>;

/// The way to the homes.
pub(crate) trait Voice: Send {
    /// Sends it once. What was not sent is sent again: receipts when the notice is repeated, steps and suspensions by the desk.
    fn tell(&self, message: Message);
    /// The same for what is said again soon; waits for nothing.
    fn say(&self, message: Message);
    /// Sends these until one does not go: the way is gone then, and its next return begins anew.
    fn tell_in_turn(&self, messages: InTurn);
}

impl Voice for Link {
    fn tell(&self, Message { topic, body, retain }: Message) {
        let link = self.clone();
        tokio::spawn(async move {
            if let Err(why) = link.publish(&topic, body, retain).await {
                tracing::info!(topic, %why, "not sent, will be repeated");
            }
        });
    }

    fn say(&self, Message { topic, body, .. }: Message) {
        if let Err(why) = Link::say(self, &topic, body) {
            tracing::debug!(topic, %why, "a heartbeat was not answered; the next one will be");
        }
    }

    fn tell_in_turn(&self, messages: InTurn) {
        let link = self.clone();
        tokio::spawn(async move {
            for Message { topic, body, retain } in messages {
                if let Err(why) = link.publish(&topic, body, retain).await {
                    tracing::info!(topic, %why, "not sent; what comes after it neither");
                    return;
                }
            }
        });
    }
}
