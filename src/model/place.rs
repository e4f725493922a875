//! Where something is on the earth.

use serde::{Deserialize, Serialize};

/// A place on the earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Location {
    latitude: f64,
    longitude: f64,
}

/// As it stands in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    latitude: f64,
    longitude: f64,
}

/// Mean radius of the earth (IUGG). The ellipsoid differs from it by less than 0.6 %; a detour factor is far less certain.
const EARTH_METRES: f64 = 6_371_008.8;

impl Location {
    /// The place of these degrees, or why there is none.
    pub fn new(latitude: f64, longitude: f64) -> Result<Location, String> {
        let is_swapped = latitude.abs() > 90.0 && latitude.abs() <= 180.0 && longitude.abs() <= 90.0;
        if is_swapped {
            return Err(format!(
                "a latitude of {latitude} does not exist: latitude {longitude}, longitude {latitude}? they look swapped"
            ));
        }
        for (name, degrees, most) in [("latitude", latitude, 90.0), ("longitude", longitude, 180.0)] {
            if !(-most..=most).contains(&degrees) {
                return Err(format!("a {name} of {degrees} does not exist: it is between -{most} and {most}"));
            }
        }
        // What a program writes that did not find the address.
        if latitude == 0.0 && longitude == 0.0 {
            return Err("latitude 0, longitude 0 lies in the sea: the place was never looked up".to_owned());
        }
        Ok(Location { latitude, longitude })
    }

    /// Degrees north of the equator.
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east of Greenwich.
    pub fn longitude(self) -> f64 {
        self.longitude
    }

    /// The same as a point on a sphere of radius one: no seam at 180°, no poles, and nearer there is nearer here.
    pub fn on_sphere(self) -> [f64; 3] {
        let (latitude, longitude) = (self.latitude.to_radians(), self.longitude.to_radians());
        [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
    }

    /// Along the great circle, in metres.
    pub fn metres_to(self, other: Location) -> f64 {
        let (a, b) = (self.on_sphere(), other.on_sphere());
        let chord_squared: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
        2.0 * EARTH_METRES * (chord_squared.sqrt() / 2.0).min(1.0).asin()
    }
}

/// How far apart two points of the sphere are, as the straight line through it, that lie `metres` apart on it.
pub fn chord(metres: f64) -> f64 {
    2.0 * (metres / (2.0 * EARTH_METRES)).min(std::f64::consts::FRAC_PI_2).sin()
}

impl TryFrom<Written> for Location {
    type Error = String;
    fn try_from(written: Written) -> Result<Location, String> {
        Location::new(written.latitude, written.longitude)
    }
}

impl From<Location> for Written {
    fn from(location: Location) -> Written {
        Written { latitude: location.latitude, longitude: location.longitude }
    }
}

impl std::fmt::Display for Location {
    /// To about a metre: `23.71420, 103.26670`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.5}, {:.5}", self.latitude, self.longitude)
    }
}

/// How the staff of a point goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names say it
pub enum Way {
    Foot,
    EBike,
    Car,
}

impl Way {
    /// All ways.
    pub const ALL: [Way; 3] = [Way::Foot, Way::EBike, Way::Car];

    /// The way of this word.
    pub fn named(word: &str) -> Option<Way> {
        Way::ALL.into_iter().find(|way| way.as_str().eq_ignore_ascii_case(word))
    }

    /// Its word in a file.
    pub fn as_str(self) -> &'static str {
        match self {
            Way::Foot => "foot",
            Way::EBike => "e_bike",
            Way::Car => "car",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: f64, longitude: f64) -> Location {
        Location::new(latitude, longitude).unwrap()
    }

    #[test]
    fn distances_are_those_of_the_great_circle() {
        // Known arcs: a minute of arc is a nautical mile, half the equator half the circumference.
        let minute = at(10.0, 20.0).metres_to(at(10.0 + 1.0 / 60.0, 20.0));
        assert!((minute - 1853.25).abs() < 0.1, "{minute}");
        let half = at(0.0, 1.0).metres_to(at(0.0, -179.0));
        assert!((half - std::f64::consts::PI * EARTH_METRES).abs() < 1.0, "{half}");
        // Paris – Beijing, 8214 km by the usual tables.
        let far = at(48.8566, 2.3522).metres_to(at(39.9042, 116.4074));
        assert!((far / 1000.0 - 8214.0).abs() < 10.0, "{far}");
        assert!((at(0.0, 179.999).metres_to(at(0.0, -179.999)) - 222.39).abs() < 0.1, "over the date line");
        assert_eq!(at(23.7, 103.2).metres_to(at(23.7, 103.2)), 0.0);
    }

    #[test]
    fn a_chord_is_as_long_as_its_arc_says() {
        let (a, b) = (at(23.7, 103.2), at(23.71, 103.21));
        let between: f64 = a.on_sphere().iter().zip(b.on_sphere()).map(|(a, b)| (a - b).powi(2)).sum();
        assert!((chord(a.metres_to(b)) - between.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_place_is_said_and_a_swap_is_guessed() {
        assert!(Location::new(103.2, 23.7).unwrap_err().contains("they look swapped"));
        assert!(Location::new(91.0, 170.0).unwrap_err().contains("between -90 and 90"));
        assert!(Location::new(f64::NAN, 3.0).is_err());
        assert!(Location::new(3.0, f64::INFINITY).is_err());
        assert!(Location::new(0.0, 0.0).unwrap_err().contains("in the sea"));
    }
}
