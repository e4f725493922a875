//! The homes of the station: the list, and each home's own page.

use crate::desk::{HomeView, RowView};
use crate::model::errand::Errand;
use crate::model::ids::HomeId;
use crate::text;
use crate::web::Site;
use crate::web::access::Right;
use crate::web::form::{Visitor, escape};
use crate::web::models::{Frame, HomeModel, Painter, RowModel};
use crate::web::orders::{Sent, order};
use crate::web::pages::{page, said};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/homes", get(list)).route("/home/{home}", get(home)).route("/home/{home}/note", post(note))
}

#[derive(Template)]
#[template(path = "homes.html")]
struct HomesPage {
    f: Frame,
    homes: Vec<HomeModel>,
}

/// `GET /homes`
async fn list(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let (visitor, now) = (Visitor::of(&site, &headers), site.now());
    let f = Frame::of(&site, &visitor, now, "/homes", "homes");
    let view = site.desk().view(now, &site.actor(visitor.person.as_ref()));
    let painter = Painter { site: &site, language: visitor.language, now, on_desk: false, key: site.click_key() };
    page(HomesPage { homes: painter.homes(&view.homes), f }.render())
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    f: Frame,
    home: HomeModel,
    alerts: Vec<RowModel>,
    notes: Vec<NoteModel>,
    post: String,
    click_key: String,
}

struct NoteModel {
    at: String,
    who: String,
    text: String,
}

/// `GET /home/<id>`
async fn home(State(site): State<Arc<Site>>, Path(home): Path<String>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let found = HomeId::new(home).ok().and_then(|home| Some((site.desk().home(&home)?, home)));
    let Some((view, home)) = found else {
        return said(&site, &visitor, StatusCode::NOT_FOUND, &["home_unknown"]);
    };
    site.audit(&visitor, "home_looked_at", Some(home.clone()), String::new()).await;
    page(home_page(&site, &visitor, &home, &view).render())
}

fn home_page(site: &Site, visitor: &Visitor, home: &HomeId, view: &HomeView) -> HomePage {
    let (now, here) = (site.now(), format!("/home/{}", escape(home.as_str())));
    let key = site.click_key();
    let painter = Painter { site, language: visitor.language, now, on_desk: false, key: key.clone() };
    let alerts: Vec<RowView> = site.alerts_of(now, home, &site.actor(visitor.person.as_ref()));
    let desk = site.desk();
    let notes = desk.notes(home).iter().rev().map(|done| NoteModel {
        at: site.settings.zone.wall_clock(done.at),
        who: text::actor(visitor.language, &done.by, &|id| site.name(id)),
        text: match &done.what {
            Errand::Note { text } => text.clone(),
        },
    });
    HomePage {
        home: painter.home(view),
        alerts: painter.rows(&alerts),
        notes: notes.collect(),
        post: format!("{here}/note"),
        click_key: key,
        f: Frame::of(site, visitor, now, &here, "home_page"),
    }
}

#[derive(Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
struct NoteForm {
    token: String,
    key: String,
    back: String,
    text: String,
}

/// `POST /home/<id>/note`
async fn note(
    State(site): State<Arc<Site>>,
    Path(home): Path<String>,
    headers: HeaderMap,
    Form(form): Form<NoteForm>,
) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let Ok(home) = HomeId::new(home) else {
        return said(&site, &visitor, StatusCode::NOT_FOUND, &["home_unknown"]);
    };
    let text = crate::web::deeds::words(&form.text);
    let errand = (!text.is_empty() && visitor.may(Right::Work)).then_some(Errand::Note { text });
    order(&site, &visitor, home, errand, Sent { token: &form.token, key: &form.key, back: &form.back }).await
}
