//! All cards as one table: out for the supervisor, in by copy and paste, checked as a whole before any of it is written.

use crate::model::card::{CONTACT_FIELDS, CONTACTS_MAX, Card, Contact, FIELDS};
use crate::model::ids::HomeId;
use crate::text::{self, Language};
use crate::web::Site;
use crate::web::access::Right;
use crate::web::form::Visitor;
use crate::web::guard::is_token;
use crate::web::homes::{card, fields, table};
use crate::web::models::Frame;
use crate::web::pages::{page, said};
use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "cards.html")]
struct SheetPage {
    f: Frame,
    may_export: bool,
    columns: Vec<String>,
    pasted: String,
    message: Option<&'static str>,
    faults: Vec<FaultModel>,
    checked: Option<Checked>,
    done: Option<usize>,
}

struct FaultModel {
    line: usize,
    home: String,
    column: String,
    why: &'static str,
    text: String,
}

struct Checked {
    new: usize,
    changed: usize,
    same: usize,
}

/// `GET /homes/cards`
pub(super) async fn sheet(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    match visitor.may(Right::Work) {
        true => page(drawn(&site, &visitor).render()),
        false => said(&site, &visitor, StatusCode::FORBIDDEN, &["not_for_role"]),
    }
}

fn drawn(site: &Site, visitor: &Visitor) -> SheetPage {
    SheetPage {
        f: Frame::of(site, visitor, site.now(), "/homes/cards", "sheet_title"),
        may_export: visitor.may(Right::Supervise),
        columns: headings(visitor.language, 2),
        pasted: String::new(),
        message: None,
        faults: Vec::new(),
        checked: None,
        done: None,
    }
}

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Home,
    Field(&'static str),
    Contact(usize, &'static str),
}

fn columns(contacts: usize) -> impl Iterator<Item = Column> {
    let of_contacts =
        (1..=contacts).flat_map(|nth| CONTACT_FIELDS.into_iter().map(move |field| Column::Contact(nth, field)));
    std::iter::once(Column::Home).chain(FIELDS.into_iter().map(Column::Field)).chain(of_contacts)
}

impl Column {
    fn heading(self, language: Language) -> String {
        match self {
            Column::Home => text::label(language, "card_home").to_owned(),
            Column::Field(field) => text::label(language, fields::name_of(field)).to_owned(),
            Column::Contact(nth, field) => {
                let (contact, field) = ("card_contact_n", fields::contact_name_of(field));
                format!("{} {nth} {}", text::label(language, contact), text::label(language, field))
            }
        }
    }

    /// The word for it that is the same in every language.
    fn id(self) -> String {
        match self {
            Column::Home => "home".to_owned(),
            Column::Field(field) => field.to_owned(),
            Column::Contact(nth, field) => format!("contact{nth}_{field}"),
        }
    }

    fn headed(heading: &str) -> Option<Column> {
        let heading = heading.trim();
        let is_it = |column: &Column| {
            heading.eq_ignore_ascii_case(&column.id())
                || Language::ALL.iter().any(|language| heading.eq_ignore_ascii_case(&column.heading(*language)))
        };
        columns(CONTACTS_MAX).find(is_it)
    }
}

fn headings(language: Language, contacts: usize) -> Vec<String> {
    columns(contacts).map(|column| column.heading(language)).collect()
}

/// `GET /homes/cards.csv`: everything, for the supervisor.
pub(super) async fn export(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    if !visitor.may(Right::Supervise) {
        return said(&site, &visitor, StatusCode::FORBIDDEN, &["not_for_role"]);
    }
    let cards: Vec<(HomeId, Card)> = {
        let desk = site.desk();
        let lines = desk.home_lines(site.now());
        lines.into_iter().map(|line| (line.home.clone(), desk.card(&line.home).cloned().unwrap_or_default())).collect()
    };
    site.audit(&visitor, "cards_exported", None, cards.len().to_string()).await;
    let contacts = cards.iter().map(|(_, card)| card.contacts.len()).max().unwrap_or_default().clamp(2, CONTACTS_MAX);
    let mut body = String::from("\u{feff}");
    body.push_str(&table::line(&headings(visitor.language, contacts)));
    for (home, card) in &cards {
        let cells: Vec<String> =
            columns(contacts).map(|column| written(visitor.language, home, card, column)).collect();
        body.push_str(&table::line(&cells));
    }
    let name = "attachment; filename=\"cards.csv\"";
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, name)], body).into_response()
}

fn written(language: Language, home: &HomeId, card: &Card, column: Column) -> String {
    match column {
        Column::Home => home.to_string(),
        Column::Field(field) => fields::words(language, field, &card.field(field)),
        Column::Contact(nth, field) => {
            let contact = card.contacts.get(nth - 1);
            contact.map(|contact| fields::words(language, field, &contact.field(field))).unwrap_or_default()
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pasted {
    token: String,
    #[serde(rename = "do")]
    what: String,
    text: String,
}

/// `POST /homes/cards`: looked through first; written only as a whole.
pub(super) async fn import(State(site): State<Arc<Site>>, headers: HeaderMap, Form(pasted): Form<Pasted>) -> Response {
    let visitor = Visitor::of(&site, &headers);
    if !visitor.may(Right::Work) {
        return said(&site, &visitor, StatusCode::FORBIDDEN, &["not_for_role"]);
    }
    if !is_token(&site, &pasted.token) {
        return said(&site, &visitor, StatusCode::FORBIDDEN, &["foreign_form"]);
    }
    let mut drawn = drawn(&site, &visitor);
    let read = read(&site, visitor.language, &pasted.text);
    let status = match read {
        Err(why) => {
            drawn.message = Some(text::label(visitor.language, why));
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Ok(sheet) if !sheet.faults.is_empty() => {
            drawn.message = Some(drawn.f.l("sheet_faults"));
            drawn.faults = sheet.faults;
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Ok(sheet) if pasted.what == "write" => {
            let count = sheet.cards.len();
            if let Err(why) = card::keep(&site, &visitor, sheet.cards).await {
                return said(&site, &visitor, StatusCode::SERVICE_UNAVAILABLE, &[why]);
            }
            site.audit(&visitor, "cards_imported", None, count.to_string()).await;
            drawn.done = Some(count);
            return page(drawn.render());
        }
        Ok(sheet) => {
            drawn.checked = Some(sheet.checked);
            StatusCode::OK
        }
    };
    drawn.pasted = pasted.text;
    (status, page(drawn.render())).into_response()
}

/// A table that was looked through.
struct Sheet {
    /// Only those that change.
    cards: Vec<(HomeId, Card)>,
    checked: Checked,
    faults: Vec<FaultModel>,
}

fn read(site: &Site, language: Language, pasted: &str) -> Result<Sheet, &'static str> {
    let lines = table::read(pasted, LINES_MAX);
    let (headings, lines) = lines.split_first().ok_or("sheet_empty")?;
    let columns: Vec<Option<Column>> = headings.iter().map(|heading| Column::headed(heading)).collect();
    let at = columns.iter().position(|column| *column == Some(Column::Home)).ok_or("sheet_no_home_column")?;
    let mut sheet = Sheet { cards: Vec::new(), checked: Checked { new: 0, changed: 0, same: 0 }, faults: Vec::new() };
    for (column, heading) in columns.iter().zip(headings) {
        if column.is_none() && !heading.trim().is_empty() {
            sheet.fault(language, 1, "", heading, "card_no_field", heading);
        }
    }
    let mut seen = BTreeSet::new();
    for (nth, cells) in lines.iter().enumerate() {
        let said = cells.get(at).map_or("", |cell| cell.trim());
        let Ok(home) = HomeId::new(said) else {
            sheet.fault(language, nth + 2, said, &Column::Home.heading(language), "card_no_home", said);
            continue;
        };
        if !seen.insert(home.clone()) {
            sheet.fault(language, nth + 2, said, &Column::Home.heading(language), "card_twice", said);
            continue;
        }
        let before = site.desk().card(&home).cloned();
        let mut card = before.clone().unwrap_or_default();
        for (column, cell) in columns.iter().zip(cells) {
            if let Some(Err(why)) = column.map(|column| put(site, &mut card, column, cell)) {
                let heading = column.map(|column| column.heading(language)).unwrap_or_default();
                sheet.fault(language, nth + 2, said, &heading, why, cell);
            }
        }
        card.contacts.retain(|contact| !contact.is_empty());
        sheet.take(home, before, card);
    }
    Ok(sheet)
}

fn put(site: &Site, card: &mut Card, column: Column, cell: &str) -> Result<(), &'static str> {
    match column {
        Column::Home => Ok(()),
        Column::Field(field) => {
            card.set(field, &fields::value(field, cell))?;
            let is_stranger = field == "liaison" && card.liaison.as_ref().is_some_and(|id| site.person(id).is_none());
            if is_stranger { Err("card_bad_person") } else { Ok(()) }
        }
        Column::Contact(nth, field) => {
            while card.contacts.len() < nth {
                card.contacts.push(Contact::default());
            }
            match card.contacts.get_mut(nth - 1) {
                Some(contact) => contact.set(field, &fields::value(field, cell)),
                None => Ok(()),
            }
        }
    }
}

impl Sheet {
    fn take(&mut self, home: HomeId, before: Option<Card>, card: Card) {
        match before {
            Some(before) if before == card => self.checked.same += 1,
            Some(_) => {
                self.checked.changed += 1;
                self.cards.push((home, card));
            }
            None => {
                self.checked.new += 1;
                self.cards.push((home, card));
            }
        }
    }

    fn fault(&mut self, language: Language, line: usize, home: &str, column: &str, why: &'static str, cell: &str) {
        if self.faults.len() < FAULTS_SHOWN {
            let (home, column) = (text::shown(home, 64), text::shown(column, 40));
            let why = text::label(language, why);
            self.faults.push(FaultModel { line, home, column, why, text: text::shown(cell, 40) });
        }
    }
}

/// More homes than a station has.
const LINES_MAX: usize = 5_001;
/// Who has more wrong begins with these.
const FAULTS_SHOWN: usize = 100;
