//! A simulated year as a table to read, and as JSON.

use crate::model::time::{Span, Timestamp, Zone};
use crate::sim::year::Plan;
use crate::sim::year::characters;
use crate::sim::year::life::Room;
use crate::sim::year::outcome::{Delays, End, Fall, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Result, Write};

/// Who the residents are.
pub(super) fn residents(out: &mut impl Write) -> Result<()> {
    for character in characters::ALL {
        writeln!(out, "{:<13} {}", character.name, character.says)?;
    }
    Ok(())
}

/// The table.
pub(super) fn text(out: &mut impl Write, plan: &Plan, outcomes: &[Outcome]) -> Result<()> {
    let failures = if plan.failures { "sensors, links and power fail" } else { "nothing fails" };
    writeln!(
        out,
        "seed {}: {} days from {}, {}, about {} falls a year, {failures}\n",
        plan.seed,
        plan.days,
        plan.zone.date(plan.from),
        plan.zone.name(),
        plan.falls_per_year,
    )?;
    writeln!(
        out,
        "{:<13} {:>5} {:>5} {:>7}  {:>8} {:>8} {:>8}  {:>9}  alerts that nobody needed",
        "resident", "falls", "found", "visitor", "median", "p90", "longest", "in 30 d"
    )?;
    for outcome in outcomes {
        row(out, outcome)?;
    }
    let all = Outcome::together(outcomes);
    if outcomes.len() > 1 {
        row(out, &all)?;
    }
    delays(out, &all.falls)?;
    writeln!(out, "\nfound by            {}", counts(&found_by(&all.falls)))?;
    writeln!(out, "other alerts        {}", counts(&all.others))?;
    writeln!(
        out,
        "sensors that broke  {}, told {}; alerts about the person because of it {}",
        all.defects.0, all.defects.1, all.misled_by_defect
    )?;
    writeln!(
        out,
        "not watched         {} times, {} in all; {} readings",
        all.blind.0,
        hours(all.blind.1),
        all.readings
    )?;
    breaks(out, plan, outcomes)
}

fn row(out: &mut impl Write, outcome: &Outcome) -> Result<()> {
    let (falls, found, visitor) = outcome.found();
    let unpressed = outcome.falls.iter().filter(|fall| !fall.pressed);
    let delays = Delays::of(unpressed).map(|delays| [delays.median, delays.p90, delays.max].map(hours));
    let [median, p90, max] = delays.unwrap_or_else(|| ["-", "-", "-"].map(str::to_owned));
    let (rate, by_rule) = (outcome.false_per_30_days(), counts(&outcome.false_by_rule()));
    writeln!(
        out,
        "{:<13} {falls:>5} {found:>5} {visitor:>7}  {median:>8} {p90:>8} {max:>8}  {rate:>9.2}  {by_rule}",
        outcome.resident,
    )
}

fn delays(out: &mut impl Write, falls: &[Fall]) -> Result<()> {
    if Delays::of(falls.iter()).is_none() {
        return Ok(());
    }
    writeln!(out, "\nfrom the fall to the alert, where the pendant was not pressed")?;
    for (name, falls) in groups(falls) {
        if let Some(delays) = Delays::of(falls.into_iter()) {
            let (median, p90, max) = (hours(delays.median), hours(delays.p90), hours(delays.max));
            writeln!(out, "  {name:<11} {:>5}  {median:>24} {p90:>8} {max:>8}", delays.count)?;
        }
    }
    Ok(())
}

fn breaks(out: &mut impl Write, plan: &Plan, outcomes: &[Outcome]) -> Result<()> {
    let mut none = true;
    for outcome in outcomes {
        for broken in &outcome.breaks {
            none = false;
            let (who, at) = (outcome.resident, plan.zone.wall_clock(broken.at));
            writeln!(out, "MUST NOT HAPPEN     seed {}, {who}, {at}: {}", plan.seed, broken.what)?;
        }
    }
    if none { writeln!(out, "must not happen     0") } else { Ok(()) }
}

/// Falls without a press, by what makes them hard to notice.
fn groups(falls: &[Fall]) -> Vec<(&'static str, Vec<&Fall>)> {
    let of = |is: &dyn Fn(&Fall) -> bool| falls.iter().filter(|fall| !fall.pressed && is(fall)).collect::<Vec<_>>();
    let mut groups = vec![("by day", of(&|fall| !fall.by_night)), ("by night", of(&|fall| fall.by_night))];
    groups.extend(Room::ALL.map(|room| (room.as_str(), of(&|fall| fall.room == room))));
    groups
}

fn found_by(falls: &[Fall]) -> BTreeMap<&'static str, u64> {
    let mut by_rule = BTreeMap::new();
    for fall in falls {
        let what = match fall.end {
            Some(End::Alert { rule, .. }) => rule,
            Some(End::Visitor { .. }) => "visitor",
            Some(End::Nobody) => "nobody",
            None => "still lying there",
        };
        *by_rule.entry(what).or_default() += 1;
    }
    by_rule
}

fn counts(by_rule: &BTreeMap<&'static str, u64>) -> String {
    let each: Vec<String> = by_rule.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
    if each.is_empty() { "none".to_owned() } else { each.join(", ") }
}

/// `3 h 05`, `12 min`.
fn hours(span: Span) -> String {
    let minutes = span.num_minutes();
    if minutes < 60 { format!("{minutes} min") } else { format!("{} h {:02}", minutes / 60, minutes % 60) }
}

/// The same and every fall.
pub(super) fn json(out: &mut impl Write, plan: &Plan, outcomes: &[Outcome]) -> Result<()> {
    let residents: Vec<Value> = outcomes.iter().map(|outcome| one(outcome, &plan.zone, true)).collect();
    let whole = json!({
        "seed": plan.seed, "days": plan.days, "from": plan.zone.wall_clock(plan.from), "zone": plan.zone.name(),
        "falls_per_year": plan.falls_per_year, "failures": plan.failures,
        "residents": residents, "together": one(&Outcome::together(outcomes), &plan.zone, false),
    });
    writeln!(out, "{whole}")
}

fn one(outcome: &Outcome, zone: &Zone, each: bool) -> Value {
    let (falls, found, visitor) = outcome.found();
    let delays: BTreeMap<String, Value> = [("all", outcome.falls.iter().filter(|fall| !fall.pressed).collect())]
        .into_iter()
        .chain(groups(&outcome.falls))
        .filter_map(|(name, falls)| {
            Delays::of(falls.into_iter()).map(|delays| (name.replace(' ', "_"), seconds(delays)))
        })
        .collect();
    let mut value = json!({
        "resident": outcome.resident, "days": outcome.days, "readings": outcome.readings,
        "falls": falls, "found": found, "found_by_visitor": visitor, "found_by": found_by(&outcome.falls),
        "delays_unpressed": delays,
        "false_alerts": outcome.false_alerts.len(), "false_alerts_per_30_days": outcome.false_per_30_days(),
        "false_alerts_by_rule": outcome.false_by_rule(), "misled_by_defect": outcome.misled_by_defect,
        "other_alerts": outcome.others, "sensors_broken": outcome.defects.0, "sensors_told": outcome.defects.1,
        "not_watched": outcome.blind.0, "not_watched_seconds": outcome.blind.1.num_seconds(),
        "breaks": outcome.breaks.iter().map(|b| json!({ "t": zone.wall_clock(b.at), "what": b.what })).collect::<Vec<_>>(),
    });
    if each {
        value["each_fall"] = outcome.falls.iter().map(|fall| fell(fall, zone)).collect();
        let alert = |(at, rule): &(Timestamp, &str)| json!({ "t": zone.wall_clock(*at), "rule": rule });
        value["each_false_alert"] = outcome.false_alerts.iter().map(alert).collect();
    }
    value
}

fn seconds(delays: Delays) -> Value {
    json!({
        "count": delays.count, "median_seconds": delays.median.num_seconds(),
        "p90_seconds": delays.p90.num_seconds(), "max_seconds": delays.max.num_seconds(),
    })
}

fn fell(fall: &Fall, zone: &Zone) -> Value {
    let (at, rule) = match &fall.end {
        Some(End::Alert { at, rule }) => (Some(*at), *rule),
        Some(End::Visitor { at }) => (Some(*at), "visitor"),
        Some(End::Nobody) => (None, "nobody"),
        None => (None, "still lying there"),
    };
    json!({
        "t": zone.wall_clock(fall.at), "room": fall.room.as_str(), "by_night": fall.by_night, "pressed": fall.pressed,
        "blind": fall.blind, "noticed": at.map(|at| zone.wall_clock(at)), "by": rule,
    })
}
