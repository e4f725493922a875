//! The page of one alert: what and where, why, the person, the way in, what was done, and what can be done next.

use crate::desk::{AlertKey, AlertView};
use crate::model::lifecycle::Role;
use crate::model::reason::Severity;
use crate::text;
use crate::web::Site;
use crate::web::access::Right;
use crate::web::form::{Visitor, Which, alerts, escape};
use crate::web::models::{
    CallModel, Choice, Covered, DeedModel, EMERGENCY_NUMBERS, Fact, Frame, LineModel, Painter, RowModel, WayModel,
    is_unclaimed,
};
use crate::web::pages::{page, said, which};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "alert.html")]
struct AlertPage {
    f: Frame,
    row: RowModel,
    a: Alert,
}

#[derive(Template)]
#[template(path = "alert_body.html")]
struct AlertBody<'a> {
    f: &'a Frame,
    row: &'a RowModel,
    a: &'a Alert,
}

/// Everything on the page but its frame and its row.
struct Alert {
    number: String,
    message: Option<String>,
    close_form: bool,
    contact_required: bool,
    close_href: Option<String>,
    reason: String,
    facts: Vec<Fact>,
    home_href: String,
    card_href: Option<String>,
    picture_href: Option<String>,
    people: Vec<CallModel>,
    may_call: bool,
    way: Option<WayModel>,
    health: Option<(Covered, String)>,
    uncover: String,
    to_say: String,
    numbers: [&'static str; 3],
    undo: Option<String>,
    deeds: Vec<DeedModel>,
    calls: Vec<Choice>,
    contacts: Vec<Choice>,
    outcomes: Vec<Choice>,
    timeline: Vec<LineModel>,
    filters: Vec<Filter>,
    earlier: Vec<RowModel>,
}

struct Filter {
    href: String,
    word: &'static str,
    is_chosen: bool,
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
    let asked = Asked { closing: which.form.as_deref() == Some("close"), show: which.show.as_deref(), message: None };
    let Some(drawn) = alert_page(&site, &visitor, &key, asked) else {
        return said(&site, &visitor, StatusCode::NOT_FOUND, &["no_such_alert"]);
    };
    let (home, detail) = (Some(key.home.clone()), number.to_string());
    if which.fragment.is_none() {
        site.audit(&visitor, "alert_looked_at", home, detail).await;
        return page(drawn.render());
    }
    site.audit_part(&visitor, "alert_looked_at", home, detail).await;
    page(AlertBody { f: &drawn.f, row: &drawn.row, a: &drawn.a }.render())
}

/// The alert's page with a message about a click that was not done.
pub(super) fn refused(site: &Site, visitor: &Visitor, key: &AlertKey, closing: bool, message: String) -> Response {
    match alert_page(site, visitor, key, Asked { closing, show: None, message: Some(message) }) {
        Some(drawn) => (StatusCode::CONFLICT, page(drawn.render())).into_response(),
        None => said(site, visitor, StatusCode::NOT_FOUND, &["no_such_alert"]),
    }
}

/// How the page is wanted.
struct Asked<'a> {
    closing: bool,
    show: Option<&'a str>,
    message: Option<String>,
}

fn alert_page(site: &Site, visitor: &Visitor, key: &AlertKey, asked: Asked<'_>) -> Option<AlertPage> {
    let Asked { closing, show, message } = asked;
    let now = site.now();
    let painter = Painter { site, language: visitor.language, now, on_desk: false, key: site.click_key() };
    let view = site.alert_view(now, key, &site.actor(visitor.person.as_ref()))?;
    let row = painter.row(&view.row);
    let shown = show.map_or_else(|| row.href.clone(), |show| format!("{}&show={}", row.href, escape(show)));
    let here = if closing { format!("{shown}&form=close") } else { shown };
    // A page with a message or an open form is not replaced under the reader's eyes.
    let fragment = if closing || message.is_some() { String::new() } else { format!("{here}&fragment=1") };
    let mut f = Frame::new(site, visitor, now, &here, &fragment);
    f.refreshes &= message.is_none();
    f.title = format!("{} {} · {}", row.severity_word, row.place, f.plain_title);
    f.plain_title = f.title.clone();
    let desk = site.desk();
    let a = body(&painter, visitor, &view, &row, Asked { closing, show, message }, desk.card(&key.home));
    Some(AlertPage { f, row, a })
}

fn body(
    painter: &Painter<'_>,
    visitor: &Visitor,
    view: &AlertView,
    row: &RowModel,
    asked: Asked<'_>,
    card: Option<&crate::model::card::Card>,
) -> Alert {
    let (has_actor, acts) = (visitor.may(Right::Act), visitor.might(Right::Act));
    let may_close = view.row.primary == Some("close") || view.row.others.contains(&"close");
    let person_there = is_unclaimed(&view.row) || view.row.phase.is_in_hand();
    // Telephone numbers and the way in are for whoever may be sent there.
    let card = card.filter(|_| visitor.may(Right::SeePersons));
    let home = escape(view.row.key.home.as_str());
    Alert {
        number: format!("{} / {}", view.row.key.home, view.row.number()),
        message: asked.message,
        close_form: asked.closing && acts && may_close && person_there,
        contact_required: view.row.severity == Severity::Emergency,
        close_href: (acts && !asked.closing && may_close).then(|| row.href_close.clone()),
        reason: text::reason(painter.language, &view.row.reason, &painter.site.settings.zone),
        facts: painter.facts(view),
        home_href: format!("/home/{home}"),
        picture_href: visitor.might(Right::SeePicture).then(|| format!("/home/{home}/picture")),
        card_href: visitor.may(Right::Work).then(|| format!("/home/{home}/card")),
        people: card.map(|card| painter.people_of(card, view)).unwrap_or_default(),
        may_call: acts && view.row.others.contains(&"call"),
        way: card.map(|card| painter.way(visitor, card, view)),
        health: card.map(|card| painter.health(visitor, card, view)),
        uncover: row.post.replace("/step?", "/uncover?"),
        to_say: painter.to_say(card, &view.row),
        numbers: EMERGENCY_NUMBERS,
        undo: painter.undo(view).filter(|_| has_actor),
        deeds: if has_actor { painter.deeds(&view.row) } else { Vec::new() },
        calls: painter.calls(),
        contacts: painter.contacts(),
        outcomes: painter.outcomes(),
        timeline: timeline(painter, view, asked.show),
        filters: filters(painter, row, asked.show),
        earlier: painter.rows(&view.earlier),
    }
}

/// The lines of people, of machines, or all.
fn timeline(painter: &Painter<'_>, view: &AlertView, show: Option<&str>) -> Vec<LineModel> {
    let lines = painter.timeline(view).into_iter().zip(&view.timeline);
    let is_meant = |role: Role| {
        let is_machine = matches!(role, Role::Gateway | Role::Station);
        match show {
            Some("people") => !is_machine,
            Some("machine") => is_machine,
            Some(_) | None => true,
        }
    };
    lines.filter(|(_, line)| is_meant(line.step.by.role)).map(|(model, _)| model).collect()
}

fn filters(painter: &Painter<'_>, row: &RowModel, show: Option<&str>) -> Vec<Filter> {
    let filter = |name: Option<&str>, word: &'static str| Filter {
        href: name
            .map_or_else(|| format!("{}#timeline", row.href), |name| format!("{}&show={name}#timeline", row.href)),
        word: painter.label(word),
        is_chosen: name == show,
    };
    vec![filter(None, "filter_all"), filter(Some("people"), "filter_people"), filter(Some("machine"), "filter_machine")]
}

fn choose(site: &Site, visitor: &Visitor, keys: &[AlertKey]) -> Response {
    let now = site.now();
    let painter = Painter { site, language: visitor.language, now, on_desk: false, key: site.click_key() };
    let actor = site.actor(visitor.person.as_ref());
    let views = keys.iter().filter_map(|key| site.alert_view(now, key, &actor));
    let link = |row: RowModel| (row.href, format!("{} · {} · {}", row.raised, row.headline, row.phase_word));
    let links = views.map(|view| link(painter.row(&view.row))).collect();
    which(site, visitor, "two_numbers", links)
}
