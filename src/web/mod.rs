//! The station's pages and API: what the staff sees, and the clicks that come back.
//!
//! Decides nothing: a click is handed to the desk and its answer is shown. Every deed is an HTML form that works
//! without script; script makes the page faster and live, and adds no power.

mod access;
mod acting;
mod admin;
mod alert;
pub mod api;
mod circle;
mod daily;
mod deeds;
mod drawings;
mod extras;
mod faults;
mod feed;
mod form;
mod gate;
mod guard;
mod handover;
mod help;
mod homes;
pub mod hooks;
mod me;
mod metrics;
mod models;
mod nav;
mod orders;
mod pages;
mod past;
mod picture;
mod ready;
mod registers;
pub mod reports;
mod requests;
mod screens;
mod secrets;
mod sessions;
mod sign_in;
mod signed_in;
mod staff;
mod telephone;
#[cfg(test)]
mod tests;
mod tokens;
mod tries;
mod uncover;
pub mod visit;
mod walk;
mod wall;

pub use api::{Bell, Telling, Told};
pub use feed::Feed;
pub use gate::Caller;
pub use picture::Pictures;
pub use secrets::{code, give, pin};
pub use sign_in::FirstCode;
pub use staff::{Person, answering};
pub use telephone::{Modem, Telephone, TestSms};
pub use walk::Walks;

use crate::desk::{Answer, Click, Desk, Handover, Order, Screen};
use crate::model::card::Card;
use crate::model::event::Event;
use crate::model::ids::{HomeId, PersonId, PointId};
use crate::model::lifecycle::{Actor, Role, Via};
use crate::model::place::Location;
use crate::model::time::{Span, Timestamp, Zone};
use crate::store::{Error, Office};
use crate::text::Language;
use crate::web::form::Visitor;
use crate::web::secrets::Passwords;
use crate::web::sessions::Sessions;
use crate::web::staff::Staff;
use crate::web::tries::Tries;
use crate::wire::Look;
use axum::Router;
use axum::routing::{get, post};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock, RwLockReadGuard};
use tokio::sync::{mpsc, oneshot};

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
    /// The code that makes the first administrator, while nobody has used it.
    pub first_code: Option<FirstCode>,
    /// Names, besides those of this machine to itself, under which browsers may ask for the pages.
    pub names: Vec<String>,
    /// The pages are served through TLS.
    pub is_tls: bool,
    /// Where it is, if it says so.
    pub location: Option<Location>,
    /// Whom a page that is cut off tells people to call: who, and the number.
    pub telephones: Vec<(String, String)>,
    /// Which run of the station this is: ids of events and clicks begin with it.
    pub run: u64,
    /// Which program this is: a page drawn by another one offers to reload.
    pub build: String,
}

/// Connections that the broker refused, by why; nothing where it was never heard to tell.
pub type AtBroker = Arc<Mutex<BTreeMap<&'static str, u64>>>;

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
    /// What is free of the disk, where the system says it.
    pub disk: Option<crate::store::Free>,
    /// Why what the disk holds would not outlast a power cut.
    pub fleeting: Option<crate::store::Fleeting>,
    /// The station's own modem, if it has one.
    pub modem: Option<Modem>,
    /// Of its own certificates and authorities the one that ends first: what it is for, and until when it is good.
    pub certificate: Option<(&'static str, Timestamp)>,
}

impl Health {
    /// Whether a notice that is sent now arrives and is kept.
    pub fn is_ready(&self) -> bool {
        self.broker.is_none() && self.store.is_none()
    }

    /// What is wrong, in words for programs; nothing while it is ready.
    pub fn reasons(&self) -> Vec<String> {
        let wrong = [("broker", &self.broker), ("store", &self.store)];
        wrong.into_iter().filter(|(_, why)| why.is_some()).map(|(what, _)| what.to_owned()).collect()
    }
}

/// What somebody at a page wants from the desk; tickets are set by the daemon.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // one at a time
pub enum Wanted {
    /// A step of an alert.
    Click(Click),
    /// A step that was done where there was no network, so long ago.
    Late(Click, Span),
    /// Something else for a home.
    Order(Order),
    /// Somebody takes over a shift.
    Handover(Handover),
    /// An open page says how it is.
    Screen(Screen),
    /// A card was written by the office, or taken away.
    Card {
        /// Of which home.
        home: HomeId,
        /// What stands there now.
        card: Option<Box<Card>>,
    },
    /// A home is asked what its last days were like.
    Look(Look),
    /// Something for other systems that nothing is written down about besides.
    Tell(Box<Event>),
    /// Who answers alerts from now on.
    People(BTreeMap<PersonId, Role>),
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
    api: api::Api,
    drawings: drawings::Drawings,
    staff: Staff,
    sessions: Sessions,
    passwords: Passwords,
    tries: Tries,
    first_code: Mutex<Option<FirstCode>>,
    clicks: AtomicU64,
    facts: RwLock<ready::Facts>,
    counted: Mutex<nav::Counted>,
    /// When the audit last said that a foreign page asked.
    foreign_told: Mutex<Option<Timestamp>>,
    telephone: Option<Telephone>,
    /// What homes, or who says so, were not let in with.
    refused: Arc<AtomicU64>,
    at_broker: AtBroker,
    pictures: Pictures,
    walks: Walks,
    now: fn() -> Timestamp,
}

impl Site {
    /// A site that listens at `listen`; fails if the office cannot be read.
    pub fn new(
        settings: Settings,
        listen: SocketAddr,
        desk: Arc<RwLock<Desk>>,
        health: Arc<RwLock<Health>>,
        requests: mpsc::Sender<Request>,
        feed: Feed,
        office: Office,
    ) -> Result<Site, Error> {
        let now: fn() -> Timestamp = crate::clock::now;
        let secret = secrets::token()
            .map_err(|secrets::Unavailable| Error::Unavailable("the system gives no random numbers".to_owned()))?;
        let drawings = drawings::Drawings::new(&secret);
        Ok(Site {
            hosts: guard::hosts(listen, &settings.names),
            staff: Staff::new(office.staff()?.into_iter().collect()),
            sessions: Sessions::restore(office.sessions(now())?),
            passwords: Passwords::new(),
            tries: Tries::default(),
            first_code: Mutex::new(settings.first_code.clone()),
            clicks: AtomicU64::new(0),
            facts: RwLock::default(),
            counted: Mutex::default(),
            foreign_told: Mutex::default(),
            telephone: None,
            refused: Arc::default(),
            at_broker: AtBroker::default(),
            pictures: Pictures::default(),
            walks: Walks::default(),
            settings,
            desk,
            health,
            requests,
            feed,
            office,
            api: api::Api::default(),
            drawings,
            now,
        })
    }

    /// The same with something to tell other systems.
    pub fn telling(self, telling: Telling) -> Site {
        Site { api: api::Api::new(telling), ..self }
    }

    /// The same with a modem by which people can be called.
    pub fn calling(self, telephone: Option<Telephone>) -> Site {
        Site { telephone, ..self }
    }

    /// The same with the counts of what was refused at the doors for homes, and at the broker.
    pub fn counting(self, refused: Arc<AtomicU64>, at_broker: AtBroker) -> Site {
        Site { refused, at_broker, ..self }
    }

    /// Where what homes show to people who look is kept.
    pub fn pictures(&self) -> Pictures {
        self.pictures.clone()
    }

    /// Where what is heard of sensors under maintenance is kept.
    pub fn walks(&self) -> Walks {
        self.walks.clone()
    }

    /// The router of all pages.
    pub fn router(self) -> Router {
        let site = Arc::new(self);
        Router::new()
            .route("/", get(pages::desk))
            .route("/desk.fragment", get(pages::desk_fragment))
            .route("/alert/{home}/{number}", get(alert::alert))
            .route("/alert/{home}/{number}/step", post(deeds::step))
            .route("/alert/{home}/{number}/uncover", post(uncover::uncover))
            .route("/language/{language}", get(form::language))
            .route("/events", get(feed::events))
            .route("/healthz", get(pages::healthz))
            .route("/readyz", get(pages::readyz))
            .merge(handover::routes())
            .merge(homes::routes())
            .merge(picture::routes())
            .merge(walk::routes())
            .merge(ready::routes())
            .merge(screens::routes())
            .merge(daily::routes())
            .merge(requests::routes())
            .merge(acting::routes())
            .merge(admin::routes())
            .merge(me::routes())
            .merge(sign_in::routes())
            .merge(reports::routes())
            .merge(faults::routes())
            .merge(circle::routes())
            .merge(wall::routes())
            .merge(help::routes())
            .route("/static/desk.css", get(pages::css))
            .route("/static/office.css", get(pages::office_css))
            .route("/static/desk.js", get(pages::js))
            .merge(api::routes())
            .merge(tokens::routes())
            .merge(hooks::routes())
            .route("/metrics", get(metrics::metrics))
            .fallback(pages::no_such_page)
            .method_not_allowed_fallback(guard::not_so)
            .layer(axum::middleware::from_fn_with_state(site.clone(), ready::look))
            .layer(axum::extract::DefaultBodyLimit::max(FORM_BYTES_MAX))
            .layer(axum::middleware::from_fn_with_state(site.clone(), gate::gate))
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

    /// `person` acting at this point's desk; without one, somebody at the desk who can see but not act.
    fn actor(&self, person: Option<&Person>) -> Actor {
        Actor {
            role: person.and_then(Person::role).unwrap_or(Role::Desk),
            point: Some(self.settings.point.clone()),
            person: person.map(|person| person.id.clone()),
            via: Some(Via::Desk),
        }
    }

    /// Writes down who did or saw what. A page is not held back by a disk that fails: the log says so.
    async fn audit(&self, visitor: &Visitor, what: &'static str, home: Option<HomeId>, detail: String) {
        let (office, now) = (self.office.clone(), self.now());
        let who = visitor.name_in_audit();
        let written = tokio::task::spawn_blocking(move || office.audit(now, &who, what, home.as_ref(), &detail)).await;
        if let Ok(Err(why)) = written {
            tracing::error!(%why, what, "the audit was not written");
        }
    }

    /// The same for a part of a page that a script asks for again and again: once an hour, and always where nobody opened the page.
    async fn audit_part(&self, visitor: &Visitor, what: &'static str, home: Option<HomeId>, detail: String) {
        let (office, now, who) = (self.office.clone(), self.now(), visitor.name_in_audit());
        let written = tokio::task::spawn_blocking(move || {
            office.audit_since(now - Span::hours(1), now, &who, what, home.as_ref(), &detail)
        });
        if let Ok(Err(why)) = written.await {
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

/// Which program this is: its version, and a check sum of what browsers keep of it, so that no copy of before is used with a page of
/// now.
pub fn build() -> String {
    let parts = [CSS, OFFICE_CSS, SCRIPT];
    let sum = parts
        .iter()
        .flat_map(|part| part.bytes())
        .fold(FNV_OFFSET, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(FNV_PRIME));
    format!("{}-{sum:08x}", env!("CARGO_PKG_VERSION"))
}

/// FNV-1a of 32 bits.
const FNV_OFFSET: u32 = 0x811c_9dc5;
const FNV_PRIME: u32 = 0x0100_0193;

const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(10);

/// The longest note a browser may send, each byte written as three.
const FORM_BYTES_MAX: usize = 256 * 1024;

const CSS: &str = concat!(include_str!("desk.css"), include_str!("css/alert.css"));
/// Of the pages besides the desk, each part beside the others.
const OFFICE_CSS: &str = concat!(
    include_str!("css/office.css"),
    include_str!("css/homes.css"),
    include_str!("css/picture.css"),
    include_str!("css/walk.css"),
    include_str!("css/reports.css"),
    include_str!("css/faults.css"),
    include_str!("css/circle.css"),
    include_str!("css/daily.css"),
    include_str!("css/access.css"),
    include_str!("css/feed.css"),
    include_str!("css/shift.css"),
    include_str!("css/wall.css"),
    include_str!("css/help.css")
);
const SCRIPT: &str = include_str!("desk.js");
