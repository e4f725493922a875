//! The homes of the station: the list, each home's own page, its card, and what makes it other than usual.

mod card;
mod fields;
mod list;
mod page;
mod sheets;
mod suspend;
mod table;

pub(super) use list::state_words;

use crate::model::ids::HomeId;
use crate::web::Site;
use crate::web::access::Right;
use crate::web::form::Visitor;
use crate::web::pages::said;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    let sheets = get(sheets::sheet).post(sheets::import).layer(DefaultBodyLimit::max(SHEET_BYTES_MAX));
    Router::new()
        .route("/homes", get(list::list))
        .route(SHEET_PATH, sheets)
        .route("/homes/cards.csv", get(sheets::export))
        .route("/suspensions", get(suspend::all))
        .route("/home/{home}", get(page::home))
        .route("/home/{home}/note", post(page::note))
        .route("/home/{home}/card", get(card::form).post(card::save))
        .route("/home/{home}/suspend", post(suspend::begin))
        .route("/home/{home}/suspend/end", post(suspend::end))
}

/// The home that an address means, for somebody who may see homes; else the page that says why not.
#[allow(clippy::result_large_err)] // it is the answer, at once
fn home_for(site: &Site, visitor: &Visitor, home: String) -> Result<HomeId, Response> {
    if !visitor.may(Right::SeeHomes) {
        return Err(said(site, visitor, StatusCode::FORBIDDEN, &["home_must_sign"]));
    }
    HomeId::new(home).map_err(|_| said(site, visitor, StatusCode::NOT_FOUND, &["home_unknown"]))
}

/// Several hundred homes with long notes, each byte written as three; who has more pastes them in parts.
pub(super) const SHEET_BYTES_MAX: usize = 2_000_000;
/// Where such a table is sent to.
pub(super) const SHEET_PATH: &str = "/homes/cards";
