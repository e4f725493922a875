//! Reports: figures of a time, the alerts behind each, and both as files.

pub(in crate::web) mod csv;
mod figures;
mod list;
mod period;
mod plots;

use crate::desk::{Case, Report};
use crate::model::time::{Span, Timestamp};
use crate::text;
use crate::web::Site;
use crate::web::access::Right;
use crate::web::form::Visitor;
use crate::web::models::Frame;
use crate::web::pages::{page, said};
use crate::web::reports::figures::{Cell, FigureModel, Painted, TimesModel};
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
    let counted = match counted(&site, &visitor, &asked, now).await {
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
        apart: painted.group(&figures::APART),
        points: report.points.iter().map(|(point, counts)| (point.to_string(), *counts)).collect(),
        period,
        f,
    }
}

async fn counted(site: &Arc<Site>, visitor: &Visitor, asked: &Asked, now: Timestamp) -> Result<Counted, Response> {
    if !visitor.may(Right::Reports) {
        return Err(said(site, visitor, StatusCode::FORBIDDEN, &["reports_not_allowed"]));
    }
    let Some(period) = Period::of(asked, now, &site.settings.zone, visitor.language) else {
        return Err(said(site, visitor, StatusCode::UNPROCESSABLE_ENTITY, &["reports_no_range"]));
    };
    let cases = site.cases(period.range.from - EQUIPMENT_BEFORE, period.range.to).await.map_err(|why| {
        tracing::error!(%why, "a report could not be counted");
        said(site, visitor, StatusCode::SERVICE_UNAVAILABLE, &["reports_unread"])
    })?;
    let homes = site.desk().homes_known();
    let report = Report::of(period.range, now, &site.settings.zone, &cases, &homes);
    site.audit(visitor, "report_looked_at", None, period.query.clone()).await;
    Ok(Counted { period, report, cases, now })
}

/// `GET /reports/figures.csv`
async fn figures_csv(State(site): State<Arc<Site>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let (visitor, now) = (Visitor::of(&site, &headers), site.now());
    match counted(&site, &visitor, &asked, now).await {
        Ok(counted) => {
            let (from, to) = counted.period.range.dates(&site.settings.zone);
            csv::answer(&format!("figures-{}-{from}-{to}.csv", site.settings.point), csv::figures(&counted.report))
        }
        Err(refused) => refused,
    }
}

/// `GET /reports/figures.json`
async fn figures_json(State(site): State<Arc<Site>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let (visitor, now) = (Visitor::of(&site, &headers), site.now());
    match counted(&site, &visitor, &asked, now).await {
        Ok(counted) => axum::Json(figures::json(&site, &counted.report, counted.now)).into_response(),
        Err(refused) => refused,
    }
}

/// `GET /api/v1/reports/<yyyy-mm>`
async fn month_json(State(site): State<Arc<Site>>, Path(month): Path<String>, headers: HeaderMap) -> Response {
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

/// Homes without contact and faults may have begun before the range.
const EQUIPMENT_BEFORE: Span = Span::days(92);
