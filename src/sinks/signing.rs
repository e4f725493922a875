//! Signatures of messages, and the time they are made with. Known to the channels that sign.

use crate::clock;
use crate::model::time::{Span, Timestamp};
use std::sync::{Mutex, PoisonError};

/// HMAC-SHA256 of `message` under `key`.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    ring::hmac::sign(&key, message).as_ref().to_vec()
}

/// Whether a clock that is right could show this: what a peer says of the time is not believed beyond that.
pub fn is_plausible(at: Timestamp) -> bool {
    PLAUSIBLE_SECS.contains(&at.timestamp())
}

/// From 2026 to 2100.
const PLAUSIBLE_SECS: std::ops::Range<i64> = 1_767_225_600..4_102_444_800;

/// By which clock messages are signed: ours while it can be believed, else the one a server showed when it refused us.
#[derive(Debug, Default)]
pub struct SigningTime {
    /// How far the server's clock is ahead of ours.
    ahead_by: Mutex<Option<Span>>,
}

impl SigningTime {
    /// The time to sign with.
    pub fn now(&self, clock_trusted: bool) -> Timestamp {
        let ahead_by = *self.ahead_by.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead_by = ahead_by.filter(|_| !clock_trusted).unwrap_or_default();
        clock::now() + ahead_by
    }

    /// The server refused what we signed and showed its clock; whether signing by that is worth another try.
    pub fn learn(&self, host: &str, theirs: Option<Timestamp>, clock_trusted: bool) -> bool {
        let Some(theirs) = theirs.filter(|_| !clock_trusted) else { return false };
        let ahead_by = theirs - clock::now();
        tracing::warn!(
            host,
            ahead_by_secs = ahead_by.num_seconds(),
            "signing by the server's clock; ours is not trusted"
        );
        *self.ahead_by.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead_by);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_clock_signs_only_while_ours_is_not_trusted() {
        let (time, theirs) = (SigningTime::default(), clock::now() + Span::hours(40));
        assert!(!time.learn("server.example", Some(theirs), true), "a clock that is trusted is not the reason");
        assert!(!time.learn("server.example", None, false));
        assert!(time.learn("server.example", Some(theirs), false));
        assert!((time.now(false) - theirs).num_seconds().abs() < 60);
        assert!(time.now(true) < theirs - Span::hours(39));
    }

    #[test]
    fn a_signature_is_that_of_the_published_example() {
        // RFC 4231, test case 2.
        let mac = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(crate::model::hex::lower(&mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
