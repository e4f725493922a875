//! `/admin/tokens`: by which tokens other programs ask. A new one is shown once, in the answer to its form.

use crate::model::time::{Span, Timestamp};
use crate::store::Office;
use crate::store::office::{NewToken, Scope, Token};
use crate::web::Site;
use crate::web::deeds::words;
use crate::web::form::Visitor;
use crate::web::models::Frame;
use crate::web::pages::{page, said};
use crate::web::registers::{JustToken, administrator, day, is_key, minute, name, of_office};
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
    draw(&site, &Visitor::of(&site, &headers), None).await
}

async fn draw(site: &Arc<Site>, visitor: &Visitor, fresh: Option<String>) -> Response {
    let tokens = match of_office(site, visitor, Office::tokens).await {
        Ok(tokens) => tokens,
        Err(unread) => return unread,
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
        Err(refused) => return refused,
    };
    let (name, scopes): (String, _) = (words(&form.name).chars().take(NAME_LENGTH_MAX).collect(), form.scopes());
    let is_whole = is_key(&form.key) && !name.is_empty() && !scopes.is_empty();
    let Some(days) = form.days().filter(|_| is_whole) else {
        return said(&site, &visitor, StatusCode::UNPROCESSABLE_ENTITY, &["token_incomplete"]);
    };
    let now = site.now();
    let made = of_office(&site, &visitor, move |office| {
        let new =
            NewToken { key: &form.key, name: &name, scopes: &scopes, ends_at: days.map(|days| now + days), by: &by };
        office.make_token(now, &new)
    });
    match made.await {
        Ok(Some(text)) => draw(&site, &visitor, Some(text)).await,
        // The form was sent before; what it showed cannot be shown again.
        Ok(None) => Redirect::to("/admin/tokens").into_response(),
        Err(unwritten) => unwritten,
    }
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
        Err(refused) => return refused,
    };
    let now = site.now();
    match of_office(&site, &visitor, move |office| office.end_token(id, &by, now)).await {
        Ok(_) => Redirect::to("/admin/tokens").into_response(),
        Err(unwritten) => unwritten,
    }
}

const NAME_LENGTH_MAX: usize = 60;
const DAYS_MAX: i64 = 3650;
