//! The circle: which homes lie within how many minutes of the door, how each is, and how long the way really took.

mod homes;

use crate::desk::Desk;
use crate::picture::{self, Dot, Minutes};
use crate::store::office::Scope;
use crate::text::{self, Language};
use crate::web::Site;
use crate::web::access::Right;
use crate::web::api::{ApiProblem, Caller};
use crate::web::circle::homes::{Home, Way, homes};
use crate::web::form::{Visitor, escape};
use crate::web::homes::state_words;
use crate::web::models::Frame;
use crate::web::pages::{page, said};
use askama::Template;
use askama::filters::HtmlSafeOutput;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/circle", get(circle)).route("/api/v1/circle.geojson", get(geojson))
}

#[derive(Template)]
#[template(path = "circle.html")]
struct CirclePage {
    f: Frame,
    drawing: HtmlSafeOutput<String>,
    shown: usize,
    rows: Vec<HomeRow>,
    /// Homes that the table leaves out.
    more: usize,
    beyond: usize,
    unplaced: usize,
    changes: Vec<Change>,
}

struct HomeRow {
    id: String,
    href: String,
    place: String,
    state: String,
    dot: &'static str,
    minutes: String,
    ring: String,
    direction: &'static str,
    real: String,
}

/// A way that took longer than planned.
struct Change {
    place: String,
    href: String,
    words: String,
}

/// `GET /circle`
async fn circle(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    if !visitor.may(Right::SeeHomes) {
        return said(&site, &visitor, StatusCode::FORBIDDEN, &["circle_not_allowed"]);
    }
    let homes = homes(&site).await;
    site.audit(&visitor, "circle_looked_at", None, String::new()).await;
    page(circle_page(&site, &visitor, &homes).render())
}

fn circle_page(site: &Site, visitor: &Visitor, homes: &[Home]) -> CirclePage {
    let f = Frame::of(site, visitor, site.now(), "/circle", "circle");
    let shown: Vec<(&Home, u16, u16)> =
        homes.iter().filter_map(|home| Some((home, home.minutes?, home.bearing?))).collect();
    let desk = site.desk();
    let rows = homes.iter().take(ROWS_MAX).map(|home| row(&f, &desk, home));
    CirclePage {
        drawing: HtmlSafeOutput(drawing(&f, &desk, &shown)),
        shown: shown.len(),
        beyond: homes.iter().filter(|home| home.minutes.is_some_and(|minutes| minutes > 15)).count(),
        unplaced: homes.len() - shown.len(),
        changes: homes.iter().filter_map(|home| change(&f, &desk, home)).take(ROWS_MAX).collect(),
        rows: rows.collect(),
        more: homes.len().saturating_sub(ROWS_MAX),
        f,
    }
}

fn drawing(f: &Frame, desk: &Desk, shown: &[(&Home, u16, u16)]) -> String {
    let dots: Vec<(u16, u16, Dot)> =
        shown.iter().map(|(home, minutes, bearing)| (*minutes, *bearing, home.dot())).collect();
    let mut placed = picture::placed(&dots);
    for mark in &mut placed {
        let mut homes = mark.homes.iter().filter_map(|nth| shown.get(*nth));
        let Some((first, minutes, _)) = homes.next() else { continue };
        // Several homes lead to their rows in the table, which begins with the first of them.
        mark.href = if mark.homes.len() == 1 { first.href() } else { format!("#h-{}", escape(first.home.as_str())) };
        let others: Vec<String> = homes.take(NAMED_MAX).map(|(home, _, _)| home.place(desk)).collect();
        let state = state_word(f.language, mark.dot);
        mark.words = format!("{} · {minutes} {} · {state}", first.place(desk), f.l("minutes_short"));
        if !others.is_empty() {
            mark.words = format!("{}; {}", mark.words, others.join(", "));
        }
    }
    picture::minutes(&Minutes {
        title: f.l("circle").to_owned(),
        description: f.l("circle_desc").to_owned(),
        placed,
        legend: Dot::ALL.map(|dot| state_word(f.language, dot).to_owned()),
        minutes: f.l("minutes_short").to_owned(),
        north: f.l("north").to_owned(),
    })
}

/// The word of the list of homes.
fn state_word(language: Language, dot: Dot) -> &'static str {
    text::label(
        language,
        match dot {
            Dot::Alert => "state_alert",
            Dot::NoContact => "state_no_contact",
            Dot::Unknown => "state_unknown",
            Dot::CannotSee => "state_cannot_see",
            Dot::Suspended => "state_suspended",
            Dot::Learning => "state_learning",
            Dot::Quiet => "state_quiet",
            Dot::Active => "state_active",
        },
    )
}

fn row(f: &Frame, desk: &Desk, home: &Home) -> HomeRow {
    let unknown = || f.l("unknown").to_owned();
    let minutes = |minutes: u16| format!("{minutes} {}", f.l("minutes_short"));
    HomeRow {
        id: format!("h-{}", home.home),
        href: home.href(),
        place: home.place(desk),
        state: state_words(f.language, home.state),
        dot: home.state.as_str(),
        minutes: home.minutes.map_or_else(unknown, minutes),
        ring: home.minutes.map_or_else(unknown, |minutes| match homes::ring(minutes) {
            Some(ring) => format!("≤ {ring} {}", f.l("minutes_short")),
            None => f.l("beyond_15").to_owned(),
        }),
        direction: home.bearing.map_or(f.l("unknown"), |bearing| direction(f.language, bearing)),
        real: match &home.way {
            Way { count: 0, .. } => "–".to_owned(),
            Way { median: Some(median), count } => {
                format!("{} ({count})", minutes(u16::try_from(median.num_minutes()).unwrap_or(u16::MAX)))
            }
            Way { median: None, count } => f.language.pick(format!("仅 {count} 次"), format!("only {count}")),
        },
    }
}

/// The way took longer than planned, often enough to say so.
fn change(f: &Frame, desk: &Desk, home: &Home) -> Option<Change> {
    let planned = home.minutes?;
    let real = u16::try_from(home.way.median?.num_seconds().max(0).unsigned_abs().div_ceil(60)).ok()?;
    let is_slower = real >= planned.saturating_add(SLOWER_MINUTES) || homes::ring(real) > homes::ring(planned);
    let is_beyond = homes::ring(real).is_none() && homes::ring(planned).is_some();
    if real <= planned || !(is_slower || is_beyond) {
        return None;
    }
    let words = f.language.pick(
        format!("计划 {planned} 分，实际中位数 {real} 分（{} 次）", home.way.count),
        format!("planned {planned} min, really {real} min (median of {})", home.way.count),
    );
    Some(Change { place: home.place(desk), href: home.href(), words })
}

fn direction(language: Language, bearing: u16) -> &'static str {
    let nth = usize::from(((u32::from(bearing) * 2 + 45) / 90 % 8) as u16);
    let words = language.pick(
        ["北", "东北", "东", "东南", "南", "西南", "西", "西北"],
        ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"],
    );
    words.get(nth).copied().unwrap_or_default()
}

/// `GET /api/v1/circle.geojson`: rounded, no names; where somebody lives is told to whoever may know persons.
async fn geojson(State(site): State<Arc<Site>>, headers: HeaderMap) -> Result<Response, ApiProblem> {
    let caller = Caller::of(&site, &headers, Scope::Pii).await?;
    if !caller.may(Right::Supervise) {
        let what = "this is for supervisors";
        return Err(ApiProblem::new(StatusCode::FORBIDDEN, what, "ask your supervisor"));
    }
    let homes = homes(&site).await;
    site.audit_call(&caller, "circle_exported", None, String::new()).await;
    let rounded = |degrees: f64| (degrees * 10_000.0).round() / 10_000.0;
    let features = homes.iter().filter_map(|home| {
        let (latitude, longitude) = home.location?;
        Some(json!({
            "type": "Feature",
            "geometry": { "type": "Point", "coordinates": [rounded(longitude), rounded(latitude)] },
            "properties": {
                "id": home.home, "state": home.state.as_str(), "minutes": home.minutes,
                "ring": home.minutes.and_then(homes::ring),
            },
        }))
    });
    let body = json!({ "type": "FeatureCollection", "features": features.collect::<serde_json::Value>() });
    Ok(([(header::CONTENT_TYPE, "application/geo+json")], body.to_string()).into_response())
}

/// Lines of the table: the nearest.
const ROWS_MAX: usize = 500;
/// Homes of a badge that its words name.
const NAMED_MAX: usize = 4;
/// `station.md` 2.5.
const SLOWER_MINUTES: u16 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_the_eighths_round_the_wall() {
        let words: Vec<&str> =
            [0, 22, 23, 90, 180, 225, 337, 338, 359].map(|b| direction(Language::English, b)).to_vec();
        let expected = ["north", "north", "north-east", "east", "south", "south-west", "north-west", "north", "north"];
        assert_eq!(words, expected);
    }
}
