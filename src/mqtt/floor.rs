//! It is never earlier than the day this program was made: a clock that lost its battery must not make every certificate
//! "not valid yet" and a home deaf.

use crate::clock;
use crate::model::time::{Timestamp, from_millis};
use rumqttc::tokio_rustls::rustls::pki_types::UnixTime;
use rumqttc::tokio_rustls::rustls::time_provider::TimeProvider;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The time by which certificates are judged: the clock's, but never before the program was made, nor before what was seen.
#[derive(Debug, Clone, Copy)]
pub struct Floor;

/// The latest time that was seen and believed: one for the whole program, as the clock is.
static SEEN: AtomicU64 = AtomicU64::new(0);

impl Floor {
    /// It was this late once: it stands in a history.
    pub fn raise(seen: Timestamp) {
        SEEN.fetch_max(u64::try_from(seen.timestamp()).unwrap_or_default(), Ordering::Relaxed);
    }

    /// Somebody vouches for the clock: what it shows now holds, whatever was believed before. A clock that was once set years
    /// ahead must not make every certificate old for ever.
    pub fn vouched(now: Timestamp) {
        SEEN.store(u64::try_from(now.timestamp()).unwrap_or_default(), Ordering::Relaxed);
    }

    /// What time it is for certificates, where the clock shows `clock_shows`.
    pub fn at(clock_shows: Timestamp) -> Timestamp {
        let at = judged_at(clock_shows.timestamp(), SEEN.load(Ordering::Relaxed));
        from_millis(i64::try_from(at).unwrap_or(i64::MAX / 1000).saturating_mul(1000))
    }
}

impl TimeProvider for Floor {
    fn current_time(&self) -> Option<UnixTime> {
        let at = Floor::at(clock::now()).timestamp();
        Some(UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at).unwrap_or_default())))
    }
}

fn judged_at(clock_shows: i64, seen: u64) -> u64 {
    u64::try_from(clock_shows).unwrap_or_default().max(made()).max(seen)
}

/// When this program was made: what whoever packages it says, and at least when this was written.
fn made() -> u64 {
    let packaged: Option<u64> = option_env!("SOURCE_DATE_EPOCH").and_then(|text| text.parse().ok());
    packaged.unwrap_or_default().max(WRITTEN)
}

/// 1 November 2026; put forward with each release.
const WRITTEN: u64 = 1_793_491_200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_shows_1970_is_not_believed_and_one_that_is_ahead_is() {
        assert_eq!(judged_at(0, 0), made());
        assert_eq!(judged_at(-5, 0), made());
        assert_eq!(judged_at(0, made() + 1000), made() + 1000, "what was seen once stays");
        assert_eq!(judged_at(4_000_000_000, made() + 1000), 4_000_000_000);
        assert!(made() <= u64::try_from(clock::now().timestamp()).unwrap(), "made in the future: correct WRITTEN");
    }
}
