//! Before a home is set up: the package starts the daemon at once, and it says what to do until there is a configuration.

use super::{Asked, Signals, load};
use crate::cmd::daemon::notify;
use crate::gateway::last_good;
use crate::problem::{Kind, Problem};
use sd_notify::NotifyState;
use std::path::Path;
use std::time::Duration;

/// How soon it is noticed that the home was set up; also how often the watchdog is told that the wait goes on.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// Whether there is no configuration to watch on: none yet, or one with a mistake and none before it. Only under systemd: at a
/// terminal, a file that is not there was mistyped.
pub fn is_due(config: &Path, state_dir: &Path) -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some() && last_good::load(state_dir).is_none() && load(config).is_err()
}

/// Waits until the home has a configuration that can be run; false when told to end before.
///
/// # Errors
/// Signals cannot be received.
pub async fn until_set_up(config: &Path) -> Result<bool, Problem> {
    let mut signals = Signals::listen()?;
    let mut said = String::new();
    notify(&[NotifyState::Ready]);
    loop {
        let Err(problems) = load(config) else { return Ok(true) };
        let missing = match config.exists() {
            false => format!("not set up, nobody is watched yet. Next: {}", next(config)),
            true => format!("nobody is watched yet: {}", first_of(&problems)),
        };
        if missing != said {
            if config.exists() {
                crate::cmd::warn(&problems);
            }
            tracing::warn!("{missing}");
            notify(&[NotifyState::Status(&missing)]);
            said = missing;
        }
        notify(&[NotifyState::Watchdog]);
        tokio::select! {
            asked = signals.next() => if asked == Asked::Stop { return Ok(false) } else { notify(&[NotifyState::Ready]) },
            () = tokio::time::sleep(LOOKS_EVERY) => {}
        }
    }
}

fn next(config: &Path) -> String {
    let out = if config == Path::new(crate::cmd::DEFAULT_CONFIG) {
        String::new()
    } else {
        format!(" --out {}", config.display())
    };
    format!("sudo carecircle init{out}")
}

fn first_of(problems: &[Problem]) -> String {
    let first = problems.iter().find(|problem| problem.kind == Kind::Error);
    first.map_or_else(|| "the configuration does not load".to_owned(), crate::cmd::one_line)
}
