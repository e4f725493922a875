//! The station's pages and API: what the staff sees, and the clicks that come back.
//!
//! Decides nothing: a click is handed to the desk and its answer is shown. Every deed is an HTML form that works
//! without script; script makes the page faster and live, and adds no power.

mod access;
mod api;
mod circle;
mod deeds;
mod faults;
mod feed;
mod form;
mod guard;
mod homes;
mod models;
mod nav;
mod orders;
mod pages;
mod past;
mod reports;
#[cfg(test)]
mod tests;

pub use feed::Feed;

use crate::desk::{Answer, Click, Desk, Order};
use crate::model::card::Card;
use crate::model::ids::{HomeId, PersonId, PointId};
use crate::model::lifecycle::{Actor, Role, Via};
use crate::model::place::Location;
use crate::model::time::{Timestamp, Zone};
use crate::store::Office;
use crate::text::Language;
use crate::web::form::Visitor;
use axum::Router;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock, RwLockReadGuard};
use tokio::sync::{mpsc, oneshot};

/// A member of the staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The id that travels.
    pub id: PersonId,
    /// The name that stays at the station.
    pub name: String,
    /// In what capacity: desk, responder or supervisor.
    pub role: Role,
}

/// What the pages must know before they are drawn.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whose pages these are.
    pub point: PointId,
    /// Its name for people.
    pub name: String,
    /// The clock on its wall.
    pub zone: Zone,
    /// The language of people who chose none.
    pub language: Language,
    /// Where it is, if it says so.
    pub location: Option<Location>,
    /// The staff.
    pub people: Vec<Person>,
    /// Proof that a form was drawn here.
    pub token: String,
    /// Which run of the station this is: ids of events and clicks begin with it.
    pub run: u64,
    /// Which program this is: a page drawn by another one offers to reload.
    pub build: String,
}

/// Whether alerts can be received, as the daemon knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Why the broker cannot be reached; absent while it can.
    pub broker: Option<String>,
    /// Why the storage does not write; absent while it does.
    pub store: Option<String>,
    /// A damaged database was put aside at the start.
    pub replaced: Option<String>,
    /// Homes have a second path here, past the broker.
    pub second_path: bool,
}

impl Health {
    /// Whether a notice that is sent now arrives and is kept.
    pub fn is_ready(&self) -> bool {
        self.broker.is_none() && self.store.is_none()
    }
}

/// What somebody at a page wants from the desk; tickets are set by the daemon.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // one at a time
pub enum Wanted {
    /// A step of an alert.
    Click(Click),
    /// Something else for a home.
    Order(Order),
    /// A card was written by the office, or taken away.
    Card {
        /// Of which home.
        home: HomeId,
        /// What stands there now.
        card: Option<Box<Card>>,
    },
}

/// Something that is wanted, on its way to the desk.
#[derive(Debug)]
pub struct Request {
    /// What.
    pub wanted: Wanted,
    /// Where the answer goes: after the commit, with whether it was written.
    pub answer: oneshot::Sender<(Answer, bool)>,
}

/// Everything the pages are drawn from.
#[derive(Debug)]
pub struct Site {
    settings: Settings,
    hosts: Vec<String>,
    desk: Arc<RwLock<Desk>>,
    health: Arc<RwLock<Health>>,
    requests: mpsc::Sender<Request>,
    feed: Feed,
    office: Office,
    clicks: AtomicU64,
    now: fn() -> Timestamp,
}

impl Site {
    /// A site that listens at `listen`.
    pub fn new(
        settings: Settings,
        listen: SocketAddr,
        desk: Arc<RwLock<Desk>>,
        health: Arc<RwLock<Health>>,
        requests: mpsc::Sender<Request>,
        feed: Feed,
        office: Office,
    ) -> Site {
        let hosts = guard::hosts(listen);
        let (clicks, now) = (AtomicU64::new(0), crate::clock::now);
        Site { settings, hosts, desk, health, requests, feed, office, clicks, now }
    }

    /// The router of all pages.
    pub fn router(self) -> Router {
        let site = Arc::new(self);
        Router::new()
            .route("/", get(pages::desk))
            .route("/desk.fragment", get(pages::desk_fragment))
            .route("/alert/{home}/{number}", get(pages::alert))
            .route("/alert/{home}/{number}/step", post(deeds::step))
            .route("/who", post(form::who))
            .route("/language/{language}", get(form::language))
            .route("/events", get(feed::events))
            .route("/healthz", get(pages::healthz))
            .route("/readyz", get(pages::readyz))
            .merge(homes::routes())
            .merge(reports::routes())
            .merge(faults::routes())
            .merge(circle::routes())
            .route("/static/desk.css", get(pages::css))
            .route("/static/office.css", get(pages::office_css))
            .route("/static/desk.js", get(pages::js))
            .route("/api/v1/desk", get(api::desk))
            .route("/api/v1/alerts/{home}/{number}", get(api::alert))
            .route("/api/v1/alerts/{home}/{number}/steps", post(api::steps))
            .route("/api/v1/events", get(feed::events))
            .fallback(pages::no_such_page)
            .layer(axum::extract::DefaultBodyLimit::max(FORM_BYTES_MAX))
            .layer(axum::middleware::from_fn_with_state(site.clone(), guard::guard))
            .with_state(site)
    }

    fn desk(&self) -> RwLockReadGuard<'_, Desk> {
        // A panic while the desk was changed is the daemon's end; until then the page shows what there is.
        self.desk.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn health(&self) -> Health {
        self.health.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// A key for the forms of one drawing of one page: a second click on it is the same click.
    fn click_key(&self) -> String {
        format!("{}-{}-{}", self.settings.point, self.settings.run, self.clicks.fetch_add(1, Ordering::Relaxed))
    }

    fn person(&self, id: &PersonId) -> Option<&Person> {
        self.settings.people.iter().find(|person| person.id == *id)
    }

    fn name(&self, id: &PersonId) -> Option<String> {
        self.person(id).map(|person| person.name.clone())
    }

    /// `person` acting at this point's desk; without one, somebody at the desk who can see but not act.
    fn actor(&self, person: Option<&Person>) -> Actor {
        Actor {
            role: person.map_or(Role::Desk, |person| person.role),
            point: Some(self.settings.point.clone()),
            person: person.map(|person| person.id.clone()),
            via: Some(Via::Desk),
        }
    }

    /// Writes down who did or saw what. A page is not held back by a disk that fails: the log says so.
    async fn audit(&self, visitor: &Visitor, what: &'static str, home: Option<HomeId>, detail: String) {
        let (office, now) = (self.office.clone(), self.now());
        let who = visitor.person.as_ref().map_or_else(|| "nobody".to_owned(), |person| person.id.to_string());
        let written = tokio::task::spawn_blocking(move || office.audit(now, &who, what, home.as_ref(), &detail)).await;
        if let Ok(Err(why)) = written {
            tracing::error!(%why, what, "the audit was not written");
        }
    }

    /// Hands what is wanted to the desk and waits for its answer; `None` if none came in time.
    async fn ask(&self, wanted: Wanted) -> Option<(Answer, bool)> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request { wanted, answer }).await.ok()?;
        tokio::time::timeout(ANSWER_WITHIN, answered).await.ok()?.ok()
    }
}

const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(10);

/// The longest note a browser may send, each byte written as three.
const FORM_BYTES_MAX: usize = 256 * 1024;

const CSS: &str = include_str!("desk.css");
/// Of the pages besides the desk, each part beside the others.
const OFFICE_CSS: &str = concat!(
    include_str!("css/office.css"),
    include_str!("css/homes.css"),
    include_str!("css/reports.css"),
    include_str!("css/faults.css"),
    include_str!("css/circle.css"),
);
const SCRIPT: &str = include_str!("desk.js");
