//! The door for homes: who may come in, how many at once, and for how long.
//!
//! Every connection ends after a few seconds whatever it does, so a slow or hostile guest costs one place for that long.

use super::Homes;
use crate::clock;
use crate::mqtt::{About, Tls};
use crate::problem::Problem;
use crate::station::visit::{Lasts, Places, Stream, Visit};
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, version::TLS13};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A home at the door.
#[derive(Debug, Clone)]
pub(in crate::station) struct Guest {
    /// From where.
    pub address: SocketAddr,
    /// The name in its certificate, if that has one; nothing at all where no certificates are asked for.
    pub home: Option<Option<String>>,
    /// The number of its certificate.
    pub serial: Option<String>,
}

/// The listener: connections that are through with TLS.
pub(in crate::station) struct Door {
    /// Where it is.
    pub address: SocketAddr,
    through: mpsc::Receiver<(Visit, Guest)>,
    porter: JoinHandle<()>,
}

impl Door {
    /// Opens it; refuses to let anybody in without certificates, except from this machine.
    pub async fn open(homes: &Homes, refused: Arc<AtomicU64>) -> Result<Door, Problem> {
        let listen = homes.listen;
        if homes.tls.is_none() && !listen.ip().is_loopback() {
            let what = "without certificates anybody on the network could speak for any home";
            let deed = format!("set ca and credentials in [homes], or listen on 127.0.0.1:{}", listen.port());
            return Err(Problem::of(listen.to_string(), what).with_deed(deed));
        }
        let acceptor = homes.tls.as_ref().map(acceptor).transpose().map_err(|what| Problem::of("[homes]", what))?;
        Door::bind(listen, acceptor, refused).await
    }

    /// The same for homes that have no certificate yet: they know us by ours, and prove themselves in another way.
    pub async fn open_to_all(listen: SocketAddr, identity: &[u8], refused: Arc<AtomicU64>) -> Result<Door, Problem> {
        let acceptor = acceptor_of(identity, None).map_err(|what| Problem::of("[authority]", what))?;
        Door::bind(listen, Some(acceptor), refused).await
    }

    async fn bind(listen: SocketAddr, acceptor: Option<TlsAcceptor>, refused: Arc<AtomicU64>) -> Result<Door, Problem> {
        let listener =
            TcpListener::bind(listen).await.map_err(|error| Problem::of_listen(&listen.to_string(), &error))?;
        let address = listener.local_addr().map_err(|error| Problem::of(listen.to_string(), error.to_string()))?;
        let (guests, through) = mpsc::channel(GUESTS_WAITING_MAX);
        let porter = tokio::spawn(let_in(listener, acceptor, guests, refused));
        Ok(Door { address, through, porter })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.porter.abort();
    }
}

impl Listener for Door {
    type Io = Visit;
    type Addr = Guest;

    async fn accept(&mut self) -> (Visit, Guest) {
        match self.through.recv().await {
            Some(visit) => visit,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Guest> {
        Ok(Guest { address: self.address, home: None, serial: None })
    }
}

impl Connected<IncomingStream<'_, Door>> for Guest {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Guest {
        stream.remote_addr().clone()
    }
}

impl Homes {
    /// What would keep homes from coming in: certificates that cannot be used or are out of their time.
    pub fn check(&self) -> Result<(), Problem> {
        let Some(tls) = &self.tls else { return Ok(()) };
        acceptor(tls).map_err(|what| Problem::of("[homes]", what))?;
        let about = tls.identity.as_deref().and_then(About::of_pem);
        let deed = "renew it, or set this machine's clock";
        let fault = about.and_then(|about| about.fault(clock::now()));
        fault.map_or(Ok(()), |what| Err(Problem::of("credentials in [homes]", what).with_deed(deed)))
    }
}

/// TLS 1.3, a certificate from every home, and no memory of earlier connections: an expired one is refused at once.
fn acceptor(tls: &Tls) -> Result<TlsAcceptor, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&tls.ca, "ca")? {
        roots.add(certificate).map_err(|error| format!("a certificate in the ca file cannot be used: {error}"))?;
    }
    let identity =
        tls.identity.as_deref().ok_or("there is no certificate of the station's own; set the key credentials")?;
    acceptor_of(identity, Some(roots))
}

/// TLS 1.3 with this certificate and key; whoever comes in must be vouched for by `roots`, if there are any.
fn acceptor_of(identity: &[u8], roots: Option<RootCertStore>) -> Result<TlsAcceptor, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from_pem_slice(identity).map_err(|_| "the credentials file holds no private key")?;
    let verifier =
        roots.map(|roots| WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build());
    let verifier = verifier.transpose().map_err(|error| format!("the ca file cannot be used: {error}"))?;
    let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13]);
    let config = config.map_err(|error| error.to_string())?;
    let config = match verifier {
        Some(verifier) => config.with_client_cert_verifier(verifier),
        None => config.with_no_client_auth(),
    };
    let mut config = config
        .with_single_cert(certificates(identity, "credentials")?, key)
        .map_err(|error| format!("certificate and key in the credentials file do not go together: {error}"))?;
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(pem: &[u8], key: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    match CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) | Err(_) => Err(format!("the {key} file holds no certificate in PEM")),
    }
}

/// Takes connections and leads each through TLS by itself: one that hangs holds up no other.
async fn let_in(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    guests: mpsc::Sender<(Visit, Guest)>,
    refused: Arc<AtomicU64>,
) {
    let places = Places::of(PLACES, PLACES_EACH);
    loop {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Mostly too many open files: visits end within seconds.
                tracing::warn!(%error, "a home could not be let in");
                tokio::time::sleep(AFTER_ERROR).await;
                continue;
            }
        };
        let Some(place) = places.take(address.ip()) else {
            refused.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(%address, "too many connections at once");
            continue;
        };
        let (acceptor, guests, refused) = (acceptor.clone(), guests.clone(), Arc::clone(&refused));
        tokio::spawn(async move {
            let ends = tokio::time::sleep(VISIT_LASTS);
            let Some((stream, about)) = greet(acceptor, stream, address, &refused).await else { return };
            let visit = Visit::new(stream, Lasts::InAll, ends, place);
            // Nobody serves any more while the station stops.
            let serial = about.as_ref().and_then(|about| about.as_ref().map(|about| about.serial.clone()));
            let home = about.map(|about| about.and_then(|about| about.common_name));
            drop(guests.send((visit, Guest { address, home, serial })).await);
        });
    }
}

/// Who it is, if it has a certificate that is to be believed.
async fn greet(
    acceptor: Option<TlsAcceptor>,
    stream: TcpStream,
    address: SocketAddr,
    refused: &AtomicU64,
) -> Option<(Stream, Option<Option<About>>)> {
    stream.set_nodelay(true).ok();
    let Some(acceptor) = acceptor else { return Some((Stream::Plain(stream), None)) };
    let accepting = acceptor.accept(stream).into_fallible();
    match tokio::time::timeout(GREETED_WITHIN, accepting).await {
        Ok(Ok(stream)) => {
            let first = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            let about = first.and_then(|der| About::of_der(der));
            Some((Stream::Tls(Box::new(stream)), Some(about)))
        }
        Ok(Err((why, stream))) => {
            note(address, &why, refused);
            see_off(stream).await;
            None
        }
        Err(_) => {
            tracing::debug!(%address, "a connection that said nothing in time");
            None
        }
    }
}

/// A certificate that is not to be believed is a home with a wrong one, or worse; the rest is whoever knocks at open ports.
fn note(address: SocketAddr, why: &io::Error, refused: &AtomicU64) {
    use rustls::Error as Bad;
    let why_not = why.get_ref().and_then(|inner| inner.downcast_ref::<Bad>());
    if matches!(why_not, Some(Bad::InvalidCertificate(_) | Bad::NoCertificatesPresented)) {
        refused.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(%address, %why, "a certificate of no home");
    } else {
        tracing::debug!(%address, %why, "a connection that is of no home");
    }
}

/// The alert that says what is wrong would be lost with a connection that is closed while the other side still writes.
async fn see_off(mut stream: TcpStream) {
    let reading = async {
        stream.shutdown().await.ok();
        let mut rest = [0; 1024];
        for _ in 0..SEEN_OFF_READS_MAX {
            if !matches!(stream.read(&mut rest).await, Ok(1..)) {
                return;
            }
        }
    };
    tokio::time::timeout(SEEN_OFF_WITHIN, reading).await.ok();
}

/// TLS over a bad radio link takes two; one that trickles is no home.
const GREETED_WITHIN: Duration = Duration::from_secs(8);
/// A home waits ten seconds for its answer.
const VISIT_LASTS: Duration = Duration::from_secs(15);
/// Many homes of one house or one carrier share an address.
const PLACES_EACH: usize = 128;
const PLACES: usize = 512;
const GUESTS_WAITING_MAX: usize = 64;
const AFTER_ERROR: Duration = Duration::from_millis(100);
const SEEN_OFF_WITHIN: Duration = Duration::from_secs(1);
const SEEN_OFF_READS_MAX: usize = 80;
