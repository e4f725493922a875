//! Who asks: a program with a token, or somebody at a page.

use super::{ApiProblem, Result};
use crate::clock;
use crate::desk::AlertKey;
use crate::model::ids::{HomeId, PersonId};
use crate::model::lifecycle::Actor;
use crate::store::office::{Scope, Token};
use crate::web::access::Right;
use crate::web::acting::NotActing;
use crate::web::form::Visitor;
use crate::web::{Person, Site};
use axum::http::{HeaderMap, StatusCode, header};

/// Who asks, and in which language.
#[derive(Debug, Clone)]
pub struct Caller {
    /// By what the browser brings along; a program brings nothing.
    pub visitor: Visitor,
    program: Option<Token>,
}

impl Caller {
    /// Who asks for something that needs `scope`; a problem where it may not.
    pub async fn of(site: &Site, headers: &HeaderMap, scope: Scope) -> Result<Caller> {
        let visitor = Visitor::of(site, headers);
        let Some(shown) = headers.get(header::AUTHORIZATION) else {
            return Ok(Caller { visitor, program: None });
        };
        let shown = shown.to_str().ok().and_then(|shown| shown.split_once(' '));
        let text =
            shown.filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer")).map(|(_, text)| text.trim().to_owned());
        let Some(token) = site.token_of(text.unwrap_or_default()).await? else {
            let what = "this token is not known here, or its time is over";
            let deed = "ask whoever administers the station for a new one";
            return Err(ApiProblem::new(StatusCode::UNAUTHORIZED, what, deed).at("Authorization"));
        };
        if !site.api.pace.may(token.id, clock::since_boot()) {
            let what = "this token asks more than 20 times a second";
            return Err(ApiProblem::new(StatusCode::TOO_MANY_REQUESTS, what, "wait a second, then ask more seldom"));
        }
        if !token.may(scope) {
            let what = format!("this token has no scope {}", scope.as_str());
            let deed = "ask whoever administers the station for one that has";
            return Err(ApiProblem::new(StatusCode::FORBIDDEN, what, deed).at("Authorization"));
        }
        // A program is nobody of the staff, whatever cookies it carries.
        let visitor = Visitor { person: None, seat: None, token: String::new(), ..visitor };
        Ok(Caller { visitor, program: Some(token) })
    }

    /// Whether places, names and notes are shown.
    pub fn sees_names(&self) -> bool {
        self.program.as_ref().map_or_else(|| self.visitor.may(Right::SeePersons), |token| token.may(Scope::Pii))
    }

    /// Whether whoever asks may see what `right` shows: of a program its scopes say so, which were asked before.
    pub fn may(&self, right: Right) -> bool {
        self.program.is_some() || self.visitor.may(right)
    }

    /// For the audit.
    pub fn who(&self) -> String {
        match &self.program {
            Some(token) => format!("token:{}", token.name),
            None => self.visitor.name_in_audit(),
        }
    }

    /// The person who does a step: of a page whoever that browser knows, of a program whoever it names.
    pub async fn person(&self, site: &Site, who: &str, pin: &str) -> Result<Person> {
        let unknown = || {
            let what = "nobody of this station who answers alerts is known here by this id";
            ApiProblem::unclear(what, "who", "send a person's id, and at a shared desk the PIN")
        };
        let person = match &self.program {
            Some(_) => PersonId::new(who).ok().and_then(|id| site.person(&id)).ok_or_else(unknown)?,
            None => match site.acting(&self.visitor, who, pin).await {
                Ok(person) => person,
                Err(NotActing::Choose) => return Err(unknown()),
                Err(why) => {
                    let what = why.words(self.visitor.language);
                    return Err(ApiProblem::new(StatusCode::FORBIDDEN, what, "sign in as this person").at("who"));
                }
            },
        };
        if person.role().is_none() {
            let what = "this person answers no alerts";
            return Err(ApiProblem::new(StatusCode::FORBIDDEN, what, "ask your administrator").at("who"));
        }
        Ok(person)
    }

    /// As whom the desk is looked at.
    pub fn actor(&self, site: &Site) -> Actor {
        site.actor(self.visitor.person.as_ref())
    }
}

impl Site {
    async fn token_of(&self, text: String) -> Result<Option<Token>> {
        let (office, now) = (self.office.clone(), self.now());
        let found = tokio::task::spawn_blocking(move || office.token_of(&text, now)).await;
        match found {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(why)) => Err(ApiProblem::later(why.to_string())),
            Err(_) => Err(ApiProblem::later("the token could not be looked up")),
        }
    }

    /// Writes down what a program did or saw.
    pub(in crate::web) async fn audit_call(
        &self,
        caller: &Caller,
        what: &'static str,
        home: Option<&HomeId>,
        detail: String,
    ) {
        let (office, now, who, home) = (self.office.clone(), self.now(), caller.who(), home.cloned());
        let written = tokio::task::spawn_blocking(move || office.audit(now, &who, what, home.as_ref(), &detail)).await;
        if let Ok(Err(why)) = written {
            tracing::error!(%why, what, "the audit was not written");
        }
    }

    /// The one alert that an address means.
    pub(super) fn one_alert(&self, home: &str, number: u64, raised: Option<i64>) -> Result<AlertKey> {
        match &crate::web::form::alerts(self, home, number, raised)[..] {
            [key] => Ok(key.clone()),
            [] => Err(ApiProblem::not_found("there is no such alert here", "look at /api/v1/alerts")),
            _ => {
                let (what, deed) = ("there are two alerts of this number", "add ?raised=<raised_id_ms>");
                Err(ApiProblem::new(StatusCode::MULTIPLE_CHOICES, what, deed).at("raised"))
            }
        }
    }
}
