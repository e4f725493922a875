//! How many messages a modem sends an hour, whoever of its addressees they are for.
//!
//! Pure: instants are arguments.

use crate::model::time::{Span, Timestamp};
use std::collections::VecDeque;

/// The last hour of one modem.
#[derive(Debug)]
pub struct Hour {
    per_hour: usize,
    /// When the network last took a message, by the clock on the wall.
    last_taken_at: Option<Timestamp>,
    /// When messages were sent within the last hour, since boot.
    sent: VecDeque<Span>,
    /// On their way to the modem.
    under_way: usize,
}

impl Hour {
    /// So many messages an hour, and none yet.
    pub fn new(per_hour: usize) -> Hour {
        Hour { per_hour, last_taken_at: None, sent: VecDeque::new(), under_way: 0 }
    }

    /// The same hour with another limit.
    pub fn limit_to(&mut self, per_hour: usize) {
        self.per_hour = per_hour;
    }

    /// Books `more` messages; the error is words. A call never waits.
    pub fn reserve(&mut self, more: usize, is_call: bool, since_boot: Span) -> Result<(), String> {
        while self.sent.front().is_some_and(|at| since_boot - *at >= Span::hours(1)) {
            self.sent.pop_front();
        }
        let booked = self.sent.len() + self.under_way;
        // Where nothing was sent, one alert to everybody always goes.
        if !is_call && booked > 0 && booked + more > self.per_hour {
            let again = self.sent.front().map_or(Span::zero(), |at| Span::hours(1) - (since_boot - *at));
            let (limit, minutes) = (self.per_hour, again.num_minutes() + 1);
            return Err(format!("the limit of {limit} messages an hour is reached; goes on in {minutes} min"));
        }
        self.under_way += more;
        Ok(())
    }

    /// One that was booked is not under way any more, sent or not.
    pub fn release(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// The network has taken a message in so many parts.
    pub fn taken(&mut self, parts: usize, since_boot: Span, now: Timestamp) {
        self.sent.extend(std::iter::repeat_n(since_boot, parts.max(1)));
        self.last_taken_at = Some(now);
    }

    /// When the network last took a message.
    pub fn last_taken_at(&self) -> Option<Timestamp> {
        self.last_taken_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_way_counts_and_a_call_waits_for_nothing() {
        let (mut hour, at) = (Hour::new(3), Span::hours(7));
        assert_eq!(hour.reserve(5, false, at), Ok(()), "one alert to everybody");
        assert!(hour.reserve(1, false, at).unwrap_err().contains("limit of 3"), "though none of them is sent yet");
        assert_eq!(hour.reserve(2, true, at), Ok(()));
        (0..7).for_each(|_| hour.release());
        hour.taken(2, at, Timestamp::default());
        assert_eq!(hour.reserve(1, false, at), Ok(()));
        assert!(hour.reserve(1, false, at + Span::minutes(20)).unwrap_err().contains("in 41 min"));
        hour.release();
        assert_eq!(hour.reserve(3, false, at + Span::hours(1)), Ok(()));
    }
}
