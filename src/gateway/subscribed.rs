//! Which topic filters a session at the home's broker may hold, kept beside the history: a session outlives a
//! configuration, and what nobody wants any more must be unsubscribed.
//!
//! The list never holds less than the session: a filter is on it before it is subscribed, and leaves it when the broker has
//! said that it is gone. Never in the way: without the file nothing is unsubscribed, and messages that nobody wants are left
//! out as they come.

use crate::mqtt::Kept;
use crate::store::kept;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The list of one session.
pub struct Subscribed {
    path: PathBuf,
    wanted: Vec<String>,
    /// The broker still holds more than is wanted, until this is true.
    are_dropped: Option<Arc<AtomicBool>>,
}

impl Subscribed {
    /// From now on `wanted` is subscribed, and what was and is not wanted any more is to be given back.
    pub fn follow(state_dir: &Path, file: &str, wanted: Vec<String>) -> (Subscribed, Kept) {
        let path = state_dir.join(file);
        let before: Vec<String> =
            std::fs::read(&path).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
        let dropped_filters: Vec<String> = before.iter().filter(|filter| !wanted.contains(filter)).cloned().collect();
        let held: Vec<String> = wanted.iter().chain(&dropped_filters).cloned().collect();
        if held != before {
            write(&path, &held);
        }
        let kept = Kept { dropped_filters, ..Kept::default() };
        let are_dropped = (!kept.dropped_filters.is_empty()).then(|| Arc::clone(&kept.are_dropped));
        (Subscribed { path, wanted, are_dropped }, kept)
    }

    /// Takes off the list what the broker has given up; called from time to time.
    pub fn settle(&mut self) {
        if self.are_dropped.take_if(|are_dropped| are_dropped.load(Ordering::Relaxed)).is_some() {
            write(&self.path, &self.wanted);
        }
    }
}

fn write(path: &Path, filters: &[String]) {
    let json = serde_json::to_vec(filters).expect("texts are JSON strings");
    if let Err(error) = kept::put(path, &json) {
        tracing::debug!(path = %path.display(), %error, "cannot keep the subscribed filters");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(dir: &Path, wanted: &[&str]) -> (Subscribed, Kept) {
        Subscribed::follow(dir, "filters.json", wanted.iter().map(|filter| (*filter).to_owned()).collect())
    }

    #[test]
    fn what_another_configuration_subscribed_is_given_back_until_the_broker_says_that_it_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        assert!(follow(dir.path(), &["a/#", "b"]).1.dropped_filters.is_empty());
        // A run that ends before the broker's answer leaves the duty to the next.
        for _ in 0..2 {
            let (mut subscribed, kept) = follow(dir.path(), &["b", "c"]);
            assert_eq!(kept.dropped_filters, ["a/#"]);
            subscribed.settle();
        }
        let (mut subscribed, kept) = follow(dir.path(), &["b", "c"]);
        kept.are_dropped.store(true, Ordering::Relaxed);
        subscribed.settle();
        assert!(follow(dir.path(), &["b", "c"]).1.dropped_filters.is_empty());
        assert!(follow(&dir.path().join("missing"), &["b"]).1.dropped_filters.is_empty());
    }
}
