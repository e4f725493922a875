//! The pages: desk, what says one thing only, and the small ones for machines.

use crate::desk::{BandName, View};
use crate::model::reason::Severity;
use crate::text;
use crate::web::drawings::{Marks, Part};
use crate::web::form::Visitor;
use crate::web::models::{BandModel, Fact, Frame, Painter};
use crate::web::{CSS, OFFICE_CSS, SCRIPT, Site};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "desk.html")]
struct DeskPage {
    f: Frame,
    bands: Vec<BandModel>,
    faults: BandModel,
    homes: usize,
    unclaimed: usize,
    emergencies: usize,
    open: usize,
}

#[derive(Template)]
#[template(path = "desk_rows.html")]
struct DeskRows<'a> {
    f: &'a Frame,
    bands: &'a [BandModel],
    faults: &'a BandModel,
    homes: usize,
    unclaimed: usize,
    emergencies: usize,
    open: usize,
}

/// `GET /`
pub(super) async fn desk(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    page(desk_page(&site, &visitor, site.click_key()).render())
}

/// `GET /desk.fragment`: the rows alone, for the script.
pub(super) async fn desk_fragment(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let draw = |visitor: &Visitor, marks: &Marks| {
        let drawn = desk_page(&site, visitor, marks.key.clone());
        let DeskPage { f, bands, faults, homes, unclaimed, emergencies, open } = &drawn;
        let (homes, unclaimed, emergencies, open) = (*homes, *unclaimed, *emergencies, *open);
        DeskRows { f, bands, faults, homes, unclaimed, emergencies, open }.render()
    };
    site.drawn(Part::Desk, &visitor, draw).await
}

fn desk_page(site: &Site, visitor: &Visitor, key: String) -> DeskPage {
    let now = site.now();
    // The frame first: the id it carries is never newer than the rows.
    let mut f = Frame::new(site, visitor, now, "/", "/desk.fragment");
    let view = site.desk().view(now, &site.actor(visitor.person.as_ref()));
    let painter = Painter { site, language: visitor.language, now, on_desk: true, key };
    let unclaimed = view.band(BandName::Unclaimed).len();
    let emergencies = view.band(BandName::Unclaimed).iter().filter(|row| row.severity == Severity::Emergency).count();
    if unclaimed > 0 {
        let mark = if emergencies > 0 { "!" } else { "" };
        f.title = format!("({unclaimed}{mark}) {}", f.plain_title);
    }
    DeskPage {
        bands: painter.bands(&view),
        faults: painter.fault_band(&view),
        homes: site.desk().homes().len(),
        unclaimed,
        emergencies,
        open: open(&view),
        f,
    }
}

fn open(view: &View) -> usize {
    view.bands.iter().filter(|band| band.name != BandName::JustClosed).map(|band| band.rows.len()).sum()
}

#[derive(Template)]
#[template(path = "said.html")]
struct Said {
    f: Frame,
    heading: String,
    lines: Vec<String>,
    links: Vec<Link>,
}

struct Link {
    value: String,
    word: String,
}

/// A page that says one thing and leads back to the desk.
pub(super) fn said(site: &Site, visitor: &Visitor, status: StatusCode, lines: &[&'static str]) -> Response {
    let lines = lines.iter().map(|line| text::label(visitor.language, line)).collect::<Vec<_>>();
    refused_with(site, visitor, status, lines.join(" "))
}

/// The same in words of its own.
pub(super) fn refused_with(site: &Site, visitor: &Visitor, status: StatusCode, words: String) -> Response {
    let mut f = Frame::new(site, visitor, site.now(), "/", "");
    f.refreshes = false;
    let heading = f.l("refused").to_owned();
    let lines = vec![words];
    (status, page(Said { f, heading, lines, links: Vec::new() }.render())).into_response()
}

#[derive(Template)]
#[template(path = "choose.html")]
struct Choose {
    f: Frame,
    action: String,
    word: &'static str,
    fields: Vec<Fact>,
    message: Option<String>,
}

/// A click without a person: the same click again, once somebody says who it was. Nobody is guessed.
pub(super) fn choose_person(
    site: &Site,
    visitor: &Visitor,
    action: String,
    step: &str,
    fields: Vec<(&'static str, String)>,
    message: Option<String>,
) -> Response {
    let mut f = Frame::new(site, visitor, site.now(), "/", "");
    f.refreshes = false;
    let word = text::button(visitor.language, step).unwrap_or_default();
    let fields = fields.into_iter().map(|(name, value)| Fact { name, value }).collect();
    page(Choose { f, action, word, fields, message }.render())
}

/// A page that leads to one of several.
pub(super) fn which(site: &Site, visitor: &Visitor, heading: &'static str, links: Vec<(String, String)>) -> Response {
    let f = Frame::new(site, visitor, site.now(), "/", "");
    let heading = f.l(heading).to_owned();
    let links = links.into_iter().map(|(value, word)| Link { value, word }).collect();
    (StatusCode::MULTIPLE_CHOICES, page(Said { f, heading, lines: Vec::new(), links }.render())).into_response()
}

pub(super) async fn no_such_page(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    said(&site, &Visitor::of(&site, &headers), StatusCode::NOT_FOUND, &["no_such_page"])
}

/// `GET /healthz`: the process lives.
pub(super) async fn healthz() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: whether a notice sent now arrives and is kept; the body lists what is wrong.
pub(super) async fn readyz(State(site): State<Arc<Site>>) -> Response {
    let health = site.health();
    let status = if health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::json!({
        "ready": health.is_ready(), "broker": health.broker, "store": health.store,
        "replaced": health.replaced, "build": site.settings.build,
    });
    (status, axum::Json(body)).into_response()
}

/// `GET /static/desk.css`
pub(super) async fn css() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, FOR_A_DAY)], CSS).into_response()
}

/// `GET /static/office.css`
pub(super) async fn office_css() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, FOR_A_DAY)];
    (headers, OFFICE_CSS).into_response()
}

/// `GET /static/desk.js`
pub(super) async fn js() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, FOR_A_DAY)], SCRIPT)
        .into_response()
}

/// Their addresses carry the build, so an old copy is never used with a new page.
const FOR_A_DAY: &str = "private, max-age=86400";

pub(super) fn page(drawn: askama::Result<String>) -> Response {
    match drawn {
        Ok(html) => Html(html).into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, format!("the page cannot be drawn: {why}")).into_response(),
    }
}
