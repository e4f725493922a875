//! Who lives in the made-up homes: habits as numbers, and what hangs on the walls.
//!
//! Nobody here was ever measured. The figures are ordinary ones, and each resident makes another thing hard for the rules.

use crate::engine::rules::{Night, Settings};
use crate::model::time::{Hours, TimeOfDay};

/// A resident's habits.
#[derive(Debug, Clone, PartialEq)]
pub struct Character {
    /// The word for it on the command line.
    pub name: &'static str,
    /// What is particular.
    pub says: &'static str,
    /// When the day begins, by the clock on the wall, in minutes after midnight; on most days within twice the spread.
    pub rises_minute: f64,
    /// Standard deviation of the rising.
    pub rises_spread: f64,
    /// From rising until going to bed.
    pub awake_hours: f64,
    /// How often the night is interrupted for the bathroom.
    pub night_visits: f64,
    /// How likely such a visit becomes an hour in the living room or kitchen.
    pub sleepless: f64,
    /// A sleeper is seen to turn about so often.
    pub turns_every_minutes: f64,
    /// How likely there is a nap after the midday meal.
    pub naps: f64,
    /// Median nap.
    pub nap_minutes: f64,
    /// Median of sitting in the living room.
    pub sits_minutes: f64,
    /// Somebody who sits is seen to move about so often.
    pub stirs_every_minutes: f64,
    /// How the bathroom weighs among the rooms of the day.
    pub bathroom: f64,
    /// How likely there is an outing, Monday first.
    pub outings: [f64; 7],
    /// Median outing.
    pub out_minutes: f64,
    /// Days spent in bed.
    pub ill_days_per_year: f64,
    /// When they sleep, by the hour, where that is not at night: whoever set up the home has said so.
    pub sleeps: Option<(u16, u16)>,
    /// Who comes every week.
    pub visitor: Option<Visitor>,
    /// What hangs on the walls beside a motion sensor for each room, the front door and the pendant.
    pub kit: Kit,
}

/// A visit of every week.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Visitor {
    /// Monday = 0.
    pub weekday: u8,
    /// Minutes after midnight.
    pub minute: f64,
    /// How long.
    pub lasts_minutes: f64,
}

/// What kind of sensors a home has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kit {
    /// Motion sensors on radio and coin cell: one report per movement, then blind for minutes, never an end; else Zigbee.
    pub radio_motion: bool,
    /// A mat in the bed.
    pub bed: bool,
    /// A contact on the refrigerator.
    pub fridge: bool,
}

const ZIGBEE: Kit = Kit { radio_motion: false, bed: false, fridge: false };

const STEADY: Character = Character {
    name: "steady",
    says: "the same every day",
    rises_minute: 7.0 * 60.0,
    rises_spread: 12.0,
    awake_hours: 15.5,
    night_visits: 1.0,
    sleepless: 0.03,
    turns_every_minutes: 180.0,
    naps: 0.6,
    nap_minutes: 45.0,
    sits_minutes: 40.0,
    stirs_every_minutes: 9.0,
    bathroom: 1.2,
    outings: [0.3, 0.6, 0.3, 0.6, 0.3, 0.5, 0.4],
    out_minutes: 75.0,
    ill_days_per_year: 3.0,
    sleeps: None,
    visitor: None,
    kit: ZIGBEE,
};

/// Everybody.
pub const ALL: &[Character] = &[
    STEADY,
    Character {
        name: "restless",
        says: "nights in pieces, up at any hour",
        rises_minute: 6.5 * 60.0,
        rises_spread: 35.0,
        awake_hours: 16.5,
        night_visits: 3.0,
        sleepless: 0.35,
        turns_every_minutes: 45.0,
        kit: Kit { bed: true, ..ZIGBEE },
        ..STEADY
    },
    Character {
        name: "often_out",
        says: "out most days, now and then until late",
        outings: [0.8, 0.9, 0.8, 0.9, 0.8, 0.7, 0.6],
        out_minutes: 165.0,
        rises_spread: 20.0,
        ..STEADY
    },
    Character {
        name: "still_sitter",
        says: "sits for hours and is hardly seen to move",
        sits_minutes: 95.0,
        stirs_every_minutes: 80.0,
        naps: 0.85,
        nap_minutes: 80.0,
        outings: [0.1; 7],
        night_visits: 1.5,
        kit: Kit { fridge: true, ..ZIGBEE },
        ..STEADY
    },
    Character {
        name: "day_sleeper",
        says: "rises in the afternoon, sleeps by day; rules.night says so",
        sleeps: Some((6, 15)),
        rises_minute: 15.0 * 60.0,
        rises_spread: 35.0,
        awake_hours: 15.0,
        outings: [0.35; 7],
        ..STEADY
    },
    Character {
        name: "frail",
        says: "in the bathroom again and again, day and night",
        awake_hours: 13.5,
        rises_minute: 7.75 * 60.0,
        rises_spread: 25.0,
        night_visits: 4.5,
        bathroom: 4.0,
        sits_minutes: 50.0,
        stirs_every_minutes: 20.0,
        naps: 0.9,
        nap_minutes: 90.0,
        outings: [0.05; 7],
        ill_days_per_year: 8.0,
        visitor: Some(Visitor { weekday: 1, minute: 9.5 * 60.0, lasts_minutes: 60.0 }),
        kit: Kit { bed: true, ..ZIGBEE },
        ..STEADY
    },
    Character {
        name: "visited",
        says: "somebody comes every Sunday; motion sensors on coin cells",
        outings: [0.2, 0.5, 0.2, 0.5, 0.2, 0.4, 0.1],
        visitor: Some(Visitor { weekday: 6, minute: 14.0 * 60.0, lasts_minutes: 150.0 }),
        kit: Kit { radio_motion: true, bed: false, fridge: false },
        ..STEADY
    },
];

impl Character {
    /// The rules as somebody sets them who knows when the resident sleeps; another night than the usual one stands.
    pub fn rules(&self, given: &Settings) -> Settings {
        let hours = self.sleeps.and_then(|(from, to)| TimeOfDay::new(from, 0).zip(TimeOfDay::new(to, 0)));
        let own = hours.map(|(from, to)| Night(Hours { from, to })).filter(|_| given.night == Night::default());
        Settings { night: own.unwrap_or(given.night), ..given.clone() }
    }
}

/// The resident of this name.
pub fn named(name: &str) -> Option<&'static Character> {
    ALL.iter().find(|character| character.name == name)
}
