//! The second path: homes speak to the station by HTTPS, past any broker.
//!
//! A home is who its certificate says, as at the broker; what speaks of another home is refused. Without certificates there is
//! only the loopback. What a home says goes the very same way as from the broker, and is answered after the commit:
//!
//! | request | body | answer |
//! |---|---|---|
//! | `POST /v1/notices` | [`wire::Notice`] | [`wire::Answer`] with the receipt |
//! | `POST /v1/heartbeats` | [`wire::Heartbeat`] | [`wire::Answer`] |
//! | `GET /v1/steps` | | [`wire::Answer`] |
//!
//! `?point=` says for whom it is, `?home=` who asks for steps where no certificate does. Every other status but 200 has a
//! [`wire::Declined`] with words.

mod door;

use crate::desk::AlertKey;
use crate::model::ids::{HomeId, PointId};
use crate::mqtt;
use crate::problem::Problem;
use crate::station::enrolling;
use crate::trust::bundle::{RENEW, Renewing};
use crate::trust::enrolment::{Doorkeeper, Enrolment, NotSigned};
use crate::wire::{self, Wire};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
pub(super) use door::{Door, Guest};
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Where homes speak to a station.
#[derive(Debug, Clone)]
pub struct Homes {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The authority that vouches for homes, and our own certificate and key; without them the loopback alone.
    pub tls: Option<mqtt::Tls>,
}

/// A home speaks.
pub(super) struct Asked {
    /// Who; certain, except on the loopback.
    pub home: HomeId,
    /// What it says; nothing where it only asks what waits for it.
    pub said: Option<Said>,
    /// Where the answer goes, after the commit.
    pub answer: oneshot::Sender<Result<wire::Answer, NotHeld>>,
}

/// What a home says.
pub(super) enum Said {
    Notice(Box<wire::Notice>),
    Heartbeat(Box<wire::Heartbeat>),
}

/// The notice could not be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct NotHeld;

impl Said {
    fn home(&self) -> &HomeId {
        match self {
            Said::Notice(notice) => &notice.home,
            Said::Heartbeat(heartbeat) => &heartbeat.home,
        }
    }

    /// The step whose receipt is wanted.
    pub fn step(&self) -> Option<(AlertKey, u32)> {
        match self {
            Said::Notice(notice) => {
                let alert = AlertKey { home: notice.home.clone(), alert: notice.alert };
                Some((alert, notice.step.number))
            }
            Said::Heartbeat(_) => None,
        }
    }
}

/// A door that is open, and nobody has come in yet.
pub(super) struct Open {
    /// Where it is.
    pub address: SocketAddr,
    /// Its connections.
    pub door: Door,
    /// What is spoken of there.
    pub router: Router,
}

/// Opens the door.
pub(super) async fn open(
    homes: &Homes,
    point: PointId,
    asks: mpsc::Sender<Asked>,
    vouching: Option<(Enrolment, Doorkeeper)>,
    refused: Arc<AtomicU64>,
) -> Result<Open, Problem> {
    let door = Door::open(homes, Arc::clone(&refused)).await?;
    let counter = Arc::new(Counter { point, asks, vouching, refused });
    let router = Router::new()
        .route("/v1/notices", post(notice))
        .route("/v1/heartbeats", post(heartbeat))
        .route("/v1/steps", get(steps))
        .route(RENEW, post(renew))
        .fallback(|| async { declined(StatusCode::NOT_FOUND, "nothing is spoken of here") })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(counter);
    Ok(Open { address: door.address, door, router })
}

impl Open {
    /// Serves homes until the station stops.
    pub async fn serve(self, mut stopping: watch::Receiver<bool>) {
        let serving = axum::serve(self.door, self.router.into_make_service_with_connect_info::<Guest>());
        tokio::select! {
            ended = std::future::IntoFuture::into_future(serving) => drop(ended),
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }
}

/// Where what homes say is taken in.
struct Counter {
    point: PointId,
    asks: mpsc::Sender<Asked>,
    /// Who signs the next certificates of homes, and who knows which were turned away.
    vouching: Option<(Enrolment, Doorkeeper)>,
    refused: Arc<AtomicU64>,
}

type Taken = State<Arc<Counter>>;
type From = ConnectInfo<Guest>;
type Body = Result<Bytes, BytesRejection>;

/// For whom it is, and who asks.
#[derive(Deserialize)]
struct To {
    point: Option<String>,
    home: Option<String>,
}

async fn notice(State(counter): Taken, ConnectInfo(from): From, Query(to): Query<To>, body: Body) -> Response {
    let read = |bytes: &[u8]| wire::Notice::from_bytes(bytes).map(|notice| Said::Notice(Box::new(notice)));
    finish(counter.said(&from, &to, body, read).await)
}

async fn heartbeat(State(counter): Taken, ConnectInfo(from): From, Query(to): Query<To>, body: Body) -> Response {
    let read = |bytes: &[u8]| wire::Heartbeat::from_bytes(bytes).map(|heartbeat| Said::Heartbeat(Box::new(heartbeat)));
    finish(counter.said(&from, &to, body, read).await)
}

async fn steps(State(counter): Taken, ConnectInfo(from): From, Query(to): Query<To>) -> Response {
    let asked = async {
        counter.is_here(&to)?;
        let named = to.home.as_deref().and_then(|home| HomeId::new(home).ok());
        let home = named.ok_or_else(|| declined(StatusCode::BAD_REQUEST, "it does not say which home asks"))?;
        counter.is_home(&from, &home)?;
        counter.ask(home, None).await
    };
    finish(asked.await)
}

/// The next certificate for a home that shows the one it has.
async fn renew(State(counter): Taken, ConnectInfo(from): From, body: Body) -> Response {
    let asked = async {
        let bytes = body.map_err(|rejected| declined(rejected.status(), &rejected.body_text()))?;
        let home = from.home.clone().flatten().and_then(|home| HomeId::new(home).ok());
        let (Some(home), Some((enrolment, _))) = (home, counter.vouching.clone()) else {
            return Err(declined(StatusCode::NOT_FOUND, "this station gives out no certificates"));
        };
        counter.is_home(&from, &home)?;
        let renewing = serde_json::from_slice::<Renewing>(&bytes);
        let renewing =
            renewing.map_err(|_| declined(StatusCode::BAD_REQUEST, "this is no request for a certificate"))?;
        let serial = from.serial.clone();
        let signing = tokio::task::spawn_blocking(move || enrolment.renew(&home, serial.as_deref(), &renewing));
        let stopped = |_| declined(StatusCode::SERVICE_UNAVAILABLE, "the station is stopping");
        signing.await.map_err(stopped)?.map_err(|why| match why {
            NotSigned::Ours(problem) => enrolling::not_ours(&problem),
            why @ (NotSigned::Code(_) | NotSigned::Denied | NotSigned::Request(_)) => {
                declined(StatusCode::FORBIDDEN, &enrolling::words(&why))
            }
        })
    };
    asked.await.map_or_else(|declined| declined, |bundle| enrolling::taken(&bundle))
}

impl Counter {
    async fn said(
        &self,
        from: &Guest,
        to: &To,
        body: Body,
        read: impl FnOnce(&[u8]) -> Result<Said, wire::WireError>,
    ) -> Result<wire::Answer, Response> {
        self.is_here(to)?;
        let bytes = body.map_err(|rejected| declined(rejected.status(), &rejected.body_text()))?;
        let said = read(&bytes).map_err(|error| declined(StatusCode::BAD_REQUEST, &error.to_string()))?;
        let home = said.home().clone();
        self.is_home(from, &home)?;
        self.ask(home, Some(said)).await
    }

    fn is_here(&self, to: &To) -> Result<(), Response> {
        match &to.point {
            Some(point) if *point != self.point.as_str() => {
                let what = format!("this is the station of {}, and not of {point}", self.point);
                Err(declined(StatusCode::MISDIRECTED_REQUEST, &what))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A home speaks for itself alone.
    fn is_home(&self, from: &Guest, home: &HomeId) -> Result<(), Response> {
        let Some(named) = &from.home else { return Ok(()) };
        let is_denied = |(_, keeper): &(Enrolment, Doorkeeper)| keeper.is_denied(home.as_str(), from.serial.as_deref());
        if self.vouching.as_ref().is_some_and(is_denied) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(address = %from.address, home = %home, "a home that was turned away");
            return Err(declined(StatusCode::FORBIDDEN, &enrolling::words(&NotSigned::Denied)));
        }
        if named.as_deref() == Some(home.as_str()) {
            return Ok(());
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        let named = named.as_deref().unwrap_or("nobody");
        tracing::warn!(address = %from.address, certificate = named, home = %home, "a certificate spoke for another home");
        let what = format!("it speaks of the home {home}, and its certificate is of {named}");
        Err(declined(StatusCode::FORBIDDEN, &what))
    }

    async fn ask(&self, home: HomeId, said: Option<Said>) -> Result<wire::Answer, Response> {
        let busy = |what: &str| declined(StatusCode::SERVICE_UNAVAILABLE, what);
        let (answer, answered) = oneshot::channel();
        self.asks.try_send(Asked { home, said, answer }).map_err(|_| busy("the station is overloaded"))?;
        match tokio::time::timeout(ANSWERED_WITHIN, answered).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(NotHeld))) => {
                Err(busy("the station cannot write to its disk; it shows the notice and does not hold it"))
            }
            Ok(Err(_)) => Err(busy("the station is stopping")),
            Err(_) => Err(busy("the disk of the station does not answer")),
        }
    }
}

fn finish(answer: Result<wire::Answer, Response>) -> Response {
    answer.map_or_else(|declined| declined, |answer| json(StatusCode::OK, answer.to_bytes()))
}

fn declined(status: StatusCode, why: &str) -> Response {
    json(status, wire::Declined { v: wire::VERSION, why: why.to_owned() }.to_bytes())
}

/// One connection, one request: nobody keeps a place that another home needs.
fn json(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json"), (header::CONNECTION, "close")], body).into_response()
}

/// As for a message of the broker.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Below the ten seconds for which a home waits.
const ANSWERED_WITHIN: Duration = Duration::from_secs(8);
