//! Who can be at which door in time: the fifteen-minute circle as a plan, before any alert.
//!
//! Pure. From a distance comes a time ([`Estimate`]), from duty hours the parts of the week in which the same points are
//! staffed ([`Shift`]), from both the nearest point of every home ([`Index`], a spatial index per shift and way of travel),
//! and from that who is reached when, by whom ([`Survey`]) and where one more point would help most ([`more`]).
//!
//! An estimate stays an estimate: no streets, rivers, lifts or hills are known. Where somebody has walked the way with a
//! watch, their minutes win ([`Home::given`]).

mod estimate;
mod index;
mod more;
mod survey;
mod week;

pub use crate::model::place::Way;
pub use estimate::{Estimate, Speeds};
pub use index::{Index, Nearest};
pub use more::{More, more};
pub use survey::{BANDS, Bands, ByShift, Seen, Survey};
pub use week::{Shift, at, cuts, week};

use crate::model::duty::DutyHours;
use crate::model::place::Location;
use crate::model::time::Span;

/// A service point on the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Where it is.
    pub location: Location,
    /// How its staff goes.
    pub by: Way,
    /// When its staff is there.
    pub on_duty: DutyHours,
    /// How many alerts it can answer at once, where that is known.
    pub capacity: Option<u32>,
}

/// A home on the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Home {
    /// Its id.
    pub id: Box<str>,
    /// Its place in words; may be empty.
    pub place: Box<str>,
    /// Where it is.
    pub location: Location,
    /// The times that somebody has measured, by the point's index.
    pub given: Box<[(u32, Span)]>,
}

#[cfg(test)]
mod tests;
