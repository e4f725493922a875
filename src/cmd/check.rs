//! `carecircle check`: every problem of configuration files at once, what has changed since the home was walked, and with
//! `--online` the problems of the world around them.

mod against_history;
mod asked;
mod commissioned;
mod never_quiet;

use crate::cmd::listen::NEVER_CHECKS_IN;
use crate::config::places::sensor_places;
use crate::config::{self, Broker, BrokerAccess, ChannelSettings, For};
use crate::model::ids::{ChannelName, PointId};
use crate::mqtt::{About, Floor};
use crate::problem::{Kind, Problem};
use crate::sinks::Opening;
use crate::store::{Fleeting, fleeting, is_open};
use crate::text::counted;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Arguments of `carecircle check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration files; the conf.d/*.toml beside each are read with it
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Also try the serial ports, the brokers, the state directory and the listening port
    #[arg(long)]
    online: bool,
    /// Compare with this record of a walk test; otherwise with the one beside the file or in the state directory
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Also replay the home's own history: warn when a confirmed alert would have been missed, or the alerts doubled
    #[arg(long)]
    against_history: bool,
    /// The gateway's database, or a copy of it; otherwise the one in the state directory
    #[arg(long, value_name = "FILE", requires = "against_history")]
    database: Option<PathBuf>,
    /// Only the last so many days or hours of the history: 30d, 12h
    #[arg(long, value_name = "SPAN", requires = "against_history")]
    since: Option<String>,
    /// Take every file for a station's; otherwise [home] or [station] in it decides
    #[arg(long, hide = !cfg!(feature = "station"))]
    station: bool,
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    let (mut is_good, mut is_safe) = (true, true);
    for path in &args.files {
        let Checked { mut problems, fine, mut notes, is_home } = check(path, &args);
        let can_be_read = !problems.iter().any(|problem| problem.kind == Kind::Error);
        if args.against_history && is_home && can_be_read {
            match against_history::judge(path, args.database.as_deref(), args.since.as_deref()) {
                Ok(judged) => {
                    is_safe &= judged.against.is_empty();
                    problems.extend(judged.against);
                    notes.extend(judged.notes);
                }
                // The configuration is not to blame for a history that cannot be read.
                Err(unread) => {
                    is_safe = false;
                    problems.extend(unread.into_iter().map(Problem::as_warning));
                }
            }
        }
        let has_errors = problems.iter().any(|problem| problem.kind == Kind::Error);
        is_good &= !has_errors;
        problems.iter().for_each(|problem| say(&problem.to_string()));
        if let (false, Some(fine)) = (has_errors, fine) {
            say(&format!("{}: fine: {fine}", path.display()));
            notes.iter().for_each(|note| say(&format!("{}: note: {note}", path.display())));
        }
    }
    match (is_good, is_safe) {
        (true, true) => ExitCode::SUCCESS,
        (true, false) => ExitCode::FAILURE,
        (false, _) => ExitCode::from(super::EXIT_CONFIGURATION),
    }
}

/// What one configuration came to.
struct Checked {
    problems: Vec<Problem>,
    /// What it holds, if it can be read.
    fine: Option<String>,
    /// What cannot be helped, but should be known.
    notes: Vec<String>,
    /// Whether it is for a gateway.
    is_home: bool,
}

/// All problems of one configuration, and what it holds if it can be read.
fn check(path: &Path, args: &Args) -> Checked {
    let kind = match config::kind_of(path) {
        _ if args.station => For::Station,
        Ok(kind) => kind,
        Err(problems) => return Checked { problems, fine: None, notes: Vec::new(), is_home: false },
    };
    if kind == For::Station && !cfg!(feature = "station") {
        return Checked { problems: vec![super::no_station(path)], fine: None, notes: Vec::new(), is_home: false };
    }
    let (world, mut checked) = match kind {
        For::Gateway => {
            let (config, mut problems) = config::load_gateway(path);
            problems.extend(config.iter().flat_map(|config| since_the_walk(path, config, args.record.as_deref())));
            let consent = |config| vec![super::history::agreed(config)];
            let notes =
                |config| [consent(config), asked::asked(config), profile(config), never_check_in(config)].concat();
            let notes = config.iter().flat_map(notes).collect();
            let files = config.iter().map(World::of_gateway).flat_map(|world| world.files);
            problems.extend(ending(files, "see why it was not renewed: carecircle renew"));
            problems.extend(config.iter().filter_map(|config| ground(&config.state_dir)));
            let fine = config.as_ref().map(gateway_in_words);
            (config.as_ref().map(World::of_gateway), Checked { problems, fine, notes, is_home: true })
        }
        For::Station => {
            let (config, mut problems) = config::load_station(path);
            let files = config.iter().map(World::of_station).flat_map(|world| world.files);
            problems.extend(ending(files, "make a new one: carecircle station ca renew, then restart the station"));
            problems.extend(config.iter().filter_map(|config| ground(&config.state_dir)));
            let fine = config.as_ref().map(station_in_words);
            (config.as_ref().map(World::of_station), Checked { problems, fine, notes: Vec::new(), is_home: false })
        }
    };
    if let (true, Some(world)) = (args.online, world) {
        checked.problems.extend(world.problems());
        checked.fine = checked.fine.map(|fine| format!("{fine}; tried: {}", world.in_words()));
    }
    checked
}

/// Certificates that end soon, where they can be read: a warning, for what is written is right.
fn ending(files: impl Iterator<Item = PathBuf>, deed: &str) -> Vec<Problem> {
    let now = Floor::at(crate::clock::now());
    let of = |file: PathBuf| {
        let what = About::first_to_end(&crate::mqtt::secret(&file).ok()?)?.ends_soon(now)?;
        Some(Problem::of(file.display().to_string(), what).with_deed(deed).as_warning())
    };
    files.collect::<BTreeSet<PathBuf>>().into_iter().filter_map(of).collect()
}

/// Where the daemon keeps its history on this machine, if that does not outlast a power cut; elsewhere nobody can tell from here.
fn ground(state_dir: &Path) -> Option<Problem> {
    let what = format!("the history kept here lies {}", fleeting(state_dir)?);
    Some(Problem::of(state_dir.display().to_string(), what).with_deed(Fleeting::DEED).as_warning())
}

/// What has changed since the home was walked; nothing where no walk is recorded.
fn since_the_walk(path: &Path, config: &config::Gateway, asked_for: Option<&Path>) -> Vec<Problem> {
    let Some(file) = asked_for.map(Path::to_owned).or_else(|| commissioned::find(path, config)) else {
        return Vec::new();
    };
    match commissioned::read(&file, path) {
        Ok(record) => commissioned::differences(config, path, &sensor_places(path), &record, &file),
        // A record that was named must be readable; one that lies there is not the configuration's fault.
        Err(problem) if asked_for.is_some() => vec![problem],
        Err(problem) => vec![problem.as_warning()],
    }
}

/// Which profile the rules follow, and what it sets; nothing where every default stands.
fn profile(config: &config::Gateway) -> Vec<String> {
    let profile = config.rules.profile;
    let sets: Vec<&str> = profile.text().lines().collect();
    if sets.is_empty() {
        return Vec::new();
    }
    let begin = format!("the rules are set for profile \"{}\"; where the file says nothing else:", profile.as_str());
    std::iter::once(begin).chain(sets.into_iter().map(|set| format!("  rules.{set}"))).collect()
}

fn never_check_in(config: &config::Gateway) -> Vec<String> {
    let mute = config.home.sensors.values().filter(|sensor| !sensor.checks_in);
    mute.map(|sensor| format!("sensor \"{}\": {NEVER_CHECKS_IN}", sensor.id)).collect()
}

fn gateway_in_words(config: &config::Gateway) -> String {
    let sensors = counted(config.home.sensors.len(), "sensor");
    let points = counted(config.circle.points.len(), "point");
    format!("{sensors}, {points}, {}", counted(config.channels.len(), "channel"))
}

fn station_in_words(config: &config::Station) -> String {
    let people = if config.people.len() == 1 { "1 person".into() } else { format!("{} people", config.people.len()) };
    format!("service point {}, {people}, page at http://{}", config.point, config.listen)
}

/// What a configuration needs of the world.
struct World {
    serial: Vec<String>,
    brokers: Vec<Broker>,
    files: Vec<PathBuf>,
    channels: Vec<ChannelSettings>,
    /// Ways that can be tried without anybody being told; brokers are tried by themselves.
    ways: Vec<(ChannelSettings, Opening)>,
    homes: Option<config::Homes>,
    /// The file with the page's certificate and key.
    page: Option<PathBuf>,
    state_dir: PathBuf,
    listen: Vec<std::net::SocketAddr>,
}

impl World {
    fn of_gateway(config: &config::Gateway) -> World {
        let mut brokers: Vec<Broker> = config.mqtt.iter().map(|access| access.broker.clone()).collect();
        brokers.extend(config.channels.iter().filter_map(|(_, channel)| channel.broker().cloned()));
        let mut files: Vec<PathBuf> = config.mqtt.iter().flat_map(files_of).collect();
        files.extend(config.channels.iter().flat_map(|(_, channel)| channel_files(channel)));
        let modems = config.channels.iter().filter_map(|(_, channel)| channel.port().map(str::to_owned));
        World {
            serial: config.serial.iter().map(|port| port.path.clone()).chain(modems).collect(),
            brokers,
            files,
            channels: config.channels.iter().map(|(_, channel)| channel.clone()).collect(),
            ways: ways_of(config),
            homes: None,
            page: None,
            state_dir: config.state_dir.clone(),
            listen: Vec::new(),
        }
    }

    fn of_station(config: &config::Station) -> World {
        let door = config.homes.as_ref().and_then(|homes| homes.tls.clone());
        let door: Vec<PathBuf> = door.into_iter().flat_map(|(ca, credentials)| [ca, credentials]).collect();
        World {
            serial: Vec::new(),
            brokers: vec![config.mqtt.broker.clone()],
            files: files_of(&config.mqtt).into_iter().chain(door.clone()).chain(config.credentials.clone()).collect(),
            channels: Vec::new(),
            ways: Vec::new(),
            homes: config.homes.clone().filter(|_| door.iter().all(|file| File::open(file).is_ok())),
            page: config.credentials.clone().filter(|file| File::open(file).is_ok()),
            state_dir: config.state_dir.clone(),
            listen: if is_open(&config.state_dir, crate::station::DATABASE) { Vec::new() } else { ports_of(config) },
        }
    }

    /// What is tried besides files: each port is opened, each broker is called.
    fn in_words(&self) -> String {
        let ports = (!self.serial.is_empty()).then(|| counted(self.serial.len(), "serial port"));
        let brokers = counted(self.brokers().len(), "broker");
        let is_station = |way: &&(ChannelSettings, Opening)| matches!(way.0, ChannelSettings::StationHttps(_));
        let stations = self.ways.iter().filter(is_station).count();
        // A modem is one of the ports.
        let others = self.ways.iter().filter(|way| !is_station(way) && way.0.port().is_none()).count();
        let stations = (stations > 0).then(|| format!("{} by HTTPS", counted(stations, "station")));
        let others = (others > 0).then(|| counted(others, "other channel"));
        ports.into_iter().chain([brokers]).chain(stations).chain(others).collect::<Vec<_>>().join(", ")
    }

    fn brokers(&self) -> Vec<Broker> {
        let mut brokers = self.brokers.clone();
        brokers.dedup();
        brokers
    }

    fn problems(&self) -> Vec<Problem> {
        let serial = self.serial.iter().filter_map(|path| serial_problem(path));
        let brokers = self.brokers().into_iter().filter_map(|broker| broker_problem(&broker));
        let unreadable = |path: &PathBuf| Some(Problem::of_config(path, &File::open(path).err()?));
        let files = self.files.iter().filter_map(unreadable);
        // What a channel says of a file that cannot be read has been said of the file.
        let is_readable = |channel: &&ChannelSettings| channel.files().iter().all(|file| File::open(file).is_ok());
        let channels = self.channels.iter().filter(is_readable).filter_map(|channel| channel.check().err());
        let state = state_problem(&self.state_dir);
        // A port that cannot be opened has been said, and so has what its settings lack.
        let can_be_tried = |channel: &ChannelSettings| {
            is_readable(&channel) && channel.port().is_none_or(|port| serial_problem(port).is_none())
        };
        let ways = self.ways.iter().filter(|(channel, _)| can_be_tried(channel));
        let ways = ways.filter_map(|(channel, opening)| way_problem(channel, opening.clone()));
        let homes = of_station(self.homes.clone())
            .and_then(|homes| super::station::homes(homes).and_then(|homes| homes.check()).err());
        let page = of_station(self.page.as_ref())
            .and_then(|file| crate::mqtt::secret(file).and_then(|pem| crate::station::check_credentials(&pem)).err());
        let in_use = |address: &std::net::SocketAddr| {
            Some(Problem::of_listen(&address.to_string(), &TcpListener::bind(address).err()?))
        };
        let listen = self.listen.iter().filter_map(in_use);
        let ways = brokers.chain(ways);
        serial.chain(ways).chain(files).chain(channels).chain(homes).chain(page).chain(state).chain(listen).collect()
    }
}

/// What only a station has: nothing in a program for homes, which then needs nothing that would try it.
fn of_station<T>(part: Option<T>) -> Option<T> {
    part.filter(|_| cfg!(feature = "station"))
}

/// Where a station that does not run would listen; one that runs listens there itself.
fn ports_of(config: &config::Station) -> Vec<std::net::SocketAddr> {
    let homes = config.homes.as_ref().map(|homes| homes.listen);
    let newcomers = config.authority.as_ref().and_then(|authority| authority.listen);
    [config.listen].into_iter().chain(homes).chain(newcomers).collect()
}

fn files_of(access: &BrokerAccess) -> Vec<PathBuf> {
    [&access.password_file, &access.ca, &access.credentials].into_iter().flatten().cloned().collect()
}

fn channel_files(channel: &ChannelSettings) -> Vec<PathBuf> {
    channel.files().into_iter().map(PathBuf::from).collect()
}

fn serial_problem(path: &str) -> Option<Problem> {
    // Without O_NONBLOCK, opening a port whose other side is silent may never return.
    let flags = nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY;
    let file = match File::options().read(true).write(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) => return Some(Problem::of_serial(path, &error)),
    };
    if !file.is_terminal() {
        let deed = "take its name from: ls /dev/serial/by-id/";
        return Some(Problem::of(path, "this is no serial port").with_deed(deed));
    }
    // The daemon's own port library takes this lock; a daemon that runs holds it.
    let busy = std::io::Error::from(std::io::ErrorKind::ResourceBusy);
    file.try_lock().is_err().then(|| Problem::of_serial(path, &busy))
}

fn broker_problem(broker: &Broker) -> Option<Problem> {
    let name = broker.to_string();
    let addresses = match (broker.host.as_str(), broker.port).to_socket_addrs() {
        Ok(addresses) => addresses,
        Err(_) => {
            let deed = "correct the host name, or check the name server of this network";
            return Some(Problem::of(name, format!("the name {:?} is not known", broker.host)).with_deed(deed));
        }
    };
    let mut last = std::io::Error::from(std::io::ErrorKind::NotFound);
    for address in addresses {
        match TcpStream::connect_timeout(&address, CONNECT_WITHIN) {
            Ok(_) => return None,
            Err(error) => last = error,
        }
    }
    Some(Problem::of_connect(&name, &last))
}

/// The ways that have a question nobody hears of: a station is asked what waits there, a receiver whether the line is good, a
/// modem how it is, a robot's server whether it answers.
fn ways_of(config: &config::Gateway) -> Vec<(ChannelSettings, Opening)> {
    let past_brokers = config.channels.iter().filter(|(_, channel)| channel.broker().is_none());
    let opening = |name: &ChannelName, point: &PointId| Opening {
        channel: name.clone(),
        home: config.home.id.clone(),
        point: point.clone(),
        sensors: Vec::new(),
        zone: config.home.zone.clone(),
        // What waits there is for the gateway, and goes on waiting.
        from_station: tokio::sync::mpsc::channel(1).0,
        alive: Default::default(),
        modems: Default::default(),
    };
    let ways = past_brokers.flat_map(|(name, channel)| {
        // One modem, receiver or group, whoever is told by it; a station answers for its own point.
        let each = if matches!(channel, ChannelSettings::StationHttps(_)) { usize::MAX } else { 1 };
        config.circle.told_by(name).take(each).map(|id| (channel.clone(), opening(name, id)))
    });
    ways.collect()
}

fn way_problem(channel: &ChannelSettings, opening: Opening) -> Option<Problem> {
    let name = format!("channel \"{}\"", opening.channel);
    let probed = super::daemon::block_on(async { Ok(channel.open(opening)?.probe().await) });
    match probed.and_then(|probed| probed) {
        Ok(Ok(())) => None,
        Ok(Err(why)) => Some(Problem::of(name, why.to_string())),
        // Said already of its files.
        Err(_) => None,
    }
}

/// Writes a file there and removes it; where the directory is missing, one level that exists above it.
fn state_problem(dir: &Path) -> Option<Problem> {
    let existing = dir.ancestors().find(|dir| dir.exists())?;
    let probe = existing.join(format!(".carecircle-check-{}", std::process::id()));
    let written = File::options().create_new(true).write(true).open(&probe).and_then(|mut file| {
        file.write_all(b"?")?;
        file.sync_all()
    });
    // Removed whether or not writing went well; if it never was, there is nothing to say.
    drop(std::fs::remove_file(&probe));
    written.err().map(|error| Problem::of_state(dir, &error))
}

fn say(text: &str) {
    // A reader that has gone (`| head`) is no problem of ours.
    let mut output = std::io::stdout();
    drop(writeln!(output, "{}", super::fitted(text.to_owned(), output.is_terminal())));
}

const CONNECT_WITHIN: Duration = Duration::from_secs(3);
