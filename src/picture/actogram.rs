//! Days as a station sees them: one row a day, 24 hours across, a shade for each quarter hour by how lively it was.
//!
//! Of all that looks alike there is one path, in quarter hours and rows, so that two weeks are a few kilobytes.

use super::activity::{CELL, LEFT, RIGHT, WIDTH, clock};
use super::material::{Caption, QUARTERS, Shape};
use super::svg::{Drawing, number, rectangle};
use std::fmt::Write;

/// What [`actogram`] is drawn of.
#[derive(Debug, Clone, PartialEq)]
pub struct Actogram {
    /// The picture's name on its page.
    pub id: &'static str,
    /// What it says of itself.
    pub caption: Caption,
    /// The rows, the oldest first.
    pub rows: Vec<Lively>,
    /// How high a row is: 26 where there are many, more where there is one.
    pub row_height: u32,
    /// Half hours in which it is quiet on most days, from midnight on; empty where that is not known.
    pub quiet: Vec<bool>,
    /// The quarter hour of the last row that goes on.
    pub now: Option<f64>,
    /// What was raised.
    pub marks: Vec<Mark>,
}

/// One day of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Lively {
    /// Its name at the left.
    pub name: String,
    /// The day of the week before it.
    pub weekday: &'static str,
    /// By the clock on the wall: how lively, from 0 to 3.
    pub cells: Vec<Seen>,
    /// Quarter hours in which an outer door was used.
    pub doors: Vec<usize>,
    /// Quarter hours in which a button was pressed.
    pub buttons: Vec<usize>,
    /// The home was known to be other than usual: from one quarter hour to another.
    pub suspended: Vec<(f64, f64)>,
}

/// What is known of a quarter hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Seen {
    /// It has not come, or was skipped by the clock.
    #[default]
    Nothing,
    /// Nobody watched.
    Unknown,
    /// How lively it was, from 0 to 3.
    Level(u8),
}

/// Something that was raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// In which row.
    pub row: usize,
    /// At which quarter hour, and how far into it.
    pub quarter: f64,
    /// How urgent.
    pub shape: Shape,
    /// What, in a few words.
    pub words: String,
}

/// Draws it.
pub fn actogram(picture: &Actogram) -> String {
    let (rows, pitch) = (picture.rows.len(), f64::from(picture.row_height));
    let height = TOP + pitch * rows as f64 + BOTTOM;
    let foot = height - BOTTOM;
    let mut drawing = Drawing::new(picture.id, WIDTH, height, &picture.caption);
    let mut ground = String::new();
    let mut unknown = String::new();
    for (nth, row) in picture.rows.iter().enumerate() {
        let top = TOP + pitch * nth as f64 + 2.0;
        each_run(
            &row.cells,
            |seen| matches!(seen, Seen::Level(_)),
            |from, cells| {
                rectangle(&mut ground, x(from as f64), top, cells as f64 * CELL, pitch - 4.0);
            },
        );
        each_run(
            &row.cells,
            |seen| seen == Seen::Unknown,
            |from, cells| {
                rectangle(&mut unknown, x(from as f64), top, cells as f64 * CELL, pitch - 4.0);
            },
        );
    }
    drawing.path("ground", &ground);
    drawing.path("usually-quiet", &band(&picture.quiet, TOP, foot));
    drawing.hatched(picture.id, &unknown);
    // A quarter hour and a row are one; the strokes are as high as a row but a little.
    drawing.raw(&format!("<g transform=\"translate({LEFT} {TOP}) scale({CELL} {pitch})\">"));
    for level in 1..=LEVELS {
        drawing.path(&format!("v{level}"), &strokes(&picture.rows, |seen| seen == Seen::Level(level)));
    }
    drawing.raw("</g>");
    drawing.path("suspended", &suspended(&picture.rows, pitch));
    drawing.path("door", &ticks(&picture.rows, pitch, |row| &row.doors));
    drawing.path("button", &dots(&picture.rows, pitch));
    clock(&mut drawing, TOP, foot, TOP - 14.0);
    for (nth, row) in picture.rows.iter().enumerate() {
        let middle = TOP + pitch * (nth as f64 + 0.5);
        drawing.words("weekday", 0.0, middle, row.weekday);
        drawing.words("day", LEFT - 8.0, middle, &row.name);
    }
    if let Some(now) = picture.now.filter(|_| rows > 0) {
        let (at, top) = (number(x(now)), number(foot - pitch));
        drawing.path("now", &format!("M{at} {top}V{}", number(foot)));
    }
    for mark in &picture.marks {
        drawing.mark(mark.shape, x(mark.quarter), TOP + pitch * (mark.row as f64 + 0.5), 9.0, &mark.words);
    }
    drawing.end()
}

const TOP: f64 = 34.0;
const BOTTOM: f64 = 6.0;
/// Shades above nobody moved.
const LEVELS: u8 = 3;

fn x(quarter: f64) -> f64 {
    (LEFT + quarter * CELL).min(RIGHT)
}

/// Hands each run of cells for which `is` holds to `draw`: where it begins, and how many they are.
fn each_run(cells: &[Seen], is: impl Fn(Seen) -> bool, mut draw: impl FnMut(usize, usize)) {
    let mut from = 0;
    for run in cells.iter().take(QUARTERS).collect::<Vec<_>>().chunk_by(|one, next| is(**one) == is(**next)) {
        if run.first().is_some_and(|first| is(**first)) {
            draw(from, run.len());
        }
        from += run.len();
    }
}

/// A stroke for each run, from where the one before it ended.
fn strokes(rows: &[Lively], is: impl Fn(Seen) -> bool + Copy) -> String {
    let mut path = String::new();
    for (nth, row) in rows.iter().enumerate() {
        let mut at = None;
        each_run(&row.cells, is, |from, cells| {
            // Writing to a text cannot fail.
            match at {
                None => write!(path, "M{from} {nth}.5h{cells}").ok(),
                Some(at) => write!(path, "m{} 0h{cells}", from - at).ok(),
            };
            at = Some(from + cells);
        });
    }
    path
}

fn band(quiet: &[bool], top: f64, foot: f64) -> String {
    let mut path = String::new();
    let mut from = 0;
    for run in quiet.chunk_by(|one, next| one == next) {
        if run.first() == Some(&true) {
            rectangle(&mut path, x(from as f64 * 2.0), top, run.len() as f64 * 2.0 * CELL, foot - top);
        }
        from += run.len();
    }
    path
}

fn suspended(rows: &[Lively], pitch: f64) -> String {
    let mut path = String::new();
    for (nth, row) in rows.iter().enumerate() {
        for (from, to) in &row.suspended {
            rectangle(&mut path, x(*from), TOP + pitch * (nth + 1) as f64 - 4.0, (x(*to) - x(*from)).max(2.0), 3.0);
        }
    }
    path
}

/// Short strokes at the upper edge.
fn ticks(rows: &[Lively], pitch: f64, of: impl Fn(&Lively) -> &Vec<usize>) -> String {
    let mut path = String::new();
    for (nth, row) in rows.iter().enumerate() {
        for quarter in of(row) {
            write!(path, "M{} {}v8", number(x(*quarter as f64 + 0.5)), number(TOP + pitch * nth as f64)).ok();
        }
    }
    path
}

fn dots(rows: &[Lively], pitch: f64) -> String {
    let mut path = String::new();
    for (nth, row) in rows.iter().enumerate() {
        for quarter in &row.buttons {
            write!(path, "M{} {}h0", number(x(*quarter as f64 + 0.5)), number(TOP + pitch * (nth as f64 + 0.5))).ok();
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lively(cells: Vec<Seen>) -> Lively {
        let (doors, buttons, suspended) = (Vec::new(), Vec::new(), Vec::new());
        Lively { name: "11-20".into(), weekday: "五", cells, doors, buttons, suspended }
    }

    fn drawn(rows: Vec<Lively>, quiet: Vec<bool>) -> String {
        let caption = Caption { title: "t".into(), description: "d".into(), weekdays: [""; 7], hours: "" };
        let (id, row_height, now, marks) = ("days", 26, Some(40.0), Vec::new());
        actogram(&Actogram { id, caption, rows, row_height, quiet, now, marks })
    }

    /// Nights at rest, days with runs of any length.
    fn made_up_day(seed: u64) -> Vec<Seen> {
        let mut dice = seed;
        let mut roll = |below: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % below
        };
        let mut cells = vec![Seen::Level(0); 26];
        while cells.len() < 90 {
            let (level, quarters) = (roll(4) as u8, roll(4) as usize + 1);
            cells.extend(vec![Seen::Level(level); quarters]);
        }
        cells.resize(96, Seen::Level(0));
        cells
    }

    #[test]
    fn two_weeks_are_a_few_kilobytes() {
        let rows = (1..=14).map(|seed| lively(made_up_day(seed))).collect();
        let svg = drawn(rows, (0..48).map(|slot| slot < 12).collect());
        assert!(svg.len() <= 8_000, "{} bytes", svg.len());
        assert_eq!(svg.matches("class=\"v1\"").count(), 1, "one path for each shade");
        assert!(!svg.contains("style="));
    }

    #[test]
    fn what_nobody_watched_is_hatched_and_what_has_not_come_is_not_drawn() {
        let mut cells = vec![Seen::Level(0); 4];
        cells.extend([Seen::Unknown, Seen::Unknown, Seen::Level(3), Seen::Level(3), Seen::Level(1)]);
        let svg = drawn(vec![lively(cells)], vec![true; 48]);
        assert!(svg.contains("class=\"v3\" d=\"M6 0.5h2\""), "{svg}");
        assert!(svg.contains("class=\"v1\" d=\"M8 0.5h1\""), "{svg}");
        assert!(svg.contains("class=\"unknown\" fill=\"url(#days-hatch)\" d=\"M138 36h14v22H138z\""), "{svg}");
        assert!(svg.contains("class=\"ground\" d=\"M110 36h28v22H110zM152 36h21v22H152z\""), "{svg}");
        assert!(svg.contains("class=\"usually-quiet\" d=\"M110 34h672"), "{svg}");
    }
}
