//! The station's side of enrolment: who has a code gets a certificate, who has a certificate the next one, and who was turned
//! away nothing. Reads its files anew each time, so that a command counts at once.

use crate::clock;
use crate::model::ids::{HomeId, PointId};
use crate::problem::Problem;
use crate::trust::bundle::{Bundle, Joining, Renewing};
use crate::trust::register::{Known, NotLetIn};
use crate::trust::{Authority, Register};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// An authority in use, and what homes are told.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// Where authority and register lie.
    pub folder: PathBuf,
    /// The service point.
    pub point: PointId,
    /// Its name for people.
    pub name: String,
    /// The broker that homes are told.
    pub broker: Option<String>,
    /// The address by HTTPS that homes are told.
    pub https: Option<String>,
    /// Whether the station keeps the list of points.
    pub keeps_directory: bool,
}

/// Why a home got nothing.
#[derive(Debug)]
pub enum NotSigned {
    /// The code.
    Code(NotLetIn),
    /// It was turned away.
    Denied,
    /// What it sent is no request.
    Request(Problem),
    /// The station's files.
    Ours(Problem),
}

impl Enrolment {
    /// Lets in whoever has a code.
    pub fn join(&self, joining: &Joining) -> Result<Bundle, NotSigned> {
        let key = public_key(&joining.request)
            .ok_or_else(|| NotSigned::Request(Problem::new("this is no request for a certificate")))?;
        let register = Register::of(&self.folder);
        let home = register.let_in(&joining.number, &joining.secret, &key, clock::now()).map_err(NotSigned::Ours)?;
        self.sign(&register, home.map_err(NotSigned::Code)?, &joining.request)
    }

    /// Gives a home that has shown its certificate the next one, over a new key.
    pub fn renew(&self, home: &HomeId, serial: Option<&str>, renewing: &Renewing) -> Result<Bundle, NotSigned> {
        let register = Register::of(&self.folder);
        let known = register.read().map_err(NotSigned::Ours)?;
        if known.is_denied(home.as_str(), serial) {
            return Err(NotSigned::Denied);
        }
        self.sign(&register, home.clone(), &renewing.request)
    }

    fn sign(&self, register: &Register, home: HomeId, request: &str) -> Result<Bundle, NotSigned> {
        let authority = Authority::open(&self.folder).map_err(NotSigned::Ours)?;
        let signed = authority.sign_home(&home, request).map_err(NotSigned::Request)?;
        register.signed(&home, &signed).map_err(NotSigned::Ours)?;
        Ok(Bundle {
            home,
            certificate: signed.pem,
            ca: authority.pem,
            point: self.point.clone(),
            name: self.name.clone(),
            broker: self.broker.clone(),
            https: self.https.clone(),
            keeps_directory: self.keeps_directory,
        })
    }
}

/// The key that a request is for.
fn public_key(request: &str) -> Option<Vec<u8>> {
    use rcgen::PublicKeyData;
    let request = rcgen::CertificateSigningRequestParams::from_pem(request).ok()?;
    Some(request.public_key.der_bytes().to_vec())
}

/// Who is turned away now. Looks at the file again when it changed; a file that cannot be read leaves the last word.
#[derive(Debug, Clone)]
pub struct Doorkeeper {
    register: Register,
    last: Arc<Mutex<(Option<Seen>, Known)>>,
}

type Seen = (u64, i64, i64);

impl Doorkeeper {
    /// Of the authority in this folder.
    pub fn of(folder: &std::path::Path) -> Doorkeeper {
        Doorkeeper { register: Register::of(folder), last: Arc::default() }
    }

    /// Whether this home, or the certificate it shows, was turned away.
    pub fn is_denied(&self, home: &str, serial: Option<&str>) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = self.seen();
        if seen != last.0 {
            match self.register.read() {
                Ok(known) => *last = (seen, known),
                Err(problem) => tracing::error!(%problem, "who was turned away cannot be read; the last word holds"),
            }
        }
        last.1.is_denied(home, serial)
    }

    /// Another file has another number: each is written anew beside the old one.
    fn seen(&self) -> Option<Seen> {
        use std::os::unix::fs::MetadataExt;
        let found = std::fs::metadata(self.register.path()).ok()?;
        Some((found.ino(), found.mtime(), found.mtime_nsec()))
    }
}
