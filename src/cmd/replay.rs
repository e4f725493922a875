//! `carecircle replay`: recorded history through the same engine; what would have been raised, and when.

use crate::config::overrides;
use crate::engine::Engine;
use crate::engine::circle::Circle;
use crate::engine::rules;
use crate::model::home::Home;
use crate::model::lifecycle::Timers;
use crate::model::time::{Timestamp, Zone};
use crate::problem::Problem;
use crate::replay::{Answer, History, Raised, Replay, Summary, instant};
use crate::text::{self, Language};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `carecircle replay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Recorded home: CSV or gzipped CSV `time,sensor,kind,value`
    #[arg(long, value_name = "FILE")]
    history: PathBuf,
    /// Configuration of the home; without it sensors are taken as found and rules have their defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Zone of the wall clock in the history, e.g. Europe/Paris; without it a clock that never changes
    #[arg(long, value_name = "IANA")]
    zone: Option<String>,
    /// Learn from earlier rows, but print only what was raised from here on
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Stop here
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Change a rule's setting for this run, e.g. rules.silent_sensor.after=30h
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Lines of instants: when would the alert come if the home fell silent there for 24 h?
    #[arg(long, value_name = "FILE")]
    probes: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table to read
    Text,
    /// One JSON object a line
    Jsonl,
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    super::finish(replay(&args))
}

fn replay(args: &Args) -> Result<ExitCode, Problem> {
    let zone = match &args.zone {
        Some(name) => Zone::named(name).map_err(|unknown| Problem::of("--zone", unknown.to_string()))?,
        None => Zone::utc(),
    };
    let time = |name: &str, text: &Option<String>| -> Result<Option<Timestamp>, Problem> {
        let Some(text) = text else { return Ok(None) };
        let wrong =
            || Problem::of(name, format!("{text:?} is not a time")).with_deed("write it as 2017-03-04T13:05:00");
        instant(text, &zone).map(Some).ok_or_else(wrong)
    };
    let (from, until) = (time("--from", &args.from)?, time("--until", &args.until)?);
    let engine = engine(args, &zone)?;
    let history = History::read(&args.history, &zone)
        .map_err(|error| Problem::of(args.history.display().to_string(), error.to_string()))?;
    let probes = probes(args, &zone)?;
    let mut order: Vec<Timestamp> = probes.iter().map(|(_, at)| *at).collect();
    order.sort_unstable();
    let (raised, answers, summary) = Replay::new(engine, &history).run(&history, &order, until);
    let raised: Vec<Raised> = raised.into_iter().filter(|raised| from.is_none_or(|from| raised.at >= from)).collect();
    let print = Print { zone: &zone, out: std::io::BufWriter::new(std::io::stdout().lock()) };
    super::printed(match args.format {
        Format::Text => print.text(&raised, &answers, &summary),
        Format::Jsonl => print.jsonl(&raised, &probes, &answers, &summary),
    })
}

fn engine(args: &Args, zone: &Zone) -> Result<Engine, Problem> {
    let base = match &args.config {
        Some(path) => {
            std::fs::read_to_string(path).map_err(|error| Problem::of(path.display().to_string(), error.to_string()))?
        }
        None => String::new(),
    };
    let (settings, warnings): (rules::Settings, _) = overrides::rules(&base, &args.set)?;
    super::warn(&warnings);
    let settings = if args.config.is_none() { without_the_home(settings) } else { settings };
    let circle = Circle { points: Vec::new(), timers: Timers::default() };
    let home = Home {
        id: "history".parse().expect("a legal id"),
        place: "history".into(),
        zone: zone.clone(),
        sensors: std::collections::BTreeMap::new(),
    };
    Ok(Engine::new(home, &settings, circle))
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

struct Print<'a, W: Write> {
    zone: &'a Zone,
    out: W,
}

impl<W: Write> Print<'_, W> {
    fn text(mut self, raised: &[Raised], answers: &[Answer], summary: &Summary) -> std::io::Result<()> {
        for alert in raised {
            let ended = alert.ended.map_or("-".to_owned(), |at| self.zone.wall_clock(at));
            let (at, rule) = (self.zone.wall_clock(alert.at), alert.reason.rule());
            writeln!(self.out, "{at}  {rule:<14} until {ended:<19}  {}", self.explain(&alert.reason))?;
        }
        for answer in answers {
            let from = self.zone.wall_clock(answer.silent_from);
            match &answer.alert {
                Some((at, reason)) => {
                    let after = crate::model::time::write_span(*at - answer.silent_from);
                    writeln!(
                        self.out,
                        "silent from {from}: {} at {} ({after} later)",
                        reason.rule(),
                        self.zone.wall_clock(*at)
                    )?;
                }
                None => writeln!(self.out, "silent from {from}: no alert within 24 h")?,
            }
        }
        let days = days(summary);
        let alerts = if raised.len() == 1 { "alert" } else { "alerts" };
        writeln!(self.out, "{} {alerts} in {days:.1} days, {} rows", raised.len(), summary.rows)?;
        self.out.flush()
    }

    fn jsonl(
        mut self,
        raised: &[Raised],
        probes: &[(String, Timestamp)],
        answers: &[Answer],
        summary: &Summary,
    ) -> std::io::Result<()> {
        for alert in raised {
            let line = serde_json::json!({
                "type": "alert", "t": self.zone.wall_clock(alert.at), "rule": alert.reason.rule(),
                "class": class(&alert.reason), "ended": alert.ended.map(|at| self.zone.wall_clock(at)),
                "explain": self.explain(&alert.reason),
            });
            writeln!(self.out, "{line}")?;
        }
        let by_instant: std::collections::BTreeMap<Timestamp, &Answer> =
            answers.iter().map(|answer| (answer.silent_from, answer)).collect();
        for (text, at) in probes {
            let alert = by_instant.get(at).and_then(|answer| answer.alert.as_ref());
            let line = serde_json::json!({
                "type": "probe", "silent_from": text, "alert_at": alert.map(|(at, _)| self.zone.wall_clock(*at)),
                "rule": alert.map(|(_, reason)| reason.rule()),
            });
            writeln!(self.out, "{line}")?;
        }
        let mut by_rule = std::collections::BTreeMap::<&str, u64>::new();
        for alert in raised {
            *by_rule.entry(alert.reason.rule()).or_default() += 1;
        }
        let line = serde_json::json!({
            "type": "summary", "alerts": raised.len(), "by_rule": by_rule, "rows": summary.rows, "days": days(summary),
        });
        writeln!(self.out, "{line}")?;
        self.out.flush()
    }

    fn explain(&self, reason: &crate::model::reason::Reason) -> String {
        text::reason(Language::English, reason, self.zone)
    }
}

/// The three classes of the replay contract: a request is a matter of the person.
fn class(reason: &crate::model::reason::Reason) -> &'static str {
    use crate::model::reason::Class;
    match reason.class() {
        Class::Person | Class::Request => "person",
        Class::Sensor => "sensor",
        Class::System => "system",
    }
}

fn days(summary: &Summary) -> f64 {
    summary.span.map_or(0.0, |(first, last)| (last - first).num_seconds() as f64 / 86_400.0)
}
