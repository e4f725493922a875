//! Finds a server's addresses: a name server that hangs holds one thread for each server, never more, and a name that once had
//! an address keeps it while the name server is silent.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// The addresses of one server.
#[derive(Clone)]
pub(super) struct Names {
    shared: Arc<Shared>,
    look_up: fn(&str, u16) -> io::Result<Vec<SocketAddr>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    answered: Condvar,
}

#[derive(Default)]
struct State {
    /// What the name server said last, where it knew any.
    known: Vec<SocketAddr>,
    /// A question is open.
    is_asking: bool,
    /// Counts answers.
    answers: u64,
    /// Why the newest answer gave no address.
    failed: Option<String>,
}

impl Names {
    pub(super) fn new() -> Names {
        Names { shared: Arc::default(), look_up: |host, port| Ok((host, port).to_socket_addrs()?.collect()) }
    }

    fn addresses(&self, host: &str, port: u16, within: Duration) -> Result<Vec<SocketAddr>, ureq::Error> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let before = self.ask(bare, port)?;
        let is_open = |state: &mut State| state.answers == before;
        let waited = self.shared.answered.wait_timeout_while(self.state(), within.min(ANSWER_WITHIN), is_open);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match &state.failed {
            _ if !state.known.is_empty() => Ok(state.known.clone()),
            _ if state.answers == before => Err(io::Error::other("the name server does not answer").into()),
            Some(why) => Err(io::Error::other(why.clone()).into()),
            None => Err(ureq::Error::HostNotFound),
        }
    }

    /// Asks unless a question is open; how many answers there were before.
    fn ask(&self, host: &str, port: u16) -> Result<u64, ureq::Error> {
        let mut state = self.state();
        if !state.is_asking {
            let (names, host) = (self.clone(), host.to_owned());
            // A thread of its own: it may never come back, and those of the pool are counted.
            let asking = std::thread::Builder::new().name("name".to_owned());
            asking.spawn(move || names.answer((names.look_up)(&host, port)))?;
            state.is_asking = true;
        }
        Ok(state.answers)
    }

    fn answer(&self, said: io::Result<Vec<SocketAddr>>) {
        let mut state = self.state();
        state.is_asking = false;
        state.answers += 1;
        match said {
            Ok(found) => {
                state.failed = None;
                if !found.is_empty() {
                    state.known = found;
                }
            }
            Err(error) => state.failed = Some(error.to_string()),
        }
        self.shared.answered.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; a poisoned one would still be whole.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves time to use the last good address within one try.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?;
        let mut addresses = self.empty();
        for address in self.addresses(host, port, *timeout.after)?.into_iter().take(ADDRESSES_MAX) {
            addresses.push(address);
        }
        Ok(addresses)
    }
}

/// More are not tried within ten seconds.
const ADDRESSES_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static ASKED: AtomicUsize = AtomicUsize::new(0);
    const SHORT: Duration = Duration::from_millis(30);

    fn names(look_up: fn(&str, u16) -> io::Result<Vec<SocketAddr>>) -> Names {
        Names { look_up, ..Names::new() }
    }

    #[test]
    fn a_name_server_that_hangs_holds_one_thread_and_the_last_good_address_is_used() {
        let names = names(|_, _| {
            ASKED.fetch_add(1, Ordering::SeqCst);
            loop {
                std::thread::park();
            }
        });
        for _ in 0..5 {
            let error = names.addresses("station.example", 8471, SHORT).unwrap_err();
            assert!(error.to_string().contains("does not answer"), "{error}");
        }
        names.state().known = vec!["203.0.113.7:8471".parse().unwrap()];
        assert_eq!(names.addresses("station.example", 8471, SHORT).unwrap()[0].to_string(), "203.0.113.7:8471");
        assert_eq!(ASKED.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_name_server_that_fails_takes_no_address_away_and_a_new_one_is_used_at_once() {
        let names = names(|host, port| match host {
            "moved.example" => Ok(vec![SocketAddr::from(([203, 0, 113, 8], port))]),
            "empty.example" => Ok(Vec::new()),
            _ => Err(io::Error::other("failed to lookup address information: Temporary failure")),
        });
        let ask = |host: &str| names.addresses(host, 1, Duration::from_secs(20));
        assert!(ask("gone.example").unwrap_err().to_string().contains("lookup address"));
        assert!(matches!(ask("empty.example"), Err(ureq::Error::HostNotFound)));
        let moved = ask("moved.example").unwrap();
        assert_eq!(moved[0].to_string(), "203.0.113.8:1");
        assert_eq!(ask("gone.example").unwrap(), moved);
        assert_eq!(ask("[::1]").unwrap()[0].to_string(), "[::1]:1");
    }
}
