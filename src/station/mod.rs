//! The daemon at the service point: notices in, receipts and steps out, pages for the staff.
//!
//! Starts as one story: database, history, desk, page, broker; then turns until it is stopped.

mod directory;
mod enrolling;
mod feed;
mod filing;
mod first;
mod front;
mod homes;
mod hooks;
mod memory;
mod reply;
pub(crate) mod stepped;
mod summoner;
mod telling;
mod turn;
mod visit;
pub(crate) mod voice;

use crate::clock;
use crate::desk::{self, BandName, Desk};
use crate::model::duty::DutyHours;
use crate::model::ids::{PersonId, PointId};
use crate::model::lifecycle::Timers;
use crate::model::place::Location;
use crate::model::staff::Member;
use crate::model::time::{Span, Timestamp, Zone};
use crate::mqtt;
use crate::problem::Problem;
use crate::sinks::sms::LineSettings;
use crate::station::directory::Catalogue;
use crate::station::filing::Filing;
use crate::station::memory::Memory;
use crate::station::summoner::Summoner;
use crate::station::turn::Turn;
use crate::store::{Office, Retention, fleeting};
use crate::text::Language;
use crate::trust::enrolment::Doorkeeper;
use crate::web::{self, AtBroker, Bell, Feed, FirstCode, Health, Person, Site, Telling, Told};
use crate::wire::Listed;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Everything the daemon at the service point is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The service point.
    pub point: PointId,
    /// Its name for people.
    pub name: String,
    /// The clock on its wall.
    pub zone: Zone,
    /// The language of people who chose none.
    pub language: Language,
    /// Where it is, if it says so.
    pub location: Option<Location>,
    /// Where the page is served.
    pub listen: SocketAddr,
    /// Names and addresses, besides those of this machine to itself, under which browsers may ask for it.
    pub names: Vec<String>,
    /// Certificate and key of the page, for TLS.
    pub credentials: Option<Vec<u8>>,
    /// The page may leave this machine without TLS: somebody said that its network is theirs alone.
    pub plain_http: bool,
    /// The broker to which the homes speak.
    pub broker: mqtt::Broker,
    /// User and password, where the broker asks for them.
    pub login: Option<mqtt::Login>,
    /// Certificates, where the broker asks for them.
    pub tls: Option<mqtt::Tls>,
    /// The second path: where homes speak to it by HTTPS, if they may.
    pub homes: Option<Homes>,
    /// Where homes are enrolled and turned away, if here.
    pub enrolling: Option<Enrolling>,
    /// Where the history is kept.
    pub state_dir: PathBuf,
    /// The staff, as long as the office knows nobody of these ids.
    pub people: Vec<Person>,
    /// What people prove themselves by from the start; only made-up stations have any.
    pub keys: Vec<Key>,
    /// The points that its homes are told to ask; empty if it keeps no directory.
    pub directory: Vec<Listed>,
    /// How long each waiting state may last.
    pub timers: Timers,
    /// A home not heard from for longer is a `blind` alert.
    pub unreachable_after: Span,
    /// When a screen with sound has to show the desk; absent where nobody said so.
    pub duty: Option<DutyHours>,
    /// The work of the day; its clock is `zone`.
    pub daily: desk::DailySettings,
    /// Hosts to which events may be posted though they are not public or not encrypted.
    pub hooks_allow: Vec<String>,
    /// Which program draws the pages: those of another one offer to be loaded anew.
    pub build: String,
    /// Its own way to the telephones of its staff, if it has one.
    pub modem: Option<LineSettings>,
    /// Events are said on topics of its own broker, too.
    pub events_by_mqtt: bool,
    /// Whom a page that is cut off tells people to call: who, and the number.
    pub telephones: Vec<(String, String)>,
    /// How long things are kept.
    pub kept: Retention,
}

pub use enrolling::Enrolling;
pub use first::Key;
pub use front::check_credentials;
pub use homes::Homes;

/// A station that runs.
#[derive(Debug)]
pub struct Running {
    /// Where its page is served.
    pub address: SocketAddr,
    /// `http`, or `https` where the page has a certificate.
    pub scheme: &'static str,
    /// Where homes speak to it by HTTPS, if they may.
    pub homes: Option<SocketAddr>,
    /// Where new homes come in, if they may.
    pub newcomers: Option<SocketAddr>,
    refused: Arc<AtomicU64>,
    /// Whoever opens the page with this first becomes its administrator; nothing once somebody did.
    pub first_code: Option<FirstCode>,
    /// Counts up while the loop turns: what a watchdog looks at.
    pub alive: Arc<AtomicU64>,
    desk: Arc<RwLock<Desk>>,
    health: Arc<RwLock<Health>>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Starts a station; returns when its page can be opened.
pub async fn start(settings: Settings) -> Result<Running, Problem> {
    let front = front::Front::open(&settings).await?;
    let address = front.address;
    let refused = Arc::new(AtomicU64::new(0));
    let (home_asks, asked) = mpsc::channel(REQUESTS_WAITING_MAX);
    let enrolment = settings.enrolling.as_ref().map(|enrolling| enrolling.enrolment.clone());
    let keeper = enrolment.as_ref().map(|enrolment| Doorkeeper::of(&enrolment.folder));
    let hall = match &settings.enrolling {
        Some(enrolling) => enrolling::open(enrolling, Arc::clone(&refused)).await?,
        None => None,
    };
    let door = match &settings.homes {
        Some(door) => {
            let vouching = enrolment.zip(keeper.clone());
            Some(homes::open(door, settings.point.clone(), home_asks, vouching, Arc::clone(&refused)).await?)
        }
        None => None,
    };
    let (written, writes) = mpsc::unbounded_channel();
    let opened = Memory::open(&settings.state_dir, written)?;

    let now_secs = u64::try_from(clock::now().timestamp()).unwrap_or_default();
    let catalogue = Catalogue::open(&settings.directory, &settings.state_dir, now_secs)?;

    let office = Office::open(&settings.state_dir).map_err(|error| error.problem())?;
    let people = first::people(&office, &settings)?;
    let first_code = first::code(&people, &settings.state_dir)?;
    let mut desk = Desk::new(desk_settings(&settings, &people)).restore(opened.history);
    for (home, card) in office.cards().map_err(|error| error.problem())? {
        desk.put_card(home, Some(Box::new(card)));
    }
    let desk = Arc::new(RwLock::new(desk));
    let (broker, second_path) = (Some(settings.broker.to_string()), door.is_some());
    let certificate = first_to_end(&settings);
    let fleeting = fleeting(&settings.state_dir);
    let health = Health { replaced: opened.replaced, broker, second_path, certificate, fleeting, ..Health::default() };
    let health = Arc::new(RwLock::new(health));
    let feed = Feed::new(opened.run);
    let (requests, requested) = mpsc::channel(REQUESTS_WAITING_MAX);
    let filing = Filing::new(office.clone(), settings.kept);
    let pages = page_settings(&settings, first_code.clone(), opened.run);
    let parts = summoner::Parts {
        point: settings.point.clone(),
        zone: settings.zone.clone(),
        language: settings.language,
        desk: desk.clone(),
        health: health.clone(),
        office: office.clone(),
        requests: requests.clone(),
    };
    let summoner = settings.modem.as_ref().map(|modem| Summoner::open(modem, parts)).transpose()?;
    let telephone = summoner.as_ref().map(|(_, _, telephone)| telephone.clone());
    let site = Site::new(pages, address, desk.clone(), health.clone(), requests, feed.clone(), office.clone());
    let at_broker = AtBroker::default();
    let site = site.map_err(|error| error.problem())?.calling(telephone);
    let site = site.counting(Arc::clone(&refused), Arc::clone(&at_broker));
    let bell = Bell::default();
    let (pictures, walks) = (site.pictures(), site.walks());
    let told = Told { log: opened.memory.event_log(), bell: bell.clone() };
    let (allow, hooks_changed) = (settings.hooks_allow.clone(), Bell::default());
    let posting = hooks::Posting {
        point: settings.point.clone(),
        office: office.clone(),
        told: told.clone(),
        changed: hooks_changed.clone(),
        allow: allow.clone(),
    };
    let by_mqtt = told.clone();
    let site = site.telling(Telling { told, allow, check: hooks::check, hooks_changed });

    let alive = Arc::new(AtomicU64::new(0));
    let (link, events) = mqtt::start(feed::connection(&settings), Arc::default());
    let (stop, stopping) = watch::channel(false);
    let saying = telling::Saying { point: settings.point.clone(), office, told: by_mqtt, link: link.clone() };
    let point = settings.point.clone();
    let turn = Turn::new(point, desk.clone(), health.clone(), opened.memory, link.clone(), feed, alive.clone());
    let turn = turn.naming(catalogue).ringing(bell).filing(filing).showing(pictures, walks).keeping(
        keeper,
        Arc::clone(&refused),
        at_broker,
    );
    let mut ends = stopping.clone();
    let pages = site.router().into_make_service_with_connect_info::<web::Caller>();
    let serve = async move {
        // An open event stream never ends by itself, so pages are cut off rather than waited for.
        tokio::select! {
            ended = std::future::IntoFuture::into_future(axum::serve(front, pages)) => drop(ended),
            _ = ends.wait_for(|stop| *stop) => {}
        }
    };
    let turning = async move {
        turn.run(events, requested, asked, writes, stopping).await;
        link.stop();
    };
    let homes = door.as_ref().map(|door| door.address);
    let newcomers = hall.as_ref().map(|hall| hall.address);
    let mut tasks =
        vec![tokio::spawn(turning), tokio::spawn(serve), tokio::spawn(hooks::run(posting, stop.subscribe()))];
    tasks.extend(settings.events_by_mqtt.then(|| tokio::spawn(telling::run(saying, stop.subscribe()))));
    tasks.extend(hall.map(|hall| tokio::spawn(hall.serve(stop.subscribe()))));
    tasks.extend(door.map(|door| tokio::spawn(door.serve(stop.subscribe()))));
    tasks.extend(summoner.map(|(summoner, heard, _)| tokio::spawn(summoner.run(heard, stop.subscribe()))));
    let scheme = if settings.credentials.is_some() { "https" } else { "http" };
    Ok(Running { address, scheme, homes, newcomers, refused, first_code, alive, desk, health, stop, tasks })
}

impl Running {
    /// The daemon in one useful line, for systemd.
    pub fn status_line(&self) -> String {
        let counted = [BandName::Unclaimed, BandName::InHand, BandName::NoContact];
        let (open, homes, unreachable) = {
            let (desk, now) = (self.desk.read().unwrap_or_else(PoisonError::into_inner), clock::now());
            (counted.map(|band| desk.count_in(now, band)), desk.homes().len(), desk.unreachable())
        };
        let health = self.health.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut line = format!(
            "the desk is open at {}://{}/, {}, {unreachable} of them silent, {}, {} unclaimed",
            self.scheme,
            self.address,
            count(homes, "home"),
            count(open.iter().sum(), "open alert"),
            open[0]
        );
        if let Some(why) = health.broker {
            let trouble = if self.homes.is_some() { "HOMES REACH IT BY HTTPS ALONE" } else { "NO HOME CAN REACH IT" };
            line = format!("{line}; {trouble}: {why}");
        }
        if let refused @ 1.. = self.refused.load(Ordering::Relaxed) {
            line = format!("{line}; {} of homes refused, see the log", count(refused as usize, "message"));
        }
        if let Some(why) = health.store {
            line = format!("{line}; history not written: {why}");
        }
        if let Some(fleeting) = health.fleeting {
            line = format!("{line}; history {fleeting}");
        }
        line
    }

    /// Stops it; what was decided is on the disk when this returns.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(failed) = task.await {
                tracing::error!(%failed, "a task of the station has panicked");
            }
        }
    }
}

/// Of all certificates that the station shows or believes by the one that ends first; what ends soon stands in the log as well.
fn first_to_end(settings: &Settings) -> Option<(&'static str, Timestamp)> {
    let of_tls = |tls: &mqtt::Tls| [("ca", Some(tls.ca.clone())), ("credentials", tls.identity.clone())];
    let homes = settings.homes.as_ref().and_then(|homes| homes.tls.as_ref());
    let shown = [("[mqtt]", settings.tls.as_ref()), ("[homes]", homes)];
    let links = shown.into_iter().flat_map(|(of, tls)| tls.into_iter().flat_map(of_tls).map(move |(_, pem)| (of, pem)));
    let page = [("[station]", settings.credentials.clone())];
    let all = links.chain(page).filter_map(|(of, pem)| Some((of, mqtt::About::first_to_end(&pem?)?)));
    let (of, first) = all.min_by_key(|(_, about)| about.until)?;
    if let Some(what) = first.ends_soon(mqtt::Floor::at(clock::now())) {
        tracing::warn!(of, what, "make a new one: carecircle station ca renew, then restart the station");
    }
    Some((of, first.until))
}

fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

fn desk_settings(settings: &Settings, people: &[(PersonId, Member)]) -> desk::Settings {
    desk::Settings {
        point: settings.point.clone(),
        timers: settings.timers.clone(),
        unreachable_after: settings.unreachable_after,
        people: web::answering(people, &settings.zone, clock::now()),
        duty: settings.duty.clone().map(|duty| (duty, settings.zone.clone())),
        daily: desk::DailySettings { zone: settings.zone.clone(), ..settings.daily.clone() },
    }
}

fn page_settings(settings: &Settings, first_code: Option<FirstCode>, run: u64) -> web::Settings {
    web::Settings {
        point: settings.point.clone(),
        name: settings.name.clone(),
        zone: settings.zone.clone(),
        language: settings.language,
        first_code,
        names: settings.names.clone(),
        is_tls: settings.credentials.is_some(),
        location: settings.location,
        telephones: settings.telephones.clone(),
        run,
        build: settings.build.clone(),
    }
}

/// The database's name in the state directory.
pub const DATABASE: &str = "station";
const REQUESTS_WAITING_MAX: usize = 256;

#[cfg(test)]
mod tests;
