//! What the registers of tokens and of hooks share: who may change them, how the office is asked, how their lines say things.

use crate::model::time::Timestamp;
use crate::store::{Error, Office};
use crate::web::Site;
use crate::web::form::Visitor;
use crate::web::guard::is_token;
use crate::web::pages::said;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

/// A form that says nothing but that it is one of ours.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct JustToken {
    pub token: String,
}

/// The id of whoever sent a form of ours; the door let in only who administers, and desks at which nobody acts yet.
#[allow(clippy::result_large_err)] // it is the answer, at once
pub(super) fn administrator(site: &Site, visitor: &Visitor, token: &str) -> Result<String, Response> {
    let not = |why| said(site, visitor, StatusCode::FORBIDDEN, &[why]);
    if !is_token(site, token) {
        return Err(not("foreign_form"));
    }
    visitor.person.as_ref().map(|by| by.id.to_string()).ok_or_else(|| not("feed_not_yours"))
}

/// What the office says, asked where the disk may be waited for; else the page that says that it cannot be read.
pub(super) async fn of_office<T: Send + 'static>(
    site: &Site,
    visitor: &Visitor,
    ask: impl FnOnce(&Office) -> Result<T, Error> + Send + 'static,
) -> Result<T, Response> {
    let office = site.office.clone();
    match tokio::task::spawn_blocking(move || ask(&office)).await {
        Ok(Ok(said)) => Ok(said),
        Ok(Err(why)) => {
            tracing::error!(%why, "a register of the office could not be asked");
            Err(unreadable(site, visitor))
        }
        Err(_) => Err(unreadable(site, visitor)),
    }
}

pub(super) fn unreadable(site: &Site, visitor: &Visitor) -> Response {
    said(site, visitor, StatusCode::SERVICE_UNAVAILABLE, &["feed_unreadable"])
}

/// Whether the key of a form can be one of ours.
pub(super) fn is_key(key: &str) -> bool {
    (1..=KEY_LENGTH_MAX).contains(&key.len())
}

/// `2026-11-21`
pub(super) fn day(site: &Site, at: Timestamp) -> String {
    site.settings.zone.date(at)
}

/// `2026-11-21 14:12`
pub(super) fn minute(site: &Site, at: Timestamp) -> String {
    format!("{} {}", site.settings.zone.date(at), site.settings.zone.hour_minute(at))
}

/// The name of a person of the staff; the id of one who left.
pub(super) fn name(site: &Site, id: &str) -> String {
    id.parse().ok().and_then(|id| site.name(&id)).unwrap_or_else(|| id.to_owned())
}

const KEY_LENGTH_MAX: usize = 128;
