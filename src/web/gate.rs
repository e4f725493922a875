//! Who may come in: every request shows a session, and every form the token that was drawn for it.
//!
//! Asked once, for every address there is, so that no page can forget it.

use crate::web::access::Door;
use crate::web::form::{Visitor, escape};
use crate::web::homes::{SHEET_BYTES_MAX, SHEET_PATH};
use crate::web::secrets::is_same;
use crate::web::{FORM_BYTES_MAX, Site, pages, sign_in};
use axum::Form;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

/// Lets a request in, or says what is missing.
pub(super) async fn gate(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    if takes_tokens(request.uri().path()) && request.headers().contains_key(header::AUTHORIZATION) {
        // What the token may, each of these asks (`api::Caller`); a cookie beside it counts for nothing.
        return next.run(request).await;
    }
    let (is_post, is_trace) = (*request.method() == Method::POST, *request.method() == Method::TRACE);
    if is_trace || (is_post && is_only_looked_at(request.uri().path())) {
        // No handler takes it: the router says so.
        return next.run(request).await;
    }
    let visitor = Visitor::of(&site, request.headers());
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let (path, door) = (request.uri().path().to_owned(), Door::at(request.uri().path()));
    if visitor.seat.is_none() && door != Door::Open {
        return not_signed_in(&site, &visitor, &request);
    }
    let headers = request.headers().clone();
    let request = match changes {
        true if is_for_programs(&path) => match is_json(request.headers()) {
            true => request,
            false => {
                return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is no JSON", "send application/json");
            }
        },
        true => match with_token(&visitor, request).await {
            Ok(request) => request,
            // Of a page that was left open until its cookie had gone.
            Err(status) if visitor.seat.is_none() => {
                return (status, sign_in::again(&site, &visitor, &headers)).into_response();
            }
            Err(status) => {
                site.audit(&visitor, "form_refused", None, shortened(&path)).await;
                return pages::said(&site, &visitor, status, &["foreign_form"]);
            }
        },
        false => request,
    };
    if !door.lets_in(&visitor, changes) {
        site.audit(&visitor, "not_let_in", None, shortened(&path)).await;
        return match is_for_programs(&path) {
            true => problem(StatusCode::FORBIDDEN, "this is not for you to do or see", "ask your administrator"),
            false => pages::said(&site, &visitor, StatusCode::FORBIDDEN, &["not_for_you"]),
        };
    }
    let prolonged = site.prolong(&visitor, &headers).await;
    let mut response = next.run(request).await;
    // What the page itself refuses: not for this position, or of a home that is none of ours.
    if visitor.seat.is_some() && matches!(response.status(), StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) {
        let detail = format!("{} {}", response.status().as_u16(), shortened(&path));
        site.audit(&visitor, "refused", None, detail).await;
    }
    // A page that begins or ends a session says so itself.
    if let Some(cookie) = prolonged.filter(|_| !response.headers().contains_key(header::SET_COOKIE)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// What somebody is told who has no session, or whose session has ended.
fn not_signed_in(site: &Site, visitor: &Visitor, request: &Request) -> Response {
    let uri = request.uri();
    if is_for_programs(uri.path()) {
        return problem(StatusCode::UNAUTHORIZED, "nobody is signed in here", "sign in at /sign-in");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::UNAUTHORIZED, sign_in::again(site, visitor, request.headers())).into_response();
    }
    let is_part = uri.query().is_some_and(|query| query.contains("fragment="));
    if is_part || uri.path() == "/events" || uri.path().ends_with(".fragment") {
        return (StatusCode::UNAUTHORIZED, "nobody is signed in here\n").into_response();
    }
    let back = uri.path_and_query().map_or("/", |path| path.as_str());
    Redirect::to(&match back {
        "/" => "/sign-in".to_owned(),
        _ => format!("/sign-in?back={}", escape(back)),
    })
    .into_response()
}

/// The addresses at which a program shows a token instead of a session.
const FOR_TOKENS: [&str; 15] = [
    "/api/v1/desk",
    "/api/v1/alerts",
    "/api/v1/homes",
    "/api/v1/daily",
    "/api/v1/faults",
    "/api/v1/reports",
    "/api/v1/circle",
    "/api/v1/test",
    "/api/v1/events",
    "/metrics",
    "/faults.csv",
    "/daily.csv",
    "/reports/figures.csv",
    "/reports/figures.json",
    "/reports/alerts.csv",
];

fn takes_tokens(path: &str) -> bool {
    let is_there =
        |begin: &&str| path.strip_prefix(*begin).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']));
    FOR_TOKENS.iter().any(is_there)
}

/// Addresses for everybody at which nothing can be sent.
const ONLY_LOOKED_AT: [&str; 6] =
    ["/healthz", "/readyz", "/static", "/api/v1/openapi.json", "/api/v1/asyncapi.json", "/api/v1/schema"];

fn is_only_looked_at(path: &str) -> bool {
    let is_there =
        |begin: &&str| path.strip_prefix(*begin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    ONLY_LOOKED_AT.iter().any(is_there)
}

fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/")
}

/// Another site's form cannot send this type without asking first, and that question is not answered.
fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Token {
    token: String,
}

/// The request again, if its form carries the token of the session that sends it.
async fn with_token(visitor: &Visitor, request: Request) -> Result<Request, StatusCode> {
    let (parts, body) = request.into_parts();
    let most = if parts.uri.path() == SHEET_PATH { SHEET_BYTES_MAX } else { FORM_BYTES_MAX };
    let bytes = axum::body::to_bytes(body, most).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    let again = |parts: Parts, bytes: Bytes| Request::from_parts(parts, Body::from(bytes));
    let form = Form::<Token>::from_request(again(parts.clone(), bytes.clone()), &()).await;
    let Form(Token { token }) = form.map_err(|_| StatusCode::FORBIDDEN)?;
    match !token.is_empty() && is_same(&visitor.token, &token) {
        true => Ok(again(parts, bytes)),
        false => Err(StatusCode::FORBIDDEN),
    }
}

fn problem(status: StatusCode, what: &str, deed: &str) -> Response {
    let body = serde_json::json!({ "what": what, "deed": deed }).to_string();
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
}

pub(super) fn shortened(path: &str) -> String {
    path.chars().take(80).collect()
}

/// From where a connection came, as its listener knows it.
#[derive(Debug, Clone, Copy)]
pub struct Caller(pub SocketAddr);

/// From which address a request came, as text; empty where that is not known.
pub(super) struct Peer(pub String);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Peer, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<Caller>>();
        Ok(Peer(peer.map(|ConnectInfo(Caller(address))| address.ip().to_string()).unwrap_or_default()))
    }
}
