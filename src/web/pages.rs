//! The pages: desk, alert, and the small ones for machines.

use crate::desk::{AlertKey, BandName, View};
use crate::model::reason::Severity;
use crate::text;
use crate::web::form::{Visitor, Which, alerts};
use crate::web::models::{
    BandModel, Choice, DeedModel, Fact, Frame, HomeModel, LineModel, Painter, RowModel, is_unclaimed,
};
use crate::web::{CSS, OFFICE_CSS, SCRIPT, Site};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "desk.html")]
struct DeskPage {
    f: Frame,
    bands: Vec<BandModel>,
    faults: Vec<RowModel>,
    homes: Vec<HomeModel>,
    unclaimed: usize,
    emergencies: usize,
    open: usize,
}

#[derive(Template)]
#[template(path = "desk_rows.html")]
struct DeskRows<'a> {
    f: &'a Frame,
    bands: &'a [BandModel],
    faults: &'a [RowModel],
    homes: &'a [HomeModel],
    unclaimed: usize,
    emergencies: usize,
    open: usize,
}

/// `GET /`
pub(super) async fn desk(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    page(desk_page(&site, &headers).render())
}

/// `GET /desk.fragment`: the rows alone, for the script.
pub(super) async fn desk_fragment(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let DeskPage { f, bands, faults, homes, unclaimed, emergencies, open } = desk_page(&site, &headers);
    let (bands, faults, homes) = (&bands[..], &faults[..], &homes[..]);
    page(DeskRows { f: &f, bands, faults, homes, unclaimed, emergencies, open }.render())
}

fn desk_page(site: &Site, headers: &HeaderMap) -> DeskPage {
    let (visitor, now) = (Visitor::of(site, headers), site.now());
    // The frame first: the id it carries is never newer than the rows.
    let mut f = Frame::new(site, &visitor, now, "/", "/desk.fragment");
    let view = site.desk().view(now, &site.actor(visitor.person.as_ref()));
    let painter = Painter { site, language: visitor.language, now, on_desk: true, key: site.click_key() };
    let unclaimed = view.band(BandName::Unclaimed).len();
    let emergencies = view.band(BandName::Unclaimed).iter().filter(|row| row.severity == Severity::Emergency).count();
    if unclaimed > 0 {
        let mark = if emergencies > 0 { "!" } else { "" };
        f.title = format!("({unclaimed}{mark}) {}", f.plain_title);
    }
    DeskPage {
        bands: painter.bands(&view),
        faults: painter.rows(&view.faults),
        homes: painter.homes(&view.homes),
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
#[template(path = "alert.html")]
struct AlertPage {
    f: Frame,
    row: RowModel,
    number: String,
    message: Option<String>,
    close_form: bool,
    contact_required: bool,
    close_href: Option<String>,
    reason: String,
    facts: Vec<Fact>,
    undo: Option<String>,
    deeds: Vec<DeedModel>,
    calls: Vec<Choice>,
    contacts: Vec<Choice>,
    outcomes: Vec<Choice>,
    timeline: Vec<LineModel>,
    earlier: Vec<RowModel>,
}

#[derive(Template)]
#[template(path = "alert_body.html")]
struct AlertBody<'a> {
    f: &'a Frame,
    row: &'a RowModel,
    number: &'a str,
    message: &'a Option<String>,
    close_form: bool,
    contact_required: bool,
    close_href: &'a Option<String>,
    reason: &'a str,
    facts: &'a [Fact],
    undo: &'a Option<String>,
    deeds: &'a [DeedModel],
    calls: &'a [Choice],
    contacts: &'a [Choice],
    outcomes: &'a [Choice],
    timeline: &'a [LineModel],
    earlier: &'a [RowModel],
}

/// `GET /alert/<home>/<number>`
pub(super) async fn alert(
    State(site): State<Arc<Site>>,
    Path((home, number)): Path<(String, u64)>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let key = match &alerts(&site, &home, number, which.raised)[..] {
        [] => return said(&site, &visitor, StatusCode::NOT_FOUND, &["no_such_alert"]),
        [key] => key.clone(),
        several => return choose(&site, &visitor, several),
    };
    let closing = which.form.as_deref() == Some("close");
    let Some(drawn) = alert_page(&site, &visitor, &key, closing, None) else {
        return said(&site, &visitor, StatusCode::NOT_FOUND, &["no_such_alert"]);
    };
    if which.fragment.is_none() {
        return page(drawn.render());
    }
    page(drawn.body().render())
}

impl AlertPage {
    fn body(&self) -> AlertBody<'_> {
        AlertBody {
            f: &self.f,
            row: &self.row,
            number: &self.number,
            message: &self.message,
            close_form: self.close_form,
            contact_required: self.contact_required,
            close_href: &self.close_href,
            reason: &self.reason,
            facts: &self.facts,
            undo: &self.undo,
            deeds: &self.deeds,
            calls: &self.calls,
            contacts: &self.contacts,
            outcomes: &self.outcomes,
            timeline: &self.timeline,
            earlier: &self.earlier,
        }
    }
}

/// The alert's page with a message about a click that was not done.
pub(super) fn refused(site: &Site, visitor: &Visitor, key: &AlertKey, closing: bool, message: String) -> Response {
    match alert_page(site, visitor, key, closing, Some(message)) {
        Some(drawn) => (StatusCode::CONFLICT, page(drawn.render())).into_response(),
        None => said(site, visitor, StatusCode::NOT_FOUND, &["no_such_alert"]),
    }
}

fn alert_page(
    site: &Site,
    visitor: &Visitor,
    key: &AlertKey,
    closing: bool,
    message: Option<String>,
) -> Option<AlertPage> {
    let now = site.now();
    let painter = Painter { site, language: visitor.language, now, on_desk: false, key: site.click_key() };
    let view = site.alert_view(now, key, &site.actor(visitor.person.as_ref()))?;
    let row = painter.row(&view.row);
    let here = if closing { format!("{}&form=close", row.href) } else { row.href.clone() };
    // A page with a message or an open form is not replaced under the reader's eyes.
    let fragment = if closing || message.is_some() { String::new() } else { format!("{here}&fragment=1") };
    let mut f = Frame::new(site, visitor, now, &here, &fragment);
    f.refreshes &= message.is_none();
    f.title = format!("{} {} · {}", row.severity_word, row.place, f.plain_title);
    f.plain_title = f.title.clone();
    let may_close = view.row.primary == Some("close") || view.row.others.contains(&"close");
    let person_there = is_unclaimed(&view.row) || view.row.phase.is_in_hand();
    let has_actor = visitor.person.is_some();
    Some(AlertPage {
        number: format!("{} / {}", view.row.key.home, view.row.number()),
        message,
        close_form: closing && may_close && person_there,
        contact_required: view.row.severity == Severity::Emergency,
        close_href: (!closing && view.row.others.contains(&"close")).then(|| row.href_close.clone()),
        reason: text::reason(visitor.language, &view.row.reason, &site.settings.zone),
        facts: painter.facts(&view),
        undo: painter.undo(&view).filter(|_| has_actor),
        deeds: if has_actor { painter.deeds(&view.row) } else { Vec::new() },
        calls: painter.calls(),
        contacts: painter.contacts(),
        outcomes: painter.outcomes(),
        timeline: painter.timeline(&view),
        earlier: painter.rows(&view.earlier),
        row,
        f,
    })
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
    let mut f = Frame::new(site, visitor, site.now(), "/", "");
    f.refreshes = false;
    let heading = f.l("refused").to_owned();
    let lines = lines.iter().map(|line| f.l(line).to_owned()).collect();
    (status, page(Said { f, heading, lines, links: Vec::new() }.render())).into_response()
}

#[derive(Template)]
#[template(path = "choose.html")]
struct Choose {
    f: Frame,
    action: String,
    word: &'static str,
    fields: Vec<Fact>,
}

/// A click without a person: the same click again, once somebody says who it was. Nobody is guessed.
pub(super) fn choose_person(
    site: &Site,
    visitor: &Visitor,
    action: String,
    step: &str,
    fields: Vec<(&'static str, String)>,
) -> Response {
    let mut f = Frame::new(site, visitor, site.now(), "/", "");
    f.refreshes = false;
    let word = text::button(visitor.language, step).unwrap_or_default();
    let fields = fields.into_iter().map(|(name, value)| Fact { name, value }).collect();
    page(Choose { f, action, word, fields }.render())
}

fn choose(site: &Site, visitor: &Visitor, keys: &[AlertKey]) -> Response {
    let now = site.now();
    let painter = Painter { site, language: visitor.language, now, on_desk: false, key: site.click_key() };
    let actor = site.actor(visitor.person.as_ref());
    let views = keys.iter().filter_map(|key| site.alert_view(now, key, &actor));
    let link = |row: RowModel| Link {
        word: format!("{} · {} · {}", row.raised, row.headline, row.phase_word),
        value: row.href,
    };
    let links = views.map(|view| link(painter.row(&view.row))).collect();
    let f = Frame::new(site, visitor, now, "/", "");
    let heading = f.l("two_numbers").to_owned();
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
