//! Which topic filters the session at the home's broker holds, kept beside the history: a session outlives a
//! configuration, and what nobody wants any more must be unsubscribed.
//!
//! Never in the way: without the file nothing is unsubscribed, and messages that nobody wants are left out as they come.

use std::path::Path;

/// From now on `wanted` is subscribed; gives what was and is not wanted any more.
pub fn follow(state_dir: &Path, wanted: Vec<String>) -> Vec<String> {
    let path = state_dir.join("mqtt_filters.json");
    let before: Vec<String> =
        std::fs::read(&path).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let dropped = before.iter().filter(|filter| !wanted.contains(filter)).cloned().collect();
    if before != wanted {
        let json = serde_json::to_vec(&wanted).expect("texts are JSON strings");
        let new = path.with_extension("new");
        if let Err(error) = std::fs::write(&new, json).and_then(|()| std::fs::rename(&new, &path)) {
            tracing::debug!(path = %path.display(), %error, "cannot keep the subscribed filters");
        }
    }
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_configuration_subscribed_is_given_back_once() {
        let dir = tempfile::tempdir().unwrap();
        let filters = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(follow(dir.path(), filters(&["a/#", "b"])), filters(&[]));
        assert_eq!(follow(dir.path(), filters(&["b", "c"])), filters(&["a/#"]));
        assert_eq!(follow(dir.path(), filters(&["b", "c"])), filters(&[]));
        assert_eq!(follow(&dir.path().join("missing"), filters(&["b"])), filters(&[]));
    }
}
