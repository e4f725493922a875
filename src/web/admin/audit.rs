//! `/admin/audit`: who did or saw what, newest first; of one home, or of all.

use super::administrator;
use crate::model::ids::{HomeId, PersonId};
use crate::store::Looked;
use crate::text::{self, Language};
use crate::web::Site;
use crate::web::form::escape;
use crate::web::models::Frame;
use crate::web::pages::{page, said};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    f: Frame,
    lines: Vec<Line>,
    home: String,
    /// Where older lines are; empty at the end.
    older: String,
}

struct Line {
    at: String,
    who: String,
    what: String,
    home: String,
    home_href: String,
    detail: String,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Wanted {
    home: String,
    before: Option<i64>,
}

/// `GET /admin/audit?home=&before=`
pub(super) async fn show(State(site): State<Arc<Site>>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let visitor = match administrator(&site, &headers) {
        Ok(visitor) => visitor,
        Err(refused) => return refused,
    };
    let home = HomeId::new(wanted.home.trim()).ok();
    site.audit(&visitor, "audit_read", home.clone(), String::new()).await;
    let (office, of, before) = (site.office.clone(), home.clone(), wanted.before);
    let read = tokio::task::spawn_blocking(move || office.audit_page(of.as_ref(), before, LINES + 1)).await;
    let Ok(Ok(mut looked)) = read else {
        return said(&site, &visitor, StatusCode::SERVICE_UNAVAILABLE, &["not_answered"]);
    };
    let goes_on = looked.len() > LINES;
    looked.truncate(LINES);
    let home = home.map(|home| home.to_string()).unwrap_or_default();
    let last = looked.last().filter(|_| goes_on).map(|last| last.seq);
    let older = last.map(|last| format!("/admin/audit?home={}&before={last}", escape(&home)));
    let f = Frame::of(&site, &visitor, site.now(), "/admin/audit", "admin_audit");
    let lines = looked.into_iter().map(|looked| line(&site, &f, looked)).collect();
    page(AuditPage { f, lines, home, older: older.unwrap_or_default() }.render())
}

fn line(site: &Site, f: &Frame, looked: Looked) -> Line {
    let Looked { at, who, what, home, detail, .. } = looked;
    let name = PersonId::new(who.clone()).ok().and_then(|id| site.name(&id));
    // A word that this page does not know is shown as it was written.
    let word = text::label_named(f.language, &format!("did_{what}")).map(str::to_owned);
    let home = home.unwrap_or_default();
    // Those who are no persons.
    let whose = |who: &str| match (who.strip_prefix("desk of "), who) {
        (Some(owner), _) => format!("{} ({owner})", f.l("audit_desk")),
        (None, "nobody") => f.l("audit_nobody").to_owned(),
        (None, "station") => f.l("audit_station").to_owned(),
        (None, who) => text::shown(who, 60),
    };
    Line {
        at: site.settings.zone.wall_clock(at).replace('T', " "),
        who: name.map_or_else(|| whose(&who), |name| format!("{} ({who})", text::shown(&name, 30))),
        what: word.unwrap_or(what),
        home_href: format!("/admin/audit?home={}", escape(&home)),
        home,
        detail: text::shown(&in_words(f.language, &detail), 160),
    }
}

/// What is written about a sign-in or a report, in the language of the page; anything else as it is.
fn in_words(language: Language, detail: &str) -> String {
    if let Some((from, to)) = detail.strip_prefix("from=").and_then(|rest| rest.split_once("&to=")) {
        return format!("{from} – {to}");
    }
    let Some((how, peer)) = detail.split_once(" from ").filter(|_| language == Language::Chinese) else {
        return detail.to_owned();
    };
    match (how, how.strip_prefix("as ")) {
        ("personal", _) => format!("个人登录，来自 {peer}"),
        ("desk", _) => format!("值班台登录，来自 {peer}"),
        (_, Some(who)) => format!("用户名 {who}，来自 {peer}"),
        (_, None) => detail.to_owned(),
    }
}

const LINES: usize = 200;
