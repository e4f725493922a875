//! The requests: what residents asked for, by when, and who sees to it.

use crate::desk::{Request, RequestRow, Wished};
use crate::model::errand::{Errand, RequestDeed, RequestKind, RequestOutcome};
use crate::model::ids::PersonId;
use crate::model::time::{TimeOfDay, Timestamp};
use crate::text::{self, Language};
use crate::web::Site;
use crate::web::access::Right;
use crate::web::daily::{in_minutes, work};
use crate::web::deeds::words;
use crate::web::drawings::{Marks, Part};
use crate::web::form::{Visitor, escape};
use crate::web::models::Frame;
use crate::web::orders::Sent;
use crate::web::pages::page;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;
use std::sync::Arc;

/// The addresses of these pages.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/requests", get(list))
        .route("/requests.fragment", get(fragment))
        .route("/requests/order", post(request))
}

/// `/requests?home=…&kind=…`: a form that is filled in already.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Prefilled {
    home: String,
    kind: String,
}

#[derive(Template)]
#[template(path = "requests.html")]
struct RequestsPage {
    f: Frame,
    list: RequestsModel,
    form: FormModel,
}

#[derive(Template)]
#[template(path = "requests_body.html")]
struct RequestsBody<'a> {
    f: &'a Frame,
    list: &'a RequestsModel,
}

struct RequestsModel {
    may_see: bool,
    may_work: bool,
    open: Vec<RequestModel>,
    ended: Vec<RequestModel>,
    wished: Vec<WishedModel>,
    outcomes: Vec<Choice>,
}

/// The form for a new one.
struct FormModel {
    homes: Vec<HomeChoice>,
    /// Where there are too many to choose from: the id that is typed, or came along from the home's page.
    typed: Option<String>,
    kinds: Vec<Choice>,
    today: String,
    latest: String,
    time: String,
    key: String,
}

struct HomeChoice {
    id: String,
    place: String,
    chosen: bool,
}

struct Choice {
    id: &'static str,
    word: &'static str,
    chosen: bool,
}

struct RequestModel {
    id: String,
    number: u64,
    home: String,
    href: String,
    place: String,
    kind: &'static str,
    wish: String,
    due: String,
    overdue: Option<String>,
    assigned: String,
    assigned_id: String,
    opened: String,
    ended: Option<String>,
    key: String,
}

struct WishedModel {
    place: String,
    service: &'static str,
    at: String,
    href: String,
    make: String,
}

/// `GET /requests`
async fn list(State(site): State<Arc<Site>>, Query(prefilled): Query<Prefilled>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    if visitor.may(Right::SeePersons) {
        site.audit(&visitor, "requests_looked_at", None, String::new()).await;
    }
    let (now, f, list) = requests_page(&site, &visitor, site.click_key());
    let form = FormModel::of(&site, &visitor, now, &prefilled);
    page(RequestsPage { f, list, form }.render())
}

/// `GET /requests.fragment`: the list alone, for the script; the form for a new one stays as it is.
async fn fragment(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    if visitor.may(Right::SeePersons) {
        site.audit_part(&visitor, "requests_looked_at", None, String::new()).await;
    }
    let draw = |visitor: &Visitor, marks: &Marks| {
        let (_, f, list) = requests_page(&site, visitor, marks.key.clone());
        RequestsBody { f: &f, list: &list }.render()
    };
    site.drawn(Part::Requests, &visitor, draw).await
}

fn requests_page(site: &Site, visitor: &Visitor, key: String) -> (Timestamp, Frame, RequestsModel) {
    let now = site.now();
    let mut f = Frame::of(site, visitor, now, "/requests", "requests_page");
    f.fragment = "/requests.fragment".to_owned();
    let list = RequestsModel::of(site, visitor, now, key);
    (now, f, list)
}

impl RequestsModel {
    fn of(site: &Site, visitor: &Visitor, now: Timestamp, key: String) -> RequestsModel {
        let view = site.desk().requests_view(now);
        let painter = Painter { site, language: visitor.language, now, key };
        let may_see = visitor.may(Right::SeePersons);
        let drawn = |rows: &[RequestRow]| rows.iter().filter(|_| may_see).map(|row| painter.request(row)).collect();
        let outcomes = RequestOutcome::ALL.into_iter();
        RequestsModel {
            may_see,
            may_work: visitor.may(Right::Work),
            open: drawn(&view.open),
            ended: drawn(&view.ended),
            wished: view.wished.iter().filter(|_| may_see).map(|wished| painter.wished(wished)).collect(),
            outcomes: outcomes
                .map(|one| Choice { id: one.as_str(), word: outcome(visitor.language, one), chosen: false })
                .collect(),
        }
    }
}

impl FormModel {
    fn of(site: &Site, visitor: &Visitor, now: Timestamp, prefilled: &Prefilled) -> FormModel {
        let desk = site.desk();
        let is_long = desk.home_ids().nth(CHOSEN_FROM).is_some();
        let listed = desk.home_ids().filter(|_| visitor.may(Right::SeePersons) && !is_long);
        let mut homes: Vec<HomeChoice> = listed
            .map(|home| HomeChoice {
                chosen: home.as_str() == prefilled.home,
                place: desk.place_of(home).map_or_else(|| home.to_string(), |place| text::shown(&place, 30)),
                id: home.to_string(),
            })
            .collect();
        homes.sort_by(|one, other| one.place.cmp(&other.place));
        let kinds = RequestKind::ALL.into_iter();
        let today = site.settings.zone.day(now);
        FormModel {
            homes,
            typed: is_long.then(|| prefilled.home.clone()),
            kinds: kinds
                .map(|one| Choice {
                    id: one.as_str(),
                    word: kind(visitor.language, one),
                    chosen: one.as_str() == prefilled.kind,
                })
                .collect(),
            today: today.to_string(),
            latest: today.checked_add_days(chrono::Days::new(366)).unwrap_or(today).to_string(),
            time: USUAL_TIME.to_owned(),
            key: site.click_key(),
        }
    }
}

struct Painter<'a> {
    site: &'a Site,
    language: Language,
    now: Timestamp,
    key: String,
}

impl Painter<'_> {
    fn l(&self, name: &'static str) -> &'static str {
        text::label(self.language, name)
    }

    fn at(&self, at: Timestamp) -> String {
        text::date_time(self.language, &self.site.settings.zone, at)
    }

    fn person(&self, id: &PersonId) -> String {
        self.site.name(id).map_or_else(|| id.to_string(), |name| text::shown(&name, 30))
    }

    fn request(&self, row: &RequestRow) -> RequestModel {
        let Request { number, home, due, opened_at, assigned, ended, .. } = &row.request;
        let actor = |who| text::actor(self.language, who, &|id| self.site.name(id));
        let late = self.now - *due;
        RequestModel {
            id: format!("request-{number}"),
            number: *number,
            href: format!("/home/{}", escape(home.as_str())),
            home: home.to_string(),
            place: row.place.as_ref().map_or_else(|| home.to_string(), |place| text::shown(place, 30)),
            kind: kind(self.language, row.request.kind),
            wish: text::shown(&row.request.wish, 400),
            due: format!("{} {}", self.l("requests_due"), self.at(*due)),
            overdue: (late.num_seconds() > 0 && ended.is_none())
                .then(|| format!("{} {}", self.l("requests_overdue"), in_minutes(self.language, late))),
            assigned: assigned.as_ref().map_or_else(|| self.l("requests_nobody").to_owned(), |who| self.person(who)),
            assigned_id: assigned.as_ref().map(ToString::to_string).unwrap_or_default(),
            opened: format!("{} · {}", self.at(*opened_at), actor(&row.request.opened_by)),
            ended: ended.as_ref().map(|ended| {
                let note = if ended.note.is_empty() {
                    String::new()
                } else {
                    format!(" · {}", text::shown(&ended.note, 200))
                };
                format!("{} {} · {}{note}", self.at(ended.at), outcome(self.language, ended.outcome), actor(&ended.by))
            }),
            key: format!("{}-{number}", self.key),
        }
    }

    fn wished(&self, wished: &Wished) -> WishedModel {
        let (home, kind_of) = (escape(wished.home.as_str()), RequestKind::from(wished.service));
        WishedModel {
            place: wished.place.as_ref().map_or_else(|| wished.home.to_string(), |place| text::shown(place, 30)),
            service: kind(self.language, kind_of),
            at: format!("{} {}", self.l("requests_pressed"), self.at(wished.at)),
            href: format!("/alert/{home}/{}?raised={}", wished.alert, wished.raised_at.timestamp_millis()),
            make: format!("/requests?home={home}&kind={}#new", kind_of.as_str()),
        }
    }
}

/// What is asked for, in words.
fn kind(language: Language, kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Meal => text::label(language, "request_meal"),
        RequestKind::Bath => text::label(language, "request_bath"),
        RequestKind::Cleaning => text::label(language, "request_cleaning"),
        RequestKind::Nursing => text::label(language, "request_nursing"),
        RequestKind::Repair => text::label(language, "request_repair"),
        RequestKind::Other => text::label(language, "request_other"),
    }
}

fn outcome(language: Language, outcome: RequestOutcome) -> &'static str {
    match outcome {
        RequestOutcome::Done => text::label(language, "request_done"),
        RequestOutcome::Partly => text::label(language, "request_partly"),
        RequestOutcome::NotPossible => text::label(language, "request_not_possible"),
        RequestOutcome::Withdrawn => text::label(language, "request_withdrawn"),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RequestForm {
    token: String,
    key: String,
    back: String,
    deed: String,
    home: String,
    number: String,
    kind: String,
    wish: String,
    day: String,
    time: String,
    person: String,
    outcome: String,
    note: String,
}

/// `POST /requests/order`
async fn request(State(site): State<Arc<Site>>, headers: HeaderMap, Form(form): Form<RequestForm>) -> Response {
    let errand = deed(&site, &form).map(Errand::Request);
    let key = format!("{}-{}", form.key, form.deed);
    let sent = Sent { token: &form.token, key: &key, back: &form.back };
    work(&site, &headers, form.home, errand, sent).await
}

fn deed(site: &Site, form: &RequestForm) -> Option<RequestDeed> {
    let number = || form.number.parse().ok();
    Some(match form.deed.as_str() {
        "open" => {
            let time = if form.time.trim().is_empty() { USUAL_TIME } else { form.time.trim() };
            // Browsers may send seconds.
            let time: TimeOfDay = time.get(..5).unwrap_or(time).parse().ok()?;
            let due = site.settings.zone.on_day(form.day.trim().parse().ok()?, time);
            RequestDeed::Open { kind: RequestKind::named(&form.kind)?, wish: words(&form.wish), due }
        }
        "assign" => RequestDeed::Assign { number: number()?, to: PersonId::new(form.person.clone()).ok()? },
        "end" => {
            let (outcome, note) = (RequestOutcome::named(&form.outcome)?, words(&form.note));
            RequestDeed::End { number: number()?, outcome, note }
        }
        _ => return None,
    })
}

/// The end of a working day, where no time was written.
const USUAL_TIME: &str = "18:00";
/// A list to choose from that is longer is found by nobody, and is megabytes for a district.
const CHOSEN_FROM: usize = 2_000;
