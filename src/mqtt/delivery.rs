//! A message of a session that the broker keeps: how it came, and the duty to acknowledge it.
//!
//! Never acknowledges by itself: what is dropped unacknowledged comes again with the next connection, and until then it
//! takes one of the broker's few places for messages under way (mosquitto: 20).

use rumqttc::{AsyncClient, ManualAck, Publish};
use std::fmt;

/// How a message of a kept session came.
#[derive(Clone)]
pub struct Delivery {
    /// The broker held it back while nobody was connected: it tells of a time that has passed.
    pub late: bool,
    /// The broker's number for it within the session; the same when it is handed out again. Absent at QoS 0.
    pub number: Option<u16>,
    /// Its topic has a session of its own, and it came on the common one instead.
    pub stands_in: bool,
    duty: Option<(AsyncClient, ManualAck)>,
}

impl Delivery {
    pub(super) fn of(message: &Publish, late: bool, client: &AsyncClient) -> Delivery {
        let duty = client.prepare_ack(message).map(|ack| (client.clone(), ack));
        Delivery { late, number: duty.is_some().then_some(message.pkid), stands_in: false, duty }
    }

    /// As it would come, from no connection.
    pub fn made_up(late: bool, number: Option<u16>) -> Delivery {
        Delivery { late, number, stands_in: false, duty: None }
    }

    /// The same in the place of a message that did not come on the session of its topic.
    pub fn standing_in(self) -> Delivery {
        Delivery { stands_in: true, ..self }
    }

    /// Tells the broker to forget it: what it led to is safe. On a connection that has ended this does nothing, and the
    /// message comes again on the next.
    pub fn acknowledge(self) {
        if let Some((client, ack)) = self.duty
            && client.try_manual_ack(ack).is_err()
        {
            tracing::debug!(number = self.number, "the connection ended before the acknowledgement");
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("late", &self.late).field("number", &self.number).finish_non_exhaustive()
    }
}

/// As it came; the connection is no part of it.
impl PartialEq for Delivery {
    fn eq(&self, other: &Delivery) -> bool {
        (self.late, self.number, self.stands_in) == (other.late, other.number, other.stands_in)
    }
}

impl Eq for Delivery {}
