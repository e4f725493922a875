//! The commissioning record as a page to print and sign: one file, no script, nothing loaded from elsewhere.

use crate::model::commissioning::{Checked, Outcome, Record};
use crate::model::time::{Timestamp, Zone};
use crate::picture;
use crate::text::{self, Language, commissioning as word};

/// The page of `record` in `language`.
pub fn html(record: &Record, zone: &Zone, language: Language) -> String {
    let title = word(language, "title");
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title} {}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n",
        language.tag(),
        escaped(record.home.as_str()),
    );
    page += &head(record, zone, language);
    page += &verdict(record, language);
    page += &rooms(record, zone, language);
    if record.sensors.iter().any(|sensor| !sensor.checks_in) {
        page += &format!("<p class=\"note\">{}</p>\n", word(language, "never_checks_in"));
    }
    page += &format!("<p class=\"note\">{}</p>\n", word(language, "limits"));
    page += &signatures(language);
    page
}

fn head(record: &Record, zone: &Zone, language: Language) -> String {
    let minute = |at: Timestamp| format!("{} {}", zone.date(at), zone.hour_minute(at));
    let is_one_day = zone.date(record.begun_at) == zone.date(record.ended_at);
    let end = if is_one_day { zone.hour_minute(record.ended_at) } else { minute(record.ended_at) };
    let rows = [
        ("home", record.home.to_string()),
        ("place", record.place.clone()),
        ("walked", format!("{} – {end} ({})", minute(record.begun_at), zone.name())),
        ("program", format!("carecircle {}", record.program)),
        ("config", record.config_hash.clone()),
    ];
    let rows = rows.map(|(name, value)| format!("<dt>{}<dd>{}\n", word(language, name), escaped(&value)));
    format!("<dl>\n{}</dl>\n", rows.concat())
}

fn verdict(record: &Record, language: Language) -> String {
    let missing: Vec<String> = record
        .sensors
        .iter()
        .filter(|sensor| sensor.result != Outcome::Passed)
        .map(|sensor| escaped(sensor.id.as_str()))
        .collect();
    if missing.is_empty() {
        return format!("<p class=\"good\">{}</p>\n", word(language, "all_passed"));
    }
    format!("<p class=\"bad\">{}{}</p>\n", word(language, "missing"), missing.join(language.pick("、", ", ")))
}

fn rooms(record: &Record, zone: &Zone, language: Language) -> String {
    let titles = ["sensor", "kind", "device", "result", "time", "events", "battery", "signal"];
    let titles = titles.map(|name| format!("<th>{}", word(language, name))).concat();
    let mut table = format!("<table>\n<thead><tr>{titles}</thead>\n");
    let mut before = None;
    for checked in &record.sensors {
        if before != Some(&checked.room) {
            let room = checked.room.as_ref();
            let room = room.map_or(word(language, "no_room").to_owned(), |room| text::room(language, room));
            table += &format!("<tbody><tr class=\"room\"><th colspan=\"8\">{}</tr>\n", escaped(&room));
            before = Some(&checked.room);
        }
        table += &row(checked, zone, language);
    }
    table + "</table>\n"
}

fn row(checked: &Checked, zone: &Zone, language: Language) -> String {
    let class = match checked.result {
        Outcome::Passed => "passed",
        Outcome::OnlyAlive | Outcome::NotHeard => "missing",
    };
    let mark = if checked.result == Outcome::Passed { "☑" } else { "☐" };
    let star = if checked.checks_in { "" } else { "*" };
    let port = checked.address.port.as_ref().map_or(String::new(), |port| format!(" @ {port}"));
    let battery = match (checked.battery_low, checked.battery_percent, checked.supply_volts) {
        (Some(true), _, _) => word(language, "low").to_owned(),
        (_, Some(percent), _) => format!("{percent:.0} %"),
        (_, None, Some(volts)) => format!("{volts:.2} V"),
        (Some(false), None, None) => word(language, "fine").to_owned(),
        (None, None, None) => UNKNOWN.to_owned(),
    };
    let cells = [
        format!("{}{star}", escaped(checked.id.as_str())),
        text::sensor_kind(language, checked.kind).to_owned(),
        format!("<code>{}</code>", escaped(&format!("{} {}{port}", checked.address.family, checked.address.device))),
        format!("{mark} {}", text::outcome_of_walk(language, checked.result)),
        checked.event_at.map_or(UNKNOWN.to_owned(), |at| zone.hour_minute_second(at)),
        checked.events.to_string(),
        battery,
        checked.signal_percent.map_or(UNKNOWN.to_owned(), |signal| format!("{signal:.0} %")),
    ];
    format!("<tr class=\"{class}\">{}</tr>\n", cells.map(|cell| format!("<td>{cell}")).concat())
}

fn signatures(language: Language) -> String {
    let line = |name| format!("<div><span></span>{}</div>", word(language, name));
    let date = || line("date");
    format!("<section class=\"sign\">{}{}{}{}</section>\n", line("technician"), date(), line("resident"), date())
}

fn escaped(text: &str) -> String {
    picture::escaped(&text::shown(text, 200))
}

/// Unknown is shown as unknown.
const UNKNOWN: &str = "–";

const STYLE: &str = "\
@page{size:A4;margin:14mm}\
body{font:11pt/1.45 'Noto Sans','Noto Sans CJK SC','Microsoft YaHei',sans-serif;color:#111;background:#fff;max-width:190mm;margin:0 auto;padding:6mm}\
h1{font-size:18pt;margin:0 0 4mm;border-bottom:2px solid #111}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:1mm 5mm;margin:0 0 4mm}dt{color:#555}dd{margin:0}\
.good,.bad{padding:2mm 3mm;border:1.5px solid #111;font-weight:bold}.good{border-color:#176b2c}.bad{border-color:#a31515}\
table{border-collapse:collapse;width:100%;font-size:9.5pt}thead{display:table-header-group}tr{break-inside:avoid}\
th,td{border:1px solid #999;padding:1mm 1.6mm;text-align:left;vertical-align:top}.room th{background:#eee}\
td:nth-child(n+5){white-space:nowrap}.missing td{background:#fdeeee}code{font-size:8.5pt;overflow-wrap:anywhere}\
.note{font-size:9pt;color:#333}\
.sign{display:grid;grid-template-columns:2fr 1fr;gap:12mm 10mm;margin-top:14mm;break-inside:avoid}\
.sign span{display:block;border-bottom:1px solid #111;height:8mm;margin-bottom:1mm}";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::listen::testing::{assert_golden, at};
    use crate::model::commissioning::{DeviceAddress, Planned, WalkTest};
    use crate::model::home::SensorKind;
    use crate::model::observation::{Evidence, Measure};

    fn record() -> Record {
        let planned = |id: &str, room: Option<&str>, kind, checks_in| Planned {
            id: id.parse().unwrap(),
            kind,
            room: room.map(|room| room.parse().unwrap()),
            address: DeviceAddress { family: "zigbee2mqtt".to_owned(), device: format!("{id}<b>&\"x\""), port: None },
            checks_in,
        };
        let mut walk = WalkTest::new(
            at(0),
            vec![
                planned("hall", Some("hall"), SensorKind::Motion, true),
                planned("rf_bed", Some("bedroom"), SensorKind::Motion, false),
                planned("pendant", None, SensorKind::CallButton, true),
            ],
        );
        let hall = "hall".parse().unwrap();
        walk.hear(at(1), &hall, &Measure::BatteryPercent(87.0), Evidence::Level, false);
        walk.hear(at(2), &hall, &Measure::SignalPercent(61.0), Evidence::Level, false);
        walk.hear(at(3), &hall, &Measure::Motion(true), Evidence::Level, true);
        walk.hear(at(4), &"pendant".parse().unwrap(), &Measure::BatteryLow(true), Evidence::Level, false);
        walk.record(at(600), "ky-0412".parse().unwrap(), "3栋2单元501".to_owned(), "0.1.0", "3f2a9c1b")
    }

    #[test]
    fn the_page_stands_alone_and_nothing_from_outside_becomes_markup() {
        for language in Language::ALL {
            let page = html(&record(), &Zone::utc(), language);
            for never in ["<script", "http", "<b>", "url("] {
                assert!(!page.contains(never), "{never}");
            }
            assert!(page.contains("hall&lt;b&gt;&amp;&quot;x&quot;"));
            assert_golden(&format!("record_{}.html", language.as_str()), &page);
        }
    }
}
