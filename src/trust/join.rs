//! The home's side of enrolment: knows the station by the fingerprint in the code, makes its key, fetches the bundle.

use crate::problem::Problem;
use crate::trust::bundle::{Bundle, Declined, JOIN, Joining};
use crate::trust::{Code, authority, files};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where the bundle went.
pub struct Joined {
    /// What the station said.
    pub bundle: Bundle,
    /// The authority's certificate.
    pub ca: PathBuf,
    /// Certificate and key of the home.
    pub credentials: PathBuf,
}

/// Enrols this home: asks `station` (`host:port`) with `code`, and writes what it got into `folder`.
pub fn join(code: &Code, station: &str, folder: &Path) -> Result<Joined, Problem> {
    files::folder(folder)?;
    let credentials = folder.join(CREDENTIALS);
    if credentials.exists() {
        let deed = "this home is enrolled already; to enrol it anew, move this file away first";
        return Err(Problem::of(credentials.display().to_string(), "there is a certificate already").with_deed(deed));
    }
    // Kept until the bundle is here: an answer that was lost is asked for again with the same key.
    let key_file = folder.join(KEY_OF_TRY);
    let kept = files::read(&key_file)?.and_then(|bytes| String::from_utf8(bytes).ok());
    let (key, request) = authority::request(kept.as_deref())?;
    files::write(&key_file, key.as_bytes(), files::PRIVATE)?;
    let joining = Joining { number: code.number.clone(), secret: code.secret().to_owned(), request };
    let body = serde_json::to_vec(&joining).map_err(|error| Problem::new(error.to_string()))?;
    let bundle = read(station, &post(code, station, &body)?)?;
    is_ours(code, &bundle, &key).map_err(|what| Problem::of(station, what))?;
    let ca = folder.join(CA);
    files::write(&ca, bundle.ca.as_bytes(), files::PUBLIC)?;
    files::write(&credentials, format!("{}{key}", bundle.certificate).as_bytes(), files::PRIVATE)?;
    std::fs::remove_file(&key_file).map_err(|error| Problem::of_state(&key_file, &error))?;
    Ok(Joined { bundle, ca, credentials })
}

/// What a station gives is tried before it is written: its authority is the code's, and the certificate is for our key.
fn is_ours(code: &Code, bundle: &Bundle, key: &str) -> Result<(), String> {
    let ca = authority::der_of(&bundle.ca).filter(|der| code.is_of(der));
    ca.ok_or("the authority in the bundle is not the one of the code")?;
    let about = crate::mqtt::About::of_pem(bundle.certificate.as_bytes());
    if about.and_then(|about| about.common_name).as_deref() != Some(bundle.home.as_str()) {
        return Err("the certificate in the bundle is not for the home it names".to_owned());
    }
    let both = format!("{}{key}", bundle.certificate);
    let tls = crate::mqtt::Tls { ca: bundle.ca.clone().into_bytes(), identity: Some(both.into_bytes()) };
    tls.check()
}

fn read(station: &str, answer: &[u8]) -> Result<Bundle, Problem> {
    let wrong = || {
        let deed = "is this the port for new homes ([authority] listen in station.toml)?";
        Problem::of(station, "what answered is no station").with_deed(deed)
    };
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(wrong)?;
    let (head, body) = (&answer[..at], &answer[at + 4..]);
    if head.starts_with(b"HTTP/1.1 200 ") {
        return serde_json::from_slice(body).map_err(|_| wrong());
    }
    let declined: Declined = serde_json::from_slice(body).map_err(|_| wrong())?;
    Err(Problem::of(station, crate::text::shown(&declined.why, 300)))
}

/// One request over TLS that is believed by the code alone.
fn post(code: &Code, station: &str, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let wrong_address = || Problem::of(station, "this is no address with a port").with_deed("write it as station.example:8472");
    let (host, _) = station.rsplit_once(':').ok_or_else(wrong_address)?;
    let host = host.trim_matches(['[', ']']);
    let name = ServerName::try_from(host.to_owned()).map_err(|_| wrong_address())?;
    let stream = dial(station)?;
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(ByCode { code: code.clone(), provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_details(provider, Arc::new(crate::mqtt::Floor))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| Problem::new(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), name).map_err(|error| Problem::new(error.to_string()))?;
    let mut stream = StreamOwned::new(connection, stream);
    let head = format!(
        "POST {JOIN} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let said = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).and_then(|()| stream.flush());
    said.map_err(|error| not_spoken(station, &error))?;
    let mut answer = Vec::new();
    match stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer) {
        Ok(_) => Ok(answer),
        // Some servers end the connection without a goodbye; the answer is judged by itself.
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof && !answer.is_empty() => Ok(answer),
        Err(error) => Err(not_spoken(station, &error)),
    }
}

fn dial(station: &str) -> Result<TcpStream, Problem> {
    let unknown = |what: String| Problem::of(station, what).with_deed("correct the address, or ask at the station");
    let addresses = station.to_socket_addrs().map_err(|error| unknown(format!("no machine is found by this name ({error})")))?;
    let mut why = unknown("no machine is found by this name".to_owned());
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                let set = stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
                set.map_err(|error| unknown(error.to_string()))?;
                return Ok(stream);
            }
            Err(error) => {
                let deed = "is the station running, with [authority] listen in its configuration, and its firewall open?";
                why = Problem::of(station, format!("nothing answers on this port ({error})")).with_deed(deed);
            }
        }
    }
    Err(why)
}

fn not_spoken(station: &str, error: &std::io::Error) -> Problem {
    let why = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match why {
        Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)) => {
            let what = "this is not the station that made the code: the fingerprint of its authority is another one";
            Problem::of(station, what).with_deed("type the code again; if it is right, do not go on, and call the station")
        }
        Some(rustls::Error::InvalidCertificate(rustls::CertificateError::NotValidForNameContext { .. } | rustls::CertificateError::NotValidForName)) => {
            let what = "the station does not go by this name";
            Problem::of(station, what).with_deed("use one of [authority] names in its station.toml")
        }
        Some(other) => Problem::of(station, format!("no safe connection: {other}")),
        None => Problem::of(station, format!("the connection broke off ({error})")).with_deed("try again: the code is still good"),
    }
}

/// Believes the authority whose fingerprint the code begins with, whoever else signed what is shown, and judges the rest
/// as ever: name, dates, signatures.
#[derive(Debug)]
struct ByCode {
    code: Code,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ByCode {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let unknown = || rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let authority = intermediates.iter().find(|one| self.code.is_of(one)).ok_or_else(unknown)?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned()).map_err(|_| unknown())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider)).build();
        verifier.map_err(|_| unknown())?.verify_server_cert(end_entity, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The authority's certificate in the home.
pub const CA: &str = "operator-ca.pem";
/// Certificate and key of the home.
pub const CREDENTIALS: &str = "home.pem";
const KEY_OF_TRY: &str = "home.key.new";
const PATIENCE: Duration = Duration::from_secs(15);
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
