//! When the station is asked without there being anything to say: as it wishes, bounded, and otherwise not at all.

use super::Link;
use crate::clock;
use crate::model::time::Span;
use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Asks the station when it is time, until it is aborted. `alive` counts up every second.
pub(super) async fn keep(link: Arc<Link>, alive: Arc<AtomicU64>) {
    let mut round = tokio::time::interval(Duration::from_secs(1));
    loop {
        round.tick().await;
        alive.fetch_add(1, Ordering::Relaxed);
        if !link.said().asking.is_due() {
            continue;
        }
        let asked = link.exchange("steps", None);
        tokio::pin!(asked);
        loop {
            tokio::select! {
                _ = &mut asked => break,
                _ = round.tick() => { alive.fetch_add(1, Ordering::Relaxed); }
            }
        }
    }
}

/// When to ask, and what was heard.
#[derive(Debug)]
pub(super) struct Asking {
    /// Since boot.
    next: Option<Span>,
    /// Since the last answer.
    failures: u32,
    /// What was passed on, and when; the oldest first.
    passed_on: VecDeque<(String, Span)>,
}

impl Asking {
    pub(super) fn from_now() -> Asking {
        Asking { next: Some(clock::since_boot()), failures: 0, passed_on: VecDeque::new() }
    }

    /// Whether it is time to ask; if so, somebody asks now.
    fn is_due(&mut self) -> bool {
        self.next.take_if(|at| *at <= clock::since_boot()).is_some()
    }

    /// The station answered, and wishes to be asked again after so many seconds, or not.
    pub(super) fn answered(&mut self, again_secs: Option<u32>) {
        self.failures = 0;
        let again = again_secs.map(|secs| secs.clamp(*AGAIN_SECS.start(), *AGAIN_SECS.end()));
        self.next = again.map(|secs| clock::since_boot() + Span::seconds(i64::from(secs)));
    }

    /// No answer. After a few in a row the heartbeats find out when the station is back.
    pub(super) fn failed(&mut self) {
        self.failures += 1;
        self.next = (self.failures <= FAILURES_MAX).then(|| clock::since_boot() + AFTER_FAILURE);
    }

    /// Whether this was not passed on a moment ago.
    pub(super) fn is_news(&mut self, key: &str) -> bool {
        let now = clock::since_boot();
        while self.passed_on.front().is_some_and(|(_, at)| now - *at > SAME_FOR) || self.passed_on.len() > KEYS_MAX {
            self.passed_on.pop_front();
        }
        let is_news = !self.passed_on.iter().any(|(known, _)| known == key);
        if is_news {
            self.passed_on.push_back((key.to_owned(), now));
        }
        is_news
    }
}

/// What a station may wish.
const AGAIN_SECS: RangeInclusive<u32> = 2..=300;
const AFTER_FAILURE: Span = Span::seconds(10);
const FAILURES_MAX: u32 = 6;
/// The home's own answer takes at most 15 s to begin this way; a step that is asked for again then was perhaps not heard.
const SAME_FOR: Span = Span::seconds(40);
/// More steps than an hour of a busy desk.
const KEYS_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_as_the_station_wishes_within_bounds_and_leaves_a_silent_one_to_the_heartbeats() {
        let mut asking = Asking::from_now();
        assert!(asking.is_due() && !asking.is_due(), "once");
        let next = |asking: &Asking| asking.next.map(|at| (at - clock::since_boot()).num_seconds());
        for (wish, secs) in [(Some(5), 4..=5), (Some(0), 1..=2), (Some(u32::MAX), 299..=300)] {
            asking.answered(wish);
            assert!(secs.contains(&next(&asking).unwrap()), "{wish:?}");
        }
        asking.answered(None);
        assert_eq!(next(&asking), None);
        for _ in 0..FAILURES_MAX {
            asking.failed();
            assert!(next(&asking).unwrap() <= 10);
        }
        asking.failed();
        assert_eq!(next(&asking), None);
        asking.answered(Some(5));
        asking.failed();
        assert!(next(&asking).is_some());
    }

    #[test]
    fn what_is_said_in_every_answer_is_passed_on_once_in_a_while() {
        let mut asking = Asking::from_now();
        assert!(asking.is_news("k1") && !asking.is_news("k1") && asking.is_news("k2"));
        asking.passed_on[0].1 = clock::since_boot() - SAME_FOR - Span::seconds(1);
        assert!(asking.is_news("k1"), "perhaps it was not heard");
        assert!((0..1000).all(|nth| asking.is_news(&nth.to_string())));
        assert!(asking.passed_on.len() <= KEYS_MAX + 1);
    }
}
