//! What open pages say about themselves, every ten seconds: whether an alert would be heard there.

use crate::desk::{Screen, Sound};
use crate::web::form::Visitor;
use crate::web::{Site, Wanted};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// The addresses of this room.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/api/v1/screens", get(screens).post(screen))
}

#[derive(Debug, Deserialize)]
struct Said {
    id: String,
    sound: String,
    #[serde(default)]
    visible: bool,
    #[serde(default)]
    build: String,
}

/// `POST /api/v1/screens`
async fn screen(State(site): State<Arc<Site>>, headers: HeaderMap, body: Bytes) -> Response {
    // Another site's form cannot send this type without asking first, and that question is not answered.
    let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().starts_with(b"application/json"));
    let said: Option<Said> = serde_json::from_slice(&body).ok().filter(|_| kind == Some(true));
    let Some(screen) = said.and_then(|said| of(said, &Visitor::of(&site, &headers))) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "send id, sound, visible and build as JSON").into_response();
    };
    match site.ask(Wanted::Screen(screen)).await {
        Some(_) => {
            site.look();
            Json(json!({ "ready": site.is_ready(), "watchers": site.desk().watchers(site.now()) })).into_response()
        }
        None => (StatusCode::SERVICE_UNAVAILABLE, "no answer in time").into_response(),
    }
}

fn of(said: Said, visitor: &Visitor) -> Option<Screen> {
    let Said { id, sound, visible, build } = said;
    let sound = Sound::ALL.into_iter().find(|known| known.as_str() == sound)?;
    let is_short = (1..=WORD_BYTES_MAX).contains(&id.len()) && build.len() <= WORD_BYTES_MAX;
    let person = visitor.person.as_ref().map(|person| person.id.clone());
    is_short.then_some(Screen { id, sound, visible, build, person })
}

/// `GET /api/v1/screens`: how many there are, by the state of their sound.
async fn screens(State(site): State<Arc<Site>>) -> Response {
    let (now, desk) = (site.now(), site.desk());
    let count = |sound: Sound| desk.screens(now).filter(|(_, screen)| screen.sound == sound).count();
    let by_sound: serde_json::Map<_, _> =
        Sound::ALL.into_iter().map(|sound| (sound.as_str().to_owned(), json!(count(sound)))).collect();
    Json(json!({ "watchers": desk.watchers(now), "on_duty": desk.is_on_duty(now), "sound": by_sound })).into_response()
}

const WORD_BYTES_MAX: usize = 64;
