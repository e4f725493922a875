//! A step by a program: the same rules and the same answers as a click.

use super::asked::{Sent, said};
use super::bodies::{AlertBody, ConflictBody, names};
use super::look::WhichOf;
use super::problem::{Asked, Named};
use super::{ApiProblem, Caller, Result};
use crate::desk::{AlertKey, Answer};
use crate::store::office::Scope;
use crate::text;
use crate::web::access::Right;
use crate::web::deeds::{StepForm, clicks};
use crate::web::{Site, Wanted};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

// As it is documented; read as `StepForm`, whose words are checked by the desk.
/// A step that is wanted.
#[cfg(test)]
#[derive(schemars::JsonSchema, serde::Serialize)]
#[schemars(rename = "StepAsked")]
pub struct StepAsked {
    /// What.
    pub step: StepWord,
    /// Unique for each step that is wanted: the same again is answered the same and done once.
    #[schemars(length(min = 1, max = 120))]
    pub key: String,
    /// Which person of the staff does it, by id; a page's own person where nobody is named.
    #[schemars(length(min = 1))]
    pub who: Option<crate::model::ids::PersonId>,
    /// The PIN of that person, at a shared desk that does not know them yet.
    pub pin: Option<String>,
    /// The `version` of the alert that was seen: a step upon an older phase or owner is refused.
    pub expect: Option<u32>,
    /// What it was; of `close`.
    pub outcome: Option<crate::model::lifecycle::Outcome>,
    /// How the person was reached; of `close`.
    pub contact: Option<crate::model::lifecycle::Contact>,
    /// Words: of `note`, the reason of `release`, a note beside any other step.
    #[schemars(length(max = 2000))]
    pub note: Option<String>,
    /// Who is asked; of `ask`, `hand_over`.
    pub person: Option<crate::model::ids::PersonId>,
    /// Who was called; of `call`.
    pub whom: Option<String>,
    /// What came of it; of `call`.
    pub result: Option<crate::model::lifecycle::CallResult>,
}

/// The steps that people do.
#[cfg(test)]
#[allow(missing_docs)]
#[derive(schemars::JsonSchema, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepWord {
    Take,
    Depart,
    Arrive,
    Close,
    Release,
    Ask,
    HandOver,
    Accept,
    TakeOver,
    Assist,
    Escalate,
    Call,
    Note,
    Undo,
    Reopen,
}

/// `POST /api/v1/alerts/<home>/<number>/steps`
pub async fn steps(
    State(site): State<Arc<Site>>,
    Named((home, number)): Named<(String, u64)>,
    Asked(which): Asked<WhichOf>,
    headers: HeaderMap,
    body: Sent,
) -> Result<Response> {
    let caller = Caller::of(&site, &headers, Scope::Steps).await?;
    let form: StepForm = said(&headers, body, "send step, key, who, expect")?;
    let key = site.one_alert(&home, number, which.raised)?;
    let person = caller.person(&site, &form.who, &form.pin).await?;
    let Some(clicks) = clicks(&site, &key, &person, &form) else {
        let deed = "see /api/v1/openapi.json for what each step needs";
        return Err(ApiProblem::unclear("the step is not known or incomplete", "step", deed));
    };
    if !clicks.iter().all(|click| person.may(Right::of_step(&click.deed))) {
        let what = "this person may not do this step";
        return Err(ApiProblem::new(StatusCode::FORBIDDEN, what, "name somebody who may, or ask them").at("who"));
    }
    let mut status = if site.desk().has_answered(&key, &form.key) { StatusCode::OK } else { StatusCode::CREATED };
    for click in clicks {
        match site.ask(Wanted::Click(click)).await {
            Some((Answer::Done { .. }, true)) => {}
            Some((Answer::Done { .. }, false)) => status = StatusCode::ACCEPTED,
            Some((Answer::Refused(refused), _)) => {
                let zone = &site.settings.zone;
                let what = text::refusal(caller.visitor.language, &refused, zone, &names(&site, &caller));
                let conflict = ConflictBody { refused, what, alert: fresh(&site, &caller, &key, &person) };
                return Ok((StatusCode::CONFLICT, Json(conflict)).into_response());
            }
            Some((Answer::NoSuchAlert | Answer::Declined(_), _)) => {
                return Err(ApiProblem::not_found("there is no such alert here", "look at /api/v1/alerts"));
            }
            None => {
                let (what, deed) =
                    ("no answer in time", "read the alert again, or send the same step with the same key");
                return Err(ApiProblem::new(StatusCode::SERVICE_UNAVAILABLE, what, deed));
            }
        }
    }
    let detail = format!("{number} {} for {}", form.step, person.id);
    site.audit_call(&caller, "step_by_program", Some(&key.home), detail).await;
    Ok((status, Json(fresh(&site, &caller, &key, &person))).into_response())
}

fn fresh(site: &Site, caller: &Caller, key: &AlertKey, person: &crate::web::Person) -> Option<AlertBody> {
    let view = site.desk().alert_view(site.now(), key, &site.actor(Some(person)));
    view.map(|view| AlertBody::of(site, caller, &view.row))
}

#[cfg(test)]
mod tests {
    use super::super::asked::read;
    use super::*;
    use crate::model::lifecycle::{CallResult, Contact, Outcome};
    use crate::web::deeds::deed;

    fn asked(step: StepWord) -> StepAsked {
        StepAsked {
            step,
            key: "platform-8812".to_owned(),
            who: Some("p-03".parse().unwrap()),
            pin: Some("4711".to_owned()),
            expect: Some(4),
            outcome: Some(Outcome::FoundWell),
            contact: Some(Contact::Spoken),
            note: Some("all is well".to_owned()),
            person: Some("p-04".parse().unwrap()),
            whom: Some("family".to_owned()),
            result: Some(CallResult::Reached),
        }
    }

    #[test]
    fn what_the_document_asks_for_is_what_is_read() {
        use StepWord::*;
        let words = [
            Take, Depart, Arrive, Close, Release, Ask, HandOver, Accept, TakeOver, Assist, Escalate, Call, Note, Undo,
            Reopen,
        ];
        for step in words {
            let sent = serde_json::to_value(asked(step)).unwrap();
            let form: StepForm = read(sent.to_string().as_bytes()).unwrap();
            assert!(deed(&form).is_some(), "{sent}");
            let read = serde_json::json!({
                "step": form.step, "key": form.key, "who": form.who, "pin": form.pin, "expect": form.expect,
                "outcome": form.outcome, "contact": form.contact, "note": form.note, "person": form.person,
                "whom": form.whom, "result": form.result,
            });
            assert_eq!(read, sent, "every field arrives");
        }
    }

    #[test]
    fn what_is_null_is_as_if_it_were_not_said() {
        let form: StepForm = read(br#"{"step":"take","key":"k","who":null,"expect":null}"#).unwrap();
        assert_eq!((form.who.as_str(), form.expect), ("", None));
        let none = |body: &[u8]| read::<StepForm>(body).is_err();
        assert!(none(b"[]") && none(b"{") && none(br#"{"step":1}"#));
    }
}
