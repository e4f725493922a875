//! How long to wait before the next attempt to connect.

use crate::model::fingerprint;
use std::time::Duration;

/// Counts attempts in a row and says how long to wait after each.
pub(super) struct Backoff {
    seed: u64,
    failed: u32,
    /// Connections in a row that the broker closed soon after they were made.
    pub(super) short_lived: u32,
}

impl Backoff {
    pub(super) fn new(client_id: &str) -> Backoff {
        Backoff { seed: fingerprint::of([client_id.as_bytes()]), failed: 0, short_lived: 0 }
    }

    /// A connection worked for a while.
    pub(super) fn worked(&mut self) {
        self.failed = 0;
        self.short_lived = 0;
    }

    /// A connection was made and closed by the broker at once.
    pub(super) fn was_short(&mut self) {
        self.short_lived += 1;
        self.failed = self.failed.max(self.short_lived);
    }

    /// No connection could be made: that explains the one before, which a broker closes when it ends.
    pub(super) fn was_not_taken(&mut self) {
        self.short_lived = 0;
    }

    /// The wait after one more failure.
    pub(super) fn next_wait(&mut self) -> Duration {
        self.failed = self.failed.saturating_add(1);
        let limit = if self.failed > QUICK_TRIES || self.short_lived >= 3 { WAIT_MAX } else { QUICK_WAIT_MAX };
        let wait = (WAIT_MIN * (1 << (self.failed - 1).min(10))).min(limit);
        // Homes that lost one broker together do not come back in one instant: 80 to 100 %, from the client's own id.
        let spread = fingerprint::of([(self.seed ^ u64::from(self.failed)).to_le_bytes().as_slice()]) % 20;
        (wait * (100 - spread as u32) / 100).max(WAIT_MIN)
    }
}

const WAIT_MIN: Duration = Duration::from_millis(250);
/// In the first minute, so that an alert leaves within two seconds of the broker's return.
const QUICK_WAIT_MAX: Duration = Duration::from_secs(2);
const QUICK_TRIES: u32 = 30;
const WAIT_MAX: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_a_quarter_second_to_five_and_begin_anew_after_success() {
        let mut backoff = Backoff::new("home");
        let waits: Vec<Duration> = (0..60).map(|_| backoff.next_wait()).collect();
        assert_eq!(waits[0], WAIT_MIN);
        assert!(waits.iter().all(|wait| (WAIT_MIN..=WAIT_MAX).contains(wait)), "{waits:?}");
        assert!(waits[..30].iter().all(|wait| *wait <= QUICK_WAIT_MAX) && waits[59] >= Duration::from_secs(4));
        backoff.worked();
        assert_eq!(backoff.next_wait(), WAIT_MIN);
    }

    #[test]
    fn two_programs_with_one_id_do_not_throw_each_other_out_without_pause() {
        let mut backoff = Backoff::new("home");
        for _ in 0..10 {
            backoff.was_short();
            backoff.next_wait();
        }
        assert!(backoff.next_wait() >= Duration::from_secs(4));
    }
}
