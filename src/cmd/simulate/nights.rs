//! `carecircle simulate --seed N --nights K`: nights of homes and two stations, in which what can fail does.

use crate::clock;
use crate::cmd::Failed;
use crate::problem::Problem;
use crate::sim::nights::{self, Asked, Break, Counts, Fault, NIGHT_SECS, Planted};
use std::io::Write;
use std::process::ExitCode;

/// The nights' own arguments.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Everything in the nights comes from this number
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// So many nights, counted from 1, in which whatever can fail does
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    nights: Option<u64>,
    /// Only the night of this number
    #[arg(long, value_name = "K", conflicts_with = "nights")]
    night: Option<u64>,
    /// Leave out these kinds of faults: names with commas between them, or all
    #[arg(long, value_name = "NAMES")]
    without: Option<String>,
    /// Tell everything that happens in the night
    #[arg(long, requires = "night")]
    story: bool,
    /// A deliberate bug, to see that it is noticed
    #[arg(long, value_name = "NAME", hide = true)]
    planted: Option<String>,
}

/// So many lines of the story are told of a night that broke.
const TOLD: usize = 30;

impl Args {
    pub(super) fn is_asked_for(&self) -> bool {
        self.nights.is_some() || self.night.is_some()
    }
}

/// Runs the nights; fails where something broke.
pub(super) fn run(args: &Args, homes: Option<u32>) -> Result<ExitCode, Failed> {
    let asked = asked(args, homes)?;
    let numbers = match args.night {
        Some(night) => night..=night,
        None => 1..=args.nights.unwrap_or(1),
    };
    let (mut counts, mut broken) = (Counts::default(), Vec::new());
    let (began, first) = (clock::since_boot(), *numbers.start());
    let mut lived = 0_u64;
    for night in numbers {
        let outcome = nights::live(&asked, night);
        lived += 1;
        counts.add(outcome.counts);
        if args.story {
            super::super::printed(tell(&outcome.story))?;
        }
        if let Some(what) = outcome.broken {
            super::super::printed(tell_break(&asked, night, &what))?;
            broken.push(night);
            if broken.len() >= BREAKS_MAX {
                break;
            }
        }
    }
    let secs = (clock::since_boot() - began).num_milliseconds().max(1) as f64 / 1000.0;
    let sums = Sums { seed: asked.seed, first, lived, broken: broken.len(), secs };
    let code = super::super::printed(print(&sums, &mut counts))?;
    Ok(if broken.is_empty() { code } else { ExitCode::FAILURE })
}

/// After so many it is clear that something is wrong.
const BREAKS_MAX: usize = 10;

fn asked(args: &Args, homes: Option<u32>) -> Result<Asked, Problem> {
    if homes.is_some_and(|homes| homes > 3) {
        return Err(Problem::of("--homes", "a night has 3 homes at most").with_deed("leave out --nights for a crowd"));
    }
    let unknown = |name: &str, known: Vec<&str>| {
        Problem::of("--without", format!("{name:?} is no kind of fault"))
            .with_deed(format!("choose from {}, or all", known.join(", ")))
    };
    let names = || Fault::ALL.iter().map(|fault| fault.name()).collect::<Vec<_>>();
    let without = match args.without.as_deref() {
        None => Vec::new(),
        Some("all") => Fault::ALL.to_vec(),
        Some(list) => {
            let one = |name: &str| Fault::named(name).ok_or_else(|| unknown(name, names()));
            list.split(',').map(str::trim).map(one).collect::<Result<_, _>>()?
        }
    };
    let planted = args.planted.as_deref().map(|name| {
        let known = Planted::ALL.iter().map(|planted| planted.name()).collect::<Vec<_>>().join(", ");
        Planted::named(name).ok_or_else(|| {
            Problem::of("--planted", format!("{name:?} is none")).with_deed(format!("choose from {known}"))
        })
    });
    Ok(Asked {
        seed: args.seed.unwrap_or(1),
        homes: homes.map(|homes| homes as usize),
        without,
        planted: planted.transpose()?,
        tells: args.story,
    })
}

fn tell(story: &[String]) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    story.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    out.flush()
}

/// What broke, in the smallest night found that still breaks, and how to see it again.
fn tell_break(asked: &Asked, night: u64, what: &Break) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "BROKEN: seed {} night {night}, {}", asked.seed, told(what))?;
    out.flush()?;
    // Takes as long as some dozens of nights.
    let smallest = nights::shrink(asked, night);
    let again = nights::live(&Asked { tells: true, ..smallest.clone() }, night);
    if let Some(what) = &again.broken {
        writeln!(out, "smaller: {}", told(what))?;
    }
    let from = again.story.len().saturating_sub(TOLD);
    again.story[from..].iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    writeln!(out, "again: {}\n", command(&smallest, night))?;
    out.flush()
}

fn told(Break { at, step, what }: &Break) -> String {
    format!("at {:.3} s, step {step}: {what}", *at as f64 / 1000.0)
}

/// The command that repeats this night.
fn command(asked: &Asked, night: u64) -> String {
    let mut command = format!("carecircle simulate --seed {} --night {night}", asked.seed);
    if let Some(homes) = asked.homes {
        command.push_str(&format!(" --homes {homes}"));
    }
    if !asked.without.is_empty() {
        let names: Vec<&str> = asked.without.iter().map(|fault| fault.name()).collect();
        command.push_str(&format!(" --without {}", names.join(",")));
    }
    if let Some(planted) = asked.planted {
        command.push_str(&format!(" --planted {}", planted.name()));
    }
    command
}

struct Sums {
    seed: u64,
    first: u64,
    lived: u64,
    broken: usize,
    secs: f64,
}

fn print(sums: &Sums, counts: &mut Counts) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let Sums { seed, first, lived, broken, secs } = sums;
    let rate = *lived as f64 / secs;
    let times = counts.homes as f64 * NIGHT_SECS as f64 / secs;
    writeln!(
        out,
        "seed {seed}, nights {first} to {}: {lived} nights, {} homes, {broken} broken",
        first + lived - 1,
        counts.homes
    )?;
    writeln!(
        out,
        "{} presses, {} falls, {} receipts, {} steps",
        counts.presses, counts.falls, counts.receipts, counts.steps
    )?;
    let list = |of: Vec<(&str, u64)>| of.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", ");
    writeln!(out, "alerts: {}", list(counts.alerts.iter().map(|(rule, n)| (*rule, *n)).collect()))?;
    let (most, rule) = counts.most_again;
    if most > 1 {
        writeln!(out, "one {rule} alert came {most} times, and none but presses came more often")?;
    }
    let faults = counts.faults.iter().map(|(fault, n)| (fault.name(), *n)).collect();
    writeln!(out, "faults: {}; messages lost {}", list(faults), counts.lost_messages)?;
    counts.delays.sort_unstable();
    let part = |of: f64| counts.delays.get((counts.delays.len() as f64 * of) as usize).copied().unwrap_or_default();
    let (half, most, last) = (part(0.5), part(0.99), counts.delays.last().copied().unwrap_or_default());
    let in_secs = |millis: i64| millis as f64 / 1000.0;
    writeln!(
        out,
        "raised to first page: half within {} s, 99 of 100 within {} s, the last after {} s",
        in_secs(half),
        in_secs(most),
        in_secs(last)
    )?;
    writeln!(out, "{rate:.1} nights a second; a home's night passes {times:.0} times as fast as in truth")?;
    out.flush()
}
