//! `/who`: who of the staff acts at a shared desk, by their PIN.

use crate::clock;
use crate::model::ids::PersonId;
use crate::model::time::Span;
use crate::text;
use crate::web::form::{Visitor, way_back};
use crate::web::models::Frame;
use crate::web::pages::page;
use crate::web::tries::Tried;
use crate::web::{Person, Site};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::Deserialize;
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/who", get(show).post(choose))
}

/// Why somebody cannot act here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotActing {
    /// Nobody said who acts.
    Choose,
    /// A personal sign-in acts for its own person only.
    SomebodyElse,
    /// The PIN is wrong, or there is none.
    WrongPin,
    /// They have neither PIN nor password.
    NoPin,
    /// Too many wrong ones: so long must pass.
    Wait(Span),
    /// Too much to do just now.
    Busy,
}

impl NotActing {
    /// In words.
    pub fn words(self, language: text::Language) -> String {
        let label = |name| text::label(language, name).to_owned();
        match self {
            NotActing::Choose => label("choose_first"),
            NotActing::SomebodyElse => label("not_your_session"),
            NotActing::WrongPin => label("pin_wrong"),
            NotActing::NoPin => label("pin_missing"),
            NotActing::Wait(wait) => label("sign_in_wait").replace("{s}", &wait.num_seconds().max(1).to_string()),
            NotActing::Busy => label("sign_in_busy"),
        }
    }
}

impl Site {
    /// Who does a deed: whoever is named, if this browser knows that it is them; without a name whoever acts.
    pub(super) async fn acting(&self, visitor: &Visitor, who: &str, pin: &str) -> Result<Person, NotActing> {
        let seat = visitor.seat.as_ref().ok_or(NotActing::Choose)?;
        if who.is_empty() && visitor.person.is_none() {
            return Err(NotActing::Choose);
        }
        let named = match who {
            "" => visitor.person.clone(),
            who => PersonId::new(who).ok().and_then(|id| self.person(&id)),
        };
        let person = named.ok_or(NotActing::Choose)?;
        if !visitor.is_desk() {
            return if person.id == seat.owner.id { Ok(person) } else { Err(NotActing::SomebodyElse) };
        }
        let now = self.now();
        let known = self.sessions.get(&seat.hash, now).is_some_and(|session| session.remembers(&person.id, now));
        if !known {
            self.check_pin(&person, pin).await?;
            self.audit(
                &Visitor { person: Some(person.clone()), ..visitor.clone() },
                "acts_at_desk",
                None,
                String::new(),
            )
            .await;
        }
        let id = person.id.clone();
        self.change_session(&seat.hash, move |session| session.prove(&id, now)).await;
        Ok(person)
    }

    async fn check_pin(&self, person: &Person, pin: &str) -> Result<(), NotActing> {
        if pin.is_empty() {
            return Err(NotActing::Choose);
        }
        let secrets = self.member(&person.id).map(|member| member.secrets).unwrap_or_default();
        // Nobody is kept from an alert because nobody gave them a PIN: then it is the password.
        let kept = secrets.pin.or(secrets.password).ok_or(NotActing::NoPin)?;
        let tried = Tried::Pin(person.id.as_str());
        self.tries.begin(tried, clock::since_boot()).map_err(|waiting| NotActing::Wait(waiting.still))?;
        match self.passwords.is_right(pin, Some(&kept)).await {
            Ok(true) => {
                self.tries.right(tried);
                Ok(())
            }
            Ok(false) => Err(NotActing::WrongPin),
            Err(_) => Err(NotActing::Busy),
        }
    }
}

#[derive(Template)]
#[template(path = "who.html")]
struct WhoPage {
    f: Frame,
    back: String,
    message: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Back {
    back: Option<String>,
}

/// `GET /who`
async fn show(State(site): State<Arc<Site>>, Query(query): Query<Back>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    if !visitor.is_desk() {
        return Redirect::to("/me").into_response();
    }
    page(who_page(&site, &visitor, query.back.as_deref(), None).render())
}

fn who_page(site: &Site, visitor: &Visitor, back: Option<&str>, message: Option<String>) -> WhoPage {
    let f = Frame::of(site, visitor, site.now(), "/who", "who_acts_here");
    WhoPage { f, back: way_back(back), message }
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct WhoForm {
    who: String,
    pin: String,
    back: Option<String>,
}

/// `POST /who`: who acts at this desk from now on; without a name nobody does.
async fn choose(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<WhoForm>) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let back = form.back.as_deref();
    if let Some(seat) = visitor.seat.as_ref().filter(|_| form.who.is_empty() && visitor.is_desk()) {
        site.change_session(&seat.hash, |session| session.acting = None).await;
        return Redirect::to(&way_back(back)).into_response();
    }
    match site.acting(&visitor, &form.who, &form.pin).await {
        Ok(_) => Redirect::to(&way_back(back)).into_response(),
        Err(why) => {
            let why = if why == NotActing::Choose {
                text::label(visitor.language, "pin_please").to_owned()
            } else {
                why.words(visitor.language)
            };
            site.audit(&visitor, "not_acting", None, format!("as {:?}", form.who.chars().take(64).collect::<String>()))
                .await;
            (StatusCode::FORBIDDEN, page(who_page(&site, &visitor, back, Some(why)).render())).into_response()
        }
    }
}
