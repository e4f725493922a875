//! An errand from a form to the desk, and its answer back.

use crate::desk::{Answer, Order};
use crate::model::errand::{Declined, Errand};
use crate::model::ids::HomeId;
use crate::text;
use crate::web::form::{Visitor, way_back};
use crate::web::guard::is_token;
use crate::web::{Person, Site, Wanted, pages};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

/// What every form of an errand carries besides its own fields.
pub(super) struct Sent<'a> {
    /// Proof that the form was drawn here.
    pub token: &'a str,
    /// Unique per drawing of the form.
    pub key: &'a str,
    /// Where it leads back to.
    pub back: &'a str,
}

/// Hands an errand to the desk and leads back, or says why it was not done.
pub(super) async fn order(
    site: &Site,
    visitor: &Visitor,
    home: HomeId,
    errand: Option<Errand>,
    sent: Sent<'_>,
) -> Response {
    match ordered(site, visitor, home, errand, &sent).await {
        Ok(()) => Redirect::to(&way_back(Some(sent.back))).into_response(),
        Err((status, why)) => pages::said(site, visitor, status, &[why]),
    }
}

/// Hands an errand to the desk; else the status and the name of the words that say why it was not done.
pub(super) async fn ordered(
    site: &Site,
    visitor: &Visitor,
    home: HomeId,
    errand: Option<Errand>,
    sent: &Sent<'_>,
) -> Result<(), (StatusCode, &'static str)> {
    if !is_token(site, sent.token) {
        return Err((StatusCode::FORBIDDEN, "foreign_form"));
    }
    let person: &Person = visitor.person.as_ref().ok_or((StatusCode::UNPROCESSABLE_ENTITY, "choose_first"))?;
    let is_key = (1..=KEY_LENGTH_MAX).contains(&sent.key.len());
    let errand = errand.filter(|_| is_key).ok_or((StatusCode::UNPROCESSABLE_ENTITY, "bad_form"))?;
    let by = site.actor(Some(person));
    let order = Order { ticket: 0, home, by, errand, key: sent.key.to_owned() };
    match hand_in(site, order).await {
        Ok(_) => Ok(()),
        Err(Undone::Declined(why)) => Err((StatusCode::CONFLICT, declined(why))),
        Err(Undone::NotAnswered) => Err((StatusCode::SERVICE_UNAVAILABLE, "not_answered")),
    }
}

/// Why an errand was not done.
pub(super) enum Undone {
    /// The desk does not take it.
    Declined(Declined),
    /// No answer came in time.
    NotAnswered,
}

/// Hands an errand to the desk; whether it is on the disk.
pub(super) async fn hand_in(site: &Site, order: Order) -> Result<bool, Undone> {
    match site.ask(Wanted::Order(order)).await {
        Some((Answer::Done { .. }, durable)) => Ok(durable),
        Some((Answer::Declined(why), _)) => Err(Undone::Declined(why)),
        Some((Answer::Refused(_) | Answer::NoSuchAlert, _)) => Err(Undone::Declined(Declined::Unclear("errand"))),
        None => Err(Undone::NotAnswered),
    }
}

/// The name of the words for it.
fn declined(why: Declined) -> &'static str {
    match why {
        Declined::NoSuchHome => "home_unknown",
        Declined::NotForRole => "not_for_role",
        Declined::Unclear(what) if text::has_label(what) => what,
        Declined::Unclear(_) => "errand_declined",
    }
}

const KEY_LENGTH_MAX: usize = 128;
