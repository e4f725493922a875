//! `carecircle station`: the daemon at the service point.

use super::daemon::{Asked, Signals, block_on, log};
use crate::config;
use crate::problem::Problem;
use crate::station::{self, Running, Settings};
use sd_notify::NotifyState;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Arguments of `carecircle station`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file; `conf.d/*.toml` beside it is read too
    #[arg(long, value_name = "FILE", default_value = "/etc/carecircle/station.toml")]
    config: PathBuf,
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    log("info");
    let settings = match load(&args.config) {
        Ok(settings) => settings,
        Err(problems) => {
            super::warn(&problems);
            return ExitCode::from(super::EXIT_CONFIGURATION);
        }
    };
    let ended = block_on(serve(args.config, settings)).and_then(|ended| ended);
    super::finish(ended.map(|()| ExitCode::SUCCESS))
}

/// Runs the station and listens to signals beside it. A reload starts it anew: nothing is lost, the database is its memory.
async fn serve(path: PathBuf, mut settings: Settings) -> Result<(), Problem> {
    let mut signals = Signals::listen()?;
    loop {
        let running = station::start(settings.clone()).await?;
        tracing::info!(point = %settings.point, "the desk is open at http://{}/ (this machine only, until there is a sign-in)", running.address);
        notify(&[NotifyState::Ready, NotifyState::Status(&format!("the desk is open at http://{}/", running.address))]);
        let asked = watch(&running, &mut signals, &path, &mut settings).await;
        notify(&[if asked == Asked::Stop { NotifyState::Stopping } else { NotifyState::Reloading }]);
        running.stop().await;
        if asked == Asked::Stop {
            return Ok(());
        }
    }
}

/// Feeds the watchdog until a signal asks for something; a file that does not load is refused and the desk stays open.
async fn watch(running: &Running, signals: &mut Signals, path: &Path, settings: &mut Settings) -> Asked {
    let mut ping = tokio::time::interval(Duration::from_secs(5));
    let mut last = running.alive.load(Ordering::Relaxed);
    loop {
        tokio::select! {
            _ = ping.tick() => {
                let moved = running.alive.load(Ordering::Relaxed);
                if moved != std::mem::replace(&mut last, moved) {
                    notify(&[NotifyState::Watchdog]);
                }
            }
            asked = signals.next() => match (asked, load(path)) {
                (Asked::Stop, _) => return Asked::Stop,
                (Asked::Reload, Ok(loaded)) => {
                    *settings = loaded;
                    return Asked::Reload;
                }
                (Asked::Reload, Err(problems)) => {
                    super::warn(&problems);
                    tracing::error!("the changed configuration was refused; the running one stays");
                }
            },
        }
    }
}

fn notify(states: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd does not listen");
    }
}

fn load(path: &Path) -> Result<Settings, Vec<Problem>> {
    let (config, problems) = config::load_station(path);
    let Some(config) = config else { return Err(problems) };
    super::warn(&problems);
    settings(config).map_err(|problem| vec![problem])
}

fn settings(config: config::Station) -> Result<Settings, Problem> {
    let connection = config.mqtt.settings(format!("station.{}", config.point))?;
    let person = |person: config::Person| crate::web::Person { id: person.id, name: person.name, role: person.role };
    Ok(Settings {
        point: config.point,
        name: config.name,
        zone: config.zone,
        language: config.language,
        listen: config.listen,
        broker: connection.broker,
        login: connection.login,
        tls: connection.tls,
        state_dir: config.state_dir,
        people: config.people.into_iter().map(person).collect(),
        timers: config.timers,
        unreachable_after: config.unreachable_after,
    })
}
