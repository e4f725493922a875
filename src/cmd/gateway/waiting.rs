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

/// Whether nothing was set up yet. Only under systemd: at a terminal, a file that is not there was mistyped.
pub fn is_due(config: &Path, state_dir: &Path) -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some() && !config.exists() && last_good::load(state_dir).is_none()
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
        let hint = format!("not set up, nobody is watched yet. Next: sudo carecircle init --out {}", config.display());
        let missing = match config.exists() {
            false => hint,
            true => match load(config) {
                Ok(_) => return Ok(true),
                Err(problems) => first_of(&problems).unwrap_or(hint),
            },
        };
        if missing != said {
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

fn first_of(problems: &[Problem]) -> Option<String> {
    let first = problems.iter().find(|problem| problem.kind == Kind::Error)?;
    Some(format!("nobody is watched yet: {}", crate::cmd::one_line(first)))
}
