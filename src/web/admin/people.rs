//! `/admin/people`: everybody who works here or once did, and somebody new.

use super::administrator;
use super::phone::duty_words;
use crate::model::ids::PersonId;
use crate::model::staff::{Member, Position, Positions};
use crate::text::{self, Language};
use crate::web::Site;
use crate::web::form::{Visitor, escape};
use crate::web::models::Frame;
use crate::web::pages::page;
use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    f: Frame,
    people: Vec<Line>,
    marks: Vec<Mark>,
    message: Option<String>,
}

struct Line {
    id: String,
    href: String,
    name: String,
    positions: String,
    phone: String,
    duty: String,
    /// On duty now, by the roster.
    is_on: bool,
    keys: String,
    until: String,
    is_out: bool,
}

/// A position to tick.
pub(super) struct Mark {
    pub name: &'static str,
    pub word: &'static str,
    pub ticked: bool,
}

/// Each position, ticked where somebody has it.
pub(super) fn marks(language: Language, has: &Positions) -> Vec<Mark> {
    let mark = |position: Position| Mark {
        name: position.as_str(),
        word: word(language, position),
        ticked: has.has(position),
    };
    Position::ALL.map(mark).into()
}

/// What somebody is, in words.
pub(in crate::web) fn words(language: Language, positions: &Positions) -> String {
    let words: Vec<_> = positions.iter().map(|position| word(language, position)).collect();
    words.join(language.pick("、", ", "))
}

fn word(language: Language, position: Position) -> &'static str {
    let label = match position {
        Position::Desk => "position_desk",
        Position::Responder => "position_responder",
        Position::Supervisor => "position_supervisor",
        Position::Technician => "position_technician",
        Position::Admin => "position_admin",
        Position::Reader => "position_reader",
    };
    text::label(language, label)
}

/// The positions that a form ticks.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Ticked {
    desk: Option<String>,
    responder: Option<String>,
    supervisor: Option<String>,
    technician: Option<String>,
    admin: Option<String>,
    reader: Option<String>,
}

impl Ticked {
    pub fn positions(&self) -> Positions {
        let is_ticked = |position: &Position| match position {
            Position::Desk => self.desk.is_some(),
            Position::Responder => self.responder.is_some(),
            Position::Supervisor => self.supervisor.is_some(),
            Position::Technician => self.technician.is_some(),
            Position::Admin => self.admin.is_some(),
            Position::Reader => self.reader.is_some(),
        };
        Position::ALL.into_iter().filter(is_ticked).collect()
    }
}

/// `GET /admin/people`
pub(super) async fn list(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    match administrator(&site, &headers) {
        Ok(visitor) => page(people_page(&site, &visitor, None).render()),
        Err(refused) => refused,
    }
}

fn people_page(site: &Site, visitor: &Visitor, message: Option<String>) -> PeoplePage {
    let (language, today) = (visitor.language, site.today());
    let label = |name| text::label(language, name);
    let line = |(id, member): (PersonId, Member)| {
        let secrets = &member.secrets;
        let is_good = secrets.code.as_ref().is_some_and(|code| code.until > site.now());
        let keys = [
            (secrets.password.is_some(), label("has_password")),
            (secrets.pin.is_some(), label("has_pin")),
            (is_good, label("has_code")),
        ];
        let keys: Vec<_> = keys.into_iter().filter_map(|(has, word)| has.then_some(word)).collect();
        Line {
            href: format!("/admin/people/{}", escape(id.as_str())),
            id: id.to_string(),
            name: text::shown(&member.name, 40),
            positions: words(language, &member.positions),
            phone: member.phone.clone().unwrap_or_default(),
            duty: member.duty.as_ref().map(|duty| duty_words(language, duty)).unwrap_or_default(),
            is_on: member.duty.as_ref().is_some_and(|duty| duty.covers(&site.settings.zone, site.now())),
            keys: if keys.is_empty() { label("has_nothing").to_owned() } else { keys.join(" · ") },
            until: member.until.map(super::person::date).unwrap_or_default(),
            is_out: !member.is_in(today),
        }
    };
    PeoplePage {
        f: Frame::of(site, visitor, site.now(), "/admin/people", "admin_people"),
        people: site.members().into_iter().map(line).collect(),
        marks: marks(language, &Positions::default()),
        message,
    }
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct AddForm {
    id: String,
    name: String,
    #[serde(flatten)]
    ticked: Ticked,
}

/// `POST /admin/people`
pub(super) async fn add(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<AddForm>) -> Response {
    let visitor = match administrator(&site, &headers) {
        Ok(visitor) => visitor,
        Err(refused) => return refused,
    };
    match added(&site, &visitor, form).await {
        Ok(id) => Redirect::to(&format!("/admin/people/{}", escape(id.as_str()))).into_response(),
        Err(why) => {
            let why = Some(text::label(visitor.language, why).to_owned());
            (StatusCode::UNPROCESSABLE_ENTITY, page(people_page(&site, &visitor, why).render())).into_response()
        }
    }
}

async fn added(site: &Site, visitor: &Visitor, form: AddForm) -> Result<PersonId, &'static str> {
    let AddForm { id, name, ticked } = form;
    let positions = ticked.positions();
    let id = PersonId::new(id.trim().to_lowercase()).map_err(|_| "who_unclear")?;
    let name = new_name(site, &id, &name)?;
    if site.member(&id).is_some() {
        return Err("person_known");
    }
    if positions.is_empty() {
        return Err("position_missing");
    }
    let detail = format!("{id}: {}", listed(&positions));
    let member = Member { name, positions, ..Member::default() };
    site.put_member(visitor, &id, member, "person_added", detail).await.map_err(|_| "not_written")?;
    Ok(id)
}

/// A name that the pages can tell from every other.
pub(super) fn new_name(site: &Site, id: &PersonId, name: &str) -> Result<String, &'static str> {
    let name: String = name.trim().chars().filter(|sign| !sign.is_control()).take(40).collect();
    if name.is_empty() {
        return Err("name_missing");
    }
    let is_taken = site.members().iter().any(|(other, member)| other != id && member.name == name);
    if is_taken { Err("name_taken") } else { Ok(name) }
}

/// As the audit keeps it.
pub(super) fn listed(positions: &Positions) -> String {
    positions.iter().map(Position::as_str).collect::<Vec<_>>().join(" ")
}
