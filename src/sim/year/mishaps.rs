//! What goes wrong: falls by exposure, what a person on the floor still does, and sensors, links and gateways that fail.

use super::life::{Doing, Room, Stay, minutes};
use super::sensors::{Defect, RADIO, Touch, ZIGBEE};
use crate::model::time::{Span, Timestamp};
use crate::sim::chance::Chance;

/// Hours of a usual day, each weighed by its danger: makes "falls a year" mean about that.
const WEIGHED_HOURS_PER_DAY: f64 = 11.0;

/// When in `stay`, which begins at `now`, the resident falls; most often never.
///
/// Drawn in every stay whatever comes of it, so that a year with more falls is the same year.
pub fn fall(stay: &Stay, by_night: bool, falls_per_year: f64, chance: &mut Chance) -> Option<Span> {
    let (at, odds) = (chance.unit(), chance.unit());
    let hours = stay.lasts.num_milliseconds() as f64 / 3_600_000.0;
    let per_hour = falls_per_year / (365.0 * WEIGHED_HOURS_PER_DAY);
    let probability = 1.0 - (-per_hour * danger(stay, by_night) * hours).exp();
    (odds < probability).then(|| minutes(stay.lasts.num_milliseconds() as f64 / 60_000.0 * at))
}

/// How dangerous an hour is, against an hour on the legs in the living room by day. Nobody is looked for outside, and sleepers
/// fall when they get up: that is in the bathroom's night.
fn danger(stay: &Stay, by_night: bool) -> f64 {
    let of_doing = match stay.doing {
        Doing::Sleeping | Doing::Out => return 0.0,
        Doing::Lying => 0.3,
        Doing::Sitting => 0.5,
        Doing::Busy => 1.0,
    };
    let of_room = match (stay.place, by_night) {
        (Some(Room::Bathroom), true) => 8.0,
        (Some(Room::Bathroom), false) => 3.0,
        (Some(Room::Bedroom | Room::Hall), true) => 3.0,
        (Some(_), true) => 1.5,
        (Some(_), false) => 1.0,
        (None, _) => 0.0,
    };
    of_doing * of_room
}

/// What somebody who has fallen in `room` at `now` still does, in order of time; and whether the pendant is pressed.
///
/// A third crawl for some minutes, a third stir now and then until the strength goes, a fifth have the pendant on and press.
pub fn on_the_floor(now: Timestamp, room: Room, chance: &mut Chance) -> (Vec<(Timestamp, Touch)>, bool) {
    let mut touches = Vec::new();
    let mut then = |after: f64, touch| touches.push((now + minutes(after), touch));
    let crawls = chance.happens(0.35);
    let stirs = chance.happens(0.35);
    let presses = chance.happens(0.2);
    if crawls {
        let mut after = 0.0;
        let lasts = chance.between(3.0, 25.0);
        while after < lasts {
            after += chance.wait(4.0).max(0.2);
            then(after, Touch::Moves(room));
        }
        if chance.happens(0.3) {
            then(after + 1.0, Touch::Moves(Room::Hall));
        }
    }
    if stirs {
        // Each pause is longer than the one before it.
        let (mut after, mut pause) = (chance.between(5.0, 30.0), 20.0);
        while after < 6.0 * 60.0 {
            then(after, Touch::Moves(room));
            after += chance.wait(pause).max(2.0);
            pause *= 1.6;
        }
    }
    if presses {
        let first = chance.wait(2.0) + 0.2;
        // Again until somebody answers; help clears what is left.
        [first, first + 2.0, first + 15.0, first + 60.0].into_iter().for_each(|after| then(after, Touch::Press));
    }
    touches.sort_by_key(|(at, _)| *at);
    (touches, presses)
}

/// Something that fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Failure {
    /// The gateway: power cut, update, crash.
    Gateway {
        /// How long.
        lasts: Span,
    },
    /// The way to the sensors of this source.
    Link {
        /// Which.
        source: &'static str,
        /// How long.
        lasts: Span,
    },
    /// A sensor, until somebody is told and mends it.
    Sensor {
        /// Which; its number in the home, of as many as there are.
        which: u64,
        /// How.
        defect: Defect,
    },
}

/// Every failure of a year that begins at `from`, in order of time.
pub fn failures(from: Timestamp, days: f64, chance: &mut Chance) -> Vec<(Timestamp, Failure)> {
    let mut failures = Vec::new();
    let mut series = |chance: &mut Chance, per_year: f64, make: &mut dyn FnMut(&mut Chance) -> Failure| {
        let mut day = chance.wait(365.0 / per_year);
        while day < days {
            failures.push((from + minutes(day * 1440.0), make(chance)));
            // Never two of a sort on one day.
            day += 1.0 + chance.wait(365.0 / per_year);
        }
    };
    series(chance, 5.0, &mut |chance| Failure::Gateway { lasts: minutes(chance.length(25.0, 1.4).clamp(0.2, 600.0)) });
    series(chance, 4.0, &mut |chance| {
        let source = if chance.happens(0.7) { ZIGBEE } else { RADIO };
        Failure::Link { source, lasts: minutes(chance.length(20.0, 1.4).clamp(0.2, 600.0)) }
    });
    series(chance, 3.0, &mut |chance| {
        let defects = [(Defect::Dead, 5.0), (Defect::SeesNobody, 1.0), (Defect::Chatters, 1.0)];
        Failure::Sensor { which: chance.bits() >> 8, defect: chance.pick(&defects).unwrap_or(Defect::Dead) }
    });
    failures.sort_by_key(|(at, _)| *at);
    failures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_falls_asleep_or_outside_and_the_bathroom_by_night_is_the_worst() {
        let stay = |place, doing| Stay { place, doing, lasts: Span::hours(1) };
        assert_eq!(danger(&stay(Some(Room::Bedroom), Doing::Sleeping), true), 0.0);
        assert_eq!(danger(&stay(None, Doing::Out), false), 0.0);
        let bathroom = danger(&stay(Some(Room::Bathroom), Doing::Busy), true);
        assert!(Room::ALL.iter().all(|room| danger(&stay(Some(*room), Doing::Busy), true) <= bathroom));
    }

    #[test]
    fn a_person_on_the_floor_does_less_and_less_and_only_where_the_fall_was() {
        let mut chance = Chance::new(11);
        let now = crate::model::time::from_millis(0);
        let mut silent = 0;
        for _ in 0..500 {
            let (touches, pressed) = on_the_floor(now, Room::Kitchen, &mut chance);
            assert!(touches.windows(2).all(|pair| pair[0].0 <= pair[1].0));
            assert!(touches.iter().all(|(at, _)| *at > now && *at < now + Span::hours(8)));
            assert_eq!(pressed, touches.iter().any(|(_, touch)| *touch == Touch::Press));
            silent += usize::from(touches.is_empty());
        }
        assert!((100..300).contains(&silent), "{silent} of 500 lie still");
    }
}
