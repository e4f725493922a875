//! How long a sensor is usually silent, learned from its own check-ins.
//!
//! What people do says nothing about a radio: a motion sensor that reports only when it sees somebody is silent as long as
//! the room is empty, and its silence must not look like its death. So a limit is learned only for a sensor whose longest silences are
//! ended by frames that nobody caused. What counts is the longest silence of a day, not a share of all silences: history keeps
//! unchanged reports once in ten minutes only, and the longest silence is the same with and without the others.

use super::days::{DAYS_KEPT, Days};
use crate::model::time::{Span, Timestamp};

/// The silences of one sensor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rhythm {
    days: Days<Longest>,
    /// The silence that the newest frame ended; a frame says several things, and the last of them may be the movement.
    ended: Option<Ended>,
    stirred_at: Option<Timestamp>,
    /// The silence that it exceeds on one day in ten at most; absent while too little is known.
    pub usual: Option<Span>,
    /// The same whoever ends the silence, also where little is known: it says when a silence is unusual, not when it is a fault.
    pub longest: Option<Span>,
}

/// The longest silences of one day in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Longest {
    /// Ended by movement, or in its wake.
    prompted: u16,
    /// Ended by a frame that nobody caused.
    unprompted: u16,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Ended {
    at: Timestamp,
    silence: Span,
    prompted: bool,
}

impl Rhythm {
    /// A frame came after `silence`, if it is known that the sensor could be heard all that time.
    pub fn heard(&mut self, at: Timestamp, silence: Option<Span>) {
        if self.ended.is_some_and(|ended| ended.at == at) {
            return;
        }
        if let Some(ended) = self.ended.take() {
            self.learn(ended);
        }
        let prompted = self.stirred_at.is_some_and(|stirred| at - stirred <= WAKE);
        self.ended = silence.map(|silence| Ended { at, silence, prompted });
    }

    /// The frame of `at` is there because something happened.
    pub fn stirred(&mut self, at: Timestamp) {
        self.stirred_at = Some(at);
        if let Some(ended) = self.ended.as_mut().filter(|ended| ended.at == at) {
            ended.prompted = true;
        }
    }

    /// Moves every remembered instant by `by`.
    pub fn shift(&mut self, by: Span) {
        self.days.shift(by);
        if let Some(ended) = &mut self.ended {
            ended.at += by;
        }
        if let Some(stirred) = &mut self.stirred_at {
            *stirred += by;
        }
    }

    fn learn(&mut self, ended: Ended) {
        let (today, begins) = self.days.at(ended.at);
        let longest = today.get_or_insert_default();
        let minutes = u16::try_from(ended.silence.num_minutes().max(0)).unwrap_or(u16::MAX);
        let of_its_sort = if ended.prompted { &mut longest.prompted } else { &mut longest.unprompted };
        *of_its_sort = minutes.max(*of_its_sort);
        if begins {
            (self.usual, self.longest) = self.of_past_days();
        }
    }

    /// What is usual of the check-ins, where it is known; and what is usual of any frame.
    fn of_past_days(&self) -> (Option<Span>, Option<Span>) {
        let (mut minutes, mut known, mut checked_in) = ([0_u16; DAYS_KEPT], 0, 0);
        for (place, (_, day)) in minutes.iter_mut().zip(self.days.past()) {
            *place = day.prompted.max(day.unprompted);
            known += 1;
            checked_in += usize::from(day.unprompted >= day.prompted);
        }
        let Some(minutes) = minutes.get_mut(..known) else { return (None, None) };
        minutes.sort_unstable();
        let nine_in_ten = minutes.get((known * 9).div_ceil(10).saturating_sub(1));
        let longest = nine_in_ten.map(|minutes| Span::minutes(i64::from(*minutes)));
        let checks_in = known >= DAYS_KNOWN_MIN && checked_in * 4 >= known * 3;
        (longest.filter(|_| checks_in), longest)
    }
}

/// What comes so soon after movement belongs to it: the end of the hold, the report of the light that was switched on.
const WAKE: Span = Span::minutes(15);

/// Fewer days than a week say little.
const DAYS_KNOWN_MIN: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::testing::at;

    /// Two weeks with a frame every `every` minutes, of which each with `moves(minute)` is movement.
    fn two_weeks(every: usize, moves: impl Fn(i64) -> bool) -> Rhythm {
        let mut rhythm = Rhythm::default();
        for minute in (0..14 * 24 * 60).step_by(every) {
            let now = at("00:00") + Span::minutes(minute);
            rhythm.heard(now, Some(Span::minutes(every as i64)));
            if moves(minute % (24 * 60)) {
                rhythm.stirred(now);
            }
        }
        rhythm
    }

    #[test]
    fn a_sensor_that_checks_in_by_itself_has_a_usual_silence() {
        let by_day = |minute: i64| minute >= 7 * 60;
        assert_eq!(two_weeks(60, |_| false).usual, Some(Span::minutes(60)));
        assert_eq!(two_weeks(50, by_day).usual, Some(Span::minutes(50)), "at night it says that it is there");
    }

    #[test]
    fn a_sensor_that_speaks_only_of_movement_has_none() {
        let mut rhythm = Rhythm::default();
        for day in 0..14 {
            for hour in [7, 9, 13, 18, 22] {
                let now = at("00:00") + Span::days(day) + Span::hours(hour);
                rhythm.heard(now, Some(Span::hours(if hour == 7 { 9 } else { 4 })));
                // The battery was said first, the movement after it, in one frame.
                rhythm.heard(now, Some(Span::zero()));
                rhythm.stirred(now);
                rhythm.heard(now + Span::seconds(90), Some(Span::seconds(90)));
            }
        }
        assert_eq!(rhythm.usual, None);
    }

    #[test]
    fn one_bad_day_does_not_make_a_sensor_silent_by_nature() {
        let mut rhythm = two_weeks(60, |_| false);
        let later = at("00:00") + Span::days(14);
        rhythm.heard(later, Some(Span::hours(20)));
        rhythm.heard(later + Span::days(1), Some(Span::hours(1)));
        rhythm.heard(later + Span::days(2), Some(Span::hours(1)));
        assert_eq!(rhythm.usual, Some(Span::minutes(60)));
    }
}
