//! Codes and medical notes: shown while they are needed, to who needs them, and each look is a step of the alert.

use crate::desk::{Answer, Click};
use crate::model::lifecycle::Deed;
use crate::text;
use crate::web::access::Right;
use crate::web::form::{Visitor, Which, alerts, way_back};
use crate::web::guard::is_token;
use crate::web::models::{uncover_key, why_covered};
use crate::web::{Site, Wanted, pages};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UncoverForm {
    token: String,
    key: String,
    what: String,
    back: String,
}

/// `POST /alert/<home>/<number>/uncover`
pub(super) async fn uncover(
    State(site): State<Arc<Site>>,
    Path((home, number)): Path<(String, u64)>,
    Query(which): Query<Which>,
    headers: HeaderMap,
    Form(form): Form<UncoverForm>,
) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let said = |status, why| pages::said(&site, &visitor, status, &[why]);
    if !is_token(&site, &form.token) {
        return said(StatusCode::FORBIDDEN, "foreign_form");
    }
    if !visitor.may(Right::Uncover) {
        return said(StatusCode::FORBIDDEN, "not_for_role");
    }
    let [alert] = &alerts(&site, &home, number, which.raised)[..] else {
        return said(StatusCode::NOT_FOUND, "no_such_alert");
    };
    let by = site.actor(visitor.person.as_ref());
    let (what, words, audited) = match form.what.as_str() {
        "code" => ("code", "uncovered_code", "code_uncovered"),
        "health" => ("health", "uncovered_health", "health_uncovered"),
        _ => return said(StatusCode::UNPROCESSABLE_ENTITY, "bad_form"),
    };
    let seen = site.desk().alert_view(site.now(), alert, &by);
    if seen.is_none_or(|view| why_covered(&visitor, &view.row).is_some()) {
        return said(StatusCode::CONFLICT, "uncover_refused");
    }
    if form.key.is_empty() || form.key.len() > KEY_LENGTH_MAX {
        return said(StatusCode::UNPROCESSABLE_ENTITY, "bad_form");
    }
    let text = text::label(site.settings.language, words).to_owned();
    let (key, deed) = (uncover_key(what, &form.key), Deed::Note { text });
    let click = Click { ticket: 0, alert: alert.clone(), by, deed, expect: None, key };
    match site.ask(Wanted::Click(click)).await {
        Some((Answer::Done { .. }, _)) => {}
        Some((Answer::Refused(_) | Answer::NoSuchAlert | Answer::Declined(_), _)) => {
            return said(StatusCode::CONFLICT, "uncover_refused");
        }
        None => return said(StatusCode::SERVICE_UNAVAILABLE, "not_answered"),
    }
    site.audit(&visitor, audited, Some(alert.home.clone()), number.to_string()).await;
    Redirect::to(&way_back(Some(&form.back))).into_response()
}

const KEY_LENGTH_MAX: usize = 100;
