//! The handle by which others publish over a connection.

use crate::mqtt::settings::{IN_FLIGHT_MAX, MESSAGE_BYTES_MAX};
use rumqttc::{AsyncClient, ClientError, PublishNotice, PublishOptions};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

/// A connection to a broker; copies are handles of the same one.
#[derive(Clone)]
pub struct Link {
    shared: Arc<Shared>,
}

/// Why a message was not acknowledged by the broker. It may have arrived all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPublished {
    /// There is no connection, or it broke before the answer.
    #[error("{0}")]
    Down(String),
    /// The broker gave no answer in time.
    #[error("the broker gave no answer within {0} s")]
    NoAnswer(u64),
    /// No broker would ever take it.
    #[error("{0}")]
    Never(String),
}

struct Shared {
    state: Mutex<State>,
    orders: watch::Sender<Orders>,
    answer_within: Duration,
}

struct State {
    connection: Option<Connection>,
    why_down: String,
    refused: Vec<String>,
}

/// What others want of the connection's task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Orders {
    pub(super) stop: bool,
    /// The number of the connection that gave no answer and must be made anew.
    pub(super) renew: u64,
}

/// A connection that is up.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) client: AsyncClient,
    /// Counted, so that a late complaint cannot hit its successor.
    pub(super) number: u64,
    /// So many may be on the wire; the ten seconds of a publish begin when it really goes out.
    on_the_wire: Arc<Semaphore>,
}

impl Connection {
    pub(super) fn new(client: AsyncClient, number: u64) -> Connection {
        Connection { client, number, on_the_wire: Arc::new(Semaphore::new(usize::from(IN_FLIGHT_MAX))) }
    }
}

impl Link {
    pub(super) fn new(answer_within: Duration) -> (Link, watch::Receiver<Orders>) {
        let (orders, receiver) = watch::channel(Orders::default());
        let state = State { connection: None, why_down: "not connected yet".to_owned(), refused: Vec::new() };
        (Link { shared: Arc::new(Shared { state: Mutex::new(state), orders, answer_within }) }, receiver)
    }

    /// Publishes at QoS 1 and returns at the broker's PUBACK. Many may run at once.
    ///
    /// Errs at once without a connection; errs after ten seconds without an answer, and then the connection is made anew.
    pub async fn publish(&self, topic: &str, payload: Vec<u8>, retain: bool) -> Result<(), NotPublished> {
        if topic.len() + payload.len() > MESSAGE_BYTES_MAX {
            return Err(NotPublished::Never(format!("a message of {} bytes is too large; 65536 go", payload.len())));
        }
        let limit = self.shared.answer_within;
        let no_answer = NotPublished::NoAnswer(limit.as_secs());
        let connection = self.connection()?;
        // All permits taken means that the connection is slow; those on the wire complain for it.
        let waited = timeout(limit, connection.on_the_wire.acquire()).await;
        let _permit = waited.map_err(|_| no_answer.clone())?.map_err(|_| self.down())?;
        let sent = async {
            let options = PublishOptions::at_least_once().retain(retain);
            let notice: PublishNotice =
                connection.client.publish_tracked(topic, payload, options).await.map_err(|error| {
                    if matches!(error, ClientError::InvalidRequest(_)) {
                        return NotPublished::Never(format!("{topic:?} is no topic to publish on"));
                    }
                    self.down()
                })?;
            notice.wait_completion_async().await.map_err(|_| self.down())
        };
        timeout(limit, sent).await.unwrap_or_else(|_| {
            self.shared.orders.send_if_modified(|orders| {
                let is_new = orders.renew < connection.number;
                orders.renew = orders.renew.max(connection.number);
                is_new
            });
            Err(no_answer)
        })
    }

    /// Publishes at QoS 0 where there is a connection with room for it, and waits for nothing: for what is said again soon.
    pub fn say(&self, topic: &str, payload: Vec<u8>) -> Result<(), NotPublished> {
        let connection = self.connection()?;
        let sent = connection.client.try_publish(topic, payload, PublishOptions::at_most_once());
        sent.map_err(|error| NotPublished::Down(error.to_string()))
    }

    /// Whether there is a connection with everything subscribed.
    pub fn is_up(&self) -> bool {
        self.state().connection.is_some()
    }

    /// Why there is none; `None` while there is one.
    pub fn why_down(&self) -> Option<String> {
        let state = self.state();
        state.connection.is_none().then(|| state.why_down.clone())
    }

    /// The filters that the broker refused on the present connection: on these nothing is heard.
    pub fn refused_filters(&self) -> Vec<String> {
        self.state().refused.clone()
    }

    /// Publishes the last will if there is one, disconnects cleanly, and ends the stream of events.
    pub fn stop(&self) {
        self.shared.orders.send_modify(|orders| orders.stop = true);
    }

    pub(super) fn now_up(&self, connection: Connection) {
        self.state().connection = Some(connection);
    }

    pub(super) fn now_refused(&self, filters: Vec<String>) {
        self.state().refused = filters;
    }

    pub(super) fn now_down(&self, why: String) {
        let mut state = self.state();
        if let Some(connection) = state.connection.take() {
            connection.on_the_wire.close();
        }
        state.why_down = why;
        state.refused.clear();
    }

    fn connection(&self) -> Result<Connection, NotPublished> {
        let state = self.state();
        state.connection.clone().ok_or_else(|| NotPublished::Down(state.why_down.clone()))
    }

    fn down(&self) -> NotPublished {
        let state = self.state();
        let why = if state.connection.is_some() {
            "the connection broke before the broker's answer"
        } else {
            &state.why_down
        };
        NotPublished::Down(why.to_owned())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; a poisoned one would still be whole.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
