//! `/me`: what everybody may change about themselves, and the way out.

use crate::clock;
use crate::model::ids::PersonId;
use crate::model::staff::Member;
use crate::text::{self, Language};
use crate::web::admin::is_pin;
use crate::web::form::{LARGE, LARGE_COOKIE, Visitor, YEAR_SECS, is_secure, set_cookie};
use crate::web::models::Frame;
use crate::web::pages::{page, said};
use crate::web::sign_in::PASSWORD_LENGTH_MIN;
use crate::web::tries::Tried;
use crate::web::{Person, Site};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/me", get(show))
        .route("/me/password", post(password))
        .route("/me/pin", post(pin))
        .route("/me/language", post(language))
        .route("/me/letters", post(letters))
}

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    f: Frame,
    name: String,
    id: String,
    positions: String,
    has_pin: bool,
    languages: Vec<Spoken>,
    message: Option<String>,
}

struct Spoken {
    tag: &'static str,
    word: &'static str,
    chosen: bool,
}

/// Whose page it is: who acts, else who signed in.
fn person(visitor: &Visitor) -> Option<Person> {
    visitor.person.clone().or_else(|| visitor.seat.as_ref().map(|seat| seat.owner.clone()))
}

/// `GET /me`
async fn show(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    draw(&site, &visitor, None)
}

fn draw(site: &Site, visitor: &Visitor, message: Option<&'static str>) -> Response {
    let Some(person) = person(visitor) else { return said(site, visitor, StatusCode::FORBIDDEN, &["not_for_you"]) };
    let spoken = |language: Language| Spoken {
        tag: language.as_str(),
        word: language.pick("简体中文", "English"),
        chosen: language == visitor.language,
    };
    let has_pin = site.member(&person.id).is_some_and(|member| member.secrets.pin.is_some());
    let drawn = MePage {
        f: Frame::of(site, visitor, site.now(), "/me", "my_account"),
        name: text::shown(&person.name, 40),
        id: person.id.to_string(),
        positions: crate::web::admin::words(visitor.language, &person.positions),
        has_pin,
        languages: Language::ALL.map(spoken).into(),
        message: message.map(|label| text::label(visitor.language, label).to_owned()),
    };
    let status = if message.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (status, page(drawn.render())).into_response()
}

/// Somebody who has just shown their password again.
async fn proven(site: &Site, visitor: &Visitor, current: &str) -> Result<(PersonId, Member), &'static str> {
    let person = person(visitor).ok_or("not_for_you")?;
    let member = site.member(&person.id).ok_or("not_for_you")?;
    let tried = Tried::Account(person.id.as_str());
    site.tries.begin(tried, clock::since_boot()).map_err(|_| "tries_wait")?;
    match site.passwords.is_right(current, member.secrets.password.as_deref()).await {
        Ok(true) => {
            site.tries.right(tried);
            Ok((person.id, member))
        }
        Ok(false) => {
            site.audit(visitor, "password_not_shown", None, person.id.to_string()).await;
            Err("password_wrong")
        }
        Err(_) => Err("sign_in_busy"),
    }
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct NewSecret {
    current: String,
    new: String,
}

/// `POST /me/password`: every other browser of this person has to sign in again.
async fn password(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<NewSecret>) -> Response {
    let visitor = Visitor::of(&site, &headers);
    match new_password(&site, &visitor, &form).await {
        Ok(()) => Redirect::to("/me").into_response(),
        Err(why) => draw(&site, &visitor, Some(why)),
    }
}

async fn new_password(site: &Site, visitor: &Visitor, form: &NewSecret) -> Result<(), &'static str> {
    if form.new.chars().count() < PASSWORD_LENGTH_MIN {
        return Err("password_short");
    }
    let (id, mut member) = proven(site, visitor, &form.current).await?;
    member.secrets.password = Some(site.passwords.hash(&form.new).await.map_err(|_| "sign_in_busy")?);
    // A code that somebody else may still hold is not good any more either.
    member.secrets.code = None;
    site.put_member(visitor, &id, member, "password_changed", id.to_string()).await.map_err(|_| "not_written")?;
    let here = visitor.seat.as_ref().map(|seat| seat.hash);
    site.end_sessions(move |hash, session| session.person == id && Some(*hash) != here).await;
    Ok(())
}

/// `POST /me/pin`
async fn pin(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<NewSecret>) -> Response {
    let visitor = Visitor::of(&site, &headers);
    match new_pin(&site, &visitor, &form).await {
        Ok(()) => Redirect::to("/me").into_response(),
        Err(why) => draw(&site, &visitor, Some(why)),
    }
}

async fn new_pin(site: &Site, visitor: &Visitor, form: &NewSecret) -> Result<(), &'static str> {
    if !is_pin(form.new.trim()) {
        return Err("pin_form");
    }
    let (id, mut member) = proven(site, visitor, &form.current).await?;
    member.secrets.pin = Some(site.passwords.hash(form.new.trim()).await.map_err(|_| "sign_in_busy")?);
    site.put_member(visitor, &id, member, "pin_set", id.to_string()).await.map_err(|_| "not_written")
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct LanguageForm {
    language: String,
}

/// `POST /me/language`: on this browser now, and on every one at the next sign-in.
async fn language(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<LanguageForm>) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let chosen: Result<Language, _> = form.language.parse();
    let (Ok(chosen), Some(person)) = (chosen, person(&visitor)) else {
        return said(&site, &visitor, StatusCode::UNPROCESSABLE_ENTITY, &["bad_form"]);
    };
    let Some(member) = site.member(&person.id) else { return Redirect::to("/me").into_response() };
    let member = Member { language: Some(chosen.as_str().to_owned()), ..member };
    let detail = format!("{} {}", person.id, chosen.as_str());
    if site.put_member(&visitor, &person.id, member, "language_chosen", detail).await.is_err() {
        return draw(&site, &visitor, Some("not_written"));
    }
    let cookie = set_cookie("language", chosen.as_str(), YEAR_SECS, is_secure(&site, &headers));
    ([(header::SET_COOKIE, cookie)], Redirect::to("/me")).into_response()
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct LettersForm {
    letters: String,
}

/// `POST /me/letters`: as large as chosen on this browser now, and on every one at the next sign-in.
async fn letters(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<LettersForm>) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let member = person(&visitor).and_then(|person| Some((site.member(&person.id)?, person.id)));
    let Some((member, id)) = member else {
        return said(&site, &visitor, StatusCode::UNPROCESSABLE_ENTITY, &["bad_form"]);
    };
    let large_text = form.letters == LARGE;
    let (member, detail) =
        (Member { large_text, ..member }, format!("{id} {}", if large_text { LARGE } else { "usual" }));
    if site.put_member(&visitor, &id, member, "letters_chosen", detail).await.is_err() {
        return draw(&site, &visitor, Some("not_written"));
    }
    let cookie = set_cookie(LARGE_COOKIE, if large_text { LARGE } else { "" }, YEAR_SECS, is_secure(&site, &headers));
    ([(header::SET_COOKIE, cookie)], Redirect::to("/me")).into_response()
}
