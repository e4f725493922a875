//! What a running connection waits for: the broker's greeting and answers, and the end of what it held back.

use crate::clock;
use crate::model::time::Span;
use rumqttc::{Publish, QoS};
use std::time::Duration;

/// What a running connection waits for.
#[derive(Default)]
pub(super) struct Progress {
    /// Since when the broker has greeted.
    pub(super) since: Option<Span>,
    pub(super) is_up: bool,
    /// By when the broker must have greeted, then answered the subscription.
    pub(super) ready_by: Option<Span>,
    /// By when it must have answered the question for a sign of life.
    pub(super) ping_by: Option<Span>,
    /// What the broker held back is still coming.
    pub(super) backlog: Option<Backlog>,
}

impl Progress {
    /// Nothing has come yet; the greeting must within `connect_within`.
    pub(super) fn begun(connect_within: Duration) -> Progress {
        Progress { ready_by: Some(clock::since_boot() + span(connect_within)), ..Progress::default() }
    }

    pub(super) fn answer_by(&self) -> Option<Span> {
        let mark_by = self.backlog.as_ref().and_then(|backlog| backlog.over_at);
        self.ready_by.into_iter().chain(self.ping_by).chain(mark_by).min()
    }

    /// The session delivers nothing, not even the mark.
    pub(super) fn is_stuck(&self) -> bool {
        self.backlog.as_ref().and_then(|backlog| backlog.over_at).is_some_and(|by| clock::since_boot() > by)
    }

    /// A long backlog is no stuck one: what is acknowledged goes on, and the mark has more time.
    pub(super) fn more_of_backlog(&mut self, message: &Publish) {
        let over_at = self.backlog.as_mut().and_then(|backlog| backlog.over_at.as_mut());
        if let Some(over_at) = over_at.filter(|_| message.qos != QoS::AtMostOnce) {
            *over_at = clock::since_boot() + BACKLOG_WITHIN;
        }
    }

    /// The mark that is to be sent now: the first behind the subscription, then one more from time to time, because a
    /// broker whose queue is full drops it in silence.
    pub(super) fn due_mark(&mut self) -> Option<Vec<u8>> {
        let now = clock::since_boot();
        let backlog = self.backlog.as_mut()?;
        if backlog.marked_at.is_some_and(|at| now - at < MARK_AGAIN_AFTER) {
            return None;
        }
        backlog.marked_at = Some(now);
        backlog.over_at.get_or_insert(now + BACKLOG_WITHIN);
        Some(backlog.mark.clone())
    }

    /// Whether the mark has been sent, and may have to be sent again.
    pub(super) fn is_marked(&self) -> bool {
        self.backlog.as_ref().is_some_and(|backlog| backlog.marked_at.is_some())
    }

    /// Whether the end of the backlog was not found for longer than any lasts. What comes is new then: life that is called
    /// late for ever would be an invented silence.
    pub(super) fn gives_up_backlog(&mut self, at_most: Duration) -> bool {
        let is_old = |backlog: &mut Backlog| clock::since_boot() - backlog.begun > span(at_most);
        self.backlog.take_if(is_old).is_some()
    }

    /// A mark came. One of an earlier connection says nothing about this one.
    pub(super) fn marked(&mut self, payload: &[u8]) {
        self.backlog.take_if(|backlog| backlog.mark == payload);
    }

    pub(super) fn is_late(&self) -> bool {
        self.backlog.is_some()
    }

    /// How long the connection has worked; absent if it never did.
    pub(super) fn held(&self) -> Option<Duration> {
        (clock::since_boot() - self.since?).to_std().ok()
    }
}

/// The messages that a broker held back come first and in their order, but nothing says where they end. So a mark is
/// published behind them, on a topic that only this client hears; when it is back, what follows is new.
pub(super) struct Backlog {
    mark: Vec<u8>,
    begun: Span,
    /// When the mark was sent last.
    marked_at: Option<Span>,
    /// When it must be back. A session that does not deliver it delivers no press either.
    over_at: Option<Span>,
}

impl Backlog {
    pub(super) fn begun() -> Backlog {
        let begun = clock::since_boot();
        // Unlike every mark that may still wait in the session: two runs of one boot never begin in one instant.
        let mark = format!("{}-{}", std::process::id(), begun.num_milliseconds());
        Backlog { mark: mark.into_bytes(), begun, marked_at: None, over_at: None }
    }
}

pub(super) fn span(duration: Duration) -> Span {
    Span::from_std(duration).unwrap_or(Span::MAX)
}

/// From one kept message to the next, and to the mark behind the last: a fraction of this.
const BACKLOG_WITHIN: Span = Span::seconds(5);
/// Often enough that two more marks go out before a session is called stuck.
const MARK_AGAIN_AFTER: Span = Span::seconds(2);
