//! What is done for homes besides alerts, by programs: the daily contact, suspensions, faults, and a test of the feed itself.

use super::asked::{Sent, doer, done, home, said, unknown_home};
use super::bodies::AlertBody;
use super::look::WhichOf;
use super::problem::{Asked, Named};
use super::{ApiProblem, Caller, Result, steps};
use crate::desk::{Answer, Counts, DailyRow, DailyState, Fault};
use crate::model::errand::Errand;
use crate::model::event::{Event, EventKind, TestSign, VERSION};
use crate::model::ids::{HomeId, PersonId};
use crate::model::own_sign::SignBy;
use crate::model::suspension::{Absence, Suspension};
use crate::model::time::{Day, Span, Timestamp, from_millis, whole_millis};
use crate::store::office::Scope;
use crate::web::access::Right;
use crate::web::{Site, Wanted, daily};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The list of a day.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DailyBody {
    /// Which day.
    #[cfg_attr(test, schemars(with = "String"))]
    pub day: Day,
    /// It is the one that is open now.
    pub open: bool,
    /// How many homes stand where.
    pub counts: CountsBody,
    /// Every home, what is most pressing first; null of a list that is over, of which only the counts are at hand.
    pub homes: Option<Vec<DailyHomeBody>>,
}

/// How many homes stand where.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[allow(missing_docs)] // as on the page
pub struct CountsBody {
    pub homes: u32,
    pub own_sign: u32,
    pub phoned: u32,
    pub visited: u32,
    pub suspended: u32,
    pub unresolved: u32,
}

/// A home on the list.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DailyHomeBody {
    /// Which.
    pub home: HomeId,
    /// The short address; null without the scope `pii`.
    pub place: Option<String>,
    /// alert, to_phone, cannot_tell, waiting, suspended, visited, phoned, own_sign.
    pub state: &'static str,
    /// When the resident showed by herself that the day began.
    pub sign_at_ms: Option<i64>,
    /// By what.
    pub sign: Option<SignBy>,
    /// When somebody reached her.
    pub reached_at_ms: Option<i64>,
    /// Who, by id.
    pub by: Option<PersonId>,
    /// Until when an own sign is waited for.
    pub limit_at_ms: i64,
    /// Calls of this list that nobody answered.
    pub unanswered: u32,
    /// An alert is proposed.
    pub proposes: bool,
    /// The first list on which it stayed open, if it was carried over.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub open_since: Option<Day>,
}

/// Which list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OfDay {
    /// A day such as 2026-11-21; the list that is open where nothing is said.
    #[cfg_attr(test, schemars(regex(pattern = "^\\d{4}-\\d{2}-\\d{2}$")))]
    pub date: Option<String>,
}

/// `GET /api/v1/daily?date=`
pub async fn list(State(site): State<Arc<Site>>, Asked(asked): Asked<OfDay>, headers: HeaderMap) -> Result<Response> {
    let caller = Caller::of(&site, &headers, Scope::Read).await?;
    let of_text = |text: &str| {
        text.parse::<Day>().map_err(|_| ApiProblem::unclear("this is no day", "date", "write it as 2026-11-21"))
    };
    let date = asked.date.as_deref().map(of_text).transpose()?;
    let view = site.desk().daily_view(site.now());
    let body = match date.filter(|date| *date != view.day) {
        None => {
            let homes = view.rows.iter().map(|row| DailyHomeBody::of(&caller, row)).collect();
            DailyBody { day: view.day, open: true, counts: CountsBody::of(&view.counts), homes: Some(homes) }
        }
        Some(day) => {
            let counts = site.desk().daily_counts().rev().find(|(of, _)| *of == day).map(|(_, counts)| *counts);
            let none = || ApiProblem::not_found("of this day there is no list", "ask for one of the last 400 days");
            let counts = CountsBody::of(&counts.ok_or_else(none)?);
            DailyBody { day, open: false, counts, homes: None }
        }
    };
    site.audit_call(&caller, "daily_looked_at", None, String::new()).await;
    Ok(Json(body).into_response())
}

impl CountsBody {
    fn of(counts: &Counts) -> CountsBody {
        CountsBody {
            homes: counts.homes,
            own_sign: counts.own_sign(),
            phoned: counts.phoned,
            visited: counts.visited,
            suspended: counts.suspended,
            unresolved: counts.unresolved(),
        }
    }
}

impl DailyHomeBody {
    fn of(caller: &Caller, row: &DailyRow) -> DailyHomeBody {
        let ended = match &row.state {
            DailyState::Ended(ended) => Some(ended),
            DailyState::Alerted(_)
            | DailyState::ToPhone
            | DailyState::CannotTell(_)
            | DailyState::Waiting
            | DailyState::Suspended { .. }
            | DailyState::OwnSign(_) => None,
        };
        DailyHomeBody {
            home: row.home.clone(),
            place: row.place.clone().filter(|_| caller.sees_names()),
            state: row.state.as_str(),
            sign_at_ms: row.sign.map(|sign| sign.at.timestamp_millis()),
            sign: row.sign.map(|sign| sign.by),
            reached_at_ms: ended.map(|ended| ended.at.timestamp_millis()),
            by: ended.and_then(|ended| ended.by.person.clone()),
            limit_at_ms: row.limit.at.timestamp_millis(),
            unanswered: row.unanswered,
            proposes: row.proposes,
            open_since: row.open_since,
        }
    }
}

/// What somebody did about the daily contact of a home.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["deed", "key"])))]
pub struct ContactAsked {
    /// What: a call by what came of it, or what else was done.
    #[cfg_attr(test, schemars(extend("enum" = ["reached", "no_answer", "busy", "wrong_number", "send", "visited", "away",
        "hospital", "back", "undo"])))]
    pub deed: String,
    /// The last day of it, such as 2026-11-30; of `away`.
    pub until: String,
    /// Which person of the staff did it, by id; a page's own person where nobody is named.
    pub who: String,
    /// The PIN of that person, at a shared desk that does not know them yet.
    pub pin: String,
    /// Unique for each deed: the same again is answered the same and done once.
    #[cfg_attr(test, schemars(length(min = 1, max = 120)))]
    pub key: String,
}

/// `POST /api/v1/daily/<home>`
pub async fn contact(
    State(site): State<Arc<Site>>,
    Named(named): Named<String>,
    headers: HeaderMap,
    body: Sent,
) -> Result<Response> {
    let caller = Caller::of(&site, &headers, Scope::Steps).await?;
    let asked: ContactAsked = said(&headers, body, "send deed, who, key; of away until")?;
    let home = home(named)?;
    let person = doer(&site, &caller, &asked.who, &asked.pin, Right::Work).await?;
    let Some(deed) = daily::deed(&asked.deed, &asked.until) else {
        let deed = "see /api/v1/openapi.json for what can be done";
        return Err(ApiProblem::unclear("the deed is not known or incomplete", "deed", deed));
    };
    let status = done(&site, &caller, &person, home.clone(), Errand::Contact(deed), &asked.key).await?;
    let row = site.desk().daily_row(site.now(), &home);
    Ok((status, Json(row.map(|row| DailyHomeBody::of(&caller, &row)))).into_response())
}

/// A suspension that is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["kind", "key"])))]
pub struct SuspensionAsked {
    /// Why.
    #[cfg_attr(test, schemars(with = "Absence"))]
    pub kind: String,
    /// Its end, in milliseconds since 1970.
    pub until_ms: i64,
    /// Why, in words.
    pub why: String,
    /// It is over now instead.
    pub end: bool,
    /// Which person of the staff answers for it, by id; a page's own person where nobody is named.
    pub who: String,
    /// The PIN of that person, at a shared desk that does not know them yet.
    pub pin: String,
    /// Unique for each thing that is wanted: the same again is answered the same and done once.
    #[cfg_attr(test, schemars(length(min = 1, max = 120)))]
    pub key: String,
}

/// `POST /api/v1/homes/<home>/suspensions`: asked of the home, which is the judge; `suspension.started` says that it holds.
pub async fn suspend(
    State(site): State<Arc<Site>>,
    Named(named): Named<String>,
    headers: HeaderMap,
    body: Sent,
) -> Result<Response> {
    let caller = Caller::of(&site, &headers, Scope::Steps).await?;
    let asked: SuspensionAsked = said(&headers, body, "send kind, until_ms, why, who, key")?;
    let home = home(named)?;
    let person = doer(&site, &caller, &asked.who, &asked.pin, Right::Suspend).await?;
    let kind = Absence::ALL.into_iter().find(|kind| kind.as_str() == asked.kind);
    let kind = kind.ok_or_else(|| {
        ApiProblem::unclear("there is no such kind of suspension", "kind", "see /api/v1/openapi.json for the kinds")
    })?;
    let errand = if asked.end {
        Errand::EndSuspension { kind }
    } else {
        let (from, until) = (whole_millis(site.now()), from_millis(asked.until_ms));
        let (owner, why) = (person.id.to_string(), asked.why.trim().to_owned());
        Errand::Suspend(Suspension { kind, owner, why, from, until })
    };
    let status = done(&site, &caller, &person, home.clone(), errand, &asked.key).await?;
    let view = site.desk().home(&home).ok_or_else(unknown_home)?;
    Ok((status, Json(super::bodies::HomeBody::of(&caller, &view))).into_response())
}

/// Trouble of equipment.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FaultsBody {
    /// Open ones and those closed lately, what is over first.
    pub faults: Vec<FaultBody>,
}

/// One trouble.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FaultBody {
    /// Its alert.
    pub alert: AlertBody,
    /// How far it is: open, assigned, recovered, by_hand, verified.
    pub state: &'static str,
    /// Until when somebody has to have seen to it.
    pub due_ms: i64,
    /// That time has passed, and the trouble is still there.
    pub overdue: bool,
    /// What is to be carried there: battery, sensor, gateway, nothing.
    pub part: &'static str,
    /// How often the same came to this home within 30 days.
    pub times_in_30_days: usize,
}

/// `GET /api/v1/faults`
pub async fn faults(State(site): State<Arc<Site>>, headers: HeaderMap) -> Result<Response> {
    let caller = Caller::of(&site, &headers, Scope::Read).await?;
    let now = site.now();
    let past = site.cases(now - PAST, now).await.map_err(ApiProblem::later)?;
    let faults = site.desk().faults(now, &caller.actor(&site), &site.settings.zone, &past);
    let body = |fault: &Fault| FaultBody {
        alert: AlertBody::of(&site, &caller, &fault.row),
        state: fault.state.as_str(),
        due_ms: fault.due.at.timestamp_millis(),
        overdue: fault.due.is_over,
        part: fault.part.as_str(),
        times_in_30_days: fault.times,
    };
    let body = FaultsBody { faults: faults.iter().map(body).collect() };
    site.audit_call(&caller, "faults_looked_at", None, String::new()).await;
    Ok(Json(body).into_response())
}

/// `POST /api/v1/faults/<home>/<number>/steps`: the same as of its alert.
pub async fn fault_step(
    site: State<Arc<Site>>,
    named: Named<(String, u64)>,
    which: Asked<WhichOf>,
    headers: HeaderMap,
    body: Sent,
) -> Result<Response> {
    steps::steps(site, named, which, headers, body).await
}

/// A test of the feed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TestAsked {
    /// Who asks for it, by id; a page's own person where nobody is named.
    pub who: String,
    /// The PIN of that person, at a shared desk that does not know them yet.
    pub pin: String,
}

/// What a test sent.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TestBody {
    /// When.
    #[serde(rename = "at_ms", with = "chrono::serde::ts_milliseconds")]
    #[cfg_attr(test, schemars(with = "i64"))]
    pub at: Timestamp,
    /// The event `test.sent` has this number or a lower one; null while the storage fails.
    pub seq: Option<u64>,
}

/// `POST /api/v1/test`: an event `test.sent` goes the way of all events: stream, lines, webhooks, MQTT. No alert, no sound.
pub async fn test(State(site): State<Arc<Site>>, headers: HeaderMap, body: Sent) -> Result<Response> {
    let caller = Caller::of(&site, &headers, Scope::Steps).await?;
    let asked: TestAsked = said(&headers, body, "send who, or {}")?;
    let person = doer(&site, &caller, &asked.who, &asked.pin, Right::Act).await?;
    let at = whole_millis(site.now());
    let (channel, by) = ("feed".to_owned(), Some(person.id.clone()));
    let sign = TestSign { v: VERSION, channel, home: None, seconds: None, by };
    let told = site.ask(Wanted::Tell(Box::new(Event::of_test(EventKind::TestSent, at, sign)))).await;
    site.audit_call(&caller, "feed_tested", None, format!("for {}", person.id)).await;
    let status = match told {
        Some((Answer::Done { .. }, true)) => StatusCode::CREATED,
        Some(_) => StatusCode::ACCEPTED,
        None => return Err(ApiProblem::later("no answer in time")),
    };
    let seq = site.api.telling.told.newest().await.ok();
    Ok((status, Json(TestBody { at, seq })).into_response())
}

const PAST: Span = Span::days(30);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::OPENAPI;

    #[test]
    fn every_deed_that_the_document_names_is_one() {
        let document: serde_json::Value = serde_json::from_str(&OPENAPI.text()).unwrap();
        let deeds = &document["components"]["schemas"]["ContactAsked"]["properties"]["deed"]["enum"];
        let deeds = deeds.as_array().expect("the document names them");
        assert!(deeds.len() >= 10);
        for deed in deeds {
            assert!(daily::deed(deed.as_str().unwrap(), "2026-11-30").is_some(), "{deed}");
        }
    }
}
