//! `carecircle simulate`: made-up homes, all of it from one printed seed: nights of homes and stations in which things fail, a
//! year of residents through the real engine, or a crowd in front of a real station.

mod crowd;
mod nights;
mod print;

use crate::cmd::Failed;
use crate::config::overrides;
use crate::model::time::Zone;
use crate::problem::Problem;
use crate::replay::instant;
use crate::sim::year::characters::{self, Character};
use crate::sim::year::outcome::Outcome;
use crate::sim::year::record::Record;
use crate::sim::year::{self, Plan};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `carecircle simulate`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    nights: nights::Args,
    #[command(flatten)]
    crowd: Box<crowd::Args>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Residents live for a year and fall at random: what is found, how soon, and what nobody needed
    Year(YearArgs),
}

#[derive(Debug, clap::Args)]
struct YearArgs {
    /// Everything that is left to chance comes from this number
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Who: names with commas between them, or all
    #[arg(long, default_value = "all", value_name = "NAMES")]
    residents: String,
    /// Say who the residents are, and end
    #[arg(long)]
    list: bool,
    /// How long
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(4..=3660))]
    days: u32,
    /// The first day
    #[arg(long, default_value = "2026-01-01", value_name = "DATE")]
    from: String,
    /// Zone of the clock on the wall
    #[arg(long, default_value = "Europe/Paris", value_name = "IANA")]
    zone: String,
    /// How often each resident falls and cannot get up, on average; 0 for a year in which nothing happens
    #[arg(long, default_value_t = 12.0, value_name = "NUMBER")]
    falls_per_year: f64,
    /// Nothing fails: no dead sensor, no lost link, no power cut
    #[arg(long)]
    no_failures: bool,
    /// Take the rules from this configuration; without it they have their defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Change a rule's setting for this run, e.g. rules.silent_sensor.after=30h
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Write what the gateway of one resident heard, for `carecircle replay`; gzipped if it ends in .gz
    #[arg(long, value_name = "FILE")]
    write_history: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table to read
    Text,
    /// One JSON object
    Json,
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    if args.what.is_none() && args.nights.is_asked_for() {
        return super::ended(nights::run(&args.nights, args.crowd.homes));
    }
    match (args.what, crowd::run(&args.crowd)) {
        (Some(What::Year(args)), _) => super::ended(simulate_year(&args)),
        (None, Some(driven)) => super::finish(driven),
        (None, None) => {
            let problem = Problem::new("say what is to be simulated").with_deed("carecircle simulate --help");
            super::finish(Err(problem))
        }
    }
}

fn simulate_year(args: &YearArgs) -> Result<ExitCode, Failed> {
    if args.list {
        return Ok(super::printed(print::residents(&mut std::io::stdout().lock()))?);
    }
    let residents = residents(&args.residents)?;
    let plan = plan(args)?;
    if args.write_history.is_some() && residents.len() != 1 {
        let what = format!("a history is of one home, and {} residents are asked for", residents.len());
        return Err(Problem::of("--write-history", what).with_deed("name one with --residents").into());
    }
    let mut outcomes: Vec<Outcome> = Vec::new();
    for resident in residents {
        let (outcome, record) = year::live(&plan, resident);
        outcomes.push(outcome);
        if let (Some(record), Some(path)) = (record, &args.write_history) {
            write(path, &record)?;
        }
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let printed = match args.format {
        Format::Text => print::text(&mut out, &plan, &outcomes),
        Format::Json => print::json(&mut out, &plan, &outcomes),
    };
    let code = super::printed(printed.and_then(|()| out.flush()))?;
    let is_whole = outcomes.iter().all(|outcome| outcome.breaks.is_empty());
    Ok(if is_whole { code } else { ExitCode::FAILURE })
}

fn residents(names: &str) -> Result<Vec<&'static Character>, Problem> {
    if names == "all" {
        return Ok(characters::ALL.iter().collect());
    }
    let known = || characters::ALL.iter().map(|character| character.name).collect::<Vec<_>>().join(", ");
    let one = |name: &str| {
        let unknown = || Problem::of("--residents", format!("nobody is called {name:?}"));
        characters::named(name).ok_or_else(|| unknown().with_deed(format!("choose from {}, or all", known())))
    };
    names.split(',').map(str::trim).map(one).collect()
}

fn plan(args: &YearArgs) -> Result<Plan, Failed> {
    let zone = Zone::named(&args.zone).map_err(|unknown| Problem::of("--zone", unknown.to_string()))?;
    let wrong = || Problem::of("--from", format!("{:?} is not a day", args.from)).with_deed("write it as 2026-01-01");
    let from = instant(&args.from, &zone).ok_or_else(wrong)?;
    if !(0.0..=365.0).contains(&args.falls_per_year) {
        let what = format!("{} is not a number from 0 to 365", args.falls_per_year);
        return Err(Problem::of("--falls-per-year", what).into());
    }
    let rules = overrides::rules(args.config.as_deref(), &args.set).map_err(Failed::Configuration)?;
    Ok(Plan {
        seed: args.seed,
        days: args.days,
        from,
        zone,
        rules,
        falls_per_year: args.falls_per_year,
        failures: !args.no_failures,
        records: args.write_history.is_some(),
    })
}

fn write(path: &Path, record: &Record) -> Result<(), Problem> {
    let failed = |error: std::io::Error| Problem::of(path.display().to_string(), error.to_string());
    let file = std::fs::File::create(path).map_err(failed)?;
    if path.extension().is_some_and(|ending| ending == "gz") {
        let mut packer = flate2::write::GzEncoder::new(file, flate2::Compression::default());
        packer.write_all(record.csv().as_bytes()).map_err(failed)?;
        packer.finish().map_err(failed)?;
    } else {
        let mut file = file;
        file.write_all(record.csv().as_bytes()).map_err(failed)?;
    }
    Ok(())
}
