//! What both daemons need around their loop: a log, signals, one thread.

pub use crate::gateway::health::notify;
use crate::problem::Problem;
use crate::store::{Fleeting, fleeting};
use sd_notify::NotifyState;
use std::future::Future;
use std::io::IsTerminal;
use std::path::Path;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// Logs to standard error; `RUST_LOG` chooses what (`info`, `carecircle::mqtt=debug,warn`), and the journal brings its own time stamps.
pub fn log(usual: &str) {
    let chosen = std::env::var("RUST_LOG").ok().and_then(|text| text.parse().ok());
    let targets: Targets = chosen.unwrap_or_else(|| usual.parse().expect("what is usual is written right"));
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false);
    let begun = if std::env::var_os("JOURNAL_STREAM").is_some() {
        tracing_subscriber::registry().with(lines.without_time()).with(targets).try_init()
    } else {
        tracing_subscriber::registry().with(lines).with(targets).try_init()
    };
    // A second call (tests) keeps the first log.
    drop(begun);
}

/// A history that dies with the power is said, not refused: who is watched without a memory is watched.
pub fn warn_if_fleeting(state_dir: &Path) {
    let existing = state_dir.ancestors().find(|dir| dir.exists());
    if let Some(fleeting) = existing.and_then(fleeting) {
        tracing::warn!(dir = %state_dir.display(), "the history lies {fleeting}; {}", Fleeting::DEED);
    }
}

/// Runs `future` on one thread: a home makes tens of events a minute.
pub fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Problem> {
    // The first TLS connection needs to know which cryptography it may use; a second call finds it set.
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::new(format!("the runtime does not start: {error}")))?;
    let done = runtime.block_on(future);
    // A name server that hangs must not keep the daemon from ending.
    runtime.shutdown_background();
    Ok(done)
}

/// Tells systemd that a reload has begun; it wants the instant in the same message. READY=1 says that it is over.
pub fn notify_reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(begun) => notify(&[NotifyState::Reloading, begun]),
        Err(error) => tracing::debug!(%error, "no monotonic clock for systemd"),
    }
}

/// The signals that people and systemd send.
pub struct Signals {
    stop: Signal,
    interrupt: Signal,
    reload: Signal,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// SIGTERM or Ctrl-C.
    Stop,
    /// SIGHUP.
    Reload,
}

impl Signals {
    /// Begins to listen.
    pub fn listen() -> Result<Signals, Problem> {
        let on = |kind| signal(kind).map_err(|error| Problem::new(format!("signals cannot be received: {error}")));
        Ok(Signals {
            stop: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
            reload: on(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.stop.recv() => Asked::Stop,
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.reload.recv() => Asked::Reload,
        }
    }
}
