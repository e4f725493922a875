//! A report as a file: the same bytes for the page and for `carecircle report`.

use crate::desk::{Case, Counts, Desk, Figure, Range, Report, Sources, Value};
use crate::model::ids::PointId;
use crate::model::lifecycle::Outcome;
use crate::model::time::{Day, Span, Timestamp, Zone};
use crate::store::office::ShiftKind;
use crate::store::{Error, Office};
use crate::web::reports::csv::{instant, table};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// Who makes a report.
#[derive(Debug, Clone, Copy)]
pub struct Maker<'a> {
    /// Of which point.
    pub point: &'a PointId,
    /// The clock on its wall.
    pub zone: &'a Zone,
    /// Which program.
    pub build: &'a str,
}

/// The report of a time, from what the desk and the office know.
pub fn of(desk: &Desk, office: &Office, zone: &Zone, range: Range, now: Timestamp) -> Result<Report, Error> {
    let cases = cases(office, desk.open_cases(), range.from - EQUIPMENT_BEFORE, range.to)?;
    Ok(count(desk, zone, range, now, &cases, sound_tests(office, range)))
}

pub(in crate::web) fn count(
    desk: &Desk,
    zone: &Zone,
    range: Range,
    now: Timestamp,
    cases: &[Case],
    sound_tests: Option<usize>,
) -> Report {
    let (times, days) = (desk.home_times(range, now), desk.daily_counts().copied().collect::<Vec<_>>());
    let (homes, duty) = (desk.homes().len(), desk.duty());
    Report::of(range, now, zone, &Sources { cases, homes, times: &times, days: &days, duty, sound_tests })
}

/// Every alert that began from `from` until just before `to`, and all that are in the queue.
pub(in crate::web) fn cases(
    office: &Office,
    in_queue: Vec<Case>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Case>, Error> {
    let known: BTreeSet<_> = in_queue.iter().map(|case| case.key.clone()).collect();
    let filed = office.filed_between(from, to)?;
    let cases = filed.iter().filter_map(|body| serde_json::from_slice::<Case>(body.as_bytes()).ok());
    // Between keeping a case and letting go of its row both are there.
    let mut cases: Vec<Case> = cases.filter(|case| !known.contains(&case.key)).collect();
    cases.extend(in_queue);
    cases.sort_by_key(|case| (case.raised_at, case.key.clone()));
    Ok(cases)
}

/// How often somebody said that the sound of a desk was heard; nothing where the shift book cannot be read.
pub(in crate::web) fn sound_tests(office: &Office, range: Range) -> Option<usize> {
    let counted = office.shift_lines_between(ShiftKind::Sound, range.from, range.to);
    counted.inspect_err(|why| tracing::error!(%why, "the shift book was not read")).ok()
}

fn unit(id: &str) -> &'static str {
    if id.starts_with("contacts_") {
        "homes"
    } else if id == "sound_tests" {
        "tests"
    } else {
        "alerts"
    }
}

/// The figures for programs.
pub fn json(maker: &Maker<'_>, report: &Report, now: Timestamp) -> Json {
    let zone = maker.zone;
    let figure = |figure: &Figure| {
        let (value, among, unit) = match figure.value {
            Value::Count(count) => (json!(count), Json::Null, unit(figure.id)),
            Value::Share(count, among) => (json!(count), json!(among), unit(figure.id)),
            Value::Length(span) => (json!(span.num_milliseconds() as f64 / 1000.0), Json::Null, "s"),
            Value::HomeHours(hours) => (json!(hours), Json::Null, "home-hours"),
            Value::PerThirtyDays(count) => (json!(count), Json::Null, "per 30 home-days"),
            Value::Unknown => (Json::Null, Json::Null, "unknown"),
        };
        json!({ "id": figure.id, "rule": figure.rule, "value": value, "among": among, "unit": unit })
    };
    let times = report.times.iter().filter_map(|(name, times)| {
        let times = (*times)?;
        let secs = |span: Span| span.num_milliseconds() as f64 / 1000.0;
        Some(json!({
            "of": name, "count": times.count, "median_secs": secs(times.median), "p90_secs": secs(times.p90),
            "p99_secs": secs(times.p99), "worst_secs": secs(times.worst),
        }))
    });
    let outcomes = report.outcomes.iter().flat_map(|(rule, outcomes)| {
        outcomes.iter().map(
            move |(outcome, count)| json!({ "rule": rule, "outcome": outcome.map(Outcome::as_str), "count": count }),
        )
    });
    let day = |(day, counts): &(Day, Counts)| {
        json!({
            "day": day, "homes": counts.homes, "own_sign": counts.own_sign(), "phoned": counts.phoned,
            "visited": counts.visited, "suspended": counts.suspended, "unresolved": counts.unresolved(),
        })
    };
    json!({
        "point": maker.point, "from": instant(zone, report.range.from), "to": instant(zone, report.range.to),
        "made": instant(zone, now), "version": maker.build,
        "figures": report.figures.iter().map(figure).collect::<Json>(),
        "times": times.collect::<Json>(), "outcomes": outcomes.collect::<Json>(),
        "days": report.days.iter().map(day).collect::<Json>(),
    })
}

/// One line for each figure; lengths in seconds, times of homes in hours.
pub fn csv(report: &Report) -> String {
    let head = ["figure", "rule", "value", "among", "unit"].map(str::to_owned).to_vec();
    let line = |id: &str, rule: &str, (value, among, unit): (String, String, &str)| {
        vec![id.to_owned(), rule.to_owned(), value, among, unit.to_owned()]
    };
    let figures = report.figures.iter().map(|f| line(f.id, f.rule.unwrap_or_default(), plain(f.value)));
    let mut rows: Vec<Vec<String>> = std::iter::once(head).chain(figures).collect();
    for (name, times) in &report.times {
        let Some(times) = times else { continue };
        let all = [("median", times.median), ("p90", times.p90), ("p99", times.p99), ("worst", times.worst)];
        rows.extend(all.map(|(rank, span)| {
            let value = format!("{:.1}", span.num_milliseconds() as f64 / 1000.0);
            line(&format!("{name}_{rank}"), "", (value, times.count.to_string(), "s"))
        }));
    }
    for (rule, outcomes) in &report.outcomes {
        rows.extend(outcomes.iter().map(|(outcome, count)| {
            let outcome = outcome.map_or("none", |outcome| outcome.as_str());
            line(&format!("outcome_{outcome}"), rule, (count.to_string(), String::new(), ""))
        }));
    }
    table(rows)
}

fn plain(value: Value) -> (String, String, &'static str) {
    let none = String::new;
    match value {
        Value::Count(count) => (count.to_string(), none(), ""),
        Value::Share(count, among) => (count.to_string(), among.to_string(), ""),
        Value::Length(span) => (format!("{:.1}", span.num_milliseconds() as f64 / 1000.0), none(), "s"),
        Value::HomeHours(hours) => (format!("{hours:.2}"), none(), "h"),
        Value::PerThirtyDays(count) => (format!("{count:.3}"), none(), "per 30 home-days"),
        Value::Unknown => (none(), none(), "not known"),
    }
}

/// Homes without contact and faults may have begun before the range.
pub(in crate::web) const EQUIPMENT_BEFORE: Span = Span::days(92);
