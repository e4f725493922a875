//! `/admin/people/<id>`: what somebody is, until when, and what they prove themselves by.

use super::administrator;
use super::people::{Mark, Ticked, listed, marks, new_name};
use super::phone::{self, duty_of, duty_words};
use crate::model::ids::PersonId;
use crate::model::staff::{Code, Member, Position};
use crate::text;
use crate::web::Site;
use crate::web::form::{Visitor, escape};
use crate::web::models::Frame;
use crate::web::pages::{page, said};
use crate::web::secrets::{CODE_LASTS, code as new_code, code_hash};
use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    f: Frame,
    id: String,
    name: String,
    href: String,
    marks: Vec<Mark>,
    until: String,
    phone: String,
    duty: String,
    /// A test can be sent.
    may_test: bool,
    test: String,
    disabled: bool,
    has_password: bool,
    has_pin: bool,
    /// Just made: shown this once.
    code: Option<String>,
    link: String,
    message: Option<String>,
}

/// Who is meant, and who asks.
pub(super) struct Asked {
    pub visitor: Visitor,
    pub id: PersonId,
    pub member: Member,
}

#[allow(clippy::result_large_err)] // the error is the answer
pub(super) fn asked(site: &Site, headers: &HeaderMap, id: String) -> Result<Asked, Response> {
    let visitor = administrator(site, headers)?;
    let found = PersonId::new(id).ok().and_then(|id| Some((site.member(&id)?, id)));
    match found {
        Some((member, id)) => Ok(Asked { visitor, id, member }),
        None => Err(said(site, &visitor, StatusCode::NOT_FOUND, &["person_unknown"])),
    }
}

impl Asked {
    pub(super) fn draw(self, site: &Site, code: Option<String>, message: Option<&'static str>) -> Response {
        let (language, href) = (self.visitor.language, format!("/admin/people/{}", escape(self.id.as_str())));
        let link = code.as_ref().map(|code| format!("/sign-in?who={}&code={code}", escape(self.id.as_str())));
        let drawn = PersonPage {
            f: Frame::of(site, &self.visitor, site.now(), &href, "admin_people"),
            id: self.id.to_string(),
            name: text::shown(&self.member.name, 40),
            href,
            marks: marks(language, &self.member.positions),
            until: self.member.until.map(date).unwrap_or_default(),
            phone: self.member.phone.clone().unwrap_or_default(),
            duty: self.member.duty.as_ref().map(|duty| duty_words(language, duty)).unwrap_or_default(),
            may_test: site.telephone.is_some() && self.member.phone.is_some(),
            test: phone::tested(site, language, &self.id),
            disabled: self.member.disabled,
            has_password: self.member.secrets.password.is_some(),
            has_pin: self.member.secrets.pin.is_some(),
            code,
            link: link.unwrap_or_default(),
            message: message.map(|label| text::label(language, label).to_owned()),
        };
        let status = if message.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        (status, page(drawn.render())).into_response()
    }

    /// Writes them down and leads back to their page, or says why not.
    async fn put(self, site: &Site, member: Member, what: &'static str, detail: String) -> Response {
        if leaves_nobody(site, &self.id, &member) {
            return self.draw(site, None, Some("last_admin"));
        }
        let href = format!("/admin/people/{}", escape(self.id.as_str()));
        match site.put_member(&self.visitor, &self.id, member, what, detail).await {
            Ok(()) => Redirect::to(&href).into_response(),
            Err(_) => self.draw(site, None, Some("not_written")),
        }
    }
}

/// Whether nobody could look after people any more.
fn leaves_nobody(site: &Site, id: &PersonId, member: &Member) -> bool {
    let is_admin = |member: &Member| {
        member.is_in(site.today()) && member.positions.has(Position::Admin) && member.secrets.password.is_some()
    };
    let before = site.members();
    let others = before.iter().any(|(other, member)| other != id && is_admin(member));
    let was = before.iter().any(|(other, member)| other == id && is_admin(member));
    was && !others && !is_admin(member)
}

/// `GET /admin/people/<id>`
pub(super) async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match asked(&site, &headers, id) {
        Ok(asked) => asked.draw(&site, None, None),
        Err(refused) => refused,
    }
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct SaveForm {
    name: String,
    until: String,
    phone: String,
    duty: String,
    #[serde(flatten)]
    ticked: Ticked,
}

/// `POST /admin/people/<id>`
pub(super) async fn save(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<SaveForm>,
) -> Response {
    let asked = match asked(&site, &headers, id) {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let changed = match changed(&site, &asked, &form) {
        Ok(changed) => changed,
        Err(why) => return asked.draw(&site, None, Some(why)),
    };
    let until = |member: &Member| member.until.map(date).unwrap_or_default();
    let told = |member: &Member| {
        let phone = member.phone.as_deref().unwrap_or("-");
        let duty = member.duty.as_ref().map(|duty| duty_words(text::Language::English, duty)).unwrap_or_default();
        format!("{} [{}] {} {phone} {duty}", member.name, listed(&member.positions), until(member))
    };
    let detail = format!("{}: {} -> {}", asked.id, told(&asked.member), told(&changed));
    asked.put(&site, changed, "person_changed", detail).await
}

fn changed(site: &Site, asked: &Asked, form: &SaveForm) -> Result<Member, &'static str> {
    let until = match form.until.trim() {
        "" => None,
        text => Some(parse_date(text).ok_or("date_unclear")?),
    };
    let positions = form.ticked.positions();
    if positions.is_empty() {
        return Err("position_missing");
    }
    let name = new_name(site, &asked.id, &form.name)?;
    let phone = phone::number(site, &asked.id, &form.phone)?;
    let duty = duty_of(&form.duty).map_err(|_| "duty_unclear")?;
    Ok(Member { name, positions, until, phone, duty, ..asked.member.clone() })
}

/// `POST /admin/people/<id>/code`: a new one, shown once.
pub(super) async fn code(State(site): State<Arc<Site>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let asked = match asked(&site, &headers, id) {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let Ok(code) = new_code() else { return asked.draw(&site, None, Some("not_written")) };
    let mut member = asked.member.clone();
    member.secrets.code = Some(Code { hash: code_hash(&code), until: site.now() + CODE_LASTS });
    let detail = asked.id.to_string();
    match site.put_member(&asked.visitor, &asked.id, member, "code_made", detail).await {
        Ok(()) => asked.draw(&site, Some(code), None),
        Err(_) => asked.draw(&site, None, Some("not_written")),
    }
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct PinForm {
    pin: String,
}

/// `POST /admin/people/<id>/pin`: a new PIN; an empty one takes it away.
pub(super) async fn pin(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<PinForm>,
) -> Response {
    let asked = match asked(&site, &headers, id) {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let pin = form.pin.trim();
    if !pin.is_empty() && !is_pin(pin) {
        return asked.draw(&site, None, Some("pin_form"));
    }
    let hashed = match pin {
        "" => None,
        pin => match site.passwords.hash(pin).await {
            Ok(hashed) => Some(hashed),
            Err(_) => return asked.draw(&site, None, Some("sign_in_busy")),
        },
    };
    let mut member = asked.member.clone();
    let what = if hashed.is_some() { "pin_set" } else { "pin_taken" };
    member.secrets.pin = hashed;
    let detail = asked.id.to_string();
    asked.put(&site, member, what, detail).await
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct ShutForm {
    out: Option<String>,
}

/// `POST /admin/people/<id>/shut`: out at once on every browser, or in again.
pub(super) async fn shut(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<ShutForm>,
) -> Response {
    let asked = match asked(&site, &headers, id) {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let (out, who) = (form.out.is_some(), asked.id.clone());
    let member = Member { disabled: out, ..asked.member.clone() };
    let (what, detail) = (if out { "person_shut_out" } else { "person_let_in" }, who.to_string());
    let answer = asked.put(&site, member, what, detail).await;
    if out && answer.status().is_redirection() {
        site.end_sessions(|_, session| session.person == who).await;
    }
    answer
}

/// Four to six digits.
pub(in crate::web) fn is_pin(pin: &str) -> bool {
    (4..=6).contains(&pin.len()) && pin.bytes().all(|digit| digit.is_ascii_digit())
}

/// As a date field writes it.
pub(super) fn date((year, month, day): (i16, i8, i8)) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

fn parse_date(text: &str) -> Option<(i16, i8, i8)> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let is_one = (2000..=2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    is_one.then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_as_a_field_writes_it_and_a_pin_is_four_to_six_digits() {
        assert_eq!(parse_date("2026-03-31"), Some((2026, 3, 31)));
        assert_eq!(date((2026, 3, 31)), "2026-03-31");
        for wrong in ["", "2026", "2026-13-01", "1-1-1", "2026-02-x", "99999-01-01"] {
            assert_eq!(parse_date(wrong), None, "{wrong}");
        }
        assert!(is_pin("1234") && is_pin("123456") && !is_pin("123") && !is_pin("12a4") && !is_pin("１２３４"));
    }
}
