//! Comma-separated files that office programs open: RFC 4180, with a byte order mark, ids and no names, local time with its
//! offset. What a program would take for a formula is marked as text.

use crate::desk::{Case, Did};
use crate::model::time::{Timestamp, Zone};
use crate::web::models::{offset_secs, severity_id};
use crate::web::reports::no_store;
use axum::response::Response;

/// A table as a file to be kept.
pub(in crate::web) fn answer(name: &str, table: String) -> Response {
    no_store("text/csv; charset=utf-8", name, table)
}

/// Rows of cells as one text.
pub(in crate::web) fn table(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = String::from("\u{feff}");
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell_of(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn cell_of(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
    let guarded = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    let quoted = guarded.contains([',', '"', '\n', '\r']);
    if quoted { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

/// `2026-11-21T14:12:09+08:00`
pub(in crate::web) fn instant(zone: &Zone, at: Timestamp) -> String {
    let minutes = offset_secs(zone, at) / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{}{sign}{:02}:{:02}", zone.wall_clock(at), minutes.abs() / 60, minutes.abs() % 60)
}

/// One line for each alert.
pub(super) fn alerts(zone: &Zone, cases: &[&Case]) -> String {
    let head = [
        "home",
        "number",
        "rule",
        "severity",
        "phase",
        "raised",
        "received",
        "taken",
        "departed",
        "arrived",
        "closed",
        "outcome",
        "contact",
        "taken_by",
        "arrived_by",
        "closed_by",
        "point",
        "delivery_secs",
        "take_secs",
        "arrive_secs",
        "close_secs",
        "times",
        "widened",
        "lapsed",
        "reopened",
        "undone",
        "overdue",
        "test",
        "reckoned",
    ];
    let rows = cases.iter().map(|case| alert(zone, case));
    table(std::iter::once(head.map(str::to_owned).to_vec()).chain(rows))
}

fn alert(zone: &Zone, case: &Case) -> Vec<String> {
    let at = |did: &Option<Did>| did.as_ref().map(|did| instant(zone, did.at)).unwrap_or_default();
    let who = |did: &Option<Did>| {
        did.as_ref().and_then(|did| did.by.person.as_ref()).map(ToString::to_string).unwrap_or_default()
    };
    let secs = |span: Option<crate::model::time::Span>| {
        span.map(|span| format!("{:.1}", span.num_milliseconds() as f64 / 1000.0)).unwrap_or_default()
    };
    let since_raise = |did: &Option<Did>| did.as_ref().map(|did| did.at - case.raised_at);
    let closed = case.closed.as_ref();
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    vec![
        case.key.home.to_string(),
        case.key.alert.number.to_string(),
        case.reason.rule().to_owned(),
        severity_id(case.severity).to_owned(),
        case.phase.as_str().to_owned(),
        instant(zone, case.raised_at),
        instant(zone, case.received_at),
        at(&case.taken),
        at(&case.departed),
        at(&case.arrived),
        closed.map(|ended| instant(zone, ended.at)).unwrap_or_default(),
        closed.map(|ended| ended.outcome.as_str().to_owned()).unwrap_or_default(),
        closed.map(|ended| word(serde_json::json!(ended.contact))).unwrap_or_default(),
        who(&case.taken),
        who(&case.arrived),
        closed.and_then(|ended| ended.by.person.as_ref()).map(ToString::to_string).unwrap_or_default(),
        case.taken.as_ref().and_then(|did| did.by.point.as_ref()).map(ToString::to_string).unwrap_or_default(),
        secs(Some(case.late())),
        secs(case.take_time()),
        secs(since_raise(&case.arrived)),
        secs(closed.map(|ended| ended.at - case.raised_at)),
        case.count.to_string(),
        case.escalated.to_string(),
        case.lapsed.to_string(),
        case.reopened.to_string(),
        case.undone.to_string(),
        case.overdue.to_string(),
        case.test.to_string(),
        case.approximate.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn what_looks_like_a_formula_is_text_and_what_holds_a_comma_is_one_cell() {
        let rows = [["=cmd|x".to_owned(), "a,b".to_owned(), "say \"hi\"\n".to_owned(), "-3.5".to_owned()].to_vec()];
        assert_eq!(table(rows), "\u{feff}'=cmd|x,\"a,b\",\"say \"\"hi\"\"\n\",-3.5\r\n");
        for guarded in ["+1x", "-x", "@x", "\tx"] {
            assert!(cell_of(guarded).trim_start_matches('"').starts_with('\''), "{guarded:?}");
        }
    }

    #[test]
    fn an_instant_carries_the_offset_of_the_wall() {
        let at = from_millis(1_795_241_529_000);
        assert_eq!(instant(&Zone::named("Asia/Shanghai").unwrap(), at), "2026-11-21T14:12:09+08:00");
        assert_eq!(instant(&Zone::named("America/St_Johns").unwrap(), at), "2026-11-21T02:42:09-03:30");
        assert_eq!(instant(&Zone::utc(), at), "2026-11-21T06:12:09+00:00");
    }
}
