//! Reports: figures of a time, the alerts behind each, and both as files.

pub(in crate::web) mod csv;
mod figures;
pub mod files;
mod list;
mod period;
mod plots;

use crate::desk::{Case, Counts, Report};
use crate::model::time::Timestamp;
use crate::store::office::Scope;
use crate::text;
use crate::web::Site;
use crate::web::access::Right;
use crate::web::api::{ApiProblem, Caller};
use crate::web::form::Visitor;
use crate::web::models::Frame;
use crate::web::pages::{page, said};
use crate::web::reports::figures::{Cell, FigureModel, Painted, TimesModel};
use crate::web::reports::files::{Maker, sound_tests};
use crate::web::reports::period::{Asked, Period};
use askama::Template;
use askama::filters::HtmlSafeOutput;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/reports", get(report))
        .route("/reports/alerts", get(list::alerts))
        .route("/reports/alerts.csv", get(list::alerts_csv))
        .route("/reports/figures.csv", get(figures_csv))
        .route("/reports/figures.json", get(figures_json))
        .route("/api/v1/reports/{month}", get(month_json))
}

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportPage {
    f: Frame,
    period: Period,
    made: String,
    by: String,
    shares: Vec<FigureModel>,
    times: Vec<TimesModel>,
    takes_plot: HtmlSafeOutput<String>,
    takes: Vec<(String, usize)>,
    parts_plot: HtmlSafeOutput<String>,
    parts: Vec<(String, String, [usize; 3])>,
    outcomes_head: Vec<&'static str>,
    outcomes_plot: HtmlSafeOutput<String>,
    outcomes: Vec<(String, Vec<Cell>)>,
    results: Vec<FigureModel>,
    load: Vec<FigureModel>,
    delivery: Vec<FigureModel>,
    equipment: Vec<FigureModel>,
    daily: Vec<FigureModel>,
    days: Vec<(String, [u32; 6])>,
    desk: Vec<FigureModel>,
    apart: Vec<FigureModel>,
    points: Vec<(String, [usize; 3])>,
}

/// What is counted, and of what.
struct Counted {
    period: Period,
    report: Report,
    cases: Vec<Case>,
    now: Timestamp,
}

/// `GET /reports`
async fn report(State(site): State<Arc<Site>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let (visitor, now) = (Visitor::of(&site, &headers), site.now());
    let counted = match counted(&site, &headers, &asked, now).await {
        Ok(counted) => counted,
        Err(refused) => return refused,
    };
    page(report_page(&site, &visitor, counted).render())
}

fn report_page(site: &Site, visitor: &Visitor, counted: Counted) -> ReportPage {
    let Counted { period, report, cases, now } = counted;
    let painted = Painted::new(site, visitor.language, &period, &report, &cases);
    let mut f = Frame::of(site, visitor, now, &format!("/reports?{}", period.query), "reports");
    f.title = format!("{} {} {}", f.plain_title, f.point_name, period.words);
    let by = visitor.person.as_ref().map(|person| person.id.to_string()).unwrap_or_default();
    ReportPage {
        made: format!("{} {}", site.settings.zone.date(now), text::clock_time(&site.settings.zone, now)),
        by,
        shares: painted.group(&figures::SHARES),
        times: painted.times(),
        takes_plot: HtmlSafeOutput(plots::takes(&report, visitor.language)),
        takes: plots::take_labels(visitor.language).into_iter().zip(report.takes.iter().copied()).collect(),
        parts_plot: HtmlSafeOutput(plots::parts(&report, visitor.language, &site.settings.zone)),
        parts: painted.parts(),
        outcomes_head: painted.outcomes_head(),
        outcomes_plot: HtmlSafeOutput(plots::outcomes(&report, visitor.language)),
        outcomes: painted.outcomes(),
        results: painted.group(&figures::RESULTS),
        load: painted.group(&figures::LOAD),
        delivery: painted.group(&figures::DELIVERY),
        equipment: painted.group(&figures::EQUIPMENT),
        daily: painted.group(&figures::DAILY),
        days: report.days.iter().map(|(day, counts)| (day.to_string(), of_day(counts))).collect(),
        desk: painted.group(&figures::DESK),
        apart: painted.group(&figures::APART),
        points: report.points.iter().map(|(point, counts)| (point.to_string(), *counts)).collect(),
        period,
        f,
    }
}

fn of_day(counts: &Counts) -> [u32; 6] {
    let Counts { homes, phoned, visited, suspended, .. } = *counts;
    [homes, counts.own_sign(), phoned, visited, suspended, counts.unresolved()]
}

/// Who asks for a report, or for a file of one.
pub(super) async fn reader(site: &Site, headers: &HeaderMap) -> Result<Caller, Response> {
    let caller = Caller::of(site, headers, Scope::Reports).await.map_err(IntoResponse::into_response)?;
    match caller.may(Right::Reports) {
        true => Ok(caller),
        false => Err(said(site, &caller.visitor, StatusCode::FORBIDDEN, &["reports_not_allowed"])),
    }
}

async fn counted(site: &Arc<Site>, headers: &HeaderMap, asked: &Asked, now: Timestamp) -> Result<Counted, Response> {
    let caller = reader(site, headers).await?;
    let visitor = &caller.visitor;
    let Some(period) = Period::of(asked, now, &site.settings.zone, visitor.language) else {
        return Err(said(site, visitor, StatusCode::UNPROCESSABLE_ENTITY, &["reports_no_range"]));
    };
    let cases = site.cases(period.range.from - files::EQUIPMENT_BEFORE, period.range.to).await.map_err(|why| {
        tracing::error!(%why, "a report could not be counted");
        said(site, visitor, StatusCode::SERVICE_UNAVAILABLE, &["reports_unread"])
    })?;
    let office = site.office.clone();
    let range = period.range;
    let sound = tokio::task::spawn_blocking(move || sound_tests(&office, range)).await.unwrap_or_default();
    let report = files::count(&site.desk(), &site.settings.zone, range, now, &cases, sound);
    site.audit_call(&caller, "report_looked_at", None, period.query.clone()).await;
    Ok(Counted { period, report, cases, now })
}

fn maker(site: &Site) -> Maker<'_> {
    Maker { point: &site.settings.point, zone: &site.settings.zone, build: &site.settings.build }
}

/// `GET /reports/figures.csv`
async fn figures_csv(State(site): State<Arc<Site>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let now = site.now();
    match counted(&site, &headers, &asked, now).await {
        Ok(counted) => {
            let (from, to) = counted.period.range.dates(&site.settings.zone);
            csv::answer(&format!("figures-{}-{from}-{to}.csv", site.settings.point), files::csv(&counted.report))
        }
        Err(refused) => refused,
    }
}

/// `GET /reports/figures.json`
async fn figures_json(State(site): State<Arc<Site>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let now = site.now();
    match counted(&site, &headers, &asked, now).await {
        Ok(counted) => axum::Json(files::json(&maker(&site), &counted.report, counted.now)).into_response(),
        Err(refused) => refused,
    }
}

/// `GET /api/v1/reports/<yyyy-mm>`
async fn month_json(State(site): State<Arc<Site>>, Path(month): Path<String>, headers: HeaderMap) -> Response {
    if crate::desk::Range::named_month(&site.settings.zone, &month).is_none() {
        let why = ApiProblem::not_found("there is no such month", "write it as 2026-11");
        return why.into_response();
    }
    let asked = Asked { month: Some(month), ..Asked::default() };
    figures_json(State(site), Query(asked), headers).await
}

fn no_store(kind: &'static str, name: &str, body: String) -> Response {
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, named(name))];
    (headers, body).into_response()
}

/// Names of files hold ids: what is no letter of ASCII is left out.
fn named(name: &str) -> String {
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).collect();
    format!("attachment; filename=\"{name}\"")
}
