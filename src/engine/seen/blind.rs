//! Spans in which nobody watched: a link was lost, the gateway stood still, no witness was left. What happened in them is not
//! known: they count neither as quiet nor as life.

use super::Seen;
use crate::model::home::Home;
use crate::model::reason::{Blind, BlindCause};
use crate::model::time::{Span, Timestamp};

/// A span without watching that is no longer than this does not stop the quiet from counting: a restart takes seconds.
pub const BRIDGED: Span = Span::seconds(60);

/// Past blind spans that are remembered, for sentences.
const BLINDS_KEPT_MAX: usize = 32;

/// A blind span that has just ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The span, with its end.
    pub blind: Blind,
    /// Since when it had been quiet when it began.
    pub quiet_since: Option<Timestamp>,
    /// When that quiet would have lasted for longer than is usual, where that was known.
    pub usual_until: Option<Timestamp>,
}

impl Seen {
    /// The link to `source` changed; returns the blind span that this ended, if it was a long one.
    pub fn link(&mut self, home: &Home, at: Timestamp, source: &str, up: bool) -> Option<Ended> {
        // What the other sensors cannot see, because they are dead, goes on where this link is lost as well.
        let before = self.unwatched(home, at).filter(|_| self.blind.is_none());
        let was_lost = self.first_lost(home).is_some();
        if !self.links.set(home, at, source, up) {
            return None;
        }
        self.look_ahead_all(home);
        let (any_watches, sees) = self.sees(home);
        match (was_lost, self.first_lost(home)) {
            (_, Some(lost_at)) => self.habits.partly_blind(lost_at),
            (true, None) => self.habits.wholly_seen_again(at, BRIDGED),
            (false, None) => {}
        }
        if any_watches && !sees && self.blind.is_none() {
            let lost = (at, BlindCause::LinkLost { source: source.to_owned() });
            let (from, cause) = before.map_or(lost, |before| (before.from, before.cause));
            self.blind = Some(Blind { from, to: None, cause });
            self.habits.blind(from);
            None
        } else if sees {
            match self.blind.take() {
                Some(blind) => {
                    let ended = self.heard_again_after(blind.from, blind.cause, at);
                    self.look_ahead_all(home);
                    ended
                }
                None => before
                    .filter(|_| self.unwatched(home, at).is_none())
                    .and_then(|unwatched| self.watched_again(unwatched.from, unwatched.cause, at)),
            }
        } else {
            None
        }
    }

    /// Whether any sensor could show life, and whether one of them can be heard.
    fn sees(&self, home: &Home) -> (bool, bool) {
        let mut watchers = home.sensors.values().filter(|sensor| sensor.kind.watches_for_life()).peekable();
        (watchers.peek().is_some(), watchers.any(|sensor| self.links.is_up(&sensor.source)))
    }

    /// Since when the way to some sensor that could show life is lost.
    fn first_lost(&self, home: &Home) -> Option<Timestamp> {
        if !self.links.any_is_down() {
            return None;
        }
        let watchers = home.sensors.values().filter(|sensor| sensor.kind.watches_for_life());
        watchers.filter_map(|sensor| self.links.lost_for(&sensor.source)).map(|(_, since)| since).min()
    }

    /// The gateway began to watch at `at`; returns the blind span that this ended, if it was a long one.
    pub fn started(&mut self, home: &Home, at: Timestamp, blind_since: Option<Timestamp>) -> Option<Ended> {
        let ended = self.begin(home, at, blind_since);
        self.look_ahead_all(home);
        ended
    }

    fn begin(&mut self, home: &Home, at: Timestamp, blind_since: Option<Timestamp>) -> Option<Ended> {
        self.links.begin(home);
        self.resumed_at = Some(at);
        if self.first_lost(home).is_none() {
            self.habits.is_wholly_seen();
        }
        self.begins(at);
        let open = self.blind.take();
        let from = [blind_since, open.as_ref().map(|blind| blind.from)].into_iter().flatten().min();
        if let ((true, false), Some(lost)) = (self.sees(home), self.links.lost().next()) {
            // The way to the sensors was lost before and is not back: still blind.
            let cause = open.map_or(BlindCause::LinkLost { source: lost.name.to_owned() }, |blind| blind.cause);
            self.blind = Some(Blind { from: from.unwrap_or(at), to: None, cause });
            self.habits.blind(from.unwrap_or(at));
            return None;
        }
        let from = from?;
        let cause = open.map_or(BlindCause::GatewayDown, |blind| blind.cause);
        self.heard_again_after(from, cause, at)
    }

    /// Watches from `at` on, if it does not already: what was before, nobody watched.
    pub(super) fn begins(&mut self, at: Timestamp) {
        self.watching_since.get_or_insert(at);
        self.begun_at.get_or_insert(at);
    }

    /// Nothing could be heard, and now it can.
    fn heard_again_after(&mut self, from: Timestamp, cause: BlindCause, at: Timestamp) -> Option<Ended> {
        let ended = self.watched_again(from, cause, at)?;
        self.watching_since = Some(at);
        // It is not known whether a level lasted through it.
        self.sensors.values_mut().filter_map(|heard| heard.main.on_since.as_mut()).for_each(|on| *on = at.max(*on));
        Some(ended)
    }

    /// Nobody watched, and now somebody does: what happened in between is neither quiet nor life.
    pub(super) fn watched_again(&mut self, from: Timestamp, cause: BlindCause, at: Timestamp) -> Option<Ended> {
        let quiet_since = self.quiet_since;
        let blind = Blind { from, to: Some(at), cause };
        self.remember(blind.clone());
        let usual_until = self.habits.usual_until();
        let is_bridged = at - from <= BRIDGED;
        self.habits.seen_again(from, at, is_bridged);
        if is_bridged {
            return None;
        }
        self.quiet_since = self.quiet_since.map(|quiet| quiet.max(at));
        self.whereabouts.seen_again(at);
        Some(Ended { blind, quiet_since, usual_until })
    }

    fn remember(&mut self, blind: Blind) {
        self.blinds.push_back(blind);
        if self.blinds.len() > BLINDS_KEPT_MAX {
            self.blinds.pop_front();
        }
    }

    /// The span that took most of the time between `from` and `until` from being watched; a restart is none.
    pub fn blind_within(&self, from: Timestamp, until: Timestamp) -> Option<&Blind> {
        let taken = |blind: &Blind| blind.to.unwrap_or(until).min(until) - blind.from.max(from);
        let all = self.blinds.iter().chain(&self.blind).filter(|blind| taken(blind) > BRIDGED);
        all.max_by_key(|blind| taken(blind))
    }

    /// The newest blind span that reaches into the time since `from`.
    pub fn blind_since(&self, from: Timestamp) -> Option<&Blind> {
        self.blinds.iter().rev().find(|blind| blind.to.is_none_or(|to| to > from))
    }
}
