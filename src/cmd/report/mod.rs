//! `carecircle report`: what a home showed in the last days, as one HTML file or for the terminal.

mod gather;
mod page;
mod places;
mod source;
mod station;
mod table;
mod terminal;

use crate::cmd::file;
use crate::config::{self, Gateway, Language};
use crate::engine::Engine;
use crate::engine::rules::{Just, Known, inactivity};
use crate::model::answer::Answer;
use crate::model::home::SensorKind;
use crate::model::ids::{RoomId, SensorId};
use crate::model::reason::Severity;
use crate::model::status::Condition;
use crate::model::suspension::Absence;
use crate::model::time::{Span, TimeOfDay, Timestamp, Zone};
use crate::picture::{self, Alarm, Blocks, Day, Limit, Material, QUARTERS, Shape, Stretch};
use crate::problem::Problem;
use crate::replay::Asked;
use crate::text::{self, report as word};
use gather::{Cause, Gathered, Outage, Raised};
use source::Read;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `carecircle report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", default_value = super::DEFAULT_CONFIG)]
    config: PathBuf,
    /// The gateway's database; without it the one in its state directory, read beside the running daemon
    #[arg(long, value_name = "FILE", conflicts_with = "history")]
    database: Option<PathBuf>,
    /// A recorded home in place of the database: CSV or gzipped CSV `time,sensor,kind,value`
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// How many days, today included
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    /// Where to write the page; without it report-<home>-<day>.html here
    #[arg(long, value_name = "FILE.html")]
    out: Option<PathBuf>,
    /// zh or en; without it the language of the configuration
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<Language>,
    /// A station's configuration: the figures of a month as its page gives them as CSV, read beside the running daemon
    #[arg(long, value_name = "FILE", hide = !cfg!(feature = "station"), conflicts_with_all = ["database", "history", "days", "language", "text"])]
    station: Option<PathBuf>,
    /// Of a station: which month; without it the present one
    #[arg(long, value_name = "YYYY-MM", requires = "station", hide = !cfg!(feature = "station"))]
    month: Option<String>,
    /// Of a station: JSON in place of CSV
    #[arg(long, requires = "station", hide = !cfg!(feature = "station"))]
    json: bool,
    /// Print it for a terminal of 80 columns; a page is written only with --out
    #[arg(long)]
    text: bool,
}

/// What the report says.
pub struct Report {
    /// In which language.
    pub language: Language,
    /// The home's pseudonym.
    pub home: String,
    /// Where it is.
    pub place: String,
    /// What the pictures show.
    pub material: Material,
    /// Its days.
    pub days: Vec<Day>,
    /// When the records begin.
    pub known_from: Option<Timestamp>,
    /// What was raised in these days.
    pub alerts: Vec<Raised>,
    /// What was asked at home in these days.
    pub asked: Vec<Asked>,
    /// When nobody watched in these days.
    pub outages: Vec<Outage>,
    /// When rules about the person were suspended in these days, and why.
    pub suspended: Vec<(Stretch, Absence)>,
    /// The sensors in the order of their names.
    pub sensors: Vec<SensorRow>,
}

/// A sensor at the end of the report.
pub struct SensorRow {
    /// Its name.
    pub id: SensorId,
    /// Where it hangs.
    pub room: Option<RoomId>,
    /// What it is for.
    pub kind: SensorKind,
    /// How it is.
    pub condition: Condition,
    /// When it was heard last.
    pub heard_at: Option<Timestamp>,
    /// Its battery in words, and whether it is low.
    pub battery: Option<(String, bool)>,
    /// From its first word to its last.
    pub heard: Option<Stretch>,
    /// When it was silent for longer than its limit.
    pub silent: Vec<Stretch>,
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    if let Some(station) = &args.station {
        return if cfg!(feature = "station") { station::run(station, &args) } else { super::without_station(station) };
    }
    let (config, problems) = config::load_gateway(&args.config);
    super::warn(&problems);
    let Some(config) = config else { return ExitCode::from(super::EXIT_CONFIGURATION) };
    super::finish(report(&args, &config))
}

fn report(args: &Args, config: &Gateway) -> Result<ExitCode, Problem> {
    let read = match (&args.history, &args.database) {
        (Some(history), _) => source::file(config, history)?,
        (None, Some(database)) => source::database(config, database)?,
        (None, None) => source::database(config, &config.state_dir.join(crate::gateway::DATABASE))?,
    };
    let blocks = blocks_of_terminal();
    let language = args.language.unwrap_or(config.language);
    // A terminal that knows no Chinese gets English.
    let spoken = if args.text && args.out.is_none() && blocks == Blocks::Ascii { Language::English } else { language };
    let report = Report::of(config, read, i64::from(args.days), spoken);
    if args.out.is_some() || !args.text {
        let day = report.material.zone.date(report.material.until);
        let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("report-{}-{day}.html", report.home)));
        write_page(&out, &page::page(&report))?;
        if !args.text {
            return super::printed(writeln!(std::io::stdout(), "{}", out.display()));
        }
    }
    let lines = terminal::lines(&report, blocks);
    super::printed(writeln!(std::io::stdout().lock(), "{}", lines.join("\n")))
}

/// Whole or not at all, and for the eyes of the one who asked.
fn write_page(out: &Path, page: &str) -> Result<(), Problem> {
    file::replace(out, page, None).map_err(|error| Problem::of_state(out, &error))
}

/// Block characters where the locale is UTF-8: the first of these that says anything holds.
fn blocks_of_terminal() -> Blocks {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| std::env::var(name).ok());
    let said = said.into_iter().find(|value| !value.is_empty()).unwrap_or_default().to_ascii_lowercase();
    if said.contains("utf-8") || said.contains("utf8") { Blocks::Unicode } else { Blocks::Ascii }
}

impl Report {
    fn of(config: &Gateway, read: Read, days: i64, language: Language) -> Report {
        let Read { mut gathered, until } = read;
        let zone = config.home.zone.clone();
        let from = first_midnight(&zone, until, days);
        let whole = Stretch { from, to: until };
        before_records(&mut gathered, whole);
        let sensors = sensors(&gathered, until);
        let touches = |stretch: Stretch| stretch.to > from && stretch.from < until;
        gathered.outages.retain(|outage| touches(outage.stretch));
        gathered.suspended.retain(|(stretch, _)| touches(*stretch));
        gathered.alerts.retain(|raised| raised.at >= from && raised.at <= until);
        gathered.asked.retain(|asked| asked.at >= from && asked.at <= until);
        gathered.life.retain(|life| life.at >= from && life.at <= until);
        gathered.silences.retain(|silence| silence.from >= from && silence.from < until);
        let places = gathered.places.shown(language, &mut gathered.life, &mut gathered.silences);
        let shown = gathered.alerts.iter().filter_map(|raised| alarm(raised, language, &zone));
        let mut material = Material {
            from,
            until,
            places,
            alarms: shown.collect(),
            life: gathered.life,
            silences: gathered.silences,
            limits: Vec::new(),
            unwatched: gathered.outages.iter().map(|outage| outage.stretch).collect(),
            suspended: gathered.suspended.iter().map(|(stretch, _)| *stretch).collect(),
            zone,
        };
        let days = picture::days(&material);
        material.limits = limits(&gathered.engine, &days, language);
        Report {
            language,
            home: config.home.id.to_string(),
            place: config.home.place.clone(),
            material,
            days,
            known_from: gathered.known_from,
            alerts: gathered.alerts,
            asked: gathered.asked,
            outages: gathered.outages,
            suspended: gathered.suspended,
            sensors,
        }
    }

    /// The words of this name.
    pub fn word(&self, name: &'static str) -> &'static str {
        word(self.language, name)
    }

    /// An instant with its day.
    pub fn when(&self, at: Timestamp) -> String {
        text::date_time(self.language, &self.material.zone, at)
    }

    /// A length of time; of what lasts for minutes nobody wants the seconds.
    pub fn length(&self, span: Span) -> String {
        let whole = Span::minutes(span.num_minutes());
        text::duration(self.language, if whole.is_zero() { span } else { whole })
    }

    /// Why nobody watched.
    pub fn cause(&self, cause: &Cause) -> &'static str {
        use crate::model::reason::BlindCause;
        self.word(match cause {
            Cause::Blind(BlindCause::GatewayDown) => "gateway_down",
            Cause::Blind(BlindCause::LinkLost { .. }) => "link_lost",
            Cause::Blind(BlindCause::Mute { .. }) => "mute",
            Cause::Blind(BlindCause::NoWitness) => "no_witness",
            Cause::BeforeRecords => "before_records",
            Cause::SinceLastLine => "since_last_mark",
            Cause::ClockSet => "clock_set",
        })
    }

    /// What was raised about the person, or about equipment; drills stand with the person, marked.
    pub fn alerts(&self, about_person: bool) -> impl Iterator<Item = &Raised> {
        self.alerts.iter().filter(move |raised| raised.reason.class().is_of_person() == about_person)
    }

    /// How often the person was asked at home, and how often there was an answer; absent where nobody was asked.
    pub fn times_asked(&self) -> Option<String> {
        let answered = self.asked.iter().filter(|asked| asked.is_answered()).count();
        let times = self.asked.len();
        (times > 0).then(|| format!("{times} ({} {answered})", self.word("of_these_answered")))
    }

    /// What came of asking.
    pub fn answer(&self, asked: &Asked) -> String {
        match asked.answer {
            Answer::Awaited => self.word("still_open").to_owned(),
            Answer::Answered(at) => format!("{} ({})", self.word("answered"), self.when(at)),
            Answer::Unanswered(at) => format!("{} ({})", self.word("unanswered"), self.when(at)),
            Answer::NoLongerDue(at) => format!("{} ({})", self.word("no_longer_due"), self.when(at)),
        }
    }

    /// What became of an alert.
    pub fn end(&self, raised: &Raised) -> String {
        use gather::End;
        match raised.end {
            End::Open => self.word("still_open").to_owned(),
            End::Closed(at, outcome) => format!("{} ({})", text::outcome(self.language, outcome), self.when(at)),
            End::Over(at) => {
                let is_of_person = raised.reason.class().is_of_person();
                format!("{} {}", self.word(if is_of_person { "ended" } else { "recovered" }), self.when(at))
            }
            End::Cancelled(at) => format!("{} ({})", self.word("cancelled"), self.when(at)),
        }
    }
}

/// The midnight with which the last `days` days begin, the day of `until` included.
fn first_midnight(zone: &Zone, until: Timestamp, days: i64) -> Timestamp {
    let midnight = TimeOfDay::new(0, 0).expect("a clock can show it");
    let mut midnights = Vec::new();
    let mut at = zone.next(until - Span::days(days + 1), midnight);
    while at < until {
        midnights.push(at);
        at = zone.next(at, midnight);
    }
    let first = midnights.len().saturating_sub(usize::try_from(days).unwrap_or(1));
    midnights.get(first).copied().unwrap_or(until - Span::days(days))
}

/// Before the first observation nothing is known.
fn before_records(gathered: &mut Gathered, whole: Stretch) {
    let to = gathered.known_from.unwrap_or(whole.to).min(whole.to);
    if to > whole.from {
        let stretch = Stretch { from: whole.from, to };
        // What was found out about the time before is no more than that the gateway ran or did not.
        gathered.outages.retain(|outage| outage.stretch.to > to);
        gathered.outages.iter_mut().for_each(|outage| outage.stretch.from = outage.stretch.from.max(to));
        gathered.outages.insert(0, Outage { stretch, cause: Cause::BeforeRecords, is_open: false });
    }
}

/// What stands in the pictures: what is about the person, and that the home could not be seen.
fn alarm(raised: &Raised, language: Language, zone: &Zone) -> Option<Alarm> {
    let shape = match raised.severity {
        Severity::Emergency => Shape::Emergency,
        Severity::Urgent => Shape::Urgent,
        Severity::Notice => Shape::Notice,
        Severity::Blind | Severity::Fault => return None,
    };
    let words = format!(
        "{} {}: {}",
        text::date_time(language, zone, raised.at),
        text::severity(language, raised.severity),
        text::headline(language, &raised.reason)
    );
    let quiet_since = raised.quiet_since();
    raised.is_about_person().then_some(Alarm { at: raised.at, quiet_since, shape, words })
}

/// The limits for a silence that begins in each quarter hour, as they stand at the end: the fixed one where it holds, and where
/// the rhythm is learned the shortest and the longest of all places in the home.
fn limits(engine: &Engine, days: &[Day], language: Language) -> Vec<Limit> {
    // Any day on which no clock is changed.
    let ordinary = days.iter().rev().map(|day| day.stretch).find(|day| day.to - day.from == Span::days(1));
    let Some(day) = ordinary.or(days.first().map(|day| day.stretch)) else { return Vec::new() };
    let (home, seen) = (engine.home(), engine.seen());
    let known = Known { home, seen, just: &Just::Nothing };
    let quarters = || 0..QUARTERS as u16;
    let fixed = |quarter: u16| {
        let begins = day.from + Span::minutes(15 * i64::from(quarter));
        inactivity::fires_at(&known, begins).map(|fires| fires.at - begins)
    };
    let watchers = home.sensors.values().filter(|sensor| sensor.kind.watches_for_life());
    let inside: Vec<_> = watchers.filter(|sensor| sensor.kind != SensorKind::OuterDoor).collect();
    let learned = |quarter: u16| -> Vec<Span> {
        if !seen.settings().is_on("rhythm") {
            return Vec::new();
        }
        inside.iter().filter_map(|sensor| seen.habits.limit_inside(&sensor.id, quarter * 15)).collect()
    };
    let learned: Vec<Vec<Span>> = quarters().map(learned).collect();
    let all = [
        ("fixed_limit", quarters().map(fixed).collect::<Vec<_>>()),
        ("learned_shortest", learned.iter().map(|limits| limits.iter().min().copied()).collect()),
        ("learned_longest", learned.iter().map(|limits| limits.iter().max().copied()).collect()),
    ];
    let held = all.into_iter().filter(|(_, after)| after.iter().any(Option::is_some));
    held.map(|(name, after)| Limit { name: word(language, name).to_owned(), after }).collect()
}

fn sensors(gathered: &Gathered, until: Timestamp) -> Vec<SensorRow> {
    let (seen, home) = (gathered.engine.seen(), gathered.engine.home());
    seen.with_heard(home)
        .map(|(sensor, heard)| {
            let stretch = heard.and_then(|heard| Some(Stretch { from: heard.first_heard?, to: heard.heard_at? }));
            let battery = heard.and_then(|heard| heard.battery.as_ref());
            let said = battery.and_then(|b| match (b.percent, b.volts) {
                (Some(percent), _) => Some(format!("{percent:.0} %")),
                (None, Some(volts)) => Some(format!("{volts:.2} V")),
                (None, None) => None,
            });
            SensorRow {
                id: sensor.id.clone(),
                room: sensor.room.clone(),
                kind: sensor.kind,
                condition: seen.condition(until, sensor, heard),
                heard_at: heard.and_then(|heard| heard.heard_at),
                battery: battery.map(|battery| (said.unwrap_or_default(), battery.low_since.is_some())),
                heard: stretch,
                silent: gathered.silent.get(&sensor.id).cloned().unwrap_or_default(),
            }
        })
        .collect()
}
