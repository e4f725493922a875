//! The activity picture for a terminal: a character for each half hour.

use super::days::{Cell, Day};
use super::material::Material;

/// Characters a day takes.
pub const BLOCKS_PER_DAY: usize = 48;

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocks {
    /// Block characters.
    Unicode,
    /// Plain letters.
    Ascii,
}

impl Blocks {
    /// A day as [`BLOCKS_PER_DAY`] characters; an alarm stands in the place of its half hour.
    pub fn row(self, day: &Day, material: &Material) -> String {
        let alarms = material.alarms.iter().filter(|alarm| (day.stretch.from..day.stretch.to).contains(&alarm.at));
        let alarmed: Vec<usize> =
            alarms.map(|alarm| material.zone.local(alarm.at).second_of_day as usize / HALF_HOUR_SECONDS).collect();
        let halves = day.cells.chunks(2).enumerate();
        halves.map(|(nth, cells)| if alarmed.contains(&nth) { ALARM } else { self.half_hour(cells) }).collect()
    }

    fn half_hour(self, cells: &[Cell]) -> char {
        let lives: u32 = cells.iter().map(Cell::lives).sum();
        if cells.iter().all(|cell| cell.seconds == 0) {
            ' '
        } else if lives > 0 {
            // Twice as many, one step higher.
            let step = (u32::BITS - lives.leading_zeros() - 1) as usize;
            let steps = self.steps();
            steps.get(step.min(steps.len() - 1)).copied().unwrap_or(ALARM)
        } else if cells.iter().any(Cell::is_unknown) {
            self.unknown()
        } else {
            self.quiet()
        }
    }

    /// Few signs of life to many.
    pub fn steps(self) -> [char; 8] {
        match self {
            Blocks::Unicode => ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
            Blocks::Ascii => ['1', '2', '3', '4', '5', '6', '7', '8'],
        }
    }

    /// Watched, and nothing seen.
    pub fn quiet(self) -> char {
        match self {
            Blocks::Unicode => '·',
            Blocks::Ascii => '.',
        }
    }

    /// Not known.
    pub fn unknown(self) -> char {
        match self {
            Blocks::Unicode => '░',
            Blocks::Ascii => '?',
        }
    }
}

/// Stands in the place of a half hour in which something was raised.
const ALARM: char = '!';
const HALF_HOUR_SECONDS: usize = 1800;
