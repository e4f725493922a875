//! `/admin/hooks`: addresses to which events are posted, and how far each is. Posted by `station/hooks.rs`.

use crate::model::event::EventKind;
use crate::model::time::Timestamp;
use crate::store::Office;
use crate::store::office::{Hook, NewHook};
use crate::text;
use crate::web::Site;
use crate::web::form::Visitor;
use crate::web::models::Frame;
use crate::web::pages::page;
use crate::web::registers::{JustToken, administrator, day, is_key, minute, name, of_office, unreadable};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;
use std::sync::Arc;

/// The addresses of this page.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/admin/hooks", get(list).post(make)).route("/admin/hooks/{id}/{deed}", post(change))
}

#[derive(Template)]
#[template(path = "hooks.html")]
struct HooksPage {
    f: Frame,
    hooks: Vec<HookModel>,
    fresh: Option<String>,
    wrong: Option<String>,
    url: String,
    click_key: String,
}

struct HookModel {
    id: i64,
    host: String,
    kinds: String,
    pii: bool,
    made: String,
    state: &'static str,
    is_bad: bool,
    said: Option<String>,
    next: Option<String>,
    delivered: u64,
    waiting: Option<u64>,
    missed: bool,
}

/// What a page says beside the list.
#[derive(Default)]
struct Beside {
    fresh: Option<String>,
    wrong: Option<String>,
    url: String,
}

/// `GET /admin/hooks`
async fn list(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    draw(&site, &Visitor::of(&site, &headers), Beside::default()).await
}

async fn draw(site: &Arc<Site>, visitor: &Visitor, beside: Beside) -> Response {
    let hooks = match of_office(site, visitor, Office::hooks).await {
        Ok(hooks) => hooks,
        Err(unread) => return unread,
    };
    let newest = site.api.telling.told.newest().await.ok();
    let f = Frame::of(site, visitor, site.now(), "/admin/hooks", "hooks");
    let hooks = hooks.iter().map(|hook| model(site, hook, newest)).collect();
    let Beside { fresh, wrong, url } = beside;
    page(HooksPage { hooks, fresh, wrong, url, click_key: site.click_key(), f }.render())
}

fn model(site: &Site, hook: &Hook, newest: Option<u64>) -> HookModel {
    let at = |at: Timestamp| minute(site, at);
    let state = match (&hook.stopped, hook.failing_since) {
        (Some(_), _) => "hook_stopped",
        (None, Some(_)) => "hook_failing",
        (None, None) => "hook_well",
    };
    let said = hook.said.as_ref().zip(hook.said_at);
    HookModel {
        id: hook.id,
        // What stands behind the host may be a key.
        host: text::shown(hook.url.split('/').take(3).collect::<Vec<_>>().join("/").as_str(), 80),
        kinds: hook.kinds.join(", "),
        pii: hook.pii,
        made: format!("{} {}", day(site, hook.made_at), name(site, &hook.made_by)),
        state,
        is_bad: state != "hook_well",
        said: said.map(|(said, when)| format!("{} {}", at(when), text::shown(said, 200))),
        next: hook.next_at.filter(|_| hook.stopped.is_none()).map(at),
        delivered: hook.delivered,
        waiting: newest.map(|newest| newest.saturating_sub(hook.cursor)).filter(|waiting| *waiting > 0),
        missed: hook.missed > 0,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MakeForm {
    token: String,
    key: String,
    url: String,
    kinds: String,
    pii: Option<String>,
}

impl MakeForm {
    /// Kinds, or beginnings of kinds; `None` where one is no word of ours.
    fn kinds(&self) -> Option<Vec<String>> {
        let kinds = self.kinds.split([' ', ',', '，', '\r', '\n', '\t']).filter(|kind| !kind.is_empty());
        let is_known = |kind: &str| {
            let fits = |one: &EventKind| one.as_str() == kind || kind.ends_with('.') && one.as_str().starts_with(kind);
            EventKind::ALL.iter().any(fits)
        };
        kinds.map(|kind| is_known(kind).then(|| kind.to_owned())).collect()
    }
}

/// `POST /admin/hooks`
async fn make(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<MakeForm>) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let by = match administrator(&site, &visitor, &form.token) {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let url = form.url.trim().to_owned();
    let beside = |wrong: String| Beside { wrong: Some(wrong), url: text::shown(&url, URL_LENGTH_MAX), fresh: None };
    let telling = &site.api.telling;
    if let Err(why) = (telling.check)(&url, &telling.allow) {
        return draw(&site, &visitor, beside(why.to_string())).await;
    }
    let Some(kinds) = form.kinds().filter(|_| is_key(&form.key) && url.len() <= URL_LENGTH_MAX) else {
        return draw(&site, &visitor, beside(text::label(visitor.language, "hook_kinds_wrong").to_owned())).await;
    };
    let Ok(cursor) = telling.told.newest().await else { return unreadable(&site, &visitor) };
    let now = site.now();
    let made = of_office(&site, &visitor, move |office| {
        let (key, pii) = (&form.key[..], form.pii.is_some());
        office.make_hook(now, &NewHook { key, url: &url, kinds: &kinds, pii, cursor, by: &by })
    });
    match made.await {
        Ok(Some(secret)) => {
            telling.hooks_changed.ring();
            draw(&site, &visitor, Beside { fresh: Some(secret), ..Beside::default() }).await
        }
        Ok(None) => Redirect::to("/admin/hooks").into_response(),
        Err(unwritten) => unwritten,
    }
}

/// What can be done to a hook.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HookDeed {
    End,
    Resume,
    Secret,
}

/// `POST /admin/hooks/<id>/<deed>`
async fn change(
    State(site): State<Arc<Site>>,
    Path((id, deed)): Path<(i64, HookDeed)>,
    headers: HeaderMap,
    Form(form): Form<JustToken>,
) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let by = match administrator(&site, &visitor, &form.token) {
        Ok(by) => by,
        Err(refused) => return refused,
    };
    let now = site.now();
    let changed = of_office(&site, &visitor, move |office| match deed {
        HookDeed::End => office.end_hook(id, &by, now).map(|_| None),
        HookDeed::Resume => office.resume_hook(id, &by, now).map(|_| None),
        HookDeed::Secret => office.turn_hook_secret(id, &by, now),
    });
    let fresh = match changed.await {
        Ok(fresh) => fresh,
        Err(unwritten) => return unwritten,
    };
    site.api.telling.hooks_changed.ring();
    match fresh {
        Some(secret) => draw(&site, &visitor, Beside { fresh: Some(secret), ..Beside::default() }).await,
        None => Redirect::to("/admin/hooks").into_response(),
    }
}

const URL_LENGTH_MAX: usize = 2_000;
