//! The day's list, and what became of the days before, for a spreadsheet: ids, no names.

use crate::desk::DailyRow;
use crate::model::card::Class;
use crate::model::own_sign::SignBy;
use crate::model::time::{Span, Timestamp, Zone};
use crate::store::office::Scope;
use crate::web::Site;
use crate::web::access::Right;
use crate::web::api::Caller;
use crate::web::pages::said;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug, Deserialize)]
pub(super) struct What {
    days: Option<u16>,
}

/// `GET /daily.csv`: the open list; with `?days=31` the counts of so many days before.
pub(super) async fn list(State(site): State<Arc<Site>>, Query(what): Query<What>, headers: HeaderMap) -> Response {
    let caller = match Caller::of(&site, &headers, Scope::Reports).await {
        Ok(caller) => caller,
        Err(why) => return why.into_response(),
    };
    if !caller.may(Right::SeePersons) {
        return said(&site, &caller.visitor, StatusCode::FORBIDDEN, &["choose_first"]);
    }
    site.audit_call(&caller, "daily_exported", None, String::new()).await;
    let lines = match what.days {
        Some(days) => of_days(&site, days.into()),
        None => of_today(&site),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"daily.csv\""),
    ];
    // Office programs take a file for Chinese only if it begins so.
    (headers, format!("\u{feff}{}", lines.concat())).into_response()
}

fn of_days(site: &Site, days: usize) -> Vec<String> {
    let head = line(
        ["day", "homes", "movement", "ok_button", "phoned", "visited", "suspended", "unresolved"].map(String::from),
    );
    let desk = site.desk();
    let day = desk.daily_counts().rev().take(days).map(|(day, counts)| {
        let numbers = [counts.homes, counts.moved, counts.pressed, counts.phoned, counts.visited, counts.suspended];
        let numbers = numbers.into_iter().chain([counts.unresolved()]).map(|number| number.to_string());
        line([day.to_string()].into_iter().chain(numbers))
    });
    [head].into_iter().chain(day).collect()
}

fn of_today(site: &Site) -> Vec<String> {
    let view = site.desk().daily_view(site.now());
    let head = ["day", "home", "class", "state", "own_sign_at", "by", "limit_at", "unanswered_calls", "open_since"];
    let zone = &site.settings.zone;
    let row = |row: &DailyRow| {
        let class = row.class.map(|class| match class {
            Class::Red => "red",
            Class::Yellow => "yellow",
            Class::Blue => "blue",
        });
        let by = row.sign.map(|sign| match sign.by {
            SignBy::Movement => "movement",
            SignBy::OkButton => "ok_button",
            SignBy::Unknown => "unknown",
        });
        line([
            view.day.to_string(),
            row.home.to_string(),
            class.unwrap_or_default().to_owned(),
            row.state.as_str().to_owned(),
            row.sign.map(|sign| iso(zone, sign.at)).unwrap_or_default(),
            by.unwrap_or_default().to_owned(),
            iso(zone, row.limit.at),
            row.unanswered.to_string(),
            row.open_since.map(|day| day.to_string()).unwrap_or_default(),
        ])
    };
    [line(head.map(String::from))].into_iter().chain(view.rows.iter().map(row)).collect()
}

fn line(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|text| field(&text)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell that no program takes for more than text.
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// `2026-11-21T14:12:43+08:00`
fn iso(zone: &Zone, at: Timestamp) -> String {
    let local = zone.local(at);
    let utc_secs = at.timestamp().rem_euclid(86_400);
    let ahead = (i64::from(local.second_of_day) - utc_secs + 86_400 * 2 + 43_200) % 86_400 - 43_200;
    let ahead = if zone.day(at) > at.date_naive() && ahead < 0 { ahead + 86_400 } else { ahead };
    let (sign, ahead) = if ahead < 0 { ('-', Span::seconds(-ahead)) } else { ('+', Span::seconds(ahead)) };
    format!("{}{sign}{:02}:{:02}", zone.wall_clock(at), ahead.num_hours(), ahead.num_minutes() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_text_whatever_stands_in_it() {
        assert_eq!(field("plain"), "plain");
        assert_eq!(field("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(field("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
    }

    #[test]
    fn an_instant_carries_its_offset() {
        let at: Timestamp = "2026-11-21T20:30:00Z".parse().unwrap();
        for (zone, expected) in [
            ("Asia/Shanghai", "2026-11-22T04:30:00+08:00"),
            ("America/St_Johns", "2026-11-21T17:00:00-03:30"),
            ("Pacific/Kiritimati", "2026-11-22T10:30:00+14:00"),
            ("UTC", "2026-11-21T20:30:00+00:00"),
        ] {
            assert_eq!(iso(&Zone::named(zone).unwrap(), at), expected);
        }
    }
}
