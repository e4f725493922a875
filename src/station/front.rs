//! Where the page is served: plain on this machine, through TLS beyond it.

use super::Settings;
use super::visit::{Lasts, Place, Places, Stream, Visit};
use crate::clock;
use crate::mqtt::About;
use crate::problem::Problem;
use crate::web::Caller;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// The listener of the page: connections that are through with TLS, where there is any.
pub(super) struct Front {
    /// Where it is.
    pub address: SocketAddr,
    through: mpsc::Receiver<(Visit, SocketAddr)>,
    porter: JoinHandle<()>,
}

impl Front {
    /// Opens it; refuses to let passwords cross a network readable, unless that was said to be meant.
    pub async fn open(settings: &Settings) -> Result<Front, Problem> {
        let listen = settings.listen;
        if !listen.ip().is_loopback() && settings.credentials.is_none() && !settings.plain_http {
            let what = "without a certificate passwords would cross the network readable";
            let deed = format!("set credentials in [station], or listen on 127.0.0.1:{}", listen.port());
            return Err(Problem::of(listen.to_string(), what).with_deed(deed));
        }
        let acceptor = settings.credentials.as_deref().map(acceptor).transpose();
        let acceptor = acceptor.map_err(|what| Problem::of("credentials in [station]", what))?;
        let listener = TcpListener::bind(listen).await;
        let listener = listener.map_err(|error| Problem::of_listen(&listen.to_string(), &error))?;
        let address = listener.local_addr().map_err(|error| Problem::of(listen.to_string(), error.to_string()))?;
        let (visits, through) = mpsc::channel(VISITS_WAITING_MAX);
        let porter = tokio::spawn(let_in(listener, acceptor, visits));
        Ok(Front { address, through, porter })
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.porter.abort();
    }
}

impl Listener for Front {
    type Io = Visit;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Visit, SocketAddr) {
        match self.through.recv().await {
            Some(visit) => visit,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Connected<IncomingStream<'_, Front>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Front>) -> Caller {
        Caller(*stream.remote_addr())
    }
}

/// What would keep browsers from believing the page: a certificate that cannot be used or is out of its time.
pub fn check_credentials(pem: &[u8]) -> Result<(), Problem> {
    acceptor(pem).map_err(|what| Problem::of("credentials in [station]", what))?;
    let fault = About::of_pem(pem).and_then(|about| about.fault(clock::now()));
    let deed = "renew it, or set this machine's clock";
    fault.map_or(Ok(()), |what| Err(Problem::of("credentials in [station]", what).with_deed(deed)))
}

/// TLS for browsers, with this certificate and key.
fn acceptor(pem: &[u8]) -> Result<TlsAcceptor, String> {
    let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|_| "the file cannot be read as certificates")?;
    if chain.is_empty() {
        return Err("the file holds no certificate".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| "the file holds no private key")?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| error.to_string())?.with_no_client_auth();
    let mut config = config.with_single_cert(chain, key).map_err(|error| format!("they cannot be used: {error}"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn let_in(listener: TcpListener, acceptor: Option<TlsAcceptor>, visits: mpsc::Sender<(Visit, SocketAddr)>) {
    let (places, handshakes) = (Places::of(PLACES, PLACES_EACH), Arc::new(Semaphore::new(HANDSHAKES_MAX)));
    loop {
        let Ok((stream, address)) = listener.accept().await else {
            // Too many open files: it gets better, but not at once.
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        let Some(place) = places.take(address.ip()) else {
            tracing::debug!(%address, "too many connections at once");
            continue;
        };
        let Some(acceptor) = acceptor.clone() else {
            if visits.send((begun(Stream::Plain(stream), place), address)).await.is_err() {
                return;
            }
            continue;
        };
        let Ok(handshake) = Arc::clone(&handshakes).acquire_owned().await else { return };
        let visits = visits.clone();
        tokio::spawn(async move {
            let shaken = tokio::time::timeout(HANDSHAKE_WITHIN, acceptor.accept(stream)).await;
            drop(handshake);
            if let Ok(Ok(stream)) = shaken {
                drop(visits.send((begun(Stream::Tls(Box::new(stream)), place), address)).await);
            }
        });
    }
}

/// A visit that ends unless it is of use.
fn begun(stream: Stream, place: Place) -> Visit {
    Visit::new(stream, Lasts::SinceTaken(OF_USE_WITHIN), tokio::time::sleep(OF_USE_WITHIN), place)
}

const VISITS_WAITING_MAX: usize = 64;
const HANDSHAKES_MAX: usize = 64;
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// Half of the files that the unit allows: broker, database and homes have the rest. A district's screens may share an address.
const PLACES: usize = 2_000;
const PLACES_EACH: usize = 1_000;
/// A stream of events is heard of every few seconds, and a page is loaded in far less.
const OF_USE_WITHIN: Duration = Duration::from_secs(60);
