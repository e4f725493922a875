//! Who may ask: only pages of this station, by its own names, and nobody's frame.

use crate::model::time::Span;
use crate::web::Site;
use crate::web::api::ApiProblem;
use crate::web::form::Visitor;
use crate::web::gate::shortened;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

/// The names under which a browser reaches the page: on this machine, and those that were given.
///
/// Any other name is a foreign site whose DNS was pointed at us (rebinding).
pub(super) fn hosts(listen: SocketAddr, names: &[String]) -> Vec<String> {
    let port = listen.port();
    let mut hosts: Vec<String> =
        ["localhost", "127.0.0.1", "[::1]"].iter().map(|host| format!("{host}:{port}")).collect();
    hosts.push(listen.to_string());
    // Whatever stands before the page may serve it at the usual port, which browsers leave out.
    hosts.extend(names.iter().flat_map(|name| [name.clone(), format!("{name}:{port}")]));
    hosts
}

/// Refuses foreign requests and puts the security headers on every answer.
pub(super) async fn guard(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let foreign = foreign(&site.hosts, request.method(), request.headers());
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::POST) {
        // Nothing is asked by any of these, so one stands for all: no handler takes it, and the router says what is allowed.
        *request.method_mut() = Method::TRACE;
    }
    let mut response = match foreign {
        Some(why) => {
            let (visitor, path) = (Visitor::of(&site, request.headers()), shortened(request.uri().path()));
            tell(&site, &visitor, format!("{path} {why}")).await;
            (StatusCode::FORBIDDEN, why).into_response()
        }
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Into the audit, but not so often that whoever sends such requests could fill the disk.
async fn tell(site: &Site, visitor: &Visitor, detail: String) {
    let now = site.now();
    let is_told = {
        let mut told = site.foreign_told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_told = told.is_some_and(|at| (now - at).abs() < TOLD_AGAIN);
        if !is_told {
            *told = Some(now);
        }
        is_told
    };
    if !is_told {
        site.audit(visitor, "foreign_refused", None, detail).await;
    }
}

/// Nothing is asked or done in this way at this address; the router adds in which ways it is.
pub(super) async fn not_so(uri: Uri) -> Response {
    if uri.path().starts_with("/api/") {
        let what = "nothing is asked in this way here";
        let why = ApiProblem::new(StatusCode::METHOD_NOT_ALLOWED, what, "see /api/v1/openapi.json");
        return why.into_response();
    }
    (StatusCode::METHOD_NOT_ALLOWED, "nothing is asked in this way here\n").into_response()
}

/// Why a request is none of ours; `None` if it is.
fn foreign(hosts: &[String], method: &Method, headers: &HeaderMap) -> Option<&'static str> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let is_ours = |host: &str| hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host));
    if !text(header::HOST).is_some_and(is_ours) {
        return Some(
            "this station answers under its own names only: http://127.0.0.1 on its machine, and those in names of [station]",
        );
    }
    if matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    if let Some(origin) = text(header::ORIGIN)
        && !["http://", "https://"].iter().filter_map(|kind| origin.strip_prefix(kind)).any(is_ours)
    {
        return Some("the request came from a page of another site");
    }
    match text(HeaderName::from_static("sec-fetch-site")) {
        None | Some("same-origin" | "none") => None,
        Some(_) => Some("the request came from a page of another site"),
    }
}

/// Whether a form carries a token at all: a wrong one was refused at the gate.
pub(super) fn is_token(_: &Site, token: &str) -> bool {
    !token.is_empty()
}

const TOLD_AGAIN: Span = Span::seconds(60);

const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data: 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: Method, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        foreign(&hosts("127.0.0.1:8470".parse().unwrap(), &["station.lan".to_owned()]), &method, &headers).is_none()
    }

    #[test]
    fn only_our_own_pages_may_ask() {
        let host = ("host", "127.0.0.1:8470");
        assert!(asked(Method::GET, &[host]));
        assert!(asked(Method::GET, &[("host", "localhost:8470")]));
        assert!(!asked(Method::GET, &[("host", "evil.example:8470")]), "rebound name");
        assert!(!asked(Method::GET, &[]), "no name");
        for ours in ["station.lan", "Station.lan:8470"] {
            assert!(asked(Method::GET, &[("host", ours)]), "{ours}");
        }
        assert!(!asked(Method::GET, &[("host", "station.lan.evil.example")]));
        assert!(asked(Method::POST, &[("host", "station.lan"), ("origin", "https://station.lan")]));
        assert!(asked(Method::POST, &[host, ("origin", "http://127.0.0.1:8470"), ("sec-fetch-site", "same-origin")]));
        assert!(asked(Method::POST, &[host]), "an old browser; the token decides");
        for foreign in ["https://evil.example", "null", "http://127.0.0.1:9000", "http://127.0.0.1:8470.evil.example"] {
            assert!(!asked(Method::POST, &[host, ("origin", foreign)]), "{foreign}");
        }
        assert!(!asked(Method::POST, &[host, ("sec-fetch-site", "cross-site")]));
        assert!(!asked(Method::POST, &[host, ("sec-fetch-site", "same-site")]));
    }
}
