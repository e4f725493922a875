//! The limit over the day and the silences it rests on: a dot for each silence, by the clock at which it began and how long
//! it lasted; a line for how long one may last that begins then.

use super::activity::{CELL, LEFT, RIGHT, WIDTH, clock};
use super::material::{Caption, Limit, Material, PLACES_MAX};
use super::svg::{Drawing, number};
use crate::model::time::{Span, Timestamp};
use std::fmt::Write;

/// Draws the silences and limits of `material`.
pub fn limits(material: &Material, caption: &Caption) -> String {
    let mut drawing = Drawing::new(ID, WIDTH, HEIGHT, caption);
    let scale = Scale::of(material);
    drawing.path("ground", &format!("M{LEFT} {TOP}H{RIGHT}V{FOOT}H{LEFT}z"));
    let steps = (0..).map(|n| n * scale.step).take_while(|hours| *hours <= scale.hours);
    for hours in steps {
        let y = scale.y(Span::hours(i64::from(hours)));
        drawing.path("hours", &format!("M{LEFT} {0}H{RIGHT}", number(y)));
        drawing.words("day", LEFT - 8.0, y, &format!("{hours} {}", caption.hours));
    }
    clock(&mut drawing, TOP, FOOT, FOOT + 24.0);
    let mut dots: [String; PLACES_MAX] = Default::default();
    let (mut elsewhere, mut at_least) = (String::new(), String::new());
    for silence in &material.silences {
        let (x, y) = (number(x_of(material, silence.from)), number(scale.y(silence.length)));
        let into = match silence.place.and_then(|place| dots.get_mut(place)) {
            _ if !silence.is_whole => &mut at_least,
            Some(dots) => dots,
            None => &mut elsewhere,
        };
        // A stroke without length and with round ends is a dot. An arrow upwards: it was longer than is known.
        let dot = if silence.is_whole { format!("M{x} {y}h0") } else { format!("M{x} {y}m-3.5 0l3.5-7l3.5 7z") };
        into.push_str(&dot);
    }
    for (place, dots) in dots.iter().enumerate() {
        drawing.path(&format!("dots d{place}"), dots);
    }
    drawing.path("dots elsewhere", &elsewhere);
    drawing.path("at-least", &at_least);
    for (nth, limit) in material.limits.iter().enumerate() {
        drawing.path(&format!("limit l{}", nth % LINES), &line(limit, &scale));
    }
    for alarm in &material.alarms {
        if let Some(quiet_since) = alarm.quiet_since {
            let y = scale.y(alarm.at - quiet_since);
            drawing.mark(alarm.shape, x_of(material, quiet_since), y, 8.0, &alarm.words);
        }
    }
    drawing.end()
}

const ID: &str = "limits";
const HEIGHT: f64 = 376.0;
const TOP: f64 = 16.0;
const FOOT: f64 = 336.0;
/// Lines that can be told apart.
const LINES: usize = 4;

fn x_of(material: &Material, at: Timestamp) -> f64 {
    LEFT + f64::from(material.zone.local(at).second_of_day) / 900.0 * CELL
}

/// Steps: a limit holds for a whole quarter hour.
fn line(limit: &Limit, scale: &Scale) -> String {
    let heights: Vec<Option<String>> =
        limit.after.iter().map(|after| after.map(|after| number(scale.y(after)))).collect();
    let mut path = String::new();
    let (mut quarter, mut goes_on) = (0, false);
    for run in heights.chunk_by(|one, next| one == next) {
        let (from, to) = (LEFT + quarter as f64 * CELL, LEFT + (quarter + run.len()) as f64 * CELL);
        quarter += run.len();
        let height = run.first().and_then(Option::as_ref);
        if let Some(y) = height {
            let start = if goes_on { format!("V{y}") } else { format!("M{} {y}", number(from)) };
            // Writing to a text cannot fail.
            write!(path, "{start}H{}", number(to)).ok();
        }
        goes_on = height.is_some();
    }
    path
}

/// How many hours the picture is high.
struct Scale {
    hours: u32,
    step: u32,
}

impl Scale {
    fn of(material: &Material) -> Scale {
        let limits = material.limits.iter().flat_map(|limit| limit.after.iter().flatten().copied());
        let silences = material.silences.iter().map(|silence| silence.length);
        let longest = limits.chain(silences).max().unwrap_or(Span::zero());
        let hours = (longest.num_minutes().clamp(0, HOURS_MAX * 60) as u32).div_ceil(60).max(HOURS_MIN);
        let step = if hours > 12 { 4 } else { 2 };
        Scale { hours: hours.next_multiple_of(step), step }
    }

    /// What is longer than the picture is high is drawn at its upper edge.
    fn y(&self, length: Span) -> f64 {
        let share = length.num_seconds().max(0) as f64 / (f64::from(self.hours) * 3600.0);
        FOOT - (FOOT - TOP) * share.min(1.0)
    }
}

const HOURS_MIN: u32 = 4;
const HOURS_MAX: i64 = 24;
