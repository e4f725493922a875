//! `carecircle station`: the daemon at the service point, and what is done beside it.

mod forget;
mod trust;

use super::daemon::{Asked, Signals, block_on, log, notify, notify_reloading, warn_if_fleeting};
use crate::config;
use crate::problem::{Kind, Problem};
use crate::station::{self, Running, Settings};
use crate::web::{self, FirstCode};
use sd_notify::NotifyState;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Arguments of `carecircle station`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file; `conf.d/*.toml` beside it is read too
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/carecircle/station.toml")]
    config: PathBuf,
    /// Instead of running the daemon
    #[command(subcommand)]
    deed: Option<Deed>,
}

#[derive(Debug, clap::Subcommand)]
enum Deed {
    /// Forgets everything about one home, for good; the station must be stopped
    Forget(forget::Args),
    #[command(flatten)]
    Trust(trust::Deed),
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    match args.deed {
        Some(Deed::Forget(forget)) => super::ended(forget::run(&args.config, &forget)),
        Some(Deed::Trust(deed)) => trust::run(deed, &args.config),
        None => daemon(args),
    }
}

fn daemon(args: Args) -> ExitCode {
    log("info");
    let settings = match load(&args.config) {
        Ok(settings) => settings,
        Err(problems) => {
            super::warn(&problems);
            return ExitCode::from(super::EXIT_CONFIGURATION);
        }
    };
    warn_if_fleeting(&settings.state_dir);
    let ended = block_on(serve(args.config, settings)).and_then(|ended| ended);
    super::finish(ended.map(|()| ExitCode::SUCCESS))
}

/// Runs the station and listens to signals beside it. A reload starts it anew: nothing is lost, the database is its memory.
async fn serve(path: PathBuf, mut settings: Settings) -> Result<(), Problem> {
    let mut signals = Signals::listen()?;
    let mut running = station::start(settings.clone()).await?;
    let mut remark = None;
    loop {
        tracing::info!(point = %settings.point, "the desk is open at {}://{}/", running.scheme, running.address);
        tell_first_code(&running);
        notify(&[NotifyState::Ready]);
        let Some(wanted) = watch(&running, &mut signals, &path, &mut remark).await else {
            notify(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
            running.stop().await;
            return Ok(());
        };
        running.stop().await;
        running = match station::start(wanted.clone()).await {
            Ok(new) => {
                settings = wanted;
                new
            }
            Err(problem) => {
                // A careless edit must not close the desk.
                remark = Some(refused(&problem));
                station::start(settings.clone()).await?
            }
        };
    }
}

/// Says how the first administrator signs in: on standard output, which is the journal's where systemd started it.
#[allow(clippy::print_stdout)] // for whoever installs the station
fn tell_first_code(running: &Running) {
    let Some(FirstCode { code, path }) = &running.first_code else { return };
    println!(
        "To become administrator, open {}://{}/sign-in and enter your id and the one-time code {code}",
        running.scheme, running.address
    );
    println!("(the code stands in {} until it is used)", path.display());
}

/// Feeds the watchdog until a signal asks for other settings or, with none, for the end; a file that does not load is
/// refused and the desk stays open.
async fn watch(running: &Running, signals: &mut Signals, path: &Path, remark: &mut Option<String>) -> Option<Settings> {
    let mut ping = tokio::time::interval(Duration::from_secs(5));
    let mut last = None;
    show_status(running, remark.as_deref());
    loop {
        tokio::select! {
            _ = ping.tick() => {
                let moved = Some(running.alive.load(Ordering::Relaxed));
                if moved != std::mem::replace(&mut last, moved) {
                    notify(&[NotifyState::Watchdog]);
                }
                show_status(running, remark.as_deref());
            }
            asked = signals.next() => {
                if asked == Asked::Stop {
                    return None;
                }
                notify_reloading();
                match load(path) {
                    Ok(wanted) => {
                        *remark = None;
                        return Some(wanted);
                    }
                    Err(problems) => {
                        super::warn(&problems);
                        let first = problems.iter().find(|problem| problem.kind == Kind::Error);
                        *remark = first.map(refused);
                        show_status(running, remark.as_deref());
                        notify(&[NotifyState::Ready]);
                    }
                }
            }
        }
    }
}

fn refused(problem: &Problem) -> String {
    let what = super::one_line(problem);
    tracing::error!(what, "the changed configuration was refused; the running one stays");
    format!("the changed configuration was refused, the running one stays: {what}")
}

fn show_status(running: &Running, remark: Option<&str>) {
    let line = running.status_line();
    let line = remark.map_or(line.clone(), |remark| format!("{line}; {remark}"));
    notify(&[NotifyState::Status(&line)]);
}

fn load(path: &Path) -> Result<Settings, Vec<Problem>> {
    let (config, problems) = config::load_station(path);
    let Some(config) = config else { return Err(problems) };
    super::warn(&problems);
    settings(config).map_err(|problem| vec![problem])
}

fn settings(config: config::Station) -> Result<Settings, Problem> {
    let connection = config.mqtt.settings(format!("station.{}", config.point))?;
    let person = |person: config::Person| web::Person { id: person.id, name: person.name, positions: person.positions };
    let enrolling = config.authority.as_ref().map(|section| enrolling(&config, section));
    let homes = config.homes.map(homes).transpose()?;
    let credentials = config.credentials.as_deref().map(crate::mqtt::secret).transpose()?;
    Ok(Settings {
        homes,
        enrolling,
        point: config.point,
        name: config.name,
        zone: config.zone,
        language: config.language,
        location: config.location,
        listen: config.listen,
        names: config.names,
        credentials,
        plain_http: config.plain_http,
        broker: connection.broker,
        login: connection.login,
        tls: connection.tls,
        state_dir: config.state_dir,
        people: config.people.into_iter().map(person).collect(),
        keys: Vec::new(),
        directory: config.directory,
        timers: config.timers,
        unreachable_after: config.unreachable_after,
        duty: config.duty,
        daily: config.daily,
        hooks_allow: config.hooks_allow,
        build: web::build(),
        modem: config.modem,
        events_by_mqtt: config.events_by_mqtt,
        telephones: config.telephones,
        kept: config.kept,
    })
}

/// How homes are enrolled here.
fn enrolling(config: &config::Station, section: &config::Authority) -> station::Enrolling {
    let enrolment = crate::trust::enrolment::Enrolment {
        folder: section.dir.clone(),
        point: config.point.clone(),
        name: config.name.clone(),
        broker: section.broker.as_ref().map(ToString::to_string),
        https: section.https.clone(),
        keeps_directory: !config.directory.is_empty(),
    };
    station::Enrolling { enrolment, listen: section.listen, names: section.names.clone() }
}

/// The door for homes, with its files read.
pub(super) fn homes(homes: config::Homes) -> Result<station::Homes, Problem> {
    let read = |(ca, credentials): (PathBuf, PathBuf)| {
        Ok(crate::mqtt::Tls { ca: crate::mqtt::secret(&ca)?, identity: Some(crate::mqtt::secret(&credentials)?) })
    };
    Ok(station::Homes { listen: homes.listen, tls: homes.tls.map(read).transpose()? })
}
