//! A span in which the home is known to be other than usual: nobody there, or more people than one.
//!
//! Every suspension has somebody who answers for it, and an end that cannot be left out. It holds back rules about the person's
//! habits; never a call, a danger, or a fault.

use crate::model::ids::HomeId;
use crate::model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Why the home is other than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// Out for longer, and said so.
    Away,
    /// In hospital.
    Hospital,
    /// Elsewhere for days.
    Holiday,
    /// Guests: movement is not the resident's alone.
    Visitors,
    /// Somebody cleans or repairs: doors stand open, sensors are moved.
    Cleaning,
}

impl Absence {
    /// Every kind.
    pub const ALL: [Absence; 5] =
        [Absence::Away, Absence::Hospital, Absence::Holiday, Absence::Visitors, Absence::Cleaning];

    /// Whether nobody should be at home.
    pub fn is_empty_home(self) -> bool {
        matches!(self, Absence::Away | Absence::Hospital | Absence::Holiday)
    }

    /// Whether it holds back this rule.
    pub fn holds(self, rule: &str) -> bool {
        match self {
            Absence::Away | Absence::Hospital | Absence::Holiday => NOBODY_THERE.contains(&rule),
            Absence::Visitors => ["night_door", "long_in_room", "door_left_open"].contains(&rule),
            Absence::Cleaning => ["long_in_room", "door_left_open"].contains(&rule),
        }
    }
}

/// Rules that judge how somebody lives there.
const NOBODY_THERE: [&str; 8] = [
    "inactivity",
    "rhythm",
    "night_door",
    "out_of_bed",
    "long_in_room",
    "late_rising",
    "daily_contact",
    "away_too_long",
];

/// A suspension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Why.
    pub kind: Absence,
    /// Who answers for it: an id of the station's staff, `home` for the away button; never a name.
    pub owner: String,
    /// In words, for the next reader.
    #[serde(default)]
    pub why: String,
    /// From when on.
    #[serde(with = "chrono::serde::ts_milliseconds", rename = "from_ms")]
    pub from: Timestamp,
    /// Its end.
    #[serde(with = "chrono::serde::ts_milliseconds", rename = "until_ms")]
    pub until: Timestamp,
}

/// Longer than this nobody suspends what watches over somebody.
pub const LONGEST: Span = Span::days(30);

const OWNER_LENGTH_MAX: usize = 64;
const WHY_LENGTH_MAX: usize = 200;

impl Suspension {
    /// Why it cannot be taken at `now`, in words.
    pub fn fault(&self, now: Timestamp) -> Option<String> {
        if self.owner.trim().is_empty() || self.owner.chars().count() > OWNER_LENGTH_MAX {
            Some("a suspension needs somebody who answers for it".into())
        } else if self.why.chars().count() > WHY_LENGTH_MAX {
            Some(format!("its reason is longer than {WHY_LENGTH_MAX} characters"))
        } else if self.until <= self.from || self.until <= now {
            Some("its end is over already".into())
        } else if self.until - now > LONGEST || self.from - now > LONGEST {
            Some(format!("it lasts for more than {} days; suspend again then", LONGEST.num_days()))
        } else {
            None
        }
    }
}

/// What a station says about the suspensions of a home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspend {
    /// 1.
    pub v: u32,
    /// Whose home.
    pub home: HomeId,
    /// What is done.
    #[serde(flatten)]
    pub what: Change,
}

/// A change of the suspensions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Change {
    /// From now on, or from its beginning on.
    Begin(Suspension),
    /// Over before its end.
    End {
        /// Which.
        kind: Absence,
        /// Who says so.
        owner: String,
    },
}
