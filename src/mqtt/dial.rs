//! Finds the broker's machine and opens the TCP connection.
//!
//! A name may stand for several machines, the nodes of a cluster: clients spread over them by their ids, and every attempt
//! begins at the next, for one that takes connections and then says nothing looks like any other until it is too late.
//!
//! A name server that hangs holds one thread, never more, and a name that once had an address keeps it until the name
//! server speaks again.

use crate::model::fingerprint;
use crate::mqtt::address::Broker;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::watch;

/// Dials one broker again and again.
#[derive(Clone)]
pub(super) struct Dialer {
    broker: Broker,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    /// What the name server said last.
    addresses: Vec<SocketAddr>,
    /// A question that is still open.
    asked: Option<watch::Receiver<Option<Result<(), String>>>>,
    /// Which of the addresses is tried first; one further with every attempt.
    turn: usize,
}

impl Dialer {
    pub(super) fn new(broker: Broker, client_id: &str) -> Dialer {
        let turn = fingerprint::of([client_id.as_bytes()]) as usize;
        Dialer { broker, known: Arc::new(Mutex::new(Known { turn, ..Known::default() })) }
    }

    /// A connection to the first address that takes one.
    pub(super) async fn dial(self) -> io::Result<TcpStream> {
        let mut refusal = io::Error::new(io::ErrorKind::NotFound, "the name server knows the name, but no address");
        let addresses = self.addresses().await?;
        for address in self.in_turn(addresses) {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Without it every alert waits 40 ms for a delayed acknowledgement (peers.md).
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    async fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        if let Ok(ip) = self.broker.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, self.broker.port)]);
        }
        let mut asked = self.ask();
        let answer = tokio::time::timeout(ANSWER_WITHIN, asked.wait_for(Option::is_some)).await;
        let said = match answer {
            Ok(Ok(said)) => said.clone().unwrap_or(Ok(())),
            Ok(Err(_)) => Err("the question to the name server was lost".to_owned()),
            Err(_) => Err("the name server does not answer".to_owned()),
        };
        let known = self.known().addresses.clone();
        match said {
            Err(why) if known.is_empty() => Err(io::Error::new(io::ErrorKind::NotFound, why)),
            _ => Ok(known),
        }
    }

    /// The addresses in the order in which this attempt tries them.
    fn in_turn(&self, mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
        // Name servers answer in another order each time; the next address must be another one.
        addresses.sort_unstable();
        addresses.dedup();
        let mut known = self.known();
        let first = known.turn % addresses.len().max(1);
        known.turn = known.turn.wrapping_add(1);
        addresses.rotate_left(first);
        addresses
    }

    /// The open question to the name server, or a new one.
    fn ask(&self) -> watch::Receiver<Option<Result<(), String>>> {
        let mut known = self.known();
        if let Some(asked) =
            known.asked.as_ref().filter(|asked| asked.borrow().is_none() && asked.has_changed().is_ok())
        {
            return asked.clone();
        }
        let (answer, asked) = watch::channel(None);
        known.asked = Some(asked.clone());
        let dialer = self.clone();
        tokio::spawn(async move {
            let found = lookup_host((dialer.broker.host.as_str(), dialer.broker.port)).await;
            let said = found.map_err(|error| error.to_string()).map(|addresses| {
                dialer.known().addresses = addresses.collect();
            });
            answer.send_replace(Some(said));
        });
        asked
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        // Nothing panics while it holds the lock; a poisoned one would still be whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves time to use the last good address within the five seconds of one attempt.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    fn dialer(client_id: &str) -> Dialer {
        Dialer::new("mqtt://no-such-host.invalid".parse().unwrap(), client_id)
    }

    #[test]
    fn clients_spread_over_the_addresses_of_one_name() {
        let nodes: Vec<SocketAddr> = (1..=3).map(|n| SocketAddr::from(([192, 0, 2, n], 1883))).collect();
        let mut met = [0; 3];
        for home in 0..300 {
            let first = dialer(&format!("home-{home}")).in_turn(nodes.clone())[0];
            met[nodes.iter().position(|node| *node == first).unwrap()] += 1;
        }
        assert!(met.iter().all(|met| *met >= 60), "{met:?}");
    }

    #[tokio::test]
    async fn a_node_that_takes_connections_and_says_nothing_is_left_with_the_next_attempt() {
        let mut nodes = Vec::new();
        for _ in 0..3 {
            nodes.push(tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap());
        }
        let dialer = dialer("home");
        dialer.known().addresses = nodes.iter().map(|node| node.local_addr().unwrap()).collect();
        let mut met = std::collections::BTreeSet::new();
        for attempt in 0..3 {
            // As a name server that answers in another order each time.
            dialer.known().addresses.rotate_left(attempt);
            met.insert(dialer.clone().dial().await.unwrap().peer_addr().unwrap());
        }
        assert_eq!(met.len(), 3, "three attempts meet three nodes");
    }

    #[tokio::test]
    async fn a_name_without_address_says_so() {
        let dialer = dialer("home");
        assert_eq!(dialer.dial().await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn the_last_good_address_serves_while_the_name_server_is_silent() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dialer = dialer("home");
        dialer.known().addresses = vec![listener.local_addr().unwrap()];
        let stream = dialer.dial().await.unwrap();
        assert!(stream.nodelay().unwrap());
    }
}
