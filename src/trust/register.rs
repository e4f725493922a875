//! What a station remembers about its homes' certificates: codes given out, certificates signed, homes turned away.
//!
//! One file beside the authority, read and written under a lock: the commands and the running daemon share it.

use crate::model::ids::HomeId;
use crate::model::time::{Span, Timestamp, from_millis};
use crate::problem::Problem;
use crate::trust::{Authority, Code, authority::Signed, files};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The file.
#[derive(Debug, Clone)]
pub struct Register {
    folder: PathBuf,
}

/// What stands in it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Known {
    codes: Vec<Given>,
    certificates: Vec<Issued>,
    /// Homes that may do nothing.
    pub denied: BTreeSet<HomeId>,
}

/// A code that was given out.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Given {
    number: String,
    home: HomeId,
    /// Of its secret.
    hash: String,
    until_ms: i64,
    /// Wrong secrets that came with its number.
    wrong: u32,
    /// The SHA-256 of the one key that was let in by it: the answer may be lost, and the same home asks again.
    used_by: Option<String>,
}

/// A certificate that was signed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Issued {
    home: HomeId,
    serial: String,
    until_ms: i64,
    revoked_ms: Option<i64>,
}

/// Why a code lets nobody in; in words for whoever stands in the flat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotLetIn {
    /// Unknown, or its secret is wrong: which of both is not said.
    #[error("this code is wrong: type it again as it was shown; after {WRONG_MAX} wrong tries it is burnt")]
    Wrong,
    /// Too many tried.
    #[error("this code is burnt: too many wrong tries were made; have a new one made at the station")]
    Burnt,
    /// Too late.
    #[error("this code has expired; have a new one made at the station: carecircle station enroll HOME")]
    Expired,
    /// Another key came with it before.
    #[error(
        "this code has been used already; if that was not you, revoke the home at the station, then make a new code"
    )]
    Used,
}

impl Register {
    /// The one in the authority's folder.
    pub fn of(folder: &Path) -> Register {
        Register { folder: folder.to_owned() }
    }

    /// What stands in it now.
    pub fn read(&self) -> Result<Known, Problem> {
        let path = self.path();
        let Some(bytes) = files::read(&path)? else { return Ok(Known::default()) };
        let deed = "bring it back from your backup: without it no home can be turned away";
        serde_json::from_slice(&bytes)
            .map_err(|error| Problem::of(path.display().to_string(), format!("{error}")).with_deed(deed))
    }

    /// The file, whose change a daemon looks for.
    pub fn path(&self) -> PathBuf {
        self.folder.join("register.json")
    }

    /// Writes down a new code for `home`; older ones for it end.
    pub fn give_out(&self, home: &HomeId, code: &Code, now: Timestamp, lasts: Span) -> Result<(), Problem> {
        self.change(|known| {
            known.codes.retain(|given| given.home != *home && given.until_ms + KEPT_MS > now.timestamp_millis());
            known.codes.push(Given {
                number: code.number.clone(),
                home: home.clone(),
                hash: code.hash(),
                until_ms: (now + lasts).timestamp_millis(),
                wrong: 0,
                used_by: None,
            });
        })
    }

    /// Whether a code is open under this number already.
    pub fn has_number(&self, number: &str) -> Result<bool, Problem> {
        Ok(self.read()?.codes.iter().any(|given| given.number == number))
    }

    /// Whose code this is; a wrong one is counted. From now on it is for `key` alone.
    pub fn let_in(
        &self,
        number: &str,
        secret: &str,
        key: &[u8],
        now: Timestamp,
    ) -> Result<Result<HomeId, NotLetIn>, Problem> {
        let key = super::fingerprint(key);
        self.change(|known| known.judge(number, secret, &key, now))
    }

    /// Writes down what was signed for `home`; it is turned away no longer.
    pub fn signed(&self, home: &HomeId, signed: &Signed) -> Result<(), Problem> {
        let (serial, until_ms) = (signed.serial.clone(), signed.until.timestamp_millis());
        self.change(|known| {
            known.denied.remove(home);
            known.certificates.push(Issued { home: home.clone(), serial, until_ms, revoked_ms: None });
        })
    }

    /// Turns `home` away: its codes end, its certificates are taken back. How many those were.
    pub fn revoke(&self, home: &HomeId, now: Timestamp) -> Result<usize, Problem> {
        self.change(|known| {
            known.codes.retain(|given| given.home != *home);
            known.denied.insert(home.clone());
            let good = |one: &&mut Issued| one.home == *home && one.revoked_ms.is_none();
            known.certificates.iter_mut().filter(good).map(|one| one.revoked_ms = Some(now.timestamp_millis())).count()
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> Result<T, Problem> {
        let _held = files::lock(&self.folder.join("register.lock"))?;
        let mut known = self.read()?;
        let answer = change(&mut known);
        let bytes = serde_json::to_vec_pretty(&known).map_err(|error| Problem::new(error.to_string()))?;
        files::write(&self.path(), &bytes, files::PRIVATE)?;
        Ok(answer)
    }
}

impl Known {
    fn judge(&mut self, number: &str, secret: &str, key: &str, now: Timestamp) -> Result<HomeId, NotLetIn> {
        let given = self.codes.iter_mut().find(|given| given.number == number).ok_or(NotLetIn::Wrong)?;
        if given.wrong >= WRONG_MAX {
            return Err(NotLetIn::Burnt);
        }
        // Two hashes: what the time tells of where they differ tells nothing of the secret.
        if given.hash != Code::hash_of(secret) {
            given.wrong += 1;
            return Err(if given.wrong >= WRONG_MAX { NotLetIn::Burnt } else { NotLetIn::Wrong });
        }
        match &given.used_by {
            Some(used_by) if used_by != key => return Err(NotLetIn::Used),
            Some(_) | None if now.timestamp_millis() >= given.until_ms => return Err(NotLetIn::Expired),
            Some(_) | None => given.used_by = Some(key.to_owned()),
        }
        Ok(given.home.clone())
    }

    /// Whether this home, or the certificate it shows, was turned away.
    pub fn is_denied(&self, home: &str, serial: Option<&str>) -> bool {
        let is_taken_back =
            |serial| self.certificates.iter().any(|one| one.serial == serial && one.revoked_ms.is_some());
        self.denied.iter().any(|denied| denied.as_str() == home) || serial.is_some_and(is_taken_back)
    }

    /// Every home with a code or a certificate of ours that is not turned away.
    pub fn homes(&self) -> BTreeSet<&HomeId> {
        let enrolled = self.certificates.iter().filter(|one| one.revoked_ms.is_none()).map(|one| &one.home);
        enrolled.chain(self.codes.iter().map(|given| &given.home)).collect()
    }

    /// The list of certificates taken back, signed.
    pub fn revoked_list(&self, authority: &Authority) -> Result<String, Problem> {
        let revoked = |one: &Issued| Some((one.serial.clone(), from_millis(one.revoked_ms?)));
        authority.revoked(&self.certificates.iter().filter_map(revoked).collect::<Vec<_>>())
    }
}

/// After so many wrong secrets a number lets nobody in.
pub const WRONG_MAX: u32 = 5;
/// An expired code is told apart from a wrong one for so long.
const KEPT_MS: i64 = 30 * 24 * 3600 * 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_lets_one_key_in_until_it_ends_and_wrong_tries_burn_it() {
        let folder = tempfile::tempdir().unwrap();
        let (register, now) = (Register::of(folder.path()), from_millis(1_800_000_000_000));
        let (home, code): (HomeId, Code) = ("ky-1".parse().unwrap(), Code::new(b"a").unwrap());
        register.give_out(&home, &code, now, Span::hours(48)).unwrap();
        let text = std::fs::read_to_string(register.path()).unwrap();
        assert!(!text.contains(code.secret()), "only a hash is kept: {text}");
        let ask = |secret: &str, key: &[u8], hours| {
            register.let_in(&code.number, secret, key, now + Span::hours(hours)).unwrap()
        };
        assert_eq!(ask(code.secret(), b"key", 49), Err(NotLetIn::Expired));
        assert_eq!(ask(code.secret(), b"key", 1), Ok(home.clone()));
        assert_eq!(ask(code.secret(), b"key", 2), Ok(home.clone()), "the first answer may have been lost");
        assert_eq!(ask(code.secret(), b"other", 2), Err(NotLetIn::Used));
        for _ in 1..WRONG_MAX {
            assert_eq!(ask("guess", b"other", 2), Err(NotLetIn::Wrong));
        }
        assert_eq!(ask("guess", b"other", 2), Err(NotLetIn::Burnt));
        assert_eq!(ask(code.secret(), b"key", 2), Err(NotLetIn::Burnt));
        assert_eq!(register.let_in("0000", "x", b"key", now).unwrap(), Err(NotLetIn::Wrong));
        register.give_out(&home, &Code::new(b"a").unwrap(), now, Span::hours(1)).unwrap();
        assert_eq!(ask(code.secret(), b"key", 0), Err(NotLetIn::Wrong), "a newer code ends the older one");
    }
}
