//! The plan on a terminal: short, for people.

use super::Plan;
use crate::cmd::listen::{cell, cut, folded, width};
use crate::model::time::{Span, write_span};
use crate::reach::{BANDS, Shift, Way};
use crate::text::counted;
use std::io::{Result, Write};

/// Rows of a list; the whole of it is what the other formats are for.
const ROWS: usize = 10;
/// Parts of the week that are shown.
const SHIFTS: usize = 12;
/// The column of words.
const WORDS: usize = 35;

/// The whole.
pub(super) fn table(out: &mut impl Write, plan: &Plan) -> Result<()> {
    let (points, homes) = (counted(plan.points.len(), "service point"), counted(plan.homes.len(), "home"));
    let speeds: Vec<String> =
        Way::ALL.map(|way| format!("{} {}", way.as_str(), plan.estimate.speeds.of(way))).into_iter().collect();
    let said = format!(
        "{points}, {homes}. Times are estimated: straight line x {} at {} km/h, {} to start; measured ones win.",
        plan.estimate.detour,
        speeds.join(", "),
        write_span(plan.estimate.start)
    );
    lines(out, &said, 0)?;
    reached(out, plan)?;
    open(out, plan)?;
    load(out, plan)?;
    proposals(out, plan)
}

fn reached(out: &mut impl Write, plan: &Plan) -> Result<()> {
    let ends: Vec<String> = (0..BANDS).map(|nth| format!("{:>8}", write_span(plan.bands.end(nth)))).collect();
    writeln!(out, "\n{} {} {:>8} {:>8}", cell("homes reached within", WORDS), ends.join(" "), "nobody", "on duty")?;
    for (shift, counted) in plan.shifts.iter().zip(&plan.survey.shifts).take(SHIFTS) {
        let mut sum = 0;
        let in_time: Vec<String> = counted.homes[..BANDS]
            .iter()
            .map(|homes| {
                sum += homes;
                format!("{sum:>8}")
            })
            .collect();
        let label = label(out, shift)?;
        let (nobody, there) = (counted.homes[BANDS], shift.points.len());
        writeln!(out, "{label:<WORDS$} {} {nobody:>8} {there:>8}", in_time.join(" "))?;
    }
    let further = plan.shifts.len().saturating_sub(SHIFTS);
    if further > 0 {
        writeln!(out, "and {further} more parts of the week: --format json has all")?;
    }
    Ok(())
}

/// The hours of a shift for the column of words; where they are long, all but their last line is written above.
fn label(out: &mut impl Write, shift: &Shift) -> Result<String> {
    let mut line = String::new();
    for part in shift.hours.split_inclusive(", ") {
        if width(&line) + width(part.trim_end()) > WORDS && !line.is_empty() {
            writeln!(out, "{}", line.trim_end())?;
            line = "  ".to_owned();
        }
        line.push_str(part);
    }
    Ok(line)
}

fn open(out: &mut impl Write, plan: &Plan) -> Result<()> {
    let within = write_span(plan.bands.within());
    let minutes: u32 = plan.shifts.iter().map(|shift| shift.minutes).sum();
    let seen = &plan.survey.homes;
    let always = seen.iter().filter(|seen| seen.minutes == minutes).count();
    let never: Vec<usize> = (0..seen.len()).filter(|nth| seen[*nth].minutes == 0).collect();
    let (sometimes, unreached) = (seen.len() - always - never.len(), never.len());
    if plan.is_instant {
        writeln!(out, "\nreached by nobody within {within}: {unreached}")?;
    } else {
        writeln!(
            out,
            "\nwithin {within} at every hour: {always}; at some hours only: {sometimes}; at none: {unreached}"
        )?;
    }
    for nth in never.iter().take(ROWS) {
        let (home, seen) = (&plan.homes[*nth], &plan.survey.homes[*nth]);
        let who = match seen.best {
            Some(best) => {
                let point = &plan.points[best.point as usize];
                format!("{:>4} min from {} {}", minutes_up(best.time), point.id, point.name)
            }
            None => "nobody is on duty".to_owned(),
        };
        writeln!(out, "  {} {} {}", cell(&home.id, 12), cell(&home.place, 22), cut(&who, 42))?;
    }
    if never.len() > ROWS {
        writeln!(out, "  and {} more: --format csv has all", never.len() - ROWS)?;
    }
    Ok(())
}

fn load(out: &mut impl Write, plan: &Plan) -> Result<()> {
    let points =
        (0..plan.points.len()).filter_map(|point| busiest(plan, point).map(|(homes, shift)| (homes, point, shift)));
    let mut busiest: Vec<(u32, usize, &Shift)> = points.filter(|(homes, _, _)| *homes > 0).collect();
    busiest.sort_by_key(|(homes, point, _)| (std::cmp::Reverse(*homes), *point));
    if busiest.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{} {:>6} {:>8}  when", cell("nearest on duty of most homes", WORDS), "homes", "at once")?;
    for (homes, point, shift) in busiest.iter().take(ROWS) {
        let point = &plan.points[*point];
        let capacity = point.capacity.map_or_else(|| "?".to_owned(), |capacity| capacity.to_string());
        let name = format!("{} {}", point.id, point.name);
        writeln!(out, "{} {homes:>6} {capacity:>8}  {}", cell(&name, WORDS), cut(&shift.hours, 26))?;
    }
    if busiest.len() > ROWS {
        writeln!(out, "and {} more, by hour: --format csv --rows points", busiest.len() - ROWS)?;
    }
    Ok(())
}

/// The shift in which a point is the nearest of most homes; of those that are alike the first, which is the longest.
fn busiest(plan: &Plan, point: usize) -> Option<(u32, &Shift)> {
    let by_shift = plan.survey.shifts.iter().zip(&plan.shifts).map(|(counted, shift)| (counted.load[point], shift));
    // Backwards, for of equals the last is taken.
    by_shift.rev().max_by_key(|(homes, _)| *homes)
}

fn proposals(out: &mut impl Write, plan: &Plan) -> Result<()> {
    for (nth, place) in plan.more.iter().enumerate() {
        let home = &plan.homes[place.beside];
        let what = if nth == 0 { "one more point, always on duty" } else { "then one" };
        let hours = match plan.is_instant {
            true => String::new(),
            false => format!(
                ", {} hours of the week for each on average",
                place.minutes / 60 / u64::from(place.homes.max(1))
            ),
        };
        let said = format!(
            "{what}, by {}, helps most at {} (beside home {} {}): {} more in time{hours}; {} of them are reached at no hour now",
            plan.more_by.as_str(),
            place.location,
            home.id,
            home.place,
            counted(place.homes, "home"),
            place.never_before,
        );
        if nth == 0 {
            writeln!(out)?;
        }
        lines(out, &said, 2)?;
    }
    if !plan.more.is_empty() {
        let why =
            "(tried: places of homes that are not always reached, for where one stands there is a street and a house)";
        lines(out, why, 2)?;
    }
    Ok(())
}

fn lines(out: &mut impl Write, text: &str, indent: usize) -> Result<()> {
    folded(text, indent).iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// Whole minutes, rounded up: who needs a second more than fifteen is not there within fifteen.
pub(super) fn minutes_up(time: Span) -> i64 {
    (time.num_seconds() + 59) / 60
}
