//! What programs look at: the desk, the list of alerts, an alert, the homes.

use super::bodies::{AlertBody, AlertsBody, DeskBody, HomeBody, HomesBody};
use super::problem::{Asked, Named};
use super::{ApiProblem, Caller, Result};
use crate::desk::{BandName, Place};
use crate::model::alert::AlertId;
use crate::model::ids::HomeId;
use crate::model::time::from_millis;
use crate::store::office::Scope;
use crate::web::Site;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;

/// `GET /api/v1/desk`
pub async fn desk(State(site): State<Arc<Site>>, headers: HeaderMap) -> Result<Response> {
    let caller = Caller::of(&site, &headers, Scope::Read).await?;
    // The numbers first: they are never newer than the rows.
    let (after, seq) = (site.feed.after(), site.api.telling.told.newest().await.ok());
    let now = site.now();
    let view = site.desk().view(now, &caller.actor(&site));
    let body = |row| AlertBody::of(&site, &caller, row);
    let bands = view.bands.iter().map(|band| (band.name.as_str(), band.rows.iter().map(body).collect()));
    let answer = DeskBody {
        at_ms: now.timestamp_millis(),
        after,
        seq,
        ready: site.health().is_ready(),
        unclaimed: view.band(BandName::Unclaimed).len(),
        bands: bands.collect(),
        just_closed_more: view.more_just_closed(),
        faults: view.faults.iter().map(body).collect(),
        homes: site.desk().home_views().iter().map(|home| HomeBody::of(&caller, home)).collect(),
    };
    Ok(Json(answer).into_response())
}

/// Which part of the list of alerts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Part {
    /// Only those that people still have to act on.
    pub open: bool,
    /// Where the last answer said that the list goes on.
    pub after: Option<String>,
    /// So many at once, up to 500; 100 where nothing is said.
    #[cfg_attr(test, schemars(range(min = 1, max = 500)))]
    pub limit: Option<usize>,
}

/// `GET /api/v1/alerts?open=&after=&limit=`
pub async fn alerts(State(site): State<Arc<Site>>, Asked(part): Asked<Part>, headers: HeaderMap) -> Result<Response> {
    let caller = Caller::of(&site, &headers, Scope::Read).await?;
    let limit = part.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(ApiProblem::unclear("so many cannot be asked for at once", "limit", "send a number from 1 to 500"));
    }
    let after = part.after.as_deref().filter(|text| !text.is_empty()).map(|text| {
        cursor_of(text).ok_or_else(|| {
            ApiProblem::unclear("this is no place in the list", "after", "send what the last answer had as next")
        })
    });
    let after = after.transpose()?;
    let (now, by) = (site.now(), caller.actor(&site));
    let desk = site.desk();
    let places = desk.listed(part.open);
    let begin = after.map_or(0, |after| places.partition_point(|place| *place <= after));
    let rest = places.get(begin..).unwrap_or_default();
    let shown = rest.iter().take(limit);
    let next = rest.get(..limit).filter(|_| rest.len() > limit).and_then(<[Place]>::last).map(cursor);
    let views = shown.filter_map(|place| desk.alert_view(now, &place.key, &by));
    let alerts = views.map(|view| AlertBody::of(&site, &caller, &view.row)).collect();
    Ok(Json(AlertsBody { alerts, next }).into_response())
}

/// Which of two alerts of one number.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WhichOf {
    /// Its `raised_id_ms`, where a number is not enough.
    pub raised: Option<i64>,
}

/// `GET /api/v1/alerts/<home>/<number>`
pub async fn alert(
    State(site): State<Arc<Site>>,
    Named((home, number)): Named<(String, u64)>,
    Asked(which): Asked<WhichOf>,
    headers: HeaderMap,
) -> Result<Response> {
    let caller = Caller::of(&site, &headers, Scope::Read).await?;
    let key = site.one_alert(&home, number, which.raised)?;
    let view = site.alert_view(site.now(), &key, &caller.actor(&site));
    let Some(view) = view else {
        return Err(ApiProblem::not_found("there is no such alert here", "look at /api/v1/alerts"));
    };
    site.audit_call(&caller, "alert_looked_at", Some(&key.home), number.to_string()).await;
    Ok(Json(AlertBody::whole(&site, &caller, &view)).into_response())
}

/// `GET /api/v1/homes`
pub async fn homes(State(site): State<Arc<Site>>, headers: HeaderMap) -> Result<Response> {
    let caller = Caller::of(&site, &headers, Scope::Read).await?;
    let homes = site.desk().home_views();
    let homes = homes.iter().map(|home| HomeBody::of(&caller, home)).collect();
    Ok(Json(HomesBody { homes }).into_response())
}

/// `GET /api/v1/homes/<home>`
pub async fn home(State(site): State<Arc<Site>>, Named(home): Named<String>, headers: HeaderMap) -> Result<Response> {
    let caller = Caller::of(&site, &headers, Scope::Read).await?;
    let found = HomeId::new(home).ok().and_then(|home| site.desk().home(&home));
    let Some(view) = found else {
        return Err(ApiProblem::not_found("this station does not know this home", "look at /api/v1/homes"));
    };
    site.audit_call(&caller, "home_looked_at", Some(&view.home), String::new()).await;
    Ok(Json(HomeBody::of(&caller, &view)).into_response())
}

/// `<received>.<raised>.<number>.<home>`
fn cursor(place: &Place) -> String {
    let AlertId { number, raised_at } = place.key.alert;
    let (received, raised) = (place.received_at.timestamp_millis(), raised_at.timestamp_millis());
    format!("{received}.{raised}.{number}.{}", place.key.home)
}

fn cursor_of(text: &str) -> Option<Place> {
    let mut parts = text.splitn(4, '.');
    let mut millis = || parts.next()?.parse().ok().map(from_millis);
    let (received_at, raised_at) = (millis()?, millis()?);
    let number = parts.next()?.parse().ok()?;
    let home = HomeId::new(parts.next()?).ok()?;
    Some(Place { received_at, key: crate::desk::AlertKey { home, alert: AlertId { number, raised_at } } })
}

const LIMIT: usize = 100;
const LIMIT_MAX: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_list_is_found_again_and_nonsense_is_none() {
        for home in ["flat", "a.b.c", "卧室"] {
            let alert = AlertId { number: 7, raised_at: from_millis(-5) };
            let key = crate::desk::AlertKey { home: home.parse().unwrap(), alert };
            let place = Place { received_at: from_millis(1_795_241_529_000), key };
            assert_eq!(cursor_of(&cursor(&place)), Some(place));
        }
        for nonsense in ["", "1.2.3", "x.2.3.h", "1.2.3.a/b", "1.2.-3.h", "....."] {
            assert_eq!(cursor_of(nonsense), None, "{nonsense:?}");
        }
    }
}
