//! What pictures are drawn of.

use crate::model::time::{Span, Timestamp, Zone};

/// Quarter hours of a day.
pub const QUARTERS: usize = 96;

/// Rooms that can be told apart in a picture; what is more is drawn as one.
pub const PLACES_MAX: usize = 8;

/// Shorter silences say nothing about a limit and are not drawn.
pub const SILENCE_MIN: Span = Span::minutes(30);

/// What a home showed in some days.
#[derive(Debug, Clone, PartialEq)]
pub struct Material {
    /// The clock on its wall.
    pub zone: Zone,
    /// The first midnight.
    pub from: Timestamp,
    /// Nothing is known after this.
    pub until: Timestamp,
    /// The rooms in words, at most [`PLACES_MAX`].
    pub places: Vec<String>,
    /// Signs of life, oldest first.
    pub life: Vec<Life>,
    /// Silences of at least [`SILENCE_MIN`], oldest first.
    pub silences: Vec<Silence>,
    /// The limits that silences are held against.
    pub limits: Vec<Limit>,
    /// What was raised about the person.
    pub alarms: Vec<Alarm>,
    /// Nobody watched.
    pub unwatched: Vec<Stretch>,
    /// Rules about the person were suspended.
    pub suspended: Vec<Stretch>,
}

/// A sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// When.
    pub at: Timestamp,
    /// Where: index into [`Material::places`].
    pub place: usize,
}

/// A span without sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// From the last sign of life on, or since somebody watched again.
    pub from: Timestamp,
    /// How long.
    pub length: Span,
    /// Where the last sign of life was: index into [`Material::places`].
    pub place: Option<usize>,
    /// Whether it began and ended with a sign of life; else it was at least so long.
    pub is_whole: bool,
}

/// A limit for silences, by the clock at which a silence begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// What it is called.
    pub name: String,
    /// How long a silence that begins in this quarter hour may last; absent where there is no limit. [`QUARTERS`] of them.
    pub after: Vec<Option<Span>>,
}

/// Something that was raised about the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// When.
    pub at: Timestamp,
    /// Since when it had been quiet, where the quiet was the reason.
    pub quiet_since: Option<Timestamp>,
    /// How urgent.
    pub shape: Shape,
    /// What, in a few words.
    pub words: String,
}

/// The shapes of the desk: octagon, triangle, square, diamond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // the names are those of the severities
pub enum Shape {
    Emergency,
    Urgent,
    Notice,
    Blind,
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// Begin.
    pub from: Timestamp,
    /// End.
    pub to: Timestamp,
}

/// What a picture says of itself, and the few words in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caption {
    /// What it shows.
    pub title: String,
    /// The same for those who do not see it.
    pub description: String,
    /// The days of the week, Monday first.
    pub weekdays: [&'static str; 7],
    /// The word behind a number of hours.
    pub hours: &'static str,
}
