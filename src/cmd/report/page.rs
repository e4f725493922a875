//! The report as one HTML file: no script, nothing from the network, drawings inside.

use super::table::{Cell, dense, table};
use super::{Report, SensorRow};
use crate::model::time::{Span, Timestamp};
use crate::picture::{self, Caption, PLACES_MAX, Shape, Stretch, escaped};
use crate::text;

/// The whole page.
pub fn page(report: &Report) -> String {
    let title = format!("{} · {}", report.word("title"), report.home);
    let body: String = [
        summary(report),
        activity(report),
        rooms(report),
        limits(report),
        alerts(report, "person_alerts", true),
        asked(report),
        outages(report),
        suspensions(report),
        sensors(report),
        alerts(report, "equipment_alerts", false),
    ]
    .concat();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{title}</title>\n<style>\n{pictures}{page}</style>\n</head>\n<body>\n\
         <main>\n{body}</main>\n</body>\n</html>\n",
        lang = report.language.tag(),
        title = escaped(&title),
        pictures = picture::CSS,
        page = include_str!("page.css"),
    )
}

fn summary(report: &Report) -> String {
    let material = &report.material;
    let count = |person| report.alerts(person).filter(|raised| !raised.test).count();
    let drills = report.alerts.iter().filter(|raised| raised.test).count();
    let mut person_alerts = count(true).to_string();
    if drills > 0 {
        person_alerts.push_str(&format!(" ({} {drills})", report.word("tests")));
    }
    let alive = report.sensors.iter().filter(|sensor| is_alive(sensor)).count();
    let days = report.days.len();
    let facts = [
        ("home", format!("{} · {}", report.home, text::shown(&report.place, 40))),
        (
            "period",
            format!(
                "{} – {} ({days} {})",
                date(report, material.from),
                date(report, material.until),
                report.word("days")
            ),
        ),
        ("made_at", format!("{} ({} {})", report.when(material.until), report.word("zone"), material.zone.name())),
        ("records_from", report.known_from.map_or(report.word("no_records").to_owned(), |at| report.when(at))),
        ("watched", format!("{} % {}", material.watched_percent(), report.word("of_the_period"))),
        ("person_alerts", person_alerts),
        ("equipment_alerts", count(false).to_string()),
        ("asked_at_home", report.times_asked().unwrap_or_default()),
        ("sensors_alive", format!("{alive} / {}", report.sensors.len())),
    ];
    let list: String = facts
        .iter()
        .filter(|(_, fact)| !fact.is_empty())
        .map(|(name, fact)| format!("<div><dt>{}</dt><dd>{}</dd></div>\n", report.word(name), escaped(fact)))
        .collect();
    let (title, private) = (report.word("title"), report.word("private"));
    format!("<header>\n<h1>{title}</h1>\n<p class=\"private\">{private}</p>\n<dl>\n{list}</dl>\n</header>\n")
}

fn date(report: &Report, at: Timestamp) -> String {
    report.material.zone.date(at)
}

fn activity(report: &Report) -> String {
    let is_striped = report.days.len() <= 31;
    let lead = report.word("activity_lead");
    let many = report.word(if is_striped { "stripes" } else { "many_rooms" });
    let drawing = picture::activity(&report.material, &report.days, &caption(report, "activity", lead));
    let heads =
        ["day", "first", "last", "lively", "longest_begun", "not_watched", "alerts"].map(|name| report.word(name));
    let figures = picture::by_day(&report.material, &report.days);
    let zone = &report.material.zone;
    let rows = report.days.iter().zip(figures).map(|(day, figures)| {
        let clock = |at| zone.hour_minute(at);
        let none = || "–".to_owned();
        let longest = figures.longest.map_or_else(none, |silence| {
            let least = if silence.is_whole { "" } else { "≥ " };
            format!("{least}{} ({})", report.length(silence.length), clock(silence.from))
        });
        let unwatched = if figures.unwatched.is_zero() { none() } else { report.length(figures.unwatched) };
        let weekday = text::weekdays(report.language)[usize::from(day.weekday) % 7];
        vec![
            Cell::from(format!("{} {weekday}", date(report, day.stretch.from))),
            figures.life.map_or_else(none, |(first, _)| clock(first)).into(),
            figures.life.map_or_else(none, |(_, last)| clock(last)).into(),
            minutes(report, 15 * figures.lively_quarters).into(),
            longest.into(),
            unwatched.into(),
            if figures.alarms > 0 { Cell::Loud(figures.alarms.to_string()) } else { none().into() },
        ]
    });
    let key = rooms_key(report, &report.material.places) + &states_key(report);
    section(report, "activity", &[lead, many], &(drawing + &legend(report, &key) + &dense(&heads, rows.collect())))
}

fn rooms(report: &Report) -> String {
    let heads = ["room", "night", "morning", "afternoon", "evening", "total"].map(|name| report.word(name));
    let figures = picture::by_room(&report.days);
    let rows = report.material.places.iter().zip(figures).map(|(place, figures)| {
        let mut row: Vec<Cell> = vec![text::shown(place, 40).into()];
        row.extend(figures.minutes.map(|part| minutes(report, part).into()));
        row.push(minutes(report, figures.total()).into());
        row
    });
    section(report, "rooms", &[report.word("rooms_lead")], &dense(&heads, rows.collect()))
}

/// Nothing seen is no length of time: perhaps nobody watched.
fn minutes(report: &Report, minutes: u32) -> String {
    if minutes == 0 { "–".to_owned() } else { report.length(Span::minutes(i64::from(minutes))) }
}

fn limits(report: &Report) -> String {
    let lead = report.word("limits_lead");
    let drawing = picture::limits(&report.material, &caption(report, "limits", lead));
    let heads = ["hour", "silences", "median", "longest", "limit"].map(|name| report.word(name));
    let none = || "–".to_owned();
    let rows = picture::by_hour(&report.material).into_iter().enumerate().map(|(hour, figures)| {
        let length = |span: Option<_>| span.map_or_else(none, |span| report.length(span));
        let limit = figures.limit.map_or_else(none, |(least, most)| {
            if least == most {
                report.length(least)
            } else {
                format!("{} – {}", report.length(least), report.length(most))
            }
        });
        vec![
            Cell::from(format!("{hour:02}:00")),
            figures.silences.to_string().into(),
            length(figures.median).into(),
            length(figures.longest).into(),
            limit.into(),
        ]
    });
    let lines: String = report
        .material
        .limits
        .iter()
        .enumerate()
        .map(|(nth, limit)| key(&format!("<path class=\"limit l{}\" d=\"M0 8h16\"/>", nth % 4), &limit.name))
        .collect();
    let lines = if lines.is_empty() { format!("<li>{}</li>\n", report.word("no_limit")) } else { lines };
    let at_least = key("<path class=\"at-least\" d=\"M8 12m-3.5 0l3.5-7l3.5 7z\"/>", report.word("at_least"));
    let key = rooms_key(report, &report.material.places) + &lines + &at_least + &alarms_key(report);
    section(report, "limits", &[lead], &(drawing + &legend(report, &key) + &dense(&heads, rows.collect())))
}

fn alerts(report: &Report, name: &'static str, about_person: bool) -> String {
    let heads = ["when", "what", "why", "end"].map(|name| report.word(name));
    let rows: Vec<Vec<Cell>> = report
        .alerts(about_person)
        .map(|raised| {
            let test = if raised.test { format!("{} ", report.word("test")) } else { String::new() };
            let severity = text::severity(report.language, raised.severity);
            let what = format!("{test}{severity}: {}", text::headline(report.language, &raised.reason));
            vec![
                Cell::from(report.when(raised.at)),
                Cell::Loud(what),
                text::reason(report.language, &raised.reason, &report.material.zone).into(),
                report.end(raised).into(),
            ]
        })
        .collect();
    section(report, name, &[], &table_or_none(report, &heads, rows))
}

/// Only where there were any.
fn asked(report: &Report) -> String {
    if report.asked.is_empty() {
        return String::new();
    }
    let heads = ["when", "why", "end"].map(|name| report.word(name));
    let rows = report.asked.iter().map(|asked| {
        let why = text::reason(report.language, &asked.reason, &report.material.zone);
        vec![Cell::from(report.when(asked.at)), why.into(), report.answer(asked).into()]
    });
    section(report, "asked_at_home", &[], &table(&heads, rows.collect()))
}

fn outages(report: &Report) -> String {
    let heads = ["from", "to", "length", "cause"].map(|name| report.word(name));
    let rows = report.outages.iter().map(|outage| {
        let Stretch { from, to } = outage.stretch;
        let end = if outage.is_open { report.word("now").to_owned() } else { report.when(to) };
        vec![
            Cell::from(report.when(from)),
            end.into(),
            report.length(to - from).into(),
            report.cause(&outage.cause).into(),
        ]
    });
    section(report, "outages", &[], &table_or_none(report, &heads, rows.collect()))
}

/// Only where there are any.
fn suspensions(report: &Report) -> String {
    if report.suspended.is_empty() {
        return String::new();
    }
    let heads = ["from", "to", "cause"].map(|name| report.word(name));
    let rows = report.suspended.iter().map(|(stretch, kind)| {
        let kind = text::absence(report.language, *kind);
        vec![Cell::from(report.when(stretch.from)), report.when(stretch.to).into(), kind.into()]
    });
    section(report, "suspensions", &[], &table(&heads, rows.collect()))
}

fn sensors(report: &Report) -> String {
    let heads = ["sensor", "room", "kind", "state", "last_heard", "battery", "silent_spans", "in_period"];
    let heads = heads.map(|name| report.word(name));
    let rows = report.sensors.iter().map(|sensor| sensor_row(report, sensor));
    section(report, "sensors", &[report.word("strip")], &table_or_none(report, &heads, rows.collect()))
}

fn sensor_row(report: &Report, sensor: &SensorRow) -> Vec<Cell> {
    let whole = Stretch { from: report.material.from, to: report.material.until };
    let silent: Vec<Stretch> = sensor.silent.iter().copied().filter(|silent| silent.to > whole.from).collect();
    let spans: Vec<String> = silent.iter().map(|span| report.length(span.to - span.from)).collect();
    let spans = if spans.is_empty() { report.word("none").to_owned() } else { spans.join(", ") };
    let room = sensor.room.as_ref().map_or("–".to_owned(), |room| text::room(report.language, room));
    let state = text::condition(report.language, sensor.condition).to_owned();
    let state = if is_alive(sensor) { Cell::Text(state) } else { Cell::Loud(state) };
    let battery = match &sensor.battery {
        Some((said, true)) => Cell::Loud(format!("{said} {}", report.word("low")).trim().to_owned()),
        Some((said, false)) => Cell::Text(if said.is_empty() { "–".into() } else { said.clone() }),
        None => Cell::Text("–".into()),
    };
    let words = format!("{}: {} {spans}", sensor.id, report.word("silent_spans"));
    vec![
        Cell::from(text::shown(sensor.id.as_str(), 40)),
        room.into(),
        text::sensor_kind(report.language, sensor.kind).into(),
        state,
        sensor.heard_at.map_or(report.word("never").to_owned(), |at| report.when(at)).into(),
        battery,
        spans.into(),
        Cell::Drawn(picture::strip(whole, sensor.heard, &silent, &report.material.unwatched, &words)),
    ]
}

fn is_alive(sensor: &SensorRow) -> bool {
    sensor.condition == crate::model::status::Condition::Alive && sensor.heard_at.is_some()
}

fn caption(report: &Report, name: &'static str, lead: &str) -> Caption {
    let (from, until) = (date(report, report.material.from), date(report, report.material.until));
    Caption {
        title: format!("{}, {from} – {until}", report.word(name)),
        description: lead.to_owned(),
        weekdays: text::weekdays(report.language),
        hours: report.language.pick("时", "h"),
    }
}

fn section(report: &Report, name: &'static str, leads: &[&str], inside: &str) -> String {
    let leads: String = leads.iter().map(|lead| format!("<p>{lead}</p>\n")).collect();
    format!("<section id=\"section-{name}\">\n<h2>{}</h2>\n{leads}{inside}</section>\n", report.word(name))
}

fn table_or_none(report: &Report, heads: &[&str], rows: Vec<Vec<Cell>>) -> String {
    if rows.is_empty() { format!("<p class=\"none\">{}</p>\n", report.word("none")) } else { table(heads, rows) }
}

fn legend(report: &Report, keys: &str) -> String {
    format!("<ul class=\"legend\" aria-label=\"{}\">\n{keys}</ul>\n", report.word("legend"))
}

fn key(drawing: &str, words: &str) -> String {
    let words = escaped(&text::shown(words, 60));
    format!("<li><svg class=\"key\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">{drawing}</svg> {words}</li>\n")
}

fn rooms_key(report: &Report, places: &[String]) -> String {
    let lively: Vec<bool> =
        (0..PLACES_MAX).map(|place| report.material.life.iter().any(|life| life.place == place)).collect();
    let places = places.iter().enumerate().filter(|(nth, _)| lively.get(*nth) == Some(&true));
    places.map(|(nth, place)| key(&format!("<path class=\"p{nth}\" d=\"M0 0h16v16H0z\"/>"), place)).collect()
}

fn states_key(report: &Report) -> String {
    let mut keys = key("<path class=\"ground\" d=\"M0 0h16v16H0z\"/>", report.word("quiet"));
    let hatched = "<path class=\"unknown\" fill=\"url(#activity-hatch)\" d=\"M0 0h16v16H0z\"/>";
    keys.push_str(&key(hatched, report.word("unknown")));
    if !report.material.suspended.is_empty() {
        keys.push_str(&key("<path class=\"suspended\" d=\"M0 12h16v3H0z\"/>", report.word("suspended")));
    }
    keys + &alarms_key(report)
}

/// The shapes that occur.
fn alarms_key(report: &Report) -> String {
    use crate::model::reason::Severity;
    let shapes = [
        (Shape::Emergency, Severity::Emergency),
        (Shape::Urgent, Severity::Urgent),
        (Shape::Notice, Severity::Notice),
        (Shape::Blind, Severity::Blind),
    ];
    let occurs = |shape| report.material.alarms.iter().any(|alarm| alarm.shape == shape);
    let shapes = shapes.into_iter().filter(|(shape, _)| occurs(*shape));
    shapes
        .map(|(shape, severity)| {
            format!("<li>{} {}</li>\n", picture::shape(shape), text::severity(report.language, severity))
        })
        .collect()
}
