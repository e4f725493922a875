//! Suspensions: what is asked of a home, how it stands, and the list of all of them by their ends.

use crate::desk::{Stand, SuspensionView};
use crate::model::errand::Errand;
use crate::model::ids::HomeId;
use crate::model::suspension::{self, Absence, Suspension};
use crate::model::time::{TimeOfDay, whole_millis};
use crate::text;
use crate::web::Site;
use crate::web::access::Right;
use crate::web::form::{Visitor, escape, way_back};
use crate::web::homes::{home_for, page as home_page};
use crate::web::models::{Frame, Painter};
use crate::web::orders::{Sent, ordered};
use crate::web::pages::page;
use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

/// The suspensions of a home, and the form for a new one.
pub(in crate::web) struct SuspendModel {
    pub lines: Vec<SuspendLine>,
    pub kinds: Vec<KindModel>,
    pub may: bool,
    pub why: String,
    pub until: String,
    pub stays: &'static str,
}

pub(in crate::web) struct SuspendLine {
    pub kind: String,
    pub kind_id: &'static str,
    pub why: String,
    pub owner: String,
    pub from: String,
    pub until: String,
    pub stand: String,
    pub tone: &'static str,
    pub can_end: bool,
}

pub(in crate::web) struct KindModel {
    pub value: &'static str,
    pub word: &'static str,
    pub hint: &'static str,
    pub is_chosen: bool,
}

/// What somebody typed, and why it was not done.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub why: &'static str,
    kind: String,
    reason: String,
    until: String,
}

pub(super) fn model(
    painter: &Painter<'_>,
    visitor: &Visitor,
    views: &[SuspensionView],
    draft: Option<Draft>,
) -> SuspendModel {
    let may = visitor.may(Right::Suspend);
    let kind = |kind: Absence| KindModel {
        value: kind.as_str(),
        word: text::absence(painter.language, kind),
        hint: text::what_changes(painter.language, kind),
        is_chosen: draft.as_ref().map_or(kind == Absence::Away, |draft| draft.kind == kind.as_str()),
    };
    let kinds = Absence::ALL.into_iter().map(kind).collect();
    let lines = views.iter().map(|view| painter.suspension(view, may)).collect();
    let (why, until) = match &draft {
        Some(draft) => (draft.reason.clone(), draft.until.clone()),
        None => (String::new(), tonight(painter)),
    };
    SuspendModel { lines, kinds, may, why, until, stays: text::what_stays(painter.language) }
}

/// The next eight in the evening, as a browser writes it.
fn tonight(painter: &Painter<'_>) -> String {
    let zone = &painter.site.settings.zone;
    let at = TimeOfDay::new(20, 0).map_or(painter.now, |eight| zone.next(painter.now, eight));
    zone.wall_clock(at).chars().take("2026-11-22T20:00".len()).collect()
}

impl Painter<'_> {
    fn suspension(&self, view: &SuspensionView, may: bool) -> SuspendLine {
        let zone = &self.site.settings.zone;
        let (stand, tone) = match &view.stand {
            Stand::InForce if view.from > self.now => (self.label("suspend_later").to_owned(), "waits"),
            Stand::InForce => (self.label("suspend_in_force").to_owned(), "holds"),
            Stand::Asked(_) => (self.label("suspend_asked").to_owned(), "waits"),
            Stand::Ending(_) => (self.label("suspend_ending").to_owned(), "waits"),
            Stand::Refused(why) => (format!("{}: {}", self.label("suspend_refused"), text::shown(why, 200)), "bad"),
            Stand::NeverConfirmed => (self.label("suspend_never").to_owned(), "bad"),
            Stand::Over => (self.label("suspend_over").to_owned(), "past"),
        };
        let name = view.owner.parse().ok().and_then(|id| self.site.name(&id));
        SuspendLine {
            kind: view.kind.map_or(self.label("unknown"), |kind| text::absence(self.language, kind)).to_owned(),
            kind_id: view.kind.map_or("", Absence::as_str),
            why: text::shown(&view.why, 200),
            owner: name.unwrap_or_else(|| text::shown(&view.owner, 40)),
            from: text::date_time(self.language, zone, view.from),
            until: text::date_time(self.language, zone, view.until),
            can_end: may && view.kind.is_some() && matches!(view.stand, Stand::InForce | Stand::Asked(_)),
            stand,
            tone,
        }
    }
}

/// A suspension as a form sends it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SuspendForm {
    token: String,
    key: String,
    back: String,
    kind: String,
    why: String,
    until: String,
}

/// `POST /home/<id>/suspend`
pub(super) async fn begin(
    State(site): State<Arc<Site>>,
    Path(home): Path<String>,
    headers: HeaderMap,
    Form(form): Form<SuspendForm>,
) -> Response {
    change(&site, &headers, home, form, "suspended", beginning).await
}

/// `POST /home/<id>/suspend/end`
pub(super) async fn end(
    State(site): State<Arc<Site>>,
    Path(home): Path<String>,
    headers: HeaderMap,
    Form(form): Form<SuspendForm>,
) -> Response {
    let ending = |_: &Site, _: &Visitor, form: &SuspendForm| Ok(Errand::EndSuspension { kind: kind(form)? });
    change(&site, &headers, home, form, "suspension_ended", ending).await
}

fn kind(form: &SuspendForm) -> Result<Absence, &'static str> {
    Absence::ALL.into_iter().find(|kind| kind.as_str() == form.kind).ok_or("suspend_kind_missing")
}

fn beginning(site: &Site, visitor: &Visitor, form: &SuspendForm) -> Result<Errand, &'static str> {
    let now = whole_millis(site.now());
    let person = visitor.person.as_ref().ok_or("choose_first")?;
    let kind = kind(form)?;
    let until = suspension::end(&form.until, &site.settings.zone, now, true).map_err(|_| "suspend_needs_end")?;
    let (owner, why) = (person.id.to_string(), form.why.trim().to_owned());
    Ok(Errand::Suspend(Suspension { kind, owner, why, from: now, until }))
}

/// What a form wants, by whoever may; `what` stands in the audit.
async fn change(
    site: &Site,
    headers: &HeaderMap,
    home: String,
    form: SuspendForm,
    what: &'static str,
    wanted: impl FnOnce(&Site, &Visitor, &SuspendForm) -> Result<Errand, &'static str>,
) -> Response {
    let visitor = Visitor::of(site, headers);
    let home = match home_for(site, &visitor, home) {
        Ok(home) => home,
        Err(why) => return why,
    };
    if !visitor.may(Right::Suspend) {
        return crate::web::pages::said(site, &visitor, StatusCode::FORBIDDEN, &["not_for_role"]);
    }
    let done = match wanted(site, &visitor, &form) {
        Ok(wanted) => give(site, &visitor, &home, wanted, &form, what).await,
        Err(why) => Err((StatusCode::UNPROCESSABLE_ENTITY, why)),
    };
    finish(site, &visitor, &home, form, done).await
}

async fn give(
    site: &Site,
    visitor: &Visitor,
    home: &HomeId,
    wanted: Errand,
    form: &SuspendForm,
    what: &'static str,
) -> Result<(), (StatusCode, &'static str)> {
    let sent = Sent { token: &form.token, key: &form.key, back: &form.back };
    ordered(site, visitor, home.clone(), Some(wanted), &sent).await?;
    site.audit(visitor, what, Some(home.clone()), form.kind.clone()).await;
    Ok(())
}

/// Back to where it was asked, or the home's page with the form as it was and what is wrong with it.
async fn finish(
    site: &Site,
    visitor: &Visitor,
    home: &HomeId,
    form: SuspendForm,
    done: Result<(), (StatusCode, &'static str)>,
) -> Response {
    match done {
        Ok(()) => Redirect::to(&way_back(Some(&form.back))).into_response(),
        Err((status @ (StatusCode::FORBIDDEN | StatusCode::SERVICE_UNAVAILABLE), why)) => {
            crate::web::pages::said(site, visitor, status, &[why])
        }
        Err((_, why)) => {
            let draft = Draft { why, kind: form.kind, reason: form.why, until: form.until };
            home_page::show(site, visitor, home, Some(draft)).await
        }
    }
}

#[derive(Template)]
#[template(path = "suspensions.html")]
struct AllPage {
    f: Frame,
    lines: Vec<HomeSuspended>,
}

struct HomeSuspended {
    href: String,
    place: String,
    line: SuspendLine,
}

/// `GET /suspensions`: every home that is other than usual, the nearest end first.
pub(super) async fn all(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let (visitor, now) = (Visitor::of(&site, &headers), site.now());
    let f = Frame::of(&site, &visitor, now, "/suspensions", "suspend_page");
    let painter = Painter { site: &site, language: visitor.language, now, on_desk: false, key: String::new() };
    let desk = site.desk();
    let of_homes = desk.suspended_homes(now);
    let line = |(home, view): &(HomeId, SuspensionView)| HomeSuspended {
        href: format!("/home/{}", escape(home.as_str())),
        place: desk
            .home(home)
            .and_then(|seen| seen.place)
            .map_or_else(|| home.to_string(), |place| text::shown(&place, 40)),
        line: painter.suspension(view, false),
    };
    page(AllPage { lines: of_homes.iter().map(line).collect(), f }.render())
}
