//! The people of a service point: what each may be, and which role that gives them in an alert.

use crate::model::duty::DutyHours;
use crate::model::lifecycle::Role;
use crate::model::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What somebody is at a service point; one person may be several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Watches the desk and sends people.
    Desk,
    /// Goes to the homes.
    Responder,
    /// Heads the station.
    Supervisor,
    /// Looks after sensors and gateways.
    Technician,
    /// Looks after people, keys and backups.
    Admin,
    /// Reads figures, without names; does nothing.
    Reader,
}

impl Position {
    /// Every position, in the order of the pages.
    pub const ALL: [Position; 6] = [
        Position::Desk,
        Position::Responder,
        Position::Supervisor,
        Position::Technician,
        Position::Admin,
        Position::Reader,
    ];

    /// The word in configurations, forms and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Position::Desk => "desk",
            Position::Responder => "responder",
            Position::Supervisor => "supervisor",
            Position::Technician => "technician",
            Position::Admin => "admin",
            Position::Reader => "reader",
        }
    }

    /// The position of this word.
    pub fn of(word: &str) -> Option<Position> {
        Position::ALL.into_iter().find(|position| position.as_str() == word)
    }

    /// As whom its holder answers alerts; most do not.
    pub fn role(self) -> Option<Role> {
        match self {
            Position::Desk => Some(Role::Desk),
            Position::Responder => Some(Role::Responder),
            Position::Supervisor => Some(Role::Supervisor),
            Position::Technician | Position::Admin | Position::Reader => None,
        }
    }
}

/// All that one person is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Positions(BTreeSet<Position>);

impl Positions {
    /// In their order.
    pub fn iter(&self) -> impl Iterator<Item = Position> + '_ {
        self.0.iter().copied()
    }

    /// Whether this is one of them.
    pub fn has(&self, position: Position) -> bool {
        self.0.contains(&position)
    }

    /// One more.
    pub fn add(&mut self, position: Position) {
        self.0.insert(position);
    }

    /// None at all: somebody who may nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As whom they answer alerts: as the one who may most.
    pub fn role(&self) -> Option<Role> {
        let may_most = [Position::Supervisor, Position::Desk, Position::Responder];
        may_most.into_iter().find(|position| self.has(*position)).and_then(Position::role)
    }
}

impl FromIterator<Position> for Positions {
    fn from_iter<I: IntoIterator<Item = Position>>(positions: I) -> Positions {
        Positions(positions.into_iter().collect())
    }
}

/// A member of the staff, as the station keeps them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Member {
    /// The name that stays at the station.
    pub name: String,
    /// What they are.
    pub positions: Positions,
    /// The language they read, as its short word; else the station's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// They read pages in large letters.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub large_text: bool,
    /// Year, month and day of the last day on which they work here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<(i16, i8, i8)>,
    /// Shut out, without an end.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// The telephone that alerts are sent to, as it is dialled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// When they are on duty: the usual week, and days that differ from it. Nobody knows without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duty: Option<DutyHours>,
    /// By what they prove who they are.
    pub secrets: Secrets,
}

impl Member {
    /// Whether they work here on this day.
    pub fn is_in(&self, today: (i16, i8, i8)) -> bool {
        !self.disabled && self.until.is_none_or(|last| today <= last)
    }
}

/// By what somebody proves who they are; hashes alone.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Secrets {
    /// Of the password, as a PHC string; nobody can sign in without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Of the PIN for a shared desk, as a PHC string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    /// Of a code that opens the door once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Secrets { password, pin, code } = self;
        write!(f, "Secrets({}, {}, {})", password.is_some(), pin.is_some(), code.is_some())
    }
}

/// A one-time code, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// SHA-256, in hexadecimal digits.
    pub hash: String,
    /// Until when it is good.
    #[serde(with = "Millis", rename = "until_ms")]
    pub until: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_several_answers_as_the_one_who_may_most_and_a_reader_answers_not_at_all() {
        let role = |positions: &[Position]| positions.iter().copied().collect::<Positions>().role();
        assert_eq!(role(&[Position::Responder, Position::Desk]), Some(Role::Desk));
        assert_eq!(role(&[Position::Admin, Position::Supervisor, Position::Desk]), Some(Role::Supervisor));
        assert_eq!(role(&[Position::Reader, Position::Technician, Position::Admin]), None);
        for position in Position::ALL {
            assert_eq!(Position::of(position.as_str()), Some(position));
        }
    }

    #[test]
    fn somebody_works_here_until_the_end_of_the_last_day() {
        let member = Member { until: Some((2026, 3, 31)), ..Member::default() };
        assert!(member.is_in((2026, 3, 31)) && !member.is_in((2026, 4, 1)));
        assert!(!Member { disabled: true, ..Member::default() }.is_in((2026, 1, 1)));
    }

    #[test]
    fn what_proves_who_somebody_is_is_never_printed() {
        let secrets = Secrets { password: Some("$argon2id$hash".into()), ..Secrets::default() };
        assert!(!format!("{secrets:?}").contains("argon2id"));
    }
}
