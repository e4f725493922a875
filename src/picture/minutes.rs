//! Homes round their service point without a map below: the distance from the middle is the minutes to the door, the angle the
//! direction, north up. Fifteen minutes are always of the same size.
//!
//! Where homes lie closer than dots can, a dot slides along its ring by ten degrees at most; what still finds no place joins
//! the nearest one, which then says how many it stands for.

use super::material::Caption;
use super::svg::{Drawing, escaped};
use std::collections::BTreeMap;

/// What [`minutes`] is drawn of.
#[derive(Debug, Clone, PartialEq)]
pub struct Minutes {
    /// What it says of itself.
    pub title: String,
    /// The same for those who cannot see it.
    pub description: String,
    /// Homes where they were placed.
    pub placed: Vec<Placed>,
    /// The words for each [`Dot`], in their order, and for minutes.
    pub legend: [String; 8],
    /// What stands behind the number of a ring.
    pub minutes: String,
    /// The word at the top.
    pub north: String,
}

/// How a home is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dot {
    /// Somebody there needs somebody.
    Alert,
    /// It cannot raise an alert.
    NoContact,
    /// It was never heard, or never saw anybody.
    Unknown,
    /// Nothing in it can be seen.
    CannotSee,
    /// It is known to be other than usual.
    Suspended,
    /// It learns what is usual.
    Learning,
    /// Nobody moved for a while.
    Quiet,
    /// Somebody moved just now.
    Active,
}

impl Dot {
    /// All, the most pressing first.
    pub const ALL: [Dot; 8] = [
        Dot::Alert,
        Dot::NoContact,
        Dot::Unknown,
        Dot::CannotSee,
        Dot::Suspended,
        Dot::Learning,
        Dot::Quiet,
        Dot::Active,
    ];

    fn name(self) -> &'static str {
        match self {
            Dot::Alert => "a",
            Dot::NoContact => "b",
            Dot::Unknown => "u",
            Dot::CannotSee => "c",
            Dot::Suspended => "s",
            Dot::Learning => "l",
            Dot::Quiet => "q",
            Dot::Active => "w",
        }
    }

    /// Told apart by shape; round zero.
    fn outline(self) -> &'static str {
        match self {
            Dot::Alert => "M-4-9H4L9-4V4L4 9H-4L-9 4V-4z",
            Dot::NoContact => "M0-9L9 0L0 9L-9 0z",
            Dot::Unknown => "M-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0M-4-4L4 4M4-4L-4 4",
            Dot::CannotSee => "M0-9L9 0L0 9L-9 0zM-4 0H4",
            Dot::Suspended => "M-7-7H7V7H-7z",
            Dot::Learning => "M-8-6H8L0 9z",
            Dot::Quiet => "M-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0M-3 0H3",
            Dot::Active => "M-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0",
        }
    }
}

/// A mark on the drawing that stands for these homes.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Numbers of the homes, as they were handed in.
    pub homes: Vec<usize>,
    /// That of the most pressing one.
    pub dot: Dot,
    /// Where it stands.
    pub at: (i32, i32),
    /// Where it leads; set by the caller.
    pub href: String,
    /// What it says on pointing at it; set by the caller.
    pub words: String,
}

const SIZE: f64 = 800.0;
const MIDDLE: f64 = 400.0;
/// Fifteen minutes.
const RADIUS: f64 = 330.0;
const RING_MINUTES: [u16; 3] = [5, 10, 15];
const RIM: f64 = 368.0;
/// Nobody stands on the point itself.
const NEAREST: f64 = 34.0;
/// Two marks of the greatest size just touch.
const APART: f64 = 20.0;
const SLIDE_DEGREES: i32 = 10;
const FOOT: f64 = 104.0;

/// Where homes stand: minutes and degrees from north, and how each is. In the order of rings and bearings.
pub fn placed(homes: &[(u16, u16, Dot)]) -> Vec<Placed> {
    let mut order: Vec<usize> = (0..homes.len()).collect();
    order.sort_by_key(|nth| homes.get(*nth).map(|(minutes, bearing, _)| (ring(*minutes), *bearing, *minutes)));
    let mut placed: Vec<Placed> = Vec::new();
    let mut crowd = Crowd::default();
    // Where no place was free none will be: further homes of the same minutes and bearing join the same mark.
    let mut full: BTreeMap<(u16, u16), usize> = BTreeMap::new();
    for nth in order {
        let Some((minutes, bearing, dot)) = homes.get(nth).copied() else { continue };
        let joins = full.get(&(minutes, bearing)).copied();
        let slides = std::iter::once(0).chain((1..=SLIDE_DEGREES).flat_map(|by| [by, -by])).filter(|_| joins.is_none());
        let free = slides
            .map(|slide| point(minutes, f64::from(bearing) + f64::from(slide)))
            .find(|at| crowd.near(*at).all(|other| distance(*at, other) >= APART));
        if let Some(at) = free {
            crowd.stand(at);
            placed.push(Placed { homes: vec![nth], dot, at, href: String::new(), words: String::new() });
            continue;
        }
        let at = point(minutes, f64::from(bearing));
        let near =
            |(_, a): &(usize, &Placed), (_, b): &(usize, &Placed)| distance(at, a.at).total_cmp(&distance(at, b.at));
        let Some(joins) = joins.or_else(|| placed.iter().enumerate().min_by(near).map(|(nth, _)| nth)) else {
            continue;
        };
        full.insert((minutes, bearing), joins);
        if let Some(nearest) = placed.get_mut(joins) {
            nearest.homes.push(nth);
            nearest.dot = nearest.dot.min(dot);
        }
    }
    placed
}

/// Where marks stand, by fields as wide as marks must be apart: whoever is too near stands in one of the nine around.
#[derive(Default)]
struct Crowd(BTreeMap<(i32, i32), Vec<(i32, i32)>>);

impl Crowd {
    fn stand(&mut self, at: (i32, i32)) {
        self.0.entry(field(at)).or_default().push(at);
    }

    fn near(&self, at: (i32, i32)) -> impl Iterator<Item = (i32, i32)> {
        let (x, y) = field(at);
        let rows = (x - 1..=x + 1).map(move |x| self.0.range((x, y - 1)..=(x, y + 1)));
        rows.flatten().flat_map(|(_, standing)| standing.iter().copied())
    }
}

fn field((x, y): (i32, i32)) -> (i32, i32) {
    (x.div_euclid(APART as i32), y.div_euclid(APART as i32))
}

/// The ring of so many minutes: 0, 1, 2, or 3 for those that are farther.
fn ring(minutes: u16) -> usize {
    RING_MINUTES.iter().position(|end| minutes <= *end).unwrap_or(RING_MINUTES.len())
}

fn point(minutes: u16, bearing: f64) -> (i32, i32) {
    let last = RING_MINUTES.last().copied().unwrap_or(15);
    let radius = if minutes > last { RIM } else { (RADIUS * f64::from(minutes) / f64::from(last)).max(NEAREST) };
    let angle = bearing.to_radians();
    ((MIDDLE + radius * angle.sin()).round() as i32, (MIDDLE - radius * angle.cos()).round() as i32)
}

fn distance(a: (i32, i32), b: (i32, i32)) -> f64 {
    f64::from(a.0 - b.0).hypot(f64::from(a.1 - b.1))
}

/// The drawing: each mark a link.
pub fn minutes(minutes: &Minutes) -> String {
    let (title, description) = (minutes.title.clone(), minutes.description.clone());
    let caption = Caption { title, description, weekdays: [""; 7], hours: "" };
    let mut drawing = Drawing::new("minutes", SIZE, SIZE + FOOT, &caption);
    let shapes =
        Dot::ALL.map(|dot| format!("<path id=\"d{0}\" class=\"mk-{0}\" d=\"{1}\"/>", dot.name(), dot.outline()));
    drawing.raw(&format!("<defs>{}</defs>", shapes.concat()));
    for end in RING_MINUTES {
        let radius = (RADIUS * f64::from(end) / 15.0).round() as i32;
        drawing.raw(&format!("<circle class=\"ring\" cx=\"400\" cy=\"400\" r=\"{radius}\"/>"));
    }
    drawing.raw(&format!("<circle class=\"rim\" cx=\"400\" cy=\"400\" r=\"{}\"/>", RIM as i32));
    drawing.words("north", MIDDLE, 12.0, &minutes.north);
    drawing.raw("<path class=\"point\" d=\"M385 400L400 385L415 400V414H385z\"/>");
    for mark in &minutes.placed {
        let (href, words, name) = (escaped(&mark.href), escaped(&mark.words), mark.dot.name());
        let (x, y) = mark.at;
        let body = match mark.homes.len() {
            1 => format!("<use href=\"#d{name}\" x=\"{x}\" y=\"{y}\"/>"),
            many => format!(
                "<circle class=\"many mk-{name}\" cx=\"{x}\" cy=\"{y}\" r=\"10\"/><text x=\"{x}\" y=\"{y}\">×{many}</text>"
            ),
        };
        drawing.raw(&format!("<a href=\"{href}\"><title>{words}</title>{body}</a>"));
    }
    for end in RING_MINUTES {
        let y = MIDDLE - RADIUS * f64::from(end) / 15.0 + 12.0;
        drawing.words("ring-word", MIDDLE + 4.0, y, &format!("{end} {}", minutes.minutes));
    }
    for (nth, (dot, words)) in Dot::ALL.iter().zip(&minutes.legend).enumerate() {
        let (x, y) = (20.0 + (nth % 3) as f64 * 260.0, SIZE + 18.0 + (nth / 3) as f64 * 32.0);
        drawing.raw(&format!("<use href=\"#d{}\" x=\"{x}\" y=\"{y}\"/>", dot.name()));
        drawing.words("legend", x + 18.0, y, words);
    }
    drawing.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A town of so many homes, most of them near.
    fn town(homes: u64, seed: u64) -> Vec<(u16, u16, Dot)> {
        let mut dice = seed;
        let mut roll = |below: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((dice >> 33) % below) as u16
        };
        let dots = Dot::ALL;
        (0..homes).map(|_| (roll(9) + roll(9) + 1, roll(360), dots[roll(40).min(7) as usize])).collect()
    }

    fn drawn(homes: &[(u16, u16, Dot)]) -> String {
        let mut placed = placed(homes);
        for (nth, mark) in placed.iter_mut().enumerate() {
            (mark.href, mark.words) = (format!("/home/ky-lehe-{nth:04}"), "3号楼2单元201室 · 6 分 · 安静".to_owned());
        }
        let legend = ["警情", "失联", "不知道", "看不清", "已报备", "学习中", "安静", "有活动"].map(str::to_owned);
        let [title, description, minutes, north] = ["t", "d", "min", "N"].map(str::to_owned);
        super::minutes(&Minutes { title, description, placed, legend, minutes, north })
    }

    #[test]
    fn no_two_marks_cover_each_other_and_none_is_lost() {
        for (homes, seed) in [(40, 1), (120, 2), (200, 3), (300, 4), (300, 5)] {
            let town = town(homes, seed);
            let placed = placed(&town);
            assert_eq!(placed.iter().map(|mark| mark.homes.len()).sum::<usize>(), homes as usize);
            for (nth, mark) in placed.iter().enumerate() {
                for other in &placed[nth + 1..] {
                    assert!(distance(mark.at, other.at) >= APART, "{mark:?} covers {other:?}");
                }
                let worst = mark.homes.iter().map(|home| town[*home].2).min();
                assert_eq!(Some(mark.dot), worst, "the most pressing of a badge shows");
            }
            let joined: usize = placed.iter().map(|mark| mark.homes.len()).filter(|many| *many > 1).sum();
            assert!(joined * 3 <= homes as usize, "{joined} of {homes} joined a badge");
        }
    }

    #[test]
    fn three_hundred_homes_are_light_and_each_is_a_link() {
        let town = town(300, 7);
        let svg = drawn(&town);
        assert!(svg.len() <= 40_000, "{} bytes", svg.len());
        assert_eq!(svg.matches("<a href=").count(), placed(&town).len());
        assert!(!svg.contains("style="));
    }

    #[test]
    fn a_home_keeps_its_minutes_and_slides_by_ten_degrees_at_most() {
        let homes: Vec<_> = (0..4).map(|_| (10, 90, Dot::Active)).collect();
        for mark in placed(&homes) {
            let (dx, dy) = (f64::from(mark.at.0) - MIDDLE, MIDDLE - f64::from(mark.at.1));
            assert!((dx.hypot(dy) - 220.0).abs() < 1.5, "{mark:?}");
            assert!((dx.atan2(dy).to_degrees() - 90.0).abs() <= 10.5, "{mark:?}");
        }
        let far = placed(&[(40, 0, Dot::Active)]);
        assert_eq!(far[0].at, (400, 32), "beyond the rings on the rim");
    }
}
