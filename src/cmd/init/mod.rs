//! `carecircle init`: looks around in a home, asks little, and writes a configuration that `carecircle check` accepts.
//!
//! Never overwrites a file without being told to, and never registers what it is not sure of: that stands in the file as
//! a comment with TO DO.

pub mod ask;
mod bridges;
pub mod found;
mod guess;
mod look;
mod plan;
mod ports;
pub mod write;
pub mod zigbee;

use super::file;
use super::listen::folded;
use crate::model::fingerprint;
use crate::model::ids::HomeId;
use crate::model::time::Zone;
use crate::mqtt::{Access, Broker, Plaintext};
use crate::problem::Problem;
use ask::Ask;
use plan::Machine;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use write::Written;

/// Arguments of `carecircle init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The home's MQTT broker; otherwise the one on this machine is tried
    #[arg(long, value_name = "URL")]
    mqtt: Option<Broker>,
    /// The link to a broker on another machine is not encrypted; must be said together with --network-is-ours
    #[arg(long)]
    plaintext: bool,
    /// Nobody else is on the network to that broker
    #[arg(long)]
    network_is_ours: bool,
    /// User at the broker, where it asks for one
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// File whose first line is the user's password
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Serial ports, as PATH or PATH=FAMILY; otherwise all of /dev/serial/by-id
    #[arg(long, value_name = "PATH", num_args = 1..)]
    serial: Vec<ports::Asked>,
    /// Where to write the configuration
    #[arg(long, value_name = "FILE", default_value = super::DEFAULT_CONFIG)]
    out: PathBuf,
    /// The home's pseudonym; otherwise one is made from this machine's id
    #[arg(long, value_name = "ID")]
    home: Option<HomeId>,
    /// Asks nothing
    #[arg(long)]
    yes: bool,
    /// How long to listen for sensors
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=600))]
    seconds: u64,
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    super::finish(init(&args))
}

fn init(args: &Args) -> Result<ExitCode, Problem> {
    let ask = Ask::new(io::stdin().lock(), io::stdout());
    let mut ask = if io::stdin().is_terminal() { ask.at_terminal() } else { ask };
    let out = args.out.display().to_string();
    if args.out.exists() {
        let may = !args.yes && ask.ask(&format!("{out} exists. Overwrite it? y or n"), "n", plan::yes_or_no);
        if !may {
            let deed = "name another file with --out, or move this one away";
            return Err(Problem::of(out, "there is a configuration already").with_deed(deed));
        }
    }
    if let Some(broker) = &args.mqtt {
        let said = Plaintext { plaintext: args.plaintext, network_is_ours: args.network_is_ours };
        said.check(broker.tls, &broker.host).map_err(|why| {
            let deed = "here they are two options: --plaintext --network-is-ours";
            Problem::of(broker.to_string(), why).with_deed(deed)
        })?;
    }
    let found = look(args)?;
    let machine = machine(args);
    let plan = match args.yes {
        true => plan::make(found, &machine, &mut Ask::new(io::empty(), io::sink())),
        false => plan::make(found, &machine, &mut ask),
    };
    let written = write::write(&plan);
    if let Some(problem) = write::problem(&written.text) {
        let deed = "nothing was written; please report this with the lines above it";
        return Err(Problem::of(out, format!("the configuration would be refused: {problem}")).with_deed(deed));
    }
    save(&args.out, &written.text)?;
    super::printed(report(args, plan.sensors.len(), &written))
}

fn look(args: &Args) -> Result<found::Found, Problem> {
    let broker = args.mqtt.clone().map_or_else(|| "mqtt://127.0.0.1:1883".parse(), Ok);
    let broker: Broker = broker.map_err(|why| Problem::new(why.to_string()))?;
    let access = Access { user: args.user.clone(), password_file: args.password_file.clone(), ..Access::open(broker) };
    let ports = if args.serial.is_empty() { ports::all() } else { args.serial.clone() };
    let is_named = args.mqtt.is_some() || args.user.is_some();
    let place = look::Where { broker: (access, is_named), ports, lasts: Duration::from_secs(args.seconds) };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::new(format!("the program cannot start: {error}")))?;
    let mut say = |line: String| {
        let mut output = io::stdout().lock();
        // A reader that has gone misses nothing that is not in the file.
        drop(writeln!(output, "{}", folded(&line, 9).join("\n")).and_then(|()| output.flush()));
    };
    runtime.block_on(look::around(place, &mut say))
}

/// What this machine tells without being asked.
fn machine(args: &Args) -> Machine {
    let zone = system_zone();
    let said = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok());
    let said = said.unwrap_or_default();
    let language = match said.get(..2) {
        Some("en") if !CHINESE_ZONES.contains(&zone.as_str()) => "en",
        Some(_) | None => "zh",
    };
    let id = args.home.as_ref().map_or_else(machine_id, HomeId::to_string);
    Machine { home: id, zone, language }
}

/// The zone of the system's clock by its name; UTC where it has none.
fn system_zone() -> String {
    let link = std::fs::read_link("/etc/localtime").map(|path| path.display().to_string()).unwrap_or_default();
    let linked = link.split_once("zoneinfo/").map(|(_, name)| name.to_owned());
    let named = || std::fs::read_to_string("/etc/timezone").map(|name| name.trim().to_owned()).ok();
    let known = |name: &String| Zone::named(name).is_ok();
    linked.filter(known).or_else(|| named().filter(known)).unwrap_or_else(|| "UTC".to_owned())
}

/// A pseudonym that no other machine has; from it, the machine's own id cannot be told.
fn machine_id() -> String {
    let id = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let hash = fingerprint::of([id.trim().as_bytes()]);
    if id.trim().is_empty() { "home-1".to_owned() } else { format!("home-{:08x}", hash >> 32) }
}

/// Writes the configuration; says what to do where that cannot be.
#[allow(clippy::wildcard_enum_match_arm)] // the list of `io::ErrorKind` is open
fn save(path: &Path, text: &str) -> Result<(), Problem> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(Path::new("/")).display().to_string();
            Problem::of(folder.clone(), "there is no such directory").with_deed(format!("mkdir -p {folder}"))
        }
        io::ErrorKind::PermissionDenied => Problem::of(path.display().to_string(), "permission denied")
            .with_deed("run it with sudo, or name another file with --out"),
        _ => Problem::of(path.display().to_string(), error.to_string()).with_deed("name another file with --out"),
    };
    file::replace(path, text, None).map_err(failed)
}

fn report(args: &Args, sensors: usize, written: &Written) -> io::Result<()> {
    let (out, to_do) = (args.out.display(), &written.to_do);
    let mut output = io::stdout().lock();
    writeln!(output, "\nwritten  {out}: {} of {sensors} sensors registered", written.watched)?;
    if !to_do.is_empty() {
        writeln!(output, "to do    marked TO DO in it:")?;
        let lines = to_do.iter().flat_map(|what| folded(&format!("         - {what}"), 11));
        lines.into_iter().try_for_each(|line| writeln!(output, "{line}"))?;
    }
    writeln!(output, "next     carecircle check --online {out}")?;
    writeln!(output, "         carecircle listen --config {out}")?;
    if args.out.starts_with("/etc") {
        writeln!(output, "         systemctl restart carecircle-gateway")?;
    }
    if !args.yes && !io::stdin().is_terminal() {
        writeln!(output, "         nobody was there to ask: every answer not given is the default")?;
    }
    Ok(())
}

const CHINESE_ZONES: &[&str] =
    &["Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "Asia/Hong_Kong", "Asia/Macau", "PRC"];
