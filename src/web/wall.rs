//! `/wall`: the desk for a television on the wall. Places, ids and clocks; no names, nothing to press.

use crate::desk::{BandName, RowView, View};
use crate::web::Site;
use crate::web::access::Right;
use crate::web::form::Visitor;
use crate::web::models::{Frame, Painter, RowModel};
use crate::web::pages::page;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;

/// The addresses of this page.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/wall", get(wall)).route("/wall.fragment", get(fragment))
}

#[derive(Template)]
#[template(path = "wall.html")]
struct WallPage {
    f: Frame,
    wall: WallModel,
}

#[derive(Template)]
#[template(path = "wall_body.html")]
struct WallBody<'a> {
    f: &'a Frame,
    wall: &'a WallModel,
}

struct WallModel {
    counts: Vec<CountModel>,
    tiles: Vec<TileModel>,
    /// Alerts that have no tile of their own.
    others: usize,
}

struct CountModel {
    name: &'static str,
    word: &'static str,
    count: usize,
}

/// One alert: of the row only what whoever passes by may read.
struct TileModel {
    row: RowModel,
    place: String,
    id: String,
}

/// `GET /wall`
async fn wall(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    page(wall_page(&site, &Visitor::of(&site, &headers)).render())
}

/// `GET /wall.fragment`: what changes, for the script.
async fn fragment(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let WallPage { f, wall } = wall_page(&site, &Visitor::of(&site, &headers));
    page(WallBody { f: &f, wall: &wall }.render())
}

fn wall_page(site: &Site, visitor: &Visitor) -> WallPage {
    let now = site.now();
    // The frame first: the id it carries is never newer than the tiles.
    let mut f = Frame::of(site, visitor, now, "/wall", "wall_page");
    f.room = "tv";
    if visitor.may(Right::SeeDesk) {
        f.fragment = "/wall.fragment".to_owned();
        f.refreshes = true;
    }
    let view = site.desk().view(now, &site.actor(None));
    let painter = Painter { site, language: visitor.language, now, on_desk: true, key: String::new() };
    // Figures are for everybody who is let in, places for the staff.
    let tile = |row: &RowView| {
        let (drawn, id) = (painter.row(row), format!("{} / {}", row.key.home, row.number()));
        let place = if visitor.may(Right::SeeDesk) { drawn.place.clone() } else { row.key.home.to_string() };
        TileModel { row: drawn, place, id }
    };
    let shown = [BandName::Unclaimed, BandName::InHand, BandName::NoContact];
    let rows = shown.iter().flat_map(|band| view.band(*band));
    let tiles: Vec<TileModel> = rows.clone().take(TILES_MAX).map(tile).collect();
    let others = rows.count() - tiles.len();
    WallPage { wall: WallModel { counts: counts(&f, &view), tiles, others }, f }
}

fn counts(f: &Frame, view: &View) -> Vec<CountModel> {
    let band =
        |band: BandName, label| CountModel { name: band.as_str(), word: f.l(label), count: view.band(band).len() };
    vec![
        band(BandName::Unclaimed, "unclaimed"),
        band(BandName::InHand, "in_hand"),
        band(BandName::NoContact, "no_contact"),
        CountModel { name: "to-phone", word: f.l("daily_to_phone"), count: f.waits.daily },
    ]
}

/// What a screen shows without scrolling.
const TILES_MAX: usize = 8;
