//! `/sign-in` and `/sign-out`: by password, or once by a code. There is no password that anybody has from the start.

mod enter;

pub(super) use enter::PASSWORD_LENGTH_MIN;

use crate::text;
use crate::web::Site;
use crate::web::form::{DESK_COOKIE, VISIT_COOKIE, Visitor, cookie, is_secure, set_cookie, way_back};
use crate::web::pages::page;
use crate::web::secrets;
use crate::web::sessions::Kind;
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/sign-in", get(show).post(enter::enter)).route("/sign-out", post(leave))
}

/// The code that makes the first administrator, and the file in which it stands until it is used.
#[derive(Debug, Clone)]
pub struct FirstCode {
    /// As people read it.
    pub code: String,
    /// Where it is kept.
    pub path: PathBuf,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    language: text::Language,
    build: String,
    point_name: String,
    token: String,
    back: String,
    who: String,
    code: String,
    /// A code is asked for, and with it a new password.
    by_code: bool,
    /// Nobody has a password yet.
    is_first: bool,
    /// Whoever has a password may keep it.
    may_keep: bool,
    desk: bool,
    /// This PC was a desk and is none any more.
    ended: bool,
    message: Option<String>,
    other_language: &'static str,
    other_language_tag: &'static str,
    here_encoded: String,
}

impl SignInPage {
    fn l(&self, name: &'static str) -> &'static str {
        text::label(self.language, name)
    }
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Wanted {
    who: String,
    code: Option<String>,
    back: String,
    desk: Option<u8>,
    ended: Option<u8>,
}

/// `GET /sign-in?who=&code=&desk=1&back=`: what a link may fill in.
async fn show(State(site): State<Arc<Site>>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    if visitor.seat.is_some() && wanted.code.is_none() {
        return Redirect::to(&way_back(Some(&wanted.back))).into_response();
    }
    let mut drawn = blank(&site, &visitor, &headers);
    drawn.by_code = drawn.is_first || wanted.code.is_some();
    drawn.may_keep = site.named(&wanted.who).is_some_and(|(_, member)| member.secrets.password.is_some())
        && wanted.code.as_ref().is_some_and(|code| !code.is_empty());
    drawn.ended |= wanted.ended.is_some();
    drawn.desk |= wanted.desk.is_some();
    (drawn.who, drawn.code) = (shortened(&wanted.who), shortened(&wanted.code.unwrap_or_default()));
    drawn.back = way_back(Some(&wanted.back));
    // Somebody in front of an ended desk has to see it on whatever page was open.
    with_visit(&site, &visitor, &headers, drawn)
}

/// The page after a deed that came without a session: the deed was not done.
pub(super) fn again(site: &Site, visitor: &Visitor, headers: &HeaderMap) -> Response {
    let mut drawn = blank(site, visitor, headers);
    drawn.message = Some(text::label(visitor.language, "session_over").to_owned());
    with_visit(site, visitor, headers, drawn)
}

fn blank(site: &Site, visitor: &Visitor, headers: &HeaderMap) -> SignInPage {
    let other = visitor.language.pick(text::Language::English, text::Language::Chinese);
    let was_desk = cookie(headers, DESK_COOKIE).is_some();
    SignInPage {
        language: visitor.language,
        build: site.settings.build.clone(),
        point_name: text::shown(&site.settings.name, 40),
        token: visitor.token.clone(),
        back: "/".to_owned(),
        who: String::new(),
        code: String::new(),
        by_code: false,
        is_first: site.first_code().is_some() && !site.has_passwords(),
        may_keep: false,
        desk: was_desk,
        ended: was_desk && visitor.seat.is_none(),
        message: None,
        other_language: other.as_str(),
        other_language_tag: other.tag(),
        here_encoded: "%2Fsign-in".to_owned(),
    }
}

/// The page, with a cookie for the form of a browser that has none.
fn with_visit(site: &Site, visitor: &Visitor, headers: &HeaderMap, mut drawn: SignInPage) -> Response {
    if !visitor.token.is_empty() {
        return page(drawn.render());
    }
    let Ok(visit) = secrets::token() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the system gives no random numbers\n").into_response();
    };
    let set = set_cookie(VISIT_COOKIE, &visit, VISIT_SECS, is_secure(site, headers));
    let mut fresh = HeaderMap::new();
    if let Ok(value) = HeaderValue::try_from(format!("{VISIT_COOKIE}={visit}")) {
        fresh.insert(header::COOKIE, value);
    }
    drawn.token = Visitor::token_of(&fresh);
    ([(header::SET_COOKIE, set)], page(drawn.render())).into_response()
}

/// `POST /sign-out`: this browser is forgotten.
async fn leave(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let Some(seat) = &visitor.seat else { return Redirect::to("/sign-in").into_response() };
    let (hash, was_desk) = (seat.hash, seat.kind == Kind::Desk);
    site.end_sessions(|its, _| *its == hash).await;
    site.audit(&visitor, "signed_out", None, String::new()).await;
    let secure = is_secure(&site, &headers);
    let mut response = Redirect::to(if was_desk { "/sign-in?ended=1" } else { "/sign-in" }).into_response();
    for name in [crate::web::form::SESSION_COOKIE, DESK_COOKIE] {
        response.headers_mut().append(header::SET_COOKIE, set_cookie(name, "", 0, secure));
    }
    response
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

const VISIT_SECS: i64 = 86_400;
