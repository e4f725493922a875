//! How long each waiting state of an alert may last.

use crate::model::time::Span;

/// How long each waiting state may last (`station.md` 4.2). All of it is configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timers {
    /// A receipt must be back, else the next point is asked.
    pub receive_within: Span,
    /// Somebody must have taken it, else the row turns red and a second person is asked.
    pub take_within: Span,
    /// Somebody must have taken it, else the next point is asked.
    pub next_point_after: Span,
    /// Then everybody is asked again and again at this distance.
    pub ask_all_every: Span,
    /// A person who was asked has this long to accept.
    pub ask_lasts: Span,
    /// A taken alert without progress: reminder.
    pub depart_reminder: Span,
    /// A taken alert without progress: back to everybody.
    pub lapse_after: Span,
    /// From the raise: reminder that nobody is there yet.
    pub arrive_reminder: Span,
    /// From the raise: somebody must be at the door.
    pub arrive_within: Span,
    /// From the arrival: are you all right?
    pub close_reminder: Span,
    /// From the arrival: supervisor.
    pub close_supervisor: Span,
    /// An open request goes on the supervisor's list.
    pub overlooked_after: Span,
    /// A take, departure or arrival may be undone this long.
    pub undo_within: Span,
    /// A closing may be undone this long.
    pub undo_close_within: Span,
    /// A closed alert may be reopened this long.
    pub reopen_within: Span,
    /// A press this soon after closing reopens the alert by itself.
    pub press_reopens_within: Span,
}

impl Default for Timers {
    fn default() -> Timers {
        Timers {
            receive_within: Span::seconds(60),
            take_within: Span::seconds(60),
            next_point_after: Span::seconds(120),
            ask_all_every: Span::seconds(120),
            ask_lasts: Span::seconds(60),
            depart_reminder: Span::minutes(3),
            lapse_after: Span::minutes(5),
            arrive_reminder: Span::minutes(10),
            arrive_within: Span::minutes(15),
            close_reminder: Span::minutes(30),
            close_supervisor: Span::minutes(45),
            overlooked_after: Span::hours(4),
            undo_within: Span::seconds(30),
            undo_close_within: Span::minutes(10),
            reopen_within: Span::hours(24),
            press_reopens_within: Span::minutes(10),
        }
    }
}
