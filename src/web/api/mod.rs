//! The same as the pages for programs: JSON, with the same rules and the same answers; and what happened, as a stream, as lines,
//! and (from `station/hooks.rs`) posted.
//!
//! A program shows a token and may what its scopes say ([`caller`]). Every answer that is none says what is wrong, where, and what
//! to do next ([`problem`]). The forms are in [`bodies`]; `docs/schema/openapi.json` is written from them by a test.

mod asked;
pub(super) mod bodies;
mod caller;
mod csv;
mod events;
mod look;
#[cfg(test)]
mod openapi;
mod pace;
mod problem;
pub mod schema;
mod steps;
mod told;
mod work;

pub(super) use caller::Caller;
pub use told::{Bell, Told};

use crate::problem::Problem;
use crate::web::Site;
use crate::web::api::pace::Pace;
use axum::Router;
use axum::routing::{get, post};
pub(super) use problem::ApiProblem;
use problem::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the station has for other systems.
#[derive(Debug, Clone)]
pub struct Telling {
    /// What happened.
    pub told: Told,
    /// Hosts to which may be posted though they are not public or not encrypted.
    pub allow: Vec<String>,
    /// Says what is wrong with an address to post to.
    pub check: fn(&str, &[String]) -> std::result::Result<(), Problem>,
    /// Rung when an address to post to was made, changed or ended.
    pub hooks_changed: Bell,
}

impl Default for Telling {
    fn default() -> Telling {
        let check = |_: &str, _: &[String]| Ok(());
        Telling { told: Told::default(), allow: Vec::new(), check, hooks_changed: Bell::default() }
    }
}

/// What the API keeps while it runs.
#[derive(Debug, Default)]
pub(super) struct Api {
    pub telling: Telling,
    pace: Pace,
    /// Programs that listen to the stream now.
    pub listeners: Arc<AtomicUsize>,
}

impl Api {
    pub fn new(telling: Telling) -> Api {
        Api { telling, ..Api::default() }
    }

    /// How many programs listen to the stream now.
    pub fn listening(&self) -> usize {
        self.listeners.load(Ordering::Relaxed)
    }
}

/// The addresses for programs.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/api/v1/desk", get(look::desk))
        .route("/api/v1/alerts", get(look::alerts))
        .route("/api/v1/alerts.csv", get(csv::alerts))
        .route("/api/v1/alerts/{home}/{number}", get(look::alert))
        .route("/api/v1/alerts/{home}/{number}/steps", post(steps::steps))
        .route("/api/v1/homes", get(look::homes))
        .route("/api/v1/homes/{home}", get(look::home))
        .route("/api/v1/homes/{home}/suspensions", post(work::suspend))
        .route("/api/v1/daily", get(work::list))
        .route("/api/v1/daily/{home}", post(work::contact))
        .route("/api/v1/faults", get(work::faults))
        .route("/api/v1/faults/{home}/{number}/steps", post(work::fault_step))
        .route("/api/v1/test", post(work::test))
        .route("/api/v1/events", get(events::events))
        .route("/api/v1/openapi.json", get(schema::openapi))
        .route("/api/v1/asyncapi.json", get(schema::asyncapi))
        .route("/api/v1/schema/{name}", get(schema::schema))
        .route("/api/{*rest}", get(no_such_address).post(no_such_address))
}

async fn no_such_address() -> ApiProblem {
    ApiProblem::not_found("there is no such address", "see /api/v1/openapi.json")
}
