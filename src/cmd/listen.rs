//! `carecircle listen`: what the sensors say, live, and what to write for those nobody has registered; learning a button or
//! a radio code by pressing it; the walk through a new home.
//!
//! Only listens, but for `--pair`: it publishes nothing and has a client id of its own, so the running gateway is not disturbed.

mod candidates;
mod columns;
mod ear;
mod learn;
mod learned;
mod lines;
mod page;
mod pair;
mod put;
mod record;
mod screen;
mod table;
mod walk_test;
mod words;

use crate::clock;
use crate::cmd::DEFAULT_CONFIG;
use crate::config::{self, Gateway, MQTT_SOURCE};
use crate::devices::{Address, Devices};
use crate::engine::Engine;
use crate::model::frame::RawFrame;
use crate::model::home::{SensorKind, Service};
use crate::model::ids::{RoomId, SensorId};
use crate::model::time::{Span, Timestamp};
use crate::problem::{Kind, Problem};
use crate::sources::{self, Event};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use ear::{Ear, Telling};
use learn::Learn;
use learned::Wish;
use lines::Lines;
use record::{Form, Recording};
use screen::{Screen, Size};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use table::Table;
use tokio::sync::mpsc;
use walk_test::Walk;

pub use columns::{TERMINAL_COLUMNS, cell, cut, folded, row, width};
pub use words::NEVER_CHECKS_IN;

/// Arguments of `carecircle listen`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
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
    /// Opens Zigbee2MQTT's joining, shows who joins and what to write for each, and closes it again
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "120",
          conflicts_with_all = ["learn", "walk_test", "record"],
          value_parser = clap::value_parser!(u64).range(1..=pair::SECONDS_MAX))]
    pair: Option<u64>,
    /// Writes what is heard as JSON lines for `carecircle decode`; of a walk test, the commissioning record
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Assigns the button, sensor or radio code that is pressed now to a sensor of the configuration, or to a new one:
    /// `new`, or with --kind the id it shall have
    #[arg(long, value_name = "SENSOR|new", conflicts_with_all = ["json", "lines", "record"])]
    learn: Option<String>,
    /// What the learned sensor is for
    #[arg(long, requires = "learn", value_parser = one_of(SensorKind::ALL, SensorKind::as_str))]
    kind: Option<SensorKind>,
    /// Where the learned sensor hangs
    #[arg(long, requires = "learn")]
    room: Option<RoomId>,
    /// What the learned service button asks for
    #[arg(long, requires = "learn", value_parser = one_of(Service::ALL, Service::as_str))]
    service: Option<Service>,
    /// What the learned radio code says
    #[arg(long, value_name = "WORD", requires = "learn", value_parser = PossibleValuesParser::new(words::MEANS))]
    means: Option<String>,
    /// Writes what was learned into the configuration; without it only a conf.d beside it is written to
    #[arg(long, requires = "learn")]
    write: bool,
    /// Asks to walk each room and press each button, ticks them off, and writes a commissioning record
    #[arg(long, conflicts_with_all = ["json", "learn"])]
    walk_test: bool,
    /// Begins the walk test without waiting for Enter
    #[arg(long, requires = "walk_test")]
    yes: bool,
}

/// One of `all` by its word in the configuration; the help lists them.
fn one_of<T: Copy + Send + Sync + 'static, const N: usize>(
    all: [T; N],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.map(word)).try_map(move |typed| {
        all.into_iter().find(|one| word(*one) == typed).ok_or_else(|| Problem::new("this word is not known"))
    })
}

/// One form of showing what is heard. Pure, but for `finish`.
pub(crate) trait View {
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
pub fn run(args: Args) -> ExitCode {
    let (config, problems) = config::load_gateway(&args.config);
    super::warn(&problems);
    let Some(config) = config.filter(|_| problems.iter().all(|problem| problem.kind != Kind::Error)) else {
        return ExitCode::from(super::EXIT_CONFIGURATION);
    };
    if args.walk_test {
        warn_before_the_walk(&args);
    }
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::new(format!("the program cannot start: {error}")))
        .and_then(|runtime| match args.pair {
            Some(seconds) => runtime.block_on(pair::run(&config, seconds, args.json)).map(|()| true),
            None => runtime.block_on(listen(&args, config)),
        });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => super::finish(Err(problem)),
    }
}

/// Listens until the end that was asked for; whether all is well.
async fn listen(args: &Args, config: Gateway) -> Result<bool, Problem> {
    let mut recording = match &args.record {
        Some(path) if !args.walk_test => {
            let texts = config::texts(&args.config).unwrap_or_default();
            Some(Recording::open(path, Form::new(&config.devices, config::written::written(&texts)))?)
        }
        Some(_) | None => None,
    };
    let mut events = start(&config)?;
    let mut ear = ear(&config);
    let (mut view, screen) = view(args, &config)?;
    let begin = clock::since_boot();
    let mut output = Output { is_open: true, screen };
    output.write(view.begin(clock::now()));
    let mut end = std::pin::pin!(end(args.seconds.or(args.learn.as_ref().map(|_| LEARNS_SECONDS))));
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
            Some(Event::Refused { .. }) => {} // stands in the words of the link
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

fn ear(config: &Gateway) -> Ear {
    let engine = Engine::new(config.home.clone(), &config.rules, config.circle.clone());
    Ear::new(engine, devices(&config.devices, &config.addresses), &config.addresses)
}

/// The form that was asked for, and the screen it is drawn on.
fn view(args: &Args, config: &Gateway) -> Result<(Box<dyn View>, Option<Screen>), Problem> {
    if let Some(sensor) = &args.learn {
        let learn = Learn::new(wish(args, config, sensor)?, config.home.zone.clone());
        return Ok((Box::new(learn), None));
    }
    let screen = || if args.json || args.lines { None } else { Screen::open() };
    let now = clock::now();
    if args.walk_test {
        if config.addresses.is_empty() {
            let deed = format!("see what is there: carecircle listen --config {}", args.config.display());
            return Err(Problem::new("there is no sensor to walk to").with_deed(deed));
        }
        return Ok((Box::new(Walk::new(now, config, &args.config, args.record.as_deref())), screen()));
    }
    Ok(match screen() {
        Some(screen) => (Box::new(Table::new(now, config.home.clone())), Some(screen)),
        None => (Box::new(Lines::new(config.home.clone(), args.json)), None),
    })
}

/// What is to be learned, as far as the configuration knows it.
fn wish(args: &Args, config: &Gateway, sensor: &str) -> Result<Wish, Problem> {
    let bad = |error: crate::model::ids::BadId| Problem::new(error.to_string()).with_deed("or write --learn new");
    let id = if sensor == "new" { None } else { Some(SensorId::new(sensor).map_err(bad)?) };
    let known = id.as_ref().and_then(|id| config.home.sensors.get(id));
    if let (Some(id), None, None) = (&id, known, args.kind) {
        // More likely mistyped than new; and what a new one is for only the person knows.
        let names = config.home.sensors.keys().map(SensorId::as_str);
        let near = crate::config::question(id.as_str(), names).map_or(String::new(), |near| format!("{near} "));
        let deed = format!("{near}A new one wants its kind: --learn {id} --kind call_button");
        return Err(Problem::new(format!("there is no sensor \"{id}\" in the configuration")).with_deed(deed));
    }
    Ok(Wish {
        kind: args.kind.or(known.map(|sensor| sensor.kind)),
        room: args.room.as_ref().map(ToString::to_string),
        service: args.service.map(|service| service.as_str().to_owned()),
        means: args.means.clone(),
        config: args.config.clone(),
        write: args.write,
        taken: config.home.sensors.keys().cloned().collect(),
        id,
    })
}

/// What a walk test does to a running home is said before it begins; a person at a terminal says go.
#[allow(clippy::print_stdout)] // a command speaks to a person
fn warn_before_the_walk(args: &Args) {
    println!("{}", walk_test::BEFORE);
    if !args.yes && io::stdin().is_terminal() {
        println!("Enter begins, Ctrl-C leaves it.");
        // Without an answer there is nobody to wait for.
        drop(io::stdin().read_line(&mut String::new()));
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
        let settings = settings.waking(framer.wake());
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

/// Nobody presses a button for longer.
const LEARNS_SECONDS: u64 = 120;

/// Quick enough to be called live, slow enough for a line of 9,600 bits a second.
const REDRAWN_EVERY: Duration = Duration::from_millis(250);

#[cfg(test)]
pub(crate) mod testing;
