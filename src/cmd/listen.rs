//! `carecircle listen`: what the sensors say, live, and what to write for those nobody has registered. The walk test.
//!
//! Only listens: it publishes nothing and has a client id of its own, so the running gateway is not disturbed.

mod walk;

use crate::clock;
use crate::config::{self, Gateway, MQTT_SOURCE};
use crate::devices::{Address, Devices};
use crate::problem::{Kind, Problem};
use crate::sources::{self, Event};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use walk::Walk;

/// Arguments of `carecircle listen`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
    /// Ends by itself after so many seconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: Option<u64>,
}

/// Runs the command.
#[allow(clippy::print_stderr)] // a command speaks to a person
pub fn run(args: Args) -> ExitCode {
    let (config, problems) = config::load_gateway(&args.config);
    problems.iter().for_each(|problem| eprintln!("{problem}"));
    let Some(config) = config.filter(|_| problems.iter().all(|problem| problem.kind != Kind::Error)) else {
        return ExitCode::from(CONFIGURATION);
    };
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::new(format!("the program cannot start: {error}")))
        .and_then(|runtime| runtime.block_on(listen(&args, config)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

async fn listen(args: &Args, config: Gateway) -> Result<(), Problem> {
    let begin = clock::since_boot();
    let mut events = start(&config)?;
    let addresses = config.addresses;
    let mut walk = Walk::new(config.home, devices(&config.devices, &addresses), &addresses, args.json);
    let mut end = std::pin::pin!(end(args.seconds));
    let mut output = Output { is_open: true };
    output.write(walk.heading());
    while output.is_open {
        let event = tokio::select! {
            event = events.recv() => event,
            () = &mut end => None,
        };
        match event {
            Some(Event::Frame(frame) | Event::Delivered(frame, _)) => output.write(walk.hear(clock::now(), &frame)),
            Some(Event::Link { source, up, why }) => output.write([walk.link(clock::now(), &source, up, &why)]),
            Some(Event::Refused { .. }) => {} // stands in the words of the link
            None => break,
        }
    }
    output.write(walk.summary(clock::since_boot() - begin));
    Ok(())
}

/// Every source of the home, speaking into one channel.
fn start(config: &Gateway) -> Result<mpsc::Receiver<Event>, Problem> {
    let (out, events) = mpsc::channel(1000);
    let all = devices(&config.devices, &config.addresses);
    if let Some(access) = &config.mqtt {
        let client_id = format!("{}.listen-{}", config.home.id, std::process::id());
        let settings = crate::mqtt::Settings { filters: all.topics(), ..access.settings(client_id)? };
        tokio::spawn(sources::mqtt::run(settings, MQTT_SOURCE.to_owned(), out.clone(), Arc::default()));
    }
    for port in &config.serial {
        let settings = sources::serial::Settings::new(&port.name, &port.path, port.baud);
        let mut framer = all.framer(&port.name);
        let cut = Box::new(move |bytes: &[u8]| framer.push(bytes));
        tokio::spawn(sources::serial::run(settings, cut, Arc::default(), out.clone()));
    }
    if config.mqtt.is_none() && config.serial.is_empty() {
        return Err(Problem::new("the configuration has neither a broker nor a serial port; nothing can be heard")
            .with_deed("add [mqtt] or [[serial]]"));
    }
    Ok(events)
}

fn devices(settings: &crate::devices::Settings, addresses: &[(crate::model::ids::SensorId, Address)]) -> Devices {
    let addresses: Vec<Address> = addresses.iter().map(|(_, address)| address.clone()).collect();
    Devices::all(settings, &addresses)
}

/// Ctrl-C, a stop by the system, or the end of the time that was asked for.
async fn end(seconds: Option<u64>) {
    use tokio::signal::unix::{SignalKind, signal};
    let time = async {
        match seconds {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    let asked = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = time => {}
        () = asked(SignalKind::interrupt()) => {}
        () = asked(SignalKind::terminate()) => {}
    }
}

/// Standard output; closed when the reader of a pipe has gone.
struct Output {
    is_open: bool,
}

impl Output {
    fn write(&mut self, lines: impl IntoIterator<Item = String>) {
        let mut output = io::stdout().lock();
        for line in lines {
            self.is_open &= writeln!(output, "{line}").is_ok();
        }
        self.is_open &= output.flush().is_ok();
    }
}

const CONFIGURATION: u8 = 78;
