//! Every alert as a line of a table, for office programs: ids and words of the wire, no names.

use super::{Caller, Result};
use crate::desk::{AlertView, Place};
use crate::model::lifecycle::Deed;
use crate::model::time::{Timestamp, Zone};
use crate::store::office::Scope;
use crate::web::Site;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// `GET /api/v1/alerts.csv`: written piece by piece, so that a year of alerts is never in memory as a whole.
pub async fn alerts(State(site): State<Arc<Site>>, headers: HeaderMap) -> Result<Response> {
    let caller = Caller::of(&site, &headers, Scope::Reports).await?;
    let by = caller.actor(&site);
    let (pieces, stream) = mpsc::channel::<std::result::Result<Bytes, Infallible>>(4);
    tokio::spawn(async move {
        // Office programs know by the mark that the text is UTF-8.
        let mut text = format!("\u{feff}{}\r\n", COLUMNS.join(","));
        let places = site.desk().listed(false);
        for piece in places.chunks(LINES_AT_ONCE) {
            for Place { key, .. } in piece {
                let view = site.desk().alert_view(site.now(), key, &by);
                text.extend(view.map(|view| line(&site.settings.zone, &view)));
            }
            if pieces.send(Ok(Bytes::from(std::mem::take(&mut text)))).await.is_err() {
                return;
            }
        }
        drop(pieces.send(Ok(Bytes::from(text))).await); // whoever asked went away
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"alerts.csv\""),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(stream))).into_response())
}

fn line(zone: &Zone, view: &AlertView) -> String {
    let row = &view.row;
    let time = |at: Option<Timestamp>| at.map_or(String::new(), |at| zone.with_offset(at));
    let counts = |line: &&crate::desk::Line| !line.undone;
    let first = |deed: &Deed| view.timeline.iter().filter(counts).find(|line| line.step.deed == *deed);
    let person = |by: Option<&crate::model::lifecycle::Actor>| {
        by.and_then(|by| by.person.as_ref()).map_or(String::new(), ToString::to_string)
    };
    let (taken, departed) = (first(&Deed::Take), first(&Deed::Depart));
    let closed = row.closed.as_ref();
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let fields = [
        row.key.home.to_string(),
        row.key.alert.number.to_string(),
        time(Some(row.raised_at)),
        if row.approximate { "reckoned" } else { "trusted" }.to_owned(),
        time(Some(row.received_at)),
        time(taken.map(|line| line.step.at)),
        time(departed.map(|line| line.step.at)),
        time(row.arrived_at),
        time(closed.map(|closed| closed.at)),
        word(serde_json::json!(row.severity)),
        row.reason.rule().to_owned(),
        row.phase.as_str().to_owned(),
        closed.map_or(String::new(), |closed| closed.outcome.as_str().to_owned()),
        closed.map_or(String::new(), |closed| word(serde_json::json!(closed.contact))),
        person(taken.map(|line| &line.step.by)),
        person(closed.map(|closed| &closed.by)),
        row.test.to_string(),
        row.count.to_string(),
        row.escalated.to_string(),
        row.lapsed.to_string(),
        row.reopened.to_string(),
    ];
    let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
    fields.join(",") + "\r\n"
}

/// As RFC 4180 asks for. An id cannot begin with what an office program would take for a formula, but for `-`.
fn quoted(field: &str) -> String {
    let is_formula = field.starts_with(['-', '=', '+', '@']);
    if field.contains([',', '"', '\r', '\n']) || is_formula {
        let mark = if is_formula { "'" } else { "" };
        return format!("\"{mark}{}\"", field.replace('"', "\"\""));
    }
    field.to_owned()
}

const COLUMNS: [&str; 21] = [
    "home",
    "alert",
    "raised_at",
    "clock",
    "received_at",
    "taken_at",
    "departed_at",
    "arrived_at",
    "closed_at",
    "severity",
    "rule",
    "phase",
    "outcome",
    "contact",
    "taken_by",
    "closed_by",
    "test",
    "count",
    "escalated",
    "lapsed",
    "reopened",
];
const LINES_AT_ONCE: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_never_a_formula_and_never_breaks_its_line() {
        assert_eq!(quoted("flat-1"), "flat-1");
        assert_eq!(quoted("-1+cmd"), "\"'-1+cmd\"");
        assert_eq!(quoted("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
    }
}
