//! A click: from a form to the desk, and its answer back to the page.

use crate::desk::{AlertKey, Answer, Click};
use crate::model::ids::PersonId;
use crate::model::lifecycle::{CallResult, Contact, Deed, Outcome, Proof, Refusal};
use crate::model::time::{Span, Timestamp};
use crate::text::{self, Language};
use crate::web::access::Right;
use crate::web::acting::NotActing;
use crate::web::form::{Visitor, Which, alerts, escape, way_back};
use crate::web::guard::is_token;
use crate::web::models::UNCOVER;
use crate::web::{Person, Site, Wanted, alert, pages};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// What a form or a program says about one step.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct StepForm {
    pub token: String,
    pub step: String,
    #[serde(deserialize_with = "number_or_text")]
    pub expect: Option<u32>,
    pub key: String,
    pub who: String,
    /// Of whoever acts, at a shared desk that does not know them yet.
    pub pin: String,
    pub outcome: String,
    pub contact: String,
    pub note: String,
    pub person: String,
    pub whom: String,
    pub result: String,
    pub back: String,
    /// Seconds since it was done, where a telephone had no network.
    #[serde(deserialize_with = "number_or_text")]
    pub ago: Option<u32>,
}

/// A form sends `"3"`, a program `3`.
fn number_or_text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u32),
        Text(String),
    }
    Ok(match Option::<Either>::deserialize(from)? {
        Some(Either::Number(number)) => Some(number),
        Some(Either::Text(text)) => text.parse().ok(),
        None => None,
    })
}

/// `POST /alert/<home>/<number>/step`: redirects back to the row, or shows why not.
pub(super) async fn step(
    State(site): State<Arc<Site>>,
    Path((home, number)): Path<(String, u64)>,
    Query(which): Query<Which>,
    headers: HeaderMap,
    Form(form): Form<StepForm>,
) -> Response {
    let mut visitor = Visitor::of(&site, &headers);
    if !is_token(&site, &form.token) {
        return pages::said(&site, &visitor, StatusCode::FORBIDDEN, &["foreign_form"]);
    }
    let [key] = &alerts(&site, &home, number, which.raised)[..] else {
        return pages::said(&site, &visitor, StatusCode::NOT_FOUND, &["no_such_alert"]);
    };
    let person = match site.acting(&visitor, &form.who, &form.pin).await {
        Ok(person) => person,
        Err(why @ NotActing::SomebodyElse) => {
            let words = why.words(visitor.language);
            return pages::refused_with(&site, &visitor, StatusCode::FORBIDDEN, words);
        }
        // A form drawn before somebody said who acts here.
        Err(why) => {
            let named = !form.who.is_empty();
            let why = match why == NotActing::Choose {
                true => named.then(|| text::label(visitor.language, "pin_please").to_owned()),
                false => Some(why.words(visitor.language)),
            };
            let (action, step) = (form_action(key), form.step.clone());
            return pages::choose_person(&site, &visitor, action, &step, form.fields(), why);
        }
    };
    visitor.person = Some(person.clone());
    if !visitor.may(Right::Act) {
        return pages::said(&site, &visitor, StatusCode::FORBIDDEN, &["not_for_you"]);
    }
    let Some(clicks) = clicks(&site, key, &person, &form) else {
        return pages::said(&site, &visitor, StatusCode::UNPROCESSABLE_ENTITY, &["bad_form"]);
    };
    if !clicks.iter().all(|click| visitor.may(Right::of_step(&click.deed))) {
        return pages::said(&site, &visitor, StatusCode::FORBIDDEN, &["not_for_you"]);
    }
    for click in clicks {
        let wanted = match form.ago {
            Some(secs) => Wanted::Late(click, Span::seconds(i64::from(secs))),
            None => Wanted::Click(click),
        };
        match site.ask(wanted).await {
            Some((Answer::Done { .. }, _)) => {}
            Some((Answer::Refused(why), _)) => {
                let zone = &site.settings.zone;
                let first = first_by(visitor.language, &why, site.now());
                let why = text::refusal(visitor.language, &why, zone, &|id| site.name(id)) + &first;
                return alert::refused(&site, &visitor, key, form.step == "close", why);
            }
            Some((Answer::NoSuchAlert | Answer::Declined(_), _)) => {
                return pages::said(&site, &visitor, StatusCode::NOT_FOUND, &["no_such_alert"]);
            }
            None => return pages::said(&site, &visitor, StatusCode::SERVICE_UNAVAILABLE, &["not_answered"]),
        }
    }
    Redirect::to(&way_back(Some(&form.back))).into_response()
}

/// By how much the one who was first was earlier.
pub(super) fn first_by(language: Language, why: &Refusal, now: Timestamp) -> String {
    let Refusal::Owned { since, .. } = why else { return String::new() };
    let n = (now - *since).num_seconds().max(1);
    let words = text::label(language, "first_by").replace("{n}", &n.to_string());
    language.pick(format!("（{words}）"), format!(" ({words})"))
}

fn form_action(key: &AlertKey) -> String {
    let (home, alert) = (escape(key.home.as_str()), key.alert);
    format!("/alert/{home}/{}/step?raised={}", alert.number, alert.raised_at.timestamp_millis())
}

impl StepForm {
    /// Everything but the person, to be sent again.
    fn fields(self) -> Vec<(&'static str, String)> {
        let expect = self.expect.map(|expect| expect.to_string()).unwrap_or_default();
        let fields = vec![
            ("token", self.token),
            ("step", self.step),
            ("expect", expect),
            ("key", self.key),
            ("outcome", self.outcome),
            ("contact", self.contact),
            ("note", self.note),
            ("person", self.person),
            ("whom", self.whom),
            ("result", self.result),
            ("back", self.back),
            ("ago", self.ago.map(|secs| secs.to_string()).unwrap_or_default()),
        ];
        fields.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// The clicks a form means: words written beside a step are a note of their own, written down first.
pub(super) fn clicks(site: &Site, alert: &AlertKey, person: &Person, form: &StepForm) -> Option<Vec<Click>> {
    // Keys of that beginning say who looked at what is covered: only the form for it makes them.
    if form.key.is_empty() || form.key.len() > KEY_LENGTH_MAX || form.key.starts_with(UNCOVER) {
        return None;
    }
    let deed = deed(form)?;
    let by = site.actor(Some(person));
    let click = |deed: Deed, key: String| Click {
        ticket: 0,
        alert: alert.clone(),
        by: by.clone(),
        deed,
        expect: form.expect,
        key,
    };
    let mut clicks = Vec::new();
    let beside = !matches!(deed, Deed::Note { .. } | Deed::Release { .. }) && !form.note.trim().is_empty();
    if beside {
        clicks.push(click(Deed::Note { text: words(&form.note) }, format!("{}-n", form.key)));
    }
    clicks.push(click(deed, form.key.clone()));
    Some(clicks)
}

/// What a form means; nothing where it is no step, or incomplete.
pub(super) fn deed(form: &StepForm) -> Option<Deed> {
    let person = || PersonId::new(form.person.clone()).ok();
    Some(match form.step.as_str() {
        "take" => Deed::Take,
        "depart" => Deed::Depart,
        "arrive" => Deed::Arrive { proof: Proof::None },
        "close" => Deed::Close { outcome: word::<Outcome>(&form.outcome)?, contact: word::<Contact>(&form.contact)? },
        "release" => Deed::Release { why: words(&form.note) },
        "ask" => Deed::Ask { person: person()? },
        "hand_over" => Deed::HandOver { to: person()? },
        "accept" => Deed::Accept,
        "take_over" => Deed::TakeOver,
        "assist" => Deed::Assist,
        "escalate" => Deed::ask_further(),
        "call" => Deed::Call { whom: words(&form.whom), result: word::<CallResult>(&form.result)? },
        "note" if !form.note.trim().is_empty() => Deed::Note { text: words(&form.note) },
        "undo" => Deed::Undo { step: 0 }, // the desk knows which
        "reopen" => Deed::Reopen,
        _ => return None,
    })
}

/// A word of the wire as its value.
fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

/// Free words, bounded.
pub(super) fn words(text: &str) -> String {
    text.trim().chars().take(NOTE_LENGTH_MAX).collect()
}

const KEY_LENGTH_MAX: usize = 128;
/// Longer than any note; short enough that a page with many stays readable.
const NOTE_LENGTH_MAX: usize = 2_000;
