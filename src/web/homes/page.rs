//! A home's own page: how it is, what makes it other than usual, its sensors, alerts, card, notes, and who looked.

use crate::desk::{HomeLine, HomeView, RowView, SensorSeen};
use crate::model::card::{Card, Consent};
use crate::model::errand::Errand;
use crate::model::ids::HomeId;
use crate::model::lifecycle::Actor;
use crate::store::office::Looked;
use crate::text;
use crate::web::Site;
use crate::web::access::Right;
use crate::web::form::{Visitor, escape};
use crate::web::homes::list::{class_label, state_words};
use crate::web::homes::suspend::{Draft, SuspendModel};
use crate::web::homes::{home_for, suspend};
use crate::web::models::{CallModel, Fact, Frame, HomeModel, Painter, RowModel};
use crate::web::orders::{Sent, order};
use crate::web::pages::{page, said};
use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    f: Frame,
    home: HomeModel,
    state: &'static str,
    state_word: String,
    state_hint: &'static str,
    facts: Vec<Fact>,
    message: Option<&'static str>,
    suspensions: SuspendModel,
    sensors: Vec<SensorModel>,
    sensors_why: Option<&'static str>,
    alerts: Vec<RowModel>,
    has_card: bool,
    sees_persons: bool,
    may_note: bool,
    may_picture: bool,
    may_walk: bool,
    walk: String,
    card: Vec<Fact>,
    calls: Vec<CallModel>,
    edit: Option<String>,
    notes: Vec<NoteModel>,
    looked: Vec<LookedModel>,
    post: String,
    click_key: String,
}

struct SensorModel {
    id: String,
    room: String,
    kind: &'static str,
    heard: String,
    battery: String,
    is_missing: bool,
}

struct NoteModel {
    at: String,
    who: String,
    text: String,
}

struct LookedModel {
    at: String,
    who: String,
    what: String,
}

/// `GET /home/<id>`
pub(super) async fn home(State(site): State<Arc<Site>>, Path(home): Path<String>, headers: HeaderMap) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let home = match home_for(&site, &visitor, home) {
        Ok(home) => home,
        Err(why) => return why,
    };
    if site.desk().home(&home).is_some() {
        site.audit(&visitor, "home_looked_at", Some(home.clone()), String::new()).await;
    }
    show(&site, &visitor, &home, None).await
}

/// The page, with what somebody typed and why it was not done.
pub(super) async fn show(site: &Site, visitor: &Visitor, home: &HomeId, draft: Option<Draft>) -> Response {
    let now = site.now();
    let seen = {
        let desk = site.desk();
        desk.home(home).zip(desk.home_line(now, home))
    };
    let Some((view, line)) = seen else {
        return said(site, visitor, StatusCode::NOT_FOUND, &["home_unknown"]);
    };
    let looked = looked_at(site, home.clone()).await;
    let status = draft.as_ref().map_or(StatusCode::OK, |_| StatusCode::CONFLICT);
    (status, page(home_page(site, visitor, &view, &line, looked, draft).render())).into_response()
}

/// The newest lines of the audit; a disk that fails hides the list, not the page.
async fn looked_at(site: &Site, home: HomeId) -> Vec<Looked> {
    let office = site.office.clone();
    let read = tokio::task::spawn_blocking(move || office.audit_of(&home, LOOKED_SHOWN)).await;
    match read {
        Ok(Ok(looked)) => looked,
        Ok(Err(why)) => {
            tracing::error!(%why, "the audit was not read");
            Vec::new()
        }
        Err(_) => Vec::new(),
    }
}

fn home_page(
    site: &Site,
    visitor: &Visitor,
    view: &HomeView,
    line: &HomeLine,
    looked: Vec<Looked>,
    draft: Option<Draft>,
) -> HomePage {
    let (now, here) = (site.now(), format!("/home/{}", escape(view.home.as_str())));
    let key = site.click_key();
    let painter = Painter { site, language: visitor.language, now, on_desk: false, key: key.clone() };
    let alerts: Vec<RowView> = site.alerts_of(now, &view.home, &site.actor(visitor.person.as_ref()));
    let desk = site.desk();
    let sees_persons = visitor.may(Right::SeePersons);
    let card = desk.card(&view.home);
    let shown = card.filter(|_| sees_persons);
    let sensors = view.condition.as_ref().map_or(&[][..], |condition| &condition.sensors);
    let is_shared = card.is_none_or(|card| card.consent != Consent::Alerts);
    let sensors_why = match (is_shared, sensors.is_empty(), sensors.iter().any(|sensor| sensor.kind.is_some())) {
        (false, ..) => Some("home_rooms_why"),
        (true, true, _) => Some("home_no_sensors"),
        (true, false, false) => Some("home_older_gateway"),
        (true, false, true) => None,
    };
    HomePage {
        home: painter.home(view),
        state: line.state.as_str(),
        state_word: state_words(visitor.language, line.state),
        state_hint: painter.label(state_hint(line.state.as_str())),
        facts: painter.home_facts(view, line),
        message: draft.as_ref().map(|draft| painter.label(draft.why)),
        suspensions: suspend::model(&painter, visitor, &desk.suspensions_of(now, &view.home), draft),
        sensors: if is_shared {
            sensors.iter().map(|sensor| painter.sensor(view, sensor)).collect()
        } else {
            Vec::new()
        },
        sensors_why: sensors_why.map(|why| painter.label(why)),
        alerts: painter.rows(&alerts.into_iter().take(ALERTS_SHOWN).collect::<Vec<_>>()),
        has_card: shown.is_some(),
        sees_persons,
        card: shown.map(|card| painter.card_facts(card)).unwrap_or_default(),
        calls: shown.map(|card| painter.people(card)).unwrap_or_default(),
        edit: visitor.may(Right::Work).then(|| format!("{here}/card")),
        notes: if sees_persons { painter.notes(desk.notes(&view.home)) } else { Vec::new() },
        may_note: visitor.might(Right::Work),
        may_walk: visitor.might(Right::Maintain),
        walk: format!("/walk/{}", escape(view.home.as_str())),
        may_picture: visitor.might(Right::SeePicture),
        looked: looked.iter().filter(|_| sees_persons).map(|looked| painter.looked(looked)).collect(),
        post: here.clone(),
        click_key: key,
        f: Frame::of(site, visitor, now, &here, "home_page"),
    }
}

fn state_hint(state: &str) -> &'static str {
    match state {
        "alert" => "state_alert_hint",
        "no_contact" => "state_no_contact_hint",
        "cannot_see" => "state_cannot_see_hint",
        "suspended" => "state_suspended_hint",
        "learning" => "state_learning_hint",
        "quiet" => "state_quiet_hint",
        "active" => "state_active_hint",
        _ => "state_unknown_hint",
    }
}

impl Painter<'_> {
    fn home_facts(&self, view: &HomeView, line: &HomeLine) -> Vec<Fact> {
        let model = self.home(view);
        let mut facts = Vec::new();
        let mut fact = |name: &'static str, value: String| facts.push(Fact { name: self.label(name), value });
        fact("last_life", model.life);
        fact("home_link", format!("{} · {}", model.link, model.heard));
        let sensors = line.sensors.map_or_else(|| self.label("unknown").to_owned(), |(ok, all)| format!("{ok}/{all}"));
        let battery = line.weakest_battery.map(|percent| format!(" · {} {percent} %", self.label("homes_battery")));
        fact("homes_sensors", format!("{sensors}{}", battery.unwrap_or_default()));
        fact("homes_class", self.label(class_label(line.class)).to_owned());
        let minutes = line.minutes.map_or_else(|| self.label("unknown").to_owned(), |minutes| minutes.to_string());
        fact("homes_minutes", minutes);
        facts
    }

    fn sensor(&self, view: &HomeView, sensor: &SensorSeen) -> SensorModel {
        let unknown = self.label("unknown");
        let told = view.heard_at.map_or(crate::model::time::Span::zero(), |at| self.now - at);
        let heard = sensor.heard_secs.and_then(|secs| i64::try_from(secs).ok());
        let heard = heard.and_then(crate::model::time::Span::try_seconds).map(|age| {
            let age = text::duration(self.language, age + told);
            self.language.pick(format!("{age}前"), format!("{age} ago"))
        });
        SensorModel {
            id: sensor.id.to_string(),
            room: sensor.room.as_ref().map_or_else(|| "—".to_owned(), |room| text::room(self.language, room)),
            kind: sensor.kind.map_or(unknown, |kind| text::sensor_kind(self.language, kind)),
            heard: heard.unwrap_or_else(|| self.label("home_never").to_owned()),
            battery: sensor.battery_percent.map_or_else(|| "—".to_owned(), |percent| format!("{percent} %")),
            is_missing: sensor.is_missing,
        }
    }

    /// What the card says for everybody on duty; what is covered is only said to be there.
    fn card_facts(&self, card: &Card) -> Vec<Fact> {
        let mut facts = Vec::new();
        let mut fact = |label: &'static str, value: String| {
            if !value.is_empty() {
                facts.push(Fact { name: self.label(label), value: text::shown(&value, 400) });
            }
        };
        fact("card_resident", card.resident.clone());
        let date = self.site.settings.zone.local(self.now).date;
        let age = card.age_on(date).map(|age| self.language.pick(format!("（{age} 岁）"), format!(" ({age})")));
        fact("card_born", format!("{}{}", card.field("born"), age.unwrap_or_default()));
        fact("card_languages", card.languages.clone());
        let liaison = card.liaison.as_ref().map(|id| self.site.name(id).unwrap_or_else(|| id.to_string()));
        fact("card_liaison", liaison.unwrap_or_default());
        fact("card_directions", card.way_in.directions.clone());
        let bearing = crate::web::homes::fields::words(self.language, "bearing", &card.field("bearing"));
        fact("card_bearing", bearing);
        fact("card_contact_by", card.field("contact_by"));
        fact("card_consent", crate::web::homes::fields::words(self.language, "consent", &card.field("consent")));
        let covered =
            |text: &str| if text.is_empty() { String::new() } else { self.label("home_codes_covered").to_owned() };
        fact("card_code", covered(&card.way_in.code));
        fact("card_health", covered(&card.health.notes));
        facts
    }

    fn notes(&self, notes: &[crate::desk::Done]) -> Vec<NoteModel> {
        let who = |by: &Actor| text::actor(self.language, by, &|id| self.site.name(id));
        let words = notes.iter().rev().filter_map(|done| match &done.what {
            Errand::Note { text } => Some((done, text)),
            Errand::Suspend(_) | Errand::EndSuspension { .. } => None,
            Errand::Contact(_) | Errand::Visit(_) | Errand::Request(_) => None,
        });
        words
            .map(|(done, text)| NoteModel {
                at: text::date_time(self.language, &self.site.settings.zone, done.at),
                who: who(&done.by),
                text: text::shown(text, 2_000),
            })
            .collect()
    }

    fn looked(&self, looked: &Looked) -> LookedModel {
        let name = looked.who.parse().ok().and_then(|id| self.site.name(&id));
        LookedModel {
            at: text::date_time(self.language, &self.site.settings.zone, looked.at),
            who: name.unwrap_or_else(|| text::shown(&looked.who, 40)),
            what: text::audited(self.language, &looked.what)
                .map_or_else(|| text::shown(&looked.what, 40), str::to_owned),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NoteForm {
    token: String,
    key: String,
    back: String,
    text: String,
}

/// `POST /home/<id>/note`
pub(super) async fn note(
    State(site): State<Arc<Site>>,
    Path(home): Path<String>,
    headers: HeaderMap,
    Form(form): Form<NoteForm>,
) -> Response {
    let visitor = Visitor::of(&site, &headers);
    let home = match home_for(&site, &visitor, home) {
        Ok(home) => home,
        Err(why) => return why,
    };
    let text = crate::web::deeds::words(&form.text);
    let errand = (!text.is_empty() && visitor.may(Right::Work)).then_some(Errand::Note { text });
    order(&site, &visitor, home, errand, Sent { token: &form.token, key: &form.key, back: &form.back }).await
}

const LOOKED_SHOWN: usize = 20;
const ALERTS_SHOWN: usize = 20;
