//! The page of the change of shift.

use crate::desk::{BandName, HomeView, RowView, Stand, SuspensionView};
use crate::model::ids::HomeId;
use crate::model::time::{Span, Timestamp};
use crate::store::office::{ShiftKind, ShiftLine};
use crate::text;
use crate::web::Site;
use crate::web::form::Visitor;
use crate::web::handover::of_this_shift;
use crate::web::models::{Frame, HomeModel, Painter, RowModel};
use crate::web::pages;
use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "handover.html")]
struct HandoverPage {
    f: Frame,
    key: String,
    open: Vec<OpenModel>,
    waiting: Vec<RowModel>,
    asked: Vec<RowModel>,
    blind: Vec<RowModel>,
    faults: Vec<RowModel>,
    ending: Vec<EndingModel>,
    lines: Vec<LineModel>,
    heard: Option<String>,
    printed: String,
}

/// An alert in hand.
struct OpenModel {
    row: RowModel,
    /// To whom it is offered; empty where to nobody.
    offered: String,
    /// It is offered to whoever looks.
    to_me: bool,
}

struct EndingModel {
    place: String,
    href: String,
    words: String,
}

struct LineModel {
    at: String,
    who: String,
    text: String,
}

/// `GET /handover`
pub(super) async fn page(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let (visitor, now) = (Visitor::of(&site, &headers), site.now());
    let lines = site.shift_lines(LINES_READ).await;
    pages::page(drawn(&site, &visitor, now, &lines).render())
}

fn drawn(site: &Site, visitor: &Visitor, now: Timestamp, lines: &[ShiftLine]) -> HandoverPage {
    let f = Frame::of(site, visitor, now, "/handover", "handover");
    let key = site.click_key();
    let painter = Painter { site, language: visitor.language, now, on_desk: false, key: key.clone() };
    let view = site.desk().view(now, &site.actor(visitor.person.as_ref()));
    let all: Vec<&RowView> =
        view.bands.iter().filter(|band| band.name != BandName::JustClosed).flat_map(|band| &band.rows).collect();
    let rows = |which: &dyn Fn(&RowView) -> bool| -> Vec<RowModel> {
        all.iter().filter(|row| which(row)).map(|row| back_here(painter.row(row))).collect()
    };
    let open = all.iter().filter(|row| row.phase.is_in_hand()).map(|row| OpenModel {
        offered: row.handing_to.as_ref().map(|asked| name(site, asked.person.as_str())).unwrap_or_default(),
        to_me: row.others.contains(&"accept"),
        row: back_here(painter.row(row)),
    });
    let is_person = |row: &RowView| !row.phase.is_in_hand() && row.asked.is_none();
    let last = lines.iter().find(|line| line.kind == ShiftKind::Sound);
    let date = |at: Timestamp| text::date_time(visitor.language, &site.settings.zone, at);
    HandoverPage {
        open: open.collect(),
        waiting: rows(&|row| is_person(row) && row.severity != crate::model::reason::Severity::Blind),
        asked: rows(&|row| row.asked.is_some()),
        blind: rows(&|row| row.severity == crate::model::reason::Severity::Blind),
        faults: painter.rows(&view.faults).into_iter().map(back_here).collect(),
        ending: endings(site, &painter, now),
        lines: of_this_shift(lines, now).map(|line| line_model(site, &f, line)).collect(),
        heard: last.map(|line| format!("{} · {}", date(line.at), name(site, &line.who))),
        printed: date(now),
        key,
        f,
    }
}

/// A step from this page leads back to it.
fn back_here(row: RowModel) -> RowModel {
    RowModel { back: "/handover".to_owned(), ..row }
}

fn endings(site: &Site, painter: &Painter<'_>, now: Timestamp) -> Vec<EndingModel> {
    let desk = site.desk();
    let is_ending = |it: &SuspensionView| {
        matches!(it.stand, Stand::InForce | Stand::Ending(_)) && it.until > now && it.until - now <= ENDING_WITHIN
    };
    let homes: BTreeSet<HomeId> =
        desk.suspended_homes(now).into_iter().filter(|(_, it)| is_ending(it)).map(|(home, _)| home).collect();
    let homes: Vec<HomeView> = homes.iter().filter_map(|home| desk.home(home)).collect();
    drop(desk);
    let ending = |model: HomeModel| {
        let href = format!("/home/{}", crate::web::form::escape(&model.home));
        EndingModel { place: model.place, href, words: model.suspended }
    };
    homes.iter().map(|home| ending(painter.home(home))).collect()
}

fn line_model(site: &Site, f: &Frame, line: &ShiftLine) -> LineModel {
    let text = match line.kind {
        ShiftKind::Note => text::shown(&line.text, 2_000),
        ShiftKind::Gave => format!("{} {}", f.l("handover_gave"), name(site, &line.text)),
        ShiftKind::Took => format!("{} {}", f.l("handover_took"), name(site, &line.text)),
        ShiftKind::Sound => f.l("handover_sound_said").to_owned(),
    };
    LineModel { at: site.settings.zone.wall_clock(line.at), who: name(site, &line.who), text }
}

/// The name of a person of the staff; the id of one who is no more.
fn name(site: &Site, id: &str) -> String {
    let known = crate::model::ids::PersonId::new(id).ok().and_then(|id| site.name(&id));
    text::shown(&known.unwrap_or_else(|| id.to_owned()), 30)
}

const LINES_READ: usize = 200;
const ENDING_WITHIN: Span = Span::hours(24);
