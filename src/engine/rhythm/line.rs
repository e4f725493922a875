//! The line over the hours of the day: how long it has ever been quiet at this hour, with a margin.
//!
//! After Cuddihy and others (2007): at each half hour the quiet so far is remembered for 60 days; from a high percentile of each slot
//! and of its neighbours come a maximum and two buffers. Here the buffers grow as the calibrator becomes milder: the line only has to
//! catch what the tail does not, the silence that runs into hours in which it has never been quiet.

/// Half hours of a day.
pub const SLOTS: usize = 48;

/// The days that are looked back.
pub const LINE_DAYS: usize = 60;

/// Seconds of a slot.
pub const SLOT_SECS: i64 = 1800;

/// Quiet that is not known.
pub const UNKNOWN: i32 = -1;

const PERCENTILE: f64 = 0.97;
const OWN_BUFFER: f64 = 0.30;
const NEIGHBOUR_BUFFER: f64 = 0.40;
const NEIGHBOUR_WEIGHTS: [f64; 5] = [1.0, 2.0, 3.0, 2.0, 1.0];
/// So many buffers at this strictness, more where it is milder.
const TIMES_BUFFER: f64 = 2.5;
const TIMES_BUFFER_AT: f64 = 0.005;
const TIMES_BUFFER_POWER: f64 = 0.3;
const TIMES_BUFFER_MIN: f64 = 0.3;
const TIMES_BUFFER_MAX: f64 = 12.0;
const REACH: usize = NEIGHBOUR_WEIGHTS.len() / 2;

/// The line of one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it has been, and one buffer, in seconds at the begin of each half hour; absent while nothing is known.
    slots: Option<[(f64, f64); SLOTS]>,
}

/// How many buffers lie above what has been, at this strictness.
pub fn times_buffer(theta: f64) -> f64 {
    (TIMES_BUFFER * (TIMES_BUFFER_AT / theta).powf(TIMES_BUFFER_POWER)).clamp(TIMES_BUFFER_MIN, TIMES_BUFFER_MAX)
}

impl Line {
    /// The line from the quiet at each half hour of the days before.
    pub fn of<'a>(days: impl Iterator<Item = &'a [i32]>) -> Line {
        let mut by_slot: Vec<Vec<i32>> = vec![Vec::new(); SLOTS];
        for day in days {
            for (slot, secs) in by_slot.iter_mut().zip(day) {
                slot.extend((*secs != UNKNOWN).then_some(*secs));
            }
        }
        if by_slot.iter().all(Vec::is_empty) {
            return Line { slots: None };
        }
        let mut high = [0.0; SLOTS];
        for (high, known) in high.iter_mut().zip(&mut by_slot) {
            known.sort_unstable();
            let place = ((known.len() as f64 * PERCENTILE) as usize).min(known.len().saturating_sub(1));
            *high = known.get(place).map_or(0.0, |secs| f64::from(*secs));
        }
        let mut slots = [(0.0, 0.0); SLOTS];
        for (slot, (most, buffer)) in slots.iter_mut().enumerate() {
            let near = |nth: usize| high[(slot + SLOTS + nth - REACH) % SLOTS];
            *most = (0..NEIGHBOUR_WEIGHTS.len()).map(near).fold(0.0, f64::max);
            let weighted: f64 = NEIGHBOUR_WEIGHTS.iter().enumerate().map(|(nth, weight)| weight * near(nth)).sum();
            let neighbours = weighted / NEIGHBOUR_WEIGHTS.iter().sum::<f64>();
            *buffer = OWN_BUFFER * high[slot] + NEIGHBOUR_BUFFER * neighbours;
        }
        Line { slots: Some(slots) }
    }

    /// How long a silence that began at this second of the day has lasted when it reaches the line with so many buffers, if that is
    /// at least `least` and at most `most` seconds.
    pub fn reached_after(&self, start_second_of_day: u32, times_buffer: f64, least: f64, most: f64) -> Option<f64> {
        let slots = self.slots.as_ref()?;
        let start = f64::from(start_second_of_day);
        let at = |slot: usize| slots.get(slot % SLOTS).map_or(0.0, |(most, buffer)| most + times_buffer * buffer);
        // What is left to the line at an elapsed time; straight between the begins of two half hours.
        let left_at = |elapsed: f64| {
            let slot = (start + elapsed) / SLOT_SECS as f64;
            let (whole, part) = (slot.floor(), slot.fract());
            at(whole as usize) * (1.0 - part) + at(whole as usize + 1) * part - elapsed
        };
        let mut from = least;
        let mut left = left_at(from);
        while left > 0.0 && from < most {
            let next_slot = ((start + from) / SLOT_SECS as f64).floor() + 1.0;
            let to = (next_slot * SLOT_SECS as f64 - start).min(most);
            let left_then = left_at(to);
            if left_then <= 0.0 {
                return Some(from + (to - from) * left / (left - left_then));
            }
            (from, left) = (to, left_then);
        }
        (left <= 0.0).then_some(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quiet from 22:00 to 06:00, else half an hour at most.
    fn sleeps_at_night() -> Line {
        let night = |slot: usize| if slot >= 44 { (slot - 44) as i32 } else { slot as i32 + 4 };
        let day: Vec<i32> =
            (0..SLOTS).map(|slot| if slot >= 44 || slot <= 12 { night(slot) * 1800 } else { 1800 }).collect();
        Line::of(std::iter::repeat_n(day.as_slice(), 30))
    }

    #[test]
    fn a_silence_into_hours_that_were_never_quiet_reaches_the_line_soon() {
        let line = sleeps_at_night();
        let hours = |clock: u32| line.reached_after(clock * 3600, 2.5, 1200.0, 48.0 * 3600.0).map(|secs| secs / 3600.0);
        assert!(hours(11).is_some_and(|h| h < 3.0), "{:?}", hours(11));
        let night = hours(22).expect("it is reached in the morning");
        assert!((9.0..14.0).contains(&night), "{night}");
    }

    #[test]
    fn without_a_day_there_is_no_line_and_unknown_quiet_is_no_quiet() {
        assert_eq!(Line::of(std::iter::empty()).reached_after(0, 2.5, 1200.0, 1e6), None);
        let unknown = [UNKNOWN; SLOTS];
        assert_eq!(Line::of([unknown.as_slice()].into_iter()).reached_after(0, 2.5, 1200.0, 1e6), None);
    }

    #[test]
    fn it_is_not_reached_sooner_than_allowed_nor_later_than_asked() {
        let quiet_never = [0; SLOTS];
        let line = Line::of(std::iter::repeat_n(quiet_never.as_slice(), 30));
        assert_eq!(line.reached_after(36_000, 2.5, 1200.0, 7200.0), Some(1200.0));
        assert_eq!(sleeps_at_night().reached_after(22 * 3600, 2.5, 1200.0, 3600.0), None);
    }
}
