//! `/admin`: the people of the station, and who did what. For administrators alone.

mod audit;
mod people;
mod person;
mod phone;

pub(super) use people::words;
pub(super) use person::is_pin;

use crate::web::Site;
use crate::web::access::Right;
use crate::web::form::Visitor;
use crate::web::pages::said;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/admin", get(begin))
        .route("/admin/people", get(people::list).post(people::add))
        .route("/admin/people/{id}", get(person::show).post(person::save))
        .route("/admin/people/{id}/code", post(person::code))
        .route("/admin/people/{id}/pin", post(person::pin))
        .route("/admin/people/{id}/shut", post(person::shut))
        .route("/admin/people/{id}/sms", post(phone::test))
        .route("/admin/audit", get(audit::show))
}

async fn begin(State(_): State<Arc<Site>>) -> Response {
    Redirect::to("/admin/people").into_response()
}

/// Whoever looks, if they are an administrator; else the page that says so.
#[allow(clippy::result_large_err)] // the error is the answer
fn administrator(site: &Site, headers: &HeaderMap) -> Result<Visitor, Response> {
    let visitor = Visitor::of(site, headers);
    match visitor.may(Right::Administer) {
        true => Ok(visitor),
        false => Err(said(site, &visitor, StatusCode::FORBIDDEN, &["not_for_you"])),
    }
}
