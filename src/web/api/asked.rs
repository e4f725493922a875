//! A body that a program sends, and who does what it asks for.

use super::problem::{ApiProblem, Result};
use crate::desk::Order;
use crate::model::errand::{Declined, Errand};
use crate::model::ids::HomeId;
use crate::text;
use crate::web::access::Right;
use crate::web::api::Caller;
use crate::web::orders::{Undone, hand_in};
use crate::web::{Person, Site};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

/// The bytes of a body, or why there are none.
pub type Sent = std::result::Result<Bytes, BytesRejection>;

/// The fields of a body; one that is null is as if it were not said.
pub fn said<T: DeserializeOwned>(headers: &HeaderMap, body: Sent, fields: &'static str) -> Result<T> {
    // Another site's form cannot send this type without asking first, and that question is not answered.
    let is_json =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !is_json {
        let (what, deed) = ("the body is no JSON", "send application/json");
        return Err(ApiProblem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, what, deed).at("Content-Type"));
    }
    let body = body.map_err(|why| ApiProblem::new(why.status(), why.body_text(), fields).at("body"))?;
    read(&body).map_err(|why| ApiProblem::unclear(why.to_string(), "body", fields))
}

/// The same of bytes.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    let mut said: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body)?;
    said.retain(|_, value| !value.is_null());
    serde_json::from_value(said.into())
}

/// The person who does something that asks for `right`.
pub async fn doer(site: &Site, caller: &Caller, who: &str, pin: &str, right: Right) -> Result<Person> {
    let person = caller.person(site, who, pin).await?;
    if !person.may(right) {
        let what = "this person may not do this";
        return Err(ApiProblem::new(StatusCode::FORBIDDEN, what, "name somebody who may, or ask them").at("who"));
    }
    Ok(person)
}

/// Hands an errand in and writes it into the audit: 201 if it was done, 200 if this key was done before, 202 while the disk
/// does not take it.
pub async fn done(
    site: &Site,
    caller: &Caller,
    person: &Person,
    home: HomeId,
    errand: Errand,
    key: &str,
) -> Result<StatusCode> {
    if !(1..=KEY_LENGTH_MAX).contains(&key.len()) {
        let deed = "send a key of 1 to 120 bytes, another one for each thing that is wanted";
        return Err(ApiProblem::unclear("the key is missing or too long", "key", deed));
    }
    // Keys of one program are no keys of forms, and of one home none of another.
    let key = format!("api-{home}-{key}");
    let (is_known, name) = (site.desk().has_done(&key), errand.name());
    let order = Order { ticket: 0, home: home.clone(), by: site.actor(Some(person)), errand, key };
    let durable = hand_in(site, order).await.map_err(|why| undone(caller, why))?;
    site.audit_call(caller, name, Some(&home), format!("for {}", person.id)).await;
    Ok(match (is_known, durable) {
        (true, _) => StatusCode::OK,
        (false, true) => StatusCode::CREATED,
        (false, false) => StatusCode::ACCEPTED,
    })
}

fn undone(caller: &Caller, why: Undone) -> ApiProblem {
    match why {
        Undone::NotAnswered => {
            let deed = "look at how it stands, or send the same again with the same key";
            ApiProblem::new(StatusCode::SERVICE_UNAVAILABLE, "no answer in time", deed)
        }
        Undone::Declined(Declined::NoSuchHome) => unknown_home(),
        Undone::Declined(Declined::NotForRole) => {
            let what = "this person may not do this";
            ApiProblem::new(StatusCode::FORBIDDEN, what, "name somebody who may, or ask them").at("who")
        }
        Undone::Declined(Declined::Unclear(name)) => {
            let what = if text::has_label(name) { text::label(caller.visitor.language, name) } else { name };
            let place = match name {
                "suspend_needs_end" | "suspend_month" | "suspend_week" | "until" => "until",
                "suspend_needs_reason" | "suspend_words" => "why",
                _ => "deed",
            };
            ApiProblem::unclear(what, place, "look at how it stands, then send what is possible")
        }
    }
}

/// There is no such home.
pub fn unknown_home() -> ApiProblem {
    ApiProblem::not_found("this station does not know this home", "look at /api/v1/homes")
}

/// The home that an address means.
pub fn home(named: String) -> Result<HomeId> {
    HomeId::new(named).map_err(|_| unknown_home())
}

const KEY_LENGTH_MAX: usize = 120;
