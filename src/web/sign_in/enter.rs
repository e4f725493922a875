//! `POST /sign-in`: who it is, whether that is true, and the session that follows.

use super::{SignInPage, blank, shortened, with_visit};
use crate::clock;
use crate::model::ids::PersonId;
use crate::model::staff::{Member, Position};
use crate::text;
use crate::web::form::{
    DESK_COOKIE, LARGE, LARGE_COOKIE, SESSION_COOKIE, Visitor, YEAR_SECS, is_secure, set_cookie, way_back,
};
use crate::web::gate::Peer;
use crate::web::secrets::{code_hash, is_same, plain_code};
use crate::web::sessions::Kind;
use crate::web::tries::{Tried, Waiting};
use crate::web::{Person, Site};
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct EnterForm {
    who: String,
    password: String,
    code: Option<String>,
    desk: Option<String>,
    back: String,
}

/// Why somebody does not get in.
enum Refused {
    /// Name, password or code are wrong; which of them is not told.
    Wrong,
    /// Too many tries.
    Wait(Waiting),
    /// What is wrong with it, as a label.
    Because(&'static str),
}

/// `POST /sign-in`
pub(super) async fn enter(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Peer(peer): Peer,
    Form(form): Form<EnterForm>,
) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let account = shortened(&form.who.trim().to_lowercase());
    let refused = match admitted(&site, &visitor, &form, &account, &peer).await {
        Ok(person) => return signed_in(&site, &visitor, &headers, &form, &peer, person).await,
        Err(refused) => refused,
    };
    // Whoever does not wait fills no disk with lines that all say the same.
    let mut is_told = false;
    let mut drawn: SignInPage = blank(&site, &visitor, &headers);
    let (status, what) = match refused {
        Refused::Wrong => {
            drawn.message = Some(text::label(visitor.language, "sign_in_wrong").to_owned());
            (StatusCode::UNAUTHORIZED, "sign_in_failed")
        }
        Refused::Wait(waiting) => {
            is_told = waiting.is_told;
            let seconds = waiting.still.num_seconds().max(1).to_string();
            drawn.message = Some(text::label(visitor.language, "sign_in_wait").replace("{s}", &seconds));
            (StatusCode::TOO_MANY_REQUESTS, "sign_in_delayed")
        }
        Refused::Because(label) => {
            drawn.message = Some(text::label(visitor.language, label).to_owned());
            (StatusCode::UNPROCESSABLE_ENTITY, "sign_in_refused")
        }
    };
    if !is_told {
        site.audit(&visitor, what, None, format!("as {account:?} from {peer}")).await;
    }
    drawn.by_code |= form.code.is_some();
    drawn.desk |= form.desk.is_some();
    (drawn.who, drawn.back) = (shortened(&form.who), way_back(Some(&form.back)));
    drawn.code = shortened(form.code.as_deref().unwrap_or_default());
    (status, with_visit(&site, &visitor, &headers, drawn)).into_response()
}

async fn admitted(
    site: &Site,
    visitor: &Visitor,
    form: &EnterForm,
    account: &str,
    peer: &str,
) -> Result<Person, Refused> {
    // What is wrong with a new password is no try.
    let new_password = form.code.is_some() && !form.password.is_empty();
    if new_password && form.password.chars().count() < PASSWORD_LENGTH_MIN {
        return Err(Refused::Because("password_short"));
    }
    let now = clock::since_boot();
    site.tries.begin(Tried::Account(account), now).map_err(Refused::Wait)?;
    site.tries.begin(Tried::Address(peer), now).map_err(Refused::Wait)?;
    let found = site.named(&form.who);
    let person = match form.code.as_deref().map(plain_code) {
        Some(code) if !code.is_empty() => by_code(site, visitor, form, found, &code).await?,
        Some(_) | None => by_password(site, &form.password, found).await?,
    };
    site.tries.right(Tried::Account(account));
    site.tries.right(Tried::Address(peer));
    Ok(person)
}

async fn by_password(site: &Site, password: &str, found: Option<(PersonId, Member)>) -> Result<Person, Refused> {
    let kept = found.as_ref().and_then(|(_, member)| member.secrets.password.as_deref());
    let right = site.passwords.is_right(password, kept).await.map_err(|_| Refused::Because("sign_in_busy"))?;
    let id = found.filter(|_| right).map(|(id, _)| id);
    id.and_then(|id| site.person(&id)).ok_or(Refused::Wrong)
}

async fn by_code(
    site: &Site,
    visitor: &Visitor,
    form: &EnterForm,
    found: Option<(PersonId, Member)>,
    code: &str,
) -> Result<Person, Refused> {
    let is_first = site.first_code().is_some_and(|first| is_same(&plain_code(&first.code), code));
    let (id, mut member) = match found {
        Some(found) => found,
        // Whoever holds the first code may be the first of all.
        None if is_first => new_member(&form.who)?,
        None => return Err(Refused::Wrong),
    };
    let kept = member.secrets.code.take();
    let is_theirs = kept.is_some_and(|kept| kept.until > site.now() && is_same(&kept.hash, &code_hash(code)));
    if !is_first && !is_theirs {
        return Err(Refused::Wrong);
    }
    match form.password.is_empty() {
        false => {
            let hashed = site.passwords.hash(&form.password).await.map_err(|_| Refused::Because("sign_in_busy"))?;
            member.secrets.password = Some(hashed);
            let ended = id.clone();
            site.end_sessions(move |_, session| session.person == ended).await;
        }
        true if member.secrets.password.is_none() => return Err(Refused::Because("password_missing")),
        true => {}
    }
    if is_first {
        member.positions.add(Position::Supervisor);
        member.positions.add(Position::Admin);
    }
    let what = if is_first { "first_code_used" } else { "code_used" };
    let written = site.put_member(visitor, &id, member, what, id.to_string()).await;
    written.map_err(|_| Refused::Because("not_written"))?;
    if is_first {
        site.forget_first_code().await;
    }
    site.person(&id).ok_or(Refused::Wrong)
}

fn new_member(who: &str) -> Result<(PersonId, Member), Refused> {
    let who = who.trim();
    let id = PersonId::new(who.to_lowercase()).map_err(|_| Refused::Because("who_unclear"))?;
    Ok((id, Member { name: who.to_owned(), ..Member::default() }))
}

async fn signed_in(
    site: &Site,
    visitor: &Visitor,
    headers: &HeaderMap,
    form: &EnterForm,
    peer: &str,
    person: Person,
) -> Response {
    let may_be_desk = [Position::Desk, Position::Supervisor].iter().any(|position| person.positions.has(*position));
    let kind = if form.desk.is_some() && may_be_desk { Kind::Desk } else { Kind::Personal };
    // Never the id that the browser had before: somebody else may know it.
    if let Some(seat) = &visitor.seat {
        let before = seat.hash;
        site.end_sessions(move |hash, _| *hash == before).await;
    }
    let Some(secret) = site.begin_session(kind, &person.id).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the system gives no random numbers\n").into_response();
    };
    let who = Visitor { person: Some(person.clone()), ..visitor.clone() };
    let as_what = if kind == Kind::Desk { "desk" } else { "personal" };
    site.audit(&who, "signed_in", None, format!("{as_what} from {peer}")).await;
    let secure = is_secure(site, headers);
    let mut response = Redirect::to(&landing(&person, &form.back)).into_response();
    let mut set = |name: &str, value: &str, seconds: i64| {
        response.headers_mut().append(header::SET_COOKIE, set_cookie(name, value, seconds, secure));
    };
    set(SESSION_COOKIE, &secret, kind.lasts().num_seconds());
    if kind == Kind::Desk {
        set(DESK_COOKIE, "1", YEAR_SECS);
    }
    if let Some(member) = site.member(&person.id) {
        if let Some(language) = &member.language {
            set("language", language, YEAR_SECS);
        }
        set(LARGE_COOKIE, if member.large_text { LARGE } else { "" }, YEAR_SECS);
    }
    response
}

/// Where somebody begins: back where they came from, else at the first page that is theirs.
fn landing(person: &Person, back: &str) -> String {
    let has = |position| person.positions.has(position);
    match way_back(Some(back)) {
        back if back != "/" => back,
        back if person.role().is_some() => back,
        _ if has(Position::Technician) => "/homes".to_owned(),
        _ if has(Position::Reader) => "/reports".to_owned(),
        _ => "/me".to_owned(),
    }
}

pub(in crate::web) const PASSWORD_LENGTH_MIN: usize = 8;
