//! `/admin/tokens`: by which tokens other programs ask. A new one is shown once, in the answer to its form.

use crate::model::time::{Span, Timestamp};
use crate::store::office::{NewToken, Scope, Token};
use crate::web::Site;
use crate::web::access::Right;
use crate::web::deeds::words;
use crate::web::form::Visitor;
use crate::web::guard::is_token;
use crate::web::models::Frame;
use crate::web::pages::{page, said};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;
use std::sync::Arc;

/// The addresses of this page.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/admin/tokens", get(list).post(make)).route("/admin/tokens/{id}/end", post(end))
}

#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPage {
    f: Frame,
    tokens: Vec<TokenModel>,
    fresh: Option<String>,
    click_key: String,
}

struct TokenModel {
    id: i64,
    name: String,
    scopes: String,
    made: String,
    used: Option<String>,
    ends: Option<String>,
    is_over: bool,
}

/// `GET /admin/tokens`
async fn list(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    if !visitor.may(Right::Administer) {
        return said(&site, &visitor, StatusCode::FORBIDDEN, &["feed_not_yours"]);
    }
    draw(&site, &visitor, None).await
}

async fn draw(site: &Arc<Site>, visitor: &Visitor, fresh: Option<String>) -> Response {
    let office = site.office.clone();
    let tokens = tokio::task::spawn_blocking(move || office.tokens()).await;
    let Ok(Ok(tokens)) = tokens else {
        return said(site, visitor, StatusCode::SERVICE_UNAVAILABLE, &["feed_unreadable"]);
    };
    let now = site.now();
    let f = Frame::of(site, visitor, now, "/admin/tokens", "tokens");
    let tokens = tokens.iter().map(|token| model(site, now, token)).collect();
    page(TokensPage { tokens, fresh, click_key: site.click_key(), f }.render())
}

fn model(site: &Site, now: Timestamp, token: &Token) -> TokenModel {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    TokenModel {
        id: token.id,
        name: token.name.clone(),
        scopes: scopes.join(", "),
        made: format!("{} {}", day(site, token.made_at), name(site, &token.made_by)),
        used: token.used_at.map(|at| minute(site, at)),
        ends: token.ends_at.map(|at| day(site, at)),
        is_over: !token.holds(now),
    }
}

/// `2026-11-21`
pub(super) fn day(site: &Site, at: Timestamp) -> String {
    site.settings.zone.date(at)
}

/// `2026-11-21 14:12`
pub(super) fn minute(site: &Site, at: Timestamp) -> String {
    format!("{} {}", site.settings.zone.date(at), site.settings.zone.hour_minute(at))
}

/// The name of a person of the staff; the id of one who left.
pub(super) fn name(site: &Site, id: &str) -> String {
    id.parse().ok().and_then(|id| site.name(&id)).unwrap_or_else(|| id.to_owned())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MakeForm {
    token: String,
    key: String,
    name: String,
    days: String,
    read: Option<String>,
    steps: Option<String>,
    reports: Option<String>,
    pii: Option<String>,
}

impl MakeForm {
    fn scopes(&self) -> Vec<Scope> {
        let marked = [
            (Scope::Read, &self.read),
            (Scope::Steps, &self.steps),
            (Scope::Reports, &self.reports),
            (Scope::Pii, &self.pii),
        ];
        marked.into_iter().filter(|(_, mark)| mark.is_some()).map(|(scope, _)| scope).collect()
    }

    /// Days until the end, or none at all; anything else is no answer.
    fn days(&self) -> Option<Option<Span>> {
        match self.days.as_str() {
            "never" => Some(None),
            days => {
                let days: i64 = days.parse().ok().filter(|days| (1..=DAYS_MAX).contains(days))?;
                Some(Some(Span::days(days)))
            }
        }
    }
}

/// `POST /admin/tokens`
async fn make(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<MakeForm>) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let by = match administrator(&site, &visitor, &form.token) {
        Ok(by) => by,
        Err((status, why)) => return said(&site, &visitor, status, &[why]),
    };
    let (name, scopes): (String, _) = (words(&form.name).chars().take(NAME_LENGTH_MAX).collect(), form.scopes());
    let is_key = (1..=KEY_LENGTH_MAX).contains(&form.key.len());
    let Some(days) = form.days().filter(|_| is_key && !name.is_empty() && !scopes.is_empty()) else {
        return said(&site, &visitor, StatusCode::UNPROCESSABLE_ENTITY, &["token_incomplete"]);
    };
    let (office, now) = (site.office.clone(), site.now());
    let made = tokio::task::spawn_blocking(move || {
        let new =
            NewToken { key: &form.key, name: &name, scopes: &scopes, ends_at: days.map(|days| now + days), by: &by };
        office.make_token(now, &new)
    });
    match made.await {
        Ok(Ok(Some(text))) => draw(&site, &visitor, Some(text)).await,
        // The form was sent before; what it showed cannot be shown again.
        Ok(Ok(None)) => Redirect::to("/admin/tokens").into_response(),
        Ok(Err(_)) | Err(_) => said(&site, &visitor, StatusCode::SERVICE_UNAVAILABLE, &["feed_unreadable"]),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct JustToken {
    pub token: String,
}

/// `POST /admin/tokens/<id>/end`
async fn end(
    State(site): State<Arc<Site>>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    Form(form): Form<JustToken>,
) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let by = match administrator(&site, &visitor, &form.token) {
        Ok(by) => by,
        Err((status, why)) => return said(&site, &visitor, status, &[why]),
    };
    let (office, now) = (site.office.clone(), site.now());
    match tokio::task::spawn_blocking(move || office.end_token(id, &by, now)).await {
        Ok(Ok(_)) => Redirect::to("/admin/tokens").into_response(),
        Ok(Err(_)) | Err(_) => said(&site, &visitor, StatusCode::SERVICE_UNAVAILABLE, &["feed_unreadable"]),
    }
}

/// The id of whoever sent a form of ours and may do this.
pub(super) fn administrator(site: &Site, visitor: &Visitor, token: &str) -> Result<String, (StatusCode, &'static str)> {
    if !is_token(site, token) {
        return Err((StatusCode::FORBIDDEN, "foreign_form"));
    }
    let by = visitor.person.as_ref().filter(|_| visitor.may(Right::Administer));
    by.map(|by| by.id.to_string()).ok_or((StatusCode::FORBIDDEN, "feed_not_yours"))
}

const NAME_LENGTH_MAX: usize = 60;
pub(super) const KEY_LENGTH_MAX: usize = 128;
const DAYS_MAX: i64 = 3650;
