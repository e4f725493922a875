//! The day's list: who must be telephoned, with the forms for what came of it; and the visits that are due.

mod csv;
mod model;
mod visits;

pub(super) use model::in_minutes;

use crate::model::errand::{ContactDeed, Errand};
use crate::model::ids::HomeId;
use crate::model::lifecycle::CallResult;
use crate::web::Site;
use crate::web::access::Right;
use crate::web::drawings::{Marks, Part};
use crate::web::form::Visitor;
use crate::web::models::Frame;
use crate::web::orders::{Sent, order};
use crate::web::pages::{page, said};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use model::ListModel;
use serde::Deserialize;
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/daily", get(list))
        .route("/daily.fragment", get(fragment))
        .route("/daily.csv", get(csv::list))
        .route("/daily/{home}", post(contact))
        .merge(visits::routes())
}

#[derive(Template)]
#[template(path = "daily.html")]
struct DailyPage {
    f: Frame,
    list: ListModel,
}

#[derive(Template)]
#[template(path = "daily_body.html")]
struct DailyBody<'a> {
    f: &'a Frame,
    list: &'a ListModel,
}

/// `GET /daily`
async fn list(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    if visitor.may(Right::SeePersons) {
        site.audit(&visitor, "daily_looked_at", None, String::new()).await;
    }
    page(daily_page(&site, &visitor, site.click_key()).render())
}

/// `GET /daily.fragment`: the list alone, for the script.
async fn fragment(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    if visitor.may(Right::SeePersons) {
        site.audit_part(&visitor, "daily_looked_at", None, String::new()).await;
    }
    let draw = |visitor: &Visitor, marks: &Marks| {
        let DailyPage { f, list } = daily_page(&site, visitor, marks.key.clone());
        DailyBody { f: &f, list: &list }.render()
    };
    site.drawn(Part::Daily, &visitor, draw).await
}

fn daily_page(site: &Site, visitor: &Visitor, key: String) -> DailyPage {
    let now = site.now();
    // The frame first: the id it carries is never newer than the rows.
    let mut f = Frame::of(site, visitor, now, "/daily", "daily_page");
    f.fragment = "/daily.fragment".to_owned();
    let list = ListModel::of(site, visitor, now, key);
    DailyPage { f, list }
}

/// What somebody did about one home.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ContactForm {
    token: String,
    key: String,
    back: String,
    deed: String,
    until: String,
}

/// `POST /daily/<home>`
async fn contact(
    State(site): State<Arc<Site>>,
    Path(home): Path<String>,
    headers: HeaderMap,
    Form(form): Form<ContactForm>,
) -> Response {
    let errand = deed(&form.deed, &form.until).map(Errand::Contact);
    // Another button of the same form is another click.
    let key = format!("{}-{}", form.key, form.deed);
    let sent = Sent { token: &form.token, key: &key, back: &form.back };
    work(&site, &headers, home, errand, sent).await
}

/// What the words of a form or a program mean; nothing where they are none of ours.
pub(super) fn deed(deed: &str, until: &str) -> Option<ContactDeed> {
    let called = |result| ContactDeed::Called { result };
    Some(match deed {
        "reached" => called(CallResult::Reached),
        "no_answer" => called(CallResult::NoAnswer),
        "busy" => called(CallResult::Busy),
        "wrong_number" => called(CallResult::WrongNumber),
        "send" => ContactDeed::Send,
        "visited" => ContactDeed::Visited,
        "away" => ContactDeed::Away { until: until.trim().parse().ok()? },
        "hospital" => ContactDeed::Hospital,
        "back" => ContactDeed::Back,
        "undo" => ContactDeed::Undo,
        _ => return None,
    })
}

/// Work for a home, by whoever may do it; written into the audit once it is done.
pub(super) async fn work(
    site: &Site,
    headers: &HeaderMap,
    home: String,
    errand: Option<Errand>,
    sent: Sent<'_>,
) -> Response {
    let visitor = Visitor::of(site, headers);
    let Ok(home) = HomeId::new(home) else {
        return said(site, &visitor, StatusCode::NOT_FOUND, &["home_unknown"]);
    };
    if visitor.person.is_some() && !visitor.may(Right::Work) {
        return said(site, &visitor, StatusCode::FORBIDDEN, &["errand_declined"]);
    }
    let name = errand.as_ref().map(Errand::name);
    let response = order(site, &visitor, home.clone(), errand, sent).await;
    if let Some(name) = name.filter(|_| response.status().is_redirection()) {
        site.audit(&visitor, name, Some(home), String::new()).await;
    }
    response
}
