//! A station turned by hand: the same turn, desk and memory, at whatever time the clock of this thread is made to show. For
//! simulated nights; the daemon never comes here.

use crate::desk::{self, Answer, Click, Desk, Input};
use crate::model::time::{Span, Timestamp};
use crate::mqtt::Event;
use crate::station::memory::Memory;
use crate::station::turn::Turn;
use crate::station::voice::Voice;
use crate::store::{Error, Store, Written};
use crate::web::{Feed, Health, Request, Wanted};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use tokio::sync::oneshot;

/// A station that stands still between two calls.
pub(crate) struct Stepped {
    turn: Turn,
    desk: Arc<RwLock<Desk>>,
    health: Arc<RwLock<Health>>,
}

impl Stepped {
    /// Starts a run with what `store` holds.
    pub(crate) fn start(
        settings: desk::Settings,
        store: Store,
        run: u64,
        voice: impl Voice + 'static,
    ) -> Result<Stepped, Error> {
        let (memory, history) = Memory::in_store(store)?;
        let point = settings.point.clone();
        let desk = Arc::new(RwLock::new(Desk::new(settings).restore(history)));
        let health = Arc::new(RwLock::new(Health { broker: Some("not yet".to_owned()), ..Health::default() }));
        let mut turn = Turn::new(point, desk.clone(), health.clone(), memory, voice, Feed::new(run), Arc::default());
        turn.decide(Input::OwnLink { up: false });
        Ok(Stepped { turn, desk, health })
    }

    /// What the broker brings.
    pub(crate) fn event(&mut self, event: Event) {
        self.turn.event(event);
        self.look_around();
    }

    /// Somebody clicks; the answer comes with the commit.
    pub(crate) fn click(&mut self, click: Click) -> oneshot::Receiver<(Answer, bool)> {
        let (answer, answered) = oneshot::channel();
        self.turn.request(Request { wanted: Wanted::Click(click), answer });
        self.look_around();
        answered
    }

    /// The end of a commit.
    pub(crate) fn written(&mut self, written: Written) {
        self.turn.written(written);
        self.look_around();
    }

    /// A deadline has come, or some seconds have passed.
    pub(crate) fn round(&mut self) {
        self.turn.decide(Input::Tick);
        self.look_around();
    }

    /// When the desk has something to do by itself, by the clock on the wall.
    pub(crate) fn next_wakeup(&self) -> Option<Timestamp> {
        self.desk().next_wakeup()
    }

    /// Whether the disk is known to fail: then it is asked every few seconds.
    pub(crate) fn has_trouble(&self) -> bool {
        self.health.read().unwrap_or_else(PoisonError::into_inner).store.is_some()
    }

    /// The desk, as the page shows it.
    pub(crate) fn desk(&self) -> RwLockReadGuard<'_, Desk> {
        self.desk.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_around(&mut self) {
        self.turn.look_at_the_store();
        self.turn.tell_readiness();
    }
}

/// The daemon's loop turns at least this often.
pub(crate) const LOOKS_EVERY: Span = Span::seconds(5);
