//! Who acts on an alert: in what capacity, of which point, by which way.

use crate::model::ids::{PersonId, PointId};
use serde::{Deserialize, Serialize};

/// In what capacity somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A person in the home, by a button there.
    Home,
    /// The gateway by itself: sensors and timers.
    Gateway,
    /// The station's machine by itself: receipts and timers.
    Station,
    /// Staff at the desk.
    Desk,
    /// Staff in the street.
    Responder,
    /// The head of the station.
    Supervisor,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] =
        [Role::Home, Role::Gateway, Role::Station, Role::Desk, Role::Responder, Role::Supervisor];

    /// Whether a member of the staff acts.
    pub fn is_staff(self) -> bool {
        matches!(self, Role::Desk | Role::Responder | Role::Supervisor)
    }
}

/// Who did a step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Actor {
    /// In what capacity.
    pub role: Role,
    /// Of which service point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<PointId>,
    /// Which person, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// By which way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
}

impl Actor {
    /// The gateway by itself.
    pub fn gateway() -> Actor {
        Actor { role: Role::Gateway, point: None, person: None, via: None }
    }

    /// A person in the home.
    pub fn home() -> Actor {
        Actor { role: Role::Home, point: None, person: None, via: Some(Via::HomeButton) }
    }

    /// The machine of `point` by itself.
    pub fn station(point: PointId) -> Actor {
        Actor { role: Role::Station, point: Some(point), person: None, via: None }
    }

    /// Whether both are the same person of the same point.
    pub fn is(&self, other: &Actor) -> bool {
        self.point == other.point && self.person == other.person && self.role.is_staff() == other.role.is_staff()
    }
}

/// By which way a person acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Via {
    Desk,
    Phone,
    Sms,
    HomeButton,
}
