//! `carecircle replay`: history through the same engine; what would have been raised, when, and with other settings.

mod compared;
mod own;
mod print;
mod tally;
mod verified;

pub(super) use own::{Own, engine, span_back};

use crate::cmd::Failed;
use crate::cmd::progress::Progress;
use crate::config::overrides;
use crate::engine::Engine;
use crate::engine::circle::Circle;
use crate::engine::rules;
use crate::model::home::Home;
use crate::model::time::{Timestamp, Zone};
use crate::problem::Problem;
use crate::replay::{self, History, Outcome, Replay, instant};
use print::Print;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `carecircle replay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A recorded home: CSV or gzipped CSV `time,sensor,kind,value`; without it the gateway's own database is read
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// Configuration of the home. With --history only its rules count, and sensors are taken as found
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The gateway's database, or a copy of it; otherwise the one in the configuration's state_dir
    #[arg(long, value_name = "FILE", conflicts_with = "history")]
    database: Option<PathBuf>,
    /// Zone of the wall clock in the history, e.g. Europe/Paris; without it a clock that never changes
    #[arg(long, value_name = "IANA", requires = "history")]
    zone: Option<String>,
    /// Learn from everything before, but show only the last so many days or hours: 30d, 12h
    #[arg(long, value_name = "SPAN", conflicts_with = "from")]
    since: Option<String>,
    /// Learn from everything before, but show only what was raised from here on
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Stop here
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Change a rule's setting for this run, e.g. rules.silent_sensor.after=30h; with --compare, for the other side
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Compare with another configuration, or with this one as changed by --set: alerts gained, lost, earlier, later
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    compare: Option<Option<PathBuf>>,
    /// Decide again what the gateway decided, from the inputs it wrote down; both must be the same, byte for byte
    #[arg(long, conflicts_with_all = ["history", "compare", "set", "probes", "until"])]
    verify: bool,
    /// Lines of instants: when would the alert come if the home fell silent there for 24 h?
    #[arg(long, value_name = "FILE", conflicts_with = "compare")]
    probes: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// To read
    Text,
    /// One JSON object a line
    Jsonl,
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    super::ended(begin(&args))
}

fn begin(args: &Args) -> Result<ExitCode, Failed> {
    if let Some(None) = &args.compare
        && args.set.is_empty()
    {
        let deed = "name another configuration, or change a setting: --compare --set rules.silent_sensor.after=30h";
        return Err(Problem::of("--compare", "there is nothing to compare with").with_deed(deed).into());
    }
    let tape = Tape::read(args)?;
    let zone = tape.zone().clone();
    if let (true, Tape::Own(own)) = (args.verify, &tape) {
        let (from, _) = span(args, &zone, &tape)?;
        return Ok(verified::run(own, from, args.format == Format::Jsonl)?);
    }
    let (from, until) = span(args, &zone, &tape)?;
    let probes = probes(args, &zone)?;
    let mut order: Vec<Timestamp> = probes.iter().map(|(_, at)| *at).collect();
    order.sort_unstable();
    let base_sets: &[String] = if args.compare.is_some() { &[] } else { &args.set };
    let run = |title, engine| {
        let outcome = tape.run(title, engine, &order, until);
        let raised = outcome.raised.into_iter().filter(|raised| from.is_none_or(|from| raised.at >= from)).collect();
        let asked = outcome.asked.into_iter().filter(|asked| from.is_none_or(|from| asked.at >= from)).collect();
        Outcome { raised, asked, ..outcome }
    };
    let base = run("replaying", tape.engine(args.config.as_deref(), base_sets)?);
    let print = Print::new(&zone, from, &tape);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if let Some(other) = &args.compare {
        let path = other.as_deref().or(args.config.as_deref());
        let other = run("comparing", tape.engine(path, &args.set)?);
        let names = compared::Names::new(args.config.as_deref(), path, &args.set);
        let lines = compared::lines(&print, &names, &base, &other, args.format == Format::Jsonl);
        return Ok(super::printed(
            lines.iter().try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush()),
        )?);
    }
    let lines = match args.format {
        Format::Text => print.text(&base),
        Format::Jsonl => print.jsonl(&base, &probes),
    };
    Ok(super::printed(lines.iter().try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush()))?)
}

/// What is played.
enum Tape {
    /// A file, with the clock on its wall.
    Recording(History, Zone),
    /// The gateway's own history.
    Own(Box<Own>),
}

impl Tape {
    fn read(args: &Args) -> Result<Tape, Failed> {
        let Some(path) = &args.history else {
            let config = args.config.clone().unwrap_or_else(|| PathBuf::from(super::DEFAULT_CONFIG));
            // A mistyped setting is said before a long history is read.
            own::load(args.compare.iter().flatten().next().unwrap_or(&config), &args.set)?;
            return Own::read(&config, args.database.as_deref()).map(|own| Tape::Own(Box::new(own)));
        };
        let zone = match &args.zone {
            Some(name) => Zone::named(name).map_err(|unknown| Problem::of("--zone", unknown.to_string()))?,
            None => Zone::utc(),
        };
        // A mistyped setting is said before a long file is read.
        recording_engine(args.config.as_deref(), &args.set, &zone)?;
        let history =
            History::read(path, &zone).map_err(|error| Problem::of(path.display().to_string(), error.to_string()))?;
        Ok(Tape::Recording(history, zone))
    }

    fn zone(&self) -> &Zone {
        match self {
            Tape::Recording(_, zone) => zone,
            Tape::Own(own) => &own.config.home.zone,
        }
    }

    /// When the last thing happened.
    fn end(&self) -> Option<Timestamp> {
        match self {
            Tape::Recording(history, _) => history.rows.last().map(|row| row.at),
            Tape::Own(own) => own.lines.last().map(crate::model::recorded::Recorded::at),
        }
    }

    fn engine(&self, config: Option<&Path>, sets: &[String]) -> Result<Engine, Failed> {
        match self {
            Tape::Recording(_, zone) => recording_engine(config, sets, zone),
            Tape::Own(own) => own.engine(config, sets),
        }
    }

    fn run(&self, title: &'static str, engine: Engine, probes: &[Timestamp], until: Option<Timestamp>) -> Outcome {
        match self {
            Tape::Recording(history, _) => {
                let mut progress = Progress::new(title, history.rows.len() as u64);
                Replay::new(engine, history).run(history, probes, until, |done| progress.passed(done))
            }
            Tape::Own(own) => {
                let mut progress = Progress::new(title, own.lines.len() as u64);
                replay::replay(engine, &own.lines, probes, until, |done| progress.passed(done))
            }
        }
    }
}

/// Rules of a configuration, and a home whose sensors are taken as found.
fn recording_engine(config: Option<&Path>, sets: &[String], zone: &Zone) -> Result<Engine, Failed> {
    let settings = overrides::rules(config, sets).map_err(Failed::Configuration)?;
    let settings = if config.is_none() { without_the_home(settings) } else { settings };
    let circle = Circle::default();
    let home = Home {
        id: "history".parse().expect("a legal id"),
        place: "history".into(),
        zone: zone.clone(),
        sensors: std::collections::BTreeMap::new(),
    };
    Ok(Engine::new(home, &settings, circle))
}

/// From when on alerts are shown, and where time ends.
fn span(args: &Args, zone: &Zone, tape: &Tape) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
    let time = |name: &str, text: &Option<String>| -> Result<Option<Timestamp>, Problem> {
        let Some(text) = text else { return Ok(None) };
        let wrong =
            || Problem::of(name, format!("{text:?} is not a time")).with_deed("write it as 2017-03-04T13:05:00");
        instant(text, zone).map(Some).ok_or_else(wrong)
    };
    let (from, until) = (time("--from", &args.from)?, time("--until", &args.until)?);
    let since = args.since.as_deref().map(own::span_back).transpose()?;
    let end = until.or(tape.end());
    Ok((from.or(since.zip(end).map(|(since, end)| end - since)), until))
}

/// Rules that need to know what the rooms and doors of a home are; of sensors as found in a recording nobody knows.
fn without_the_home(settings: rules::Settings) -> rules::Settings {
    const NEED_A_CONFIG: [&str; 6] =
        ["night_door", "out_of_bed", "long_in_room", "late_rising", "daily_contact", "door_left_open"];
    let off = settings.off.into_iter().chain(NEED_A_CONFIG.map(str::to_owned)).collect();
    rules::Settings { off, ..settings }
}

fn probes(args: &Args, zone: &Zone) -> Result<Vec<(String, Timestamp)>, Problem> {
    let Some(path) = &args.probes else { return Ok(Vec::new()) };
    let place = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Problem::of(place.clone(), error.to_string()))?;
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    lines
        .map(|(number, line)| {
            let wrong = || Problem::of(format!("{place}:{}", number + 1), format!("{line:?} is not a time"));
            instant(line, zone).map(|at| (line.to_owned(), at)).ok_or_else(wrong)
        })
        .collect()
}
