//! One POST over HTTPS, tried once within ten seconds: for the channels that speak to a server of others.
//!
//! The address may hold a key, so only its host is ever shown. No redirect is followed: it would carry key and message
//! elsewhere. Plain HTTP is spoken to this machine and the home's own network alone.
//!
//! The way to a station (`sinks/station_https`) is narrower: TLS 1.3, one authority, and a certificate of our own (`tls`).
//!
//! The client is ureq with rustls on ring, blocking, on a thread of the pool: one POST needs no more. The authorities are the
//! system's, read anew for each message, because messages are rare and a renewed store counts at once; or `ca` alone.

mod names;
mod tls;
mod words;

use crate::model::time::Timestamp;
use crate::mqtt;
use crate::problem::Problem;
use crate::sinks::NotDelivered;
use crate::sinks::signing::is_plausible;
use names::Names;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tls::ByStationsRules;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::{Connector, DefaultConnector, TcpConnector};

/// Within this a POST is answered or given up: name, connection, TLS and answer together.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// The same for an address that somebody wrote into a page.
const OUTWARD_DEADLINE: Duration = Duration::from_secs(5);

/// The answer of a robot is a hundred bytes; more than this is no answer to us.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// A way to one server.
#[derive(Debug, Clone)]
pub struct Way {
    uri: Uri,
    /// Those alone are believed; without them the system's are.
    authorities: Option<Arc<Vec<Certificate<'static>>>>,
    /// How TLS is spoken to a station: whom we believe there, and who we are.
    station: Option<Arc<rustls::ClientConfig>>,
    names: Names,
    deadline: Duration,
}

/// What a server answered, whatever its status.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The body, not longer than 64 KiB.
    pub body: Vec<u8>,
    /// The server's clock.
    pub date: Option<Timestamp>,
}

impl Way {
    /// To the address `url`, which is called `name` in what is said about it; `ca` is a file of authorities.
    pub fn new(name: &str, url: &str, ca: Option<&Path>) -> Result<Way, Problem> {
        let wrong = |what: &str, deed: &str| Err(Problem::of(name, what).with_deed(deed));
        let Ok(uri) = url.parse::<Uri>() else {
            return wrong("this is no address", "write it whole: https://server.example/path");
        };
        let Some(authority) = uri.authority().filter(|authority| !authority.host().is_empty()) else {
            return wrong("this is no address of a server", "write it whole: https://server.example/path");
        };
        if authority.as_str().contains('@') {
            return wrong("user and password do not belong into an address", "put them into a file of header_files");
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if is_near(authority.host()) => {}
            _ => {
                let deed =
                    "begin it with https:// (http:// only to this machine and addresses of the home's own network)";
                return wrong("this address is not encrypted", deed);
            }
        }
        let authorities = ca.map(authorities_of).transpose()?.map(Arc::new);
        Ok(Way { uri, authorities, station: None, names: Names::new(), deadline: DEADLINE })
    }

    /// To the station at `uri`: with the file of its authority and the file of our certificate and key, or in the clear.
    pub fn to_station(uri: Uri, tls: Option<(&Path, &Path)>) -> Result<Way, Problem> {
        let way = Way { uri, authorities: None, station: None, names: Names::new(), deadline: DEADLINE };
        let Some((ca, credentials)) = tls else { return Ok(way) };
        authorities_of(ca)?;
        let tls = mqtt::Tls { ca: mqtt::secret(ca)?, identity: Some(mqtt::secret(credentials)?) };
        let config = tls.configuration().map_err(|what| {
            let deed = "it must hold our certificate and its key: enroll the home again";
            Problem::of(credentials.display().to_string(), what).with_deed(deed)
        })?;
        Ok(Way { station: Some(Arc::new(config)), ..way })
    }

    /// To an address that somebody wrote into a page: encrypted and public, unless its host, with or without port, is among
    /// `allow`. Where a name leads is judged anew for each connection, and the connection goes to what was judged.
    pub fn outward(name: &str, url: &str, allow: &[String]) -> Result<Way, Problem> {
        let wrong = |what: &str, deed: &str| Err(Problem::of(name, what).with_deed(deed));
        let uri = url.parse::<Uri>().ok();
        let Some(uri) = uri.filter(|uri| uri.host().is_some_and(|host| !host.is_empty())) else {
            return wrong("this is no address of a server", "write it whole: https://server.example/path");
        };
        let (scheme, host) = (uri.scheme_str().unwrap_or_default(), uri.host().unwrap_or_default());
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return wrong("user and password do not belong into an address", "leave them out; messages are signed");
        }
        if !matches!(scheme, "https" | "http") {
            return wrong("this is no address of a server", "begin it with https://");
        }
        let with_port = format!("{host}:{}", uri.port_u16().unwrap_or(if scheme == "http" { 80 } else { 443 }));
        let is_allowed = allow.iter().any(|allowed| allowed == host || *allowed == with_port);
        if !is_allowed && scheme != "https" {
            return wrong(
                "this address is not encrypted",
                "begin it with https://, or name its host in [webhooks] allow",
            );
        }
        let names = if is_allowed { Names::new() } else { Names::public() };
        if !is_allowed && !names::may_be_public(host) {
            return wrong(
                "this is an address of a private network",
                "name its host in [webhooks] allow if it is meant",
            );
        }
        Ok(Way { uri, authorities: None, station: None, names, deadline: OUTWARD_DEADLINE })
    }

    /// Path and query, by which a kind of address is known.
    pub fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    /// The server by its name, without what the address holds besides.
    pub fn host(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// What of the address nobody may read: what stands in its path and query.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.path_and_query().split(['/', '?', '&', '=']).filter(|part| part.len() >= SECRET_LENGTH_MIN)
    }

    /// Posts `body` as JSON, `query` added to the address, and returns what the server answered.
    pub async fn post(
        &self,
        query: &str,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Result<Answer, NotDelivered> {
        let joint = if self.uri.query().is_some() { "&" } else { "?" };
        let url = if query.is_empty() { self.uri.to_string() } else { format!("{}{joint}{query}", self.uri) };
        self.blocking(move |agent| {
            let mut request = agent.post(&url).header("Content-Type", "application/json; charset=utf-8");
            for (name, value) in &headers {
                request = request.header(name, value);
            }
            request.send(&body[..]).and_then(read)
        })
        .await
    }

    /// Posts `body` as JSON; the status alone is the answer.
    pub async fn tell(&self, headers: Vec<(String, String)>, body: Vec<u8>) -> Result<u16, NotDelivered> {
        let url = self.uri.to_string();
        self.blocking(move |agent| {
            let mut request = agent.post(&url).header("Content-Type", "application/json; charset=utf-8");
            for (name, value) in &headers {
                request = request.header(name, value);
            }
            request.send(&body[..]).map(|answer| answer.status().as_u16())
        })
        .await
    }

    /// Asks for `path`, and posts `body` there if there is one.
    pub async fn ask(&self, path: &str, body: Option<Vec<u8>>) -> Result<Answer, NotDelivered> {
        let url = format!("{}://{}{path}", self.uri.scheme_str().unwrap_or("https"), self.host());
        self.blocking(move |agent| {
            let answer = match body {
                Some(body) => agent.post(&url).header("Content-Type", "application/json").send(&body[..]),
                None => agent.get(&url).call(),
            };
            answer.and_then(read)
        })
        .await
    }

    /// Whether the server can be reached and is the one it says it is. Nothing is posted.
    pub async fn probe(&self) -> Result<(), NotDelivered> {
        let url = format!("{}://{}/", self.uri.scheme_str().unwrap_or("https"), self.host());
        self.blocking(move |agent| agent.head(&url).call().map(drop)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce(ureq::Agent) -> Result<T, ureq::Error> + Send + 'static,
    ) -> Result<T, NotDelivered> {
        let (host, way) = (self.host().to_owned(), self.clone());
        let trying = tokio::task::spawn_blocking(move || {
            let agent = way.agent()?;
            call(agent).map_err(|error| NotDelivered::Later(words::why(way.host(), way.is_to_station(), &error)))
        });
        // ureq keeps the deadline itself; a moment later it is not believed any more.
        match tokio::time::timeout(self.deadline + Duration::from_secs(2), trying).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(NotDelivered::Later(format!("{host}: the try broke off"))),
            Err(_) => Err(NotDelivered::Later(words::no_answer(&host))),
        }
    }

    fn agent(&self) -> Result<ureq::Agent, NotDelivered> {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(self.deadline))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .proxy(None)
            .user_agent(concat!("carecircle/", env!("CARGO_PKG_VERSION")));
        if self.uri.scheme_str() == Some("http") {
            return Ok(self.agent_of(config.build()));
        }
        if let Some(station) = &self.station {
            let connector = ().chain(TcpConnector::default()).chain(ByStationsRules(Arc::clone(station)));
            return Ok(ureq::Agent::with_parts(config.build(), connector, self.names.clone()));
        }
        let authorities = match &self.authorities {
            Some(authorities) => Arc::clone(authorities),
            None => Arc::new(the_systems()?),
        };
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(authorities))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
        Ok(self.agent_of(config.tls_config(tls.build()).build()))
    }

    fn agent_of(&self, config: ureq::config::Config) -> ureq::Agent {
        ureq::Agent::with_parts(config, DefaultConnector::default(), self.names.clone())
    }

    fn is_to_station(&self) -> bool {
        self.station.is_some()
    }

    /// The same with another deadline, for tests.
    #[cfg(test)]
    pub fn within(self, deadline: Duration) -> Way {
        Way { deadline, ..self }
    }
}

/// Shorter parts of an address are words such as "send".
const SECRET_LENGTH_MIN: usize = 12;

fn read(answer: ureq::http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let date = answer.headers().get("date").and_then(|date| date.to_str().ok()).and_then(time_of);
    let (head, mut body) = answer.into_parts();
    let body = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
    Ok(Answer { status: head.status.as_u16(), body, date })
}

/// The time of a `Date` header, unless no clock that is right could show it.
fn time_of(date: &str) -> Option<Timestamp> {
    let at = chrono::DateTime::parse_from_rfc2822(date).ok()?.to_utc();
    is_plausible(at).then_some(at)
}

/// Whether plain HTTP stays on this machine or in the home.
fn is_near(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let near_v4 = |ip: Ipv4Addr| ip.is_loopback() || ip.is_private() || ip.is_link_local();
    let near_v6 = |ip: Ipv6Addr| ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local();
    bare == "localhost" || bare.parse().is_ok_and(near_v4) || bare.parse().is_ok_and(near_v6)
}

fn authorities_of(file: &Path) -> Result<Vec<Certificate<'static>>, Problem> {
    let pem = mqtt::secret(file)?;
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    let found: Vec<_> = parse_pem(&pem).filter_map(certificate).collect();
    if found.is_empty() {
        let what = "no certificate in this file";
        return Err(Problem::of(file.display().to_string(), what).with_deed("it must hold -----BEGIN CERTIFICATE-----"));
    }
    Ok(found)
}

fn the_systems() -> Result<Vec<Certificate<'static>>, NotDelivered> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let what = "this machine knows no certificate authority, so no server can be believed";
        return Err(NotDelivered::Later(format!("{what}; install the package ca-certificates")));
    }
    Ok(found.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect())
}

impl Answer {
    /// Whether the server took it, by its status alone; if not, why, and whether it can work at another time.
    pub fn is_taken(&self, host: &str) -> Result<(), NotDelivered> {
        words::of_status(host, self.status)
    }
}

/// The first line of a file that a config names: an address, a key.
pub fn first_line(file: &Path) -> Result<String, Problem> {
    let wrong = |what: &str| Problem::of(file.display().to_string(), what);
    let bytes = mqtt::secret(file)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("this file is no text"))?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        return Err(wrong("the first line of this file is empty").with_deed("write it into the first line"));
    }
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests;
