//! The words that steps carry: how an alert ended, how the person was reached, what proves an arrival.

use crate::model::reason::SignOfLife;
use serde::{Deserialize, Serialize};

/// Why the person need not be asked any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckEnd {
    /// Somebody moved or pressed.
    Answered {
        /// The sign of life.
        sign: SignOfLife,
    },
    /// Nobody did until the limit: an alert was raised.
    LimitPassed,
    /// The limit holds no longer: an absence has begun, or nobody watches.
    NoLongerDue,
    /// A test has gone its ways.
    Tested {
        /// So many of them gave no answer.
        unanswered: u32,
    },
}

/// What proves an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Proof {
    None,
    ServiceButton,
    Door,
}

/// What came of a telephone call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum CallResult {
    Reached,
    NoAnswer,
    Busy,
    WrongNumber,
}

/// What a timer reminds of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reminder {
    /// Taken, but not set out, no note, no call.
    NotDeparted,
    /// Two thirds of the promised time have passed and nobody is there.
    NotArrivedYet,
    /// Arrived long ago: are you all right?
    NotClosed,
    /// Still not closed: the supervisor should ask.
    StillNotClosed,
    /// A request that nobody has ended.
    Overlooked,
}

// `station.md` 4.4.
/// What an alert was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the words are in `text`
pub enum Outcome {
    Helped,
    Hospital,
    FoundWell,
    AwayUnreported,
    HouseWork,
    PressedByMistake,
    WantedTalk,
    Equipment,
    NoAccess,
    Died,
    Test,
    Duplicate,
}

impl Outcome {
    /// Every outcome, in the order of the close form.
    pub const ALL: [Outcome; 12] = [
        Outcome::FoundWell,
        Outcome::Helped,
        Outcome::Hospital,
        Outcome::PressedByMistake,
        Outcome::WantedTalk,
        Outcome::AwayUnreported,
        Outcome::HouseWork,
        Outcome::Equipment,
        Outcome::NoAccess,
        Outcome::Duplicate,
        Outcome::Test,
        Outcome::Died,
    ];

    /// The word for it on the wire and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Helped => "helped",
            Outcome::Hospital => "hospital",
            Outcome::FoundWell => "found_well",
            Outcome::AwayUnreported => "away_unreported",
            Outcome::HouseWork => "house_work",
            Outcome::PressedByMistake => "pressed_by_mistake",
            Outcome::WantedTalk => "wanted_talk",
            Outcome::Equipment => "equipment",
            Outcome::NoAccess => "no_access",
            Outcome::Died => "died",
            Outcome::Test => "test",
            Outcome::Duplicate => "duplicate",
        }
    }
}

/// How the person was reached before an alert is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Contact {
    Seen,
    Spoken,
    None,
}
