//! Who is who between homes and a station: the authority that vouches for homes, how a home is enrolled, and how it is
//! turned away.
//!
//! The only room that makes keys and certificates. A home's key is made in the home and never leaves it; the authority's key
//! lies at the station alone. Whether a certificate is believed is still TLS's to judge.

pub mod authority;
pub mod broker_log;
pub mod bundle;
pub mod code;
pub mod enrolment;
pub mod files;
pub mod join;
pub mod mosquitto;
pub mod register;
pub mod renew;
mod talk;

pub use authority::Authority;
pub use code::Code;
pub use register::Register;

use crate::model::hex;
use crate::problem::Problem;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// Random bytes for serial numbers and codes.
fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    let silent = |_| Problem::new("the system gives no random numbers");
    SystemRandom::new().fill(&mut bytes).map_err(silent)?;
    Ok(bytes)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// The SHA-256 of a certificate, as openssl shows it without colons.
pub fn fingerprint(der: &[u8]) -> String {
    hex::lower(&sha256(der))
}
