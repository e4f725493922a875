//! The visits that are due, and the forms by which they are written down and planned.

use super::model::{day_words, visiting_class};
use super::work;
use crate::desk::{DueBy, DueVisit, Visit};
use crate::model::errand::{Errand, VisitDeed};
use crate::model::ids::{HomeId, PersonId};
use crate::model::time::{Day, Timestamp};
use crate::text::{self, Language};
use crate::web::Site;
use crate::web::access::Right;
use crate::web::deeds::words;
use crate::web::drawings::{Marks, Part};
use crate::web::form::{Visitor, escape};
use crate::web::models::Frame;
use crate::web::orders::Sent;
use crate::web::pages::page;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/visits", get(list))
        .route("/visits.fragment", get(fragment))
        .route("/visits/{home}", post(visit))
}

#[derive(Template)]
#[template(path = "visits.html")]
struct VisitsPage {
    f: Frame,
    list: VisitsModel,
}

#[derive(Template)]
#[template(path = "visits_body.html")]
struct VisitsBody<'a> {
    f: &'a Frame,
    list: &'a VisitsModel,
}

/// The visits as the page shows them.
struct VisitsModel {
    may_see: bool,
    may_work: bool,
    today: String,
    earliest: String,
    latest: String,
    classes: Vec<ClassModel>,
    without_class: u32,
    due: Vec<DueModel>,
    recent: Vec<RecentModel>,
}

struct ClassModel {
    id: &'static str,
    word: &'static str,
    done: u32,
    all: u32,
}

struct DueModel {
    id: String,
    href: String,
    place: String,
    why: String,
    class_id: &'static str,
    when: String,
    is_overdue: bool,
    last: String,
    planned: Option<String>,
    post: String,
    key: String,
    back: String,
}

struct RecentModel {
    day: Day,
    href: String,
    place: String,
    who: String,
    note: String,
}

/// `GET /visits`
async fn list(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    if visitor.may(Right::SeePersons) {
        site.audit(&visitor, "visits_looked_at", None, String::new()).await;
    }
    page(visits_page(&site, &visitor, site.click_key()).render())
}

/// `GET /visits.fragment`
async fn fragment(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    if visitor.may(Right::SeePersons) {
        site.audit_part(&visitor, "visits_looked_at", None, String::new()).await;
    }
    let draw = |visitor: &Visitor, marks: &Marks| {
        let VisitsPage { f, list } = visits_page(&site, visitor, marks.key.clone());
        VisitsBody { f: &f, list: &list }.render()
    };
    site.drawn(Part::Visits, &visitor, draw).await
}

fn visits_page(site: &Site, visitor: &Visitor, key: String) -> VisitsPage {
    let now = site.now();
    let mut f = Frame::of(site, visitor, now, "/visits", "visits_page");
    f.fragment = "/visits.fragment".to_owned();
    VisitsPage { f, list: VisitsModel::of(site, visitor, now, &key) }
}

impl VisitsModel {
    fn of(site: &Site, visitor: &Visitor, now: Timestamp, key: &str) -> VisitsModel {
        let view = site.desk().visits_view(now);
        let language = visitor.language;
        let may_see = visitor.may(Right::SeePersons);
        let due = view.due.iter().enumerate().filter(|_| may_see);
        let days = chrono::Days::new(92);
        VisitsModel {
            may_see,
            may_work: visitor.may(Right::Work),
            today: view.today.to_string(),
            earliest: view.today.checked_sub_days(days).unwrap_or(view.today).to_string(),
            latest: view.today.checked_add_days(days).unwrap_or(view.today).to_string(),
            classes: view
                .classes
                .iter()
                .map(|(class, done, all)| ClassModel {
                    id: super::model::class(language, Some(*class)).0,
                    word: visiting_class(language, *class),
                    done: *done,
                    all: *all,
                })
                .collect(),
            without_class: view.without_class,
            due: due.map(|(nth, due)| due_model(site, language, due, &format!("{key}-{nth}"))).collect(),
            recent: view
                .recent
                .iter()
                .filter(|_| may_see)
                .map(|(home, place, visit)| RecentModel {
                    day: visit.on,
                    href: format!("/home/{}", escape(home.as_str())),
                    place: place_words(home, place.as_ref()),
                    who: person(site, &visit.who),
                    note: text::shown(&visit.note, 200),
                })
                .collect(),
        }
    }
}

fn due_model(site: &Site, language: Language, due: &DueVisit, key: &str) -> DueModel {
    let l = |name| text::label(language, name);
    let home = escape(due.home.as_str());
    let (why_id, why) = match due.by {
        DueBy::Birthday(None) => ("birthday", l("visits_birthday").to_owned()),
        DueBy::Birthday(Some(age)) => (
            "birthday",
            language.pick(
                format!("{} {age} {}", l("visits_birthday"), l("visits_years")),
                format!("{} ({age})", l("visits_birthday")),
            ),
        ),
        DueBy::Hospital => ("hospital", l("visits_hospital").to_owned()),
        DueBy::Class(class) => ("class", visiting_class(language, class).to_owned()),
    };
    let class_id = match due.by {
        DueBy::Class(class) => super::model::class(language, Some(class)).0,
        DueBy::Birthday(_) | DueBy::Hospital => "",
    };
    let id = format!("visit-{}-{why_id}", due.home);
    DueModel {
        href: format!("/home/{home}"),
        place: place_words(&due.home, due.place.as_ref()),
        why,
        class_id,
        when: match due.overdue_days {
            days @ 1.. => format!("{} {days} {}", l("visits_overdue"), l("visits_days")),
            0 => l("visits_today").to_owned(),
            _ => format!("{} {}", l("visits_due_on"), day_words(language, due.due)),
        },
        is_overdue: due.overdue_days > 0,
        last: last_words(site, language, due.last.as_ref()),
        planned: due.planned.as_ref().map(|plan| {
            let note =
                if plan.note.is_empty() { String::new() } else { format!(" · {}", text::shown(&plan.note, 80)) };
            format!("{} {} · {}{note}", l("visits_planned"), day_words(language, plan.on), person(site, &plan.who))
        }),
        post: format!("/visits/{home}"),
        key: key.to_owned(),
        back: format!("/visits#{}", escape(&id)),
        id,
    }
}

fn last_words(site: &Site, language: Language, last: Option<&Visit>) -> String {
    match last {
        Some(last) => format!("{} {} · {}", text::label(language, "visits_last"), last.on, person(site, &last.who)),
        None => text::label(language, "visits_never").to_owned(),
    }
}

fn place_words(home: &HomeId, place: Option<&String>) -> String {
    place.map_or_else(|| home.to_string(), |place| text::shown(place, 30))
}

fn person(site: &Site, id: &PersonId) -> String {
    site.name(id).map_or_else(|| id.to_string(), |name| text::shown(&name, 30))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VisitForm {
    token: String,
    key: String,
    back: String,
    deed: String,
    who: String,
    on: String,
    note: String,
}

/// `POST /visits/<home>`
async fn visit(
    State(site): State<Arc<Site>>,
    Path(home): Path<String>,
    headers: HeaderMap,
    Form(form): Form<VisitForm>,
) -> Response {
    let errand = deed(&form).map(Errand::Visit);
    let key = format!("{}-{}", form.key, form.deed);
    work(&site, &headers, home, errand, Sent { token: &form.token, key: &key, back: &form.back }).await
}

fn deed(form: &VisitForm) -> Option<VisitDeed> {
    let (who, on) = (PersonId::new(form.who.clone()).ok()?, form.on.trim().parse().ok()?);
    let note = words(&form.note);
    match form.deed.as_str() {
        "visited" => Some(VisitDeed::Visited { who, on, note }),
        "planned" => Some(VisitDeed::Planned { who, on, note }),
        _ => None,
    }
}
