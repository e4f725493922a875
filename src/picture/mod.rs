//! Data → pictures: SVG for pages and reports, block characters for terminals.
//!
//! Pure: what is drawn comes as [`Material`], words come with it, nothing is looked up. A picture says by place, shape and
//! pattern what it says by colour, has a title and a description for those who cannot see it, and takes its colours from
//! [`CSS`], so that the same drawing is read on paper, on a light and on a dark screen. What nobody watched is hatched: it was
//! neither quiet nor lively, it is not known.

mod activity;
mod actogram;
mod bars;
mod blocks;
mod circle;
mod days;
mod figures;
mod limits;
mod material;
mod minutes;
mod strip;
mod svg;

pub use activity::activity;
pub use actogram::{Actogram, Lively, Mark, Seen, actogram};
pub use bars::{Bars, bars};
pub use blocks::{BLOCKS_PER_DAY, Blocks};
pub use circle::{CIRCLE_CSS, Circle, circle, circle_file};
pub use days::{Cell, Day, days};
pub use figures::{DayFigures, HourFigures, RoomFigures, by_day, by_hour, by_room};
pub use limits::limits;
pub use material::{Alarm, Caption, Life, Limit, Material, PLACES_MAX, QUARTERS, SILENCE_MIN, Shape, Silence, Stretch};
pub use minutes::{Dot, Minutes, Placed, minutes, placed};
pub use strip::strip;
pub use svg::{escaped, shape};

/// The colours and strokes of all pictures; to be put on the page once.
pub const CSS: &str = include_str!("picture.css");
