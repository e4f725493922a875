//! The authority of one operator: it signs homes and the station's own certificates, and the list of those taken back.

use crate::clock;
use crate::model::hex;
use crate::model::ids::HomeId;
use crate::model::time::{Span, Timestamp};
use crate::problem::Problem;
use crate::trust::{files, fingerprint, random};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertificateSigningRequestParams,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SerialNumber,
};
use std::path::{Path, PathBuf};

/// An authority that can sign.
pub struct Authority {
    /// Its certificate, as homes and brokers get it.
    pub pem: String,
    /// The same in DER.
    pub der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

/// What was signed.
pub struct Signed {
    /// The certificate.
    pub pem: String,
    /// Its number, as the list of those taken back names it.
    pub serial: String,
    /// When it ends.
    pub until: Timestamp,
}

/// Certificate of the authority in its folder.
pub const CERTIFICATE: &str = "ca.pem";
/// Its key.
pub const KEY: &str = "ca.key";

impl Authority {
    /// Makes a new one in `folder`; one that is there is never written over, every home would be lost with it.
    pub fn init(folder: &Path, name: &str) -> Result<Authority, Problem> {
        files::folder(folder)?;
        for file in [KEY, CERTIFICATE].map(|file| folder.join(file)) {
            if file.exists() {
                let deed = "keep it: every home would have to be enrolled anew; to begin again all the same, move its folder away";
                return Err(Problem::of(file.display().to_string(), "there is an authority already").with_deed(deed));
            }
        }
        let key = KeyPair::generate().map_err(|error| not_made(&error))?;
        let mut params = params(name, clock::now() + AUTHORITY_LASTS, &serial()?)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(|error| not_made(&error))?;
        // The key first: a certificate without it would look like an authority.
        files::write(&folder.join(KEY), key.serialize_pem().as_bytes(), files::PRIVATE)?;
        files::write(&folder.join(CERTIFICATE), certificate.pem().as_bytes(), files::PUBLIC)?;
        Authority::open(folder)
    }

    /// The one in `folder`.
    pub fn open(folder: &Path) -> Result<Authority, Problem> {
        let [pem, key] = [CERTIFICATE, KEY].map(|file| text(&folder.join(file)));
        let (pem, key) = (pem?, key?);
        let wrong = |error: rcgen::Error| {
            let what = format!("certificate and key of the authority cannot be used: {error}");
            Problem::of(folder.display().to_string(), what).with_deed("bring both back from your backup")
        };
        let der =
            der_of(&pem).ok_or_else(|| Problem::of(folder.display().to_string(), "ca.pem holds no certificate"))?;
        let key = KeyPair::from_pem(&key).map_err(wrong)?;
        let issuer = Issuer::from_ca_cert_pem(&pem, key).map_err(wrong)?;
        Ok(Authority { pem, der, issuer })
    }

    /// SHA-256 of its certificate.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.der)
    }

    /// Signs the request of a home. Only its key is taken from it: who it is and what it may is ours to say.
    pub fn sign_home(&self, home: &HomeId, request: &str) -> Result<Signed, Problem> {
        let request = CertificateSigningRequestParams::from_pem(request);
        let mut request =
            request.map_err(|error| Problem::new(format!("the request for a certificate is none: {error}")))?;
        let (serial, until) = (serial()?, clock::now() + HOME_LASTS);
        request.params = params(home.as_str(), until, &serial)?;
        request.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = request.signed_by(&self.issuer).map_err(|error| not_made(&error))?;
        Ok(Signed { pem: certificate.pem(), serial: hex::lower(&serial), until })
    }

    /// Key and certificate of a server of ours: the station with both uses, for it is a client of its broker as well.
    pub fn server(&self, common_name: &str, names: &[String]) -> Result<(Signed, String), Problem> {
        let key = KeyPair::generate().map_err(|error| not_made(&error))?;
        let (serial, until) = (serial()?, clock::now() + SERVER_LASTS);
        let mut params = params(common_name, until, &serial)?;
        let named = CertificateParams::new(names.to_vec()).map_err(|error| not_made(&error))?;
        params.subject_alt_names = named.subject_alt_names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer).map_err(|error| not_made(&error))?;
        Ok((Signed { pem: certificate.pem(), serial: hex::lower(&serial), until }, key.serialize_pem()))
    }

    /// The same, written into one file of `folder`: the certificate, then its key.
    pub fn keep_server(
        &self,
        folder: &Path,
        file: &str,
        common_name: &str,
        names: &[String],
    ) -> Result<PathBuf, Problem> {
        let (signed, key) = self.server(common_name, names)?;
        let path = folder.join(file);
        files::write(&path, format!("{}{key}", signed.pem).as_bytes(), files::PRIVATE)?;
        Ok(path)
    }

    /// The list of certificates taken back: their numbers, and when that was. Also an empty one is needed: a broker that is
    /// told of a list and finds none starts for nobody.
    pub fn revoked(&self, serials: &[(String, Timestamp)]) -> Result<String, Problem> {
        let revoked = |(serial, at): &(String, Timestamp)| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&hex::bytes_of_text(serial).unwrap_or_default()),
            revocation_time: date(*at),
            reason_code: None,
            invalidity_date: None,
        };
        let now = clock::now();
        let list = CertificateRevocationListParams {
            this_update: date(now - BACKDATED),
            // A list that ends would lock every home out: a new one is written when something changes, not by the calendar.
            next_update: date(now + AUTHORITY_LASTS),
            crl_number: SerialNumber::from(u64::try_from(now.timestamp()).unwrap_or_default()),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).and_then(|list| list.pem()).map_err(|error| not_made(&error))
    }
}

/// A key made here and the request for a certificate over it, both in PEM.
pub fn request(key: Option<&str>) -> Result<(String, String), Problem> {
    let key = match key {
        Some(pem) => KeyPair::from_pem(pem).map_err(|error| not_made(&error))?,
        None => KeyPair::generate().map_err(|error| not_made(&error))?,
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key).and_then(|request| request.pem()).map_err(|error| not_made(&error))?;
    Ok((key.serialize_pem(), request))
}

/// The first certificate of a text in PEM.
pub fn der_of(pem: &str) -> Option<Vec<u8>> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let first = CertificateDer::pem_slice_iter(pem.as_bytes()).next()?.ok()?;
    Some(first.to_vec())
}

fn params(common_name: &str, until: Timestamp, serial: &[u8; 16]) -> Result<CertificateParams, Problem> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    (params.not_before, params.not_after) = (date(clock::now() - BACKDATED), date(until));
    params.serial_number = Some(SerialNumber::from_slice(serial));
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// Sixteen bytes that are written as they are: with the first bit set there would be one more, without the second maybe less.
fn serial() -> Result<[u8; 16], Problem> {
    let mut serial = random::<16>()?;
    serial[0] = serial[0] & 0x7f | 0x40;
    Ok(serial)
}

fn date(at: Timestamp) -> time::OffsetDateTime {
    let secs = u64::try_from(at.timestamp()).unwrap_or_default();
    rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(secs)
}

fn text(path: &Path) -> Result<String, Problem> {
    let deed = "make an authority first: carecircle station ca init";
    let bytes = files::read(path)?
        .ok_or_else(|| Problem::of(path.display().to_string(), "there is no authority here").with_deed(deed))?;
    String::from_utf8(bytes).map_err(|_| Problem::of(path.display().to_string(), "this is no PEM"))
}

fn not_made(error: &rcgen::Error) -> Problem {
    Problem::new(format!("no key or certificate could be made: {error}"))
}

/// A home whose clock is a little behind takes its new certificate.
const BACKDATED: Span = Span::hours(1);
const AUTHORITY_LASTS: Span = Span::days(20 * 365);
const SERVER_LASTS: Span = Span::days(2 * 365);
/// One year; renewed from day 270 on.
pub const HOME_LASTS: Span = Span::days(365);
