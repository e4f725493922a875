//! The activity picture: one row a day, 24 hours across, a cell for each quarter hour, coloured by room.

use super::days::{Cell, Day};
use super::material::{Caption, Material, PLACES_MAX, QUARTERS};
use super::svg::{Drawing, rectangle};

/// Draws `days`, which are those of `material`.
pub fn activity(material: &Material, days: &[Day], caption: &Caption) -> String {
    let rows = Rows::of(days.len());
    let height = TOP + rows.pitch * days.len() as f64 + BOTTOM;
    let mut drawing = Drawing::new(ID, WIDTH, height, caption);
    let mut paths = Paths::default();
    for (nth, day) in days.iter().enumerate() {
        paths.day(day, rows.top(nth), &rows);
    }
    drawing.path("ground", &paths.ground);
    drawing.hatched(ID, &paths.unknown);
    for (place, path) in paths.life.iter().enumerate() {
        drawing.path(&format!("p{place}"), path);
    }
    drawing.path("suspended", &paths.suspended);
    clock(&mut drawing, TOP, height - BOTTOM, TOP - 14.0);
    for (nth, day) in days.iter().enumerate().filter(|(nth, day)| rows.is_named(*nth, day)) {
        let middle = rows.top(nth) + rows.cell / 2.0;
        let weekday = caption.weekdays.get(usize::from(day.weekday)).copied().unwrap_or_default();
        drawing.words("weekday", 0.0, middle, weekday);
        drawing.words("day", LEFT - 8.0, middle, &format!("{:02}-{:02}", day.date.1, day.date.2));
    }
    for alarm in &material.alarms {
        let place = days.iter().position(|day| (day.stretch.from..day.stretch.to).contains(&alarm.at));
        if let Some(nth) = place {
            let second = f64::from(material.zone.local(alarm.at).second_of_day);
            let (x, y) = (LEFT + second / 900.0 * CELL, rows.top(nth) + rows.cell / 2.0);
            drawing.mark(alarm.shape, x, y, rows.mark, &alarm.words);
        }
    }
    drawing.end()
}

const ID: &str = "activity";
/// A quarter hour across.
pub(super) const CELL: f64 = 7.0;
/// Where midnight is.
pub(super) const LEFT: f64 = 110.0;
/// Where the next one is.
pub(super) const RIGHT: f64 = LEFT + CELL * QUARTERS as f64;
/// The whole width: an hour of the clock is as wide in every picture, so that they can be read one below the other.
pub(super) const WIDTH: f64 = RIGHT + 26.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 6.0;

/// Lines through a plot at hours of the clock, and the hours at height `y`.
pub(super) fn clock(drawing: &mut Drawing, top: f64, bottom: f64, y: f64) {
    let x = |hour: u32| LEFT + f64::from(hour) * 4.0 * CELL;
    let lines: String = (1..8).map(|third| format!("M{} {top}V{bottom}", x(third * 3))).collect();
    drawing.path("hours", &lines);
    for hour in (0..=24).step_by(3) {
        drawing.words("hour", x(hour), y, &format!("{hour:02}"));
    }
}

/// How high rows are: many days are thin.
struct Rows {
    pitch: f64,
    cell: f64,
    mark: f64,
    /// Whether several rooms of one quarter hour have stripes of their own.
    is_striped: bool,
    many: bool,
}

impl Rows {
    fn of(days: usize) -> Rows {
        if days <= 31 {
            Rows { pitch: 26.0, cell: 22.0, mark: 9.0, is_striped: true, many: false }
        } else {
            Rows { pitch: 8.0, cell: 7.0, mark: 7.0, is_striped: false, many: true }
        }
    }

    fn top(&self, nth: usize) -> f64 {
        TOP + self.pitch * nth as f64
    }

    /// Thin rows have no room for a name each: Mondays have one, and the first day where no Monday is near.
    fn is_named(&self, nth: usize, day: &Day) -> bool {
        !self.many || day.weekday == 0 || nth == 0 && day.weekday <= 4
    }
}

/// One path for everything that looks alike.
#[derive(Default)]
struct Paths {
    ground: String,
    unknown: String,
    suspended: String,
    life: [String; PLACES_MAX],
}

impl Paths {
    fn day(&mut self, day: &Day, top: f64, rows: &Rows) {
        runs(
            day,
            |cell| cell.seconds > 0 && !cell.is_unknown(),
            |x, width| {
                rectangle(&mut self.ground, x, top, width, rows.cell);
            },
        );
        runs(day, Cell::is_unknown, |x, width| rectangle(&mut self.unknown, x, top, width, rows.cell));
        runs(
            day,
            |cell| cell.suspended_seconds * 2 > cell.seconds,
            |x, width| {
                rectangle(&mut self.suspended, x, top + rows.cell - 2.0, width, 2.0);
            },
        );
        for (place, path) in self.life.iter_mut().enumerate() {
            // A run of equal stripes is one rectangle.
            let mut open: Option<(usize, usize, f64, f64)> = None;
            for (nth, cell) in day.cells.iter().chain([&Cell::default()]).enumerate() {
                let stripe = stripe(cell, place, rows);
                open = match (open, stripe) {
                    (Some((from, to, y, height)), Some(now)) if (y, height) == now && to == nth => {
                        Some((from, nth + 1, y, height))
                    }
                    (before, now) => {
                        if let Some((from, to, y, height)) = before {
                            rectangle(path, across(from), top + y, across(to) - across(from), height);
                        }
                        now.map(|(y, height)| (nth, nth + 1, y, height))
                    }
                };
            }
        }
    }
}

fn across(quarter: usize) -> f64 {
    LEFT + quarter as f64 * CELL
}

/// Which part of a cell belongs to `place`, from its top, and how high it is.
fn stripe(cell: &Cell, place: usize, rows: &Rows) -> Option<(f64, f64)> {
    let count = cell.life.get(place).copied().filter(|count| *count > 0)?;
    if !rows.is_striped {
        // The room in which most was seen; of equals the first.
        let is_first = cell.life.iter().position(|other| *other >= count && cell.life.iter().all(|c| c <= other));
        return (is_first == Some(place)).then_some((0.0, rows.cell));
    }
    let lively = |counts: &[u16]| counts.iter().filter(|count| **count > 0).count() as f64;
    let height = rows.cell / lively(&cell.life);
    Some((lively(&cell.life[..place]) * height, height))
}

/// Hands every run of quarter hours for which `is` holds to `draw`: where it begins and how wide it is.
fn runs(day: &Day, is: impl Fn(&Cell) -> bool, mut draw: impl FnMut(f64, f64)) {
    let mut begin: Option<usize> = None;
    for nth in 0..=day.cells.len() {
        let holds = day.cells.get(nth).is_some_and(&is);
        match (begin, holds) {
            (None, true) => begin = Some(nth),
            (Some(from), false) => {
                draw(across(from), across(nth) - across(from));
                begin = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
}
