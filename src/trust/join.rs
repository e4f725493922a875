//! The home's side of enrolment: knows the station by the fingerprint in the code, makes its key, fetches the bundle.

use crate::problem::Problem;
use crate::trust::bundle::{Bundle, JOIN, Joining};
use crate::trust::{Code, authority, files, talk};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    let bundle = talk::ask(station, by_code(code)?, JOIN, &body)?;
    if !authority::der_of(&bundle.ca).is_some_and(|der| code.is_of(&der)) {
        return Err(Problem::of(station, "the authority in the bundle is not the one of the code"));
    }
    is_ours(&bundle, &key).map_err(|what| Problem::of(station, what))?;
    let ca = folder.join(CA);
    files::write(&ca, bundle.ca.as_bytes(), files::PUBLIC)?;
    keep(folder, &bundle, &key)?;
    std::fs::remove_file(&key_file).map_err(|error| Problem::of_state(&key_file, &error))?;
    Ok(Joined { bundle, ca, credentials })
}

/// Writes certificate and key in one step, and whom to ask for the next one.
pub(super) fn keep(folder: &Path, bundle: &Bundle, key: &str) -> Result<(), Problem> {
    let told = serde_json::to_vec_pretty(bundle).map_err(|error| Problem::new(error.to_string()))?;
    files::write(&folder.join(BUNDLE), &told, files::PRIVATE)?;
    files::write(&folder.join(CREDENTIALS), format!("{}{key}", bundle.certificate).as_bytes(), files::PRIVATE)
}

/// What a station gives is tried before it is written: the certificate is for this home and for our key.
pub(super) fn is_ours(bundle: &Bundle, key: &str) -> Result<(), String> {
    let about = crate::mqtt::About::of_pem(bundle.certificate.as_bytes());
    if about.and_then(|about| about.common_name).as_deref() != Some(bundle.home.as_str()) {
        return Err("the certificate in the bundle is not for the home it names".to_owned());
    }
    let both = format!("{}{key}", bundle.certificate);
    let tls = crate::mqtt::Tls { ca: bundle.ca.clone().into_bytes(), identity: Some(both.into_bytes()) };
    tls.check()
}

/// TLS that is believed by the code alone.
fn by_code(code: &Code) -> Result<ClientConfig, Problem> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(ByCode { code: code.clone(), provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_details(provider, Arc::new(crate::mqtt::Floor))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| Problem::new(error.to_string()))?;
    Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
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
        rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The authority's certificate in the home.
pub const CA: &str = "operator-ca.pem";
/// Certificate and key of the home.
pub const CREDENTIALS: &str = "home.pem";
/// What the station said when the home was enrolled.
pub const BUNDLE: &str = "bundle.json";
const KEY_OF_TRY: &str = "home.key.new";
