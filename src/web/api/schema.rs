//! The documents for whoever writes a program that asks: written from the types by a test, committed, and served.

use super::problem::Named;
use super::{ApiProblem, Result};
use crate::wire::SCHEMAS;
use crate::wire::schema::{EVENTS, FEED, OPENAPI};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// `GET /api/v1/openapi.json`
pub(super) async fn openapi() -> Response {
    document("application/openapi+json", OPENAPI.text())
}

/// `GET /api/v1/asyncapi.json`
pub(super) async fn asyncapi() -> Response {
    document("application/json", FEED.text())
}

/// `GET /api/v1/schema/<name>.json`: of the data of events, one for each kind of data.
pub(super) async fn schema(Named(name): Named<String>) -> Result<Response> {
    let none = || ApiProblem::not_found("there is no such schema", "ask for the dataschema of an event");
    let of = name.strip_suffix(".json").ok_or_else(none)?;
    let all: Value = serde_json::from_str(&EVENTS.text()).map_err(|why| ApiProblem::later(why.to_string()))?;
    let body = match of {
        "event" => all,
        of => {
            let schema = SCHEMAS.iter().find(|(_, file, _)| *file == of);
            part(all, schema.map(|(_, _, name)| *name).ok_or_else(none)?)
        }
    };
    Ok(document("application/schema+json", body.to_string()))
}

fn part(all: Value, name: &str) -> Value {
    json!({ "$schema": all["$schema"], "$ref": format!("#/$defs/{name}"), "$defs": all["$defs"] })
}

fn document(kind: &'static str, text: String) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
