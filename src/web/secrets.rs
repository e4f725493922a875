//! Random numbers, hashes and passwords of the sign-in; the only file of the pages that knows how they are made.

use crate::model::hex;
use crate::model::staff::{Code, Secrets};
use crate::model::time::{Span, Timestamp};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The SHA-256 of a secret: what may be kept of it.
pub(super) type Hash = [u8; 32];

/// Why a secret could not be made or compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unavailable;

/// 256 random bits as hexadecimal digits.
pub(super) fn token() -> Result<String, Unavailable> {
    random::<32>().map(|bytes| hex::lower(&bytes))
}

/// A one-time code that people can read to each other: 60 random bits, in letters and digits that are not mistaken.
pub fn code() -> Result<String, String> {
    let bytes = random::<12>().map_err(|Unavailable| "the system gives no random numbers".to_owned())?;
    let sign = |byte: u8| char::from(CODE_SIGNS[usize::from(byte % 32)]);
    Ok(bytes
        .chunks(4)
        .map(|four| four.iter().map(|byte| sign(*byte)).collect::<String>())
        .collect::<Vec<_>>()
        .join("-"))
}

/// Six random digits.
pub fn pin() -> Result<String, String> {
    let bytes = random::<4>().map_err(|Unavailable| "the system gives no random numbers".to_owned())?;
    Ok(format!("{:06}", u32::from_be_bytes(bytes) % 1_000_000))
}

/// A code as it is compared, however people wrote it.
pub(super) fn plain_code(code: &str) -> String {
    let signs = code.chars().filter(char::is_ascii_alphanumeric).take(64);
    signs.map(|sign| sign.to_ascii_uppercase()).collect()
}

fn random<const N: usize>() -> Result<[u8; N], Unavailable> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Unavailable)?;
    Ok(bytes)
}

/// What is kept of `secret`, apart for each `purpose`.
pub(super) fn hash(purpose: &str, secret: &str) -> Hash {
    let mut bytes = Vec::with_capacity(purpose.len() + 1 + secret.len());
    bytes.extend(purpose.as_bytes());
    bytes.push(0);
    bytes.extend(secret.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &bytes).as_ref());
    hash
}

/// Whether two texts are the same; the time taken tells nothing but their length.
pub(super) fn is_same(ours: &str, theirs: &str) -> bool {
    let (ours, theirs) = (ours.as_bytes(), theirs.as_bytes());
    ours.len() == theirs.len() && ours.iter().zip(theirs).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// Hashes and compares passwords, a few at once: a flood of sign-ins must not take the machine's memory.
#[derive(Debug, Clone)]
pub(super) struct Passwords {
    at_once: Arc<Semaphore>,
}

impl Passwords {
    pub fn new() -> Passwords {
        Passwords { at_once: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// The hash of a new password or PIN, as a PHC string.
    pub async fn hash(&self, password: &str) -> Result<String, Unavailable> {
        let password = password.to_owned();
        self.slowly(move || hashed(&password)).await?
    }

    /// Whether this is the password of this hash. Without a hash the answer is no, and takes as long.
    pub async fn is_right(&self, password: &str, hash: Option<&str>) -> Result<bool, Unavailable> {
        let (password, known) = (bounded(password), hash.is_some());
        let hash = hash.unwrap_or(NOBODY).to_owned();
        let right = move || {
            let hash = PasswordHash::new(&hash).ok()?;
            Some(argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
        };
        Ok(self.slowly(right).await?.unwrap_or(false) && known)
    }

    async fn slowly<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unavailable> {
        let place = tokio::time::timeout(WAIT, Arc::clone(&self.at_once).acquire_owned()).await;
        let place = place.map_err(|_| Unavailable)?.map_err(|_| Unavailable)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place); // only when the memory is free again
            done
        });
        done.await.map_err(|_| Unavailable)
    }
}

fn hashed(password: &str) -> Result<String, Unavailable> {
    let salt = SaltString::encode_b64(&random::<16>()?).map_err(|_| Unavailable)?;
    let hash = argon2().and_then(|argon2| argon2.hash_password(bounded(password).as_bytes(), &salt).ok());
    hash.map(|hash| hash.to_string()).ok_or(Unavailable)
}

/// Gives somebody a code for a day, and a password and a PIN where they have none; takes as long as that takes.
pub fn give(secrets: &mut Secrets, code: Option<&str>, password: Option<&str>, pin: Option<&str>, now: Timestamp) {
    let code = code.map(|code| Code { hash: code_hash(code), until: now + CODE_LASTS });
    secrets.code = code.or(secrets.code.take());
    for (kept, given) in [(&mut secrets.password, password), (&mut secrets.pin, pin)] {
        if kept.is_none() {
            *kept = given.and_then(|given| hashed(given).ok());
        }
    }
}

/// What is kept of a one-time code.
pub(super) fn code_hash(code: &str) -> String {
    hex::lower(&hash("code", &plain_code(code)))
}

/// How long a one-time code is good.
pub(super) const CODE_LASTS: Span = Span::days(1);

/// OWASP's second choice: 19 MiB, two passes, one lane.
fn argon2() -> Option<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn bounded(password: &str) -> String {
    password.chars().take(PASSWORD_LENGTH_MAX).collect()
}

const AT_ONCE: usize = 2;
/// Who waits longer is told to try again.
const WAIT: Duration = Duration::from_secs(10);
const PASSWORD_LENGTH_MAX: usize = 256;
const CODE_SIGNS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Of nobody's password: what an unknown name is compared with.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$Z0Xw3pVbH1c4Yt6u8Jm0qKf2sDg5rTnLxWvAeIoPyBc";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_is_right_and_nobody_has_one() {
        let passwords = Passwords::new();
        let hash = passwords.hash("一个 long password").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(passwords.is_right("一个 long password", Some(&hash)).await, Ok(true));
        assert_eq!(passwords.is_right("一个 long passwort", Some(&hash)).await, Ok(false));
        assert_eq!(passwords.is_right("", None).await, Ok(false));
        assert_eq!(passwords.is_right("x", Some("no hash")).await, Ok(false));
        assert!(PasswordHash::new(NOBODY).is_ok(), "an unknown name costs as much as a known one");
    }

    #[test]
    fn a_code_is_read_however_it_is_written() {
        let code = code().unwrap();
        assert_eq!((code.len(), plain_code(&code).len()), (14, 12), "{code}");
        assert_eq!(plain_code(&code.to_lowercase().replace('-', " ")), plain_code(&code));
    }

    #[test]
    fn a_hash_is_of_one_purpose() {
        assert_ne!(hash("session", "x"), hash("form", "x"));
        assert!(is_same("ab", "ab") && !is_same("ab", "ac") && !is_same("ab", "abc"));
    }
}
