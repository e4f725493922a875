//! What a program is told where there is no answer: what is wrong, where, and what to do next.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What handlers of the API come to.
pub type Result<T> = std::result::Result<T, ApiProblem>;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Problem"))]
pub struct ApiProblem {
    /// The status of HTTP, again.
    #[serde(serialize_with = "number")]
    #[cfg_attr(test, schemars(with = "u16"))]
    pub status: StatusCode,
    /// What is wrong.
    pub what: String,
    /// Which part of the question: a field, a header, a part of the address.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub place: Option<&'static str>,
    /// What to do next.
    pub deed: &'static str,
}

fn number<S: serde::Serializer>(status: &StatusCode, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

impl ApiProblem {
    /// Of this status.
    pub fn new(status: StatusCode, what: impl Into<String>, deed: &'static str) -> ApiProblem {
        ApiProblem { status, what: what.into(), place: None, deed }
    }

    /// Something of the question makes no sense.
    pub fn unclear(what: impl Into<String>, place: &'static str, deed: &'static str) -> ApiProblem {
        ApiProblem { place: Some(place), ..ApiProblem::new(StatusCode::UNPROCESSABLE_ENTITY, what, deed) }
    }

    /// There is nothing of this name.
    pub fn not_found(what: &'static str, deed: &'static str) -> ApiProblem {
        ApiProblem::new(StatusCode::NOT_FOUND, what, deed)
    }

    /// The station itself cannot answer now.
    pub fn later(what: impl Into<String>) -> ApiProblem {
        ApiProblem::new(StatusCode::SERVICE_UNAVAILABLE, what, "ask again in a few seconds; see /readyz")
    }

    /// With the part of the question that it is about.
    pub fn at(self, place: &'static str) -> ApiProblem {
        ApiProblem { place: Some(place), ..self }
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let body = serde_json::to_string(&self).expect("a problem is plain text");
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        let more: Option<(HeaderName, &str)> = match self.status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
            StatusCode::TOO_MANY_REQUESTS => Some((header::RETRY_AFTER, "1")),
            StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, "5")),
            _ => None,
        };
        if let Some((name, value)) = more {
            response.headers_mut().insert(name, axum::http::HeaderValue::from_static(value));
        }
        response
    }
}

/// What stands behind the question mark.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Asked<T>> {
        let read = axum::extract::Query::try_from_uri(&parts.uri);
        read.map(|axum::extract::Query(read)| Asked(read)).map_err(|why| {
            ApiProblem::unclear(why.body_text(), "query", "see /api/v1/openapi.json for what may stand there")
        })
    }
}

/// The parts of the path that differ.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Named<T>> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(read)| Named(read)).map_err(|_| {
            ApiProblem::not_found("there can be nothing at this address", "see /api/v1/openapi.json").at("path")
        })
    }
}
