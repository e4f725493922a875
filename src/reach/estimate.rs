//! How long the way takes, where nobody has measured it.

use crate::model::place::{Location, Way};
use crate::model::time::Span;
use serde::{Deserialize, Serialize};

/// Kilometres in an hour, by way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Speeds {
    /// On foot.
    pub foot: f64,
    /// On an electric bicycle.
    pub e_bike: f64,
    /// In a car.
    pub car: f64,
}

impl Default for Speeds {
    /// Assumptions, on the slow side, from door to door:
    ///
    /// - on foot 4.5: a grown person in a hurry with a bag, stairs included;
    /// - e-bike 15: 17.1 was measured on the road in Hangzhou (*Advances in Mechanical Engineering* 2015,
    ///   doi:10.1177/1687814015616918), less what crossings and parking take;
    /// - car 20: a city by day.
    fn default() -> Speeds {
        Speeds { foot: 4.5, e_bike: 15.0, car: 20.0 }
    }
}

impl Speeds {
    /// The speed of this way.
    pub fn of(&self, way: Way) -> f64 {
        match way {
            Way::Foot => self.foot,
            Way::EBike => self.e_bike,
            Way::Car => self.car,
        }
    }

    /// What is wrong with them, if anything.
    pub fn mistake(&self) -> Option<String> {
        let is_wrong = |way: &Way| !(1.0..=150.0).contains(&self.of(*way));
        let way = Way::ALL.into_iter().find(is_wrong)?;
        Some(format!("{} = {} km/h is out of range: from 1 to 150", way.as_str(), self.of(way)))
    }
}

/// From a distance to a time: great circle × detour ÷ speed, and the start before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The way is so many times longer than the great circle.
    pub detour: f64,
    /// How fast.
    pub speeds: Speeds,
    /// From the alert on the page to the first step out of the door.
    pub start: Span,
}

impl Default for Estimate {
    /// The way is 1.3 times as long as the straight line, two minutes until somebody has left.
    ///
    /// Assumptions: street networks have about 1.2 for cars and more for those who walk and ride (Newell 1980 and later, as
    /// gathered in the Wikibook "Transportation Geography and Network Science"); reading an alert, phoning and taking the
    /// keys is what the two minutes are for.
    fn default() -> Estimate {
        Estimate { detour: 1.3, speeds: Speeds::default(), start: Span::minutes(2) }
    }
}

/// Longer than any way on earth.
const NEVER: Span = Span::days(3650);

impl Estimate {
    /// From one place to another, in whole seconds, rounded up.
    pub fn time(&self, way: Way, from: Location, to: Location) -> Span {
        let metres = from.metres_to(to) * self.detour;
        let seconds = metres * 3.6 / self.speeds.of(way);
        // Half the earth on foot is no more than a few hundred days; who does not move at all never comes.
        self.start + Span::try_seconds(seconds.ceil() as i64).map_or(NEVER, |span| span.min(NEVER))
    }

    /// How far somebody comes in this time along the great circle, in metres; nothing where the time is over at the start.
    pub fn metres(&self, way: Way, within: Span) -> f64 {
        let seconds = (within - self.start).num_milliseconds().max(0) as f64 / 1000.0;
        seconds * self.speeds.of(way) / 3.6 / self.detour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_distance_times_detour_by_speed_behind_the_start() {
        let at = |latitude: f64| Location::new(latitude, 103.2).unwrap();
        // A hundredth of a degree of latitude is 1112 m.
        let estimate = Estimate::default();
        let time = |way| estimate.time(way, at(23.70), at(23.71)).num_seconds();
        assert_eq!([Way::Foot, Way::EBike, Way::Car].map(time), [1277, 467, 381]);
        assert_eq!(estimate.time(Way::Foot, at(23.7), at(23.7)), Span::minutes(2));
        let metres = estimate.metres(Way::EBike, Span::minutes(15));
        assert_eq!(metres.round(), 2500.0);
        assert_eq!(estimate.metres(Way::Car, Span::minutes(1)), 0.0);
    }

    #[test]
    fn a_speed_nobody_has_is_refused() {
        assert_eq!(Speeds::default().mistake(), None);
        for bad in [0.0, -3.0, 1000.0, f64::NAN] {
            assert!(Speeds { car: bad, ..Speeds::default() }.mistake().unwrap().contains("car"));
        }
    }
}
