//! The walk test: somebody on the ladder sees at once whether *this* sensor arrives, at the station too, and leaves with a
//! protocol.
//!
//! Beginning it suspends the home for maintenance, for two hours, which end by themselves; a button that is pressed meanwhile is
//! an alert as ever, marked as under maintenance. It does not end while a sensor was not heard unless somebody writes why.

mod heard;

pub use heard::Walks;

use crate::desk::{Stand, SuspensionView};
use crate::model::errand::Errand;
use crate::model::ids::HomeId;
use crate::model::suspension::{Absence, Suspension};
use crate::model::time::{Span, Timestamp, whole_millis};
use crate::text;
use crate::web::Site;
use crate::web::access::Right;
use crate::web::form::{Visitor, escape};
use crate::web::models::{Frame, Painter};
use crate::web::orders::{Sent, order, ordered};
use crate::web::pages::{page, said};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use heard::{Heard, Line};
use serde::Deserialize;
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/walk/{home}", get(walk))
        .route("/walk/{home}/start", post(start))
        .route("/walk/{home}/end", post(end))
}

#[derive(Template)]
#[template(path = "walk.html")]
struct WalkPage {
    f: Frame,
    place: String,
    home_href: String,
    here: String,
    click_key: String,
    /// How it stands: before, asked, walking, ending, over.
    stage: &'static str,
    stage_words: String,
    began: String,
    until: String,
    lines: Vec<LineModel>,
    passed: usize,
    total: usize,
    message: Option<&'static str>,
}

struct LineModel {
    tone: &'static str,
    mark: &'static str,
    word: &'static str,
    room: String,
    kind: &'static str,
    id: String,
    by_gateway: u32,
    by_station: u32,
    last: String,
    signal: String,
    battery: String,
}

#[derive(Debug, Default, Deserialize)]
struct Which {
    end: Option<u8>,
}

/// `GET /walk/<home>`
async fn walk(
    State(site): State<Arc<Site>>,
    Path(home): Path<String>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Response {
    let visitor = Visitor::of(&site, &headers);
    match home_for(&site, &visitor, home) {
        Ok(home) => drawn(&site, &visitor, &home, which.end.is_some(), None),
        Err(why) => why,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WalkForm {
    token: String,
    key: String,
    reason: String,
}

/// `POST /walk/<home>/start`
async fn start(
    State(site): State<Arc<Site>>,
    Path(home): Path<String>,
    headers: HeaderMap,
    Form(form): Form<WalkForm>,
) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let home = match home_for(&site, &visitor, home) {
        Ok(home) => home,
        Err(why) => return why,
    };
    let now = whole_millis(site.now());
    let owner = visitor.person.as_ref().map(|person| person.id.to_string()).unwrap_or_default();
    let why = text::label(visitor.language, "walk_why").to_owned();
    let errand = Errand::Suspend(Suspension { kind: Absence::Maintenance, owner, why, from: now, until: now + LASTS });
    site.audit(&visitor, "walk_begun", Some(home.clone()), String::new()).await;
    let back = address(&home);
    order(&site, &visitor, home, Some(errand), Sent { token: &form.token, key: &form.key, back: &back }).await
}

/// `POST /walk/<home>/end`
async fn end(
    State(site): State<Arc<Site>>,
    Path(home): Path<String>,
    headers: HeaderMap,
    Form(form): Form<WalkForm>,
) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let home = match home_for(&site, &visitor, home) {
        Ok(home) => home,
        Err(why) => return why,
    };
    let heard = site.walks.of(&home);
    let missing: Vec<&Line> = heard.iter().flat_map(|heard| &heard.sensors).filter(|line| !line.is_through()).collect();
    let reason: String = form.reason.trim().chars().filter(|c| !c.is_control()).take(REASON_LENGTH_MAX).collect();
    let is_whole = heard.is_some() && missing.is_empty();
    if !is_whole && reason.is_empty() {
        return drawn(&site, &visitor, &home, true, Some("walk_needs_reason"));
    }
    let note = Errand::Note { text: protocol(&site, &visitor, heard.as_ref(), &missing, &reason) };
    let back = address(&home);
    let ending = Sent { token: &form.token, key: &form.key, back: &back };
    let errand = Errand::EndSuspension { kind: Absence::Maintenance };
    if let Err((status, why)) = ordered(&site, &visitor, home.clone(), Some(errand), &ending).await {
        return said(&site, &visitor, status, &[why]);
    }
    let noting = Sent { token: &form.token, key: &format!("{}-n", form.key), back: &back };
    if let Err((status, why)) = ordered(&site, &visitor, home.clone(), Some(note), &noting).await {
        return said(&site, &visitor, status, &[why]);
    }
    site.audit(&visitor, "walk_ended", Some(home), String::new()).await;
    Redirect::to(&back).into_response()
}

/// What stays with the home: how many were heard, which were not, and why it was left so.
fn protocol(site: &Site, visitor: &Visitor, heard: Option<&Heard>, missing: &[&Line], reason: &str) -> String {
    let language = visitor.language;
    let (passed, total) = heard.map_or((0, 0), |heard| (heard.passed(), heard.sensors.len()));
    let zone = &site.settings.zone;
    let began = heard.map(|heard| text::clock_time(zone, heard.since)).unwrap_or_default();
    let ended = text::clock_time(zone, site.now());
    let mut note = language.pick(
        format!("检修走测 {began}–{ended}：{passed}/{total} 个传感器到达本站"),
        format!("Walk test {began}–{ended}: {passed} of {total} sensors arrived at the station"),
    );
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(|line| line.id.to_string()).take(NAMED_MAX).collect();
        note += &language.pick(format!("；未到达：{}", names.join("、")), format!("; not heard: {}", names.join(", ")));
    }
    if !reason.is_empty() {
        note += &language.pick(format!("；原因：{reason}"), format!("; why: {reason}"));
    }
    note
}

#[allow(clippy::result_large_err)] // it is the answer, at once
fn home_for(site: &Site, visitor: &Visitor, home: String) -> Result<HomeId, Response> {
    if !visitor.may(Right::Maintain) {
        let why = if visitor.might(Right::Maintain) { "choose_first" } else { "not_for_you" };
        return Err(said(site, visitor, StatusCode::FORBIDDEN, &[why]));
    }
    let known = HomeId::new(home).ok().filter(|home| site.desk().home(home).is_some());
    known.ok_or_else(|| said(site, visitor, StatusCode::NOT_FOUND, &["home_unknown"]))
}

fn address(home: &HomeId) -> String {
    format!("/walk/{}", escape(home.as_str()))
}

fn drawn(site: &Site, visitor: &Visitor, home: &HomeId, ending: bool, message: Option<&'static str>) -> Response {
    let now = site.now();
    let views = site.desk().suspensions_of(now, home);
    let of_walk = |view: &&SuspensionView| view.kind == Some(Absence::Maintenance) && view.until > now;
    let view = views.iter().filter(of_walk).max_by_key(|view| view.from);
    let heard = site.walks.of(home);
    let painter = Painter { site, language: visitor.language, now, on_desk: false, key: site.click_key() };
    let stage = match view.map(|view| &view.stand) {
        Some(Stand::InForce) if ending => "ending",
        Some(Stand::InForce) => "walking",
        Some(Stand::Asked(_)) => "asked",
        Some(Stand::Ending(_)) => "closing",
        Some(Stand::Refused(_)) => "refused",
        Some(Stand::NeverConfirmed | Stand::Over) | None if heard.is_some() => "over",
        Some(Stand::NeverConfirmed | Stand::Over) | None => "before",
    };
    // Until the home speaks of this maintenance, what is known is of an earlier one.
    let heard = heard.filter(|heard| match view {
        Some(view) if stage != "over" => heard.since == view.from,
        Some(_) | None => true,
    });
    let lines = heard.as_ref().map(|heard| painter.lines(heard)).unwrap_or_default();
    let zone = &site.settings.zone;
    let drawn = WalkPage {
        f: Frame::of(site, visitor, now, &address(home), "walk_page"),
        place: site.desk().place_of(home).map_or_else(|| home.to_string(), |place| text::shown(&place, 40)),
        home_href: format!("/home/{}", escape(home.as_str())),
        here: address(home),
        click_key: painter.key.clone(),
        stage,
        stage_words: painter.stage_words(stage, view),
        began: heard.as_ref().map(|heard| text::clock_time(zone, heard.since)).unwrap_or_default(),
        until: view.map(|view| text::hour_minute(zone, view.until)).unwrap_or_default(),
        passed: heard.as_ref().map_or(0, Heard::passed),
        total: lines.len(),
        lines,
        message: message.map(|message| painter.label(message)),
    };
    let status = if message.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut response = (status, page(drawn.render())).into_response();
    if matches!(stage, "asked" | "walking" | "closing") {
        // Whoever stands on the ladder has no hand free; with script and without.
        response.headers_mut().insert(HeaderName::from_static("refresh"), HeaderValue::from_static(COMES_AGAIN));
    }
    response
}

impl Painter<'_> {
    fn stage_words(&self, stage: &str, view: Option<&SuspensionView>) -> String {
        let zone = &self.site.settings.zone;
        match (stage, view) {
            ("asked", Some(SuspensionView { stand: Stand::Asked(at), .. })) => {
                let clock = text::clock_time(zone, *at);
                self.language
                    .pick(format!("{clock} 已请求检修，等待家中确认"), format!("asked {clock}, waiting for the home"))
            }
            ("closing", _) => self.label("walk_closing").to_owned(),
            ("refused", Some(SuspensionView { stand: Stand::Refused(why), .. })) => {
                format!("{}: {}", self.label("walk_refused"), text::shown(why, 200))
            }
            ("walking" | "ending", Some(view)) => {
                let left = text::duration(self.language, view.until - self.now);
                self.language.pick(
                    format!("检修中，还有 {left}，到时自动结束"),
                    format!("under maintenance, {left} left, ends by itself"),
                )
            }
            ("over", _) => self.label("walk_over").to_owned(),
            _ => self.label("walk_before").to_owned(),
        }
    }

    fn lines(&self, heard: &Heard) -> Vec<LineModel> {
        heard.sensors.iter().map(|line| self.line(heard, line)).collect()
    }

    fn line(&self, heard: &Heard, line: &Line) -> LineModel {
        let is_late = self.now - heard.since > RED_AFTER;
        let (tone, mark, word) = match (line.is_through(), line.by_gateway > 0 || line.is_alive, is_late) {
            (true, ..) => ("through", "✓", "walk_through"),
            (false, true, _) => ("partly", "…", "walk_alive"),
            (false, false, false) => ("waits", "…", "walk_waits"),
            (false, false, true) => ("red", "✗", "walk_red"),
        };
        let percent = |of: Option<u8>| of.map_or_else(|| "—".to_owned(), |percent| format!("{percent} %"));
        LineModel {
            tone,
            mark,
            word: self.label(word),
            room: line.room.as_ref().map_or_else(|| "—".to_owned(), |room| text::room(self.language, room)),
            kind: line.kind.map_or(self.label("unknown"), |kind| text::sensor_kind(self.language, kind)),
            id: line.id.to_string(),
            by_gateway: line.by_gateway,
            by_station: line.by_station,
            last: line.last.map_or_else(
                || "—".to_owned(),
                |at: Timestamp| {
                    let age = text::duration(self.language, self.now - at);
                    self.language.pick(format!("{age}前"), format!("{age} ago"))
                },
            ),
            signal: percent(line.signal_percent),
            battery: percent(line.battery_percent),
        }
    }
}

/// Then it ends by itself.
const LASTS: Span = Span::hours(2);
/// What was not heard for longer is red.
const RED_AFTER: Span = Span::minutes(10);
/// Seconds until the page comes anew by itself.
const COMES_AGAIN: &str = "2";
const REASON_LENGTH_MAX: usize = 200;
const NAMED_MAX: usize = 20;
