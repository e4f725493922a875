//! `/handover`: the change of shift, from the list of what is open to the sound test.

mod page;

use crate::desk::{Answer, Click, Handover};
use crate::model::event::{Event, EventKind, TestSign, VERSION};
use crate::model::ids::PersonId;
use crate::model::lifecycle::Deed;
use crate::model::time::{Span, Timestamp};
use crate::store::office::{ShiftKind, ShiftLine};
use crate::text;
use crate::web::access::Right;
use crate::web::form::Visitor;
use crate::web::guard::is_token;
use crate::web::{Person, Site, Wanted, deeds, pages};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/handover", get(page::page))
        .route("/handover/give", post(give))
        .route("/handover/take", post(take))
        .route("/handover/note", post(note))
        .route("/handover/sound", post(sound))
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct ShiftForm {
    token: String,
    key: String,
    person: String,
    text: String,
}

/// Why a form was not taken: status and label.
type Refused = (StatusCode, &'static str);

/// `POST /handover/give`: every alert that the one who goes holds is offered to the one who comes.
async fn give(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<ShiftForm>) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let done = async {
        let (me, other) = people(&site, &visitor, &form)?;
        let by = site.actor(Some(&me));
        for row in site.held_by(&me.id) {
            let (alert, deed) = (row.clone(), Deed::HandOver { to: other.id.clone() });
            let key = format!("{}-{}", form.key, row.alert.number);
            let click = Click { ticket: 0, alert, by: by.clone(), deed, expect: None, key };
            // One that is refused stays with its owner; the page shows it so.
            site.ask(Wanted::Click(click)).await.ok_or((StatusCode::SERVICE_UNAVAILABLE, "not_answered"))?;
        }
        site.write_line(ShiftKind::Gave, &me.id, other.id.to_string()).await
    };
    answer(&site, &visitor, done.await)
}

/// `POST /handover/take`: what the one who goes has taken and nobody accepted returns to everybody.
async fn take(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<ShiftForm>) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let done = async {
        let (me, other) = people(&site, &visitor, &form)?;
        let why = text::label(visitor.language, "handover_released").to_owned();
        let by = site.actor(Some(&me));
        let handover = Handover { ticket: 0, from: other.id.clone(), by, why, key: form.key.clone() };
        match site.ask(Wanted::Handover(handover)).await {
            Some((Answer::Done { .. }, _)) => {}
            Some((Answer::Refused(_) | Answer::NoSuchAlert | Answer::Declined(_), _)) => {
                return Err((StatusCode::CONFLICT, "bad_form"));
            }
            None => return Err((StatusCode::SERVICE_UNAVAILABLE, "not_answered")),
        }
        site.write_line(ShiftKind::Took, &me.id, other.id.to_string()).await
    };
    answer(&site, &visitor, done.await)
}

/// `POST /handover/note`: words for the next shift.
async fn note(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<ShiftForm>) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let done = async {
        let me = acting(&site, &visitor, &form)?;
        let words = deeds::words(&form.text);
        if words.is_empty() {
            return Err((StatusCode::UNPROCESSABLE_ENTITY, "bad_form"));
        }
        site.write_line(ShiftKind::Note, &me.id, words).await
    };
    answer(&site, &visitor, done.await)
}

/// `POST /handover/sound`: somebody heard the test tone.
async fn sound(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<ShiftForm>) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let done = async {
        let me = acting(&site, &visitor, &form)?;
        site.write_line(ShiftKind::Sound, &me.id, String::new()).await?;
        let (channel, by) = ("sound".to_owned(), Some(me.id.clone()));
        let heard = TestSign { v: VERSION, channel, home: None, seconds: None, by };
        // What is told of it is for other systems: the line stands in any case.
        site.ask(Wanted::Tell(Box::new(Event::of_test(EventKind::TestHeard, site.now(), heard)))).await;
        Ok(())
    };
    answer(&site, &visitor, done.await)
}

fn answer(site: &Site, visitor: &Visitor, done: Result<(), Refused>) -> Response {
    match done {
        Ok(()) => Redirect::to("/handover").into_response(),
        Err((status, why)) => pages::said(site, visitor, status, &[why]),
    }
}

fn acting(site: &Site, visitor: &Visitor, form: &ShiftForm) -> Result<Person, Refused> {
    if !is_token(site, &form.token) {
        return Err((StatusCode::FORBIDDEN, "foreign_form"));
    }
    let me = visitor.person.clone().ok_or((StatusCode::UNPROCESSABLE_ENTITY, "choose_first"))?;
    if !visitor.may(Right::Act) {
        return Err((StatusCode::FORBIDDEN, "errand_declined"));
    }
    Ok(me)
}

/// Who acts, and the other one.
fn people(site: &Site, visitor: &Visitor, form: &ShiftForm) -> Result<(Person, Person), Refused> {
    let me = acting(site, visitor, form)?;
    let other = PersonId::new(form.person.clone()).ok().and_then(|id| site.person(&id));
    let is_key = (1..=KEY_LENGTH_MAX).contains(&form.key.len());
    let other = other.filter(|other| other.id != me.id && is_key);
    Ok((me, other.ok_or((StatusCode::UNPROCESSABLE_ENTITY, "bad_form"))?))
}

impl Site {
    /// The alerts that this person of this point has in hand.
    fn held_by(&self, person: &PersonId) -> Vec<crate::desk::AlertKey> {
        let view = self.desk().view(self.now(), &self.actor(None));
        let rows = view.bands.iter().flat_map(|band| &band.rows).chain(&view.faults);
        let is_theirs = |row: &&crate::desk::RowView| {
            row.owner.as_ref().is_some_and(|owner| owner.actor.person.as_ref() == Some(person))
                && row.phase.is_in_hand()
        };
        rows.filter(is_theirs).map(|row| row.key.clone()).collect()
    }

    async fn write_line(&self, kind: ShiftKind, who: &PersonId, text: String) -> Result<(), Refused> {
        let line = ShiftLine { at: self.now(), kind, who: who.to_string(), text };
        let office = self.office.clone();
        let written = tokio::task::spawn_blocking(move || office.put_shift_line(&line)).await;
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(why)) => {
                tracing::error!(%why, "the shift book was not written");
                Err((StatusCode::SERVICE_UNAVAILABLE, "store_failing"))
            }
            Err(_) => Err((StatusCode::SERVICE_UNAVAILABLE, "not_answered")),
        }
    }

    /// The newest lines of the shift book, newest first; none where the disk does not give them.
    pub(super) async fn shift_lines(&self, count: usize) -> Vec<ShiftLine> {
        let office = self.office.clone();
        match tokio::task::spawn_blocking(move || office.shift_lines(count)).await {
            Ok(Ok(lines)) => lines,
            Ok(Err(why)) => {
                tracing::error!(%why, "the shift book was not read");
                Vec::new()
            }
            Err(_) => Vec::new(),
        }
    }
}

/// What belongs to this shift: since somebody took over last, and at least the last twelve hours.
fn of_this_shift(lines: &[ShiftLine], now: Timestamp) -> impl Iterator<Item = &ShiftLine> {
    let took = lines.iter().find(|line| line.kind == ShiftKind::Took).map(|line| line.at);
    let from = took.map_or(now - SHIFT_AT_LEAST, |at| at.min(now - SHIFT_AT_LEAST));
    lines.iter().filter(move |line| line.at >= from)
}

const SHIFT_AT_LEAST: Span = Span::hours(12);
const KEY_LENGTH_MAX: usize = 128;
