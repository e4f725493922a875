//! Where new homes come in with their code: a port of its own, for they have no certificate yet.

use super::homes::{Door, Guest, Open};
use crate::clock;
use crate::model::time::{Span, Timestamp};
use crate::problem::Problem;
use crate::trust::bundle::{Bundle, Declined, JOIN, Joining};
use crate::trust::enrolment::{Enrolment, NotSigned};
use crate::trust::{Authority, mosquitto};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::post};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How homes are enrolled here.
#[derive(Debug, Clone)]
pub struct Enrolling {
    /// The authority, and what homes are told.
    pub enrolment: Enrolment,
    /// Where new homes come in; nowhere without it.
    pub listen: Option<SocketAddr>,
    /// What homes call this machine.
    pub names: Vec<String>,
}

/// Opens it, if there is to be one.
pub(super) async fn open(enrolling: &Enrolling, refused: Arc<AtomicU64>) -> Result<Option<Open>, Problem> {
    let Some(listen) = enrolling.listen else { return Ok(None) };
    let authority = Authority::open(&enrolling.enrolment.folder)?;
    let (own, key) = authority.server(&mosquitto::station_user(&enrolling.enrolment.point), &enrolling.names)?;
    // The authority is shown as well: the home knows it by the fingerprint in its code.
    let identity = format!("{}{}{key}", own.pem, authority.pem);
    let door = Door::open_to_all(listen, identity.as_bytes(), Arc::clone(&refused)).await?;
    let hall = Arc::new(Hall { enrolment: enrolling.enrolment.clone(), tries: Mutex::default(), refused });
    let router = Router::new()
        .route(JOIN, post(join))
        .fallback(|| async { declined(StatusCode::NOT_FOUND, "nothing is spoken of here") })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(hall);
    Ok(Some(Open { address: door.address, door, router }))
}

struct Hall {
    enrolment: Enrolment,
    /// Tries that failed, by address.
    tries: Mutex<BTreeMap<IpAddr, (u32, Timestamp)>>,
    refused: Arc<AtomicU64>,
}

async fn join(State(hall): State<Arc<Hall>>, ConnectInfo(from): ConnectInfo<Guest>, body: Bytes) -> Response {
    let of = from.address.ip();
    if hall.has_tried_too_often(of) {
        let why = "too many wrong tries came from this address; wait for ten minutes";
        return hall.refuse(of, StatusCode::TOO_MANY_REQUESTS, why);
    }
    let Ok(joining) = serde_json::from_slice::<Joining>(&body) else {
        return hall.refuse(of, StatusCode::BAD_REQUEST, "this is no request of a new home");
    };
    let enrolment = hall.enrolment.clone();
    let joined = tokio::task::spawn_blocking(move || enrolment.join(&joining)).await;
    match joined {
        Ok(Ok(bundle)) => {
            tracing::info!(home = %bundle.home, address = %from.address, "a home was enrolled");
            taken(&bundle)
        }
        Ok(Err(NotSigned::Ours(problem))) => not_ours(&problem),
        Ok(Err(why)) => hall.refuse(of, StatusCode::FORBIDDEN, &words(&why)),
        Err(_) => declined(StatusCode::INTERNAL_SERVER_ERROR, "the station could not make a certificate"),
    }
}

impl Hall {
    fn has_tried_too_often(&self, of: IpAddr) -> bool {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.get(&of).is_some_and(|(count, since)| *count >= TRIES_MAX && clock::now() - *since < TRIES_WITHIN)
    }

    /// Counted here, and where every refusal of a home is.
    fn refuse(&self, of: IpAddr, status: StatusCode, why: &str) -> Response {
        self.refused.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(address = %of, why, "a new home was not let in");
        let (mut tries, now) = (self.tries.lock().unwrap_or_else(PoisonError::into_inner), clock::now());
        tries.retain(|_, (_, since)| now - *since < TRIES_WITHIN);
        if tries.len() < ADDRESSES_MAX {
            tries.entry(of).or_insert((0, now)).0 += 1;
        }
        drop(tries);
        declined(status, why)
    }
}

/// A bundle as an answer.
pub(super) fn taken(bundle: &Bundle) -> Response {
    json(StatusCode::OK, serde_json::to_vec(bundle).unwrap_or_default())
}

/// The station's own files are at fault: the home tries again.
pub(super) fn not_ours(problem: &Problem) -> Response {
    tracing::error!(%problem, "no certificate can be made");
    declined(StatusCode::SERVICE_UNAVAILABLE, "the station cannot sign now; its log says why. Try again later")
}

/// Why nothing was signed.
pub(super) fn words(why: &NotSigned) -> String {
    match why {
        NotSigned::Code(why) => why.to_string(),
        NotSigned::Denied => "this home was turned away; it can be enrolled anew at the station".to_owned(),
        NotSigned::Request(problem) | NotSigned::Ours(problem) => problem.to_string(),
    }
}

fn declined(status: StatusCode, why: &str) -> Response {
    json(status, serde_json::to_vec(&Declined { why: why.to_owned() }).unwrap_or_default())
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json"), (header::CONNECTION, "close")], body).into_response()
}

const BODY_BYTES_MAX: usize = 16 * 1024;
const TRIES_MAX: u32 = 20;
const TRIES_WITHIN: Span = Span::minutes(10);
const ADDRESSES_MAX: usize = 10_000;
