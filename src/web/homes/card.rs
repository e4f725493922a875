//! The card of a home as a form: every fault stands at its field, and nothing is lost that was typed.

use crate::model::card::{CONTACT_FIELDS, CONTACTS_MAX, Card, Contact, FIELDS};
use crate::model::ids::{HomeId, PersonId};
use crate::text;
use crate::web::access::Right;
use crate::web::form::{Visitor, escape};
use crate::web::guard::is_token;
use crate::web::homes::{fields, home_for};
use crate::web::models::Frame;
use crate::web::pages::{page, said};
use crate::web::{Site, Wanted};
use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Shown only where the supervisor looks; else they are kept, replaced or removed unseen.
const COVERED: [&str; 2] = ["code", "health"];

#[derive(Template)]
#[template(path = "card.html")]
struct CardPage {
    f: Frame,
    home: String,
    place: String,
    post: String,
    is_wrong: bool,
    who: Vec<FieldModel>,
    way: Vec<FieldModel>,
    covered: Vec<FieldModel>,
    contacts: Vec<ContactModel>,
}

struct FieldModel {
    name: String,
    word: &'static str,
    value: String,
    options: Vec<OptionModel>,
    hint: &'static str,
    fault: Option<&'static str>,
    is_long: bool,
    /// It is there and not shown.
    is_kept: bool,
}

struct OptionModel {
    value: &'static str,
    word: &'static str,
    is_chosen: bool,
}

struct ContactModel {
    nth: usize,
    fields: Vec<FieldModel>,
    has_key: bool,
}

/// What a form brought: everything as typed, and what is wrong with it.
struct Filled {
    card: Card,
    typed: BTreeMap<String, String>,
    faults: BTreeMap<String, &'static str>,
}

/// `GET /home/<id>/card`
pub(super) async fn form(State(site): State<Arc<Site>>, Path(home): Path<String>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let home = match editable(&site, &visitor, home) {
        Ok(home) => home,
        Err(why) => return why,
    };
    site.audit(&visitor, "card_opened", Some(home.clone()), String::new()).await;
    let card = site.desk().card(&home).cloned().unwrap_or_default();
    let drawn = draw(&site, &visitor, &home, &Filled { card, typed: BTreeMap::new(), faults: BTreeMap::new() });
    page(drawn.render())
}

#[allow(clippy::result_large_err)] // it is the answer, at once
fn editable(site: &Site, visitor: &Visitor, home: String) -> Result<HomeId, Response> {
    let home = home_for(site, visitor, home)?;
    match visitor.may(Right::Work) {
        true => Ok(home),
        false => Err(said(site, visitor, StatusCode::FORBIDDEN, &["not_for_role"])),
    }
}

/// `POST /home/<id>/card`
pub(super) async fn save(
    State(site): State<Arc<Site>>,
    Path(home): Path<String>,
    headers: HeaderMap,
    Form(sent): Form<Vec<(String, String)>>,
) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let home = match editable(&site, &visitor, home) {
        Ok(home) => home,
        Err(why) => return why,
    };
    let typed: BTreeMap<String, String> = sent.into_iter().take(FIELDS_MAX).collect();
    if !typed.get("token").is_some_and(|token| is_token(&site, token)) {
        return said(&site, &visitor, StatusCode::FORBIDDEN, &["foreign_form"]);
    }
    let before = site.desk().card(&home).cloned().unwrap_or_default();
    let filled = fill(&site, before, typed, visitor.may(Right::Supervise));
    if !filled.faults.is_empty() {
        return (StatusCode::UNPROCESSABLE_ENTITY, page(draw(&site, &visitor, &home, &filled).render()))
            .into_response();
    }
    match keep(&site, &visitor, vec![(home.clone(), filled.card)]).await {
        Ok(()) => Redirect::to(&format!("/home/{}", escape(home.as_str()))).into_response(),
        Err(why) => said(&site, &visitor, StatusCode::SERVICE_UNAVAILABLE, &[why]),
    }
}

/// Writes cards into the register, all or none, then tells the desk.
pub(super) async fn keep(site: &Site, visitor: &Visitor, cards: Vec<(HomeId, Card)>) -> Result<(), &'static str> {
    let who = visitor.name_in_audit();
    let (office, now, written) = (site.office.clone(), site.now(), cards.clone());
    let done = tokio::task::spawn_blocking(move || office.put_cards(&written, &who, now)).await;
    if let Ok(Err(why)) = &done {
        tracing::error!(%why, "a card was not written");
    }
    if !matches!(done, Ok(Ok(()))) {
        return Err("store_failing");
    }
    for (home, card) in cards {
        site.ask(Wanted::Card { home, card: Some(Box::new(card)) }).await.ok_or("not_answered")?;
    }
    Ok(())
}

fn fill(site: &Site, before: Card, typed: BTreeMap<String, String>, sees_covered: bool) -> Filled {
    let (mut card, mut faults) = (before, BTreeMap::new());
    for field in FIELDS {
        let Some(text) = typed.get(field) else { continue };
        let is_blind = COVERED.contains(&field) && !sees_covered;
        let is_kept = is_blind && text.trim().is_empty() && !typed.contains_key(&format!("forget_{field}"));
        if is_kept {
            continue;
        }
        if let Err(fault) = card.set(field, text) {
            faults.insert(field.to_owned(), fault);
        }
    }
    if card.liaison.as_ref().is_some_and(|id| site.person(id).is_none()) {
        faults.insert("liaison".to_owned(), "card_bad_person");
    }
    if typed.keys().any(|name| name.starts_with("contact")) {
        card.contacts = contacts(&typed, &mut faults);
    }
    Filled { card, typed, faults }
}

/// In the order of the numbers that stand beside them.
fn contacts(typed: &BTreeMap<String, String>, faults: &mut BTreeMap<String, &'static str>) -> Vec<Contact> {
    let mut contacts = Vec::new();
    for nth in 1..=CONTACTS_MAX {
        let mut contact = Contact::default();
        for field in CONTACT_FIELDS {
            let name = format!("contact{nth}_{field}");
            if let Err(fault) = contact.set(field, typed.get(&name).map_or("", String::as_str)) {
                faults.insert(name, fault);
            }
        }
        let order = typed.get(&format!("contact{nth}_order")).and_then(|text| text.trim().parse::<usize>().ok());
        if !contact.is_empty() {
            contacts.push((order.unwrap_or(nth), contact));
        }
    }
    contacts.sort_by_key(|(order, _)| *order);
    contacts.into_iter().map(|(_, contact)| contact).collect()
}

fn draw(site: &Site, visitor: &Visitor, home: &HomeId, filled: &Filled) -> CardPage {
    let now = site.now();
    let here = format!("/home/{}/card", escape(home.as_str()));
    let drawing = Drawing { visitor, filled };
    let place = site.desk().home(home).and_then(|seen| seen.place).unwrap_or_else(|| home.to_string());
    let of = |names: &[&'static str]| names.iter().map(|name| drawing.field(name)).collect();
    CardPage {
        f: Frame::of(site, visitor, now, &here, "card_title"),
        home: home.to_string(),
        place: text::shown(&place, 40),
        post: here,
        is_wrong: !filled.faults.is_empty(),
        who: of(&["place", "class", "resident", "born", "languages", "liaison", "contact_by", "consent"]),
        way: of(&["directions", "minutes", "bearing", "location"]),
        covered: of(&["code", "health", "health_as_of"]),
        contacts: (1..=CONTACTS_MAX).map(|nth| drawing.contact(nth)).collect(),
    }
}

struct Drawing<'a> {
    visitor: &'a Visitor,
    filled: &'a Filled,
}

impl Drawing<'_> {
    fn l(&self, name: &'static str) -> &'static str {
        text::label(self.visitor.language, name)
    }

    fn field(&self, field: &'static str) -> FieldModel {
        let Filled { card, typed, faults } = self.filled;
        let kept = card.field(field);
        let is_blind = COVERED.contains(&field) && !self.visitor.may(Right::Supervise);
        let value = match typed.get(field) {
            Some(text) => text.clone(),
            None if is_blind => String::new(),
            None => kept.clone(),
        };
        FieldModel {
            name: field.to_owned(),
            word: self.l(fields::name_of(field)),
            options: self.options(field, &value),
            hint: match field {
                "place" => self.l("card_place_hint"),
                "born" => self.l("card_born_hint"),
                "contact_by" => self.l("card_contact_by_hint"),
                "location" => self.l("card_location_hint"),
                "health" => self.l("card_health_hint"),
                _ => "",
            },
            fault: faults.get(field).map(|fault| self.l(fault)),
            is_long: matches!(field, "directions" | "health"),
            is_kept: is_blind && !kept.is_empty(),
            value,
        }
    }

    fn options(&self, field: &'static str, value: &str) -> Vec<OptionModel> {
        let option = |(id, name): &(&'static str, &'static str)| OptionModel {
            value: id,
            word: self.l(name),
            is_chosen: *id == value,
        };
        fields::options(field).iter().map(option).collect()
    }

    fn contact(&self, nth: usize) -> ContactModel {
        let Filled { card, typed, faults } = self.filled;
        let none = Contact::default();
        let contact = card.contacts.get(nth - 1).unwrap_or(&none);
        let field = |field: &'static str| {
            let name = format!("contact{nth}_{field}");
            let value =
                if typed.is_empty() { contact.field(field) } else { typed.get(&name).cloned().unwrap_or_default() };
            FieldModel {
                word: self.l(fields::contact_name_of(field)),
                options: self.options(field, &value),
                hint: "",
                fault: faults.get(&name).map(|fault| self.l(fault)),
                is_long: false,
                is_kept: false,
                name,
                value,
            }
        };
        let fields: Vec<FieldModel> = ["kind", "who", "phone", "remark"].into_iter().map(field).collect();
        ContactModel { nth, has_key: field("key").value == "yes", fields }
    }
}

impl CardPage {
    /// The staff, for the field in which one of them is named.
    fn people(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        let liaison = self.who.iter().find(|field| field.name == "liaison").map_or("", |field| field.value.as_str());
        self.f.people.iter().map(move |person| (person.id.as_str(), person.name.as_str(), person.id == liaison))
    }

    /// A liaison who is not on the staff any more is still shown.
    fn stranger(&self) -> Option<&str> {
        let liaison = self.who.iter().find(|field| field.name == "liaison").map(|field| field.value.as_str())?;
        let is_known = liaison.is_empty() || self.f.people.iter().any(|person| person.id == liaison);
        (!is_known).then_some(liaison).filter(|id| PersonId::new(*id).is_ok())
    }
}

/// More fields than the form has.
const FIELDS_MAX: usize = 200;
