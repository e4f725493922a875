//! Sessions of the site: begun, changed and ended in memory and in the office together.

use crate::model::ids::PersonId;
use crate::store::Error;
use crate::web::Site;
use crate::web::form::{SESSION_COOKIE, Visitor, cookie, is_secure, set_cookie};
use crate::web::secrets::Hash;
use crate::web::sessions::{Changed, Kind, Session};
use crate::web::sign_in::FirstCode;
use axum::http::{HeaderMap, HeaderValue};
use std::sync::PoisonError;

impl Site {
    /// A new session; the secret for its cookie, `None` if the system gives no random numbers.
    pub(super) async fn begin_session(&self, kind: Kind, person: &PersonId) -> Option<String> {
        let (secret, changed, ended) = self.sessions.begin(kind, person, self.now()).ok()?;
        self.forget(ended).await;
        // A disk that fails is in the log and keeps nobody from an alert: then the session lasts until the next start.
        self.write(changed).await;
        Some(secret)
    }

    /// Changes a session; a disk that fails is in the log, and the desk goes on.
    pub(super) async fn change_session(&self, hash: &Hash, change: impl FnOnce(&mut Session)) {
        if let Some(changed) = self.sessions.change(hash, self.now(), change) {
            self.write(changed).await;
        }
    }

    /// Prolongs the session of whoever looks; its cookie anew when that was due.
    pub(super) async fn prolong(&self, visitor: &Visitor, headers: &HeaderMap) -> Option<HeaderValue> {
        let seat = visitor.seat.as_ref()?;
        let changed = self.sessions.prolong(&seat.hash, self.now())?;
        self.write(changed).await;
        let secret = cookie(headers, SESSION_COOKIE)?;
        Some(set_cookie(SESSION_COOKIE, secret, seat.kind.lasts().num_seconds(), is_secure(self, headers)))
    }

    /// Ends those that `which` names.
    pub(super) async fn end_sessions(&self, which: impl Fn(&Hash, &Session) -> bool) {
        let ended = self.sessions.end(which);
        self.forget(ended).await;
    }

    /// Whether this browser is still signed in.
    pub(super) fn is_signed_in(&self, hash: &Hash) -> bool {
        let session = self.sessions.get(hash, self.now());
        session.is_some_and(|session| self.person(&session.person).is_some())
    }

    async fn write(&self, changed: Changed) {
        let (office, now) = (self.office.clone(), self.now());
        let write = move || office.put_session(&changed.hash, changed.ends, &changed.body, now);
        log_failure(tokio::task::spawn_blocking(write).await);
    }

    async fn forget(&self, ended: Vec<Hash>) {
        if ended.is_empty() {
            return;
        }
        let office = self.office.clone();
        let hashes: Vec<Vec<u8>> = ended.iter().map(|hash| hash.to_vec()).collect();
        log_failure(tokio::task::spawn_blocking(move || office.forget_sessions(&hashes)).await);
    }

    /// Whether anybody can sign in by a password.
    pub(super) fn has_passwords(&self) -> bool {
        self.members().iter().any(|(_, member)| member.secrets.password.is_some())
    }

    /// The code that makes the first administrator, while it is good.
    pub(super) fn first_code(&self) -> Option<FirstCode> {
        self.first_code.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// It was used.
    pub(super) async fn forget_first_code(&self) {
        let used = self.first_code.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(FirstCode { path, .. }) = used else { return };
        let removed = tokio::task::spawn_blocking(move || std::fs::remove_file(&path).map_err(|why| (path, why))).await;
        if let Ok(Err((path, why))) = removed {
            tracing::error!(path = %path.display(), %why, "the first code was used and its file must be removed by hand");
        }
    }
}

fn log_failure(done: Result<Result<(), Error>, tokio::task::JoinError>) {
    if let Ok(Err(why)) = done {
        tracing::error!(%why, "a sign-in was not written");
    }
}
