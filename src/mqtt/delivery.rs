//! A message of a session that the broker keeps: how it came, and the duty to acknowledge it.
//!
//! Never acknowledges by itself: what is dropped unacknowledged comes again with the next connection, and until then it
//! takes one of the broker's few places for messages under way (mosquitto: 20).

use rumqttc::{AsyncClient, ManualAck, Publish};
use std::fmt;
use tokio::sync::mpsc::UnboundedSender;

/// How a message of a kept session came.
#[derive(Clone)]
pub struct Delivery {
    /// The broker held it back while nobody was connected: it tells of a time that has passed.
    pub late: bool,
    /// The broker's number for it within the session; the same when it is handed out again. Absent at QoS 0.
    pub number: Option<u16>,
    /// Its topic has a session of its own, and it came on the common one instead.
    pub stands_in: bool,
    duty: Option<Duty>,
}

/// To whom an acknowledgement goes.
#[derive(Clone)]
enum Duty {
    Broker(Box<(AsyncClient, ManualAck)>),
    /// A simulated broker.
    MadeUp(UnboundedSender<u16>),
}

impl Delivery {
    pub(super) fn of(message: &Publish, late: bool, client: &AsyncClient) -> Delivery {
        let duty = client.prepare_ack(message).map(|ack| Duty::Broker(Box::new((client.clone(), ack))));
        Delivery { late, number: duty.is_some().then_some(message.pkid), stands_in: false, duty }
    }

    /// As it would come, from no connection.
    pub fn made_up(late: bool, number: Option<u16>) -> Delivery {
        Delivery { late, number, stands_in: false, duty: None }
    }

    /// The same from a made-up broker, which is told when it is acknowledged.
    pub(crate) fn told_to(broker: UnboundedSender<u16>, late: bool, number: u16) -> Delivery {
        Delivery { duty: Some(Duty::MadeUp(broker)), ..Delivery::made_up(late, Some(number)) }
    }

    /// The same in the place of a message that did not come on the session of its topic.
    pub fn standing_in(self) -> Delivery {
        Delivery { stands_in: true, ..self }
    }

    /// Tells the broker to forget it: what it led to is safe. On a connection that has ended this does nothing, and the
    /// message comes again on the next.
    pub fn acknowledge(self) {
        let told = match (self.duty, self.number) {
            (Some(Duty::Broker(duty)), _) => duty.0.try_manual_ack(duty.1).is_ok(),
            (Some(Duty::MadeUp(broker)), Some(number)) => broker.send(number).is_ok(),
            (Some(Duty::MadeUp(_)), None) | (None, _) => true,
        };
        if !told {
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
