//! `carecircle listen`: what the sensors say, live, and what to write for those nobody has registered; learning a button or
//! a radio code by pressing it; the walk through a new home.
//!
//! Only listens: it publishes nothing and has a client id of its own, so the running gateway is not disturbed.

mod columns;
mod ear;
mod lines;
mod record;
mod screen;
mod table;
mod words;

use crate::clock;
use crate::config::{self, Gateway, MQTT_SOURCE};
use crate::devices::{Address, Devices};
use crate::model::frame::RawFrame;
use crate::model::time::{Span, Timestamp};
use crate::problem::{Kind, Problem};
use crate::sources::{self, Event};
use ear::{Ear, Telling};
use record::{Form, Recording};
use screen::{Screen, Size};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

pub use columns::{TERMINAL_COLUMNS, cell, cut, row, width};
pub use words::NEVER_CHECKS_IN;

/// Arguments of `carecircle listen`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
    /// A line per reading, as in a pipe, in place of the table
    #[arg(long)]
    lines: bool,
    /// Ends by itself after so many seconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: Option<u64>,
    /// Writes what is heard as JSON lines for `carecircle decode`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// One form of showing what is heard. Pure, but for `finish`.
trait View {
    /// The lines before anything is heard.
    fn begin(&mut self, now: Timestamp) -> Vec<String>;

    /// The lines that a frame makes.
    fn hear(&mut self, now: Timestamp, frame: &RawFrame, tellings: &[Telling]) -> Vec<String>;

    /// The lines that a change of a link makes.
    fn link(&mut self, now: Timestamp, source: &str, up: bool, why: &str) -> Vec<String>;

    /// The lines that the passing of time makes.
    fn tick(&mut self, _now: Timestamp) -> Vec<String> {
        Vec::new()
    }

    /// The whole as a picture, for forms that are drawn in their place.
    fn picture(&self, _now: Timestamp, _size: Size) -> Option<Vec<String>> {
        None
    }

    /// Whether there is nothing more to wait for.
    fn is_over(&self) -> bool {
        false
    }

    /// The last lines.
    fn end(&mut self, now: Timestamp, listened: Span) -> Vec<String>;

    /// Writes what is to be kept; the lines that tell of it, and whether all is well.
    fn finish(&mut self, _now: Timestamp) -> Result<(Vec<String>, bool), Problem> {
        Ok((Vec::new(), true))
    }
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
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Listens until the end that was asked for; whether all is well.
async fn listen(args: &Args, config: Gateway) -> Result<bool, Problem> {
    let mut recording = match &args.record {
        Some(path) => Some(Recording::open(path, Form::new(&config.devices))?),
        None => None,
    };
    let mut events = start(&config)?;
    let mut ear = Ear::new(config.home.clone(), devices(&config.devices, &config.addresses), &config.addresses);
    let (mut view, screen) = view(args, &config);
    let begin = clock::since_boot();
    let mut output = Output { is_open: true, screen };
    output.write(view.begin(clock::now()));
    let mut end = std::pin::pin!(end(args.seconds));
    let mut ticks = tokio::time::interval(REDRAWN_EVERY);
    while output.is_open && !view.is_over() {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = ticks.tick() => {
                output.write(view.tick(clock::now()));
                output.draw(view.as_ref(), clock::now());
                continue;
            }
            () = &mut end => None,
        };
        match event {
            Some(Event::Frame(frame) | Event::Delivered(frame, _)) => {
                let now = clock::now();
                let tellings = ear.hear(now, &frame);
                if let Some(recording) = &mut recording {
                    recording.write(now, &frame, &tellings)?;
                }
                output.write(view.hear(now, &frame, &tellings));
            }
            Some(Event::Link { source, up, why }) => output.write(view.link(clock::now(), &source, up, &why)),
            None => break,
        }
    }
    output.screen = None;
    output.write(view.end(clock::now(), clock::since_boot() - begin));
    let (lines, is_well) = view.finish(clock::now())?;
    output.write(lines);
    output.write(recording.iter().map(Recording::summary).filter(|_| !args.json));
    Ok(is_well)
}

/// The form that was asked for, and the screen it is drawn on.
fn view(args: &Args, config: &Gateway) -> (Box<dyn View>, Option<Screen>) {
    let screen = if args.json || args.lines { None } else { Screen::open() };
    match screen {
        Some(screen) => (Box::new(table::Table::new(clock::now(), config.home.clone())), Some(screen)),
        None => (Box::new(lines::Lines::new(config.home.clone(), args.json)), None),
    }
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
        if let Some(bus) = port.wiring.bus() {
            tokio::spawn(sources::modbus::run(settings, bus.clone(), Arc::default(), out.clone()));
            continue;
        }
        let mut framer = all.framer(&port.name);
        let cut = Box::new(move |bytes: &[u8]| framer.talk(bytes));
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

/// Standard output: lines, or a picture on the terminal. Closed when the reader of a pipe has gone.
struct Output {
    is_open: bool,
    screen: Option<Screen>,
}

impl Output {
    /// Lines to standard output; on a screen they are part of the picture.
    fn write(&mut self, lines: impl IntoIterator<Item = String>) {
        if self.screen.is_some() {
            return;
        }
        let mut output = io::stdout().lock();
        for line in lines {
            self.is_open &= writeln!(output, "{line}").is_ok();
        }
        self.is_open &= output.flush().is_ok();
    }

    /// The picture, where there is a screen.
    fn draw(&mut self, view: &dyn View, now: Timestamp) {
        let Some(screen) = &mut self.screen else { return };
        let size = screen.size();
        if let Some(picture) = view.picture(now, size) {
            self.is_open &= screen.draw(picture);
        }
    }
}

const CONFIGURATION: u8 = 78;

/// Quick enough to be called live, slow enough for a line of 9,600 bits a second.
const REDRAWN_EVERY: Duration = Duration::from_millis(250);

#[cfg(test)]
mod testing;
