//! From TOML to types that cannot be wrong.
//!
//! Every problem is found at once and points at its line and column; the nearest known name is proposed. A
//! configuration is the packaged file and the `conf.d/*.toml` beside it: tables are merged key by key, an entry of a
//! list (`[[sensor]]`, `[[channel]]` …) replaces the one of the same `id` or `name`, and the site's files win.
//!
//! Never opens what it names: whether a port is there or a broker answers is `check --online`'s question.

mod authority;
mod directory;
mod document;
mod gateway;
mod gateway_checks;
mod line;
mod modems;
mod nearest;
mod outside;
pub mod overrides;
mod people;
mod people_checks;
pub mod places;
mod points;
mod privacy;
mod renamed;
mod report;
mod rules;
mod section;
mod shared;
mod signals;
mod station;
mod visits;
mod work;
pub mod written;

pub(crate) use nearest::question;

pub use crate::text::Language;
pub use authority::Authority;
pub use outside::{Address, Broker, BrokerAccess, ChannelSettings, DeviceSettings, Wiring};

use crate::desk::DailySettings;
use crate::engine::circle::Circle;
use crate::engine::rules::Settings as RuleSettings;
use crate::model::agreement::Agreement;
use crate::model::card::Consent;
use crate::model::home::Home;
use crate::model::ids::{ChannelName, PersonId, PointId, SensorId};
use crate::model::level::Supervision;
use crate::model::lifecycle::Timers;
use crate::model::listed::Listed;
use crate::model::place::Location;
use crate::model::staff::Positions;
use crate::model::time::{Span, Zone};
use crate::model::week_time::WeekTime;
use crate::problem::{Kind, Problem};
use crate::reach::Estimate;
use crate::sinks::home_signals::Output;
use crate::sinks::sms::Phones;
use crate::store::Retention;
use report::{Report, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Everything the daemon in the home is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Gateway {
    /// The home with its sensors.
    pub home: Home,
    /// In which language people are spoken to.
    pub language: Language,
    /// What of the home's activity stations may see: what the file says, and no more than was agreed.
    pub shares: Consent,
    /// The recorded consent to being watched.
    pub agreement: Option<Agreement>,
    /// How long things are kept.
    pub kept: Retention,
    /// Where the history is kept.
    pub state_dir: PathBuf,
    /// Where the running daemon can be asked.
    pub run_dir: PathBuf,
    /// The home's broker; sensors behind it have [`MQTT_SOURCE`] as their source.
    pub mqtt: Option<BrokerAccess>,
    /// The serial ports; sensors behind one have its name as their source.
    pub serial: Vec<SerialPort>,
    /// What device families need to know; `serial` is filled from the ports.
    pub devices: DeviceSettings,
    /// Which device each sensor is, in the order of the file.
    pub addresses: Vec<(SensorId, Address)>,
    /// Lamps, sirens and voices in the home.
    pub signals: Vec<Output>,
    /// Under which prefix a Home Assistant on the home's broker is shown this home; absent where it is not.
    pub home_assistant: Option<String>,
    /// The rules.
    pub rules: RuleSettings,
    /// Who is asked.
    pub circle: Circle,
    /// When the ways out are tested from end to end; absent where the file says never.
    pub weekly_test: Option<WeekTime>,
    /// Which station keeps the directory of points, and what such a directory is judged by.
    pub directory: Directory,
    /// The telephones of points and people, for a channel that is a modem.
    pub phones: BTreeMap<PointId, Phones>,
    /// The ways out of the home, in the order of the file.
    pub channels: Vec<(ChannelName, ChannelSettings)>,
    /// How closely each of them is watched.
    pub supervision: BTreeMap<ChannelName, Supervision>,
    /// The clock is right although nobody vouches for it: a clock chip, and no network.
    pub clock_assume_synced: bool,
    /// Changes when the configuration does.
    pub hash: String,
}

/// Where a directory of service points comes from, and what it is judged by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Directory {
    /// The station whose word counts; without one the points of the file are the circle.
    pub from: Option<PointId>,
    /// Where the home is.
    pub location: Option<Location>,
    /// How times are estimated.
    pub estimate: Estimate,
    /// The points whose minutes somebody measured: they win.
    pub measured: BTreeSet<PointId>,
}

/// A serial port.
#[derive(Debug, Clone, PartialEq)]
pub struct SerialPort {
    /// Its name in the config.
    pub name: String,
    /// Its path.
    pub path: String,
    /// Bits per second.
    pub baud: u32,
    /// Which family speaks there.
    pub wiring: Wiring,
}

/// Everything the daemon at the service point is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// The service point.
    pub point: PointId,
    /// Its name for people.
    pub name: String,
    /// The clock on its wall.
    pub zone: Zone,
    /// In which language people are spoken to.
    pub language: Language,
    /// Where it is, if it says so: homes are then shown by their direction from it.
    pub location: Option<Location>,
    /// Where the page is served.
    pub listen: SocketAddr,
    /// Names under which browsers may ask for it, besides those of the machine to itself.
    pub names: Vec<String>,
    /// The file with the page's certificate and key.
    pub credentials: Option<PathBuf>,
    /// It may leave the machine without TLS.
    pub plain_http: bool,
    /// Where the history is kept.
    pub state_dir: PathBuf,
    /// The broker to which the homes speak.
    pub mqtt: BrokerAccess,
    /// The second path: where homes speak to it by HTTPS, if they may.
    pub homes: Option<Homes>,
    /// Where homes are enrolled and turned away, if here.
    pub authority: Option<Authority>,
    /// The staff, in the order of the file; only whom the station does not know yet is taken over.
    pub people: Vec<Person>,
    /// The points that its homes are told to ask; empty if this station keeps no directory.
    pub directory: Vec<Listed>,
    /// How long each waiting state may last.
    pub timers: Timers,
    /// A home not heard from for longer is reported.
    pub unreachable_after: Span,
    /// When a screen with sound has to show the desk; absent where nobody said so.
    pub duty: Option<crate::model::duty::DutyHours>,
    /// The work of the day; its clock is set by `zone`.
    pub daily: DailySettings,
    /// Hosts to which events may be posted though they are not public or not encrypted.
    pub hooks_allow: Vec<String>,
    /// Its own way to the telephones of its staff, if it has one.
    pub modem: Option<outside::Modem>,
    /// Events are said on topics of the station's broker, too.
    pub events_by_mqtt: bool,
    /// Whom a page that is cut off tells people to call: who, and the number.
    pub telephones: Vec<(String, String)>,
    /// How long things are kept.
    pub kept: Retention,
    /// Changes when the configuration does.
    pub hash: String,
}

/// Where homes speak to a station by HTTPS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Homes {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The file of the authority that vouches for homes, and that of our own certificate and key; without them the loopback.
    pub tls: Option<(PathBuf, PathBuf)>,
}

/// A member of the staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What travels and is recorded.
    pub id: PersonId,
    /// What the page shows.
    pub name: String,
    /// What they are.
    pub positions: Positions,
}

/// The source of sensors behind the home's broker.
pub const MQTT_SOURCE: &str = "mqtt";

/// Which daemon a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Has a `[home]`.
    Gateway,
    /// Has a `[station]`.
    Station,
}

/// Reads the text of a gateway's configuration. There is a configuration only if no problem is an error.
pub fn gateway(file: &str, source: &str) -> (Option<Gateway>, Vec<Problem>) {
    read_gateway(&[Source { name: file.to_owned(), text: source.to_owned() }])
}

/// Reads the text of a station's configuration. There is a configuration only if no problem is an error.
pub fn station(file: &str, source: &str) -> (Option<Station>, Vec<Problem>) {
    read_station(&[Source { name: file.to_owned(), text: source.to_owned() }])
}

/// Reads a gateway's configuration with the `conf.d/*.toml` beside it.
pub fn load_gateway(path: &Path) -> (Option<Gateway>, Vec<Problem>) {
    match sources(path) {
        Ok(sources) => read_gateway(&sources),
        Err(problems) => (None, problems),
    }
}

/// The same with single settings of the rules changed for one run: `rules.inactivity.windows=[…]`, as files that win.
pub fn load_gateway_with(path: &Path, sets: &[String]) -> (Option<Gateway>, Vec<Problem>) {
    let sets = overrides::as_files(sets).map_err(|problem| vec![problem]);
    match sources(path).and_then(|files| Ok([files, sets?].concat())) {
        Ok(files) => read_gateway(&files),
        Err(problems) => (None, problems),
    }
}

/// Reads a station's configuration with the `conf.d/*.toml` beside it.
pub fn load_station(path: &Path) -> (Option<Station>, Vec<Problem>) {
    match sources(path) {
        Ok(sources) => read_station(&sources),
        Err(problems) => (None, problems),
    }
}

/// All texts of the configuration at `path` as one, to be kept as the last good one: `(name, text)` in their order.
pub fn texts(path: &Path) -> Result<Vec<(String, String)>, Vec<Problem>> {
    Ok(sources(path)?.into_iter().map(|source| (source.name, source.text)).collect())
}

/// Reads a gateway's configuration from texts that were kept.
pub fn gateway_from_texts(texts: &[(String, String)]) -> (Option<Gateway>, Vec<Problem>) {
    read_gateway(&kept(texts))
}

/// Reads a station's configuration from texts that were kept.
pub fn station_from_texts(texts: &[(String, String)]) -> (Option<Station>, Vec<Problem>) {
    read_station(&kept(texts))
}

/// Which daemon the configuration at `path` is for, the `conf.d/*.toml` beside it included; or why that cannot be told.
pub fn kind_of(path: &Path) -> Result<For, Vec<Problem>> {
    sources(path).and_then(|files| kind_of_files(&files))
}

/// Which daemon a text is for, or why that cannot be told.
pub fn is_for(file: &str, source: &str) -> Result<For, Vec<Problem>> {
    kind_of_files(&[Source { name: file.to_owned(), text: source.to_owned() }])
}

fn kind_of_files(files: &[Source]) -> Result<For, Vec<Problem>> {
    let report = Report::new(files);
    let table = document::read(&report);
    let problem = match (table.contains_key("home"), table.contains_key("station")) {
        (true, false) => return Ok(For::Gateway),
        (false, true) => return Ok(For::Station),
        // A section that cannot be read is not missing.
        (true, true) | (false, false) if report.has_errors() => return Err(report.into_problems()),
        (true, true) => Problem::of(&files[0].name, "it has both a [home] and a [station]")
            .with_deed("make two files of it, in two directories"),
        (false, false) => {
            let near = |key: &String| Some((key.clone(), nearest::nearest(key, ["home", "station"])?));
            if let Some((typed, near)) = table.keys().find_map(near) {
                let problem = Problem::of(&files[0].name, format!("there is no section \"{typed}\""));
                return Err(vec![problem.with_deed(format!("did you mean [{near}]?"))]);
            }
            let deed = "begin with [home] in the flat of a resident, with [station] at a service point";
            Problem::of(&files[0].name, "it has neither a [home] nor a [station], so it is for no daemon")
                .with_deed(deed)
        }
    };
    Err(vec![problem])
}

fn kept(texts: &[(String, String)]) -> Vec<Source> {
    texts.iter().map(|(name, text)| Source { name: name.clone(), text: text.clone() }).collect()
}

fn read_gateway(files: &[Source]) -> (Option<Gateway>, Vec<Problem>) {
    finish(files, gateway::read)
}

fn read_station(files: &[Source]) -> (Option<Station>, Vec<Problem>) {
    finish(files, station::read)
}

fn finish<T>(
    files: &[Source],
    read: impl for<'a, 'r> FnOnce(&section::Section<'a, 'r>, &'r Report<'a>) -> Option<T>,
) -> (Option<T>, Vec<Problem>) {
    if let Some(problem) = files.iter().find_map(too_long) {
        return (None, vec![problem]);
    }
    let report = Report::new(files);
    let table = document::read(&report);
    // A file that is no TOML would only give follow-up mistakes.
    let config = if report.has_errors() { None } else { read(&section::Section::root(table, &report), &report) };
    let problems = report.into_problems();
    let is_good = !problems.iter().any(|problem| problem.kind == Kind::Error);
    (config.filter(|_| is_good), problems)
}

fn too_long(file: &Source) -> Option<Problem> {
    let is_too_long = file.text.len() > FILE_BYTES_MAX;
    is_too_long.then(|| Problem::of(&file.name, "this is longer than any configuration (1 MB)"))
}

/// The file at `path` and the `conf.d/*.toml` beside it, in the order of their names.
fn sources(path: &Path) -> Result<Vec<Source>, Vec<Problem>> {
    let mut paths = vec![path.to_owned()];
    let beside = path.parent().unwrap_or(Path::new("")).join("conf.d");
    if beside.is_dir() {
        let unreadable = |error: std::io::Error| vec![Problem::of_config(&beside, &error)];
        for entry in std::fs::read_dir(&beside).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?.path();
            if entry.extension().is_some_and(|extension| extension == "toml") {
                paths.push(entry);
            }
        }
        paths[1..].sort();
    }
    let source = |path: &PathBuf| {
        let bytes = std::fs::read(path).map_err(|error| vec![Problem::of_config(path, &error)])?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
            let problem = Problem::of(path.display().to_string(), format!("line {line} is not UTF-8 text"));
            vec![problem.with_deed("save the file as UTF-8 (GBK and others cannot be read)")]
        })?;
        // An editor's byte-order mark is no mistake of the technician.
        let text = text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned);
        Ok(Source { name: path.display().to_string(), text })
    };
    paths.iter().map(source).collect()
}

/// One beyond it is refused in words.
const FILE_BYTES_MAX: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
