//! `carecircle circle`: who is reached in fifteen minutes at which hours, whom nobody reaches, and where one more point
//! would help.

mod data;
mod drawing;
mod read;
mod sheet;
mod table;

use crate::cmd::progress::Progress;
use crate::config::question;
use crate::model::duty::MINUTES_OF_WEEK;
use crate::model::time::{Span, Zone, parse_span};
use crate::problem::Problem;
use crate::reach::{Bands, Estimate, Home, Index, More, Point, Shift, Survey, Way, at, cuts, more, week};
use crate::replay::instant;
use crate::sim::city;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `carecircle circle`.
#[derive(Debug, clap::Args)]
#[command(after_help = COLUMNS, next_line_help = false)]
pub struct Args {
    /// Service points as CSV (columns below); with --example, how many to make up
    #[arg(long, value_name = "FILE")]
    points: Option<String>,
    /// Homes as CSV (columns below); with --example, how many to make up
    #[arg(long, value_name = "FILE")]
    homes: Option<String>,
    /// Somebody must be at the door within this time; counted in thirds
    #[arg(long, default_value = "15m", value_parser = within, value_name = "TIME")]
    within: Span,
    /// Only this instant, by the clock on the wall, instead of the usual week: 2027-02-06T22:30; holidays count
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// What a row of --format csv is
    #[arg(long, value_enum, default_value_t = Rows::Homes)]
    rows: Rows,
    /// Draw points and homes into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// So many places for further points, each the best after those before it
    #[arg(long, default_value_t = 1, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(0..=50))]
    more: u8,
    /// How the staff of further points goes; without it, as most do now
    #[arg(long, value_name = "WAY", value_parser = way)]
    more_by: Option<Way>,
    /// The way is so many times longer than the straight line
    #[arg(long, default_value_t = 1.3, value_name = "NUMBER")]
    detour: f64,
    /// Speed in km/h from door to door: foot=4.5, e_bike=15, car=20 without it
    #[arg(long, value_name = "WAY=KMH", value_parser = speed)]
    speed: Vec<(Way, f64)>,
    /// From the alert to the first step out of the door
    #[arg(long, default_value = "2m", value_parser = within, value_name = "TIME")]
    start: Span,
    /// Make up a city in this directory, points.csv and homes.csv, and end
    #[arg(long, value_name = "DIR")]
    example: Option<PathBuf>,
    /// What the made-up city comes from
    #[arg(long, default_value_t = 1, requires = "example")]
    seed: u64,
}

const COLUMNS: &str = "\
Columns of the service points, in any order, named in the first line:
  id         its id; required, no two alike
  latitude   degrees with a point: 23.71420; required (also lat)
  longitude  the same; required (also lon, lng)
  name       its name for people
  by         how its staff goes: foot, e_bike (without it) or car
  on_duty    \"Mon-Fri 08:00-18:00, Sat 09:00-12:00, 2027-02-06 closed\"; always
             without it
  capacity   how many alerts it can answer at once
Columns of the homes:
  id, latitude, longitude  as above
  place      short address (also name, address)
  travel     measured times, which win over the estimate: \"lehe 6m; nanmen 12m\"
Take all coordinates from one map: those of GPS, Gaode and Baidu differ by some
hundred metres. Other columns are passed over.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A short table to read
    Table,
    /// A row for every home, or for every point and part of the week
    Csv,
    /// Points, homes and proposed places for a map
    Geojson,
    /// One JSON object with everything counted
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Rows {
    /// A home: who comes first, when quickest and when slowest
    Homes,
    /// A point in a part of the week: how many homes it is the nearest of
    Points,
}

/// All that is known when the counting is done.
struct Plan {
    points: Vec<Point>,
    homes: Vec<Home>,
    shifts: Vec<Shift>,
    survey: Survey,
    bands: Bands,
    estimate: Estimate,
    more: Vec<More>,
    /// How the staff of further points would go.
    more_by: Way,
    /// One instant instead of the usual week.
    is_instant: bool,
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    super::finish(circle(&args))
}

fn circle(args: &Args) -> Result<ExitCode, Problem> {
    if let Some(dir) = &args.example {
        return example(args, dir);
    }
    let estimate = estimate(args)?;
    let [points, homes] = [("--points", &args.points), ("--homes", &args.homes)].map(|(name, path)| {
        let missing = || Problem::new(format!("{name} is missing")).with_deed("try it with --example DIR first");
        path.as_ref().map(PathBuf::from).ok_or_else(missing)
    });
    let (points, homes) = (points?, homes?);
    // Homes name points, so they are read when the points are known.
    let (points, points_said) = match read::points(&points)?.good() {
        Ok(good) => good,
        Err(problems) => return Ok(refused(&problems)),
    };
    let (homes, homes_said) = match read::homes(&homes, &points)?.good() {
        Ok(good) => good,
        Err(problems) => return Ok(refused(&problems)),
    };
    super::warn(&points_said);
    super::warn(&homes_said);
    let shifts = shifts(args, &points)?;
    let plan = plan(args, points, homes, shifts, estimate);
    if let Some(path) = &args.svg {
        std::fs::write(path, drawing::drawing(&plan)).map_err(|error| Problem::of_config(path, &error))?;
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let printed = match (args.format, args.rows) {
        (Format::Table, _) => table::table(&mut out, &plan),
        (Format::Csv, Rows::Homes) => data::homes_csv(&mut out, &plan),
        (Format::Csv, Rows::Points) => data::points_csv(&mut out, &plan),
        (Format::Geojson, _) => data::geojson(&mut out, &plan),
        (Format::Json, _) => data::json(&mut out, &plan),
    };
    super::printed(printed.and_then(|()| out.flush()))
}

fn refused(problems: &[Problem]) -> ExitCode {
    super::warn(problems);
    ExitCode::FAILURE
}

fn shifts(args: &Args, points: &[Point]) -> Result<Vec<Shift>, Problem> {
    let Some(said) = &args.at else {
        let cuts = cuts(points);
        if cuts > CUTS_MAX {
            let what = format!("the duty hours of all points cut the week into {cuts} parts");
            return Err(Problem::of("on_duty", what)
                .with_deed("write them to the quarter hour, or ask for one instant with --at"));
        }
        return Ok(week(points));
    };
    let zone = Zone::utc();
    // Duty hours are read off the clock on the wall, wherever it hangs.
    let written = said.trim().replace(' ', "T");
    let written = if written.len() == "2027-02-06T22:30".len() { format!("{written}:00") } else { written };
    let wrong = || Problem::of("--at", format!("{said:?} is no time")).with_deed("write it as 2027-02-06T22:30");
    Ok(at(points, &zone, instant(&written, &zone).ok_or_else(wrong)?, said))
}

fn plan(args: &Args, points: Vec<Point>, homes: Vec<Home>, shifts: Vec<Shift>, estimate: Estimate) -> Plan {
    let bands = Bands::of(args.within);
    let survey = survey(&Index::new(&points, &shifts, estimate), &shifts, &homes, bands);
    let is_instant = args.at.is_some();
    let week_minutes = if is_instant { 1 } else { MINUTES_OF_WEEK };
    let count = |way: Way| points.iter().filter(|point| point.by == way).count();
    // The first of those that are as many.
    let usual = Way::ALL.into_iter().rev().max_by_key(|way| count(*way)).unwrap_or(Way::EBike);
    let more_by = args.more_by.unwrap_or(usual);
    let more = more(&homes, &survey.homes, week_minutes, &estimate, more_by, args.within, args.more.into());
    Plan { points, homes, shifts, survey, bands, estimate, more, more_by, is_instant }
}

/// All homes, in parts, as many at a time as the machine has hands.
fn survey(index: &Index<'_>, shifts: &[Shift], homes: &[Home], bands: Bands) -> Survey {
    let hands = std::thread::available_parallelism().map_or(1, usize::from).min(HANDS_MAX);
    let mut whole = Survey::default();
    // Where there is no home there are still shifts.
    whole.append(Survey::of(index, shifts, &[], bands));
    let mut progress = Progress::new("counting", homes.len() as u64);
    for round in homes.chunks(PART * hands) {
        let parts: Vec<&[Home]> = round.chunks(PART).collect();
        let counted = std::thread::scope(|scope| {
            let running: Vec<_> =
                parts.into_iter().map(|part| scope.spawn(move || Survey::of(index, shifts, part, bands))).collect();
            running.into_iter().map(|part| part.join()).collect::<Vec<_>>()
        });
        for part in counted {
            // A broken invariant in a hand is one in the whole.
            whole.append(part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        progress.passed(whole.homes.len() as u64);
    }
    whole
}

/// Homes in a part: enough to outweigh a thread, few enough to show progress.
const PART: usize = 10_000;
const HANDS_MAX: usize = 16;
/// A spatial index is kept for each part of the week; a week has 672 quarter hours.
const CUTS_MAX: usize = 700;

fn example(args: &Args, dir: &Path) -> Result<ExitCode, Problem> {
    let number = |name: &str, text: &Option<String>, usual: u32| match text {
        None => Ok(usual),
        Some(text) => text.parse().ok().filter(|number| (1..=EXAMPLE_MAX).contains(number)).ok_or_else(|| {
            Problem::of(name, format!("{text:?} is no number from 1 to {EXAMPLE_MAX}"))
                .with_deed("with --example it says how many")
        }),
    };
    let (points, homes) = (number("--points", &args.points, 191)?, number("--homes", &args.homes, 1800)?);
    let city = city::City::new(args.seed, points, homes);
    std::fs::create_dir_all(dir).map_err(|error| Problem::of_config(dir, &error))?;
    let mut said = Vec::new();
    for (name, text) in [("points.csv", &city.points), ("homes.csv", &city.homes)] {
        let path = dir.join(name);
        std::fs::write(&path, text).map_err(|error| Problem::of_config(&path, &error))?;
        said.push(path.display().to_string());
    }
    let (points, homes) = (&said[0], &said[1]);
    let mut out = std::io::stdout().lock();
    super::printed(writeln!(
        out,
        "made up from seed {}; now: carecircle circle --points {points} --homes {homes}",
        args.seed
    ))
}

const EXAMPLE_MAX: u32 = 5_000_000;

fn estimate(args: &Args) -> Result<Estimate, Problem> {
    if !(1.0..=10.0).contains(&args.detour) {
        let what = format!("{} is out of range: from 1, the straight line, to 10", args.detour);
        return Err(Problem::of("--detour", what));
    }
    let mut estimate = Estimate { detour: args.detour, start: args.start, ..Estimate::default() };
    for (way, speed) in &args.speed {
        *match way {
            Way::Foot => &mut estimate.speeds.foot,
            Way::EBike => &mut estimate.speeds.e_bike,
            Way::Car => &mut estimate.speeds.car,
        } = *speed;
    }
    estimate.speeds.mistake().map_or(Ok(estimate), |what| Err(Problem::of("--speed", what)))
}

fn within(text: &str) -> Result<Span, String> {
    let span = parse_span(text)?;
    if span > Span::hours(12) { Err("at most 12h".to_owned()) } else { Ok(span) }
}

fn way(text: &str) -> Result<Way, String> {
    Way::named(text).ok_or_else(|| question(text, Way::ALL.map(Way::as_str)).unwrap_or_default())
}

fn speed(text: &str) -> Result<(Way, f64), String> {
    let (name, speed) = text.split_once('=').ok_or("write it as e_bike=15")?;
    let speed = speed.trim().parse().map_err(|_| format!("{speed:?} is no number"))?;
    Ok((way(name.trim())?, speed))
}
