//! The report for a terminal of 80 columns.

use super::{Report, SensorRow};
use crate::cmd::listen::{TERMINAL_COLUMNS, cell, cut, folded, row};
use crate::model::time::Span;
use crate::picture::{self, BLOCKS_PER_DAY, Blocks, DayFigures};
use crate::text;

/// Every line of it.
pub fn lines(report: &Report, blocks: Blocks) -> Vec<String> {
    let mut lines = head(report);
    lines.extend(activity(report, blocks));
    lines.extend(rooms(report));
    lines.extend(limits(report));
    lines.extend(alerts(report, "person_alerts", true));
    lines.extend(asked(report));
    lines.extend(outages(report));
    lines.extend(suspensions(report));
    lines.extend(sensors(report));
    lines.extend(alerts(report, "equipment_alerts", false));
    if blocks == Blocks::Ascii {
        lines.iter_mut().for_each(|line| *line = ascii(line));
    }
    lines
}

/// A letter that the terminal does not know takes its place as a question mark.
fn ascii(line: &str) -> String {
    let plain = |c: char| match c {
        '–' => '-',
        '≥' => '>',
        '·' => '.',
        c if c.is_ascii() => c,
        _ => '?',
    };
    line.chars().map(plain).collect()
}

fn head(report: &Report) -> Vec<String> {
    let material = &report.material;
    let records = report.known_from.map_or(report.word("no_records").to_owned(), |at| report.when(at));
    let place = text::shown(&report.place, 40);
    let period = (material.zone.date(material.from), material.zone.date(material.until));
    let watched = format!("{} % {}", material.watched_percent(), report.word("of_the_period"));
    [
        format!("{}: {} {} {place}", report.word("title"), report.word("home"), report.home),
        format!("{}: {} – {} ({})", report.word("period"), period.0, period.1, material.zone.name()),
        format!("{}: {records}; {}: {watched}", report.word("records_from"), report.word("watched")),
    ]
    .iter()
    .flat_map(|line| folded(line, 2))
    .collect()
}

fn title(report: &Report, name: &'static str) -> Vec<String> {
    vec![String::new(), report.word(name).to_uppercase()]
}

fn activity(report: &Report, blocks: Blocks) -> Vec<String> {
    let mut lines = title(report, "activity");
    let hours: String = (0..24).step_by(2).map(|hour| format!("{hour:02}  ")).collect();
    lines.push(format!("{:LABEL$}{hours:BLOCKS_PER_DAY$} {}", "", report.word("longest_silence")));
    let figures = picture::by_day(&report.material, &report.days);
    for (day, figures) in report.days.iter().zip(&figures) {
        let weekday = text::weekdays(report.language)[usize::from(day.weekday) % 7];
        let label = cell(&format!("{weekday} {:02}-{:02}", day.date.1, day.date.2), LABEL);
        let row = blocks.row(day, &report.material);
        lines.push(cut_end(format!("{label}{row} {}", beside(report, figures))));
    }
    let steps: String = blocks.steps().iter().collect();
    let legend = format!(
        "{} {}; {steps} {}; {} {}; ! {}",
        blocks.quiet(),
        report.word("quiet"),
        report.word("lively"),
        blocks.unknown(),
        report.word("unknown"),
        report.word("alerts"),
    );
    lines.extend(folded(&legend, 2));
    lines
}

/// What stands to the right of a day.
fn beside(report: &Report, figures: &DayFigures) -> String {
    let Some(silence) = figures.longest else { return String::new() };
    let least = if silence.is_whole { "" } else { "≥ " };
    let begun = report.material.zone.hour_minute(silence.from);
    format!("{begun} {least}{}", report.length(silence.length))
}

/// Columns of a day's name.
const LABEL: usize = 11;

fn rooms(report: &Report) -> Vec<String> {
    let widths = [14, 12, 12, 12, 12, 12];
    let mut lines = title(report, "rooms");
    lines.extend(folded(report.word("rooms_lead"), 2));
    let heads = ["room", "night", "morning", "afternoon", "evening", "total"].map(|name| report.word(name));
    lines.push(row(heads, widths));
    let length = |minutes: u32| {
        if minutes == 0 { "–".to_owned() } else { report.length(Span::minutes(i64::from(minutes))) }
    };
    for (place, figures) in report.material.places.iter().zip(picture::by_room(&report.days)) {
        let [night, morning, afternoon, evening] = figures.minutes.map(length);
        lines.push(row([place, &night, &morning, &afternoon, &evening, &length(figures.total())], widths));
    }
    lines
}

fn limits(report: &Report) -> Vec<String> {
    let widths = [12, 10, 14, 16, 24];
    let mut lines = title(report, "limits");
    if report.material.limits.is_empty() {
        lines.push(report.word("no_limit").to_owned());
    }
    lines.push(row(["hour", "silences", "median", "longest", "limit"].map(|name| report.word(name)), widths));
    for (hour, figures) in picture::by_hour(&report.material).into_iter().enumerate() {
        let length = |span: Option<Span>| span.map_or("–".to_owned(), |span| report.length(span));
        let limit = figures.limit.map_or("–".to_owned(), |(least, most)| {
            let least_words = report.length(least);
            if least == most { least_words } else { format!("{least_words} – {}", report.length(most)) }
        });
        let (hour, count) = (format!("{hour:02}:00"), figures.silences.to_string());
        lines.push(row([&hour, &count, &length(figures.median), &length(figures.longest), &limit], widths));
    }
    lines
}

fn alerts(report: &Report, name: &'static str, about_person: bool) -> Vec<String> {
    let mut lines = title(report, name);
    for raised in report.alerts(about_person) {
        let test = if raised.test { format!("{} ", report.word("test")) } else { String::new() };
        let reason = text::reason(report.language, &raised.reason, &report.material.zone);
        lines.extend(folded(&format!("{}  {test}{reason} → {}", report.when(raised.at), report.end(raised)), 4));
    }
    or_none(report, lines)
}

/// Only where there were any.
fn asked(report: &Report) -> Vec<String> {
    let Some(times) = report.times_asked() else { return Vec::new() };
    let mut lines = title(report, "asked_at_home");
    lines.push(times);
    for asked in &report.asked {
        let why = text::reason(report.language, &asked.reason, &report.material.zone);
        lines.extend(folded(&format!("{}  {why} → {}", report.when(asked.at), report.answer(asked)), 4));
    }
    lines
}

fn outages(report: &Report) -> Vec<String> {
    let mut lines = title(report, "outages");
    for outage in &report.outages {
        let (from, to) = (outage.stretch.from, outage.stretch.to);
        let end = if outage.is_open { report.word("now").to_owned() } else { report.when(to) };
        let line =
            format!("{} – {end}  {}: {}", report.when(from), report.length(to - from), report.cause(&outage.cause));
        lines.extend(folded(&line, 4));
    }
    or_none(report, lines)
}

/// Only where there are any.
fn suspensions(report: &Report) -> Vec<String> {
    if report.suspended.is_empty() {
        return Vec::new();
    }
    let mut lines = title(report, "suspensions");
    for (stretch, kind) in &report.suspended {
        let kind = text::absence(report.language, *kind);
        lines.push(format!("{} – {}  {kind}", report.when(stretch.from), report.when(stretch.to)));
    }
    lines
}

fn sensors(report: &Report) -> Vec<String> {
    let widths = [16, 12, 20, 14, 14];
    let mut lines = title(report, "sensors");
    lines.push(row(["sensor", "room", "state", "last_heard", "battery"].map(|name| report.word(name)), widths));
    for sensor in &report.sensors {
        let room = sensor.room.as_ref().map_or("–".to_owned(), |room| text::room(report.language, room));
        let heard = sensor.heard_at.map_or(report.word("never").to_owned(), |at| report.when(at));
        let state = text::condition(report.language, sensor.condition);
        lines.push(row([sensor.id.as_str(), &room, state, &heard, &battery(report, sensor)], widths));
    }
    or_none(report, lines)
}

fn battery(report: &Report, sensor: &SensorRow) -> String {
    match &sensor.battery {
        Some((said, true)) => format!("{said} {}", report.word("low")),
        Some((said, false)) => said.clone(),
        None => "–".to_owned(),
    }
}

/// A list without a line says that it has none.
fn or_none(report: &Report, mut lines: Vec<String>) -> Vec<String> {
    if lines.len() == 2 {
        lines.push(report.word("none").to_owned());
    }
    lines
}

fn cut_end(line: String) -> String {
    cut(&line, TERMINAL_COLUMNS).trim_end().to_owned()
}
