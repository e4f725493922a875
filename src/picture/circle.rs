//! Service points and homes on a sheet of paper, north up, without a map below: homes by how soon somebody is there.
//!
//! Where homes lie closer than the drawing can show, one dot stands for all of them and is that of the slowest.

use super::material::Caption;
use super::svg::{Drawing, number};
use crate::model::place::Location;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Colours and shapes of [`circle`]; to be put beside the drawing.
pub const CIRCLE_CSS: &str = include_str!("circle.css");

/// What [`circle`] is drawn of.
#[derive(Debug, Clone, PartialEq)]
pub struct Circle {
    /// What it says of itself.
    pub caption: Caption,
    /// Homes, with the third in which somebody is there; 3 for those that nobody reaches in time.
    pub homes: Vec<(Location, usize)>,
    /// Service points, with their words.
    pub points: Vec<(Location, String)>,
    /// Where further points would help, with their words.
    pub proposed: Vec<(Location, String)>,
    /// The words for the thirds, for beyond them, for points and for proposals.
    pub legend: [String; 6],
}

const WIDTH: f64 = 1000.0;
const MARGIN: f64 = 20.0;
/// Below the drawing: legend and scale.
const FOOT: f64 = 70.0;
/// Dots stand on a raster of this, so that a million homes make no million dots.
const RASTER: f64 = 3.0;
const METRES_OF_DEGREE: f64 = 111_195.0;
/// A city may be long and thin, a drawing not endlessly so.
const ASPECT_MAX: f64 = 2.0;

/// The drawing.
pub fn circle(circle: &Circle) -> String {
    let all = circle.homes.iter().map(|home| home.0);
    let all = all.chain(circle.points.iter().chain(&circle.proposed).map(|point| point.0));
    let sheet = Sheet::of(all);
    let mut drawing = Drawing::new("circle", WIDTH, sheet.height + FOOT, &circle.caption);
    homes(&mut drawing, circle, &sheet);
    for (class, marks, path) in
        [("point", &circle.points, point as fn(f64, f64) -> String), ("proposed", &circle.proposed, proposal)]
    {
        for (location, words) in marks {
            let (x, y) = sheet.place(*location);
            drawing.titled(class, &path(x, y), words);
        }
    }
    legend(&mut drawing, circle, sheet.height + 30.0);
    scale(&mut drawing, &sheet);
    drawing.end()
}

/// From degrees to the drawing: straight lines stay nearly straight over a city.
struct Sheet {
    west: f64,
    north: f64,
    /// Units for a degree eastwards and northwards.
    per_degree: (f64, f64),
    height: f64,
    units_per_metre: f64,
}

impl Sheet {
    fn of(locations: impl Iterator<Item = Location>) -> Sheet {
        let (mut west, mut east, mut south, mut north) = (f64::MAX, f64::MIN, f64::MAX, f64::MIN);
        for location in locations {
            (west, east) = (west.min(location.longitude()), east.max(location.longitude()));
            (south, north) = (south.min(location.latitude()), north.max(location.latitude()));
        }
        if west > east {
            (west, east, south, north) = (0.0, 0.0, 0.0, 0.0);
        }
        let narrowing = ((south + north) / 2.0).to_radians().cos().max(0.01);
        let (wide, high) = ((east - west) * narrowing, north - south);
        let room = WIDTH - 2.0 * MARGIN;
        // All at one place: a sheet of a few hundred metres.
        let degrees = wide.max(high / ASPECT_MAX).max(0.003);
        let per_degree = room / degrees;
        Sheet {
            west: west - (degrees - wide) / narrowing / 2.0,
            north,
            per_degree: (per_degree * narrowing, per_degree),
            height: high.max(0.003) * per_degree + 2.0 * MARGIN,
            units_per_metre: per_degree / METRES_OF_DEGREE,
        }
    }

    fn place(&self, location: Location) -> (f64, f64) {
        let x = MARGIN + (location.longitude() - self.west) * self.per_degree.0;
        let y = MARGIN + (self.north - location.latitude()) * self.per_degree.1;
        (x, y)
    }
}

fn homes(drawing: &mut Drawing, circle: &Circle, sheet: &Sheet) {
    let mut dots: BTreeMap<(i32, i32), usize> = BTreeMap::new();
    for (location, third) in &circle.homes {
        let (x, y) = sheet.place(*location);
        let slowest = dots.entry(((x / RASTER).round() as i32, (y / RASTER).round() as i32)).or_default();
        *slowest = (*slowest).max((*third).min(3));
    }
    let mut paths: [String; 4] = Default::default();
    for ((x, y), third) in dots {
        dot(&mut paths[third], third, f64::from(x) * RASTER, f64::from(y) * RASTER);
    }
    // The slowest last, so that they lie on top.
    for (third, path) in paths.iter().enumerate() {
        drawing.path(&format!("home t{third}"), path);
    }
}

/// Square, triangle, diamond, cross: told apart without colour too.
fn dot(path: &mut String, third: usize, x: f64, y: f64) {
    let (x, y) = (number(x), number(y));
    let shape = match third {
        0 => "m-1.5-1.5h3v3h-3z",
        1 => "m0-2.2 2.2 3.8h-4.4z",
        2 => "m0-2.6 2.6 2.6-2.6 2.6-2.6-2.6z",
        _ => "m-3-3 6 6m0-6-6 6",
    };
    write!(path, "M{x} {y}{shape}").ok();
}

/// A round dot with a stem: where the staff sits.
fn point(x: f64, y: f64) -> String {
    format!("M{} {}m-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0", number(x), number(y))
}

fn proposal(x: f64, y: f64) -> String {
    format!("M{} {}m0-11 3.2 7.6 8.2.6-6.3 5.3 2 8-7.1-4.3-7.1 4.3 2-8-6.3-5.3 8.2-.6z", number(x), number(y))
}

fn legend(drawing: &mut Drawing, circle: &Circle, y: f64) {
    let step = (WIDTH - 2.0 * MARGIN) / circle.legend.len() as f64;
    for (nth, words) in circle.legend.iter().enumerate() {
        let x = MARGIN + 8.0 + nth as f64 * step;
        let mut path = String::new();
        match nth {
            0..=3 => {
                dot(&mut path, nth, x, y);
                drawing.path(&format!("home t{nth}"), &path);
            }
            4 => drawing.path("point", &point(x, y)),
            _ if circle.proposed.is_empty() => continue,
            _ => drawing.path("proposed", &proposal(x, y)),
        }
        drawing.words("legend", x + 16.0, y, words);
    }
}

/// A bar of a round length.
fn scale(drawing: &mut Drawing, sheet: &Sheet) {
    let lengths = [100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0, 20_000.0, 50_000.0, 100_000.0];
    let fits = |metres: &f64| metres * sheet.units_per_metre <= WIDTH / 4.0;
    let metres = lengths.into_iter().rev().find(fits).unwrap_or(100.0);
    let (y, length) = (sheet.height + 55.0, (metres * sheet.units_per_metre).min(WIDTH - 200.0));
    drawing.path("scale", &format!("M{} {}v-4h{}v4", number(MARGIN), number(y), number(length)));
    let words = if metres < 1000.0 { format!("{metres} m") } else { format!("{} km", metres / 1000.0) };
    drawing.words("legend", MARGIN + length + 8.0, y, &words);
}

/// The drawing as a file of its own.
pub fn circle_file(drawing: &str) -> String {
    let with_name = drawing.replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1);
    with_name.replacen(">\n", &format!(">\n<style>{CIRCLE_CSS}</style>\n"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: f64, longitude: f64) -> Location {
        Location::new(latitude, longitude).unwrap()
    }

    fn drawn(homes: Vec<(Location, usize)>, points: Vec<(Location, String)>) -> String {
        let caption = Caption { title: "<Circle>".into(), description: "d".into(), weekdays: [""; 7], hours: "" };
        let legend = ["5", "10", "15", "nobody", "points", "more"].map(str::to_owned);
        circle_file(&circle(&Circle { caption, homes, points, proposed: Vec::new(), legend }))
    }

    #[test]
    fn north_is_up_and_nothing_leaves_the_sheet() {
        let (home, point) = (at(23.8, 103.3), at(23.7, 103.2));
        let svg = drawn(vec![(home, 3)], vec![(point, "a & b".into())]);
        assert!(svg.contains("M981 21m-3-3") || svg.contains("M978 21m-3-3"), "the home stands right above: {svg}");
        assert!(svg.contains("<title>a &amp; b</title>") && svg.contains("&lt;Circle&gt;"), "{svg}");
        assert!(svg.starts_with("<svg xmlns=") && svg.contains("<style>") && svg.ends_with("</svg>\n"));
        assert!(svg.contains(" km</text>"), "{svg}");
    }

    #[test]
    fn homes_on_one_spot_are_one_dot_that_of_the_slowest() {
        let homes = (0..100_000).map(|nth| (at(23.7, 103.2), if nth == 5 { 2 } else { 0 })).collect();
        let svg = drawn(homes, vec![(at(23.75, 103.25), "p".into())]);
        assert!(svg.len() < 5_000, "{} bytes", svg.len());
        assert_eq!(svg.matches("class=\"home t2\"").count(), 2, "the dot and the legend");
        assert_eq!(svg.matches("class=\"home t0\"").count(), 1, "the legend alone");
    }

    #[test]
    fn a_city_of_one_spot_or_of_none_is_drawn_too() {
        for svg in [drawn(vec![(at(23.7, 103.2), 0)], Vec::new()), drawn(Vec::new(), Vec::new())] {
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
