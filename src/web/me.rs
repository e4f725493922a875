//! `/me`: what everybody may change about themselves, and the way out.

use crate::web::Site;
use crate::web::form::Visitor;
use crate::web::models::Frame;
use crate::web::pages::page;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/me", get(show))
}

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    f: Frame,
    name: String,
}

/// `GET /me`
async fn show(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let name = visitor.seat.as_ref().map(|seat| seat.owner.name.clone()).unwrap_or_default();
    page(MePage { f: Frame::of(&site, &visitor, site.now(), "/me", "me"), name }.render())
}
