//! Finds a server's addresses: a name server that hangs holds one thread for each server, never more, and a name that once had
//! an address keeps it while the name server is silent.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
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
    public_only: bool,
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
        let look_up = |host: &str, port| Ok((host, port).to_socket_addrs()?.collect());
        Names { shared: Arc::default(), look_up, public_only: false }
    }

    /// Knows no address of a private network, whatever a name server says.
    pub(super) fn public() -> Names {
        Names { public_only: true, ..Names::new() }
    }

    fn allowed(&self, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, ureq::Error> {
        if !self.public_only {
            return Ok(found);
        }
        let public: Vec<SocketAddr> = found.into_iter().filter(|address| is_public(address.ip())).collect();
        if public.is_empty() {
            return Err(io::Error::other("its name leads into a private network").into());
        }
        Ok(public)
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
        let found = self.allowed(self.addresses(host, port, *timeout.after)?)?;
        for address in found.into_iter().take(ADDRESSES_MAX) {
            addresses.push(address);
        }
        Ok(addresses)
    }
}

/// Whether a host, as it is written, can be public: a name may turn out otherwise when it is asked for.
pub(super) fn may_be_public(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse().map_or(bare != "localhost" && !bare.ends_with(".localhost"), is_public)
}

/// Whether an address is one of the whole world, and none of this machine, of a home, of an office or of a cloud's inside.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_reserved = a == 0 || a >= 240 || (a, b, c) == (192, 0, 0);
    let is_shared = a == 100 && (64..128).contains(&b); // between a provider and its customers
    let is_bench = a == 198 && (b == 18 || b == 19);
    let is_own = ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_multicast();
    !(is_own || is_reserved || is_shared || is_bench || ip.is_documentation())
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, .., y, z] = ip.segments();
    let inside = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    // What only wraps an address of the older kind is judged by that.
    if ip.to_ipv4_mapped().is_some() || (a, b) == (0x64, 0xff9b) {
        return inside(y, z);
    }
    if a == 0x2002 {
        return inside(b, ip.segments()[2]);
    }
    let is_own = ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local();
    // Of the rest of the space only this eighth is given out.
    !is_own && a & 0xe000 == 0x2000 && (a, b) != (0x2001, 0xdb8)
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

    #[test]
    fn a_name_that_leads_into_a_private_network_leads_nowhere() {
        for own in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.7",
            "172.16.9.9",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::1",
            "ff02::1",
        ] {
            assert!(!may_be_public(own), "{own}");
        }
        for public in ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "[2606:4700::1111]", "hooks.example", "::ffff:8.8.8.8"]
        {
            assert!(may_be_public(public), "{public}");
        }
        assert!(!may_be_public("localhost"));
        // A name that answered well once and badly later: what is connected to is what was judged.
        let names = Names { public_only: true, ..names(|_, port| Ok(vec![SocketAddr::from(([10, 0, 0, 1], port))])) };
        let found = names.addresses("rebound.example", 443, Duration::from_secs(20)).unwrap();
        assert!(names.allowed(found).unwrap_err().to_string().contains("private network"));
        let both = vec!["10.0.0.1:443".parse().unwrap(), "9.9.9.9:443".parse().unwrap()];
        assert_eq!(names.allowed(both).unwrap(), ["9.9.9.9:443".parse::<SocketAddr>().unwrap()]);
    }
}
