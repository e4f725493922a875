//! The same as the pages for programs: JSON, with the same rules and the same answers.

use crate::desk::{Answer, BandName, RowView, Suspended};
use crate::model::lifecycle::Actor;
use crate::text;
use crate::web::deeds::{StepForm, actor, clicks};
use crate::web::form::{Visitor, Which, alerts};
use crate::web::models::severity_id;
use crate::web::{Site, Wanted};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /api/v1/desk`
pub(super) async fn desk(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let (visitor, now) = (Visitor::of(&site, &headers), site.now());
    let after = site.feed.after();
    let view = site.desk().view(now, &site.actor(visitor.person.as_ref()));
    let mut bands = serde_json::Map::new();
    for band in &view.bands {
        bands.insert(
            band.name.as_str().to_owned(),
            band.rows.iter().map(|row| alert_json(&site, &visitor, row)).collect(),
        );
    }
    let faults: Value = view.faults.iter().map(|row| alert_json(&site, &visitor, row)).collect();
    let homes = view.homes.iter().map(|home| {
        json!({
            "home": home.home, "place": home.place, "online": home.online, "unreachable": home.unreachable,
            "heard_at_ms": home.heard_at.map(|at| at.timestamp_millis()),
            "level_secs": home.level.map(|level| level.num_seconds()),
            "suspended": home.condition.iter().flat_map(|condition| &condition.suspended).map(suspended_json).collect::<Value>(),
        })
    });
    let homes: Value = homes.collect();
    let health = site.health();
    Json(json!({
        "at_ms": now.timestamp_millis(), "after": after, "ready": health.is_ready(),
        "unclaimed": view.band(BandName::Unclaimed).len(), "bands": bands, "faults": faults, "homes": homes,
    }))
    .into_response()
}

fn suspended_json(suspended: &Suspended) -> Value {
    let (from, until) = (suspended.from.timestamp_millis(), suspended.until.timestamp_millis());
    json!({ "kind": suspended.kind, "owner": suspended.owner, "from_ms": from, "until_ms": until })
}

/// `GET /api/v1/alerts/<home>/<number>`
pub(super) async fn alert(
    State(site): State<Arc<Site>>,
    Path((home, number)): Path<(String, u64)>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let (now, by) = (site.now(), site.actor(visitor.person.as_ref()));
    let views: Vec<_> =
        alerts(&site, &home, number, which.raised).iter().filter_map(|key| site.alert_view(now, key, &by)).collect();
    let [view] = &views[..] else { return not_one(views.len()) };
    let mut alert = alert_json(&site, &visitor, &view.row);
    alert["reason_text"] = json!(text::reason(visitor.language, &view.row.reason, &site.settings.zone));
    alert["timeline"] = view
        .timeline
        .iter()
        .map(|line| {
            let words = text::step(visitor.language, &line.step, &site.settings.zone, &|id| site.name(id));
            json!({
                "at_ms": line.step.at.timestamp_millis(), "deed": line.step.deed.name(), "by": line.step.by,
                "text": words, "implied": line.step.implied, "undone": line.undone, "waiting": line.waiting,
            })
        })
        .collect();
    Json(alert).into_response()
}

/// `POST /api/v1/alerts/<home>/<number>/steps`
pub(super) async fn steps(
    State(site): State<Arc<Site>>,
    Path((home, number)): Path<(String, u64)>,
    Query(which): Query<Which>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    // Another site's form cannot send this type without asking first, and that question is not answered.
    let is_json =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !is_json {
        return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is no JSON", "send application/json");
    }
    let form: StepForm = match serde_json::from_slice(&body) {
        Ok(form) => form,
        Err(why) => return problem(StatusCode::UNPROCESSABLE_ENTITY, &why.to_string(), "send step, key, who, expect"),
    };
    let visitor = Visitor::of(&site, &headers);
    let keys = alerts(&site, &home, number, which.raised);
    let [key] = &keys[..] else { return not_one(keys.len()) };
    let Some(person) = actor(&site, &form.who) else {
        return problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "nobody of this station is named in \"who\"",
            "send a person's id",
        );
    };
    let Some(clicks) = clicks(&site, key, &person, &form) else {
        return problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the step is not known or incomplete",
            "see the documentation",
        );
    };
    let by = site.actor(Some(&person));
    let mut status = StatusCode::CREATED;
    for click in clicks {
        match site.ask(Wanted::Click(click)).await {
            Some((Answer::Done { .. }, durable)) => {
                if !durable {
                    status = StatusCode::ACCEPTED;
                }
            }
            Some((Answer::Refused(why), _)) => {
                let words = text::refusal(visitor.language, &why, &site.settings.zone, &|id| site.name(id));
                let now = fresh(&site, &visitor, key, &by);
                return (StatusCode::CONFLICT, Json(json!({ "refused": why, "what": words, "alert": now })))
                    .into_response();
            }
            Some((Answer::NoSuchAlert | Answer::Declined(_), _)) => return not_one(0),
            None => return problem(StatusCode::SERVICE_UNAVAILABLE, "no answer in time", "read the alert again"),
        }
    }
    (status, Json(fresh(&site, &visitor, key, &by))).into_response()
}

fn fresh(site: &Site, visitor: &Visitor, key: &crate::desk::AlertKey, by: &Actor) -> Value {
    let view = site.desk().alert_view(site.now(), key, by);
    view.map_or(Value::Null, |view| alert_json(site, visitor, &view.row))
}

fn alert_json(site: &Site, visitor: &Visitor, row: &RowView) -> Value {
    let ms = |at: Option<crate::model::time::Timestamp>| at.map(|at| at.timestamp_millis());
    json!({
        "home": row.key.home, "alert": row.key.alert.number,
        "raised_id_ms": row.key.alert.raised_at.timestamp_millis(),
        "raised_at_ms": row.raised_at.timestamp_millis(), "clock": if row.approximate { "reckoned" } else { "trusted" },
        "received_at_ms": row.received_at.timestamp_millis(), "place": row.place,
        "severity": severity_id(row.severity), "rule": row.reason.rule(), "reason": row.reason,
        "headline": text::headline(visitor.language, &row.reason), "phase": row.phase, "test": row.test,
        "owner": row.owner.as_ref().map(|owner| json!({
            "who": owner.actor, "since_ms": owner.since.timestamp_millis(),
            "name": text::actor(visitor.language, &owner.actor, &|id| site.name(id)),
        })),
        "take_by_ms": ms(row.take_by), "due_at_ms": ms(row.due_at), "arrived_at_ms": ms(row.arrived_at),
        "count": row.count, "life_since": row.life_since, "recovered_at_ms": ms(row.recovered_at),
        "outcome": row.closed.as_ref().map(|closed| closed.outcome), "unconfirmed": row.unconfirmed,
        "durable": row.durable, "version": row.version, "next": row.primary, "others": row.others,
    })
}

fn not_one(count: usize) -> Response {
    match count {
        0 => problem(StatusCode::NOT_FOUND, "there is no such alert here", "look at /api/v1/desk"),
        _ => problem(StatusCode::MULTIPLE_CHOICES, "there are two alerts of this number", "add ?raised=<raised_id_ms>"),
    }
}

fn problem(status: StatusCode, what: &str, deed: &str) -> Response {
    let body = json!({ "what": what, "deed": deed });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}
