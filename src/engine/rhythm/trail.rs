//! The last minutes before a silence: who saw somebody, how near the outer door, how lively it was.

use crate::model::time::{Span, Timestamp};
use std::collections::VecDeque;

/// How near the way out a silence began, as in [`SilenceRow::exit`](crate::model::learned::SilenceRow::exit).
pub const INSIDE: u8 = 0;
/// At the outer door, or seconds after it.
pub const AT_DOOR: u8 = 1;
/// A moment after it.
pub const NEAR_DOOR: u8 = 2;
/// At an entrance whose door has said nothing for so long that it may be dead.
pub const DOOR_SILENT: u8 = 3;

const AT_DOOR_WITHIN: Span = Span::seconds(15);
const NEAR_DOOR_WITHIN: Span = Span::seconds(90);
const DOOR_SILENT_AFTER: Span = Span::hours(36);

/// A sign of life so near the outer door's is of somebody who comes or goes.
pub const OF_ONE_PASSAGE: Span = Span::seconds(30);

const RECENT: Span = Span::minutes(10);
/// More signs of life in ten minutes than this are not told apart.
const RECENT_MAX: usize = 256;

/// The last signs of life.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trail {
    recent: VecDeque<(Timestamp, u16)>,
    /// The last event of an outer door.
    pub door_at: Option<Timestamp>,
}

impl Trail {
    /// A sign of life; the sensors that saw somebody just before it at this passage of the outer door, if that is what it is.
    pub fn saw(&mut self, at: Timestamp, sensor: u16, is_outer_door: bool) -> Vec<u16> {
        while self.recent.front().is_some_and(|(before, _)| at - *before > RECENT) || self.recent.len() >= RECENT_MAX {
            self.recent.pop_front();
        }
        let last_door_at = self.door_at;
        let of_passage = |(before, _): &&(Timestamp, u16)| {
            at - *before <= OF_ONE_PASSAGE && last_door_at.is_none_or(|door_at| *before - door_at > OF_ONE_PASSAGE)
        };
        let mut passed = Vec::new();
        if is_outer_door {
            passed.extend(
                self.recent
                    .iter()
                    .rev()
                    .take_while(|(before, _)| at - *before <= OF_ONE_PASSAGE)
                    .filter(of_passage)
                    .map(|(_, sensor)| *sensor),
            );
            self.door_at = Some(at);
        }
        self.recent.push_back((at, sensor));
        passed
    }

    /// Whether a sign of life at `at` follows the outer door at once.
    pub fn is_of_passage(&self, at: Timestamp) -> bool {
        self.door_at.is_some_and(|door_at| at - door_at <= OF_ONE_PASSAGE)
    }

    /// Signs of life in the ten minutes up to the last one.
    pub fn recent(&self) -> u16 {
        self.recent.len() as u16
    }

    /// How near the way out a silence begins. `is_entrance` says whether its last sign of life is of the sensor inside the outer door, and
    /// is asked only where that matters; `door_awaited_since` is the instant from which on an outer door could have been heard.
    pub fn exit(
        &self,
        at: Timestamp,
        is_outer_door: bool,
        is_entrance: impl FnOnce() -> bool,
        door_awaited_since: Option<Timestamp>,
    ) -> u8 {
        let Some(awaited_since) = door_awaited_since else { return INSIDE };
        let since_door = at - self.door_at.unwrap_or(awaited_since);
        let was_heard = self.door_at.is_some();
        if is_outer_door || was_heard && since_door < AT_DOOR_WITHIN {
            AT_DOOR
        } else if was_heard && since_door < NEAR_DOOR_WITHIN {
            NEAR_DOOR
        } else if since_door > DOOR_SILENT_AFTER && is_entrance() {
            DOOR_SILENT
        } else {
            INSIDE
        }
    }

    /// What came after `since` was nobody's doing.
    pub fn rewind(&mut self, since: Timestamp) {
        self.recent.retain(|(at, _)| *at <= since);
        self.door_at = self.door_at.filter(|at| *at <= since);
    }

    /// Moves every remembered instant by `by`.
    pub fn shift(&mut self, by: Span) {
        self.recent.iter_mut().for_each(|(at, _)| *at += by);
        self.door_at = self.door_at.map(|at| at + by);
    }
}
